"""The dashboard's interface tells everything and lets only its own page throw the kill switch."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from whaletrader.app.layout import DataDirectory
from whaletrader.app.lock import DirectoryLock
from whaletrader.config.tree import WebSettings
from whaletrader.runtime.latch import KillLatch
from whaletrader.runtime.operator import ControlFile
from whaletrader.web.board import Board
from whaletrader.web.server import serving


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    made = DataDirectory(tmp_path)
    made.ensure()
    return made


@pytest.fixture
def board(directory: DataDirectory) -> Iterator[Board]:
    with serving(WebSettings(port=0), directory) as served:
        yield served


@pytest.fixture
def client(board: Board) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=board.url) as made:
        yield made


@pytest.fixture
def key(client: httpx.Client) -> dict[str, str]:
    return {"X-Whaletrader-Token": token_of(client)}


def token_of(client: httpx.Client) -> str:
    return client.get("/").text.partition('name="whaletrader-token" content="')[2].partition('"')[0]


def commands(directory: DataDirectory) -> list[ControlFile]:
    files = sorted(directory.control.glob("*.json"))
    return [msgspec.json.decode(path.read_bytes(), type=ControlFile) for path in files]


def test_the_page_carries_the_token_and_loads_nothing_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/").text
    assert len(token_of(client)) >= 32
    assert "@TOKEN@" not in page
    assert "http://" not in page
    assert "https://" not in page


@pytest.mark.parametrize(("name", "kind"), [("board.js", "text/javascript"), ("board.css", "text/css")])
def test_script_and_style_come_from_the_package(client: httpx.Client, name: str, kind: str) -> None:
    answer = client.get(f"/static/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize("name", ["index.html", "api.py", "..%2fapi.py", "nothing.js"])
def test_no_other_file_is_served(client: httpx.Client, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


def test_the_state_is_what_the_engine_showed_last(client: httpx.Client, board: Board) -> None:
    assert client.get("/api/state").json() == {"waiting": True, "latch": None}
    board.show({"account": {"equity_micro": 1}})
    board.show({"account": {"equity_micro": 2}})
    assert client.get("/api/state").json() == {"account": {"equity_micro": 2}, "latch": None}
    assert client.get("/healthz").json() == {"version": 2}


def test_the_kill_switch_throws_the_latch(client: httpx.Client, directory: DataDirectory, key: dict[str, str]) -> None:
    answer = client.post("/api/kill", headers=key)
    assert answer.json() == {"killed": True}
    state = KillLatch(directory.latch).read()
    assert state is not None
    assert state.reason == "thrown from the dashboard"
    assert commands(directory) == []  # nobody runs here who could read it


def test_the_latch_is_told_as_it_is_now_whatever_the_engine_showed_last(
    client: httpx.Client, board: Board, directory: DataDirectory
) -> None:
    board.show({"n": 1})
    KillLatch(directory.latch).throw("by hand", 7)
    assert client.get("/api/state").json() == {"n": 1, "latch": {"reason": "by hand", "ts": 7}}
    KillLatch(directory.latch).clear()
    assert client.get("/api/state").json()["latch"] is None


def test_a_browser_that_asks_for_an_icon_is_told_that_there_is_none(client: httpx.Client) -> None:
    assert client.get("/favicon.ico").status_code == 204


def test_a_running_process_is_asked_too(client: httpx.Client, directory: DataDirectory, key: dict[str, str]) -> None:
    with DirectoryLock(directory.lock):
        client.post("/api/kill", headers=key)
        client.post("/api/resume", headers=key)
    assert [asked.command for asked in commands(directory)] == ["KILL", "RESUME"]
    assert {asked.operator for asked in commands(directory)} == {"dashboard"}


def test_resume_clears_the_latch(client: httpx.Client, directory: DataDirectory, key: dict[str, str]) -> None:
    KillLatch(directory.latch).throw("test", 1)
    assert client.post("/api/resume", headers=key).json() == {"killed": False}
    assert not KillLatch(directory.latch).thrown()


@pytest.mark.parametrize("path", ["/api/kill", "/api/resume"])
@pytest.mark.parametrize("headers", [{}, {"X-Whaletrader-Token": "guess"}, {"X-Whaletrader-Token": "x" * 32}])
def test_a_post_without_the_token_is_refused(
    client: httpx.Client, directory: DataDirectory, path: str, headers: dict[str, str]
) -> None:
    KillLatch(directory.latch).throw("before", 1)
    answer = client.post(path, headers=headers)
    assert answer.status_code == 403
    assert "token" in answer.json()["detail"]
    assert KillLatch(directory.latch).thrown()


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1.evil.example:8080", "null"])
def test_a_post_from_another_origin_is_refused_even_with_the_token(
    client: httpx.Client, directory: DataDirectory, key: dict[str, str], origin: str
) -> None:
    answer = client.post("/api/kill", headers={**key, "Origin": origin})
    assert answer.status_code == 403
    assert not KillLatch(directory.latch).thrown()


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"])
def test_a_post_from_our_own_page_is_taken(client: httpx.Client, key: dict[str, str], origin: str) -> None:
    assert client.post("/api/kill", headers={**key, "Origin": origin}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8080", ""])
@pytest.mark.parametrize("path", ["/", "/api/state", "/healthz"])
def test_a_rebound_host_name_is_not_served(client: httpx.Client, host: str, path: str) -> None:
    answer = client.get(path, headers={"Host": host})
    assert answer.status_code == 421
    assert "whaletrader-token" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:1", "localhost", "LOCALHOST:8080", "[::1]:8080"])
def test_our_own_names_are_served(client: httpx.Client, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_a_get_never_kills(client: httpx.Client, directory: DataDirectory, key: dict[str, str]) -> None:
    assert client.get("/api/kill", headers=key).status_code == 405
    assert not KillLatch(directory.latch).thrown()


def test_a_latch_that_cannot_be_thrown_is_told(
    client: httpx.Client, directory: DataDirectory, key: dict[str, str]
) -> None:
    directory.latch.parent.joinpath("control").rmdir()
    for name in ("runs", "datasets", "reports", "keys"):
        directory.root.joinpath(name).rmdir()
    directory.root.rmdir()
    answer = client.post("/api/kill", headers=key)
    assert answer.status_code == 500
    assert "stop the process instead" in answer.json()["error"]
