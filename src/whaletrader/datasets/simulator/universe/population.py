"""Makes a population from its parameters and a seed: in memory, or as a dataset on disk, part by part.

The same parameters and seed give the same bytes: every stage and every chunk draws from a generator of its own.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from whaletrader.datasets.manifest import SourceEntry
from whaletrader.datasets.schema import TABLES
from whaletrader.datasets.simulator.universe.chunks import World, chunks
from whaletrader.datasets.simulator.universe.costs import Costs
from whaletrader.datasets.simulator.universe.crowd import Crowd, draw_bursts
from whaletrader.datasets.simulator.universe.frames import (
    fees_frame,
    markets_frame,
    tokens_frame,
    trades_frame,
    wallets_frame,
)
from whaletrader.datasets.simulator.universe.markets import draw_markets
from whaletrader.datasets.simulator.universe.minds import draw_decisions, off_ts
from whaletrader.datasets.simulator.universe.params import PopulationParams
from whaletrader.datasets.simulator.universe.truth import TruthBook
from whaletrader.datasets.simulator.universe.wash import wash_fills
from whaletrader.datasets.store import Dataset
from whaletrader.datasets.writer import DatasetWriter
from whaletrader.errors import SettingError

_MARKETS, _MINDS, _BURSTS, _CROWD, _WASH, _NAMES = range(6)
"""Streams of random numbers by stage; chunks have the next one."""
_WHOLE = 6_000_000
"""Fills up to which a population in memory is one chunk, so that its truth knows every sale."""


@dataclass(frozen=True, eq=False)
class Population:
    """Canonical tables (with `truth`), and when which wallet's edge was switched off (`wallet`, `ts`)."""

    tables: dict[str, pl.DataFrame]
    switched_off: pl.DataFrame
    params: PopulationParams
    seed: int

    @property
    def fingerprint(self) -> str:
        """A digest of parameters and seed, which determine the content."""
        return population_fingerprint(self.params, self.seed)


def population_fingerprint(params: PopulationParams, seed: int) -> str:
    """sha256 that stands for a population's content."""
    return hashlib.sha256(f"population/1 {params!r} {seed}".encode()).hexdigest()


def switched_off(params: PopulationParams) -> pl.DataFrame:
    """The wallets whose edge goes within the span, and when."""
    rows, first = [], 0
    for mind in params.minds:
        if mind.off_at is not None:
            rows += [(wallet, off_ts(mind, params)) for wallet in range(first, first + mind.wallets)]
        first += mind.wallets
    return pl.DataFrame(rows, schema={"wallet": pl.UInt32, "ts": pl.Int64}, orient="row")


def simulate_population(params: PopulationParams, seed: int) -> Population:
    """A population in memory."""
    made = _Maker(params, seed, whole=params.fills <= _WHOLE)
    trades = [frame for frame in made.trades() if frame.height]
    tables = made.dictionaries()
    tables["trades"] = pl.concat(trades) if trades else pl.DataFrame(schema=TABLES["trades"])
    tables["truth"] = made.book.frame()
    return Population(tables, switched_off(params), params, seed)


def write_population(path: Path | str, params: PopulationParams, seed: int) -> Dataset:
    """A population as a dataset of kind `simulated`, its trades in ordered parts; memory is bounded by a chunk."""
    made = _Maker(params, seed, whole=False)
    writer = DatasetWriter(path, params.name, "simulated", seed)
    rows = 0
    for frame in made.trades():
        rows += frame.height
        writer.write("trades", frame)
    for name, table in made.dictionaries().items():
        writer.write(name, table)
    writer.write("truth", made.book.frame())
    writer.add_source(
        SourceEntry(
            name="SIMULATED", file="", sha256="", importer="population/1", table="*", rows_in=rows, rows_out=rows
        )
    )
    return writer.finish()


class _Maker:
    """Markets, minds and crowd of one population; gives its tables."""

    def __init__(self, params: PopulationParams, seed: int, *, whole: bool) -> None:
        if seed < 0:
            raise SettingError(f"a seed is a whole number from 0 on, not {seed}")
        self._params, self._seed, self._whole = params, seed, whole
        self._markets = draw_markets(params, self._rng(_MARKETS))
        names = self._rng(_NAMES)
        self._frame = markets_frame(params, self._markets, names)
        self._fees = fees_frame(self._frame)
        self._tokens = tokens_frame(params.markets, names)
        self._wallets = wallets_frame(params.total_wallets, names)
        self.costs = Costs(list(params.shape.categories), self._markets, self._fees)
        self.book = TruthBook(params, self._markets, self.costs)

    def _rng(self, stage: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, stage])

    def dictionaries(self) -> dict[str, pl.DataFrame]:
        """All tables but trades and truth."""
        return {
            "wallets": self._wallets,
            "markets": self._frame,
            "tokens": self._tokens,
            "transactions": pl.DataFrame(schema=TABLES["transactions"]),
            "fee_schedules": self._fees,
        }

    def trades(self) -> Iterator[pl.DataFrame]:
        """Rows of `trades` in order, while the truth is summed."""
        params, markets = self._params, self._markets
        decisions = draw_decisions(params, markets, self.costs, self._rng(_MINDS))
        world = World(
            params=params,
            markets=markets,
            decisions=decisions,
            bursts=draw_bursts(params, markets, decisions, self._rng(_BURSTS)),
            crowd=Crowd(params, markets, self._rng(_CROWD)),
            costs=self.costs,
            seed=self._seed,
        )
        row = 0
        for fills in chunks(world, wash_fills(params, markets, self._rng(_WASH)), whole=self._whole):
            self.book.add(fills)
            yield trades_frame(fills, self.costs, row)
            row += fills.ts.size
