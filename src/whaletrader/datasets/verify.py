"""Checks of a dataset's integrity; reads everything, changes nothing, and counts where data may be thin.

A `fault` means that the dataset must not be used; a `note` is a fact about the data that a reader should know.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import polars as pl

from whaletrader.datasets.importers.truncation import oversold_tokens
from whaletrader.datasets.schema import DICTIONARIES, NO_ID, NULLABLE, TABLES
from whaletrader.datasets.store import Dataset
from whaletrader.datasets.writer import is_sorted, sort_columns
from whaletrader.domain.values import MICRO
from whaletrader.errors import DataError

Progress = Callable[[str, int, int], None]

_ID_COLUMNS = {"wallet": "wallets", "market": "markets", "token": "tokens", "transaction": "transactions"}
_PRICES = ("price_micro", "bid_micro", "ask_micro", "avg_price_micro")
_SIZES = ("size_micro", "bid_size_micro", "ask_size_micro")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: how many rows it concerns, and whether that is a fault."""

    name: str
    kind: Literal["fault", "note"]
    count: int
    meaning: str

    @property
    def ok(self) -> bool:
        """A note is always fine; a fault is fine when nothing was found."""
        return self.kind == "note" or self.count == 0


def verify(dataset: Dataset, progress: Progress | None = None) -> list[Check]:
    """Run every check, in a fixed order."""
    steps: list[tuple[str, Callable[[Dataset], Iterator[Check]]]] = [
        ("files", _files),
        ("tables", _tables),
        ("dictionaries", _dictionaries),
        ("markets", _markets),
        ("fees", _fees),
        ("trades", _trades),
        ("wallets", _wallets),
    ]
    checks: list[Check] = []
    for done, (name, step) in enumerate(steps):
        if progress:
            progress(name, done, len(steps))
        checks += step(dataset)
    return checks


def _fault(name: str, count: int, meaning: str) -> Check:
    return Check(name, "fault", count, meaning)


def _note(name: str, count: int, meaning: str) -> Check:
    return Check(name, "note", count, meaning)


def _files(dataset: Dataset) -> Iterator[Check]:
    changed = 0
    for entry in dataset.manifest.tables.values():
        for file, digest in zip(entry.files, entry.sha256, strict=True):
            with (dataset.path / file).open("rb") as handle:
                changed += hashlib.file_digest(handle, "sha256").hexdigest() != digest
    yield _fault("files_changed", changed, "files whose digest is not the manifest's")


def _tables(dataset: Dataset) -> Iterator[Check]:
    for name in dataset.manifest.tables:
        try:
            frame = dataset.table(name)
        except DataError:
            yield _fault(f"{name}.unreadable", 1, "the table cannot be read")
            continue
        missing = abs(frame.height - dataset.manifest.tables[name].rows)
        yield _fault(f"{name}.rows", missing, "rows more or less than the manifest says")
        yield _fault(f"{name}.unsorted", int(not is_sorted(frame, list(sort_columns(name)))), "the table is not sorted")
        yield from _columns(dataset, name, frame)


def _columns(dataset: Dataset, name: str, frame: pl.DataFrame) -> Iterator[Check]:
    needed = [column for column in frame.columns if column not in NULLABLE.get(name, frozenset())]
    yield _fault(f"{name}.null", _count(frame, pl.any_horizontal(pl.col(needed).is_null())), "rows that lack a value")
    own = next(iter(TABLES[name])) if name in DICTIONARIES else ""
    for column, dictionary in _ID_COLUMNS.items():
        if column in frame.columns and column != own:
            known = dataset.table(dictionary).height
            beyond = (pl.col(column) >= known) & (pl.col(column) != NO_ID)
            yield _fault(f"{name}.{column}_unknown", _count(frame, beyond), f"ids beyond the table {dictionary}")
    for column in _PRICES:
        if column in frame.columns:
            outside = ~pl.col(column).is_between(0, MICRO)
            yield _fault(f"{name}.{column}_outside", _count(frame, outside), "prices outside [0, 1]")
    for column in _SIZES:
        if column in frame.columns:
            yield _fault(f"{name}.{column}_negative", _count(frame, pl.col(column) < 0), "negative sizes")
    if "source" in frame.columns:
        sources = len(dataset.manifest.sources)
        wrong = ~pl.col("source").is_between(0, sources - 1)
        yield _fault(f"{name}.source_unknown", _count(frame, wrong), "rows of a source that the manifest lacks")


