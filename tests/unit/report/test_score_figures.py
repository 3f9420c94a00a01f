"""The figures of a score report say what the report says."""

import xml.etree.ElementTree as ET

import msgspec
import pytest

from tests.unit.report.made_scores import placebo, score_report, wallet
from tests.unit.report.test_figures import drawn
from whaletrader.report import score_figures as figures
from whaletrader.report.score_model import Points

REPORT = score_report()
FILLS = [row for row in REPORT.best if row.kind == "fill"]
PLACEBOS = [row for row in REPORT.placebo if row.kind == "fill"]


def classes(svg: ET.Element, tag: str) -> list[str]:
    return [element.attrib.get("class", "") for element in svg.iter(tag)]


def test_every_step_is_a_bar_with_its_count_and_share() -> None:
    steps = [row for row in REPORT.steps if (row.policy, row.kind) == ("taker", "fill")]
    html = figures.steps_figure(steps)
    assert html.count('class="step"') == 7
    assert "width:100.00%" in html
    assert ">400<" in html
    assert "survive by e-values" in html


def test_a_funnel_of_nobody_is_drawn_without_a_division_by_zero() -> None:
    steps = [msgspec.structs.replace(row, wallets=0) for row in REPORT.steps[:7]]
    assert "width:0.00%" in figures.steps_figure(steps)


def test_every_wallet_has_an_interval_an_estimate_and_a_ring_for_the_shrunk_edge() -> None:
    svg = drawn(figures.interval_figure(FILLS, PLACEBOS))
    assert classes(svg, "path").count("whisker fill") == len(FILLS)
    assert classes(svg, "circle").count("dot fill") == len(FILLS)
    assert classes(svg, "circle").count("dot ring fill") == len(FILLS)
    assert "band placebo" in classes(svg, "rect")
    assert "line best" in classes(svg, "path")
    labels = [element.text for element in svg.iter("text") if element.attrib["class"] == "row end"]
    assert labels[0] == "1  0x000000…0001"


def test_estimates_lie_between_their_bounds_on_the_picture() -> None:
    svg = drawn(figures.interval_figure(FILLS[:1], []))
    (whisker,) = [e for e in svg.iter("path") if e.attrib["class"] == "whisker fill"]
    left, right = whisker.attrib["d"].split("M")[1].split("H")
    (dot,) = [e for e in svg.iter("circle") if e.attrib["class"] == "dot fill"]
    assert float(left.split()[0]) < float(dot.attrib["cx"]) < float(right.split("M")[0])


def test_without_placebos_there_is_no_band() -> None:
    svg = drawn(figures.interval_figure(FILLS, []))
    assert classes(svg, "rect") == []


def test_without_a_tested_wallet_there_is_a_sentence_in_place_of_intervals() -> None:
    untested = [msgspec.structs.replace(wallet(1), lower=None)]
    assert "No wallet was tested" in figures.interval_figure(untested, PLACEBOS)
    assert "No wallet was tested" in figures.interval_figure([], [])


def test_the_observed_curve_is_drawn_over_those_of_the_placebos() -> None:
    svg = drawn(figures.placebo_figure(PLACEBOS))
    lines = [name for name in classes(svg, "path") if name.startswith("line")]
    assert lines == ["line diagonal", "line mirrored", "line random", "line random", "line fill"]
    assert "p = " in ET.tostring(svg, encoding="unicode")


def test_a_curve_of_one_wallet_is_none() -> None:
    few = [msgspec.structs.replace(placebo("observed", "fill", 1.0), p_curve=Points(x=[0.3], y=[0.4]))]
    assert "Too few wallets" in figures.placebo_figure(few)


def test_small_multiples_share_one_scale_and_name_their_wallet() -> None:
    html = figures.delay_multiples(REPORT.copyability, 3)
    assert html.count("<figure>") == 3
    svg = [drawn(part) for part in html.split("<figure>")[1:]]
    grids = [[e.text for e in each.iter("text") if e.attrib["class"] == "tick end"] for each in svg]
    assert grids[0] == grids[1] == grids[2]
    assert "capacity 1,500 pUSD a bet by our own impact · maker of 25 % of his fills · crowding +10 %" in html


def test_a_wallet_without_an_edge_has_no_capacity_and_unknown_limits_are_left_out() -> None:
    row = msgspec.structs.replace(REPORT.copyability[0], capacity_bound="no_edge", maker_share=None, crowding=None)
    assert figures.copy_limits(row) == ["no edge at any size"]
    unknown = msgspec.structs.replace(row, capacity_bound="", capacity_usd=None)
    assert figures.copy_limits(unknown) == []


