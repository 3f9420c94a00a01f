"""`whaletrader backtest`: walk-forward over a dataset beside a baseline and placebos; a JSON report and a page."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from whaletrader.cli.common import AsJson, DataDir, data_directory, note, say

if TYPE_CHECKING:
    from whaletrader.app.layout import DataDirectory
    from whaletrader.config.tree import Settings
    from whaletrader.report.model import Report, Variant

JSON_FILE, PAGE_FILE = "report.json", "report.html"


def backtest_command(
    data: Path | None = typer.Option(None, "--data", help="A dataset or data bundle (default: a simulated market)."),
    out: Path | None = typer.Option(None, "--out", help="Folder of the report (default: in the data directory)."),
    placebos: int = typer.Option(1, "--placebos", min=1, max=20, help="Sets of placebo leaders to replay."),
    seed: int | None = typer.Option(None, "--seed", min=0, help="Seed of everything random (setting seed)."),
    data_dir: Path | None = DataDir,
    as_json: bool = AsJson,
) -> None:
    """Score on the past, trade the next window, again and again; report what it would have earned, lost and skipped.

    Example: whaletrader backtest --data ~/datasets/bundle --out ~/reports/bundle
    """
    from whaletrader.app.layout import DataDirectory
    from whaletrader.cli.up import settings_for

    directory = DataDirectory(data_directory(data_dir))
    settings = settings_for(directory.root, account=None, seed=seed, port=None)
    source = f"replay:{data}" if data else "sim"
    backtest_and_print(source, directory, settings, out=out, placebos=placebos, as_json=as_json)


def backtest_and_print(
    source: str,
    directory: "DataDirectory",
    settings: "Settings",
    *,
    out: Path | None = None,
    placebos: int = 1,
    as_json: bool = False,
) -> None:
    """Open the source, backtest it, write both files and print what they say."""
    from whaletrader.app.sources import open_source
    from whaletrader.backtest.make import make_report

    directory.ensure()
    dataset = open_source(source, directory, seed=settings.seed, tell=note)
    folder = out or directory.reports / f"{dataset.manifest.name}-{dataset.fingerprint[:8]}"
    _make(folder)
    report = make_report(dataset, settings, placebos=placebos, scratch=folder, tell=note)
    write_and_print(report, folder, as_json=as_json)


def write_and_print(report: "Report", folder: Path, *, as_json: bool) -> None:
    """Write the JSON and the page, print what they say, and where they lie."""
    from whaletrader.report.model import report_bytes
    from whaletrader.report.page import page_html

    written = report_bytes(report)
    _write(folder / JSON_FILE, written)
    _write(folder / PAGE_FILE, page_html(report).encode())
    if as_json:
        say(written.decode().rstrip("\n"))
    else:
        print_report(report)
    note(f"report: {folder / PAGE_FILE} and {folder / JSON_FILE}")


def print_report(report: "Report") -> None:
    """Print the outcome and the variants' key figures."""
    if report.stamp:
        say(f"{report.stamp}: wallets, prices and results are made up.")
    say(report.headline.title)
    for sentence in report.headline.sentences:
        say(f"  {sentence}")
    for variant in report.variants:
        say(_line(variant))
    for row in report.funnel:
        say(f"  {row.kind:9} {row.step:38} {row.events:>9,}  {row.share * 100:5.1f} %")


def _line(variant: "Variant") -> str:
    m = variant.metrics
    sharpe = "not known" if m.sharpe.value is None else f"{m.sharpe.value:.2f}"
    hits = "none closed" if m.hit_rate.value is None else f"{m.hit_rate.value:.0%} of {m.bets}"
    return (
        f"{variant.label:18} {m.final_equity:>12,.2f} pUSD ({m.final_equity / m.starting_equity - 1:+.2%})  "
        f"sharpe {sharpe}  drawdown {m.max_drawdown.value or 0.0:.1%}  hits {hits}  fills {m.fills}  fees {m.fees:,.2f}"
    )


def _make(folder: Path) -> None:
    from whaletrader.errors import StorageError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise StorageError(
            f"cannot write the report to {folder}: {fault.strerror}; choose another with --out"
        ) from None


def _write(path: Path, content: bytes) -> None:
    from whaletrader.errors import StorageError

    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as fault:
        raise StorageError(f"cannot write {path}: {fault.strerror}; choose another folder with --out") from None
