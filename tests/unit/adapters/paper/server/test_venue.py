"""The paper exchange's state machine: orders, matching, money, modes."""

import pytest

from tests.support.venue_orders import CONDITION, NO, START, YES, Orders, market, wallet
from whaletrader.adapters.paper.server.types import (
    BookChanged,
    BookCleared,
    MarketAdded,
    MarketResolved,
    Mode,
    OrderState,
    OrderUpdated,
    TickChanged,
    TradeState,
    TradeUpdated,
    VenueRules,
)
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.values import MICRO, NANOS

SECOND = NANOS


@pytest.fixture
def told():
    return []


@pytest.fixture
def orders():
    return Orders()


@pytest.fixture
def venue(told):
    return make(told)


def make(told, rules=None, **changes):
    venue = Venue(rules or VenueRules(genesis_ns=START))
    venue.listen(told.append)
    venue.add_market(market(**changes), START)
    for number in (1, 2, 3):
        venue.open_account(wallet(number), cash_micro=1_000 * MICRO)
        venue.deposit(wallet(number), tokens={YES: 500 * MICRO, NO: 500 * MICRO})
    return venue


def refused(venue, order, now=START):
    answer = venue.place(order, now)
    assert answer.refusal is not None, answer
    return answer.refusal


def of(told, kind):
    return [event for event in told if isinstance(event, kind)]


def test_an_order_rests_and_both_books_tell_it(venue, orders, told):
    placed = venue.place(orders.limit(1, "BUY", YES, 0.42, 100), START)
    assert (placed.status, placed.refusal, placed.trade_ids) == ("live", None, ())
    yes, no = venue.book(YES), venue.book(NO)
    assert [(level.price_micro, level.size_micro) for level in yes.bids] == [(420_000, 100 * MICRO)]
    assert [(level.price_micro, level.size_micro) for level in no.asks] == [(580_000, 100 * MICRO)]
    entries = of(told, BookChanged)[-1].entries
    assert [(e.token_id, e.side, e.price_micro, e.size_micro) for e in entries] == [
        (YES, "BUY", 420_000, 100 * MICRO),
        (NO, "SELL", 580_000, 100 * MICRO),
    ]
    assert [(e.best_bid_micro, e.best_ask_micro) for e in entries] == [(420_000, MICRO), (0, 580_000)]


def test_book_arrays_end_with_the_best_price(venue, orders):
    for price in (0.4, 0.42, 0.41):
        venue.place(orders.limit(1, "BUY", YES, price, 10), START)
    for price in (0.6, 0.55, 0.58):
        venue.place(orders.limit(2, "SELL", YES, price, 10), START)
    book = venue.book(YES)
    assert [level.price_micro for level in book.bids] == [400_000, 410_000, 420_000]
    assert [level.price_micro for level in book.asks] == [600_000, 580_000, 550_000]
    assert venue.best(YES) == (420_000, 550_000)
    assert venue.best(NO) == (450_000, 580_000)
    assert len(book.hash) == 40


def test_a_match_pays_at_the_resting_price_and_takes_the_takers_fee(venue, orders, told):
    venue.place(orders.limit(1, "SELL", YES, 0.4, 100), START)
    placed = venue.place(orders.limit(2, "BUY", YES, 0.5, 50), START)
    assert (placed.status, placed.making_micro, placed.taking_micro) == ("matched", 20 * MICRO, 50 * MICRO)
    trade = venue.trades[placed.trade_ids[0]]
    assert trade.fee_micro == 50 * 50_000 * 24 // 100
    assert (trade.price_micro, trade.makers[0].cash_micro) == (400_000, 20 * MICRO)
    assert venue.available_cash(wallet(2)) == 1_000 * MICRO - 20 * MICRO - trade.fee_micro
    venue.advance(START + 20 * SECOND)
    assert venue.accounts[wallet(2)].cash_micro == 980 * MICRO - trade.fee_micro
    assert venue.accounts[wallet(2)].tokens[YES] == 550 * MICRO
    assert venue.accounts[wallet(1)].cash_micro == 1_020 * MICRO
    assert venue.fees_collected_micro() == trade.fee_micro
    states = [event.state for event in of(told, TradeUpdated)]
    assert states == [TradeState.MATCHED, TradeState.MINED, TradeState.CONFIRMED]


