"""The daily breaker and the drawdown ladder on plain numbers."""

import msgspec
import pytest

from whaletrader.domain.portfolio import Portfolio, Valuation
from whaletrader.domain.risk.ladder import demand
from whaletrader.domain.risk.limits import RiskLimits
from whaletrader.domain.risk.model import Controls
from whaletrader.domain.values import MICRO, TradingState

HIGH = 10_000 * MICRO


def judge(equity_share, controls=None, day_base_share=None):
    """Demand at an equity of so many percent of the high-water mark (the day began there unless said)."""
    equity = HIGH * equity_share // 100
    base = equity if day_base_share is None else HIGH * day_base_share // 100
    book = Portfolio(cash_micro=equity, high_water_micro=HIGH, day_base_micro=base)
    value = Valuation(equity_micro=equity, positions_micro=0, stale_positions=0, haircut_micro=0)
    return demand(controls or Controls(), book, value, RiskLimits())


def test_nothing_is_due_at_a_new_high():
    due = judge(100)
    assert due.state is TradingState.ACTIVE
    assert (due.trip_breaker, due.throw_kill, due.derisk) == (False, False, False)


@pytest.mark.parametrize(
    ("share", "state", "derisk", "kill"),
    [
        (91, TradingState.ACTIVE, False, False),
        (90, TradingState.REDUCING, False, False),
        (81, TradingState.REDUCING, False, False),
        (80, TradingState.REDUCING, True, False),
        (76, TradingState.REDUCING, True, False),
        (75, TradingState.HALTED, False, True),
        (10, TradingState.HALTED, False, True),
    ],
)
def test_the_ladder_has_three_steps(share, state, derisk, kill):
    due = judge(share)
    assert (due.state, due.derisk, due.throw_kill) == (state, derisk, kill)


@pytest.mark.parametrize(("share", "tripped"), [(96, False), (95, True), (60, True)])
def test_a_daily_loss_of_five_percent_trips_the_breaker(share, tripped):
    due = judge(share, day_base_share=100)
    assert due.trip_breaker is tripped
    assert (due.state is TradingState.HALTED) is tripped


def test_an_emergency_is_ordered_once():
    assert not judge(79, Controls(derisked=True)).derisk


@pytest.mark.parametrize("controls", [Controls(breaker=True), Controls(killed=True)])
def test_a_halted_account_is_not_derisked(controls):
    due = judge(79, controls)
    assert not due.derisk
    assert due.state is TradingState.HALTED


@pytest.mark.parametrize("controls", [Controls(breaker=True), Controls(killed=True)])
def test_a_breaker_or_kill_switch_does_not_lift_itself(controls):
    assert judge(100, controls).state is TradingState.HALTED
    assert not judge(100, controls).trip_breaker


def test_reducing_ends_when_the_drawdown_is_below_its_step():
    assert judge(95, Controls(state=TradingState.REDUCING)).state is TradingState.ACTIVE


def test_an_empty_book_neither_loses_nor_trips():
    book = Portfolio.opened(0)
    value = Valuation(equity_micro=0, positions_micro=0, stale_positions=0, haircut_micro=0)
    assert not demand(Controls(), book, value, RiskLimits()).trip_breaker


def test_a_lost_book_is_killed():
    book = Portfolio.opened(HIGH)
    value = Valuation(equity_micro=-5, positions_micro=0, stale_positions=0, haircut_micro=0)
    due = demand(Controls(), book, value, RiskLimits())
    assert due.throw_kill
    assert due.drawdown_micro >= MICRO


def test_stricter_limits_bite_earlier():
    book = Portfolio.opened(HIGH)
    value = Valuation(equity_micro=HIGH * 98 // 100, positions_micro=0, stale_positions=0, haircut_micro=0)
    strict = msgspec.structs.replace(RiskLimits(), daily_loss_micro=10_000)
    assert demand(Controls(), book, value, strict).trip_breaker
