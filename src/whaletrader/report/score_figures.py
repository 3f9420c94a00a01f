"""The figures of a score report, each drawn from the report's own numbers; the page says what they show."""

from collections.abc import Sequence
from html import escape

from whaletrader.report.figures import edge, percent
from whaletrader.report.score_model import (
    CopyRow,
    DelayPoint,
    PlaceboRow,
    PowerRow,
    ReliabilityBand,
    StepRow,
    VerdictRow,
    WalletRow,
)
from whaletrader.report.svg import Plot, legend

STEP_NAMES = {
    "found": "found",
    "priced": "a bet could be priced",
    "enough_bets": "enough settled bets",
    "tested": "tested",
    "lower_above_zero": "lower bound above 0",
    "survived_fdr": "survive among all",
    "survived_e": "survive by e-values",
}
COMPONENTS = ("profitability", "market_impact", "size", "risk_control", "liquidity")
VERDICTS = ("HIGH_SKILL", "MODERATE_SKILL", "LIKELY_LUCK", "INSUFFICIENT_DATA")
SERIES = {"price": "market", "price_plus_edge": "ours"}
FEWEST_BETS = 10
"""Settled bets at a delay that the figure needs; the JSON has all."""
_ROW = 24
_PAD = 0.06
_WIDE = 190
_SMALL = (300, 150)


def short(address: str) -> str:
    """An address that fits beside a figure."""
    return address if len(address) <= 14 else f"{address[:8]}…{address[-4:]}"


def edge_tick(value: float) -> str:
    """An edge at an axis: no sign at 0."""
    return "0" if value == 0.0 else edge(value)


def steps_figure(rows: Sequence[StepRow]) -> str:
    """One policy's and kind's steps as bars, widths by the square root so that the last steps can be seen."""
    most = max((row.wallets for row in rows), default=0) or 1
    items = []
    for row in rows:
        width = 100.0 * (row.wallets / most) ** 0.5
        name = STEP_NAMES.get(row.step, row.step.replace("_", " "))
        items.append(
            f'<div class="step"><span class="name">{escape(name)}</span>'
            f'<span class="track"><span class="fillbar {row.kind}" style="width:{width:.2f}%"></span></span>'
            f'<span class="count">{row.wallets:,}</span><span class="share">{percent(row.share, 1)}</span></div>'
        )
    return f'<div class="funnel">{"".join(items)}</div>'


def interval_figure(rows: Sequence[WalletRow], placebo: Sequence[PlaceboRow]) -> str:
    """The best wallets' bounds, estimates and shrunk edges; behind them where placebo wallets of their kind lie."""
    mine = [row for row in rows if row.lower is not None and row.upper is not None and row.edge is not None]
    if not mine:
        return '<p class="none">No wallet was tested, so there is no interval.</p>'
    low, high, best = _placebo_band(placebo)
    ends = [value for row in mine for value in (row.lower, row.upper)] + [low, high, best, 0.0]
    values = [value for value in ends if value is not None]
    plot = Plot(
        _span(values), (0.0, float(len(mine))), "Edge per share of the best wallets with its bounds",
        height=_ROW * len(mine) + 50, left=_WIDE,
    )  # fmt: skip
    if low is not None and high is not None:
        plot.band(low, high, "placebo", f"nine in ten placebo wallets lie between {edge(low)} and {edge(high)}")
    plot.x_axis(edge_tick)
    if best is not None:
        plot.line([(best, 0.0), (best, float(len(mine)))], "best", f"best lower bound of a placebo: {edge(best)}")
    for place, row in enumerate(mine):
        _interval(plot, row, len(mine) - place - 0.5)
    return plot.svg()


def _interval(plot: Plot, row: WalletRow, y: float) -> None:
    assert row.lower is not None
    assert row.upper is not None
    assert row.edge is not None
    plot.label(y, f"{row.rank or '-'}  {short(row.wallet)}")
    plot.span(row.lower, row.upper, y, row.kind)
    told = f"{row.wallet}: {edge(row.edge)} [{edge(row.lower)}, {edge(row.upper)}], {row.bets:,} bets, {row.verdict}"
    plot.dot(row.edge, y, row.kind, told)
    if row.shrunk is not None:
        plot.ring(row.shrunk, y, row.kind, f"shrunk towards all judged wallets: {edge(row.shrunk)}", radius=3.5)


def _placebo_band(rows: Sequence[PlaceboRow]) -> tuple[float | None, float | None, float | None]:
    """The widest central 90 % and the best lower bound of the placebos."""
    mine = [row for row in rows if row.which != "observed"]
    lows = [row.edge_5 for row in mine if row.edge_5 is not None]
    highs = [row.edge_95 for row in mine if row.edge_95 is not None]
    bests = [row.best_lower for row in mine if row.best_lower is not None]
    return min(lows, default=None), max(highs, default=None), max(bests, default=None)


