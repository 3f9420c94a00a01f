"""Drawing primitives."""

import xml.etree.ElementTree as ET
from math import isfinite

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.report.svg import MARGIN_RIGHT, MARGIN_TOP, Plot, legend, number, ticks


@pytest.mark.parametrize(("value", "text"), [(1.0, "1"), (1.25, "1.25"), (1.256, "1.26"), (-0.001, "0"), (10.0, "10")])
def test_a_coordinate_has_two_decimals_at_most(value: float, text: str) -> None:
    assert number(value) == text


def test_ticks_are_round_numbers_within_the_range() -> None:
    assert ticks(0.0, 10.0) == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    assert ticks(-0.05, 0.011, 3) == [-0.05, -0.025, 0.0]
    assert ticks(5.0, 5.0) == [5.0]


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 8))
@settings(max_examples=80, deadline=None)
def test_ticks_lie_inside_and_are_not_many(low: float, width: float, about: int) -> None:
    found = ticks(low, low + width, about)
    slack = width * 1e-6
    assert all(low - slack <= value <= low + width + slack for value in found)
    assert found == sorted(found)
    assert 1 <= len(found) <= about + 1


def test_the_corners_of_the_data_are_the_corners_of_the_area() -> None:
    plot = Plot((0.0, 10.0), (0.0, 1.0), "t", height=200, width=400)
    assert plot.at(0.0, 1.0) == (plot.left, MARGIN_TOP)
    left, top = plot.at(0.0, 1.0)
    right, bottom = plot.at(10.0, 0.0)
    assert right > left
    assert bottom > top


def test_a_flat_range_does_not_divide_by_zero() -> None:
    assert all(isfinite(coordinate) for coordinate in Plot((1.0, 1.0), (2.0, 2.0), "t").at(1.0, 2.0))


def test_text_is_escaped_and_the_figure_is_well_formed() -> None:
    plot = Plot((0.0, 1.0), (-1.0, 1.0), 'a "<title>"')
    plot.y_axis(lambda value: f"<{value}>")
    plot.x_labels([(0.5, "a & b")])
    plot.line([(0.0, 0.0), (1.0, 1.0)], "ours", "<x>")
    plot.bar(0.5, 0.2, -0.5, "worst", "b")
    plot.dot(0.5, 0.5, "fill", "c")
    plot.whisker(0.5, 0.1, 0.9, "fill")
    plot.note(0.5, 0.5, "d & e")
    root = ET.fromstring(plot.svg())
    assert root.tag == "svg"
    names = [element.tag for element in root.iter()]
    assert names.count("rect") == 1
    assert names.count("circle") == 1


def test_zero_has_a_line_of_its_own() -> None:
    plot = Plot((0.0, 1.0), (-1.0, 1.0), "t")
    plot.y_axis(str)
    assert plot.svg().count('class="zero"') == 1


def test_a_bar_hangs_from_zero_when_negative() -> None:
    plot = Plot((0.0, 1.0), (-1.0, 1.0), "t")
    plot.bar(0.5, 0.2, -0.5, "worst", "b")
    plot.bar(0.5, 0.2, 0.5, "ours", "b")
    down, up = (element.attrib for element in ET.fromstring(plot.svg()).iter("rect"))
    zero = plot.at(0.0, 0.0)[1]
    assert float(down["y"]) == pytest.approx(zero, abs=0.01)
    assert float(up["y"]) + float(up["height"]) == pytest.approx(zero, abs=0.02)


def test_points_on_a_flat_stretch_are_left_out_and_the_ends_kept() -> None:
    plot = Plot((0.0, 4.0), (0.0, 1.0), "t")
    plot.line([(0.0, 0.5), (1.0, 0.5), (2.0, 0.5), (3.0, 1.0), (4.0, 1.0)], "ours", "x")
    assert plot.parts[0].count("L") == 3


def test_a_legend_names_its_entries() -> None:
    assert legend([("ours", "a & b")]) == '<div class="legend"><span class="key ours">a &amp; b</span></div>'


def test_the_last_label_below_has_room_for_half_of_100_percent() -> None:
    assert len("100 %") / 2 * 8.5 <= MARGIN_RIGHT
