"""`whaletrader audit verify` and `whaletrader replay`: is the log whole, and would we decide the same again?"""

from pathlib import Path

import typer

from whaletrader.cli.common import AsJson, DataDir, data_directory, print_json, say

app = typer.Typer(help="Check the event log's integrity.", rich_markup_mode=None, no_args_is_help=True)

Log = typer.Argument(None, help="A log file, a run's folder or a run's number (default: the newest run).")


@app.command("verify", epilog="Example: whaletrader audit verify 0001")
def verify_command(log: str | None = Log, data_dir: Path | None = DataDir, as_json: bool = AsJson) -> None:
    """Hold the log against its hash chain, its anchor and its seals; exit code 1 names the place that is wrong."""
    import msgspec

    from whaletrader.app.inspect import audit_log, find_log
    from whaletrader.app.layout import DataDirectory

    directory = DataDirectory(data_directory(data_dir))
    found = audit_log(find_log(directory, log), directory)
    if as_json:
        print_json(msgspec.to_builtins(found) | {"sound": found.sound})
    else:
        for finding in found.findings:
            say(f"FAULT at {finding.place}: {finding.what}")
        tail = f", {found.unanchored} of them behind the anchor (after a crash)" if found.unanchored else ""
        say(f"{found.records} records{tail}, {found.seals} seals checked, head {found.head[:16]}")
        say("sound: chain, anchor and seals hold (an unkeyed chain proves no more)" if found.sound else "not sound")
    if not found.sound:
        raise typer.Exit(1)


def replay_command(log: str | None = Log, data_dir: Path | None = DataDir, as_json: bool = AsJson) -> None:
    """Decide a log's inputs again with today's code and name the first difference (exit code 1).

    Example: whaletrader replay ~/whales/runs/0001/log.db
    """
    import msgspec

    from whaletrader.app.inspect import find_log, replay_log
    from whaletrader.app.layout import DataDirectory

    result = replay_log(find_log(DataDirectory(data_directory(data_dir)), log))
    difference = result.difference
    if as_json:
        print_json(msgspec.to_builtins(result))
    elif difference is None:
        say(f"the same: {result.decisions} decisions on {result.handled} records")
    else:
        say(f"first difference after {result.handled} records: {difference.sentence()}")
        for field in difference.fields:
            say(f"  {field.field}: was {field.recorded}, is now {field.now}")
    if difference is not None:
        raise typer.Exit(1)
