"""How many orders a second the local exchange takes over HTTP on loopback: every HMAC and signature verified.

The exchange is the real command in its own process; orders of a deposit wallet (ERC-7739) are signed before the clock
starts and sent in the venue's batches of 15 over kept-alive connections, then one by one. Half of them rest and half
take what rests. What is not measured: building and signing (see bench_sign).
"""

import re
import select
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

import msgspec

from benchmarks.figures import report
from whaletrader.adapters.local.keys import OrderKey
from whaletrader.domain.clob_auth import ApiKey, l1_digest, l1_headers, l2_headers
from whaletrader.domain.order_hash import (
    CONTRACT_WALLET,
    OrderStruct,
    contract_wallet_digest,
    contract_wallet_signature,
    keccak256,
)
from whaletrader.domain.order_payload import batch_body, order_body
from whaletrader.domain.values import MICRO, Side
from whaletrader.domain.wallet_addresses import deposit_wallet

BATCHES = 400
BATCH = 15
SINGLES = 1_500
WARM = 20
"""Batches' worth of orders before anything is measured."""
CONNECTIONS = 4
TARGET = 3_000.0
KEY = OrderKey(keccak256(b"benchmark of the local exchange"))
WALLET = deposit_wallet(KEY.address)
HOST = "127.0.0.1"


class Line:
    """One kept-alive connection; answers are read by their length."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def send(self, raw: bytes) -> None:
        self.socket.sendall(raw)

    def answer(self) -> tuple[int, bytes]:
        """Read one whole answer."""
        while b"\r\n\r\n" not in self._rest:
            self._rest += self.socket.recv(1 << 16)
        head, _, rest = self._rest.partition(b"\r\n\r\n")
        told = re.search(rb"(?i)content-length: (\d+)", head)
        assert told is not None, head
        size = int(told[1])
        while len(rest) < size:
            rest += self.socket.recv(1 << 16)
        self._rest = rest[size:]
        return int(head.split(b" ", 2)[1]), rest[:size]


def raw(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def asked(line: Line, request: bytes) -> bytes:
    line.send(request)
    status, body = line.answer()
    assert status == 200, (status, body)
    return body


def new_key(line: Line) -> ApiKey:
    now_s = int(time.time())
    headers = l1_headers(KEY.address, KEY.sign(l1_digest(KEY.address, now_s)), now_s)
    told = msgspec.json.decode(asked(line, raw("POST", "/auth/api-key", headers)))
    return ApiKey(told["apiKey"], told["secret"], told["passphrase"])


def bodies(token: str, other: str, count: int, owner: str, first_salt: int) -> list[bytes]:
    """Signed orders: a BUY of one outcome that rests, then a BUY of the other that takes it."""
    made = []
    for number in range(count):
        price, asset = (500_000, token) if number % 2 == 0 else (510_000, other)
        size = 5 * MICRO
        struct = OrderStruct(
            salt=first_salt + number,
            maker=WALLET,
            signer=WALLET,
            token_id=asset,
            maker_amount=price * size // MICRO,
            taker_amount=size,
            side=Side.BUY,
            signature_type=CONTRACT_WALLET,
            timestamp_ms=time.time_ns() // 1_000_000,
        )
        inner = KEY.sign(contract_wallet_digest(struct, neg_risk=False))
        signature = "0x" + contract_wallet_signature(struct, inner, neg_risk=False).hex()
        made.append(order_body(struct, owner=owner, signature=signature))
    return made


def l2(api_key: ApiKey, path: str, body: bytes) -> bytes:
    return raw("POST", path, l2_headers(KEY.address, api_key, int(time.time()), "POST", path, body), body)


def rate(lines: Sequence[Line], requests: list[bytes], orders_each: int) -> float:
    """Send every request, one at a time on each connection; return orders a second."""
    waiting = {line.socket: line for line in lines}
    left = iter(requests)
    under_way = 0
    started = time.perf_counter()
    for line in lines:
        line.send(next(left))
        under_way += 1
    taken = 0
    while under_way:
        ready, _, _ = select.select(list(waiting), [], [], 60)
        for one in ready:
            status, body = waiting[one].answer()
            assert status == 200, (status, body)
            assert body.count(b'"errorMsg":""') == orders_each, body[:400]
            taken += orders_each
            under_way -= 1
            request = next(left, None)
            if request is not None:
                waiting[one].send(request)
                under_way += 1
    return taken / (time.perf_counter() - started)


def measure(port: int) -> tuple[float, float]:
    """Return orders a second in batches and one by one."""
    lines = [Line(port) for _ in range(CONNECTIONS)]
    api_key = new_key(lines[0])
    market = msgspec.json.decode(asked(lines[0], raw("GET", "/markets", {})))["data"][0]
    token, other = (one["token_id"] for one in market["tokens"])
    first = bodies(token, other, WARM * BATCH, api_key.key, 1)
    rate(lines, [l2(api_key, "/order", body) for body in first], 1)
    signed = bodies(token, other, BATCHES * BATCH + SINGLES, api_key.key, 1 + len(first))
    rows = [signed[first : first + BATCH] for first in range(0, BATCHES * BATCH, BATCH)]
    batches = [l2(api_key, "/orders", batch_body(row)) for row in rows]
    singles = [l2(api_key, "/order", body) for body in signed[BATCHES * BATCH :]]
    return rate(lines, batches, BATCH), rate(lines, singles, 1)


def main() -> None:
    """Start the exchange, measure, and end it."""
    command = [sys.executable, "-m", "whaletrader", "exchange", "--port", "0", "--source", "none", "--limits", "off"]
    served = subprocess.Popen([*command, "--cash", "10000000"], stdout=subprocess.PIPE, text=True)
    try:
        assert served.stdout is not None
        told = re.search(rf"http://{HOST}:(\d+)", served.stdout.readline())
        assert told is not None, "the exchange did not start"
        batched, single = measure(int(told[1]))
    finally:
        served.terminate()
        served.wait(timeout=20)
    report("local exchange, orders in batches of 15, all verified", batched, "orders/s", target=TARGET)
    report("local exchange, single orders, all verified", single, "orders/s")


if __name__ == "__main__":
    main()
