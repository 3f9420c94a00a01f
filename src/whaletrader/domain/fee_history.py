"""The venue's taker-fee schedules by category and date, for history whose own schedule nobody kept: the only table.

A live order never reads this: it takes the market's own schedule or is refused. `datasets.fees` makes columns of it.
Until GENERAL_TS the venue rounded fees at four decimals and took a buyer's fee in shares of the same worth; with these
schedules fees are cut at five and told in collateral (docs/data.md says what that changes).
Source: FACTS 8.1, the venue's fee pages; the dates were checked on implied fees of taker fills.
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


@dataclass(frozen=True, slots=True)
class FeeEra:
    """A schedule in force from a date on for the markets that it names; of several the latest counts.

    Parameters
    ----------
    from_ts : int
        UTC nanoseconds.
    schedule : FeeSchedule
        What takers pay from then on.
    categories : tuple of str
        Words of `datasets.categories.CATEGORIES`; empty: any.
    grounded : bool or None
        Whether the category has any ground (`category_basis` other than `none`); None: either.
    short_crypto : bool or None
        Whether it is a 5- or 15-minute up/down market; None: either.
    early_sports : bool
        Only college basketball and Serie A.
    starts_from : int
        Only markets that began then or later, UTC nanoseconds; an unknown start counts as 0.
    """

    from_ts: int
    schedule: FeeSchedule
    categories: tuple[str, ...] = ()
    grounded: bool | None = None
    short_crypto: bool | None = None
    early_sports: bool = False
    starts_from: int = 0


def _inferred(rate_micro: int) -> FeeSchedule:
    return FeeSchedule(rate_micro, provenance=FeeProvenance.INFERRED)


_QUARTER = FeeSchedule(250_000, 2, times_price=True, provenance=FeeProvenance.INFERRED)
"""The formula of the first months: 0.25 p (p(1-p))^2."""

NO_FEES = _inferred(0)
"""What holds before a market's first era: there were no taker fees before 2026."""
ERAS: tuple[FeeEra, ...] = (
    FeeEra(FIRST_FEES_TS, WORST_CASE, grounded=False, short_crypto=False),
    FeeEra(FIRST_FEES_TS, _QUARTER, short_crypto=True),
    FeeEra(FIRST_SPORTS_TS, _inferred(17_500), ("sports",), early_sports=True),
    FeeEra(CRYPTO_FORMULA_TS, _QUARTER, ("crypto",), short_crypto=False, starts_from=CRYPTO_FORMULA_TS),
    FeeEra(GENERAL_TS, _inferred(72_000), ("crypto",)),
    FeeEra(GENERAL_TS, _inferred(30_000), ("sports",)),
    FeeEra(GENERAL_TS, _inferred(40_000), ("finance", "politics", "mentions", "tech")),
    FeeEra(GENERAL_TS, _inferred(50_000), ("economics", "culture", "weather")),
    FeeEra(GENERAL_TS, _inferred(50_000), ("other",), grounded=True),
    FeeEra(CRYPTO_070_TS, _inferred(70_000), ("crypto",)),
    FeeEra(SPORTS_050_TS, _inferred(50_000), ("sports",), starts_from=SPORTS_050_TS),
)
"""In the order of time; geopolitics pays nothing in any era, so it has none."""
