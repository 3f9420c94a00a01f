"""Daily peeking raises no false alarm beyond alpha, and the sequence holds the mean on all days at once."""

import math

import numpy as np
import pytest
from scipy.stats import binom

from whaletrader.quant.sequential import (
    TRUNCATION,
    ConfidenceSequence,
    EProcess,
    RunningMoments,
    confidence_sequence,
    log_capital,
)

DAYS = 730
ALPHA = 0.05


def coin(rng: np.random.Generator, mean: float) -> np.ndarray:
    return (rng.random(DAYS) < mean).astype(float)


def heavy(rng: np.random.Generator, mean: float) -> np.ndarray:
    return rng.beta(0.05, 0.05 * (1.0 - mean) / mean, DAYS)


def switching(rng: np.random.Generator, mean: float) -> np.ndarray:
    """Each day's spread depends on the day before; its mean does not."""
    calm = mean + min(mean, 1.0 - mean) * 0.1 * rng.choice([-1.0, 1.0], DAYS)
    wild = coin(rng, mean)
    return np.where(np.concatenate(([True], wild[:-1] > 0.5)), wild, calm)


NULLS = [(coin, 0.5), (coin, 0.95), (coin, 0.05), (heavy, 0.3), (switching, 0.6)]


def most_allowed(runs: int) -> int:
    """The count that a true rate of alpha stays below in all but a thousandth of such simulations."""
    return int(binom.ppf(0.999, runs, ALPHA))


@pytest.mark.parametrize(("draw", "mean"), NULLS)
def test_two_years_of_daily_peeking_raise_at_most_alpha_false_alarms(draw, mean) -> None:
    rng = np.random.default_rng(11)
    alarms = sum(log_capital(draw(rng, mean), mean).max() >= -math.log(ALPHA) for _ in range(800))
    assert alarms <= most_allowed(800)


def test_a_fixed_test_that_is_peeked_at_daily_would_raise_far_more() -> None:
    rng, n = np.random.default_rng(12), np.arange(1, DAYS + 1)
    alarms = 0
    for _ in range(200):
        z = (np.cumsum(coin(rng, 0.5)) - n / 2) / np.sqrt(n / 4)
        alarms += bool(np.any(z[30:] > 1.645))
    assert alarms / 200 > 4 * ALPHA


@pytest.mark.parametrize(("draw", "mean"), NULLS)
def test_the_sequence_holds_the_mean_on_every_day_in_95_percent_of_lives(draw, mean) -> None:
    rng, missed = np.random.default_rng(13), 0
    for _ in range(200):
        lower, upper = confidence_sequence(draw(rng, mean), alpha=ALPHA, grid_points=101)
        missed += (
            not lower[-1] < mean - 1e-9 < mean + 1e-9 < upper[-1]
        )  # the mean is on the grid: rejected, it is a bound
    assert missed <= most_allowed(200)


def test_an_edge_is_found_and_a_loser_is_not() -> None:
    rng = np.random.default_rng(14)
    assert sum(log_capital(coin(rng, 0.6), 0.5).max() >= math.log(1000) for _ in range(100)) >= 80
    assert sum(log_capital(coin(rng, 0.4), 0.5).max() >= math.log(20) for _ in range(100)) <= 2


def plain_capital(xs: list[float], m: float) -> list[float]:
    capital, total, squares, out = 1.0, 0.0, 0.25, []
    for t, x in enumerate(xs, start=1):
        mean, variance = (m + total) / t, squares / t
        bet = min(max((mean - m) / (variance + (mean - m) ** 2), 0.0), 0.5 / m)
        capital *= 1.0 + bet * (x - m)
        total += x
        squares += (x - (m + total) / (t + 1)) ** 2
        out.append(capital)
    return out


@pytest.mark.parametrize("m", [0.05, 0.5, 0.93])
def test_the_capital_follows_the_plain_loop(m: float) -> None:
    xs = np.random.default_rng(15).random(120)
    assert np.exp(log_capital(xs, m)) == pytest.approx(plain_capital(xs.tolist(), m), rel=1e-10)


@pytest.mark.parametrize("m", [0.2, 0.55])
def test_updates_equal_the_batch(m: float) -> None:
    xs = np.random.default_rng(16).random(200)
    process, path = EProcess(m), []
    for x in xs:
        process = process.update(float(x))
        path.append(process.log_value)
    batch = log_capital(xs, m)
    assert path == pytest.approx(batch, abs=1e-11)
    assert process.log_peak == pytest.approx(max(0.0, batch.max()), abs=1e-11)
    assert process.p_value() == pytest.approx(min(1.0, math.exp(-batch.max())), rel=1e-9)


def test_another_unit_changes_nothing() -> None:
    xs = np.random.default_rng(17).random(100)
    assert log_capital(4.0 * xs - 3.0, -1.0, -3.0, 1.0) == pytest.approx(log_capital(xs, 0.5), abs=1e-11)
    lower, upper = confidence_sequence(xs)
    other = confidence_sequence(4.0 * xs - 3.0, -3.0, 1.0)
    assert other[0] == pytest.approx(4.0 * lower - 3.0, abs=0.005)
    assert other[1] == pytest.approx(4.0 * upper - 3.0, abs=0.005)


