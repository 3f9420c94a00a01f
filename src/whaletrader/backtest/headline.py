"""Says in plain words what a backtest found, or that it found nothing; every number is the report's own."""

from whaletrader.domain.reasons import SkipReason
from whaletrader.domain.values import TradingState
from whaletrader.report.model import Detectable, Estimate, Headline, Overlay, Variant, WindowRow

FOLLOWED, CERTIFIED_NULL = "followed", "certified_null"


def headline(
    windows: list[WindowRow], variants: list[Variant], detected: list[Detectable], overlays: list[Overlay]
) -> Headline:
    """The outcome of the walk-forward."""
    traded = [window for window in windows if window.status == "traded"]
    if not traded:
        return _null(windows, detected, overlays)
    ours, others = variants[0], variants[1:]
    earned = ours.metrics.net_return
    beats = all((earned.value or 0.0) > (v.metrics.net_return.value or 0.0) for v in others if "placebo" in v.name)
    sure = earned.lower is not None and earned.lower > 0.0
    leaders = len(ours.leaders)
    if sure and beats:
        title = f"Found: {leaders} leaders were copied, for {_percent(earned.value)} after all costs."
    elif (earned.value or 0.0) > 0.0:
        title = (
            f"{leaders} leaders were copied, for {_percent(earned.value)} after all costs: not told apart from chance."
        )
    else:
        title = f"{leaders} leaders were copied, for a loss of {_percent(earned.value)} after all costs."
    sentences = [
        f"Leaders were followed in {len(traded)} of {len(windows)} windows, each chosen on what came before it.",
        f"Whale Trader: {_told(earned)}. " + " ".join(f"{v.label}: {_told(v.metrics.net_return)}." for v in others),
        _chance(sure=sure, beats=beats, earned=earned),
    ]
    if ours.trading_state == TradingState.HALTED:
        halted = sum(row.count for row in ours.skipped if row.reason == SkipReason.TRADING_HALTED)
        sentences.append(
            "The risk limits halted our trading before the end, and a backtest has no operator to resume it: "
            f"{halted:,} leader events came after."
        )
    return Headline(verdict=FOLLOWED, title=title, sentences=sentences)


def _chance(*, sure: bool, beats: bool, earned: Estimate) -> str:
    if earned.lower is None:
        return f"How much of it is chance cannot be said: {earned.reason}."
    if not sure:
        return "The interval of our return holds 0: this history does not show that copying paid."
    if not beats:
        return "Placebo leaders did as well in the same pipeline: what was earned is not the leaders' skill."
    return "The interval lies above 0, and placebo leaders in the same pipeline earned less."


def _null(windows: list[WindowRow], detected: list[Detectable], overlays: list[Overlay]) -> Headline:
    judged = " and ".join(f"{row.judged} by {_kind(row.kind)}" for row in detected)
    seen = " ".join(
        f"By {_kind(row.kind)}, a typical judged wallet needed an edge of {_cents(row.median)} a share to be seen, "
        f"the one with the narrowest interval {_cents(row.smallest)} a share."
        for row in detected
        if row.smallest is not None and row.median is not None
    )
    standing = sum(row.lower_above_zero for row in overlays if row.which == "real")
    looked_at = (
        f"All {len(windows)} windows were looked at; at the data's end {judged} had enough settled bets, "
        f"and {standing} of them had a lower bound above 0."
    )
    return Headline(
        verdict=CERTIFIED_NULL,
        title="Certified null: no wallet's edge survived our delay and costs, so nobody was copied.",
        sentences=[
            looked_at,
            seen or "Too few wallets had enough settled bets to say how small an edge would have been seen.",
            "No trade is the right answer to no evidence; the figures below show what was looked at.",
        ],
    )


def _kind(kind: str) -> str:
    return "fills" if kind == "fill" else "positions found"


def _cents(value: float) -> str:
    return f"{value * 100:.1f} c" if value >= 0.001 else f"{value * 100:.3f} c"


def _percent(value: float | None) -> str:
    return "nothing" if value is None else f"{value:+.1%}"


def _told(estimate: Estimate) -> str:
    if estimate.lower is None or estimate.upper is None:
        return f"{_percent(estimate.value)} (no interval)"
    return f"{_percent(estimate.value)} [{_percent(estimate.lower)} to {_percent(estimate.upper)}]"
