"""Paper trading against a live book, killed and opened again anywhere: nothing is told twice, nothing is lost."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.shadow_orders import changed, order
from tests.support.tapes import YES, tape_market
from whaletrader.adapters.paper.shadow import ShadowExchange
from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.values import MICRO, NANOS

SECOND = NANOS
CENTS = st.integers(52, 58)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("delta"), st.sampled_from(("BUY", "SELL")), CENTS, st.integers(0, 30)),
        st.tuples(st.just("print"), st.sampled_from(("BUY", "SELL")), CENTS, st.integers(1, 30)),
        st.tuples(st.just("order"), st.sampled_from(("BUY", "SELL")), CENTS, st.integers(5, 30)),
        st.tuples(st.just("again"), st.just(""), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("cancel"), st.just(""), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("kill"), st.just(""), st.just(0), st.just(0)),
        st.tuples(st.just("kill"), st.just(""), st.just(0), st.just(0)),
    ),
    min_size=3,
    max_size=25,
)


FIRST = order()


def placed(number, side, cents, size, now):
    figures = {"side": side, "price_micro": cents * 10_000, "size_micro": size * MICRO}
    return changed(FIRST, **figures, salt=number + 1, arrive_ts=now + SECOND // 2)


def opened(path):
    exchange = ShadowExchange(path)
    exchange.on_market(tape_market(resolved=False, resolved_ts=-1, payouts_micro=()), FeeSchedule(50_000))
    return exchange


def drained(exchange, cursor, seen):
    while (event := exchange.next_event(*cursor)) is not None:
        assert (event.ts, event.event_id) > cursor
        seen.append(event)
        cursor = (event.ts, event.event_id)
    return cursor


@given(steps=STEPS)
@settings(max_examples=25, deadline=None)
def test_killed_anywhere_every_order_ends_once_and_every_fill_settles_once(steps):
    with tempfile.TemporaryDirectory() as folder:
        sent, seen = run(Path(folder) / "shadow.db", steps)
    assert len({event.event_id for event in seen}) == len(seen)
    check(sent, seen)


def run(path, steps):
    exchange, sent, seen, cursor = opened(path), [], [], (-1, "")
    for number, (what, side, value, size) in enumerate(steps):
        now = (105 + number) * SECOND
        if what == "delta":
            exchange.on_delta(YES, side, value * 10_000, size * MICRO, now)
        elif what == "print":
            exchange.on_print(YES, side, value * 10_000, size * MICRO, now)
        elif what == "order":
            sent.append(placed(number, side, value, size, now))
            exchange.submit(sent[-1])
        elif what == "kill":
            exchange = opened(path)
            exchange.on_book(YES, [(530_000, 9 * MICRO)], [(560_000, 9 * MICRO)], now)
        elif sent:
            chosen = sent[value % len(sent)]
            if what == "again":
                exchange.submit(chosen)
            else:
                exchange.cancel(chosen.account_id, chosen.order_hash, now)
        cursor = drained(exchange, cursor, seen)
    exchange.advance(10_000 * SECOND)
    drained(exchange, cursor, seen)
    exchange.close()
    return sent, seen


def check(sent, seen):
    for one in sent:
        mine = [event for event in seen if event.order_hash == one.order_hash]
        kinds = [str(event.kind) for event in mine]
        filled = sum(event.size_micro for event in mine if event.kind == "FILL")
        assert kinds.count("ACCEPTED") == 1
        assert kinds.count("FILL") == kinds.count("SETTLED")
        ended = [event for event in mine if event.kind in ("EXPIRED", "CANCELLED")]
        assert [event.size_micro for event in ended] == ([] if filled == one.size_micro else [filled])
