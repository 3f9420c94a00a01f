"""Alerts and regimes."""

import pytest

from tests.support.harness import SECOND, Harness
from tests.support.payloads import ALICE, BOB, MARKET, NO, UNIT, YES, market_data, observed, resolved
from whaletrader.agents.market_intelligence import MAX_ALERTS_PER_WINDOW, make
from whaletrader.config.tree import Settings
from whaletrader.messages.intelligence import AnomalyAlert, MarketRegimeChange

HOUR = 3_600


@pytest.fixture
def agent():
    return Harness(make(Settings()))


def alerts(outs):
    return [out for out in outs if isinstance(out, AnomalyAlert)]


def usual(agent, count=10, market=MARKET):
    """Leader trades of 50 dollars, two minutes apart."""
    start = agent.clock // SECOND
    for index in range(count):
        assert alerts(agent.tell(observed(market_id=market), at=start + 120 * (index + 1))) == []


def test_equal_trades_are_never_unusual(agent):
    usual(agent, 50)
    sizes = agent.state.markets[MARKET].sizes
    assert (sizes.mean_micro, sizes.variance_micro2) == (50 * UNIT, 0)


def test_few_trades_make_no_baseline(agent):
    usual(agent, 7)
    assert alerts(agent.tell(observed(size_micro=10_000 * UNIT))) == []


@pytest.mark.parametrize(
    ("size", "severity"), [(170, None), (180, "P3"), (230, "P2"), (10_000, "P2")], ids=["usual", "P3", "P2", "huge"]
)
def test_a_large_trade_is_told_by_how_far_it_lies_above_the_baseline(agent, size, severity):
    usual(agent)
    found = alerts(agent.tell(observed(size_micro=size * UNIT), at=agent.clock // SECOND + 120))
    assert [each.severity for each in found] == ([severity] if severity else [])


def test_the_baseline_does_not_hold_the_trade_that_is_judged(agent):
    usual(agent)
    (alert,) = alerts(agent.tell(observed(size_micro=1_000 * UNIT), at=agent.clock // SECOND + 120))
    assert (alert.kind, alert.observed_micro, alert.baseline_micro) == ("TRADE_SIZE", 500 * UNIT, 50 * UNIT)
    assert alert.z_micro == 36 * UNIT
    assert agent.state.markets[MARKET].sizes.mean_micro > 50 * UNIT


def test_a_small_trade_is_no_alert(agent):
    usual(agent)
    assert alerts(agent.tell(observed(size_micro=1), at=agent.clock // SECOND + 120)) == []


def test_a_jump_of_the_price_in_a_quiet_market_is_severe(agent):
    for price in (500_000,) * 10:
        agent.tell(market_data(price_micro=price))
    (alert,) = alerts(agent.tell(market_data(price_micro=600_000), at=5))
    assert (alert.kind, alert.severity, alert.until_ts) == ("PRICE_JUMP", "P1", (5 + HOUR) * SECOND)


def test_a_tick_is_no_jump_however_quiet_the_market_was(agent):
    for price in (500_000,) * 10:
        agent.tell(market_data(price_micro=price))
    assert alerts(agent.tell(market_data(price_micro=540_000))) == []


def test_a_print_of_the_other_outcome_is_the_same_path(agent):
    for _ in range(10):
        agent.tell(market_data(price_micro=300_000))
    other = market_data(token_id=NO, outcome_index=1, price_micro=700_000)
    assert alerts(agent.tell(other)) == []
    assert agent.state.markets[MARKET].marks[-1] == 300_000


@pytest.mark.parametrize(
    ("first", "second", "churns"),
    [
        ({}, {"side": "SELL"}, True),
        ({}, {"token_id": NO}, True),
        ({}, {}, False),
        ({}, {"token_id": NO, "side": "SELL"}, False),
        ({}, {"side": "SELL", "wallet": BOB}, False),
    ],
    ids=["round trip", "both outcomes", "again", "sells the other", "somebody else"],
)
def test_churn_is_turning_shares_over_within_a_minute(agent, first, second, churns):
    agent.tell(observed(**first), at=0)
    found = alerts(agent.tell(observed(**second), at=60))
    assert [(each.kind, each.wallet) for each in found] == ([("CHURN", ALICE)] if churns else [])


def test_a_sale_a_minute_later_is_an_exit_not_churn(agent):
    agent.tell(observed(), at=0)
    assert alerts(agent.tell(observed(side="SELL"), at=61)) == []


def test_an_alert_is_not_repeated_while_it_stands_and_is_when_it_does_not(agent):
    agent.tell(observed(), at=0)
    assert alerts(agent.tell(observed(side="SELL"), at=10))
    assert alerts(agent.tell(observed(), at=20)) == []
    agent.tell(observed(), at=10 + HOUR)
    assert alerts(agent.tell(observed(side="SELL"), at=20 + HOUR))


def test_a_more_severe_alert_is_said_at_once(agent):
    for _ in range(10):
        agent.tell(market_data(price_micro=500_000))
    (mild,) = alerts(agent.tell(market_data(price_micro=550_000)))
    found = alerts(agent.tell(market_data(price_micro=900_000)))
    assert mild.severity == "P2"
    assert [each.severity for each in found] == ["P1"]


def test_a_storm_of_alerts_is_bounded_but_for_the_most_severe(agent):
    said = 0
    for index in range(MAX_ALERTS_PER_WINDOW + 20):
        market = f"0x{index:064x}"
        agent.tell(observed(market_id=market), at=index)
        said += len(alerts(agent.tell(observed(market_id=market, side="SELL"), at=index)))
    assert said == MAX_ALERTS_PER_WINDOW
    for _ in range(10):
        agent.tell(market_data(price_micro=500_000))
    assert alerts(agent.tell(market_data(price_micro=900_000)))[0].severity == "P1"
    agent.tell(observed(), at=3 * HOUR)
    assert alerts(agent.tell(observed(side="SELL"), at=3 * HOUR))


@pytest.mark.parametrize(
    ("prices", "regime"),
    [
        ([500_000 + 10_000 * step for step in range(10)], "TRENDING"),
        ([500_000, 510_000] * 5, "RANGING"),
        ([500_000, 560_000] * 5, "HIGH_VOLATILITY"),
        ([500_000], "UNKNOWN"),
        ([500_000, -1], "LOW_LIQUIDITY"),
    ],
)
def test_the_regime_is_read_off_the_last_marks(agent, prices, regime):
    for price in prices:
        agent.tell(market_data(price_micro=price))
    assert agent.state.markets[MARKET].regime == regime
    changes = agent.said(MarketRegimeChange)
    assert [each.regime for each in changes][-1:] == ([regime] if regime != "UNKNOWN" else [])


def test_a_print_of_days_ago_makes_a_market_illiquid(agent):
    agent.tell(market_data(), at=100_000, ts_event=1)
    assert agent.said(MarketRegimeChange)[0].regime == "LOW_LIQUIDITY"


def test_a_regime_is_told_once(agent):
    for _ in range(20):
        agent.tell(market_data(price_micro=-1))
    assert len(agent.said(MarketRegimeChange)) == 1


def test_a_resolved_market_is_forgotten(agent):
    agent.tell(market_data())
    agent.tell(resolved())
    assert agent.state.markets == {}


def test_memory_is_bounded_and_survives_a_restart(agent):
    for index in range(40):
        agent.tell(observed(), at=100 * index)
        agent.tell(market_data(token_id=YES), at=100 * index)
    agent.restart()
    market = agent.state.markets[MARKET]
    assert len(market.trades) == 16
    assert len(market.marks) == 16
