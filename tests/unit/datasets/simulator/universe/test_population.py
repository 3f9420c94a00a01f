"""A population: a function of its parameters and seed, stamped simulated, sound, in memory as on disk."""

from dataclasses import replace

import polars as pl
import pytest

from tests.unit.datasets.simulator.universe.conftest import SMALL
from whaletrader.datasets.schema import TABLES
from whaletrader.datasets.simulator.universe import (
    Mind,
    PopulationParams,
    simulate_population,
    switched_off,
    write_population,
)
from whaletrader.datasets.store import check_schema
from whaletrader.datasets.verify import verify
from whaletrader.errors import SettingError


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    write_population(tmp_path / "a", SMALL, 5)
    write_population(tmp_path / "b", SMALL, 5)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_the_same_seed_gives_the_same_tables_in_memory(small):
    again = simulate_population(SMALL, 3)
    assert all(small.tables[name].equals(again.tables[name]) for name in small.tables)
    assert small.fingerprint == again.fingerprint


def test_another_seed_or_another_size_gives_another_fingerprint(small):
    assert simulate_population(SMALL, 4).fingerprint != small.fingerprint
    assert simulate_population(replace(SMALL, lucky=2), 3).fingerprint != small.fingerprint


def test_a_written_population_passes_every_check(tmp_path):
    dataset = write_population(tmp_path, SMALL, 5)
    assert [check for check in verify(dataset) if not check.ok] == []


def test_a_written_population_is_stamped_simulated_with_its_seed(tmp_path):
    dataset = write_population(tmp_path, SMALL, 5)
    assert dataset.simulated
    assert dataset.manifest.seed == 5
    assert dataset.manifest.sources[0].name == "SIMULATED"


def test_every_table_in_memory_has_the_schema(small):
    for name, frame in small.tables.items():
        check_schema(name, dict(frame.schema), name)
        assert list(frame.columns) == list(TABLES[name])


def test_chunks_are_the_same_tape_in_parts(tmp_path):
    parts = write_population(tmp_path, replace(SMALL, chunk_fills=1_500), 5)
    assert len(parts.manifest.tables["trades"].files) > 3
    assert [check for check in verify(parts) if not check.ok] == []


def test_a_chunk_size_changes_how_random_numbers_are_drawn_but_not_what_minds_decide(tmp_path):
    one = write_population(tmp_path / "a", SMALL, 5)
    many = write_population(tmp_path / "b", replace(SMALL, chunk_fills=1_500), 5)
    minds = pl.col("wallet") < 3
    columns = ["ts", "wallet", "token", "side"]
    first = one.table("trades").filter(minds & (pl.col("side") == 0)).select(columns).unique(["wallet", "token"])
    other = many.table("trades").filter(minds & (pl.col("side") == 0)).select(columns).unique(["wallet", "token"])
    assert set(first["token"]) == set(other["token"])


def test_in_memory_and_written_the_trades_are_the_same(tmp_path, small):
    written = write_population(tmp_path, SMALL, 3)
    assert written.table("trades").equals(small.tables["trades"])
    assert written.table("markets").equals(small.tables["markets"])


def test_times_ascend_and_lie_inside_the_span_and_the_life_of_the_market(small):
    trades = small.tables["trades"].join(small.tables["markets"].select("market", "start_ts", "end_ts"), on="market")
    assert small.tables["trades"]["ts"].is_sorted()
    assert (trades["ts"] >= trades["start_ts"]).all()
    assert (trades["ts"] < trades["end_ts"]).all()
    assert (trades["ts"] < SMALL.end_ts).all()


def test_nobody_sells_what_he_does_not_hold(small):
    signed = pl.when(pl.col("side") == 0).then(pl.col("size_micro")).otherwise(-pl.col("size_micro"))
    held = small.tables["trades"].with_columns(held=signed.cum_sum().over("wallet", "token"))
    assert (held["held"] >= 0).all()


def test_every_wallet_has_a_truth_and_a_label_in_the_order_of_the_people(small):
    truth = small.tables["truth"]
    assert truth["wallet"].to_list() == list(range(SMALL.total_wallets))
    counts = dict(truth.group_by("label").len().rows())
    assert counts["skilled"] == 3
    assert counts["lucky"] == 3
    assert counts["noise"] == SMALL.wallets - 3
    assert counts["wash"] == 4


def test_switched_off_names_the_wallets_whose_edge_goes(small):
    assert small.switched_off["wallet"].to_list() == [3, 4]
    middle = SMALL.start_ts + (SMALL.end_ts - SMALL.start_ts) // 2
    assert abs(small.switched_off["ts"][0] - middle) < 10**9
    assert switched_off(replace(SMALL, minds=())).is_empty()


def test_the_fee_is_the_takers_and_cut_at_five_decimals(small):
    trades = small.tables["trades"]
    assert (trades.filter(pl.col("role") == 0)["fee_micro"] == 0).all()
    assert (trades["fee_micro"] % 10 == 0).all()
    assert trades["fee_micro"].max() > 0


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"wallets": 0}, "wallets"),
        ({"fills": -1}, "fills"),
        ({"followed": 1.0}, "followed"),
        ({"lucky": 1_000_000}, "lucky"),
        ({"minds": (Mind(label="prophet", wallets=1, edge=0.1, bets=3),)}, "prophet"),
        ({"minds": (Mind(label="sybil", wallets=5, edge=0.1, bets=3, copies=2),)}, "clusters"),
    ],
)
def test_impossible_sizes_are_refused_in_a_sentence(wrong, word):
    with pytest.raises(SettingError, match=word):
        PopulationParams(**wrong)


def test_a_negative_seed_is_refused():
    with pytest.raises(SettingError, match="seed"):
        simulate_population(SMALL, -1)
