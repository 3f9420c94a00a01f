"""Where a wallet stands among all that were judged: deflated Sharpe ratio, composite score, verdict.

Stage three of scoring: these need the whole universe. The formula of the score is `domain.scoring`, the rule of the
verdict `domain.skill`; here features become their components and evidence.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whaletrader.domain.scoring import CompositeScores, CompositeWhaleScorer, blended
from whaletrader.domain.skill import Codes, SkillCutoffs, SkillVsLuckAnalyzer
from whaletrader.quant.sharpe import expected_maximum_sharpe
from whaletrader.quant.sharpe_arrays import probabilistic_sharpe_ratios, trial_variance
from whaletrader.universe.evidence import Evidence
from whaletrader.universe.selection import Selection
from whaletrader.universe.thresholds import THRESHOLDS

Floats = NDArray[np.float64]
Labels = NDArray[np.object_]
Bools = NDArray[np.bool_]

SCORER = CompositeWhaleScorer(THRESHOLDS.composite)
ANALYZER = SkillVsLuckAnalyzer(
    SkillCutoffs(THRESHOLDS.selection.false_discovery_rate, THRESHOLDS.skill.significance, THRESHOLDS.skill.probability)
)
NEEDED = (
    "mean_edge", "roi_trimmed", "sharpe_bet", "n_effective", "skew", "kurt", "psr", "buy_volume_usd",
    "stake_median_usd", "breadth", "slippage", "spread", "wait_s", "priced_share", "drawdown_sd", "loss_tail",
    "concentration", "later_edge",
)  # fmt: skip
"""Statistics and features that a standing is made of."""


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Arrays of shape (U,), NaN where a unit is not judged.

    `columns`: `dsr`, the five components (places in 0 to 1), `composite` and its ends (0 to 100), `percentile`;
    `verdicts`: codes of `domain.skill.VERDICTS`.
    """

    columns: dict[str, Floats]
    verdicts: Codes


def standing(
    kind: Labels, policy: Labels, values: Mapping[str, Floats], found: Evidence, selection: Selection, shrunk: Floats
) -> Standing:
    """Standing of every unit of the universe; `values` holds statistics and features by name (`NEEDED`).

    Sharpe ratios are deflated by all judged units of a kind, for each was a trial; scores compare the wallets of one
    kind and policy. `shrunk` is in micro-units, as the evidence.
    """
    judged = {name: np.where(found.enough, values[name], np.nan) for name in NEEDED}
    judged["shrunk"] = shrunk
    judged["dsr"] = deflated(kind, judged)
    columns = {"dsr": judged["dsr"]} | composite(kind, policy, judged, found)
    return Standing(columns, verdict_codes(judged["later_edge"], found, selection, shrunk))


def deflated(kind: Labels, judged: Mapping[str, Floats]) -> Floats:
    """DSR of the Sharpe ratio per bet, what settles together counted once; a kind's judged units are the trials.

    The paper's trials are equally long. Here one of thirty bets has a ratio as great by luck as one of three hundred
    never has, so that each trial's ratio is first scaled by the root of its length over that of the record in question:
    with equal lengths nothing changes. Bailey & López de Prado (2014), doi:10.3905/jpm.2014.40.5.094.
    """
    out = np.full(kind.size, np.nan)
    for rows in _cohorts(kind):
        sharpe, n = judged["sharpe_bet"][rows], np.floor(judged["n_effective"][rows] + 1e-9)
        root = np.sqrt(np.maximum(n - 1.0, 0.0))
        scaled = (sharpe * root)[np.isfinite(sharpe) & (root > 0.0)]
        if scaled.size == 0:
            continue
        luck = expected_maximum_sharpe(scaled.size, trial_variance(scaled) if scaled.size > 1 else 0.0)
        benchmark = np.divide(luck, root, out=np.full(root.shape, np.nan), where=root > 0.0)
        out[rows] = probabilistic_sharpe_ratios(sharpe, n, judged["skew"][rows], judged["kurt"][rows], benchmark)
    return out


def components(judged: Mapping[str, Floats]) -> dict[str, Floats]:
    """The five components of wallets that are compared with each other, greater is better; NaN unknown.

    Each is the mean place by its features: profitability by shrunk edge, DSR, PSR and trimmed return; market impact by
    how little the price ran away before we bought; size by dollars bought, median stake and breadth; risk control by
    small drawdown, small loss tail and stakes spread over event groups; liquidity by events that could be priced,
    narrow spread and short wait.
    """

    def of(*names: str) -> Floats:
        return blended(*(-judged[name[1:]] if name.startswith("-") else judged[name] for name in names))

    return {
        "profitability": of("shrunk", "dsr", "psr", "roi_trimmed"),
        "market_impact": of("-slippage"),
        "size": of("buy_volume_usd", "stake_median_usd", "breadth"),
        "risk_control": of("-drawdown_sd", "-loss_tail", "-concentration"),
        "liquidity": of("priced_share", "-spread", "-wait_s"),
    }


def composite(kind: Labels, policy: Labels, judged: Mapping[str, Floats], found: Evidence) -> dict[str, Floats]:
    """Components as places, composite score with its ends, percentile; among the judged of one kind and policy."""
    out: dict[str, Floats] = {}
    for rows in _cohorts(kind, policy):
        own = {name: value[rows] for name, value in judged.items()}
        bounds = (np.where(found.enough, bound, np.nan)[rows] for bound in (found.lower, found.upper))
        for name, value in _columns(SCORER.score(components(own), own["mean_edge"], *bounds)).items():
            out.setdefault(name, np.full(kind.size, np.nan))[rows] = value
    return out or _columns(SCORER.score({}, np.zeros(0), np.zeros(0), np.zeros(0)))


def verdict_codes(later_edge: Floats, found: Evidence, selection: Selection, shrunk: Floats) -> Codes:
    """Verdicts on all units by the evidence that decides."""
    return ANALYZER.verdicts(
        {
            "enough": found.enough.astype(np.float64),
            "lower": found.lower,
            "later_edge": later_edge,
            "q_value": selection.q_value,
            "shrunk": shrunk,
        }
    )


def _columns(scores: CompositeScores) -> dict[str, Floats]:
    return scores.places | {
        "composite": scores.composite,
        "composite_lower": scores.lower,
        "composite_upper": scores.upper,
        "percentile": scores.percentile,
    }


def _cohorts(*labels: Labels) -> Iterator[NDArray[np.int64]]:
    """Rows of each combination of labels that occurs."""
    for key in sorted(set(zip(*(label.tolist() for label in labels), strict=True))):
        same: Bools = np.logical_and.reduce([label == value for label, value in zip(labels, key, strict=True)])
        yield np.flatnonzero(same)
