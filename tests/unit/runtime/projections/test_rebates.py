"""What comes back of fees, day by day, against a plain reading of the venue's rules."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.messages import seen
from tests.support.payloads import UNIT, filled, market_data, settled, terms
from whaletrader.domain.fees import FeeSchedule, taker_fee_micro
from whaletrader.domain.rebates import TAKER_REBATES_TS, taker_rebate_micro, taker_tier, weighted_volume_micro
from whaletrader.domain.values import DAY_NS
from whaletrader.runtime.projections.rebates import OPEN_DAYS, RebateEstimate, RebatesView

SINCE = TAKER_REBATES_TS // DAY_NS
NOTHING = RebateEstimate(taker_micro=0, maker_at_most_micro=0, tier="", weighted_micro=0)


class Run:
    """A run's messages, told one after the other."""

    def __init__(self, category="crypto", **changes):
        self.view = RebatesView()
        self.n = 0
        self.say(0, market_data(terms=terms(category=category, **changes)))

    def say(self, day, payload):
        self.n += 1
        self.view.observe(seen(payload, day * DAY_NS + 1, str(self.n)))

    def take(self, day, dollars, fee, *, price=500_000, **changes):
        """A taker's fill of so many dollars."""
        size = dollars * UNIT * UNIT // price
        changes = {"price_micro": price, "size_micro": size, "fee_micro": fee, "trade_id": f"t{self.n}"} | changes
        self.say(day, filled(**changes))
        return changes["trade_id"]

    @property
    def estimate(self):
        return self.view.estimate()


def test_before_any_fill_nothing_comes_back():
    assert Run().estimate == NOTHING


def test_the_tier_is_that_of_the_thirty_days_before_and_not_of_the_day_itself():
    run = Run()
    run.take(SINCE + 1, 20_000, 700 * UNIT)  # 20,000 * (1 - 0.5) * 2.3 = 23,000 of weighted volume
    assert run.estimate == RebateEstimate(
        taker_micro=0, maker_at_most_micro=0, tier="Silver", weighted_micro=23_000 * UNIT
    )
    run.take(SINCE + 2, 1_000, 35 * UNIT)
    assert run.estimate.taker_micro == 2_800_000  # 8 % of 35
    run.take(SINCE + 31, 2_000, 35 * UNIT)
    assert run.estimate.taker_micro == 2 * 2_800_000
    run.take(SINCE + 33, 1_000, 35 * UNIT)
    assert run.estimate.taker_micro == 2 * 2_800_000 + 1_050_000, "the large day is out of the window: Bronze, 3 %"


def test_nothing_comes_back_of_fees_from_before_the_program_but_their_volume_counts():
    run = Run()
    run.take(SINCE - 2, 20_000, 700 * UNIT)
    run.take(SINCE - 1, 1_000, 35 * UNIT)
    assert run.estimate == RebateEstimate(taker_micro=0, maker_at_most_micro=0, tier="", weighted_micro=24_150 * UNIT)
    run.take(SINCE, 1_000, 35 * UNIT)
    assert run.estimate.taker_micro == 2_800_000


def test_a_day_below_a_dollar_is_not_paid():
    run = Run()
    run.take(SINCE, 20_000, 700 * UNIT)
    run.take(SINCE + 1, 350, 12_250_000)
    assert run.estimate.taker_micro == 0
    run.take(SINCE + 1, 350, 12_250_000)
    assert run.estimate.taker_micro == 1_960_000


@pytest.mark.parametrize(("category", "weighted"), [("sports", 200), ("geopolitics", 0), ("perps", 0)])
def test_volume_counts_by_category(category, weighted):
    run = Run(category)
    run.take(SINCE, 1_000, 0, price=800_000)
    assert run.estimate.weighted_micro == weighted * UNIT


def test_a_market_that_was_never_described_adds_no_volume():
    run = Run()
    run.take(SINCE, 20_000, 700 * UNIT, market_id="another")
    assert run.estimate.weighted_micro == 0


def test_a_fill_that_failed_is_taken_out_and_one_that_settled_stays():
    run = Run()
    run.take(SINCE, 20_000, 700 * UNIT)
    void, good = (run.take(SINCE + 1, 1_000, 35 * UNIT) for _ in range(2))
    assert run.estimate.taker_micro == 5_600_000
    run.say(SINCE + 1, settled(trade_id=void, status="FAILED"))
    run.say(SINCE + 1, settled(trade_id=good, status="CONFIRMED"))
    run.say(SINCE + 1, settled(trade_id=good, status="FAILED"))
    assert run.estimate.taker_micro == 2_800_000
    assert run.estimate.weighted_micro == (23_000 + 1_150) * UNIT


def test_a_makers_share_is_told_as_its_most_and_apart():
    run = Run("politics", fee_rate_micro=40_000)
    run.take(SINCE, 500, 0, role="maker")
    fee = taker_fee_micro(FeeSchedule(40_000), 500_000, 1_000 * UNIT)
    assert run.estimate == RebateEstimate(taker_micro=0, maker_at_most_micro=fee // 4, tier="", weighted_micro=0)
    assert fee // 4 == 2_500_000


@pytest.mark.parametrize("changes", [{"fee_rate_micro": -1}, {"fee_exponent": -1}, {"fee_exponent": 9}])
def test_a_maker_of_a_market_with_an_unknown_schedule_gets_nothing(changes):
    run = Run(**changes)
    run.take(SINCE, 500, 0, role="maker")
    assert run.estimate == NOTHING


def plain_reading(fills):
    """(day, dollars, fee) of a run's fills, the venue's rules read day by day."""
    total = 0
    for day in sorted({day for day, _, _ in fills if day >= SINCE}):
        before = [row for row in fills if day - 30 <= row[0] < day]
        volume = sum(weighted_volume_micro(dollars * UNIT, 500_000, "crypto") for _, dollars, _ in before)
        total += taker_rebate_micro(sum(fee for each, _, fee in fills if each == day), volume)
    return total


FILLS = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 60_000), st.integers(0, 900 * UNIT)), max_size=40)


@settings(max_examples=80, deadline=None)
@given(steps=FILLS)
def test_however_long_the_run_the_estimate_is_that_of_a_plain_reading(steps):
    run, day, fills = Run(), SINCE - 20, []
    for gap, dollars, fee in steps:
        day += gap
        run.take(day, dollars, fee)
        fills.append((day, dollars, fee))
    assert run.estimate.taker_micro == plain_reading(fills)
    assert len(run.view.state.days) <= 2 * OPEN_DAYS + 1
    if fills and day >= SINCE:
        assert run.estimate.tier == taker_tier(run.estimate.weighted_micro).name


def test_years_of_fills_are_kept_as_a_sum_and_survive_bytes():
    run, fills = Run(), []
    for day in range(SINCE, SINCE + 800):
        run.take(day, 500, 17 * UNIT)
        fills.append((day, 500, 17 * UNIT))
        run.say(day, settled(trade_id=f"t{run.n - 1}", status="CONFIRMED"))
    assert (len(run.view.state.days), run.view.state.unsettled) == (2 * OPEN_DAYS, {})
    assert run.estimate.taker_micro == plain_reading(fills)
    other = RebatesView()
    other.restore(run.view.snapshot())
    assert other.estimate() == run.estimate
    assert len(run.view.snapshot()) < 5_000


def test_a_fill_that_is_heard_months_late_still_counts():
    run = Run()
    run.take(SINCE + 100, 20_000, 700 * UNIT)
    run.take(SINCE, 1_000, 35 * UNIT)
    assert run.view.state.days[SINCE + 100 - OPEN_DAYS + 1].fees_micro == 35 * UNIT
