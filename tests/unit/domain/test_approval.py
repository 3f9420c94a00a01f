from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from tests.support.trading import bounds
from whaletrader.domain.approval import Breach, Child, Spent, breach, canonical_bytes, size_at_most

BOUNDS = bounds()
CHILD = Child(
    BOUNDS.account_id, BOUNDS.approval_id, BOUNDS.market_id, BOUNDS.token_id, "BUY", "GTD", 600_000, 20_000_000,
    12_000_000, 20_000_000, 1_000, BOUNDS.decision_hash,
)  # fmt: skip
NOTHING = Spent()


def test_an_order_at_the_very_bounds_is_covered():
    assert breach(BOUNDS, CHILD, NOTHING) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"account_id": "other"}, Breach.ACCOUNT),
        ({"approval_id": "00"}, Breach.APPROVAL),
        ({"market_id": "0x"}, Breach.MARKET),
        ({"token_id": "1002"}, Breach.TOKEN),
        ({"side": "SELL"}, Breach.SIDE),
        ({"metadata": "00" * 32}, Breach.METADATA),
        ({"timestamp_ms": 1_000_000_001}, Breach.EXPIRED),
        ({"price_micro": 610_000}, Breach.AMOUNTS),
        ({"price_micro": 610_000, "maker_amount": 12_200_000}, Breach.PRICE),
        ({"maker_amount": 12_000_001}, Breach.AMOUNTS),
        ({"size_micro": 20_010_000}, Breach.AMOUNTS),
        ({"maker_amount": 0}, Breach.AMOUNTS),
        ({"size_micro": 20_010_000, "taker_amount": 20_010_000, "maker_amount": 12_006_000}, Breach.SIZE),
    ],
)
def test_whatever_differs_from_the_approval_is_refused_with_its_reason(change, reason):
    assert breach(BOUNDS, replace(CHILD, **change), NOTHING) is reason


def test_only_what_earlier_children_left_is_covered():
    two = changed(BOUNDS, max_children=2)
    assert breach(two, CHILD, Spent(1, 10_000, 0)) is Breach.SIZE
    assert breach(two, CHILD, Spent(1, 0, 3_000_001)) is Breach.COST
    assert breach(two, CHILD, Spent(1, 0, 3_000_000)) is None
    assert breach(BOUNDS, CHILD, Spent(1, 0, 0)) is Breach.CHILDREN


@pytest.mark.parametrize("order_type", ["FOK", "FAK"])
def test_a_market_buy_counts_with_the_most_shares_that_its_collateral_can_bring(order_type):
    child = replace(CHILD, order_type=order_type)
    assert breach(BOUNDS, child, NOTHING) is Breach.SIZE
    most = 12_000_000 * 10_000  # at the finest tick, a hundredth of a cent
    assert breach(changed(BOUNDS, max_size_micro=most), child, NOTHING) is None
    assert breach(changed(BOUNDS, max_size_micro=most - 1), child, NOTHING) is Breach.SIZE
    assert size_at_most(CHILD) == 20_000_000


@pytest.mark.parametrize("order_type", ["GTC", "GTD", "FOK", "FAK"])
def test_a_sale_never_gives_more_shares_than_it_names(order_type):
    assert size_at_most(replace(CHILD, side="SELL", order_type=order_type, maker_amount=20_000_000)) == 20_000_000


def test_a_sale_below_its_worst_price_is_refused_and_costs_nothing():
    sale = changed(BOUNDS, side="SELL", max_cost_micro=0, worst_price_micro=500_000)
    child = replace(CHILD, side="SELL", price_micro=500_000, maker_amount=20_000_000, taker_amount=10_000_000)
    assert breach(sale, child, NOTHING) is None
    assert breach(sale, replace(child, price_micro=490_000, taker_amount=9_800_000), NOTHING) is Breach.PRICE
    assert breach(sale, replace(child, taker_amount=9_999_999), NOTHING) is Breach.AMOUNTS


def test_canonical_bytes_are_the_same_for_equal_bounds_and_known():
    assert canonical_bytes(BOUNDS) == canonical_bytes(bounds())
    assert canonical_bytes(BOUNDS).startswith(b"whaletrader approval bounds 1\napproval_id:32:" + b"ab" * 16)


@pytest.mark.parametrize("name", list(BOUNDS.__struct_fields__))
def test_every_field_of_the_bounds_is_sealed(name):
    value = getattr(BOUNDS, name)
    other = changed(BOUNDS, **{name: value + 1 if isinstance(value, int) else value + "0"})
    assert canonical_bytes(other) != canonical_bytes(BOUNDS)


@given(st.text(max_size=20), st.text(max_size=20))
def test_text_cannot_be_moved_from_one_field_into_the_next(first, second):
    moved = bounds(approval_id=first + "\naccount_id:1:" + second, account_id="x")
    apart = bounds(approval_id=first, account_id=second)
    assert canonical_bytes(moved) != canonical_bytes(apart)
