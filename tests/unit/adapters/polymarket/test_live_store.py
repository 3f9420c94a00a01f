"""Segments on disk: batches whole or not at all, sealed files that must not change."""

import hashlib
import resource
import signal
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.adapters.polymarket.live_store import LiveStore
from whaletrader.datasets.live_batches import SegmentNote
from whaletrader.errors import DataError


def opened(folder):
    store = LiveStore(folder)
    return store, list(store.load())


def note(rows=1):
    return SegmentNote(first_row=0, rows=rows, first_ts=1, last_ts=2, sealed_ts=3)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=50), st.just("seal")), max_size=12), st.integers(0, 200))
def test_what_is_loaded_is_what_was_whole_on_disk(tmp_path_factory, steps, torn):
    folder = tmp_path_factory.mktemp("live")
    store, batches = opened(folder)
    assert batches == []
    kept, segments = [], 0
    for step in steps:
        if step == "seal":
            if store.open_bytes:
                store.seal(note())
                segments += 1
        else:
            store.append(b"x" + step)
            kept.append(b"x" + step)
    store.close()
    again, found = opened(folder)
    assert found == kept
    assert again.segments == store.segments
    assert len(again.segments) == segments
    again.append(b"more")
    again.close()
    path = sorted(folder.glob("*.rows"))[-1]
    content = path.read_bytes()
    path.write_bytes(content[: max(len(content) - 1 - torn, 0)])
    third, rest = opened(folder)
    assert rest == [*kept, b"more"][: len(rest)]
    assert len(rest) <= len(kept)
    third.append(b"on")
    third.close()
    assert opened(folder)[1] == [*rest, b"on"]


def test_a_batch_is_in_the_file_before_append_returns(tmp_path):
    store, _ = opened(tmp_path)
    store.append(b"hello")
    assert b"hello" in (tmp_path / "live-000000.rows").read_bytes()


def test_a_sealed_segment_has_the_hash_of_its_file(tmp_path):
    store, _ = opened(tmp_path)
    store.append(b"hello")
    segment = store.seal(note(rows=5))
    content = (tmp_path / "live-000000.rows").read_bytes()
    assert segment.sha256 == hashlib.sha256(content).hexdigest()
    assert (segment.segment_id, segment.rows, segment.sealed_ts) == ("live-000000", 5, 3)
    store.append(b"next")
    assert store.number == 1
    store.close()
    again, batches = opened(tmp_path)
    assert again.segments == [segment]
    assert batches == [b"hello", b"next"]


def test_the_hash_of_a_segment_written_by_two_processes_is_that_of_its_file(tmp_path):
    first, _ = opened(tmp_path)
    first.append(b"one")
    first.close()
    second, _ = opened(tmp_path)
    second.append(b"two")
    segment = second.seal(note())
    assert segment.sha256 == hashlib.sha256((tmp_path / "live-000000.rows").read_bytes()).hexdigest()


def test_a_flipped_bit_in_the_middle_of_a_former_segment_is_an_error(tmp_path):
    store, _ = opened(tmp_path)
    store.append(b"a" * 100)
    store.seal(note())
    store.append(b"b")
    store.close()
    path = tmp_path / "live-000000.rows"
    content = bytearray(path.read_bytes())
    content[60] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(DataError, match="cut off"):
        opened(tmp_path)


def test_a_file_of_something_else_is_an_error(tmp_path):
    (tmp_path / "live-000000.rows").write_bytes(b"something else altogether")
    with pytest.raises(DataError, match="no segment"):
        opened(tmp_path)


def test_closing_twice_does_no_harm(tmp_path):
    store, _ = opened(tmp_path)
    store.append(b"x")
    store.close()
    store.close()
    store.append(b"y")
    store.close()
    assert opened(tmp_path)[1] == [b"x", b"y"]


def test_a_full_disk_leaves_the_file_as_it_was_and_says_what_to_do(tmp_path):
    store, _ = opened(tmp_path)
    store.append(b"kept")
    before = (tmp_path / "live-000000.rows").read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, limits[1]))
    try:
        with pytest.raises(DataError, match="make room"):
            store.append(b"x" * 1_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert (tmp_path / "live-000000.rows").read_bytes() == before
    store.append(b"later")
    store.close()
    assert opened(tmp_path)[1] == [b"kept", b"later"]


def test_killed_at_any_moment_what_was_told_as_written_is_there(tmp_path):
    child = (
        "import sys, pathlib\n"
        "from whaletrader.adapters.polymarket.live_store import LiveStore\n"
        "store = LiveStore(pathlib.Path(sys.argv[1]))\n"
        "list(store.load())\n"
        "number = 0\n"
        "while True:\n"
        "    store.append(b'%06d' % number * 50)\n"
        "    print(number, flush=True)\n"
        "    number += 1\n"
    )
    told = -1
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", child, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as process:
            for line in process.stdout:
                told += 1
                if line.strip() == "40":
                    process.kill()
                    break
        rest = opened(tmp_path)[1]
        assert len(rest) > told
        told = len(rest) - 1
    assert [batch[:6] for batch in opened(tmp_path)[1][:41]] == [b"%06d" % number for number in range(41)]


def test_a_segment_that_could_not_even_be_begun_is_begun_when_there_is_room(tmp_path):
    store, _ = opened(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5, limits[1]))
    try:
        with pytest.raises(DataError, match="make room"):
            store.append(b"first")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    store.append(b"first")
    store.append(b"second")
    store.close()
    assert opened(tmp_path)[1] == [b"first", b"second"]
