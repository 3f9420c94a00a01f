"""Stages rows of the Data API, v1 or v2, whichever file or page they came in: fills, activity, positions, and what they
say of markets and tokens.

v2's rows are read through v1's names. What v2 adds is used: a BUY's `usdc_size` includes the taker's fee, v1's does
not.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from pathlib import Path

import msgspec
import polars as pl

from whaletrader.datasets.categories import categorise
from whaletrader.datasets.decode.data_api import (
    ActivityRow,
    Fault,
    MarketFacts,
    PositionRow,
    Row,
    TradeRow,
    decode_activity,
    decode_position,
    decode_trade,
    kind_of,
    market_facts,
)
from whaletrader.datasets.decode.data_api_v2 import AMOUNT_DOUBT, PRICE_DOUBT
from whaletrader.datasets.importers.staging import STAGED, StagedPart
from whaletrader.datasets.manifest import SourceEntry
from whaletrader.datasets.schema import MOST_COPIES
from whaletrader.datasets.units import blank_to_null, iso_to_ns
from whaletrader.domain.values import MICRO, TapeRole

_TABLE = {"trade": "trades", "activity": "activity", "position": "positions"}
_DECODE = {"trade": decode_trade, "activity": decode_activity, "position": decode_position}
_FEE_TICK = 10
"""The venue's fees have five decimals: steps of 10 micro-units."""
_MOST_TICKS = 10**14
"""A billion of collateral: what is more is no fee, and may not fit 64 bits."""
_V1_NAMES = {
    "proxy_wallet": "proxyWallet",
    "token_id": "asset",
    "condition_id": "conditionId",
    "transaction_hash": "transactionHash",
    "event_slug": "eventSlug",
    "outcome_index": "outcomeIndex",
    "usdc_size": "usdcSize",
    "current_size": "size",
    "avg_price": "avgPrice",
    "current_price": "curPrice",
    "total_size": "totalBought",
    "realized_pnl": "realizedPnl",
    "negative_risk": "negativeRisk",
    "end_date": "endDate",
    "opposite_token_id": "oppositeAsset",
    "opposite_outcome": "oppositeOutcome",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows came from, as the manifest will say it."""

    file: Path
    sha256: str
    importer: str
    label: str
    """Stands in the source's name after its table."""


@dataclass(frozen=True, slots=True)
class Told:
    """One row as it came, under v1's names, with its place and what was asked for."""

    number: int
    raw: Row
    row: Row
    role: int = int(TapeRole.UNKNOWN)
    """Known where only takers' fills were asked for."""


def told(number: int, raw: Row, role: int = int(TapeRole.UNKNOWN)) -> Told:
    """A row of either version."""
    return Told(number, raw, v1_names(raw), role)


def v1_names(row: Row) -> Row:
    """A v2 row under v1's names; any other row as it is."""
    if "proxy_wallet" not in row:
        return row
    return {_V1_NAMES.get(name, name): value for name, value in row.items()}


def stage_rows(part: StagedPart, rows: Sequence[Told], origin: Origin) -> None:
    """Stage rows whose kinds may be mixed: one source per table, and the facts of markets and tokens."""
    for kind in sorted({kind_of(one.row) for one in rows}):
        _stage_kind(part, kind, [one for one in rows if kind_of(one.row) == kind], origin)
    _stage_facts(part, rows)


def _stage_kind(part: StagedPart, kind: str, rows: list[Told], origin: Origin) -> None:
    table, index = _TABLE[kind], len(part.sources)
    decoded = [(one, _DECODE[kind](one.row)) for one in rows]
    faults = [(one, value.reason) for one, value in decoded if isinstance(value, Fault)]
    good = [
        {**asdict(value), **_of_a_fill(one, kind), "source": index, "source_row": one.number}
        for one, value in decoded
        if not isinstance(value, Fault)
    ]
    frame = pl.DataFrame({name: [row.get(name) for row in good] for name in STAGED[table]}, schema=STAGED[table])
    if table == "trades":
        key = [name for name in frame.columns if name not in ("source", "source_row")]
        frame = frame.with_columns(dup_rank=pl.int_range(pl.len()).over(key).clip(upper_bound=MOST_COPIES))
    part.add(table, frame)
    part.add("rejects", _rejects(faults, index))
    part.add("coverage", frame.select("address", coverage=pl.lit("sample")).unique().sort("address"))
    repeats = int((frame["dup_rank"] > 0).sum()) if table == "trades" else 0
    part.sources.append(
        SourceEntry(
            name=f"{table}:{origin.label}",
            file=origin.file.name,
            sha256=origin.sha256,
            importer=origin.importer,
            table=table,
            rows_in=len(rows),
            rows_out=frame.height,
            doubted={"exact_duplicate": repeats} if repeats else {},
            dropped=dict(sorted(Counter(reason for _, reason in faults).items())),
        )
    )


def _rejects(faults: list[tuple[Told, str]], index: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "source": [index] * len(faults),
            "source_row": [one.number for one, _ in faults],
            "reason": [reason for _, reason in faults],
            "row": [msgspec.json.encode(one.raw).decode() for one, _ in faults],
        },
        schema=STAGED["rejects"],
    )


