"""Prints a report of scores, or one wallet's story, for a person: plain tables, every number from the report."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from whaletrader.cli.common import note, say

if TYPE_CHECKING:
    from whaletrader.report.score_model import ScoreReport, WalletRow
    from whaletrader.report.score_story import UnitStory, WalletStory

_STEPS = ("found", "priced", "enough_bets", "tested", "lower_above_zero", "survived_fdr", "survived_e")
_VERDICTS = ("HIGH_SKILL", "MODERATE_SKILL", "LIKELY_LUCK", "INSUFFICIENT_DATA")
_NEEDED = {"LIKELY_LUCK": "any verdict"}
_NO = "-"


def _number(places: int, scale: float = 1.0) -> Callable[[object], str]:
    return lambda value: _NO if value is None else f"{float(str(value)) * scale:.{places}f}"


def _power(value: object) -> str:
    return _NO if value is None else f"{10.0 ** float(str(value)):.2g}"


_COLUMNS: tuple[tuple[str, str, int, Callable[[object], str]], ...] = (
    ("rank", "rank", 5, str),
    ("wallet", "wallet", 43, str),
    ("verdict", "verdict", 17, str),
    ("score", "composite", 6, _number(0)),
    ("bets", "bets", 6, str),
    ("groups", "groups", 7, str),
    ("edge", "edge", 8, _number(3)),
    ("lower", "lower", 8, _number(3)),
    ("upper", "upper", 8, _number(3)),
    ("shrunk", "shrunk", 8, _number(3)),
    ("p", "log10_p", 9, _power),
    ("q", "log10_q", 9, _power),
    ("hit", "hit_rate", 6, _number(2)),
    ("price", "mean_price", 6, _number(2)),
)


def print_scores(report: "ScoreReport") -> None:
    """The outcome, the funnel, the leaderboard of each policy and kind, and what the columns are."""
    if report.stamp:
        say(f"{report.stamp}: these wallets and trades are made up.")
    say(report.headline.title)
    for sentence in report.headline.sentences:
        say(f"  {sentence}")
    for policy in report.policies:
        for kind in dict.fromkeys(row.kind for row in report.steps):
            _print_board(report, policy, kind)
    _print_placebo(report)
    _print_null(report)
    sure = f"{report.confidence * 100:g}"
    say(
        f"edge: a follower's net gain per share; lower, upper: one-sided {sure} % bounds, clustered by event group;\n"
        "shrunk: drawn towards all judged wallets; p: exact, of no edge; q: adjusted for all wallets and policies.\n"
        f"Thresholds {report.thresholds.sha256[:16]}, dataset {report.dataset.fingerprint[:16]}. "
        "Past results, not a promise."
    )
    for text in report.notes:
        note(text)


def _print_board(report: "ScoreReport", policy: str, kind: str) -> None:
    mine = {row.step: row.wallets for row in report.steps if (row.policy, row.kind) == (policy, kind)}
    say("")
    say(f"{kind}, {policy}: " + ", ".join(f"{mine.get(s, 0):,} {s.replace('_', ' ')}" for s in _STEPS))
    if policy == report.policies[0]:
        for seen in report.events:
            if seen.kind == kind:
                say(f"  {seen.reason:22} {seen.count:>9,} events {seen.share * 100:6.1f} %")
    withheld = [row for row in report.withheld if (row.policy, row.kind) == (policy, kind)]
    if withheld:
        say("  withheld: " + ", ".join(f"{row.wallets:,} {row.reason}" for row in withheld))
    verdicts = {row.verdict: row.wallets for row in report.verdicts if (row.policy, row.kind) == (policy, kind)}
    if verdicts:
        say("  verdicts: " + ", ".join(f"{verdicts[name]:,} {name}" for name in _VERDICTS if name in verdicts))
    board = [row for row in report.best if (row.policy, row.kind) == (policy, kind)]
    if not board:
        say("  no wallet has enough settled bets for a verdict")
        return
    say("  " + " ".join(title.ljust(width) for title, _, width, _ in _COLUMNS).rstrip())
    for wallet in board:
        say("  " + " ".join(tell(getattr(wallet, name)).ljust(width) for _, name, width, tell in _COLUMNS).rstrip())


def _print_placebo(report: "ScoreReport") -> None:
    if not report.placebo:
        return
    say("")
    say("beside wallets that cannot have skill: tested, lower bound above 0, survive, best lower bound")
    for row in report.placebo:
        if row.judged:
            counts = f"{row.judged:>7,} {row.lower_above_zero:>7,} {row.survived:>7,}"
            say(f"  {row.which:10} {row.kind:9} {row.policy:13} {counts} {_number(3)(row.best_lower):>8}")


def _print_null(report: "ScoreReport") -> None:
    if report.null.sentences:
        say("")
        for sentence in report.null.sentences:
            say(sentence)
    for row in report.null.rows if report.null.certified else []:
        price = "" if row.price is None else f" at {row.price:.2f}"
        say(f"  {row.kind or 'any':9} {row.bets:>7,} bets{price}: {_number(3)(row.detectable)} a share")
    say("")


def print_story(story: "WalletStory") -> None:
    """One wallet: verdict, evidence in its steps, what would change it, components, copyability."""
    if story.stamp:
        say(f"{story.stamp}: this wallet and its trades are made up.")
    say(f"{story.wallet}: {story.title}")
    for sentence in story.sentences:
        say(f"  {sentence}")
    for unit in story.units:
        _print_unit(unit)
    if len({unit.row.policy for unit in story.units}) > 1:
        _print_policies([unit.row for unit in story.units])
    for copy in story.copyability:
        say("")
        say("edge against delay, by fills: " + (", ".join(copy.limits) or "capacity, maker share, crowding not known"))
        for point in copy.points:
            edge, lower = _number(3)(point.edge), _number(3)(point.lower)
            say(f"  {point.delay_s:>8,.0f} s {point.bets:>6,} bets {edge:>8} lower {lower:>8}")
    say("")
    say(f"Thresholds {story.thresholds[:16]}, dataset {story.dataset.fingerprint[:16]}. Past results, not a promise.")


def _print_unit(unit: "UnitStory") -> None:
    row = unit.row
    say("")
    say(f"{row.kind}, {row.policy}: {row.verdict}" + (f" (withheld: {row.withheld})" if row.withheld else ""))
    step = ""
    for each in unit.evidence:
        if each.step != step:
            step = each.step
            say(f"  {step}")
        mark = {True: "yes", False: "no", None: "?"}[each.passed]
        value, limit = (_NO if v is None else f"{v:.4g}" for v in (each.value, each.threshold))
        needed = f"; needed for {_NEEDED.get(each.needed_for, each.needed_for)}" if each.needed_for else ""
        say(f"    {mark:4}{each.name:18} {value:>11} {each.comparison:2} {limit:<9} {each.meaning}{needed}")
    for change in unit.changes:
        say(f"  would change: {change}")
    if row.composite is not None:
        ends = f"{_number(0)(row.composite_lower)} to {_number(0)(row.composite_upper)}"
        say(f"  score {row.composite:.0f} of 100 ({ends}), above {_number(0)(row.percentile)} % of the judged")
        for name, place in row.components.items():
            say(f"    {name.replace('_', ' '):15} {place * 100:5.0f}  (place among all judged, 0 to 100)")
    for among in unit.placebo:
        say(f"  {among.sentence}")


def _print_policies(rows: Sequence["WalletRow"]) -> None:
    say("")
    say("policies side by side: bets, edge, lower, q")
    for row in rows:
        numbers = (_number(3)(row.edge), _number(3)(row.lower), _power(row.log10_q))
        say(f"  {row.kind:9} {row.policy:13} {row.bets:>6,} {numbers[0]:>8} {numbers[1]:>8} {numbers[2]:>9}")
