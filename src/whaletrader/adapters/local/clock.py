"""The machine's own clock, for everything that needs wall time; no decision ever reads it."""

import time


class SystemClock:
    """Fills the port `clock`."""

    def now_ns(self) -> int:
        """Return the time in UTC nanoseconds."""
        return time.time_ns()