def test_makers_pay_no_fee_and_two_buyers_mint_shares(venue, orders):
    venue.place(orders.limit(1, "BUY", NO, 0.42, 100), START)
    placed = venue.place(orders.limit(2, "BUY", YES, 0.6, 100), START)
    trade = venue.trades[placed.trade_ids[0]]
    assert (trade.cash_micro, trade.makers[0].kind) == (58 * MICRO, "MINT")
    venue.advance(START + 10 * SECOND)
    assert venue.accounts[wallet(1)].tokens == {YES: 500 * MICRO, NO: 600 * MICRO}
    assert venue.accounts[wallet(1)].cash_micro == 958 * MICRO
    assert venue.accounts[wallet(2)].tokens == {YES: 600 * MICRO, NO: 500 * MICRO}


def test_two_sellers_merge_shares_into_collateral(venue, orders):
    venue.place(orders.limit(1, "SELL", NO, 0.45, 100), START)
    placed = venue.place(orders.limit(2, "SELL", YES, 0.5, 100), START)
    trade = venue.trades[placed.trade_ids[0]]
    assert (trade.cash_micro, trade.makers[0].kind) == (55 * MICRO, "MERGE")
    venue.advance(START + 10 * SECOND)
    assert venue.accounts[wallet(1)].tokens == {YES: 500 * MICRO, NO: 400 * MICRO}
    assert venue.accounts[wallet(2)].cash_micro == 1_055 * MICRO - trade.fee_micro


def test_a_market_buy_spends_dollars_and_gets_more_shares_at_better_prices(venue, orders):
    venue.place(orders.limit(1, "SELL", YES, 0.4, 100), START)
    placed = venue.place(orders.market(2, "BUY", YES, 0.5, 10), START)
    assert (placed.making_micro, placed.taking_micro) == (10 * MICRO, 25 * MICRO)
    order = venue.orders[placed.order_id]
    assert (order.state, order.size_micro, order.matched_micro) == (OrderState.MATCHED, 25 * MICRO, 25 * MICRO)


def test_what_a_fak_order_cannot_get_is_cancelled(venue, orders, told):
    venue.place(orders.limit(1, "SELL", YES, 0.4, 10), START)
    placed = venue.place(orders.market(2, "BUY", YES, 0.5, 10), START)
    assert placed.making_micro == 4 * MICRO
    assert venue.orders[placed.order_id].state is OrderState.CANCELED
    kinds = [event.kind for event in of(told, OrderUpdated) if event.order.order_id == placed.order_id]
    assert kinds == ["PLACEMENT", "UPDATE", "CANCELLATION"]


def test_fak_and_fok_without_a_match_are_refused_in_the_venues_words(venue, orders):
    assert refused(venue, orders.market(1, "BUY", YES, 0.5, 10)).message.startswith("no orders found to match with FAK")
    venue.place(orders.limit(1, "SELL", YES, 0.4, 10), START)
    answer = refused(venue, orders.market(2, "BUY", YES, 0.5, 10, order_type="FOK"))
    assert answer.message == "order couldn't be fully filled. FOK orders are fully filled or killed."
    assert venue.best(YES) == (0, 400_000)
    assert venue.trades == {}


def test_a_post_only_order_must_not_cross(venue, orders):
    venue.place(orders.limit(1, "SELL", YES, 0.4, 10), START)
    answer = refused(venue, orders.limit(2, "BUY", YES, 0.4, 10, post_only=True))
    assert answer.message == "invalid post-only order: order crosses book"
    assert venue.place(orders.limit(2, "BUY", YES, 0.39, 10, post_only=True), START).status == "live"


def test_the_same_order_again_is_a_duplicate(venue, orders):
    order = orders.limit(1, "BUY", YES, 0.4, 10)
    venue.place(order, START)
    assert refused(venue, order).message == f"order {order.order_id} is invalid. Duplicated."


