"""What an order, a fee and a redemption need to know of a market, read once from the venue and kept.

A market whose facts cannot be read has none: whoever asks gets the error and sends nothing.
"""

import threading
from decimal import Decimal, InvalidOperation

import msgspec

from whaletrader.adapters.polymarket.public_clob import PublicClob
from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.values import MICRO
from whaletrader.errors import VenueError


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """A market's facts."""

    market_id: str
    token_ids: tuple[str, ...]
    """By outcome."""
    neg_risk: bool
    fees: FeeSchedule
    tick_micro: int
    min_order_micro: int
    taker_delay: bool = False


class MarketTerms:
    """Thread-safe cache over `/clob-markets`; ticks change, so they are for display only."""

    def __init__(self, clob: PublicClob) -> None:
        self._clob = clob
        self._known: dict[str, Terms] = {}
        self._market_of: dict[str, str] = {}
        self._lock = threading.Lock()

    def terms(self, market_id: str) -> Terms:
        """Return a market's facts; `VenueError` where the venue does not tell them."""
        with self._lock:
            known = self._known.get(market_id)
        if known is None:
            known = terms_of(market_id, self._clob.clob_market(market_id))
            with self._lock:
                self._known[market_id] = known
                self._market_of.update(dict.fromkeys(known.token_ids, market_id))
        return known

    def fees(self, market_id: str) -> FeeSchedule:
        """Return a market's fee schedule."""
        return self.terms(market_id).fees

    def of_token(self, token_id: str) -> Terms:
        """Return the facts of the market that trades a token."""
        with self._lock:
            market_id = self._market_of.get(token_id)
        found = self.terms(market_id or self._clob.market_of(token_id))
        if token_id not in found.token_ids:
            raise VenueError(f"the venue names another market for token {token_id}")
        return found


def terms_of(market_id: str, body: bytes) -> Terms:
    """Read the answer of `/clob-markets`; a market without `fd` has no fee, as the venue's own package reads it."""
    try:
        told = msgspec.json.decode(body, type=dict[str, object])
        tokens = told["t"]
        assert isinstance(tokens, list)
        fee = told.get("fd")
        return Terms(
            market_id=market_id,
            token_ids=tuple(str(each["t"]) for each in tokens),
            neg_risk=_truth(told.get("nr", False)),
            fees=_schedule(fee) if isinstance(fee, dict) else FeeSchedule(0),
            tick_micro=_micro(told["mts"]),
            min_order_micro=_micro(told.get("mos", 0)),
            taker_delay=told.get("itode") is True,
        )
    except (msgspec.MsgspecError, KeyError, TypeError, AssertionError, InvalidOperation, ValueError):
        raise VenueError(f"the venue's facts of market {market_id} cannot be read", retryable=True) from None


def _schedule(fee: dict[str, object]) -> FeeSchedule:
    exponent = Decimal(str(fee.get("e") or 0))
    if exponent != exponent.to_integral_value():
        raise ValueError("a fee exponent that is no integer")
    return FeeSchedule(_micro(fee.get("r") or 0), int(exponent))


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def _micro(value: object) -> int:
    return int(Decimal(str(value)) * MICRO)
