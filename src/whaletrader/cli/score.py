"""`whaletrader score`: who of a dataset's wallets is worth copying, with intervals, or that nobody is.

It changes no dataset; a data bundle is imported into the data directory first. Everything heavy is imported inside, so
that `--help` stays light.
"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from whaletrader.cli.common import AsJson, DataDir, data_directory, note, print_json, say

if TYPE_CHECKING:
    import polars as pl

    from whaletrader.datasets.store import Dataset
    from whaletrader.universe.scores import Scores

_COLUMNS = (
    ("rank", "rank", 5),
    ("wallet", "address", 44),
    ("verdict", "verdict", 18),
    ("bets", "n_bets", 6),
    ("groups", "n_groups", 7),
    ("edge", "mean_edge_micro", 8),
    ("lower", "lower_micro", 8),
    ("upper", "upper_micro", 8),
    ("q", "q_value_micro", 7),
    ("sharpe", "sharpe_daily_365_micro", 8),
    ("psr", "psr_micro", 7),
    ("hit", "hit_rate_micro", 7),
    ("price", "mean_price_micro", 7),
)
_LONGEST_S = 30 * 86_400.0
_MOST_SEED = 2**63 - 1


def score_command(
    data: Path | None = typer.Option(
        None, "--data", envvar="WHALETRADER_DATA", help="A dataset or data bundle (default: a simulated market)."
    ),
    as_json: bool = AsJson,
    top: int = typer.Option(20, "--top", min=1, help="Wallets to list of each kind."),
    min_bets: int | None = typer.Option(
        None, "--min-bets", min=2, help="Settled bets a verdict needs (default 30/20)."
    ),
    window_s: float = typer.Option(
        60.0, "--window", min=0.0, max=_LONGEST_S, help="Seconds in which a follower's print must come."
    ),
    delay_s: float = typer.Option(
        5.0, "--delay", min=0.0, max=_LONGEST_S, help="Seconds from the leader's fill to ours."
    ),
    as_of: str | None = typer.Option(None, "--as-of", help="Score what was known at this UTC date or time (ISO)."),
    seed: int = typer.Option(20_261_122, "--seed", min=0, max=_MOST_SEED, help="Seed of everything random."),
    data_dir: Path | None = DataDir,
) -> None:
    """Rank the wallets of a dataset by what a follower would have earned per share.

    Example: whaletrader score --data ~/datasets/bundle --top 10
    """
    from whaletrader.app.layout import DataDirectory
    from whaletrader.app.sources import open_source
    from whaletrader.universe.follower import FollowerParams
    from whaletrader.universe.scores import ScoreParams, score_universe

    as_of_ts = _time_of(as_of)
    source = f"replay:{data}" if data else "sim"
    dataset = open_source(source, DataDirectory(data_directory(data_dir)), seed=seed, tell=note)
    needed = {} if min_bets is None else {"min_bets_fill": min_bets, "min_bets_position": min_bets}
    follower = FollowerParams(delay_s=delay_s, window_s=window_s)
    params = ScoreParams(as_of_ts=as_of_ts, seed=seed, follower=follower, **needed)
    scores = score_universe(dataset, params)
    if as_json:
        print_json(_as_json(scores, dataset, top))
    else:
        _print(scores, dataset, top)


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


def _as_json(scores: "Scores", dataset: "Dataset", top: int) -> dict[str, Any]:
    listed = {kind: frame.to_dicts() for kind, frame in _listed(scores, top)}
    return {
        "simulated": dataset.simulated,
        "dataset": {"name": dataset.manifest.name, "fingerprint": scores.fingerprint},
        "params": asdict(scores.params),
        "funnel": scores.funnel.to_dicts(),
        "edge": scores.summary.to_dicts(),
        "fee_provenance": scores.fee_provenance.to_dicts(),
        "verdicts": _verdicts(scores).to_dicts(),
        "leaders": listed,
    }


def _verdicts(scores: "Scores") -> "pl.DataFrame":
    return scores.frame.group_by("kind", "verdict").len("wallets").sort("kind", "verdict")


def _listed(scores: "Scores", top: int) -> "list[tuple[str, pl.DataFrame]]":
    import polars as pl

    from whaletrader.universe.follower import KINDS

    judged = scores.frame.filter(pl.col("rank").is_not_null())
    return [(kind, judged.filter(pl.col("kind") == kind).head(top)) for kind in KINDS]


def _print(scores: "Scores", dataset: "Dataset", top: int) -> None:
    if dataset.simulated:
        say("SIMULATED: these wallets and trades are made up.")
    for kind, frame in _listed(scores, top):
        _print_funnel(scores, kind)
        if frame.height == 0:
            say("  no wallet has enough settled bets for a verdict\n")
            continue
        say("  " + " ".join(title.ljust(width) for title, _, width in _COLUMNS))
        for row in frame.iter_rows(named=True):
            say("  " + " ".join(_cell(row, name).ljust(width) for _, name, width in _COLUMNS))
        say("")
    for row in _verdicts(scores).iter_rows(named=True):
        say(f"{row['kind']:9} {row['verdict']:18} {row['wallets']} wallets")
    bound = round(scores.params.confidence * 100)
    say(
        f"edge: a follower's net gain per share; lower, upper: one-sided {bound} % bounds, clustered by event group;\n"
        "q: adjusted for the number of wallets judged; sharpe: daily, annualised with 365. Past results, not a promise."
    )
    if not scores.frame["verdict"].is_in(["HIGH_SKILL"]).any():
        note("No wallet's edge stands after the adjustment for the number of wallets judged.")


def _print_funnel(scores: "Scores", kind: str) -> None:
    import polars as pl

    rows = scores.funnel.filter(pl.col("kind").cast(pl.String) == kind).to_dicts()
    say(f"{kind}: {sum(row['events'] for row in rows)} leader events")
    for row in rows:
        if row["events"]:
            say(f"  {row['reason']:22} {row['events']:>8}  {row['share_micro'] / 10_000:5.1f} %")


def _cell(row: dict[str, Any], name: str) -> str:
    value = row[name]
    if value is None:
        return "-"
    if not name.endswith("_micro"):
        return str(value)
    return f"{value / 1_000_000:.3f}" if "sharpe" not in name else f"{value / 1_000_000:.2f}"
