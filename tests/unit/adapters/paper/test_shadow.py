"""Paper fills against a live book: what is taken, who waits, what is told and when."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.shadow_orders import changed, order
from tests.support.tapes import LEADER, MARKET, NO, OTHER, YES, tape_market
from whaletrader.adapters.paper.faults import FaultPlan
from whaletrader.adapters.paper.shadow import ShadowExchange, ShadowRules
from whaletrader.datasets.decode.rows import (
    BookDelta,
    BookSnapshot,
    ChainResolution,
    LastTrade,
    TickSizeChange,
    VenueFill,
)
from whaletrader.domain.fees import FeeSchedule, taker_fee_micro
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.errors import ConflictError

FEE = FeeSchedule(50_000)
SECOND = NANOS


def shares(*levels):
    return [(round(price * MICRO), round(size * MICRO)) for price, size in levels]


@pytest.fixture
def exchange():
    return make()


def make(path=":memory:", rules=None, **changes):
    made = ShadowExchange(path, rules or ShadowRules())
    made.on_market(tape_market(resolved=False, resolved_ts=-1, payouts_micro=(), **changes), FEE)
    return made


def show(exchange, *, bids=((0.5, 100),), asks=((0.56, 8), (0.58, 100)), at=100, token=YES):
    exchange.on_book(token, shares(*bids), shares(*asks), at * SECOND)


def events(exchange, after=(-1, "")):
    found = []
    while (event := exchange.next_event(*after)) is not None:
        found.append(event)
        after = (event.ts, event.event_id)
    return found


def fills(exchange):
    return [event for event in events(exchange) if event.kind == "FILL"]


def kinds(found):
    return [str(event.kind) for event in found]


def test_an_order_takes_what_the_book_shows_level_by_level_and_pays_the_fee(exchange):
    show(exchange)
    exchange.submit(order())
    assert events(exchange) == []
    exchange.advance(105 * SECOND)
    found = fills(exchange)
    assert [(fill.price_micro, fill.size_micro) for fill in found] == [(560_000, 8 * MICRO), (580_000, 12 * MICRO)]
    assert [fill.fee_micro for fill in found] == [
        taker_fee_micro(FEE, fill.price_micro, fill.size_micro) for fill in found
    ]
    assert {str(fill.role) for fill in found} == {"taker"}


def test_fills_settle_after_the_delay(exchange):
    show(exchange)
    exchange.submit(order())
    exchange.advance(105 * SECOND)
    assert kinds(events(exchange)) == ["ACCEPTED", "FILL", "FILL"]
    exchange.advance(110 * SECOND)
    assert kinds(events(exchange)) == ["ACCEPTED", "FILL", "FILL", "SETTLED", "SETTLED"]


def test_a_settlement_fails_where_the_plan_says_so():
    exchange = make(rules=ShadowRules(faults=FaultPlan(fail_micro=MICRO)))
    show(exchange)
    exchange.submit(order())
    exchange.advance(120 * SECOND)
    assert [event.reason for event in events(exchange) if event.kind == "FAILED"] == ["REVERTED", "REVERTED"]


def test_what_we_took_is_not_there_for_our_next_order(exchange):
    show(exchange, asks=((0.56, 30),))
    exchange.submit(order())
    exchange.submit(order(approval_id="2" * 32))
    exchange.advance(106 * SECOND)
    assert sum(fill.size_micro for fill in fills(exchange)) == 30 * MICRO


def test_a_level_that_goes_and_comes_back_is_whole_again(exchange):
    show(exchange, asks=((0.56, 20),))
    exchange.submit(order())
    exchange.advance(105 * SECOND)
    exchange.on_delta(YES, "SELL", 560_000, 0, 106 * SECOND)
    exchange.on_delta(YES, "SELL", 560_000, 20 * MICRO, 107 * SECOND)
    exchange.submit(replace(order(approval_id="2" * 32)))
    exchange.advance(108 * SECOND)
    assert sum(fill.size_micro for fill in fills(exchange)) == 40 * MICRO


def test_a_buy_of_no_meets_the_bids_of_yes(exchange):
    show(exchange, bids=((0.45, 50),), asks=())
    exchange.submit(order(token_id=NO))
    exchange.advance(105 * SECOND)
    assert [(fill.price_micro, fill.size_micro) for fill in fills(exchange)] == [(550_000, 20 * MICRO)]


def test_the_book_of_either_token_tells_the_same_market():
    told_yes, told_no = make(), make()
    show(told_yes, bids=((0.45, 50),), asks=((0.57, 9),))
    show(told_no, bids=((0.43, 9),), asks=((0.55, 50),), token=NO)
    for exchange in (told_yes, told_no):
        exchange.submit(order())
        exchange.submit(order(token_id=NO, approval_id="2" * 32))
        exchange.advance(105 * SECOND)
    assert events(told_yes) == events(told_no)


def test_a_waiting_order_stands_behind_those_who_were_there_before(exchange):
    show(exchange, bids=((0.6, 50),), asks=())
    exchange.submit(order())
    exchange.on_print(YES, "SELL", 600_000, 40 * MICRO, 110 * SECOND, wallet=OTHER)
    assert fills(exchange) == []
    exchange.on_print(YES, "SELL", 600_000, 15 * MICRO, 111 * SECOND, wallet=OTHER)
    assert [(fill.price_micro, fill.size_micro, str(fill.role)) for fill in fills(exchange)] == [
        (600_000, 5 * MICRO, "maker")
    ]
    assert fills(exchange)[0].fee_micro == 0


def test_cancels_before_us_shorten_the_queue(exchange):
    show(exchange, bids=((0.6, 50),), asks=())
    exchange.submit(order())
    exchange.on_delta(YES, "BUY", 600_000, 10 * MICRO, 106 * SECOND)
    exchange.on_print(YES, "SELL", 600_000, 12 * MICRO, 107 * SECOND)
    assert [fill.size_micro for fill in fills(exchange)] == [2 * MICRO]


def test_a_print_through_our_price_serves_us_at_our_price(exchange):
    show(exchange, bids=((0.6, 50),), asks=())
    exchange.submit(order())
    exchange.on_print(NO, "BUY", 410_000, 7 * MICRO, 107 * SECOND)
    assert [(fill.price_micro, fill.size_micro) for fill in fills(exchange)] == [(600_000, 7 * MICRO)]


def test_the_leaders_own_print_is_not_ours_to_take(exchange):
    show(exchange, bids=((0.3, 50),), asks=())
    exchange.submit(order())
    exchange.on_print(YES, "SELL", 600_000, 7 * MICRO, 107 * SECOND, wallet=LEADER)
    fill = {"source": "rtds.trades", "wallet": LEADER, "token_id": YES, "side": "SELL", "price_micro": 1}
    exchange.hear([VenueFill(**fill, size_micro=1, ts_event=0, tx_hash="0xabc")], 107 * SECOND)
    trade = {"market_id": MARKET, "token_id": YES, "ts_event": 0, "price_micro": 600_000, "size_micro": 7 * MICRO}
    exchange.hear([LastTrade(**trade, side="SELL", tx_hash="0xabc")], 107 * SECOND)
    assert fills(exchange) == []
    exchange.hear([LastTrade(**trade, side="SELL", tx_hash="0xdef")], 108 * SECOND)
    assert [fill.size_micro for fill in fills(exchange)] == [7 * MICRO]


def test_a_new_offer_at_our_price_would_have_been_matched_with_us(exchange):
    show(exchange, bids=((0.3, 50),), asks=())
    exchange.submit(order())
    exchange.advance(105 * SECOND)
    exchange.on_delta(YES, "SELL", 590_000, 6 * MICRO, 107 * SECOND)
    assert [(fill.price_micro, fill.size_micro, str(fill.role)) for fill in fills(exchange)] == [
        (600_000, 6 * MICRO, "maker")
    ]
    exchange.on_delta(YES, "BUY", 310_000, 6 * MICRO, 108 * SECOND)
    assert len(fills(exchange)) == 1


def test_an_order_before_the_first_snapshot_waits_for_it(exchange):
    exchange.submit(order())
    exchange.advance(106 * SECOND)
    assert kinds(events(exchange)) == ["ACCEPTED"]
    show(exchange, at=110)
    assert sum(fill.size_micro for fill in fills(exchange)) == 20 * MICRO


@pytest.mark.parametrize("token", [YES, NO])
def test_a_book_that_was_heard_before_its_market_is_there_for_the_order(token):
    exchange = ShadowExchange(":memory:")
    asks = ((0.56, 8),)
    if token == YES:
        show(exchange, asks=asks)
        exchange.on_delta(YES, "SELL", 570_000, 3 * MICRO, 101 * SECOND)
    else:
        show(exchange, bids=((0.44, 8),), asks=(), token=NO)
        exchange.on_delta(NO, "BUY", 430_000, 3 * MICRO, 101 * SECOND)
    exchange.on_market(tape_market(resolved=False, resolved_ts=-1, payouts_micro=()), FEE)
    exchange.submit(order())
    exchange.advance(106 * SECOND)
    assert [(fill.price_micro, fill.size_micro) for fill in fills(exchange)] == [
        (560_000, 8 * MICRO),
        (570_000, 3 * MICRO),
    ]


def test_older_terms_do_not_make_the_books_tick_coarser(exchange):
    exchange.on_book(YES, [], [(555_000, 8 * MICRO)], 100 * SECOND, 1_000)
    exchange.on_market(tape_market(resolved=False, resolved_ts=-1, payouts_micro=(), min_order_micro=1), FEE)
    exchange.submit(order())
    exchange.advance(106 * SECOND)
    assert [(fill.price_micro, fill.size_micro) for fill in fills(exchange)] == [(555_000, 8 * MICRO)]


def test_events_are_never_before_the_time_that_has_passed(exchange):
    show(exchange, at=120)
    exchange.submit(order())
    assert [event.ts >= 120 * SECOND for event in events(exchange)] == [True] * 3


def test_an_order_that_is_not_filled_in_time_expires(exchange):
    show(exchange)
    exchange.submit(order())
    exchange.submit(changed(order(), price_micro=400_000, salt=5))
    exchange.advance(164 * SECOND)
    assert "EXPIRED" not in kinds(events(exchange))
    exchange.advance(165 * SECOND)
    closed = [event for event in events(exchange) if event.kind == "EXPIRED"]
    assert [event.size_micro for event in closed] == [0]
    assert exchange.open_markets() == ()


def test_a_cancel_takes_what_is_left_also_before_the_order_arrives(exchange):
    show(exchange, asks=((0.56, 8),))
    exchange.submit(order())
    exchange.advance(106 * SECOND)
    exchange.cancel(order().account_id, order().order_hash, 107 * SECOND)
    exchange.advance(107 * SECOND)
    assert [event.size_micro for event in events(exchange) if event.kind == "CANCELLED"] == [8 * MICRO]
    early = make()
    show(early)
    early.cancel(order().account_id, order().order_hash, 104 * SECOND)
    early.submit(order())
    early.advance(106 * SECOND)
    assert kinds(events(early)) == ["ACCEPTED", "CANCELLED"]


def test_orders_that_the_venue_would_refuse_are_rejected(exchange):
    show(exchange)
    exchange.submit(replace(order(), market_id="0x" + "77" * 32))
    exchange.submit(replace(order(approval_id="3" * 32), salt=99))
    exchange.advance(106 * SECOND)
    assert sorted(event.reason for event in events(exchange)) == ["INVALID_SIGNATURE", "MARKET_NOT_FOUND"]


def test_an_order_with_the_old_tick_is_rejected_after_a_change(exchange):
    show(exchange)
    fine = changed(order(), price_micro=590_000, salt=5)
    change = TickSizeChange(market_id=MARKET, token_id=YES, ts_event=0, old_tick_micro=10_000, new_tick_micro=100_000)
    exchange.hear([change], 101 * SECOND)
    exchange.submit(fine)
    exchange.advance(106 * SECOND)
    assert [event.reason for event in events(exchange)] == ["BREAKS_TICK_SIZE"]


@pytest.mark.parametrize(("kind", "filled"), [("FAK", 8), ("FOK", 0)])
def test_orders_that_never_rest_are_cancelled_with_what_they_got(exchange, kind, filled):
    show(exchange, asks=((0.56, 8),))
    exchange.submit(changed(order(), order_type=kind, expiration_s=0, salt=5))
    exchange.advance(106 * SECOND)
    assert [event.size_micro for event in events(exchange) if event.kind == "CANCELLED"] == [filled * MICRO]


def test_a_post_only_order_that_would_cross_is_rejected(exchange):
    show(exchange)
    exchange.submit(replace(order(), post_only=True))
    exchange.advance(106 * SECOND)
    assert kinds(events(exchange))[-1] == "REJECTED"
    assert fills(exchange) == []


def test_the_same_order_twice_is_one_order(exchange):
    show(exchange)
    exchange.submit(order())
    exchange.advance(106 * SECOND)
    found = events(exchange)
    exchange.submit(order())
    assert events(exchange) == found
    assert exchange.orders() == [(order(), 2)]
    with pytest.raises(ConflictError):
        exchange.submit(replace(order(), size_micro=1))


def test_whoever_asks_is_told_everything_again(exchange):
    show(exchange)
    exchange.submit(order())
    exchange.advance(106 * SECOND)
    cursor = events(exchange)[-1]
    exchange.ask(order().account_id, order().order_hash, 107 * SECOND)
    exchange.ask(order().account_id, "0x" + "00" * 32, 107 * SECOND)
    exchange.advance(107 * SECOND)
    again = events(exchange, (cursor.ts, cursor.event_id))
    assert kinds(again) == ["ACCEPTED", "FILL", "FILL", "UNKNOWN_ORDER"]


def test_redemptions_pay_after_the_resolution_and_fail_before(exchange):
    exchange.redeem("r1", "paper", YES, 10 * MICRO, 100 * SECOND)
    exchange.merge("m1", "paper", MARKET, 3 * MICRO, 100 * SECOND)
    exchange.advance(101 * SECOND)
    exchange.submit(order())
    exchange.advance(106 * SECOND)
    won = ChainResolution(source="chain", market_id=MARKET, payouts_micro=(MICRO, 0), ts_event=0)
    exchange.hear([won], 110 * SECOND)
    exchange.redeem("r2", "paper", YES, 10 * MICRO, 111 * SECOND)
    exchange.advance(112 * SECOND)
    found = {event.order_hash: event for event in events(exchange) if event.event_id.endswith(":paid")}
    assert (found["r1"].kind, found["r1"].reason) == ("FAILED", "NOT_RESOLVED")
    assert (found["m1"].kind, found["m1"].cash_micro) == ("MERGED", 3 * MICRO)
    assert (found["r2"].kind, found["r2"].cash_micro) == ("REDEEMED", 10 * MICRO)
    assert "CANCELLED" in kinds(events(exchange))


def test_a_restart_keeps_orders_settlements_and_the_cursor(tmp_path):
    first = make(tmp_path / "shadow.db")
    show(first, asks=((0.56, 8),))
    first.submit(order())
    first.advance(106 * SECOND)
    told = events(first)
    first.close()
    second = ShadowExchange(tmp_path / "shadow.db")
    assert events(second) == told
    second.advance(112 * SECOND)
    second.on_book(YES, [], shares((0.56, 100)), 113 * SECOND)
    later = events(second, (told[-1].ts, told[-1].event_id))
    assert kinds(later) == ["SETTLED", "FILL"]
    assert later[1].size_micro == 12 * MICRO
    second.advance(170 * SECOND)
    assert kinds(events(second))[-1] == "SETTLED"


def test_rows_of_the_feeds_make_the_book(exchange):
    snapshot = BookSnapshot(
        market_id=MARKET, token_id=YES, ts_event=0, bids=(), asks=((560_000, 5 * MICRO),), tick_micro=10_000
    )
    delta = BookDelta(market_id=MARKET, token_id=NO, ts_event=0, price_micro=430_000, size_micro=9 * MICRO, side="BUY")
    exchange.hear([snapshot, delta, object()], 100 * SECOND)
    exchange.submit(order())
    exchange.advance(106 * SECOND)
    assert [(fill.price_micro, fill.size_micro) for fill in fills(exchange)] == [
        (560_000, 5 * MICRO),
        (570_000, 9 * MICRO),
    ]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("delta"), st.sampled_from(("BUY", "SELL")), st.integers(45, 70), st.integers(0, 30)),
        st.tuples(st.just("print"), st.sampled_from(("BUY", "SELL")), st.integers(45, 70), st.integers(1, 30)),
        st.tuples(st.just("order"), st.sampled_from(("BUY", "SELL")), st.integers(45, 70), st.integers(5, 30)),
    ),
    max_size=25,
)


@given(steps=STEPS)
@settings(max_examples=40, deadline=None)
def test_whatever_happens_events_come_in_order_and_no_order_gets_too_much_or_a_worse_price(steps):
    exchange, sent, seen, cursor = make(), {}, [], (-1, "")
    show(exchange)
    for number, (what, side, cents, size) in enumerate(steps):
        now = (105 + number) * SECOND
        if what == "delta":
            exchange.on_delta(YES, side, cents * 10_000, size * MICRO, now)
        elif what == "print":
            exchange.on_print(YES, side, cents * 10_000, size * MICRO, now)
        else:
            one = changed(order(), side=side, price_micro=cents * 10_000, size_micro=size * MICRO, salt=number)
            one = replace(one, arrive_ts=now)
            sent[one.order_hash] = one
            exchange.submit(one)
        while (event := exchange.next_event(*cursor)) is not None:
            seen.append(event)
            cursor = (event.ts, event.event_id)
    exchange.advance(10_000 * SECOND)
    assert seen == events(exchange)[: len(seen)]
    for name, one in sent.items():
        mine = [event for event in events(exchange) if event.order_hash == name]
        got = [event for event in mine if event.kind == "FILL"]
        assert sum(event.size_micro for event in got) <= one.size_micro
        worse = (event.price_micro > one.price_micro for event in got)
        assert not any(worse) if one.side == "BUY" else all(e.price_micro >= one.price_micro for e in got)
        assert len(got) == len([event for event in mine if event.kind == "SETTLED"])
