"""How copyable some wallets are: edge against delay, capacity, share of maker's fills, crowding by other followers.

Only fills: a position's delay is not ours to choose. A part of a dataset with whole markets gives parts that can be put
together. Capacity rests on two assumptions, the impact law of `costs` and a share of what others printed: a tape knows
no depth. Crowding counts prints; why others trade the same way (news, the same model, following) it cannot tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import binomtest

from whaletrader.domain.matching.later_prints import IMPACT_MICRO, IMPACT_STAKE_MICRO, PARTICIPATION_MICRO
from whaletrader.domain.values import MICRO, NANOS, TapeRole
from whaletrader.quant.bootstrap import cluster_bootstrap
from whaletrader.universe.bets import settled_bets, table_of
from whaletrader.universe.copyability_kernel import Around, Spans, around, flow_of
from whaletrader.universe.costs import impact_micro
from whaletrader.universe.evidence import evidence
from whaletrader.universe.follower import KINDS, FollowerInputs, FollowerParams, follower_inputs, price_inputs
from whaletrader.universe.funnel import DELAYS_S
from whaletrader.universe.judge import evidence_params, statistics_of
from whaletrader.universe.policies import policy_params
from whaletrader.universe.score_params import ScoreParams
from whaletrader.universe.source import TableSource, known_at
from whaletrader.universe.tape import priceable, usable_trades

Floats = NDArray[np.float64]

CROWD_S = 60.0
"""How long before and after an entry others' prints are counted for crowding."""
FEWEST_GROUPS = 10
"""Event groups without which crowding has no interval."""
BOUNDS = ("no_edge", "impact", "depth")
"""What ends the capacity: there is no edge at any size, our own impact eats it, or others trade no more than that."""

_EDGES = ("bets", "mean_edge_micro", "lower_micro")
_CROWDING = ("crowding_micro", "crowding_lower_micro", "crowding_upper_micro", "crowding_p_micro", "crowd_prints")


@dataclass(frozen=True, slots=True, eq=False)
class CopyParts:
    """What some markets say about the wallets asked for; `combine` puts those of all markets together.

    `bets`: one row per delay, wallet and token. `legs`: per wallet and token at our own delay, entries, those
    left by a sale, and others' printed micro-USD over them. `roles`: fills per wallet by role. `crowd`: per wallet
    and event group, bursts of entries and same-way prints before and after.
    """

    bets: pl.DataFrame
    legs: pl.DataFrame
    roles: pl.DataFrame
    crowd: pl.DataFrame


def copyability(
    source: TableSource,
    wallets: Sequence[int],
    params: ScoreParams | None = None,
    *,
    delays_s: Sequence[float] = DELAYS_S,
) -> pl.DataFrame:
    """One row per wallet and delay under the first policy of `params`; see `combine` for the columns."""
    params = params or ScoreParams()
    return combine([copy_parts(source, wallets, params, delays_s=delays_s)], wallets, params, delays_s=delays_s)


def copy_parts(
    source: TableSource, wallets: Sequence[int], params: ScoreParams, *, delays_s: Sequence[float] = DELAYS_S
) -> CopyParts:
    """Price the wallets' fills in a source at every delay and our own, and count what others did around them."""
    known = source if params.as_of_ts is None else known_at(source, params.as_of_ts)
    chosen = policy_params(params.policies[0], params.follower)
    inputs = _of_wallets(follower_inputs(known), wallets)
    frames = {
        delay_s: price_inputs(inputs, replace(chosen, delay_s=delay_s)).at(None, params.since_ts)
        for delay_s in dict.fromkeys([*delays_s, chosen.delay_s])
    }
    recent = pl.lit(value=True) if params.since_ts is None else pl.col("ts") >= params.since_ts
    trades = usable_trades(known)
    near = _surroundings(inputs, trades, chosen).filter(recent)
    policy = pl.lit(params.policies[0]).alias("policy")
    return CopyParts(
        bets=pl.concat(
            [settled_bets(frame).select(pl.lit(d).alias("delay_s"), policy, pl.all()) for d, frame in frames.items()]
        ),
        legs=_legs(frames[chosen.delay_s], near),
        roles=_roles(trades.filter(pl.col("wallet").is_in(list(wallets)) & recent)),
        crowd=_crowd(near),
    )


