"""The kill latch needs nobody alive, keeps its first reason, and holds where in doubt."""

import os
import threading

import pytest

from whaletrader.errors import StorageError
from whaletrader.runtime.latch import KillLatch


@pytest.fixture
def latch(tmp_path):
    return KillLatch(tmp_path / "kill.latch")


def test_a_latch_that_nobody_threw_is_open(latch):
    assert not latch.thrown()
    assert latch.read() is None


def test_a_thrown_latch_says_why_and_when(latch):
    latch.throw("fat finger", 7)
    assert latch.thrown()
    assert (latch.read().reason, latch.read().ts) == ("fat finger", 7)


def test_another_process_sees_it(latch):
    KillLatch(latch.path).throw("from outside", 1)
    assert latch.thrown()


def test_the_first_reason_stays(latch):
    latch.throw("first", 1)
    assert latch.throw("second", 2).reason == "first"
    assert latch.read().reason == "first"


def test_only_clearing_opens_it_again(latch):
    latch.throw("why", 1)
    assert latch.clear()
    assert not latch.thrown()
    assert not latch.clear()


@pytest.mark.parametrize("content", [b"", b"{", b'{"reason": 3}', b"\xff\xfe"])
def test_a_file_that_says_nothing_still_kills(latch, content):
    latch.path.write_bytes(content)
    assert latch.thrown()
    assert "does not say why" in latch.read().reason


def test_what_cannot_be_looked_at_counts_as_thrown(tmp_path):
    (tmp_path / "file").write_text("")
    assert KillLatch(tmp_path / "file" / "kill.latch").thrown()


def test_where_it_cannot_be_thrown_it_says_so(tmp_path):
    with pytest.raises(StorageError, match="stop the process instead"):
        KillLatch(tmp_path / "missing" / "kill.latch").throw("why", 1)


def test_of_many_who_throw_it_at_once_exactly_one_reason_stays(latch):
    start = threading.Barrier(8)

    def throw(number):
        start.wait()
        latch.throw(f"reason {number}", number)

    threads = [threading.Thread(target=throw, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert latch.read().reason == f"reason {latch.read().ts}"
    assert os.listdir(latch.path.parent) == ["kill.latch"]
