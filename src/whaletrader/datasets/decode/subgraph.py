"""Answers of the history subgraphs (V1 era, blind after 2026-04-28): fills, trades with AMM pools, activity, balances,
conditions.

Amounts are base units as text, times are seconds, ids lower case; an asset id "0" is collateral. A fill's id is
transaction_orderHash: the subgraph tells no log index.
"""

import re
from collections.abc import Callable

from whaletrader.datasets.decode import fields
from whaletrader.datasets.decode.chain_words import ratio_micro
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
from whaletrader.domain.venue_contracts import EXCHANGES_V1

SOURCE = "subgraph"
_EXCHANGES = frozenset(contract.value for contract in EXCHANGES_V1)
_MAX_MICRO = 9 * 10**18
_WHOLE = re.compile(r"-?[0-9]{1,78}")


def decode_subgraph(answer: bytes | str) -> Decoded:
    """Decode every entity of an answer that holds fills, position changes, positions or payouts; in its order."""
    try:
        content = fields.parse(answer)
        if not isinstance(content, dict):
            raise Unusable("not_an_object")
        data = content.get("data")
        if not isinstance(data, dict):
            errors = fields.listed(content.get("errors"))
            first = errors[0] if errors and isinstance(errors[0], dict) else {}
            raise Unusable("server_error", fields.text(first.get("message")))
    except Unusable as error:
        return Decoded((), (fields.refuse(SOURCE, error, answer),))
    return fields.merged(_entities(name, items) for name, items in data.items() if name != "_meta")


def _entities(name: str, items: object) -> Decoded:
    reader = _READERS.get(name)
    if reader is None:
        return Decoded((), (fields.refuse(SOURCE, Unusable("unknown_event_type", name), items),))
    found = items if isinstance(items, list) else []
    return fields.decode_each(SOURCE, found, lambda row: (reader(row),))


def _whole(value: object) -> int | None:
    """Return a whole number of any length, given as text or as a number."""
    found = fields.text(value)
    return int(found) if _WHOLE.fullmatch(found) else None


def _base_units(value: object) -> int:
    found = _whole(value)
    if found is None or not 0 <= found <= _MAX_MICRO:
        raise Unusable("size_missing")
    return found