def combine(
    parts: Sequence[CopyParts],
    wallets: Sequence[int],
    params: ScoreParams | None = None,
    *,
    delays_s: Sequence[float] = DELAYS_S,
) -> pl.DataFrame:
    """Put the parts of all markets together: one row per wallet (in the order given) and delay, integers only.

    Per delay: `bets`, `mean_edge_micro`, `lower_micro` (the scoring's own bound). Another delay prices other bets; so
    that the same ones can be compared, `common_bets` counts those priced at this and at our own delay, with their
    `common_edge_micro` here and `common_own_edge_micro` there.
    Per wallet: `capacity_usd_micro` (own stake at which the mean edge is gone), `capacity_lower_usd_micro` (the lower
    bound is), `capacity_bound` (a word of `BOUNDS`), `depth_usd_micro` (half of what others print in the window, median
    over bets), `maker_share_micro` of `known_roles` fills, `crowding_micro`: same-way prints of others in the minute
    after his entries less those in the minute before, over both; its bounds by event groups, and the p-value of the
    sign test over event groups. Null where not known.
    """
    params = params or ScoreParams()
    whole = CopyParts(*(pl.concat([getattr(part, field.name) for part in parts]) for field in fields(CopyParts)))
    asked = pl.DataFrame({"wallet": list(dict.fromkeys(wallets))}, schema={"wallet": pl.UInt32})
    rows = asked.join(pl.DataFrame({"delay_s": list(delays_s)}, schema={"delay_s": pl.Float64}), how="cross")
    at_own = whole.bets.filter(pl.col("delay_s") == params.follower.delay_s)
    own = _edges(at_own, params)
    mine = whole.bets.filter(pl.col("delay_s").is_in(list(delays_s)))
    for frame, keys in (
        (_edges(mine, params), ["wallet", "delay_s"]),
        (_common(mine, at_own), ["wallet", "delay_s"]),
        (_capacity(own.join(_legs_added(whole.legs), on="wallet", how="left"), params), ["wallet"]),
        (_maker_share(whole.roles), ["wallet"]),
        (_crowding(whole.crowd, params), ["wallet"]),
    ):
        rows = rows.join(frame, on=keys, how="left", maintain_order="left")
    return rows.with_columns(pl.col("bets", "common_bets", "known_roles", "crowd_prints").fill_null(0))


def _of_wallets(inputs: FollowerInputs, wallets: Sequence[int]) -> FollowerInputs:
    fills = inputs.events[KINDS[0]].filter(pl.col("wallet").is_in(list(wallets)))
    return replace(inputs, events={KINDS[0]: fills})


def _surroundings(inputs: FollowerInputs, trades: pl.DataFrame, params: FollowerParams) -> pl.DataFrame:
    """Per entry in a known market: others' volume in our window, same-way prints before and after, the event group."""
    n_markets = inputs.world.facts.group.size
    fills = inputs.events[KINDS[0]]
    found = fills.filter(priceable(fills, n_markets)).select(
        "row", "wallet", "token", "market", "outcome_index", "ts", "transaction"
    )
    columns = (found[n].cast(pl.Int64).to_numpy() for n in ("market", "outcome_index", "ts", "wallet", "transaction"))
    window_s = params.rest_s if params.entry == "passive" else params.window_s
    spans = Spans(*(round(span * NANOS) for span in (params.delay_s, window_s, CROWD_S)))
    counts = around(Around(*columns), inputs.world.prints, flow_of(trades, n_markets), spans)
    group = inputs.world.facts.group[found["market"].to_numpy()]
    named = zip(("volume_micro", "before", "after"), counts, strict=True)
    return found.with_columns(pl.Series("group", group), *(pl.Series(name, values) for name, values in named))