def interval_legend(kind: str, *, placebo: bool) -> str:
    """What the interval plot's marks are."""
    entries = [(kind, "estimate between its one-sided bounds"), (f"ring {kind}", "shrunk towards all judged wallets")]
    band = [("band placebo", "nine in ten placebo wallets' edges"), ("best", "best lower bound of a placebo")]
    return legend(entries + (band if placebo else []))


def placebo_figure(rows: Sequence[PlaceboRow]) -> str:
    """QQ plot: -log10 p that chance alone would give at a place in the order, against what was seen there."""
    curves = [row for row in rows if len(row.p_curve.x) > 1]
    if not curves:
        return '<p class="none">Too few wallets were tested for a curve.</p>'
    most_x = max(max(row.p_curve.x) for row in curves)
    most_y = max(max(row.p_curve.y) for row in curves)
    plot = Plot(
        (0.0, most_x * (1 + _PAD)), (0.0, max(most_y, most_x) * (1 + _PAD)), "Evidence against chance", 300, 460
    )
    plot.y_axis(_power_of_ten)
    plot.x_axis(_power_of_ten)
    plot.line([(0.0, 0.0), (most_x, most_x)], "diagonal", "what chance alone would give")
    for row in sorted(curves, key=lambda each: each.which == "observed"):
        points = list(zip(row.p_curve.x, row.p_curve.y, strict=True))
        css = row.kind if row.which == "observed" else row.which.partition("-")[0]
        plot.line(points, css, f"{row.which}: {row.judged:,} tested, {row.survived:,} survive")
        if row.which == "observed":
            for x, y in points[-12:]:
                plot.dot(x, y, row.kind, f"p = {10.0**-y:.2g}", radius=2.5)
    return plot.svg()


def _power_of_ten(value: float) -> str:
    return f"{10.0**-value:.2g}"


def placebo_legend(kind: str) -> str:
    """Whose curves the QQ plot has."""
    return legend([(kind, "observed"), ("mirrored", "mirrored: the other outcome"), ("random", "matched strangers")])


def delay_multiples(rows: Sequence[CopyRow], most: int) -> str:
    """One small figure a wallet: edge against delay, its lower bound, and what else limits a copy; same scale."""
    drawn = [(row, _known_points(row)) for row in rows]
    mine = [(row, points) for row, points in drawn if points][:most]
    if not mine:
        return f'<p class="none">No wallet has {FEWEST_BETS} settled bets at any delay.</p>'
    values = [v for _, points in mine for _, point in points for v in (point.edge, point.lower) if v is not None]
    span = _span([*values, 0.0])
    return '<div class="many">' + "".join(_delay_small(row, points, span) for row, points in mine) + "</div>"


def _known_points(row: CopyRow) -> list[tuple[int, DelayPoint]]:
    """Place and point of each delay at which there are enough bets for a mean that says something."""
    return [(i, p) for i, p in enumerate(row.points, 1) if p.edge is not None and p.bets >= FEWEST_BETS]


def _delay_small(row: CopyRow, points: Sequence[tuple[int, DelayPoint]], span: tuple[float, float]) -> str:
    width, height = _SMALL
    title = f"Edge against delay of {row.wallet}"
    plot = Plot((0.6, len(row.points) + 0.4), span, title, height=height, width=width, left=52)
    plot.y_axis(edge_tick, 3)
    plot.x_labels([(i, delay_name(point.delay_s)) for i, point in enumerate(row.points, 1)])
    lower = [(float(i), point.lower) for i, point in points if point.lower is not None]
    if len(lower) > 1:
        plot.line(lower, "bound", "lower bound")
    if len(points) > 1:
        plot.line([(float(i), point.edge or 0.0) for i, point in points], row.kind, "mean edge")
    for i, point in points:
        told = f"{delay_name(point.delay_s)}: {edge(point.edge or 0.0)} over {point.bets:,} bets"
        plot.dot(i, point.edge or 0.0, row.kind, told, radius=3.0)
    limits = " · ".join(copy_limits(row))
    caption = f"<figcaption><code>{escape(short(row.wallet))}</code> {escape(limits)}</figcaption>"
    return f"<figure>{plot.svg()}{caption}</figure>"


_ENDS = {"impact": "our own impact", "depth": "what others trade"}


def copy_limits(row: CopyRow) -> list[str]:
    """Capacity, maker share and crowding in words; what is not known is left out."""
    told = []
    if row.capacity_bound == "no_edge":
        told.append("no edge at any size")
    elif row.capacity_usd is not None:
        why = f" by {_ENDS[row.capacity_bound]}" if row.capacity_bound in _ENDS else ""
        told.append(f"capacity {row.capacity_usd:,.0f} pUSD a bet{why}")
    if row.maker_share is not None:
        told.append(f"maker of {percent(row.maker_share)} of his fills")
    if row.crowding is not None:
        told.append(f"crowding {row.crowding * 100:+.0f} %")
    return told


