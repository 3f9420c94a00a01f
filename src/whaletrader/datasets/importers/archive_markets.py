"""Stages market metadata and payouts of public archives: Gamma's markets in the forms in which they are passed on.

Forms: every field of Gamma as text (`poly_data` since 2026), or chosen columns with `token1`, `token2`, `answer1`,
`answer2` (its earlier form, SII-WANGZJ). Lists are JSON inside text, or Python's own spelling of them.
"""

from pathlib import Path

import polars as pl

from whaletrader.datasets.categories import categorise
from whaletrader.datasets.importers.archive_columns import first_name, flag_of, read_table, text_of, time_of
from whaletrader.datasets.importers.archive_fills import IMPORTER
from whaletrader.datasets.importers.staging import STAGED, StagedPart
from whaletrader.datasets.manifest import SourceEntry
from whaletrader.domain.values import MICRO

_IDS = r"\d{6,}"
_NUMBERS = r"\d*\.?\d+(?:[eE]-?\d+)?"
_QUOTED = r'"(?:[^"\\]|\\.)*"|' + r"'(?:[^'\\]|\\.)*'"
"""Either spelling, taken from the left: Python quotes a text with an apostrophe otherwise than its neighbour."""
_ESCAPED = r"""\\(['"\\])"""
_CONDITION = r"^0x[0-9a-f]{64}$"
_FIRST_SLUG = r""""slug":\s*"([^"]+)\""""
_FINAL = ((MICRO, 0), (0, MICRO), (MICRO // 2, MICRO // 2))


def stage_market_table(file: Path, sha256: str) -> StagedPart:
    """Stage every market with a condition id; one is resolved where it is closed and its prices are final."""
    raw = read_table(file)
    columns = raw.collect_schema()
    rows = raw.select(**_columns(columns)).collect()
    named = rows.filter(pl.col("condition_id").str.contains(_CONDITION))
    once = named.unique("condition_id", keep="last", maintain_order=True)
    absent = {name: pl.lit(None, dtype=pl.String) for name in ("tags",)}
    known = categorise(once.lazy().with_columns(**absent)).collect().with_columns(category=pl.col("category_found"))
    part = StagedPart()
    part.add_facts(known)
    for place in (0, 1):
        part.add(
            "tokens",
            once.select(
                "condition_id",
                token_id=f"token{place}",
                outcome_index=pl.lit(place, dtype=pl.Int8),
                outcome=f"outcome{place}",
            ).drop_nulls("token_id"),
        )
    dropped = {"condition_id_malformed": rows.height - named.height, "told_by_a_later_row": named.height - once.height}
    _enter(part, file, sha256, rows.height, once.height, {name: count for name, count in dropped.items() if count})
    return part


def stage_payouts(file: Path, sha256: str) -> StagedPart:
    """Stage `ConditionResolution` events: what each of two outcomes paid, and exactly when it was known."""
    raw = read_table(file)
    columns = raw.collect_schema()
    numbers = _listed(columns, "payoutnumerators", _NUMBERS).list.eval(pl.element().cast(pl.Float64))
    rows = raw.select(
        condition_id=text_of(columns, "conditionid").str.to_lowercase(), _paid=numbers, exact_ts=time_of(columns)
    ).collect()
    total = pl.col("_paid").list.sum()
    named = rows.filter(pl.col("condition_id").str.contains(_CONDITION))
    usable = named.filter((pl.col("_paid").list.len() == 2) & (total > 0))
    share = (pl.col("_paid").list.get(0) / total * MICRO).round(0).cast(pl.Int64)
    part = StagedPart()
    part.add_facts(usable.select("condition_id", "exact_ts", payout0_micro=share))
    dropped = {
        "condition_id_malformed": rows.height - named.height,
        "payout_of_other_than_two_outcomes": named.height - usable.height,
    }
    _enter(part, file, sha256, rows.height, usable.height, {name: count for name, count in dropped.items() if count})
    return part


def pools_of(file: Path) -> pl.DataFrame:
    """AMM pools with the market that each trades (`pool`, `condition_id`), from either kind of table that tells it."""
    raw = read_table(file)
    columns = raw.collect_schema()
    pool = first_name(columns, "marketmakeraddress", "id" if "conditions" in columns else "marketmakeraddress")
    if pool is None:
        return pl.DataFrame(schema={"pool": pl.String, "condition_id": pl.String})
    condition = (
        _listed(columns, "conditions", r"0x[0-9a-fA-F]{64}").list.get(0, null_on_oob=True)
        if "conditions" in columns
        else text_of(columns, "conditionid")
    )
    rows = raw.select(pool=text_of(columns, pool).str.to_lowercase(), condition_id=condition.str.to_lowercase())
    return (
        rows.drop_nulls().filter(pl.col("pool").str.contains(r"^0x[0-9a-f]{40}$")).unique("pool", keep="any").collect()
    )


def numbers_of(file: Path) -> pl.DataFrame:
    """Gamma's numbers of markets with their conditions (`number`, `condition_id`), from a table of markets."""
    raw = read_table(file)
    columns = raw.collect_schema()
    rows = raw.select(number=text_of(columns, "id"), condition_id=text_of(columns, "conditionid").str.to_lowercase())
    return rows.drop_nulls().unique("number", keep="last", maintain_order=True).collect()


def _columns(columns: pl.Schema) -> dict[str, pl.Expr]:
    names = {
        "slug": ("slug", "marketslug"),
        "question": ("question", "title"),
        "category": ("category",),
        "fee_type": ("feetype",),
        "sports_market_type": ("sportsmarkettype",),
    }
    events = text_of(columns, "events").str.extract(_FIRST_SLUG, 1)
    return {
        "condition_id": text_of(columns, "conditionid").str.to_lowercase(),
        **{name: text_of(columns, *found) for name, found in names.items()},
        "event_slug": pl.coalesce(text_of(columns, "eventslug", "ticker"), events),
        "fees_enabled": flag_of(columns, "feesenabled"),
        "neg_risk": flag_of(columns, "negrisk"),
        "tick_micro": _micro(columns, "orderpriceminticksize"),
        "min_order_micro": _micro(columns, "orderminsize"),
        "start_ts": time_of(columns, "startdate", "createdat"),
        "end_ts": time_of(columns, "enddate", "enddateiso"),
        "closed_ts": time_of(columns, "closedtime"),
        "upper_bound_ts": time_of(columns, "updatedat"),
        "payout0_micro": _payout(columns),
        **{f"token{place}": _token(columns, place) for place in (0, 1)},
        **{f"outcome{place}": _outcome(columns, place) for place in (0, 1)},
    }


def _payout(columns: pl.Schema) -> pl.Expr:
    """What outcome 0 paid: the final prices of a closed market whose oracle, where it is told, says resolved."""
    prices = _listed(columns, "outcomeprices", _NUMBERS)
    first, second = (
        (prices.list.get(place, null_on_oob=True).cast(pl.Float64, strict=False) * MICRO).round(0).cast(pl.Int64)
        for place in (0, 1)
    )
    status = text_of(columns, "umaresolutionstatus").str.to_lowercase()
    decided = (status == "resolved") | status.is_null()
    final = pl.any_horizontal(*((first == one) & (second == other) for one, other in _FINAL))
    closed = flag_of(columns, "closed").fill_null(value=False)
    return pl.when(closed & decided.fill_null(value=True) & final.fill_null(value=False)).then(first)


def _token(columns: pl.Schema, place: int) -> pl.Expr:
    listed = _listed(columns, "clobtokenids", _IDS).list.get(place, null_on_oob=True)
    return pl.coalesce(text_of(columns, f"token{place + 1}"), listed)


def _outcome(columns: pl.Schema, place: int) -> pl.Expr:
    """The label of an outcome; a list is JSON, or Python's spelling of one."""
    real = isinstance(columns.get("outcomes"), pl.List)
    found = _listed(columns, "outcomes", _QUOTED).list.get(place, null_on_oob=True)
    label = found if real else found.str.slice(1, found.str.len_chars() - 2).str.replace_all(_ESCAPED, "$1")
    return pl.coalesce(text_of(columns, f"answer{place + 1}"), label)


def _micro(columns: pl.Schema, name: str) -> pl.Expr:
    return (text_of(columns, name).cast(pl.Float64, strict=False) * MICRO).round(0).cast(pl.Int64)


def _listed(columns: pl.Schema, name: str, pattern: str) -> pl.Expr:
    """The parts of a list: a real one, or text that spells one."""
    if name not in columns:
        return pl.lit(None, dtype=pl.List(pl.String))
    if isinstance(columns[name], pl.List):
        return pl.col(name).cast(pl.List(pl.String))
    return pl.col(name).cast(pl.String).str.extract_all(pattern)


def _enter(part: StagedPart, file: Path, sha256: str, rows_in: int, rows_out: int, dropped: dict[str, int]) -> None:
    assert set(part.tables) <= set(STAGED)
    part.sources.append(
        SourceEntry(
            name=f"markets:archive:{file.name}",
            file=file.name,
            sha256=sha256,
            importer=IMPORTER,
            table="markets",
            rows_in=rows_in,
            rows_out=rows_out,
            dropped=dropped,
        )
    )
