"""Why one wallet got its verdict, and what would change it: its evidence again, and that of records that it may have.

The other wallets' evidence is taken from the leaderboard as it was published; nobody else is judged here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtri

from whaletrader.domain.skill import SkillReport
from whaletrader.domain.values import DAY_NS, MICRO
from whaletrader.quant.mixture_prior import MixtureShrunk, mixture_shrink
from whaletrader.quant.multiple_testing import benjamini_hochberg
from whaletrader.universe.best_of_all import BestOfAll
from whaletrader.universe.bets import BetTable, bet_table
from whaletrader.universe.evidence import Evidence, evidence
from whaletrader.universe.features import features
from whaletrader.universe.follower import follower_inputs, price_inputs
from whaletrader.universe.judge import evidence_params, statistics_of
from whaletrader.universe.policies import policy_params
from whaletrader.universe.score_params import ScoreParams
from whaletrader.universe.source import TableSource
from whaletrader.universe.standing import ANALYZER

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Row = Mapping[str, object]

_FROM_FEATURES = (
    "later_edge", "earlier_edge", "persistence_p", "level_p", "sign_p", "rank_p", "psr", "min_track_record",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Peers:
    """What a kind's others say: their p-values (1 where not judged), and the prior of all edges (micro-units)."""

    p_values: Floats
    prior: MixtureShrunk | None
    confidence: float


def skill_reports(
    source: TableSource,
    frame: pl.DataFrame,
    params: ScoreParams,
    wallet: int,
    *,
    best: Mapping[str, BestOfAll] | None = None,
) -> dict[tuple[str, str], SkillReport]:
    """Reports on a wallet by (policy, kind), in the order of the leaderboard `frame` that `params` led to.

    `best` is what `best_of_all` says of that leaderboard, by kind; without it its p-value is unknown.
    """
    inputs = follower_inputs(source)
    own = {kind: events.filter(pl.col("wallet") == wallet) for kind, events in inputs.events.items()}
    mine = replace(inputs, events=own)
    reports = {}
    for policy in params.policies:
        table = price_inputs(mine, policy_params(policy, params.follower))
        bets = bet_table(table.at(params.as_of_ts, params.since_ts), policy)
        for row in frame.filter((pl.col("wallet") == wallet) & (pl.col("policy") == policy)).iter_rows(named=True):
            kind = str(row["kind"])
            of_kind = (best or {}).get(kind)
            told = row if of_kind is None else row | {"reality_check_p": of_kind.reality_check_p}
            peers = peers_of(frame, row, params.confidence)
            reports[policy, kind] = unit_report(unit_of(bets, kind), told, peers, params)
    return reports


def peers_of(frame: pl.DataFrame, row: Row, confidence: float) -> Peers:
    """The rows of a row's kind with a bet, all policies, for each was a trial; the row itself gives no p-value."""
    judged = frame.filter((pl.col("kind").cast(pl.String) == str(row["kind"])) & pl.col("log10_p_micro").is_not_null())
    others = judged.filter((pl.col("wallet") != row["wallet"]) | (pl.col("policy").cast(pl.String) != row["policy"]))
    rest = frame.filter(
        (pl.col("kind").cast(pl.String) == str(row["kind"]))
        & (pl.col("n_bets") > 0)
        & pl.col("log10_p_micro").is_null()
        & ((pl.col("wallet") != row["wallet"]) | (pl.col("policy").cast(pl.String) != row["policy"]))
    )
    p_values = np.append(np.power(10.0, others["log10_p_micro"].to_numpy() / MICRO), np.ones(rest.height))
    if not judged.height:
        return Peers(p_values, None, confidence)
    columns = (judged[name].cast(pl.Float64).to_numpy() for name in ("mean_edge_micro", "lower_micro", "upper_micro"))
    mean, lower, upper = columns
    return Peers(p_values, mixture_shrink(mean, _error(lower, upper, confidence)), confidence)


def unit_report(bets: BetTable | None, row: Row, peers: Peers, params: ScoreParams) -> SkillReport:
    """Report on the wallet of a leaderboard's row; `bets` are its own, of that policy and kind (None: none priced)."""
    withheld = str(row["withheld"] or "")
    if bets is None:
        return ANALYZER.explain({"enough": 0.0} | _unknown(), withheld=withheld)
    now = evidence_values(bets, peers, params)
    selected = row.get("e_selected")
    now |= {name: _published(row, name) for name in ("q_by", "dsr")}
    known = row.get("reality_check_p")
    now["reality_check_p"] = known if isinstance(known, float) else float("nan")
    now["e_selected"] = float("nan") if selected is None or withheld else float(bool(selected))
    return ANALYZER.explain(
        now,
        withheld=withheld,
        what_if=lambda groups, losses: evidence_values(extended(bets, groups, losses), peers, params),
    )


