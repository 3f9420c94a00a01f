"""No operator's command is lost or done twice, wherever the process dies, and the last one still counts."""

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.messages import example, seen
from whaletrader.adapters.memory.store import MemoryEventStore
from whaletrader.config.tree import RuntimeSettings
from whaletrader.messages.envelope import Message
from whaletrader.messages.market import SegmentSealed
from whaletrader.messages.risk import OperatorCommand
from whaletrader.runtime import operator as module
from whaletrader.runtime.engine import Engine
from whaletrader.runtime.operator import Operator, write_command
from whaletrader.runtime.records import to_message


class Days:
    """Tells of one segment an instant, as many as there are."""

    name = "days"
    rank = 10
    keeps_alive = True

    def __init__(self, count: int) -> None:
        self.count, self.told = count, 0

    def peek(self) -> int | None:
        return 100 + self.told if self.told < self.count else None

    def take(self) -> Message:
        return seen(example(SegmentSealed, segment_id=str(self.told)), 100 + self.told)

    def observe(self, message: Message) -> None:
        self.told += isinstance(message.payload, SegmentSealed)

    def snapshot(self) -> bytes:
        return msgspec.msgpack.encode(self.told)

    def restore(self, state: bytes) -> None:
        self.told = msgspec.msgpack.decode(state)


class Process:
    """One life of a run: its control folder and its log outlive it."""

    def __init__(self, store: MemoryEventStore, control: Path, days: int = 6) -> None:
        self.store = store
        source = Days(days)
        self.operator = Operator(control, account_id="paper", description="run", first_ts=50, others=[source])
        self.engine = Engine(
            store,
            [],
            "paper",
            sources=[self.operator, source],
            settings=RuntimeSettings(batch_messages=4, batch_delay_ms=10_000, snapshot_every=4),
        )
        self.engine.start()

    def end(self) -> None:
        """Run to the end and leave as a clean run does."""
        self.engine.run()
        self.engine.close()
        self.operator.tidy()


def commands(store: MemoryEventStore) -> list[str]:
    """The commands that are in the log, as "COMMAND argument"."""
    payloads = [to_message(record).payload for record in store.read() if record.type == "OperatorCommand"]
    return [f"{each.command} {each.argument}" for each in payloads if isinstance(each, OperatorCommand)]


@pytest.fixture
def control(tmp_path: Path) -> Path:
    return tmp_path


def test_a_command_that_comes_after_the_last_fact_is_taken_before_the_end(control: Path) -> None:
    process = Process(MemoryEventStore(), control)
    while process.operator.peek() is None or process.engine.clock < 105:
        process.engine.step()
    write_command(control, "KILL", argument="late", now_ns=1)
    process.end()
    assert commands(process.store) == ["START run", "KILL late", "END "]
    assert list(control.iterdir()) == []


def test_a_command_that_comes_after_the_end_is_left_to_the_next_run(control: Path) -> None:
    first = Process(MemoryEventStore(), control)
    first.engine.run()
    late = write_command(control, "KILL", argument="later", now_ns=1)
    first.operator.tidy()
    assert list(control.iterdir()) == [late]
    second = Process(MemoryEventStore(), control)
    second.end()
    assert commands(second.store) == ["START run", "KILL later", "END "]


def test_a_command_that_was_taken_and_not_committed_is_taken_again(control: Path) -> None:
    write_command(control, "KILL", argument="x", now_ns=1)
    first = Process(MemoryEventStore(), control)
    first.engine.step()
    first.engine.step()
    assert commands(first.store) == [], "nothing is on disk yet"
    second = Process(first.store, control)
    second.end()
    assert commands(second.store) == ["START run", "KILL x", "END "]


def test_a_control_folder_that_cannot_be_written_halts_nothing(control: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_command(control, "KILL", argument="x", now_ns=1)
    (control / "2.json").write_text("no command")

    def refuse(self: Path, *_args: object, **_given: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    process = Process(MemoryEventStore(), control)
    process.end()
    assert commands(process.store) == ["START run", "KILL x", "END "]


def test_a_reason_of_any_length_or_bytes_is_still_a_kill(control: Path) -> None:
    for number, reason in enumerate(["x" * 100_000, os.fsdecode(b"\xff\xfe"), "🐋" * 10_000, "\x00\x1f" * 400]):
        write_command(control, "KILL", argument=reason, operator=reason, now_ns=number)
    process = Process(MemoryEventStore(), control)
    process.end()
    assert len(commands(process.store)) == 6
    assert [name for name in os.listdir(control) if name.endswith(".refused")] == []


def test_commands_of_one_instant_are_all_taken(control: Path) -> None:
    for number in range(5):
        write_command(control, "PRUNE", argument=str(number), now_ns=7)
    process = Process(MemoryEventStore(), control)
    process.end()
    assert sorted(commands(process.store)[1:-1]) == [f"PRUNE {number}" for number in range(5)]


def test_a_folder_that_is_called_like_a_command_is_left_alone(control: Path) -> None:
    (control / "1.json").mkdir()
    process = Process(MemoryEventStore(), control)
    process.end()
    assert commands(process.store) == ["START run", "END "]
    assert (control / "1.json").is_dir()


ACTS = st.lists(st.sampled_from(["write", "step", "step", "crash", "stop"]), max_size=25)


@settings(max_examples=60, deadline=None)
@given(acts=ACTS)
def test_every_command_is_recorded_once_whatever_happens_to_the_process(acts: Sequence[str]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "_POLL_EVERY", 2)
        control, store, written = Path(folder), MemoryEventStore(), 0
        process = Process(store, control)
        for act in acts:
            if act == "write":
                written += 1
                write_command(control, "PRUNE", argument=str(written), now_ns=written)
            elif act == "step":
                process.engine.step()
            else:
                if act == "stop":
                    process.engine.close()
                    process.operator.tidy()
                process = Process(store, control)
        over = process.operator.ended
        process.end()
        found = commands(store)
        assert found[0] == "START run"
        assert [each for each in found if each.startswith(("START", "END"))] == ["START run", "END "]
        expected = [f"PRUNE {number + 1}" for number in range(written)]
        left = len(list(control.iterdir()))
        assert found[1:-1] == expected[: written - left]
        assert over or left == 0