def _fill(row: Object) -> VenueFill:
    given, received = fields.text(row.get("makerAssetId")), fields.text(row.get("takerAssetId"))
    if (given == "0") == (received == "0"):
        raise Unusable("side_unknown", "one asset must be collateral")
    side = Side.BUY if given == "0" else Side.SELL
    amounts = _base_units(row.get("makerAmountFilled")), _base_units(row.get("takerAmountFilled"))
    collateral, shares = amounts if side is Side.BUY else amounts[::-1]
    if shares <= 0:
        raise Unusable("size_not_positive")
    price, fee = ratio_micro(collateral, shares), _base_units(row.get("fee") or "0")
    if price > MICRO:
        raise Unusable("price_above_one", str(price))
    taker = fields.address(row.get("taker"))
    return VenueFill(
        source=SOURCE,
        wallet=fields.address(row.get("maker")),
        token_id=fields.token(received if side is Side.BUY else given),
        side=side.value,
        price_micro=price,
        size_micro=shares,
        ts_event=fields.instant(row.get("timestamp")),
        tx_hash=_tx(row),
        role=(Role.TAKER if taker in _EXCHANGES else Role.MAKER).value,
        fee_micro=_base_units(fee * collateral // shares) if side is Side.BUY else fee,
        order_hash=fields.text(row.get("orderHash")).lower(),
    )


def _pool_fill(row: Object) -> VenueFill:
    """A trade with a pool: who traded took, and its fee is no part of the price; no token is told."""
    kind = fields.text(row.get("type")).upper()
    if kind not in ("BUY", "SELL"):
        raise Unusable("side_unknown", kind)
    paid, fee, shares = (_base_units(row.get(name)) for name in ("tradeAmount", "feeAmount", "outcomeTokensAmount"))
    collateral = paid - fee if kind == "BUY" else paid + fee
    if shares <= 0 or collateral < 0:
        raise Unusable("size_not_positive")
    price = ratio_micro(collateral, shares)
    if price > MICRO:
        raise Unusable("price_above_one", str(price))
    pool = row.get("market")
    conditions = fields.listed(pool.get("conditions")) if isinstance(pool, dict) else []
    return VenueFill(
        source=SOURCE,
        wallet=fields.address(row.get("user")),
        token_id="",
        market_id=fields.condition(_id_of(conditions[0]) if conditions else None),
        outcome_index=fields.outcome_index(row.get("outcomeIndex")),
        side=kind,
        price_micro=price,
        size_micro=shares,
        ts_event=fields.instant(row.get("timestamp")),
        tx_hash=_tx(row),
        role=Role.TAKER.value,
        fee_micro=fee,
    )


def _tx(row: Object) -> str:
    return fields.tx_hash(fields.text(row.get("transactionHash")) or fields.text(row.get("id")).split("_")[0])


def _id_of(value: object) -> object:
    """Return an entity's id, whether it is told as text or as an object."""
    return value.get("id") if isinstance(value, dict) else value


def _change(kind: str) -> Callable[[Object], PositionChange]:
    def read(row: Object) -> PositionChange:
        amount = _base_units(fields.first_of(row, "amount", "payout"))
        _, _, index = fields.text(row.get("id")).partition("_")
        conversion = kind == "CONVERSION"
        questions = _whole(row.get("indexSet"))
        sets = (questions,) if conversion and questions is not None else ()
        return PositionChange(
            source=SOURCE,
            kind=kind,
            wallet=fields.address(fields.first_of(row, "stakeholder", "redeemer")),
            amount_micro=amount,
            ts_event=fields.instant(row.get("timestamp")),
            market_id=fields.condition(_id_of(fields.first_of(row, "condition", "negRiskMarketId"))),
            usd_micro=-1 if conversion else amount,
            index_sets=sets or tuple(fields.integer_or(each) for each in fields.listed(row.get("indexSets"))),
            tx_hash=_tx(row),
            log_index=_log_index(index),
        )

    return read


def _log_index(text: str) -> int:
    try:
        return int(text, 16) if 0 < len(text) <= 18 else -1
    except ValueError:
        return -1


def _user_position(row: Object) -> WalletPosition:
    return WalletPosition(
        source=SOURCE,
        wallet=fields.address(row.get("user")),
        token_id=fields.token(row.get("tokenId")),
        market_id="",
        size_micro=_base_units(row.get("amount")),
        avg_price_micro=_base_units(row.get("avgPrice") or "0"),
        total_bought_micro=_base_units(row.get("totalBought") or "0"),
        realized_pnl_micro=_signed(row.get("realizedPnl")),
    )


def _balance(row: Object) -> WalletPosition:
    asset = row.get("asset")
    held: Object = asset if isinstance(asset, dict) else {"id": asset}
    return WalletPosition(
        source=SOURCE,
        wallet=fields.address(row.get("user")),
        token_id=fields.token(held.get("id")),
        market_id=fields.optional_condition(_id_of(held.get("condition"))),
        size_micro=_base_units(row.get("balance")),
        outcome_index=fields.outcome_index(held.get("outcomeIndex")),
        opposite_token_id=fields.optional_token(held.get("complement")),
    )


def _signed(value: object) -> int:
    found = _whole(value)
    return found if found is not None and abs(found) <= _MAX_MICRO else 0


def _condition(row: Object) -> ChainResolution:
    numbers = [fields.integer_or(each) for each in fields.listed(row.get("payoutNumerators"))]
    total = fields.integer_or(row.get("payoutDenominator"))
    total = total if total > 0 else sum(numbers)
    if len(numbers) < 2 or min(numbers) < 0 or total != sum(numbers) or total <= 0:
        raise Unusable("payout_unknown")
    payouts = [number * MICRO // total for number in numbers[:-1]]
    market_id = fields.condition(row.get("id"))
    return ChainResolution(source=SOURCE, market_id=market_id, payouts_micro=(*payouts, MICRO - sum(payouts)))


_READERS: dict[str, Callable[[Object], Row]] = {
    "orderFilledEvents": _fill,
    "fpmmTransactions": _pool_fill,
    "splits": _change("SPLIT"),
    "merges": _change("MERGE"),
    "redemptions": _change("REDEEM"),
    "negRiskConversions": _change("CONVERSION"),
    "userPositions": _user_position,
    "userBalances": _balance,
    "conditions": _condition,
}