def plain_interval(xs: list[float], alpha: float, points: int) -> tuple[float, float]:
    grid = [k / (points - 1) for k in range(points)]
    low, high = 0.0, 1.0
    for m in grid:
        up = down = 1.0
        total, squares = 0.0, 0.25
        for t, x in enumerate(xs, start=1):
            bet = math.sqrt(2 * math.log(2 / alpha) / (squares / t * t * math.log(t + 1)))
            up *= 1.0 + (min(bet, 0.5 / m) if m > 0 else bet) * (x - m)
            down *= 1.0 - (min(bet, 0.5 / (1 - m)) if m < 1 else bet) * (x - m)
            total += x
            squares += (x - (0.5 + total) / (t + 1)) ** 2
            low = max(low, m) if up / 2 >= 1 / alpha else low
            high = min(high, m) if down / 2 >= 1 / alpha else high
    return low, high


@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_the_sequence_follows_the_plain_loop(alpha: float) -> None:
    xs = np.random.default_rng(18).beta(2, 5, 150)
    lower, upper = confidence_sequence(xs, alpha=alpha, grid_points=51)
    assert (lower[-1], upper[-1]) == pytest.approx(plain_interval(xs.tolist(), alpha, 51), abs=1e-12)


def test_the_updated_sequence_equals_the_batch_on_every_day() -> None:
    xs = np.random.default_rng(19).uniform(-1.0, 1.0, 150)
    lower, upper = confidence_sequence(xs, -1.0, 1.0, grid_points=201)
    sequence = ConfidenceSequence(-1.0, 1.0, grid_points=201)
    for day, x in enumerate(xs):
        sequence = sequence.update(float(x))
        assert (sequence.lower, sequence.upper) == pytest.approx((lower[day], upper[day]), abs=1e-12)


def test_updating_leaves_the_value_before_as_it_was() -> None:
    before, sequence = EProcess(0.5), ConfidenceSequence()
    assert before.update(1.0).update(1.0) != before == EProcess(0.5)
    assert sequence.update(1.0).up is not None
    assert sequence.up is None


def test_the_grids_bounds_lie_outwards_by_at_most_one_step() -> None:
    xs = np.random.default_rng(20).random(300)
    coarse, fine = confidence_sequence(xs, grid_points=101), confidence_sequence(xs, grid_points=10_001)
    assert bool(np.all(coarse[0] <= fine[0] + 1e-12))
    assert bool(np.all(coarse[1] >= fine[1] - 1e-12))
    assert float(np.max(fine[0] - coarse[0])) <= 0.01 + 1e-9
    assert float(np.max(coarse[1] - fine[1])) <= 0.01 + 1e-9


def test_wins_only_grow_the_capital_by_the_closed_form() -> None:
    """Against m = 1/2 the bet is cut at 1 once the mean is far enough: each win then makes 3/2 of the capital."""
    growth = np.diff(log_capital(np.ones(40), 0.5))
    assert growth[-1] == pytest.approx(math.log(1.0 + TRUNCATION / 0.5 * 0.5))


def test_the_first_day_bets_nothing_and_no_day_gives_no_evidence() -> None:
    assert log_capital(np.array([1.0]), 0.3).tolist() == [0.0]
    assert log_capital(np.empty(0), 0.3).size == 0
    assert EProcess(0.3).p_value() == 1.0
    assert confidence_sequence(np.empty(0))[0].size == 0


def test_a_98_percent_win_rate_at_95_cents_is_little_evidence_and_at_60_cents_it_is_much() -> None:
    hits = np.ones(50)
    hits[25] = 0.0
    assert log_capital(hits, 0.95).max() < math.log(20)
    assert log_capital(hits, 0.60).max() > math.log(1000)


def test_the_moments_are_those_of_the_paper() -> None:
    moments = RunningMoments(0.5).update(1.0).update(0.0)
    assert moments.mean() == pytest.approx((0.5 + 1.0) / 3)
    assert moments.variance() == pytest.approx((0.25 + (1.0 - 0.75) ** 2 + (0.0 - 0.5) ** 2) / 3)


def test_rejecting_looks_at_the_peak() -> None:
    process = EProcess(0.5)
    for x in [1.0] * 15 + [0.0] * 15:
        process = process.update(x)
    assert process.log_value < math.log(20) <= process.log_peak
    assert process.rejects(0.05)


@pytest.mark.parametrize("bound", [0.0, 1.0, -0.1])
def test_a_bound_at_or_beyond_the_limits_is_a_bug(bound: float) -> None:
    with pytest.raises(AssertionError):
        log_capital(np.ones(3), bound)


@pytest.mark.parametrize("observation", [1.1, -0.1, math.nan, math.inf])
def test_an_observation_outside_its_limits_is_a_bug(observation: float) -> None:
    with pytest.raises(AssertionError):
        log_capital(np.array([observation]), 0.5)
    with pytest.raises(AssertionError):
        EProcess(0.5).update(observation)
    with pytest.raises(AssertionError):
        ConfidenceSequence().update(observation)
    with pytest.raises(AssertionError):
        confidence_sequence(np.array([observation]))
