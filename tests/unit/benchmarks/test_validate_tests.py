"""Reduced forms of the validation of every test: type-I errors, false discoveries, false alarms.

Claims and worlds are those of `benchmarks/validate_tests.py`, with fewer repetitions and other seeds.
"""

import numpy as np
import pytest

from benchmarks import false_discoveries, page, rejection_rates, validate_tests
from benchmarks.null_worlds import BANDS, TAIL, herd, unskilled
from benchmarks.validate_tests import band_end, other_checks, valid_checks
from whaletrader.quant.heavy_tail import hill_index

FEW = 300
WRONG = {
    ("signed rank", "edges per share, prices 0.70-0.95"): 0.5,
    ("PSR", "profits on fat stakes, prices 0.70-0.95"): 0.1,
    ("stationary bootstrap of Sharpe", "profits on fat stakes, prices 0.05-0.30"): 0.1,
    ("percentile cluster bootstrap, 20 groups", "edges per share, prices 0.70-0.95"): 0.08,
    ("sign test", "bets that settle together, each counted"): 0.1,
    ("reliability by band", "bets that settle together, each counted"): 0.1,
    ("beta-binomial lower bound", "each bet told three times"): 0.06,
}


def named(check):
    return f"{check.test}, {check.world}"


@pytest.mark.parametrize("check", valid_checks(), ids=named)
def test_a_test_that_is_claimed_to_be_valid_holds_its_level(check):
    repetitions = min(check.repetitions, 100 if check.test.startswith("DSR") else FEW)
    hits, trials = check.run(np.random.default_rng(77), repetitions)
    assert hits / trials <= band_end(rejection_rates.LEVEL, trials)


@pytest.mark.parametrize("check", [c for c in other_checks() if (c.test, c.world) in WRONG], ids=named)
def test_a_test_that_is_not_valid_for_such_data_is_seen_to_be_wrong(check):
    hits, trials = check.run(np.random.default_rng(78), FEW)
    assert hits / trials > WRONG[check.test, check.world]
    assert check.instead


def test_every_wrong_test_that_is_named_is_on_the_page():
    assert set(WRONG) <= {(check.test, check.world) for check in other_checks()}


@pytest.mark.parametrize("world", rejection_rates.HERDS)
def test_the_best_of_many_without_skill_is_seldom_called_skilled(world):
    for name, (hits, trials) in rejection_rates.best_of_many(world, np.random.default_rng(79), 60).items():
        if name != "lower":
            assert hits / trials <= band_end(rejection_rates.LEVEL, trials), name


@pytest.mark.parametrize("band", BANDS)
def test_discoveries_among_unskilled_wallets_are_rare_and_skilled_ones_are_found(band):
    nulls = false_discoveries.discoveries(np.random.default_rng(80), 20, 400, band, 0.0)
    mixed = false_discoveries.discoveries(np.random.default_rng(81), 10, 400, band, 0.05)
    for (rule, nominal), found in nulls.items():
        assert found.any_false <= band_end(nominal, 20), rule
        assert mixed[rule, nominal].false_share <= nominal, rule
    assert mixed["Benjamini-Hochberg", 0.1].power > 0.1


def test_storeys_rule_needs_weak_dependence_and_yekutielis_does_not():
    shares = false_discoveries.storey_under_one_factor(np.random.default_rng(82), 300, 1_000)
    assert shares["Storey"] > shares["Benjamini-Hochberg"] >= shares["Benjamini-Yekutieli"]
    assert shares["Benjamini-Hochberg"] <= band_end(0.05, 300)


@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_betting_evidence_may_be_looked_at_daily_for_two_years(band, alpha):
    alarms = false_discoveries.daily_alarms(np.random.default_rng(83), 1_000, band, alpha)
    assert alarms / 1_000 <= band_end(alpha, 1_000)


def test_confidence_sequences_hold_the_mean_on_all_days_and_a_z_test_looked_at_daily_does_not():
    rng = np.random.default_rng(84)
    assert false_discoveries.sequences_that_lose_the_mean(rng, 100, 0.5, 0.05) / 100 <= band_end(0.05, 100)
    assert false_discoveries.alarms_of_process(rng, 500, 0.5, 0.05) / 500 <= band_end(0.05, 500)
    assert false_discoveries.fixed_test_alarms(rng, 500, 1.645) / 500 > 0.2


def test_the_worlds_are_what_they_are_said_to_be():
    rng = np.random.default_rng(85)
    for band, (low, high) in BANDS.items():
        made = unskilled(rng, 500, 40, band)
        assert made.price.min() >= low
        assert made.price.max() <= high
        assert abs(made.edges().mean()) < 4 * made.edges().std() / np.sqrt(made.edges().size)
    assert hill_index(made.stake.ravel(), 1_000).index == pytest.approx(TAIL, rel=0.15)
    shared = herd(rng, 50, 20, 100, "0.30-0.70", habits=True)
    assert shared.clusters().offsets[-1] == 50 * 20
    assert abs(np.corrcoef(shared.edges())).max() > 0.2


def test_the_page_has_a_row_per_claim(monkeypatch):
    monkeypatch.setenv(page.QUICK, "1")
    few = valid_checks()[:1]
    monkeypatch.setattr(validate_tests, "valid_checks", lambda: few)
    monkeypatch.setattr(validate_tests, "other_checks", lambda: other_checks()[-2:-1])
    made = page.Page("made", "Made", "For a test.")
    validate_tests.single_tests(made)
    text = made.render()
    assert "| type-I error of PSR, normal days, 200 wallets |" in text
    assert "| beta-binomial lower bound | each bet told three times |" in text
