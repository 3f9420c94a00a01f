"""`whaletrader explain ID`: the whole story of a leader's event, an order or a fill."""

from pathlib import Path

import typer

from whaletrader.cli.common import AsJson, DataDir, data_directory, print_json, say


def explain_command(
    asked: str = typer.Argument(..., metavar="ID", help="A message id, order hash, trade id or transaction hash."),
    log: str | None = typer.Option(None, "--log", help="A log file or a run's number (default: the newest run)."),
    data_dir: Path | None = DataDir,
    as_json: bool = AsJson,
) -> None:
    """Tell who decided what, when and why, from the leader's event to the fill and its settlement.

    Example: whaletrader explain 0x5f3c…
    """
    import msgspec

    from whaletrader.app.inspect import find_log, story_of
    from whaletrader.app.layout import DataDirectory
    from whaletrader.runtime.projections.story import when

    story = story_of(find_log(DataDirectory(data_directory(data_dir)), log), asked)
    if as_json:
        print_json(msgspec.to_builtins(story))
        return
    for step in story.steps:
        say(f"{when(step.ts)}  {step.publisher:<24} {step.type:<20} {step.sentence}")
    say(f"{len(story.steps)} records carry {story.correlation_id}{' (more were left out)' if story.truncated else ''}")
