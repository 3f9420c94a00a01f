"""Codes staged parts into a dataset: one dictionary per kind of id over all parts, then the tables, each part's
sources in order.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import polars as pl

from whaletrader.datasets.fees import fee_schedules
from whaletrader.datasets.importers.dictionaries import (
    build_markets,
    build_tokens,
    code_dictionary,
    code_ids,
    find_outcome,
)
from whaletrader.datasets.importers.staging import MADE_UP, STAGED, StagingArea
from whaletrader.datasets.importers.stretches import judged_coverage
from whaletrader.datasets.importers.truncation import archive_coverage, mark_truncated
from whaletrader.datasets.manifest import SourceEntry
from whaletrader.datasets.schema import MOST_COPIES, NO_ID, TABLES
from whaletrader.datasets.store import Dataset
from whaletrader.datasets.writer import DatasetWriter
from whaletrader.domain.values import DAY_NS

Progress = Callable[[str], None]

_ROW_TABLES = ("trades", "activity", "positions", "signals", "prices", "quotes", "book_levels")
_TOKEN_OR_NONE = ("prices", "quotes", "book_levels")
HEARD_SOURCES = ("trades:heard.",)
"""How the names of sources begin whose rows a live run heard: the venue's own record goes before them."""
INDEXED_SOURCES = ("trades:chain.", "trades:subgraph.", *HEARD_SOURCES)
"""How the names of sources begin whose rows are told apart by their logs or orders: equal ones are several fills."""
CHAIN_SOURCES = ("trades:chain.", "trades:orderfilled.", "trades:subgraph.")
"""How the names of sources begin whose rows are the exchanges' own logs."""
PARTIAL_SOURCES = ("trades:orderfilled.partial",)
"""How the names of those logs begin that are of one exchange only: nobody's history is whole by them."""
AVERAGED_SOURCES = ("trades:data_v1.",)
"""How the names of sources begin whose rows may be averages of a transaction's fills."""
GRAPH_CHANGES = ("activity:subgraph.",)
"""How the names of sources begin that tell changes of positions as the history subgraphs do."""
_CHANGE = ("transaction", "wallet", "kind")
_SIDE = ("transaction", "wallet", "token", "side")
SILENT_IMPORTERS = ("archive/",)
"""Importers of sources that never name a market: what the dictionaries supply is counted, not listed row by row."""


@dataclass(frozen=True)
class TradeFacts:
    """What the dictionaries need to know of all fills."""

    conditions: pl.Series
    latest_ts: int
    prints: pl.DataFrame
    """condition_id, ts, price_micro."""
    triples: pl.DataFrame
    """Of token_id, condition_id, outcome_index, outcome."""
    addresses: pl.Series
    transactions: pl.Series
    coverage: pl.DataFrame
    """Of the wallets in archives of logs: address, coverage, from_ts, until_ts."""


