"""`whaletrader status`, `kill`, `resume`, `prune` and `doctor`: what an operator needs, be the process alive or not."""

import getpass
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from whaletrader.cli.common import AsJson, DataDir, data_directory, print_json, say

if TYPE_CHECKING:
    from whaletrader.app.inspect import Status
    from whaletrader.app.layout import DataDirectory


def status_command(data_dir: Path | None = DataDir, as_json: bool = AsJson) -> None:
    """Say what runs, whether trading is killed, and what the newest run came to so far.

    Example: whaletrader status --json
    """
    import msgspec

    from whaletrader.app.inspect import status_of
    from whaletrader.app.layout import DataDirectory

    status = status_of(DataDirectory(data_directory(data_dir)))
    if as_json:
        print_json(msgspec.to_builtins(status))
    else:
        _print_status(status)


def kill_command(
    reason: str = typer.Option("an operator asked for it", "--reason", help="Kept in the latch and in the log."),
    data_dir: Path | None = DataDir,
) -> None:
    """Throw the kill latch: from now on nothing but cancels is sent, even if the process hangs or is dead.

    Example: whaletrader kill --reason "exchange looks wrong"
    """
    from whaletrader.app.layout import DataDirectory
    from whaletrader.app.lock import holder_pid, is_held
    from whaletrader.errors import StorageError
    from whaletrader.runtime.latch import KillLatch

    directory = DataDirectory(data_directory(data_dir))
    directory.ensure()
    latch = KillLatch(directory.latch)
    latch.throw(reason, time.time_ns())
    if not latch.thrown():
        raise StorageError(f"the kill latch {directory.latch} did not take effect; stop the process instead")
    running = is_held(directory.lock)
    if running:
        from whaletrader.runtime.operator import write_command  # not before the latch holds

        write_command(directory.control, "KILL", argument=reason, operator=_operator(), now_ns=time.time_ns())
    who = f"process {holder_pid(directory.lock)} sends" if running else "no process runs here, and the next one sends"
    say(f"KILLED: the latch {directory.latch} is thrown; {who} nothing but cancels until `whaletrader resume`.")


def resume_command(
    breaker: bool = typer.Option(False, "--breaker", help="Reset the daily-loss breaker too."),
    data_dir: Path | None = DataDir,
) -> None:
    """Clear the kill latch and ask risk to trade again; with --breaker also reset a tripped daily-loss breaker.

    Example: whaletrader resume --breaker
    """
    from whaletrader.app.layout import DataDirectory
    from whaletrader.runtime.latch import KillLatch

    directory = DataDirectory(data_directory(data_dir))
    directory.ensure()
    cleared = KillLatch(directory.latch).clear()
    latch = "the kill latch is cleared" if cleared else "the kill latch was not thrown"
    who = _ask(directory, *(("RESET_BREAKER",) if breaker else ()), "RESUME")
    if who:
        say(f"resumed: {latch}; {who} is asked to trade again{' with the breaker reset' if breaker else ''}")
    else:
        say(f"{latch}; no run waits here to be resumed")


def prune_command(
    wallet: str = typer.Argument(..., help="The leader's address, 0x and 40 hex digits."),
    data_dir: Path | None = DataDir,
) -> None:
    """Follow a leader no more in this run; his open positions are held until he exits or they resolve.

    Example: whaletrader prune 0x4c904a2425f2938263b7623de53728ac537a01fc
    """
    from whaletrader.app.layout import DataDirectory
    from whaletrader.errors import UsageError

    if not re.fullmatch("0x[0-9a-fA-F]{40}", wallet):
        raise UsageError(f"{wallet!r} is no wallet: an address is 0x and 40 hex digits")
    directory = DataDirectory(data_directory(data_dir))
    directory.ensure()
    who = _ask(directory, "PRUNE", argument=wallet.lower())
    if not who:
        raise UsageError("no run waits here to drop a leader")
    say(f"{who} is asked to follow {wallet.lower()} no more")


def _ask(directory: "DataDirectory", *commands: str, argument: str = "") -> str:
    """Leave commands for the run that is there; return who will read them, "" where nobody will.

    A run that was interrupted after a KILL would go on halted: it finds the commands when it goes on.
    """
    from whaletrader.app.lock import holder_pid, is_held
    from whaletrader.app.run_info import unfinished
    from whaletrader.runtime.operator import write_command

    running = is_held(directory.lock)
    if not running and not unfinished(directory):
        return ""
    for command in commands:
        write_command(directory.control, command, argument=argument, operator=_operator(), now_ns=time.time_ns())
    return f"process {holder_pid(directory.lock)}" if running else "the interrupted run, when it goes on,"


def doctor_command(
    data_dir: Path | None = DataDir,
    venue: bool = typer.Option(False, "--venue", help="Also check what live trading needs; asks the venue."),
    as_json: bool = AsJson,
) -> None:
    """Check everything that a run needs and name what is wrong (exit code 1).

    Example: whaletrader doctor --venue
    """
    from dataclasses import asdict

    from whaletrader.app.doctor import examine
    from whaletrader.app.layout import DataDirectory

    checks = examine(DataDirectory(data_directory(data_dir)), venue=venue)
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            say(f"{'ok  ' if check.ok else 'FAIL'} {check.name:<16} {check.detail}")
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


def _operator() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown user"


def _print_status(status: "Status") -> None:
    from whaletrader.cli.summary import decision_line, print_summary

    say(f"running: process {status.running_pid}" if status.running_pid else "running: no process here")
    say(f"kill latch: THROWN, {status.latch.reason}" if status.latch else "kill latch: not thrown")
    if status.run is None or status.summary is None:
        say("no run yet; begin one with `whaletrader up --source sim`")
        return
    say(f"run {status.run.run_id} ({status.run.source}), {status.run.state}, session {status.run.sessions}")
    print_summary(status.summary)
    if status.newest:
        say("newest decisions (`whaletrader explain ID` tells all about one):")
    for decision in status.newest:
        say(decision_line(decision))
