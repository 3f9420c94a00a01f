"""Frames of the CLOB's user channel, and the answers of `/data/orders`, `/data/order/{id}` and `/data/trades`.

REST statuses carry prefixes (`TRADE_STATUS_CONFIRMED`), those of the channel do not: rows hold them without.
"""

from whaletrader.datasets.decode import fields
from whaletrader.datasets.decode.fields import Object, Unusable
from whaletrader.datasets.decode.rows import Decoded, MakerOrder, Row, UserOrder, UserTrade

SOURCE = "clob.user"
_SILENT = (b"", b"pong", b"ping")
_PREFIXES = ("TRADE_STATUS_", "ORDER_STATUS_")
_NO_CURSOR = ("", "LTE=")


def decode_user(frame: bytes | str) -> Decoded:
    """Decode one text frame: an object or an array; PONG and empty frames hold nothing."""
    raw = frame.encode("utf-8", "replace") if isinstance(frame, str) else frame
    if raw.strip().lower() in _SILENT:
        return Decoded()
    try:
        content = fields.parse(raw)
    except Unusable as error:
        return Decoded((), (fields.refuse(SOURCE, error, b""),))
    events = content if isinstance(content, list) else [content]
    return fields.decode_each(SOURCE, events, lambda event: (_event(event),))


def decode_user_answer(answer: bytes | str) -> Decoded:
    """Decode `/data/orders`, `/data/trades` (pages with `next_cursor`, or bare arrays) or one order."""
    try:
        content = fields.parse(answer)
        if isinstance(content, dict) and "error" in content:
            raise Unusable("server_error", fields.text(content["error"]))
    except Unusable as error:
        return Decoded((), (fields.refuse("clob.data", error, b""),))
    cursor = ""
    if isinstance(content, dict) and isinstance(content.get("data"), list):
        cursor, content = fields.text(content.get("next_cursor")), content["data"]
    rows = content if isinstance(content, list) else [content]
    found = fields.decode_each("clob.data", rows, lambda row: (_either(row),))
    return fields.merged([found], "" if cursor in _NO_CURSOR else cursor)


def plain_status(value: object) -> str:
    """Return a status in upper case without the prefix that REST puts before it."""
    found = fields.text(value).upper()
    for prefix in _PREFIXES:
        found = found.removeprefix(prefix)
    return found


def _event(event: Object) -> Row:
    kind = fields.text(event.get("event_type")).lower()
    if kind == "order":
        return _order(event)
    if kind == "trade":
        return _trade(event)
    raise Unusable("unknown_event_type", kind)


def _either(row: Object) -> Row:
    return _trade(row) if "taker_order_id" in row or "maker_orders" in row else _order(row)


def _order(event: Object) -> UserOrder:
    return UserOrder(
        order_id=fields.order_id(event.get("id")),
        market_id=fields.condition(event.get("market")),
        token_id=fields.token(event.get("asset_id")),
        ts_event=fields.instant(fields.first_of(event, "timestamp", "created_at")),
        type=fields.text(event.get("type")).upper(),
        side=fields.side(event.get("side")),
        price_micro=fields.price(event.get("price")),
        original_size_micro=fields.size_or_zero(event.get("original_size")),
        size_matched_micro=fields.size_or_zero(fields.first_of(event, "size_matched") or 0),
        outcome=fields.text(event.get("outcome")),
        owner=fields.text(fields.first_of(event, "order_owner", "owner")),
        associate_trades=fields.texts(event.get("associate_trades")),
        status=plain_status(event.get("status")),
        order_type=fields.text(event.get("order_type")).upper(),
        maker=fields.text(event.get("maker_address")).lower(),
    )


def _trade(event: Object) -> UserTrade:
    status = plain_status(event.get("status"))
    if not status:
        raise Unusable("status_missing")
    matched = fields.optional_instant(fields.first_of(event, "matchtime", "match_time"))
    last = fields.optional_instant(fields.first_of(event, "last_update", "timestamp"))
    if matched < 0 and last < 0:
        raise Unusable("time_missing")
    trade_id = fields.text(event.get("id"))
    if not trade_id:
        raise Unusable("trade_id_missing")
    return UserTrade(
        trade_id=trade_id,
        market_id=fields.condition(event.get("market")),
        token_id=fields.token(event.get("asset_id")),
        ts_event=last if last >= 0 else matched,
        ts_match=matched if matched >= 0 else last,
        status=status,
        side=fields.side(event.get("side")),
        price_micro=fields.price(event.get("price")),
        size_micro=fields.size(event.get("size")),
        taker_order_id=fields.text(event.get("taker_order_id")).lower(),
        maker_orders=tuple(_maker(each) for each in fields.listed(event.get("maker_orders"))),
        trader_side=fields.text(event.get("trader_side")).upper(),
        outcome=fields.text(event.get("outcome")),
        owner=fields.text(fields.first_of(event, "trade_owner", "owner")),
        tx_hash=fields.tx_hash(event.get("transaction_hash")),
        fee_rate_bps=fields.integer_or(event.get("fee_rate_bps")),
        bucket_index=fields.integer_or(event.get("bucket_index")),
    )


def _maker(leg: object) -> MakerOrder:
    """Decode one maker order; a trade with a leg that cannot be read is refused whole: its sums would be wrong."""
    if not isinstance(leg, dict):
        raise Unusable("maker_order_malformed")
    side = fields.text(leg.get("side"))
    return MakerOrder(
        order_id=fields.order_id(leg.get("order_id")),
        token_id=fields.token(leg.get("asset_id")),
        price_micro=fields.price(leg.get("price")),
        matched_micro=fields.size(leg.get("matched_amount")),
        side=fields.side(side) if side else "",
        outcome=fields.text(leg.get("outcome")),
        owner=fields.text(leg.get("owner")),
        maker=fields.text(leg.get("maker_address")).lower(),
    )
