"""Selection over the judged units of each kind, all policies together."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from whaletrader.quant.multiple_testing import benjamini_hochberg, benjamini_yekutieli, e_benjamini_hochberg
from whaletrader.universe.evidence import Evidence
from whaletrader.universe.selection import select
from whaletrader.universe.thresholds import THRESHOLDS

Floats = NDArray[np.float64]


def found(p_values: list[float], log_e: list[float], enough: list[bool] | None = None) -> Evidence:
    judged = np.array(enough or [True] * len(p_values))
    p, e = (np.where(judged, np.array(values, float), np.nan) for values in (p_values, log_e))
    nothing = np.full(judged.size, np.nan)
    codes = np.where(judged, 0, 1)
    return Evidence(judged, codes, nothing, nothing, codes, p, np.log(p), e, e)


def kinds(*names: str) -> NDArray[np.object_]:
    return np.array(names, object)


def test_one_kind_is_adjusted_by_the_number_judged_of_that_kind_alone() -> None:
    p_values = [0.01, 0.04, 0.03, 0.2, 0.5]
    chosen = select(kinds("fill", "fill", "position", "fill", "position"), found(p_values, [0.0] * 5))
    fills, positions = [0, 1, 3], [2, 4]
    for rows in (fills, positions):
        given = np.array(p_values)[rows]
        assert chosen.q_value[rows] == pytest.approx(benjamini_hochberg(given))
        assert chosen.q_by[rows] == pytest.approx(benjamini_yekutieli(given))


def test_what_is_not_judged_is_a_trial_of_no_evidence_and_is_never_selected() -> None:
    with_it = select(kinds(*["fill"] * 3), found([0.02, 0.5, 1e-9], [1.0, 0.0, 99.0], [True, True, False]))
    assert with_it.q_value[:2].tolist() == benjamini_hochberg(np.array([0.02, 0.5, 1.0]))[:2].tolist()
    assert with_it.q_by[:2].tolist() == benjamini_yekutieli(np.array([0.02, 0.5, 1.0]))[:2].tolist()
    assert np.isnan(with_it.q_value[2])
    assert np.isnan(with_it.q_by[2])
    assert not with_it.e_selected[2]


def test_e_values_are_selected_by_e_bh_at_the_committed_rate_even_beyond_floats() -> None:
    e_values = np.array([40.0, 0.5, 100.0, 3.0])
    chosen = select(kinds(*["fill"] * 4), found([0.5] * 4, np.log(e_values).tolist()))
    wanted = e_benjamini_hochberg(e_values) <= THRESHOLDS.selection.false_discovery_rate
    assert chosen.e_selected.tolist() == wanted.tolist()
    huge = select(kinds("fill", "fill"), found([0.5, 0.5], [5_000.0, -5_000.0]))
    assert huge.e_selected.tolist() == [True, False]


def test_the_rate_of_false_discoveries_is_an_argument() -> None:
    evidence = found([0.5] * 2, [np.log(30.0), 0.0])
    assert select(kinds("fill", "fill"), evidence, 0.01).e_selected.tolist() == [False, False]
    assert select(kinds("fill", "fill"), evidence, 0.1).e_selected.tolist() == [True, False]


def test_nobody_judged_selects_nobody() -> None:
    nobody = select(kinds(), found([], []))
    assert nobody.q_value.size == nobody.e_selected.size == 0
    unjudged = select(kinds("fill"), found([0.5], [0.0], [False]))
    assert np.isnan(unjudged.q_value).all()


def test_wallets_that_stop_when_behind_do_not_make_those_that_go_on_look_skilled() -> None:
    discoveries = {True: 0, False: 0}
    for seed in range(60):
        rng = np.random.default_rng(seed)
        won = np.cumsum(rng.random((5_000, 200)) < 0.5, axis=1)
        bets = np.arange(1, 201)
        behind = 2 * won - bets <= -2
        n = np.where(behind.any(axis=1), behind.argmax(axis=1) + 1, 200)
        p_values = binom.sf(won[np.arange(n.size), n - 1] - 1, n, 0.5)
        evidence = found(p_values.tolist(), [0.0] * n.size, (n >= 50).tolist())
        for all_tried in discoveries:
            tried = None if all_tried else evidence.enough
            chosen = select(kinds(*["fill"] * n.size), evidence, 0.2, trials=tried)
            discoveries[all_tried] += bool((chosen.q_value <= 0.2).any())
    assert discoveries[True] <= 60 * 0.2 + 3 * np.sqrt(60 * 0.2 * 0.8)
    assert discoveries[False] > 1.5 * discoveries[True]
