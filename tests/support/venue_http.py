"""The venue's public HTTP services by hand, on loopback: what the captured answers look like, with ceilings, refusals,
broken connections and answers that are held back until a test lets them go.

It is no exchange: histories are given, nothing trades.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from whaletrader.adapters.paper.server.graph_query import parse_query
from whaletrader.adapters.paper.server.subgraph import fits

Query = dict[str, list[str]]
WALLET = "0x7c3db723f1d4d8cb9c550095203b686cb11e5c6b"
EXCHANGE = "0xe111180000d2663c0091e4f400237545b87b996b"
EXCHANGE_V1 = "0x4bfb41d5b3570defd03c39a9a4d8de6bd8b8982e"
ORDER_FILLED = "0xd543adfd945773f1a62f74f0ee55a5e3b9b1a28262980ba90b1a89f2ea84d8ee"
FIRST_TS = 1_780_000_000
FIRST_BLOCK_TS = 1_700_000_000


def condition(number: int) -> str:
    return f"0x{number + 0xABC:064x}"


def token(number: int, outcome: int) -> str:
    return str(10**70 + number * 2 + outcome)


def tx(number: int) -> str:
    return f"0x{number + 1:064x}"


def activity_row(number: int, *, wallet: str = WALLET, market: int = 0, ts: int | None = None, **more: Any) -> dict:
    """A row as `/v2/activity` spells it; number makes it one of its kind."""
    return {
        "proxy_wallet": wallet,
        "timestamp": FIRST_TS + number if ts is None else ts,
        "condition_id": condition(market),
        "type": "TRADE",
        "size": 10 + number / 1000,
        "usdc_size": 5.5,
        "transaction_hash": tx(number),
        "price": 0.55,
        "token_id": token(market, 0),
        "side": "BUY",
        "outcome_index": 0,
        "title": f"Market {market}?",
        "slug": f"market-{market}",
        "event_slug": f"event-{market}",
        "outcome": "Yes",
        "name": "Car",
    } | more


def market_row(number: int, *, closed: bool = True, version: str = "v1") -> dict:
    """A market as Gamma spells it: JSON inside JSON."""
    return {
        "id": str(number),
        "question": f"Market {number}?",
        "conditionId": condition(number),
        "slug": f"market-{number}",
        "endDate": "2026-06-09T00:00:00Z",
        "startDate": "2026-05-01T00:00:00Z",
        "closedTime": "2026-06-10 00:00:00+00" if closed else None,
        "outcomes": '["Yes", "No"]',
        "outcomePrices": '["1", "0"]' if closed else '["0.5", "0.5"]',
        "clobTokenIds": json.dumps([token(number, 0), token(number, 1)]),
        "closed": closed,
        "umaResolutionStatus": "resolved" if closed else None,
        "negRisk": False,
        "orderMinSize": 5,
        "orderPriceMinTickSize": 0.01,
        "version": version,
        "events": [{"id": "1", "slug": f"event-{number}"}],
    }


def subgraph_fill(number: int, *, wallet: str = WALLET, ts: int | None = None) -> dict:
    """A fill as the order book's subgraph spells it: the same as `activity_row` of this number tells."""
    return {
        "id": f"{tx(number)}_0x{number + 77:064x}",
        "transactionHash": tx(number),
        "timestamp": str(FIRST_TS + number if ts is None else ts),
        "orderHash": f"0x{number + 77:064x}",
        "maker": wallet,
        "taker": EXCHANGE_V1,
        "makerAssetId": "0",
        "takerAssetId": token(0, 0),
        "makerAmountFilled": str(5_500_000 + number * 550),
        "takerAmountFilled": str(10_000_000 + number * 1_000),
        "fee": "0",
    }


def subgraph_change(number: int, *, owner: str = "stakeholder", wallet: str = WALLET, **more: Any) -> dict:
    """A split or merge (owner stakeholder) as the activity's subgraph spells it."""
    base = {"id": f"{tx(number)}_0x1f", "timestamp": str(FIRST_TS + number), owner: wallet}
    return base | {"condition": condition(0), "amount": "4000000"} | more


def filled_log(number: int, block: int, wallet: str = WALLET) -> dict:
    """An `OrderFilled` log of the exchange in force: the wallet's own taker order."""
    word = "{:064x}".format
    data = (0, int(token(0, 0)), 5_500_000, 10_000_000, 0, 0, 0)
    return {
        "address": EXCHANGE,
        "blockNumber": hex(block),
        "transactionHash": tx(number),
        "logIndex": hex(number),
        "topics": [
            ORDER_FILLED,
            "0x" + word(number + 77),
            "0x" + wallet[2:].rjust(64, "0"),
            "0x" + EXCHANGE[2:].rjust(64, "0"),
        ],
        "data": "0x" + "".join(word(value) for value in data),
        "removed": False,
    }


