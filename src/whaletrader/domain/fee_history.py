"""The venue's taker-fee schedule by category and date, for history whose own schedule nobody kept.

A live order never reads this: it takes the market's own schedule or is refused. The dates are those that
`datasets.fees` writes into tables. Until GENERAL_TS the venue rounded fees at four decimals and took a buyer's fee in
shares of the same worth; fees here are cut at five and told in collateral. Source: FACTS 8.1, the venue's fee pages.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from whaletrader.domain.fees import WORST_CASE, FeeSchedule
from whaletrader.domain.values import NANOS, FeeProvenance


def _day(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * NANOS


FIRST_FEES_TS = _day(2026, 1, 5)
"""Taker fees on 15-minute crypto markets."""
FIRST_SPORTS_TS = _day(2026, 2, 18)
"""Taker fees on college basketball and Serie A."""
CRYPTO_FORMULA_TS = _day(2026, 3, 6)
"""The formula of the 15-minute markets on crypto markets created since."""
GENERAL_TS = _day(2026, 3, 30)
"""The present formula, nearly everywhere."""
CRYPTO_070_TS = _day(2026, 5, 1)
"""Crypto goes from 0.072 to 0.07."""
SPORTS_050_TS = _day(2026, 8, 1)
"""Sports markets that start later pay 0.05 instead of 0.03."""

_RATES: dict[str, int] = {
    "finance": 40_000,
    "politics": 40_000,
    "mentions": 40_000,
    "tech": 40_000,
    "economics": 50_000,
    "culture": 50_000,
    "weather": 50_000,
    "other": 50_000,
    "geopolitics": 0,
}
"""Rates since GENERAL_TS by category; crypto and sports have histories of their own."""


@dataclass(frozen=True, slots=True)
class FeeFacts:
    """What decides a market's schedule besides the date."""

    category: str
    """A word of `datasets.categories.CATEGORIES`; any other gets the worst case."""
    start_ts: int = 0
    """When the market began, 0 where unknown (then an older schedule is taken)."""
    short_crypto: bool = False
    """A 5- or 15-minute up/down market."""
    early_sports: bool = False
    """College basketball or Serie A."""


def historical_schedule(facts: FeeFacts, ts: int) -> FeeSchedule:
    """Schedule in force for a market at a time, as far as its category tells it.

    Parameters
    ----------
    facts : FeeFacts
        The market.
    ts : int
        UTC nanoseconds.

    Returns
    -------
    FeeSchedule
        Of provenance `inferred`; an unknown category has the worst case from FIRST_FEES_TS on.
    """
    if facts.category == "crypto":
        return _crypto(facts, ts)
    if facts.category == "sports":
        return _sports(facts, ts)
    rate = _RATES.get(facts.category)
    if rate is None:
        return WORST_CASE if ts >= FIRST_FEES_TS else _inferred(0)
    return _inferred(rate if ts >= GENERAL_TS else 0)


def _crypto(facts: FeeFacts, ts: int) -> FeeSchedule:
    if ts >= GENERAL_TS:
        return _inferred(70_000 if ts >= CRYPTO_070_TS else 72_000)
    late = facts.start_ts >= CRYPTO_FORMULA_TS and ts >= CRYPTO_FORMULA_TS
    if late or (facts.short_crypto and ts >= FIRST_FEES_TS):
        return FeeSchedule(250_000, 2, times_price=True, provenance=FeeProvenance.INFERRED)
    return _inferred(0)


def _sports(facts: FeeFacts, ts: int) -> FeeSchedule:
    if ts >= SPORTS_050_TS and facts.start_ts >= SPORTS_050_TS:
        return _inferred(50_000)
    if ts >= GENERAL_TS:
        return _inferred(30_000)
    return _inferred(17_500 if facts.early_sports and ts >= FIRST_SPORTS_TS else 0)


def _inferred(rate_micro: int) -> FeeSchedule:
    return FeeSchedule(rate_micro, provenance=FeeProvenance.INFERRED)
