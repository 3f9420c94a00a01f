"""Turns a replay, or the baseline's run, into a variant of the report; both kinds of leader events stay apart."""

from collections.abc import Iterable

import polars as pl

from whaletrader.backtest.baseline import NO_CASH, BaselineRun
from whaletrader.backtest.curves import counted
from whaletrader.backtest.metrics import Curve, Tally, daily_curve, hit_rate, metrics_of, rounded
from whaletrader.backtest.replayed import Replayed
from whaletrader.domain.values import MICRO, LeaderEventKind, Side
from whaletrader.messages.portfolio import LeaderAttribution
from whaletrader.report.model import KindResult, LeaderRow, Variant

KINDS = tuple(str(kind) for kind in LeaderEventKind)
OURS, BASELINE = "ours", "baseline"
_WHAT = {
    OURS: "The whole platform on this dataset: leaders by the lower bound of their followers' edge, six agents, "
    "the risk veto, paper fills at later prints of others.",
    BASELINE: "Baseline v0.1: the 20 wallets with the highest realised profit of the window before, every buy copied "
    "with 1 % of starting equity, no veto, cash the only limit; priced at the first print of others, fees of entry "
    "counted apart, those of exit inside the proceeds.",
}
_PLACEBO = (
    "The very same platform, with each leader replaced by another wallet of the same kind and about as many settled "
    "bets (half to twice): what it earns is what the pipeline makes of chance."
)


def replayed_variant(name: str, run: Replayed, days: tuple[int, int], *, seed: int) -> tuple[Variant, Curve]:
    """The variant of a replay of the app."""
    record = run.record
    curve = daily_curve(record.equity, run.summary.starting_equity_micro, *days)
    traded = sum(fill.price_micro * fill.size_micro for fill in record.fills) / MICRO / MICRO
    tally = Tally(
        group_sizes=record.closed_groups(),
        won=sum(leader.n_won for leader in record.leaders),
        open_bets=run.summary.open_positions,
        fills=len(record.fills),
        traded=traded,
        fees=sum(fill.fee_micro for fill in record.fills) / MICRO,
        rebates=run.summary.rebates.taker_micro / MICRO,
    )
    variant = Variant(
        name=name,
        label="Whale Trader" if name == OURS else f"Placebo leaders {name.rpartition('-')[2]}",
        what=_WHAT.get(name, _PLACEBO),
        metrics=metrics_of(curve, tally, seed=seed),
        by_kind=[_kind_of_replay(kind, run) for kind in KINDS],
        daily=curve.daily,
        skipped=counted(record.skipped),
        stopped=counted(record.stopped),
        approved=counted(record.approved),
        denied=counted(record.denied),
        leaders=_leader_rows(record.leaders),
        log_head=run.summary.log_head,
        log_count=run.log_count,
        trading_state=run.summary.trading_state,
    )
    return variant, curve


def _kind_of_replay(kind: str, run: Replayed) -> KindResult:
    mine = [leader for leader in run.record.leaders if leader.kind == kind]
    sizes, won = run.record.closed_groups(kind), sum(leader.n_won for leader in mine)
    return KindResult(
        kind=kind,
        events=run.record.events.get(kind, {}).get(Side.BUY.value, 0),
        fills=sum(1 for fill in run.record.fills if fill.kind == kind),
        bets=sum(sizes),
        won=won,
        hit_rate=hit_rate(won, sizes),
        realised=rounded(sum(leader.realised_micro - leader.fees_micro for leader in mine) / MICRO),
        marked=rounded(sum(leader.marked_micro for leader in mine) / MICRO),
        fees=rounded(sum(leader.fees_micro for leader in mine) / MICRO),
    )


def _leader_rows(leaders: Iterable[LeaderAttribution]) -> list[LeaderRow]:
    rows = [
        LeaderRow(
            kind=leader.kind,
            wallet=leader.wallet,
            realised=rounded((leader.realised_micro - leader.fees_micro) / MICRO),
            marked=rounded(leader.marked_micro / MICRO),
            fees=rounded(leader.fees_micro / MICRO),
            fills=leader.n_fills,
            bets=leader.n_closed,
            won=leader.n_won,
        )
        for leader in leaders
    ]
    return sorted(rows, key=lambda row: (-(row.realised + row.marked), row.kind, row.wallet))


