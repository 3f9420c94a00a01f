"""What the commands share: the data directory, one clear sentence for a fault, and plain printing."""

import json
import os
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
