"""From a signal to a proposal, or to the reason why not."""

import pytest

from tests.support.harness import SECOND, Harness
from tests.support.payloads import (
    ALICE,
    BOB,
    MARKET,
    NO,
    UNIT,
    YES,
    changed,
    copy_signal,
    discovered,
    market_data,
    observed,
    resolved,
    score,
    terms,
)
from whaletrader.agents.orchestrator import make
from whaletrader.config.tree import AccountSettings, Settings
from whaletrader.messages.intelligence import AnomalyAlert, MarketRegimeChange
from whaletrader.messages.leaders import WhalePruned, WhaleScoreUpdated
from whaletrader.messages.orchestration import OrchestratorDecision
from whaletrader.messages.portfolio import RebalancingRecommendation
from whaletrader.messages.risk import TradeProposal

CHECKS = ["regime", "anomaly", "manipulation", "conflict", "propose"]


@pytest.fixture
def agent():
    harness = Harness(make(Settings(account=AccountSettings(name="alpha"))))
    harness.tell_all([discovered(), discovered(wallet=BOB), market_data()])
    return harness


def alert(severity="P1", kind="PRICE_JUMP", wallet="", until=100):
    return AnomalyAlert(
        severity=severity,
        kind=kind,
        market_id=MARKET,
        wallet=wallet,
        observed_micro=0,
        baseline_micro=0,
        z_micro=0,
        until_ts=until * SECOND,
    )


def regime(name):
    return MarketRegimeChange(market_id=MARKET, regime=name, previous="UNKNOWN", statistic_micro=0)


def proposed(outs):
    decision, proposal = outs
    assert isinstance(decision, OrchestratorDecision)
    assert isinstance(proposal, TradeProposal)
    assert decision.kind == "PROPOSE"
    return proposal


def stopped(outs):
    (decision,) = outs
    assert decision.kind == "STOP"
    return decision


def test_a_signal_that_nothing_speaks_against_becomes_a_proposal(agent):
    message = agent.message(copy_signal(), at=10)
    decision, proposal = (out.payload for out in agent.feed(message))
    assert (decision.graph_id, decision.account_id, decision.kind) == (message.id, "alpha", "PROPOSE")
    assert [(node.node, node.outcome) for node in decision.nodes] == [(name, "PASS") for name in CHECKS]
    assert (proposal.account_id, proposal.wallet, proposal.token_id, proposal.side) == ("alpha", ALICE, YES, "BUY")
    assert (proposal.signal_id, proposal.expires_ts) == (message.id, 70 * SECOND)
    assert (proposal.reduce_only, proposal.desired_size_micro, proposal.size_multiplier_micro) == (False, 0, UNIT)
    assert (proposal.reference_price_micro, proposal.edge_micro) == (510_000, 40_000)


@pytest.mark.parametrize(
    ("tick", "reference", "edge", "limit"),
    [
        (10_000, 510_000, 40_000, 530_000),
        (10_000, 515_000, 40_000, 530_000),
        (1_000, 515_000, 40_000, 535_000),
        (1_000, 515_000, 7_500, 522_000),
        (-1, 980_000, 40_000, 990_000),
    ],
    ids=["on the tick", "rounded down", "finer tick", "edge below slippage", "end of the range"],
)
def test_a_buys_limit_leaves_edge_and_lies_on_the_tick(agent, tick, reference, edge, limit):
    agent.tell(market_data(terms=terms(tick_micro=tick)))
    proposal = proposed(agent.tell(copy_signal(reference_price_micro=reference, edge_micro=edge)))
    assert proposal.limit_price_micro == limit


def test_an_exit_sells_the_lot_down_to_the_slippage_and_skips_the_graph(agent):
    agent.tell_all([alert(until=1_000), regime("LOW_LIQUIDITY"), alert(kind="CHURN", severity="P2", wallet=ALICE)])
    decision, proposal = agent.tell(
        copy_signal(side="SELL", reference_price_micro=495_000, edge_micro=0, exit_size_micro=7 * UNIT)
    )
    assert (decision.kind, decision.nodes) == ("PROPOSE", ())
    assert (proposal.side, proposal.reduce_only, proposal.desired_size_micro) == ("SELL", True, 7 * UNIT)
    assert (proposal.limit_price_micro, proposal.size_multiplier_micro) == (480_000, UNIT)


def test_a_severe_anomaly_stops_while_it_stands(agent):
    agent.tell(alert(until=100))
    decision = stopped(agent.tell(copy_signal(), at=99))
    assert (decision.reason, decision.multiplier_micro) == ("ANOMALY", 0)
    assert [node.outcome for node in decision.nodes] == ["PASS", "STOP", "PASS", "PASS", "NOT_RUN"]
    assert proposed(agent.tell(copy_signal(), at=100))


@pytest.mark.parametrize("severity", ["P2", "P3"])
def test_a_mild_anomaly_stops_nothing(agent, severity):
    agent.tell(alert(severity=severity))
    assert proposed(agent.tell(copy_signal()))


