"""The made-up leaders are what they are said to be: an edge until the switch, none after it, half of them switched."""

import numpy as np

from benchmarks.switched_off import followed_leaders
from benchmarks.validate_pruning import Watched, caught, watch_all


def test_the_edge_is_there_until_the_switch_and_gone_afterwards():
    on, off = [], []
    for seed in range(4):
        found = followed_leaders(np.full(60, 0.15), seed)
        edge = found.share - found.cost
        before = found.bets <= found.switch[:, None]
        on += edge[before].tolist()
        off += edge[~before & found.off[:, None] & np.isfinite(edge)].tolist()
    assert abs(np.mean(on) - 0.15) < 0.015
    assert -0.035 < np.mean(off) < 0.005


def test_proceeds_and_costs_are_shares_of_one_and_bets_add_up():
    found = followed_leaders(np.full(30, 0.1), 3)
    there = np.isfinite(found.share)
    assert ((found.share[there] >= 0.0) & (found.share[there] <= 1.0)).all()
    assert ((found.cost[there] > 0.1) & (found.cost[there] < 0.93)).all()
    assert all((np.diff(row[np.isfinite(row)]) >= 1.0).all() for row in found.bets)


def test_only_who_passes_is_followed_and_a_seed_gives_the_same():
    found, again = (followed_leaders(np.full(50, 0.05), 7) for _ in range(2))
    assert 0 < found.edge.size < 50
    assert (found.lower > 0.0).all()
    assert np.array_equal(found.share, again.share, equal_nan=True)


def test_alarms_are_counted_as_right_wrong_or_none():
    at = {"rule": np.array([120.0, 90.0, 201.0, np.inf, 150.0])}
    made = Watched(
        switch=np.full(5, 100.0),
        off=np.array([True, True, True, True, False]),
        at=at,
        groups_on=np.zeros(5),
        false_alarm={},
    )
    assert caught([made], "rule", 100) == (1, 4, 3)
    assert caught([made], "rule", 101) == (2, 4, 4)
    assert caught([made], "rule", 100, review=50) == (1, 4, 3)


def test_a_run_of_the_rule_watches_everybody_who_is_followed():
    found = followed_leaders(np.full(20, 0.2), 5)
    watched = watch_all(found)
    assert all(times.size == found.edge.size for times in watched.at.values())
    assert (watched.groups_on > 0).all()
