"""Reality Check, SPA and StepM: equal to arch on the same resamples, equal to plain loops, honest under the null."""

import math
import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray

from whaletrader.quant.reality_check import long_run_variance, reality_check, stepwise_test, superior_ability

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BLOCK = 5


def losses(seed: int, t: int = 120, k: int = 12, gain: float = 0.15) -> tuple[Floats, Floats]:
    """Losses that depend on the day before; of the models some are better, some worse, some very noisy."""
    generator = np.random.default_rng(seed)
    noise = generator.normal(size=(t, k + 1))
    for i in range(1, t):
        noise[i] += 0.4 * noise[i - 1]
    noise[:, 1:] *= np.linspace(0.3, 3.0, k)
    noise[:, 1:] -= gain * np.linspace(1.0, -2.0, k)
    return noise[:, 0] * 0.2, noise[:, 1:]


def stationary(seed: int, t: int, b: int, block: float = BLOCK) -> Ints:
    """Politis and Romano's resamples: go on to the next day, or with chance 1 / block to any day."""
    generator = np.random.default_rng(seed)
    rows = generator.integers(0, t, size=(b, t))
    jumps = generator.random((b, t)) < 1.0 / block
    for i in range(1, t):
        rows[:, i] = np.where(jumps[:, i], rows[:, i], (rows[:, i - 1] + 1) % t)
    return rows


def of_arch(benchmark: Floats, models: Floats, seed: int, b: int) -> Ints:
    """The resamples that arch draws from a seed."""
    from arch.bootstrap import StationaryBootstrap

    bootstrap = StationaryBootstrap(BLOCK, benchmark[:, None] - models, seed=seed)
    return np.array([np.array(bootstrap.index) for _ in bootstrap.bootstrap(b)], np.int64)


def plain_spa(benchmark: Floats, models: Floats, resamples: Ints, variances: Floats, studentise: bool) -> list[float]:
    t, k = models.shape
    gains = [[float(benchmark[i] - models[i, j]) for i in range(t)] for j in range(k)]
    means = [sum(gain) / t for gain in gains]
    scale = [math.sqrt(variances[j]) if studentise else 1.0 for j in range(k)]
    observed = max(means[j] / scale[j] for j in range(k))
    if observed <= 0:
        return [1.0] * 3
    bound = [-math.sqrt(variances[j] / t * 2 * math.log(math.log(t))) for j in range(k)]
    hits = [0, 0, 0]
    for rows in resamples:
        drawn = [sum(gains[j][i] for i in rows) / t for j in range(k)]
        centres = [[max(m, 0) for m in means], [m if m >= b else 0 for m, b in zip(means, bound, strict=True)], means]
        for form, centre in enumerate(centres):
            hits[form] += max((drawn[j] - centre[j]) / scale[j] for j in range(k)) >= observed
    return [hit / len(resamples) for hit in hits]


def plain_step_m(benchmark: Floats, models: Floats, resamples: Ints, scale: Floats, level: float) -> list[int]:
    """The stepwise rule as its paper states it: reject beyond the quantile, drop the rejected, start again."""
    gains = benchmark[:, None] - models
    means = gains.mean(axis=0)
    drawn = np.array([(gains[rows].mean(axis=0) - means) / scale for rows in resamples])
    left, rejected = list(range(models.shape[1])), list[int]()
    while left:
        largest = np.sort(drawn[:, left].max(axis=1))[::-1]
        allowed = math.floor(level * (len(resamples) + 1)) - 1  # resamples that may be as large
        new = [j for j in left if allowed >= 0 and means[j] > 0 and means[j] / scale[j] > largest[allowed]]
        if not new:
            break
        rejected += new
        left = [j for j in left if j not in new]
    return sorted(rejected)


@pytest.mark.parametrize("seed", range(6))
def test_the_three_p_values_are_those_of_arch_on_the_same_resamples(seed: int) -> None:
    from arch.bootstrap import SPA

    benchmark, models = losses(seed, gain=0.02 * seed)
    spa = SPA(benchmark, models, block_size=BLOCK, reps=300, seed=seed)
    spa.compute()
    resamples = of_arch(benchmark, models, seed, 300)
    found = superior_ability(benchmark, models, resamples, mean_block=BLOCK, studentise=False)
    assert found.statistic > 0
    assert [found.lower, found.consistent, found.upper] == spa.pvalues.tolist()
    assert reality_check(benchmark, models, resamples) == spa.pvalues["upper"]


