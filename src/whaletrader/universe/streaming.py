"""Collects and judges a dataset part by part through files, in as many processes as the executor has.

The same functions as for one part in memory; here they are only carried to the parts, and the parts put together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from whaletrader.errors import DataError, ExecutorError, WhaleTraderError
from whaletrader.ports.executor import Executor
from whaletrader.universe.collect import FRAMES, Collected, collect
from whaletrader.universe.judge import judge
from whaletrader.universe.partitions import (
    MarketPartition,
    balanced,
    chunks,
    large_rows,
    part_by_market,
    read_work_files,
    write_work_file,
)
from whaletrader.universe.policies import policy_params
from whaletrader.universe.score_params import ScoreParams
from whaletrader.universe.source import TableSource

Ints = NDArray[np.int64]

BETS_PER_RANGE = 2_000_000
"""Fills, each a bet at most, of the wallets that are judged at a time."""
_BY_WALLET = tuple(name for name in FRAMES if name != "tallies")
_ROW_GROUP = 1 << 15


@dataclass(frozen=True, slots=True)
class _Spilled:
    """Where the collected frames of a part lie, each sorted by wallet, and its tallies."""

    files: dict[str, str]
    tallies: pl.DataFrame


def score_in_parts(
    source: TableSource, params: ScoreParams, parts: int, executor: Executor | None, folder: Path
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The judged rows of all wallets and the parts' tallies, by way of files in `folder`; without an executor here."""
    run = map if executor is None else executor.map
    by_market, by_wallet = _counted(source)
    ranges = _ranges(by_wallet, max(by_wallet.sum() * len(params.policies) // BETS_PER_RANGE, parts))
    partitions = part_by_market(source, folder, balanced(by_market, parts), _large(source, params, ranges))
    try:
        work = partial(_collect_part, params=params, folder=folder)
        spilled = list(run(work, list(enumerate(partitions))))
        judging = partial(_judge_range, params=params, folder=folder, spilled=[part.files for part in spilled])
        judged = list(run(judging, ranges))
    except ExecutorError as error:
        if isinstance(error.__cause__, WhaleTraderError):
            raise error.__cause__ from None
        raise
    return read_work_files(tuple(judged)), pl.concat([part.tallies for part in spilled])


def _counted(source: TableSource) -> tuple[Ints, Ints]:
    """Rows of trades and signals by market, and by wallet."""
    found = [np.zeros(max(source.table(name).height, 1), np.int64) for name in ("markets", "wallets")]
    for name in ("trades", "signals"):
        for chunk in chunks(source, name, ["market", "wallet"]):
            for counts, codes in zip(found, chunk.iter_columns(), strict=True):
                known = np.minimum(codes.to_numpy(), counts.size)
                np.add(counts, np.bincount(known, minlength=counts.size + 1)[: counts.size], out=counts)
    return found[0], found[1]


def _large(
    source: TableSource, params: ScoreParams, ranges: list[tuple[int, int, int]]
) -> dict[str, NDArray[np.bool_]] | None:
    """Large entries, where a policy asks for them: they look at a wallet's past in all markets."""
    if all(policy_params(name, params.follower).which != "large" for name in params.policies):
        return None
    wallets = [(first, end) for _, first, end in ranges]
    return {name: large_rows(source, name, wallets) for name in ("trades", "signals")}


def _ranges(by_wallet: Ints, count: int) -> list[tuple[int, int, int]]:
    """Number, first wallet and end of each range of wallets."""
    bounds = balanced(by_wallet, int(count)).tolist()
    return [(number, bounds[number], bounds[number + 1]) for number in range(len(bounds) - 1)]


def _collect_part(item: tuple[int, MarketPartition], *, params: ScoreParams, folder: Path) -> _Spilled:
    """Collect one part and spill it; the part's own files are of no more use then."""
    number, partition = item
    found = collect(partition, params)
    partition.remove_rows()
    files = {}
    for name in _BY_WALLET:
        frame: pl.DataFrame = getattr(found, name)
        path = folder / f"collected-{name}-{number}.parquet"
        files[name] = write_work_file(frame.sort("wallet", maintain_order=True), path, row_group=_ROW_GROUP)
    return _Spilled(files, found.tallies)


def _judge_range(
    item: tuple[int, int, int], *, params: ScoreParams, folder: Path, spilled: Sequence[dict[str, str]]
) -> str:
    """Judge the wallets of a range from what all parts have spilled of them."""
    number, first, end = item
    frames = {name: _rows([files[name] for files in spilled], first, end) for name in _BY_WALLET}
    judged = judge(Collected(**frames, tallies=pl.DataFrame()), params)
    return write_work_file(judged, folder / f"judged-{number}.parquet")


def _rows(files: Sequence[str], first: int, end: int) -> pl.DataFrame:
    mine = (pl.col("wallet") >= first) & (pl.col("wallet") < end)
    try:
        return pl.scan_parquet(list(files), glob=False).filter(mine).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        told = str(error).partition("\n")[0]
        raise DataError(f"a work file of the scoring cannot be read ({told}); score again") from None
