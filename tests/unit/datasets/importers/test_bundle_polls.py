"""What pollers wrote: position signals and position snapshots."""

import math

import polars as pl
import pytest

from tests.unit.datasets.tiny import T0, cid, market_row, wallet, write_bundle
from whaletrader.datasets.importers.run import import_bundle
from whaletrader.domain.values import NANOS

MARKETS = [market_row(1, outcome0="Lions", outcome1="Bears"), market_row(2)]
NEW = {
    "alert_ts": T0,
    "wallet": wallet(1),
    "condition_id": cid(1),
    "outcome_index": 1,
    "size": 100.0,
    "avg_price": 0.3,
    "cur_price_at_alert": 0.35,
    "prev_seen_ts": T0 - 900,
}
SEEN = {
    "wallet": wallet(1),
    "condition_id": cid(1),
    "outcome": "Bears",
    "action": "open",
    "price": 0.5,
    "size": 50.0,
    "detected_at_ms": 0,
}
HELD = {
    "wallet": wallet(1),
    "condition_id": cid(1),
    "outcome_index": 0,
    "size": 10.0,
    "avg_price": 0.4,
    "total_bought": 20.0,
    "realized_pnl": -1.5,
    "cur_price": 0.45,
    "redeemable": False,
    "first_seen_ts": T0,
    "last_seen_ts": T0 + 60,
}


def dataset_of(tmp_path, file, *rows):
    folder = write_bundle(tmp_path / "bundle", MARKETS)
    types = {"outcome_index": pl.Int8, "alert_ts": pl.Int64, "prev_seen_ts": pl.Int64}
    pl.DataFrame(rows, schema_overrides=types).write_parquet(folder / file)
    return import_bundle(folder, tmp_path / "dataset").dataset


def new_positions(tmp_path, *changes):
    return dataset_of(tmp_path, "leader_new_positions.parquet", *({**NEW, **change} for change in changes))


def signals(tmp_path, *changes):
    return dataset_of(tmp_path, "leader_position_signals.parquet", *({**SEEN, **change} for change in changes))


def positions(tmp_path, *changes):
    return dataset_of(tmp_path, "positions.parquet", *({**HELD, **change} for change in changes))


def entry_of(dataset, table):
    return next(entry for entry in dataset.manifest.sources if entry.table == table)


def test_a_new_position_keeps_both_times_and_both_prices(tmp_path):
    row = new_positions(tmp_path, {}).table("signals").row(0, named=True)
    assert (row["ts"], row["prev_seen_ts"]) == (T0 * NANOS, (T0 - 900) * NANOS)
    assert (row["avg_price_micro"], row["price_micro"], row["size_micro"]) == (300_000, 350_000, 100_000_000)
    assert (row["token"], row["market"], row["outcome_index"]) == (1, 0, 1)


@pytest.mark.parametrize("average", [-0.01, 1.5])
def test_an_impossible_average_price_is_removed_and_the_rest_kept(tmp_path, average):
    dataset = new_positions(tmp_path, {"avg_price": average})
    assert dataset.table("signals")["avg_price_micro"].to_list() == [None]
    assert entry_of(dataset, "signals").mended["average_price_removed"] == 1


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"cur_price_at_alert": math.nan}, "price_missing"),
        ({"cur_price_at_alert": 1.2}, "price_above_one"),
        ({"size": 0.0}, "size_not_positive"),
        ({"prev_seen_ts": T0 + 1}, "seen_after_alert"),
        ({"alert_ts": None}, "time_missing"),
        ({"wallet": ""}, "wallet_missing"),
        ({"outcome_index": None}, "outcome_unknown"),
    ],
)
def test_a_bad_signal_is_rejected(tmp_path, bad, reason):
    dataset = new_positions(tmp_path, {}, bad)
    assert dataset.table("signals").height == 1
    assert dataset.table("rejects")["reason"].to_list() == [reason]


def test_an_open_that_every_poll_repeats_is_one_signal(tmp_path):
    polls = [{"condition_id": cid(2), "outcome": "Yes"}, *({"detected_at_ms": ms} for ms in (10, 20, 30))]
    dataset = signals(tmp_path, *({**poll, "detected_at_ms": poll.get("detected_at_ms", 1)} for poll in polls))
    assert dataset.table("signals").select("ts", "prev_seen_ts").rows() == [(10_000_000, 1_000_000)]
    assert entry_of(dataset, "signals").dropped == {"open_at_first_poll": 1, "open_repeated": 2}


def test_an_increase_counts_each_time(tmp_path):
    rows = [{"detected_at_ms": 1}, *({"detected_at_ms": ms, "action": "increase"} for ms in (2, 3))]
    assert signals(tmp_path, *rows).table("signals")["ts"].to_list() == [2_000_000, 3_000_000]


def test_the_size_of_a_polled_signal_is_dollars(tmp_path):
    rows = [{"detected_at_ms": 1, "condition_id": cid(2), "outcome": "No"}, {"detected_at_ms": 2}]
    assert signals(tmp_path, *rows).table("signals")["size_micro"].to_list() == [100_000_000]


def test_a_polled_outcome_is_found_by_its_label(tmp_path):
    rows = [{"detected_at_ms": 1, "condition_id": cid(2), "outcome": "No"}, {"detected_at_ms": 2}]
    dataset = signals(tmp_path, *rows)
    assert dataset.table("signals")["token"].to_list() == [1]
    assert entry_of(dataset, "signals").mended["outcome_from_dictionary"] == 1


def test_a_close_is_no_entry(tmp_path):
    dataset = signals(tmp_path, {"action": "close", "detected_at_ms": 5})
    assert not dataset.has("signals")
    assert entry_of(dataset, "signals").dropped == {"closing_signal": 1}


def test_a_polled_signal_without_a_price_is_rejected(tmp_path):
    dataset = signals(tmp_path, {"detected_at_ms": 1}, {"detected_at_ms": 2, "price": 0.0, "action": "increase"})
    assert not dataset.has("signals")


def test_a_position_keeps_its_values(tmp_path):
    row = positions(tmp_path, {}).table("positions").row(0, named=True)
    assert (row["size_micro"], row["total_bought_micro"], row["realized_pnl_micro"]) == (10**7, 2 * 10**7, -1_500_000)
    assert (row["first_seen_ts"], row["last_seen_ts"]) == (T0 * NANOS, (T0 + 60) * NANOS)
    assert (row["price_micro"], row["avg_price_micro"], row["redeemable"]) == (450_000, 400_000, False)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"cur_price": -0.5}, "price_negative"),
        ({"size": -1.0}, "size_not_positive"),
        ({"first_seen_ts": 0}, "time_missing"),
        ({"wallet": None}, "wallet_missing"),
    ],
)
def test_a_bad_position_is_rejected(tmp_path, bad, reason):
    dataset = positions(tmp_path, {}, bad)
    assert dataset.table("positions").height == 1
    assert entry_of(dataset, "positions").dropped == {reason: 1}
