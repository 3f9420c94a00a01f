import itertools
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.vectors import micro, vectors
from whaletrader.datasets.categories import CATEGORIES
from whaletrader.domain.fees import FeeSchedule, taker_fee_micro
from whaletrader.domain.rebates import (
    MAKER_REBATE_SHARE,
    NO_TIER,
    TAKER_REBATE_WEIGHT,
    TAKER_TIERS,
    amount_within,
    amount_within_micro,
    builder_fee_micro,
    fee_equivalent_micro,
    maker_rebate_micro,
    maker_share_micro,
    taker_rebate_micro,
    taker_tier,
    weighted_volume_micro,
)
from whaletrader.domain.values import MICRO

FILE = vectors("fees")


def label(case):
    return "-".join(str(value) for value in list(case.values())[:4])


@pytest.mark.parametrize("case", FILE["fee_vectors"], ids=label)
def test_the_fee_is_the_published_one_cut_at_five_decimals(case):
    schedule = FeeSchedule(micro(case["rate"]), case["exponent"])
    exact = Decimal(case["fee_unrounded"])
    fee = taker_fee_micro(schedule, micro(case["price"]), micro(case["shares"]))
    assert fee == int(exact * 100_000) * 10
    assert abs(Decimal(case["fee_5dp"]) - Decimal(fee) / MICRO) < Decimal("0.00001") * Decimal("1.01")


@pytest.mark.parametrize("case", FILE["adjust_buy"], ids=label)
def test_a_budget_buys_what_the_package_says(case):
    exact = amount_within(
        micro(case["amount"]),
        micro(case["price"]),
        micro(case["max_spend"]),
        FeeSchedule(micro(case["fee_rate"]), case["exponent"]),
        micro(case["builder_taker_fee_rate"]),
    )
    told = Fraction(case["adjusted_amount"])
    assert abs(exact - told) < Fraction(1, 10**24)


@pytest.mark.parametrize("case", [case for case in FILE["observed_fills"] if "observed_fee" in case], ids=label)
def test_observed_fees_are_reproduced(case):
    fee = taker_fee_micro(
        FeeSchedule(micro(case["rate"])), micro(case["price"]), micro(case["shares"]),
        builder_rate_micro=micro(case["builder_rate"]),
    )  # fmt: skip
    assert fee == micro(case["observed_fee"])


@pytest.mark.parametrize("case", [case for case in FILE["observed_fills"] if "usdc_size" in case], ids=label)
def test_what_a_buyer_paid_is_price_and_fee_together(case):
    spent = Decimal(case["price"]) * Decimal(case["shares"])
    assert abs(spent + Decimal(case["formula_fee"]) - Decimal(case["usdc_size"])) < Decimal("0.00001")
    fee = taker_fee_micro(FeeSchedule(micro(case["rate"])), micro(case["price"]), micro(case["shares"]))
    assert abs(Decimal(fee) / MICRO - Decimal(case["implied_fee"])) < Decimal("0.00002")


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 10**10),
    st.integers(100, 999_900),
    st.integers(1, 10**10),
    st.sampled_from([FeeSchedule(70_000), FeeSchedule(40_000), FeeSchedule(0), FeeSchedule(250_000, 2)]),
    st.sampled_from([0, 1_000, 10_000]),
)
def test_the_amount_with_its_fees_never_costs_more_than_the_budget(amount, price, budget, schedule, builder):
    found = amount_within_micro(amount, price, budget, schedule, builder)
    assert 0 <= found <= amount
    shares = found * MICRO // price
    cost = found + taker_fee_micro(schedule, price, shares, builder_rate_micro=builder)
    assert cost <= budget
    # 1 micro-unit more is too much, unless the amount itself was the bound
    if found < amount:
        assert amount_within(amount, price, budget, schedule, builder) < found + 1


def test_the_early_crypto_formula_is_cheaper_in_a_budget_than_without_the_price():
    plain, early = FeeSchedule(250_000, 2), FeeSchedule(250_000, 2, times_price=True)
    budget = (100 * MICRO, 500_000, 100 * MICRO)
    assert amount_within(*budget, early) > amount_within(*budget, plain)


