"""The walk-forward's windows: each is scored on what came before it and traded until the next begins."""

from dataclasses import dataclass
from datetime import UTC, datetime

from whaletrader.domain.values import DAY_NS, NANOS


@dataclass(frozen=True, slots=True)
class Window:
    """One window, from its scan (included) to the next one (left out)."""

    name: str
    start_ts: int
    end_ts: int


def windows_of(first_ts: int, last_ts: int, interval_days: int) -> list[Window]:
    """Cut the span into windows: the very times at which the app scans, so the names fit its decisions."""
    step = interval_days * DAY_NS
    starts = list(range(first_ts, max(last_ts, first_ts) + 1, step))
    digits = max(2, len(str(len(starts))))
    return [
        Window(f"W{number:0{digits}d} {day(start)}..{day(start + step)}", start, start + step)
        for number, start in enumerate(starts, start=1)
    ]


def day(ts: int) -> str:
    """The UTC date of a time."""
    return datetime.fromtimestamp(ts // NANOS, UTC).strftime("%Y-%m-%d")