def _of_a_fill(one: Told, kind: str) -> dict[str, int | None]:
    """Fee and role of a fill as far as they are told: whoever paid a fee was the taker."""
    if kind != "trade":
        return {}
    fee = _fee(one)
    return {"fee_micro": fee, "role": int(TapeRole.TAKER) if fee else one.role}


def _fee(one: Told) -> int | None:
    """The fee inside a v2 BUY's `usdc_size`; None where it cannot be told."""
    if "usdc_size" not in one.raw or str(one.row.get("side")).upper() != "BUY":
        return None
    try:
        paid, price, size = (Decimal(str(one.row.get(name))) for name in ("usdcSize", "price", "size"))
        rest = paid - price * size
        ticks = (rest * MICRO / _FEE_TICK).to_integral_value(ROUND_HALF_EVEN)
        unsure = not 0 <= ticks < _MOST_TICKS or (ticks > 0 and rest <= size * PRICE_DOUBT + AMOUNT_DOUBT)
    except InvalidOperation:
        return None
    return None if unsure else int(ticks) * _FEE_TICK


def _stage_facts(part: StagedPart, rows: Sequence[Told]) -> None:
    facts: dict[str, MarketFacts] = {}
    tokens: list[tuple[str | None, str | None, int | None, str]] = []
    for one in rows:
        found = market_facts(one.row)
        if found is not None:
            facts.setdefault(found.condition_id, found)
        tokens += _tokens(_DECODE[kind_of(one.row)](one.row))
    schema = dict.fromkeys(("condition_id", "slug", "question", "event_slug", "end_date"), pl.String) | {
        "neg_risk": pl.Boolean
    }
    frame = pl.DataFrame([asdict(fact) for fact in facts.values()], schema=schema)
    texts = [blank_to_null(pl.col(name)).alias(name) for name in ("slug", "question", "event_slug", "end_date")]
    absent = {name: pl.lit(None, dtype=pl.String) for name in ("category", "tags", "fee_type", "sports_market_type")}
    known = categorise(frame.lazy().with_columns(*texts, **absent)).collect()
    part.add_facts(known.with_columns(category=pl.col("category_found"), end_ts=iso_to_ns("end_date")))
    part.add("tokens", pl.DataFrame(tokens, schema=STAGED["tokens"], orient="row").unique(maintain_order=True))


def _tokens(row: TradeRow | ActivityRow | PositionRow | Fault) -> list[tuple[str | None, str | None, int | None, str]]:
    if isinstance(row, TradeRow):
        return [(row.token_id, row.condition_id, row.outcome_index, row.outcome)]
    if isinstance(row, PositionRow):
        other = None if row.outcome_index is None else 1 - row.outcome_index
        return [
            (row.token_id, row.condition_id, row.outcome_index, row.outcome),
            (row.opposite_token_id, row.condition_id, other, row.opposite_outcome),
        ]
    return []
