"""The page of scores needs nothing but itself, and tells what the report tells."""

import re

import msgspec
import pytest

from tests.unit.report.made_scores import score_report
from tests.unit.report.test_page import Reader
from whaletrader.report.score_model import Null, ScoreReport
from whaletrader.report.score_page import page_html


def read(given: ScoreReport) -> Reader:
    reader = Reader()
    reader.feed(page_html(given))
    reader.close()
    assert not reader.open
    return reader


def titles(given: ScoreReport) -> list[str]:
    return re.findall(r"<h2>\d+ · (.*?)</h2>", page_html(given))


SECTIONS = [
    "From found to survived",
    "The best wallets",
    "Beside wallets that cannot have skill",
    "Forecast against outcome",
    "Edge against delay",
    "What the score is made of",
    "Verdicts, and why there is none",
    "What would have been detected",
    "Rules and provenance",
]


def test_the_page_names_no_other_file_or_host_and_runs_no_script() -> None:
    reader = read(score_report())
    assert not set(reader.tags) & {"script", "link", "img", "iframe", "object"}
    assert not [name for name, _ in reader.attributes if name in {"src", "href", "srcset", "action"}]
    html = page_html(score_report())
    for word in ("http", "url(", "@import"):
        assert word not in html


def test_the_sections_come_in_order_and_are_numbered() -> None:
    assert titles(score_report()) == SECTIONS
    numbers = re.findall(r"<h2>(\d+) ·", page_html(score_report()))
    assert numbers == [str(n) for n in range(1, 10)]


def test_when_nothing_survives_what_would_have_been_seen_comes_first() -> None:
    found = titles(score_report(certified=True))
    assert found[0] == "Nothing survives: a certified null"
    assert "8.0 c a share over 100 bets" in " ".join(read(score_report(certified=True)).text)


def test_what_was_not_asked_for_has_no_section() -> None:
    bare = msgspec.structs.replace(
        score_report(), placebo=[], copyability=[], reliability=[], forecasts=[],
        null=Null(certified=False, sentences=[], kinds=[], rows=[]),
    )  # fmt: skip
    gone = {
        "Beside wallets that cannot have skill",
        "Forecast against outcome",
        "Edge against delay",
        "What would have been detected",
    }
    assert titles(bare) == [name for name in SECTIONS if name not in gone]


def test_placebos_of_several_policies_are_told_apart() -> None:
    first = score_report()
    other = [msgspec.structs.replace(row, policy="first_hold") for row in first.placebo]
    both = msgspec.structs.replace(first, policies=["taker", "first_hold"], placebo=[*first.placebo, *other])
    section = page_html(both).split("Beside wallets that cannot have skill")[1].split("<section>")[0]
    rows = re.findall(r"<tr><td>(.*?)</tr>", section)
    assert len(rows) == len(set(rows)) == len(both.placebo)


def test_a_simulated_report_is_stamped_first_and_last() -> None:
    text = " ".join(read(score_report()).text)
    assert text.index("SIMULATED") < text.index("who is worth copying")
    assert text.rstrip().endswith("SIMULATED")
    assert "SIMULATED" not in page_html(score_report(simulated=False))


def test_names_are_escaped() -> None:
    html = page_html(score_report())
    assert "<b>sim" not in html
    assert "sim &lt;b&gt;" in html
    assert "2 wallets &amp; a &lt;tag&gt;" in html


@pytest.mark.parametrize(
    "told",
    ["survive at FDR 5 %", "no_print_in_window", "0x000000…0001", "+8.2 c", "too_few_bets", "ef" * 32, "cd" * 32,
     "follower.delay_s", "A note.", "passive", "random-2", "capacity 1,500 pUSD", "profitability", "0.2212",
     "likely luck", "can reach it"],
)  # fmt: skip
def test_what_the_report_holds_is_on_the_page(told: str) -> None:
    assert told in " ".join(read(score_report()).text)


def test_more_than_one_policy_is_shown_side_by_side() -> None:
    assert "each row of the test is a trial" in page_html(score_report())
    alone = msgspec.structs.replace(score_report(), policies=["taker"])
    assert "each row of the test is a trial" not in page_html(alone)


def test_the_tiles_add_up_kinds_and_policies() -> None:
    found = re.findall(r"<div><b>([\d,]+)</b>", page_html(score_report()))
    assert found == ["1,600", "240", "200", "24", "8"]


def test_a_universe_of_nobody_has_a_page() -> None:
    nobody = msgspec.structs.replace(
        score_report(), steps=[], events=[], verdicts=[], withheld=[], best=[], placebo=[], copyability=[],
        reliability=[], forecasts=[], fee_provenance=[],
    )  # fmt: skip
    reader = read(nobody)
    assert "0" in reader.text


def test_a_kind_without_a_wallet_is_left_out() -> None:
    only = [row for row in score_report().steps if row.kind == "fill"]
    html = page_html(msgspec.structs.replace(score_report(), steps=only))
    assert "Positions found by polling" not in html


def test_the_same_report_gives_the_same_bytes() -> None:
    assert page_html(score_report()) == page_html(score_report())
