"""Reduced forms of the validations on populations: they run, and their arithmetic is what they say."""

import numpy as np
import polars as pl
import pytest

from benchmarks import validate_averaging, validate_ranking
from benchmarks.page import INTO, QUICK


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    """Small sizes, pages into a folder of the test."""
    monkeypatch.setenv(QUICK, "1")
    monkeypatch.setenv(INTO, str(tmp_path))


def test_the_ranking_is_told_with_orders_verdicts_and_effects(tmp_path):
    validate_ranking.main()
    page = (tmp_path / "ranking.md").read_text(encoding="utf-8")
    assert "SIMULATED" in page
    assert all(name in page for name in validate_ranking.ORDERS)
    assert "precision of HIGH_SKILL, lower end" in page
    assert "x1" in page


def test_averaging_down_is_told_for_both_ways_of_following(tmp_path):
    validate_averaging.main()
    page = (tmp_path / "averaging.md").read_text(encoding="utf-8")
    assert "type-I error at 0.05, doublers, taker" in page
    assert "type-I error at 0.05, doublers, first" in page


def test_the_gain_is_a_ratio_of_means_inside_its_interval():
    ours, naive = np.array([0.6, 0.5, 0.7, 0.6]), np.array([0.3, 0.3, 0.2, 0.4])
    gain, low, high = validate_ranking.gain_interval(ours, naive)
    assert gain == pytest.approx(1.0)
    assert low < gain < high


def test_the_same_order_gains_nothing():
    same = np.array([0.2, 0.4, 0.6])
    assert validate_ranking.gain_interval(same, same) == (0.0, 0.0, 0.0)


def test_the_lower_end_of_a_share_is_the_exact_binomial_one():
    assert validate_ranking.least_share(0, 10) == 0.0
    assert validate_ranking.least_share(72, 72) == pytest.approx(0.025 ** (1 / 72))
    assert validate_ranking.least_share(9, 10) < 0.9


def test_wallets_without_a_score_stand_below_all_others():
    assert validate_ranking.filled(pl.Series([5, None, -3])).tolist() == [5.0, -4.0, -3.0]
    assert validate_ranking.filled(pl.Series([None, None], dtype=pl.Int64)).tolist() == [-1.0, -1.0]


def test_called_skilled_counts_those_with_a_true_edge():
    assert validate_ranking.counted(pl.DataFrame({"true_micro": [5, 0, -1]})) == (3, 1)
