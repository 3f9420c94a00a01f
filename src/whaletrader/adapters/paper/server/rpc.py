"""A Polygon node's face: JSON-RPC over HTTP (also in batches) and over a WebSocket with `eth_subscribe`.

Spans of `eth_getLogs` are bounded, as nodes do; a reorganisation is told to subscribers by the same logs with
`removed: true`. The chain is 137 and holds what the exchange settled, nothing else.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from whaletrader.adapters.paper.server import types
from whaletrader.adapters.paper.server.contract_calls import Reverted, Views
from whaletrader.adapters.paper.server.edge import Reply, Request, Stream, StreamClosed, reply
from whaletrader.adapters.paper.server.raw_transactions import BASE_FEE, TIP, RawTransactions, RpcRefusal
from whaletrader.adapters.paper.server.rpc_rows import GAS, block_row, log_row, matches
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.order_hash import CHAIN_ID

MAX_SPAN = 2_000
"""Blocks that one `eth_getLogs` may cover."""
MAX_LOGS = 10_000
Params = list[object]


@dataclass(frozen=True, slots=True)
class Filter:
    """What logs are wanted."""

    addresses: frozenset[str] = frozenset()
    topics: tuple[frozenset[str] | None, ...] = ()

    @classmethod
    def read(cls, told: object) -> "Filter":
        """Read a filter object; RpcRefusal where it is none."""
        if not isinstance(told, dict):
            raise RpcRefusal(-32602, "invalid argument 0: expected an object")
        address, topics = told.get("address"), told.get("topics") or []
        addresses = [address] if isinstance(address, str) else address or []
        return cls(
            frozenset(str(each).lower() for each in addresses),
            tuple(None if each is None else _alternatives(each) for each in topics),
        )

    def takes(self, log: types.Log) -> bool:
        """Whether a log is wanted."""
        return matches(log, self.addresses, self.topics)


@dataclass(slots=True)
class Subscriber:
    """One WebSocket and what it is subscribed to."""

    stream: Stream
    logs: dict[str, Filter] = field(default_factory=dict)
    heads: list[str] = field(default_factory=list)


class Rpc:
    """Answers JSON-RPC from the exchange's chain."""

    def __init__(self, venue: Venue, now: Callable[[], int]) -> None:
        self._venue = venue
        self._now = now
        self._views, self.raw = Views(venue), RawTransactions(venue, now)
        self._subscribers: list[Subscriber] = []
        self._given = 0
        self._methods: dict[str, Callable[[Params], object]] = {
            "eth_chainId": lambda _: hex(CHAIN_ID),
            "net_version": lambda _: str(CHAIN_ID),
            "eth_blockNumber": lambda _: hex(venue.block_number()),
            "eth_gasPrice": lambda _: hex(BASE_FEE + TIP),
            "eth_feeHistory": lambda params: self.raw.fees(int(str(params[0]), 0)),
            "eth_estimateGas": lambda _: hex(GAS),
            "eth_getTransactionCount": self._count,
            "eth_sendRawTransaction": lambda params: self.raw.send(str(params[0])),
            "eth_getCode": lambda params: self._views.code(str(params[0])),
            "eth_call": self._call,
            "eth_getLogs": self._logs,
            "eth_getBlockByNumber": self._block,
            "eth_getTransactionReceipt": self._receipt,
        }

    # -- HTTP ----------------------------------------------------------------------------------------------------

    def http(self, request: Request) -> Reply:
        """Answer a request or a batch."""
        if request.method != "POST":
            return reply({"error": "Method Not Allowed"}, 405)
        try:
            asked = request.json()
        except msgspec.DecodeError:
            return reply(_error(None, -32700, "parse error"))
        if isinstance(asked, list):
            return reply([self.answer(each) for each in asked])
        return reply(self.answer(asked))

    def answer(self, asked: object) -> dict[str, object]:
        """Answer one request object."""
        if not isinstance(asked, dict) or not isinstance(asked.get("method"), str):
            return _error(None, -32600, "invalid request")
        method = self._methods.get(asked["method"])
        if method is None:
            return _error(asked.get("id"), -32601, f"the method {asked['method']} does not exist/is not available")
        try:
            return {"jsonrpc": "2.0", "id": asked.get("id"), "result": method(list(asked.get("params") or []))}
        except RpcRefusal as refusal:
            return _error(asked.get("id"), refusal.code, refusal.message)
        except (IndexError, KeyError, TypeError, ValueError):
            return _error(asked.get("id"), -32602, "invalid params")

    def _call(self, params: Params) -> str:
        told = params[0]
        if not isinstance(told, dict):
            raise RpcRefusal(-32602, "invalid argument 0: expected an object")
        try:
            return self._views.call(str(told["to"]), str(told.get("data") or told.get("input") or "0x"))
        except Reverted as reverted:
            raise RpcRefusal(3, str(reverted)) from None

    def _logs(self, params: Params) -> list[dict[str, object]]:
        told = params[0]
        wanted = Filter.read(told)
        assert isinstance(told, dict)
        newest = self._venue.block_number()
        first, last = self._number(told.get("fromBlock", "latest")), self._number(told.get("toBlock", "latest"))
        if last - first + 1 > MAX_SPAN:
            raise RpcRefusal(-32602, f"block range is too large: {last - first + 1} exceeds the limit of {MAX_SPAN}")
        logs = [log for block in self._venue.blocks(first, min(last, newest)) for log in block.logs]
        rows = [log_row(self.raw.named(log)) for log in logs if wanted.takes(log)]
        if len(rows) > MAX_LOGS:
            raise RpcRefusal(-32005, f"query returned more than {MAX_LOGS} results")
        return rows

    def _number(self, told: object) -> int:
        newest = self._venue.block_number()
        if told in ("latest", "pending"):
            return newest
        if told in ("safe", "finalized"):
            return max(newest - 5, 0)
        return 0 if told == "earliest" else int(str(told), 16)

    def _block(self, params: Params) -> dict[str, object] | None:
        number = self._number(params[0])
        block = self._venue.block(number)
        return None if block is None else block_row(block, block.transactions)

    def _receipt(self, params: Params) -> dict[str, object] | None:
        return self.raw.receipt(str(params[0]).lower())

    def _count(self, params: Params) -> str:
        address, at = str(params[0]), params[1] if len(params) > 1 else "latest"
        return hex(self.raw.waiting(address) if at == "pending" else self.raw.count(address, self._number(at)))

    # -- WebSocket -----------------------------------------------------------------------------------------------

    def on_event(self, event: types.VenueEvent) -> None:
        """Tell subscribers of a block that was mined or taken back."""
        if not self._subscribers or not isinstance(event, types.BlockMined | types.BlockRemoved):
            return
        for subscriber in self._subscribers:
            for name, wanted in subscriber.logs.items():
                for log in event.block.logs:
                    if wanted.takes(log):
                        _notify(subscriber.stream, name, log_row(self.raw.named(log)))
            if isinstance(event, types.BlockMined):
                for name in subscriber.heads:
                    _notify(subscriber.stream, name, block_row(event.block, ()))

    async def serve(self, stream: Stream) -> None:
        """Serve one WebSocket until its peer goes."""
        subscriber = Subscriber(stream)
        self._subscribers.append(subscriber)
        try:
            while True:
                stream.send(msgspec.json.encode(self._frame(subscriber, await stream.receive())))
                await asyncio.sleep(0)
        except StreamClosed:
            pass
        finally:
            self._subscribers.remove(subscriber)

    def _frame(self, subscriber: Subscriber, frame: str) -> object:
        try:
            asked = msgspec.json.decode(frame)
        except msgspec.DecodeError:
            return _error(None, -32700, "parse error")
        if isinstance(asked, list):
            return [self.answer(each) for each in asked]
        if not isinstance(asked, dict) or asked.get("method") not in ("eth_subscribe", "eth_unsubscribe"):
            return self.answer(asked)
        try:
            result = self._subscription(subscriber, asked["method"], list(asked.get("params") or []))
        except RpcRefusal as refusal:
            return _error(asked.get("id"), refusal.code, refusal.message)
        except (IndexError, TypeError):
            return _error(asked.get("id"), -32602, "invalid params")
        return {"jsonrpc": "2.0", "id": asked.get("id"), "result": result}

    def _subscription(self, subscriber: Subscriber, method: str, params: Sequence[object]) -> object:
        if method == "eth_unsubscribe":
            name = str(params[0])
            known = subscriber.logs.pop(name, None) is not None
            if name in subscriber.heads:
                subscriber.heads.remove(name)
                known = True
            return known
        self._given += 1
        name = f"0x{self._given:032x}"
        if params[0] == "logs":
            subscriber.logs[name] = Filter.read(params[1] if len(params) > 1 else {})
        elif params[0] == "newHeads":
            subscriber.heads.append(name)
        else:
            raise RpcRefusal(-32602, f"no subscription {params[0]}")
        return name


def _alternatives(told: object) -> frozenset[str]:
    return frozenset(str(each).lower() for each in (told if isinstance(told, list) else [told]))


def _notify(stream: Stream, name: str, result: dict[str, object]) -> None:
    params = {"subscription": name, "result": result}
    stream.send(msgspec.json.encode({"jsonrpc": "2.0", "method": "eth_subscription", "params": params}))


def _error(asked_id: object, code: int, message: str) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": asked_id, "error": {"code": code, "message": message}}
