"""First stage of scoring: what the events of some markets say about each wallet, as sums that add up over markets.

A market's prints, exits and leader events must be in one source; a wallet's may be spread over many. No wallet is
judged here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import polars as pl

from whaletrader.domain.values import TapeRole, TapeSide
from whaletrader.universe.bets import settled_bets
from whaletrader.universe.entries import STAKE_MICRO
from whaletrader.universe.follower import KINDS, FollowerTable, follower_inputs, price_inputs
from whaletrader.universe.ledger import ledger_at
from whaletrader.universe.ledger_tape import LedgerTape, ledger_tape
from whaletrader.universe.policies import POLICIES, policy_params
from whaletrader.universe.score_params import ScoreParams
from whaletrader.universe.source import TableSource
from whaletrader.universe.tape import usable_trades

POLICY = pl.Enum(POLICIES)
KIND = pl.Enum(KINDS)

_OWN = {"wallet": pl.UInt32, "realised_micro": pl.Int64, "cost_micro": pl.Int64, "truncated": pl.Boolean}
_LOG2_MICRO = 1_000_000
ACTIVITY = {
    "wallet": pl.UInt32,
    "n_fills": pl.Int64,
    "n_buys": pl.Int64,
    "buy_usd_micro": pl.Int64,
    "sell_usd_micro": pl.Int64,
    "maker_fills": pl.Int64,
    "taker_fills": pl.Int64,
    "known_role_fills": pl.Int64,
    "log2_usd_micro": pl.Int64,
    "n_markets": pl.Int64,
    "first_ts": pl.Int64,
    "last_ts": pl.Int64,
}
"""What each wallet did, both sides, exact repeats left out. `log2_usd_micro` sums the fills' log2 of micro-USD, in
millionths: over `n_fills` it is the typical fill's, which one giant does not move. `maker_fills` and `taker_fills` are
those whose role the source knows, `known_role_fills` both."""


@dataclass(frozen=True, slots=True, eq=False)
class Collected:
    """Frames of integers.

    `bets`: one row per policy, kind, wallet and token; `events`: leader events and priced ones per policy, kind and
    wallet; `own`: the wallets' own P&L; `activity`: see `ACTIVITY`; `tallies`: events per policy, kind, reason and
    provenance of the fee.
    """

    bets: pl.DataFrame
    events: pl.DataFrame
    own: pl.DataFrame
    activity: pl.DataFrame
    tallies: pl.DataFrame


FRAMES = tuple(field.name for field in fields(Collected))


def collect(source: TableSource, params: ScoreParams) -> Collected:
    """Price, settle and add up all that a source holds, as known at `params.as_of_ts`."""
    inputs = follower_inputs(source)
    found = [
        _of_table(price_inputs(inputs, policy_params(name, params.follower)), name, params) for name in params.policies
    ]
    del inputs
    own = own_results(ledger_tape(source), params.as_of_ts)
    return _joined(found, own, activity_of(usable_trades(source), params))


def collect_tables(
    tables: Mapping[str, FollowerTable], params: ScoreParams, tape: LedgerTape | None, trades: pl.DataFrame | None
) -> Collected:
    """The same from tables priced already, by policy; what is not given stays empty."""
    found = [_of_table(table, name, params) for name, table in tables.items()]
    own = pl.DataFrame(schema=_OWN) if tape is None else own_results(tape, params.as_of_ts)
    return _joined(found, own, pl.DataFrame(schema=ACTIVITY) if trades is None else activity_of(trades, params))


def own_results(tape: LedgerTape, as_of_ts: int | None) -> pl.DataFrame:
    """Realised P&L, purchases and truncation of every wallet of the tape; `own_added` adds those of many tapes."""
    return ledger_at(tape, as_of_ts).wallets.select(list(_OWN))


def activity_of(trades: pl.DataFrame, params: ScoreParams) -> pl.DataFrame:
    """Sums of usable trades per wallet, from `since_ts` to `as_of_ts`."""
    buy = pl.col("side") == int(TapeSide.BUY)
    maker, taker = (pl.col("role") == int(role) for role in (TapeRole.MAKER, TapeRole.TAKER))
    log2 = (pl.col("usd").clip(1).cast(pl.Float64).log(2.0) * _LOG2_MICRO).round().cast(pl.Int64)
    known = trades.filter(
        pl.col("ts") <= pl.lit(params.as_of_ts) if params.as_of_ts is not None else pl.lit(value=True),
        pl.col("ts") >= pl.lit(params.since_ts) if params.since_ts is not None else pl.lit(value=True),
    )
    rows = known.select(
        "wallet", "market", "ts", buy.alias("buy"), maker.alias("maker"), taker.alias("taker"),
        STAKE_MICRO.alias("usd"),
    ).with_columns(log2.alias("log2"))  # fmt: skip
    count = pl.len().cast(pl.Int64)
    sums = {
        "n_fills": count,
        "n_buys": pl.col("buy").sum().cast(pl.Int64),
        "buy_usd_micro": pl.col("usd").filter(pl.col("buy")).sum(),
        "sell_usd_micro": pl.col("usd").filter(~pl.col("buy")).sum(),
        "maker_fills": pl.col("maker").sum().cast(pl.Int64),
        "taker_fills": pl.col("taker").sum().cast(pl.Int64),
        "known_role_fills": (pl.col("maker") | pl.col("taker")).sum().cast(pl.Int64),
        "log2_usd_micro": pl.col("log2").sum(),
        "n_markets": pl.col("market").n_unique().cast(pl.Int64),
        "first_ts": pl.col("ts").min(),
        "last_ts": pl.col("ts").max(),
    }
    return rows.group_by("wallet").agg(value.alias(name) for name, value in sums.items()).select(list(ACTIVITY))


def _of_table(table: FollowerTable, policy: str, params: ScoreParams) -> dict[str, pl.DataFrame]:
    frame = table.at(params.as_of_ts, params.since_ts)
    label = pl.lit(policy, dtype=POLICY).alias("policy")
    found = {"bets": settled_bets(frame), "events": _events(frame), "tallies": _tallies(frame)}
    return {name: rows.select(label, pl.all()) for name, rows in found.items()}


def _events(frame: pl.DataFrame) -> pl.DataFrame:
    priced = (pl.col("reason") == "priced").sum().cast(pl.Int64)
    count = pl.len().cast(pl.Int64)
    return frame.group_by("kind", "wallet").agg(count.alias("n_events"), priced.alias("n_priced"))


def _tallies(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.group_by("kind", "reason", "fee_provenance").agg(
        pl.len().cast(pl.Int64).alias("events"),
        pl.col("spread_assumed").sum().cast(pl.Int64).alias("assumed_spread"),
        pl.col("edge_micro").sum().alias("edge_micro"),
    )


def _joined(found: list[dict[str, pl.DataFrame]], own: pl.DataFrame, activity: pl.DataFrame) -> Collected:
    bets, events, tallies = (pl.concat([part[name] for part in found]) for name in ("bets", "events", "tallies"))
    return Collected(bets, events, own, activity, tallies)


def events_added(parts: pl.DataFrame) -> pl.DataFrame:
    """Events per policy, kind and wallet over all parts, in that order."""
    keys = ["policy", "kind", "wallet"]
    return parts.group_by(keys).agg(pl.col("n_events", "n_priced").sum()).sort(keys)


def tallies_added(parts: pl.DataFrame) -> pl.DataFrame:
    """Tallies over all parts."""
    keys = ["policy", "kind", "reason", "fee_provenance"]
    return parts.group_by(keys).agg(pl.col("events", "assumed_spread", "edge_micro").sum()).sort(keys)


def own_added(parts: pl.DataFrame) -> pl.DataFrame:
    """Own results per wallet over all parts."""
    return parts.group_by("wallet").agg(pl.col("realised_micro", "cost_micro").sum(), pl.col("truncated").any())


def activity_added(parts: pl.DataFrame) -> pl.DataFrame:
    """Activity per wallet over all parts; a market lies in one part only, so that even markets add up."""
    ends = {"first_ts": pl.col("first_ts").min(), "last_ts": pl.col("last_ts").max()}
    sums = [name for name in ACTIVITY if name not in ("wallet", *ends)]
    added = parts.group_by("wallet").agg(pl.col(sums).sum(), *ends.values())
    return added.select(list(ACTIVITY)).sort("wallet")
