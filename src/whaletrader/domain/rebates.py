"""What comes back of fees (maker and taker rebates), what a builder adds, and how much a budget with fees can buy.

Exact integers; which tier or category a wallet or a market has is told to it. Source: FACTS 8.1 (the venue's pages on
fees, rebates and builders; its package for the budget).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from whaletrader.domain.fees import FeeSchedule, taker_fee_micro
from whaletrader.domain.values import MICRO, NANOS

_BPS = 10_000
_FEE_STEP = 10
"""Fees are cut at five decimals: steps of 10 micro-units."""
MIN_REBATE_MICRO = MICRO
"""A day's rebate below one dollar is not paid."""
MAX_BUILDER_BPS_MAKER = 50
MAX_BUILDER_BPS_TAKER = 100
TAKER_REBATES_TS = int(datetime(2026, 5, 28, tzinfo=UTC).timestamp()) * NANOS
"""Since when takers get something back."""
TIER_DAYS = 30
"""Days whose weighted volume decides the tier."""
_SPORTS_RATE_MICRO = 50_000
_SPORTS_SHARE_BEFORE = 250_000

MAKER_REBATE_SHARE: dict[str, int] = {
    "crypto": 200_000,
    "sports": 150_000,
    "finance": 250_000,
    "politics": 250_000,
    "mentions": 250_000,
    "tech": 250_000,
    "economics": 250_000,
    "culture": 250_000,
    "weather": 250_000,
    "other": 250_000,
    "geopolitics": 0,
}
"""Share of a category's taker fees that goes to its makers, in micro-units (`maker_share_micro` knows sports before
summer 2026).
"""
TAKER_REBATE_WEIGHT: dict[str, int] = {
    "sports": 1_000_000,
    "politics": 1_300_000,
    "finance": 1_300_000,
    "mentions": 1_300_000,
    "tech": 1_300_000,
    "economics": 1_700_000,
    "culture": 1_700_000,
    "weather": 1_700_000,
    "other": 1_700_000,
    "crypto": 2_300_000,
    "geopolitics": 0,
}
"""Weight of a category's volume in the taker tiers, in micro-units."""


@dataclass(frozen=True, slots=True)
class RebateTier:
    """A step of the taker rebate."""

    name: str
    weighted_usd: int
    """Weighted volume of 30 days from which it holds, in whole dollars."""
    rate_micro: int
    """Share of the fees paid that comes back."""


NO_TIER = RebateTier("", 0, 0)
TAKER_TIERS: tuple[RebateTier, ...] = (
    RebateTier("Bronze", 2_000, 30_000),
    RebateTier("Silver", 20_000, 80_000),
    RebateTier("Gold", 200_000, 180_000),
    RebateTier("Platinum", 1_000_000, 320_000),
    RebateTier("Diamond", 4_000_000, 440_000),
    RebateTier("Obsidian", 10_000_000, 500_000),
)


def fee_equivalent_micro(schedule: FeeSchedule, price_micro: int, size_micro: int) -> int:
    """What a maker's fill would have cost a taker: the key by which a category's pool is divided, in micro-units."""
    return taker_fee_micro(schedule, price_micro, size_micro)


def maker_rebate_micro(own_micro: int, total_micro: int, fees_micro: int, share_micro: int) -> int:
    """A maker's rebate of one day in one category.

    Parameters
    ----------
    own_micro, total_micro : int
        Fee equivalents (`fee_equivalent_micro`) of the maker's and of all makers' fills, 0 <= own <= total.
    fees_micro : int
        Taker fees collected in the category that day.
    share_micro : int
        Share of them that is the makers' (`MAKER_REBATE_SHARE`).

    Returns
    -------
    int
        Micro-units of collateral, cut; 0 where it would be below one dollar.
    """
    assert 0 <= own_micro <= total_micro, (own_micro, total_micro)
    if not own_micro:
        return 0
    rebate = fees_micro * share_micro * own_micro // (total_micro * MICRO)
    return rebate if rebate >= MIN_REBATE_MICRO else 0


