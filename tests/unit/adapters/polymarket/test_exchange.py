"""The gateway's own rules: unknown outcomes, what is sent again and what never is, and every source telling once."""

import json

import pytest
from msgspec.structs import replace

from tests.contract.test_exchange import events, kinds, order
from tests.support.scripted_clob import FEES, SECOND, Clock, ScriptedClob, gateway, venue_error
from whaletrader.datasets.decode.rows import MakerOrder, UserOrder, UserTrade
from whaletrader.domain.amounts import most_shares
from whaletrader.domain.fees import taker_fee_micro
from whaletrader.errors import ExchangeError

OTHER = "0x" + "ee" * 32


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


def maker(order_id, matched, price=0.55, token=None, sent=None):
    return MakerOrder(
        order_id=order_id,
        token_id=token or (sent.token_id if sent else "11"),
        price_micro=round(price * 1e6),
        matched_micro=round(matched * 1e6),
    )


def trade(sent, status="MATCHED", trade_id="t1", size=20.0, makers=None, **more):
    """A trade in which `sent` took resting orders."""
    values = {
        "trade_id": trade_id,
        "market_id": sent.market_id,
        "token_id": sent.token_id,
        "ts_event": 106 * SECOND,
        "ts_match": 106 * SECOND,
        "status": status,
        "side": "BUY",
        "price_micro": 550_000,
        "size_micro": round(size * 1e6),
        "taker_order_id": sent.order_hash,
        "maker_orders": tuple(makers or [maker(OTHER, size, sent=sent)]),
        **more,
    }
    return UserTrade(**values)


def order_row(sent, kind="PLACEMENT", matched=0.0, **more):
    return UserOrder(
        order_id=sent.order_hash,
        market_id=sent.market_id,
        token_id=sent.token_id,
        ts_event=106 * SECOND,
        type=kind,
        side="BUY",
        price_micro=600_000,
        original_size_micro=sent.size_micro,
        size_matched_micro=round(matched * 1e6),
        **more,
    )


def market_order(kind="FAK"):
    """A purchase that names the most it can bring, as it has to."""
    return replace(order(), order_type=kind, expiration_s=0, size_micro=most_shares(order().maker_amount))


# -- sending -----------------------------------------------------------------------------------------------------------


def test_a_taken_order_is_accepted_once_whoever_tells_it(exchange):
    sent = order()
    exchange.submit(sent)
    exchange.tell([order_row(sent)])
    exchange.refresh()
    assert kinds(events(exchange)) == ["ACCEPTED"]


def test_the_bytes_of_a_retry_are_the_bytes_of_the_first_try(exchange, http):
    http.script("POST /order", venue_error(0), venue_error(502))
    sent = order()
    for _ in range(2):
        with pytest.raises(ExchangeError) as error:
            exchange.submit(sent)
        assert error.value.retryable
    exchange.submit(sent)
    bodies = http.calls("POST /order")
    assert len(bodies) == 3
    assert len(set(bodies)) == 1
    assert kinds(events(exchange)) == ["ACCEPTED"]


def test_a_lost_answer_and_the_duplicate_answer_make_one_order(exchange, http):
    def lost(body):
        http._take(json.loads(body))
        return venue_error(0)

    http.script("POST /order", lost)
    sent = order()
    with pytest.raises(ExchangeError):
        exchange.submit(sent)
    http.script("POST /order", venue_error(400, f"order {sent.order_hash} is invalid. Duplicated."))
    exchange.submit(sent)
    assert kinds(events(exchange)) == ["ACCEPTED"]
    assert len(http.orders) == 1


def test_a_retry_refused_for_want_of_money_was_taken_the_first_time(exchange, http):
    sent = order()
    http.script("POST /order", venue_error(504))
    with pytest.raises(ExchangeError):
        exchange.submit(sent)
    http.rest(sent.order_hash, status="MATCHED", matched="20")
    http.trades = [rest_trade(sent)]
    http.script("POST /order", venue_error(400, "not enough balance / allowance"))
    exchange.submit(sent)
    assert kinds(events(exchange)) == ["ACCEPTED", "FILL"]