def _dictionaries(dataset: Dataset) -> Iterator[Check]:
    for name in DICTIONARIES:
        frame = dataset.table(name)
        first, text = list(TABLES[name])[:2]
        wrong = _count(frame, pl.col(first) != pl.int_range(pl.len()))
        yield _fault(f"{name}.ids", wrong, "ids that are not their row number")
        yield _fault(f"{name}.repeated", frame.height - frame[text].n_unique(), "texts that have two ids")
    tokens, count = dataset.table("tokens"), dataset.table("markets").height
    grid = tokens.head(2 * count)
    layout = (pl.col("market") != pl.col("token") // 2) | (pl.col("outcome_index") != pl.col("token") % 2)
    wrong = _count(grid, layout) + 2 * count - grid.height
    yield _fault("tokens.layout", wrong, "tokens that are not outcome i of market m at 2m + i")
    yield _note("tokens.without_market", tokens.height - 2 * count, "tokens whose market is unknown")


def _markets(dataset: Dataset) -> Iterator[Check]:
    markets = dataset.table("markets")
    payout, resolved = pl.col("payout0_micro"), pl.col("resolved")
    odd = payout.is_not_null() & ~payout.is_in([0, MICRO // 2, MICRO])
    yield _fault("markets.payout_odd", _count(markets, odd), "payouts other than 0, 0.5 and 1")
    yield _fault(
        "markets.payout_unresolved", _count(markets, payout.is_not_null() != resolved), "payout without result"
    )
    timeless = pl.col("resolved_ts").is_null() != (pl.col("resolved_ts_kind") == "unknown")
    yield _fault("markets.resolved_kind", _count(markets, timeless), "times of resolution that contradict their kind")
    unknown = resolved & pl.col("resolved_ts").is_null()
    yield _note("markets.resolved_ts_unknown", _count(markets, unknown), "resolved at an unknown time")
    yield _note("markets.resolved", _count(markets, resolved), "resolved markets")
    several = markets.filter("resolved", "neg_risk", payout == MICRO).group_by("event_group").len()
    crowded = _count(several, pl.col("len") > 1)
    yield _note(
        "markets.groups_with_two_winners", crowded, "neg-risk event groups with two winners: the group is too wide"
    )


def _fees(dataset: Dataset) -> Iterator[Check]:
    fees, count = dataset.table("fee_schedules"), dataset.table("markets").height
    yield _fault("fee_schedules.missing", count - fees["market"].n_unique(), "markets without a fee schedule")
    twice = fees.height - fees.select("market", "from_ts").n_unique()
    yield _fault("fee_schedules.repeated", twice, "two schedules of a market from the same time")
    for name, rows in sorted(fees.group_by("provenance").len().rows()):
        yield _note(f"fee_schedules.{name}", rows, f"schedules of provenance {name}")


def _trades(dataset: Dataset) -> Iterator[Check]:
    trades = dataset.table("trades")
    tokens = dataset.table("tokens").select("token", _market="market", _outcome="outcome_index")
    joined = trades.select("token", "market", "outcome_index").join(tokens, on="token", how="left")
    other = (pl.col("market") != pl.col("_market")) | (pl.col("outcome_index") != pl.col("_outcome"))
    yield _fault("trades.token_contradicts", _count(joined, other), "fills whose market or outcome is not the token's")
    yield _fault("trades.size_zero", _count(trades, pl.col("size_micro") <= 0), "fills of no size")
    yield _fault("trades.side", _count(trades, ~pl.col("side").is_between(0, 1)), "fills that neither buy nor sell")
    yield _note("trades.duplicates", _count(trades, pl.col("dup_rank") > 0), "further copies of a fill")
    known = dataset.table("markets").select("market", "resolved_ts")
    late = trades.select("ts", "market").join(known, on="market", how="left")
    yield _note("trades.after_resolution", _count(late, pl.col("ts") > pl.col("resolved_ts")), "fills after the result")
    yield _note("rejects", dataset.table("rejects").height, "source rows that could not be used")


def _wallets(dataset: Dataset) -> Iterator[Check]:
    wallets = dataset.table("wallets")
    pairs = oversold_tokens(dataset.table("trades"), dataset.table("activity"))
    yield _note("wallets.oversold_tokens", pairs.height, "positions that sold more than the tape saw bought")
    sellers = pairs.select("wallet").unique().join(wallets.select("wallet", "truncated"), on="wallet")
    yield _fault("wallets.oversold_unmarked", _count(sellers, ~pl.col("truncated")), "oversold wallets not truncated")
    bare = pl.col("truncated") != (pl.col("truncation_reason") != "")
    yield _fault("wallets.reason", _count(wallets, bare), "truncation without a reason, or a reason without truncation")
    yield _note("wallets.truncated", _count(wallets, pl.col("truncated")), "wallets with an incomplete history")


def _count(frame: pl.DataFrame, condition: pl.Expr) -> int:
    return int(frame.select(condition.fill_null(value=False).sum()).item())
