"""Execution, signer and gateway over the local exchange: an approval becomes a real order, a position, and money again.

The engine's part (log, clock, outbox) is left out; everything else is what `--mode live` uses.
"""

import itertools
import time

import pytest
from msgspec.structs import replace

from tests.support.harness import Harness
from tests.support.trading import approved, market_terms, report_of, signed
from tests.support.venue_desk import Trader, local_exchange
from tests.support.waiting import wait_until
from whaletrader.adapters.local.seal import Ed25519Seal
from whaletrader.adapters.local.signer import LocalSigner
from whaletrader.agents.execution import Execution
from whaletrader.agents.execution import Trader as Name
from whaletrader.config.tree import ExecutionSettings
from whaletrader.errors import ExchangeError
from whaletrader.messages.market import MarketResolved
from whaletrader.messages.orders import (
    CancelOrder,
    ExecutionError,
    MergePositions,
    OrderCancelled,
    OrderFilled,
    OrderOutcomeUnknown,
    OrderSubmitted,
    RedeemPosition,
    SettlementUpdated,
    SubmitOrder,
)

SECOND = 1_000_000_000
SEAL = Ed25519Seal(b"\x07" * 32)


class LiveDesk:
    """One account's execution agent, its signer and its gateway."""

    def __init__(self, trader, market) -> None:
        self.trader, self.market = trader, market
        kind = trader.gateway.kind
        name = Name("live", kind.wallet, kind.signer, kind.signature_type)
        self.harness = Harness(Execution(ExecutionSettings(), name), account="live")
        latch = trader.root / "kill.latch"
        ledger, seals = trader.root / "signer.db", {SEAL.key_id: SEAL.public_bytes}
        self.signer = LocalSigner(ledger, trader.gateway.key, seals, latch, wallet=kind.wallet)
        self.cursor, self.bounds = (-1, ""), None
        told = {"token_ids": market.token_ids, "neg_risk": market.neg_risk, "tick_micro": market.tick_micro}
        facts = replace(market_terms(**told), market_id=market.condition_id, token_id=market.token_ids[0])
        self.harness.tell(facts, at=int(time.time()))

    def approve(self, price=0.45, size=20, side="BUY", number=1, outcome=0):
        """An approval comes; returns the orders that were sent."""
        values = {
            "account_id": "live",
            "approval_id": f"{number:032x}",
            "market_id": self.market.condition_id,
            "token_id": self.market.token_ids[outcome],
            "side": side,
            "worst_price_micro": round(price * 1e6),
            "max_size_micro": size * 1_000_000,
            "max_cost_micro": 50_000_000,
            "expires_ts": (int(time.time()) + 600) * SECOND,
            "decision_hash": "cd" * 32,
        }
        payload = replace(approved(**values), account_id="live")
        self.bounds = payload.bounds
        return self.handle(payload)

    def handle(self, payload):
        """Tell the agent and carry out its commands as the runtime does; returns the orders that were sent."""
        sent = []
        for message in self.harness.feed(self.harness.message(payload, at=int(time.time()))):
            out = message.payload
            if isinstance(out, SubmitOrder):
                signature = self.signer.sign(out, self.bounds, SEAL.sign(self.bounds), SEAL.key_id)
                sent.append(signed(out, signature))
                self.trader.exchange.submit(sent[-1])
            elif isinstance(out, CancelOrder):
                self.trader.exchange.cancel(out.account_id, out.order_hash, 0)
            elif isinstance(out, OrderOutcomeUnknown):
                self.trader.exchange.ask(out.account_id, out.order_hash, 0)
            elif isinstance(out, RedeemPosition):
                self.trader.exchange.redeem(message.id, "live", out.token_id, out.size_micro, 0)
            elif isinstance(out, MergePositions):
                self.trader.exchange.merge(message.id, "live", out.market_id, out.size_micro, 0)
        return sent

    def hear(self) -> None:
        """Feed what the exchange told."""
        while (event := self.trader.exchange.next_event(*self.cursor)) is not None:
            self.cursor = event.ts, event.event_id
            self.handle(report_of(event))

    def said(self, kind):
        self.hear()
        return self.harness.said(kind)

    def wait(self, kind, count=1) -> list:
        wait_until(lambda: len(self.said(kind)) >= count, 15, f"{count} of {kind.__name__}")
        return self.said(kind)


@pytest.fixture(scope="module")
def venue():
    with local_exchange() as exchange:
        yield exchange


@pytest.fixture(scope="module")
def theirs(venue, tmp_path_factory):
    trader = Trader(venue, tmp_path_factory.mktemp("theirs"), 7_000)
    yield trader
    trader.close()


numbers = itertools.count(7_001)


