"""When an edge is said to be lost: what each detector is fed, that the way of telling does not matter, who agrees."""

from itertools import pairwise
from math import log

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.domain.pruning import (
    WINDOW,
    Outcome,
    PruningRule,
    Watch,
    adwin_share,
    alarm_times,
    alarms,
    observe,
    promise,
    prune_reason,
    spread_of_bounds,
    watched,
)
from whaletrader.domain.reasons import PruneReason
from whaletrader.quant.drift import Adwin, bet_factor, cusum_threshold

RULE = PruningRule()
UNIT = 1_000_000


def outcome(edge_micro, cost_micro=500_000, group="g"):
    return Outcome(event_group_id=group, edge_micro=edge_micro, cost_micro=cost_micro)


def begun(promised=100_000, spread=450_000, strength=100, rule=RULE):
    return watched(promised, spread, strength, rule)


def coins(n, chance, seed=1):
    """Bets at even prices that win with a chance."""
    won = np.random.default_rng(seed).random(n) < chance
    return [outcome(500_000 if win else -500_000) for win in won]


def arrays(stream):
    return (np.array([getattr(each, name) for each in stream], np.int64) for name in ("edge_micro", "cost_micro"))


prices = st.integers(20_000, 980_000)
streams = st.lists(
    st.tuples(prices, st.booleans()).map(lambda bet: outcome(UNIT * bet[1] - bet[0], bet[0])), min_size=1, max_size=60
)


@settings(max_examples=60, deadline=None)
@given(streams, st.lists(st.integers(0, 60), max_size=4), st.integers(1_000, 300_000), st.integers(1, 500))
def test_telling_at_once_or_in_parts_is_the_same(stream, cuts, promised, strength):
    at_once = observe(begun(promised, strength=strength), stream, RULE)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    in_parts = begun(promised, strength=strength)
    for first, last in pairwise(edges):
        in_parts = observe(in_parts, stream[first:last], RULE)
    assert in_parts == at_once


@settings(max_examples=60, deadline=None)
@given(streams)
def test_the_state_survives_a_snapshot(stream):
    watch = observe(begun(), stream, RULE)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(watch), type=Watch) == watch


@settings(max_examples=40, deadline=None)
@given(streams, st.integers(1_000, 300_000), st.integers(1, 500))
def test_the_e_detector_bets_against_what_is_believed_after_the_outcomes_so_far(stream, promised, strength):
    watch = observe(begun(promised, strength=strength), stream, RULE)
    capital, edges = [], []
    for each in stream:
        believed = (strength * promised + sum(edges)) / (strength + len(edges))
        cost = each.cost_micro / UNIT
        chance = min(max(cost + max(believed, 10_000) / UNIT, 0.02), 0.98)
        share = min(max(cost + each.edge_micro / UNIT, 0.0), 1.0)
        fallen = min(max(cost + min(sum(edges) / (20 + len(edges)), 0.0) / UNIT, 0.01), chance)
        capital = [one * bet_factor(share, chance, fallen) for one in [*capital, 1.0]]
        edges.append(each.edge_micro)
    assert watch.e_detector.log_value == pytest.approx(log(sum(capital)), abs=1e-9)


def test_the_cusum_counts_from_the_promise_that_is_never_lowered():
    watch = begun(promised=90_000, spread=450_000)
    assert watch.cusum.reference == pytest.approx(0.1)
    assert watch.cusum.threshold == pytest.approx(cusum_threshold(0.1, 1_000.0))
    after = observe(watch, [outcome(-360_000), outcome(-360_000)], RULE)
    assert after.cusum.value == pytest.approx(2 * (1.0 - 0.1))
    assert after.promised_micro == 90_000


def test_whoever_loses_his_edge_is_pruned_and_whoever_keeps_it_is_not():
    kept, lost = (observe(begun(150_000), coins(200, chance), RULE) for chance in (0.65, 0.45))
    assert prune_reason(kept, RULE) is None
    assert prune_reason(lost, RULE) is PruneReason.EDGE_DRIFTED


