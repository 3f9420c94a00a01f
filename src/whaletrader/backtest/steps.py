"""From leader event to copy, step by step and kind by kind; and our own fills held against what they paid out."""

import polars as pl

from whaletrader.backtest.curves import bands_of
from whaletrader.backtest.metrics import rounded
from whaletrader.backtest.record import RunRecord
from whaletrader.backtest.windows import day
from whaletrader.datasets.store import Dataset
from whaletrader.domain.values import MICRO, Side
from whaletrader.report.model import Band, DatasetInfo, FunnelRow
from whaletrader.universe.bets import resolved_bets
from whaletrader.universe.follower import KINDS, FollowerTable
from whaletrader.universe.judge import groups_needed
from whaletrader.universe.scores import ScoreParams

STEPS = (
    "leader entries",
    "met a price",
    "priced and settled",
    "of wallets with enough settled bets",
    "of followed leaders, in their windows",
    "worth a signal",
    "proposed to risk",
    "approved",
    "copied",
)


def span_of(dataset: Dataset) -> tuple[int, int]:
    """Time of the first and last leader event: what the app replays."""
    ends: list[int] = []
    for name in ("trades", "signals"):
        ts = dataset.table(name)["ts"]
        if len(ts):
            ends += [int(ts[0]), int(ts[-1])]
    return (min(ends), max(ends)) if ends else (0, 0)


def dataset_info(dataset: Dataset) -> DatasetInfo:
    """What the dataset is."""
    first_ts, last_ts = span_of(dataset)
    return DatasetInfo(
        name=dataset.manifest.name,
        kind=dataset.manifest.kind,
        fingerprint=dataset.fingerprint,
        first_day=day(first_ts),
        last_day=day(last_ts),
        wallets=dataset.table("wallets").height,
        trades=dataset.table("trades").height,
        signals=dataset.table("signals").height,
    )


def funnel_rows(table: FollowerTable, record: RunRecord, params: ScoreParams) -> list[FunnelRow]:
    """Entries only: exits of a leader are no step of their own."""
    rows = []
    for kind in KINDS:
        counts = [*_priced_steps(table, kind, params), *_copied_steps(record, kind)]
        total = max(counts[0], 1)
        rows += [
            FunnelRow(kind=kind, step=step, events=n, share=rounded(n / total))
            for step, n in zip(STEPS, counts, strict=True)
        ]
    return rows


def _priced_steps(table: FollowerTable, kind: str, params: ScoreParams) -> list[int]:
    mine = table.frame.filter(pl.col("kind").cast(pl.String) == kind)
    priced = mine.filter(pl.col("reason").cast(pl.String) == "priced")
    bets = resolved_bets(table, params.as_of_ts).filter(pl.col("kind").cast(pl.String) == kind)
    counts = bets.group_by("wallet").agg(
        pl.len().alias("bets"), pl.col("group").n_unique().alias("groups"), pl.col("print_price_micro").mean()
    )
    needed = pl.Series(groups_needed(counts["print_price_micro"].to_numpy(), params))
    enough = counts.filter((pl.col("bets") >= params.min_bets(kind)) & (pl.col("groups") >= needed))
    tested = priced.filter(pl.col("wallet").is_in(enough["wallet"].implode()))
    return [mine.height, int(mine["cost_micro"].is_not_null().sum()), priced.height, tested.height]


def _copied_steps(record: RunRecord, kind: str) -> list[int]:
    buy = Side.BUY.value
    filled = {(fill.wallet, fill.token_id) for fill in record.fills if fill.kind == kind and fill.side == buy}
    approved = record.approved_entries.get(kind, {}).get(buy, 0)
    return [
        record.events.get(kind, {}).get(buy, 0),
        record.signals.get(kind, {}).get(buy, 0),
        record.proposals.get(kind, {}).get(buy, 0),
        approved,
        len(filled),
    ]


def our_bands(dataset: Dataset, record: RunRecord) -> list[Band]:
    """Our buys in markets that resolved, by what they paid per share, fee included."""
    buys = [fill for fill in record.fills if fill.side == Side.BUY.value]
    paid = pl.DataFrame(
        {
            "kind": [fill.kind for fill in buys],
            "token_id": [fill.token_id for fill in buys],
            "paid_micro": [fill.price_micro + fill.fee_micro * MICRO // max(fill.size_micro, 1) for fill in buys],
        },
        schema={"kind": pl.String, "token_id": pl.String, "paid_micro": pl.Int64},
    )
    payout = pl.when(pl.col("outcome_index") == 0).then("payout0_micro").otherwise(MICRO - pl.col("payout0_micro"))
    known = dataset.table("markets").filter(pl.col("resolved") & pl.col("payout0_micro").is_not_null())
    outcomes = dataset.table("tokens").join(
        known.select("market", "payout0_micro", pl.col("event_group").alias("group")), on="market"
    )
    entries = paid.join(outcomes.select("token_id", "group", payout.alias("payout_micro")), on="token_id")
    return bands_of(entries.select("kind", "group", "paid_micro", "payout_micro"), "ours")
