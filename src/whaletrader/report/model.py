"""What a backtest's report says: the JSON's schema, which `docs/report.md` is generated from.

Amounts are pUSD, prices and edges pUSD per share, shares of something fractions from 0 to 1, all rounded to six
places; days are UTC dates. There is no clock, host, path or duration in it. What cannot be said is null, with the
reason beside.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

SCHEMA_VERSION = 1


def _says(text: str) -> Meta:
    return Meta(description=text)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the report."""


class Estimate(Part, frozen=True, kw_only=True):
    """A number with its interval."""

    value: Annotated[float | None, _says("The estimate, null where there is too little to say.")]
    lower: Annotated[float | None, _says("Lower end of the interval.")] = None
    upper: Annotated[float | None, _says("Upper end of the interval.")] = None
    n: Annotated[int, _says("Observations behind it: days, or closed bets.")] = 0
    method: Annotated[str, _says("How the interval was made, and its confidence.")] = ""
    reason: Annotated[str, _says("Why something is null.")] = ""


class DatasetInfo(Part, frozen=True, kw_only=True):
    """What was replayed."""

    name: Annotated[str, _says("Its name.")]
    kind: Annotated[str, _says("real or simulated.")]
    fingerprint: Annotated[str, _says("sha256 over its manifest: stands for every byte.")]
    first_day: Annotated[str, _says("Day of the first row.")]
    last_day: Annotated[str, _says("Day of the last row.")]
    wallets: Annotated[int, _says("Wallets it names.")]
    trades: Annotated[int, _says("Rows of trades.")]
    signals: Annotated[int, _says("Positions found by polling.")]


class Headline(Part, frozen=True, kw_only=True):
    """The outcome in plain words."""

    verdict: Annotated[str, _says("followed, or certified_null where nobody's edge stood.")]
    title: Annotated[str, _says("One sentence.")]
    sentences: Annotated[list[str], _says("What it rests on.")]


class WindowRow(Part, frozen=True, kw_only=True):
    """One window of the walk-forward: scored on what came before, traded until the next."""

    name: Annotated[str, _says("Number and dates.")]
    scanned: Annotated[int, _says("Wallets with a leader event before the window.")]
    qualified: Annotated[int, _says("Units (wallet and kind) with enough settled bets.")]
    followed: Annotated[dict[str, int], _says("Leaders followed, by kind of event.")]
    status: Annotated[str, _says("traded, nobody_followed (none had an edge) or nobody_qualified (too few bets).")]
    pnl: Annotated[dict[str, float], _says("Change of equity within the window, by variant.")]


class FunnelRow(Part, frozen=True, kw_only=True):
    """How many leader events reached a step."""

    kind: Annotated[str, _says("fill, or position (found by polling); never pooled.")]
    step: Annotated[str, _says("The step, in order.")]
    events: Annotated[int, _says("How many reached it.")]
    share: Annotated[float, _says("Of the kind's first step.")]


class CountRow(Part, frozen=True, kw_only=True):
    """How often something happened."""

    kind: Annotated[str, _says("Kind of leader event.")]
    reason: Annotated[str, _says("A reason code, see the reasons' page.")]
    count: Annotated[int, _says("How often.")]
    share: Annotated[float, _says("Of this kind's rows of the same table.")]


class WindowEffect(Part, frozen=True, kw_only=True):
    """What waiting longer for a print does."""

    kind: Annotated[str, _says("Kind of leader event.")]
    window_s: Annotated[float, _says("Longest wait for somebody else's print, in seconds.")]
    events: Annotated[int, _says("Leader entries.")]
    priced: Annotated[int, _says("Those with a print in time, and an outcome.")]
    share_priced: Annotated[float, _says("priced over events.")]
    mean_edge: Annotated[float | None, _says("Mean net edge per share of the priced.")]
    worst_case_edge: Annotated[float | None, _says("The mean if each withheld entry had been a total loss.")]


class DelayEffect(Part, frozen=True, kw_only=True):
    """What being later costs."""

    kind: Annotated[str, _says("Kind of leader event.")]
    delay_s: Annotated[float, _says("Seconds after a fill; for positions the greatest time between two looks.")]
    label: Annotated[str, _says("The same in words.")]
    events: Annotated[int, _says("Leader entries.")]
    priced: Annotated[int, _says("Those priced and settled.")]
    mean_edge: Annotated[float | None, _says("Mean net edge per share of the priced.")]