@pytest.mark.parametrize("seed", range(4))
def test_studentised_it_is_arch_on_gains_of_unit_variance(seed: int) -> None:
    from arch.bootstrap import SPA

    benchmark, models = losses(seed, gain=0.05)
    gains = benchmark[:, None] - models
    spa = SPA(np.zeros(120), -gains / np.sqrt(long_run_variance(gains, BLOCK)), block_size=BLOCK, reps=300, seed=seed)
    spa.compute()
    found = superior_ability(benchmark, models, of_arch(benchmark, models, seed, 300), mean_block=BLOCK)
    assert [found.lower, found.consistent, found.upper] == spa.pvalues.tolist()


def test_the_variances_are_those_of_arch() -> None:
    from arch.bootstrap import SPA

    benchmark, models = losses(2)
    spa = SPA(benchmark, models, block_size=BLOCK, reps=2, seed=1)
    spa.compute()
    expected = spa._loss_diff_var
    assert long_run_variance(benchmark[:, None] - models, BLOCK) == pytest.approx(expected, rel=1e-10)


def test_the_variances_are_those_of_the_resampled_means() -> None:
    benchmark, models = losses(8, t=60, k=4)
    gains = benchmark[:, None] - models
    drawn = np.array([gains[rows].mean(axis=0) for rows in stationary(1, 60, 8_000)])
    assert drawn.var(axis=0) * 60 == pytest.approx(long_run_variance(gains, BLOCK), rel=0.06)
    assert long_run_variance(gains, 1.0) == pytest.approx(gains.var(axis=0), rel=1e-12)


