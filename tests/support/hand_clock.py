"""A clock that goes on only when somebody waits on it."""

from dataclasses import dataclass, field


@dataclass
class HandClock:
    """Monotonic seconds; `wait` lets them pass at once and remembers them."""

    now: float = 0.0
    waits: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return False
