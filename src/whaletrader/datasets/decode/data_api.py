"""Decoders of Data-API v1 rows (`/trades`, `/activity`, `/positions`): JSON objects to canonical values, no I/O, no
tables.

Numbers go through `Decimal(str(x))`, so that what the venue wrote is what we keep; addresses and ids become lower
case; times may be numbers or text. A row that cannot be used gives a `Fault` with its reason and never stops the
others. Combination trades (condition ids of 62 hex digits) are faults of their own.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Literal

from whaletrader.domain.values import MICRO, NANOS, TapeSide

Row = Mapping[str, object]
RowKind = Literal["trade", "activity", "position"]

_CONDITION = re.compile(r"0x[0-9a-f]{64}")
_COMBO = re.compile(r"0x[0-9a-f]{62}")
_WALLET = re.compile(r"0x[0-9a-f]{40}")
_MICRO = Decimal(MICRO)
_LARGEST = Decimal(9_000_000_000_000)
_LAST_SECOND = 9_000_000_000  # what int64 nanoseconds hold; milliseconds given as seconds lie beyond


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row cannot be used."""

    reason: str


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """What a row says of its market."""

    condition_id: str
    slug: str
    question: str
    event_slug: str
    neg_risk: bool | None
    end_date: str


@dataclass(frozen=True, slots=True)
class TradeRow:
    """A fill: times in nanoseconds, amounts in micro-units, side as in a dataset."""

    ts: int
    address: str
    condition_id: str | None
    token_id: str | None
    outcome_index: int | None
    outcome: str
    side: int
    price_micro: int
    size_micro: int
    tx_hash: str | None


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """A split, merge, redemption, conversion, reward, …."""

    ts: int
    address: str
    kind: str
    condition_id: str | None
    token_id: str | None
    outcome_index: int | None
    size_micro: int
    usd_micro: int | None
    tx_hash: str | None


@dataclass(frozen=True, slots=True)
class PositionRow:
    """A position as it was when it was asked for; the answer carries no time."""

    address: str
    condition_id: str
    token_id: str | None
    outcome_index: int | None
    outcome: str
    opposite_token_id: str | None
    opposite_outcome: str
    size_micro: int
    avg_price_micro: int | None
    total_bought_micro: int | None
    realized_pnl_micro: int | None
    price_micro: int
    redeemable: bool


def rows_of(text: str) -> list[Row]:
    """The objects of an answer: a JSON array, an object with `data`, or one object per line.

    Raises
    ------
    ValueError
        The text is neither; the message names the line where reading stopped.
    """
    stripped = text.strip()
    if not stripped:
        return []
    try:
        whole = _loads(stripped)
    except json.JSONDecodeError:
        whole = [_loads_line(line, number) for number, line in enumerate(stripped.splitlines(), 1) if line.strip()]
    if isinstance(whole, dict):
        whole = whole["data"] if isinstance(whole.get("data"), list) else [whole]
    if not isinstance(whole, list) or not all(isinstance(row, dict) for row in whole):
        raise ValueError("it is no list of JSON objects")
    return whole


def kind_of(row: Row) -> RowKind:
    """Which of the three answers a row belongs to."""
    if "avgPrice" in row or "curPrice" in row:
        return "position"
    kind = _text(row, "type").upper()
    return "trade" if kind in ("", "TRADE") else "activity"


def decode_trade(row: Row) -> TradeRow | Fault:
    """A `/trades` row, or a `TRADE` row of `/activity`."""
    place = _place(row)
    if isinstance(place, Fault):
        return place
    ts, address, condition_id = place
    side = _text(row, "side").upper()
    if side not in TapeSide.__members__:
        return Fault("side_unknown")
    price, size = _micro(row, "price"), _micro(row, "size")
    fault = price_fault(price) or size_fault(size)
    if fault or price is None or size is None:
        return Fault(fault or "size_missing")
    token_id = _text(row, "asset") or None
    if condition_id is None and token_id is None:
        return Fault("market_unknown")
    return TradeRow(
        ts,
        address,
        condition_id,
        token_id,
        _outcome(row),
        _text(row, "outcome"),
        int(TapeSide[side]),
        price,
        size,
        _hash(row),
    )


