"""The streamed assembly gives what the ordinary one gives, in windows of any size."""

import numpy as np
import polars as pl
import pytest

from tests.unit.datasets.importers.test_archive import (
    CONDITION,
    EXCHANGE,
    HUGGING_FACE,
    MARKETS,
    NO,
    START,
    YES,
    csv,
    parquet,
)
from whaletrader.datasets.importers import run
from whaletrader.datasets.importers.assemble import Assembly
from whaletrader.datasets.importers.run import import_any
from whaletrader.datasets.importers.staging import StagingArea
from whaletrader.datasets.importers.streamed import StreamedAssembly
from whaletrader.datasets.schema import NO_ID, TABLES
from whaletrader.datasets.verify import verify


def tape(folder, rows=3_000, days=12, seed=7):
    """Logs of some wallets over some days, a few of them twice, a few of no known market."""
    rng = np.random.default_rng(seed)
    made = []
    for place in range(rows):
        sold, token = rng.random() < 0.4, (YES, NO, "99999999")[rng.choice(3, p=[0.6, 0.38, 0.02])]
        shares = int(rng.integers(1, 50)) * 1_000_000
        money = int(shares * rng.integers(1, 100) / 100)
        given, received = (shares, money) if sold else (money, shares)
        made.append(HUGGING_FACE | {
            "timestamp": START + int(rng.integers(0, days)) * 86_400 + int(rng.integers(0, 300)),
            "transaction_hash": f"{rng.integers(0, rows // 3):064x}",
            "log_index": place // 2 if place % 50 == 1 else place,
            "maker": f"0x{rng.integers(1, 25):040x}",
            "taker": EXCHANGE if rng.random() < 0.5 else HUGGING_FACE["taker"],
            "maker_asset_id": token if sold else "0", "taker_asset_id": "0" if sold else token,
            "maker_amount_filled": str(given), "taker_amount_filled": str(received),
        })  # fmt: skip
    paid = {"block_timestamp": START + days * 86_400, "condition_id": CONDITION, "payout_numerators": "1,0"}
    half = len(made) // 2
    csv(csv(folder, "markets.csv", MARKETS), "payouts.csv", paid)
    return parquet(parquet(folder, "a.parquet", *made[:half]), "b.parquet", *made[half:])


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    return import_any(tape(folder / "in"), folder / "d").dataset


@pytest.mark.parametrize("most_rows", [40, 250, 700, 10_000])
def test_every_table_is_the_ordinary_one(ordinary, tmp_path, most_rows):
    area = StagingArea(ordinary.path)
    copy = tmp_path / "streamed"
    dataset = StreamedAssembly(area, copy, "in", most_rows=most_rows).run(lambda step: None)
    for name in TABLES:
        assert dataset.table(name).equals(ordinary.table(name)), name
    assert dataset.manifest.sources == ordinary.manifest.sources
    assert all(check.ok for check in verify(dataset))
    assert not (area.folder / "_flows").exists()


def test_above_so_many_fills_the_transactions_are_left_out(ordinary, tmp_path):
    area = StagingArea(ordinary.path)
    dataset = StreamedAssembly(area, tmp_path / "s", "in", most_rows=500, most_transactions=10).run(lambda step: None)
    assert dataset.table("transactions").is_empty()
    assert set(dataset.table("trades")["transaction"]) == {NO_ID}
    same = ["ts", "wallet", "token", "side", "price_micro", "size_micro", "source", "source_row"]
    assert dataset.table("trades").select(same).equals(ordinary.table("trades").select(same))


def test_windows_hold_no_more_rows_than_asked_and_parts_are_in_order(ordinary, tmp_path):
    area = StagingArea(ordinary.path)
    dataset = StreamedAssembly(area, tmp_path / "s", "in", most_rows=700).run(lambda step: None)
    entry = dataset.manifest.tables["trades"]
    counts = [pl.scan_parquet(tmp_path / "s" / file).select(pl.len()).collect().item() for file in entry.files]
    assert len(counts) > 3
    assert max(counts) <= 700
    assert sum(counts) == entry.rows == dataset.table("trades").height


def test_a_large_import_is_streamed_by_itself(tmp_path, monkeypatch):
    chosen = []
    monkeypatch.setattr(run, "MOST_ROWS_AT_ONCE", 100)
    monkeypatch.setattr(run, "StreamedAssembly", lambda *a: chosen.append(a) or Assembly(*a))
    import_any(tape(tmp_path / "in", rows=150), tmp_path / "d")
    assert len(chosen) == 1
    import_any(tape(tmp_path / "small", rows=50), tmp_path / "e")
    assert len(chosen) == 1


def test_an_archive_without_a_usable_fill_is_an_empty_dataset(tmp_path):
    folder = parquet(csv(tmp_path / "in", "markets.csv", MARKETS), "a.parquet", HUGGING_FACE | {"maker": "x"})
    import_any(folder, tmp_path / "d")
    dataset = StreamedAssembly(StagingArea(tmp_path / "d"), tmp_path / "s", "in").run(lambda step: None)
    assert dataset.table("trades").is_empty()
    assert dataset.table("markets").height == 1
