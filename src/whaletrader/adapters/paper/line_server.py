"""The paper exchange as a process of its own, with its own store, on a loopback port.

``python -m whaletrader.adapters.paper.line_server --store exchange.db --tape MODULE:FUNCTION --dataset PATH --port 0``
says ``listening 127.0.0.1:PORT`` on its standard output and serves until it is stopped. The tape's maker is named and
not imported here, because no adapter knows another.
"""

import argparse
import importlib
import signal
import socketserver
import sys
import threading
from pathlib import Path

from whaletrader.adapters.paper.exchange import PaperExchange
from whaletrader.adapters.paper.faults import FaultPlan
from whaletrader.adapters.paper.telling import Rules
from whaletrader.adapters.paper.wire import MAX_LINE, answer
from whaletrader.ports.tape import PrintTape


class ExchangeServer(socketserver.ThreadingTCPServer):
    """Serves one exchange to any number of clients, one request at a time."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, exchange: PaperExchange, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.exchange = exchange
        self.turn = threading.Lock()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])


class _Connection(socketserver.StreamRequestHandler):
    server: ExchangeServer

    def handle(self) -> None:
        try:
            while line := self.rfile.readline(MAX_LINE):
                with self.server.turn:
                    told = answer(self.server.exchange, line)
                self.wfile.write(told)
        except ConnectionError:
            return  # the client is gone; what it sent before is kept


def open_tape(maker: str, dataset: str) -> PrintTape:
    """Make the tape with the named function of one argument, the dataset's path."""
    module, _, function = maker.partition(":")
    tape: PrintTape = getattr(importlib.import_module(module), function)(Path(dataset))
    return tape


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    options = _parser().parse_args(arguments)
    faults = FaultPlan(
        drop_micro=options.drop_micro,
        delay_micro=options.delay_micro,
        repeat_micro=options.repeat_micro,
        delay_s=options.delay_s,
        fail_micro=options.fail_micro,
    )
    exchange = PaperExchange(options.store, open_tape(options.tape, options.dataset), Rules(faults))
    with ExchangeServer(exchange, options.port) as server:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        sys.stdout.write(f"listening 127.0.0.1:{server.port}\n")
        sys.stdout.flush()
        server.serve_forever(poll_interval=0.05)
    exchange.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="The paper exchange (SIMULATED fills) as a process of its own.")
    parser.add_argument("--store", required=True, help="its SQLite file")
    parser.add_argument("--tape", required=True, help="MODULE:FUNCTION that makes the tape from the dataset's path")
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--port", type=int, default=0)
    for share in ("drop", "delay", "repeat", "fail"):
        parser.add_argument(f"--{share}-micro", type=int, default=0, help="share of answers, in micro")
    parser.add_argument("--delay-s", type=int, default=30)
    return parser


if __name__ == "__main__":
    sys.exit(main())
