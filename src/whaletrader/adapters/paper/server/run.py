"""Serves the exchange on one port of this machine: blocking until Ctrl-C, or beside the caller in a thread."""

import asyncio
import contextlib
import logging
import signal
import socket
import threading
from collections.abc import Iterator

import uvicorn

from whaletrader.adapters.paper.server.app import PaperExchange
from whaletrader.errors import BusyError, ExchangeError

LOOPBACK = "127.0.0.1"
_BACKLOG = 1024
_START_S = 15.0
_CUT_ANSWER = "ASGI callable returned without completing response."


def bound_socket(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio switches Nagle's delay off only where it is.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        why = error.strerror or error
        raise BusyError(f"Port {port} of {host} cannot be served ({why}); choose another with --port.") from None
    return listening


class ExchangeServer(uvicorn.Server):
    """A server that ends cleanly on Ctrl-C and SIGTERM, and can be told to end."""

    def __init__(self, app: PaperExchange, listening: socket.socket) -> None:
        _quiet()
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
                ws="websockets-sansio",
                ws_per_message_deflate=False,
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_keep_alive=120,
                timeout_graceful_shutdown=1,
                backlog=_BACKLOG,
            )
        )
        self._listening = listening

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listening.getsockname()[1])

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on SIGINT and SIGTERM without raising them again; other threads than the first have no signals."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.end)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def end(self) -> None:
        """Stop serving soon; a second time, at once."""
        self.force_exit = self.should_exit
        self.should_exit = True

    def serve_until_ended(self) -> None:
        """Serve in this thread."""
        try:
            self.run(sockets=[self._listening])
        finally:
            self._listening.close()


@contextlib.contextmanager
def serving(server: ExchangeServer) -> Iterator[ExchangeServer]:
    """Serve in a thread of its own for the length of a block."""
    thread = threading.Thread(target=server.serve_until_ended, name="paper-exchange", daemon=True)
    thread.start()
    waited = threading.Event()
    for _ in range(int(_START_S / 0.01)):
        if server.started or not thread.is_alive():
            break
        waited.wait(0.01)
    try:
        if not server.started:
            raise ExchangeError("The paper exchange did not start.")
        yield server
    finally:
        server.end()
        thread.join(_START_S)


def _quiet() -> None:
    """Leave out of the log what the fault plan does on purpose."""
    logging.getLogger("uvicorn.error").addFilter(lambda record: record.getMessage() != _CUT_ANSWER)
