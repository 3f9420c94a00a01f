"""Fee schedules by market and date, inferred from the venue's history; says of each row how well it is known.

A market's own schedule is not in the imported metadata, so a schedule is the history of its category: `market` where
the market's own fee type or fee flag was observed in that era, `inferred` from the category, `worst_case` (0.07)
where the category is a guess without any ground. Which schedule held when stands in `domain.fee_history`.
"""

import polars as pl

from whaletrader.domain.fee_history import ERAS, NO_FEES, FeeEra
from whaletrader.domain.values import FeeProvenance

_NO_BASIS = pl.col("category_basis") == "none"
_SHORT = pl.col("slug").str.contains(r"updown-(?:5m|15m)").fill_null(value=False)
_EARLY_SPORTS = pl.col("slug").str.contains(r"^(?:cbb|cwbb|sea)-").fill_null(value=False)


def fee_schedules(markets: pl.DataFrame) -> pl.DataFrame:
    """The table `fee_schedules` of markets with market, slug, category, category_basis, start_ts, fee_type,
    fees_enabled, observed_ts.

    Every market begins with a zero schedule from time 0: there were no taker fees before 2026.
    """
    facts = markets.select(
        "market", "slug", "category", "category_basis", "start_ts", "fee_type", "fees_enabled", "observed_ts"
    )
    rows = [_rows(facts, FeeEra(0, NO_FEES))]
    rows += [_rows(facts.filter(_applies(era).fill_null(value=False)), era) for era in ERAS]
    table = pl.concat(rows).sort("market", "from_ts", maintain_order=True)
    return table.with_columns(provenance=_provenance()).select(
        "market", "from_ts", "rate_micro", "exponent", "times_price", "provenance"
    )


def _applies(era: FeeEra) -> pl.Expr:
    """Whether an era is of a market."""
    named = pl.col("start_ts").fill_null(0) >= era.starts_from
    if era.categories:
        named &= pl.col("category").is_in(era.categories)
    if era.grounded is not None:
        named &= pl.lit(era.grounded) != _NO_BASIS
    if era.short_crypto is not None:
        named &= pl.lit(era.short_crypto) == _SHORT
    return named & _EARLY_SPORTS if era.early_sports else named


def _rows(markets: pl.DataFrame, era: FeeEra) -> pl.DataFrame:
    return markets.select(
        "market",
        "category_basis",
        "fee_type",
        "fees_enabled",
        "observed_ts",
        from_ts=pl.lit(era.from_ts, dtype=pl.Int64),
        rate_micro=pl.lit(era.schedule.rate_micro, dtype=pl.Int64),
        exponent=pl.lit(era.schedule.exponent, dtype=pl.Int8),
        times_price=pl.lit(era.schedule.times_price, dtype=pl.Boolean),
    )


def _provenance() -> pl.Expr:
    """The flag was seen at `observed_ts`: it vouches for the era of that time, when it says the same as the schedule
    does.
    """
    until = pl.col("from_ts").shift(-1).over("market").fill_null(1 << 62)
    covers = (pl.col("from_ts") <= pl.col("observed_ts")) & (pl.col("observed_ts") < until)
    agrees = pl.col("fees_enabled") == (pl.col("rate_micro") > 0)
    groundless = _NO_BASIS & (pl.col("rate_micro") > 0)
    return (
        pl.when((covers & agrees).fill_null(value=False))
        .then(pl.lit(FeeProvenance.MARKET.value))
        .when(groundless)
        .then(pl.lit(FeeProvenance.WORST_CASE.value))
        .otherwise(pl.lit(FeeProvenance.INFERRED.value))
    )
