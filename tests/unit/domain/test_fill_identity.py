"""Which reports are the same fill: multisets, sums, coarser rows, and the chain's last word."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.domain.fill_identity import CHAIN, FillGroup, Leg, fill_anchor, fill_key

PRICE = 500_000


def legs(*sizes, price=PRICE, place=None):
    return [Leg(size, price, -1 if place is None else place + number) for number, size in enumerate(sizes)]


def sizes_of(found):
    return [new.size_micro for new in found]


def test_a_key_names_transaction_wallet_token_side_size_and_number():
    assert fill_key("0xaa", "0xbb", "7", "BUY", 5, 1) == "0xaa/0xbb/7/BUY/5/1"


def test_without_a_transaction_time_and_price_stand_for_it():
    assert fill_anchor("0xaa", 5, 6) == "0xaa"
    assert fill_anchor("", 5, 6) == "5@6"


def test_a_fill_told_again_by_another_source_is_not_new():
    group = FillGroup()
    assert sizes_of(group.tell("rtds.trades", legs(10_000))) == [10_000]
    assert group.tell("data_v2", legs(10_000)) == []
    assert group.tell(CHAIN, legs(10_000, place=3)) == []


def test_equal_fills_are_a_multiset():
    group = FillGroup()
    first = group.tell("rtds.trades", legs(10_000, 10_000))
    assert [new.n for new in first] == [0, 1]
    assert group.tell("data_v2", legs(10_000)) == []
    assert group.tell("data_v2", legs(10_000)) == []
    assert [new.n for new in group.tell("data_v2", legs(10_000))] == [2]


def test_the_chain_numbers_its_logs_so_that_one_told_twice_is_one():
    group = FillGroup()
    assert len(group.tell(CHAIN, legs(10_000, place=3))) == 1
    assert group.tell(CHAIN, legs(10_000, place=3)) == []
    assert [new.n for new in group.tell(CHAIN, legs(10_000, place=4))] == [1]


def test_a_coarse_row_is_the_sum_of_finer_ones():
    group = FillGroup()
    group.tell("rtds.trades", legs(10_000, 20_000, 30_000))
    assert group.tell("data_v1", legs(60_000)) == []
    assert group.covers("data_v1") == 3


def test_finer_rows_are_parts_of_a_coarse_one():
    group = FillGroup()
    group.tell("data_v1", legs(60_000))
    assert group.tell("rtds.trades", legs(10_000)) == []
    assert group.tell("rtds.trades", legs(20_000, 30_000)) == []
    assert sizes_of(group.tell("rtds.trades", legs(5_000))) == [5_000]


def test_what_an_averaged_row_holds_beyond_what_is_known_is_new_at_its_own_price():
    group = FillGroup()
    group.tell("rtds.trades", legs(10_000, price=400_000))
    found = group.tell("data_v1", legs(30_000, price=600_000))
    assert sizes_of(found) == [20_000]
    assert found[0].price_micro == 700_000
    assert group.tell("data_v1", legs()) == []


def test_a_smaller_fill_that_one_source_lost_is_found_once_the_larger_is_told_apart():
    group = FillGroup()
    group.tell("rtds.trades", legs(100_000))
    assert group.tell(CHAIN, legs(20_000, place=1)) == []
    assert sizes_of(group.tell(CHAIN, legs(100_000, place=2))) == [20_000]


def test_a_larger_fill_of_a_source_that_does_not_average_is_a_fill_of_its_own():
    group = FillGroup()
    group.tell("rtds.trades", legs(10_000))
    assert sizes_of(group.tell(CHAIN, legs(20_000, place=1))) == [20_000]
    assert group.tell(CHAIN, legs(10_000, place=2)) == []
    assert group.sizes == [10_000, 20_000]


def test_nobody_adds_to_what_the_chain_has_told():
    group = FillGroup()
    group.tell(CHAIN, legs(10_000, place=1))
    assert group.tell("data_v2", legs(10_000)) == []
    assert group.tell("data_v2", legs(10_000)) == []
    assert sizes_of(group.tell(CHAIN, legs(10_000, place=2))) == [10_000]


def test_a_log_that_comes_back_in_another_block_is_not_new():
    group = FillGroup()
    group.tell(CHAIN, legs(10_000, place=1))
    assert group.retract(CHAIN, 1)
    assert not group.retract(CHAIN, 1)
    assert group.tell(CHAIN, legs(10_000, place=5)) == []


def test_sizes_that_differ_by_rounding_are_the_same():
    group = FillGroup()
    group.tell("rtds.trades", legs(31_612_200))
    assert group.tell(CHAIN, legs(31_612_245, place=1)) == []
    assert sizes_of(group.tell(CHAIN, legs(31_613_245, place=2))) == [31_613_245]


def test_a_new_fill_names_the_leg_that_it_came_with():
    group = FillGroup()
    group.tell("rtds.trades", legs(10_000))
    found = group.tell("data_v2", legs(10_000, 40_000))
    assert [(new.size_micro, new.leg) for new in found] == [(40_000, 1)]


@pytest.mark.parametrize("source", ["rtds.trades", "data_v2", CHAIN])
def test_a_source_that_told_nothing_covers_nothing(source):
    group = FillGroup()
    assert group.covers(source) == 0


tellings = st.lists(st.sampled_from([1_000, 2_000, 4_000, 8_000]), min_size=1, max_size=5)


@settings(max_examples=200, deadline=None)
@given(tellings, st.permutations(["rtds.trades", "data_v2", CHAIN]), st.randoms(use_true_random=False))
def test_sources_that_tell_the_same_fills_in_any_order_agree(fills, sources, random):
    group, numbers = FillGroup(), dict.fromkeys(sources, 0)
    for source in sources:
        told = list(enumerate(fills))
        random.shuffle(told)
        group.tell(source, [Leg(size, PRICE, place if source == CHAIN else -1) for place, size in told])
        numbers[source] = group.covers(source)
    assert Counter(group.sizes) == Counter(fills)
    assert set(numbers.values()) == {len(fills)}


@settings(max_examples=200, deadline=None)
@given(tellings, st.data())
def test_told_one_by_one_the_chain_ends_with_at_least_every_fill_and_its_total(fills, data):
    heard = data.draw(st.lists(st.sampled_from(range(len(fills))), unique=True))
    group = FillGroup()
    group.tell("rtds.trades", [Leg(fills[place], PRICE) for place in heard])
    for place, size in enumerate(fills):
        group.tell(CHAIN, [Leg(size, PRICE, place)])
    assert sum(group.sizes) == sum(fills)
    assert Counter(group.sizes) == Counter(fills)


@settings(max_examples=200, deadline=None)
@given(tellings)
def test_a_sum_told_first_or_last_adds_nothing(fills):
    first, last = FillGroup(), FillGroup()
    first.tell("data_v1", legs(sum(fills)))
    assert first.tell("rtds.trades", legs(*fills)) == []
    last.tell("rtds.trades", legs(*fills))
    assert last.tell("data_v1", legs(sum(fills))) == []