def test_an_immediate_order_is_never_sent_twice(exchange, http):
    sent = market_order()
    http.script("POST /order", venue_error(0))
    with pytest.raises(ExchangeError):
        exchange.submit(sent)
    exchange.submit(sent)
    assert len(http.calls("POST /order")) == 1
    exchange.ask("paper", sent.order_hash, 200 * SECOND)
    assert kinds(events(exchange)) == ["UNKNOWN_ORDER"]


@pytest.mark.parametrize("status", [425, 429, 503])
def test_a_resting_order_waits_out_a_window_in_which_nothing_is_taken(exchange, http, status):
    sent = order()
    http.script("POST /order", venue_error(status, "trading is currently disabled"))
    with pytest.raises(ExchangeError) as error:
        exchange.submit(sent)
    assert error.value.retryable
    assert events(exchange) == []
    exchange.submit(sent)
    assert kinds(events(exchange)) == ["ACCEPTED"]


def test_a_market_order_is_not_kept_for_after_the_window(exchange, http):
    http.script("POST /order", venue_error(503, "post-only mode: only post-only orders and cancels are allowed"))
    exchange.submit(market_order())
    (refused,) = events(exchange)
    assert (refused.kind, refused.reason) == ("REJECTED", "POST_ONLY_MODE")


@pytest.mark.parametrize(
    ("kind", "words", "reason"),
    [
        ("FAK", "no orders found to match with FAK order. FAK orders are partially filled or killed", "FAK_NOT_FILLED"),
        ("FOK", "order couldn't be fully filled. FOK orders are fully filled or killed.", "FOK_NOT_FILLED"),
    ],
)
def test_finding_nothing_to_fill_is_an_outcome(exchange, http, kind, words, reason):
    http.script("POST /order", venue_error(400, words))
    exchange.submit(market_order(kind))
    (over,) = events(exchange)
    assert (over.kind, over.size_micro, over.reason) == ("CANCELLED", 0, reason)


def test_what_an_immediate_order_left_is_closed_with_the_count(exchange, http):
    sent = market_order()
    answer = {"success": True, "orderID": sent.order_hash, "status": "matched", "errorMsg": ""}
    http.script("POST /order", {**answer, "makingAmount": "4.4", "takingAmount": "8", "tradeIDs": ["t1"]})
    exchange.submit(sent)
    exchange.tell([trade(sent, size=8.0)])
    found = events(exchange)
    assert kinds(found) == ["ACCEPTED", "CANCELLED", "FILL"]
    assert found[1].size_micro == 8_000_000


def test_success_with_an_error_text_is_no_success(exchange, http):
    answer = {"success": True, "orderID": "", "status": "", "errorMsg": "not enough balance / allowance"}
    http.script("POST /order", answer)
    exchange.submit(order())
    (refused,) = events(exchange)
    assert (refused.kind, refused.reason) == ("REJECTED", "NOT_ENOUGH_BALANCE_OR_ALLOWANCE")


def test_batches_hold_fifteen_and_one_bad_order_leaves_the_others(exchange, http):
    sent = [order(approval_id=f"{number:032x}") for number in range(20)]
    bad = sent[3].order_hash

    def answers(body):
        told = [http._take(each) for each in json.loads(body)]
        return [{**t, "success": False, "errorMsg": "invalid expiration"} if t["orderID"] == bad else t for t in told]

    http.script("POST /orders", answers)
    exchange.submit_all(sent)
    assert [len(json.loads(body)) for body in http.calls("POST /orders")] == [15, 5]
    told = {event.order_hash: event.kind for event in events(exchange)}
    assert told.pop(bad) == "REJECTED"
    assert set(told.values()) == {"ACCEPTED"}
    assert len(told) == 19


