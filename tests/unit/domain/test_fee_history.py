"""The table of fee eras: in the order of time, none for those who never paid, and nothing dearer than was published."""

from datetime import UTC, datetime

import pytest

from whaletrader.datasets.categories import CATEGORIES
from whaletrader.domain import fee_history
from whaletrader.domain.fee_history import ERAS, NO_FEES
from whaletrader.domain.fees import WORST_CASE, FeeSchedule, taker_fee_micro
from whaletrader.domain.values import MICRO, NANOS, FeeProvenance

PUBLISHED = {
    "FIRST_FEES_TS": "2026-01-05",
    "FIRST_SPORTS_TS": "2026-02-18",
    "CRYPTO_FORMULA_TS": "2026-03-06",
    "GENERAL_TS": "2026-03-30",
    "CRYPTO_070_TS": "2026-05-01",
    "SPORTS_050_TS": "2026-08-01",
}


@pytest.mark.parametrize(("name", "date"), PUBLISHED.items())
def test_the_dates_are_those_of_the_venues_fee_pages(name, date):
    published = datetime.fromisoformat(date).replace(tzinfo=UTC)
    assert getattr(fee_history, name) == int(published.timestamp()) * NANOS


def test_eras_stand_in_the_order_of_time_and_begin_at_a_published_date():
    times = [era.from_ts for era in ERAS]
    assert times == sorted(times)
    assert set(times) == {getattr(fee_history, name) for name in PUBLISHED}


def test_eras_name_only_categories_that_there_are():
    assert {name for era in ERAS for name in era.categories} == set(CATEGORIES) - {"geopolitics"}


def test_before_the_first_era_nobody_pays():
    assert NO_FEES.rate_micro == 0
    assert min(era.from_ts for era in ERAS) == fee_history.FIRST_FEES_TS


def test_a_schedule_of_an_era_is_never_said_to_be_the_markets_own():
    for era in ERAS:
        expected = FeeProvenance.WORST_CASE if era.grounded is False else FeeProvenance.INFERRED
        assert era.schedule.provenance is expected


def test_the_fifteen_minute_formula_is_the_published_one():
    (era,) = (era for era in ERAS if era.short_crypto)
    assert era.schedule == FeeSchedule(250_000, 2, times_price=True, provenance=FeeProvenance.INFERRED)
    # The fee table of the time: 100 shares at 0.50 cost 0.78125 dollars, cut here and told as 0.7813 there.
    assert taker_fee_micro(era.schedule, 500_000, 100 * MICRO) == 781_250


@pytest.mark.parametrize("price", range(20_000, MICRO, 60_000))
def test_no_schedule_is_dearer_than_the_worst_case_but_cryptos_first_weeks(price):
    for era in ERAS:
        dearest = 72_000 if era.schedule.rate_micro == 72_000 else WORST_CASE.rate_micro
        fee = taker_fee_micro(era.schedule, price, 100 * MICRO)
        assert fee <= taker_fee_micro(FeeSchedule(dearest), price, 100 * MICRO)
