"""The account's figures, and whose doing they are."""

import pytest

from tests.support.harness import SECOND, Harness
from tests.support.payloads import ALICE, BOB, MARKET, NO, UNIT, YES, filled, market_data, operator, resolved, settled
from whaletrader.agents.performance_attribution import NAME, make
from whaletrader.config.tree import AccountSettings, Settings
from whaletrader.messages.orchestration import ScheduleTimer, TimerFired
from whaletrader.messages.portfolio import PortfolioAttribution, RebalancingRecommendation

START = 1_000 * UNIT
MARK = TimerFired(owner=NAME, name="mark", due_ts=0)


@pytest.fixture
def agent():
    harness = Harness(make(Settings(account=AccountSettings(starting_equity_micro=START))))
    harness.tell(operator("START"))
    return harness


def figures(agent):
    """What the agent says at the end of a run."""
    (out,) = agent.tell(operator("END"))
    assert isinstance(out, PortfolioAttribution)
    earned = sum(each.realised_micro + each.marked_micro - each.fees_micro for each in out.leaders)
    assert earned == out.equity_micro - START, "the leaders' sums are not the account's profit"
    assert out.equity_micro == out.cash_micro + out.positions_micro
    return out


def alice(agent):
    return next(each for each in figures(agent).leaders if each.wallet == ALICE)


def bet(agent, token, won, market, **changes):
    """A bet of 10 shares at 0.50 that ends."""
    agent.tell(filled(token_id=token, market_id=market, trade_id=token, size_micro=10 * UNIT, **changes))
    agent.tell(resolved(market_id=market, token_ids=(token, "other"), payouts_micro=(UNIT, 0) if won else (0, UNIT)))


def test_an_account_begins_with_its_cash(agent):
    out = figures(agent)
    assert (out.equity_micro, out.cash_micro, out.positions_micro, out.open_positions) == (START, START, 0, 0)
    assert (out.high_water_micro, out.leaders) == (START, ())


def test_a_purchase_turns_cash_into_a_position_and_pays_the_fee(agent):
    agent.tell(filled(size_micro=100 * UNIT, price_micro=400_000, fee_micro=1_680_000))
    out = figures(agent)
    assert out.cash_micro == START - 40 * UNIT - 1_680_000
    assert (out.positions_micro, out.fees_micro, out.realised_micro) == (40 * UNIT, 1_680_000, 0)
    assert (out.open_positions, out.equity_micro) == (1, START - 1_680_000)
    assert alice(agent).n_fills == 1


def test_a_position_is_marked_at_the_bid_and_without_one_at_the_price_less_the_half_spread(agent):
    agent.tell(filled(price_micro=400_000))
    agent.tell(market_data(price_micro=600_000))
    assert alice(agent).marked_micro == 19 * UNIT
    agent.tell(market_data(price_micro=600_000, bid_micro=550_000))
    assert alice(agent).marked_micro == 15 * UNIT
    agent.tell(market_data(price_micro=-1))
    assert alice(agent).marked_micro == 15 * UNIT


def test_a_position_without_any_price_counts_at_cost(agent):
    agent.tell(filled(price_micro=400_000))
    assert (alice(agent).marked_micro, figures(agent).positions_micro) == (0, 40 * UNIT)


def test_the_other_outcomes_price_marks_nothing_of_ours(agent):
    agent.tell(filled(price_micro=400_000))
    agent.tell(market_data(token_id=NO, outcome_index=1, price_micro=900_000))
    assert alice(agent).marked_micro == 0


def test_the_oldest_lot_is_sold_first(agent):
    agent.tell(filled(trade_id="a", price_micro=400_000, size_micro=10 * UNIT))
    agent.tell(filled(trade_id="b", price_micro=600_000, size_micro=10 * UNIT))
    agent.tell(filled(trade_id="c", side="SELL", price_micro=500_000, size_micro=15 * UNIT))
    own = alice(agent)
    assert own.realised_micro == 1_000_000 - 500_000
    assert (own.n_closed, figures(agent).open_positions) == (0, 1)
    agent.tell(filled(trade_id="d", side="SELL", price_micro=500_000, size_micro=5 * UNIT))
    own = alice(agent)
    assert (own.realised_micro, own.n_closed, own.n_won) == (0, 1, 0)


def test_each_leader_has_lots_of_his_own(agent):
    agent.tell(filled(trade_id="a", price_micro=400_000))
    agent.tell(filled(trade_id="b", price_micro=700_000, wallet=BOB))
    agent.tell(filled(trade_id="c", price_micro=500_000, side="SELL", wallet=BOB))
    results = {each.wallet: (each.realised_micro, each.marked_micro) for each in figures(agent).leaders}
    assert results[BOB] == (-20 * UNIT, 0)
    assert results[ALICE] == (0, 0)


