"""Answers of the Data API as rows: `/v2/trades`, `/v2/activity`, `/v2/positions`, `/v2/resolutions`, and the same of
v1 where only the spelling differs (camelCase, bare arrays).

`price` never includes the fee; `usdc_size` of a taker's BUY does, so that the fee is the difference. Combos (condition
ids of 62 hex digits, about one row in a hundred) are refused by name.
"""

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_EVEN, Decimal

from whaletrader.datasets.decode import fields
from whaletrader.datasets.decode.fields import Object, Unusable
from whaletrader.datasets.decode.rows import (
    ChainResolution,
    Decoded,
    PositionChange,
    Row,
    VenueFill,
    WalletPosition,
)
from whaletrader.domain.values import MICRO, Role, Side

_FEE_TICK = 10
PRICE_DOUBT, AMOUNT_DOUBT = Decimal("5e-11"), Decimal("5e-7")
"""Half of the last digit of a price, and of an amount."""
_PAYOUTS = {MICRO: (MICRO, 0), 0: (0, MICRO), MICRO // 2: (MICRO // 2, MICRO // 2)}
_UNSET = Decimal(69)
_KINDS = {
    "SPLIT",
    "MERGE",
    "REDEEM",
    "CONVERSION",
    "REWARD",
    "MIGRATION",
    "DEPOSIT",
    "WITHDRAWAL",
    "YIELD",
    "MAKER_REBATE",
    "TAKER_REBATE",
    "REFERRAL_REWARD",
    "TIP",
}


def decode_trades(answer: bytes | str) -> Decoded:
    """Decode `/v2/trades` or v1's `/trades`."""
    return _page(answer, lambda row: (_fill(row),))


def decode_activity(answer: bytes | str) -> Decoded:
    """Decode `/v2/activity` or v1's `/activity`: fills and the position changes that are no trades."""
    return _page(answer, lambda row: (_activity(row),))


def decode_positions(answer: bytes | str) -> Decoded:
    """Decode `/v2/positions` or v1's `/positions` and `/closed-positions`."""
    return _page(answer, lambda row: (_position(row),))


def decode_resolutions(answer: bytes | str) -> Decoded:
    """Decode `/v2/resolutions`; questions that are not decided yet (price 69) hold no row."""
    return _page(answer, _resolution)


def _page(answer: bytes | str, rows_of: Callable[[Object], Iterable[Row]]) -> Decoded:
    try:
        content = fields.parse(answer)
        cursor = ""
        if isinstance(content, dict):
            if "error" in content and "data" not in content:
                words = (fields.text(content.get("code")), fields.text(content["error"]))
                raise Unusable("server_error", " ".join(word for word in words if word))
            pagination = content.get("pagination")
            cursor = fields.text(pagination.get("next_cursor")) if isinstance(pagination, dict) else ""
            content = content.get("data")
        if not isinstance(content, list):
            raise Unusable("not_a_list")
    except Unusable as error:
        return Decoded((), (fields.refuse("data", error, answer),))
    return fields.merged([fields.decode_each("data", content, rows_of)], cursor)


def _source(row: Object) -> str:
    return "data_v1" if "proxyWallet" in row or "conditionId" in row else "data_v2"


def _fill(row: Object) -> VenueFill:
    side, price, size = fields.side(row.get("side")), fields.price(row.get("price")), fields.size(row.get("size"))
    fee = _fee(row, side)
    return VenueFill(
        source=_source(row),
        market_id=fields.condition(fields.first_of(row, "condition_id", "conditionId")),
        wallet=_wallet(row),
        token_id=fields.token(fields.first_of(row, "token_id", "asset")),
        side=side,
        price_micro=price,
        size_micro=size,
        ts_event=fields.instant(row.get("timestamp")),
        tx_hash=fields.tx_hash(fields.first_of(row, "transaction_hash", "transactionHash")),
        outcome_index=_outcome(row),
        role=Role.TAKER.value if fee > 0 else "",
        fee_micro=fee,
        event_slug=fields.text(fields.first_of(row, "event_slug", "eventSlug")),
    )


def _fee(row: Object, side: str) -> int:
    """Return the fee inside a BUY's `usdc_size`, on the venue's grid of five decimals; -1 where it cannot be told.

    An averaged price is rounded to ten decimals: what that can hide in a large fill is no sign of a fee. v1 is not used
    for this: its amounts are not known to include fees.
    """
    paid, price = fields.optional_decimal(row.get("usdc_size")), fields.optional_decimal(row.get("price"))
    size = fields.optional_decimal(row.get("size"))
    if side != Side.BUY or paid is None or price is None or size is None:
        return -1
    rest = paid - price * size
    ticks = (rest * MICRO / _FEE_TICK).to_integral_value(ROUND_HALF_EVEN)
    if ticks < 0 or (ticks > 0 and rest <= size * PRICE_DOUBT + AMOUNT_DOUBT):
        return -1
    return int(ticks) * _FEE_TICK


def _activity(row: Object) -> Row:
    kind = fields.text(row.get("type")).upper()
    if kind in ("", "TRADE"):
        return _fill(row)
    if kind not in _KINDS:
        raise Unusable("unknown_event_type", kind)
    return PositionChange(
        source=_source(row),
        kind=kind,
        wallet=_wallet(row),
        amount_micro=fields.size_or_zero(row.get("size")),
        ts_event=fields.instant(row.get("timestamp")),
        market_id=fields.optional_condition(fields.first_of(row, "condition_id", "conditionId")),
        token_id=fields.optional_token(fields.first_of(row, "token_id", "asset")),
        outcome_index=_outcome(row),
        usd_micro=fields.micro_or(fields.first_of(row, "usdc_size", "usdcSize")),
        tx_hash=fields.tx_hash(fields.first_of(row, "transaction_hash", "transactionHash")),
    )


def _position(row: Object) -> WalletPosition:
    fees = fields.micro_or(row.get("entry_fees_usdc"))
    return WalletPosition(
        source=_source(row),
        wallet=_wallet(row),
        token_id=fields.token(fields.first_of(row, "token_id", "asset")),
        market_id=fields.condition(fields.first_of(row, "condition_id", "conditionId")),
        size_micro=fields.size_or_zero(fields.first_of(row, "current_size", "size") or 0),
        avg_price_micro=fields.price_or(fields.first_of(row, "avg_price", "avgPrice")),
        price_micro=fields.price_or(fields.first_of(row, "current_price", "curPrice")),
        outcome_index=_outcome(row),
        outcome=fields.text(row.get("outcome")),
        opposite_token_id=fields.optional_token(fields.first_of(row, "opposite_token_id", "oppositeAsset")),
        realized_pnl_micro=fields.optional_micro(fields.first_of(row, "realized_pnl", "realizedPnl")) or 0,
        fees_micro=fees,
        status=fields.text(row.get("status")).upper(),
        redeemable=fields.flag(row.get("redeemable")) is True,
        mergeable=fields.flag(row.get("mergeable")) is True,
        neg_risk=fields.flag(fields.first_of(row, "negative_risk", "negativeRisk")),
        event_slug=fields.text(fields.first_of(row, "event_slug", "eventSlug")),
        end_ts=fields.optional_instant(fields.first_of(row, "end_date", "endDate")),
        last_event_ts=fields.optional_instant(fields.first_of(row, "last_event_at", "timestamp")),
    )


def _resolution(row: Object) -> Iterable[Row]:
    market_id = fields.condition(row.get("condition_id"))
    if fields.text(row.get("status")).lower() != "resolved":
        return ()
    price = fields.optional_decimal(row.get("price"))
    if price is None or price == _UNSET:
        raise Unusable("payout_unknown", fields.text(row.get("price")))
    payouts = _PAYOUTS.get(int(price * MICRO))
    if payouts is None:
        raise Unusable("payout_unknown", str(price))
    found = ChainResolution(
        source="data_v2",
        market_id=market_id,
        payouts_micro=payouts,
        ts_event=fields.optional_instant(row.get("last_update_timestamp")),
        tx_hash=fields.tx_hash(row.get("transaction_hash")),
        log_index=fields.integer_or(row.get("log_index")),
    )
    return (found,)


def _wallet(row: Object) -> str:
    return fields.address(fields.first_of(row, "proxy_wallet", "proxyWallet"))


def _outcome(row: Object) -> int:
    return fields.outcome_index(fields.first_of(row, "outcome_index", "outcomeIndex"))