def maker_share_micro(category: str, schedule: FeeSchedule) -> int:
    """Share of a market's taker fees that is its makers', in micro-units; 0 for an unknown category.

    Sports markets with the schedule of before summer 2026 keep the share of then, 0.25.
    """
    if category == "sports" and schedule.rate_micro < _SPORTS_RATE_MICRO:
        return _SPORTS_SHARE_BEFORE
    return MAKER_REBATE_SHARE.get(category, 0)


def weighted_volume_micro(usd_micro: int, price_micro: int, category: str) -> int:
    """What a taker's fill adds to the volume of the tiers: dollars * (1 - entry price) * the category's weight.

    Parameters
    ----------
    usd_micro : int
        Premium of the fill in micro-units.
    price_micro : int
        Entry price in micro-units, 0 to 1.
    category : str
        A key of `TAKER_REBATE_WEIGHT`; `KeyError` for any other.
    """
    assert 0 <= price_micro <= MICRO, price_micro
    return usd_micro * (MICRO - price_micro) * TAKER_REBATE_WEIGHT[category] // MICRO**2


def taker_tier(weighted_micro: int) -> RebateTier:
    """Tier of a wallet by its weighted volume of the last 30 days, in micro-units; `NO_TIER` below the first."""
    reached = [tier for tier in TAKER_TIERS if weighted_micro >= tier.weighted_usd * MICRO]
    return reached[-1] if reached else NO_TIER


def taker_rebate_micro(fees_micro: int, weighted_micro: int) -> int:
    """What comes back of a day's taker fees at the tier of the volume, in micro-units, cut; 0 below one dollar."""
    rebate = fees_micro * taker_tier(weighted_micro).rate_micro // MICRO
    return rebate if rebate >= MIN_REBATE_MICRO else 0


def builder_fee_micro(price_micro: int, size_micro: int, bps: int, *, maker: bool) -> int:
    """Fee of a builder code on one fill: basis points of the notional, cut at five decimals.

    Parameters
    ----------
    price_micro, size_micro : int
        The fill in micro-units.
    bps : int
        The builder's rate.
    maker : bool
        Makers pay a builder at most 50 bps, takers 100.

    Returns
    -------
    int
        Micro-units of collateral.

    Raises
    ------
    ValueError
        Where the rate is above the venue's cap.
    """
    cap = MAX_BUILDER_BPS_MAKER if maker else MAX_BUILDER_BPS_TAKER
    if not 0 <= bps <= cap:
        raise ValueError(f"a builder's rate is between 0 and {cap} bps here")
    return size_micro * price_micro * bps // (MICRO * _BPS * _FEE_STEP) * _FEE_STEP


def amount_within(
    amount_micro: int, price_micro: int, max_spend_micro: int, schedule: FeeSchedule, builder_rate_micro: int = 0
) -> Fraction:
    """How much a market BUY may spend before fees so that with fees it costs no more than a budget.

    Parameters
    ----------
    amount_micro : int
        Collateral that the order would spend, micro-units.
    price_micro : int
        Worst price of the order in micro-units, 0 < price <= 1.
    max_spend_micro : int
        The budget, fees included, micro-units.
    schedule : FeeSchedule
        The market's.
    builder_rate_micro : int
        The builder's taker rate on the amount.

    Returns
    -------
    Fraction
        In whole units, exact: the amount itself where it fits, else budget / (1 + fee per dollar).

    Notes
    -----
    Source: `adjust_buy_amount_for_fees` of the official package; fees are taken unrounded.
    """
    price = Fraction(price_micro, MICRO)
    rate = Fraction(schedule.rate_micro, MICRO) * (price * (1 - price)) ** schedule.exponent
    if schedule.times_price:
        rate *= price
    per_dollar = 1 + rate / price + Fraction(builder_rate_micro, MICRO)
    amount, budget = Fraction(amount_micro, MICRO), Fraction(max_spend_micro, MICRO)
    return budget / per_dollar if budget <= amount * per_dollar else amount


def amount_within_micro(
    amount_micro: int, price_micro: int, max_spend_micro: int, schedule: FeeSchedule, builder_rate_micro: int = 0
) -> int:
    """`amount_within` in micro-units, cut."""
    exact = amount_within(amount_micro, price_micro, max_spend_micro, schedule, builder_rate_micro)
    return int(exact * MICRO)
