"""Detectors of a fall: their definitions in plain loops, their guarantees by simulation, and falls only."""

from math import exp, inf, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.quant.drift import (
    Adwin,
    Cusum,
    EDetector,
    adwin_alarm,
    bet_factor,
    cusum_arl,
    cusum_paths,
    cusum_threshold,
    e_detector_paths,
    first_at_least,
)

shares = st.floats(0.0, 1.0)
chances = st.floats(0.02, 0.98)


def page_by_loop(z, reference):
    """Page's sum is the greatest sum of any last stretch, or nothing."""
    steps = [value - reference for value in z]
    return [max(0.0, *(sum(steps[begin : end + 1]) for begin in range(end + 1))) for end in range(len(z))]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-3.0, 3.0), min_size=1, max_size=40), st.floats(0.0, 1.0))
def test_the_sum_is_the_greatest_of_any_last_stretch(z, reference):
    folded, sums = Cusum(reference, 4.0), []
    for value in z:
        folded = folded.update(value)
        sums.append(folded.value)
    expected = page_by_loop(z, reference)
    assert sums == pytest.approx(expected, abs=1e-9)
    assert cusum_paths(np.array([z]), reference)[0] == pytest.approx(expected, abs=1e-9)
    assert folded.peak == max(sums)


def test_an_alarm_stands():
    cusum = Cusum(0.5, 2.0).update(3.0)
    assert cusum.alarmed
    assert cusum.update(-9.0).alarmed
    assert not Cusum(0.5, 2.0).update(2.0).alarmed


@pytest.mark.parametrize(("shift", "table"), [(0.0, 336.0), (0.5, 26.6), (1.0, 8.38), (1.5, 4.75), (2.0, 3.34)])
def test_the_run_length_agrees_with_the_published_table(shift, table):
    # Montgomery, Introduction to Statistical Quality Control, table 9.3: k = 1/2, h = 4 (168 two-sided)
    assert cusum_arl(0.5, 4.0, shift) == pytest.approx(table, rel=0.04)


def test_the_run_length_agrees_with_a_simulation():
    rng = np.random.default_rng(5)
    threshold = cusum_threshold(0.25, 200.0)
    alarms = first_at_least(cusum_paths(rng.standard_normal((2_000, 2_400)), 0.25), threshold) + 1
    assert alarms.mean() == pytest.approx(200.0, rel=0.08)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.01, 1.0), st.floats(10.0, 10_000.0))
def test_the_threshold_is_the_least_that_gives_the_run_length(reference, arl):
    threshold = cusum_threshold(reference, arl)
    assert cusum_arl(reference, threshold) >= arl * (1 - 1e-9)
    assert threshold < 1e-6 or cusum_arl(reference, threshold - 1e-6) < arl


