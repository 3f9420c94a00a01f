"""Scores for notebooks: plain polars frames in, plain polars frames out; nothing is read from or written to a disk.

Prices, edges and probabilities are ordinary numbers from 0 to 1, amounts shares and dollars, times datetimes (taken as
UTC where they bear no zone). What cannot be used is refused with one sentence that names table and column.

Frames in, columns marked * must be there:

- `trades`: time*, wallet*, market*, outcome* (0 or 1), side* (BUY or SELL), price*, size* (shares), transaction (its
  hash: the leader's own transaction is nobody's price), role (maker or taker), fee (dollars that the wallet paid).
- `markets`: market*, payout* (of outcome 0 per share, null while open), resolved* (when it could be known, null while
  open), event_group (markets that settle together; default: each its own), category, fee_rate (taker fee's rate, the
  worst case where it is not known).
- `positions`, found by polling: time*, wallet*, market*, outcome*, price* (the market's when it was found), size.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from whaletrader.datasets.categories import CATEGORIES
from whaletrader.datasets.schema import NO_ID, TABLES
from whaletrader.domain.values import MICRO, FeeProvenance, TapeRole, TapeSide
from whaletrader.errors import UsageError
from whaletrader.universe.frame_checks import Column, checked, known_in, without_repeats
from whaletrader.universe.scores import ScoreParams, Scores, score_universe
from whaletrader.universe.source import FrameSource, TableSource

MOST = 1e8
"""Shares or dollars of one row: in micro-units, products of it with a price still fit into 64 bits."""
TRADES = (
    Column("time", "time"),
    Column("wallet", "text"),
    Column("market", "text"),
    Column("outcome", "whole", low=0, high=1),
    Column("side", "text", words=("BUY", "SELL")),
    Column("price", "number", low=0.0, high=1.0),
    Column("size", "number", low=0.0, high=MOST),
    Column("transaction", "text", required=False, nulls=True),
    Column("role", "text", required=False, nulls=True, words=("maker", "taker")),
    Column("fee", "number", required=False, nulls=True, low=0.0, high=MOST),
)
MARKETS = (
    Column("market", "text"),
    Column("payout", "number", nulls=True, low=0.0, high=1.0),
    Column("resolved", "time", nulls=True),
    Column("event_group", "text", required=False, nulls=True),
    Column("category", "text", required=False, nulls=True, words=CATEGORIES),
    Column("fee_rate", "number", required=False, nulls=True, low=0.0, high=1.0),
)
POSITIONS = (
    Column("time", "time"),
    Column("wallet", "text"),
    Column("market", "text"),
    Column("outcome", "whole", low=0, high=1),
    Column("price", "number", low=0.0, high=1.0),
    Column("size", "number", required=False, nulls=True, low=0.0, high=MOST),
)
BOARD = {
    "rank": "rank",
    "wallet": "address",
    "verdict": "verdict",
    "bets": "n_bets",
    "groups": "n_groups",
    "edge": "mean_edge_micro",
    "lower": "lower_micro",
    "upper": "upper_micro",
    "shrunk": "shrunk_micro",
    "p": "log10_p_micro",
    "q": "log10_q_micro",
    "e_selected": "e_selected",
    "psr": "psr_micro",
    "dsr": "dsr_micro",
    "score": "composite_micro",
    "score_lower": "composite_lower_micro",
    "score_upper": "composite_upper_micro",
    "hit_rate": "hit_rate_micro",
    "price": "mean_price_micro",
    "withheld": "withheld",
}
"""Columns of `leaderboard` and the published ones that they come from."""


def score_frames(
    trades: pl.DataFrame,
    markets: pl.DataFrame,
    positions: pl.DataFrame | None = None,
    *,
    params: ScoreParams | None = None,
    **settings: Any,
) -> Scores:
    """Score every wallet of these frames; `settings` replace fields of `params`, such as `policies=("first",)`."""
    try:
        asked = replace(params or ScoreParams(), **settings)
    except TypeError:
        known = ", ".join(ScoreParams.__dataclass_fields__)
        wrong = next(name for name in settings if name not in ScoreParams.__dataclass_fields__)
        raise UsageError(f"there is no setting {wrong!r}; the settings are {known}") from None
    return score_universe(source_of(trades, markets, positions), asked)


def leaderboard(
    scores: Scores, kind: str = "fill", policy: str | None = None, *, top: int | None = None, judged: bool = True
) -> pl.DataFrame:
    """The best wallets first, as ordinary numbers; `judged=False` lists those without a verdict too, and why."""
    name = policy or scores.params.policies[0]
    for text, known in ((name, scores.params.policies), (kind, ("fill", "position"))):
        if text not in known:
            raise UsageError(f"{text!r} was not scored; choose among {', '.join(known)}")
    mine = scores.frame.filter((pl.col("kind").cast(pl.String) == kind) & (pl.col("policy").cast(pl.String) == name))
    listed = mine.filter(pl.col("rank").is_not_null()) if judged else mine
    ordered = listed.sort("rank", nulls_last=True, maintain_order=True)
    return (ordered if top is None else ordered.head(top)).select(_plain(new, old) for new, old in BOARD.items())


def funnel(scores: Scores) -> pl.DataFrame:
    """How many wallets came how far: policy, kind, step, wallets."""
    return scores.counts.with_columns(pl.col("policy", "kind", "step").cast(pl.String))


def _plain(new: str, old: str) -> pl.Expr:
    """Millionths as numbers; logarithms as what they are of."""
    if not old.endswith("_micro"):
        return pl.col(old).alias(new)
    value = pl.col(old) / MICRO
    return (pl.lit(10.0).pow(value) if old.startswith("log10_") else value).alias(new)


def source_of(trades: pl.DataFrame, markets: pl.DataFrame, positions: pl.DataFrame | None = None) -> FrameSource:
    """The frames as canonical tables, checked; ids are given by the text's order."""
    bought = without_repeats(checked(trades, "trades", TRADES), "trades")
    known = checked(markets, "markets", MARKETS, unique=("market",)).sort("market")
    seen = None if positions is None else without_repeats(checked(positions, "positions", POSITIONS), "positions")
    for name, frame in (("trades", bought), ("positions", seen)):
        if frame is not None:
            known_in(frame, name, "market", known, "markets")
    frames = [frame for frame in (bought, seen) if frame is not None]
    wallets = pl.concat([frame.select(pl.col("wallet").str.to_lowercase()) for frame in frames]).unique().sort("wallet")
    tables = {
        "wallets": wallets.select(
            pl.int_range(pl.len()).cast(pl.UInt32).alias("wallet"),
            pl.col("wallet").alias("address"),
            pl.lit(value=False).alias("truncated"),
            pl.lit("").alias("truncation_reason"),
        ),
        "markets": _markets(known),
        "tokens": _tokens(known),
        "fee_schedules": _fees(known),
        "trades": _trades(bought, known, wallets),
    }
    if seen is not None:
        tables["signals"] = _signals(seen, known, wallets)
    return FrameSource(tables, "frames")