def test_an_alarm_stands_when_fortune_comes_back():
    lost = observe(begun(150_000), coins(200, 0.45), RULE)
    assert alarms(observe(lost, [outcome(500_000)] * 100, RULE), RULE) == alarms(lost, RULE)


@pytest.mark.parametrize("agree", [1, 2, 3])
def test_as_many_must_agree_as_the_rule_says(agree):
    rule = PruningRule(agree=agree)
    watch = begun()
    calm = msgspec.structs.replace(watch, fell=True)
    loud = msgspec.structs.replace(calm, cusum=msgspec.convert({**_plain(watch.cusum), "peak": 1e9}, type(watch.cusum)))
    assert len(alarms(watch, rule)) == 0
    assert (prune_reason(calm, rule) is not None) == (agree <= 1)
    assert (prune_reason(loud, rule) is not None) == (agree <= 2)


def _plain(cusum):
    return msgspec.to_builtins(cusum)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.35, 0.45, 0.6]))
def test_alarm_times_are_those_at_which_folding_alarms(seed, chance):
    stream, watch = coins(120, chance, seed), begun(120_000)
    times = alarm_times(watch, *arrays(stream), RULE)
    for name in ("cusum", "e_detector", "adwin"):
        before, after = (observe(watch, stream[:n], RULE) for n in (times[name] - 1, times[name]))
        assert name not in alarms(before, RULE)
        assert times[name] > len(stream) or name in alarms(after, RULE)
    assert times["rule"] == sorted(times[name] for name in ("cusum", "e_detector", "adwin"))[1]


def test_nobody_alarms_about_nothing():
    assert observe(begun(), [], RULE) == begun()
    assert alarm_times(begun(), *arrays([]), RULE) == dict.fromkeys(("cusum", "e_detector", "adwin", "rule"), 1)


def test_only_the_newest_outcomes_are_kept_and_all_are_counted():
    stream = [outcome(10_000 if n % 2 else -10_000, group=str(n)) for n in range(WINDOW + 30)]
    watch = observe(begun(), stream, RULE)
    assert [each.event_group_id for each in watch.outcomes] == [str(n) for n in range(30, WINDOW + 30)]
    assert (watch.n, watch.total_micro) == (WINDOW + 30, 0)


def test_adwin_sees_the_edges_as_shares_of_one():
    assert [adwin_share(edge) for edge in (-UNIT, 0, UNIT, 2 * UNIT)] == [0.0, 0.5, 1.0, 1.0]
    stream = [outcome(400_000)] * 60 + [outcome(-600_000)] * 40
    window = Adwin(RULE.adwin_delta)
    for each in stream:
        window.update(adwin_share(each.edge_micro))
    assert window.alarmed
    assert observe(begun(), stream, RULE).fell


@pytest.mark.parametrize(
    ("bounds", "spread"),
    [
        ((0, 2 * 164_485, 1), 100_000),
        ((0, 2 * 164_485, 9), 300_000),
        ((-UNIT, UNIT, 100), 500_000),
        ((5, 5, 50), 100_000),
        ((0, 2 * 164_485, 0), 100_000),
    ],
)
def test_the_spread_is_the_bounds_error_times_the_root_of_the_groups(bounds, spread):
    assert spread_of_bounds(*bounds, 950_000) == pytest.approx(spread, abs=3)


@pytest.mark.parametrize(
    ("edge", "shrunk", "promised", "strength"),
    [
        (100_000, 100_000, 100_000, 40),
        (100_000, 80_000, 80_000, 50),
        (100_000, 120_000, 120_000, 40),
        (100_000, 1, 50_000, 80),
        (-5, -7, 1, 40),
        (0, 0, 1, 40),
    ],
)
def test_the_promise_is_the_shrunk_edge_but_at_least_half_of_the_mean(edge, shrunk, promised, strength):
    assert promise(edge, shrunk, 40) == (promised, strength)


@pytest.mark.parametrize(("promised", "strength"), [(0, 10), (-1, 10), (5, 0)])
def test_a_promise_of_nothing_is_a_bug(promised, strength):
    with pytest.raises(AssertionError):
        watched(promised, 450_000, strength, RULE)