def test_prices_off_the_tick_and_small_sizes_are_refused(venue, orders):
    order = orders.limit(1, "BUY", YES, 0.405, 10, tick=1_000)
    assert refused(venue, order).message.endswith("Price (0.405) breaks minimum tick size rule: 0.01")
    order = orders.limit(1, "BUY", YES, 0.4, 4.99)
    assert refused(venue, order).message.endswith("Size (4.99) lower than the minimum: 5")


def test_amounts_with_too_many_decimals_are_refused(venue, orders):
    venue.place(orders.limit(1, "SELL", YES, 0.4, 100), START)
    order = orders.limit(2, "BUY", YES, 0.43, 10.11, order_type="FAK")
    assert "the market buy orders maker amount supports a max accuracy of 2 decimals" in refused(venue, order).message


def test_a_marketable_buy_needs_a_dollar(told, orders):
    venue = make(told, min_order_micro=0)
    venue.place(orders.limit(1, "SELL", YES, 0.05, 100), START)
    answer = refused(venue, orders.limit(2, "BUY", YES, 0.05, 19.95))
    assert answer.message == "invalid amount for a marketable BUY order ($0.9975), min size: $1"
    assert venue.place(orders.limit(2, "BUY", YES, 0.04, 19.95), START).status == "live"


def test_whoever_cannot_pay_is_refused(venue, orders):
    assert "not enough balance / allowance" in refused(venue, orders.limit(1, "BUY", YES, 0.5, 2_001)).message
    assert "not enough balance / allowance" in refused(venue, orders.limit(1, "SELL", YES, 0.5, 501)).message
    venue.place(orders.limit(1, "BUY", YES, 0.5, 1_500), START)
    assert "not enough balance / allowance" in refused(venue, orders.limit(1, "BUY", YES, 0.4, 1_000)).message
    venue.accounts[wallet(2)].allowances_micro.clear()
    assert "allowance is not enough" in refused(venue, orders.limit(2, "BUY", YES, 0.4, 10)).message


def test_shares_that_are_not_mined_yet_cannot_be_sold(venue, orders):
    venue.place(orders.limit(1, "SELL", YES, 0.4, 100), START)
    venue.place(orders.limit(2, "BUY", YES, 0.4, 100), START)
    order = orders.limit(2, "SELL", YES, 0.6, 600)
    assert "not enough balance" in refused(venue, order).message
    assert venue.place(order, START + 10 * SECOND).status == "live"


def test_an_order_that_its_wallet_cannot_pay_any_more_leaves_the_book(venue, orders):
    resting = orders.limit(1, "BUY", YES, 0.4, 1_000)
    venue.place(resting, START)
    venue.split(wallet(1), CONDITION, 700 * MICRO, START)
    assert venue.orders[resting.order_id].state is OrderState.CANCELED
    assert venue.best(YES) == (0, MICRO)


def test_banned_closed_and_plain_wallets_are_told_so(venue, orders):
    assert "deposit wallet flow" in refused(venue, orders.limit(1, "BUY", YES, 0.4, 10, signature_type=0)).message
    venue.accounts[wallet(1)].closed_only = True
    assert "address in closed only mode" in refused(venue, orders.limit(1, "BUY", YES, 0.4, 10)).message
    assert venue.place(orders.limit(1, "SELL", YES, 0.4, 10), START).status == "live"
    venue.accounts[wallet(1)].banned = True
    assert "address banned" in refused(venue, orders.limit(1, "SELL", YES, 0.4, 10)).message


def test_cancels_answer_what_went_and_why_the_rest_did_not(venue, orders):
    mine, other = orders.limit(1, "BUY", YES, 0.4, 10), orders.limit(2, "BUY", YES, 0.4, 10)
    venue.place(mine, START)
    venue.place(other, START)
    answer = venue.cancel("key-1", [mine.order_id, other.order_id, "0x00"], START)
    assert answer.canceled == (mine.order_id,)
    assert sorted(answer.not_canceled) == sorted((other.order_id, "0x00"))
    assert [order.order_id for order in venue.open_orders("key-2")] == [other.order_id]
    assert venue.cancel_all("key-2", START, token_id=NO).canceled == ()
    assert venue.cancel_all("key-2", START, condition_id=CONDITION).canceled == (other.order_id,)


