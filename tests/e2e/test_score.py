"""`whaletrader score` as a person uses it: the page in a real browser, Ctrl-C, wrong words."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_dashboard import browser as browser  # noqa: PLC0414
from tests.support.command import refused, run, running

SECTIONS = (
    "From found to survived",
    "The best wallets",
    "Beside wallets that cannot have skill",
    "Rules and provenance",
)


@pytest.fixture(scope="module")
def page(small_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the simulated market."""
    target = tmp_path_factory.mktemp("score") / "scores.html"
    done = run("score", "--data", small_market, "--html", target, "--top", 10)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("SIMULATED")
    assert f"written: {target}" in done.stderr
    return target


@pytest.fixture
def opened(browser: Any, page: Path) -> Iterator[Any]:
    """The page in a browser that may ask nobody anything; what it complained of and asked for must be nothing."""
    view = browser.new_page(viewport={"width": 1100, "height": 800})
    said: list[str] = []
    asked: list[str] = []
    view.on("console", lambda message: said.append(message.text))
    view.on("pageerror", lambda error: said.append(str(error)))
    view.on("request", lambda request: asked.append(request.url))
    view.goto(page.as_uri())
    yield view
    assert said == []
    assert asked == [page.as_uri()]
    view.close()


@pytest.mark.browser
def test_the_page_shows_its_figures_and_its_stamp(opened: Any) -> None:
    assert opened.is_visible(".stamp")
    text = opened.text_content("body")
    for title in SECTIONS:
        assert title in text
    figures = opened.eval_on_selector_all("svg", "all => all.map(one => one.getBoundingClientRect().height)")
    assert len(figures) >= 4
    assert min(figures) > 50
    names = opened.eval_on_selector_all("svg", "all => all.map(one => one.getAttribute('aria-label'))")
    assert all(names)


@pytest.mark.browser
def test_no_mark_lies_outside_its_figure(opened: Any) -> None:
    outside = opened.evaluate(
        """() => [...document.querySelectorAll('svg')].flatMap(svg => {
            const box = svg.getBoundingClientRect();
            return [...svg.querySelectorAll('circle, rect')].filter(mark => {
                const own = mark.getBoundingClientRect();
                return own.left < box.left - 1 || own.right > box.right + 1
                    || own.top < box.top - 1 || own.bottom > box.bottom + 1;
            }).map(mark => mark.outerHTML);
        })"""
    )
    assert outside == []


@pytest.mark.browser
def test_the_page_fits_a_narrow_screen_and_is_dark_where_the_reader_is(opened: Any) -> None:
    opened.set_viewport_size({"width": 460, "height": 900})
    assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    ink = "getComputedStyle(document.body).backgroundColor"
    opened.emulate_media(color_scheme="light")
    light = opened.evaluate(ink)
    opened.emulate_media(color_scheme="dark")
    assert opened.evaluate(ink) != light


def test_ctrl_c_ends_it_with_130_one_sentence_and_no_file(small_market: Path, tmp_path: Path) -> None:
    target = tmp_path / "scores.html"
    words = ("score", "--data", small_market, "--policies", "all", "--html", target)
    with running(tmp_path / "errors", *words) as scoring:
        scoring.wait_for("pricing and judging every wallet")
        code, output = scoring.interrupt()
        said = scoring.said
    assert code == 130
    assert output == ""
    assert "Traceback" not in said
    assert said.splitlines()[-1] == "whaletrader: interrupted; no file was written, and no dataset changed."
    assert [path.name for path in tmp_path.iterdir()] == ["errors"]


def test_one_wallet_is_explained_by_the_start_of_its_address(small_market: Path) -> None:
    found = json.loads(run("score", "--data", small_market, "--json", "--no-placebo", "--top", 1).stdout)
    address = found["best"][0]["wallet"]
    done = run("score", "explain", address[:10], "--data", small_market, "--no-placebo")
    assert done.returncode == 0, done.stderr
    assert address in done.stdout
    assert "bias corrections" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("score", "--html", "/nowhere/at/all.html"), ("no folder /nowhere/at",)),
        (("score", "--policies", "dream"), ("no follower policy 'dream'", "taker")),
        (("score", "--as-of", "soon"), ("--as-of", "'soon'")),
        (("score", "--top", "3", "explain", "0x1"), ("whaletrader score explain",)),
        (("score", "explain", "0xnobody"), ("'0xnobody'", "whaletrader score --csv FILE")),
    ],
)
def test_what_cannot_be_done_is_one_sentence(words: tuple[str, ...], said: tuple[str, ...], small_market: Path) -> None:
    data = ("--data", small_market) if words[1] == "explain" else ()
    refused(run(*words, *data), 2, *said)


@pytest.mark.parametrize("words", [("score", "sideways"), ("score", "--sideways"), ("score", "explain"),
                                   ("score", "--workers", "0")])  # fmt: skip
def test_words_that_nobody_knows_are_bad_usage(words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr
