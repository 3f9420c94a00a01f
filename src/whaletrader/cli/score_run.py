"""What surrounds a scoring: a clean end at Ctrl-C, stages told on standard error, files replaced as a whole or not."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

from whaletrader.cli.common import note

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended: 128 and the signal's number."""

Tell = Callable[[str], None]


@contextmanager
def interruptible() -> Iterator[None]:
    """End at Ctrl-C with one sentence and exit code 130."""
    try:
        yield
    except KeyboardInterrupt:
        note("whaletrader: interrupted; no file was written, and no dataset changed.")
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def stages() -> Iterator[Tell]:
    """Tell what is being done: a spinner where standard error is a terminal, else one line for each stage."""
    if not sys.stderr.isatty():
        yield note
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda text: bar.update(task, description=text)


def check_targets(paths: Sequence[Path | None]) -> None:
    """Refuse, before the long work begins, a file that cannot be written, and one file for two reports."""
    from whaletrader.errors import UsageError

    named = [path.resolve() for path in paths if path is not None]
    for path in paths:
        check_target(path)
    if len(set(named)) < len(named):
        raise UsageError("name a file of its own for each of --html, --csv and --parquet")


def check_target(path: Path | None) -> None:
    """Refuse a file that cannot be written before the long work begins."""
    from whaletrader.errors import UsageError

    if path is None:
        return
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name a file in it")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {path.absolute().parent} to write {path.name} into")


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file beside and put it in place: whoever looks finds the old one or the whole new one."""
    from whaletrader.errors import StorageError

    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as fault:
        raise StorageError(f"cannot write {path}: {fault.strerror}; choose another file") from None
    finally:
        if partial.is_file():
            partial.unlink()
