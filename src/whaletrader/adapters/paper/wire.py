"""The tiny protocol between the paper exchange's server and client: one JSON request and one JSON answer per line.

A request is ``{"call": name, "args": [...]}``, an answer ``{"value": ...}`` or ``{"error": class, "message": text}``.
It is no venue's protocol.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from whaletrader.adapters.paper.exchange import PaperExchange
from whaletrader.errors import ConflictError, StorageError, WhaleTraderError
from whaletrader.ports.exchange import SignedOrder

MAX_LINE = 1_048_576
ERRORS: dict[str, type[WhaleTraderError]] = {"ConflictError": ConflictError, "StorageError": StorageError}
"""Errors of the exchange that the client raises again."""


class Request(msgspec.Struct, frozen=True):
    """One call."""

    call: str
    args: tuple[Any, ...] = ()


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of it."""

    value: Any = None
    error: str = ""
    message: str = ""


def answer(exchange: PaperExchange, line: bytes) -> bytes:
    """Carry out one request; never raises for what a client sent."""
    calls: dict[str, Callable[..., Any]] = {
        "submit": lambda order: exchange.submit(msgspec.convert(order, SignedOrder)),
        "cancel": exchange.cancel,
        "ask": exchange.ask,
        "redeem": exchange.redeem,
        "merge": exchange.merge,
        "next_event": exchange.next_event,
        "orders": exchange.orders,
        "ping": lambda: "paper exchange",
    }
    try:
        request = msgspec.json.decode(line, type=Request)
        result = Answer(value=calls[request.call](*request.args))
    except WhaleTraderError as error:
        result = Answer(error=type(error).__name__, message=error.message)
    except (msgspec.DecodeError, msgspec.ValidationError, KeyError, TypeError) as error:
        result = Answer(error="BadRequest", message=f"The request cannot be read: {error}.")
    return msgspec.json.encode(result) + b"\n"