def test_a_sum_that_never_alarms_has_an_infinite_run_length():
    assert cusum_arl(1.0, 1_000.0) == inf


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(shares, chances, st.floats(0.1, 1.0)), min_size=1, max_size=30))
def test_the_capital_is_that_of_one_bettor_per_observation(stream):
    detector, capital = EDetector(), []
    for share, promised, part in stream:
        detector = detector.update(share, promised, promised * part)
        factor = bet_factor(share, promised, promised * part)
        capital = [each * factor for each in [*capital, 1.0]]
    assert detector.log_value == pytest.approx(log(sum(capital)), abs=1e-9)
    rows = [np.array([column]) for column in zip(*((s, p, p * f) for s, p, f in stream), strict=True)]
    assert e_detector_paths(*rows)[0, -1] == pytest.approx(detector.log_value, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(chances, st.floats(0.1, 1.0), st.floats(0.0, 1.0))
def test_a_bet_is_fair_at_the_promise_and_loses_above_it(promised, part, better):
    fallen = promised * part
    mean = promised * bet_factor(1.0, promised, fallen) + (1.0 - promised) * bet_factor(0.0, promised, fallen)
    assert mean == pytest.approx(1.0, abs=1e-12)
    above = promised + better * (1.0 - promised)
    assert above * bet_factor(1.0, promised, fallen) + (1.0 - above) * bet_factor(0.0, promised, fallen) <= 1.0 + 1e-12


def test_false_alarms_come_no_oftener_than_promised_whatever_the_tails():
    rng = np.random.default_rng(11)
    runs, n, arl = 3_000, 1_000, 100.0
    promised = rng.uniform(0.1, 0.9, (runs, n))
    rare = np.where(rng.random((runs, n)) < promised, 1.0, 0.0)
    mixed = np.clip(promised + rng.choice([-0.05, 0.05], (runs, n)), 0.0, 1.0)
    for observed in (rare, mixed):
        paths = e_detector_paths(observed, promised, np.maximum(promised - 0.1, 0.01))
        # Where no alarm came the run is cut at n: the true mean is longer still.
        assert np.minimum(first_at_least(paths, log(arl)) + 1, n).mean() >= arl


def test_a_fall_is_seen_sooner_than_nothing():
    rng = np.random.default_rng(3)
    promised = np.full((500, 400), 0.6)
    well = np.where(rng.random((500, 400)) < 0.6, 1.0, 0.0)
    fallen = np.where(rng.random((500, 400)) < 0.5, 1.0, 0.0)
    alarms = [first_at_least(e_detector_paths(x, promised, promised - 0.1), log(500.0)) for x in (well, fallen)]
    assert np.median(alarms[1]) < 350 < np.median(alarms[0])


def test_the_detectors_peak_decides():
    detector = EDetector()
    for _ in range(12):
        detector = detector.update(0.0, 0.6, 0.3)
    assert detector.alarmed(100.0)
    for _ in range(50):
        detector = detector.update(1.0, 0.6, 0.3)
    assert detector.log_value < log(100.0)
    assert detector.alarmed(100.0)
    assert exp(detector.log_peak) > 100.0


def test_a_streams_end_leaves_the_rest_empty():
    z = np.array([[0.5, np.nan, np.nan], [0.5, 1.0, 1.0]])
    assert np.isnan(cusum_paths(z, 0.0)).tolist() == [[False, True, True], [False, False, False]]
    share = np.array([[0.5, np.nan], [0.5, 1.0]])
    paths = e_detector_paths(share, np.full((2, 2), 0.5), np.full((2, 2), 0.4))
    assert np.isnan(paths).tolist() == [[False, True], [False, False]]
    assert first_at_least(z, 0.9).tolist() == [3, 1]


def test_adwin_reports_falls_and_no_rises():
    rng = np.random.default_rng(2)
    high, low = (rng.uniform(0.7, 0.9, 200), rng.uniform(0.1, 0.3, 200))
    assert 200 < adwin_alarm(np.concatenate([high, low]), 0.01) < 260
    assert adwin_alarm(np.concatenate([low, high]), 0.01) == 400


def test_adwin_says_what_river_says_of_a_fall():
    from river.drift import ADWIN

    rng = np.random.default_rng(7)
    stream = np.concatenate([rng.random(150), 0.2 * rng.random(150)])
    river, ours = ADWIN(delta=0.05, clock=1), Adwin(0.05)
    for share in stream:
        before = river.estimation
        river.update(share)
        assert ours.update(float(share)) == (river.drift_detected and river.estimation < before)
    assert ours.alarmed


def test_adwin_of_the_same_stream_is_the_same():
    stream = np.random.default_rng(4).random(300)
    assert adwin_alarm(stream, 0.9) == adwin_alarm(stream, 0.9)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_an_observation_outside_its_limits_is_a_bug(share):
    with pytest.raises(AssertionError):
        EDetector().update(share, 0.5, 0.4)
    with pytest.raises(AssertionError):
        Adwin(0.1).update(share)