class Daily(Part, frozen=True, kw_only=True):
    """Equity at the end of each day, aligned arrays."""

    days: Annotated[list[str], _says("UTC dates.")]
    equity: Annotated[list[float], _says("Equity, open positions marked.")]
    drawdown: Annotated[list[float], _says("1 - equity over its highest so far.")]


class KindResult(Part, frozen=True, kw_only=True):
    """A variant's result from one kind of leader event."""

    kind: Annotated[str, _says("Kind of leader event.")]
    events: Annotated[int, _says("Leader entries that were looked at.")]
    fills: Annotated[int, _says("Our fills, buys and sells.")]
    bets: Annotated[int, _says("Closed bets: one leader, one token.")]
    won: Annotated[int, _says("Those that earned more than they cost.")]
    hit_rate: Annotated[Estimate, _says("won over bets; its interval counts the bets of one event group together.")]
    realised: Annotated[float, _says("Profit of what is closed, less the fees paid.")]
    marked: Annotated[float, _says("Profit of what is open, at marks.")]
    fees: Annotated[float, _says("Fees paid.")]


class Metrics(Part, frozen=True, kw_only=True):
    """Key figures of one variant over the evaluation's days."""

    starting_equity: Annotated[float, _says("Equity at the start.")]
    final_equity: Annotated[float, _says("Equity at the end, open positions marked.")]
    net_pnl: Annotated[Estimate, _says("Profit after all costs.")]
    net_return: Annotated[Estimate, _says("Profit over starting equity.")]
    sharpe: Annotated[Estimate, _says("Of daily returns, annualised with 365.")]
    max_drawdown: Annotated[Estimate, _says("Greatest fall below the highest equity so far, of day's ends.")]
    hit_rate: Annotated[Estimate, _says("Closed bets that earned something, both kinds together.")]
    bets: Annotated[int, _says("Closed bets.")]
    open_bets: Annotated[int, _says("Positions open at the end.")]
    fills: Annotated[int, _says("Fills.")]
    turnover: Annotated[float, _says("Value traded over starting equity.")]
    fees: Annotated[float, _says("Fees paid.")]
    rebates: Annotated[
        float | None,
        _says("ESTIMATE of what takers are paid back of them, counted nowhere; null: none was made."),
    ] = None


class LeaderRow(Part, frozen=True, kw_only=True):
    """What copying one leader came to."""

    kind: Annotated[str, _says("Kind of leader event.")]
    wallet: Annotated[str, _says("His address.")]
    realised: Annotated[float, _says("Profit of closed lots, less the fees paid.")]
    marked: Annotated[float, _says("Profit of open lots, at marks.")]
    fees: Annotated[float, _says("Fees paid.")]
    fills: Annotated[int, _says("Our fills.")]
    bets: Annotated[int, _says("Closed bets.")]
    won: Annotated[int, _says("Those that earned something.")]


class Variant(Part, frozen=True, kw_only=True):
    """One way of choosing and copying leaders."""

    name: Annotated[str, _says("ours, baseline, placebo-1, …")]
    label: Annotated[str, _says("For people.")]
    what: Annotated[str, _says("What it does.")]
    metrics: Annotated[Metrics, _says("Key figures.")]
    by_kind: Annotated[list[KindResult], _says("Fills and positions apart.")]
    daily: Annotated[Daily, _says("Its curve.")]
    skipped: Annotated[list[CountRow], _says("Leader events that were not copied.")]
    stopped: Annotated[list[CountRow], _says("Signals that the task graph stopped.")]
    approved: Annotated[list[CountRow], _says("Approvals by the limit that decided their size.")]
    denied: Annotated[list[CountRow], _says("Denials of the risk kernel by reason.")]
    leaders: Annotated[list[LeaderRow], _says("By leader, best first.")]
    log_head: Annotated[str, _says("Head hash of the run's log; empty for the baseline, which has none.")]
    log_count: Annotated[int, _says("Records in it.")]
    trading_state: Annotated[str, _says("ACTIVE, REDUCING or HALTED at the end; empty for the baseline.")] = ""


