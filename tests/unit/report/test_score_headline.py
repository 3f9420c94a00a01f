"""The outcome in plain words."""

import msgspec

from tests.unit.report.made_scores import score_report
from whaletrader.report.model import Headline
from whaletrader.report.score_headline import headline
from whaletrader.report.score_model import Null, StepRow

REPORT = score_report()


def told(counts: dict[str, int], *, certified: bool = False, forecasts: bool = True) -> Headline:
    steps = [StepRow(policy="taker", kind="fill", step=step, wallets=n, share=0.0) for step, n in counts.items()]
    null = Null(certified=certified, sentences=["Power.", "More."], kinds=[], rows=[])
    forecast = REPORT.forecasts if forecasts else []
    return headline(steps, REPORT.best, REPORT.placebo, forecast, null, 0.05, high_skill=1)


def test_survivors_are_counted_among_the_tested() -> None:
    found = told({"found": 100, "tested": 40, "lower_above_zero": 3, "survived_fdr": 2, "survived_e": 1})
    assert (found.verdict, found.title) == ("found", "2 of 40 edges tested survive")
    assert "Of 100 wallets" in found.sentences[0]
    assert "3 have a lower bound above 0, 2 survive at a false discovery rate of 5 %, 1 also" in found.sentences[0]
    assert found.sentences[1].startswith("1 is called HIGH_SKILL")
    assert "Power." not in found.sentences


def test_one_survivor_survives_in_the_singular() -> None:
    assert told({"found": 9, "tested": 4, "survived_fdr": 1}).title == "1 of 4 edges tested survives"


def test_a_null_is_certified_only_where_the_rule_could_have_seen_an_edge() -> None:
    counts = {"found": 100, "tested": 40, "survived_fdr": 0}
    certified, plain = told(counts, certified=True), told(counts)
    assert (certified.verdict, plain.verdict) == ("certified_null", "null")
    assert certified.title == "Nobody's edge survives: a certified null"
    assert plain.title == "Nobody's edge survives"
    assert not [text for text in certified.sentences if "HIGH_SKILL" in text]
    assert "Power." not in certified.sentences  # the report tells it in a part of its own


def test_without_a_tested_wallet_nothing_is_claimed_of_anybody() -> None:
    found = told({"found": 100, "tested": 0, "survived_fdr": 0}, certified=True)
    assert found.verdict == "nobody_judged"
    assert "Power." not in found.sentences


def test_the_best_bound_is_named_with_its_interval_and_what_shrinking_leaves() -> None:
    sentence = told({"found": 9, "tested": 4, "survived_fdr": 1}).sentences[2]
    assert "+3.2 c a share, up to +14.2 c, over 79 bets in 60 event groups" in sentence
    assert "it is +4.1 c" in sentence


def test_placebos_are_added_up_without_the_observed() -> None:
    sentence = told({"found": 9, "tested": 4, "survived_fdr": 1}).sentences[3]
    assert (
        sentence
        == "Of 300 placebos, which cannot have skill, 18 have a lower bound above 0 and 0 survive the same rules."
    )


def forecast(**other: float | None) -> str:
    ours = [msgspec.structs.replace(row, **other) for row in REPORT.forecasts if row.gain is not None]
    return headline([], [], [], ours, Null(certified=False, sentences=[], kinds=[], rows=[]), 0.05).sentences[-1]


def test_forecasts_say_whether_the_edge_helped() -> None:
    assert "no better, as far as can be told, than the price alone" in forecast()
    assert "later bets better than the price alone" in forecast(gain_lower=0.0004)
    assert "worse than the price alone" in forecast(gain=-0.01, gain_lower=-0.02, gain_upper=-0.001)
    assert "+0.0010 gained, 95 % interval -0.0020 to +0.0040" in forecast()


def test_a_gain_without_an_interval_is_not_called_one() -> None:
    sentence = forecast(gain_lower=None, gain_upper=None)
    assert "no better" in sentence
    assert "interval" not in sentence
