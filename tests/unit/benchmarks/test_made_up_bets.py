"""The made-up wallets: as skilled as they are said to be, clustered, and the same for the same seed."""

import numpy as np
import pytest

from benchmarks.made_up_bets import centres, crowd_sizes, made_up_bets, planted_bets


def wallets(seed, edge=0.0, **options):
    rng = np.random.default_rng(seed)
    return made_up_bets(rng, centres(rng, 0.1, 0.9, 2_000), np.full(2_000, 20), edge, **options)


@pytest.mark.parametrize("options", [{}, {"shared": 300}, {"sold": 0.5}, {"single": True}])
def test_without_an_edge_a_bet_returns_its_cost_on_average(options):
    made = wallets(1, **options)
    assert made.edge == pytest.approx(np.zeros(2_000), abs=1e-12)
    assert made.table.edge.mean() / 1e6 == pytest.approx(0.0, abs=0.01)


def test_an_edge_is_what_the_bets_return():
    made = wallets(2, edge=0.1)
    assert made.table.edge.mean() / 1e6 == pytest.approx(made.edge.mean(), abs=0.01)
    assert made.edge.mean() == pytest.approx(0.1, abs=0.01)


def test_bets_of_an_event_group_mostly_win_and_lose_together():
    table = wallets(3).table
    same = table.group[1:] == table.group[:-1]
    one, other = table.edge[1:][same] > 0, table.edge[:-1][same] > 0
    assert np.corrcoef(one, other)[0, 1] > 0.5


def test_wallets_on_shared_events_share_their_luck_and_alone_they_do_not():
    rng = np.random.default_rng(4)
    shared = made_up_bets(rng, np.full(400, 0.5), np.full(400, 20), shared=20).table
    by_event = np.bincount(shared.group, np.abs(shared.edge), 20)
    assert np.unique(shared.group).size == 20
    assert by_event.min() > 0
    assert np.unique(wallets(5).table.group).size == 2_000 * 20


def test_sold_bets_pay_something_between_nought_and_one():
    made = wallets(6, sold=0.5)
    payoff = made.table.edge + made.table.cost
    assert 0.3 < np.mean((payoff > 0) & (payoff < 1_000_000)) < 0.6
    assert made.table.units["policy"].unique().to_list() == ["taker"]
    assert wallets(6).table.units["policy"].unique().to_list() == ["taker_hold"]


def test_a_bet_table_is_sorted_by_wallet_and_event_group():
    table = wallets(7, shared=300).table
    for first, last in zip(table.offsets[:-1], table.offsets[1:], strict=True):
        assert np.all(np.diff(table.group[first:last]) >= 0)


def test_the_crowd_has_a_fat_tail_and_its_ends():
    sizes = crowd_sizes(np.random.default_rng(8), 20_000, 25, 800)
    assert (sizes.min(), sizes.max()) == (25, 800)
    assert np.mean(sizes >= 250) == pytest.approx(0.1**1.3, abs=0.01)


def test_planted_wallets_bet_once_per_market_in_their_band():
    made = planted_bets(np.random.default_rng(9), 10, 300, 0.15, (0.3, 0.7), "taker_hold")
    assert np.unique(made.table.group).size == made.table.group.size == 3_000
    assert 300_000 <= made.table.cost.min() <= made.table.cost.max() <= 700_000
    assert made.table.edge.mean() / 1e6 == pytest.approx(0.15, abs=0.04)


def test_the_same_seed_gives_the_same_bets():
    one, other = wallets(10).table, wallets(10).table
    assert (one.edge == other.edge).all()
    assert (one.group == other.group).all()