@pytest.mark.parametrize("studentise", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_it_equals_a_plain_loop(seed: int, studentise: bool) -> None:
    benchmark, models = losses(seed, t=30, k=5, gain=0.1)
    resamples = stationary(seed, 30, 120)
    variances = long_run_variance(benchmark[:, None] - models, BLOCK)
    found = superior_ability(benchmark, models, resamples, mean_block=BLOCK, studentise=studentise)
    assert [found.lower, found.consistent, found.upper] == plain_spa(
        benchmark, models, resamples, variances, studentise
    )
    assert found.resamples == 120


@pytest.mark.parametrize("level", [0.05, 0.2, 0.4])
@pytest.mark.parametrize("studentise", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_better_models_are_those_of_the_stepwise_rule(seed: int, studentise: bool, level: float) -> None:
    benchmark, models = losses(seed, gain=0.4)
    resamples = stationary(seed, 120, 199)
    found = stepwise_test(benchmark, models, resamples, mean_block=BLOCK, studentise=studentise)
    variances = long_run_variance(benchmark[:, None] - models, BLOCK)
    scale = np.sqrt(variances) if studentise else np.ones(12)
    expected = plain_step_m(benchmark, models, resamples, scale, level)
    assert np.flatnonzero(found.p_values <= level).tolist() == expected


@pytest.mark.parametrize(("seed", "better"), [(0, [0, 1]), (1, [0]), (5, [0, 1, 4]), (7, [0])])
def test_the_better_models_are_those_of_arch(seed: int, better: list[int]) -> None:
    from arch.bootstrap import StepM

    benchmark, models = losses(seed, gain=0.4)
    models[:, 6:] = benchmark[:, None] - models[:, :6] + models[:, :6].mean(axis=0)  # no gain on average
    step_m = StepM(benchmark, models, size=0.05, block_size=BLOCK, reps=400, seed=seed)
    step_m.compute()
    assert bool(step_m.spa._valid_columns.all())  # else arch leaves models out, by Hansen's rule and not the paper's
    resamples = of_arch(benchmark, models, seed, 400)
    found = stepwise_test(benchmark, models, resamples, mean_block=BLOCK, studentise=False)
    assert np.flatnonzero(found.p_values <= 0.05).tolist() == list(step_m.superior_models) == better


def test_the_first_step_is_the_upper_p_value() -> None:
    benchmark, models = losses(1, gain=0.05)
    resamples = stationary(3, 120, 500)
    upper = superior_ability(benchmark, models, resamples, mean_block=BLOCK).upper
    steps = stepwise_test(benchmark, models, resamples, mean_block=BLOCK)
    assert steps.p_values.min() == pytest.approx((1 + 500 * upper) / 501, abs=1e-12)
    assert bool(np.all(np.diff(steps.p_values[np.argsort(-steps.statistics)]) >= 0))


def test_hopeless_models_cost_the_reality_check_its_power_but_not_hansens_test() -> None:
    generator = np.random.default_rng(5)
    benchmark = np.zeros(200)
    good = generator.normal(-0.25, 1.0, size=(200, 1))
    hopeless = generator.normal(4.0, 15.0, size=(200, 60))
    models, resamples = np.hstack([good, hopeless]), stationary(1, 200, 500, 1.0)
    assert reality_check(benchmark, models, resamples) > 0.5
    found = superior_ability(benchmark, models, resamples, mean_block=1.0)
    assert (found.best, found.consistent <= 0.02) == (0, True)
    assert found.lower <= found.consistent <= found.upper


def test_the_best_of_many_without_skill_is_significant_no_oftener_than_the_level() -> None:
    runs, level = 300, 0.1
    counts = np.zeros(4)
    for seed in range(runs):
        generator = np.random.default_rng(seed)
        benchmark, models = np.zeros(80), generator.normal(size=(80, 10)) + 0.5 * generator.normal(size=(80, 1))
        resamples = generator.integers(0, 80, size=(99, 80))
        found = superior_ability(benchmark, models, resamples, mean_block=1.0)
        steps = stepwise_test(benchmark, models, resamples, mean_block=1.0)
        p_values = [found.consistent, found.upper, reality_check(benchmark, models, resamples), steps.p_values.min()]
        counts += np.array(p_values) <= level
    band = level + 3 * math.sqrt(level * (1 - level) / runs) + 0.01  # and the resamples' own step
    assert float(counts.max()) / runs <= band
    assert float(counts[1]) / runs >= level / 3  # not by never rejecting


def test_independent_resamples_of_dependent_days_find_skill_where_there_is_none() -> None:
    false = {1: 0, 12: 0}
    for seed in range(100):
        noise = np.random.default_rng(seed).normal(size=(150, 4))
        for i in range(1, 150):
            noise[i] += 0.8 * noise[i - 1]
        for block in false:
            resamples = stationary(seed, 150, 99, block)
            false[block] += superior_ability(np.zeros(150), noise, resamples, mean_block=block).upper <= 0.05
    assert false[1] >= 2 * false[12]
    assert false[1] >= 25


def test_models_no_better_than_the_benchmark_have_a_p_value_of_one() -> None:
    benchmark, _ = losses(1)
    resamples = stationary(2, 120, 50)
    for models in (benchmark[:, None] + np.array([0.0, 0.5]), benchmark[:, None].copy()):
        found = superior_ability(benchmark, models, resamples, mean_block=BLOCK)
        assert (found.lower, found.consistent, found.upper) == (1.0, 1.0, 1.0)
        assert reality_check(benchmark, models, resamples) == 1.0
        assert set(stepwise_test(benchmark, models, resamples, mean_block=BLOCK).p_values.tolist()) == {1.0}


def test_a_gain_that_never_varies_is_left_out_when_studentised() -> None:
    benchmark, models = losses(1, k=3)
    constant = np.hstack([benchmark[:, None] - 0.1, models])
    resamples = stationary(2, 120, 200)
    with_it = superior_ability(benchmark, constant, resamples, mean_block=BLOCK)
    without = superior_ability(benchmark, models, resamples, mean_block=BLOCK)
    assert (with_it.statistic, with_it.best) == (pytest.approx(without.statistic, rel=1e-12), without.best + 1)
    assert stepwise_test(benchmark, constant, resamples, mean_block=BLOCK).p_values[0] == 1.0


def test_the_memory_is_bounded() -> None:
    generator = np.random.default_rng(1)
    benchmark, models = generator.normal(size=200), generator.normal(size=(200, 300))
    resamples = generator.integers(0, 200, size=(5_000, 200))  # 300 million cells would be 2.4 GB
    tracemalloc.start()
    reality_check(benchmark, models, resamples)
    superior_ability(benchmark, models, resamples, mean_block=BLOCK)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 120_000_000


def test_what_cannot_be_is_refused() -> None:
    benchmark, models = losses(1, t=20, k=2)
    rows = stationary(1, 20, 5)
    broken = models.copy()
    broken[3, 1] = math.nan
    for arguments in (
        (benchmark, broken, rows),
        (benchmark[:-1], models, rows),
        (benchmark, models[:, :0], rows),
        (benchmark, models, rows[:, :-1]),
        (benchmark, models, rows[:0]),
        (benchmark, models, rows + 1),
        (benchmark, models, rows - 1),
    ):
        with pytest.raises(AssertionError):
            reality_check(*arguments)
    with pytest.raises(AssertionError):
        superior_ability(benchmark, models, rows, mean_block=0.5)
