"""A log as 32-byte words."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.chain_logs import MAKER, TX, filled, word
from whaletrader.datasets.decode.chain_words import log_of, quantity, ratio_micro
from whaletrader.datasets.decode.fields import Unusable

WORDS = st.lists(st.integers(0, 2**256 - 1), max_size=6)


def read(**changes):
    return log_of({**filled(), **changes}, {})


@settings(max_examples=100, deadline=None)
@given(WORDS, WORDS)
def test_words_and_arrays_are_what_was_encoded(plain, inside):
    offset = 32 * (len(plain) + 1)
    data = "0x" + "".join(map(word, [*plain, offset, len(inside), *inside]))
    log = read(data=data)
    assert log.words(len(plain) + 1) == [*plain, offset]
    assert log.array(offset) == inside


@pytest.mark.parametrize("offset", [1, 33, 32 * 50, 2**255])
def test_an_array_outside_of_the_data_is_malformed(offset):
    with pytest.raises(Unusable, match="log_malformed"):
        read(data="0x" + word(32) * 4).array(offset)


def test_a_length_that_the_data_does_not_hold_is_malformed():
    for length in (3, 2_000, 2**255):
        with pytest.raises(Unusable, match="log_malformed"):
            read(data="0x" + word(length) + word(1) * 2).array(0)


def test_fewer_words_than_wanted_are_malformed():
    with pytest.raises(Unusable, match="log_malformed"):
        read(data="0x" + word(1)).words(2)


def test_an_indexed_address_is_the_last_twenty_bytes():
    assert read().topic_address(2) == MAKER
    with pytest.raises(Unusable, match="log_malformed"):
        read().topic_address(1)
    with pytest.raises(Unusable, match="log_malformed"):
        read().topic_address(9)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("0x10", 16),
        ("0X1f", 31),
        (7, 7),
        ("12", 12),
        (None, -1),
        ("0x", -1),
        ("0x" + "f" * 16, -1),
        (-3, -1),
        ("x", -1),
    ],
)
def test_quantities_are_hex_or_plain(value, number):
    assert quantity(value) == number


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**15), st.integers(1, 10**15))
def test_prices_are_the_exact_ratio_rounded_to_even(collateral, shares):
    assert ratio_micro(collateral, shares) == round(Fraction(collateral * 1_000_000, shares))


@pytest.mark.parametrize(
    "changes",
    [
        {"transactionHash": ""},
        {"logIndex": "0xffffffff"},
        {"logIndex": None},
        {"address": "0x12"},
        {"topics": ["0x12"]},
        {"data": "12"},
    ],
)
def test_a_log_without_its_place_is_malformed(changes):
    with pytest.raises(Unusable, match="log_malformed"):
        read(**changes)


def test_the_hash_of_another_length_is_malformed():
    with pytest.raises(Unusable, match="hash_malformed"):
        read(transactionHash=TX[:-2])


def test_removed_is_false_unless_said():
    assert not read(removed=None).removed
    assert read(removed="true").removed
