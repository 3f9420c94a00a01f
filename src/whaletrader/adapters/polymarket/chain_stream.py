"""The chain's own record of the followed wallets' fills, splits and merges, and of resolutions: by subscription where a
node offers one, and by reading the logs in any case.

The reading is what is relied on: it begins at the last final block, so that nothing between two readings, a lost
subscription or a restart is missed, and it notices what a reorganisation took back. The subscription only makes it
earlier. A log without the time of its block is not passed on from there: it makes the reading happen at once.
Wallets are only ever added: a log of one that was left out would look as if it had been taken back.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from whaletrader.adapters.polymarket.chain_rpc import ChainRpc, Topics
from whaletrader.adapters.polymarket.chain_window import ChainWindow
from whaletrader.adapters.polymarket.session import Plan, Session
from whaletrader.adapters.polymarket.sink import Sink, deliver, refuse
from whaletrader.adapters.polymarket.stream_status import Counts, Epoch, SourceStatus, StreamState, with_counts
from whaletrader.adapters.polymarket.stream_thread import Calls
from whaletrader.datasets.decode.chain_logs import decode_logs
from whaletrader.datasets.decode.chain_words import quantity
from whaletrader.datasets.decode.rows import Decoded, Reject
from whaletrader.domain.event_topics import TOPICS, ChainEvent
from whaletrader.domain.values import NANOS
from whaletrader.domain.venue_contracts import LIVE_EXCHANGES, VenueContract
from whaletrader.errors import VenueError

PING_EVERY_S = 5.0
POLL_ALONE_S, POLL_BESIDE_S = 4.0, 15.0
"""How often logs are read without and with a subscription."""
BLOCKS_AT_ONCE = 2_000
WALLETS_PER_CALL = 200
SUBSCRIPTION, READING = "chain.stream", "chain.logs"

Filter = tuple[tuple[str, ...], Topics]
_MOVERS = (VenueContract.CONDITIONAL_TOKENS.value, VenueContract.NEG_RISK_ADAPTER.value)
_MOVING = (
    ChainEvent.POSITION_SPLIT,
    ChainEvent.POSITIONS_MERGE,
    ChainEvent.NEG_RISK_SPLIT,
    ChainEvent.NEG_RISK_MERGE,
)


def filters(wallets: Sequence[str]) -> list[Filter]:
    """Return (addresses, topics) of the logs that matter: the wallets' fills in either role, their own splits and
    merges, and all resolutions.

    A fill's `maker` is the owner of the order, also where he is the match's taker. Splits and merges that go through
    an adapter name the adapter: those are the Data API's to tell.
    """
    exchanges = tuple(contract.value for contract in LIVE_EXCHANGES)
    fills = TOPICS[ChainEvent.ORDER_FILLED]
    found: list[Filter] = [
        (exchanges, [fills, None, ["0x" + wallet[2:].zfill(64) for wallet in some]]) for some in _batches(wallets)
    ]
    moving = [TOPICS[event] for event in _MOVING]
    found += [(_MOVERS, [moving, ["0x" + wallet[2:].zfill(64) for wallet in some]]) for some in _batches(wallets)]
    resolved = TOPICS[ChainEvent.CONDITION_RESOLUTION]
    return [*found, ((VenueContract.CONDITIONAL_TOKENS.value,), [resolved])]


class ChainTalk:
    """What is said to a node and heard from it."""

    def __init__(self, stream: "ChainStream") -> None:
        self.counts = Counts()
        self._stream = stream
        self._ids = itertools.count(1)
        self._head = -1

    def wanted(self) -> bool:
        """There are always resolutions."""
        return True

    def opening(self) -> Sequence[str]:
        """Subscribe to each filter by itself, and ask for the head."""
        self._head = -1
        return [*self.subscribing(), self.ping()]

    def subscribing(self) -> list[str]:
        """Return the frames that subscribe; a node keeps older subscriptions beside them, which does no harm."""
        return [
            self._request("eth_subscribe", ["logs", {"address": list(addresses), "topics": list(topics)}])
            for addresses, topics in filters(self._stream.wallets)
        ]

    def again(self) -> Sequence[str]:
        """Subscribe again."""
        return [*self.subscribing(), self.ping()]

    def ping(self) -> str:
        """Ask for the head: a node whose head stands still is no source."""
        return self._request("eth_blockNumber", [])

    def heard(self, frame: bytes, arrived_ts: int) -> bool:
        """Pass logs on; a new head or a log is a sign of life."""
        try:
            content = msgspec.json.decode(frame)
        except msgspec.DecodeError:
            content = None
        if not isinstance(content, dict) or content.get("error") is not None:
            self._stream.refuse(self.counts, decode_logs(frame))
            return False
        params = content.get("params")
        log = params.get("result") if isinstance(params, dict) else None
        if isinstance(log, dict):
            self._stream.pushed(log, self.counts, arrived_ts)
            return True
        return self._is_new_head(content.get("result"))

    def resumed(self, epoch: Epoch) -> None:  # noqa: ARG002  whatever the gap was, the reading begins before it
        """Read the logs at once."""
        self._stream.wake()

    def _is_new_head(self, result: object) -> bool:
        told, head = quantity(result), self._head  # the id of a subscription is no quantity
        self._head = max(head, told)
        return told > head

    def _request(self, method: str, params: list[object]) -> str:
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        return json.dumps(request, separators=(",", ":"))


class ChainStream:
    """The subscription and the reading together."""

    def __init__(  # what a source needs: where, by what, how carefully, into what
        self,
        stream_url: str,
        rpc: ChainRpc,
        calls: Calls,
        sink: Sink,
        *,
        confirmations: int,
        stale_after_s: float,
        since_ts: int = 0,
        poll_s: float = 0.0,
        seed: int = 0,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.wallets: list[str] = []
        self._rpc, self._calls, self._sink = rpc, calls, sink
        self._stale_after_s, self._since_ts, self._now_ns = stale_after_s, since_ts, now_ns
        usual_s = POLL_BESIDE_S if stream_url else POLL_ALONE_S
        self._poll_s = poll_s or min(usual_s, stale_after_s / 3)
        self._window, self._first_block = ChainWindow(confirmations), 0
        self._counts = Counts()
        self._woken = asyncio.Event()
        self._head, self._moved, self._moved_ts, self._error = -1, -1.0, 0, ""
        self.talk = ChainTalk(self)
        self.session = (
            Session(
                Plan(
                    source=SUBSCRIPTION,
                    url=stream_url,
                    ping_every_s=min(PING_EVERY_S, stale_after_s / 4),
                    probe_after_s=stale_after_s / 2,
                    stale_after_s=stale_after_s,
                    seed=seed + 200,
                ),
                self.talk,
            )
            if stream_url
            else None
        )

    async def watch(self, wallets: Iterable[str]) -> None:
        """Follow these wallets too."""
        new = [wallet for wallet in dict.fromkeys(wallets) if wallet not in self.wallets]
        if new:
            if not self.wallets:  # what was read before anybody was followed holds no fills
                self._window.final = min(self._window.final, self._first_block - 1)
            self.wallets += new
            if self.session is not None:
                await self.session.say(self.talk.subscribing())
            self.wake()

    async def read_forever(self) -> None:
        """Read the logs again and again; what the node refuses is kept as the error and tried again."""
        while True:
            self._woken.clear()
            try:
                await self._read()
                self._error = ""
            except VenueError as error:
                self._error = error.message
            try:
                async with asyncio.timeout(self._poll_s):
                    await self._woken.wait()
            except TimeoutError:
                continue

    def wake(self) -> None:
        """Read the logs now."""
        self._woken.set()

    def pushed(self, log: dict[str, Any], counts: Counts, arrived_ts: int) -> None:
        """Take a log from the subscription."""
        if log.get("blockTimestamp") is None and log.get("removed") is not True:
            self.wake()
            return
        self._tell(self._window.pushed([log]), counts, arrived_ts)

    def refuse(self, counts: Counts, decoded: Decoded) -> None:
        """Keep what the node sent that is no answer."""
        if not decoded.rejects:
            decoded = Decoded((), (Reject(source="chain", reason="unknown_event_type"),))
        refuse(self._sink, counts, decoded)

    def fresh(self, monotonic_s: float) -> bool:
        """Whether the reading follows the chain's head."""
        return self._moved >= 0 and monotonic_s - self._moved <= self._stale_after_s

    def status(self) -> list[SourceStatus]:
        """Where the reading and the subscription stand."""
        now = time.monotonic()
        state = (
            StreamState.LIVE if self.fresh(now) else StreamState.CONNECTING if self._head < 0 else StreamState.SILENT
        )
        reading = SourceStatus(
            source=READING,
            state=StreamState.DOWN if self._error else state,
            data_age_s=now - self._moved if self._moved >= 0 else -1.0,
            last_data_ts=self._moved_ts,
            last_error=self._error,
        )
        found = [with_counts(reading, self._counts)]
        if self.session is not None:
            found.append(with_counts(self.session.status(), self.talk.counts))
        return found

    async def _read(self) -> None:
        head = await self._calls.run(self._rpc.block_number)
        if self._window.final < 0:
            self._first_block = await self._begin(head)
            self._window.final = self._first_block - 1
        while self._window.first <= head:
            first = self._window.first
            last = min(head, first + BLOCKS_AT_ONCE - 1)
            followed = len(self.wallets)
            logs = [log for one in filters(self.wallets) for log in await self._logs(one, first, last)]
            if len(self.wallets) != followed:
                continue  # the logs of those who came meanwhile are not among them
            self._tell(self._window.read(logs, first, last, head), self._counts, self._now_ns())
            if last == head:
                break
        if head > self._head:
            self._head, self._moved, self._moved_ts = head, time.monotonic(), self._now_ns()

    async def _begin(self, head: int) -> int:
        if self._since_ts <= 0:
            return head
        second = self._since_ts // NANOS
        return min(head, await self._calls.run(lambda: self._rpc.block_at(second, head)))

    async def _logs(self, one: Filter, first: int, last: int) -> list[dict[str, Any]]:
        addresses, topics = one
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            begin = cursor
            page = await self._calls.run(lambda: self._rpc.logs_page(addresses, topics, first, last, begin))  # noqa: B023
            found += _timed(page.body)
            cursor = page.next
            if not cursor:
                return found

    def _tell(self, logs: list[dict[str, Any]], counts: Counts, arrived_ts: int) -> None:
        if not logs:
            return
        decoded = decode_logs(msgspec.json.encode(logs))
        refuse(self._sink, counts, decoded)
        deliver(self._sink, counts, decoded.rows, arrived_ts)


def _timed(body: bytes) -> list[dict[str, Any]]:
    """Return a page's logs, each with the time of its block; what is no log stays to be refused."""
    content = msgspec.json.decode(body)
    times = content["timestamps"]
    logs = [log if isinstance(log, dict) else {"unreadable": log} for log in content["result"]]
    return [
        log
        if log.get("blockTimestamp") is not None or log.get("blockNumber") not in times
        else log | {"blockTimestamp": hex(times[log["blockNumber"]])}
        for log in logs
    ]


def _batches(wallets: Sequence[str]) -> Iterable[Sequence[str]]:
    return (wallets[begin : begin + WALLETS_PER_CALL] for begin in range(0, len(wallets), WALLETS_PER_CALL))