def test_a_batch_that_nobody_answered_is_unknown_in_every_order(exchange, http):
    sent = [order(approval_id=f"{number:032x}") for number in range(3)]
    http.script("POST /orders", venue_error(504))
    with pytest.raises(ExchangeError):
        exchange.submit_all(sent)
    assert events(exchange) == []
    assert {state for _, state in exchange.orders()} == {"SENT"}


# -- fills -------------------------------------------------------------------------------------------------------------


def rest_trade(sent, status="MATCHED", trade_id="t1", size="20"):
    leg = {"order_id": OTHER, "asset_id": sent.token_id, "price": "0.55", "matched_amount": size, "side": "SELL"}
    return {
        "id": trade_id,
        "market": sent.market_id,
        "asset_id": sent.token_id,
        "taker_order_id": sent.order_hash,
        "trader_side": "TAKER",
        "side": "BUY",
        "price": "0.55",
        "size": size,
        "status": f"TRADE_STATUS_{status}",
        "match_time": "106",
        "last_update": "107",
        "maker_orders": [leg],
    }


def test_a_fill_before_the_answer_comes_first_and_nothing_is_told_twice(exchange, http):
    sent = order()

    def early(body):
        exchange.tell([trade(sent, size=8.0)])
        return http._take(json.loads(body))

    http.script("POST /order", early)
    exchange.submit(sent)
    assert kinds(events(exchange)) == ["FILL", "ACCEPTED"]


@pytest.mark.parametrize("news", ["fill", "cancellation"])
def test_an_order_that_ended_before_its_answer_came_stays_ended(exchange, http, news):
    sent = order()

    def ended(body):
        answer = http._take(json.loads(body))
        row = trade(sent, "CONFIRMED") if news == "fill" else order_row(sent, "CANCELLATION")
        http.orders[sent.order_hash]["status"] = "ORDER_STATUS_CANCELED"
        exchange.tell([row])
        return answer

    http.script("POST /order", ended)
    exchange.submit(sent)
    assert {each.order_hash: state for each, state in exchange.orders()} == {sent.order_hash: "CLOSED"}
    assert exchange.refresh() == 0


def test_matched_is_a_fill_mined_is_nothing_confirmed_settles(exchange):
    sent = order()
    exchange.submit(sent)
    for status in ("MATCHED", "MATCHED", "MINED", "CONFIRMED", "CONFIRMED", "MATCHED"):
        exchange.tell([trade(sent, status)])
    found = events(exchange)
    assert kinds(found) == ["ACCEPTED", "FILL", "SETTLED"]
    assert found[1].trade_id == found[2].trade_id == "t1"
    assert (found[1].price_micro, found[1].size_micro, found[1].role) == (550_000, 20_000_000, "taker")
    assert found[1].fee_micro == 247_500


def test_a_failed_settlement_is_told_after_its_retries(exchange):
    sent = order()
    exchange.submit(sent)
    for status in ("MATCHED", "RETRYING", "RETRYING", "FAILED"):
        exchange.tell([trade(sent, status)])
    assert kinds(events(exchange)) == ["ACCEPTED", "FILL", "FAILED"]


def test_a_confirmation_without_a_match_brings_the_fill_along(exchange):
    sent = order()
    exchange.submit(sent)
    exchange.tell([trade(sent, "CONFIRMED")])
    assert kinds(events(exchange)) == ["ACCEPTED", "FILL", "SETTLED"]


def test_every_resting_order_is_a_fill_at_its_own_price_and_the_other_outcome_counts_from_one(exchange):
    sent = order()
    exchange.submit(sent)
    makers = [maker("0x" + "aa" * 32, 8, 0.50, sent=sent), maker("0x" + "bb" * 32, 12, 0.42, token="other")]
    exchange.tell([trade(sent, "CONFIRMED", makers=makers)])
    fills = [event for event in events(exchange) if event.kind == "FILL"]
    assert [(fill.price_micro, fill.size_micro) for fill in fills] == [(500_000, 8_000_000), (580_000, 12_000_000)]
    assert len({fill.trade_id for fill in fills}) == 2
    assert kinds(events(exchange)).count("SETTLED") == 2


