"""The matching core against a plain-Python book."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.domain.matching.price_time import (
    ASK,
    BID,
    FAK,
    FOK,
    NO_HANDLE,
    POST_ONLY,
    REST,
    Command,
    axis_of,
    best_levels,
    cancel,
    crosses,
    depth,
    grown,
    is_full,
    left_of,
    level_of,
    new_book,
    price_of,
    queue,
    regridded,
    step,
    total_at,
)
from whaletrader.domain.values import MICRO

CENT = 10_000
SHARE = MICRO


def command(side, outcome, price_micro, size, *, mode=REST, budget=-1, tick=CENT):
    return Command(axis_of(side, outcome), level_of(price_micro, outcome, tick), outcome, size, budget, mode)


class PlainBook:
    """Orders in a list; every match looks for the best price and then the first comer."""

    def __init__(self, tick=CENT):
        self.tick = tick
        self.resting = []  # [number, axis, level, outcome, left]
        self.arrivals = 0

    def best(self, axis):
        offers = [order for order in self.resting if order[1] == axis]
        sign = -1 if axis == BID else 1
        return min(offers, key=lambda order: (sign * order[2], order[0]), default=None)

    def step(self, axis, level, outcome, size, budget, mode):
        number, self.arrivals = self.arrivals, self.arrivals + 1
        before = [list(order) for order in self.resting]
        n = MICRO // self.tick
        left = size
        fills = []
        while left > 0 and budget != 0:
            maker = self.best(1 - axis)
            if maker is None or (maker[2] > level if axis == BID else maker[2] < level):
                break
            if mode == POST_ONLY:
                return number, None, []
            price = (maker[2] if outcome == 0 else n - maker[2]) * self.tick
            take = min(left, maker[4])
            if budget > 0:
                take = min(take, budget * MICRO // price // n * n)
            if take == 0:
                budget = 0
                break
            same = maker[3] == outcome
            maker_cash = (price if same else MICRO - price) * take // MICRO
            taker_cash = maker_cash if same else take - maker_cash
            fills.append((maker[0], maker[2], take, maker_cash, taker_cash))
            left -= take
            if budget > 0:
                budget -= taker_cash
                if budget * MICRO // price // n * n == 0:
                    budget = 0
            maker[4] -= take
            self.resting = [order for order in self.resting if order[4] > 0]
        unmatched = left if budget < 0 else budget
        if mode == FOK and unmatched > 0:
            self.resting = before
            return number, None, []
        if mode in (REST, POST_ONLY) and left > 0:
            self.resting.append([number, axis, level, outcome, left])
        return number, unmatched, fills


def orders(tick=CENT):
    n = MICRO // tick
    limit = st.tuples(
        st.sampled_from((BID, ASK)),
        st.integers(max(1, n // 2 - 4), min(n - 1, n // 2 + 4)),
        st.integers(0, 1),
        st.integers(1, 3_000).map(lambda cents: cents * CENT),
        st.just(-1),
        st.sampled_from((REST, REST, REST, FAK, FOK, POST_ONLY)),
    )
    market_buy = st.tuples(
        st.integers(0, 1), st.integers(1, n - 1), st.integers(1, 2_000), st.sampled_from((FAK, FOK))
    ).map(lambda t: (BID if t[0] == 0 else ASK, t[1], t[0], 10**12, t[2] * CENT, t[3]))
    removal = st.integers(0, 50).map(lambda number: ("cancel", number))
    return st.lists(st.one_of(limit, limit, limit, market_buy, removal), min_size=1, max_size=60)


@given(commands=orders())
@settings(max_examples=150, deadline=None)
def test_every_match_and_every_queue_is_that_of_a_plain_book(commands):
    plain, book, numbers = PlainBook(), new_book(CENT, 4), {}
    for each in commands:
        if is_full(book):
            book = grown(book)
        if each[0] == "cancel":
            live = sorted(numbers.items(), key=lambda item: item[1])
            if live:
                handle, number = live[each[1] % len(live)]
                left = cancel(book, handle)
                assert left == next(order[4] for order in plain.resting if order[0] == number)
                plain.resting = [order for order in plain.resting if order[0] != number]
                del numbers[handle]
            continue
        number, unmatched, expected = plain.step(*each)
        handle, left, fills = step(book, Command(*each))
        assert [(numbers[f.handle], *f[1:5]) for f in fills] == expected
        assert unmatched is None or left == unmatched
        for fill in fills:
            if fill.maker_left_micro == 0:
                del numbers[fill.handle]
        if handle != NO_HANDLE:
            numbers[handle] = number
        check_same(plain, book, numbers)


def check_same(plain, book, numbers):
    bid, ask = best_levels(book)
    assert bid < ask
    for axis in (BID, ASK):
        totals = {}
        for _, side, level, _, left in plain.resting:
            if side == axis:
                totals[level] = totals.get(level, 0) + left
        assert dict(depth(book, axis)) == totals
        for level in totals:
            waiting = [order[0] for order in plain.resting if order[1:3] == [axis, level]]
            assert [numbers[handle] for handle in queue(book, axis, level)] == waiting
    assert bid == max((order[2] for order in plain.resting if order[1] == BID), default=0)
    assert ask == min((order[2] for order in plain.resting if order[1] == ASK), default=MICRO // plain.tick)


@given(commands=orders(tick=1_000))
@settings(max_examples=60, deadline=None)
def test_collateral_and_shares_are_conserved_by_every_match(commands):
    book = new_book(1_000, 64)
    outcome_of, is_buy_of = {}, {}
    for each in commands:
        if each[0] == "cancel":
            continue
        axis, _, outcome, size, budget, _ = each
        handle, left, fills = step(book, Command(*each))
        taker_buys = (axis == BID) == (outcome == 0)
        for fill in fills:
            maker_buys, same = is_buy_of[fill.handle], outcome_of[fill.handle] == outcome
            assert same == (maker_buys != taker_buys)  # one sells to the other, else both buy or both sell
            if same:
                assert fill.maker_cash_micro == fill.taker_cash_micro
            else:
                assert fill.maker_cash_micro + fill.taker_cash_micro == fill.size_micro
        if budget < 0:
            assert sum(fill.size_micro for fill in fills) + left == size
        else:
            assert sum(fill.taker_cash_micro for fill in fills) <= budget
        if handle != NO_HANDLE:
            outcome_of[handle], is_buy_of[handle] = outcome, taker_buys
            assert left_of(book, handle) == left
        bid, ask = best_levels(book)
        assert bid < ask


def test_a_match_is_made_at_the_resting_orders_price():
    book = new_book(CENT)
    step(book, command("SELL", 0, 400_000, 10 * SHARE))
    _, left, fills = step(book, command("BUY", 0, 550_000, 10 * SHARE))
    assert left == 0
    assert [(fill.level, fill.taker_cash_micro) for fill in fills] == [(40, 4 * SHARE)]


def test_two_buyers_of_opposite_outcomes_mint_pairs():
    book = new_book(CENT)
    step(book, command("BUY", 1, 420_000, 10 * SHARE))
    _, _, fills = step(book, command("BUY", 0, 600_000, 10 * SHARE))
    assert fills[0].maker_cash_micro == 4_200_000
    assert fills[0].taker_cash_micro == 5_800_000


def test_two_buyers_whose_prices_do_not_sum_to_one_both_rest():
    book = new_book(CENT)
    step(book, command("BUY", 1, 420_000, 10 * SHARE))
    handle, _, fills = step(book, command("BUY", 0, 570_000, 10 * SHARE))
    assert fills == []
    assert handle != NO_HANDLE


def test_two_sellers_of_opposite_outcomes_merge_pairs():
    book = new_book(CENT)
    step(book, command("SELL", 1, 450_000, 10 * SHARE))
    _, _, fills = step(book, command("SELL", 0, 500_000, 4 * SHARE))
    assert fills[0].size_micro == 4 * SHARE
    assert fills[0].maker_cash_micro == 1_800_000
    assert fills[0].taker_cash_micro == 2_200_000


def test_a_budget_buys_more_shares_at_a_better_price():
    book = new_book(CENT)
    step(book, command("SELL", 0, 400_000, 100 * SHARE))
    _, left, fills = step(book, command("BUY", 0, 500_000, 10**12, budget=5 * SHARE, mode=FAK))
    assert left == 0
    assert fills[0].size_micro == 12_500_000


def test_an_order_that_is_filled_or_killed_leaves_the_book_untouched():
    book = new_book(CENT)
    step(book, command("SELL", 0, 400_000, 5 * SHARE))
    handle, left, fills = step(book, command("BUY", 0, 500_000, 6 * SHARE, mode=FOK))
    assert (handle, left, fills) == (NO_HANDLE, 6 * SHARE, [])
    assert total_at(book, ASK, 40) == 5 * SHARE


def test_more_fills_than_fit_into_one_call_are_all_told():
    book = new_book(CENT, 200)
    for _ in range(100):
        step(book, command("SELL", 0, 400_000, SHARE))
    _, left, fills = step(book, command("BUY", 0, 400_000, 120 * SHARE, mode=FAK))
    assert len(fills) == 100
    assert left == 20 * SHARE


@given(commands=orders())
@settings(max_examples=40, deadline=None)
def test_a_finer_tick_keeps_prices_and_priority(commands):
    coarse = new_book(CENT, 128)
    for each in commands:
        if each[0] != "cancel":
            step(coarse, Command(*each))
    before = {axis: depth(coarse, axis) for axis in (BID, ASK)}
    queues = {(axis, level): queue(coarse, axis, level) for axis in before for level, _ in before[axis]}
    bid, ask = best_levels(coarse)
    fine = regridded(coarse, 1_000)
    assert best_levels(fine) == (bid * 10, ask * 10)
    for axis, rows in before.items():
        assert depth(fine, axis) == [(level * 10, total) for level, total in rows]
        for level, _ in rows:
            assert queue(fine, axis, level * 10) == queues[axis, level]
    step(fine, command("BUY", 0, 999_000, 10**6 * SHARE, mode=FAK, tick=1_000))
    assert best_levels(fine)[1] == 1_000


def test_prices_of_both_outcomes_share_one_axis():
    assert level_of(420_000, 0, CENT) == 42
    assert level_of(420_000, 1, CENT) == 58
    assert price_of(58, 1, CENT) == 420_000
    assert axis_of("BUY", 1) == axis_of("SELL", 0) == ASK
    assert axis_of("BUY", 0) == axis_of("SELL", 1) == BID


def test_an_empty_book_crosses_nothing():
    book = new_book(CENT)
    assert not crosses(book, BID, 99)
    assert not crosses(book, ASK, 1)


@pytest.mark.parametrize("tick", [100_000, 10_000, 5_000, 2_500, 1_000, 100])
def test_every_tick_of_the_venue_makes_a_book(tick):
    book = new_book(tick)
    step(book, command("BUY", 0, MICRO - tick, SHARE, tick=tick))
    _, left, fills = step(book, command("SELL", 0, tick, SHARE, tick=tick))
    assert left == 0
    assert fills[0].taker_cash_micro == np.int64(MICRO - tick)