def _whole(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """All columns of the schema in its order; those that the frame lacks are null."""
    schema = TABLES[table]
    missing = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in schema.items() if name not in frame.columns]
    return frame.with_columns(missing).select(pl.col(name).cast(dtype) for name, dtype in schema.items())


def _micro(name: str) -> pl.Expr:
    return (pl.col(name) * MICRO).round().cast(pl.Int64)


def _markets(known: pl.DataFrame) -> pl.DataFrame:
    resolved = pl.col("payout").is_not_null()
    return _whole(
        "markets",
        known.select(
            pl.int_range(pl.len()).cast(pl.UInt32).alias("market"),
            pl.col("market").alias("condition_id"),
            pl.col("category").fill_null("other"),
            pl.coalesce("event_group", "market").alias("event_group"),
            resolved.alias("resolved"),
            _micro("payout").alias("payout0_micro"),
            pl.when(resolved).then(pl.col("resolved")).alias("resolved_ts"),
            pl.when(pl.col("resolved").is_null()).then(pl.lit("unknown")).otherwise(pl.lit("exact")).alias(
                "resolved_ts_kind"
            ),
        ),
    )  # fmt: skip


def _tokens(known: pl.DataFrame) -> pl.DataFrame:
    markets = known.select(pl.int_range(pl.len()).cast(pl.UInt32).alias("market"), pl.col("market").alias("name"))
    both = markets.join(pl.DataFrame({"outcome_index": [0, 1]}), how="cross")
    return _whole(
        "tokens",
        both.select(
            (pl.col("market") * 2 + pl.col("outcome_index")).alias("token"),
            pl.format("{}:{}", "name", "outcome_index").alias("token_id"),
            "market",
            "outcome_index",
        ),
    )


def _fees(known: pl.DataFrame) -> pl.DataFrame:
    found = known.select(pl.int_range(pl.len()).cast(pl.UInt32).alias("market"), "fee_rate")
    return _whole(
        "fee_schedules",
        found.filter(pl.col("fee_rate").is_not_null()).select(
            "market",
            pl.lit(0).alias("from_ts"),
            _micro("fee_rate").alias("rate_micro"),
            pl.lit(1).alias("exponent"),
            pl.lit(value=False).alias("times_price"),
            pl.lit(str(FeeProvenance.MARKET)).alias("provenance"),
        ),
    )


