import math
from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.domain.matching.later_prints import IMPACT_MICRO, IMPACT_STAKE_MICRO, impact_micro, not_ours, step
from whaletrader.domain.values import MICRO, NANOS

NONE = 0xFFFFFFFF
LEADER, OTHER = 7, 8


def columns(*rows):
    """Rows of (price, size, half-spread, excluded)."""
    return np.array(rows, np.int64).reshape(-1, 4).T


def fills(prints, limit=600_000, size=20_000_000, share=500_000, is_buy=True):
    return step(prints, limit, size, share, is_buy)


def oracle(prints, limit, size, share, is_buy):
    """The same in plain Python."""
    found, left = [], size
    for index, (price, printed, spread, excluded) in enumerate(prints.T.tolist()):
        take = min(left, printed * share // MICRO) // 10_000 * 10_000
        if excluded or not 0 < price < MICRO or take <= 0:
            continue
        stake = price * take // MICRO
        worse = spread + math.ceil(Decimal(IMPACT_MICRO**2 * stake / Decimal(IMPACT_STAKE_MICRO)).sqrt())
        ours = price + worse if is_buy else price - worse
        if 0 < ours < MICRO and (ours <= limit if is_buy else ours >= limit):
            found.append((index, ours, take))
            left -= take
    return found


def excluded(*prints, leader=LEADER):
    """Which of (seconds, wallet, transaction) are excluded."""
    ts, wallet, transaction = zip(*prints, strict=True)
    times = np.array([round(t * NANOS) for t in ts], np.int64)
    return not_ours(times, np.array(wallet, np.uint32), np.array(transaction, np.uint32), leader, NONE).tolist()


def test_we_pay_more_than_the_print_and_take_a_share_of_it():
    assert fills(columns((550_000, 8_000_000, 10_000, 0))) == [(0, 560_188, 4_000_000)]


def test_we_sell_for_less_than_the_print():
    assert fills(columns((550_000, 8_000_000, 10_000, 0)), limit=500_000, is_buy=False) == [(0, 539_812, 4_000_000)]


def test_a_print_beyond_the_limit_after_costs_is_passed_over_for_a_later_one():
    rows = columns((595_000, 8_000_000, 10_000, 0), (550_000, 8_000_000, 10_000, 0))
    assert [index for index, _, _ in fills(rows)] == [1]


def test_several_prints_fill_an_order_in_part_and_no_further():
    rows = columns(*[(500_000, 30_000_000, 5_000, 0)] * 3)
    assert [size for _, _, size in fills(rows)] == [15_000_000, 5_000_000]


def test_prints_at_impossible_prices_are_no_prints():
    assert fills(columns((0, 10**9, 0, 0), (MICRO, 10**9, 0, 0), (1_200_000, 10**9, 0, 0)), limit=990_000) == []


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(-5, MICRO + 5), st.integers(0, 10**9), st.integers(0, 20_000), st.integers(0, 1)),
        max_size=30,
    ),
    limit=st.integers(1, 99).map(lambda cents: cents * 10_000),
    size=st.integers(1, 10**5).map(lambda cents: cents * 10_000),
    share=st.integers(0, MICRO),
    is_buy=st.booleans(),
)
def test_the_kernel_equals_the_plain_loop_and_keeps_its_promises(rows, limit, size, share, is_buy):
    prints = columns(*rows)
    found = fills(prints, limit, size, share, is_buy)
    assert found == oracle(prints, limit, size, share, is_buy)
    assert sum(taken for _, _, taken in found) <= size
    for index, price, taken in found:
        assert prints[3, index] == 0
        assert taken <= prints[1, index]
        assert prints[0, index] <= price <= limit if is_buy else limit <= price <= prints[0, index]


def test_the_leaders_own_prints_his_seconds_and_his_transactions_are_not_ours():
    marks = excluded((1.0, OTHER, NONE), (2.0, LEADER, 5), (2.9, OTHER, NONE), (3.0, OTHER, 5), (4.0, OTHER, 6))
    assert marks == [0, 1, 1, 1, 0]


def test_makers_and_takers_rows_of_one_match_count_once():
    assert excluded((1.0, OTHER, 5), (1.0, OTHER + 1, 5), (1.0, OTHER, NONE), (1.0, OTHER, NONE)) == [0, 1, 0, 0]


@given(st.integers(0, 10**13))
def test_impact_is_the_least_integer_at_or_above_the_root(stake):
    found = impact_micro(stake)
    assert found**2 * IMPACT_STAKE_MICRO >= IMPACT_MICRO**2 * stake
    assert found == 0 or (found - 1) ** 2 * IMPACT_STAKE_MICRO < IMPACT_MICRO**2 * stake


def test_without_a_leader_every_print_may_be_ours():
    assert excluded((1.0, OTHER, NONE), (2.0, LEADER, NONE), leader=-1) == [0, 0]
    assert not_ours(np.array([], np.int64), np.array([], np.uint32), np.array([], np.uint32), 1, NONE).tolist() == []
