"""A run begins with START, ends with END when nothing else is to come, and takes commands in between, each once."""

import pytest

from tests.support.messages import example, seen
from whaletrader.errors import StorageError, UsageError
from whaletrader.messages.market import SegmentSealed
from whaletrader.messages.risk import OperatorCommand
from whaletrader.runtime.operator import COMMANDS, Operator, drop_commands, write_command


class Other:
    """A source that has something to tell until it is told to stop."""

    def __init__(self):
        self.next_ts = 5

    def peek(self):
        return self.next_ts


@pytest.fixture
def control(tmp_path):
    return tmp_path


def made(control, other=None):
    others = (other,) if other else (Other(),)
    return Operator(control, account_id="paper", description="a run", first_ts=3, others=others)


def step(operator):
    message = operator.take()
    operator.observe(message)
    return message


def begun(control, other=None):
    operator = made(control, other)
    step(operator)
    return operator


def test_the_first_fact_is_start_with_the_runs_description(control):
    operator = made(control)
    assert (operator.peek(), operator.keeps_alive) == (3, True)
    start = step(operator)
    assert (start.payload.command, start.payload.argument, start.ts_init) == ("START", "a run", 3)
    assert operator.started == "a run"
    assert operator.peek() is None


def test_end_comes_when_no_other_source_has_anything_to_tell_and_only_once(control):
    other = Other()
    operator = begun(control, other)
    assert operator.peek() is None
    other.next_ts = None
    assert operator.peek() == 3
    assert step(operator).payload.command == "END"
    assert operator.ended
    assert (operator.peek(), operator.keeps_alive) == (None, False)


def test_a_command_gets_the_clock_of_the_run(control):
    operator = made(control)
    step(operator)
    operator.observe(seen(example(SegmentSealed), 99))
    write_command(control, "KILL", argument="too much", operator="ann", now_ns=1)
    assert operator.peek() == 99
    message = step(operator)
    assert (message.payload.command, message.payload.argument, message.payload.operator) == ("KILL", "too much", "ann")
    assert message.ts_init == 99


def test_a_recorded_command_is_not_taken_again_also_after_a_restart(control):
    write_command(control, "PRUNE", argument="0xabc", now_ns=1)
    operator = begun(control)
    operator.peek()
    recorded = step(operator)
    again = made(control)
    again.observe(seen(OperatorCommand(account_id="paper", command="START", argument="a run", operator=""), 3))
    again.observe(recorded)
    restored = made(control)
    restored.restore(operator.snapshot())
    for each in (operator, again, restored):
        assert each.peek() is None


def test_tidying_removes_what_was_recorded_and_nothing_else(control):
    write_command(control, "KILL", now_ns=1)
    operator = begun(control)
    operator.peek()
    step(operator)
    late = write_command(control, "RESUME", now_ns=2)
    operator.tidy()
    assert list(control.iterdir()) == [late]


def test_commands_are_taken_in_the_order_of_their_names(control):
    for number, command in enumerate(("RESUME", "KILL"), start=1):
        write_command(control, command, now_ns=number)
    operator = begun(control)
    operator.peek()
    assert [step(operator).payload.command for _ in range(2)] == ["RESUME", "KILL"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "MALFORMED"),
        (b"{}", "MALFORMED"),
        (b"[1]", "MALFORMED"),
        (b'{"command": 1}', "MALFORMED"),
        (b'{"command": "KI', "MALFORMED"),
        (b"\xff" * 10, "MALFORMED"),
        (b'{"command": "FLY"}', "UNKNOWN_TYPE"),
        (b'{"command": "KILL", "argument": "' + b"x" * 20_000 + b'"}', "OVERSIZED"),
    ],
)
def test_what_is_no_command_is_recorded_once_as_a_dead_letter_and_put_aside(control, content, reason):
    (control / "1.json").write_bytes(content)
    operator = begun(control)
    assert operator.peek() == 3
    letter = step(operator)
    assert (letter.payload.source, letter.payload.reason) == ("operator", reason)
    assert (letter.payload.size_bytes, letter.payload.head) == (len(content), content[:256])
    assert operator.peek() is None
    restored = made(control)
    restored.restore(operator.snapshot())
    assert restored.peek() is None
    operator.tidy()
    assert [path.name for path in control.iterdir()] == ["1.refused"]


def test_a_half_written_command_is_not_seen(control):
    (control / "1.partial").write_text('{"command": "KILL"}')
    assert begun(control).peek() is None


def test_an_unknown_command_is_refused_by_name(control):
    with pytest.raises(UsageError, match="RESET_BREAKER"):
        write_command(control, "START", now_ns=1)
    assert {"KILL", "RESUME", "RESET_BREAKER", "PRUNE"} == COMMANDS


def test_a_command_that_cannot_be_written_says_where(tmp_path):
    with pytest.raises(StorageError, match="missing"):
        write_command(tmp_path / "missing", "KILL", now_ns=1)


def test_a_missing_control_folder_is_no_command(tmp_path):
    assert begun(tmp_path / "missing").peek() is None


def test_commands_of_a_run_that_is_left_behind_are_forgotten(control):
    write_command(control, "RESUME", now_ns=1)
    write_command(control, "PRUNE", argument="0xabc", now_ns=2)
    assert drop_commands(control) == 2
    assert drop_commands(control) == 0
