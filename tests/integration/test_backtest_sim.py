"""The whole backtest on a small simulated market: same bytes, no look ahead, one sentence where it cannot be."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from whaletrader.backtest.make import make_report
from whaletrader.backtest.replayed import Job, Replayed, replay
from whaletrader.config.tree import DiscoverySettings, Settings
from whaletrader.datasets.simulator import simulate
from whaletrader.datasets.simulator.params import SimulationParams
from whaletrader.datasets.store import Dataset
from whaletrader.datasets.writer import DatasetWriter
from whaletrader.domain.values import DAY_NS
from whaletrader.errors import DataError
from whaletrader.report.model import Report, report_bytes

SMALL = SimulationParams(
    days=42, binary_markets=90, groups=3, outcomes_per_group=3, fills=14_000, skilled=6, lucky=3, market_makers=2,
    wash=2, noise=24, quoted_markets=8,
)  # fmt: skip
SETTINGS = Settings(
    discovery=DiscoverySettings(
        scan_interval_days=7,
        min_resolved_bets_fills=12,
        min_resolved_bets_signals=8,
        min_event_groups=10,
        bootstrap_resamples=200,
    )
)
MAKE = """
import sys
from pathlib import Path
import msgspec
from whaletrader.backtest.make import make_report
from whaletrader.config.tree import Settings
from whaletrader.datasets.store import Dataset
from whaletrader.report.model import report_bytes

if __name__ == "__main__":
    dataset, out, settings = Path(sys.argv[1]), Path(sys.argv[2]), msgspec.json.decode(sys.argv[3], type=Settings)
    report = make_report(Dataset.open(dataset), settings, placebos=1, scratch=out)
    (out / "report.json").write_bytes(report_bytes(report))
