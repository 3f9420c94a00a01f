"""Fee schedules by category and date, against a plain reading of the venue's history."""

from datetime import UTC, datetime

import polars as pl
import pytest

from whaletrader.datasets.categories import CATEGORIES
from whaletrader.datasets.fees import fee_schedules
from whaletrader.domain.fee_history import ERAS
from whaletrader.domain.fees import WORST_CASE
from whaletrader.domain.values import DAY_NS, NANOS, FeeProvenance


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
    assert (row["rate_micro"], row["provenance"]) == (WORST_CASE.rate_micro, FeeProvenance.WORST_CASE)


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


def plain_reading(category, ts, start, *, short, early):
    """Rate, exponent and price factor as the venue's pages tell them, one case after the other."""
    quarter = (250_000, 2, True)
    if category == "crypto":
        if ts >= day("2026-03-30"):
            return (70_000 if ts >= day("2026-05-01") else 72_000), 1, False
        if short:
            return quarter if ts >= day("2026-01-05") else (0, 1, False)
        return quarter if ts >= day("2026-03-06") and start >= day("2026-03-06") else (0, 1, False)
    if category == "sports":
        if ts >= day("2026-08-01") and start >= day("2026-08-01"):
            return 50_000, 1, False
        if ts >= day("2026-03-30"):
            return 30_000, 1, False
        return (17_500 if early and ts >= day("2026-02-18") else 0), 1, False
    if category == "geopolitics" or ts < day("2026-03-30"):
        return 0, 1, False
    return (40_000 if category in ("finance", "politics", "mentions", "tech") else 50_000), 1, False


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("start", [None, day("2026-01-01"), day("2026-03-06"), day("2026-08-01")])
def test_every_market_of_every_date_has_the_schedule_of_a_plain_reading(category, start):
    slugs = {"crypto": ("btc-updown-15m-1", "btc-above-100k"), "sports": ("cbb-a-b", "sea-a-b", "nba-a-b")}
    dates = sorted({0, *(era.from_ts + step for era in ERAS for step in (-1, 0, 40 * DAY_NS))})
    for slug in slugs.get(category, ("x",)):
        table = schedule(category=category, slug=slug, start_ts=start)
        flags = {"short": "updown" in slug, "early": slug.startswith(("cbb-", "sea-"))}
        for ts in dates:
            row = table.filter(pl.col("from_ts") <= ts).row(-1, named=True)
            found = (row["rate_micro"], row["exponent"], row["times_price"])
            assert found == plain_reading(category, ts, start or 0, **flags), (slug, ts)
