import msgspec

from tests.support.tapes import MARKET, YES
from tests.support.trading import ACCOUNT, market_terms
from whaletrader.agents.execution_outputs import pay_out, tell
from whaletrader.agents.execution_state import ExecutionState, Holding, Terms, Working, advance, fold, held_change
from whaletrader.domain.fees import WORST_CASE
from whaletrader.domain.order_life import Filled, Incomplete, NotFound, Order, Settled, Trade
from whaletrader.domain.values import NANOS
from whaletrader.messages.envelope import fact
from whaletrader.messages.orders import OrderReport, RedeemPosition, SettlementUpdated

WORKING = Working(
    life=Order(order_hash="0x1", size_micro=10_000_000), approval_id="a", account_id=ACCOUNT, wallet="0x", kind="fill",
    market_id=MARKET, token_id=YES, event_group_id="g", side="BUY", reference_price_micro=500_000, end_ts=165 * NANOS,
)  # fmt: skip
TRADE = Trade(trade_id="t", price_micro=500_000, size_micro=4_000_000, fee_micro=10, role="taker")


def settled(status):
    return Settled(msgspec.structs.replace(TRADE, status=status))


def report(kind):
    return OrderReport(
        account_id=ACCOUNT, order_hash="0x1", market_id=MARKET, token_id=YES, kind=kind, exchange_event_id="e",
        trade_id="", price_micro=0, size_micro=0, fee_micro=0, role="", cash_micro=0, reason="",
    )  # fmt: skip


def test_a_buy_is_held_once_confirmed_and_never_when_it_failed():
    assert held_change(WORKING, [Filled(TRADE, False)]) == 0
    assert held_change(WORKING, [settled("CONFIRMED")]) == 4_000_000
    assert held_change(WORKING, [settled("FAILED")]) == 0


def test_a_sale_is_gone_from_its_match_on_and_back_when_it_failed():
    sale = msgspec.structs.replace(WORKING, side="SELL")
    assert held_change(sale, [Filled(TRADE, False)]) == -4_000_000
    assert held_change(sale, [Filled(TRADE, False), settled("CONFIRMED")]) == -4_000_000
    assert held_change(sale, [settled("FAILED")]) == 4_000_000


def test_an_order_that_is_not_known_is_dead_only_after_its_expiration():
    alive, happened = advance(WORKING, report("UNKNOWN_ORDER"), 225 * NANOS)
    assert happened == (NotFound(),)
    assert not alive.life.terminal
    dead, happened = advance(WORKING, report("UNKNOWN_ORDER"), 225 * NANOS + 1)
    assert [each.reason for each in happened] == ["NEVER_ARRIVED"]
    assert dead.life.finished


def test_unknown_fees_are_the_worst_case():
    assert Terms(10_000, 5_000_000, False, -1, -1, False, ("1", "2")).fees is WORST_CASE
    known = Terms(10_000, 5_000_000, False, 30_000, 1, False, ("1", "2")).fees
    assert (known.rate_micro, known.exponent) == (30_000, 1)


def test_a_market_concerns_us_while_we_hold_order_or_wait_for_a_payment_there():
    state = ExecutionState()
    assert not state.concerns(MARKET)
    state.orders["0x1"] = WORKING
    assert state.concerns(MARKET)
    state.orders.clear()
    state.held[YES] = Holding(MARKET, 1)
    assert state.concerns(MARKET)
    state.held.clear()
    state.payments["c"] = RedeemPosition(
        account_id=ACCOUNT, market_id=MARKET, token_id=YES, size_micro=1, payout_micro=1
    )
    assert state.concerns(MARKET)


def test_a_finished_order_is_still_found():
    state = ExecutionState(finished={"0x1": WORKING})
    assert state.order("0x1") is WORKING
    assert state.order("0x2") is None


def test_newer_terms_replace_older_ones_and_come_last():
    state = ExecutionState()
    for number, (market, tick) in enumerate([("m1", 10_000), ("m2", 10_000), ("m1", 1_000)]):
        update = msgspec.structs.replace(market_terms(tick_micro=tick), market_id=market)
        fold(state, fact(update, natural_key=str(number), ts_event=0, ts_init=0))
    assert list(state.terms) == ["m2", "m1"]
    assert state.terms["m1"].tick_micro == 1_000


def test_fresh_states_share_nothing():
    one, other = ExecutionState(), ExecutionState()
    one.orders["0x1"] = WORKING
    assert not other.orders


def test_a_state_is_the_same_after_a_snapshot():
    state = ExecutionState(orders={"0x1": WORKING}, held={YES: Holding(MARKET, 5)})
    state.orders["0x1"] = msgspec.structs.replace(
        WORKING, life=msgspec.structs.replace(WORKING.life, trades=(TRADE,), early=(("t2", "CONFIRMED"),))
    )
    for codec in (msgspec.msgpack, msgspec.json):
        assert codec.decode(codec.encode(state), type=ExecutionState) == state


def test_what_is_missing_is_for_the_agent_to_ask_and_tells_nobody_anything():
    assert tell(WORKING, Incomplete()) == []
    assert tell(WORKING, NotFound()) == []


def test_nothing_is_paid_out_for_nothing():
    assert pay_out(ACCOUNT, MARKET, YES, 0, 1_000_000) == []
    assert pay_out(ACCOUNT, MARKET, YES, -5, 1_000_000) == []
    assert isinstance(pay_out(ACCOUNT, MARKET, YES, 5, 1)[0], RedeemPosition)
    assert isinstance(pay_out(ACCOUNT, MARKET, YES, 5, 0)[0], SettlementUpdated)
