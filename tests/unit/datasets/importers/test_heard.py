"""What a live run heard becomes a dataset: each fill once, whole or marked, and behind the venue's own record."""

import json

import msgspec
import pytest

from tests.support.venue_rows import MARKET, NO, NS, OTHER, START, WALLET, YES, book, end, fill, meta, tx
from whaletrader.adapters.polymarket.live_feed import LiveFeed
from whaletrader.adapters.polymarket.live_rows import stored
from whaletrader.adapters.polymarket.live_store import LiveStore
from whaletrader.datasets.importers import heard
from whaletrader.datasets.importers.run import import_any, import_heard
from whaletrader.datasets.importers.staging import StagingArea
from whaletrader.datasets.importers.streamed import StreamedAssembly
from whaletrader.datasets.importers.stretches import HOLED
from whaletrader.datasets.live_batches import Batch, StoredChange, StoredFill, decode_batch, encode_batch, read_stored
from whaletrader.datasets.raw_pages import RawPage, encode_page
from whaletrader.datasets.schema import NO_ID
from whaletrader.datasets.verify import verify
from whaletrader.errors import DataError, SchemaError, UsageError


def feed_of(run, **more):
    return LiveFeed(run / "live", **more)


def named(dataset):
    """The fills with their texts, first copies only."""
    texts = {
        table: dict(enumerate(dataset.table(table)[column]))
        for table, column in (("wallets", "address"), ("tokens", "token_id"), ("transactions", "tx_hash"))
    }
    trades = dataset.table("trades")
    return sorted(
        (
            row["ts"],
            texts["transactions"].get(row["transaction"], ""),
            texts["wallets"][row["wallet"]],
            texts["tokens"][row["token"]],
            row["side"],
            row["price_micro"],
            row["size_micro"],
            row["role"],
            row["fee_micro"],
        )
        for row in trades.filter(trades["dup_rank"] == 0).iter_rows(named=True)
    )


def row_of(one, *, role=-1, fee=None):
    side = int(one.side == "SELL")
    return (
        one.ts_event, one.tx_hash, one.wallet, one.token_id, side, one.price_micro, one.size_micro, role, fee,
    )  # fmt: skip


def wallets(dataset):
    return {row["address"]: row["truncation_reason"] for row in dataset.table("wallets").iter_rows(named=True)}


def dropped(dataset):
    return {name: count for entry in dataset.manifest.sources for name, count in entry.dropped.items()}


def arrived(second):
    return START + second * NS


@pytest.fixture
def run(tmp_path):
    """A run that heard some fills of two wallets, a market, its end, and a book."""
    feed = feed_of(tmp_path / "0007")
    feed.add([meta()], arrived(0))
    feed.add([fill(10), fill(10, number=2, wallet=OTHER, side="SELL", token=NO)], arrived(1))
    feed.add([fill(5, at=9, number=3, role="taker", fee_micro=1200)], arrived(10))
    feed.add([book(((400_000, 5_000_000),), ((600_000, 7_000_000),))], arrived(11))
    feed.add([end(ts_event=arrived(19))], arrived(20))
    feed.close()
    return tmp_path / "0007"


def test_every_fill_that_was_heard_is_in_the_dataset_as_a_pull_would_have_it(run, tmp_path):
    dataset = import_any(run, tmp_path / "d").dataset
    first, second = fill(10), fill(10, number=2, wallet=OTHER, side="SELL", token=NO)
    third = fill(5, at=9, number=3)
    assert named(dataset) == sorted([row_of(first, role=0), row_of(second, role=0), row_of(third, role=1, fee=1200)])
    assert dataset.manifest.name == "run-0007"  # the market charges takers: who is told no fee was a maker
    assert [check.name for check in verify(dataset) if not check.ok] == []


def test_what_was_heard_of_a_market_and_its_end_is_in_the_dataset(run, tmp_path):
    dataset = import_heard(run / "live", tmp_path / "d").dataset
    (market,) = dataset.table("markets").iter_rows(named=True)
    assert (market["condition_id"], market["tick_micro"], market["neg_risk"]) == (MARKET, 10_000, False)
    assert (market["resolved"], market["payout0_micro"]) == (True, 1_000_000)
    assert (market["resolved_ts"], market["resolved_ts_kind"]) == (arrived(19), "exact")
    assert dataset.table("tokens")["token_id"].to_list() == [YES, NO]


