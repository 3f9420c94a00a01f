"""Chooses where the work is carried out: here, in processes of this machine, or on a Ray cluster."""

from whaletrader.adapters.local.executor import LocalExecutor
from whaletrader.errors import UsageError
from whaletrader.ports.executor import Executor


def executor_for(workers: int = 1, ray_address: str | None = None) -> Executor:
    """The executor of these options; `UsageError` for what cannot be, or for both at once."""
    if ray_address is None:
        return LocalExecutor(workers)
    if workers != 1:
        raise UsageError("give either a number of workers or a Ray cluster: the cluster has its own processors")
    from whaletrader.adapters.ray.executor import RayExecutor

    return RayExecutor(ray_address)