def test_churn_stops_that_leader_only(agent):
    agent.tell(alert(kind="CHURN", severity="P2", wallet=ALICE))
    assert stopped(agent.tell(copy_signal())).reason == "MANIPULATION"
    assert proposed(agent.tell(copy_signal(wallet=BOB)))


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("TRENDING", UNIT),
        ("RANGING", UNIT),
        ("UNKNOWN", UNIT),
        ("HIGH_VOLATILITY", UNIT // 2),
        ("LOW_LIQUIDITY", UNIT // 2),
    ],
)
def test_the_regime_leaves_its_share_of_the_size(agent, name, left):
    agent.tell(regime(name))
    assert proposed(agent.tell(copy_signal())).size_multiplier_micro == left


def test_leaders_on_opposite_outcomes_are_a_conflict(agent):
    agent.tell(observed(wallet=BOB, token_id=NO, outcome_index=1))
    assert stopped(agent.tell(copy_signal())).reason == "LEADER_CONFLICT"
    assert proposed(agent.tell(copy_signal(token_id=NO)))


@pytest.mark.parametrize(
    "end",
    [
        observed(wallet=BOB, token_id=NO, outcome_index=1, side="SELL"),
        changed(wallet=BOB, token_id=NO, outcome_index=1),
        WhalePruned(wallet=BOB, kind="fill", reason="EDGE_GONE", as_of_ts=0),
        resolved(),
    ],
    ids=["he sold", "he merged", "he is pruned", "the market resolved"],
)
def test_a_conflict_ends(agent, end):
    agent.tell(observed(wallet=BOB, token_id=NO, outcome_index=1))
    agent.tell(end)
    assert proposed(agent.tell(copy_signal()))


def test_a_strangers_trade_is_no_conflict(agent):
    agent.tell(observed(wallet="0x" + "dd" * 20, token_id=NO, outcome_index=1))
    assert proposed(agent.tell(copy_signal()))


def test_a_leader_does_not_conflict_with_himself(agent):
    agent.tell(observed(wallet=ALICE, token_id=NO, outcome_index=1))
    assert proposed(agent.tell(copy_signal()))


def test_a_leader_whose_copies_lost_gets_half_the_size(agent):
    less = RebalancingRecommendation(
        account_id="alpha", wallet=ALICE, kind="fill", action="REDUCE", realised_micro=-1, n_closed=5
    )
    agent.tell_all([less, regime("LOW_LIQUIDITY")])
    assert proposed(agent.tell(copy_signal())).size_multiplier_micro == UNIT // 4
    assert proposed(agent.tell(copy_signal(wallet=BOB))).size_multiplier_micro == UNIT // 2


def test_a_market_without_any_news_is_decided_with_the_assumed_tick():
    agent = Harness(make(Settings()))
    assert proposed(agent.tell(copy_signal())).limit_price_micro == 530_000


def test_the_facts_survive_a_restart(agent):
    agent.tell_all([alert(until=1_000), observed(wallet=BOB, token_id=NO)])
    agent.restart()
    outcomes = {node.node: node.outcome for node in stopped(agent.tell(copy_signal())).nodes}
    assert (outcomes["anomaly"], outcomes["conflict"]) == ("STOP", "STOP")


def weighed(weight_micro):
    own = score(weight_micro=weight_micro)
    return WhaleScoreUpdated(wallet=own.wallet, kind=own.kind, score=own, as_of_ts=0)


def test_a_leaders_weight_lessens_the_size_of_his_copies(agent):
    agent.tell(weighed(250_000))
    assert proposed(agent.tell(copy_signal())).size_multiplier_micro == 250_000
    assert proposed(agent.tell(copy_signal(wallet=BOB))).size_multiplier_micro == UNIT


def test_weight_and_reduction_both_count(agent):
    agent.tell(weighed(500_000))
    agent.tell(
        RebalancingRecommendation(
            account_id="alpha", wallet=ALICE, kind="fill", action="REDUCE", realised_micro=-1, n_closed=5
        )
    )
    assert proposed(agent.tell(copy_signal())).size_multiplier_micro == 250_000


def test_a_leader_without_a_share_is_not_copied_and_his_exits_are(agent):
    agent.tell(weighed(0))
    (decision,) = agent.tell(copy_signal())
    assert (decision.kind, decision.reason) == ("STOP", "NOT_ALLOCATED")
    assert proposed(agent.tell(copy_signal(side="SELL", exit_size_micro=UNIT))).size_multiplier_micro == UNIT


def test_a_weight_survives_a_restart_and_ends_with_the_following(agent):
    agent.tell(weighed(250_000))
    agent.restart()
    assert proposed(agent.tell(copy_signal())).size_multiplier_micro == 250_000
    agent.tell(WhalePruned(wallet=ALICE, kind="fill", reason="OPERATOR", as_of_ts=0))
    assert agent.state.weights == {f"fill/{BOB}": UNIT}
