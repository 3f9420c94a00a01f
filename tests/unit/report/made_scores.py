"""A report of scores made by hand."""

from whaletrader.report.model import CountRow, DatasetInfo, FeeRow, Headline
from whaletrader.report.score_model import (
    SCHEMA_VERSION,
    CopyRow,
    DelayPoint,
    ForecastScore,
    Null,
    NullKind,
    PlaceboRow,
    Points,
    PowerRow,
    ReliabilityBand,
    ScoreReport,
    StepRow,
    Thresholds,
    VerdictRow,
    WalletRow,
    WithheldRow,
)

KINDS = ("fill", "position")
STEPS = {
    "found": 400,
    "priced": 300,
    "enough_bets": 60,
    "tested": 50,
    "lower_above_zero": 6,
    "survived_fdr": 2,
    "survived_e": 1,
}
COMPONENTS = {"profitability": 0.95, "market_impact": 0.4, "size": 0.7, "risk_control": 0.66, "liquidity": 0.5}


def wallet(rank: int, kind: str = "fill", policy: str = "taker") -> WalletRow:
    edge = 0.09 - rank * 0.008
    return WalletRow(
        rank=rank, policy=policy, kind=kind, wallet=f"0x{rank:040x}", bets=80 - rank, groups=60, days=200, events=300,
        priced=90, verdict="HIGH_SKILL" if rank < 3 else "LIKELY_LUCK", edge=edge, lower=edge - 0.05, upper=edge + 0.06,
        interval="bootstrap", shrunk=edge / 2, mean_price=0.52, mean_cost=0.54, roi=0.1, hit_rate=0.6, hit_lower=0.5,
        hit_upper=0.7, log10_p=-7.2 + rank, log10_q=-4.0 + rank / 2, q_by=0.2, log10_e=3.0 - rank, e_selected=rank < 2,
        sharpe=1.5, psr=0.98, dsr=0.6, min_track_record=44, composite=81.0 - rank, composite_lower=70.0,
        composite_upper=92.0, percentile=0.99, components=COMPONENTS, maker_share=0.3, own_realised=1234.5,
        truncated=False,
    )  # fmt: skip


def placebo(which: str, kind: str, steep: float) -> PlaceboRow:
    places = [i / 20 for i in range(1, 36)]
    return PlaceboRow(
        which=which, policy="taker", kind=kind, judged=50, lower_above_zero=3, survived=int(which == "observed"),
        median_edge=-0.02, best_edge=0.08, best_lower=0.012, edge_5=-0.09, edge_95=0.05,
        p_curve=Points(x=places, y=[steep * x for x in places]),
    )  # fmt: skip


def copy_row(n: int) -> CopyRow:
    delays = (1.0, 5.0, 15.0, 60.0, 300.0, 3_600.0)
    points = [
        DelayPoint(delay_s=d, bets=60 - 4 * i, edge=0.08 - 0.015 * i, lower=0.03 - 0.015 * i)
        for i, d in enumerate(delays)
    ]
    return CopyRow(
        wallet=f"0x{n:040x}", kind="fill", points=points, capacity_usd=1_500.0, capacity_bound="impact",
        maker_share=0.25, crowding=0.1,
    )  # fmt: skip


def bands(kind: str) -> list[ReliabilityBand]:
    return [
        ReliabilityBand(
            series=series, kind=kind, above=low, to=low + 0.2, n=40, groups=30, forecast=low + 0.1 + bias,
            share_won=low + 0.13, lower=low + 0.05, upper=min(low + 0.21, 1.0),
        )
        for series, bias in (("price", 0.0), ("price_plus_edge", 0.03))
        for low in (0.0, 0.2, 0.4, 0.6, 0.8)
    ]  # fmt: skip


def score_report(*, simulated: bool = True, certified: bool = False) -> ScoreReport:
    return ScoreReport(
        schema_version=SCHEMA_VERSION,
        simulated=simulated,
        stamp="SIMULATED" if simulated else "",
        dataset=DatasetInfo(
            name="sim <b>", kind="simulated" if simulated else "real", fingerprint="cd" * 32, first_day="2026-01-01",
            last_day="2026-06-09", wallets=400, trades=10_000, signals=500,
        ),
        as_of="",
        confidence=0.95,
        false_discovery_rate=0.05,
        parameters={"seed": 7, "follower.delay_s": 5.0},
        thresholds=Thresholds(sha256="ef" * 32, values={"selection": {"fdr": 0.05}}),
        headline=Headline(
            verdict="certified_null" if certified else "found", title="2 wallets & a <tag>", sentences=["One.", "Two."]
        ),
        policies=["taker", "passive"],
        steps=[
            StepRow(policy=policy, kind=kind, step=step, wallets=n, share=n / 400)
            for policy in ("taker", "passive")
            for kind in KINDS
            for step, n in STEPS.items()
        ],
        events=[CountRow(kind="fill", reason="no_print_in_window", count=60, share=0.6)],
        verdicts=[
            VerdictRow(policy="taker", kind=kind, verdict=verdict, wallets=n)
            for kind in KINDS
            for verdict, n in (("HIGH_SKILL", 2), ("LIKELY_LUCK", 48), ("INSUFFICIENT_DATA", 350))
        ],
        withheld=[WithheldRow(policy="taker", kind="fill", reason="too_few_bets", wallets=340)],
        best=[wallet(rank, kind) for kind in KINDS for rank in range(1, 8)],
        placebo=[
            placebo(which, kind, steep)
            for kind in KINDS
            for which, steep in (("observed", 2.5), ("mirrored", 0.6), ("random-1", 1.05), ("random-2", 0.95))
        ],
        copyability=[copy_row(n) for n in range(1, 5)],
        reliability=[band for kind in KINDS for band in bands(kind)],
        forecasts=[
            ForecastScore(
                series=series, kind="fill", bets=200, wallets=20, brier=0.2212, reliability=0.003, resolution=0.02,
                **({} if series == "price" else {"gain": 0.001, "gain_lower": -0.002, "gain_upper": 0.004}),
            )
            for series in ("price", "price_plus_edge")
        ],
        null=Null(
            certified=certified,
            sentences=["With 50 trials, an edge of 8.0 c a share over 100 bets would have been found in four of five."],
            kinds=[
                NullKind(
                    kind=kind, tested=50, survived=0, needed_p=-3.0, finest_p=-30.0, reaching=48, best=0.05,
                    median=0.12, sentence="None of 50.",
                )
                for kind in KINDS
            ],
            rows=[
                PowerRow(kind=kind, price=price, bets=n, power=0.8, wins=None, detectable=price * 2.4 / n**0.5)
                for kind in KINDS for price in (0.3, 0.5) for n in (30, 100, 300, 1_000)
            ],
        ),
        fee_provenance=[FeeRow(whose="priced", kind="fill", provenance="market", count=12, share=1.0)],
        notes=["A note."],
    )  # fmt: skip
