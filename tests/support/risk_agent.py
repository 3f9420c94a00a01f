"""Drives the risk agent: proposals, positions, bids."""

from tests.support.harness import SECOND, Harness
from tests.support.payloads import (
    ALICE,
    UNIT,
    filled,
    market_data,
    operator,
    settled,
    terms,
)
from whaletrader.agents.risk_management import RiskManagement
from whaletrader.config.tree import AccountSettings, Settings
from whaletrader.domain.risk.limits import RiskLimits
from whaletrader.domain.values import DAY_NS
from whaletrader.messages.orchestration import OrchestratorDecision
from whaletrader.messages.risk import (
    TradeProposal,
)

EQUITY = 10_000 * UNIT
DAY = DAY_NS // SECOND


def started(**limits):
    settings = Settings(account=AccountSettings(starting_equity_micro=EQUITY), limits=RiskLimits(**limits))
    harness = Harness(RiskManagement(settings))
    harness.tell(operator("START"), at=1)
    return harness


def names(index):
    return f"m{index}", f"yes{index}", f"no{index}"


def priced(index, price=500_000, **changes):
    name, yes, no = names(index)
    own = terms(event_group_id=f"g{index}", token_ids=(yes, no), category="sports")
    return market_data(market_id=name, token_id=yes, price_micro=price, terms=own, **changes)


def proposed(index=0, **changes):
    name, yes, _ = names(index)
    values = {
        "account_id": "paper",
        "wallet": ALICE,
        "kind": "fill",
        "market_id": name,
        "token_id": yes,
        "event_group_id": f"g{index}",
        "side": "BUY",
        "reduce_only": False,
        "reference_price_micro": 510_000,
        "limit_price_micro": 530_000,
        "edge_micro": 30_000,
        "desired_size_micro": 0,
        "size_multiplier_micro": UNIT,
        "signal_id": "signal",
        "expires_ts": 10**18,
    }
    return TradeProposal(**{**values, **changes})


def bought(harness, index=0, size=1_000, price=500_000, **changes):
    """A settled position whose bid is what it cost."""
    name, yes, _ = names(index)
    quote = {"bid_micro": price, "ask_micro": price + 20_000, "quote_assumed": False}
    harness.tell(priced(index, price, **quote))
    about = {"order_hash": f"0x{index}", "market_id": name, "token_id": yes}
    harness.tell(filled(size_micro=size * UNIT, price_micro=price, event_group_id=f"g{index}", **{**about, **changes}))
    harness.tell(settled(size_micro=size * UNIT, **about))


def bid(harness, price, index=0, at=None):
    quote = {"bid_micro": price, "ask_micro": price + 20_000, "quote_assumed": False}
    return harness.tell(priced(index, price, **quote), at=at)


def kinds(outs):
    return [type(out).__name__ for out in outs]


def derisk_wish(kind="DE_RISK"):
    return OrchestratorDecision(
        graph_id="g",
        kind=kind,
        account_id="paper",
        market_id="",
        reason="REGIME",
        multiplier_micro=0,
        nodes=(),
    )
