"""Serves the dashboard in a thread of its own; a port in use is told before anything starts."""

import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from whaletrader.app.layout import DataDirectory
from whaletrader.config.tree import WebSettings
from whaletrader.errors import BusyError
from whaletrader.web.api import make_api
from whaletrader.web.board import Board

START_TIMEOUT_S = 10.0


@contextmanager
def serving(settings: WebSettings, directory: DataDirectory) -> Iterator[Board]:
    """Serve for as long as the block lasts; `BusyError` when the port is taken. Port 0 takes a free one."""
    board = Board()
    listener = _listen(settings.host, settings.port)
    port = listener.getsockname()[1]
    board.url = f"http://{settings.host}:{port}"
    api = make_api(board, directory, host=settings.host, token=secrets.token_urlsafe(24))
    server = uvicorn.Server(uvicorn.Config(api, log_level="error", access_log=False, lifespan="off"))
    ready = threading.Event()
    thread = threading.Thread(target=_serve, args=(server, listener, ready), name="dashboard", daemon=True)
    thread.start()
    ready.wait(START_TIMEOUT_S)
    try:
        yield board
    finally:
        server.should_exit = True
        thread.join(START_TIMEOUT_S)
        listener.close()


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise BusyError(
            f"the dashboard cannot listen on {host}:{port}: {error.strerror}; "
            "give another with --port, 0 for a free one"
        ) from None
    return listener


def _serve(server: uvicorn.Server, listener: socket.socket, ready: threading.Event) -> None:
    # uvicorn installs signal handlers only in the main thread: Ctrl-C stays the command's.
    ready.set()
    server.run(sockets=[listener])
