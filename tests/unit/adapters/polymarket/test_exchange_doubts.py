"""The gateway where answers are missing or contradict: nothing is sent, ended or counted on a guess."""

import pytest
from msgspec.structs import replace

from tests.contract.test_exchange import events, kinds, order
from tests.support.scripted_clob import Clock, ScriptedClob, gateway, venue_error
from tests.unit.adapters.polymarket.test_exchange import OTHER, maker, market_order, rest_trade, trade
from whaletrader.errors import ExchangeError


@pytest.fixture
def http():
    return ScriptedClob()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def exchange(http, clock):
    made = gateway(http, clock=clock)
    yield made
    made.close()


def test_an_order_without_an_answer_is_not_sent_again_after_its_cancel(exchange, http):
    sent = order()
    http.script("POST /order", venue_error(504))
    with pytest.raises(ExchangeError):
        exchange.submit(sent)
    exchange.cancel(sent.account_id, sent.order_hash, 0)
    exchange.submit(sent)
    assert len(http.calls("POST /order")) == 1
    http.rest(sent.order_hash)  # the first one arrives after all
    exchange.refresh()
    assert http.orders[sent.order_hash]["status"] == "ORDER_STATUS_CANCELED"
    exchange.refresh()
    assert kinds(events(exchange)) == ["ACCEPTED", "CANCELLED"]


def test_a_closed_gate_has_an_order_without_an_answer_asked_for_and_not_sent_again(http, clock):
    doors = [""]
    exchange = gateway(http, clock=clock, gate=lambda: doors[0])
    http.script("POST /order", venue_error(0))
    with pytest.raises(ExchangeError):
        exchange.submit(order())
    doors[0] = "NOT_RECONCILED"
    exchange.submit(order())
    assert len(http.calls("POST /order")) == 1
    assert events(exchange) == []
    exchange.close()


def test_a_match_that_tells_no_amounts_is_read_back_and_not_ended_with_nothing(exchange, http):
    sent = market_order()
    answer = {"success": True, "orderID": sent.order_hash, "status": "matched", "makingAmount": "", "takingAmount": ""}
    http.script("POST /order", answer)
    exchange.submit(sent)
    assert kinds(events(exchange)) == ["ACCEPTED"]
    http.rest(sent.order_hash, status="MATCHED", matched="20")
    http.trades.append(rest_trade(sent))
    exchange.refresh()
    told = events(exchange)
    assert kinds(told) == ["ACCEPTED", "CANCELLED", "FILL"]
    assert told[1].size_micro == told[2].size_micro == 20_000_000


@pytest.mark.parametrize("kind", ["FAK", "FOK"])
def test_a_market_buy_that_could_bring_more_than_its_size_is_not_sent(exchange, http, kind):
    least = market_order(kind).size_micro
    exchange.submit(replace(market_order(kind), size_micro=least - 1))
    (told,) = events(exchange)
    assert (told.kind, told.reason, http.sent) == ("NOT_SENT", "MAY_OVERFILL", [])


@pytest.mark.parametrize("kind", ["FAK", "FOK"])
def test_a_market_sale_gives_its_size_and_is_sent(exchange, http, kind):
    sale = replace(order(), order_type=kind, expiration_s=0, side="SELL")
    http.script("POST /order", {"success": True, "orderID": sale.order_hash, "status": "live"})
    exchange.submit(sale)
    assert kinds(events(exchange)) == ["ACCEPTED"]


def test_a_market_buy_that_may_overfill_and_was_on_the_wire_is_asked_for_and_not_sent_again(exchange, http):
    sent = market_order()
    http.script("POST /order", venue_error(0))
    with pytest.raises(ExchangeError):
        exchange.submit(sent)
    exchange.submit(sent)
    assert len(http.calls("POST /order")) == 1
    assert events(exchange) == []


def test_an_order_that_was_refused_and_rests_all_the_same_is_cancelled(exchange, http):
    sent = order()
    http.script("POST /order", venue_error(504), venue_error(400, "not enough balance / allowance"))
    with pytest.raises(ExchangeError):
        exchange.submit(sent)
    exchange.submit(sent)
    assert kinds(events(exchange)) == ["REJECTED"]
    http.rest(sent.order_hash)  # the first one was still on its way
    exchange.refresh()
    assert http.orders[sent.order_hash]["status"] == "ORDER_STATUS_CANCELED"


