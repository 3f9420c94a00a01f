"""`whaletrader exchange` as a person types it: what it says, that it serves, and how it ends."""

import itertools
import re
import socket
import tomllib
from pathlib import Path

import httpx
import pytest

from tests.support.command import refused, run, running
from tests.support.waiting import wait_until


def served(out: str) -> int:
    """The port that it told."""
    found = re.search(r"http://127\.0\.0\.1:(\d+)", out)
    assert found, out
    return int(found[1])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def test_help_shows_an_example() -> None:
    done = run("exchange", "--help")
    assert done.returncode == 0
    assert "Example: whaletrader exchange --port 8900 --source sim" in done.stdout
    assert "SIMULATED" in done.stdout


def test_it_serves_says_where_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path / "errors", "exchange", "--port", port, "--settle-s", "0.5") as exchange:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/ok"), 60, "the exchange")
        # The same question again would be answered from the cache for 300 s, as at the venue.
        asked = (f"http://127.0.0.1:{port}/data-api/v2/trades?limit=1&start={number}" for number in itertools.count(1))
        wait_until(lambda: httpx.get(next(asked)).json()["data"] != [], 60, "a trade of the invented traders")
        code, out = exchange.interrupt()
        assert exchange.said.startswith("the exchange has ended")
    assert code == 0
    assert out.startswith("SIMULATED exchange on ")
    assert served(out) == port
    settings = tomllib.loads(out[out.index("[venue]") :])["venue"]
    assert settings["clob_url"] == f"http://127.0.0.1:{port}"
    assert settings["stream_url"] == f"ws://127.0.0.1:{port}/ws"


def test_it_names_the_file_from_which_its_settings_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    port = free_port()
    with running(tmp_path / "errors", "exchange", "--port", port, "--source", "none") as exchange:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/ok"), 60, "the exchange")
        _, out = exchange.interrupt()
    assert f"These settings, in {tmp_path / 'home' / 'whaletrader' / 'whaletrader.toml'}, lead everything to it" in out


def test_a_port_that_is_taken_is_said_in_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("exchange", "--port", taken.getsockname()[1])
        refused(done, 1, "cannot be served", "--port")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--source", "moon"), ("no source 'moon'", "replay:PATH")),
        (("--source", "replay:/nowhere"), ("is not there",)),
        (("--tier", "wood"), ("no tier 'wood'", "standard")),
        (("--limits", "some"), ("no limit mode",)),
        (("--speed", "0"), ("--speed",)),
        (("--settle-s", "-1"), ("--settle-s",)),
        (("--faults", "/nowhere.toml"), ("is not there",)),
    ],
)
def test_bad_input_is_refused_in_one_sentence(words: tuple[str, ...], said: tuple[str, ...]) -> None:
    refused(run("exchange", "--port", 0, *words), 2, *said)


def test_a_fault_plan_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('[[fault]]\nkind = "earthquake"\n')
    refused(run("exchange", "--port", 0, "--faults", plan), 2, str(plan))
