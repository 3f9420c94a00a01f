"""`whaletrader data`: pull, import, describe and verify datasets; everything heavy is imported inside the commands."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whaletrader.cli.common import AsJson, note, print_json, progress_bar, say
from whaletrader.cli.pull import EPILOG, pull_command

if TYPE_CHECKING:
    from whaletrader.datasets.manifest import Manifest

app = typer.Typer(
    help="Pull, import, describe and verify datasets of trades, markets and prices.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Folder = Annotated[Path, typer.Argument(help="Folder of a dataset.", show_default=False)]

app.command("pull", epilog=EPILOG)(pull_command)


@app.command("import", epilog="Example: whaletrader data import ~/polymarket-bundle --into ~/whale-data/bundle")
def import_command(
    source: Annotated[
        Path,
        typer.Argument(help="An archive, a pull, a live run, Data-API answers, a data bundle, or canonical tables."),
    ],
    into: Annotated[Path, typer.Option("--into", help="Folder of the dataset; made if missing.", show_default=False)],
    layout: Annotated[
        str, typer.Option("--format", help="auto, archive, pull, live, data-api, bundle or canonical.")
    ] = "auto",
    as_json: bool = AsJson,
) -> None:
    """Import SOURCE into a dataset; what is there already is not read again.

    Example: whaletrader data import ~/.local/share/whaletrader/runs/0001 --into ~/whale-data/leaders/dataset
    """
    from whaletrader.datasets.importers.run import import_any

    with progress_bar("import") as progress:
        report = import_any(source, into, layout, progress)
    manifest = report.dataset.manifest
    if as_json:
        body = {"staged": report.staged, "known": report.known, "nothing_to_do": report.nothing_to_do}
        print_json(body | _summary(manifest, report.dataset.fingerprint))
        return
    if report.nothing_to_do:
        say(f"nothing to do: {into} holds all of {source} already")
        return
    _print_manifest(manifest, report.dataset.fingerprint)


@app.command("info", epilog="Example: whaletrader data info ~/whale-data/bundle --json")
def info_command(dataset: Folder, as_json: bool = AsJson) -> None:
    """Say what a dataset holds and where every row came from: kept, mended, doubted, dropped, and why."""
    from whaletrader.datasets.store import Dataset

    opened = Dataset.open(dataset)
    if as_json:
        print_json(_summary(opened.manifest, opened.fingerprint))
    else:
        _print_manifest(opened.manifest, opened.fingerprint)


@app.command("verify", epilog="Example: whaletrader data verify ~/whale-data/bundle")
def verify_command(dataset: Folder, as_json: bool = AsJson) -> None:
    """Check a dataset's integrity; exit code 1 when it must not be used."""
    from whaletrader.datasets.store import Dataset
    from whaletrader.datasets.verify import verify

    opened = Dataset.open(dataset)
    with progress_bar("verify") as progress:
        checks = verify(opened, progress)
    faults = [check for check in checks if not check.ok]
    if as_json:
        rows = [{"name": c.name, "kind": c.kind, "count": c.count, "ok": c.ok, "meaning": c.meaning} for c in checks]
        print_json({"ok": not faults, "fingerprint": opened.fingerprint, "checks": rows})
    else:
        for check in checks:
            if not check.ok or (check.kind == "note" and check.count):
                say(f"{'FAULT' if not check.ok else 'note '} {check.name}: {check.count:,} ({check.meaning})")
        say(f"{len(checks)} checks, {len(faults)} faults")
    if faults:
        note(f"whaletrader: {dataset} fails {len(faults)} checks; import the data anew.")
        raise typer.Exit(1)


def _summary(manifest: "Manifest", fingerprint: str) -> dict[str, object]:
    import msgspec

    body: dict[str, object] = msgspec.to_builtins(manifest)
    return body | {"fingerprint": fingerprint, "simulated": manifest.kind == "simulated"}


def _print_manifest(manifest: "Manifest", fingerprint: str) -> None:
    seed = f", seed {manifest.seed}" if manifest.seed is not None else ""
    stamp = f"SIMULATED{seed}" if manifest.kind == "simulated" else "real data"
    say(f"{manifest.name} ({stamp}), fingerprint {fingerprint[:16]}")
    for name, table in manifest.tables.items():
        say(f"  {name:<15}{table.rows:>12,} rows")
    say("sources:")
    for source in manifest.sources:
        if source.not_imported:
            say(f"  {source.file}: not imported, {source.not_imported}")
            continue
        fates = [("mended", source.mended), ("doubted", source.doubted), ("dropped", source.dropped)]
        text = "".join(f"; {word} " + _counts(counts) for word, counts in fates if counts)
        say(f"  {source.name}: {source.rows_out:,} of {source.rows_in:,} rows{text}")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in counts.items())
