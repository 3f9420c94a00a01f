"""The paper exchange as a real process: it outlives its clients and keeps its store."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.trading import approved, execution, market_terms, signed
from whaletrader.adapters.paper.client import PaperClient
from whaletrader.adapters.paper.exchange import PaperExchange
from whaletrader.adapters.paper.wire import answer
from whaletrader.errors import ExchangeError

ROOT = Path(__file__).parents[4]


class Server:
    """One process."""

    def __init__(self, store, *options):
        command = [sys.executable, "-m", "whaletrader.adapters.paper.line_server", "--store", str(store)]
        command += ["--dataset", "-", "--tape", "tests.support.tape_for_server:make", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True)
        said = self.process.stdout.readline()
        assert said.startswith("listening 127.0.0.1:"), said
        self.port = int(said.rsplit(":", 1)[1])

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        code = self.process.wait(timeout=20)
        self.process.stdout.close()
        return code


@pytest.fixture
def servers():
    started = []
    yield started
    for server in started:
        if server.process.poll() is None:
            server.stop(signal.SIGKILL)


def order():
    harness = execution()
    harness.tell(market_terms(), at=90)
    return signed(harness.tell(approved(), at=100)[0])


def kinds(exchange):
    found, after = [], (-1, "")
    while (event := exchange.next_event(*after)) is not None:
        found.append(event.kind)
        after = (event.ts, event.event_id)
    return found


def test_it_serves_several_clients_and_keeps_its_store_over_a_restart(servers, tmp_path):
    servers.append(Server(tmp_path / "exchange.db"))
    first, second = PaperClient(servers[0].port), PaperClient(servers[0].port)
    first.submit(order())
    assert second.orders() == [(order(), 1)]
    assert kinds(second) == ["ACCEPTED", "FILL", "SETTLED"]
    assert servers[0].stop() == 0
    with pytest.raises(ExchangeError) as failure:
        first.submit(order())
    assert failure.value.retryable
    servers.append(Server(tmp_path / "exchange.db", "--port", str(servers[0].port)))
    first.submit(order())
    assert first.orders() == [(order(), 2)]
    for client in (first, second):
        client.close()


def test_its_fault_plan_comes_from_the_command_line(servers, tmp_path):
    servers.append(Server(tmp_path / "exchange.db", "--drop-micro", "1000000", "--fail-micro", "1000000"))
    client = PaperClient(servers[0].port)
    client.submit(order())
    assert kinds(client) == ["FAILED"]
    client.close()


def test_an_exchange_that_is_not_there_is_outcome_unknown():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        client = PaperClient(probe.getsockname()[1], timeout_s=0.5)
        with pytest.raises(ExchangeError) as failure:
            client.next_event(-1, "")
    assert failure.value.retryable


def test_an_exchange_that_says_nothing_is_outcome_unknown_after_the_timeout():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        client = PaperClient(mute.getsockname()[1], timeout_s=0.1)
        with pytest.raises(ExchangeError) as failure:
            client.cancel("paper", "0x1", 5)
        assert failure.value.retryable
        client.close()


@pytest.mark.parametrize("line", [b"", b"nonsense\n", b'{"call":"rob"}\n', b'{"call":"ask","args":[1]}\n', b"[]\n"])
def test_a_request_that_makes_no_sense_is_answered_and_changes_nothing(line):
    exchange = PaperExchange(":memory:", None)
    told = json.loads(answer(exchange, line))
    assert told["error"] == "BadRequest"
    assert exchange.orders() == []
    exchange.close()
