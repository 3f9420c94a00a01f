"""`whaletrader up`: all agents over one source, with a dashboard; Ctrl-C stops cleanly, the next `up` goes on."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from whaletrader.cli.common import AsJson, DataDir, data_directory, note, print_json

if TYPE_CHECKING:
    from whaletrader.app.build import App
    from whaletrader.app.layout import DataDirectory
    from whaletrader.app.run import OnProgress, Progress
    from whaletrader.app.summary import Summary
    from whaletrader.config.tree import Settings
    from whaletrader.web.board import Board

_MODES = ("paper", "live")
LIVE_LINE_EVERY_S = 10.0


def up_command(
    source: str = typer.Option(
        "sim", "--source", help="sim, replay:PATH (a dataset or a data bundle), or live (the venue's public feeds)."
    ),
    history: Path | None = typer.Option(
        None,
        "--history",
        help="Dataset by which leaders are judged with --source live, beside what is heard; without one by that alone.",
    ),
    mode: str = typer.Option("paper", "--mode", help="paper, or live: real orders with real money."),
    confirm: str = typer.Option("", "--confirm", help="With --mode live: the account's name, to say that it is meant."),
    account: str | None = typer.Option(None, "--account", help="The account's name (setting account.name)."),
    seed: int | None = typer.Option(None, "--seed", min=0, help="Seed of everything random (setting seed)."),
    new: bool = typer.Option(False, "--new", help="Begin a new run instead of going on with an interrupted one."),
    leave_behind: bool = typer.Option(
        False,
        "--leave-behind",
        help="With --new --mode live: leave what an earlier run holds in the wallet to yourself.",
    ),
    exchange: str = typer.Option(
        "in-process", "--exchange", help="The paper exchange: in-process, process (its own), or port:N (it listens)."
    ),
    port: int | None = typer.Option(None, "--port", min=0, max=65535, help="Dashboard's port (setting web.port)."),
    dashboard: bool = typer.Option(True, "--dashboard/--no-dashboard", help="Serve the dashboard."),
    keep_serving: bool = typer.Option(False, "--keep-serving", help="Serve the dashboard after the source has ended."),
    data_dir: Path | None = DataDir,
    as_json: bool = AsJson,
) -> None:
    """Run the platform until the source ends: all agents, the paper exchange, the dashboard.

    Example: whaletrader up --source sim

    Example: whaletrader up --source live --history data/mine
    """
    from whaletrader.app.layout import DataDirectory
    from whaletrader.app.sources import check_history, check_source

    _check_mode(mode, source)
    _check_exchange(exchange, source)
    check_source(source)
    check_history(source, history)
    directory = DataDirectory(data_directory(data_dir))
    settings = settings_for(directory.root, account=account, seed=seed, port=port)
    _check_confirmed(mode, confirm, settings.account.name)
    directory.ensure()
    wish = {"new": new, "exchange": exchange, "history": str(history or ""), "live_money": mode == "live"}
    wish["leave_behind"] = leave_behind
    with dashboard_for(settings, directory) if dashboard else nullcontext() as board:
        summary = run_source(source, directory, settings, board, **wish)
        _print_end(summary, as_json)
        if board is not None and keep_serving:
            serve_until_interrupted(board)


def settings_for(root: Path, *, account: str | None, seed: int | None, port: int | None) -> "Settings":
    """Load the settings with what the command line says."""
    from whaletrader.app.settings import load_settings

    given = {"account.name": account, "seed": seed, "web.port": port}
    wanted = {name: str(value) for name, value in given.items() if value is not None}
    return load_settings(root, overrides=wanted).settings


def run_source(
    source: str,
    directory: "DataDirectory",
    settings: "Settings",
    board: "Board | None",
    **wish: Any,
) -> "Summary":
    """Open the source and drive the run to its end, or to Ctrl-C; `wish` is what else `app.run.opened` takes."""
    from whaletrader.app.run import opened, run_app

    with (
        _interruptible() as stop,
        opened(source, directory, settings, tell=note, **wish) as app,
        _shown(app, board) as on_progress,
    ):
        return run_app(app, on_progress, stop.is_set)


@contextmanager
def dashboard_for(settings: "Settings", directory: "DataDirectory") -> "Iterator[Board]":
    """Serve the dashboard in a thread of its own for as long as the block lasts."""
    from whaletrader.web.server import serving

    with serving(settings.web, directory) as board:
        note(f"dashboard: {board.url}")
        yield board


def serve_until_interrupted(board: "Board") -> None:
    """Keep the dashboard up until Ctrl-C."""
    note(f"the source has ended; the dashboard stays at {board.url} until Ctrl-C")
    with _interruptible() as stop:
        stop.wait()


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """Turn Ctrl-C and SIGTERM into a wish to stop; a second Ctrl-C interrupts at once."""
    stop = threading.Event()

    def wish(_number: int, _frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, wish) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _shown(app: "App", board: "Board | None") -> "Iterator[OnProgress]":
    """Show progress on the terminal and on the dashboard."""
    if app.simulated:
        note("SIMULATED: wallets, prices and results are made up.")
    latch = app.latch.read()
    if latch is not None:
        note(f"KILLED: the kill latch is thrown ({latch.reason}); only cancels are sent until `whaletrader resume`.")
    if app.resumed:
        note(f"going on with run {app.folder.run_id}: {app.store.progress().count:,} records are kept")
    if board is not None:
        board.show(app.page())
    with _live_lines(app) if app.pace is not None else _bar() as advance:

        def on_progress(shown: "App", progress: "Progress") -> None:
            advance(progress)
            if board is not None:
                board.show(shown.page())

        yield on_progress


@contextmanager
def _bar() -> "Iterator[Callable[[Progress], None]]":
    """A bar on stderr where that is a terminal; else one line for each tenth."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    text = TextColumn("{task.description}")
    with Bar(text, BarColumn(), TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda progress: bar.update(task, completed=progress.share, description=_told(progress))


@contextmanager
def _live_lines(app: "App") -> "Iterator[Callable[[Progress], None]]":
    """One line now and then for a run that follows the world: what is heard, and what came of it."""
    note(f"mode: {app.world.mode}; Ctrl-C stops it, nothing is lost")
    said = -LIVE_LINE_EVERY_S

    def advance(progress: "Progress") -> None:
        nonlocal said
        if progress.elapsed_s - said < LIVE_LINE_EVERY_S:
            return
        said = progress.elapsed_s
        sources = app.world.sources()
        down = [f"{each['source']} {each['state']}" for each in sources if each["state"] not in ("LIVE", "IDLE")]
        heard = sum(each["seen"] for each in sources)
        followed = sum(1 for each in app.views.leaders.state.leaders.values() if not each.until_ts)
        note(
            f"{_told(progress, time.time_ns())}  {followed} leaders followed  {heard:,} rows heard"
            f"{'; ' + ', '.join(down) if down else ', all sources live'}"
        )

    yield advance


def _lines() -> "Callable[[Progress], None]":
    said = -1

    def advance(progress: "Progress") -> None:
        nonlocal said
        tenth = int(progress.share * 10)
        if tenth > said:
            said = tenth
            note(f"{tenth * 10:3d} %  {_told(progress)}")

    return advance


def _told(progress: "Progress", now_ts: int = 0) -> str:
    from whaletrader.runtime.projections.story import when

    rate = progress.messages / progress.elapsed_s if progress.elapsed_s > 0 else 0.0
    return (
        f"{when(now_ts or progress.clock_ts)}  equity {progress.equity_micro / 1_000_000:,.2f}  "
        f"{progress.trading_state}  {progress.messages:,} messages, {rate:,.0f}/s"
    )


def _print_end(summary: "Summary", as_json: bool) -> None:
    import msgspec

    from whaletrader.cli.summary import print_summary

    if as_json:
        print_json(msgspec.to_builtins(summary))
        return
    print_summary(summary)
    if not summary.ended:
        note("stopped; nothing is lost: the next `whaletrader up` with the same source goes on.")


def _check_exchange(exchange: str, source: str) -> None:
    from whaletrader.errors import UsageError

    port = exchange.removeprefix("port:")
    if exchange not in {"in-process", "process"} and not (port != exchange and port.isdecimal()):
        raise UsageError(f"there is no exchange {exchange!r}: use in-process, process or port:N")
    if source == "live" and exchange != "in-process":
        raise UsageError("--exchange is for replays: with --source live the paper exchange stands in this process")


def _check_mode(mode: str, source: str) -> None:
    from whaletrader.errors import UsageError

    if mode not in _MODES:
        raise UsageError(f"there is no mode {mode!r}: use paper or live")
    if mode == "live" and source != "live":
        raise UsageError(f"--mode live needs --source live: {source} tells of no market that is open now")


def _check_confirmed(mode: str, confirm: str, account: str) -> None:
    """Real money is never traded by a slip: the account's name has to be said again."""
    from whaletrader.errors import UsageError

    if mode == "live" and confirm != account:
        raise UsageError(f"--mode live sends real orders with real money: say --confirm {account} if that is meant")
