"""Fee schedules by category and date, against a plain reading of the venue's history."""

from datetime import UTC, datetime

import polars as pl
import pytest

from whaletrader.datasets.fees import ERAS, WORST_RATE_MICRO, fee_schedules
from whaletrader.domain.values import NANOS, FeeProvenance


def day(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * NANOS


def schedule(**given):
    """The schedule rows of one market."""
    sound = {
        "market": 0,
        "slug": "x",
        "category": "politics",
        "category_basis": "slug",
        "start_ts": day("2026-01-01"),
        "fee_type": None,
        "fees_enabled": None,
        "observed_ts": None,
    }
    types = {
        "market": pl.UInt32,
        "start_ts": pl.Int64,
        "fees_enabled": pl.Boolean,
        "observed_ts": pl.Int64,
        "fee_type": pl.String,
        "slug": pl.String,
    }
    return fee_schedules(pl.DataFrame([{**sound, **given}], schema_overrides=types))


def in_force(table, date):
    return table.filter(pl.col("from_ts") <= day(date)).row(-1, named=True)


@pytest.mark.parametrize("category", ["crypto", "sports", "politics", "weather", "geopolitics"])
def test_before_2026_nobody_paid(category):
    row = in_force(schedule(category=category, slug="btc-updown-15m-1"), "2025-12-31")
    assert (row["rate_micro"], row["from_ts"]) == (0, 0)


@pytest.mark.parametrize(
    ("category", "rate"),
    [
        ("crypto", 72_000),
        ("sports", 30_000),
        ("finance", 40_000),
        ("politics", 40_000),
        ("mentions", 40_000),
        ("tech", 40_000),
        ("economics", 50_000),
        ("culture", 50_000),
        ("weather", 50_000),
        ("geopolitics", 0),
    ],
)
def test_since_april_2026_by_category(category, rate):
    row = in_force(schedule(category=category), "2026-04-15")
    assert (row["rate_micro"], row["exponent"], row["times_price"]) == (rate, 1, False)


def test_crypto_went_down_in_may():
    assert in_force(schedule(category="crypto"), "2026-05-20")["rate_micro"] == 70_000


@pytest.mark.parametrize("slug", ["btc-updown-15m-1767619800", "eth-updown-5m-1772053800"])
def test_short_crypto_markets_had_a_formula_of_their_own(slug):
    row = in_force(schedule(category="crypto", slug=slug), "2026-02-15")
    assert (row["rate_micro"], row["exponent"], row["times_price"]) == (250_000, 2, True)


def test_other_crypto_markets_had_it_only_if_they_began_late_enough():
    table = schedule(category="crypto", start_ts=day("2026-03-10"))
    assert in_force(table, "2026-03-20")["times_price"]
    assert in_force(schedule(category="crypto"), "2026-03-20")["rate_micro"] == 0


@pytest.mark.parametrize(("slug", "rate"), [("cbb-a-b", 17_500), ("sea-a-b", 17_500), ("nba-a-b", 0)])
def test_early_sports(slug, rate):
    assert in_force(schedule(category="sports", slug=slug), "2026-03-01")["rate_micro"] == rate


def test_older_sports_markets_keep_their_rate():
    old = schedule(category="sports", start_ts=day("2026-07-01"))
    new = schedule(category="sports", start_ts=day("2026-08-15"))
    assert in_force(old, "2026-10-01")["rate_micro"] == 30_000
    assert in_force(new, "2026-10-01")["rate_micro"] == 50_000


def test_a_groundless_category_pays_the_worst_case():
    row = in_force(schedule(category="other", category_basis="none"), "2026-02-01")
    assert (row["rate_micro"], row["provenance"]) == (WORST_RATE_MICRO, FeeProvenance.WORST_CASE)


def test_no_schedule_is_more_than_the_worst_case_but_cryptos_first_weeks():
    highest = 72_000  # what crypto paid in April 2026; the worst case is the present highest
    for era in ERAS:
        for price in (0.05, 0.2, 0.5, 0.6, 0.8, 0.95):
            variance = price * (1 - price)
            fee = era.rate_micro / 1e6 * variance**era.exponent * (price if era.times_price else 1)
            assert fee <= (highest if era.rate_micro == highest else WORST_RATE_MICRO) / 1e6 * variance + 1e-12


def test_a_fee_flag_vouches_for_the_era_in_which_it_was_seen():
    table = schedule(fees_enabled=False, observed_ts=day("2026-03-11"))
    assert in_force(table, "2026-03-20")["provenance"] == FeeProvenance.MARKET
    assert in_force(table, "2026-04-20")["provenance"] == FeeProvenance.INFERRED


def test_a_fee_flag_that_contradicts_the_schedule_vouches_for_nothing():
    table = schedule(fees_enabled=True, observed_ts=day("2026-03-11"))
    assert in_force(table, "2026-03-20")["provenance"] == FeeProvenance.INFERRED


def test_an_unseen_flag_is_an_inference():
    assert schedule()["provenance"].unique().to_list() == [FeeProvenance.INFERRED]


def test_rows_are_sorted_and_distinct():
    table = schedule(category="crypto", slug="btc-updown-15m-1", start_ts=day("2026-03-10"))
    times = table["from_ts"].to_list()
    assert times == sorted(set(times))


def test_a_market_without_a_start_has_a_schedule():
    assert schedule(start_ts=None, category="sports").height >= 2
