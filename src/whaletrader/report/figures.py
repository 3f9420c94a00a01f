"""The report's figures, each from the report's own numbers; what a figure shows is said by the page."""

from collections.abc import Sequence
from html import escape

from whaletrader.report.model import Band, DelayEffect, FunnelRow, Variant, WindowEffect
from whaletrader.report.svg import Plot, legend

KIND_NAMES = {"fill": "fills", "position": "positions found by polling"}
KINDS = ("fill", "position")
WINDOW_LABELS = {60.0: "1 min", 600.0: "10 min", 3_600.0: "1 h", 86_400.0: "1 day"}
_PAD = 0.06


def css_of(variant: str) -> str:
    """The colour class of a variant."""
    return variant if variant in {"ours", "baseline"} else "placebo"


def percent(value: float, places: int = 0) -> str:
    """A fraction as a percentage."""
    return f"{value * 100:.{places}f} %"


def money(value: float) -> str:
    """Whole pUSD."""
    return f"{value:,.0f}"


def edge(value: float) -> str:
    """An edge per share in cents."""
    return f"{value * 100:+.1f} c"


def funnel_figure(rows: Sequence[FunnelRow], kind: str) -> str:
    """One kind's steps as horizontal bars, widths by the square root so that the last steps can be seen."""
    mine = [row for row in rows if row.kind == kind]
    most = max((row.events for row in mine), default=0) or 1
    items = []
    for row in mine:
        width = 100.0 * (row.events / most) ** 0.5
        items.append(
            f'<div class="step"><span class="name">{escape(row.step)}</span>'
            f'<span class="track"><span class="fillbar {kind}" style="width:{width:.2f}%"></span></span>'
            f'<span class="count">{row.events:,}</span><span class="share">{percent(row.share, 1)}</span></div>'
        )
    return f'<div class="funnel">{"".join(items)}</div>'


def window_figure(rows: Sequence[WindowEffect]) -> str:
    """Fills by window: mean edge of the priced ones, the pessimistic bound, and the share that is priced."""
    mine = [row for row in rows if row.kind == "fill"]
    values = [v for row in mine for v in (row.mean_edge, row.worst_case_edge) if v is not None]
    plot = Plot((0.4, len(mine) + 0.6), _span([*values, 0.0]), "Effect of the window", height=240)
    plot.y_axis(edge)
    plot.x_labels([(i, f"{_window(row)}: {percent(row.share_priced)} priced") for i, row in enumerate(mine, 1)])
    for i, row in enumerate(mine, 1):
        if row.mean_edge is not None:
            plot.bar(i - 0.17, 0.3, row.mean_edge, "ours", f"priced fills, {_window(row)}: {edge(row.mean_edge)}")
        if row.worst_case_edge is not None:
            told = f"were all withheld lost, {_window(row)}: {edge(row.worst_case_edge)}"
            plot.bar(i + 0.17, 0.3, row.worst_case_edge, "worst", told)
    return plot.svg() + legend([("ours", "mean edge of priced fills"), ("worst", "if every withheld fill were lost")])


def _window(row: WindowEffect) -> str:
    return WINDOW_LABELS.get(row.window_s, f"{row.window_s:g} s")


def delay_figure(rows: Sequence[DelayEffect], kind: str) -> str:
    """Mean edge of one kind against delay, the number of priced entries below."""
    mine = [row for row in rows if row.kind == kind]
    values = [row.mean_edge for row in mine if row.mean_edge is not None]
    if not values:
        return '<p class="none">No entry of this kind could be priced.</p>'
    plot = Plot((0.5, len(mine) + 0.5), _span([*values, 0.0]), f"Edge against delay, {kind}", height=210, width=420)
    plot.y_axis(edge)
    plot.x_labels([(i, _short(row.label)) for i, row in enumerate(mine, 1)])
    points = [(float(i), row.mean_edge) for i, row in enumerate(mine, 1) if row.mean_edge is not None]
    plot.line(points, kind, f"mean edge, {kind}")
    for i, row in enumerate(mine, 1):
        if row.mean_edge is not None:
            plot.dot(i, row.mean_edge, kind, f"{row.label}: {edge(row.mean_edge)} over {row.priced:,} entries")
    return plot.svg()


def _short(label: str) -> str:
    return label.replace("looked at within ", "≤ ").replace(" to ", "–")


def equity_figure(variants: Sequence[Variant]) -> str:
    """Equity at each day's end, all variants."""
    values = [value for v in variants for value in v.daily.equity] + [v.metrics.starting_equity for v in variants]
    return _daily_figure(variants, "equity", _span(values), money, height=300)


def drawdown_figure(variants: Sequence[Variant]) -> str:
    """Drawdown at each day's end, all variants, downwards."""
    deepest = max((value for v in variants for value in v.daily.drawdown), default=0.0)
    return _daily_figure(variants, "drawdown", (-max(deepest, 0.01) * (1 + _PAD), 0.0), percent, height=170)


def _daily_figure(
    variants: Sequence[Variant], name: str, span: tuple[float, float], says: object, *, height: int
) -> str:
    days = variants[0].daily.days
    plot = Plot((0.0, max(len(days) - 1, 1)), span, name, height=height)
    plot.y_axis(says, 5 if height > 200 else 3)  # type: ignore[arg-type]
    plot.x_labels([(i, days[i]) for i in _spread(len(days), 6)])
    for variant in reversed(variants):
        series = getattr(variant.daily, name)
        sign = -1.0 if name == "drawdown" else 1.0
        points = [(float(i), sign * value) for i, value in enumerate(series)]
        plot.line(points, css_of(variant.name), variant.label)
    return plot.svg()


def variants_legend(variants: Sequence[Variant]) -> str:
    """Names of the variants in their colours."""
    return legend([(css_of(v.name), v.label) for v in variants])


def reliability_figure(bands: Sequence[Band], whose: str) -> str:
    """Price paid against share won: a dot on the diagonal earned nothing, above it something."""
    mine = [band for band in bands if band.whose == whose]
    plot = Plot((0.0, 1.0), (0.0, 1.0), f"Price paid against outcome, {whose}", height=320, width=420)
    plot.y_axis(percent)
    plot.x_labels([(value / 5, percent(value / 5)) for value in range(6)])
    plot.line([(0.0, 0.0), (1.0, 1.0)], "diagonal", "paid what it was worth")
    for band in mine:
        plot.whisker(band.mean_price, band.lower, band.upper, band.kind)
        told = f"{band.kind}: paid {band.mean_price:.3f}, won {band.share_won:.3f}, {band.n:,} entries"
        plot.dot(band.mean_price, band.share_won, band.kind, told, radius=min(3.0 + band.n**0.25 / 2, 7.0))
    return plot.svg()


def kinds_legend() -> str:
    """Names of the kinds in their colours."""
    return legend([(kind, KIND_NAMES[kind]) for kind in KINDS])


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Lowest and highest with some air."""
    low, high = min(values), max(values)
    air = (high - low) * _PAD or max(abs(high), 0.001) * _PAD
    return (low - air if low < 0.0 or low > air else low, high + air)


def _spread(n: int, about: int) -> list[int]:
    """So many indices, evenly, the ends a little inside."""
    if n <= about:
        return list(range(n))
    return [round((i + 0.5) * (n - 1) / about) for i in range(about)]
