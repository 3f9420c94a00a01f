"""A report made by hand."""

from whaletrader.report.model import (
    SCHEMA_VERSION,
    Band,
    CountRow,
    Daily,
    DatasetInfo,
    DelayEffect,
    Detectable,
    Estimate,
    FeeRow,
    FunnelRow,
    Headline,
    KindResult,
    LeaderRow,
    Metrics,
    Overlay,
    Report,
    Variant,
    WindowEffect,
    WindowRow,
)

KINDS = ("fill", "position")
BETWEEN = Estimate(value=0.1, lower=-0.05, upper=0.2, n=30, method="a bootstrap")


def metrics() -> Metrics:
    return Metrics(
        starting_equity=10_000.0,
        final_equity=11_000.0,
        net_pnl=Estimate(value=1_000.0, lower=-500.0, upper=2_000.0, n=30, method="a bootstrap"),
        net_return=BETWEEN,
        sharpe=Estimate(value=None, reason="equity moved on 3 days only"),
        max_drawdown=BETWEEN,
        hit_rate=Estimate(value=0.6, lower=0.3, upper=0.8, n=10, method="Wilson"),
        bets=10,
        open_bets=1,
        fills=12,
        turnover=1.5,
        fees=12.25,
    )


def variant(name: str = "ours", figures: Metrics | None = None, days: int = 40) -> Variant:
    equity = [10_000.0 + 25.0 * i * (-1) ** (i // 7) for i in range(days)]
    peaks = [max([10_000.0, *equity[: i + 1]]) for i in range(days)]
    return Variant(
        name=name,
        label={"ours": "Whale Trader", "baseline": "Baseline v0.1"}.get(name, "Placebo leaders 1"),
        what=f"what {name} does",
        metrics=figures or metrics(),
        by_kind=[
            KindResult(
                kind=kind, events=9, fills=6, bets=5, won=3, hit_rate=BETWEEN, realised=5.0, marked=1.0, fees=0.5
            )
            for kind in KINDS
        ],
        daily=Daily(
            days=[f"2026-01-{i % 28 + 1:02d}" for i in range(days)],
            equity=equity,
            drawdown=[1.0 - e / p for e, p in zip(equity, peaks, strict=True)],
        ),
        skipped=[CountRow(kind="fill", reason="STALE", count=3, share=1.0)],
        stopped=[],
        approved=[CountRow(kind="fill", reason="KELLY", count=2, share=1.0)],
        denied=[CountRow(kind="position", reason="CASH", count=1, share=1.0)],
        leaders=[
            LeaderRow(kind="fill", wallet=f"0x{n:040x}", realised=1.0, marked=0.0, fees=0.1, fills=2, bets=2, won=1)
            for n in range(2)
        ],
        log_head="ab" * 32 if name != "baseline" else "",
        log_count=100,
    )


def report(*, simulated: bool = True) -> Report:
    return Report(
        schema_version=SCHEMA_VERSION,
        simulated=simulated,
        stamp="SIMULATED" if simulated else "",
        dataset=DatasetInfo(
            name="sim <b>", kind="simulated" if simulated else "real", fingerprint="cd" * 32, first_day="2026-01-01",
            last_day="2026-02-09", wallets=9, trades=1_000, signals=50,
        ),
        seed=7,
        settings={"seed": 7},
        headline=Headline(verdict="followed", title="2 leaders & a <tag>", sentences=["One.", "Two."]),
        first_day="2026-01-01",
        last_day="2026-02-09",
        windows=[
            WindowRow(
                name="W01 2026-01-01..2026-01-08", scanned=5, qualified=0, followed={}, status="nobody_qualified",
                pnl={"ours": 0.0, "baseline": 0.0, "placebo-1": 0.0},
            ),
            WindowRow(
                name="W02 2026-01-08..2026-01-15", scanned=5, qualified=3, followed={"fill": 2}, status="traded",
                pnl={"ours": 12.0, "baseline": -3.0, "placebo-1": 1.0},
            ),
        ],
        funnel=[
            FunnelRow(kind=kind, step=step, events=n, share=n / 100)
            for kind in KINDS
            for step, n in (("leader entries", 100), ("met a price", 40), ("copied", 0))
        ],
        withheld=[CountRow(kind="fill", reason="no_print_in_window", count=60, share=0.6)],
        window_effect=[
            WindowEffect(
                kind="fill", window_s=w, events=100, priced=40, share_priced=0.4, mean_edge=0.01, worst_case_edge=-0.2
            )
            for w in (60.0, 600.0, 3_600.0, 86_400.0)
        ]
        + [
            WindowEffect(
                kind="position", window_s=0.0, events=9, priced=0, share_priced=0.0, mean_edge=None,
                worst_case_edge=None,
            )
        ],
        delay_effect=[
            DelayEffect(kind="fill", delay_s=d, label=f"{d:g} s", events=100, priced=30, mean_edge=0.01 - d / 1e4)
            for d in (1.0, 5.0, 60.0)
        ],
        variants=[variant("ours"), variant("baseline"), variant("placebo-1")],
        reliability=[
            Band(
                whose=whose, kind="fill", above=0.3, to=0.4, n=30, mean_price=0.36, share_won=0.4, lower=0.2, upper=0.6
            )
            for whose in ("ours", "priced")
        ],
        fee_provenance=[FeeRow(whose="ours", kind="fill", provenance="market", count=12, share=1.0)],
        overlay=[
            Overlay(
                which="real", kind="fill", judged=12, lower_above_zero=2, high_skill=1, median_edge=0.001,
                best_edge=0.08,
            )
        ],
        detectable=[Detectable(kind="fill", judged=12, smallest=0.03, median=0.07)],
    )  # fmt: skip
