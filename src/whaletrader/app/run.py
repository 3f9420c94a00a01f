"""Opens and drives a run: a new one after one that ended, the same one where it was interrupted.

Clock, host and durations go to `run.json` beside the log, never into it. Only this file, the lock and the terminal know
wall time.
"""

import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from whaletrader.app.build import App, build
from whaletrader.app.exchange_process import ExchangeProcess
from whaletrader.app.layout import DataDirectory, RunFolder, replace_text
from whaletrader.app.lock import DirectoryLock
from whaletrader.app.run_info import RunInfo, read_info
from whaletrader.app.sources import LIVE, Tell, open_source
from whaletrader.app.summary import Summary
from whaletrader.config.tree import Settings
from whaletrader.datasets.store import Dataset
from whaletrader.runtime.operator import drop_commands

PROGRESS_EVERY_S = 0.25
_LOOK_EVERY = 32
"""Steps between two looks at the clock."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is."""

    clock_ts: int
    first_ts: int
    last_ts: int
    messages: int
    decisions: int
    elapsed_s: float
    equity_micro: int
    trading_state: str

    @property
    def share(self) -> float:
        """Part of the span that lies behind, from 0 to 1."""
        span = self.last_ts - self.first_ts
        return min(max((self.clock_ts - self.first_ts) / span, 0.0), 1.0) if span > 0 else 1.0


OnProgress = Callable[[App, Progress], None]


@contextmanager
def opened(
    source: str,
    directory: DataDirectory,
    settings: Settings,
    *,
    exchange: str = "in-process",
    history: str = "",
    live_money: bool = False,
    leave_behind: bool = False,
    new: bool = False,
    tell: Tell = lambda _text: None,
) -> Iterator[App]:
    """Lock the data directory, open the source and build the run; at the end everything is closed.

    `exchange` is "in-process", "process" (a child with a store of its own) or "port:N" (one that listens already).
    The source "live" judges leaders by the dataset `history`; with `live_money` its orders go to the venue itself, and
    `leave_behind` lets a new run begin beside what an earlier one left in the wallet.
    `BusyError` when another process runs here; `UsageError` when an interrupted run had other data or settings.
    """
    directory.ensure()
    with DirectoryLock(directory.lock), ExitStack() as closing:
        if source == LIVE:
            from whaletrader.app.live import live_maker

            wish = {"live_money": live_money, "leave_behind": leave_behind}
            make = live_maker(settings, directory, history, tell=tell, **wish)
        else:
            dataset = open_source(source, directory, seed=settings.seed, tell=tell)
            make = _replay_maker(settings, directory, dataset, _Exchanges(exchange, closing))
        began = time.perf_counter()
        app = _open_run(directory, make, new=new)
        info = _info(app, source)
        info.recovery_s = info.open_s = round(time.perf_counter() - began, 3)
        clean = False
        try:
            yield app
            clean = True
        finally:
            _leave(app, info, began, clean=clean)


def run_app(
    app: App, on_progress: OnProgress = lambda _app, _progress: None, stop: Callable[[], bool] = lambda: False
) -> Summary:
    """Drive the run until its source ends or `stop()` says so; `on_progress` comes in this thread, now and then."""
    began = last = time.perf_counter()
    steps = 0

    def look() -> bool:
        nonlocal last, steps
        steps += 1
        if steps % _LOOK_EVERY:
            return False
        now = time.perf_counter()
        if now - last >= PROGRESS_EVERY_S:
            last = now
            on_progress(app, progress_of(app, now - began))
        return stop()

    app.engine.run(look, pace=app.pace)
    on_progress(app, progress_of(app, time.perf_counter() - began))
    return app.summary()


def progress_of(app: App, elapsed_s: float) -> Progress:
    """Return how far the run is."""
    account, (first, last) = app.views.account.state, app.world.feed.span
    return Progress(
        clock_ts=account.clock_ts,
        first_ts=first,
        last_ts=last,
        messages=account.messages,
        decisions=app.engine.decisions,
        elapsed_s=elapsed_s,
        equity_micro=account.equity_micro,
        trading_state=account.trading_state,
    )


@dataclass(frozen=True, slots=True)
class _Exchanges:
    """Which exchange a run trades on; a process that is started for it ends with `closing`."""

    wanted: str
    closing: ExitStack

    def port(self, folder: RunFolder, dataset: Dataset, settings: Settings) -> int:
        """Return the port of the exchange's process, 0 where it lives in ours."""
        if self.wanted == "process":
            child = ExchangeProcess(folder.exchange, dataset.path, settings.faults)
            self.closing.callback(child.stop)
            return child.port
        return int(self.wanted.removeprefix("port:")) if self.wanted.startswith("port:") else 0


Maker = Callable[[RunFolder], App]
"""Builds a run over its folder."""


def _replay_maker(settings: Settings, directory: DataDirectory, dataset: Dataset, exchanges: "_Exchanges") -> Maker:
    def make(folder: RunFolder) -> App:
        port = exchanges.port(folder, dataset, settings)
        return build(settings, directory, folder, dataset, exchange_port=port)

    return make


def _open_run(directory: DataDirectory, make: Maker, *, new: bool) -> App:
    """Go on with the current run unless it ended; the log itself says whether it did."""
    current = None if new else directory.current_run()
    if new:
        drop_commands(directory.control)  # they were meant for the run that is left behind; a kill is in the latch
    if current is not None and (known := read_info(current)) is not None and known.state == "ended":
        current = None
    while True:
        app = make(current or directory.new_run())
        with ExitStack() as undone:
            undone.callback(app.close, clean=False)
            app.engine.start()
            if not app.operator.ended:
                app.begin()
                undone.pop_all()
                return app
            undone.pop_all()
        app.close(clean=True)
        current = None


def _info(app: App, source: str) -> RunInfo:
    kind = source.partition(":")[0]
    place = f":{Path(source.partition(':')[2]).name}" if kind == "replay" else ""
    info = read_info(app.folder) or RunInfo(
        run_id=app.folder.run_id,
        source=kind + place,
        simulated=app.simulated,
        started_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        host=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        python=platform.python_version(),
    )
    info.sessions += 1
    info.state = "running"
    replace_text(app.folder.info, msgspec.json.encode(info).decode() + "\n")
    return info


def _leave(app: App, info: RunInfo, began: float, *, clean: bool) -> None:
    info.running_s = round(info.running_s + time.perf_counter() - began, 3)
    info.messages = app.views.account.state.messages
    info.state = "ended" if app.operator.ended else "interrupted"
    app.close(clean=clean)
    replace_text(app.folder.info, msgspec.json.encode(info).decode() + "\n")
