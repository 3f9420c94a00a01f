"""Names, units and onlookers change no verdict on the best of many models."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.quant.reality_check import reality_check, stepwise_test, superior_ability

T, B = 24, 40
cases = st.tuples(st.integers(0, 10**6), st.integers(1, 6), st.floats(-0.3, 0.8), st.floats(1.0, 8.0))


def drawn(case):
    seed, k, gain, block = case
    generator = np.random.default_rng(seed)
    models = generator.normal(size=(T, k)) * generator.uniform(0.2, 3.0, k) - gain
    return generator.normal(size=T), models, generator.integers(0, T, size=(B, T)), block


@settings(max_examples=80, deadline=None)
@given(cases)
def test_the_three_p_values_are_ordered_and_between_nought_and_one(case):
    benchmark, models, resamples, block = drawn(case)
    for studentise in (False, True):
        found = superior_ability(benchmark, models, resamples, mean_block=block, studentise=studentise)
        assert 0.0 <= found.lower <= found.consistent <= found.upper <= 1.0
    assert superior_ability(
        benchmark, models, resamples, mean_block=block, studentise=False
    ).upper == reality_check(benchmark, models, resamples)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(cases, st.randoms(use_true_random=False))
def test_the_order_of_the_models_is_of_no_matter(case, random):
    benchmark, models, resamples, block = drawn(case)
    order = random.sample(range(models.shape[1]), models.shape[1])
    before = stepwise_test(benchmark, models, resamples, mean_block=block)
    after = stepwise_test(benchmark, models[:, order], resamples, mean_block=block)
    assert after.p_values.tolist() == before.p_values[order].tolist()
    assert after.statistics == pytest.approx(before.statistics[order], rel=1e-9)


@settings(max_examples=80, deadline=None)
@given(cases, st.integers(-8, 8))
def test_the_unit_of_the_losses_is_of_no_matter(case, power):
    benchmark, models, resamples, block = drawn(case)
    unit = 2.0**power
    before = stepwise_test(benchmark, models, resamples, mean_block=block)
    after = stepwise_test(benchmark * unit, models * unit, resamples, mean_block=block)
    assert after.p_values.tolist() == before.p_values.tolist()


@settings(max_examples=80, deadline=None)
@given(cases)
def test_one_more_model_looked_at_never_helps_the_others(case):
    benchmark, models, resamples, block = drawn(case)
    alone = stepwise_test(benchmark, models[:, :-1], resamples, mean_block=block) if models.shape[1] > 1 else None
    joined = stepwise_test(benchmark, models, resamples, mean_block=block)
    assert alone is None or bool(np.all(joined.p_values[:-1] >= alone.p_values))
    assert float(joined.p_values.min()) >= 1 / (B + 1)
