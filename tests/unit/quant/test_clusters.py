"""What clustered observations are worth, against a plain count of pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.quant.clusters import design_effect, effective_number

sizes = st.lists(st.integers(1, 12), min_size=1, max_size=40)


@given(sizes)
@settings(max_examples=80, deadline=None)
def test_it_is_the_number_over_the_mean_size_of_an_observations_cluster(given_sizes: list[int]) -> None:
    label = [cluster for cluster, size in enumerate(given_sizes) for _ in range(size)]
    beside = [sum(1 for other in label if other == mine) for mine in label]
    wanted = sum(beside) / len(beside)
    assert design_effect(np.array(label, np.int64)) == pytest.approx(wanted)
    assert effective_number(given_sizes) == pytest.approx(len(label) / wanted)


@given(sizes)
@settings(max_examples=60, deadline=None)
def test_it_lies_between_one_and_the_number_of_clusters_and_their_order_does_not_matter(
    given_sizes: list[int],
) -> None:
    found = effective_number(given_sizes)
    assert 1.0 - 1e-12 <= found <= len(given_sizes) + 1e-9
    assert effective_number(sorted(given_sizes)) == found


@pytest.mark.parametrize(("given_sizes", "wanted"), [([], 0.0), ([1], 1.0), ([9], 1.0), ([1] * 7, 7.0), ([4] * 7, 7.0)])
def test_clusters_of_one_size_are_worth_their_number(given_sizes: list[int], wanted: float) -> None:
    assert effective_number(given_sizes) == wanted


def test_one_great_cluster_among_single_ones_is_worth_little() -> None:
    assert effective_number([1, 5]) == pytest.approx(36 / 26)
    assert effective_number([1] * 10 + [1_000]) < 1.03


def test_the_variance_of_a_mean_of_clusters_that_go_together_is_that_of_so_many_independent_ones() -> None:
    rng = np.random.default_rng(3)
    given_sizes = [1, 2, 3, 8, 1, 5]
    draws = rng.integers(0, 2, size=(40_000, len(given_sizes))) @ np.array(given_sizes) / sum(given_sizes)
    assert draws.var() == pytest.approx(0.25 / effective_number(given_sizes), rel=0.03)
