"""Stages what the pure decoders made of an answer: fills, position changes, payouts and market metadata."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec
import polars as pl

from whaletrader.datasets.categories import categorise
from whaletrader.datasets.decode.chain_logs import decode_logs
from whaletrader.datasets.decode.data_api_v2 import decode_resolutions
from whaletrader.datasets.decode.gamma import decode_markets
from whaletrader.datasets.decode.rows import (
    ChainResolution,
    Decoded,
    MarketMeta,
    PositionChange,
    Reject,
    VenueFill,
    WalletPosition,
)
from whaletrader.datasets.decode.subgraph import decode_subgraph
from whaletrader.datasets.importers.api_rows import Origin
from whaletrader.datasets.importers.staging import STAGED, StagedPart
from whaletrader.datasets.manifest import SourceEntry
from whaletrader.datasets.schema import MOST_COPIES
from whaletrader.datasets.units import blank_to_null
from whaletrader.domain.contract_ids import neg_risk_condition_id
from whaletrader.domain.values import MICRO, NANOS, Side, TapeRole, TapeSide

Decoder = Callable[[bytes], Decoded]
_Told = VenueFill | PositionChange | ChainResolution | WalletPosition
_MAIN_TABLE = {
    "gamma.markets": "markets",
    "data_v2.resolutions": "markets",
    **dict.fromkeys(("subgraph.splits", "subgraph.merges", "subgraph.redemptions"), "activity"),
    "subgraph.negRiskConversions": "activity",
    **dict.fromkeys(("subgraph.userPositions", "subgraph.userBalances"), "positions"),
}
"""The table that a listing is counted under where it has no rows; that of all others is `trades`."""
FIRST_EXCHANGES_UNTIL = 1_777_374_000 * NANOS
"""2026-04-28T11:00:00Z."""
_LOGS = ("chain", "subgraph")
"""Sources of fills that repeat the exchanges' own logs."""
MOST_QUESTIONS = 256
"""Of a neg-risk event: a question's number is one byte."""
_PLACE = ("source", "source_row", "dup_rank")
_TEXTS = ("slug", "question", "event_slug", "tags", "fee_type")


class _Times(msgspec.Struct):
    timestamps: dict[str, int] = {}


def decode_page(source: str) -> Decoder | None:
    """The decoder of a listing's bodies; None where there is none."""
    if source.startswith("subgraph."):
        return decode_subgraph
    found: dict[str, Decoder] = {
        "chain.logs": _decode_logs,
        "gamma.markets": decode_markets,
        "data_v2.resolutions": decode_resolutions,
    }
    return found.get(source)


def _decode_logs(body: bytes) -> Decoded:
    times = msgspec.json.decode(body, type=_Times).timestamps
    return decode_logs(body, {int(block, 16): seconds * NANOS for block, seconds in times.items()})


def stage_decoded(part: StagedPart, answers: Sequence[tuple[int, Decoded]], origin: Origin) -> None:
    """Stage answers, each with the time that it was true at: one source per table that has rows, or one for none."""
    rows = [(fetched, row) for fetched, decoded in answers for row in decoded.rows]
    rejects = [reject for _, decoded in answers for reject in decoded.rejects]
    fills = [row for _, row in rows if isinstance(row, VenueFill)]
    changes = [row for _, row in rows if isinstance(row, PositionChange)]
    payouts = [row for _, row in rows if isinstance(row, ChainResolution)]
    held, former = _latest([(fetched, row) for fetched, row in rows if isinstance(row, WalletPosition)])
    moves: list[VenueFill | PositionChange] = [*fills, *changes]
    unusable: dict[str, list[_Told]] = {
        "taken_back_by_the_chain": [row for row in (*moves, *payouts) if row.removed],
        "time_missing": [row for row in moves if not row.removed and row.ts_event <= 0],
        "payout_of_other_than_two_outcomes": [row for row in payouts if not row.removed and not _of_two(row)],
        "told_by_a_later_answer": [*former],
    }
    fills = [row for row in fills if not row.removed and row.ts_event > 0]
    changes = [row for row in changes if not row.removed and row.ts_event > 0]
    kinds: dict[str, int] = {}
    _add(kinds, "trades", _stage_fills(part, fills, len(kinds) + len(part.sources)))
    _add(kinds, "activity", _stage_changes(part, changes, len(kinds) + len(part.sources)))
    _add(kinds, "positions", _stage_positions(part, held, len(kinds) + len(part.sources)))
    markets = [(fetched, row) for fetched, row in rows if isinstance(row, MarketMeta)]
    payouts = [row for row in payouts if not row.removed and _of_two(row)]
    _add(kinds, "markets", _stage_markets(part, markets) + _stage_payouts(part, payouts))
    main = _MAIN_TABLE.get(origin.label.partition(":")[0], "trades")
    counted = kinds or {main: 0}
    reasons = Counter(reject.reason for reject in rejects)
    reasons.update({reason: len(lost) for reason, lost in unusable.items() if lost})
    bearer = main if main in counted else next(iter(counted))
    for table, kept in counted.items():
        dropped = dict(sorted(reasons.items())) if table == bearer else {}
        if dropped:
            part.add("rejects", _reject_rows(rejects, unusable, len(part.sources), kept))
        _enter(part, origin, table, kept, dropped)


