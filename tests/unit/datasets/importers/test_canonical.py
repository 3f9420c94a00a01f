"""Import of canonical tables: rows keep their codes, bad ones are rejected, a simulation stays one."""

import polars as pl
import pytest

from tests.unit.datasets.tiny import canonical_trade, market_row, table_frame, trade_row, write_bundle, write_dataset
from whaletrader.datasets.importers.canonical import import_canonical
from whaletrader.datasets.importers.run import import_bundle
from whaletrader.datasets.simulator import SimulationParams, simulate
from whaletrader.errors import DataError, SchemaError, UsageError

DICTIONARIES = {
    "wallets": [{"wallet": 0}],
    "markets": [{"market": 0}],
    "tokens": [{"token": n, "outcome_index": n} for n in range(2)],
    "transactions": [{}],
    "fee_schedules": [{"provenance": "inferred"}],
}


def source_of(folder, *parts):
    """Canonical tables with these parts of trades."""
    (folder / "trades").mkdir(parents=True)
    for name, rows in DICTIONARIES.items():
        table_frame(name, rows).write_parquet(folder / f"{name}.parquet")
    for number, rows in enumerate(parts):
        frame = table_frame("trades", [canonical_trade(**row) for row in rows])
        frame.write_parquet(folder / "trades" / f"part-{number}.parquet")
    return folder


def imported(tmp_path, *parts):
    return import_canonical(source_of(tmp_path / "source", *parts), tmp_path / "d")


def test_rows_keep_their_codes(tmp_path):
    dataset = imported(tmp_path, [{"token": 1, "outcome_index": 1, "source_row": 5}])
    assert dataset.table("trades").select("token", "source_row").row(0) == (1, 5)


def test_a_part_is_sorted(tmp_path):
    assert imported(tmp_path, [{"ts": 3}, {"ts": 1}, {"ts": 2}]).table("trades")["ts"].to_list() == [1, 2, 3]


def test_parts_follow_each_other(tmp_path):
    dataset = imported(tmp_path, [{"ts": 2}, {"ts": 1}], [{"ts": 3}])
    assert dataset.table("trades")["ts"].to_list() == [1, 2, 3]
    assert [entry.rows_in for entry in dataset.manifest.sources if entry.table == "trades"] == [2, 1]


def test_parts_out_of_order_are_refused(tmp_path):
    with pytest.raises(DataError, match="give the parts in order"):
        imported(tmp_path, [{"ts": 5}], [{"ts": 1}])


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"price_micro": 1_200_000}, "price_above_one"),
        ({"price_micro": -1}, "price_negative"),
        ({"price_micro": None}, "price_missing"),
        ({"size_micro": 0}, "size_not_positive"),
        ({"ts": None}, "time_missing"),
        ({"market": 7}, "market_unknown"),
        ({"token": 7}, "token_unknown"),
        ({"wallet": 7}, "wallet_unknown"),
        ({"transaction": 7}, "transaction_unknown"),
        ({"side": 2}, "side_unknown"),
        ({"market": None}, "market_unknown"),
        ({"token": None}, "token_unknown"),
        ({"wallet": None}, "wallet_unknown"),
        ({"transaction": None}, "transaction_unknown"),
        ({"side": None}, "side_unknown"),
        ({"outcome_index": None}, "outcome_unknown"),
        ({"outcome_index": 7}, "outcome_unknown"),
        ({"outcome_index": 1}, "token_contradicts_market"),
        ({"dup_rank": None}, "value_missing"),
        ({"fee_micro": -1}, "fee_negative"),
        ({"size_micro": 2**62}, "size_too_large"),
    ],
)
def test_a_bad_row_is_rejected_and_counted(tmp_path, bad, reason):
    dataset = imported(tmp_path, [{}, bad])
    assert dataset.table("trades").height == 1
    assert dataset.table("rejects")["reason"].to_list() == [reason]
    entry = next(entry for entry in dataset.manifest.sources if entry.table == "trades")
    assert entry.dropped == {reason: 1}


def test_a_missing_column_is_named(tmp_path):
    source = source_of(tmp_path / "source", [{}])
    file = source / "trades" / "part-0.parquet"
    pl.read_parquet(file).drop("side").write_parquet(file)
    with pytest.raises(SchemaError, match=r"part-0\.parquet lacks the column side of table trades"):
        import_canonical(source, tmp_path / "d")


def test_a_folder_without_tables_is_refused(tmp_path):
    (tmp_path / "source").mkdir()
    with pytest.raises(SchemaError, match="has no canonical table"):
        import_canonical(tmp_path / "source", tmp_path / "d")


def test_a_missing_folder_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="is no folder"):
        import_canonical(tmp_path / "gone", tmp_path / "d")


def test_a_dataset_is_copied_as_it_is(tmp_path):
    source = write_dataset(tmp_path / "source", trades=[{}, {"side": 1, "ts": 9}])
    assert import_canonical(source.path, tmp_path / "d").fingerprint == source.fingerprint


def test_a_simulation_stays_one(tmp_path):
    source = simulate(tmp_path / "source", SimulationParams(days=10, binary_markets=5, groups=1, fills=200), seed=3)
    copy = import_canonical(source.path, tmp_path / "d")
    assert copy.simulated
    assert (copy.manifest.kind, copy.manifest.seed) == ("simulated", 3)
    assert copy.fingerprint == source.fingerprint


def test_an_imported_dataset_is_not_replaced(tmp_path):
    import_bundle(write_bundle(tmp_path / "bundle", [market_row(1)], [trade_row(1)]), tmp_path / "d")
    source = write_dataset(tmp_path / "source", trades=[{}])
    with pytest.raises(UsageError, match="canonical tables would replace"):
        import_canonical(source.path, tmp_path / "d")
