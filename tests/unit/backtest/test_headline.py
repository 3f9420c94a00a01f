"""The outcome in plain words: nothing is claimed that the numbers do not carry."""

import msgspec
import pytest

from tests.unit.report.made import metrics, variant
from whaletrader.backtest.headline import headline
from whaletrader.report.model import CountRow, Detectable, Estimate, Overlay, Variant, WindowRow

TRADED = WindowRow(name="W01", scanned=9, qualified=3, followed={"fill": 2}, status="traded", pnl={})
EMPTY = WindowRow(name="W02", scanned=9, qualified=3, followed={}, status="nobody_followed", pnl={})
SEEN = [
    Detectable(kind="fill", judged=12, smallest=0.037, median=0.091),
    Detectable(kind="position", judged=0, smallest=None, median=None),
]
REAL = [
    Overlay(which="real", kind="fill", judged=12, lower_above_zero=2, high_skill=0, median_edge=0.0, best_edge=0.1),
    Overlay(which="mirrored", kind="fill", judged=12, lower_above_zero=9, high_skill=0, median_edge=0.0, best_edge=0.1),
]


def earning(name: str, value: float, lower: float | None = None, upper: float | None = None) -> Variant:
    estimate = Estimate(value=value, lower=lower, upper=upper, reason="" if lower is not None else "too few days")
    return variant(name, msgspec.structs.replace(metrics(), net_return=estimate))


def told(*variants: Variant) -> str:
    found = headline([TRADED, EMPTY], list(variants), SEEN, REAL)
    assert found.verdict == "followed"
    return " ".join([found.title, *found.sentences])


def test_a_sure_profit_above_the_placebos_is_found() -> None:
    text = told(earning("ours", 0.10, 0.02, 0.2), earning("baseline", 0.3, 0.1, 0.4), earning("placebo-1", 0.01, -1, 1))
    assert "Found: 2 leaders were copied, for +10.0%" in text
    assert "placebo leaders in the same pipeline earned less" in text
    assert "in 1 of 2 windows" in text


def test_a_profit_whose_interval_holds_0_is_not_told_apart_from_chance() -> None:
    text = told(earning("ours", 0.10, -0.02, 0.2), earning("placebo-1", 0.01, -1, 1))
    assert "not told apart from chance" in text
    assert "holds 0" in text
    assert "Found" not in text


def test_a_profit_that_placebos_made_too_is_not_the_leaders_skill() -> None:
    text = told(earning("ours", 0.10, 0.02, 0.2), earning("placebo-1", 0.12, -1, 1))
    assert "not the leaders' skill" in text
    assert "Found" not in text


def test_a_loss_is_called_a_loss() -> None:
    assert "for a loss of -4.0%" in told(earning("ours", -0.04, -0.1, 0.0), earning("placebo-1", -0.1, -1, 1))


def test_without_an_interval_nothing_is_said_about_chance() -> None:
    text = told(earning("ours", 0.04), earning("placebo-1", 0.0))
    assert "cannot be said: too few days" in text


def test_nobody_followed_is_a_certified_null_with_what_was_looked_at() -> None:
    found = headline([EMPTY, EMPTY], [earning("ours", 0.0)], SEEN, REAL)
    assert found.verdict == "certified_null"
    assert found.title.startswith("Certified null")
    text = " ".join(found.sentences)
    assert "All 2 windows were looked at" in text
    assert "12 by fills and 0 by positions found" in text
    assert "2 of them had a lower bound above 0" in text
    assert "3.7 c a share" in text
    assert "9.1 c" in text


def test_a_null_without_any_judged_wallet_claims_no_smallest_edge() -> None:
    found = headline([EMPTY], [earning("ours", 0.0)], SEEN[1:], [])
    assert "Too few wallets" in " ".join(found.sentences)


def test_a_halt_that_nobody_could_lift_is_told_with_what_came_after() -> None:
    halted = msgspec.structs.replace(
        earning("ours", 0.1, 0.02, 0.2),
        trading_state="HALTED",
        skipped=[CountRow(kind="fill", reason="TRADING_HALTED", count=1_278, share=1.0)],
    )
    assert "1,278 leader events came after" in told(halted, earning("placebo-1", 0.0))
    assert "halted" not in told(earning("ours", 0.1, 0.02, 0.2), earning("placebo-1", 0.0))


@pytest.mark.parametrize("value", [0.05, -0.05])
def test_every_variants_return_is_in_the_text(value: float) -> None:
    text = told(earning("ours", value, value - 0.1, value + 0.1), earning("baseline", 0.333, 0.3, 0.4))
    assert f"{value:+.1%}" in text
    assert "+33.3% [+30.0% to +40.0%]" in text
