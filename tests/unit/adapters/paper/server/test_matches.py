"""A match as a trade: prices, fees, movements; every kind of match at every price."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.venue_orders import NO, START, YES, market, resting, wallet
from whaletrader.adapters.paper.server.books import MarketBook
from whaletrader.adapters.paper.server.matches import fees_of, make_trade, movements_of, worst_cost_micro
from whaletrader.adapters.paper.server.terms import Terms
from whaletrader.domain.fees import FeeSchedule, taker_fee_micro
from whaletrader.domain.matching.price_time import REST
from whaletrader.domain.values import MICRO

NAMES = ("trade", "0xff")
FEE = FeeSchedule(70_000)


def order(number, side, outcome, cents, size):
    one = resting(number, side, cents * 10_000, size, token=(YES, NO)[outcome], maker=wallet(number))
    one.outcome_index, one.builder_maker_bps, one.builder_taker_bps = outcome, 7 * number % 51, 13 * number % 101
    return one


def traded(taker, *makers):
    """The trade of a taker with what rests, None where nothing matched."""
    book = MarketBook(market(fee=FEE), START)
    for each in makers:
        book.step(each, book.command(each, each.size_micro, -1, REST))
    _, matched = book.step(taker, book.command(taker, taker.size_micro, -1, REST))
    return make_trade(taker, matched, book.market, START, NAMES) if matched else None


@pytest.mark.parametrize(
    ("taker", "maker", "kind", "cash", "maker_cash"),
    [
        (("BUY", 0, 60), ("SELL", 0, 55), "COMPLEMENTARY", 5.5, 5.5),
        (("SELL", 0, 50), ("BUY", 0, 55), "COMPLEMENTARY", 5.5, 5.5),
        (("BUY", 1, 60), ("SELL", 1, 55), "COMPLEMENTARY", 5.5, 5.5),
        (("BUY", 0, 60), ("BUY", 1, 45), "MINT", 5.5, 4.5),
        (("BUY", 1, 60), ("BUY", 0, 45), "MINT", 5.5, 4.5),
        (("SELL", 0, 50), ("SELL", 1, 45), "MERGE", 5.5, 4.5),
        (("SELL", 1, 50), ("SELL", 0, 45), "MERGE", 5.5, 4.5),
    ],
)
def test_every_kind_of_match_pays_at_the_resting_price(taker, maker, kind, cash, maker_cash):
    trade = traded(order(1, *taker, 10), order(2, *maker, 10))
    assert (trade.makers[0].kind, trade.cash_micro, trade.makers[0].cash_micro) == (
        kind,
        round(cash * MICRO),
        round(maker_cash * MICRO),
    )
    assert trade.makers[0].price_micro == maker[2] * 10_000
    assert trade.price_micro == 550_000
    assert trade.fee_micro == taker_fee_micro(FEE, 550_000, 10 * MICRO) + 7_150  # 13 bps of 5.5 dollars
    assert trade.makers[0].fee_micro == round(maker_cash * 1_400)  # 14 bps


def test_a_sweep_is_one_trade_at_the_mean_price():
    makers = [order(2, "SELL", 0, 50, 10), order(3, "BUY", 1, 49, 20)]
    trade = traded(order(1, "BUY", 0, 55, 40), *makers)
    assert (trade.size_micro, trade.cash_micro, trade.price_micro) == (30 * MICRO, 15_200_000, 506_667)
    assert [(maker.maker, maker.price_micro) for maker in trade.makers] == [(wallet(2), 500_000), (wallet(3), 490_000)]


ORDERS = st.tuples(st.sampled_from(("BUY", "SELL")), st.integers(0, 1), st.integers(1, 99), st.integers(5, 50))


@given(taker=ORDERS, makers=st.lists(ORDERS, min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_movements_make_nothing_and_pairs_are_backed_one_to_one(taker, makers):
    trade = traded(order(1, *taker), *(order(number, *maker) for number, maker in enumerate(makers, 2)))
    if trade is None:
        return
    moves = movements_of(trade)
    cash = sum(move.cash_micro for move in moves)
    shares = {token: sum(move.token_micro for move in moves if move.token_id == token) for token in (YES, NO)}
    assert shares[YES] == shares[NO]
    assert cash == -shares[YES] - fees_of(trade)
    assert moves[0].address == wallet(1)
    assert len(moves) == 1 + len(trade.makers)


@given(best=st.integers(1, 99), above=st.integers(0, 98), size=st.integers(1, 1_000), bps=st.integers(0, 100))
@settings(max_examples=150, deadline=None)
def test_no_fill_between_best_and_limit_costs_more_than_what_is_asked_for(best, above, size, bps):
    limit = min(99, best + above)
    terms = Terms(limit * 10_000, size * MICRO, -1)
    need = worst_cost_micro(terms, terms.price_micro * size, best * 10_000, FEE, bps)
    for cents in range(best, limit + 1):
        fee = taker_fee_micro(FEE, cents * 10_000, size * MICRO, builder_rate_micro=bps * 100)
        assert cents * 10_000 * size + fee <= need


def test_a_budget_can_buy_more_shares_and_so_pay_more_fee():
    terms = Terms(900_000, 10 * MICRO, 9 * MICRO)
    need = worst_cost_micro(terms, 9 * MICRO, 500_000, FEE)
    assert need == 9 * MICRO + taker_fee_micro(FEE, 500_000, 18 * MICRO)
