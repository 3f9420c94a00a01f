"""The warm-up compiles every kernel of the package."""

from whaletrader.domain import warm
from whaletrader.domain.risk import cvar

KERNELS = ("_enumerated", "_on_lattice", "_from_each_point", "_cvar_units")
"""Those that Python calls."""


def test_every_kernel_is_compiled_once_and_for_the_types_that_it_is_called_with():
    warm.compile_kernels()
    signatures = {name: list(getattr(cvar, name).signatures) for name in KERNELS}
    assert all(signatures.values())
    warm.compile_kernels()
    assert {name: list(getattr(cvar, name).signatures) for name in KERNELS} == signatures