def test_the_best_prices_that_were_heard_are_quotes(run, tmp_path):
    dataset = import_heard(run, tmp_path / "d").dataset
    (quote,) = dataset.table("quotes").iter_rows(named=True)
    assert (quote["ts"], quote["bid_micro"], quote["ask_micro"]) == (arrived(11), 400_000, 600_000)
    assert (quote["bid_size_micro"], quote["ask_size_micro"], quote["token"]) == (5_000_000, 7_000_000, 0)


def test_an_empty_side_of_a_book_is_no_price(tmp_path):
    feed = feed_of(tmp_path / "r")
    feed.add([meta(), fill(1), book((), ((600_000, 7_000_000),))], arrived(0))
    feed.close()
    (quote,) = import_heard(tmp_path / "r", tmp_path / "d").dataset.table("quotes").iter_rows(named=True)
    assert (quote["bid_micro"], quote["bid_size_micro"], quote["ask_micro"]) == (None, None, 600_000)


def test_equal_fills_of_one_transaction_are_several(tmp_path):
    feed = feed_of(tmp_path / "r")
    feed.add([meta(), fill(3, source="chain", log_index=1), fill(3, source="chain", log_index=2)], arrived(0))
    feed.close()
    dataset = import_heard(tmp_path / "r", tmp_path / "d").dataset
    assert [row[6] for row in named(dataset)] == [3_000_000, 3_000_000]


def test_a_fill_that_still_waits_for_its_market_is_told_once(tmp_path):
    feed = feed_of(tmp_path / "r")
    feed.watch([WALLET])
    feed.add([fill(4)], arrived(0))
    feed.close()
    assert len(named(import_heard(tmp_path / "r", tmp_path / "d").dataset)) == 1
    again = feed_of(tmp_path / "r")
    again.watch([WALLET])
    again.add([meta()], arrived(2))
    again.close()
    assert len(named(import_heard(tmp_path / "r", tmp_path / "d").dataset)) == 1


def test_an_import_while_the_run_goes_on_takes_what_is_whole_and_a_later_one_the_rest(tmp_path):
    run = tmp_path / "r"
    feed = feed_of(run)
    feed.add([meta(), fill(1)], arrived(0))
    assert len(named(import_heard(run, tmp_path / "d").dataset)) == 1
    assert import_heard(run, tmp_path / "d").nothing_to_do
    feed.add([fill(2, number=2, at=5)], arrived(5))
    (segment,) = (run / "live").glob("*.rows")
    torn = segment.read_bytes() + b"\x09\x00\x00\x00torn"
    feed.close()
    segment.write_bytes(torn)
    dataset = import_heard(run, tmp_path / "d").dataset
    assert len(named(dataset)) == 2
    assert len([entry for entry in dataset.manifest.sources if entry.table == "trades"]) == 1


def test_only_what_was_heard_by_a_time_is_imported_where_that_is_wished(tmp_path):
    run = tmp_path / "r"
    feed = feed_of(run)
    feed.add([meta(), fill(1)], arrived(0))
    feed.add([fill(2, number=2, at=5)], arrived(5))
    early = import_heard(run, tmp_path / "early", until_ts=arrived(4)).dataset
    before = early.fingerprint
    assert [row[6] for row in named(early)] == [1_000_000]
    feed.add([fill(3, number=3, at=9)], arrived(9))
    feed.close()
    late = import_heard(run, tmp_path / "late", until_ts=arrived(4)).dataset
    assert late.fingerprint == before, "what came later changes nothing"


def test_portions_make_no_difference(run, tmp_path, monkeypatch):
    whole = import_heard(run, tmp_path / "whole").dataset
    monkeypatch.setattr(heard, "PORTION", 1)
    assert import_heard(run, tmp_path / "small").dataset.fingerprint == whole.fingerprint


def test_prices_made_up_by_a_local_exchange_stay_simulated(tmp_path):
    feed = feed_of(tmp_path / "r", simulated=True)
    feed.add([meta(), fill(1)], arrived(0))
    feed.close()
    assert import_heard(tmp_path / "r", tmp_path / "d").dataset.simulated


def test_a_folder_without_segments_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(SchemaError, match="nothing that was heard live"):
        import_heard(tmp_path, tmp_path / "d")
    with pytest.raises(UsageError, match="no layout"):
        import_any(tmp_path, tmp_path / "d", "heard")


def test_a_missing_segment_is_told(run, tmp_path):
    (run / "live" / "live-000000.rows").rename(run / "live" / "live-000001.rows")
    with pytest.raises(DataError, match="missing"):
        list(read_stored(run / "live"))


