"""Makes the report of a dataset: three ways of choosing leaders, replayed over the same windows.

The app's own runs go on in child processes while this one prices the universe; every result is a pure function of
dataset, settings and number of placebos.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from whaletrader.backtest import curves
from whaletrader.backtest.baseline import BaselineRun, leaders_events, past_window_leaders, run_baseline
from whaletrader.backtest.evidence import detectable, overlay, refuse_thin
from whaletrader.backtest.headline import headline
from whaletrader.backtest.metrics import Curve, rounded
from whaletrader.backtest.replayed import Job, Replayed, Replays, follower_params
from whaletrader.backtest.steps import dataset_info, funnel_rows, our_bands, span_of
from whaletrader.backtest.variants import BASELINE, OURS, baseline_variant, replayed_variant
from whaletrader.backtest.windows import Window, day, windows_of
from whaletrader.config.tree import Settings
from whaletrader.datasets.store import Dataset
from whaletrader.domain.values import DAY_NS
from whaletrader.errors import DataError
from whaletrader.report.model import SCHEMA_VERSION, Detectable, Overlay, Report, WindowRow
from whaletrader.universe.follower import FollowerInputs, FollowerTable, follower_inputs, price_inputs
from whaletrader.universe.ledger_tape import ledger_tape
from whaletrader.universe.score_params import scan_params

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _World:
    """The dataset, priced once."""

    dataset: Dataset
    settings: Settings
    inputs: FollowerInputs
    table: FollowerTable
    windows: list[Window]
    last_ts: int


@dataclass(frozen=True, slots=True)
class _Universe:
    """What does not depend on a replay."""

    chosen: list[list[int]]
    overlay: list[Overlay]
    detectable: list[Detectable]


def make_report(
    dataset: Dataset,
    settings: Settings,
    *,
    placebos: int = 1,
    scratch: Path,
    tell: Tell = lambda _text: None,
) -> Report:
    """Run all variants; `DataError` where no wallet can ever be scored."""
    world = _world(dataset, settings, tell)
    jobs = [
        Job(dataset=str(dataset.path), settings=settings, placebo=number, scratch=str(scratch))
        for number in range(placebos + 1)
    ]
    tell(f"replaying {len(world.windows)} windows with our leaders and {placebos} placebo set(s)")
    with Replays(jobs) as replays:
        universe = _universe(world, placebos)
        tell("the universe is scored; waiting for the replays")
        runs = replays.results()
    tell("putting the report together")
    return _report(world, universe, runs)


def _world(dataset: Dataset, settings: Settings, tell: Tell) -> _World:
    first_ts, last_ts = span_of(dataset)
    if not last_ts:
        raise DataError(f"{dataset.manifest.name} has neither trades nor positions: there is nothing to replay")
    tell("pricing every leader event as a follower would have got it")
    inputs = follower_inputs(dataset)
    table = price_inputs(inputs, follower_params(settings))
    refuse_thin(table, settings, last_ts)
    windows = windows_of(first_ts, last_ts, settings.discovery.scan_interval_days)
    return _World(dataset, settings, inputs, table, windows, last_ts)


def _universe(world: _World, placebos: int) -> _Universe:
    chosen = past_window_leaders(ledger_tape(world.dataset), world.windows)
    seeds = tuple((world.settings.seed + number) % 2**63 for number in range(1, max(placebos, 1) + 1))
    scores, rows = overlay(world.table, scan_params(world.settings, world.last_ts), seeds)
    return _Universe(chosen, rows, detectable(scores))


def _report(world: _World, universe: _Universe, runs: list[Replayed]) -> Report:
    settings, ours = world.settings, runs[0]
    began = _first_qualified(world, ours)
    days = (world.windows[began].start_ts // DAY_NS, max(ours.summary.clock_ts, world.last_ts) // DAY_NS)
    seed = settings.seed
    base = _baseline(world, universe, began, days)
    replayed = [
        replayed_variant(OURS if n == 0 else f"placebo-{n}", run, days, seed=seed) for n, run in enumerate(runs)
    ]
    variants = [replayed[0][0], baseline_variant(base, world.table.addresses, seed=seed), *(v for v, _ in replayed[1:])]
    lines = {OURS: replayed[0][1], BASELINE: base.curve} | {variant.name: curve for variant, curve in replayed[1:]}
    rows = _window_rows(world, ours, lines)
    params = follower_params(settings)
    signals = world.dataset.table("signals")
    kept = msgspec.to_builtins(settings)
    for name in ("web", "runtime"):
        kept.pop(name)
    return Report(
        schema_version=SCHEMA_VERSION,
        simulated=world.dataset.simulated,
        stamp="SIMULATED" if world.dataset.simulated else "",
        dataset=dataset_info(world.dataset),
        seed=seed,
        settings=kept,
        headline=headline(rows, variants, universe.detectable, universe.overlay),
        first_day=day(days[0] * DAY_NS),
        last_day=day(days[1] * DAY_NS),
        windows=rows,
        funnel=funnel_rows(world.table, ours.record, scan_params(settings, world.last_ts)),
        withheld=curves.withheld(world.table.frame),
        window_effect=curves.window_effect(world.inputs, params, world.table),
        delay_effect=curves.delay_effect(world.inputs, params, world.table, signals),
        variants=variants,
        reliability=our_bands(world.dataset, ours.record)
        + curves.bands_of(curves.paid_entries(world.table, world.dataset.table("markets")), "priced"),
        fee_provenance=curves.fee_rows(ours.record.fee_provenance, "ours")
        + curves.fee_rows(curves.priced_provenance(world.table), "priced"),
        overlay=universe.overlay,
        detectable=universe.detectable,
    )


def _first_qualified(world: _World, ours: Replayed) -> int:
    """The first window with a wallet that had enough settled bets; before it nobody trades and no day counts."""
    for index, scan in enumerate(ours.record.scans):
        assert scan.as_of_ts == world.windows[index].start_ts, "a scan lies off its window"
        if scan.n_qualified:
            return index
    return 0


def _baseline(world: _World, universe: _Universe, began: int, days: tuple[int, int]) -> BaselineRun:
    chosen = [[] if index < began else wallets for index, wallets in enumerate(universe.chosen)]
    events = leaders_events(world.table, world.windows, chosen)
    followed = [len(wallets) for wallets in chosen]
    start = world.settings.account.starting_equity_micro
    return run_baseline(events, world.inputs.world.prints, start, *days, followed)


def _window_rows(world: _World, ours: Replayed, lines: dict[str, Curve]) -> list[WindowRow]:
    rows = []
    for window, scan in zip(world.windows, ours.record.scans, strict=False):
        traded = any(scan.followed.values())
        rows.append(
            WindowRow(
                name=window.name,
                scanned=scan.n_wallets,
                qualified=scan.n_qualified,
                followed=scan.followed,
                status="traded" if traded else "nobody_followed" if scan.n_qualified else "nobody_qualified",
                pnl={name: _gained(curve, window) for name, curve in lines.items()},
            )
        )
    return rows


def _gained(curve: Curve, window: Window) -> float:
    """Change of equity between the ends of the days before the window's first and its last day."""
    ends = [ts // DAY_NS - curve.first_day for ts in (window.start_ts, window.end_ts)]
    first, last = (min(max(end, 0), curve.equity.size - 1) for end in ends)
    return rounded(float(curve.equity[last] - curve.equity[first]))