def baseline_variant(run: BaselineRun, addresses: pl.DataFrame, *, seed: int) -> Variant:
    """The variant of the baseline."""
    bets = baseline_bets(run.trades)
    closed = bets.filter(pl.col("closed"))
    mirrored = run.trades.filter(pl.col("closed") & (pl.col("exit_kind").cast(pl.String) == "mirror"))
    sold = float((mirrored["shares"] * mirrored["proceeds_micro"]).sum()) / MICRO
    tally = Tally(
        group_sizes=_group_sizes(closed),
        won=int((closed["profit"] > 0).sum()),
        open_bets=bets.height - closed.height,
        fills=run.trades.height + mirrored.height,
        traded=float(run.trades["paid"].sum()) + sold,
        fees=_fees(run.trades),
    )
    return Variant(
        name=BASELINE,
        label="Baseline v0.1",
        what=_WHAT[BASELINE],
        metrics=metrics_of(run.curve, tally, seed=seed),
        by_kind=[_kind_of_baseline(kind, run, bets) for kind in KINDS],
        daily=run.curve.daily,
        skipped=counted(_baseline_skips(run)),
        stopped=[],
        approved=[],
        denied=[],
        leaders=_baseline_leaders(run, bets, addresses),
        log_head="",
        log_count=0,
    )


def baseline_bets(trades: pl.DataFrame) -> pl.DataFrame:
    """One row per kind, wallet and token: closed when all of it is; the sums run in the order of the trades."""
    return (
        trades.group_by("kind", "wallet", "token", maintain_order=True)
        .agg(
            pl.col("closed").all(),
            pl.col("group").first(),
            pl.col("profit", "marked", "paid").sum(),
            pl.len().alias("fills"),
        )
        .with_columns(pl.col("kind").cast(pl.String))
    )


def _group_sizes(bets: pl.DataFrame) -> list[int]:
    """Bets per event group."""
    return bets.group_by("group").len().sort("group")["len"].to_list()


def _fees(trades: pl.DataFrame) -> float:
    return float((trades["shares"] * trades["fee_micro"]).sum()) / MICRO


def _kind_of_baseline(kind: str, run: BaselineRun, bets: pl.DataFrame) -> KindResult:
    mine = bets.filter((pl.col("kind") == kind) & pl.col("closed"))
    trades = run.trades.filter(pl.col("kind").cast(pl.String) == kind)
    won = int((mine["profit"] > 0).sum())
    return KindResult(
        kind=kind,
        events=run.events.filter(pl.col("kind").cast(pl.String) == kind).height,
        fills=trades.height,
        bets=mine.height,
        won=won,
        hit_rate=hit_rate(won, _group_sizes(mine)),
        realised=rounded(float(trades["profit"].sum())),
        marked=rounded(float(trades["marked"].sum())),
        fees=rounded(_fees(trades)),
    )


def _baseline_skips(run: BaselineRun) -> dict[str, dict[str, int]]:
    rows: dict[str, dict[str, int]] = {}
    found = run.events.select(pl.col("kind", "reason").cast(pl.String)).group_by("kind", "reason").len()
    for kind, reason, n in found.sort("kind", "reason").iter_rows():
        if reason in {"priced", "unresolved"}:
            rows.setdefault(kind, {})[NO_CASH] = rows.get(kind, {}).get(NO_CASH, 0) + n
        else:
            rows.setdefault(kind, {})[reason] = n
    for kind, of_kind in rows.items():
        copied = run.trades.filter(pl.col("kind").cast(pl.String) == kind).height
        of_kind[NO_CASH] = of_kind.get(NO_CASH, 0) - copied
    return {kind: {reason: n for reason, n in of_kind.items() if n} for kind, of_kind in rows.items()}


def _baseline_leaders(run: BaselineRun, bets: pl.DataFrame, addresses: pl.DataFrame) -> list[LeaderRow]:
    fees = run.trades.group_by(pl.col("kind").cast(pl.String), "wallet", maintain_order=True).agg(
        (pl.col("shares") * pl.col("fee_micro")).sum().alias("fees")
    )
    by_leader = (
        bets.group_by("kind", "wallet", maintain_order=True)
        .agg(
            pl.col("profit", "marked", "fills").sum(),
            pl.col("closed").sum().alias("bets"),
            (pl.col("closed") & (pl.col("profit") > 0)).sum().alias("won"),
        )
        .join(fees, on=["kind", "wallet"])
        .join(addresses.select("wallet", "address"), on="wallet")
        .sort("kind", "address")
    )
    rows = [
        LeaderRow(
            kind=row["kind"],
            wallet=row["address"],
            realised=rounded(row["profit"]),
            marked=rounded(row["marked"]),
            fees=rounded(row["fees"] / MICRO),
            fills=row["fills"],
            bets=row["bets"],
            won=row["won"],
        )
        for row in by_leader.iter_rows(named=True)
    ]
    return sorted(rows, key=lambda row: (-(row.realised + row.marked), row.kind, row.wallet))
