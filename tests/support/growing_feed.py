"""A dataset told as a live feed would tell it: nothing of it is there before its time, and time comes in steps."""

from collections.abc import Sequence
from random import Random

from whaletrader.adapters.local.replay_feed import ReplayFeed
from whaletrader.datasets.decode.rows import Reject


class GrowingFeed:
    """Fills the port `market_feed` and `runtime.live.GrowingFeed`; it is its own clock, which moves when one waits."""

    def __init__(self, whole: ReplayFeed, *, seed: int, steps_s: Sequence[int], from_ts: int = 0) -> None:
        self._whole = whole
        self._random = Random(seed)
        self._steps = steps_s
        self.name, self.simulated = whole.name, whole.simulated
        self.now = max(from_ts, whole.span[0])
        self.version = 0
        self.rejects: list[Reject] = []
        self.waits = 0

    @property
    def span(self):
        first, last = self._whole.span
        return first, min(last, self.now)

    def now_ns(self) -> int:
        return self.now

    def seal(self, now_ts: int) -> int:
        assert now_ts <= self.now
        return self.now

    def wait(self, seen: int, timeout_s: float) -> None:
        assert seen == self.version
        assert timeout_s > 0
        self.waits += 1
        self.now += self._random.choice(self._steps) * 1_000_000_000
        self.version += 1

    def take_rejects(self):
        taken, self.rejects = self.rejects, []
        return taken

    def row_at(self, kind, ts):
        return self._whole.row_at(kind, min(ts, self.now))

    def leader_after(self, kind, wallet, row):
        return self._come(self._whole.leader_after(kind, wallet, row))

    def print_after(self, token_id, row, not_before_ts):
        return self._come(self._whole.print_after(token_id, row, not_before_ts))

    def resolution(self, market_id):
        end = self._whole.resolution(market_id)
        return end if end and end.ts <= self.now else None

    def segment(self, index):
        found = self._whole.segment(index)
        return found if found and found.sealed_ts <= self.now else None

    def __getattr__(self, name):
        return getattr(self._whole, name)

    def _come(self, found):
        return found if found and found[0] <= self.now else None