def test_splits_and_merges_are_activity_of_the_market_and_conversions_of_their_tokens(tmp_path):
    store = LiveStore(tmp_path / "r" / "live")
    both = [
        StoredChange(WALLET, token, MARKET, outcome, "SPLIT", 4_000_000, START, tx(5))
        for outcome, token in enumerate((YES, NO))
    ]
    turned = StoredChange(OTHER, NO, MARKET, 1, "CONVERSION", 2_000_000, START + NS, tx(6))
    sold = msgspec.structs.replace(fill(4, number=7, side="SELL"), ts_event=START + 2 * NS)
    fills = [stored(sold, START), stored(fill(1, number=8, wallet=OTHER), START)]
    store.append(encode_batch(Batch(START, fills, [meta()], changes=[*both, turned])))
    store.close()
    dataset = import_heard(tmp_path / "r", tmp_path / "d").dataset
    rows = dataset.table("activity").select("kind", "size_micro", "market", "token").rows()
    assert rows == [("SPLIT", 4_000_000, 0, NO_ID), ("CONVERSION", 2_000_000, 0, 1)]
    assert wallets(dataset)[WALLET] == "gap", "what was split may be sold"


# What is whole


def test_whoever_was_heard_without_a_gap_is_whole_from_then_on(run, tmp_path):
    assert set(wallets(import_heard(run, tmp_path / "d").dataset).values()) == {"sells_exceed_buys", "bounded_window"}


def gappy(run, *, read=()):
    """Two stretches of listening with a gap between them, and readings of wallets' own records."""
    feed = feed_of(run)
    feed.add([meta(), fill(1), fill(1, number=2, wallet=OTHER)], arrived(0))
    feed.add([fill(1, number=3, at=100)], arrived(100))
    feed.mark_gap("rtds.orders_matched", arrived(10), arrived(20))
    feed.mark_gap("rtds.trades", arrived(40), arrived(60))
    for wallet, first, last in read:
        feed.mark_read(wallet, arrived(first), arrived(last))
    feed.add([fill(1, number=4, at=110)], arrived(110))
    feed.close()
    return run


def test_a_gap_in_the_stream_of_everybody_leaves_a_hole_in_every_wallet(tmp_path):
    dataset = import_heard(gappy(tmp_path / "r"), tmp_path / "d").dataset
    assert wallets(dataset) == {WALLET: "gap", OTHER: "gap"}


def test_a_gap_is_filled_for_the_wallets_whose_own_record_was_read(tmp_path):
    dataset = import_heard(gappy(tmp_path / "r", read=[(WALLET, 30, 70)]), tmp_path / "d").dataset
    assert wallets(dataset) == {WALLET: "bounded_window", OTHER: "gap"}


def test_a_reading_that_ends_within_the_gap_does_not_fill_it(tmp_path):
    dataset = import_heard(gappy(tmp_path / "r", read=[(WALLET, 30, 59)]), tmp_path / "d").dataset
    assert wallets(dataset)[WALLET] == "gap"


def test_the_time_between_two_processes_is_a_gap(tmp_path):
    for begin in (0, 1_000):
        feed = feed_of(tmp_path / "r")
        feed.add([meta(), fill(1, at=begin, number=begin + 1)], arrived(begin))
        feed.add([fill(1, at=begin + 9, number=begin + 2)], arrived(begin + 9))
        feed.close()
    assert wallets(import_heard(tmp_path / "r", tmp_path / "d").dataset) == {WALLET: "gap"}


def test_a_silent_stream_is_not_listened_to_however_much_others_tell(tmp_path):
    feed = feed_of(tmp_path / "r")
    feed.add([meta(), fill(1, source="chain")], arrived(0))
    feed.add([fill(1, source="chain", number=2, at=50)], arrived(50))
    feed.close()
    assert wallets(import_heard(tmp_path / "r", tmp_path / "d").dataset) == {WALLET: "gap"}


def test_a_store_without_notes_claims_nothing(tmp_path):
    folder = tmp_path / "r" / "live"
    feed = LiveFeed(folder)
    feed.add([meta(), fill(1)], arrived(0))
    feed.add([fill(1, number=2, at=50)], arrived(50))
    feed.close()
    batches = [msgspec.msgpack.decode(content) for content in read_stored(folder)]
    old = [msgspec.msgpack.encode(batch[:6]) for batch in batches]
    assert [decode_batch(content).notes for content in old] == [[], []]
    assert heard._Listening().table().is_empty()
    listening = heard._Listening()
    for content in old:
        listening.take(decode_batch(content))
    assert listening.table().is_empty()


