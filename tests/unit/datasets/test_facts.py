"""Known facts of a dataset, against plain loops."""

import random

import polars as pl
import pytest

from tests.unit.datasets.tiny import canonical_trade, table_frame
from whaletrader.datasets.facts import BIN_EDGES, decided_buys, first_buys, implied_fee_rates, price_bins

MARKETS = table_frame(
    "markets",
    [
        {"market": 0, "payout0_micro": 10**6},
        {"market": 1, "payout0_micro": 500_000},
        {"market": 2, "payout0_micro": None},
    ],
)


def trades(*rows):
    return table_frame("trades", [canonical_trade(**row) for row in rows])


def test_a_buy_of_the_winner_won_and_of_the_loser_lost():
    found = decided_buys(trades({}, {"outcome_index": 1, "token": 1}), MARKETS)
    assert found["won"].to_list() == [1.0, 0.0]


def test_sells_splits_and_open_markets_are_left_out():
    rows = [{"side": 1}, {"market": 1, "token": 2}, {"market": 2, "token": 4}]
    assert decided_buys(trades(*rows), MARKETS).is_empty()


def test_the_first_buy_of_a_position_counts():
    rows = [{"ts": 1, "price_micro": 10}, {"ts": 2, "price_micro": 20}, {"ts": 3, "wallet": 1, "price_micro": 30}]
    assert first_buys(decided_buys(trades(*rows), MARKETS))["price_micro"].to_list() == [10, 30]


@pytest.mark.parametrize(
    ("price", "place"), [(0.05, 0), (0.0500001, 1), (0.1, 1), (0.95, 10), (1.0, 11), (0.000001, 0)]
)
def test_bins_are_open_below_and_closed_above(price, place):
    frame = pl.DataFrame({"price": [price], "won": [1.0]})
    assert price_bins(frame)["fills"].to_list()[place] == 1


def test_bins_equal_a_plain_loop():
    rng = random.Random(4)
    rows = [(rng.random(), float(rng.random() < 0.4)) for _ in range(500)]
    bins = price_bins(pl.DataFrame(rows, schema=["price", "won"], orient="row"))
    for low, high, fills, price, won in bins.rows():
        inside = [row for row in rows if low < row[0] <= high]
        assert fills == len(inside)
        assert price == pytest.approx(sum(p for p, _ in inside) / len(inside))
        assert won == pytest.approx(sum(w for _, w in inside) / len(inside))


def test_an_empty_bin_is_there_without_figures():
    bins = price_bins(pl.DataFrame({"price": [0.5], "won": [1.0]}))
    assert bins.height == len(BIN_EDGES) - 1
    assert bins.row(0)[2:] == (None, None, None)


def test_the_implied_rate_is_the_schedules():
    fee = int(0.03 * 10 * 0.4 * 0.6 * 1e6)
    rates = implied_fee_rates(
        trades({"ts": 5, "fee_micro": fee}, {"ts": 5, "fee_micro": 0}, {"ts": 1, "fee_micro": 9}), 2
    )
    assert rates["rate"].to_list() == pytest.approx([0.03])


def test_a_price_at_the_end_implies_no_rate():
    assert implied_fee_rates(trades({"fee_micro": 5, "price_micro": 10**6}), 0).is_empty()
