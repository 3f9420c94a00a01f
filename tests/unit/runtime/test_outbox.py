"""Commands are on disk before they are sent, and sent until somebody answers."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.synthetic import Carrier, Exchange, Run, open_store
from whaletrader.adapters.memory.store import MemoryEventStore
from whaletrader.errors import ExchangeError
from whaletrader.messages.envelope import Message
from whaletrader.ports.store import Batch
from whaletrader.runtime import outbox
from whaletrader.runtime.records import domain_bytes


class Watching(MemoryEventStore):
    """Notes which commands were committed, and how."""

    def __init__(self) -> None:
        super().__init__()
        self.durable: dict[str, bool] = {}

    def commit(self, batch: Batch, *, durable: bool) -> None:
        super().commit(batch, durable=durable)
        self.durable.update({record.id: durable for record in batch.records})


class Asserting(Carrier):
    """Asserts that what it is asked to do is on disk."""

    def __init__(self, exchange: Exchange, store: Watching) -> None:
        super().__init__(exchange)
        self.store = store

    def carry_out(self, command: Message, *, again: bool) -> None:
        assert self.store.durable[command.id], "a command was sent before it was on disk"
        super().carry_out(command, again=again)


def replaced(run: Run, carrier: Carrier) -> None:
    """Put another effect in the place of the scenario's."""
    run.carrier = carrier
    run.engine._outbox._effects = dict.fromkeys(carrier.carries, carrier)


def test_a_command_is_committed_durably_before_it_is_sent(tmp_path: Path) -> None:
    store = Watching()
    run = Run(store, tmp_path, 9)
    replaced(run, Asserting(run.exchange, store))
    run.engine.run()
    assert len(run.carrier.calls) >= 6
    assert not any(again for _, again in run.carrier.calls)


def test_messages_without_effects_do_not_wait_for_the_disk(tmp_path: Path) -> None:
    store = Watching()
    Run(store, tmp_path, 9).engine.run()
    assert False in store.durable.values()


def test_a_command_that_nobody_answered_is_sent_again_at_once(tmp_path: Path) -> None:
    run = Run(MemoryEventStore(), tmp_path, 3)
    run.exchange.unreachable = outbox.ATTEMPTS - 1
    run.engine.run()
    first = run.carrier.calls[0][0]
    assert run.carrier.calls[: outbox.ATTEMPTS] == [(first, False), (first, True), (first, True)]
    assert run.store.open_commands() == []


def test_a_command_that_nobody_answers_stays_open_over_the_end_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    whole = Run(MemoryEventStore(), tmp_path / "whole", 1)
    whole.engine.run()
    store = open_store(tmp_path)
    run = Run(store, tmp_path, 1)
    run.exchange.unreachable = 1_000
    run.engine.run()
    assert len(store.open_commands()) == 1
    run.engine.close()
    again = Run(open_store(tmp_path), tmp_path, 1)
    again.engine.run()
    assert again.store.open_commands() == []
    assert again.carrier.calls[0] == (run.carrier.calls[0][0], True)
    assert domain_bytes(again.store) == domain_bytes(whole.store)
    again.engine.close()


def test_a_command_that_waits_is_tried_again_before_the_next_fact(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(outbox, "FIRST_WAIT_S", 0.0)
    monkeypatch.setattr(outbox, "LONGEST_WAIT_S", 0.0)
    run = Run(MemoryEventStore(), tmp_path, 6)
    run.exchange.unreachable = outbox.ATTEMPTS + 1
    run.engine.run()
    assert run.store.open_commands() == []
    assert [again for _, again in run.carrier.calls][:5] == [False, True, True, True, True]


def test_a_fault_that_cannot_be_retried_halts_the_run_with_the_command_open(tmp_path: Path) -> None:
    class Refusing(Carrier):
        """Cannot go on."""

        def carry_out(self, command: Message, *, again: bool) -> None:
            raise ExchangeError("the account is closed")

    run = Run(MemoryEventStore(), tmp_path, 3)
    replaced(run, Refusing(run.exchange))
    with pytest.raises(ExchangeError, match="the account is closed"):
        run.engine.run()
    assert len(run.store.open_commands()) == 1


def test_a_command_that_nothing_carries_out_is_a_bug_that_is_named(tmp_path: Path) -> None:
    run = Run(MemoryEventStore(), tmp_path, 3)
    run.engine._outbox._effects.clear()
    with pytest.raises(AssertionError, match="nothing carries out SubmitOrder"):
        run.engine.run()


def test_two_effects_for_one_command_are_a_bug_that_is_named(tmp_path: Path) -> None:
    run = Run(MemoryEventStore(), tmp_path, 3)
    with pytest.raises(AssertionError, match="two effects carry out"):
        outbox.Outbox([run.carrier, run.carrier], run.engine._commit, run.engine.mark)
