"""Every section of the page: present, in order, and honest where there is nothing to show."""

import re

import msgspec
import pytest

from tests.unit.report.made import metrics, report, variant
from tests.unit.report.test_page import read
from whaletrader.backtest.headline import headline
from whaletrader.backtest.metrics import hit_rate
from whaletrader.report.model import CountRow, Detectable, Estimate, Overlay, Report, Variant, WindowRow
from whaletrader.report.page import MOST_ROWS, page_html

SECTIONS = (
    "1 · From a leader's entry to our copy",
    "2 · What waiting for a price selects",
    "3 · Edge against delay",
    "4 · Drawdown",
    "5 · Window by window",
    "6 · Price paid against outcome",
    "7 · Why we did not trade, and what cut us",
    "8 · Whose doing it is",
    "9 · The leaderboard beside wallets without skill",
)
NOBODY = Estimate(value=None, reason="no bet was closed")
STILL = Estimate(value=None, n=30, reason="equity moved on 0 days only, fewer than 20")


def text_of(given: Report) -> str:
    return " ".join(read(given).text)


def idle(name: str) -> Variant:
    """A variant that never traded."""
    flat = Estimate(value=0.0, n=40, reason="no interval: equity moved on 0 days only, fewer than 20")
    figures = msgspec.structs.replace(
        metrics(), final_equity=10_000.0, net_pnl=flat, net_return=flat, sharpe=STILL, max_drawdown=flat,
        hit_rate=NOBODY, bets=0, open_bets=0, fills=0, turnover=0.0, fees=0.0,
    )  # fmt: skip
    made = variant(name, figures)
    kinds = [
        msgspec.structs.replace(kind, fills=0, bets=0, won=0, hit_rate=NOBODY, realised=0.0, marked=0.0, fees=0.0)
        for kind in made.by_kind
    ]
    daily = msgspec.structs.replace(made.daily, equity=[10_000.0] * 40, drawdown=[0.0] * 40)
    return msgspec.structs.replace(made, by_kind=kinds, daily=daily, leaders=[], approved=[], denied=[], skipped=[])


def null_report() -> Report:
    """Nobody was followed, in words that the backtest itself finds."""
    base = report()
    windows = [
        WindowRow(
            name=f"W{n}", scanned=9, qualified=3, followed={}, status="nobody_followed",
            pnl={"ours": 0.0, "baseline": 0.0, "placebo-1": 0.0},
        )
        for n in (1, 2, 3)
    ]  # fmt: skip
    overlay = [
        Overlay(
            which="real", kind="fill", judged=12, lower_above_zero=0, high_skill=0, median_edge=-0.01, best_edge=0.0
        )
    ]
    seen = [
        Detectable(kind="fill", judged=12, smallest=0.031, median=0.074),
        Detectable(kind="position", judged=0, smallest=None, median=None),
    ]
    variants = [idle("ours"), base.variants[1], idle("placebo-1")]
    return msgspec.structs.replace(
        base,
        headline=headline(windows, variants, seen, overlay),
        windows=windows,
        variants=variants,
        overlay=overlay,
        detectable=seen,
        reliability=[band for band in base.reliability if band.whose == "priced"],
        fee_provenance=[],
    )


def test_every_section_is_there_once_and_in_order() -> None:
    html = page_html(report())
    titles = [title.replace("&#x27;", "'") for title in re.findall(r"<h2>(.*?)</h2>", html)]
    assert tuple(titles) == SECTIONS


def test_every_section_says_what_it_shows() -> None:
    html = page_html(report())
    says = re.findall(r'<h2>.*?</h2><p class="says">(.*?)</p>', html)
    assert len(says) == len(SECTIONS)
    assert min(len(text) for text in says) > 40


@pytest.mark.parametrize("simulated", [True, False])
def test_the_stamp_is_in_title_header_and_footer_of_simulated_reports_alone(simulated: bool) -> None:
    html = page_html(report(simulated=simulated))
    header, footer = html.split("<header>")[1].split("</header>")[0], html.split("<footer>")[1]
    title = html.split("<title>")[1].split("</title>")[0]
    assert [("SIMULATED" in part) for part in (title, header, footer)] == [simulated] * 3


