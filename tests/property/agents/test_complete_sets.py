"""Every ledger agrees on whose shares a merge takes, and no micro-unit is made or lost by one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.messages import seen
from tests.support.payloads import ACCOUNT, ALICE, BOB, MARKET, NO, UNIT, YES, copy_signal, filled, market_data, settled
from whaletrader.agents import attribution_book, copy_book
from whaletrader.agents.attribution_book import AttributionBook, position_value
from whaletrader.agents.copy_book import CopyBook
from whaletrader.agents.risk_management import RiskManagementState
from whaletrader.agents.risk_state import fold_book
from whaletrader.config.tree import Settings
from whaletrader.domain.attribution import size_micro
from whaletrader.domain.portfolio import Portfolio
from whaletrader.domain.risk.model import mark_rule
from whaletrader.messages.orders import MergePositions
from whaletrader.runtime.interest import Interest
from whaletrader.runtime.projections.positions import PositionsView

START = 1_000_000 * UNIT
LEADERS = [(ALICE, "fill"), (BOB, "fill"), (ALICE, "position")]
OTHER = "0x" + "d4" * 32
TRADES = st.tuples(
    st.just("fill"),
    st.sampled_from(LEADERS),
    st.sampled_from([YES, NO]),
    st.sampled_from(["BUY", "BUY", "SELL"]),
    st.integers(1, 50 * UNIT),
    st.integers(1, UNIT - 1),
    st.integers(0, 1_000),
)
MERGES = st.tuples(st.just("merge"), st.integers(1, UNIT))
MARKS = st.tuples(st.just("mark"), st.sampled_from([YES, NO]), st.integers(1, UNIT - 1))


class Ledgers:
    """The five who keep accounts of what we hold."""

    def __init__(self):
        self.risk = RiskManagementState(book=Portfolio.opened(START))
        self.attribution = AttributionBook(account_id=ACCOUNT, cash_micro=START)
        self.bets, self.interest, self.view = CopyBook(), Interest(), PositionsView()
        self.n = 0
        for wallet, kind in LEADERS:  # our own signals, without which no bet is kept
            for token in (YES, NO):
                self.say(copy_signal(wallet=wallet, kind=kind, token_id=token))
        for bet in self.bets.bets.values():
            bet.pending = 1

    def say(self, payload):
        self.n += 1
        message = seen(payload, self.n, str(self.n))
        fold_book(self.risk.book, self.risk, message, mark_rule(Settings().limits))
        attribution_book.fold(self.attribution, payload)
        copy_book.fold(self.bets, message)
        self.interest.fold(message)
        self.view.observe(message)
        return message

    def merge(self, size):
        command = self.say(MergePositions(account_id=ACCOUNT, market_id=MARKET, token_ids=(YES, NO), size_micro=size))
        told = {"order_hash": command.id, "trade_id": "", "market_id": MARKET, "token_id": ""}
        self.say(settled(status="MERGED", size_micro=size, cash_micro=size, **told))

    def risk_shares(self):
        """Shares by leader and token, as the risk kernel has them."""
        positions = self.risk.book.positions.items()
        return {(f"{lot.kind}/{lot.wallet}", token): lot.size_micro for token, each in positions for lot in each.lots}

    def attributed(self):
        leaders, tokens = self.attribution.leaders.items(), (YES, NO)
        found = {(key, token): size_micro(ledger, token) for key, ledger in leaders for token in tokens}
        return {key: size for key, size in found.items() if size}

    def copied(self):
        return {
            (key.removesuffix(f"/{bet.token_id}"), bet.token_id): bet.held_micro
            for key, bet in self.bets.bets.items()
            if bet.held_micro
        }

    def of_interest(self):
        lots = self.interest.lots.items()
        return {(key.replace(":", "/"), token): size for key, each in lots for token, size in each.items()}

    def viewed(self):
        return {token: held.size_micro for token, held in self.view.state.held.items()}


def held(ledgers, token):
    position = ledgers.risk.book.positions.get(token)
    return position.size_micro if position else 0


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(TRADES, TRADES, MERGES, MARKS), max_size=20))
def test_all_ledgers_agree_on_shares_and_cash_after_any_merges(steps):
    ledgers, cash, merged = Ledgers(), START, 0
    for number, step in enumerate(steps):
        match step:
            case ("fill", (wallet, kind), token, side, size, price, fee):
                lot = ledgers.risk_shares().get((f"{kind}/{wallet}", token), 0)
                size = size if side == "BUY" else min(size, lot)
                if size <= 0:
                    continue
                told = {"wallet": wallet, "kind": kind, "token_id": token, "side": side, "size_micro": size}
                ledgers.say(filled(trade_id=str(number), price_micro=price, fee_micro=fee, **told))
                worth = price * size // UNIT if side == "SELL" else -(-price * size // UNIT)
                cash += (worth if side == "SELL" else -worth) - fee
            case ("merge", share):
                size = min(held(ledgers, YES), held(ledgers, NO)) * share // UNIT
                if size:
                    ledgers.merge(size)
                    cash, merged = cash + size, merged + size
            case ("mark", token, price):
                ledgers.say(market_data(token_id=token, price_micro=price))
        check(ledgers, cash)


def check(ledgers, cash):
    shares = ledgers.risk_shares()
    assert ledgers.attributed() == shares
    assert ledgers.copied() == shares
    assert ledgers.of_interest() == shares
    assert ledgers.viewed() == {token: held(ledgers, token) for token in (YES, NO) if held(ledgers, token)}
    assert ledgers.attribution.cash_micro == ledgers.risk.book.cash_micro == cash
    book = ledgers.attribution
    earned = sum(
        each.realised_micro - each.fees_micro + position_value(book, each)
        - sum(lot.cost_micro for lots in each.lots.values() for lot in lots)
        for each in book.leaders.values()
    )  # fmt: skip
    assert earned == book.cash_micro + sum(position_value(book, each) for each in book.leaders.values()) - START
    assert all(lot.cost_micro >= 0 for each in ledgers.risk.book.positions.values() for lot in each.lots)


def test_a_merge_realises_what_both_legs_cost():
    ledgers = Ledgers()
    ledgers.say(filled(trade_id="1", price_micro=600_000, size_micro=100 * UNIT, fee_micro=7))
    ledgers.say(filled(trade_id="2", price_micro=300_000, size_micro=40 * UNIT, fee_micro=5, token_id=NO))
    ledgers.merge(40 * UNIT)
    (leader,) = ledgers.attribution.leaders.values()
    assert leader.realised_micro == 40 * UNIT - 24 * UNIT - 12 * UNIT
    assert (leader.fees_micro, ledgers.risk_shares()) == (12, {(f"fill/{ALICE}", YES): 60 * UNIT})
    assert ledgers.risk.book.positions[YES].cost_micro == 60 * UNIT * 6 // 10 + 7 - 2
    (open_position,) = ledgers.view.state.held.values()
    (closed,) = ledgers.view.state.closed
    assert (open_position.token_id, closed.token_id) == (YES, NO)
    fees_of_the_merged = 3 + 5
    realised = open_position.realised_micro + closed.realised_micro
    assert realised == 40 * UNIT - 24 * UNIT - 12 * UNIT - fees_of_the_merged + 1


def test_two_leaders_against_each_other_are_credited_by_the_market_and_not_by_halves():
    ledgers = Ledgers()
    ledgers.say(market_data(price_micro=900_000, bid_micro=900_000))
    ledgers.say(filled(trade_id="1", price_micro=800_000, size_micro=10 * UNIT))
    ledgers.say(filled(trade_id="2", price_micro=150_000, size_micro=10 * UNIT, token_id=NO, wallet=BOB))
    ledgers.say(market_data(price_micro=900_000, bid_micro=900_000))
    ledgers.say(market_data(token_id=NO, price_micro=100_000, bid_micro=100_000))
    ledgers.merge(10 * UNIT)
    alice, bob = ledgers.attribution.leaders.values()
    assert (alice.realised_micro, bob.realised_micro) == (1 * UNIT, -UNIT // 2)
