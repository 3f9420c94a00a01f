"""Segments as whoever does not write them reads them: whole batches, and nothing is changed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.venue_rows import START, fill, meta
from whaletrader.adapters.polymarket.live_feed import LiveFeed
from whaletrader.adapters.polymarket.live_store import LiveStore
from whaletrader.datasets.live_batches import (
    GAP,
    MAGIC,
    READ,
    Batch,
    SegmentNote,
    StoredNote,
    decode_batch,
    encode_batch,
    live_folder,
    read_stored,
    segment_name,
)
from whaletrader.errors import DataError

NOTE = SegmentNote(first_row=0, rows=1, first_ts=1, last_ts=2, sealed_ts=3)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.integers(0, 120))
def test_a_reader_sees_the_whole_batches_of_a_segment_that_is_being_written(tmp_path_factory, batches, torn):
    folder = tmp_path_factory.mktemp("live")
    store = LiveStore(folder)
    for batch in batches:
        store.append(b"x" + batch)
    store.close()
    path = folder / segment_name(0)
    if path.exists():
        path.write_bytes(path.read_bytes()[: max(len(MAGIC), path.stat().st_size - torn)])
    before = path.read_bytes() if path.exists() else b""
    found = list(read_stored(folder))
    assert found == [b"x" + batch for batch in batches][: len(found)]
    assert torn > 0 or len(found) == len(batches)
    assert (path.read_bytes() if path.exists() else b"") == before, "reading changes nothing"


def test_a_segment_that_others_follow_must_be_sealed(tmp_path):
    store = LiveStore(tmp_path)
    store.append(b"one")
    store.seal(NOTE)
    store.append(b"two")
    store.close()
    assert list(read_stored(tmp_path)) == [b"one", b"two"]
    first = tmp_path / segment_name(0)
    first.write_bytes(first.read_bytes()[:-3])
    with pytest.raises(DataError, match="cut off in its middle"):
        list(read_stored(tmp_path))


def test_what_is_no_segment_is_refused(tmp_path):
    (tmp_path / segment_name(0)).write_bytes(b"something else altogether")
    with pytest.raises(DataError, match="no segment of a live feed"):
        list(read_stored(tmp_path))


def test_a_run_s_folder_and_the_one_in_it_lead_to_the_same_segments(tmp_path):
    assert live_folder(tmp_path) is None
    feed = LiveFeed(tmp_path / "live")
    feed.add([meta(), fill(1)], START)
    feed.close()
    assert live_folder(tmp_path) == live_folder(tmp_path / "live") == tmp_path / "live"


def test_gaps_and_readings_are_kept_with_the_next_batch_and_only_once(tmp_path):
    feed = LiveFeed(tmp_path / "live")
    feed.add([meta(), fill(1)], START)
    feed.mark_gap("rtds.trades", 1, 2)
    feed.mark_read("0xa", 3, 4)
    feed.add([fill(1, number=2)], START + 1)
    feed.add([fill(1, number=3)], START + 2)
    feed.close()
    notes = [decode_batch(content).notes for content in read_stored(tmp_path / "live")]
    assert [len(each) for each in notes] == [1, 2, 0]
    assert notes[1] == [StoredNote(GAP, "rtds.trades", 1, 2), StoredNote(READ, "0xa", 3, 4)]


def test_a_batch_without_the_newer_columns_is_read_as_one_that_has_nothing_in_them():
    batch = decode_batch(encode_batch((START, [], [], [], [], [])))
    assert batch == Batch(START, [])