def delay_name(seconds: float) -> str:
    """A delay in its largest whole unit."""
    for unit, size in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def reliability_figure(bands: Sequence[ReliabilityBand]) -> str:
    """Forecast against outcome: the market's price, and the price with the wallet's shrunk edge."""
    if not bands:
        return '<p class="none">No bet was settled after the split.</p>'
    plot = Plot((0.0, 1.0), (0.0, 1.0), "Forecast against outcome", height=320, width=460)
    plot.y_axis(percent)
    plot.x_axis(percent, 5)
    plot.line([(0.0, 0.0), (1.0, 1.0)], "diagonal", "forecasts that come true as often as they say")
    for series, css in SERIES.items():
        mine = [band for band in bands if band.series == series]
        shift = -0.004 if series == "price" else 0.004
        for band in mine:
            plot.whisker(band.forecast + shift, band.lower, band.upper, css)
            told = f"{series}: said {band.forecast:.3f}, came {band.share_won:.3f}, {band.n:,} bets"
            plot.dot(band.forecast + shift, band.share_won, css, told, radius=min(2.5 + band.n**0.25 / 2, 7.0))
    return plot.svg()


def reliability_legend() -> str:
    """What the two series are."""
    return legend([("market", "the print's price alone"), ("ours", "price paid plus the wallet's shrunk edge")])


def component_bars(rows: Sequence[WalletRow]) -> str:
    """The five components of the best wallets' scores, and the score with its bounds."""
    mine = [row for row in rows if row.components]
    if not mine:
        return '<p class="none">No wallet has a composite score.</p>'
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in COMPONENTS)
    body = "".join(_component_row(row) for row in mine)
    return (
        '<div class="scroll"><table class="components"><thead><tr><th>wallet</th><th>score</th>'
        f"{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _component_row(row: WalletRow) -> str:
    score = '<span class="null">none</span>'
    if row.composite is not None:
        bounds = ""
        if row.composite_lower is not None and row.composite_upper is not None:
            bounds = f" <small>[{row.composite_lower:.0f}, {row.composite_upper:.0f}]</small>"
        score = f"<b>{row.composite:.0f}</b>{bounds}"
    cells = "".join(f"<td>{component_bar(row.components.get(name), row.kind)}</td>" for name in COMPONENTS)
    return f"<tr><td><code>{escape(short(row.wallet))}</code></td><td>{score}</td>{cells}</tr>"


def component_bar(value: float | None, css: str) -> str:
    """One component from 0 to 1 as a bar with its number."""
    if value is None:
        return '<span class="null">not known</span>'
    return (
        f'<span class="small"><span class="track"><span class="fillbar {css}" style="width:{value * 100:.1f}%"></span>'
        f"</span><span>{value * 100:.0f}</span></span>"
    )


def verdict_figure(rows: Sequence[VerdictRow]) -> str:
    """Wallets by verdict as bars, widths by the square root."""
    counts = {name: sum(row.wallets for row in rows if row.verdict == name) for name in VERDICTS}
    most = max(counts.values()) or 1
    total = sum(counts.values()) or 1
    items = [
        f'<div class="step"><span class="name">{name.replace("_", " ").lower()}</span>'
        f'<span class="track"><span class="fillbar {name}" style="width:{100.0 * (n / most) ** 0.5:.2f}%">'
        f'</span></span><span class="count">{n:,}</span><span class="share">{percent(n / total, 1)}</span></div>'
        for name, n in counts.items()
    ]
    return f'<div class="funnel">{"".join(items)}</div>'


def power_figure(rows: Sequence[PowerRow]) -> str:
    """One kind's detectable edge against the number of bets, one line a price."""
    known = [row for row in rows if row.detectable is not None]
    if len(known) < 2:
        return ""
    sizes = sorted({row.bets for row in rows})
    place = {size: float(i) for i, size in enumerate(sizes, 1)}
    plot = Plot(
        (0.6, len(sizes) + 0.4), (0.0, max(row.detectable or 0.0 for row in known) * (1 + _PAD)),
        "Edge that would have been detected, by number of bets", height=230, width=460,
    )  # fmt: skip
    plot.y_axis(edge_tick, 4)
    plot.x_labels([(place[size], f"{size:,}") for size in sizes])
    for price in sorted({row.price for row in known}):
        mine = sorted((row for row in known if row.price == price), key=lambda row: row.bets)
        points = [(place[row.bets], row.detectable or 0.0) for row in mine]
        plot.line(points, mine[0].kind, f"at a price of {price:.2f}")
        for row, (x, y) in zip(mine, points, strict=True):
            plot.dot(x, y, row.kind, f"{row.bets:,} bets at {price:.2f}: {edge(y)}", radius=3.0)
    return plot.svg()


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    air = (high - low) * _PAD or max(abs(high), 0.001) * _PAD
    return low - air, high + air
