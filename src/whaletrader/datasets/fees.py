"""Fee schedules by market and date, inferred from the venue's history; says of each row how well it is known.

A market's own schedule is not in the imported metadata, so a schedule is the history of its category: `market` where
the market's own fee type or fee flag was observed in that era, `inferred` from the category, `worst_case` (0.07)
where the category is a guess without any ground. Source: the venue's fee pages of 2026; the dates were checked on
implied fees of taker fills.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import polars as pl

from whaletrader.domain.values import NANOS, FeeProvenance

WORST_RATE_MICRO = 70_000


def _day(year: int, month: int, day: int) -> int:
    return int(datetime.combine(date(year, month, day), datetime.min.time(), UTC).timestamp()) * NANOS


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


@dataclass(frozen=True)
class Era:
    """A schedule in force from `from_ts` on for the markets that `applies` selects."""

    from_ts: int
    rate_micro: int
    applies: pl.Expr
    exponent: int = 1
    times_price: bool = False


_CATEGORY = pl.col("category")
_SHORT = pl.col("slug").str.contains(r"updown-(?:5m|15m)").fill_null(value=False)
_CRYPTO = _CATEGORY == "crypto"
_SPORTS = _CATEGORY == "sports"
_GROUNDLESS = pl.col("category_basis") == "none"
_EARLY_SPORTS = _SPORTS & pl.col("slug").str.contains(r"^(?:cbb|cwbb|sea)-").fill_null(value=False)
_STARTS = pl.col("start_ts").fill_null(0)
_REST = pl.lit(value=True)

ERAS: tuple[Era, ...] = (
    Era(FIRST_FEES_TS, WORST_RATE_MICRO, _GROUNDLESS),
    Era(FIRST_FEES_TS, 250_000, _SHORT, exponent=2, times_price=True),
    Era(FIRST_SPORTS_TS, 17_500, _EARLY_SPORTS),
    Era(CRYPTO_FORMULA_TS, 250_000, _CRYPTO & ~_SHORT & (_STARTS >= CRYPTO_FORMULA_TS), exponent=2, times_price=True),
    Era(GENERAL_TS, 72_000, _CRYPTO),
    Era(CRYPTO_070_TS, 70_000, _CRYPTO),
    Era(GENERAL_TS, 30_000, _SPORTS),
    Era(SPORTS_050_TS, 50_000, _SPORTS & (_STARTS >= SPORTS_050_TS)),
    Era(GENERAL_TS, 40_000, _CATEGORY.is_in(["finance", "politics", "mentions", "tech"])),
    Era(GENERAL_TS, 50_000, _CATEGORY.is_in(["economics", "culture", "weather"])),
    Era(GENERAL_TS, 50_000, (_CATEGORY == "other") & ~_GROUNDLESS),
)
"""Geopolitics pays nothing in any era, so it has none."""


def fee_schedules(markets: pl.DataFrame) -> pl.DataFrame:
    """The table `fee_schedules` of markets with market, slug, category, category_basis, start_ts, fee_type,
    fees_enabled, observed_ts.

    Every market begins with a zero schedule from time 0: there were no taker fees before 2026.
    """
    facts = markets.select(
        "market", "slug", "category", "category_basis", "start_ts", "fee_type", "fees_enabled", "observed_ts"
    )
    rows = [_rows(facts, Era(0, 0, _REST))]
    rows += [_rows(facts.filter(era.applies.fill_null(value=False)), era) for era in ERAS]
    table = pl.concat(rows).sort("market", "from_ts")
    return table.with_columns(provenance=_provenance()).select(
        "market", "from_ts", "rate_micro", "exponent", "times_price", "provenance"
    )


def _rows(markets: pl.DataFrame, era: Era) -> pl.DataFrame:
    return markets.select(
        "market",
        "category_basis",
        "fee_type",
        "fees_enabled",
        "observed_ts",
        from_ts=pl.lit(era.from_ts, dtype=pl.Int64),
        rate_micro=pl.lit(era.rate_micro, dtype=pl.Int64),
        exponent=pl.lit(era.exponent, dtype=pl.Int8),
        times_price=pl.lit(era.times_price, dtype=pl.Boolean),
    )


def _provenance() -> pl.Expr:
    """The flag was seen at `observed_ts`: it vouches for the era of that time, when it says the same as the schedule
    does.
    """
    until = pl.col("from_ts").shift(-1).over("market").fill_null(1 << 62)
    covers = (pl.col("from_ts") <= pl.col("observed_ts")) & (pl.col("observed_ts") < until)
    agrees = pl.col("fees_enabled") == (pl.col("rate_micro") > 0)
    groundless = (pl.col("category_basis") == "none") & (pl.col("rate_micro") > 0)
    return (
        pl.when((covers & agrees).fill_null(value=False))
        .then(pl.lit(FeeProvenance.MARKET.value))
        .when(groundless)
        .then(pl.lit(FeeProvenance.WORST_CASE.value))
        .otherwise(pl.lit(FeeProvenance.INFERRED.value))
    )