"""
CPU = {
    "OPENBLAS_CORETYPE": "Nehalem",
    "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F",
    "NUMBA_CPU_NAME": "generic",
    "POLARS_SKIP_CPU_CHECK": "1",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backtest")


@pytest.fixture(scope="module")
def dataset(folder: Path) -> Dataset:
    return simulate(folder / "sim", SMALL, seed=11)


@pytest.fixture(scope="module")
def report(dataset: Dataset, folder: Path) -> Report:
    return make_report(dataset, SETTINGS, placebos=1, scratch=folder)


def child(dataset: Dataset, out: Path, **environment: str) -> bytes:
    """Make the report in a process of its own."""
    out.mkdir()
    script = out / "make.py"
    script.write_text(MAKE)
    told = msgspec.json.encode(SETTINGS).decode()
    command = [sys.executable, str(script), str(dataset.path), str(out), told]
    subprocess.run(command, check=True, env={**os.environ, **environment}, timeout=300)
    return (out / "report.json").read_bytes()


def test_the_walk_forward_scores_on_the_past_and_trades_the_next_window(report: Report) -> None:
    assert [row.name[:3] for row in report.windows] == [f"W{n:02d}" for n in range(1, len(report.windows) + 1)]
    assert report.windows[0].status == "nobody_qualified"
    assert report.windows[0].scanned <= report.windows[-1].scanned
    assert any(row.status == "traded" for row in report.windows), [row.status for row in report.windows]
    assert report.headline.verdict == "followed"


def test_all_variants_stand_beside_each_other_over_the_same_days(report: Report) -> None:
    assert [variant.name for variant in report.variants] == ["ours", "baseline", "placebo-1"]
    days = report.variants[0].daily.days
    assert days[0] == report.first_day
    assert days[-1] == report.last_day
    for variant in report.variants:
        assert variant.daily.days == days
        assert variant.metrics.starting_equity == 10_000.0
        end = variant.daily.equity[-1]
        assert variant.metrics.final_equity == end
        assert variant.metrics.net_pnl.value == pytest.approx(end - 10_000.0, abs=1e-5)
        assert max(variant.daily.drawdown) == pytest.approx(variant.metrics.max_drawdown.value, abs=1e-6)
        gained = sum(row.pnl[variant.name] for row in report.windows)
        assert gained == pytest.approx(end - 10_000.0, abs=1e-4)


def test_kinds_add_up_to_the_variant(report: Report) -> None:
    for variant in report.variants:
        bets = sum(kind.bets for kind in variant.by_kind)
        assert bets == variant.metrics.bets
        total = sum(kind.realised + kind.marked for kind in variant.by_kind)
        assert variant.metrics.net_pnl.value == pytest.approx(total, abs=1e-3)


def test_the_funnel_narrows_up_to_the_followed_leaders(report: Report) -> None:
    for kind in ("fill", "position"):
        events = [row.events for row in report.funnel if row.kind == kind]
        assert events[:4] == sorted(events[:4], reverse=True)
        assert events[4:] == sorted(events[4:], reverse=True)


def test_simulated_data_is_stamped(report: Report) -> None:
    assert report.simulated
    assert report.stamp == "SIMULATED"
    assert report.dataset.kind == "simulated"


def test_placebos_are_other_wallets_than_our_leaders_and_skill_is_rarer_among_them(
    report: Report, dataset: Dataset
) -> None:
    truth = dict(dataset.table("wallets").join(dataset.table("truth"), on="wallet").select("address", "label").rows())
    ours, _, placebo = report.variants
    for leader in ours.leaders:
        assert leader.wallet in truth
    chosen = [truth[row.wallet] for row in ours.leaders]
    drawn = [truth[row.wallet] for row in placebo.leaders]
    skilled = [sum(label in {"skilled", "lucky"} for label in labels) for labels in (chosen, drawn)]
    assert skilled[0] == len(chosen)
    assert not drawn or skilled[1] < len(drawn)


def test_no_host_path_or_clock_is_in_the_report(report: Report, folder: Path) -> None:
    text = report_bytes(report).decode()
    for forbidden in (str(folder), os.uname().nodename, str(Path.home()), "duration", "elapsed"):
        assert forbidden not in text or len(forbidden) < 3


def test_our_variant_is_the_very_app(report: Report, dataset: Dataset, folder: Path) -> None:
    from whaletrader.app.layout import DataDirectory
    from whaletrader.app.run import opened, run_app

    with opened(f"replay:{dataset.path}", DataDirectory(folder / "home"), SETTINGS) as app:
        summary = run_app(app)
    assert report.variants[0].log_head == summary.log_head
    assert report.variants[0].metrics.final_equity == pytest.approx(summary.equity_micro / 1e6)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_with_one_thread_and_with_two(
    report: Report, dataset: Dataset, tmp_path: Path
) -> None:
    one = child(dataset, tmp_path / "one", POLARS_MAX_THREADS="1", NUMBA_NUM_THREADS="1")
    two = child(dataset, tmp_path / "two", POLARS_MAX_THREADS="2", NUMBA_NUM_THREADS="2")
    assert one == two
    assert one == report_bytes(report)


@pytest.mark.slow
def test_another_processor_takes_the_same_decisions(report: Report, dataset: Dataset, tmp_path: Path) -> None:
    other = json.loads(child(dataset, tmp_path / "cpu", NUMBA_CACHE_DIR=str(tmp_path / "numba"), **CPU))
    for ours, theirs in zip(json.loads(report_bytes(report))["variants"], other["variants"], strict=True):
        for name in ("log_head", "log_count", "skipped", "stopped", "approved", "denied", "leaders"):
            assert ours[name] == theirs[name], (ours["name"], name)
        assert ours["metrics"]["final_equity"] == pytest.approx(theirs["metrics"]["final_equity"], abs=1e-5)


def replayed(dataset: Dataset, scratch: Path, placebo: int = 0) -> Replayed:
    return replay(Job(dataset=str(dataset.path), settings=SETTINGS, placebo=placebo, scratch=str(scratch)))


def falsified(dataset: Dataset, path: Path, after_ts: int) -> Dataset:
    """The dataset with another future: later prints at other prices, later resolutions the other way round."""
    writer = DatasetWriter(path, "sim", "simulated", 11)
    for source in dataset.manifest.sources:
        writer.add_source(source)
    for name in dataset.manifest.tables:
        frame = dataset.table(name)
        if name in {"trades", "signals"}:
            other = (1_000_000 - pl.col("price_micro")).clip(1_000, 999_000)
            frame = frame.with_columns(
                pl.when(pl.col("ts") > after_ts).then(other).otherwise(pl.col("price_micro")).alias("price_micro")
            )
        if name == "markets":
            late = (pl.col("resolved_ts") > after_ts).fill_null(value=False)
            turned = 1_000_000 - pl.col("payout0_micro")
            frame = frame.with_columns(
                pl.when(late).then(turned).otherwise(pl.col("payout0_micro")).alias("payout0_micro")
            )
        writer.write(name, frame)
    return writer.finish()


def until(run: Replayed, ts: int) -> dict[str, Any]:
    """What a run did up to a time."""
    return {
        "scans": [
            (scan.as_of_ts, scan.n_wallets, scan.n_qualified) for scan in run.record.scans if scan.as_of_ts <= ts
        ],
        "fills": [fill for fill in run.record.fills if fill.ts <= ts],
        "equity": [mark for mark in run.record.equity if mark[0] <= ts],
        "followed": {key: first for key, first in run.record.ever_followed.items() if first <= ts},
    }


@pytest.mark.parametrize("placebo", [0, 1])
def test_another_future_changes_no_earlier_decision(dataset: Dataset, folder: Path, placebo: int) -> None:
    first_ts = int(dataset.table("trades")["ts"][0])
    cut = first_ts + 28 * DAY_NS
    path = folder / "other"
    other = Dataset.open(path) if path.is_dir() else falsified(dataset, path, cut)
    ours, theirs = (replayed(d, folder, placebo) for d in (dataset, other))
    assert until(ours, cut) == until(theirs, cut)
    assert until(ours, cut)["followed"]
    assert ours.summary.log_head != theirs.summary.log_head


def test_a_history_too_short_is_refused_in_one_sentence(dataset: Dataset, folder: Path) -> None:
    strict = msgspec.structs.replace(
        SETTINGS, discovery=DiscoverySettings(min_resolved_bets_fills=100_000, min_resolved_bets_signals=100_000)
    )
    with pytest.raises(DataError, match="enough settled bets"):
        make_report(dataset, strict, scratch=folder)


def test_where_nobody_is_good_enough_nobody_is_copied_and_the_report_says_so(dataset: Dataset, folder: Path) -> None:
    sure = DiscoverySettings(
        min_resolved_bets_fills=12,
        min_resolved_bets_signals=8,
        min_event_groups=10,
        bootstrap_resamples=200,
        confidence_micro=999_999,
    )
    sceptic = msgspec.structs.replace(SETTINGS, discovery=sure)
    found = make_report(dataset, sceptic, scratch=folder)
    if found.headline.verdict == "certified_null":
        assert found.variants[0].metrics.fills == 0
        assert found.variants[0].metrics.sharpe.value is None
    followed = sum(sum(row.followed.values()) for row in found.windows)
    assert (followed == 0) == (found.headline.verdict == "certified_null")
