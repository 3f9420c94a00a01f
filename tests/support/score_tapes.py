"""Made-up universes for the tests of scoring in parts: every kind of row that a dataset can have."""

from pathlib import Path

import numpy as np

from tests.support.universe import Tape
from whaletrader.datasets.schema import NO_ID, TABLES
from whaletrader.datasets.store import Dataset
from whaletrader.datasets.writer import DatasetWriter
from whaletrader.universe.scores import Scores
from whaletrader.universe.source import FrameSource

DAY = 86_400
FRAMES = ("frame", "funnel", "summary", "fee_provenance", "counts", "withheld")
VENUE = "0x4bfb41d5b3570defd03c39a9a4d8de6bd8b8982e"


def mixed(seed: int = 1, wallets: int = 12, markets: int = 30, trades: int = 1_500) -> FrameSource:
    """Fills in clumps, exits, splits, quotes, signals, repeats, unknown markets, unresolved ones, a venue's wallet."""
    rng = np.random.default_rng(seed)
    tape = Tape(wallets=wallets)
    for m in range(markets):
        payout = None if m % 9 == 8 else float(rng.random() < 0.5)
        tape.market(
            m, payout, None if payout is None else (m + 3) * DAY, group=f"g{m % 20}", rate=0.03 if m % 4 else None
        )
    for number in range(trades):
        m = NO_ID if number % 97 == 0 else int(rng.integers(markets))
        day = 0 if m == NO_ID else m
        when = day * DAY + int(rng.integers(40)) * 3_600 + int(rng.integers(50))
        outcome = int(rng.integers(2))
        tape.trade(
            when, int(rng.integers(wallets)), m, round(float(rng.uniform(0.05, 0.95)), 3),
            round(float(rng.pareto(1.3) + 1), 2), outcome=outcome, side=int(rng.random() < 0.25),
            role=int(rng.integers(-1, 2)), dup_rank=int(number % 53 == 0), tx=number // 3,
        )  # fmt: skip
    for m in range(markets):
        for wallet in range(4):
            tape.signal(m * DAY + 7_000 + wallet, wallet, m, 0.3 + 0.1 * wallet, outcome=wallet % 2)
        tape.quote(m * DAY + 3_600, 2 * m, 0.40, 0.44)
        tape.act(m * DAY + 10, m % wallets, ("SPLIT", "MERGE", "CONVERSION", "REWARD")[m % 4], m, 20.0, 5.0)
    tape.act(5 * DAY, 1, "REWARD", NO_ID, 0.0, 3.0)
    names = [f"0x{w:040x}" for w in range(1, wallets)] + [VENUE]
    return tape.source(names)


def stored(source: FrameSource, path: Path) -> Dataset:
    """The same tables as a dataset on disk."""
    writer = DatasetWriter(path, "mixed", "simulated", seed=1)
    for name in TABLES:
        if source.has(name):
            frame = source.table(name)
            texts = [column for column, dtype in TABLES[name].items() if dtype == TABLES["wallets"]["address"]]
            writer.write(name, frame.with_columns(frame[column].fill_null("") for column in texts))
    return writer.finish()


def assert_same(found: Scores, expected: Scores) -> None:
    """Every frame is equal, row for row."""
    for name in FRAMES:
        one, other = getattr(found, name), getattr(expected, name)
        assert one.equals(other), f"{name} differs:\n{one}\n{other}"
