"""Ingest tells what matters, in order, once, and nothing of the future; its state is a fold."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import tables
from tests.support.messages import example, seen
from tests.support.tables import LEADER, MARKETS, OTHER, THIRD, TOKENS, at, dataset, signal, trade
from whaletrader.adapters.local.replay_feed import ReplayFeed
from whaletrader.domain.values import NANOS
from whaletrader.errors import DataError
from whaletrader.messages.leaders import WhaleDiscovered, WhalePruned
from whaletrader.messages.market import MarketDataUpdate, MarketResolved, SegmentSealed, WhaleTradeObserved
from whaletrader.messages.orders import OrderCancelled, OrderFilled, SubmitOrder
from whaletrader.runtime.ingest import Ingest

HOUR = 3_600


def source(rows, signals=None, *, mark_interval_s=HOUR, max_print_age_s=tables.DAY_S, **others):
    feed = ReplayFeed(dataset(rows, signals, **others), simulated=False)
    return Ingest(feed, mark_interval_s=mark_interval_s, max_print_age_s=max_print_age_s)


def follow(ingest, wallet=LEADER, kind="fill", ts=0.0):
    ingest.observe(seen(example(WhaleDiscovered, wallet=wallet, kind=kind), at(ts)))


def ordered(ingest, token, ts, order_hash="0x01"):
    ingest.observe(seen(example(SubmitOrder, order_hash=order_hash, token_id=token, side="BUY"), at(ts)))


def cancelled(ingest, token, ts, order_hash="0x01"):
    ingest.observe(seen(example(OrderCancelled, order_hash=order_hash, token_id=token), at(ts)))


def drain(ingest, limit=1_000):
    told = []
    while ingest.peek() is not None and len(told) < limit:
        message = ingest.take()
        assert message.ts_init == ingest.peek()
        ingest.observe(message)
        told.append(message)
    return told


def without_segments(messages):
    return [message for message in messages if not isinstance(message.payload, SegmentSealed)]


def kinds(messages):
    return [message.type for message in without_segments(messages)]


def test_a_segment_is_told_when_its_day_is_over_and_nothing_else_while_nobody_is_followed():
    told = drain(source([trade(5, 0, 0, 0.5), trade(tables.DAY_S + 5, 0, 0, 0.5)]))
    assert [message.type for message in told] == ["SegmentSealed"] * 2
    assert [message.ts_init for message in told] == [at(tables.DAY_S), at(2 * tables.DAY_S)]


def test_a_leaders_fill_comes_behind_the_newest_price_of_somebody_else():
    ingest = source([trade(1, 1, 0, 0.4), trade(2, 0, 0, 0.7), trade(3, 0, 1, 0.2), trade(4, 0, 0, 0.6)])
    follow(ingest, ts=3)
    price, event = without_segments(drain(ingest))
    assert isinstance(price.payload, MarketDataUpdate)
    assert isinstance(event.payload, WhaleTradeObserved)
    assert (price.payload.price_micro, price.payload.print_wallet) == (400_000, OTHER)
    assert (price.ts_event, price.ts_init) == (at(1), at(4)), "the price's own time shows its age"
    assert (event.payload.price_micro, event.payload.side) == (600_000, "BUY")


def test_a_price_that_is_too_old_or_missing_is_told_as_unknown():
    ingest = source([trade(1, 1, 0, 0.4), trade(20, 0, 0, 0.7), trade(21, 0, 2, 0.7)], max_print_age_s=10)
    follow(ingest)
    prices = [message.payload for message in drain(ingest) if isinstance(message.payload, MarketDataUpdate)]
    assert [(price.price_micro, price.print_wallet) for price in prices] == [(-1, ""), (-1, "")]


def test_only_rows_behind_the_moment_of_discovery_are_told():
    ingest = source([trade(second, 0, 0, 0.5) for second in (1, 2, 3)])
    follow(ingest, ts=2)
    assert [m.ts_event for m in drain(ingest) if isinstance(m.payload, WhaleTradeObserved)] == [at(3)]


def test_a_pruned_leader_is_told_no_more_also_between_a_price_and_its_event():
    ingest = source([trade(1, 0, 0, 0.5), trade(2, 1, 0, 0.5), trade(2, 1, 0, 0.6)])
    follow(ingest)
    follow(ingest, OTHER)
    first = ingest.take()
    ingest.observe(first)
    ingest.observe(seen(example(WhalePruned, wallet=LEADER, kind="fill"), at(1)))
    assert kinds(drain(ingest)) == ["MarketDataUpdate", "WhaleTradeObserved"] * 2


def test_the_two_kinds_of_events_are_followed_apart():
    ingest = source([trade(1, 0, 0, 0.5)], [signal(2, 0, 0, 0.4, seen=1)])
    follow(ingest, kind="position")
    (event,) = (m.payload for m in drain(ingest) if isinstance(m.payload, WhaleTradeObserved))
    assert (event.kind, event.price_micro, event.prev_seen_ts, event.side) == ("position", 400_000, at(1), "BUY")


def test_a_fresh_quote_is_told_and_an_old_one_is_not():
    quote = {"token": 0, "bid_micro": 1, "ask_micro": 2, "bid_size_micro": 3, "ask_size_micro": 4, "source": 0}
    ingest = source([trade(10, 0, 0, 0.5), trade(100, 0, 0, 0.5)], quotes=[quote | {"ts": at(5)}])
    follow(ingest)
    prices = [message.payload for message in drain(ingest) if isinstance(message.payload, MarketDataUpdate)]
    assert [(price.bid_micro, price.quote_assumed) for price in prices] == [(1, False), (-1, True)]


def test_an_ordered_token_is_marked_at_most_once_an_interval_until_the_order_ends():
    rows = [trade(60 * minute, 1, minute % 2, 0.5, size=minute + 1) for minute in range(300)]
    ingest = source(rows)
    ordered(ingest, TOKENS[0], 1)
    marks = without_segments(drain(ingest, limit=4))
    assert [mark.ts_init for mark in marks] == [at(3660), at(3660 + HOUR), at(3660 + 2 * HOUR), at(3660 + 3 * HOUR)]
    assert {mark.payload.token_id for mark in marks} == {TOKENS[0]}
    cancelled(ingest, TOKENS[0], 4 * HOUR + 100)
    assert kinds(drain(ingest)) == []


def test_a_held_token_is_marked_until_its_market_ends():
    rows = [trade(HOUR * hour, 1, 0, 0.5, size=hour + 1) for hour in range(1, 6)]
    ingest = source(rows, markets=[tables.market(0, resolved_s=2.5 * HOUR, payout=1)])
    fill = example(
        OrderFilled, order_hash="0x01", token_id=TOKENS[0], side="BUY", size_micro=5, trade_id="t", final=True
    )
    ingest.observe(seen(fill, at(1)))
    told = without_segments(drain(ingest))
    assert [message.type for message in told] == ["MarketDataUpdate", "MarketResolved"]
    assert told[-1].payload.payouts_micro == (1_000_000, 0)


def test_a_market_that_ended_before_the_leaders_event_is_told_as_ended_first():
    ingest = source([trade(9, 0, 0, 0.99)], markets=[tables.market(0, resolved_s=4, payout=1)])
    follow(ingest)
    told = without_segments(drain(ingest))
    assert kinds(told) == ["MarketResolved", "MarketDataUpdate", "WhaleTradeObserved"]
    assert (told[0].ts_event, told[0].ts_init) == (at(4), at(9))


def test_the_end_of_a_market_that_no_leader_touched_is_not_told():
    ended = [tables.market(number, resolved_s=50, payout=0) for number in range(3)]
    ingest = source([trade(9, 0, 0, 0.5), trade(10, 1, 4, 0.5)], markets=ended)
    follow(ingest)
    assert [m.payload.market_id for m in drain(ingest) if isinstance(m.payload, MarketResolved)] == [MARKETS[0]]


def test_the_id_of_a_fill_does_not_depend_on_the_dataset_that_tells_it():
    ids = []
    for extra in ([], [trade(2, 2, 3, 0.9)]):
        ingest = source([trade(9, 0, 0, 0.5, transaction=3), *extra])
        follow(ingest)
        ids += [message.id for message in drain(ingest) if isinstance(message.payload, WhaleTradeObserved)]
    assert ids[0] == ids[1]


def test_a_fact_that_this_dataset_does_not_hold_at_that_place_is_refused():
    ingest = source([trade(9, 0, 0, 0.5)])
    with pytest.raises(DataError, match="go on with the dataset that the run began with"):
        ingest.observe(seen(example(SegmentSealed, segment_id="other"), at(9)))


def test_peeking_and_taking_change_nothing():
    ingest = source([trade(9, 0, 0, 0.5), trade(10, 1, 0, 0.5)])
    follow(ingest)
    before = ingest.snapshot()
    assert [ingest.take().id for _ in range(3)] == [ingest.take().id] * 3
    assert ingest.snapshot() == before


EVENTS = st.lists(st.tuples(st.integers(1, 9 * HOUR), st.integers(0, 2), st.integers(0, 5)), min_size=1, max_size=60)


@settings(max_examples=20, deadline=None)
@given(EVENTS, st.integers(0, 30), st.sampled_from([1, 60, HOUR]))
def test_a_restart_at_any_place_goes_on_as_if_nothing_had_happened(events, cut, interval):
    rows = [trade(ts, who, token, 0.5, size=n + 1) for n, (ts, who, token) in enumerate(sorted([*events, (5, 1, 2)]))]
    ends = [tables.market(number, resolved_s=2 * HOUR * (number + 1), payout=1) for number in range(3)]

    def begun():
        ingest = source(rows, markets=ends, mark_interval_s=interval)
        follow(ingest)
        follow(ingest, THIRD, ts=10)
        ordered(ingest, TOKENS[2], 20)
        return ingest

    whole = drain(begun())
    first = begun()
    told = drain(first, limit=cut)
    restored, folded = source(rows, markets=ends, mark_interval_s=interval), begun()
    restored.restore(first.snapshot())
    for message in told:
        folded.observe(message)
    assert [*told, *drain(restored)] == whole
    assert [*told, *drain(folded)] == whole


@settings(max_examples=20, deadline=None)
@given(EVENTS)
def test_time_never_goes_back_no_event_is_told_twice_and_every_followed_fill_is_told(events):
    rows = [trade(ts, who, token, 0.5, size=n + 1) for n, (ts, who, token) in enumerate(sorted(events))]
    ingest = source(rows)
    follow(ingest)
    told = drain(ingest)
    times = [message.ts_init for message in told]
    assert times == sorted(times)
    assert len({message.id for message in told}) == len(told)
    fills = [message for message in told if isinstance(message.payload, WhaleTradeObserved)]
    assert len(fills) == sum(1 for _, who, _ in events if who == 0)
    for message in told:
        assert message.ts_event <= message.ts_init
        if isinstance(message.payload, MarketDataUpdate) and message.payload.price_micro >= 0:
            assert message.payload.print_wallet != LEADER
            assert message.ts_event <= message.ts_init - NANOS
