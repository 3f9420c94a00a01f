"""`whaletrader data pull`: fetch the venue's public history into a folder, and make a dataset of it."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whaletrader.cli.common import AsJson, DataDir, data_directory, note, print_json, progress_bar, say
from whaletrader.errors import UsageError, VenueError

if TYPE_CHECKING:
    from whaletrader.app.pull.plan import PullRequest
    from whaletrader.app.pull.report import PullReport, WalletReport

EPILOG = (
    "Example: whaletrader data pull --wallets 0x7c3db723f1d4d8cb9c550095203b686cb11e5c6b --since 2026-01-01 "
    "--out ~/whale-data/car. Exit codes: 0 everything asked for is there; 1 something is lacking (the report says "
    "what; run the same again), or the venue cannot be reached; 2 bad usage; 130 stopped with Ctrl-C."
)
WALLETS_SHOWN = 20
_NAMES = {
    "chain.logs": "the chain",
    "subgraph.orderFilledEvents": "the history subgraphs",
    "data_v1.activity": "its first version",
}
_Many = "separated by commas"


def pull_command(
    out: Annotated[Path, typer.Option("--out", help="Folder of the pull; made if missing.", show_default=False)],
    wallets: Annotated[str, typer.Option(help=f"Wallets, {_Many}.")] = "",
    wallets_file: Annotated[Path | None, typer.Option(help="A file with one wallet a line.")] = None,
    markets: Annotated[str, typer.Option(help=f"Markets by condition id, {_Many}.")] = "",
    markets_file: Annotated[Path | None, typer.Option(help="A file with one condition id a line.")] = None,
    since: Annotated[str, typer.Option(help="First day or time, UTC; from the very beginning by default.")] = "",
    until: Annotated[str, typer.Option(help="Last day or time, UTC; a minute ago at the latest.")] = "",
    what: Annotated[
        str, typer.Option(help="Of trades, trades-v1, markets, prices, chain, subgraph; trades,markets unless said.")
    ] = "",
    into: Annotated[Path | None, typer.Option(help="Folder of the dataset; OUT/dataset by default.")] = None,
    no_import: Annotated[bool, typer.Option("--no-import", help="Fetch only; make no dataset.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=16, help="Requests in flight.")] = 4,
    patience: Annotated[int, typer.Option(min=1, max=100, help="Tries before the venue counts as gone.")] = 6,
    fidelity: Annotated[int, typer.Option(min=1, max=1440, help="Minutes between prices.")] = 1,
    lag: Annotated[int, typer.Option(min=0, help="Seconds before now left out: not all is indexed yet.")] = 60,
    data_dir: Path | None = DataDir,
    as_json: bool = AsJson,
) -> None:
    """Fetch public history of wallets and markets; go on after a kill, fetch only what is new when run again."""
    from whaletrader.app.pull.run import pull, settled_request
    from whaletrader.app.settings import load_settings

    request = _request(_listed(wallets, wallets_file), _listed(markets, markets_file), since, until, what, lag)
    venue = load_settings(data_directory(data_dir)).settings.venue
    out = out.expanduser()
    request = settled_request(out, request, open_end=not until)
    try:
        with progress_bar("pull") as progress:
            report = pull(out, request, venue, progress, workers=workers, attempts=patience, fidelity_min=fidelity)
    except VenueError as error:
        text = f"{error.message}; what was fetched is kept: run the same command again to go on"
        raise VenueError(text, status=error.status, retryable=True) from None
    except KeyboardInterrupt:
        note("whaletrader: stopped; what was fetched is kept: run the same command again to go on")
        raise typer.Exit(130) from None
    if as_json:
        import msgspec

        print_json(msgspec.to_builtins(report))
    else:
        _print_report(report)
    if not no_import and any(report.rows.values()):
        _import(out, into or out / "dataset", quiet=as_json)
    if not report.complete:
        note("whaletrader: the pull is not complete, see above; run the same command again to try what failed")
        raise typer.Exit(1)


def _listed(given: str, file: Path | None) -> list[str]:
    found = given.split(",")
    if file is None:
        return found
    try:
        lines = file.expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read ({error}); give a text file with one entry a line") from None
    return found + [line.partition("#")[0] for line in lines]


def _request(wallets: list[str], markets: list[str], since: str, until: str, what: str, lag_s: int) -> "PullRequest":
    from whaletrader.app.pull import plan

    first = plan.checked_time(since, "--since") if since else 0
    settled = int(time.time()) - lag_s
    last = min(settled, plan.checked_time(until, "--until", end=True)) if until else settled
    if last < first:
        raise UsageError(f"the end of the period ({_day(last)}) lies before its beginning; mend --since or --until")
    return plan.PullRequest(
        wallets=plan.checked_wallets(wallets),
        markets=plan.checked_markets(markets),
        what=plan.checked_what(what) if what else (),
        since_s=first,
        until_s=last,
    )


def _import(out: Path, into: Path, *, quiet: bool) -> None:
    from whaletrader.datasets.importers.run import import_any

    with progress_bar("import") as progress:
        report = import_any(out, into, "auto", progress)
    if not quiet:
        tables = report.dataset.manifest.tables
        say(f"dataset {into}: " + ", ".join(f"{name} {entry.rows:,}" for name, entry in tables.items() if entry.rows))


def _print_report(report: "PullReport") -> None:
    if report.simulated:
        say("SIMULATED: a venue on this machine told this, and it is made up.")
    for kind, pages in report.pages.items():
        if pages:
            say(f"{kind:<9}{report.rows[kind]:>12,} rows in {pages:,} answers")
    shown = [one for one in report.wallets if one.why] + [one for one in report.wallets if not one.why]
    for one in shown[:WALLETS_SHOWN]:
        _print_wallet(one)
    if len(shown) > WALLETS_SHOWN:
        whole = sum(1 for one in report.wallets if one.coverage == "complete")
        say(f"  … of {len(shown):,} wallets, {whole:,} complete; report.json has them all")
    if report.markets_named:
        lacking = report.markets_named - report.markets_found
        say(f"  markets: {report.markets_found:,} found, {lacking:,} lacking, {report.markets_settled:,} settled")
    if report.tokens_priced or report.tokens_without_price:
        say(f"  prices: of {report.tokens_priced:,} tokens; {report.tokens_without_price:,} without any")
    for what, words in (*report.failed, *report.truncated):
        say(f"  lacking: {what}: {words}")
    for what, words in report.made_good:
        say(f"  told by the Data API's first version instead: {what}: {words}")


def _print_wallet(one: "WalletReport") -> None:
    period = f"{_day(one.first_s)} to {_day(one.last_s)}" if one.rows else "nothing"
    lack = f"; {', '.join(one.why)}" if one.why else ""
    say(f"  {one.wallet}  {one.rows:>10,} rows, {period}, {one.coverage}{lack}")
    for other in one.compared:
        name = _NAMES[other.other]
        alone = f"{other.only_data_api:,} by the Data API alone, {other.only_other:,} by {name} alone"
        say(f"    held to {name}: {other.both:,} transactions told by both, {alone}")


def _day(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d")