def test_the_two_kinds_of_one_wallet_are_kept_apart(agent):
    agent.tell(filled(trade_id="a"))
    agent.tell(filled(trade_id="b", kind="position"))
    assert [(each.wallet, each.kind) for each in figures(agent).leaders] == [(ALICE, "fill"), (ALICE, "position")]


@pytest.mark.parametrize(
    ("payouts", "realised", "won", "cash"),
    [((UNIT, 0), 60, 1, 100), ((0, UNIT), -40, 0, 0), ((UNIT // 2, UNIT // 2), 10, 1, 50)],
    ids=["winner", "loser", "split"],
)
def test_a_bet_counts_at_resolution_and_its_cash_at_redemption(agent, payouts, realised, won, cash):
    agent.tell(filled(price_micro=400_000))
    agent.tell(resolved(payouts_micro=payouts))
    own = alice(agent)
    assert (own.realised_micro, own.marked_micro) == (realised * UNIT, 0)
    assert (own.n_closed, own.n_won) == (1, won)
    out = figures(agent)
    assert (out.cash_micro, out.positions_micro, out.open_positions) == (START - 40 * UNIT, cash * UNIT, 0)
    agent.tell(settled(status="REDEEMED", trade_id="redeem", cash_micro=cash * UNIT))
    out = figures(agent)
    assert (out.cash_micro, out.positions_micro) == (START + realised * UNIT, 0)
    assert alice(agent).n_closed == 1


def test_a_loser_is_realised_without_any_redemption(agent):
    agent.tell(filled(token_id=NO, price_micro=900_000))
    agent.tell(resolved())
    assert alice(agent).realised_micro == -90 * UNIT


def test_the_fee_can_turn_a_win_into_a_loss(agent):
    agent.tell(filled(trade_id="a", price_micro=500_000, fee_micro=3 * UNIT))
    agent.tell(filled(trade_id="b", side="SELL", price_micro=520_000, fee_micro=0))
    own = alice(agent)
    assert (own.realised_micro, own.fees_micro, own.n_closed, own.n_won) == (2 * UNIT, 3 * UNIT, 1, 0)


def test_a_void_purchase_is_as_if_it_had_never_been(agent):
    agent.tell(filled(fee_micro=5))
    agent.tell(settled(status="FAILED"))
    own = alice(agent)
    assert (own.realised_micro, own.marked_micro, own.fees_micro, own.n_fills, own.n_closed) == (0, 0, 0, 0, 0)
    assert figures(agent).cash_micro == START


def test_a_void_sale_brings_the_lot_back_at_its_cost(agent):
    agent.tell(filled(trade_id="a", price_micro=400_000))
    agent.tell(filled(trade_id="b", side="SELL", price_micro=500_000, fee_micro=7))
    agent.tell(settled(trade_id="b", status="FAILED"))
    own = alice(agent)
    assert (own.realised_micro, own.fees_micro) == (0, 0)
    assert figures(agent).cash_micro == START - 40 * UNIT


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_a_purchase_and_its_sale_that_are_both_void_leave_nothing(agent, order):
    agent.tell(filled(trade_id="a", price_micro=400_000))
    agent.tell(filled(trade_id="b", side="SELL", price_micro=500_000))
    for trade in order:
        agent.tell(settled(trade_id=trade, status="FAILED"))
    own = alice(agent)
    assert (own.realised_micro, own.marked_micro, own.n_fills) == (0, 0, 0)
    assert figures(agent).cash_micro == START
    assert agent.state.book.leaders["fill/" + ALICE].lots == {}


def test_shares_that_were_sold_on_before_their_purchase_failed_are_owed(agent):
    agent.tell(filled(trade_id="a", price_micro=400_000))
    agent.tell(filled(trade_id="b", side="SELL", price_micro=500_000))
    agent.tell(settled(trade_id="b"))
    agent.tell(settled(trade_id="a", status="FAILED"))
    agent.tell(market_data(bid_micro=900_000))
    out = figures(agent)
    assert (out.cash_micro, out.positions_micro) == (START + 50 * UNIT, -90 * UNIT)
    assert (out.realised_micro, alice(agent).marked_micro) == (10 * UNIT, -50 * UNIT)


def test_a_lot_that_a_void_sale_brings_back_is_the_oldest_again(agent):
    for trade, price in (("a", 400_000), ("b", 600_000)):
        agent.tell(filled(trade_id=trade, price_micro=price))
    agent.tell(filled(trade_id="c", side="SELL", price_micro=500_000))
    agent.tell(settled(trade_id="c", status="FAILED"))
    agent.tell(filled(trade_id="d", side="SELL", price_micro=500_000))
    assert alice(agent).realised_micro == 10 * UNIT


def test_a_sale_is_matched_anew_when_the_purchase_that_it_sold_is_void(agent):
    for trade, price in (("a", 400_000), ("b", 600_000)):
        agent.tell(filled(trade_id=trade, price_micro=price))
    agent.tell(filled(trade_id="c", side="SELL", price_micro=500_000))
    agent.tell(settled(trade_id="a", status="FAILED"))
    own = alice(agent)
    assert (own.realised_micro, own.marked_micro) == (-10 * UNIT, 0)
    assert figures(agent).open_positions == 0


@pytest.mark.parametrize("payouts", [(UNIT, 0), (0, UNIT)])
def test_a_purchase_that_fails_after_the_resolution_earned_nothing(agent, payouts):
    agent.tell(filled(price_micro=400_000))
    agent.tell(resolved(payouts_micro=payouts))
    agent.tell(settled(status="FAILED"))
    assert alice(agent).realised_micro == 0
    assert figures(agent).equity_micro == START


def test_a_fill_told_after_the_resolution_is_settled_at_once(agent):
    agent.tell(filled(trade_id="a", price_micro=400_000, size_micro=10 * UNIT))
    agent.tell(resolved())
    agent.tell(filled(trade_id="b", price_micro=400_000, size_micro=10 * UNIT))
    own = alice(agent)
    assert (own.realised_micro, own.marked_micro) == (12 * UNIT, 0)


def test_equal_holdings_of_both_outcomes_merge_into_collateral(agent):
    agent.tell(filled(trade_id="a", price_micro=400_000))
    agent.tell(filled(trade_id="b", token_id=NO, price_micro=550_000, wallet=BOB))
    agent.tell(settled(status="MERGED", trade_id="merge", cash_micro=100 * UNIT))
    out = figures(agent)
    assert (out.cash_micro, out.positions_micro, out.realised_micro) == (START + 5 * UNIT, 0, 5 * UNIT)


def test_cash_for_shares_that_nobody_holds_is_nobodys_doing(agent):
    agent.tell(settled(status="REDEEMED", trade_id="redeem", cash_micro=3))
    (own,) = figures(agent).leaders
    assert (own.wallet, own.kind, own.realised_micro) == ("", "unattributed", 3)


def test_another_accounts_fills_are_not_ours(agent):
    agent.tell(filled(account_id="live"))
    agent.tell(settled(account_id="live", status="REDEEMED", cash_micro=5))
    assert figures(agent).leaders == ()


def test_the_same_fill_told_twice_is_one(agent):
    agent.tell_all([filled(), filled()])
    assert alice(agent).n_fills == 1


def test_the_figures_are_told_at_a_mark_only_when_something_changed(agent):
    assert [type(out) for out in agent.tell(MARK, at=60)] == [PortfolioAttribution, ScheduleTimer]
    (timer,) = agent.tell(MARK, at=120)
    assert timer == ScheduleTimer(owner=NAME, name="mark", due_ts=(120 + 3_600) * SECOND)
    agent.tell(filled())
    assert len(agent.tell(MARK)) == 2
    for price, said in ((500_000, 2), (500_000, 1), (510_000, 2)):
        agent.tell(market_data(price_micro=price))
        assert len(agent.tell(MARK)) == said


def test_prices_of_tokens_that_we_do_not_hold_are_not_remembered(agent):
    agent.tell(market_data())
    assert agent.state.book.tokens == {}


def test_the_high_water_mark_stays(agent):
    agent.tell_all([filled(), market_data(bid_micro=600_000), MARK, market_data(bid_micro=450_000)])
    out = figures(agent)
    assert (out.high_water_micro, out.equity_micro) == (START + 10 * UNIT, START - 5 * UNIT)


def test_a_leader_whose_copies_keep_losing_is_reduced_then_dropped_each_said_once(agent):
    said = []
    for index in range(12):
        bet(agent, f"7{index}", won=False, market=f"0x{index:064x}")
        agent.tell(MARK)
        said = [(each.action, each.n_closed) for each in agent.said(RebalancingRecommendation)]
    assert said == [("REDUCE", 5), ("DROP", 10)]


def test_a_small_loss_or_a_gain_recommends_nothing(agent):
    for index in range(12):
        bet(agent, f"7{index}", won=index % 2 == 0, market=f"0x{index:064x}")
    agent.tell(MARK)
    assert agent.said(RebalancingRecommendation) == []
    assert (alice(agent).n_closed, alice(agent).n_won) == (12, 6)


def test_the_book_survives_a_restart(agent):
    agent.tell(filled(trade_id="a", price_micro=400_000))
    agent.tell(filled(trade_id="b", side="SELL", price_micro=500_000, size_micro=30 * UNIT))
    agent.restart()
    agent.tell(settled(trade_id="b", status="FAILED"))
    assert figures(agent).cash_micro == START - 40 * UNIT
    assert agent.state.book.tokens[YES].market_id == MARKET
