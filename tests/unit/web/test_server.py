"""The server lives as long as its block, and says which port is taken."""

import socket
import threading
from pathlib import Path

import httpx
import pytest

from whaletrader.app.layout import DataDirectory
from whaletrader.config.tree import WebSettings
from whaletrader.errors import BusyError
from whaletrader.web.board import Board
from whaletrader.web.server import serving


def test_it_serves_on_a_free_port_and_stops_with_its_block(tmp_path: Path) -> None:
    with serving(WebSettings(port=0), DataDirectory(tmp_path)) as board:
        board.show({"n": 1})
        assert httpx.get(board.url + "/api/state").json()["n"] == 1
        url = board.url
    with pytest.raises(httpx.ConnectError):
        httpx.get(url + "/healthz")


def test_two_servers_have_two_tokens(tmp_path: Path) -> None:
    pages = []
    for _ in range(2):
        with serving(WebSettings(port=0), DataDirectory(tmp_path)) as board:
            pages.append(httpx.get(board.url + "/").text)
    assert pages[0] != pages[1]


def test_a_taken_port_is_told_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(BusyError) as refused, serving(WebSettings(port=port), DataDirectory(tmp_path)):
            pytest.fail("it served on a taken port")
    assert f"127.0.0.1:{port}" in refused.value.message
    assert "--port" in refused.value.message


def test_an_address_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    settings = WebSettings(host="192.0.2.1", port=0)
    with pytest.raises(BusyError, match=r"192\.0\.2\.1"), serving(settings, DataDirectory(tmp_path)):
        pytest.fail("it served on a foreign address")


def test_a_page_is_read_whole_while_it_is_replaced() -> None:
    board = Board()
    pages = [{"n": number, "text": str(number) * 200} for number in range(50)]
    board.show(pages[0])
    done = threading.Event()

    def write() -> None:
        for page in pages * 20:
            board.show(page)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not done.is_set():
        seen.add(board.page)
    writer.join()
    import msgspec

    for page in seen:
        decoded = msgspec.json.decode(page)
        assert decoded["text"] == str(decoded["n"]) * 200
    assert board.version == 1 + 50 * 20
