"""The leaders' sums are the account's profit to the micro-unit, whatever is told in whatever order."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.harness import Harness
from tests.support.payloads import ALICE, BOB, MARKET, NO, UNIT, YES, filled, market_data, operator, resolved, settled
from whaletrader.agents.performance_attribution import make
from whaletrader.config.tree import Settings
from whaletrader.domain.settlement import fill_cash_micro
from whaletrader.domain.values import Side

START = Settings().account.starting_equity_micro
OTHER = "0x" + "b2" * 32
PLACES = st.sampled_from([(MARKET, YES), (MARKET, NO), (OTHER, "5"), (OTHER, "6")])
SIZES, PRICES = st.integers(1, 50 * UNIT), st.integers(1, UNIT - 1)
TRADES = st.tuples(
    st.just("fill"),
    PLACES,
    st.sampled_from([(ALICE, "fill"), (ALICE, "position"), (BOB, "fill")]),
    st.sampled_from(list(Side)),
    SIZES,
    PRICES,
    st.integers(0, UNIT),
)
SETTLEMENTS = st.tuples(st.sampled_from(["CONFIRMED", "FAILED"]), st.integers(0, 30))
PAYMENTS = st.tuples(st.sampled_from(["REDEEMED", "MERGED"]), PLACES, SIZES, SIZES)
MARKS = st.tuples(st.just("mark"), PLACES, st.one_of(st.just(-1), PRICES), st.one_of(st.just(-1), PRICES))
ENDS = st.tuples(st.just("resolve"), PLACES, st.sampled_from([0, UNIT // 2, UNIT]))
STEPS = st.lists(st.one_of(TRADES, TRADES, SETTLEMENTS, PAYMENTS, MARKS, ENDS), max_size=30)


class Oracle:
    """Cash alone, folded in the plainest way."""

    def __init__(self):
        self.cash = START
        self.fills = []
        self.open = set()

    def payload(self, step):
        """The message of a step, and the cash that it moves."""
        match step:
            case ("fill", (market, token), (wallet, kind), side, size, price, fee):
                self.cash += fill_cash_micro(side, price, size, fee)
                self.open.add(len(self.fills))
                self.fills.append(fill_cash_micro(side, price, size, fee))
                return filled(
                    trade_id=str(len(self.fills) - 1),
                    wallet=wallet,
                    kind=kind,
                    market_id=market,
                    token_id=token,
                    side=side.value,
                    size_micro=size,
                    price_micro=price,
                    fee_micro=fee,
                )
            case (("CONFIRMED" | "FAILED") as status, index):
                if index in self.open:
                    self.open.remove(index)
                    self.cash -= self.fills[index] if status == "FAILED" else 0
                return settled(trade_id=str(index), status=status)
            case (("REDEEMED" | "MERGED") as status, (market, token), size, cash):
                self.cash += cash
                return settled(
                    trade_id="", market_id=market, token_id=token, status=status, size_micro=size, cash_micro=cash
                )
            case ("mark", (market, token), price, bid):
                return market_data(market_id=market, token_id=token, price_micro=price, bid_micro=bid)
            case ("resolve", (market, _), payout):
                tokens = (YES, NO) if market == MARKET else ("5", "6")
                return resolved(market_id=market, token_ids=tokens, payouts_micro=(payout, UNIT - payout))


@settings(max_examples=300, deadline=None)
@given(steps=STEPS, restart_at=st.integers(0, 30))
def test_the_leaders_sums_are_the_accounts_profit(steps, restart_at):
    agent, oracle = Harness(make(Settings())), Oracle()
    for index, step in enumerate(steps):
        if index == restart_at:
            agent.restart()
        agent.tell(oracle.payload(step))
        (out,) = agent.tell(operator("END"))
        earned = sum(each.realised_micro + each.marked_micro - each.fees_micro for each in out.leaders)
        assert out.cash_micro == oracle.cash
        assert out.equity_micro == out.cash_micro + out.positions_micro
        assert earned == out.equity_micro - START
        assert out.realised_micro == sum(each.realised_micro for each in out.leaders)
        assert all(0 <= each.n_won <= each.n_closed for each in out.leaders)
        assert out.high_water_micro >= max(out.equity_micro, START)


@settings(max_examples=150, deadline=None)
@given(trades=st.lists(TRADES, min_size=1, max_size=8), order=st.randoms(use_true_random=False))
def test_when_every_settlement_fails_nothing_was_earned_in_any_order(trades, order):
    agent, oracle = Harness(make(Settings())), Oracle()
    for step in trades:
        agent.tell(oracle.payload(step))
    failures = list(range(len(trades)))
    order.shuffle(failures)
    for index in failures:
        agent.tell(settled(trade_id=str(index), status="FAILED"))
    (out,) = agent.tell(operator("END"))
    assert (out.cash_micro, out.positions_micro, out.fees_micro, out.open_positions) == (START, 0, 0, 0)
    assert out.realised_micro == 0
