"""`whaletrader score`: who of a dataset's wallets is worth copying, with intervals, or that nobody is; and why.

It changes no dataset; a data bundle is imported into the data directory first. Everything heavy is imported inside, so
that `--help` stays light.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from whaletrader.cli.common import AsJson, DataDir, data_directory, note, print_json, say
from whaletrader.cli.score_run import check_targets, interruptible, stages, write_atomically

if TYPE_CHECKING:
    from whaletrader.report.score_make import Asked

_LONGEST_S = 30 * 86_400.0
_MOST_SEED = 2**63 - 1

app = typer.Typer(rich_markup_mode=None)

Data = typer.Option(
    None, "--data", envvar="WHALETRADER_DATA", help="A dataset or data bundle (default: a simulated market)."
)
Policies = typer.Option(
    "taker", "--policies", metavar="NAMES", help="Follower policies, by comma, or all; each one tried is a trial."
)
MinBets = typer.Option(None, "--min-bets", min=2, help="Settled bets a verdict needs (default: the thresholds').")
Window = typer.Option(60.0, "--window", min=0.0, max=_LONGEST_S, help="Seconds in which a follower's print must come.")
Delay = typer.Option(5.0, "--delay", min=0.0, max=_LONGEST_S, help="Seconds from the leader's fill to ours.")
AsOf = typer.Option(None, "--as-of", metavar="DATE", help="Score what was known at this UTC date or time (ISO).")
Seed = typer.Option(20_261_122, "--seed", min=0, max=_MOST_SEED, help="Seed of everything random.")
Workers = typer.Option(1, "--workers", min=1, max=256, help="Processes of this machine.")
Ray = typer.Option(None, "--ray", metavar="ADDRESS", help="A Ray cluster instead, or local (needs the extra ray).")


WorkDir = typer.Option(
    None, "--work-dir", metavar="FOLDER",
    help="Where a large dataset's parts are put: for --ray on storage that every machine sees (default: temporary).",
)  # fmt: skip


@app.callback(invoke_without_command=True)
def score_command(
    context: typer.Context,
    data: Path | None = Data,
    as_json: bool = AsJson,
    html: Path | None = typer.Option(
        None, "--html", metavar="FILE", help="Write the report as one page, with figures."
    ),
    csv: Path | None = typer.Option(None, "--csv", metavar="FILE", help="Write every wallet's row as CSV."),
    parquet: Path | None = typer.Option(None, "--parquet", metavar="FILE", help="Write every wallet's row as Parquet."),
    top: int = typer.Option(20, "--top", min=1, max=100_000, help="Wallets to list of each kind and policy."),
    policies: str = Policies,
    placebo: bool = typer.Option(True, "--placebo/--no-placebo", help="Score wallets without skill beside."),
    min_bets: int | None = MinBets,
    window_s: float = Window,
    delay_s: float = Delay,
    as_of: str | None = AsOf,
    seed: int = Seed,
    workers: int = Workers,
    ray: str | None = Ray,
    work_dir: Path | None = WorkDir,
    data_dir: Path | None = DataDir,
) -> None:
    """Rank the wallets of a dataset by what a follower would have earned per share.

    Example: whaletrader score --data ~/datasets/bundle --html scores.html
    """
    if context.invoked_subcommand is not None:
        _refuse_stray_options(context)
        return
    with interruptible():
        check_targets((html, csv, parquet))
        asked = _asked(data, data_dir, policies, min_bets, window_s, delay_s, as_of, seed, workers, ray, work_dir)
        from whaletrader.cli.score_print import print_scores
        from whaletrader.report.model import report_bytes
        from whaletrader.report.score_make import make_score_report

        with stages() as tell:
            whole = as_json or html is not None
            report, scores = make_score_report(asked, top=top, placebo=placebo, whole=whole, tell=tell)
        if html is not None:
            from whaletrader.report.score_page import page_html

            write_atomically(html, page_html(report).encode())
        if csv is not None:
            write_atomically(csv, scores.frame.write_csv().encode())
        if parquet is not None:
            from io import BytesIO

            buffer = BytesIO()
            scores.frame.write_parquet(buffer)
            write_atomically(parquet, buffer.getvalue())
        if as_json:
            say(report_bytes(report).decode().rstrip("\n"))
        else:
            print_scores(report)
        for target in (html, csv, parquet):
            if target is not None:
                note(f"written: {target}")


@app.command("explain")
def explain_command(
    wallet: str = typer.Argument(..., metavar="WALLET", help="An address, or so much of it that only one begins so."),
    data: Path | None = Data,
    as_json: bool = AsJson,
    policies: str = Policies,
    placebo: bool = typer.Option(True, "--placebo/--no-placebo", help="Tell where it stands among placebos."),
    min_bets: int | None = MinBets,
    window_s: float = Window,
    delay_s: float = Delay,
    as_of: str | None = AsOf,
    seed: int = Seed,
    workers: int = Workers,
    ray: str | None = Ray,
    work_dir: Path | None = WorkDir,
    data_dir: Path | None = DataDir,
) -> None:
    """Tell the verdict on one wallet, every piece of evidence, and what would change it.

    Example: whaletrader score explain 0x6af7… --data ~/datasets/bundle
    """
    with interruptible():
        asked = _asked(data, data_dir, policies, min_bets, window_s, delay_s, as_of, seed, workers, ray, work_dir)
        import msgspec

        from whaletrader.cli.score_print import print_story
        from whaletrader.report.score_story import wallet_story

        with stages() as tell:
            story = wallet_story(asked, wallet, placebo=placebo, tell=tell)
        if as_json:
            print_json(msgspec.to_builtins(story))
        else:
            print_story(story)


def _refuse_stray_options(context: typer.Context) -> None:
    """Options of `score` before the word `explain` would be lost: they are refused."""
    from whaletrader.errors import UsageError

    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise UsageError(f"put the options behind the command: whaletrader score {context.invoked_subcommand} …")


def _asked(
    data: Path | None, data_dir: Path | None, policies: str, min_bets: int | None, window_s: float, delay_s: float,
    as_of: str | None, seed: int, workers: int, ray: str | None, work_dir: Path | None,
) -> "Asked":  # fmt: skip
    """Open the dataset and gather what is asked of it."""
    from whaletrader.app.executor import executor_for
    from whaletrader.app.layout import DataDirectory
    from whaletrader.app.sources import open_source
    from whaletrader.report.score_make import Asked
    from whaletrader.universe.follower import FollowerParams
    from whaletrader.universe.scores import ScoreParams

    needed = {} if min_bets is None else {"min_bets_fill": min_bets, "min_bets_position": min_bets}
    params = ScoreParams(
        as_of_ts=_time_of(as_of),
        seed=seed,
        follower=FollowerParams(delay_s=delay_s, window_s=window_s),
        policies=_policies(policies),
        **needed,
    )
    executor = executor_for(workers, ray)
    source = f"replay:{data}" if data else "sim"
    dataset = open_source(source, DataDirectory(data_directory(data_dir)), seed=seed, tell=note)
    return Asked(dataset, params, executor, work_dir)


def _policies(text: str) -> tuple[str, ...]:
    from whaletrader.universe.policies import POLICIES

    names = tuple(name.strip() for name in text.split(",") if name.strip())
    return POLICIES if names == ("all",) else names


def _time_of(text: str | None) -> int | None:
    from datetime import UTC, datetime

    from whaletrader.errors import UsageError

    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--as-of takes a UTC date or time such as 2026-04-01, not {text!r}") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    if not 1970 < moment.year < 2200:
        raise UsageError(f"--as-of takes a date between 1971 and 2199, not {text!r}")
    return int(moment.timestamp()) * 10**9
