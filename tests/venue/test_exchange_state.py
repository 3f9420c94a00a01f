"""`whaletrader exchange --state FILE`: killed amid a crowd of orders, it goes on with all that it answered."""

import itertools
import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.support.command import refused, run, running
from tests.support.venue_callers import Trader, key_of, l1
from tests.support.waiting import wait_until
from tests.venue.test_exchange_command import answers, free_port
from whaletrader.domain.clob_auth import ApiKey
from whaletrader.domain.order_payload import batch_body
from whaletrader.domain.values import MICRO

CENT = 10_000
ENOUGH = 150
"""Answered orders before the kill."""


@dataclass
class Caller:
    """A trader over HTTP who keeps what he was answered."""

    port: int
    trader: Trader = field(default_factory=lambda: Trader("ada"))
    answered: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=10))

    def ask(self, request: Any) -> Any:
        answer = self.http.request(
            request.method,
            f"http://127.0.0.1:{self.port}{request.path}",
            params=dict(request.query),
            headers=dict(request.headers),
            content=request.body,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str, **query: str) -> Any:
        return self.ask(self.trader.l2("GET", path, **query))

    def sign_up(self) -> None:
        told = self.ask(l1(key_of("ada"), "POST", "/auth/api-key", when_s=int(time.time())))
        self.trader.api_key = ApiKey(told["apiKey"], told["secret"], told["passphrase"])

    def place_until_nobody_answers(self, yes: str, no: str) -> None:
        """Batches of orders of which every second one takes the one before."""
        for _ in itertools.count():
            pairs = [(yes, 50 * CENT), (no, 51 * CENT)] * 5
            orders = [self.trader.order(token, "BUY", price, 5 * MICRO) for token, price in pairs]
            self.sent += [order_id for order_id, _ in orders]
            body = batch_body([raw for _, raw in orders])
            try:
                told = self.ask(self.trader.l2("POST", "/orders", body))
            except httpx.TransportError:
                return
            self.answered += [row["orderID"] for row in told if row["success"] and not row["errorMsg"]]


def tokens(port: int) -> tuple[str, str]:
    first = httpx.get(f"http://127.0.0.1:{port}/markets").json()["data"][0]
    return first["tokens"][0]["token_id"], first["tokens"][1]["token_id"]


def money(caller: Caller) -> int:
    told = caller.get("/balance-allowance", asset_type="COLLATERAL", signature_type="3")
    return int(told["balance"])


def test_a_kill_amid_orders_loses_none_that_was_answered(tmp_path: Path) -> None:
    port, state = free_port(), tmp_path / "state.jsonl"
    words = ("exchange", "--port", port, "--source", "none", "--limits", "off", "--settle-s", "0.1", "--state", state)
    caller = Caller(port)
    with running(tmp_path / "errors", *words) as exchange:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/ok"), 60, "the exchange")
        caller.sign_up()
        yes, no = tokens(port)
        crowd = threading.Thread(target=caller.place_until_nobody_answers, args=(yes, no))
        crowd.start()
        wait_until(lambda: len(caller.answered) >= ENOUGH, 60, "answered orders")
        exchange.process.kill()
        crowd.join(30)
    with running(tmp_path / "errors", *words) as exchange:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/ok"), 60, "the exchange")
        rows = {order_id: caller.get(f"/data/order/{order_id}") for order_id in caller.answered[-60:]}
        assert {row["status"] for row in rows.values()} <= {"ORDER_STATUS_MATCHED", "ORDER_STATUS_LIVE"}
        assert tokens(port) == (yes, no)
        wait_until(lambda: unsettled(caller) == [], 30, "settlement of what was matched before the kill")
        taken = [order for order in caller.sent if is_known(caller, order)]
        assert set(caller.answered) <= set(taken)
        assert money(caller) == 10_000 * MICRO - spent(caller)
        code, _ = exchange.interrupt()
    assert code == 0


def every(caller: Caller, path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor = "MA=="
    while cursor != "LTE=":
        told = caller.get(path, next_cursor=cursor)
        rows += told["data"]
        cursor = told["next_cursor"]
    return rows


def unsettled(caller: Caller) -> list[str]:
    return [row["id"] for row in every(caller, "/data/trades") if row["status"] != "TRADE_STATUS_CONFIRMED"]


def is_known(caller: Caller, order_id: str) -> bool:
    request = caller.trader.l2("GET", f"/data/order/{order_id}")
    url = f"http://127.0.0.1:{caller.port}{request.path}"
    return caller.http.get(url, headers=dict(request.headers)).status_code == 200


def spent(caller: Caller) -> int:
    """What the caller paid: each pair of his own two orders costs a dollar a share, and the taker's fee."""
    shares = sum(round(float(row["size"]) * MICRO) for row in every(caller, "/data/trades"))
    told = httpx.get(f"http://127.0.0.1:{caller.port}/markets").json()["data"][0]["condition_id"]
    fee = httpx.get(f"http://127.0.0.1:{caller.port}/clob-markets/{told}").json()["fd"]["r"]
    a_trade = int(5 * MICRO * fee * 0.5 * 0.5) // 10 * 10
    return shares + a_trade * (shares // (5 * MICRO))


def test_a_state_of_another_exchange_is_refused_in_one_sentence(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    head = {"seed": 7, "genesis_ns": 1, "settle_s": 0.1, "keep_s": 7200.0, "eoa_makers": False}
    state.write_text(json.dumps(head | {"settlement": [1, 0, 0, 0, 0], "builders": [], "form": 2}) + "\n")
    done = run("exchange", "--port", "0", "--source", "none", "--state", state, "--settle-s", "3")
    refused(done, 2, "was made with settle s 0.1, not 3.0")


def test_a_replay_keeps_no_state(tmp_path: Path) -> None:
    refused(run("exchange", "--source", f"replay:{tmp_path}", "--state", tmp_path / "state"), 2, "--state is for")