def test_a_delay_with_few_bets_is_left_out_of_the_figure_and_of_its_scale() -> None:
    row = REPORT.copyability[0]
    few = msgspec.structs.replace(row.points[-1], bets=2, edge=0.9, lower=-0.9)
    svg = drawn(figures.delay_multiples([msgspec.structs.replace(row, points=[*row.points[:-1], few])], 1))
    assert classes(svg, "circle").count("dot fill") == len(row.points) - 1
    ticks = [e.text for e in svg.iter("text") if e.attrib["class"] == "tick end"]
    assert all(abs(float((text or "0").split()[0])) < 20 for text in ticks)


def test_a_delay_at_which_nothing_could_be_priced_leaves_a_gap() -> None:
    row = REPORT.copyability[0]
    points = [msgspec.structs.replace(row.points[0], edge=None, lower=None), *row.points[1:]]
    svg = drawn(figures.delay_multiples([msgspec.structs.replace(row, points=points)], 1))
    assert classes(svg, "circle").count("dot fill") == len(row.points) - 1


def test_nothing_priced_at_any_delay_is_said_in_words() -> None:
    row = REPORT.copyability[0]
    points = [msgspec.structs.replace(point, edge=None, lower=None) for point in row.points]
    assert "No wallet has 10 settled bets" in figures.delay_multiples([msgspec.structs.replace(row, points=points)], 5)


@pytest.mark.parametrize(
    ("seconds", "told"), [(1.0, "1 s"), (0.5, "0.5 s"), (90.0, "90 s"), (300.0, "5 min"), (3_600.0, "1 h"),
                          (86_400.0, "1 d")],
)  # fmt: skip
def test_a_delay_is_told_in_its_largest_whole_unit(seconds: float, told: str) -> None:
    assert figures.delay_name(seconds) == told


def test_both_series_of_forecasts_have_dots_and_intervals() -> None:
    svg = drawn(figures.reliability_figure([band for band in REPORT.reliability if band.kind == "fill"]))
    for css in ("market", "ours"):
        assert classes(svg, "circle").count(f"dot {css}") == 5
        assert classes(svg, "path").count(f"whisker {css}") == 5
    assert "No bet was settled" in figures.reliability_figure([])


def test_a_component_is_a_bar_with_its_number_and_an_unknown_one_is_named() -> None:
    known = {name: value for name, value in wallet(1).components.items() if name != "liquidity"}
    html = figures.component_bars([msgspec.structs.replace(wallet(1), components=known)])
    assert "width:95.0%" in html
    assert html.count("not known") == 1
    assert "[70, 92]" in html
    assert "No wallet has a composite score" in figures.component_bars([])


def test_verdicts_are_counted_over_policies() -> None:
    mine = [row for row in REPORT.verdicts if row.kind == "fill"]
    html = figures.verdict_figure([*mine, *mine])
    assert ">700<" in html
    assert ">96<" in html
    assert "width:0.00%" in figures.verdict_figure([])


def test_power_is_drawn_by_number_of_bets_one_line_a_price() -> None:
    mine = [row for row in REPORT.null.rows if row.kind == "fill"]
    svg = drawn(figures.power_figure(mine))
    assert len(list(svg.iter("circle"))) == 8
    assert classes(svg, "path").count("line fill") == 2
    assert figures.power_figure(mine[:1]) == ""
    unknown = [msgspec.structs.replace(row, detectable=None) for row in mine]
    assert figures.power_figure(unknown) == ""


def test_a_number_of_bets_that_detects_nothing_has_a_place_and_no_dot() -> None:
    mine = [row for row in REPORT.null.rows if row.kind == "fill"]
    some = [msgspec.structs.replace(mine[0], detectable=None), *mine[1:]]
    svg = drawn(figures.power_figure(some))
    assert len(list(svg.iter("circle"))) == 7
    assert "30" in [element.text for element in svg.iter("text")]


@pytest.mark.parametrize(
    "html",
    [
        figures.interval_figure(FILLS, PLACEBOS),
        figures.placebo_figure(PLACEBOS),
        figures.reliability_figure(REPORT.reliability),
        figures.power_figure(REPORT.null.rows),
    ],
)
def test_every_figure_is_an_image_with_a_name_for_those_who_cannot_see_it(html: str) -> None:
    svg = drawn(html)
    assert svg.attrib["role"] == "img"
    assert svg.attrib["aria-label"]
