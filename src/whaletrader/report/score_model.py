"""What a report of scores says: the JSON of `whaletrader score`, which `docs/score-report.md` is generated from.

Prices and edges are pUSD per share, shares of something and probabilities fractions from 0 to 1, all rounded to six
places; logarithms have base 10; days are UTC dates. There is no clock, host, path or duration in it. What cannot be
said is null, with the reason beside. What one wallet's story says is in `explain_model`.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from whaletrader.report.model import CountRow, DatasetInfo, FeeRow, Headline, Part

SCHEMA_VERSION = 1


def _says(text: str) -> Meta:
    return Meta(description=text)


class Thresholds(Part, frozen=True, kw_only=True):
    """The rules that were fixed before the data was looked at."""

    sha256: Annotated[str, _says("Of the bytes of the thresholds' file; empty where there is none.")]
    values: Annotated[dict[str, Any], _says("What the file says.")]


class StepRow(Part, frozen=True, kw_only=True):
    """How many wallets reached a step on the way from being found to surviving."""

    policy: Annotated[str, _says("The follower's policy.")]
    kind: Annotated[str, _says("fill, or position (found by polling); never pooled.")]
    step: Annotated[str, _says("found, priced, enough_bets, tested, lower_above_zero, survived_fdr, survived_e.")]
    wallets: Annotated[int, _says("How many reached it.")]
    share: Annotated[float, _says("Of those found.")]


class WithheldRow(Part, frozen=True, kw_only=True):
    """Wallets without a verdict, by reason."""

    policy: Annotated[str, _says("The follower's policy.")]
    kind: Annotated[str, _says("Kind of leader event.")]
    reason: Annotated[str, _says("Why the statistic is withheld.")]
    wallets: Annotated[int, _says("How many.")]


class VerdictRow(Part, frozen=True, kw_only=True):
    """Wallets by verdict."""

    policy: Annotated[str, _says("The follower's policy.")]
    kind: Annotated[str, _says("Kind of leader event.")]
    verdict: Annotated[str, _says("HIGH_SKILL, MODERATE_SKILL, LIKELY_LUCK or INSUFFICIENT_DATA.")]
    wallets: Annotated[int, _says("How many.")]


class WalletRow(Part, frozen=True, kw_only=True):
    """One wallet under one policy, by one kind of leader event."""

    rank: Annotated[int | None, _says("By the lower bound within policy and kind; null without a verdict.")]
    policy: Annotated[str, _says("The follower's policy.")]
    kind: Annotated[str, _says("Kind of leader event.")]
    wallet: Annotated[str, _says("Address.")]
    verdict: Annotated[str, _says("What the evidence says.")]
    withheld: Annotated[str, _says("Why there is no verdict; empty where there is one.")] = ""
    bets: Annotated[int, _says("Settled bets: all priced entries into one token are one.")] = 0
    groups: Annotated[int, _says("Event groups among them: bets that settle together are one draw.")] = 0
    days: Annotated[int | None, _says("From first entry to last exit.")] = None
    events: Annotated[int, _says("Leader events.")] = 0
    priced: Annotated[int, _says("Those that a follower could have got, and that are settled.")] = 0
    edge: Annotated[float | None, _says("Mean net edge per share of a follower.")] = None
    lower: Annotated[float | None, _says("One-sided lower bound of it.")] = None
    upper: Annotated[float | None, _says("One-sided upper bound of it.")] = None
    interval: Annotated[str, _says("bootstrap or exact; empty without bounds.")] = ""
    shrunk: Annotated[float | None, _says("The edge drawn towards all judged wallets' (empirical Bayes).")] = None
    mean_price: Annotated[float | None, _says("Mean print that the follower met.")] = None
    mean_cost: Annotated[float | None, _says("Mean paid per share, with half-spread, impact and fee.")] = None
    roi: Annotated[float | None, _says("Net return on stake, trimmed by 5 % at each end.")] = None
    hit_rate: Annotated[float | None, _says("Share of bets that earned something.")] = None
    hit_lower: Annotated[float | None, _says("Wilson lower bound of it, event groups counted once.")] = None
    hit_upper: Annotated[float | None, _says("Wilson upper bound of it.")] = None
    log10_p: Annotated[float | None, _says("Logarithm of the p-value of `no edge`.")] = None
    log10_q: Annotated[float | None, _says("The same after Benjamini-Hochberg over all rows with a settled bet.")] = (
        None
    )
    q_by: Annotated[float | None, _says("After Benjamini-Yekutieli, valid under any dependence.")] = None
    log10_e: Annotated[float | None, _says("Logarithm of the e-value at the data's end.")] = None
    e_selected: Annotated[bool | None, _says("Whether e-BH selects it.")] = None
    sharpe: Annotated[float | None, _says("Of daily sums of edge, annualised with 365.")] = None
    psr: Annotated[float | None, _says("Probability that the Sharpe ratio per bet is above 0.")] = None
    dsr: Annotated[float | None, _says("The same, deflated by the number and spread of trials.")] = None
    min_track_record: Annotated[int | None, _says("Bets that the PSR would have needed for 95 %.")] = None
    composite: Annotated[float | None, _says("Score from 0 to 100 of the five components.")] = None
    composite_lower: Annotated[float | None, _says("Its lower bound.")] = None
    composite_upper: Annotated[float | None, _says("Its upper bound.")] = None
    percentile: Annotated[
        float | None, _says("Judged wallets of its kind and policy with a lower score, in percent.")
    ] = None
    components: Annotated[dict[str, float], _says("Each component from 0 to 1; one that is not known is left out.")] = (
        msgspec.field(default_factory=dict)
    )
    maker_share: Annotated[float | None, _says("Share of his fills whose role is known that were a maker's.")] = None
    own_realised: Annotated[float | None, _says("The wallet's own realised profit in pUSD, null if truncated.")] = None
    truncated: Annotated[bool | None, _says("The tape does not hold his whole history.")] = None


class Points(Part, frozen=True, kw_only=True):
    """A line in data units."""

    x: Annotated[list[float], _says("Horizontal places, ascending.")]
    y: Annotated[list[float], _says("Vertical places, as many.")]


class PlaceboRow(Part, frozen=True, kw_only=True):
    """The leaderboard, or one of wallets that cannot have skill, through the same rules."""

    which: Annotated[str, _says("observed, mirrored (the other outcome bought) or random-1, … (matched strangers).")]
    policy: Annotated[str, _says("The follower's policy.")]
    kind: Annotated[str, _says("Kind of leader event.")]
    judged: Annotated[int, _says("Rows tested.")]
    lower_above_zero: Annotated[int, _says("Those whose lower bound is above 0.")]
    survived: Annotated[int, _says("Those that stand after the adjustment for the number tested.")]
    median_edge: Annotated[float | None, _says("Median edge per share of the tested.")]
    best_edge: Annotated[float | None, _says("Greatest edge per share.")]
    best_lower: Annotated[float | None, _says("Greatest lower bound: what luck alone puts at the top.")]
    edge_5: Annotated[float | None, _says("5 % of the tested have less edge.")]
    edge_95: Annotated[float | None, _says("5 % of the tested have more edge.")]
    p_curve: Annotated[Points, _says("-log10 p that a uniform p-value would have at that place, against the one seen.")]


class DelayPoint(Part, frozen=True, kw_only=True):
    """What a follower of one wallet would have earned with one delay."""

    delay_s: Annotated[float, _says("Seconds after the leader's fill.")]
    bets: Annotated[int, _says("Settled bets at this delay.")]
    edge: Annotated[float | None, _says("Mean net edge per share.")]
    lower: Annotated[float | None, _says("One-sided lower bound.")]
    common_bets: Annotated[int, _says("Bets priced at this delay and at our own.")] = 0
    common_edge: Annotated[float | None, _says("Mean edge of those at this delay.")] = None
    common_own_edge: Annotated[float | None, _says("Mean edge of those at our own: only the delay differs.")] = None


class CopyRow(Part, frozen=True, kw_only=True):
    """How copyable one wallet is, by its fills."""

    wallet: Annotated[str, _says("Address.")]
    kind: Annotated[str, _says("Kind of leader event.")]
    points: Annotated[list[DelayPoint], _says("Edge against delay.")]
    capacity_usd: Annotated[float | None, _says("Own stake in pUSD at which the edge is gone; null where not known.")]
    capacity_lower_usd: Annotated[float | None, _says("Own stake at which the lower bound is gone.")] = None
    capacity_bound: Annotated[str, _says("no_edge at any size, impact of our own, or depth: others trade no more.")] = (
        ""
    )
    depth_usd: Annotated[float | None, _says("Half of what others print in the window, median over bets.")] = None
    maker_share: Annotated[float | None, _says("Share of his fills that were a maker's: a taker cannot copy those.")]
    known_roles: Annotated[int, _says("Fills whose role is known.")] = 0
    crowding: Annotated[float | None, _says("Others' same-way prints in the minute after less before, over both.")]
    crowding_lower: Annotated[float | None, _says("Lower bound of it, clustered by event group.")] = None
    crowding_upper: Annotated[float | None, _says("Upper bound of it.")] = None


class ReliabilityBand(Part, frozen=True, kw_only=True):
    """Forecast against outcome in one band of forecasts, both of the time after the edges were estimated."""

    series: Annotated[str, _says("price (the market's), or price_plus_edge (with the wallet's shrunk edge).")]
    kind: Annotated[str, _says("Kind of leader event.")]
    above: Annotated[float, _says("The band's lower end.")]
    to: Annotated[float, _says("Its upper end.")]
    n: Annotated[int, _says("Bets in it.")]
    groups: Annotated[int, _says("Event groups among them.")]
    forecast: Annotated[float, _says("Mean forecast.")]
    share_won: Annotated[float, _says("Share that paid.")]
    lower: Annotated[float, _says("Wilson 95 % lower bound, event groups counted once.")]
    upper: Annotated[float, _says("Wilson 95 % upper bound.")]


class ForecastScore(Part, frozen=True, kw_only=True):
    """How good one series of forecasts was."""

    series: Annotated[str, _says("price or price_plus_edge.")]
    kind: Annotated[str, _says("Kind of leader event.")]
    bets: Annotated[int, _says("Bets forecast.")]
    wallets: Annotated[int, _says("Wallets with a shrunk edge at the split.")]
    brier: Annotated[float | None, _says("Brier score; less is better.")]
    reliability: Annotated[float | None, _says("Its part from being wrong on average (Murphy); less is better.")]
    resolution: Annotated[float | None, _says("Its part from telling events apart; more is better.")]
    gain: Annotated[float | None, _says("How much lower its Brier score is than the price's; null for the price.")] = (
        None
    )
    gain_lower: Annotated[float | None, _says("95 % lower bound of it, event groups as clusters.")] = None
    gain_upper: Annotated[float | None, _says("95 % upper bound of it.")] = None


class PowerRow(Part, frozen=True, kw_only=True):
    """The edge that would have been detected in a lone skilled wallet with so many bets at a price."""

    kind: Annotated[str, _says("Kind of leader event.")]
    price: Annotated[float, _says("Mean cost per share.")]
    bets: Annotated[int, _says("Independent settled bets.")]
    power: Annotated[float, _says("With this probability.")]
    wins: Annotated[int | None, _says("Bets that must be won; null where even all are not enough.")]
    detectable: Annotated[float | None, _says("Edge per share; null where no edge would be detected.")]


class NullKind(Part, frozen=True, kw_only=True):
    """Whether the rule could have found anybody by one kind of event."""

    kind: Annotated[str, _says("Kind of leader event.")]
    tested: Annotated[int, _says("Trials tested.")]
    survived: Annotated[int, _says("Those that survived.")]
    needed_p: Annotated[float, _says("Logarithm (base 10) of the p-value that a lone survivor needs.")]
    finest_p: Annotated[float, _says("Logarithm of the smallest p-value that any of the tested could get.")]
    reaching: Annotated[int, _says("Tested ones that could get a p-value small enough.")]
    best: Annotated[float | None, _says("Edge found with 80 % power in the wallet with the most evidence.")]
    median: Annotated[float | None, _says("The same in the median wallet.")]
    sentence: Annotated[str, _says("The same in words.")]


class Null(Part, frozen=True, kw_only=True):
    """What would have been detected, and whether a null may be certified."""

    certified: Annotated[bool, _says("Nothing survives though the rule could have found somebody, by every kind.")]
    sentences: Annotated[list[str], _says("The power in words.")]
    kinds: Annotated[list[NullKind], _says("Kinds by which anybody was tested.")]
    rows: Annotated[list[PowerRow], _says("Detectable edge by price and number of bets.")]


class ScoreReport(Part, frozen=True, kw_only=True):
    """The whole report."""

    schema_version: Annotated[int, _says("Of this schema.")]
    simulated: Annotated[bool, _says("Wallets, prices and results are made up.")]
    stamp: Annotated[str, _says("SIMULATED, or empty.")]
    dataset: Annotated[DatasetInfo, _says("What was scored.")]
    as_of: Annotated[str, _says("Scored as known at this UTC time; empty: at the data's end.")]
    confidence: Annotated[float, _says("Of the one-sided bounds.")]
    false_discovery_rate: Annotated[float, _says("Of what survives.")]
    parameters: Annotated[dict[str, Any], _says("Every parameter that can change a number; `_micro` are millionths.")]
    thresholds: Annotated[Thresholds, _says("The rules, fixed beforehand.")]
    headline: Annotated[Headline, _says("The outcome in plain words.")]
    policies: Annotated[list[str], _says("Follower's policies tried; every wallet and policy is a trial.")]
    steps: Annotated[list[StepRow], _says("First figure: from found to survived, in wallets.")]
    events: Annotated[list[CountRow], _says("Leader events by what became of their price.")]
    verdicts: Annotated[list[VerdictRow], _says("Wallets by verdict.")]
    withheld: Annotated[list[WithheldRow], _says("Wallets without a verdict, by reason.")]
    best: Annotated[list[WalletRow], _says("The leaderboard, best lower bound first within policy and kind.")]
    placebo: Annotated[list[PlaceboRow], _says("Observed beside placebos; empty with --no-placebo.")]
    copyability: Annotated[list[CopyRow], _says("Of the best wallets.")]
    reliability: Annotated[list[ReliabilityBand], _says("Forecast against outcome.")]
    forecasts: Annotated[list[ForecastScore], _says("The forecasts' scores.")]
    null: Annotated[Null, _says("Power, and whether nothing survived.")]
    fee_provenance: Annotated[list[FeeRow], _says("Where the fee schedules of priced events come from.")]
    notes: Annotated[list[str], _says("What was left out, and why.")]