def test_a_gtd_order_dies_a_minute_before_its_expiration(venue, orders):
    second = START // NANOS
    assert refused(venue, orders.limit(1, "BUY", YES, 0.4, 10, order_type="GTD", expiration_s=second + 59)).message == (
        "invalid expiration"
    )
    order = orders.limit(1, "BUY", YES, 0.4, 10, order_type="GTD", expiration_s=second + 90)
    assert venue.place(order, START).status == "live"
    venue.advance(START + 30 * SECOND - 1)
    assert venue.orders[order.order_id].state is OrderState.LIVE
    venue.advance(START + 30 * SECOND)
    assert venue.orders[order.order_id].state is OrderState.CANCELED


@pytest.mark.parametrize(("terms", "delay"), [({"taker_delay": True}, SECOND // 4), ({"seconds_delay": 3}, 3 * SECOND)])
def test_marketable_orders_are_held_where_the_market_says_so(told, orders, terms, delay):
    venue = make(told, **terms)
    venue.place(orders.limit(1, "SELL", YES, 0.4, 100), START)
    placed = venue.place(orders.limit(2, "BUY", YES, 0.4, 50), START)
    assert placed.status == "delayed"
    assert list(venue.cancel("key-2", [placed.order_id], START).not_canceled) == [placed.order_id]
    venue.advance(START + delay - 1)
    assert venue.trades == {}
    venue.advance(START + delay)
    assert [trade.match_ts for trade in venue.trades.values()] == [START + delay]


def test_a_held_order_that_finds_nothing_any_more_is_unmatched(told, orders):
    venue = make(told, taker_delay=True)
    resting = orders.limit(1, "SELL", YES, 0.4, 100)
    venue.place(resting, START)
    placed = venue.place(orders.market(2, "BUY", YES, 0.4, 5), START)
    venue.cancel("key-1", [resting.order_id], START + 1)
    venue.advance(START + SECOND)
    assert venue.orders[placed.order_id].state is OrderState.UNMATCHED
    assert venue.available_cash(wallet(2)) == 1_000 * MICRO
    assert venue.place(orders.limit(2, "BUY", YES, 0.5, 2_000), START + SECOND).status == "live"


def test_a_price_beyond_96_cents_makes_the_tick_finer(venue, orders, told):
    venue.place(orders.limit(1, "SELL", YES, 0.97, 10), START)
    venue.place(orders.limit(1, "BUY", YES, 0.5, 20), START)
    venue.place(orders.limit(2, "BUY", YES, 0.97, 10), START)
    assert [(event.old_tick_micro, event.new_tick_micro) for event in of(told, TickChanged)] == [(10_000, 1_000)]
    assert venue.best(YES) == (500_000, MICRO)
    assert venue.place(orders.limit(2, "BUY", YES, 0.975, 10, tick=1_000), START).status == "live"
    assert venue.book(YES).tick_micro == 1_000


def test_a_sports_book_is_wiped_at_the_start_of_the_game(told, orders):
    venue = make(told, clear_book_on_start=True, game_start_ts=START + 100 * SECOND)
    order = orders.limit(1, "BUY", YES, 0.4, 10)
    venue.place(order, START)
    venue.advance(START + 100 * SECOND)
    assert venue.orders[order.order_id].state is OrderState.CANCELED
    assert len(of(told, BookCleared)) == 1


def test_heartbeats_that_stop_cancel_everything(venue, orders):
    first = venue.heartbeat("key-1", "", START)
    order = orders.limit(1, "BUY", YES, 0.4, 10)
    venue.place(order, START)
    wrong = venue.heartbeat("key-1", "nonsense", START + SECOND)
    assert (wrong.refusal.message, wrong.heartbeat_id) == ("Invalid Heartbeat ID", first.heartbeat_id)
    second = venue.heartbeat("key-1", first.heartbeat_id, START + 5 * SECOND)
    venue.advance(START + 14 * SECOND)
    assert venue.orders[order.order_id].state is OrderState.LIVE
    assert second.refusal is None
    venue.advance(START + 15 * SECOND)
    assert venue.orders[order.order_id].state is OrderState.CANCELED


def test_who_never_sent_a_heartbeat_is_left_alone(venue, orders):
    order = orders.limit(1, "BUY", YES, 0.4, 10)
    venue.place(order, START)
    venue.advance(START + 1_000 * SECOND)
    assert venue.orders[order.order_id].state is OrderState.LIVE


def test_a_restart_answers_425_then_takes_post_only_orders(venue, orders):
    resting = orders.limit(3, "BUY", YES, 0.4, 10)
    venue.place(resting, START)
    venue.restart(START)
    assert refused(venue, orders.limit(1, "BUY", YES, 0.4, 10), START + 1).status == 425
    assert venue.cancel("key-3", [resting.order_id], START + 1).refusal.status == 425
    after = START + 90 * SECOND
    answer = refused(venue, orders.limit(1, "BUY", YES, 0.4, 10), after)
    assert (answer.status, answer.code, answer.retry_after_s) == (503, "post_only_mode", 120)
    assert venue.place(orders.limit(1, "BUY", YES, 0.4, 10, post_only=True), after).status == "live"
    assert venue.place(orders.limit(1, "BUY", YES, 0.4, 10), after + 120 * SECOND).status == "live"
    assert venue.mode() is Mode.NORMAL


def test_cancel_only_lets_cancels_pass_and_disabled_does_not(venue, orders):
    order = orders.limit(1, "BUY", YES, 0.4, 10)
    venue.place(order, START)
    venue.set_mode(Mode.CANCEL_ONLY, START)
    assert refused(venue, orders.limit(2, "BUY", YES, 0.4, 10)).status == 503
    venue.set_mode(Mode.DISABLED, START, START + SECOND)
    assert venue.cancel("key-1", [order.order_id], START).refusal.status == 503
    assert venue.cancel("key-1", [order.order_id], START + SECOND).canceled == (order.order_id,)


def test_unknown_tokens_and_closed_markets_take_no_orders(venue, orders):
    assert refused(venue, orders.limit(1, "BUY", "77", 0.4, 10)).status == 404
    venue.markets[CONDITION].accepting_orders = False
    assert "not yet ready" in refused(venue, orders.limit(1, "BUY", YES, 0.4, 10)).message


def test_a_resolved_market_pays_out_and_takes_no_orders(venue, orders, told):
    venue.place(orders.limit(1, "BUY", YES, 0.4, 10), START)
    venue.resolve(CONDITION, (MICRO, 0), START + SECOND)
    assert venue.open_orders("key-1") == []
    assert of(told, MarketResolved)[0].payouts_micro == (MICRO, 0)
    assert "not yet ready" in refused(venue, orders.limit(1, "BUY", YES, 0.4, 10), START + SECOND).message
    transaction = venue.redeem(wallet(1), CONDITION, START + 2 * SECOND)
    venue.advance(START + 10 * SECOND)
    assert venue.receipt(transaction) is not None
    assert venue.accounts[wallet(1)].cash_micro == 1_500 * MICRO
    assert venue.accounts[wallet(1)].tokens == {}


def test_an_account_that_nobody_opened_cannot_trade(venue, orders):
    assert "not enough balance" in refused(venue, orders.limit(9, "BUY", YES, 0.4, 10)).message


def test_listing_a_market_is_told(told):
    venue = make(told)
    assert of(told, MarketAdded)[0].market is venue.markets[CONDITION]
    assert venue.market_of(NO) is venue.markets[CONDITION]
    assert venue.book("77") is None


def test_trades_are_found_by_either_side(venue, orders):
    venue.place(orders.limit(1, "SELL", YES, 0.4, 100), START)
    venue.place(orders.limit(2, "BUY", YES, 0.5, 50), START)
    assert venue.trades_of("key-1") == venue.trades_of("key-2") == list(venue.trades.values())
    assert venue.trades_of("key-3") == []
