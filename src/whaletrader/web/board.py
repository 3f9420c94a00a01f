"""What the dashboard shows: the newest page as ready bytes, put there by the engine and read by the server."""

import threading
from typing import Any

import msgspec


class Board:
    """Holds the newest page; both sides see it whole or not at all."""

    def __init__(self) -> None:
        self.url = ""
        self._page = b'{"waiting": true}'
        self._lock = threading.Lock()
        self._version = 0

    def show(self, page: dict[str, Any]) -> None:
        """Replace the page; called in the engine's thread, so the values are encoded here."""
        encoded = msgspec.json.encode(page)
        with self._lock:
            self._page = encoded
            self._version += 1

    @property
    def page(self) -> bytes:
        """The newest page as JSON."""
        with self._lock:
            return self._page

    @property
    def version(self) -> int:
        """How often the page was replaced."""
        with self._lock:
            return self._version
