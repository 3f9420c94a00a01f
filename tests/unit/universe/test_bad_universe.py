"""What is broken, empty or too little: a withheld statistic with a reason or one clear error, and never a NaN."""

import numpy as np
import polars as pl
import pytest

from tests.support.universe import Tape
from whaletrader.datasets.schema import TABLES
from whaletrader.universe.score_params import ScoreParams
from whaletrader.universe.scores import Scores, score_universe
from whaletrader.universe.source import FrameSource
from whaletrader.universe.thresholds import THRESHOLDS

DAY = 86_400
ENOUGH = max(THRESHOLDS.groups.needed)
"""Event groups that a verdict needs at any price."""
PARAMS = ScoreParams(n_boot=200)


def tape(bets: int = 40, wallets: int = 2, always: bool = False) -> Tape:
    """Wallets that bet daily at even odds, each on markets of its own."""
    made = Tape(wallets=wallets)
    for wallet in range(wallets):
        for m in range(wallet * bets, (wallet + 1) * bets):
            day = m % bets
            made.market(m, 1.0 if always or m % 3 else 0.0, (day + 2) * DAY)
            made.signal(day * DAY + 60, wallet, m, 0.50)
            made.trade(day * DAY + 50, wallet, m, 0.50)
    return made


def score(source: FrameSource, params: ScoreParams = PARAMS) -> Scores:
    found = score_universe(source, params)
    assert_nothing_is_nan(found)
    return found


def assert_nothing_is_nan(scores: Scores) -> None:
    """Published floats would be the only place for a NaN; there are none, and every unknown number has a reason."""
    for frame in (scores.frame, scores.funnel, scores.summary, scores.fee_provenance, scores.counts, scores.withheld):
        for name, dtype in frame.schema.items():
            assert dtype not in (pl.Float32, pl.Float64), name
    judged = scores.frame.filter(pl.col("withheld").is_null())
    for name in ("lower_micro", "upper_micro", "p_value_micro", "q_value_micro"):
        assert judged[name].null_count() == 0, name
    unjudged = scores.frame.filter(pl.col("withheld").is_not_null())
    assert unjudged["verdict"].to_list() == ["INSUFFICIENT_DATA"] * unjudged.height
    assert unjudged["lower_micro"].null_count() == unjudged.height


def tables_of(source: FrameSource) -> dict[str, pl.DataFrame]:
    return {name: source.table(name) for name in TABLES if source.has(name)}


def row(scores: Scores, wallet: int, kind: str = "position") -> dict[str, object]:
    return scores.frame.filter((pl.col("wallet") == wallet) & (pl.col("kind") == kind)).row(0, named=True)


def test_a_universe_of_nobody_is_an_empty_leaderboard() -> None:
    found = score(FrameSource({}))
    assert found.frame.is_empty()
    assert found.counts.is_empty() or found.counts["wallets"].sum() == 0


def test_wallets_that_did_nothing_are_nobody() -> None:
    assert score(Tape(wallets=3).source()).frame.is_empty()


def test_a_universe_of_one_wallet_is_judged() -> None:
    found = score(tape(bets=ENOUGH, wallets=1).source())
    assert row(found, 0)["withheld"] is None
    assert row(found, 0)["percentile_micro"] is not None


def test_a_wallet_with_one_bet_is_withheld_with_a_reason() -> None:
    made = tape(wallets=1)
    made.wallets = 2
    made.market(40, 1.0, 3 * DAY).signal(60, 1, 40, 0.5)
    found = row(score(made.source()), 1)
    assert (found["n_bets"], found["verdict"]) == (1, "INSUFFICIENT_DATA")
    assert found["withheld"]
    assert [found[name] for name in ("rank", "lower_micro", "sharpe_bet_micro", "psr_micro", "q_value_micro")] == [
        None
    ] * 5


def test_equal_returns_have_bounds_but_no_sharpe_ratio() -> None:
    found = row(score(tape(bets=ENOUGH, wallets=1, always=True).source()), 0)
    assert found["mean_edge_micro"] > 0  # type: ignore[operator]
    assert (found["sharpe_bet_micro"], found["psr_micro"], found["dsr_micro"]) == (None, None, None)
    assert found["withheld"] is None
    assert found["lower_micro"] < found["mean_edge_micro"]  # type: ignore[operator]


@pytest.mark.parametrize("name", ["trades", "signals", "tokens", "wallets", "fee_schedules"])
def test_the_order_of_the_rows_does_not_matter(name: str) -> None:
    tables = tables_of(tape().source())
    expected = score(FrameSource(tables))
    order = np.random.default_rng(1).permutation(tables[name].height)
    found = score(FrameSource(tables | {name: tables[name][order]}))
    assert found.frame.equals(expected.frame)


def test_a_wallet_that_is_listed_twice_is_one_wallet() -> None:
    tables = tables_of(tape().source())
    expected = score(FrameSource(tables))
    twice = pl.concat([tables["wallets"], tables["wallets"]])
    found = score(FrameSource(tables | {"wallets": twice}))
    assert found.frame.equals(expected.frame)


def test_a_market_that_resolved_before_its_trades_gives_no_bet() -> None:
    made = Tape(wallets=1)
    for m in range(40):
        made.market(m, 1.0, m * DAY)
        made.signal(m * DAY + 3_600, 0, m, 0.50)
        made.trade(m * DAY + 3_590, 0, m, 0.50)
    found = score(made.source())
    assert set(found.frame["n_bets"].to_list()) <= {0}
    assert found.frame["withheld"].null_count() == 0


def test_a_market_without_a_result_gives_no_bet() -> None:
    made = Tape(wallets=1)
    for m in range(40):
        made.market(m)
        made.signal(m * DAY + 60, 0, m, 0.50)
    found = score(made.source())
    assert found.frame.filter(pl.col("kind") == "position")["withheld"].null_count() == 0


@pytest.mark.parametrize("as_of", [0, -1, 10**18 * 4])
def test_a_date_before_or_after_everything_is_no_fault(as_of: int) -> None:
    found = score(tape().source(), ScoreParams(n_boot=200, as_of_ts=as_of))
    assert found.frame.is_empty() is (as_of <= 0)


def test_events_of_a_wallet_or_market_that_nobody_listed_are_no_nan() -> None:
    tables = tables_of(tape().source())
    for name in ("markets", "tokens", "fee_schedules"):
        found = score(FrameSource(tables | {name: tables[name].clear()}))
        assert found.frame.height in (0, 4), name
