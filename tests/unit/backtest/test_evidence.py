"""What the leaderboard at the data's end says."""

import polars as pl
import pytest

from tests.support.universe import Tape
from whaletrader.backtest.evidence import detectable, overlay, refuse_thin
from whaletrader.config.tree import DiscoverySettings, Settings
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.errors import DataError
from whaletrader.universe.follower import FollowerTable, build_follower_table
from whaletrader.universe.score_params import scan_params
from whaletrader.universe.source import FrameSource

FEW = Settings(
    discovery=DiscoverySettings(
        min_resolved_bets_fills=12, min_resolved_bets_signals=12, min_event_groups=10, bootstrap_resamples=200
    )
)
END = 10_000_000 * NANOS


def skilled() -> FrameSource:
    """Wallet 0 is right in 24 of 24 markets, wallet 1 (whose prints price him) is wrong in as many."""
    made = Tape(wallets=3)
    for m in range(24):
        made.market(m, 1.0, 100_000 + m)
        made.trade(100 + 100 * m, 0, m, 0.40).trade(110 + 100 * m, 2, m, 0.41)
        made.trade(115 + 100 * m, 1, m, 0.60, outcome=1).trade(125 + 100 * m, 2, m, 0.41)
    return made.source(["a", "b", "c"])


@pytest.fixture(scope="module")
def table() -> FollowerTable:
    return build_follower_table(skilled())


def test_the_parameters_are_those_of_the_apps_scans() -> None:
    params = scan_params(FEW, END)
    assert (params.min_bets_fill, params.min_bets_position, params.n_boot) == (12, 12, 200)
    assert (params.as_of_ts, params.seed, params.confidence) == (END, FEW.seed, 0.975)


def test_a_history_too_short_to_score_anybody_is_refused_in_one_sentence(table: FollowerTable) -> None:
    with pytest.raises(DataError, match="no wallet of this dataset has enough settled bets") as told:
        refuse_thin(table, Settings(), END)
    assert "24 by fill where 30 are needed" in told.value.message
    assert "0 by position where 20 are needed" in told.value.message


def test_enough_bets_of_one_kind_are_enough(table: FollowerTable) -> None:
    assert refuse_thin(table, FEW, END) is None  # it raises where they are not


def test_bets_that_settle_after_the_data_ends_do_not_count(table: FollowerTable) -> None:
    with pytest.raises(DataError):
        refuse_thin(table, FEW, 99_000 * NANOS)


def test_the_real_leaderboard_stands_beside_its_mirror_and_shuffled_labels(table: FollowerTable) -> None:
    scores, rows = overlay(table, scan_params(FEW, END), (1, 2))
    fills = {row.which: row for row in rows if row.kind == "fill"}
    assert list(fills) == ["real", "mirrored", "random-1", "random-2"]
    assert fills["real"].judged >= 2
    assert fills["real"].lower_above_zero >= 1
    best = scores.frame["mean_edge_micro"].max()
    assert fills["real"].best_edge == pytest.approx(float(str(best)) / MICRO, abs=1e-6)
    assert fills["mirrored"].judged == fills["real"].judged
    positions = [row for row in rows if row.kind == "position"]
    assert all((row.judged, row.best_edge) == (0, None) for row in positions)


def test_the_smallest_visible_edge_is_the_narrowest_half_interval(table: FollowerTable) -> None:
    scores, _ = overlay(table, scan_params(FEW, END), ())
    judged = scores.frame.filter(pl.col("lower_micro").is_not_null())
    widths = sorted(e - low for e, low in judged.select("mean_edge_micro", "lower_micro").iter_rows())
    fill, position = detectable(scores)
    assert fill.judged == len(widths)
    assert fill.smallest == pytest.approx(widths[0] / MICRO, abs=1e-6)
    assert (position.smallest, position.median, position.judged) == (None, None, 0)
