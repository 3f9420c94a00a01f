"""Frames of the CLOB's market channel and the answers of `GET /book` and `POST /books`.

A frame is one object or an array. Levels keep the venue's order: bids ascend, asks descend, the best is the last of
each. One order changes two books, so a `price_change` holds two entries; each is a row. Nothing names a wallet.
"""

from collections.abc import Callable, Iterable

from whaletrader.datasets.decode import fields
from whaletrader.datasets.decode.fields import Object, Unusable
from whaletrader.datasets.decode.rows import (
    BestBidAsk,
    BookDelta,
    BookSnapshot,
    Decoded,
    LastTrade,
    Levels,
    MarketResolvedFrame,
    NewMarketFrame,
    Row,
    TickSizeChange,
)

SOURCE = "clob.market"
BOOK_SOURCE = "clob.book"
_SILENT = (b"", b"pong", b"ping")


def decode_market(frame: bytes | str) -> Decoded:
    """Decode one text frame of the market channel; PONG and empty frames hold nothing."""
    raw = frame.encode("utf-8", "replace") if isinstance(frame, str) else frame
    if raw.strip().lower() in _SILENT:
        return Decoded()
    try:
        content = fields.parse(raw)
    except Unusable as error:
        return Decoded((), (fields.refuse(SOURCE, error, raw),))
    return fields.merged(_event(each) for each in (content if isinstance(content, list) else [content]))


def decode_book(answer: bytes | str) -> Decoded:
    """Decode the answer of `GET /book` (one object) or `POST /books` (an array)."""
    try:
        content = fields.parse(answer)
        if isinstance(content, dict) and "error" in content:
            raise Unusable("server_error", fields.text(content["error"]))
    except Unusable as error:
        return Decoded((), (fields.refuse(BOOK_SOURCE, error, answer),))
    books = content if isinstance(content, list) else [content]
    return fields.decode_each(BOOK_SOURCE, books, lambda row: (_book(row),))


def _event(event: object) -> Decoded:
    """Decode one event; the entries of a `price_change` are judged one by one."""
    if isinstance(event, dict) and fields.text(event.get("event_type")) == "price_change":
        changes = event.get("price_changes")
        if not isinstance(changes, list):
            changes = event.get("changes")
        if not isinstance(changes, list):
            return Decoded((), (fields.refuse(SOURCE, Unusable("levels_missing"), event),))
        return fields.decode_each(SOURCE, changes, lambda change: (_change(event, change),))
    return fields.decode_each(SOURCE, [event], _rows)


def _rows(event: Object) -> Iterable[Row]:
    kind = fields.text(event.get("event_type"))
    reader = _EVENTS.get(kind)
    if reader is None:
        raise Unusable("unknown_event_type", kind)
    return (reader(event),)


def _place(event: Object) -> tuple[str, str, int]:
    """Return market, token and time of an event."""
    market_id, token_id = fields.condition(event.get("market")), fields.token(event.get("asset_id"))
    return market_id, token_id, fields.instant(event.get("timestamp"))


def _book(event: Object) -> BookSnapshot:
    market_id, token_id, ts = _place(event)
    return BookSnapshot(
        market_id=market_id,
        token_id=token_id,
        ts_event=ts,
        bids=_levels(fields.first_of(event, "bids", "buys")),
        asks=_levels(fields.first_of(event, "asks", "sells")),
        hash=fields.text(event.get("hash")),
        tick_micro=fields.price_or(event.get("tick_size")),
        last_trade_micro=fields.price_or(event.get("last_trade_price")),
        min_order_micro=fields.micro_or(event.get("min_order_size")),
        neg_risk=fields.flag(event.get("neg_risk")),
    )


def _levels(value: object) -> Levels:
    """Return the levels in the venue's order; a book with a level that cannot be read is no book."""
    if not isinstance(value, list):
        raise Unusable("levels_missing")
    found = []
    for level in value:
        if not isinstance(level, dict):
            raise Unusable("levels_malformed")
        found.append((fields.price(level.get("price")), fields.size_or_zero(level.get("size"))))
    return tuple(found)


def _change(event: Object, change: Object) -> BookDelta:
    return BookDelta(
        market_id=fields.condition(event.get("market")),
        token_id=fields.token(fields.first_of(change, "asset_id") or event.get("asset_id")),
        ts_event=fields.instant(event.get("timestamp")),
        price_micro=fields.price(change.get("price")),
        size_micro=fields.size_or_zero(change.get("size")),
        side=fields.side(change.get("side")),
        best_bid_micro=fields.price_or(change.get("best_bid")),
        best_ask_micro=fields.price_or(change.get("best_ask")),
        hash=fields.text(fields.first_of(change, "hash") or event.get("hash")),
    )


def _last_trade(event: Object) -> LastTrade:
    market_id, token_id, ts = _place(event)
    return LastTrade(
        market_id=market_id,
        token_id=token_id,
        ts_event=ts,
        price_micro=fields.price(event.get("price")),
        size_micro=fields.size(event.get("size")),
        side=fields.side(event.get("side")),
        tx_hash=fields.tx_hash(event.get("transaction_hash")),
    )


def _tick(event: Object) -> TickSizeChange:
    market_id, token_id, ts = _place(event)
    new = fields.price_or(event.get("new_tick_size"))
    if new <= 0:
        raise Unusable("tick_missing")
    old = fields.price_or(event.get("old_tick_size"))
    return TickSizeChange(market_id=market_id, token_id=token_id, ts_event=ts, old_tick_micro=old, new_tick_micro=new)


def _best(event: Object) -> BestBidAsk:
    market_id, token_id, ts = _place(event)
    return BestBidAsk(
        market_id=market_id,
        token_id=token_id,
        ts_event=ts,
        best_bid_micro=fields.price_or(event.get("best_bid")),
        best_ask_micro=fields.price_or(event.get("best_ask")),
    )


def _resolved(event: Object) -> MarketResolvedFrame:
    return MarketResolvedFrame(
        market_id=fields.condition(fields.first_of(event, "market", "condition_id")),
        ts_event=fields.instant(event.get("timestamp")),
        winning_token_id=fields.optional_token(event.get("winning_asset_id")),
        winning_outcome=fields.text(event.get("winning_outcome")),
        token_ids=_ids(event),
    )


def _new_market(event: Object) -> NewMarketFrame:
    schedule = event.get("fee_schedule")
    fee: Object = schedule if isinstance(schedule, dict) else {}
    return NewMarketFrame(
        market_id=fields.condition(fields.first_of(event, "market", "condition_id")),
        ts_event=fields.instant(event.get("timestamp")),
        token_ids=_ids(event),
        outcomes=fields.texts(event.get("outcomes")),
        slug=fields.text(event.get("slug")),
        question=fields.text(event.get("question")),
        tick_micro=fields.price_or(fields.first_of(event, "order_price_min_tick_size", "tick_size")),
        fee_rate_micro=fields.price_or(fee.get("rate")),
        fee_exponent=fields.integer_or(fee.get("exponent")),
        fee_taker_only=fields.flag(fee.get("taker_only")) is not False,
        fee_rebate_micro=fields.price_or(fee.get("rebate_rate")),
    )


def _ids(event: Object) -> tuple[str, ...]:
    return fields.tokens(fields.first_of(event, "assets_ids", "asset_ids", "clob_token_ids"))


_EVENTS: dict[str, Callable[[Object], Row]] = {
    "book": _book,
    "last_trade_price": _last_trade,
    "tick_size_change": _tick,
    "best_bid_ask": _best,
    "market_resolved": _resolved,
    "new_market": _new_market,
}