def _add(kinds: dict[str, int], table: str, count: int) -> None:
    if count:
        kinds[table] = count


def _enter(part: StagedPart, origin: Origin, table: str, kept: int, dropped: dict[str, int]) -> None:
    part.sources.append(
        SourceEntry(
            name=f"{table}:{origin.label}",
            file=origin.file.name,
            sha256=origin.sha256,
            importer=origin.importer,
            table=table,
            rows_in=kept + sum(dropped.values()),
            rows_out=kept,
            dropped=dropped,
        )
    )


def _reject_rows(
    rejects: list[Reject], unusable: Mapping[str, Sequence[_Told]], index: int, first: int
) -> pl.DataFrame:
    """Rejects are numbered behind the rows that were kept."""
    texts = [(reject.reason, reject.head.decode("utf-8", "replace")) for reject in rejects]
    texts += [(reason, msgspec.json.encode(row).decode()) for reason, lost in unusable.items() for row in lost]
    rows = [(index, first + place, reason, text) for place, (reason, text) in enumerate(texts)]
    return pl.DataFrame(rows, schema=STAGED["rejects"], orient="row")


def _stage_fills(part: StagedPart, fills: list[VenueFill], index: int) -> int:
    roles = {"maker": int(TapeRole.MAKER), "taker": int(TapeRole.TAKER)}
    rows = [
        (
            row.ts_event,
            row.wallet,
            row.market_id or None,
            row.token_id or None,
            row.outcome_index if row.outcome_index in (0, 1) else None,
            None,
            int(TapeSide.SELL if row.side == Side.SELL else TapeSide.BUY),
            roles.get(row.role, int(TapeRole.UNKNOWN)),
            row.price_micro,
            row.size_micro,
            _fee(row),
            row.tx_hash or None,
            0,
            index,
            place,
        )
        for place, row in enumerate(fills)
    ]
    frame = pl.DataFrame(rows, schema=STAGED["trades"], orient="row")
    if frame.is_empty():
        return 0
    ranked = frame.with_columns(_log=_place_in_transaction(fills))
    key = [name for name in frame.columns if name not in _PLACE]
    key = key if ranked["_log"].has_nulls() else ["tx_hash", "_log"]
    ranked = ranked.with_columns(dup_rank=pl.int_range(pl.len()).over(key))
    part.add("trades", ranked.with_columns(pl.col("dup_rank").clip(upper_bound=MOST_COPIES)))
    part.add("coverage", frame.select("address", coverage=pl.lit("sample")).unique().sort("address"))
    return frame.height


def _place_in_transaction(fills: list[VenueFill]) -> pl.Series:
    """What tells a fill from others of its transaction: its log, or its order, which a transaction fills once."""
    places = [str(row.log_index) if row.log_index >= 0 else row.order_hash or None for row in fills]
    return pl.Series(places, dtype=pl.String)


def _stage_changes(part: StagedPart, changes: list[PositionChange], index: int) -> int:
    rows = [
        (
            row.ts_event,
            row.wallet,
            row.kind,
            market,
            row.token_id or None,
            row.outcome_index if row.outcome_index in (0, 1) else None,
            row.amount_micro,
            row.usd_micro if row.usd_micro >= 0 else None,
            row.tx_hash or None,
            index,
        )
        for row in changes
        for market in _markets_of(row)
    ]
    if rows:
        numbered = [(*row, place) for place, row in enumerate(rows)]
        part.add("activity", pl.DataFrame(numbered, schema=STAGED["activity"], orient="row"))
    return len(rows)


def _markets_of(row: PositionChange) -> list[str | None]:
    """The markets whose shares moved: of a conversion that a log tells, those of the questions given up, one row each.

    The log names the neg-risk event and the questions as bits; their conditions follow from both.
    """
    if row.kind != "CONVERSION" or row.source not in _LOGS:
        return [row.market_id or None]
    bits = max(row.index_sets[0], 0) if row.index_sets else 0
    given = [number for number in range(MOST_QUESTIONS) if bits >> number & 1]
    return [neg_risk_condition_id(row.market_id, number) for number in given] or [None]


def _latest(
    positions: list[tuple[int, WalletPosition]],
) -> tuple[list[tuple[int, WalletPosition]], list[WalletPosition]]:
    """The newest answer of each wallet and token, and the rows of all former ones."""
    newest = {(row.wallet, row.token_id): place for place, (_, row) in enumerate(positions)}
    kept = set(newest.values())
    former = [row for place, (_, row) in enumerate(positions) if place not in kept]
    return [positions[place] for place in sorted(kept)], former