def test_a_makers_rebate_is_his_share_of_the_pool():
    assert maker_rebate_micro(25 * MICRO, 100 * MICRO, 400 * MICRO, 250_000) == 25 * MICRO
    assert maker_rebate_micro(0, 0, 400 * MICRO, 250_000) == 0


def test_a_rebate_below_a_dollar_is_not_paid():
    assert maker_rebate_micro(1, 100, 399 * MICRO, 250_000) == 0
    assert maker_rebate_micro(1, 100, 400 * MICRO, 250_000) == MICRO


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20), st.integers(0, 10**12), st.sampled_from(CATEGORIES))
def test_all_rebates_together_are_no_more_than_the_makers_share(equivalents, fees, category):
    share = MAKER_REBATE_SHARE[category]
    paid = sum(maker_rebate_micro(own, sum(equivalents), fees, share) for own in equivalents)
    assert paid <= fees * share // MICRO


def test_what_divides_the_pool_is_the_fee_a_taker_would_have_paid():
    schedule = FeeSchedule(50_000)
    assert fee_equivalent_micro(schedule, 500_000, 100 * MICRO) == taker_fee_micro(schedule, 500_000, 100 * MICRO)


def test_every_category_has_its_share_and_its_weight():
    assert set(MAKER_REBATE_SHARE) == set(TAKER_REBATE_WEIGHT) == set(CATEGORIES)
    assert TAKER_REBATE_WEIGHT["geopolitics"] == MAKER_REBATE_SHARE["geopolitics"] == 0


def test_volume_counts_by_what_was_uncertain_and_by_category():
    assert weighted_volume_micro(100 * MICRO, 250_000, "sports") == 75 * MICRO
    assert weighted_volume_micro(100 * MICRO, 500_000, "crypto") == 115 * MICRO
    assert weighted_volume_micro(100 * MICRO, MICRO, "crypto") == 0
    with pytest.raises(KeyError):
        weighted_volume_micro(MICRO, 0, "weather forecasts")


@pytest.mark.parametrize(
    ("dollars", "name", "rebate"),
    [(0, "", 0), (1_999, "", 0), (2_000, "Bronze", 3), (20_000, "Silver", 8), (199_999, "Silver", 8),
     (200_000, "Gold", 18), (1_000_000, "Platinum", 32), (4_000_000, "Diamond", 44), (50_000_000, "Obsidian", 50)],
)  # fmt: skip
def test_the_tier_is_the_highest_that_the_volume_reaches(dollars, name, rebate):
    assert taker_tier(dollars * MICRO).name == name
    assert taker_rebate_micro(100 * MICRO, dollars * MICRO) == rebate * MICRO


@pytest.mark.parametrize(("fees", "rebate"), [(12_499_999, 0), (12_500_000, MICRO), (12_500_013, 1_000_001)])
def test_a_takers_day_below_a_dollar_is_not_paid(fees, rebate):
    assert taker_rebate_micro(fees, 20_000 * MICRO) == rebate


@pytest.mark.parametrize(
    ("category", "rate", "share"),
    [("sports", 30_000, 250_000), ("sports", 17_500, 250_000), ("sports", 50_000, 150_000), ("crypto", 70_000, 200_000),
     ("weather", 50_000, 250_000), ("geopolitics", 0, 0), ("perps", 50_000, 0)],
)  # fmt: skip
def test_makers_of_older_sports_markets_keep_their_share(category, rate, share):
    assert maker_share_micro(category, FeeSchedule(rate)) == share


def test_tiers_rise_together():
    steps = (NO_TIER, *TAKER_TIERS)
    assert all(low.weighted_usd < high.weighted_usd and low.rate_micro < high.rate_micro
               for low, high in itertools.pairwise(steps))  # fmt: skip


def test_a_builders_fee_is_the_component_of_the_observed_fill():
    assert builder_fee_micro(30_000, 1_030_920_000, 10, maker=False) == 30_920
    assert builder_fee_micro(500_000, 100 * MICRO, 50, maker=True) == 250_000


@pytest.mark.parametrize(("bps", "maker"), [(101, False), (51, True), (-1, False)])
def test_a_builders_rate_above_the_cap_is_refused(bps, maker):
    with pytest.raises(ValueError, match="bps"):
        builder_fee_micro(500_000, MICRO, bps, maker=maker)
