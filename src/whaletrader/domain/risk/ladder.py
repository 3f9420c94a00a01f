"""The circuit breaker and the drawdown ladder: what a book's value demands.

Thresholds are met with ">=". REDUCING ends when the drawdown is below its step again; the breaker and the kill switch
stay until an operator lifts them.
"""

import msgspec

from whaletrader.domain.portfolio import Portfolio, Valuation
from whaletrader.domain.risk.limits import RiskLimits
from whaletrader.domain.risk.model import Controls
from whaletrader.domain.values import MICRO, TradingState

HALVE_MICRO = 500_000


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from a valuation.

    Parameters
    ----------
    trip_breaker, throw_kill, derisk : bool
        What is newly due.
    state : TradingState
        The trading state from here on.
    loss_micro, drawdown_micro : int
        Loss since 00:00 UTC in collateral; drawdown as a fraction in micro.
    """

    trip_breaker: bool
    throw_kill: bool
    derisk: bool
    state: TradingState
    loss_micro: int
    drawdown_micro: int


def demand(controls: Controls, book: Portfolio, value: Valuation, limits: RiskLimits) -> Demand:
    """Judge a book's value.

    Parameters
    ----------
    controls : Controls
        What stands already.
    book : Portfolio
        Day base and high-water mark.
    value : Valuation
        The book's value now.
    limits : RiskLimits
        Daily loss and the ladder's three steps.

    Returns
    -------
    Demand
        A halted account is not de-risked: nothing but cancels is sent then; the ladder is judged again when an operator
        has resumed it.
    """
    equity = value.equity_micro
    loss, drawdown = book.day_loss_micro(equity), book.drawdown_micro(equity)
    trip = not controls.breaker and loss * MICRO >= book.day_base_micro * limits.daily_loss_micro and loss > 0
    kill = not controls.killed and drawdown >= limits.drawdown_kill_micro
    halted = trip or kill or controls.breaker or controls.killed
    derisk = not halted and not controls.derisked and drawdown >= limits.drawdown_derisk_micro
    reducing = drawdown >= limits.drawdown_reducing_micro
    state = TradingState.REDUCING if reducing else TradingState.ACTIVE
    return Demand(
        trip_breaker=trip,
        throw_kill=kill,
        derisk=derisk,
        state=TradingState.HALTED if halted else state,
        loss_micro=loss,
        drawdown_micro=drawdown,
    )
