"""Schedules by date, against the table that imports write."""

import polars as pl
import pytest

from whaletrader.datasets import fees as table
from whaletrader.domain import fee_history
from whaletrader.domain.fee_history import FeeFacts, historical_schedule
from whaletrader.domain.fees import WORST_CASE, FeeSchedule
from whaletrader.domain.values import DAY_NS, FeeProvenance

NAMES = (
    "FIRST_FEES_TS", "FIRST_SPORTS_TS", "CRYPTO_FORMULA_TS", "GENERAL_TS", "CRYPTO_070_TS", "SPORTS_050_TS",
)  # fmt: skip
TIMES = sorted({0, *(getattr(fee_history, name) + step for name in NAMES for step in (-1, 0, 40 * DAY_NS))})
MARKETS = [
    ("crypto", "btc-updown-15m-1", True, False),
    ("crypto", "bitcoin-above-100k", False, False),
    ("sports", "cbb-duke-unc", False, True),
    ("sports", "nba-lal-bos", False, False),
    *((name, "x", False, False) for name in ("politics", "economics", "tech", "weather", "other", "geopolitics")),
]


@pytest.mark.parametrize("name", NAMES)
def test_the_dates_are_those_of_the_table(name):
    assert getattr(fee_history, name) == getattr(table, name)


@pytest.mark.parametrize(("category", "slug", "short", "early"), MARKETS)
@pytest.mark.parametrize("start", [0, fee_history.CRYPTO_FORMULA_TS, fee_history.SPORTS_050_TS + DAY_NS])
def test_a_schedule_of_a_date_is_the_tables_row_of_that_date(category, slug, short, early, start):
    market = pl.DataFrame(
        {
            "market": [0], "slug": [slug], "category": [category], "category_basis": ["declared"],
            "start_ts": [start], "fee_type": [None], "fees_enabled": [None], "observed_ts": [None],
        },
        schema_overrides={"fee_type": pl.String, "fees_enabled": pl.Boolean, "observed_ts": pl.Int64},
    )  # fmt: skip
    rows = table.fee_schedules(market)
    facts = FeeFacts(category, start, short_crypto=short, early_sports=early)
    for ts in TIMES:
        row = rows.filter(pl.col("from_ts") <= ts).row(-1, named=True)
        found = historical_schedule(facts, ts)
        assert (found.rate_micro, found.times_price) == (row["rate_micro"], row["times_price"]), ts
        if found.rate_micro:
            assert found.exponent == row["exponent"], ts
        assert found.provenance is FeeProvenance.INFERRED


def test_an_unknown_category_pays_the_worst_case_since_there_are_fees():
    assert historical_schedule(FeeFacts("perps"), fee_history.FIRST_FEES_TS) == WORST_CASE
    assert historical_schedule(FeeFacts("perps"), fee_history.FIRST_FEES_TS - 1).rate_micro == 0


def test_the_fifteen_minute_formula_is_the_published_one():
    found = historical_schedule(FeeFacts("crypto", short_crypto=True), fee_history.FIRST_FEES_TS)
    assert found == FeeSchedule(250_000, 2, times_price=True, provenance=FeeProvenance.INFERRED)
