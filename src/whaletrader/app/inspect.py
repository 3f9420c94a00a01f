"""Looks at a run from outside, alive or dead: status, story, replay and audit; it only reads.

A log carries in its genesis all that its agents were made from, so a replay needs nothing but the log.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from whaletrader.adapters.sqlite.store import SqliteEventStore
from whaletrader.agents.execution import Trader
from whaletrader.app.layout import DataDirectory, RunFolder
from whaletrader.app.lock import holder_pid, is_held
from whaletrader.app.run_info import RunInfo, read_info
from whaletrader.app.summary import Summary, Views, summarise
from whaletrader.config.tree import Settings
from whaletrader.errors import CorruptLogError, UsageError
from whaletrader.messages.risk import ApprovalBounds
from whaletrader.runtime.audit import Audit, verify
from whaletrader.runtime.latch import KillLatch, LatchState
from whaletrader.runtime.projections.decisions import Decision
from whaletrader.runtime.projections.story import Story, explain
from whaletrader.runtime.records import to_message

if TYPE_CHECKING:
    from whaletrader.runtime.replay import Replay

NEWEST = 5


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was started with, as its log tells it."""

    dataset: str
    kind: str
    settings: dict[str, Any]
    trader: Trader

    @property
    def simulated(self) -> bool:
        """Whether prices are made up."""
        return self.kind == "simulated"

    def tree(self) -> Settings:
        """The settings that can change a decision; the others are defaults."""
        return msgspec.convert(self.settings, Settings)


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A data directory at a glance."""

    running_pid: int
    """0 when no process runs here."""
    latch: LatchState | None
    run: RunInfo | None
    summary: Summary | None
    newest: tuple[Decision, ...] = ()
    """The newest decisions, the last one first."""


def find_log(directory: DataDirectory, named: str | None) -> Path:
    """Return the log that a person means: a path, a run's folder or number, or the newest run's."""
    if named is None:
        current = directory.current_run()
        if current is None:
            raise UsageError(f"there is no run in {directory.root} yet; begin one with `whaletrader up`")
        return current.log
    for path in (Path(named), Path(named) / "log.db", directory.run(named).log):
        if path.is_file():
            return path
    raise UsageError(f"there is no log {named}: name a log file, a run's folder or a run's number")


@contextmanager
def reading(log: Path) -> Iterator[SqliteEventStore]:
    """Open a log for reading beside whoever writes it."""
    store = SqliteEventStore.open_reader(log)
    try:
        yield store
    finally:
        store.close(clean=False)


def described(store: SqliteEventStore) -> Description:
    """Return what the log's genesis says; `CorruptLogError` where it is no run of ours."""
    try:
        return msgspec.json.decode(store.genesis, type=Description)
    except msgspec.DecodeError as error:
        raise CorruptLogError(f"the log does not say what it was started with: {error}") from None


def story_of(log: Path, asked: str) -> Story:
    """Tell everything that one leader's event, order or fill led to."""
    with reading(log) as store:
        return explain(store, asked)


def replay_log(log: Path) -> "Replay":
    """Decide the log's inputs again with today's code."""
    # Imported here: the agents bring the compiler and the tables along, and status and story need neither.
    from whaletrader.app.build import make_agents
    from whaletrader.runtime.replay import replay

    with reading(log) as store:
        told = described(store)
        return replay(store, make_agents(told.tree(), told.trader), told.trader.account_id)


def audit_log(log: Path, directory: DataDirectory) -> Audit:
    """Hold a log against chain, anchor and, where this data directory has the key, seals."""
    from whaletrader.adapters.local.seal import load_seal, seal_holds

    key = directory.keys / "seal.key"
    seal = load_seal(key) if key.is_file() else None

    def check(bounds: ApprovalBounds, signature: bytes, key_id: str) -> bool:
        return seal is not None and key_id == seal.key_id and seal_holds(seal.public_bytes, bounds, signature)

    with reading(log) as store:
        return verify(store, check if seal else None)


def summary_of(folder: RunFolder) -> tuple[Summary, tuple[Decision, ...]]:
    """Fold the read models over a run's log: what it came to, and the newest decisions, the last one first."""
    with reading(folder.log) as store:
        told = described(store)
        views = Views(told.tree().account.starting_equity_micro)
        for record in store.read():
            message = to_message(record)
            for view in views.all:
                view.observe(message)
        head = store.progress().head.hex()
    summary = summarise(views, simulated=told.simulated, dataset=told.dataset, run_id=folder.run_id, log_head=head)
    return summary, tuple(views.decisions.state.newest[: -NEWEST - 1 : -1])


def status_of(directory: DataDirectory) -> Status:
    """Say what runs here, whether trading is killed, and what the newest run came to so far."""
    current = directory.current_run()
    held = is_held(directory.lock)
    summary, newest = summary_of(current) if current and current.log.is_file() else (None, ())
    info = read_info(current) if current else None
    if info is not None and info.state == "running" and not held:
        info.state = "interrupted"  # it was killed before it could say so
    return Status(
        running_pid=holder_pid(directory.lock) if held else 0,
        latch=KillLatch(directory.latch).read(),
        run=info,
        summary=summary,
        newest=newest,
    )
