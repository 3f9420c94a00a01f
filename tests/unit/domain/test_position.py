"""Lots of one token: whose they are and what they cost."""

from whaletrader.domain.position import Lot, Position

ALICE, BOB = ("0xa", "fill"), ("0xb", "position")
EMPTY = Position(token_id="t", market_id="m", event_group_id="g")


def held(*lots):
    position = EMPTY
    for (wallet, kind), size, cost in lots:
        position = position.changed(wallet, kind, size, cost)
    return position


def test_an_empty_position_holds_nothing():
    assert (EMPTY.size_micro, EMPTY.cost_micro, EMPTY.lots) == (0, 0, ())
    assert EMPTY.lot(*ALICE) == Lot(wallet="0xa", kind="fill", size_micro=0, cost_micro=0)


def test_lots_are_kept_apart_by_leader_and_kind():
    position = held((ALICE, 10, 4), (BOB, 5, 3), (("0xa", "position"), 7, 6))
    assert (position.size_micro, position.cost_micro) == (22, 13)
    assert position.lot(*ALICE).size_micro == 10
    assert position.lot("0xa", "position").size_micro == 7
    assert [lot.wallet for lot in position.lots] == ["0xa", "0xb", "0xa"]


def test_more_of_a_lot_adds_size_and_cost():
    assert held((ALICE, 10, 4), (ALICE, 2, 1)).lots == (Lot(wallet="0xa", kind="fill", size_micro=12, cost_micro=5),)


def test_the_cost_of_a_part_is_the_average_and_the_last_share_takes_the_rest():
    position = held((ALICE, 3, 100))
    assert position.cost_of(*ALICE, 1) == 33
    assert position.cost_of(*ALICE, 3) == 100
    assert position.cost_of(*ALICE, 5) == 100
    assert position.cost_of(*BOB, 5) == 0


def test_an_emptied_lot_is_dropped_with_its_cost():
    assert held((ALICE, 10, 4), (ALICE, -10, -4)).lots == ()


def test_a_lot_may_be_owed_for_a_while_but_costs_nothing_then():
    position = held((ALICE, 10, 4)).changed(*ALICE, -15, -9)
    assert position.lots == (Lot(wallet="0xa", kind="fill", size_micro=-5, cost_micro=0),)


def test_a_redemption_takes_the_lots_in_their_order():
    position = held((ALICE, 10, 5), (BOB, 10, 8)).reduced(12)
    assert position.lots == (Lot(wallet="0xb", kind="position", size_micro=8, cost_micro=7),)


def test_a_merge_takes_the_lots_that_it_names_at_their_own_cost():
    position = held((ALICE, 10, 5), (BOB, 10, 8)).without({"position/0xb": 5, "fill/0xc": 3, "fill/0xa": 10})
    assert position.lots == (Lot(wallet="0xb", kind="position", size_micro=5, cost_micro=4),)


def test_a_redemption_of_more_than_is_held_leaves_nothing():
    assert held((ALICE, 10, 5)).reduced(99).lots == ()


def test_a_position_is_a_value():
    position = held((ALICE, 10, 5))
    position.changed(*ALICE, 5, 5)
    assert position == held((ALICE, 10, 5))
