"""The dictionary tables of an import: markets with their resolution, tokens, and the codes of text ids.

Token ids are laid out so that token 2·m + i is outcome i of market m; tokens of unknown markets follow, with market
NO_ID.
"""

import polars as pl

from whaletrader.datasets.importers.resolution import resolve
from whaletrader.datasets.schema import NO_ID

_NONE = pl.lit(NO_ID, dtype=pl.UInt32)
_GROUP_SUFFIX = r"-(?:more-markets|player-props|exact-score|halftime-result|total-corners|first-half|second-half)$"


def build_markets(
    staged: list[pl.DataFrame], mentioned: list[pl.Series], prints: pl.DataFrame, horizon_ts: int
) -> pl.DataFrame:
    """Market rows in order of condition id, first source first; markets that are only mentioned have an id and
    nothing else.
    """
    facts = pl.concat(staged)
    if len(staged) > 1 or facts["condition_id"].is_duplicated().any():
        facts = facts.group_by("condition_id", maintain_order=True).agg(pl.all().drop_nulls().first())
    others = pl.concat(mentioned).drop_nulls().unique().to_frame("condition_id")
    named = facts.filter(pl.col("condition_id").is_not_null())
    ids = pl.concat([named.select("condition_id"), others]).unique().sort("condition_id").with_row_index("market")
    markets = ids.join(named, on="condition_id", how="left", maintain_order="left")
    markets = resolve(markets, prints, horizon_ts)
    return markets.with_columns(
        slug=pl.col("slug").fill_null(""),
        question=pl.col("question").fill_null(""),
        category=pl.col("category").fill_null("other"),
        category_basis=pl.col("category_basis").fill_null("none"),
        neg_risk=pl.col("neg_risk").fill_null(value=False),
        event_group=_event_group(),
    )


def _event_group() -> pl.Expr:
    """Markets of one event slug resolve together; side pages of a game (`-more-markets`) belong to the game.

    This errs on the side of too few independent bets: a wide event counts once. Only the outcomes of a neg-risk event
    keep to its own slug, so that at most one neg-risk market of a group wins.
    """
    slug = pl.col("event_slug")
    slug = pl.when(pl.col("neg_risk").fill_null(value=False)).then(slug).otherwise(slug.str.replace(_GROUP_SUFFIX, ""))
    usable = slug.str.len_chars() >= 4
    return pl.when(usable.fill_null(value=False)).then(slug).otherwise(pl.col("condition_id"))


def build_tokens(
    staged: list[pl.DataFrame], markets: pl.DataFrame, orphans: list[pl.Series]
) -> tuple[pl.DataFrame, int]:
    """Token rows and how many token facts contradicted an earlier one."""
    known = (
        pl.concat(staged)
        .drop_nulls(["token_id", "condition_id", "outcome_index"])
        .filter(pl.col("outcome_index").is_in([0, 1]))
    )
    distinct = known.unique(["token_id", "condition_id", "outcome_index"], keep="first", maintain_order=True)
    first = distinct.unique("token_id", keep="first", maintain_order=True)
    first = first.unique(["condition_id", "outcome_index"], keep="first", maintain_order=True)
    labels = pl.concat(staged).drop_nulls(["condition_id", "outcome_index", "outcome"])
    labels = labels.unique(["condition_id", "outcome_index"], keep="first", maintain_order=True)
    grid = markets.select("market", "condition_id").join(
        pl.DataFrame({"outcome_index": [0, 1]}, {"outcome_index": pl.Int8}), how="cross"
    )
    key = ["condition_id", "outcome_index"]
    rows = grid.join(first.select("token_id", *key), on=key, how="left", maintain_order="left")
    rows = rows.join(labels.select("outcome", *key), on=key, how="left", maintain_order="left")
    placeholder = pl.concat_str("condition_id", pl.lit(":"), pl.col("outcome_index").cast(pl.String))
    rows = rows.select(
        pl.coalesce("token_id", placeholder).alias("token_id"),
        "market",
        "outcome_index",
        pl.col("outcome").fill_null(""),
    )
    free = (
        pl.concat(orphans)
        .drop_nulls()
        .unique()
        .to_frame("token_id")
        .join(rows, on="token_id", how="anti")
        .sort("token_id")
    )
    tail = free.select("token_id", market=_NONE, outcome_index=pl.lit(None, dtype=pl.Int8), outcome=pl.lit(""))
    table = pl.concat([rows, tail]).with_row_index("token")
    return table, distinct.height - first.height


def code_dictionary(values: list[pl.Series], id_column: str, text_column: str) -> pl.DataFrame:
    """Distinct texts in sorted order with their row number."""
    return pl.concat(values).drop_nulls().unique().sort().to_frame(text_column).with_row_index(id_column)


def code_ids(rows: pl.DataFrame, markets: pl.DataFrame, tokens: pl.DataFrame) -> pl.DataFrame:
    """Add `market`, `token` and the dictionary's `outcome_index`; the `mended_*` flags say what the dictionary
    supplied.
    """
    by_token = tokens.filter(pl.col("market") != NO_ID).select(
        "token_id", _token="token", _token_market="market", _token_outcome="outcome_index"
    )
    by_market = markets.select("condition_id", _market="market")
    coded = rows.join(by_token, on="token_id", how="left", maintain_order="left")
    coded = coded.join(by_market, on="condition_id", how="left", maintain_order="left")
    market = pl.coalesce("_token_market", "_market")
    outcome = pl.coalesce("_token_outcome", "outcome_index")
    derived = (market.cast(pl.Int64) * 2 + outcome.cast(pl.Int64)).cast(pl.UInt32)
    return coded.with_columns(
        market=market,
        token=pl.coalesce("_token", derived),
        mended_market=pl.col("condition_id").is_null() & market.is_not_null(),
        mended_token=pl.col("token_id").is_null() & derived.is_not_null(),
        mended_outcome=pl.col("outcome_lacked") & outcome.is_not_null(),
        token_contradicts=(pl.col("_token_market") != pl.col("_market")).fill_null(value=False)
        | ((pl.col("_token_outcome") != pl.col("outcome_index")) & pl.col("_token").is_not_null()).fill_null(
            value=False
        ),
        outcome_index=outcome,
    ).drop("_token", "_token_market", "_token_outcome", "_market")


def find_outcome(rows: pl.DataFrame, tokens: pl.DataFrame, markets: pl.DataFrame) -> pl.DataFrame:
    """Fill a missing outcome index from the outcome's label, where exactly one outcome of that market bears it."""
    lacking = rows.filter(
        pl.col("outcome_index").is_null() & pl.col("outcome").is_not_null() & pl.col("condition_id").is_not_null()
    )
    if lacking.is_empty():
        return rows
    wanted = lacking.select("condition_id", "outcome").unique()
    labels = tokens.filter((pl.col("market") != NO_ID) & (pl.col("outcome") != ""))
    labels = labels.join(markets.select("market", "condition_id"), on="market").join(
        wanted, on=["condition_id", "outcome"], how="semi"
    )
    single = (
        labels.group_by("condition_id", "outcome")
        .agg(_found=pl.col("outcome_index").first(), n=pl.len())
        .filter(pl.col("n") == 1)
    )
    found = rows.join(single.drop("n"), on=["condition_id", "outcome"], how="left", maintain_order="left")
    return found.with_columns(pl.coalesce("outcome_index", "_found").alias("outcome_index")).drop("_found")
