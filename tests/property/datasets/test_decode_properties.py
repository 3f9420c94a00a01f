"""Decoders never raise, never let an impossible value through, and keep every number exact."""

import json
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.datasets.decode.test_data_api import POSITION, REDEEM, TRADE
from whaletrader.datasets.decode.data_api import (
    Fault,
    decode_activity,
    decode_position,
    decode_trade,
    market_facts,
    rows_of,
)

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.decimals(), st.just([]), st.just({})
)


def mangled(sound):
    return st.dictionaries(st.sampled_from(sorted(sound)), VALUES, max_size=5).map(lambda change: {**sound, **change})


@settings(max_examples=150, deadline=None)
@given(mangled(TRADE))
def test_a_mangled_fill_is_a_sound_fill_or_a_fault(row):
    found = decode_trade(row)
    if isinstance(found, Fault):
        assert found.reason
    else:
        assert 0 <= found.price_micro <= 10**6
        assert found.size_micro > 0
        assert found.ts > 0
        assert found.address == found.address.lower()
        assert found.outcome_index in (0, 1, None)


@settings(max_examples=100, deadline=None)
@given(mangled(REDEEM))
def test_mangled_activity_is_sound_or_a_fault(row):
    found = decode_activity(row)
    assert isinstance(found, Fault) or (found.size_micro >= 0 and found.ts > 0)


@settings(max_examples=100, deadline=None)
@given(mangled(POSITION))
def test_a_mangled_position_is_sound_or_a_fault(row):
    found = decode_position(row)
    assert isinstance(found, Fault) or (found.size_micro > 0 and 0 <= found.price_micro <= 10**6)
    market_facts(row)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 10**12))
def test_numbers_survive_json_to_the_micro_unit(price, size):
    row = {**TRADE, "price": str(Decimal(price) / 10**6), "size": str(Decimal(size) / 10**6)}
    as_text = decode_trade(rows_of(json.dumps([row]))[0])
    bare = json.dumps([row]).replace(f'"{row["price"]}"', row["price"]).replace(f'"{row["size"]}"', row["size"])
    as_number = decode_trade(rows_of(bare)[0])
    assert as_text == as_number
    assert (as_text.price_micro, as_text.size_micro) == (price, size)