class Band(Part, frozen=True, kw_only=True):
    """Price paid against outcome, in one band of prices; resolved markets only."""

    whose: Annotated[str, _says("ours (our buys), or priced (all entries that a follower could have got).")]
    kind: Annotated[str, _says("Kind of leader event.")]
    above: Annotated[float, _says("The band's lower end, left out.")]
    to: Annotated[float, _says("Its upper end, included.")]
    n: Annotated[int, _says("Entries.")]
    mean_price: Annotated[float, _says("Mean paid per share, all costs included.")]
    share_won: Annotated[float, _says("Mean payout per share.")]
    lower: Annotated[float, _says("Wilson 95 % lower bound; entries of one event group counted together.")]
    upper: Annotated[float, _says("Wilson 95 % upper bound.")]


class FeeRow(Part, frozen=True, kw_only=True):
    """Where fee schedules come from."""

    whose: Annotated[str, _says("ours or priced.")]
    kind: Annotated[str, _says("Kind of leader event.")]
    provenance: Annotated[str, _says("market, inferred or worst_case.")]
    count: Annotated[int, _says("Fills or entries.")]
    share: Annotated[float, _says("Of the same whose and kind.")]


class Overlay(Part, frozen=True, kw_only=True):
    """A leaderboard at the data's end: the real one, or one of wallets that cannot have skill."""

    which: Annotated[str, _says("real, mirrored (the other outcome bought), or random-1, … (labels shuffled).")]
    kind: Annotated[str, _says("Kind of leader event.")]
    judged: Annotated[int, _says("Wallets with enough settled bets.")]
    lower_above_zero: Annotated[int, _says("Those whose lower bound is above 0: what we would follow.")]
    high_skill: Annotated[int, _says("Those that stand after the adjustment for the number judged.")]
    median_edge: Annotated[float | None, _says("Median edge per share of the judged.")]
    best_edge: Annotated[float | None, _says("Greatest edge per share.")]


class Detectable(Part, frozen=True, kw_only=True):
    """How small an edge could have been seen, from the judged wallets' interval widths."""

    kind: Annotated[str, _says("Kind of leader event.")]
    judged: Annotated[int, _says("Wallets with enough settled bets.")]
    smallest: Annotated[float | None, _says("The narrowest: an edge below this is not seen in any wallet.")]
    median: Annotated[float | None, _says("The median one: what a typical judged wallet would have needed.")]


class Report(Part, frozen=True, kw_only=True):
    """The whole report."""

    schema_version: Annotated[int, _says("Of this schema.")]
    simulated: Annotated[bool, _says("Wallets, prices and results are made up.")]
    stamp: Annotated[str, _says("SIMULATED, or empty.")]
    dataset: Annotated[DatasetInfo, _says("What was replayed.")]
    seed: Annotated[int, _says("Of everything random.")]
    settings: Annotated[dict[str, Any], _says("Every setting that can change a decision; `_micro` are millionths.")]
    headline: Annotated[Headline, _says("The outcome in plain words.")]
    first_day: Annotated[str, _says("First day on which all variants may trade and are measured.")]
    last_day: Annotated[str, _says("Last day.")]
    windows: Annotated[list[WindowRow], _says("The walk-forward.")]
    funnel: Annotated[list[FunnelRow], _says("First figure: from event to copy.")]
    withheld: Annotated[list[CountRow], _says("Why events could not be priced.")]
    window_effect: Annotated[list[WindowEffect], _says("Second figure: what the wait for a print selects.")]
    delay_effect: Annotated[list[DelayEffect], _says("Edge against delay.")]
    variants: Annotated[list[Variant], _says("Ours, the baseline, the placebos.")]
    reliability: Annotated[list[Band], _says("Price paid against outcome.")]
    fee_provenance: Annotated[list[FeeRow], _says("Where fee schedules come from.")]
    overlay: Annotated[list[Overlay], _says("The leaderboard beside placebo wallets.")]
    detectable: Annotated[list[Detectable], _says("The smallest edge that could have been seen.")]


def report_bytes(report: Part) -> bytes:
    """The one way a report is written: keys sorted, indented, a final newline."""
    return msgspec.json.format(msgspec.json.encode(report, order="sorted"), indent=1) + b"\n"