@pytest.fixture
def trader(venue, tmp_path):
    made = Trader(venue, tmp_path / "live", next(numbers))
    yield made
    made.close()


def test_an_approval_is_ordered_filled_settled_and_sold_again(venue, theirs, trader):
    desk = LiveDesk(trader, venue.market("coin-above-100k"))
    theirs.place(desk.market, "BUY", 0.55, 20, outcome=1)
    (sent,) = desk.approve()
    assert len(desk.wait(OrderSubmitted)) == 1
    (filled,) = desk.wait(OrderFilled)
    assert (filled.order_hash, filled.size_micro, filled.price_micro) == (sent.order_hash, 20_000_000, 450_000)
    (settled,) = desk.wait(SettlementUpdated)
    assert settled.status == "CONFIRMED"
    theirs.place(desk.market, "BUY", 0.44, 20)
    desk.approve(price=0.44, side="SELL", number=2)
    assert desk.wait(SettlementUpdated, 2)[1].status == "CONFIRMED"
    assert trader.gateway.oracle.token_micro(desk.market.token_ids[0]) == 0
    assert desk.said(ExecutionError) == []


def test_a_lost_answer_ends_as_if_it_had_come(venue, theirs, trader):
    desk = LiveDesk(trader, venue.market("coin-above-100k"))
    theirs.place(desk.market, "BUY", 0.55, 20, outcome=1)
    venue.faults.lost["POST /order"] = 1
    with pytest.raises(ExchangeError):
        desk.approve()
    trader.exchange.refresh()
    assert desk.wait(OrderFilled)[0].size_micro == 20_000_000
    assert desk.wait(SettlementUpdated)[0].status == "CONFIRMED"
    assert desk.said(ExecutionError) == []


def test_winnings_become_money_through_the_relayer(venue, theirs, trader):
    trader.gateway.allow()
    wait_until(lambda: trader.gateway.oracle.missing().complete, 10, "the allowances")
    desk = LiveDesk(trader, venue.market("blaise-elected"))
    theirs.place(desk.market, "BUY", 0.55, 20, outcome=1)
    desk.approve()
    assert desk.wait(SettlementUpdated)[0].status == "CONFIRMED"
    venue.do(lambda v, now: v.resolve(desk.market.condition_id, (1_000_000, 0), now))
    cash = trader.gateway.oracle.collateral_micro()
    resolved = MarketResolved(
        market_id=desk.market.condition_id,
        event_group_id="group",
        token_ids=desk.market.token_ids,
        payouts_micro=(1_000_000, 0),
    )
    desk.handle(resolved)
    paid = desk.wait(SettlementUpdated, 2)[1]
    assert (paid.status, paid.cash_micro) == ("REDEEMED", 20_000_000)
    assert trader.gateway.oracle.collateral_micro() == cash + 20_000_000
    assert desk.said(ExecutionError) == []


@pytest.mark.parametrize("slug", ["coin-above-100k", "ada-elected"], ids=["a market of its own", "neg-risk"])
def test_both_outcomes_become_money_again_before_the_market_ends(venue, theirs, trader, slug):
    trader.gateway.allow()
    wait_until(lambda: trader.gateway.oracle.missing().complete, 10, "the allowances")
    desk = LiveDesk(trader, venue.market(slug))
    theirs.place(desk.market, "BUY", 0.55, 20, outcome=1)
    desk.approve()
    assert desk.wait(SettlementUpdated)[0].status == "CONFIRMED"
    theirs.place(desk.market, "BUY", 0.55, 12)
    desk.approve(size=12, number=2, outcome=1)
    desk.wait(MergePositions)
    cash = trader.gateway.oracle.collateral_micro()
    paid = desk.wait(SettlementUpdated, 3)[2]
    assert (paid.status, paid.size_micro, paid.cash_micro) == ("MERGED", 12_000_000, 12_000_000)
    assert trader.gateway.oracle.collateral_micro() == cash + 12_000_000
    left = [trader.gateway.oracle.token_micro(token) for token in desk.market.token_ids]
    assert left == [8_000_000, 0] == [_held(desk, token) for token in desk.market.token_ids]
    assert desk.said(ExecutionError) == []
    assert len(desk.said(MergePositions)) == 1


def _held(desk, token_id):
    holding = desk.harness.state.held.get(token_id)
    return holding.size_micro if holding else 0


def test_what_rests_is_cancelled_and_the_agent_hears_of_it(venue, trader):
    desk = LiveDesk(trader, venue.market("coin-above-100k"))
    (sent,) = desk.approve(price=0.20)
    desk.wait(OrderSubmitted)
    trader.exchange.cancel("live", sent.order_hash, 0)
    (over,) = desk.wait(OrderCancelled)
    assert (over.order_hash, over.filled_micro) == (sent.order_hash, 0)
