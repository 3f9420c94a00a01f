"""What the paper exchange makes of an order and a tape: which prints fill it, when it is told, and what is left out."""

import pytest
from msgspec.structs import replace

from tests.support.tapes import LEADER, NO, OTHER, MemoryTape, Print, tape_market
from tests.support.trading import approved, execution, market_terms, signed
from whaletrader.adapters.paper.faults import FaultPlan
from whaletrader.adapters.paper.telling import Rules, events_of, unknown_order
from whaletrader.domain.fees import FeeSchedule, taker_fee_micro
from whaletrader.domain.values import NANOS

RULES = Rules()


def order(latency_ms=5_000, **changes):
    harness = execution(latency_ms=latency_ms)
    harness.tell(market_terms(), at=90)
    return signed(harness.tell(approved(**changes), at=100)[0])


def told(*rows, sent=None, cancel=None, asks=(), rules=RULES, **tape):
    return events_of(sent or order(), cancel, asks, MemoryTape(list(rows), **tape), rules)


def fills(*rows, **options):
    return [event for event in told(*rows, **options) if event.kind == "FILL"]


def test_only_prints_between_arrival_and_end_fill_an_order():
    times = [fill.ts / NANOS for fill in fills(*[Print(ts, 0.5, 4.0) for ts in (104.9, 105, 105.5, 165, 165.1)])]
    assert times == [pytest.approx(105), 105.5, 165]


def test_nothing_is_told_before_the_order_arrived():
    rows = [Print(105, 0.5)]
    assert min(event.ts for event in told(*rows)) == 105 * NANOS + 1
    instant = order(latency_ms=0)
    assert min(event.ts for event in told(Print(100, 0.5), sent=instant)) == 100 * NANOS + 1


def test_the_leaders_print_is_never_ours_even_as_the_only_one():
    assert not fills(Print(106, 0.5, wallet=LEADER))


def test_a_print_in_the_leaders_second_is_not_ours_even_when_he_traded_just_before_our_order_arrived():
    sent = order(latency_ms=300)
    assert not fills(Print(100.1, 0.5, wallet=LEADER), Print(100.9, 0.5), sent=sent)
    assert len(fills(Print(100.1, 0.5, wallet=LEADER), Print(101.0, 0.5), sent=sent)) == 1


def test_the_other_leg_of_the_leaders_match_is_not_ours():
    assert not fills(Print(106, 0.5, wallet=LEADER, transaction=9), Print(107, 0.5, transaction=9))


def test_makers_and_takers_row_of_one_match_fill_us_once():
    rows = [Print(106, 0.5, 10.0, transaction=9), Print(106, 0.5, 10.0, transaction=9, wallet="0x" + "cc" * 20)]
    assert [fill.size_micro for fill in fills(*rows)] == [5_000_000]


def test_how_much_of_a_print_may_be_ours_is_a_rule():
    for share, size in ((1_000_000, 10_000_000), (250_000, 2_500_000), (1, 0)):
        found = fills(Print(106, 0.5, 10.0), rules=Rules(participation_micro=share))
        assert sum(fill.size_micro for fill in found) == size


def test_the_fee_is_the_markets_own_at_our_price():
    schedule = FeeSchedule(30_000)
    (fill,) = fills(Print(106, 0.5, 10.0), fees=schedule)
    assert fill.fee_micro == taker_fee_micro(schedule, fill.price_micro, fill.size_micro) > 0
    assert fills(Print(106, 0.5, 10.0), fees=FeeSchedule(0))[0].fee_micro == 0


def test_the_half_spread_is_the_categorys():
    crypto = fills(Print(106, 0.5, 10.0))[0]
    sports = fills(Print(106, 0.5, 10.0), markets=[tape_market(category="sports")])[0]
    assert sports.price_micro - crypto.price_micro == 10_000