def _legs(frame: pl.DataFrame, near: pl.DataFrame) -> pl.DataFrame:
    priced = frame.filter(pl.col("reason").cast(pl.String) == "priced").join(
        near.select("row", "volume_micro"), on="row"
    )
    sold = pl.col("exit_kind").cast(pl.String) == "mirror"
    return priced.group_by("wallet", "token").agg(
        pl.len().cast(pl.Int64).alias("entries"),
        sold.sum().cast(pl.Int64).alias("sold"),
        pl.col("volume_micro").sum(),
    )


def _roles(trades: pl.DataFrame) -> pl.DataFrame:
    maker, taker = (pl.col("role") == int(role) for role in (TapeRole.MAKER, TapeRole.TAKER))
    return trades.group_by("wallet").agg(
        maker.sum().cast(pl.Int64).alias("maker"), (maker | taker).sum().cast(pl.Int64).alias("known_roles")
    )


def _crowd(near: pl.DataFrame) -> pl.DataFrame:
    """Prints by event group; an entry within a minute of the wallet's last one in the token belongs to its burst."""
    ordered = near.sort("wallet", "token", "ts", "row")
    gap = pl.col("ts").diff().over("wallet", "token")
    bursts = ordered.filter((gap > round(CROWD_S * NANOS)).fill_null(value=True))
    return bursts.group_by("wallet", "group").agg(
        pl.len().cast(pl.Int64).alias("bursts"), pl.col("before", "after").sum()
    )


def _edges(bets: pl.DataFrame, params: ScoreParams) -> pl.DataFrame:
    """Bets, mean edge and lower bound per wallet and delay."""
    frames = [pl.DataFrame(schema={"wallet": pl.UInt32, "delay_s": pl.Float64, **dict.fromkeys(_EDGES, pl.Int64)})]
    for delay_s in sorted(bets["delay_s"].unique()):
        rows = (
            bets.filter(pl.col("delay_s") == delay_s)
            .drop("delay_s")
            .sort("policy", "kind", "wallet", "group", "entry_ts", "token")
        )
        table = table_of(rows)
        statistics = statistics_of(table)
        found = evidence(table, statistics, np.ones(table.units.height, np.int64), evidence_params(params))
        columns = zip(_EDGES, (statistics["n_bets"], statistics["mean_edge"], found.lower), strict=True)
        frames.append(
            table.units.select(
                "wallet",
                pl.lit(delay_s).alias("delay_s"),
                *(pl.Series(name, values).fill_nan(None).round().cast(pl.Int64) for name, values in columns),
            )
        )
    return pl.concat(frames)


