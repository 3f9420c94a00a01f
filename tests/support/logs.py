"""A tiny log of a run: what a person did, and nothing else."""

from pathlib import Path

import msgspec

from whaletrader.adapters.sqlite.store import SqliteEventStore
from whaletrader.agents.execution import Trader
from whaletrader.config.tree import AccountSettings, Settings
from whaletrader.messages.envelope import Message, derive, fact
from whaletrader.messages.orchestration import ScheduleTimer
from whaletrader.messages.risk import OperatorCommand
from whaletrader.ports.store import Batch
from whaletrader.runtime.records import to_record

NOW = 1_775_433_600 * 10**9
ADDRESS = f"0x{5:040x}"


def description(*, kind: str = "simulated") -> bytes:
    """What a log begins with."""
    settings = Settings(account=AccountSettings(starting_equity_micro=5_000_000))
    told = {
        "dataset": "f" * 64,
        "kind": kind,
        "settings": msgspec.to_builtins(settings),
        "trader": msgspec.to_builtins(Trader("paper", ADDRESS, ADDRESS)),
    }
    return msgspec.json.encode(told, order="sorted")


def write_log(path: Path, genesis: bytes | None = None, *, with_orphan: bool = False) -> Path:
    """Write a log with a RESUME that is handled and one that is not; the orphan is a timer that nobody asks for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    first, second = (_asked(number) for number in (1, 2))
    messages: list[Message] = [first, second]
    if with_orphan:
        timer = ScheduleTimer(owner="execution", name="orphan", due_ts=NOW + 1)
        messages.insert(1, derive(first, account="paper", agent="execution", index=0, payload=timer))
    records = tuple(to_record(message, offset, 1_000_000) for offset, message in enumerate(messages, start=1))
    store = SqliteEventStore.create(path, description() if genesis is None else genesis)
    store.commit(Batch(records=records, handled=1), durable=True)
    store.close(clean=True)
    return path


def _asked(number: int) -> Message:
    payload = OperatorCommand(account_id="paper", command="RESUME", argument="", operator="operator-of-this-test")
    return fact(payload, natural_key=f"test/{number}", ts_event=NOW + number, ts_init=NOW + number)
