"""The page needs nothing but itself, and tells what the report tells."""

from html.parser import HTMLParser

import msgspec
import pytest

from tests.unit.report.made import report
from whaletrader.report.model import Report
from whaletrader.report.page import page_html

VOID = {"meta", "br", "img", "link", "input"}


class Reader(HTMLParser):
    """Collects tags, text and whether every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(given: Report) -> Reader:
    reader = Reader()
    reader.feed(page_html(given))
    reader.close()
    assert not reader.open
    return reader


def test_the_page_names_no_other_file_or_host_and_runs_no_script() -> None:
    reader = read(report())
    assert not set(reader.tags) & {"script", "link", "img", "iframe", "object"}
    assert not [name for name, _ in reader.attributes if name in {"src", "href", "srcset", "action"}]
    html = page_html(report())
    assert "http" not in html
    assert "url(" not in html
    assert "@import" not in html


def test_a_simulated_report_is_stamped_first_and_last() -> None:
    reader = read(report())
    assert reader.text.count("SIMULATED ") >= 1
    text = " ".join(reader.text)
    assert text.index("SIMULATED") < text.index("walk-forward")
    assert "made up" in text


def test_a_report_on_real_data_bears_no_stamp() -> None:
    assert "SIMULATED" not in page_html(report(simulated=False))


def test_names_are_escaped() -> None:
    html = page_html(report())
    assert "<b>sim" not in html
    assert "sim &lt;b&gt;" in html
    assert "2 leaders &amp; a &lt;tag&gt;" in html


@pytest.mark.parametrize(
    "told",
    ["+10.0 %", "[-5.0 %, +20.0 %]", "equity moved on 3 days only", "10 / 1", "1.50 ×", "no_print_in_window",
     "W02 2026-01-08..2026-01-15", "nobody qualified", "KELLY", "STALE", "CASH", "ab" * 32, "cd" * 32,
     "What waiting for a price selects", "Edge against delay", "Price paid against outcome", "worst case"],
)  # fmt: skip
def test_what_the_report_holds_is_on_the_page(told: str) -> None:
    assert told in " ".join(read(report()).text)


def test_rebates_have_a_row_only_where_there_are_some_and_are_called_an_estimate() -> None:
    assert "Paid back" not in page_html(report())
    base = report()
    ours, *others = base.variants
    back = msgspec.structs.replace(ours, metrics=msgspec.structs.replace(ours.metrics, rebates=12.4))
    text = " ".join(read(msgspec.structs.replace(base, variants=[back, *others])).text)
    row = text[text.index("Paid back of them, pUSD (ESTIMATE, counted nowhere)") :].split()
    assert row[8:10] == ["12", "–"]


def test_the_same_report_gives_the_same_bytes() -> None:
    assert page_html(report()) == page_html(report())


def test_many_placebos_share_one_explanation() -> None:
    base = report()
    more = [msgspec.structs.replace(base.variants[2], name=f"placebo-{n}", label=f"P{n}") for n in (2, 3)]
    windows = [msgspec.structs.replace(row, pnl=row.pnl | {"placebo-2": 0.0, "placebo-3": 0.0}) for row in base.windows]
    html = page_html(msgspec.structs.replace(base, variants=[*base.variants, *more], windows=windows))
    assert html.count("what placebo-1 does") == 1
    assert ">P3<" in html
