"""What a fill costs: the venue's taker fee in exact integers, and a flat model that must be asked for by name.

Schedules come from each market's own data (`FeeProvenance` says how well they are known); this file does not guess
them. The columnar float twin is `quant.fee_curve`.
"""

from dataclasses import dataclass
from enum import StrEnum

from whaletrader.domain.values import MICRO, FeeProvenance

_FEE_TICKS = 100_000
"""Fees are cut at five decimals: a fee tick is 10 micro-units."""
_BPS = 10_000


class FeeModel(StrEnum):
    """Which formula applies; `FLAT` is wrong for this venue and exists for comparison only."""

    VENUE = "venue"
    FLAT = "flat"


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """A market's taker fee from a date on: shares * rate * [p if times_price] * (p(1-p))^exponent.

    Parameters
    ----------
    rate_micro : int
        Rate in micro-units (0.07 is 70000), >= 0.
    exponent : int
        1 everywhere now; 2 in the crypto formula of early 2026.
    times_price : bool
        Whether the price is a further factor (15-minute crypto markets, January to March 2026).
    provenance : FeeProvenance
        Where the schedule comes from; live trading accepts `market` only.
    """

    rate_micro: int
    exponent: int = 1
    times_price: bool = False
    provenance: FeeProvenance = FeeProvenance.MARKET

    def __post_init__(self) -> None:
        assert 0 <= self.rate_micro <= MICRO, self.rate_micro
        assert 0 <= self.exponent <= 4, self.exponent


WORST_CASE = FeeSchedule(70_000, provenance=FeeProvenance.WORST_CASE)
"""What a backtest charges where nothing better is known; live trading refuses instead."""


@dataclass(frozen=True, slots=True)
class FlatFees:
    """A flat rate on the premium (0.1 % maker, 0.2 % taker): the form often assumed, not this venue's."""

    maker_bps: int = 10
    taker_bps: int = 20


def taker_fee_micro(schedule: FeeSchedule, price_micro: int, size_micro: int, *, builder_rate_micro: int = 0) -> int:
    """Fee of a taker fill, truncated at five decimals component by component.

    Parameters
    ----------
    schedule : FeeSchedule
        The market's schedule at the fill's date.
    price_micro : int
        Price per share in micro-units, 0 <= price <= 1.
    size_micro : int
        Shares in micro-units, >= 0.
    builder_rate_micro : int
        Linear rate on the notional for orders with a builder code; 0 without one.

    Returns
    -------
    int
        Fee in micro-units of collateral, a multiple of 10. Makers pay nothing.

    Notes
    -----
    Source: the venue's fee documentation; truncation (not rounding) reproduces real fills of 2026-09-24.

    Examples
    --------
    >>> taker_fee_micro(FeeSchedule(50_000), 980_000, 31_612_200)
    30970
    """
    assert 0 <= price_micro <= MICRO, price_micro
    assert size_micro >= 0, size_micro
    platform = _platform_fee_ticks(schedule, price_micro, size_micro)
    builder = size_micro * builder_rate_micro * price_micro * _FEE_TICKS // MICRO**3
    return (platform + builder) * (MICRO // _FEE_TICKS)


def _platform_fee_ticks(schedule: FeeSchedule, price_micro: int, size_micro: int) -> int:
    exponent = schedule.exponent
    numerator: int = size_micro * schedule.rate_micro * (price_micro * (MICRO - price_micro)) ** exponent
    scale: int = MICRO ** (2 + 2 * exponent)
    if schedule.times_price:
        numerator *= price_micro
        scale *= MICRO
    return numerator * _FEE_TICKS // scale


def flat_fee_micro(fees: FlatFees, price_micro: int, size_micro: int, *, maker: bool) -> int:
    """Fee of a fill under the flat model: basis points of the premium, truncated at five decimals, in micro-units."""
    bps = fees.maker_bps if maker else fees.taker_bps
    return size_micro * price_micro * bps * _FEE_TICKS // (MICRO**2 * _BPS) * (MICRO // _FEE_TICKS)


def fill_fee_micro(model: FeeModel, schedule: FeeSchedule, price_micro: int, size_micro: int, *, maker: bool) -> int:
    """Fee of a fill under the named model, in micro-units; the venue's makers pay nothing."""
    if model is FeeModel.FLAT:
        return flat_fee_micro(FlatFees(), price_micro, size_micro, maker=maker)
    return 0 if maker else taker_fee_micro(schedule, price_micro, size_micro)
