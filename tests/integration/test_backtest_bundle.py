"""The backtest on real data: in time, with every figure there, and honest where nobody's edge stands."""

import time
from pathlib import Path

import pytest

from whaletrader.backtest.make import make_report
from whaletrader.config.tree import Settings
from whaletrader.datasets.importers.run import import_bundle
from whaletrader.report.model import Report
from whaletrader.report.page import page_html

pytestmark = pytest.mark.slow
LONGEST_S = 90.0


@pytest.fixture(scope="module")
def made(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, float]:
    folder = tmp_path_factory.mktemp("bundle")
    dataset = import_bundle(bundle, folder / "dataset").dataset
    began = time.perf_counter()
    report = make_report(dataset, Settings(), placebos=1, scratch=folder)
    page_html(report)
    return report, time.perf_counter() - began


def test_all_of_the_bundle_is_backtested_in_time(made: tuple[Report, float]) -> None:
    assert made[1] <= LONGEST_S


def test_real_data_bears_no_stamp(made: tuple[Report, float]) -> None:
    report = made[0]
    assert (report.simulated, report.stamp, report.dataset.kind) == (False, "", "real")


def test_the_funnel_says_how_few_fills_could_be_priced(made: tuple[Report, float]) -> None:
    steps = {row.step: row for row in made[0].funnel if row.kind == "fill"}
    assert steps["leader entries"].events > 150_000
    assert 0.05 < steps["met a price"].share < 0.15


def test_a_longer_wait_prices_more_fills(made: tuple[Report, float]) -> None:
    priced = [row.priced for row in made[0].window_effect if row.kind == "fill"]
    assert len(priced) == 4
    assert priced == sorted(priced)
    for row in made[0].window_effect:
        assert row.mean_edge is not None
        assert row.worst_case_edge is not None
        assert row.worst_case_edge < row.mean_edge


def test_every_figure_is_there_for_both_kinds(made: tuple[Report, float]) -> None:
    report = made[0]
    for rows in (report.funnel, report.delay_effect, report.overlay, report.detectable, report.withheld):
        assert {row.kind for row in rows} == {"fill", "position"}
    priced = [band for band in report.reliability if band.whose == "priced"]
    assert {band.kind for band in priced} == {"fill", "position"}
    assert len(priced) >= 15
    assert {row.provenance for row in report.fee_provenance} >= {"inferred"}


def test_the_verdict_agrees_with_what_was_traded(made: tuple[Report, float]) -> None:
    report = made[0]
    traded = [row for row in report.windows if row.status == "traded"]
    assert (report.headline.verdict == "followed") == bool(traded)
    ours = report.variants[0].metrics
    if not traded:
        assert ours.fills == 0
        assert ours.final_equity == ours.starting_equity
        assert ours.sharpe.value is None


def test_the_baseline_trades_the_same_days(made: tuple[Report, float]) -> None:
    ours, baseline = made[0].variants[:2]
    assert baseline.daily.days == ours.daily.days
    assert baseline.metrics.fills > 50