class Assembly:
    """One run over the staged parts; keeps the counts that only the whole can know."""

    def __init__(self, area: StagingArea, path: Path, name: str) -> None:
        self._area = area
        self._keys = area.keys()
        self._offsets: dict[str, int] = {}
        self._sources: list[SourceEntry] = []
        for key in self._keys:
            self._offsets[key] = len(self._sources)
            self._sources += area.sources(key)
        made_up = any(entry.importer.endswith(MADE_UP) for entry in self._sources)
        self._writer = DatasetWriter(path, name, "simulated" if made_up else "real")
        self._rejects: list[pl.DataFrame] = [self._staged("rejects")]
        self._mended: list[pl.DataFrame] = []
        self._flows: dict[str, pl.DataFrame] = {}
        self._counted: set[int] = set()

    def run(self, progress: Progress) -> Dataset:
        """Write every table and the manifest; returns the dataset."""
        progress("dictionaries")
        self._build_dictionaries()
        for table in _ROW_TABLES:
            progress(table)
            self._write_rows(table)
        progress("wallets")
        self._writer.write("wallets", self._with_truncation())
        self._writer.write("markets", self._markets)
        self._writer.write("tokens", self._tokens)
        self._writer.write("transactions", self._transactions)
        self._writer.write("fee_schedules", fee_schedules(self._markets))
        for table, frames in (("rejects", self._rejects), ("mended", self._mended)):
            rows = pl.concat(frames)
            if rows.height:
                self._writer.write(table, rows)
        for source in self._sources:
            self._writer.add_source(source)
        return self._writer.finish()

    def _staged(self, table: str) -> pl.DataFrame:
        frames = [pl.DataFrame(schema=STAGED[table])]
        for key in self._keys:
            frame = self._area.table(key, table)
            if frame is None:
                continue
            if "source" in frame.columns:
                frame = frame.with_columns((pl.col("source") + self._offsets[key]).cast(pl.Int16))
            frames.append(frame)
        return pl.concat(frames)

    def _write_rows(self, table: str) -> None:
        rows = self._coded(table, self._staged(table))
        if table in ("trades", "activity"):
            self._flows[table] = rows
        if rows.height:
            self._writer.write(table, rows)

    def _with_truncation(self) -> pl.DataFrame:
        return mark_truncated(self._wallets, self._flows["trades"], self._flows["activity"], self._coverage)

    def _trade_facts(self) -> TradeFacts:
        trades = self._staged("trades")
        return TradeFacts(
            conditions=trades["condition_id"].unique(),
            latest_ts=_latest([trades["ts"]]),
            prints=trades.select("condition_id", "ts", "price_micro"),
            triples=trades.select("token_id", "condition_id", "outcome_index", "outcome"),
            addresses=trades["address"].unique(),
            transactions=trades["tx_hash"].unique(),
            coverage=archive_coverage(trades.lazy(), self._archives(), self._places_of(PARTIAL_SOURCES)),
        )

    def _archives(self) -> list[int]:
        silent = [n for n, entry in enumerate(self._sources) if entry.importer.startswith(SILENT_IMPORTERS)]
        partial = self._places_of(PARTIAL_SOURCES)
        return [place for place in self._places_of(CHAIN_SOURCES) if place in silent and place not in partial]

    def _build_dictionaries(self) -> None:
        facts = [frame for key in self._keys if (frame := self._area.table(key, "markets")) is not None]
        tokens, trades = self._staged("tokens"), self._trade_facts()
        signals, activity = self._staged("signals"), self._staged("activity")
        positions = self._staged("positions").select("condition_id", "address", "last_seen_ts")
        prices = self._staged("prices").select("condition_id", "token_id", "ts")
        books = [self._staged(table).select("token_id") for table in ("quotes", "book_levels")]
        self._coverage = self._judged(trades.coverage)
        others = [frame["condition_id"].unique() for frame in (signals, activity, positions, prices, tokens)]
        times = [signals["ts"], activity["ts"], positions["last_seen_ts"], prices["ts"]]
        horizon = max(_latest(times), trades.latest_ts) + DAY_NS
        self._markets = build_markets(
            facts or [pl.DataFrame(schema=STAGED["markets"])], [trades.conditions, *others], trades.prints, horizon
        )
        orphans = [frame["token_id"].unique() for frame in (prices, *books)]
        self._tokens, self.contradictions = build_tokens([tokens, trades.triples], self._markets, orphans)
        people = [trades.addresses, *(frame["address"].unique() for frame in (signals, activity, positions))]
        self._wallets = code_dictionary(people, "wallet", "address")
        self._transactions = code_dictionary(
            [trades.transactions, activity["tx_hash"].unique()], "transaction", "tx_hash"
        )

    def _judged(self, archives: pl.DataFrame) -> pl.DataFrame:
        """What is said of each wallet; an archive's period counts where another source tells of the wallet as well."""
        coverage, stretches = self._staged("coverage"), self._staged("stretches")
        dated = (pl.col("coverage") != "sample") & pl.col("until_ts").is_not_null()
        told = archives.filter(dated & pl.col("address").is_in(coverage["address"].implode()))
        periods = told.select("address", "from_ts", "until_ts", claimed=pl.lit(value=True))
        claims = pl.concat([coverage, archives.select("address", "coverage")])
        return judged_coverage(claims, pl.concat([stretches, periods]))

    def _coded(self, table: str, rows: pl.DataFrame) -> pl.DataFrame:
        if "outcome_index" in rows.columns:
            rows = rows.with_columns(outcome_lacked=pl.col("outcome_index").is_null())
        else:
            rows = rows.with_columns(outcome_index=pl.lit(None, dtype=pl.Int8), outcome_lacked=pl.lit(value=True))
        if "outcome" in STAGED[table]:
            rows = find_outcome(rows, self._tokens, self._markets)
        if table == "prices":
            rows = self._by_slug(rows)
        if "condition_id" not in rows.columns:
            rows = rows.with_columns(condition_id=pl.lit(None, dtype=pl.String))
        coded = code_ids(rows, self._markets, self._tokens)
        coded = self._with_other_codes(coded, table)
        kept = self._keep_usable(coded, table)
        if table == "trades":
            kept = _rank_copies(self._drop_coarser(kept), self._places_of(INDEXED_SOURCES))
        if table == "activity":
            kept = self._drop_retold(kept)
        self._count_fates(kept, rows, table)
        return kept.select(list(TABLES[table]))

    def _by_slug(self, rows: pl.DataFrame) -> pl.DataFrame:
        single = (
            self._markets.filter(pl.col("slug") != "").unique("slug", keep="none").select("slug", _cid="condition_id")
        )
        found = rows.join(single, on="slug", how="left", maintain_order="left")
        lacking = pl.col("condition_id").is_null() & pl.col("token_id").is_null()
        return found.with_columns(condition_id=pl.when(lacking).then("_cid").otherwise("condition_id")).drop("_cid")

    def _with_other_codes(self, rows: pl.DataFrame, table: str) -> pl.DataFrame:
        if table in _TOKEN_OR_NONE:
            free = self._tokens.filter(pl.col("market") == NO_ID).select("token_id", _free="token")
            rows = rows.join(free, on="token_id", how="left", maintain_order="left")
            rows = rows.with_columns(pl.coalesce("token", "_free").alias("token")).drop("_free")
        if "address" in rows.columns:
            rows = rows.join(self._wallets, on="address", how="left", maintain_order="left")
        if "tx_hash" in rows.columns:
            rows = rows.join(self._transactions, on="tx_hash", how="left", maintain_order="left")
            rows = rows.with_columns(pl.col("transaction").fill_null(NO_ID))
        if table == "activity":
            rows = rows.with_columns(pl.col("market", "token").fill_null(NO_ID))
        return rows

    def _keep_usable(self, coded: pl.DataFrame, table: str) -> pl.DataFrame:
        if table == "activity":
            return coded
        usable = pl.col("token").is_not_null()
        lost = coded.filter(~usable)
        if lost.is_empty():
            return coded
        reason = pl.when(pl.col("market").is_null()).then(pl.lit("market_unknown")).otherwise(pl.lit("outcome_unknown"))
        text = pl.struct(
            "token_id", "condition_id", "ts" if "ts" in lost.columns else "first_seen_ts", "price_micro"
        ).struct.json_encode()
        self._reject(lost.select("source", "source_row", reason=reason, row=text))
        return coded.filter(usable)

    def _drop_retold(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Activity that several sources tell counts once; what one source repeats stays, as it may be real.

        The subgraphs tell the money of a redemption where others tell its shares, and of a conversion all its markets
        where others tell one.
        """
        graph, kind, key = pl.col("source").is_in(self._places_of(GRAPH_CHANGES)), pl.col("kind"), [*_CHANGE]
        why = "told_by_another_source"
        rows = self._giving_way(rows, graph & (kind == "REDEEM"), ~graph, why, [*key, "market"])
        rows = self._giving_way(rows, ~graph & (kind == "CONVERSION"), graph, why, key)
        key = [*key, "market", "size_micro", "ts"]
        numbered = rows.sort("source", "source_row").with_columns(_copy=pl.int_range(pl.len()).over([*key, "source"]))
        retold = (pl.int_range(pl.len()).over([*key, "_copy"]) > 0) & (pl.col("transaction") != NO_ID)
        marked = numbered.with_columns(_retold=retold)
        again = marked.filter("_retold")
        self._reject(again.select("source", "source_row", reason=pl.lit(why), row=pl.lit("")))
        return marked.filter(~pl.col("_retold")).drop("_copy", "_retold")

    def _drop_coarser(self, rows: pl.DataFrame) -> pl.DataFrame:
        """What the chain's own logs tell of a wallet's side of a transaction, no other source tells again, be it in
        other portions; nor does an average tell what any record of fills does, nor a live run what any other source
        does, or a run before it.
        """
        source, logs = pl.col("source"), self._places_of(CHAIN_SOURCES)
        rows = self._giving_way(rows, ~source.is_in(logs), source.is_in(logs), "told_by_the_chain")
        heard, averages = self._places_of(HEARD_SOURCES), self._places_of(AVERAGED_SOURCES)
        rows = self._giving_way(rows, source.is_in(averages), ~source.is_in([*averages, *heard]), "told_fill_by_fill")
        for number, place in enumerate(heard):
            rows = self._giving_way(rows, source == place, ~source.is_in(heard[number:]), "told_by_the_record")
        return rows

    def _giving_way(
        self, rows: pl.DataFrame, ours: pl.Expr, others: pl.Expr, reason: str, alike: Sequence[str] = _SIDE
    ) -> pl.DataFrame:
        """Drop our rows where others tell of the same thing, by default the same wallet's side of a transaction."""
        if rows.filter(ours).is_empty():
            return rows
        told = rows.filter(others & (pl.col("transaction") != NO_ID)).select(alike).unique()
        if told.is_empty():
            return rows
        marked = rows.join(told.with_columns(_told=True), on=alike, how="left", maintain_order="left")
        again = pl.col("_told").fill_null(value=False) & ours
        self._reject(marked.filter(again).select("source", "source_row", reason=pl.lit(reason), row=pl.lit("")))
        return marked.filter(~again).drop("_told")

    def _places_of(self, names: tuple[str, ...]) -> list[int]:
        return [place for place, source in enumerate(self._sources) if source.name.startswith(names)]

    def _reject(self, rejects: pl.DataFrame) -> None:
        if rejects.is_empty():
            return
        self._rejects.append(rejects)
        for source, why, count in rejects.group_by("source", "reason").len().sort("source", "reason").rows():
            self._bump(source, "dropped", why, count)

    def _count_fates(self, kept: pl.DataFrame, staged: pl.DataFrame, table: str) -> None:
        wants = (
            ("mended_market", "mended_token", "mended_outcome")
            if table in ("trades", "signals")
            else ("mended_market",)
        )
        flags = kept.group_by("source").agg(
            pl.len(), *(pl.col(name).sum() for name in wants), pl.col("token_contradicts").sum()
        )
        if table in ("trades", "signals"):
            what = pl.when("mended_market").then(pl.lit("market")).when("mended_outcome").then(pl.lit("outcome"))
            silent = [n for n, entry in enumerate(self._sources) if entry.importer.startswith(SILENT_IMPORTERS)]
            listed = kept.filter(~pl.col("source").is_in(silent))
            self._mended.append(listed.select("source", "source_row", what=what).drop_nulls("what"))
        seen = {row["source"]: row for row in flags.iter_rows(named=True)}
        for source in staged["source"].unique().sort().to_list():
            row = seen.get(source, {})
            entry = self._sources[source]
            before = entry.rows_out if source in self._counted else 0
            self._counted.add(source)
            self._sources[source] = msgspec.structs.replace(entry, rows_out=before + row.get("len", 0))
            for name in wants:
                self._bump(source, "mended", name.replace("mended_", "") + "_from_dictionary", row.get(name, 0))
            self._bump(source, "doubted", "token_contradicts_market", row.get("token_contradicts", 0))

    def _bump(self, source: int, field: str, reason: str, count: int) -> None:
        if not count:
            return
        entry = self._sources[source]
        counts = Counter(getattr(entry, field))
        counts[reason] += count
        self._sources[source] = msgspec.structs.replace(entry, **{field: dict(sorted(counts.items()))})


def _rank_copies(rows: pl.DataFrame, indexed: list[int]) -> pl.DataFrame:
    """Number the copies of a fill that several sources tell; without a transaction only a source's own duplicates are
    known. What one source knows of a fill's role and fee, all its copies know.

    Equal rows of an indexed source are several fills: the n-th of one is a copy of the n-th of another.
    """
    fill = ["transaction", "wallet", "token", "side", "price_micro", "size_micro", "ts"]
    ordered = rows.sort("dup_rank", "source", "source_row")
    several = pl.col("source").is_in(indexed) & (pl.col("dup_rank") == 0)
    place = pl.int_range(pl.len()).over([*fill, "source"])
    key = [*fill, "_place"]
    numbered = ordered.with_columns(_place=pl.when(several).then(place).otherwise(0)).with_columns(
        _copy=pl.int_range(pl.len()).over(key).clip(upper_bound=MOST_COPIES).cast(pl.UInt16),
        _role=pl.col("role").max().over(key),
        _fee=pl.coalesce("fee_micro", pl.col("fee_micro").max().over(key)),
    )
    traced = pl.col("transaction") != NO_ID
    return numbered.with_columns(
        dup_rank=pl.when(traced).then("_copy").otherwise("dup_rank"),
        role=pl.when(traced).then("_role").otherwise("role"),
        fee_micro=pl.when(traced).then("_fee").otherwise("fee_micro"),
    ).drop("_copy", "_role", "_fee", "_place")


def _latest(columns: list[pl.Series]) -> int:
    values = [value for column in columns if isinstance(value := column.max(), int)]
    return max(values, default=0)
