"""A scripted private CLOB without sockets: the shape of `VenueHttp`, the venue's JSON, whatever answer a test wants.

It verifies the HMAC of every call and keeps what was sent. It matches nothing: tests say what was traded.
"""

import json
import threading

from whaletrader.adapters.polymarket.exchange import PolymarketExchange
from whaletrader.adapters.polymarket.exchange_store import ExchangeStore
from whaletrader.adapters.polymarket.http import Reply
from whaletrader.adapters.polymarket.secure_clob import SecureClob
from whaletrader.adapters.polymarket.tidings import Tidings
from whaletrader.domain.clob_auth import ApiKey, l2_signature_holds
from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.order_hash import OrderStruct, order_hash
from whaletrader.domain.values import Side
from whaletrader.errors import VenueError

SECOND = 1_000_000_000
KEY = ApiKey("0e1a7e5c-0000-4000-8000-000000000001", "c2VjcmV0LXNlY3JldC1zZWNyZXQ=", "pass-phrase-pass-phrase")
ADDRESS = "0x" + "01" * 20
FEES = FeeSchedule(50_000)


def venue_error(status, words="", **more):
    """What `VenueHttp` raises for an answer."""
    retryable = status in (0, 408, 425, 429) or status >= 500
    return VenueError(f"answered {status}: {words}", status=status, words=words, retryable=retryable, **more)


class Clock:
    """A clock that a test sets; it moves by a microsecond with each look, as time does."""

    def __init__(self, seconds=105.0) -> None:
        self.now = int(seconds * SECOND)

    def __call__(self) -> int:
        self.now += 1_000
        return self.now


class ScriptedClob:
    """Fills `secure_clob.Http`."""

    def __init__(self) -> None:
        self.orders: dict[str, dict] = {}
        self.trades: list[dict] = []
        self.sent: list[tuple[str, str, bytes | None]] = []
        self.scripted: dict[str, list] = {}
        """"METHOD path" -> errors to raise or answers to give first; a callable is called with the request's body."""
        self.lock = threading.RLock()

    def script(self, call, *answers) -> None:
        """Answer the next calls so."""
        self.scripted.setdefault(call, []).extend(answers)

    def calls(self, call) -> list[bytes | None]:
        """The bodies sent by a call."""
        return [body for method, path, body in self.sent if f"{method} {path}" == call]

    def send(self, method, path, body, headers=None, *, idempotent, params=None, items=1, signer=""):
        with self.lock:
            self._verify(method, path, body, headers or {})
            self.sent.append((method, path, body))
            queue = self.scripted.get(f"{method} {path}")
            if queue:
                answer = queue.pop(0)
                if callable(answer):
                    answer = answer(body)
                if isinstance(answer, Exception):
                    raise answer
                return reply(answer)
            return reply(self._answer(method, path, body, dict(params or {})))

    def rest(self, order_id, *, status="LIVE", matched="0", size="20", market="0xmarket", token="11", **more) -> None:
        """Have an order on the books."""
        row = {
            "id": order_id,
            "status": f"ORDER_STATUS_{status}",
            "owner": KEY.key,
            "maker_address": ADDRESS,
            "market": market,
            "asset_id": token,
            "side": "BUY",
            "price": "0.6",
            "original_size": size,
            "size_matched": matched,
            "outcome": "Yes",
            "order_type": "GTD",
            "associate_trades": [],
            "created_at": 105,
            "expiration": "225",
        }
        self.orders[order_id] = {**row, **more}

    def _verify(self, method, path, body, headers) -> None:
        given = headers["POLY_SIGNATURE"], int(headers["POLY_TIMESTAMP"])
        assert l2_signature_holds(KEY.secret, given[0], given[1], method, path, body or b""), (method, path)
        assert headers["POLY_API_KEY"] == KEY.key

    def _answer(self, method, path, body, params):
        match method, path.strip("/").split("/"):
            case "POST", ["order"]:
                return self._take(json.loads(body))
            case "POST", ["orders"]:
                return [self._take(each) for each in json.loads(body)]
            case "DELETE", ["order"]:
                return self._cancel([json.loads(body)["orderID"]])
            case "DELETE", ["orders"]:
                return self._cancel(json.loads(body))
            case "GET", ["data", "order", order_id]:
                if order_id not in self.orders:
                    raise venue_error(404, "order not found")
                return self.orders[order_id]
            case "GET", ["data", "orders"]:
                live = [row for row in self.orders.values() if row["status"] == "ORDER_STATUS_LIVE"]
                return {"data": live, "next_cursor": "LTE=", "limit": 100, "count": len(live)}
            case "GET", ["data", "trades"]:
                rows = [row for row in self.trades if params.get("id", row["id"]) == row["id"]]
                return {"data": rows, "next_cursor": "LTE="}
        raise AssertionError(f"nobody answers {method} {path}")

    def _take(self, body):
        told = body["order"]
        struct = OrderStruct(
            salt=told["salt"],
            maker=told["maker"],
            signer=told["signer"],
            token_id=told["tokenId"],
            maker_amount=int(told["makerAmount"]),
            taker_amount=int(told["takerAmount"]),
            side=Side(told["side"]),
            signature_type=told["signatureType"],
            timestamp_ms=int(told["timestamp"]),
            metadata=told["metadata"],
        )
        order_id = order_hash(struct, neg_risk=False)
        answer = {"success": True, "orderID": order_id, "status": "live", "makingAmount": "", "takingAmount": ""}
        if order_id in self.orders:
            return {**answer, "success": False, "errorMsg": f"order {order_id} is invalid. Duplicated."}
        self.rest(order_id, token=told["tokenId"])
        return {**answer, "tradeIDs": [], "transactionsHashes": [], "errorMsg": ""}

    def _cancel(self, order_ids):
        done = [each for each in order_ids if self.orders.get(each, {}).get("status") == "ORDER_STATUS_LIVE"]
        for each in done:
            self.orders[each]["status"] = "ORDER_STATUS_CANCELED"
        rest = {each: "order can't be found - already canceled or matched" for each in order_ids if each not in done}
        return {"canceled": done, "not_canceled": rest}


def reply(value) -> Reply:
    return Reply(200, {}, json.dumps(value).encode())


class NoPayments:
    """Payments that nobody asked for."""

    def redeem(self, *asked) -> None:
        raise AssertionError(asked)

    merge = redeem

    def work(self) -> int:
        return 0


def gateway(http, path=":memory:", clock=None, *, payments=None, fees=lambda _market: FEES, settled=None, **more):
    """The gateway over a scripted (or a real) private CLOB."""
    clock = clock or Clock()
    clob = SecureClob(http, ADDRESS, KEY, now_s=lambda: clock.now // SECOND)
    store = ExchangeStore(path, clock)
    tidings = Tidings(store, fees, clock, settled)
    made = payments(store, clock) if payments else NoPayments()
    return PolymarketExchange(clob, store, tidings, made, now_ns=clock, **more)
