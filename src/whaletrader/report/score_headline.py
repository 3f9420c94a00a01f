"""The outcome of a scoring in plain words, from the report's own rows; nothing is claimed that they do not show."""

from collections.abc import Sequence

from whaletrader.report.figures import edge, percent
from whaletrader.report.model import Headline
from whaletrader.report.score_model import ForecastScore, Null, PlaceboRow, StepRow, WalletRow


def headline(
    steps: Sequence[StepRow],
    best: Sequence[WalletRow],
    placebo: Sequence[PlaceboRow],
    forecasts: Sequence[ForecastScore],
    null: Null,
    rate: float,
    *,
    high_skill: int = 0,
) -> Headline:
    """Found, a certified null, a null that is not certified, or nobody judged."""
    found, tested, survived = (_sum(steps, step) for step in ("found", "tested", "survived_fdr"))
    if tested == 0:
        verdict, title = "nobody_judged", "No wallet has enough settled bets to be judged"
    elif survived == 0:
        verdict = "certified_null" if null.certified else "null"
        title = "Nobody's edge survives" + (": a certified null" if null.certified else "")
    else:
        verdict = "found"
        title = f"{survived:,} of {tested:,} edges tested {'survives' if survived == 1 else 'survive'}"
    called = (
        f"{high_skill:,} {'is' if high_skill == 1 else 'are'} called HIGH_SKILL, which also asks that the edge is "
        "above 0 when shrunk and in the later half of the record."
        if survived
        else ""
    )
    told = [_counted(found, tested, steps, rate), called, _best_sentence(best), _placebo_sentence(placebo)]
    sentences = [text for text in told if text] + _forecast_sentences(forecasts)
    return Headline(verdict=verdict, title=title, sentences=sentences)


def _sum(steps: Sequence[StepRow], step: str) -> int:
    return sum(row.wallets for row in steps if row.step == step)


def _counted(found: int, tested: int, steps: Sequence[StepRow], rate: float) -> str:
    above, survived, e_too = (_sum(steps, step) for step in ("lower_above_zero", "survived_fdr", "survived_e"))
    return (
        f"Of {found:,} wallets (each by one kind of event, under one policy) {tested:,} had enough settled bets "
        f"and were tested; {above:,} have a lower bound above 0, {survived:,} survive at a false discovery rate of "
        f"{percent(rate)}, {e_too:,} also by e-values."
    )


def _best_sentence(best: Sequence[WalletRow]) -> str:
    known = [row for row in best if row.lower is not None]
    if not known:
        return ""
    row = max(known, key=lambda each: each.lower or 0.0)
    assert row.lower is not None
    assert row.upper is not None
    shrunk = "" if row.shrunk is None else f"; drawn towards all judged wallets it is {edge(row.shrunk)}"
    return (
        f"The best lower bound is {edge(row.lower)} a share, up to {edge(row.upper)}, over {row.bets:,} bets in "
        f"{row.groups:,} event groups ({row.wallet}, by {row.kind}){shrunk}."
    )


def _placebo_sentence(placebo: Sequence[PlaceboRow]) -> str:
    others = [row for row in placebo if row.which != "observed"]
    if not others:
        return ""
    judged, above, survived = (sum(getattr(row, name) for row in others) for name in _COUNTED)
    return (
        f"Of {judged:,} placebos, which cannot have skill, {above:,} have a lower bound above 0 and {survived:,} "
        "survive the same rules."
    )


_COUNTED = ("judged", "lower_above_zero", "survived")


def _forecast_sentences(forecasts: Sequence[ForecastScore]) -> list[str]:
    told = []
    for row in forecasts:
        if row.gain is None:
            continue
        known = "" if row.gain_lower is None else f", 95 % interval {row.gain_lower:+.4f} to {row.gain_upper:+.4f}"
        told.append(
            f"By {row.kind}, edges of the first half forecast {row.bets:,} later bets {_compared(row)} the price alone "
            f"(Brier score {row.brier:.4f}, {row.gain:+.4f} gained{known})."
        )
    return told


def _compared(row: ForecastScore) -> str:
    if row.gain_lower is not None and row.gain_lower > 0.0:
        return "better than"
    if row.gain_upper is not None and row.gain_upper < 0.0:
        return "worse than"
    return "no better, as far as can be told, than"
