"""A token matters while something of an order may fill, or while we hold it."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.messages import example, seen
from whaletrader.messages.orders import (
    MergePositions,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    SettlementUpdated,
    SubmitOrder,
)
from whaletrader.runtime.interest import Interest


def tell(interest, payload, ts=1):
    return interest.fold(seen(payload, ts))


def submit(order_hash, token="t"):
    return example(SubmitOrder, order_hash=order_hash, token_id=token)


def fill(order_hash, size, *, token="t", side="BUY", final=False, trade="x"):
    return example(
        OrderFilled, order_hash=order_hash, token_id=token, side=side, size_micro=size, final=final, trade_id=trade
    )


def test_an_order_matters_until_it_is_cancelled_rejected_or_filled():
    for end in (
        example(OrderCancelled, order_hash="a"),
        example(OrderRejected, order_hash="a"),
        fill("a", 0, final=True),
    ):
        interest = Interest()
        assert tell(interest, submit("a")) == ("t",)
        assert interest.has("t")
        tell(interest, end)
        assert not interest.has("t")


def test_a_position_matters_until_it_is_sold_or_redeemed():
    for end in (fill("b", 5, side="SELL"), example(SettlementUpdated, token_id="t", status="REDEEMED", size_micro=5)):
        interest = Interest()
        tell(interest, fill("a", 5))
        assert interest.tokens() == ["t"]
        tell(interest, end)
        assert not interest.has("t")


def merging(interest, name, size=5):
    interest.fold(seen(example(MergePositions, market_id="m", token_ids=("t", "u"), size_micro=size), 1, name))
    return next(reversed(interest.merges))


def merged(interest, merge_id, size=5):
    told = {"order_hash": merge_id, "market_id": "m", "status": "MERGED", "size_micro": size}
    return tell(interest, example(SettlementUpdated, **told))


def test_a_merge_takes_both_outcomes_once_it_came_through():
    interest = Interest()
    tell(interest, fill("a", 8, trade="x"))
    tell(interest, fill("b", 5, token="u", trade="y"))
    merge_id = merging(interest, "one")
    assert interest.holdings == {"t": 8, "u": 5}
    assert merged(interest, merge_id) == ("t", "u")
    assert (interest.holdings, interest.merges) == ({"t": 3}, {})
    assert list(interest.lots.values()) == [{"t": 3}]


def test_a_merge_that_failed_is_forgotten_with_the_next_and_at_the_markets_end():
    interest = Interest()
    tell(interest, fill("a", 8, trade="x"))
    tell(interest, fill("b", 8, token="u", trade="y"))
    former, newer = merging(interest, "one"), merging(interest, "two")
    assert list(interest.merges) == [newer]
    assert merged(interest, former) == ()
    assert interest.holdings == {"t": 8, "u": 8}
    interest.drop("u")
    assert interest.merges == {}


def test_a_fill_that_fails_to_settle_is_taken_back():
    interest = Interest()
    tell(interest, fill("a", 5, trade="x"))
    tell(interest, fill("a", 3, trade="y"))
    tell(interest, example(SettlementUpdated, token_id="t", trade_id="x", status="FAILED", size_micro=5))
    assert interest.holdings == {"t": 3}


def test_a_settled_fill_is_forgotten_and_stays_held():
    interest = Interest()
    tell(interest, fill("a", 5, trade="x"))
    tell(interest, example(SettlementUpdated, token_id="t", trade_id="x", status="CONFIRMED", size_micro=5))
    assert (interest.holdings, interest.fills) == ({"t": 5}, {})


def test_other_messages_change_nothing():
    interest = Interest()
    assert tell(interest, example(SettlementUpdated, token_id="t", status="CONFIRMED")) == ("t",)
    assert interest == Interest()


STEPS = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["submit", "buy", "sell", "end"]), st.integers(1, 9)))


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_it_survives_bytes_and_never_holds_nothing(steps):
    interest = Interest()
    for number, (token, what, size) in enumerate(steps):
        if what == "submit":
            tell(interest, submit(token, token))
        elif what == "end":
            tell(interest, example(OrderCancelled, order_hash=token, token_id=token))
        else:
            tell(interest, fill(token, size, token=token, side=what.upper(), trade=str(number)))
        again = msgspec.msgpack.decode(msgspec.msgpack.encode(interest), type=Interest)
        assert again == interest
        assert all(held > 0 for held in interest.holdings.values())
        assert set(interest.tokens()) == {each for each in "ab" if interest.has(each)}