def evidence_values(bets: BetTable, peers: Peers, params: ScoreParams) -> dict[str, float]:
    """All evidence on one unit by name, the q-value and the shrunk edge as its peers stand."""
    statistics = statistics_of(bets)
    needed = np.array([params.min_bets(str(bets.units["kind"][0]))], np.int64)
    judged = evidence(bets, statistics, needed, evidence_params(params))
    derived = features(bets, statistics, None)
    values = {name: float(derived[name][0]) for name in _FROM_FEATURES}
    values |= {name: float(statistics[name][0]) for name in ("n_effective", "sharpe_bet", "n_bets", "n_groups")}
    values |= {"enough": float(judged.enough[0]), "lower": float(judged.lower[0])}
    values |= {"p_value": float(judged.p_value[0]), "log_e": float(judged.log_e[0])}
    return values | _among(judged, float(statistics["mean_edge"][0]), peers)


def _among(judged: Evidence, mean_edge: float, peers: Peers) -> dict[str, float]:
    """q-value among the peers and edge shrunk towards theirs; NaN for a unit that is not judged."""
    if not judged.enough[0]:
        return {"q_value": float("nan"), "shrunk": float("nan")}
    q_values = benjamini_hochberg(np.append(peers.p_values, judged.p_value[0]))
    if peers.prior is None:
        return {"q_value": float(q_values[-1]), "shrunk": mean_edge}
    error = float(_error(judged.lower, judged.upper, peers.confidence)[0])
    return {"q_value": float(q_values[-1]), "shrunk": _posterior_mean(peers.prior, mean_edge, error)}


def _posterior_mean(prior: MixtureShrunk, estimate: float, error: float) -> float:
    """The mean that an estimate is shrunk to under a prior that was fitted before."""
    exponent = -0.5 * ((estimate - prior.support) / error) ** 2
    weights = prior.weights * np.exp(exponent - exponent.max())
    return float(np.sum(weights * prior.support) / np.sum(weights))


def _error(lower: Floats, upper: Floats, confidence: float) -> Floats:
    """Half of the interval over the normal quantile, as the leaderboard shrinks."""
    return np.maximum((upper - lower) / 2.0 / float(ndtri(confidence)), 1.0)


def unit_of(bets: BetTable, kind: str) -> BetTable | None:
    """The bets of one wallet's table that are of a kind; None where there is none."""
    rows = np.flatnonzero(bets.units["kind"].cast(pl.String).to_numpy() == kind)
    if rows.size == 0:
        return None
    own = slice(int(bets.offsets[rows[0]]), int(bets.offsets[rows[0] + 1]))
    columns = {name: getattr(bets, name)[own] for name in _columns()}
    return _unit(bets.units[int(rows[0]) : int(rows[0]) + 1], columns)


def extended(bets: BetTable, groups: int, losses: int) -> BetTable:
    """One unit's bets after so many more event groups like its own, at its mean edge, and so many lost ones.

    The copies go through its event groups in turn; they cost so much less or more that their mean edge is the unit's.
    A lost bet is one at the mean cost, an event group of its own. Each new group is entered a day after the one before.
    """
    own_groups, first = np.unique(bets.group, return_index=True)
    spans = np.append(first, bets.group.size)
    chosen = np.arange(groups) % own_groups.size
    lengths = np.diff(spans)[chosen]
    rows = np.concatenate([np.arange(spans[g], spans[g + 1]) for g in chosen]) if groups else np.zeros(0, np.int64)
    place = np.repeat(np.arange(groups), lengths)
    new = {name: np.append(getattr(bets, name)[rows], _lost(bets, name, losses)) for name in _columns()}
    if rows.size:
        gap = round(float(bets.edge.mean() - bets.edge[rows].mean()))
        cost = np.clip(new["cost"][: rows.size] - gap, 1, MICRO - 1)
        new["edge"][: rows.size] += new["cost"][: rows.size] - cost
        new["cost"][: rows.size] = cost
    place = np.append(place, groups + np.arange(losses))
    new["group"] = bets.group.max() + 1 + place
    day = bets.entry_day.max() + 1 + place
    new |= {"entry_day": day, "exit_day": np.maximum(bets.exit_day.max(), day)}
    new["known_ts"] = np.maximum(bets.known_ts.max(), (day + 1) * DAY_NS) + place
    joined = {name: np.append(getattr(bets, name), new[name]).astype(np.int64) for name in _columns()}
    return _unit(bets.units, joined)


def _unit(units: pl.DataFrame, columns: dict[str, Ints]) -> BetTable:
    return BetTable(units=units, offsets=np.array([0, columns["edge"].size], np.int64), **columns)


def _lost(bets: BetTable, name: str, losses: int) -> Ints:
    """A column of lost bets: at the mean cost, else like the last one."""
    cost = round(float(bets.cost.mean()))
    value = {"cost": cost, "edge": -cost}.get(name, int(getattr(bets, name)[-1]))
    return np.full(losses, value, np.int64)


def _columns() -> tuple[str, ...]:
    return tuple(field.name for field in fields(BetTable) if field.name not in ("units", "offsets"))


def _unknown() -> dict[str, float]:
    return dict.fromkeys(("lower", "later_edge", "q_value", "shrunk"), float("nan"))


def _published(row: Row, name: str) -> float:
    """A number of the leaderboard in whole units; NaN where it is null or not a column."""
    value = row.get(f"{name}_micro")
    return float(value) / MICRO if isinstance(value, int) else float("nan")
