"""The venue's fee in exact integers, against real fills and the published table."""

import pytest

from whaletrader.domain.fees import (
    WORST_CASE,
    FeeModel,
    FeeSchedule,
    FlatFees,
    fill_fee_micro,
    flat_fee_micro,
    taker_fee_micro,
)
from whaletrader.domain.values import MICRO, FeeProvenance

SPORTS = FeeSchedule(50_000)


@pytest.mark.parametrize(
    ("price", "shares", "builder_rate", "fee"),
    [
        (30_000, 1_030_920_000, 1_000, 1_530_900),
        (980_000, 31_612_200, 0, 30_970),
        (520_000, 16_260_000, 0, 202_920),
    ],
)
def test_real_fills_are_reproduced_exactly(price: int, shares: int, builder_rate: int, fee: int) -> None:
    assert taker_fee_micro(SPORTS, price, shares, builder_rate_micro=builder_rate) == fee


def test_a_multi_fill_buy_at_an_average_price_is_reproduced_to_two_fee_ticks() -> None:
    fee = taker_fee_micro(FeeSchedule(40_000), 86_450, 155_030_000)
    assert abs(fee - 489_750) <= 20


@pytest.mark.parametrize(
    ("rate", "exponent", "price", "fee"),
    [
        (70_000, 1, 10_000, 69_300),
        (70_000, 1, 250_000, 1_312_500),
        (70_000, 1, 500_000, 1_750_000),
        (70_000, 1, 990_000, 69_300),
        (50_000, 1, 650_000, 1_137_500),
        (40_000, 1, 500_000, 1_000_000),
        (30_000, 1, 650_000, 682_500),
        (250_000, 2, 100_000, 202_500),
        (250_000, 2, 300_000, 1_102_500),
    ],
)
def test_a_hundred_shares_cost_the_published_fee(rate: int, exponent: int, price: int, fee: int) -> None:
    assert taker_fee_micro(FeeSchedule(rate, exponent), price, 100 * MICRO) == fee


def test_the_fee_is_cut_not_rounded_at_five_decimals() -> None:
    # 100 shares at 0.65, rate 0.25, exponent 2: 1.29390625 exactly
    assert taker_fee_micro(FeeSchedule(250_000, 2), 650_000, 100 * MICRO) == 1_293_900


def test_each_component_is_cut_by_itself() -> None:
    together = 1_499_988 + 30_927  # both cut at six decimals
    fee = taker_fee_micro(SPORTS, 30_000, 1_030_920_000, builder_rate_micro=1_000)
    assert fee == 1_499_980 + 30_920
    assert fee < together


def test_the_early_crypto_formula_has_the_price_as_a_further_factor() -> None:
    schedule = FeeSchedule(250_000, 2, times_price=True)
    # 100 * 0.5 * 0.25 * 0.25^2
    assert taker_fee_micro(schedule, 500_000, 100 * MICRO) == 781_250


@pytest.mark.parametrize("price", [0, MICRO])
def test_a_certain_outcome_costs_no_fee(price: int) -> None:
    assert taker_fee_micro(WORST_CASE, price, 100 * MICRO) == 0


def test_no_shares_no_fee() -> None:
    assert taker_fee_micro(WORST_CASE, 500_000, 0) == 0


def test_a_price_above_one_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        taker_fee_micro(SPORTS, MICRO + 1, MICRO)


def test_the_worst_case_is_marked_as_one() -> None:
    assert WORST_CASE.provenance is FeeProvenance.WORST_CASE
    assert WORST_CASE.rate_micro == 70_000


def test_makers_pay_nothing_at_the_venue() -> None:
    assert fill_fee_micro(FeeModel.VENUE, SPORTS, 500_000, 100 * MICRO, maker=True) == 0
    assert fill_fee_micro(FeeModel.VENUE, SPORTS, 500_000, 100 * MICRO, maker=False) == 1_250_000


def test_the_flat_model_applies_only_when_it_is_named() -> None:
    assert fill_fee_micro(FeeModel("flat"), SPORTS, 500_000, 100 * MICRO, maker=False) == 100_000
    assert fill_fee_micro(FeeModel("flat"), SPORTS, 500_000, 100 * MICRO, maker=True) == 50_000
    assert FeeModel("venue") is FeeModel.VENUE


def test_flat_fees_are_basis_points_of_the_premium() -> None:
    assert flat_fee_micro(FlatFees(maker_bps=0, taker_bps=100), 250_000, 8 * MICRO, maker=False) == 20_000


def test_an_impossible_schedule_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        FeeSchedule(-1)
    with pytest.raises(AssertionError):
        FeeSchedule(50_000, exponent=9)
