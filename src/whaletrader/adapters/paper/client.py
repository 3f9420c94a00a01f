"""An `Exchange` that speaks to the paper exchange's own process; whatever goes wrong on the way is outcome unknown."""

import socket
from io import BufferedReader
from typing import Any

import msgspec

from whaletrader.adapters.paper.wire import ERRORS, Answer, Request
from whaletrader.errors import ExchangeError
from whaletrader.ports.exchange import ExchangeEvent, SignedOrder


class PaperClient:
    """One connection, made when needed and made again after a failure."""

    def __init__(self, port: int, *, host: str = "127.0.0.1", timeout_s: float = 5.0) -> None:
        self._address = (host, port)
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._lines: BufferedReader | None = None

    def close(self) -> None:
        """Close the connection."""
        if self._lines is not None:
            self._lines.close()
        if self._socket is not None:
            self._socket.close()
        self._socket = self._lines = None

    def submit(self, order: SignedOrder) -> None:
        """Send an order; the same bytes may be sent again."""
        self._call("submit", order)

    def cancel(self, account_id: str, order_hash: str, arrive_ts: int) -> None:
        """Cancel what is left of an order."""
        self._call("cancel", account_id, order_hash, arrive_ts)

    def ask(self, account_id: str, order_hash: str, arrive_ts: int) -> None:
        """Have an order's state told again."""
        self._call("ask", account_id, order_hash, arrive_ts)

    def redeem(self, command_id: str, account_id: str, token_id: str, size_micro: int, arrive_ts: int) -> None:
        """Redeem a resolved token."""
        self._call("redeem", command_id, account_id, token_id, size_micro, arrive_ts)

    def merge(self, command_id: str, account_id: str, market_id: str, size_micro: int, arrive_ts: int) -> None:
        """Merge equal holdings of both outcomes."""
        self._call("merge", command_id, account_id, market_id, size_micro, arrive_ts)

    def next_event(self, after_ts: int, after_id: str) -> ExchangeEvent | None:
        """Return the first event behind the cursor."""
        return msgspec.convert(self._call("next_event", after_ts, after_id), ExchangeEvent | None)

    def orders(self) -> list[tuple[SignedOrder, int]]:
        """Return every order the exchange ever took, with how often it was sent."""
        return msgspec.convert(self._call("orders"), list[tuple[SignedOrder, int]])

    def _call(self, name: str, *args: Any) -> Any:
        try:
            line = self._exchange_lines(msgspec.json.encode(Request(name, args)) + b"\n")
            told = msgspec.json.decode(line, type=Answer)
        except (OSError, msgspec.DecodeError) as error:
            self.close()
            raise ExchangeError(f"The paper exchange did not answer {name}: {error}.", retryable=True) from error
        if told.error:
            raise ERRORS.get(told.error, ExchangeError)(told.message)
        return told.value

    def _exchange_lines(self, line: bytes) -> bytes:
        if self._socket is None or self._lines is None:
            self._socket = socket.create_connection(self._address, self._timeout_s)
            self._lines = self._socket.makefile("rb")
        self._socket.sendall(line)
        answer = self._lines.readline()
        if not answer.endswith(b"\n"):
            raise ConnectionResetError("the connection was closed")
        return answer