def decode_activity(row: Row) -> ActivityRow | Fault:
    """Any other row of `/activity`; rewards and rebates belong to no market."""
    place = _place(row)
    if isinstance(place, Fault):
        return place
    ts, address, condition_id = place
    size = _micro(row, "size")
    if size is None:
        return Fault("size_missing")
    if size < 0:
        return Fault("size_negative")
    kind, token_id = _text(row, "type").upper(), _text(row, "asset") or None
    return ActivityRow(
        ts, address, kind, condition_id, token_id, _outcome(row), size, _micro(row, "usdcSize"), _hash(row)
    )


def decode_position(row: Row) -> PositionRow | Fault:
    """A `/positions` row."""
    address, condition_id = _address(row), _condition(row)
    if isinstance(condition_id, Fault):
        return condition_id
    if address is None or condition_id is None:
        return Fault("wallet_missing" if address is None else "market_unknown")
    price, size, average = _micro(row, "curPrice"), _micro(row, "size"), _micro(row, "avgPrice")
    fault = price_fault(price) or size_fault(size)
    if fault or price is None or size is None:
        return Fault(fault or "size_missing")
    return PositionRow(
        address,
        condition_id,
        _text(row, "asset") or None,
        _outcome(row),
        _text(row, "outcome"),
        _text(row, "oppositeAsset") or None,
        _text(row, "oppositeOutcome"),
        size,
        average if average is not None and 0 <= average <= MICRO else None,
        _micro(row, "totalBought"),
        _micro(row, "realizedPnl"),
        price,
        row.get("redeemable") is True,
    )


def market_facts(row: Row) -> MarketFacts | None:
    """What the row says of its market, if it names one."""
    condition_id = _condition(row)
    if condition_id is None or isinstance(condition_id, Fault):
        return None
    neg_risk = row.get("negativeRisk")
    return MarketFacts(
        condition_id,
        _text(row, "slug"),
        _text(row, "title"),
        _text(row, "eventSlug"),
        neg_risk if isinstance(neg_risk, bool) else None,
        _text(row, "endDate"),
    )


def price_fault(price_micro: int | None) -> str | None:
    """The reason for which a price is unusable."""
    if price_micro is None:
        return "price_missing"
    if price_micro < 0:
        return "price_negative"
    return "price_above_one" if price_micro > MICRO else None


def size_fault(size_micro: int | None) -> str | None:
    """The reason for which a size is unusable."""
    if size_micro is None:
        return "size_missing"
    return "size_not_positive" if size_micro <= 0 else None


def _place(row: Row) -> tuple[int, str, str | None] | Fault:
    ts, address, condition_id = _time(row), _address(row), _condition(row)
    if ts is None:
        return Fault("time_missing")
    if address is None:
        return Fault("wallet_missing")
    if isinstance(condition_id, Fault):
        return condition_id
    return ts, address, condition_id


def _loads(text: str) -> object:
    return json.loads(text, parse_float=Decimal, parse_constant=Decimal)


def _loads_line(line: str, number: int) -> object:
    try:
        return _loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {number} is no JSON ({error.msg})") from None


def _text(row: Row, key: str) -> str:
    value = row.get(key)
    return value.strip() if isinstance(value, str) else ""


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or value is None or value == "":
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < _LARGEST else None


def _micro(row: Row, key: str) -> int | None:
    number = _decimal(row.get(key))
    return None if number is None else int((number * _MICRO).to_integral_value(ROUND_HALF_EVEN))


def _time(row: Row) -> int | None:
    number = _decimal(row.get("timestamp"))
    if number is None or not 1 <= number <= _LAST_SECOND:
        return None
    return int(number) * NANOS


def _outcome(row: Row) -> int | None:
    number = _decimal(row.get("outcomeIndex"))
    return int(number) if number is not None and number in (0, 1) else None


def _address(row: Row) -> str | None:
    text = _text(row, "proxyWallet").lower()
    return text if _WALLET.fullmatch(text) else None


def _hash(row: Row) -> str | None:
    return _text(row, "transactionHash").lower() or None


def _condition(row: Row) -> str | Fault | None:
    text = _text(row, "conditionId").lower()
    if not text:
        return None
    if _COMBO.fullmatch(text):
        return Fault("combination_trade")
    return text if _CONDITION.fullmatch(text) else Fault("condition_id_malformed")
