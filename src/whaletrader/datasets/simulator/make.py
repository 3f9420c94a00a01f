"""Makes the dataset of a simulation: one generator, drawn from in a fixed order; the same seed gives the same bytes."""

from pathlib import Path

import numpy as np

from whaletrader.datasets.manifest import SourceEntry
from whaletrader.datasets.simulator.dictionaries import (
    markets_frame,
    tokens_frame,
    transactions_frame,
    truth_frame,
    wallets_frame,
)
from whaletrader.datasets.simulator.facts import activity_frame, prices_frame, quotes_frame, signals_frame, trades_frame
from whaletrader.datasets.simulator.params import SimulationParams
from whaletrader.datasets.simulator.paths import draw_paths
from whaletrader.datasets.simulator.tape import draw_tape
from whaletrader.datasets.store import Dataset
from whaletrader.datasets.writer import DatasetWriter
from whaletrader.errors import SettingError


def simulate(path: Path | str, params: SimulationParams | None = None, seed: int = 0) -> Dataset:
    """Write a simulated dataset into `path` and open it; its kind is `simulated`, its seed is in the manifest."""
    if seed < 0:
        raise SettingError(f"a seed is a whole number from 0 on, not {seed}")
    sizes = params or SimulationParams()
    rng = np.random.default_rng(seed)
    paths = draw_paths(sizes, rng)
    tape = draw_tape(sizes, paths, rng)
    tape = tape.take(np.lexsort((tape.side, tape.wallet, tape.print_id, tape.ts)))
    markets, fees = markets_frame(sizes, paths, rng)
    trades = trades_frame(tape, fees)
    tables = {
        "wallets": wallets_frame(sizes, rng),
        "markets": markets,
        "tokens": tokens_frame(sizes, rng),
        "transactions": transactions_frame(int(tape.print_id.max(initial=-1)) + 1, rng),
        "fee_schedules": fees,
        "trades": trades,
        "activity": activity_frame(sizes, paths, tape),
        "signals": signals_frame(sizes, paths, tape),
        "prices": prices_frame(sizes, paths),
        "quotes": quotes_frame(sizes, paths, rng),
        "truth": truth_frame(sizes, paths, tape),
    }
    writer = DatasetWriter(path, "sim", "simulated", seed)
    writer.add_source(
        SourceEntry(
            name="SIMULATED",
            file="",
            sha256="",
            importer="simulator/1",
            table="*",
            rows_in=trades.height,
            rows_out=trades.height,
        )
    )
    for name, frame in tables.items():
        if frame.height or name in ("wallets", "markets", "tokens", "transactions", "fee_schedules", "trades"):
            writer.write(name, frame)
    return writer.finish()
