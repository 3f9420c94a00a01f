"""What a push feed tells of itself: its state, its epochs, how late it is, and whether orders may rest on it.

Plain values and two small counters. Ages come from a monotonic clock, times of epochs from the wall clock; neither
clock is asked here.
"""

from collections import deque
from enum import StrEnum

import msgspec

EPOCHS_KEPT = 100
LAGS_KEPT = 512


class StreamState(StrEnum):
    """Where a connection stands."""

    IDLE = "IDLE"
    """Nothing is asked of it."""
    CONNECTING = "CONNECTING"
    WAITING = "WAITING"
    """Open and subscribed, nothing heard yet."""
    LIVE = "LIVE"
    SILENT = "SILENT"
    """Open, but without a sign of life for too long; it was subscribed again."""
    DOWN = "DOWN"
    """Lost or refused; it tries again after a pause."""
    STOPPED = "STOPPED"


class EpochCause(StrEnum):
    """Why what came before cannot simply be continued."""

    START = "START"
    RECONNECT = "RECONNECT"
    SILENCE = "SILENCE"
    HASH = "HASH"
    """The book that was kept is not the venue's."""


class Epoch(msgspec.Struct, frozen=True, kw_only=True):
    """A new beginning of a stream; between the two times (UTC ns) something may have been missed."""

    source: str
    number: int
    cause: EpochCause
    from_ts: int
    until_ts: int


class SourceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One source as it stands."""

    source: str
    state: StreamState
    seen: int = 0
    """Usable rows."""
    rejected: int = 0
    data_age_s: float = -1.0
    """Since the last sign of life; -1: none yet."""
    last_data_ts: int = 0
    """UTC ns of the last sign of life; 0: none yet."""
    epoch: int = 0
    epochs: tuple[Epoch, ...] = ()
    """The newest, at most `EPOCHS_KEPT`."""
    connects: int = 0
    reconnects: int = 0
    hash_checks: int = 0
    hash_faults: int = 0
    lag_p50_s: float = -1.0
    lag_p99_s: float = -1.0
    last_error: str = ""


class Freshness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether orders may rest on what was heard; while not, the reason is one sentence."""

    fresh: bool
    reason: str = ""


class Lags:
    """How late the newest rows came: arrival less the venue's own time of the event."""

    def __init__(self) -> None:
        self._lags: deque[int] = deque(maxlen=LAGS_KEPT)

    def note(self, arrived_ts: int, event_ts: int) -> None:
        """Take one row; a time of an event that is not known is left out."""
        if event_ts > 0:
            self._lags.append(arrived_ts - event_ts)

    def quantile_s(self, share: float) -> float:
        """Return the lag that a share of the kept rows does not exceed; -1 without rows."""
        if not self._lags:
            return -1.0
        ordered = sorted(self._lags)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] / 1e9


class Counts:
    """Rows and rejects of one source."""

    def __init__(self) -> None:
        self.seen = 0
        self.rejected = 0
        self.lags = Lags()
        self.last_error = ""


def with_counts(status: SourceStatus, counts: Counts) -> SourceStatus:
    """Add what was counted of its rows."""
    return msgspec.structs.replace(
        status,
        seen=counts.seen,
        rejected=counts.rejected,
        lag_p50_s=counts.lags.quantile_s(0.5),
        lag_p99_s=counts.lags.quantile_s(0.99),
        last_error=status.last_error or counts.last_error,
    )