def test_one_trade_that_takes_two_of_our_orders_is_two_fills_each_settled_for_itself(exchange, http):
    sent = [order(), replace(order(), order_hash="0x" + "dd" * 32)]
    exchange.submit(sent[0])
    http.script("POST /order", {"success": True, "orderID": sent[1].order_hash, "status": "live"})
    exchange.submit(sent[1])
    makers = [maker(sent[0].order_hash, 7, 0.60, sent=sent[0]), maker(sent[1].order_hash, 13, 0.59, sent=sent[1])]
    exchange.tell([trade(sent[0], taker_order_id=OTHER, makers=makers)])
    exchange.tell([trade(sent[0], "FAILED", taker_order_id=OTHER, makers=makers)])
    found = [event for event in events(exchange) if event.trade_id]
    assert sorted((event.kind, event.size_micro) for event in found) == [
        ("FAILED", 7_000_000),
        ("FAILED", 13_000_000),
        ("FILL", 7_000_000),
        ("FILL", 13_000_000),
    ]
    assert len({event.trade_id for event in found}) == 2


def test_a_closed_gate_lets_no_new_order_out_and_says_why(http, clock):
    exchange = gateway(http, clock=clock, gate=lambda: "STALE_FEED")
    exchange.submit(order())
    (told,) = events(exchange)
    assert (told.kind, told.reason) == ("NOT_SENT", "STALE_FEED")
    assert http.sent == []
    exchange.close()


def test_where_nothing_may_be_bought_sales_pass(http, clock):
    exchange = gateway(http, clock=clock, buying=lambda: "PLACE_BARRED")
    exchange.submit(order())
    (told,) = events(exchange)
    assert (told.kind, told.reason, http.sent) == ("NOT_SENT", "PLACE_BARRED", [])
    sale = replace(order(), order_hash=OTHER, side="SELL")
    http.script("POST /order", {"success": True, "orderID": OTHER, "status": "live"})
    exchange.submit(sale)
    assert kinds(events(exchange)) == ["NOT_SENT", "ACCEPTED"]
    exchange.close()


def test_a_cancel_that_was_taken_is_not_asked_after_while_questions_are_held_back(exchange, http):
    sent = order()
    exchange.submit(sent)
    http.script(f"GET /data/order/{sent.order_hash}", venue_error(429))
    exchange.cancel(sent.account_id, sent.order_hash, 0)
    assert http.orders[sent.order_hash]["status"] == "ORDER_STATUS_CANCELED"
    assert kinds(events(exchange)) == ["ACCEPTED"]
    exchange.refresh()
    assert kinds(events(exchange)) == ["ACCEPTED", "CANCELLED"]


def test_upkeep_cancels_before_it_asks_anything(exchange, http):
    sent = order()
    exchange.submit(sent)
    http.script("DELETE /order", venue_error(503))
    with pytest.raises(ExchangeError):
        exchange.cancel(sent.account_id, sent.order_hash, 0)
    http.script(f"GET /data/order/{sent.order_hash}", venue_error(429))
    http.script("GET /data/orders", venue_error(429))
    with pytest.raises(ExchangeError):
        exchange.refresh()
    assert http.orders[sent.order_hash]["status"] == "ORDER_STATUS_CANCELED"


def test_where_nothing_may_be_opened_only_sales_that_reduce_pass(http, clock):
    exchange = gateway(http, clock=clock, opening=lambda: "USER_CHANNEL_SILENT")
    exchange.submit(order())
    exchange.submit(replace(order(), order_hash="0x" + "dd" * 32, reduce_only=True))
    exchange.submit(replace(order(), order_hash="0x" + "cc" * 32, side="SELL"))
    assert [(told.kind, told.reason) for told in events(exchange)] == [("NOT_SENT", "USER_CHANNEL_SILENT")] * 3
    assert http.sent == []
    sale = replace(order(), order_hash=OTHER, side="SELL", reduce_only=True)
    http.script("POST /order", {"success": True, "orderID": OTHER, "status": "live"})
    exchange.submit(sale)
    assert kinds(events(exchange))[3:] == ["ACCEPTED"]
    exchange.close()


def test_a_gate_for_everything_holds_back_sales_that_reduce_too(http, clock):
    exchange = gateway(http, clock=clock, gate=lambda: "NOT_RECONCILED")
    exchange.submit(replace(order(), side="SELL", reduce_only=True))
    (told,) = events(exchange)
    assert (told.kind, told.reason, http.sent) == ("NOT_SENT", "NOT_RECONCILED", [])
    exchange.close()


def test_a_gate_that_closes_does_not_hide_what_was_sent_before(http, clock):
    doors = [""]
    exchange = gateway(http, clock=clock, gate=lambda: doors[0])
    http.script("POST /order", venue_error(0))
    with pytest.raises(ExchangeError):
        exchange.submit(order())
    doors[0] = "STALE_FEED"
    http.rest(order().order_hash)
    exchange.submit(order())
    assert kinds(events(exchange)) == ["ACCEPTED"]
    exchange.close()