def test_a_trade_of_several_fills_is_charged_as_a_whole_at_its_average_price(exchange):
    sent = order()
    exchange.submit(sent)
    makers = [
        maker(f"0x{number:064x}", size, price, sent=sent)
        for number, (size, price) in enumerate([(8, 0.30), (7.77, 0.50), (4.23, 0.60)])
    ]
    exchange.tell([trade(sent, makers=makers)])
    fills = [event for event in events(exchange) if event.kind == "FILL"]
    average = (8 * 300_000 + 7.77 * 500_000 + 4.23 * 600_000) / 20
    assert sum(fill.fee_micro for fill in fills) == taker_fee_micro(FEES, round(average), 20_000_000)
    assert all(fill.fee_micro > 0 for fill in fills)


def test_makers_that_do_not_add_up_leave_the_trades_own_price(exchange):
    sent = order()
    exchange.submit(sent)
    exchange.tell([trade(sent, makers=[maker(OTHER, 5, 0.10, sent=sent)])])
    (fill,) = [event for event in events(exchange) if event.kind == "FILL"]
    assert (fill.price_micro, fill.size_micro) == (550_000, 20_000_000)


def test_as_a_maker_we_get_our_own_price_and_pay_nothing(exchange):
    sent = order()
    exchange.submit(sent)
    ours = maker(sent.order_hash, 7, 0.60, sent=sent)
    strangers = trade(sent, taker_order_id=OTHER, makers=[maker("0x" + "aa" * 32, 13, sent=sent), ours])
    exchange.tell([strangers])
    (fill,) = [event for event in events(exchange) if event.kind == "FILL"]
    assert (fill.price_micro, fill.size_micro, fill.fee_micro, fill.role) == (600_000, 7_000_000, 0, "maker")


def test_rows_of_strangers_change_nothing(exchange):
    exchange.tell([trade(order()), order_row(order()), "no row at all"])
    assert events(exchange) == []


def test_an_order_row_that_counts_more_than_is_known_has_the_trades_read(exchange, http):
    sent = order()
    exchange.submit(sent)
    http.trades = [rest_trade(sent, size="8")]
    exchange.tell([order_row(sent, "UPDATE", matched=8.0)])
    assert kinds(events(exchange)) == ["ACCEPTED", "FILL"]


# -- cancelling --------------------------------------------------------------------------------------------------------


def test_a_cancel_ends_the_order_with_the_count_of_what_was_filled(exchange, http):
    sent = order()
    exchange.submit(sent)
    http.orders[sent.order_hash]["size_matched"] = "8"
    http.trades = [rest_trade(sent, size="8")]
    exchange.cancel("paper", sent.order_hash, 115 * SECOND)
    found = events(exchange)
    assert kinds(found) == ["ACCEPTED", "CANCELLED", "FILL"]
    assert found[1].size_micro == 8_000_000


def test_a_cancel_of_what_is_filled_tells_the_fill(exchange, http):
    sent = order()
    exchange.submit(sent)
    http.orders[sent.order_hash] |= {"status": "ORDER_STATUS_MATCHED", "size_matched": "20"}
    http.trades = [rest_trade(sent)]
    exchange.cancel("paper", sent.order_hash, 115 * SECOND)
    assert kinds(events(exchange)) == ["ACCEPTED", "FILL"]


def test_a_delayed_order_cannot_be_cancelled_yet_and_is_cancelled_with_the_next_look(exchange, http):
    sent = order()
    http.script("POST /order", lambda body: {**http._take(json.loads(body)), "status": "delayed"})
    exchange.submit(sent)
    http.script("DELETE /order", {"canceled": [], "not_canceled": {sent.order_hash: "order is delayed"}})
    exchange.cancel("paper", sent.order_hash, 115 * SECOND)
    assert kinds(events(exchange)) == ["ACCEPTED"]
    exchange.refresh()
    assert kinds(events(exchange)) == ["ACCEPTED", "CANCELLED"]


