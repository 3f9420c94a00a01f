"""Who can pay for what, order by order."""

import pytest

from tests.support.venue_orders import CONDITION, NO, YES, Orders, market, resting, wallet
from whaletrader.adapters.paper.server.funds import UNLIMITED, Funds, Movement, need_of
from whaletrader.adapters.paper.server.settlement_logs import settling_contract
from whaletrader.adapters.paper.server.types import Account
from whaletrader.domain.values import MICRO

ALICE, BOB = wallet(1), wallet(2)
OTHER_CONDITION = "0x" + "77" * 32


@pytest.fixture
def accounts():
    contract = settling_contract(market())
    return {
        address: Account(
            address=address,
            owner=address,
            cash_micro=100 * MICRO,
            tokens={YES: 50 * MICRO, NO: 50 * MICRO},
            allowances_micro={contract: UNLIMITED},
            approved={contract},
        )
        for address in (ALICE, BOB)
    }


@pytest.fixture
def funds(accounts):
    return Funds(accounts)


def test_a_buy_needs_its_collateral_rounded_up_and_a_sell_its_shares():
    assert need_of(resting(1)) == 40 * MICRO
    assert need_of(resting(1, "SELL")) == 100 * MICRO
    odd = resting(1, price=333_333)
    assert need_of(odd) == 33_333_300
    odd.builder_maker_bps = 50
    assert need_of(odd) == 33_333_300 + 166_660
    odd.builder_maker_bps = 0
    odd.size_micro = 1
    assert need_of(odd) == 1


def test_open_orders_count_within_a_market_and_not_across(funds):
    funds.reserve(resting(1, size=200))
    funds.reserve(resting(2, size=200, condition=OTHER_CONDITION))
    assert funds.reserved(ALICE, CONDITION) == 80 * MICRO
    order = Orders().limit(1, "BUY", YES, 0.4, 10)
    assert funds.shortage(order, market(), 20 * MICRO) == ""
    words = funds.shortage(order, market(), 20 * MICRO + 1)
    assert "balance: 100000000, sum of active orders: 80000000, order amount: 20000001" in words


def test_buys_of_both_outcomes_share_the_markets_collateral(funds):
    funds.reserve(resting(1, size=200))
    funds.reserve(resting(2, size=40, token=NO))
    assert funds.reserved(ALICE, CONDITION) == 96 * MICRO


def test_sells_count_by_token(funds):
    funds.reserve(resting(1, "SELL", size=30))
    sell = Orders().limit(1, "SELL", NO, 0.4, 50)
    assert funds.shortage(sell, market(), 50 * MICRO) == ""
    same = Orders().limit(1, "SELL", YES, 0.4, 50)
    assert "not enough balance" in funds.shortage(same, market(), 21 * MICRO)


def test_allowance_and_approval_are_those_of_the_markets_own_exchange(funds, accounts):
    buy, sell = Orders().limit(1, "BUY", YES, 0.4, 10), Orders().limit(1, "SELL", YES, 0.4, 10)
    for order in (buy, sell):
        assert "allowance is not enough" in funds.shortage(order, market(neg_risk=True), MICRO)
    accounts[ALICE].allowances_micro[settling_contract(market())] = 5
    assert "allowance: 5, order amount: 6" in funds.shortage(buy, market(), 6)


def test_what_a_fill_uses_is_given_back_from_the_reservation(funds):
    order = resting(1, size=100)
    funds.reserve(order)
    funds.fill(order, 30 * MICRO)
    assert (order.matched_micro, funds.reserved(ALICE, CONDITION)) == (30 * MICRO, 28 * MICRO)
    funds.fill(order, 70 * MICRO)
    assert funds.reserved(ALICE, CONDITION) == 0
    other = resting(2)
    funds.reserve(other)
    funds.forget(other)
    assert funds.reserved(ALICE, CONDITION) == 0


def test_owed_money_is_not_available_and_comes_free_when_a_settlement_fails(funds, accounts):
    moves = (Movement(ALICE, -30 * MICRO, YES, 60 * MICRO), Movement(BOB, 30 * MICRO, YES, -50 * MICRO))
    funds.owe(moves)
    assert (funds.available_cash(ALICE), funds.available_token(BOB, YES)) == (70 * MICRO, 0)
    assert funds.available_token(ALICE, YES) == 50 * MICRO, "what is not mined cannot be sold"
    funds.disown(moves)
    assert (funds.available_cash(ALICE), funds.available_token(BOB, YES)) == (100 * MICRO, 50 * MICRO)
    funds.owe(moves)
    funds.move(moves)
    assert (accounts[ALICE].cash_micro, accounts[BOB].cash_micro) == (70 * MICRO, 130 * MICRO)
    assert (accounts[ALICE].tokens[YES], YES in accounts[BOB].tokens) == (110 * MICRO, False)
    assert (accounts[ALICE].owed_cash_micro, accounts[BOB].owed_tokens) == (0, {})


def test_the_newest_orders_go_first_when_the_money_is_gone(funds):
    for number in (1, 2, 3):
        funds.reserve(resting(number, size=80))
    funds.owe([Movement(ALICE, -30 * MICRO, YES, 0)])
    gone = []
    for order in funds.unpayable(ALICE):
        gone.append(order.order_id)
        funds.forget(order)
    assert gone == ["0x03"]
    assert funds.reserved(ALICE, CONDITION) == 64 * MICRO
    assert list(funds.unpayable(BOB)) == []


def test_nobody_has_nothing(funds):
    assert funds.available_cash("0xnobody") == funds.available_token("0xnobody", YES) == 0
    assert "not enough balance" in funds.shortage(Orders().limit(9, "BUY", YES, 0.4, 10), market(), 1)
