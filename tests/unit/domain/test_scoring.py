"""The composite score: an oracle in plain loops, its weights, its interval, and what missing components do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from whaletrader.domain.scoring import (
    COMPONENTS,
    CompositeScores,
    CompositeWeights,
    CompositeWhaleScorer,
    blended,
    place_among,
)
from whaletrader.quant.ranking import quantile_normalised

Floats = NDArray[np.float64]
WEIGHTS = CompositeWeights(0.40, 0.20, 0.15, 0.15, 0.10)
SHARES = dict(zip(COMPONENTS, (0.40, 0.20, 0.15, 0.15, 0.10), strict=True))
NAN = float("nan")


def scored(components: dict[str, Floats], edge: Floats, error: Floats | float = 0.1) -> CompositeScores:
    return CompositeWhaleScorer(WEIGHTS).score(components, edge, edge - error, edge + error)


def random_universe(seed: int, wallets: int, missing: float) -> tuple[dict[str, Floats], Floats, Floats]:
    rng = np.random.default_rng(seed)
    components = {name: np.round(rng.normal(size=wallets), 1) for name in COMPONENTS}
    for name in COMPONENTS[1:]:
        components[name][rng.random(wallets) < missing] = NAN
    edge = np.round(rng.normal(size=wallets), 1)
    edge[rng.random(wallets) < missing] = NAN
    return components, edge, rng.uniform(0.0, 2.0, wallets)


def oracle(components: dict[str, Floats], edge: Floats, error: Floats) -> list[tuple[float, float, float]]:
    """The rule as it is told, one wallet after the other."""

    def place(values: list[float], at: float) -> float:
        return sum(1.0 if v < at else 0.5 if v == at else 0.0 for v in values) / len(values)

    judged = [u for u in range(edge.size) if not np.isnan(edge[u])]
    known = {name: [float(components[name][u]) for u in judged if not np.isnan(components[name][u])] for name in SHARES}
    edges = [float(edge[u]) for u in judged]
    out = []
    for u in range(edge.size):
        if u not in judged:
            out.append((NAN, NAN, NAN))
            continue
        point = low = high = weight = whole = 0.0
        for name, share in SHARES.items():
            if not known[name]:
                continue
            whole += share
            value = float(components[name][u])
            if np.isnan(value):
                high += share
                continue
            at = place(known[name], value)
            first = name == "profitability"
            point, weight = point + share * at, weight + share
            low += share * (min(at, place(edges, edge[u] - error[u])) if first else at)
            high += share * (max(at, place(edges, edge[u] + error[u])) if first else at)
        out.append((100 * point / weight, 100 * low / whole, 100 * high / whole))
    return out


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12), st.sampled_from([0.0, 0.3]))
def test_the_score_equals_the_rule_in_a_plain_loop(seed: int, wallets: int, missing: float) -> None:
    components, edge, error = random_universe(seed, wallets, missing)
    found = scored(components, edge, error)
    expected = np.array(oracle(components, edge, error)).T
    np.testing.assert_allclose(np.stack([found.composite, found.lower, found.upper]), expected, rtol=1e-12, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.sampled_from([0.0, 0.4]))
def test_the_interval_holds_the_score_and_both_lie_between_0_and_100(seed: int, wallets: int, missing: float) -> None:
    components, edge, error = random_universe(seed, wallets, missing)
    found = scored(components, edge, error)
    known = ~np.isnan(edge)
    assert np.array_equal(np.isnan(found.composite), ~known)
    assert np.all(found.lower[known] >= -1e-9)
    assert np.all(found.upper[known] <= 100.0 + 1e-9)
    assert np.all(found.lower[known] <= found.composite[known] + 1e-9)
    assert np.all(found.composite[known] <= found.upper[known] + 1e-9)


@pytest.mark.parametrize("name", COMPONENTS)
def test_more_of_a_component_never_lowers_the_score(name: str) -> None:
    components, edge, error = random_universe(3, 30, 0.0)
    before = scored(components, edge, error)
    components[name][7] = components[name].max() + 1.0
    after = scored(components, edge, error)
    assert after.composite[7] > before.composite[7]
    assert after.upper[7] >= before.upper[7]
    assert after.lower[7] >= before.lower[7]


@pytest.mark.parametrize("name", COMPONENTS)
def test_only_the_order_of_a_component_counts(name: str) -> None:
    components, edge, error = random_universe(4, 30, 0.0)
    before = scored(components, edge, error)
    components[name] = np.exp(3.0 * components[name]) - 100.0
    after = scored(components, edge, error)
    np.testing.assert_allclose(after.composite, before.composite)
    assert np.array_equal(after.rank, before.rank)


def test_the_weights_are_the_ones_given() -> None:
    edge = np.array([0.0, 1.0])
    for name, share in SHARES.items():
        components = {other: np.array([1.0, 1.0]) for other in COMPONENTS} | {name: np.array([0.0, 1.0])}
        found = scored(components, edge)
        assert found.composite[1] - found.composite[0] == pytest.approx(100 * share / 2)


def test_a_surer_edge_ranks_before_a_greater_one() -> None:
    edge = np.array([0.30, 0.20, 0.0, -0.1])
    components = {"profitability": edge}
    found = scored(components, edge, np.array([0.40, 0.05, 0.05, 0.05]))
    assert found.composite[0] > found.composite[1]
    assert found.rank.tolist() == [3, 1, 2, 3]


def test_the_percentile_of_the_first_of_two_is_75() -> None:
    edge = np.array([0.0, 1.0, NAN])
    found = scored({"profitability": edge}, edge)
    assert found.percentile[:2].tolist() == [25.0, 75.0]
    assert np.isnan(found.percentile[2])
    assert found.rank.tolist() == [2, 1, 0]


def test_a_missing_component_is_left_out_of_the_score_and_cannot_raise_its_lower_end() -> None:
    edge = np.array([0.1, 0.1, 0.1])
    size = np.array([3.0, NAN, 1.0])
    found = scored({"profitability": edge, "size": size}, edge)
    assert found.composite[1] == pytest.approx(50.0)
    assert found.lower[1] < found.lower[2] < found.lower[0]
    assert found.upper[1] > found.upper[0]
    assert found.rank.tolist() == [1, 3, 2]


def test_a_component_that_nobody_has_is_left_out_of_all() -> None:
    edge = np.linspace(-1.0, 1.0, 9)
    without = scored({"profitability": edge, "size": -edge}, edge)
    unknown = scored({"profitability": edge, "size": -edge, "liquidity": np.full(9, NAN)}, edge)
    assert np.array_equal(without.composite, unknown.composite)
    assert np.array_equal(without.upper, unknown.upper)


def test_a_wallet_that_is_not_judged_has_no_place_and_moves_nobody() -> None:
    components, edge, error = random_universe(5, 20, 0.0)
    before = scored(components, edge, error)
    more = {name: np.append(values, 99.0) for name, values in components.items()}
    after = scored(more, np.append(edge, NAN), np.append(error, 0.1))
    assert np.array_equal(after.composite[:-1], before.composite)
    assert np.isnan([after.composite[-1], after.lower[-1], *(places[-1] for places in after.places.values())]).all()


def test_without_profitability_there_is_no_score() -> None:
    edge = np.array([0.1, 0.2])
    found = scored({"profitability": np.array([NAN, 1.0]), "size": edge}, edge)
    assert np.isnan(found.composite[0])
    assert found.rank.tolist() == [0, 1]


@pytest.mark.parametrize("wallets", [0, 1])
def test_a_universe_of_none_or_one_is_scored(wallets: int) -> None:
    components, edge, error = random_universe(1, wallets, 0.0)
    found = scored(components, edge, error)
    assert found.composite.tolist() == pytest.approx([50.0] * wallets)
    assert found.rank.tolist() == [1] * wallets


def test_infinite_features_are_extremes_and_infinite_edges_are_not_judged() -> None:
    edge = np.array([0.1, 0.2, np.inf])
    found = scored({"profitability": np.array([-np.inf, np.inf, 0.0])}, edge)
    assert found.rank.tolist() == [2, 1, 0]
    assert not np.isnan(found.composite[:2]).any()


def test_the_order_of_the_wallets_does_not_matter() -> None:
    components, edge, error = random_universe(6, 25, 0.2)
    turned = {name: values[::-1].copy() for name, values in components.items()}
    before, after = scored(components, edge, error), scored(turned, edge[::-1].copy(), error[::-1].copy())
    assert np.array_equal(before.lower, after.lower[::-1], equal_nan=True)
    assert np.array_equal(before.rank, after.rank[::-1])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 2.0, np.inf, NAN]), max_size=12))
def test_the_places_of_the_values_themselves_are_the_normalised_ones(values: list[float]) -> None:
    array = np.array(values, np.float64)
    np.testing.assert_allclose(place_among(array, array), quantile_normalised(array), rtol=1e-14)


def test_a_blend_is_the_mean_of_the_known_places() -> None:
    found = blended(np.array([1.0, 2.0, NAN]), np.array([5.0, NAN, NAN]), np.array([1.0, 0.0, NAN]))
    assert found[:2].tolist() == pytest.approx([(0.25 + 0.5 + 0.75) / 3, (0.75 + 0.25) / 2])
    assert np.isnan(found[2])


@pytest.mark.parametrize(
    "weights",
    [(0.4, 0.2, 0.15, 0.15, 0.2), (1.2, -0.2, 0.0, 0.0, 0.0), (0.0, 0.5, 0.5, 0.0, 0.0), (NAN, 0.5, 0.5, 0.0, 0.0)],
)
def test_weights_that_are_none_are_refused(weights: tuple[float, float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="add up to 1"):
        CompositeWeights(*weights)