def _stage_positions(part: StagedPart, positions: list[tuple[int, WalletPosition]], index: int) -> int:
    rows = [
        {
            "address": row.wallet,
            "condition_id": row.market_id or None,
            "token_id": row.token_id,
            "outcome_index": row.outcome_index if row.outcome_index in (0, 1) else None,
            "size_micro": row.size_micro,
            "avg_price_micro": row.avg_price_micro if 0 <= row.avg_price_micro <= MICRO else None,
            "total_bought_micro": row.total_bought_micro if row.total_bought_micro >= 0 else None,
            # What tells no average price knows of no gain either.
            "realized_pnl_micro": row.realized_pnl_micro if row.avg_price_micro >= 0 else None,
            "last_seen_ts": at,
            "source": index,
            "source_row": place,
        }
        for place, (at, row) in enumerate(positions)
    ]
    if rows:
        frame = pl.DataFrame({name: [row.get(name) for row in rows] for name in STAGED["positions"]},
                             schema=STAGED["positions"])  # fmt: skip
        part.add("positions", frame)
        named = [(row.token_id, row.market_id, row.outcome_index, "") for _, row in positions if row.market_id]
        part.add("tokens", pl.DataFrame(named, schema=STAGED["tokens"], orient="row"))
    return len(rows)


def _stage_markets(part: StagedPart, markets: list[tuple[int, MarketMeta]]) -> int:
    if not markets:
        return 0
    rows = [_market(fetched, row) for fetched, row in markets]
    frame = pl.DataFrame(rows, infer_schema_length=None, schema_overrides=_MARKET_TYPES)
    texts = [blank_to_null(pl.col(name)).alias(name) for name in _TEXTS]
    absent = {name: pl.lit(None, dtype=pl.String) for name in ("category", "sports_market_type")}
    known = categorise(frame.lazy().with_columns(*texts, **absent)).collect()
    part.add_facts(known.with_columns(category=pl.col("category_found")))
    tokens = [
        (token, row.market_id, place, row.outcomes[place] if place < len(row.outcomes) else "")
        for _, row in markets
        for place, token in enumerate((row.position_ids if row.version == "v2" else row.token_ids)[:2])
    ]
    part.add("tokens", pl.DataFrame(tokens, schema=STAGED["tokens"], orient="row"))
    return len(rows)


_MARKET_TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys(("condition_id", *_TEXTS), pl.String),
    **dict.fromkeys(("neg_risk", "fees_enabled"), pl.Boolean),
    **dict.fromkeys(("tick_micro", "min_order_micro", "start_ts", "end_ts", "closed_ts"), pl.Int64),
    **dict.fromkeys(("observed_ts", "upper_bound_ts", "payout0_micro"), pl.Int64),
}


def _market(fetched: int, row: MarketMeta) -> dict[str, object]:
    return {
        "condition_id": row.market_id,
        "slug": row.slug,
        "question": row.question,
        "event_slug": row.event_slug,
        "tags": "|".join(row.tags),
        "fee_type": row.fee_type,
        "neg_risk": row.neg_risk,
        "fees_enabled": row.fees_enabled,
        "tick_micro": _known(row.tick_micro),
        "min_order_micro": _known(row.min_order_micro),
        "start_ts": _known(row.start_ts),
        "end_ts": _known(row.end_ts),
        "closed_ts": _known(row.closed_ts) if row.closed else None,
        "observed_ts": fetched or None,
        "upper_bound_ts": (fetched or None) if row.resolved else None,
        "payout0_micro": row.payouts_micro[0] if row.resolved and row.payouts_micro else None,
    }


def _stage_payouts(part: StagedPart, payouts: list[ChainResolution]) -> int:
    rows = [(row.market_id, row.payouts_micro[0], _known(row.ts_event)) for row in payouts]
    if rows:
        types = {"condition_id": pl.String, "payout0_micro": pl.Int64, "exact_ts": pl.Int64}
        part.add_facts(pl.DataFrame(rows, schema=types, orient="row"))
    return len(rows)


def _of_two(payout: ChainResolution) -> bool:
    """Others have no place in a market of two tokens."""
    return len(payout.payouts_micro) == 2


def _fee(row: VenueFill) -> int | None:
    """What was paid; of a fee in a log of the first exchanges a part was given back by another contract.

    Only a pool's trade has no token, and its fee stayed.
    """
    unsure = row.source in _LOGS and row.token_id != "" and row.fee_micro > 0 and row.ts_event < FIRST_EXCHANGES_UNTIL
    return None if unsure or row.fee_micro < 0 else row.fee_micro


def _known(value: int) -> int | None:
    return value if value > 0 else None