def test_an_order_that_is_filled_does_not_expire_and_one_that_is_not_says_how_much_was():
    assert told(Print(106, 0.5, 1_000.0))[-1].kind == "SETTLED"
    ended = told(Print(106, 0.5, 10.0))[-1]
    assert (ended.kind, ended.size_micro, ended.reason) == ("EXPIRED", 5_000_000, "EXPIRED")


def test_every_event_has_an_id_of_its_own_and_names_its_order():
    plan = FaultPlan(repeat_micro=1_000_000, fail_micro=500_000)
    rows = [Print(105 + number, 0.5, 4.0) for number in range(1, 8)]
    found = told(*rows, cancel=150 * NANOS, asks=(110 * NANOS, 120 * NANOS), rules=Rules(plan))
    assert len({event.event_id for event in found}) == len(found)
    assert {event.order_hash for event in found} == {order().order_hash}
    assert {event.account_id for event in found} == {"paper"}
    trades = {event.trade_id for event in found if event.kind == "FILL"}
    assert trades == {event.trade_id for event in found if event.kind in ("SETTLED", "FAILED")}


def test_asking_later_tells_more():
    rows = [Print(106, 0.5, 4.0), Print(120, 0.5, 4.0)]
    dropping = Rules(FaultPlan(drop_micro=1_000_000))
    answers = {}
    for ask in (104, 107, 130, 200):
        found = told(*rows, asks=(ask * NANOS,), rules=dropping)
        answers[ask] = [event.kind for event in found if ":ask:" in event.event_id]
    assert answers[104] == ["UNKNOWN_ORDER"]
    assert answers[107] == ["ACCEPTED", "FILL"]
    assert answers[130] == ["ACCEPTED", "FILL", "SETTLED", "FILL", "SETTLED"]
    assert answers[200] == [*answers[130], "EXPIRED"]


def test_an_ask_for_a_cancelled_order_tells_that_it_was_cancelled():
    found = told(cancel=110 * NANOS, asks=(120 * NANOS,), rules=Rules(FaultPlan(drop_micro=1_000_000)))
    assert [(event.kind, event.size_micro) for event in found] == [("ACCEPTED", 0), ("CANCELLED", 0)]


def test_a_rejection_can_be_lost_too_and_is_told_when_asked():
    wrong = replace(order(), price_micro=605_000)
    dropping = Rules(FaultPlan(drop_micro=1_000_000))
    assert told(sent=wrong, rules=dropping) == []
    (answer,) = told(sent=wrong, rules=dropping, asks=(110 * NANOS,))
    assert (answer.kind, answer.reason) == ("REJECTED", "BREAKS_TICK_SIZE")


def test_a_market_that_never_resolves_keeps_matching():
    market = tape_market(resolved=False, resolved_ts=-1, payouts_micro=())
    assert len(fills(Print(106, 0.5, 4.0), markets=[market])) == 1


def test_an_order_without_a_leader_may_meet_any_print():
    sent = replace(order(), leader_wallet="")
    assert len(fills(Print(106, 0.5, 4.0, wallet=LEADER), Print(107, 0.5, 4.0, wallet=OTHER), sent=sent)) == 2


def test_a_leader_that_the_tape_does_not_know_excludes_nobody():
    sent = replace(order(), leader_wallet="0x" + "ee" * 20)
    assert len(fills(Print(106, 0.5, 4.0, wallet=LEADER), sent=sent)) == 1


def test_the_no_token_is_bought_at_the_no_price():
    sent = order(token_id=NO, worst_price_micro=400_000)
    (fill,) = fills(Print(106, 0.65, 10.0, outcome=0), sent=sent)
    assert fill.token_id == NO
    assert 360_000 <= fill.price_micro <= 361_000


def test_an_unknown_order_is_answered_right_after_the_question():
    event = unknown_order("paper", "0x1", 5)
    assert (event.ts, event.kind, event.order_hash, event.market_id) == (6, "UNKNOWN_ORDER", "0x1", "")
