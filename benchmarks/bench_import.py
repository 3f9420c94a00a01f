"""Import of canonical rows: read, check, sort and write; beside pyarrow's dataset that only reads and writes."""

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.dataset as pads

from benchmarks.figures import report
from whaletrader.datasets.importers.canonical import import_canonical
from whaletrader.datasets.schema import NO_ID, TABLES

ROWS = 5_000_000
PARTS = 2
ROUNDS = 3
MARKETS, WALLETS = 10_000, 20_000


def main() -> None:
    """Write the source once, then take turns; the best round of each counts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "source"
        make_source(source, ROWS, PARTS)
        ours, peer = [], []
        for _ in range(ROUNDS):
            ours.append(timed(lambda: import_canonical(source, folder / "ours"), folder / "ours"))
            peer.append(timed(lambda: copy_with_pyarrow(source, folder / "peer"), folder / "peer"))
        report(
            "import canonical rows (read, check, sort, digest, write)",
            ROWS / min(ours),
            "rows/s",
            peer=ROWS / min(peer),
            peer_name="pyarrow dataset (read, write)",
            target=1_000_000,
        )


def timed(work: Callable[[], object], target: Path) -> float:
    """Seconds that `work` takes into a folder that is not there yet."""
    shutil.rmtree(target, ignore_errors=True)
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def copy_with_pyarrow(source: Path, target: Path) -> None:
    """The peer: the same trades read and written, with the same compression, unchecked and unsorted."""
    options = pads.ParquetFileFormat().make_write_options(compression="zstd", compression_level=1)
    pads.write_dataset(
        pads.dataset(source / "trades", format="parquet"), target, format="parquet", file_options=options
    )


def make_source(folder: Path, rows: int, parts: int) -> None:
    """Canonical tables with random trades; parts follow each other in time, rows within a part are unsorted."""
    rng = np.random.default_rng(7)
    (folder / "trades").mkdir(parents=True)
    write(folder, "wallets", {"wallet": np.arange(WALLETS), "address": names("0x", WALLETS)}, truncation_reason="")
    markets = {"market": np.arange(MARKETS), "condition_id": names("0x", MARKETS)}
    open_still = {"payout0_micro": [None] * MARKETS, "resolved_ts": [None] * MARKETS}
    write(folder, "markets", markets | open_still, category="other", resolved_ts_kind="unknown")
    number = np.arange(2 * MARKETS)
    tokens = {"token": number, "token_id": names("", number.size), "market": number // 2, "outcome_index": number % 2}
    write(folder, "tokens", tokens)
    write(folder, "transactions", {"transaction": np.arange(1), "tx_hash": ["0x"]})
    fees = {"market": np.arange(MARKETS), "from_ts": np.zeros(MARKETS, dtype=np.int64)}
    write(folder, "fee_schedules", fees, provenance="worst_case")
    each = rows // parts
    for part in range(parts):
        write(folder / "trades", f"part-{part}", trades(rng, each, part * each), table="trades")


def trades(rng: np.random.Generator, count: int, first: int) -> dict[str, object]:
    """Random fills of one part's stretch of time."""
    market, outcome = rng.integers(0, MARKETS, count), rng.integers(0, 2, count)
    return {
        "ts": (first + rng.integers(0, count, count)) * 1_000_000_000 + 1,
        "wallet": rng.integers(0, WALLETS, count),
        "token": 2 * market + outcome,
        "market": market,
        "outcome_index": outcome,
        "side": rng.integers(0, 2, count),
        "role": rng.integers(-1, 2, count),
        "price_micro": rng.integers(1, 100, count) * 10_000,
        "size_micro": rng.integers(5, 10_000, count) * 1_000_000,
        "transaction": np.full(count, NO_ID),
        "source_row": np.arange(first, first + count),
    }


def names(prefix: str, count: int) -> list[str]:
    """Distinct texts in sorted order."""
    return [f"{prefix}{number:040x}" for number in range(count)]


def write(folder: Path, name: str, columns: dict[str, object], table: str = "", **texts: str) -> None:
    """Write a table of the schema; numbers that are not given are 0, texts are as given or empty."""
    schema = TABLES[table or name]
    frame = pl.DataFrame(columns)
    absent = [
        pl.lit(texts.get(column, "")) if dtype == pl.String else pl.lit(0)
        for column, dtype in schema.items()
        if column not in columns
    ]
    labels = [column for column in schema if column not in columns]
    frame = frame.with_columns(value.alias(label) for value, label in zip(absent, labels, strict=True))
    casts = [pl.col(column).cast(dtype) for column, dtype in schema.items()]
    frame.select(casts).write_parquet(folder / f"{name}.parquet")


if __name__ == "__main__":
    main()
