"""The paper exchange's fault plan: which answers are dropped, delayed or told twice; only the order's hash decides."""

from dataclasses import dataclass
from hashlib import blake2b

from whaletrader.domain.values import MICRO


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Shares in micro (10000 is 1 %); a dropped answer is told only when somebody asks for the order."""

    drop_micro: int = 0
    delay_micro: int = 0
    repeat_micro: int = 0
    delay_s: int = 30
    fail_micro: int = 0
    """Share of fills whose settlement fails."""

    def drops(self, order_hash: str, sequence: int) -> bool:
        """Whether this answer is lost."""
        return _draw(order_hash, sequence, "drop") < self.drop_micro

    def delays(self, order_hash: str, sequence: int) -> bool:
        """Whether this answer comes `delay_s` late."""
        return _draw(order_hash, sequence, "delay") < self.delay_micro

    def repeats(self, order_hash: str, sequence: int) -> bool:
        """Whether this answer is told twice."""
        return _draw(order_hash, sequence, "repeat") < self.repeat_micro

    def fails(self, order_hash: str, sequence: int) -> bool:
        """Whether this fill's settlement fails."""
        return _draw(order_hash, sequence, "fail") < self.fail_micro


NO_FAULTS = FaultPlan()
"""Every answer is told once and in time."""


def _draw(order_hash: str, sequence: int, what: str) -> int:
    digest = blake2b(f"{order_hash}:{sequence}:{what}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % MICRO
