"""Our own orders and trades as the private REST calls tell them, as the same rows that the user channel gives.

REST differs from the channel: statuses carry prefixes, a trade names its role. Pure: JSON values in, rows out; None
for what cannot be read.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from whaletrader.datasets.decode.rows import MakerOrder, UserOrder, UserTrade
from whaletrader.domain.values import MICRO, NANOS

_LARGEST = 1 << 62
_MILLIS_FROM = 100_000_000_000
"""Times above this are milliseconds."""


def order_row(data: Mapping[str, object]) -> UserOrder | None:
    """Return an order of `/data/order` or `/data/orders`; `type` is empty, REST tells a state and no event."""
    size, price, told = _micro(data.get("original_size")), _micro(data.get("price")), data.get("size_matched")
    matched = 0 if told in (None, "") else _micro(told)
    order_id = _text(data, "id").lower()
    if not order_id or size < 0 or price < 0 or matched < 0:
        return None
    trades = data.get("associate_trades")
    return UserOrder(
        order_id=order_id,
        market_id=_text(data, "market").lower(),
        token_id=_text(data, "asset_id"),
        ts_event=_nanos(data.get("created_at")),
        type="",
        side=_text(data, "side").upper(),
        price_micro=price,
        original_size_micro=size,
        size_matched_micro=matched,
        outcome=_text(data, "outcome"),
        owner=_text(data, "owner"),
        associate_trades=tuple(str(each) for each in trades) if isinstance(trades, list) else (),
        status=_text(data, "status").upper().removeprefix("ORDER_STATUS_"),
        order_type=_text(data, "order_type").upper(),
        maker=_text(data, "maker_address").lower(),
    )


def trade_row(data: Mapping[str, object]) -> UserTrade | None:
    """Return a trade of `/data/trades`."""
    size, price = _micro(data.get("size")), _micro(data.get("price"))
    trade_id = _text(data, "id")
    told = data.get("maker_orders")
    makers = [_maker(each) for each in told if isinstance(each, dict)] if isinstance(told, list) else []
    if not trade_id or size <= 0 or price < 0 or any(maker is None for maker in makers):
        return None
    updated, matched = _nanos(data.get("last_update")), _nanos(data.get("match_time"))
    return UserTrade(
        trade_id=trade_id,
        market_id=_text(data, "market").lower(),
        token_id=_text(data, "asset_id"),
        ts_event=updated if updated >= 0 else matched,
        ts_match=matched,
        status=_text(data, "status").upper().removeprefix("TRADE_STATUS_"),
        side=_text(data, "side").upper(),
        price_micro=price,
        size_micro=size,
        taker_order_id=_text(data, "taker_order_id").lower(),
        maker_orders=tuple(maker for maker in makers if maker is not None),
        trader_side=_text(data, "trader_side").upper(),
        outcome=_text(data, "outcome"),
        owner=_text(data, "owner"),
        tx_hash=_text(data, "transaction_hash").lower(),
    )


def _maker(data: Mapping[str, object]) -> MakerOrder | None:
    matched, price = _micro(data.get("matched_amount")), _micro(data.get("price"))
    if matched <= 0 or price < 0:
        return None
    return MakerOrder(
        order_id=_text(data, "order_id").lower(),
        token_id=_text(data, "asset_id"),
        price_micro=price,
        matched_micro=matched,
        side=_text(data, "side").upper(),
        outcome=_text(data, "outcome"),
        owner=_text(data, "owner"),
        maker=_text(data, "maker_address").lower(),
    )


def _text(data: Mapping[str, object], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else "" if value is None else str(value)


def _micro(value: object) -> int:
    """Whole units as text or number to micro-units, exactly; -1 for what is none."""
    try:
        number = Decimal(str(value)) * MICRO
    except InvalidOperation:
        return -1
    if not number.is_finite() or not 0 <= number < _LARGEST:
        return -1
    return int(number)


def _nanos(value: object) -> int:
    try:
        number = int(str(value))
    except ValueError:
        return -1
    nanos = number * (NANOS // 1_000) if number >= _MILLIS_FROM else number * NANOS
    return nanos if 0 <= nanos < _LARGEST else -1
