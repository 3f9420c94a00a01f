"""The CLOB's words for books, orders and trades: the same facts in REST's spelling and in that of the WebSockets.

Decimal strings have no trailing zeros but for last trade prices (three places); REST puts prefixes before statuses;
times are seconds (REST, user stream) or milliseconds (books) as text.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from whaletrader.adapters.paper.server.edge import Reply, reply
from whaletrader.adapters.paper.server.types import (
    BookView,
    Level,
    MakerFill,
    Placed,
    Refusal,
    TradeState,
    VenueMarket,
    VenueOrder,
    VenueTrade,
)
from whaletrader.domain.addresses import checksum_address
from whaletrader.domain.values import MICRO, NANOS

FIRST_CURSOR = "MA=="
END_CURSOR = "LTE="
_Row = TypeVar("_Row")
_HASHED_STATES = (TradeState.MINED, TradeState.CONFIRMED)


def decimal(micro: int) -> str:
    """Micro-units as a decimal string without trailing zeros."""
    whole, rest = divmod(abs(micro), MICRO)
    sign = "-" if micro < 0 else ""
    return f"{sign}{whole}.{rest:06d}".rstrip("0") if rest else f"{sign}{whole}"


def last_price(micro: int) -> str:
    """Spell a last trade price, with at least three places; empty where nothing was traded."""
    if micro < 0:
        return ""
    whole, _, rest = decimal(micro).partition(".")
    return f"{whole}.{rest:0<3}"


def milliseconds(ts_ns: int) -> str:
    """A time in milliseconds, as text."""
    return str(ts_ns // 1_000_000)


def seconds(ts_ns: int) -> str:
    """A time in seconds, as text."""
    return str(ts_ns // NANOS)


def refused(refusal: Refusal) -> Reply:
    """Answer a refusal."""
    body: dict[str, Any] = {"error": refusal.message}
    if refusal.code:
        body["code"] = refusal.code
    if refusal.retry_after_s:
        body["retry_after_seconds"] = refusal.retry_after_s
    answer = reply(body, refusal.status)
    return answer.with_headers(("Retry-After", str(refusal.retry_after_s))) if refusal.retry_after_s else answer


def levels(side: Sequence[Level]) -> list[dict[str, str]]:
    """One side of a book, best price last."""
    return [{"price": decimal(level.price_micro), "size": decimal(level.size_micro)} for level in side]


def rest_book(book: BookView) -> dict[str, Any]:
    """`GET /book`, in the key order that the hash is made over."""
    return {
        "market": book.condition_id,
        "asset_id": book.token_id,
        "timestamp": milliseconds(book.ts),
        "hash": book.hash,
        "bids": levels(book.bids),
        "asks": levels(book.asks),
        "min_order_size": decimal(book.min_order_micro),
        "tick_size": decimal(book.tick_micro),
        "neg_risk": book.neg_risk,
        "last_trade_price": last_price(book.last_trade_micro),
    }


def book_frame(book: BookView) -> dict[str, Any]:
    """Build the market stream's `book`."""
    return {
        "market": book.condition_id,
        "asset_id": book.token_id,
        "timestamp": milliseconds(book.ts),
        "hash": book.hash,
        "bids": levels(book.bids),
        "asks": levels(book.asks),
        "tick_size": decimal(book.tick_micro),
        "event_type": "book",
        "last_trade_price": last_price(book.last_trade_micro),
    }


def rest_order(order: VenueOrder, market: VenueMarket) -> dict[str, Any]:
    """An order as `GET /data/order(s)` tells it."""
    return {
        "id": order.order_id,
        "status": f"ORDER_STATUS_{order.state}",
        "owner": order.owner,
        "maker_address": checksum_address(order.maker),
        "market": order.condition_id,
        "asset_id": order.token_id,
        "side": order.side,
        "original_size": decimal(order.size_micro),
        "size_matched": decimal(order.matched_micro),
        "price": decimal(order.price_micro),
        "associate_trades": list(order.trade_ids),
        "outcome": market.outcomes[order.outcome_index],
        "created_at": order.created_ts // NANOS,
        "expiration": str(order.expiration_s),
        "order_type": str(order.order_type),
    }