@dataclass
class Answer:
    """What a request gets; a status of 0 drops the connection."""

    status: int
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class VenueHttpServer:
    """The services; everything may be changed between requests."""

    activity: dict[str, list[dict]] = field(default_factory=dict)
    trades: list[dict] = field(default_factory=list)
    markets: list[dict] = field(default_factory=list)
    prices: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    logs: list[dict] = field(default_factory=list)
    subgraph: dict[str, list[dict]] = field(default_factory=dict)
    """Rows by entity."""
    indexing_errors: bool = False
    newest_block: int = 1_000
    span_limit: int = 10_000
    page_rows: int = 1_000
    """A page is never longer, whatever is asked."""
    refusals: list[tuple[str, Answer]] = field(default_factory=list)
    """(path's beginning, answer), each used once, in order."""
    requests: list[tuple[str, str, Query]] = field(default_factory=list)
    hold_after: int = -1
    """From so many requests on every answer waits for `release`."""
    release: threading.Event = field(default_factory=threading.Event)
    held: threading.Event = field(default_factory=threading.Event)
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def asked(self, path: str) -> int:
        return sum(1 for _, one, _ in self.requests if one == path)

    def relent(self, path: str) -> None:
        """Refuse nothing more below this path."""
        with self._lock:
            self.refusals[:] = [one for one in self.refusals if not one[0].startswith(path)]

    def counts(self) -> Counter[str]:
        return Counter(path for _, path, _ in self.requests)

    def settings(self) -> dict[str, str]:
        """The environment that points the command at this server."""
        return {
            f"WHALETRADER_VENUE__{name.upper()}": self.url + path
            for name, path in (
                ("clob_url", ""),
                ("data_url", "/data-api"),
                ("gamma_url", "/gamma"),
                ("rpc_url", "/rpc"),
                ("subgraph_url", "/subgraph"),
            )
        }

    def answer(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        with self._lock:
            self.requests.append((method, path, query))
            count = len(self.requests)
            for place, (start, refusal) in enumerate(self.refusals):
                if path.startswith(start):
                    del self.refusals[place]
                    return refusal
        if 0 <= self.hold_after < count:
            self.held.set()
            self.release.wait(60)
        routes: dict[str, Callable[[Query, bytes], Any]] = {
            "/data-api/v2/activity": self._v2_activity,
            "/data-api/v2/trades": self._v2_trades,
            "/data-api/v2/resolutions": self._resolutions,
            "/data-api/activity": self._v1_activity,
            "/data-api/trades": self._v1_trades,
            "/gamma/markets/keyset": self._markets,
            "/prices-history": self._prices,
            "/time": lambda _query, _body: 1_780_000_000,
            "/rpc": self._rpc,
        }
        if path.startswith("/subgraph/"):
            routes[path] = self._subgraph
        if path not in routes:
            return Answer(404, b'{"error":"not found"}')
        found = routes[path](query, body)
        return found if isinstance(found, Answer) else Answer(200, json.dumps(found, indent=1).encode())

    def _page(self, rows: list[dict], query: Query) -> dict:
        limit = min(int(query.get("limit", ["100"])[0]), self.page_rows)
        at = int(query.get("cursor", ["c0"])[0].removeprefix("c"))
        following = f"c{at + limit}" if at + limit < len(rows) else None
        pagination = {"limit": limit, "offset": 0, "has_more": bool(following), "next_cursor": following}
        return {"data": rows[at : at + limit], "pagination": pagination}

    def _period(self, rows: list[dict], query: Query) -> list[dict]:
        start, end = int(query.get("start", ["0"])[0]), int(query.get("end", ["99999999999"])[0])
        return [row for row in rows if start <= row["timestamp"] <= end]

    def _v2_activity(self, query: Query, _body: bytes) -> dict:
        rows = sorted(self.activity.get(query["user"][0], []), key=lambda row: row["timestamp"])
        return self._page(self._period(rows, query), query)

    def _v2_trades(self, query: Query, _body: bytes) -> dict:
        if "user" in query:
            rows = [row for row in self.activity.get(query["user"][0], []) if row["type"] == "TRADE"]
            takers = [row for row in rows if row.get("taker", True)]
            taker_only = query.get("taker_only", ["true"])[0] == "true"
            return self._page(self._period(takers if taker_only else rows, query), query)
        rows = [row for row in self.trades if row["condition_id"] == query["condition"][0]]
        return self._page(sorted(rows, key=lambda row: -row["timestamp"]), query)  # a market's period is ignored

    def _v1_activity(self, query: Query, _body: bytes) -> Any:
        offset, limit = int(query["offset"][0]), int(query["limit"][0])
        if offset > 10_000:
            return Answer(400, b'{"error":"max historical activity offset of 10000 exceeded"}')
        rows = sorted(self.activity.get(query["user"][0], []), key=lambda row: row["timestamp"])
        return self._period(rows, query)[offset : offset + min(limit, 500)]

    def _v1_trades(self, query: Query, _body: bytes) -> Any:
        rows = [row for row in self.trades if row["condition_id"] == query["market"][0]]
        at = int(query["offset"][0])
        return sorted(rows, key=lambda row: -row["timestamp"])[at : at + int(query["limit"][0])]

    def _subgraph(self, _query: Query, body: bytes) -> dict:
        asked = {one.name: one for one in parse_query(json.loads(body)["query"])}
        meta = {
            "block": {"number": self.newest_block, "timestamp": FIRST_TS},
            "hasIndexingErrors": self.indexing_errors,
        }
        told: dict[str, Any] = {"_meta": meta} if asked.pop("_meta", None) else {}
        for entity, one in asked.items():
            rows = [row for row in self.subgraph.get(entity, []) if fits(row, one.arguments["where"])]
            told[entity] = sorted(rows, key=lambda row: row["id"])[: int(one.arguments["first"])]
        return {"data": told}

    def _resolutions(self, query: Query, _body: bytes) -> dict:
        wanted = query["condition"][0].split(",")
        rows = [
            {"condition_id": row["conditionId"], "status": "resolved", "price": "1",
             "transaction_hash": tx(9), "log_index": "1", "last_update_timestamp": "1780500000"}
            for row in self.markets
            if row["conditionId"] in wanted and row["closed"]
        ]  # fmt: skip
        return {"data": rows}

    def _markets(self, query: Query, _body: bytes) -> dict:
        wanted = query.get("condition_ids", [])
        rows = [row for row in self.markets if row["conditionId"] in wanted]
        if "closed" in query:
            rows = [row for row in rows if row["closed"] == (query["closed"][0] == "true")]
        version = query.get("version", ["v1"])[0]
        return {"markets": [row for row in rows if row["version"] == version]}

    def _prices(self, query: Query, _body: bytes) -> dict:
        start, end = int(query["startTs"][0]), int(query["endTs"][0])
        points = self.prices.get(query["market"][0], [])
        return {"history": [{"t": second, "p": price} for second, price in points if start <= second <= end]}

    def _rpc(self, _query: Query, body: bytes) -> Any:
        asked = json.loads(body)
        return [self._rpc_one(one) for one in asked] if isinstance(asked, list) else self._rpc_one(asked)

    def _rpc_one(self, asked: dict) -> dict:
        done: dict[str, Any] = {"jsonrpc": "2.0", "id": asked["id"]}
        method, params = asked["method"], asked["params"]
        if method == "eth_blockNumber":
            return done | {"result": hex(self.newest_block)}
        if method == "eth_getBlockByNumber":
            number = int(params[0], 16)
            return done | {"result": {"number": params[0], "timestamp": hex(FIRST_BLOCK_TS + number * 2)}}
        if method == "eth_getLogs":
            first, last = int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)
            if last - first + 1 > self.span_limit:
                return done | {"error": {"code": -32602, "message": f"block range exceeds {self.span_limit}"}}
            owner = (params[0]["topics"] + [[]] * 3)[2]
            owners = owner if isinstance(owner, list) else [owner]
            return done | {"result": [
                log for log in self.logs if first <= int(log["blockNumber"], 16) <= last and log["topics"][2] in owners
            ]}  # fmt: skip
        return done | {"error": {"code": -32601, "message": f"the method {method} does not exist"}}


@contextmanager
def serving(venue: VenueHttpServer) -> Iterator[VenueHttpServer]:
    """Serve on a free port of loopback until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve("GET")

        def do_POST(self) -> None:
            self._serve("POST")

        def do_DELETE(self) -> None:
            self._serve("DELETE")

        def _serve(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            parts = urlsplit(self.path)
            answer = venue.answer(method, parts.path, parse_qs(parts.query), body)
            if answer.status == 0:
                self.close_connection = True
                return
            try:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, format: str, *words: Any) -> None:  # noqa: A002  the base class's name
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    venue.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield venue
    finally:
        venue.release.set()
        server.shutdown()
        server.server_close()