def test_an_order_that_ran_out_is_expired_and_not_cancelled(exchange, http, clock):
    sent = order()
    exchange.submit(sent)
    clock.now = (sent.expiration_s + 5) * SECOND
    exchange.tell([order_row(sent, "CANCELLATION")])
    assert kinds(events(exchange)) == ["ACCEPTED", "EXPIRED"]


# -- reading back ------------------------------------------------------------------------------------------------------


def test_refresh_finds_what_the_channel_did_not_tell(exchange, http):
    sent = order()
    exchange.submit(sent)
    http.orders[sent.order_hash] |= {"status": "ORDER_STATUS_MATCHED", "size_matched": "20"}
    http.trades = [rest_trade(sent)]
    assert exchange.refresh() == 1
    http.trades = [rest_trade(sent, "CONFIRMED")]
    assert exchange.refresh() == 0
    assert kinds(events(exchange)) == ["ACCEPTED", "FILL", "SETTLED"]


def test_an_order_that_the_venue_forgot_is_over_after_a_while_but_not_at_once(exchange, http, clock):
    sent = replace(order(), expiration_s=900)
    exchange.submit(sent)
    clock.now += 300 * SECOND
    http.rest(sent.order_hash)
    exchange.refresh()
    http.orders.clear()
    clock.now += 40 * SECOND
    exchange.refresh()
    assert kinds(events(exchange)) == ["ACCEPTED"]
    clock.now += 40 * SECOND
    exchange.refresh()
    assert kinds(events(exchange)) == ["ACCEPTED", "CANCELLED"]


def test_a_walk_that_breaks_off_is_no_answer(exchange, http):
    http.script("GET /data/orders", {"data": [], "next_cursor": "abc"}, {"data": [], "next_cursor": "abc"})
    with pytest.raises(ExchangeError):
        exchange.refresh()


def test_the_cursor_survives_a_restart_and_a_clock_that_went_back(http, tmp_path):
    sent, clock = order(), Clock(500)
    first = gateway(http, tmp_path / "kept.db", clock)
    first.submit(sent)
    told = events(first)
    first.close()
    second = gateway(http, tmp_path / "kept.db", Clock(100))
    assert events(second) == told
    second.tell([trade(sent)])
    cursor = told[-1].ts, told[-1].event_id
    assert kinds(events(second, cursor)) == ["FILL"]
    second.close()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 500, 0])
@pytest.mark.parametrize("call", ["cancel", "ask"])
def test_no_answer_of_the_venue_to_a_cancel_or_a_question_ends_the_run(exchange, http, status, call):
    sent = order()
    exchange.submit(sent)
    http.script("DELETE /order", venue_error(status, "words"))
    http.script(f"GET /data/order/{sent.order_hash}", venue_error(status, "words"))
    if status == 404 and call == "ask":
        exchange.ask("paper", sent.order_hash, 106 * SECOND)  # an answer, not a fault
        return
    with pytest.raises(ExchangeError) as error:
        getattr(exchange, call)("paper", sent.order_hash, 106 * SECOND)
    assert error.value.retryable


@pytest.mark.parametrize(("status", "kinds_told"), [(404, ["REJECTED"]), (502, [])])
def test_an_order_in_a_market_that_the_venue_does_not_know_is_refused_before_it_is_sent(
    http, clock, status, kinds_told
):
    def prepare(_market_id):
        raise venue_error(status, "market not found")

    exchange = gateway(http, clock=clock, prepare=prepare)
    if status == 404:
        exchange.submit(order())
    else:
        with pytest.raises(ExchangeError):
            exchange.submit(order())
    assert kinds(events(exchange)) == kinds_told
    assert http.sent == []
    exchange.close()
