"""Whatever lies at the latch's path, it fails closed: for the effects, for the signer, and for who throws it."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.messages import example
from whaletrader.adapters.local.keys import OrderKey
from whaletrader.adapters.local.signer import LocalSigner
from whaletrader.errors import SignerRefusal, StorageError
from whaletrader.messages.orders import SubmitOrder
from whaletrader.messages.risk import ApprovalBounds
from whaletrader.runtime.latch import KillLatch


def empty(path: Path) -> None:
    path.touch()


def folder(path: Path) -> None:
    path.mkdir()


def full_folder(path: Path) -> None:
    path.mkdir()
    (path / "something").touch()


def link_that_leads_nowhere(path: Path) -> None:
    path.symlink_to(path.with_name("gone"))


def link_in_a_circle(path: Path) -> None:
    path.symlink_to(path)


def link_to_a_file(path: Path) -> None:
    path.with_name("elsewhere").write_text("{}")
    path.symlink_to(path.with_name("elsewhere"))


def pipe(path: Path) -> None:
    os.mkfifo(path)


def half_written(path: Path) -> None:
    path.write_bytes(b'{"reason": "fat fin')


def other_json(path: Path) -> None:
    path.write_text('["killed"]')


def huge(path: Path) -> None:
    path.write_bytes(b"x" * 1_000_000)


ODD: list[Callable[[Path], None]] = [
    empty,
    folder,
    full_folder,
    link_that_leads_nowhere,
    link_in_a_circle,
    link_to_a_file,
    half_written,
    other_json,
    huge,
    pipe,
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kill.latch"


@pytest.mark.parametrize("put", ODD, ids=lambda put: put.__name__)
def test_whatever_lies_there_kills(path: Path, put: Callable[[Path], None]) -> None:
    put(path)
    assert KillLatch(path).thrown()


@pytest.mark.parametrize("put", ODD, ids=lambda put: put.__name__)
def test_whatever_lies_there_has_a_reason_to_show(path: Path, put: Callable[[Path], None]) -> None:
    put(path)
    told = KillLatch(path).read()
    assert told is not None
    assert told.reason


@pytest.mark.parametrize("put", ODD, ids=lambda put: put.__name__)
def test_throwing_it_again_leaves_it_thrown(path: Path, put: Callable[[Path], None]) -> None:
    put(path)
    latch = KillLatch(path)
    assert latch.throw("again", 2).reason
    assert latch.thrown()


@pytest.mark.parametrize("put", ODD, ids=lambda put: put.__name__)
def test_clearing_opens_it_or_says_that_it_cannot(path: Path, put: Callable[[Path], None]) -> None:
    put(path)
    latch = KillLatch(path)
    if path.is_dir() and not path.is_symlink():
        with pytest.raises(StorageError, match="cannot clear the kill latch"):
            latch.clear()
        assert latch.thrown()
    else:
        assert latch.clear()
        assert not latch.thrown()


@pytest.mark.parametrize("put", ODD, ids=lambda put: put.__name__)
def test_the_signer_sees_what_the_effects_see(path: Path, put: Callable[[Path], None]) -> None:
    signer = LocalSigner(":memory:", OrderKey(b"\x01" * 32), {}, path)
    with pytest.raises(SignerRefusal, match="seal does not hold"):
        signer.sign(example(SubmitOrder), example(ApprovalBounds), b"", "key")
    put(path)
    with pytest.raises(SignerRefusal, match="kill latch is thrown"):
        signer.sign(example(SubmitOrder), example(ApprovalBounds), b"", "key")
    signer.close()


def test_a_reason_of_any_letters_is_kept(path: Path) -> None:
    reason = 'Ärger mit "Anführung" \\ und \n Zeilen 🐋'
    KillLatch(path).throw(reason, 1)
    assert KillLatch(path).read().reason == reason


def test_a_reason_that_is_no_text_kills_all_the_same(path: Path) -> None:
    KillLatch(path).throw("bytes \udcff", 1)
    assert KillLatch(path).thrown()
    assert KillLatch(path).read().reason


def test_the_latch_can_be_cleared_by_others_who_own_the_folder_and_read_by_all(path: Path) -> None:
    KillLatch(path).throw("why", 1)
    assert stat.S_IMODE(path.stat().st_mode) & 0o444 == 0o444


def test_a_latch_that_is_thrown_cleared_and_thrown_again_has_the_new_reason(path: Path) -> None:
    latch = KillLatch(path)
    for number in range(3):
        latch.throw(f"reason {number}", number)
        assert latch.read().reason == f"reason {number}"
        assert latch.clear()
    assert not latch.clear()