def _coded(frame: pl.DataFrame, known: pl.DataFrame, wallets: pl.DataFrame) -> pl.DataFrame:
    """Wallet and market as codes, the token with them, in order of time."""
    markets = known.select("market").with_row_index("code")
    people = wallets.with_row_index("person")
    return (
        frame.with_columns(pl.col("wallet").str.to_lowercase())
        .join(markets, on="market", how="left", maintain_order="left")
        .join(people, on="wallet", how="left", maintain_order="left")
        .with_columns(
            pl.col("person").alias("wallet"),
            pl.col("code").alias("market"),
            (pl.col("code") * 2 + pl.col("outcome")).alias("token"),
        )
        .sort("time", maintain_order=True)
    )


def _trades(bought: pl.DataFrame, known: pl.DataFrame, wallets: pl.DataFrame) -> pl.DataFrame:
    sides = {str(side.name): int(side) for side in TapeSide}
    roles = {"maker": int(TapeRole.MAKER), "taker": int(TapeRole.TAKER)}
    coded = _coded(bought, known, wallets)
    named = coded.select("transaction").drop_nulls().unique(maintain_order=True).with_row_index("number")
    rows = coded.join(named, on="transaction", how="left", maintain_order="left")
    return _whole(
        "trades",
        rows.select(
            pl.col("time").alias("ts"), "wallet", "token", "market", pl.col("outcome").alias("outcome_index"),
            pl.col("side").replace_strict(sides, return_dtype=pl.Int8),
            pl.col("role").replace_strict(roles, default=int(TapeRole.UNKNOWN), return_dtype=pl.Int8),
            _micro("price").alias("price_micro"), _micro("size").alias("size_micro"), _micro("fee").alias("fee_micro"),
            pl.col("number").fill_null(NO_ID).alias("transaction"),
            pl.lit(0).alias("dup_rank"),
            pl.lit(0).alias("source"),
            pl.int_range(pl.len()).alias("source_row"),
        ),
    )  # fmt: skip


def _signals(seen: pl.DataFrame, known: pl.DataFrame, wallets: pl.DataFrame) -> pl.DataFrame:
    rows = _coded(seen, known, wallets)
    return _whole(
        "signals",
        rows.select(
            pl.col("time").alias("ts"), pl.col("time").alias("prev_seen_ts"), "wallet", "token", "market",
            pl.col("outcome").alias("outcome_index"), _micro("size").fill_null(MICRO).alias("size_micro"),
            _micro("price").alias("avg_price_micro"), _micro("price").alias("price_micro"), pl.lit(0).alias("source"),
            pl.int_range(pl.len()).alias("source_row"),
        ),
    )  # fmt: skip


def plain_frames(source: TableSource) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """A dataset's trades, markets and positions as such frames: the inverse of `source_of`."""
    markets = source.table("markets")
    names = markets.select("market", pl.col("condition_id").alias("name"))
    people = source.table("wallets").select("wallet", "address")
    fees = source.table("fee_schedules").sort("from_ts").group_by("market").agg(pl.col("rate_micro").last())
    listed = markets.join(fees, on="market", how="left", maintain_order="left").select(
        pl.col("condition_id").alias("market"),
        (pl.col("payout0_micro") / MICRO).alias("payout"),
        pl.from_epoch("resolved_ts", "ns").dt.replace_time_zone("UTC").alias("resolved"),
        "event_group",
        "category",
        (pl.col("rate_micro") / MICRO).alias("fee_rate"),
    )

    def told(name: str, columns: Sequence[pl.Expr]) -> pl.DataFrame:
        table = source.table(name)
        first = table.filter(pl.col("dup_rank") == 0) if "dup_rank" in table.columns else table
        rows = first.join(names, on="market", maintain_order="left").join(
            people, on="wallet", maintain_order="left"
        )  # fmt: skip
        time = pl.from_epoch("ts", "ns").dt.replace_time_zone("UTC").alias("time")
        base = (time, pl.col("address").alias("wallet"), pl.col("name").alias("market"),
                pl.col("outcome_index").cast(pl.Int64).alias("outcome"))  # fmt: skip
        return rows.select(*base, *columns)

    price, size = ((pl.col(f"{name}_micro") / MICRO).alias(name) for name in ("price", "size"))
    side = pl.col("side").replace_strict({int(s): s.name for s in TapeSide}, return_dtype=pl.String)
    role = pl.col("role").replace_strict(
        {int(TapeRole.MAKER): "maker", int(TapeRole.TAKER): "taker"}, default=None, return_dtype=pl.String
    )
    of = pl.when(pl.col("transaction") != NO_ID).then(pl.col("transaction").cast(pl.String)).alias("transaction")
    fee = (pl.col("fee_micro") / MICRO).alias("fee")
    return told("trades", (side, price, size, of, role, fee)), listed, told("signals", (price, size))