def test_a_null_report_is_a_whole_page_with_all_sections() -> None:
    text = text_of(null_report())
    for title in SECTIONS:
        assert title in text


def test_a_null_report_says_that_nobody_was_copied_and_how_small_an_edge_would_have_been_seen() -> None:
    text = text_of(null_report())
    assert "Certified null: no wallet's edge survived our delay and costs, so nobody was copied." in text
    assert "All 3 windows were looked at; at the data's end 12 by fills and 0 by positions found" in text
    assert "0 of them had a lower bound above 0" in text
    assert "the one with the narrowest interval 3.1 c a share" in text
    assert "No trade is the right answer to no evidence" in text


def test_a_null_report_shows_no_number_that_is_not_known() -> None:
    html = page_html(null_report())
    assert html.count("no bet was closed") >= 2
    assert "equity moved on 0 days only" in html
    for forbidden in ("nan", "None,", ">None<", "inf "):
        assert forbidden not in re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)


def test_empty_tables_say_none() -> None:
    html = page_html(null_report())
    assert html.count('<p class="none">None.</p>') >= 5


def test_windows_without_leaders_say_why() -> None:
    assert text_of(null_report()).count("nobody followed") == 3


def test_the_hit_rates_interval_is_explained_with_the_event_groups() -> None:
    figures = msgspec.structs.replace(metrics(), hit_rate=hit_rate(6, [4, 4, 2]))
    base = report()
    text = text_of(msgspec.structs.replace(base, variants=[variant("ours", figures), *base.variants[1:]]))
    assert "for the hit rate Wilson score interval, 95 %; bets of one event group counted together" in text


def test_the_reliability_figure_says_that_entries_of_one_group_count_together() -> None:
    text = text_of(report())
    assert "the entries of one event group, which settle together, are counted together" in text
    assert "independent" not in text


@pytest.mark.parametrize(("extra", "told"), [(0, False), (1, True), (30, True)])
def test_more_leaders_than_fit_are_told_by_number(extra: int, told: bool) -> None:
    base = report()
    (first, *_) = base.variants[0].leaders
    leaders = [msgspec.structs.replace(first, wallet=f"0x{n:040x}") for n in range(MOST_ROWS + extra)]
    ours = msgspec.structs.replace(base.variants[0], leaders=leaders)
    text = text_of(msgspec.structs.replace(base, variants=[ours, *base.variants[1:]]))
    assert (f"{extra} more in the JSON." in text) == told


def test_a_reason_of_an_unknown_kind_is_shown_as_it_is() -> None:
    base = report()
    ours = msgspec.structs.replace(
        base.variants[0], stopped=[CountRow(kind="unknown", reason="ANOMALY", count=7, share=1.0)]
    )
    text = text_of(msgspec.structs.replace(base, variants=[ours, *base.variants[1:]]))
    assert "unknown" in text
    assert "ANOMALY" in text


def test_the_baseline_has_no_log_and_names_none() -> None:
    footer = page_html(report()).split("<footer>")[1]
    assert footer.count("records, head") == 2
    assert "Baseline" not in footer


def test_reasons_and_wallets_from_the_data_cannot_write_html() -> None:
    base = report()
    (first, *_) = base.variants[0].leaders
    ours = msgspec.structs.replace(
        base.variants[0],
        leaders=[msgspec.structs.replace(first, wallet="<script>alert(1)</script>")],
        denied=[CountRow(kind="fill", reason="<img src=x>", count=1, share=1.0)],
    )
    html = page_html(msgspec.structs.replace(base, variants=[ours, *base.variants[1:]]))
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;img src=x&gt;" in html


def test_each_variant_has_its_row_of_each_kind() -> None:
    base = report()
    rows = page_html(base).split("8 · Whose doing it is")[1].split("Our leaders")[0]
    for made in base.variants:
        assert rows.count(f"<td>{made.label}</td>") == 2


def test_an_interval_that_is_missing_gives_its_reason_beside_the_value() -> None:
    figures = msgspec.structs.replace(metrics(), net_return=Estimate(value=0.034, n=3, reason="no interval: 3 days"))
    base = report()
    html = page_html(msgspec.structs.replace(base, variants=[variant("ours", figures), *base.variants[1:]]))
    assert "<b>+3.4 %</b><small>no interval: 3 days</small>" in html
