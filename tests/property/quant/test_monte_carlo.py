"""A sequential p-value is one that could have been had with all the draws, in any batches."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.quant.monte_carlo import expected_draws, sequential_p_value, sequential_p_value_of_stream

marks = st.lists(st.booleans(), min_size=1, max_size=300)


@settings(max_examples=200, deadline=None)
@given(marks, st.integers(1, 12), st.integers(1, 50))
def test_draws_and_stream_agree_in_any_batches(exceeds, enough, largest_batch):
    values = np.array(exceeds, np.float64)
    of_stream = sequential_p_value_of_stream(exceeds, most=len(exceeds), enough=enough)
    of_draws = sequential_p_value(
        0.5, lambda first, count: values[first : first + count],
        most=len(exceeds), enough=enough, largest_batch=largest_batch,
    )  # fmt: skip
    assert of_draws == of_stream
    assert of_draws.resolution <= of_draws.p_value <= 1.0
    assert of_draws.exceedances <= min(enough, of_draws.draws)


@settings(max_examples=200, deadline=None)
@given(marks, st.integers(1, 12), st.data())
def test_one_more_exceedance_never_makes_the_p_value_smaller(exceeds, enough, data):
    more = list(exceeds)
    more[data.draw(st.integers(0, len(more) - 1))] = True
    before = sequential_p_value_of_stream(exceeds, most=len(exceeds), enough=enough)
    after = sequential_p_value_of_stream(more, most=len(more), enough=enough)
    assert after.p_value >= before.p_value
    assert after.draws <= before.draws


@settings(max_examples=100, deadline=None)
@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.integers(1, 10**7), st.integers(1, 50))
def test_the_cost_falls_with_the_p_value_and_is_bounded(p, q, most, enough):
    low, high = (expected_draws(x, most=most, enough=enough) for x in sorted((p, q)))
    assert high <= low * (1 + 1e-9)
    assert min(enough, most) * (1 - 1e-9) <= high
    assert low <= most * (1 + 1e-9)
