"""What keeps an account alive between orders: heartbeats, reading back what is open, carrying payments on.

One background thread that ends when told to. A fault of the venue is noted and tried again; any other fault ends the
thread and closes the gate, for an account that nobody looks after must not trade.
"""

import re
import threading
from collections.abc import Callable
from typing import Protocol

from whaletrader.adapters.polymarket.exchange import Payments, PolymarketExchange
from whaletrader.errors import ExchangeError, StorageError, VenueError

HEARTBEAT_S = 5.0
REFRESH_S = 15.0
PAYMENTS_S = 5.0
PLACE_S = 120.0
_ID = re.compile(r"[0-9a-fA-F-]{16,}")
_WRONG_ID = "invalid heartbeat id"


class Beating(Protocol):
    """What is needed of `SecureClob`."""

    def heartbeat(self, heartbeat_id: str) -> str:
        """Say that we live."""
        ...


class Heartbeat:
    """The dead man's switch: once begun it cannot be disarmed, and silence cancels every open order."""

    def __init__(self, clob: Beating) -> None:
        self._clob, self._next = clob, ""

    def beat(self) -> None:
        """Send the id that is due; where the venue expects another one (it may be none at all), send that."""
        try:
            self._next = self._clob.heartbeat(self._next)
        except VenueError as error:
            if error.status != 400 or _WRONG_ID not in error.words.lower():
                raise
            expected = _ID.search(error.words)
            self._next = self._clob.heartbeat(expected.group() if expected else "")


class Upkeep:
    """Calls everything when it is due; `clock` is monotonic seconds, `wait(s)` returns true when it is to end."""

    def __init__(
        self,
        exchange: PolymarketExchange,
        payments: Payments,
        *,
        clock: Callable[[], float],
        heartbeat: Heartbeat | None = None,
        heartbeat_s: float = HEARTBEAT_S,
        refresh_s: float = REFRESH_S,
        payments_s: float = PAYMENTS_S,
        place: Callable[[], object] = lambda: None,
    ) -> None:
        self._clock, self._stop = clock, threading.Event()
        self._duties: list[tuple[str, float, Callable[[], object]]] = [
            ("reading back", refresh_s, exchange.refresh),
            ("payments", payments_s, payments.work),
            ("place", PLACE_S, place),
        ]
        if heartbeat is not None:
            self._duties.insert(0, ("heartbeat", heartbeat_s, heartbeat.beat))
        self._due = dict.fromkeys((name for name, _, _ in self._duties), clock())
        self._thread: threading.Thread | None = None
        self.faults: dict[str, str] = {}
        """Duty -> why it did not succeed the last time."""
        self.broken = ""
        """Why the thread ended by itself."""

    def start(self) -> None:
        """Begin."""
        assert self._thread is None, "upkeep was started twice"
        self._thread = threading.Thread(target=self._run, name="venue-upkeep", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and wait until it has."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def now(self, duty: str) -> None:
        """Have a duty done at once, after a gap in the user channel for instance."""
        self._due[duty] = self._clock()

    def gate(self) -> str:
        """Why no order may be sent, "" where nothing speaks against it."""
        return "UPKEEP_BROKEN" if self.broken else ""

    def step(self) -> float:
        """Do what is due; returns the seconds until something is due again."""
        for name, every_s, duty in self._duties:
            if self._due[name] <= self._clock():
                self._due[name] = self._clock() + every_s
                try:
                    duty()
                    self.faults.pop(name, None)
                except ExchangeError as error:
                    self.faults[name] = error.message
        return max(0.0, min(self._due.values()) - self._clock())

    def _run(self) -> None:
        try:
            while not self._stop.wait(min(self.step(), 0.5)):
                pass
        except StorageError as error:
            self.broken = error.message
        finally:
            if not self._stop.is_set() and not self.broken:
                self.broken = "upkeep ended by a fault of its own"
