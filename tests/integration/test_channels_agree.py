"""The exchange's channels tell the same fills: stream, Data API v1 and v2, node by polling and by subscription."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.waiting import wait_until
from whaletrader.adapters.paper.server.recorder import ORDER_FILLED
from whaletrader.adapters.paper.server.truth import TruthRow, read_truth
from whaletrader.app.exchange import ExchangeOptions, LocalExchange, open_exchange
from whaletrader.datasets.decode.chain_logs import decode_logs
from whaletrader.datasets.decode.data_api_v2 import decode_activity, decode_trades
from whaletrader.datasets.decode.rows import VenueFill
from whaletrader.datasets.decode.rtds import decode_rtds
from whaletrader.domain.values import NANOS

LENGTH_S, LATE_S = 8.0, 5.0
LONGEST_LAG_S = 30.0
FAULTS = """
seed = 3
[settlement]
fail = 0.1
retry = 0.1
reorg = 0.2
drop = 0.3
"""
Fill = tuple[str, str, str, str, int]


class Listener:
    """Keeps every frame of a stream."""

    def __init__(self, url: str, *frames: dict[str, Any]) -> None:
        self.frames: list[str] = []
        self._socket = connect(url)
        for frame in frames:
            self._socket.send(json.dumps(frame))
        self._ended = Event()
        Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(ConnectionClosed):
            for frame in self._socket:
                self.frames.append(str(frame))
        self._ended.set()

    def close(self) -> None:
        self._socket.close()
        self._ended.wait(5)


class Heard:
    """A run of the exchange and what its channels told."""

    def __init__(self, exchange: LocalExchange, truth: Path) -> None:
        venue = exchange.settings
        self.http = httpx.Client(timeout=10)
        self.data_url, self.rpc_url = venue.data_url, venue.rpc_url
        wanted = [{"topic": "activity", "type": "trades"}]
        self.stream = Listener(venue.activity_url, {"action": "subscribe", "subscriptions": wanted})
        asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["logs", {"topics": [ORDER_FILLED]}]}
        self.chain = Listener(venue.rpc_stream_url, asked)
        self.first_block = int(self.rpc("eth_blockNumber", []), 16)
        self._truth = truth
        # What was traded before a channel is known to be heard, it need not have told.
        wait_until(lambda: bool(self.stream.frames and self.chain.frames), 20)
        self.from_ts = time.time_ns()
        self.until_ts = self.from_ts + round(LENGTH_S * NANOS)

    def rpc(self, method: str, params: list[Any]) -> Any:
        answer = self.http.post(self.rpc_url, json={"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        return answer.json()["result"]

    def truth(self) -> list[TruthRow]:
        return [row for row in read_truth(self._truth) if self.from_ts <= row.ts <= self.until_ts]

    def fills(self) -> Counter[Fill]:
        return Counter((row.tx_hash, row.wallet, row.token_id, row.side, row.size_micro) for row in self.truth())

    def ours(self, rows: Any) -> Counter[Fill]:
        """Fills of the time that is looked at, as a multiset."""
        mine = {row.tx_hash for row in self.truth()}
        return Counter(
            (row.tx_hash, row.wallet, row.token_id, row.side, row.size_micro)
            for row in rows
            if isinstance(row, VenueFill) and row.tx_hash in mine
        )

    def pages(self, path: str, **query: str) -> list[bytes]:
        answers, cursor = [], ""
        while True:
            extra = {"cursor": cursor} if cursor else {}
            answer = self.http.get(self.data_url + path, params={**query, **extra, "end": str(time.time_ns() // NANOS)})
            answers.append(answer.content)
            cursor = answer.json()["pagination"]["next_cursor"]
            if not cursor:
                return answers


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heard]:
    folder = tmp_path_factory.mktemp("channels")
    (folder / "faults.toml").write_text(FAULTS)
    options = ExchangeOptions(
        port=0, settle_s=0.2, truth=folder / "truth.jsonl", faults=folder / "faults.toml", limits="off"
    )
    with open_exchange(options) as exchange:
        each = Heard(exchange, folder / "truth.jsonl")
        wait_until(lambda: time.time_ns() > each.until_ts + 3 * NANOS, LENGTH_S + 10)
        yield each
        each.stream.close()
        each.chain.close()


def test_there_is_something_to_tell(heard: Heard) -> None:
    rows = heard.truth()
    assert len(rows) > 20
    assert {row.maker for row in rows} == {True, False}


def test_the_stream_tells_every_fill(heard: Heard) -> None:
    def told() -> Counter[Fill]:
        return heard.ours(row for frame in list(heard.stream.frames) for row in decode_rtds(frame).rows)

    wait_until(lambda: told() == heard.fills(), LATE_S)


def test_the_logs_tell_every_fill(heard: Heard) -> None:
    asked = {"fromBlock": hex(heard.first_block), "toBlock": "latest", "topics": [[ORDER_FILLED]]}

    def told() -> Counter[Fill]:
        return heard.ours(decode_logs(json.dumps(heard.rpc("eth_getLogs", [asked]))).rows)

    wait_until(lambda: told() == heard.fills(), LATE_S)


def test_the_subscription_tells_every_fill_and_what_was_taken_back(heard: Heard) -> None:
    def told() -> Counter[Fill]:
        found: Counter[Fill] = Counter()
        for frame in list(heard.chain.frames):
            for row in decode_logs(frame).rows:
                assert isinstance(row, VenueFill)
                found.update(dict.fromkeys(heard.ours([row]), -1 if row.removed else 1))
        return +found

    wait_until(lambda: told() == heard.fills(), LATE_S)


def test_the_data_api_tells_every_fill_once_it_has_indexed_it(heard: Heard) -> None:
    def told() -> Counter[Fill]:
        return heard.ours(row for page in heard.pages("/v2/trades", limit="500") for row in decode_trades(page).rows)

    wait_until(lambda: told() == heard.fills(), LONGEST_LAG_S)


def test_each_wallets_activity_tells_its_fills_with_price_and_fee(heard: Heard) -> None:
    for wallet in sorted({row.wallet for row in heard.truth()})[:8]:
        pages = heard.pages("/v2/activity", user=wallet, type="TRADE")
        rows = [row for page in pages for row in decode_activity(page).rows if isinstance(row, VenueFill)]
        told = {(row.tx_hash, row.size_micro, row.price_micro, max(row.fee_micro, 0)) for row in rows}
        wanted = {
            (row.tx_hash, row.size_micro, round(row.price * 1e6), row.fee_micro if row.side == "BUY" else 0)
            for row in heard.truth()
            if row.wallet == wallet
        }
        assert wanted <= told


def test_v1_sums_to_the_same_shares(heard: Heard) -> None:
    answer = heard.http.get(heard.data_url + "/trades", params={"takerOnly": "false", "limit": "10000"})
    told: Counter[tuple[str, str, str]] = Counter()
    for row in answer.json():
        told[row["transactionHash"], row["proxyWallet"], row["side"]] += round(row["size"] * 1e6)
    wanted: Counter[tuple[str, str, str]] = Counter()
    for each in heard.truth():
        wanted[each.tx_hash, each.wallet, each.side] += each.size_micro
    assert all(told[key] == size for key, size in wanted.items())