def maker_order(fill: MakerFill, market: VenueMarket) -> dict[str, Any]:
    """One resting order's part of a trade."""
    return {
        "order_id": fill.order_id,
        "owner": fill.owner,
        "maker_address": checksum_address(fill.maker),
        "matched_amount": decimal(fill.size_micro),
        "price": decimal(fill.price_micro),
        "fee_rate_bps": "0",
        "asset_id": fill.token_id,
        "outcome": market.outcomes[fill.outcome_index],
        "outcome_index": fill.outcome_index,
        "side": fill.side,
    }


def rest_trade(trade: VenueTrade, market: VenueMarket, owner: str) -> dict[str, Any]:
    """A trade as `GET /data/trades` tells it to one of its sides; price, size and side are the taker's."""
    return {
        "id": trade.trade_id,
        "taker_order_id": trade.taker_order_id,
        "market": trade.condition_id,
        "asset_id": trade.token_id,
        "side": trade.side,
        "size": decimal(trade.size_micro),
        "fee_rate_bps": "0",
        "price": decimal(trade.price_micro),
        "status": f"TRADE_STATUS_{trade.state}",
        "match_time": seconds(trade.match_ts),
        "last_update": seconds(max(trade.updated_ts, trade.match_ts)),
        "outcome": market.outcomes[trade.outcome_index],
        "bucket_index": trade.bucket_index,
        "owner": trade.owner,
        "maker_address": checksum_address(trade.maker),
        "maker_orders": [maker_order(fill, market) for fill in trade.makers],
        "transaction_hash": told_hash(trade, trade.state),
        "trader_side": "TAKER" if trade.owner == owner else "MAKER",
    }


def told_hash(trade: VenueTrade, state: TradeState) -> str:
    """Return the transaction's hash once it is mined; before, it may still change."""
    return trade.transaction_hash if state in _HASHED_STATES else ""


def placed(answer: Placed) -> dict[str, Any]:
    """Tell what became of an order, as `POST /order` does."""
    return {
        "success": True,
        "errorMsg": "",
        "orderID": answer.order_id,
        "status": answer.status,
        "makingAmount": decimal(answer.making_micro) if answer.making_micro else "",
        "takingAmount": decimal(answer.taking_micro) if answer.taking_micro else "",
        "tradeIDs": list(answer.trade_ids),
        "transactionsHashes": list(answer.transaction_hashes),
    }


def placed_badly(refusal: Refusal) -> dict[str, Any]:
    """Tell of a refused order inside a batch: success is said all the same (a quirk to keep)."""
    return {
        "success": True,
        "errorMsg": refusal.message,
        "orderID": "",
        "status": "",
        "makingAmount": "",
        "takingAmount": "",
    }


def cursor_of(offset: int) -> str:
    """Spell a place in a list as the venue does: its number in base 64."""
    return base64.b64encode(str(offset).encode()).decode()


def offset_of(cursor: str) -> int | None:
    """Return the place that a cursor names, -1 for the end; None where it is nonsense."""
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True))
    except (binascii.Error, ValueError):
        return None


def page(rows: Sequence[_Row], query: Mapping[str, str], limit: int, told: Callable[[_Row], Any]) -> Reply:
    """Answer one page of a list, its rows as `told`; the last page's cursor is `LTE=`."""
    offset = offset_of(query.get("next_cursor", ""))
    if offset is None:
        return reply({"error": "Next item should be greater than or equal to 0"}, 400)
    chosen = rows[offset : offset + limit] if offset >= 0 else ()
    more = offset >= 0 and offset + limit < len(rows)
    cursor = cursor_of(offset + limit) if more else END_CURSOR
    return reply({"data": [told(row) for row in chosen], "next_cursor": cursor, "limit": limit, "count": len(chosen)})
