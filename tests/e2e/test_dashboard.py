"""The dashboard in a real browser: what it shows, and that its kill switch kills."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.command import Running, running, write_settings
from tests.support.waiting import wait_until
from whaletrader.runtime.latch import KillLatch

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT_MS = 15_000
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(small_scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, str, Path]]:
    """A run that has ended and still serves its page: the process, the page's address and the data directory."""
    folder = tmp_path_factory.mktemp("dashboard")
    home = write_settings(folder / "home")
    words = ("up", "--source", f"replay:{small_scenario}", "--data-dir", home, "--keep-serving")
    with running(folder / "errors", *words) as process:
        said = process.wait_for("the source has ended")
        yield process, said.partition("dashboard: ")[2].split()[0], home


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"there is no {CHROMIUM}")
        pytest.skip(f"a browser is needed: {CHROMIUM} is missing")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield started
        started.close()


class Visit:
    """An open page, all that it asked for, and all that it complained of."""

    def __init__(self, browser: Any, url: str) -> None:
        self.page = browser.new_page(viewport={"width": 1280, "height": 800})
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        self.renewals = 0
        self.page.on("requestfinished", self._finished)
        self.page.goto(url)
        self.page.wait_for_selector("#tiles .tile", timeout=WAIT_MS)

    def _finished(self, request: Any) -> None:
        self.renewals += urlsplit(request.url).path == "/api/state"

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def rows(self, table: str) -> list[list[str]]:
        return self.page.eval_on_selector_all(
            f"#{table} tbody tr", "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
        )

    def wait_for_state(self, text: str) -> None:
        # Not `wait_for_function`: it evaluates text, which the page's own policy forbids.
        wait_until(lambda: self.page.text_content("#state") == text, WAIT_MS / 1_000, f"the state's being {text}")

    def wait_for_renewal(self) -> None:
        seen = self.renewals
        wait_until(lambda: self.page.is_visible("#state") and self.renewals > seen, WAIT_MS / 1_000, "a renewal")


@pytest.fixture
def visit(browser: Any, served: tuple[Running, str, Path]) -> Iterator[Visit]:
    opened = Visit(browser, served[1])
    yield opened
    assert opened.complaints == []
    assert opened.hosts == {urlsplit(served[1]).netloc}
    opened.page.close()


def test_the_page_shows_state_result_and_the_stamp(visit: Visit) -> None:
    assert visit.page.is_visible("#stamp")
    assert visit.page.text_content("#stamp") == "SIMULATED"
    assert visit.page.text_content("#mode") == "paper"
    assert visit.page.text_content("#state") == "ACTIVE"
    assert "ended" in visit.page.text_content("#clock")
    tiles = dict(
        zip(
            visit.page.eval_on_selector_all("#tiles span", "all => all.map(one => one.textContent)"),
            visit.page.eval_on_selector_all("#tiles b", "all => all.map(one => one.textContent)"),
            strict=True,
        )
    )
    assert float(tiles["Equity, pUSD"].replace(",", "")) != 10_000
    assert tiles["Return"].endswith(" %")
    assert visit.page.locator("#curve path").count() == 3


def test_leaders_decisions_and_the_leaderboard_are_listed_with_reasons(visit: Visit) -> None:
    leaders, decisions, best = (visit.rows(name) for name in ("leaders", "decisions", "best"))
    assert {row[1] for row in leaders} == {"fill", "position"}
    assert {"APPROVED", "FILLED", "CANCELLED"} <= {row[1] for row in decisions}
    assert all(row[2] for row in decisions)
    assert all(len(row[-1]) == 32 for row in decisions)  # the id to explain it by
    assert next(row[0] for row in best if row[2] == "fill") == "1"
    assert "approved, bound by per trade" in visit.page.text_content("#funnel")
    assert visit.page.text_content("#positions") == "none"
    assert "-0.00" not in visit.page.text_content("main")


def test_the_kill_switch_throws_the_latch_and_resume_clears_it(visit: Visit, served: tuple[Running, str, Path]) -> None:
    latch = KillLatch(served[2] / "kill.latch")
    visit.page.click("#switch")
    visit.wait_for_state("KILLED")
    state = latch.read()
    assert state is not None
    assert "dashboard" in state.reason
    assert visit.page.text_content("#switch") == "Resume"
    visit.wait_for_renewal()
    visit.wait_for_renewal()
    assert visit.page.text_content("#state") == "KILLED"
    visit.page.click("#switch")
    wait_until(lambda: not latch.thrown(), 10, "the latch's being cleared")
    visit.wait_for_state("ACTIVE")


def test_the_page_fits_a_narrow_screen(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 420, "height": 900})
    assert visit.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_dead_process_is_told_on_the_page(visit: Visit, served: tuple[Running, str, Path]) -> None:
    """Last: it ends the process."""
    served[0].interrupt()
    visit.page.wait_for_selector("#notice:not([hidden])", timeout=WAIT_MS)
    assert "does not answer" in visit.page.text_content("#notice")
    # The browser itself complains of the refused connections.
    visit.complaints = [text for text in visit.complaints if "ERR_CONNECTION_REFUSED" not in text]
