"""Verification finds each kind of damage, names it, and calls sound data sound."""

import polars as pl
import pytest

from tests.unit.datasets.tiny import T0, cid, table_frame, write_dataset
from whaletrader.datasets.schema import NO_ID
from whaletrader.datasets.store import Dataset
from whaletrader.datasets.verify import verify
from whaletrader.domain.values import NANOS


def faults(dataset):
    return [check.name for check in verify(dataset) if not check.ok]


def notes(dataset):
    return {check.name: check.count for check in verify(dataset) if check.kind == "note"}


def test_a_sound_dataset_has_no_fault(tmp_path):
    assert faults(write_dataset(tmp_path, trades=[{}, {"ts": T0 * NANOS + 1}])) == []


def test_an_empty_dataset_has_no_fault(tmp_path):
    assert faults(write_dataset(tmp_path)) == []


def damaged(tmp_path, table, edit):
    """A dataset whose file of `table` was changed behind the manifest's back."""
    dataset = write_dataset(tmp_path, trades=[{"ts": n, "wallet": n % 2} for n in range(1, 6)])
    file = dataset.path / dataset.manifest.tables[table].files[0]
    edit(pl.read_parquet(file)).write_parquet(file)
    return Dataset.open(dataset.path)


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        (lambda t: t.reverse(), "trades.unsorted"),
        (lambda t: t.head(2), "trades.rows"),
        (lambda t: t.with_columns(price_micro=pl.lit(1_200_000, pl.Int64)), "trades.price_micro_outside"),
        (lambda t: t.with_columns(price_micro=pl.lit(-1, pl.Int64)), "trades.price_micro_outside"),
        (lambda t: t.with_columns(size_micro=pl.lit(-1, pl.Int64)), "trades.size_micro_negative"),
        (lambda t: t.with_columns(size_micro=pl.lit(0, pl.Int64)), "trades.size_zero"),
        (lambda t: t.with_columns(side=pl.lit(5, pl.Int8)), "trades.side"),
        (lambda t: t.with_columns(market=pl.lit(9, pl.UInt32)), "trades.market_unknown"),
        (lambda t: t.with_columns(wallet=pl.lit(9, pl.UInt32)), "trades.wallet_unknown"),
        (lambda t: t.with_columns(token=pl.lit(9, pl.UInt32)), "trades.token_unknown"),
        (lambda t: t.with_columns(transaction=pl.lit(9, pl.UInt32)), "trades.transaction_unknown"),
        (lambda t: t.with_columns(token=pl.lit(2, pl.UInt32)), "trades.token_contradicts"),
        (lambda t: t.with_columns(outcome_index=pl.lit(1, pl.Int8)), "trades.token_contradicts"),
        (lambda t: t.with_columns(source=pl.lit(4, pl.Int16)), "trades.source_unknown"),
        (lambda t: t.with_columns(wallet=pl.lit(None, pl.UInt32)), "trades.null"),
        (lambda t: t.with_columns(outcome_index=pl.lit(None, pl.Int8)), "trades.null"),
    ],
)
def test_a_damaged_tape_is_found_and_named(tmp_path, edit, fault):
    found = faults(damaged(tmp_path, "trades", edit))
    assert fault in found
    assert "files_changed" in found


@pytest.mark.parametrize(
    ("table", "edit", "fault"),
    [
        ("markets", lambda t: t.with_columns(payout0_micro=pl.lit(7, pl.Int64)), "markets.payout_odd"),
        ("markets", lambda t: t.with_columns(resolved=pl.lit(value=False)), "markets.payout_unresolved"),
        ("markets", lambda t: t.with_columns(resolved_ts_kind=pl.lit("exact")), "markets.resolved_kind"),
        ("markets", lambda t: t.with_columns(condition_id=pl.lit("x")), "markets.repeated"),
        ("tokens", lambda t: t.with_columns(market=pl.lit(0, pl.UInt32)), "tokens.layout"),
        ("tokens", lambda t: t.reverse(), "tokens.ids"),
        ("wallets", lambda t: t.with_columns(truncated=pl.lit(value=True)), "wallets.reason"),
        ("fee_schedules", lambda t: t.head(1), "fee_schedules.missing"),
        ("fee_schedules", lambda t: pl.concat([t, t]).sort("market"), "fee_schedules.repeated"),
    ],
)
def test_a_damaged_dictionary_is_found_and_named(tmp_path, table, edit, fault):
    assert fault in faults(damaged(tmp_path, table, edit))


def test_an_unreadable_table_is_a_fault_of_its_own(tmp_path):
    dataset = write_dataset(tmp_path, trades=[{}], prices=[{"ts": 1}])
    (dataset.path / dataset.manifest.tables["prices"].files[0]).write_bytes(b"nonsense, nonsense, nonsense")
    assert "prices.unreadable" in faults(Dataset.open(dataset.path))


def test_no_transaction_is_no_unknown_transaction(tmp_path):
    assert faults(write_dataset(tmp_path, trades=[{"transaction": NO_ID}])) == []


def test_a_seller_of_nothing_must_be_marked(tmp_path):
    dataset = write_dataset(tmp_path / "a", trades=[{"side": 1}])
    assert faults(dataset) == ["wallets.oversold_unmarked"]
    wallets = table_frame("wallets", [{"truncated": True, "truncation_reason": "sells_exceed_buys"}]).rows(named=True)
    assert faults(write_dataset(tmp_path / "b", trades=[{"side": 1}], wallets=wallets)) == []


def test_notes_count_what_a_reader_should_know(tmp_path):
    late = (T0 + 9_001) * NANOS
    dataset = write_dataset(tmp_path, trades=[{}, {"dup_rank": 1}, {"ts": late}], rejects=[{"reason": "x"}])
    found = notes(dataset)
    assert (found["trades.duplicates"], found["trades.after_resolution"], found["rejects"]) == (1, 1, 1)
    assert found["fee_schedules.inferred"] == 2
    assert found["markets.resolved"] == 1


def test_two_winners_of_a_neg_risk_group_are_noted(tmp_path):
    row = {
        "resolved": True,
        "payout0_micro": 10**6,
        "resolved_ts_kind": "unknown",
        "resolved_ts": None,
        "event_group": "e",
    }
    markets = [{**row, "market": n, "condition_id": cid(n), "neg_risk": True} for n in range(2)]
    assert notes(write_dataset(tmp_path, markets=markets))["markets.groups_with_two_winners"] == 1


def test_progress_is_told_step_by_step(tmp_path):
    steps = []
    verify(write_dataset(tmp_path), lambda step, done, total: steps.append((step, done, total)))
    assert [done for _, done, _ in steps] == list(range(len(steps)))
    assert {total for _, _, total in steps} == {len(steps)}
