"""The clock, for what needs wall time: ingest of live facts, terminals, dashboards."""

from typing import Protocol


class Clock(Protocol):
    """UTC nanoseconds."""

    def now_ns(self) -> int:
        """Return the time."""
        ...
