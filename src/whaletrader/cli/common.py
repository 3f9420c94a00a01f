"""What the commands share: the data directory, one clear sentence for a fault, and plain printing."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

DataDir = typer.Option(
    None,
    "--data-dir",
    envvar="WHALETRADER_HOME",
    help="Where settings, runs and datasets live (default: per platform).",
)
AsJson = typer.Option(False, "--json", help="Print JSON for programs.")


def data_directory(given: Path | None) -> Path:
    """Return the data directory: as given, or by the platform's convention."""
    if given is not None:
        return given.expanduser()
    from whaletrader.app.layout import default_root

    return default_root(os.environ)


def say(text: str) -> None:
    """Print a line for a person."""
    typer.echo(text)


def note(text: str) -> None:
    """Print a line beside the result (standard error)."""
    typer.echo(text, err=True)


def print_json(value: Any) -> None:
    """Print a value as JSON with sorted keys."""
    typer.echo(json.dumps(value, indent=2, sort_keys=True))


Progress = Callable[[str, int, int], None]


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """A bar on stderr, erased at the end; silent where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.fields[title]}"), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None, title=title)
        yield lambda step, done, total: bar.update(task, description=step, completed=done, total=total)
