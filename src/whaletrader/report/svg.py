"""Drawing primitives: a plot area with axes, lines, bars and dots as inline SVG; the same input gives the same bytes.

Colours are CSS classes of the page, so that light and dark need no second figure. Nothing here knows what is drawn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from math import ceil, floor, log10

Point = tuple[float, float]
Says = Callable[[float], str]

WIDTH = 760
MARGIN_LEFT, MARGIN_RIGHT, MARGIN_TOP, MARGIN_BOTTOM = 64, 24, 12, 34


def number(value: float) -> str:
    """A coordinate: two decimals, no needless zeros."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers from `low` to `high`, about so many."""
    if high <= low:
        return [low]
    raw = (high - low) / about
    power = 10.0 ** floor(log10(raw))
    step = next(factor * power for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if factor * power >= raw * (1 - 1e-9))
    first = ceil(low / step - 1e-9)
    count = floor(high / step + 1e-9) - first + 1
    return [round((first + i) * step, 12) for i in range(max(count, 0))]


@dataclass(slots=True)
class Plot:
    """A plot area: `x` and `y` are (lowest, highest) in data units; marks are appended and drawn in that order."""

    x: tuple[float, float]
    y: tuple[float, float]
    title: str
    height: int = 260
    width: int = WIDTH
    left: int = MARGIN_LEFT
    parts: list[str] = field(default_factory=list)

    def at(self, x: float, y: float) -> Point:
        """Pixels of a point in data units."""
        inner_w, inner_h = self.width - self.left - MARGIN_RIGHT, self.height - MARGIN_TOP - MARGIN_BOTTOM
        span_x, span_y = (self.x[1] - self.x[0]) or 1.0, (self.y[1] - self.y[0]) or 1.0
        return (
            self.left + (x - self.x[0]) / span_x * inner_w,
            MARGIN_TOP + (self.y[1] - y) / span_y * inner_h,
        )

    def y_axis(self, says: Says, about: int = 5) -> None:
        """Horizontal grid lines with their values."""
        for value in ticks(*self.y, about):
            _, py = self.at(self.x[0], value)
            name = "zero" if value == 0.0 else "grid"
            right = self.width - MARGIN_RIGHT
            self.parts.append(f'<path class="{name}" d="M{self.left} {number(py)}H{right}"/>')
            self._text(self.left - 8, py + 4, says(value), "tick end")

    def x_labels(self, labels: Sequence[tuple[float, str]]) -> None:
        """Labels below the area."""
        for value, text in labels:
            px, _ = self.at(value, self.y[0])
            self._text(px, self.height - 12, text, "tick mid")

    def x_axis(self, says: Says, about: int = 6) -> None:
        """Vertical grid lines with their values below."""
        for value in ticks(*self.x, about):
            px, _ = self.at(value, self.y[0])
            name = "zero" if value == 0.0 else "grid"
            self.parts.append(f'<path class="{name}" d="M{number(px)} {MARGIN_TOP}V{self.height - MARGIN_BOTTOM}"/>')
            self._text(px, self.height - 12, says(value), "tick mid")

    def band(self, low: float, high: float, css: str, told: str) -> None:
        """A vertical band over the whole height between two places."""
        left, top = self.at(max(low, self.x[0]), self.y[1])
        right, bottom = self.at(min(high, self.x[1]), self.y[0])
        self.parts.append(
            f'<rect class="band {css}" x="{number(left)}" y="{number(top)}" width="{number(max(right - left, 1.0))}" '
            f'height="{number(bottom - top)}"><title>{escape(told)}</title></rect>'
        )

    def span(self, low: float, high: float, y: float, css: str) -> None:
        """A horizontal interval with closed ends."""
        left, py = self.at(low, y)
        right, _ = self.at(high, y)
        ends = "".join(f"M{number(px)} {number(py - 4)}V{number(py + 4)}" for px in (left, right))
        self.parts.append(f'<path class="whisker {css}" d="M{number(left)} {number(py)}H{number(right)}{ends}"/>')

    def ring(self, x: float, y: float, css: str, told: str, *, radius: float = 4.0) -> None:
        """An open dot."""
        self.dot(x, y, f"ring {css}", told, radius=radius)

    def label(self, y: float, text: str) -> None:
        """A row's name at the left edge."""
        _, py = self.at(self.x[0], y)
        self._text(self.left - 10, py + 4, text, "row end")

    def line(self, points: Sequence[Point], css: str, told: str) -> None:
        """A polyline; consecutive equal heights are drawn as one segment."""
        kept = [p for i, p in enumerate(points) if i in {0, len(points) - 1} or not _flat(points, i)]
        path = "L".join(f"{number(px)} {number(py)}" for px, py in (self.at(*point) for point in kept))
        self.parts.append(f'<path class="line {css}" d="M{path}"><title>{escape(told)}</title></path>')

    def bar(self, x: float, width: float, y: float, css: str, told: str) -> None:
        """A bar from 0 to `y`, `width` in data units, centred on `x`."""
        left, top = self.at(x - width / 2, max(y, 0.0))
        right, bottom = self.at(x + width / 2, min(y, 0.0))
        self.parts.append(
            f'<rect class="bar {css}" x="{number(left)}" y="{number(top)}" width="{number(right - left)}" '
            f'height="{number(max(bottom - top, 0.5))}" rx="1.5"><title>{escape(told)}</title></rect>'
        )

    def dot(self, x: float, y: float, css: str, told: str, *, radius: float = 4.0) -> None:
        """A dot."""
        px, py = self.at(x, y)
        self.parts.append(
            f'<circle class="dot {css}" cx="{number(px)}" cy="{number(py)}" r="{number(radius)}">'
            f"<title>{escape(told)}</title></circle>"
        )

    def whisker(self, x: float, low: float, high: float, css: str) -> None:
        """A vertical interval."""
        px, top = self.at(x, high)
        _, bottom = self.at(x, low)
        self.parts.append(f'<path class="whisker {css}" d="M{number(px)} {number(top)}V{number(bottom)}"/>')

    def note(self, x: float, y: float, text: str, css: str = "tick mid", dy: float = 0.0) -> None:
        """Text at a point."""
        px, py = self.at(x, y)
        self._text(px, py + dy, text, css)

    def _text(self, px: float, py: float, text: str, css: str) -> None:
        self.parts.append(f'<text class="{css}" x="{number(px)}" y="{number(py)}">{escape(text)}</text>')

    def svg(self) -> str:
        """The figure."""
        head = f'<svg viewBox="0 0 {self.width} {self.height}" role="img" aria-label="{escape(self.title)}">'
        return head + "".join(self.parts) + "</svg>"


def _flat(points: Sequence[Point], i: int) -> bool:
    return points[i - 1][1] == points[i][1] == points[i + 1][1]


def legend(entries: Sequence[tuple[str, str]]) -> str:
    """(css class, label) pairs as a line of coloured names."""
    items = "".join(f'<span class="key {css}">{escape(label)}</span>' for css, label in entries)
    return f'<div class="legend">{items}</div>'