def _common(bets: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Mean edge per wallet and delay, there and at our own delay, over tokens that were priced at both."""
    here = own.select("wallet", "token", pl.col("edge_micro").alias("own_edge_micro"))
    both = bets.join(here, on=["wallet", "token"])
    return both.group_by("wallet", "delay_s").agg(
        pl.len().cast(pl.Int64).alias("common_bets"),
        (pl.col("edge_micro").sum() // pl.len()).alias("common_edge_micro"),
        (pl.col("own_edge_micro").sum() // pl.len()).alias("common_own_edge_micro"),
    )


def _legs_added(legs: pl.DataFrame) -> pl.DataFrame:
    """Per wallet: trades of ours per share (entries and sales) and the volume that we could have shared."""
    volume = pl.col("volume_micro") // pl.col("entries")
    return legs.group_by("wallet").agg(
        (pl.col("sold") / pl.col("entries")).sort().mean().alias("sales"),
        (volume.median() * (PARTICIPATION_MICRO / MICRO)).alias("depth"),
    )


def _capacity(own: pl.DataFrame, params: ScoreParams) -> pl.DataFrame:
    """Own stake at which mean edge and lower bound are gone, and what ends it."""
    follower = policy_params(params.policies[0], params.follower)
    entry = 0.0 if follower.entry == "passive" else 1.0
    legs, depth = own["sales"].to_numpy() + entry, own["depth"].to_numpy()
    edge, lower = (own[name].cast(pl.Float64).to_numpy() for name in ("mean_edge_micro", "lower_micro"))
    by_impact = [_stake_without_edge(bound, legs, follower) for bound in (edge, lower)]
    stakes = [np.minimum(stake, depth) for stake in by_impact]
    which = np.where(by_impact[0] <= 0.0, 0, np.where(by_impact[0] <= depth, 1, 2))
    columns = dict(
        zip(("capacity_usd_micro", "capacity_lower_usd_micro", "depth_usd_micro"), (*stakes, depth), strict=True)
    )
    return own.select("wallet").with_columns(
        *(pl.Series(n, values).fill_nan(None).round().cast(pl.Int64) for n, values in columns.items()),
        pl.Series("capacity_bound", [BOUNDS[code] for code in which], dtype=pl.String),
    )


def _stake_without_edge(edge: Floats, legs: Floats, follower: FollowerParams) -> Floats:
    """Stake at which the impact of all legs has grown by the edge; the fee on the worse price is left out.

    Impact is IMPACT * sqrt(stake / IMPACT_STAKE) a leg, so that the stake grows with the square of what can be lost.
    """
    at_own = legs * impact_micro(follower.own_size_usd_micro)
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.maximum(edge + at_own, 0.0) / (legs * IMPACT_MICRO)
    return np.where(legs > 0.0, root * root * IMPACT_STAKE_MICRO, np.where(edge > 0.0, np.inf, 0.0))


def _maker_share(roles: pl.DataFrame) -> pl.DataFrame:
    known = pl.col("known_roles")
    share = pl.when(known > 0).then(pl.col("maker") * MICRO // pl.max_horizontal(known, 1))
    return (
        roles.group_by("wallet")
        .agg(pl.col("maker", "known_roles").sum())
        .select("wallet", share.alias("maker_share_micro"), "known_roles")
    )


def _crowding(crowd: pl.DataFrame, params: ScoreParams) -> pl.DataFrame:
    """(after - before) / (after + before) per wallet, with bounds and a sign test over event groups."""
    added = crowd.group_by("wallet", "group").agg(pl.col("before", "after").sum()).sort("wallet", "group")
    some = added.filter(pl.col("before") + pl.col("after") > 0)
    rows = [_crowding_of(wallet, mine, params) for (wallet,), mine in some.group_by("wallet", maintain_order=True)]
    return pl.DataFrame(rows, schema={"wallet": pl.UInt32, **dict.fromkeys(_CROWDING, pl.Int64)}, orient="row")


def _crowding_of(wallet: object, groups: pl.DataFrame, params: ScoreParams) -> tuple[object, ...]:
    before, after = (groups[name].to_numpy().astype(np.float64) for name in ("before", "after"))
    gained, total = after - before, after + before
    lower = upper = None
    if groups.height >= FEWEST_GROUPS:
        found = cluster_bootstrap(
            gained, total, np.array([0, gained.size]), np.array([wallet], np.int64),
            seed=params.seed, n_boot=max(params.n_boot, 1_000), n_boot_most=0, confidence=params.confidence,
        )  # fmt: skip
        lower, upper = round(found.lower[0] * MICRO), round(found.upper[0] * MICRO)
    ups, downs = int((gained > 0).sum()), int((gained < 0).sum())
    p_value = binomtest(ups, ups + downs).pvalue if ups + downs else 1.0
    return wallet, round(gained.sum() / total.sum() * MICRO), lower, upper, round(p_value * MICRO), int(total.sum())
