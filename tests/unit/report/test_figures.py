"""The figures say what the report says."""

import re
import xml.etree.ElementTree as ET

import msgspec
import pytest

from tests.unit.report.made import report, variant
from whaletrader.report import figures

REPORT = report()


def drawn(html: str) -> ET.Element:
    """The SVG of a figure, parsed."""
    found = re.search(r"<svg.*?</svg>", html, re.DOTALL)
    assert found
    return ET.fromstring(found.group())


def test_the_funnel_shows_every_step_of_its_kind_with_its_count() -> None:
    html = figures.funnel_figure(REPORT.funnel, "fill")
    assert html.count('class="step"') == 3
    assert "width:100.00%" in html
    assert f"width:{100 * (40 / 100) ** 0.5:.2f}%" in html
    assert "width:0.00%" in html
    assert "40.0 %" in html


def test_an_empty_funnel_is_drawn_without_a_division_by_zero() -> None:
    rows = [msgspec.structs.replace(row, events=0) for row in REPORT.funnel]
    assert "width:0.00%" in figures.funnel_figure(rows, "fill")


def test_the_windows_effect_has_two_bars_a_window() -> None:
    svg = drawn(figures.window_figure(REPORT.window_effect))
    assert len(list(svg.iter("rect"))) == 8
    texts = [element.text for element in svg.iter("text")]
    assert "1 day: 40 % priced" in texts


def test_a_window_without_a_priced_fill_has_no_bar() -> None:
    rows = [msgspec.structs.replace(row, mean_edge=None, worst_case_edge=None) for row in REPORT.window_effect]
    assert not list(drawn(figures.window_figure(rows)).iter("rect"))


def test_the_delays_are_dots_with_their_numbers() -> None:
    svg = drawn(figures.delay_figure(REPORT.delay_effect, "fill"))
    assert len(list(svg.iter("circle"))) == 3
    assert "30 entries" in ET.tostring(svg, encoding="unicode")
    assert "could be priced" in figures.delay_figure(REPORT.delay_effect, "position")


@pytest.mark.parametrize("draw", [figures.equity_figure, figures.drawdown_figure])
def test_curves_have_one_line_a_variant(draw: object) -> None:
    svg = drawn(draw(REPORT.variants))  # type: ignore[operator]
    lines = [element.attrib["class"] for element in svg.iter("path") if element.attrib["class"].startswith("line")]
    assert sorted(lines) == ["line baseline", "line ours", "line placebo"]


def test_a_curve_that_never_moved_is_drawn() -> None:
    still = variant("ours", days=5)
    flat = msgspec.structs.replace(still.daily, equity=[10_000.0] * 5, drawdown=[0.0] * 5)
    for draw in (figures.equity_figure, figures.drawdown_figure):
        svg = drawn(draw([msgspec.structs.replace(still, daily=flat)]))
        assert [element for element in svg.iter("path") if element.attrib["class"] == "line ours"]


def test_the_reliability_figure_has_a_dot_and_an_interval_a_band() -> None:
    svg = drawn(figures.reliability_figure(REPORT.reliability, "ours"))
    assert len(list(svg.iter("circle"))) == 1
    assert sum(1 for e in svg.iter("path") if e.attrib["class"].startswith("whisker")) == 1


def test_every_placebo_has_the_placebos_colour() -> None:
    assert [figures.css_of(name) for name in ("ours", "baseline", "placebo-7")] == ["ours", "baseline", "placebo"]


def test_numbers_are_told_with_their_unit() -> None:
    assert figures.percent(0.1234, 1) == "12.3 %"
    assert figures.money(12_345.6) == "12,346"
    assert figures.edge(-0.0123) == "-1.2 c"