# Beside what a pull brought


def page(source, body, **params):
    return encode_page(RawPage(source=source, params=params, fetched_ts=START, body=msgspec.Raw(json.dumps(body))))


def api_row(one):
    return {
        "proxy_wallet": one.wallet, "type": "TRADE", "side": one.side, "token_id": one.token_id,
        "condition_id": MARKET, "outcome_index": 0, "size": one.size_micro / 1e6, "price": one.price_micro / 1e6,
        "timestamp": one.ts_event // NS, "transaction_hash": one.tx_hash, "outcome": "Yes",
    }  # fmt: skip


def pull_of(folder, fills, *, since, until, coverage="complete"):
    raw = folder / "raw"
    raw.mkdir(parents=True)
    told = {"address": WALLET, "coverage": coverage, "since_s": START // NS + since, "until_s": START // NS + until}
    rows = {"data": [api_row(one) for one in fills], "pagination": {}}
    (raw / "trades-0001.jsonl").write_bytes(page("data_v2.activity", rows, user=WALLET))
    (raw / "coverage-0001.jsonl").write_bytes(page("pull.coverage", {"rows": [told]}))
    return folder


def test_what_a_pull_tells_of_a_fill_goes_before_what_was_heard_of_it(run, tmp_path):
    told = msgspec.structs.replace(fill(10), ts_event=START - 2 * NS, price_micro=510_000)
    pulled = pull_of(tmp_path / "p", [told], since=-100, until=5)
    into = tmp_path / "d"
    import_any(pulled, into)
    dataset = import_any(run, into).dataset
    mine = [row for row in named(dataset) if row[1] == tx(1)]
    assert [(row[0], row[5]) for row in mine] == [(START - 2 * NS, 510_000)]
    assert dropped(dataset)["told_by_the_record"] == 1
    assert len(named(dataset)) == 3
    assert wallets(dataset)[WALLET] == ""


def test_a_hole_between_a_pull_and_a_run_is_told(run, tmp_path):
    import_any(pull_of(tmp_path / "p", [fill(1, number=9, at=-50)], since=-100, until=-2), tmp_path / "d")
    assert wallets(import_any(run, tmp_path / "d").dataset)[WALLET] == "gap"
    later = pull_of(tmp_path / "p2", [fill(1, number=8, at=-1)], since=-100, until=2, coverage="bounded_window")
    assert wallets(import_any(later, tmp_path / "d").dataset)[WALLET] == ""


def test_two_runs_that_heard_the_same_tell_it_once(tmp_path):
    for name in ("r1", "r2"):
        feed = feed_of(tmp_path / name)
        late = 0 if name == "r1" else 1
        feed.add([meta(), fill(7, at=late)], arrived(0))
        feed.add([fill(1, number=2 + late, at=2)], arrived(2))
        feed.close()
        dataset = import_heard(tmp_path / name, tmp_path / "d").dataset
    assert sorted(row[6] for row in named(dataset)) == [1_000_000, 1_000_000, 7_000_000]


def test_a_dataset_too_large_for_memory_tells_the_same_of_a_run(run, tmp_path):
    told = msgspec.structs.replace(fill(10), price_micro=510_000)
    import_any(pull_of(tmp_path / "p", [told], since=-100, until=5), tmp_path / "d")
    ordinary = import_any(run, tmp_path / "d").dataset
    area = StagingArea(tmp_path / "d")
    streamed = StreamedAssembly(area, tmp_path / "streamed", "d", most_rows=1).run(lambda _step: None)
    assert named(streamed) == named(ordinary)
    assert wallets(streamed) == wallets(ordinary)
    assert dropped(streamed) == dropped(ordinary)


def test_a_wallet_with_a_hole_has_no_other_coverage():
    assert HOLED not in ("complete", "bounded_window", "sample")


def test_batches_of_a_store_are_the_same_for_whoever_reads(run):
    contents = list(read_stored(run / "live"))
    assert [encode_batch(decode_batch(content)) for content in contents] == contents
    assert [note.kind for content in contents for note in decode_batch(content).notes] == ["began"]
    assert isinstance(decode_batch(contents[1]), Batch)
    assert all(isinstance(one, StoredFill) for content in contents for one in decode_batch(content).fills)
