"""Inputs and their outputs are paired as they were when they were handled, in one pass."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.messages import example, seen
from whaletrader.errors import CorruptLogError
from whaletrader.messages.envelope import Message, derive
from whaletrader.messages.leaders import CopySignal
from whaletrader.messages.market import WhaleTradeObserved
from whaletrader.messages.orchestration import RunMarked
from whaletrader.runtime.walk import Entry, walk


def derived(cause: Message, index: int) -> Message:
    return derive(cause, account="a", agent="copy_signal", index=index, payload=example(CopySignal, edge_micro=index))


def log_of(shape: list[tuple[int, list[int]]]) -> tuple[list[Entry], dict[str, list[str]]]:
    """A log as the engine writes it: after each fact, how many outputs each message in turn leads to, breadth first.

    `shape` gives for each fact the number of marks before it, and the outputs of it and of what follows from it.
    """
    messages: list[Message] = []
    outputs: dict[str, list[str]] = {}
    for number, (marks, branching) in enumerate(shape):
        messages += [seen(example(RunMarked), number, f"mark {number} {mark}") for mark in range(marks)]
        queue = [seen(example(WhaleTradeObserved, size_micro=number), number)]
        messages += queue
        plan = iter(branching)
        while queue:
            cause = queue.pop(0)
            fresh = [derived(cause, index) for index in range(next(plan, 0))]
            outputs[cause.id] = [message.id for message in fresh]
            messages += fresh
            queue += fresh
    return list(enumerate(messages, start=1)), outputs


shapes = st.lists(st.tuples(st.integers(0, 2), st.lists(st.integers(0, 3), max_size=5)), max_size=8)


@settings(max_examples=100, deadline=None)
@given(shape=shapes)
def test_every_message_gets_its_own_outputs_in_order(shape: list[tuple[int, list[int]]]) -> None:
    entries, outputs = log_of(shape)
    walked = list(walk(entries, len(entries)))
    assert [(handled.offset, handled.message) for handled in walked] == entries
    for handled in walked:
        assert [message.id for _, message in handled.outputs] == outputs.get(handled.message.id, [])


def handled_outputs(entries: list[Entry], outputs: dict[str, list[str]], handled: int) -> list[Entry]:
    """What the log holds when only the messages up to `handled` were handled."""
    facts = {message.id for offset, message in entries if not message.cause_id and offset <= handled}
    caused = {one for offset, message in entries[:handled] for one in outputs.get(message.id, [])}
    return [entry for entry in entries if entry[1].id in facts | caused]


@settings(max_examples=100, deadline=None)
@given(shape=shapes, share=st.floats(0, 1))
def test_a_log_that_ends_in_the_middle_of_a_cascade_is_walked_up_to_what_was_handled(
    shape: list[tuple[int, list[int]]], share: float
) -> None:
    entries, outputs = log_of(shape)
    handled = int(share * len(entries))
    kept = handled_outputs(entries, outputs, handled)
    walked = list(walk(kept, handled))
    assert [entry.offset for entry in walked] == list(range(1, handled + 1))
    for entry in walked:
        assert [message.id for _, message in entry.outputs] == outputs.get(entry.message.id, [])


def test_an_output_whose_cause_was_not_handled_is_named() -> None:
    fact = seen(example(WhaleTradeObserved), 1)
    entries = [(1, fact), (2, derived(fact, 0)), (3, derived(seen(example(WhaleTradeObserved, size_micro=9), 9), 0))]
    with pytest.raises(CorruptLogError, match=r"record 3 \(CopySignal\)"):
        list(walk(entries, 3))


def test_outputs_out_of_order_are_named() -> None:
    first, second = (seen(example(WhaleTradeObserved, size_micro=n), n) for n in (1, 2))
    entries = list(enumerate([first, second, derived(second, 0), derived(first, 0)], start=1))
    with pytest.raises(CorruptLogError):
        list(walk(entries, 4))


def test_no_more_is_read_ahead_than_to_the_next_fact() -> None:
    entries, _ = log_of([(0, [2, 1])] * 50)
    read: list[int] = []

    def source() -> Iterator[Entry]:
        for entry in entries:
            read.append(entry[0])
            yield entry

    walked = walk(source(), len(entries))
    for handled in walked:
        assert len(read) - handled.offset <= 5
