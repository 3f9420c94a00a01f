"""Whatever order the venue's tidings come in, lost, late or repeated: the gateway tells the same, each once."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.test_exchange import events, order
from tests.support.scripted_clob import ScriptedClob, gateway
from tests.unit.adapters.polymarket.test_exchange import maker, order_row, rest_trade, trade
from whaletrader.domain.order_life import Order, Report, step
from whaletrader.errors import ExchangeError

SENT = order()
HALF = {
    "size": 8.0,
    "makers": [maker("0x" + "aa" * 32, 3, 0.5, sent=SENT), maker("0x" + "bb" * 32, 5, 0.55, sent=SENT)],
}
ROWS = [
    order_row(SENT, "PLACEMENT"),
    trade(SENT, "MATCHED", "t1", **HALF),
    trade(SENT, "MINED", "t1", **HALF),
    trade(SENT, "CONFIRMED", "t1", **HALF),
    order_row(SENT, "UPDATE", matched=8.0),
    trade(SENT, "MATCHED", "t2", size=6.0),
    trade(SENT, "RETRYING", "t2", size=6.0),
    trade(SENT, "FAILED", "t2", size=6.0),
    order_row(SENT, "CANCELLATION", matched=14.0),
]


def rest_rows():
    """The same by REST, once everything has happened."""
    legs = [
        {"order_id": "0x" + "aa" * 32, "asset_id": SENT.token_id, "price": "0.5", "matched_amount": "3"},
        {"order_id": "0x" + "bb" * 32, "asset_id": SENT.token_id, "price": "0.55", "matched_amount": "5"},
    ]
    first = {**rest_trade(SENT, "CONFIRMED", "t1", "8"), "maker_orders": legs}
    return [first, rest_trade(SENT, "FAILED", "t2", "6")]


def everything_told(http, exchange):
    """Read back until nothing is open, as upkeep does."""
    http.orders[SENT.order_hash] |= {"status": "ORDER_STATUS_CANCELED", "size_matched": "14"}
    http.trades = rest_rows()
    assert exchange.refresh() == 0


def told(exchange):
    return sorted((e.event_id, e.kind, e.price_micro, e.size_micro, e.fee_micro, e.role) for e in events(exchange))


def canonical():
    http = ScriptedClob()
    exchange = gateway(http)
    exchange.submit(SENT)
    exchange.tell(ROWS)
    everything_told(http, exchange)
    found = told(exchange)
    exchange.close()
    return found


def life_of(found):
    """What execution makes of it."""
    life = Order(order_hash=SENT.order_hash, size_micro=SENT.size_micro)
    for event in found:
        about = {n: getattr(event, n) for n in ("trade_id", "price_micro", "size_micro", "fee_micro", "role", "reason")}
        life, _ = step(life, Report(kind=event.kind, event_id=event.event_id, **about))
    return life


@given(
    rows=st.lists(st.sampled_from(range(len(ROWS))), max_size=14),
    before=st.integers(0, 14),
    lost=st.booleans(),
    asked=st.booleans(),
)
@settings(max_examples=120, deadline=None)
def test_any_order_of_tidings_with_losses_and_repeats_tells_the_same_once(rows, before, lost, asked):
    http = ScriptedClob()
    exchange = gateway(http)

    def on_the_way(body):
        answer = http._take(json.loads(body))
        exchange.tell([ROWS[number] for number in rows[:before]])
        if lost:
            raise ExchangeError("no answer", retryable=True)
        return answer

    http.script("POST /order", on_the_way)
    try:
        exchange.submit(SENT)
    except ExchangeError:
        exchange.submit(SENT)
    exchange.tell([ROWS[number] for number in rows[before:]])
    everything_told(http, exchange)
    if asked:
        exchange.ask("paper", SENT.order_hash, 107_000_000_000)
    found = events(exchange)
    exchange.close()
    first = [event for event in found if ":ask:" not in event.event_id]
    plain = sorted((e.event_id, e.kind, e.price_micro, e.size_micro, e.fee_micro, e.role) for e in first)
    assert plain == canonical()
    life = life_of(found)
    assert (life.status, life.filled_micro, life.finished) == ("CANCELLED", 14_000_000, True)
    assert sorted(each.status for each in life.trades) == ["CONFIRMED", "CONFIRMED", "FAILED"]


def test_fills_that_cannot_be_read_when_the_order_ends_are_read_later():
    http = ScriptedClob()
    exchange = gateway(http)
    exchange.submit(SENT)
    exchange.tell([ROWS[-1]])
    assert exchange.refresh() == 1
    everything_told(http, exchange)
    assert [event.kind for event in events(exchange)].count("FILL") == 3
    exchange.close()
