"""A Polygon node over JSON-RPC: blocks, logs, receipts, calls, and signed transactions on their way to the chain.

Nodes bound the span and the size of `eth_getLogs` each in their own way, with their own words: a refused span is
halved until it passes, one that passed is doubled for the next question, and a refused width is not tried again. An
error's text never holds the node's address, whose path may be a key.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from whaletrader.adapters.polymarket.http import VenueHttp, backoff_s
from whaletrader.adapters.polymarket.pages import Page, raws
from whaletrader.datasets.decode.chain_words import quantity
from whaletrader.errors import VenueError

FIRST_SPAN, WIDEST_SPAN = 8_000, 512_000
HEADERS_PER_CALL = 50
_SECTIONS = 16
_FEE_BLOCKS = 10
_TOO_MUCH = ("range", "limit", "too many", "more than", "exceed", "size", "response", "timeout", "timed out", "span")
_TOO_WIDE = ("range", "span", "blocks")
_TOO_OFTEN = ("rate limit", "too many requests", "compute units", "throughput", "per second")
_PATIENCE = 6
T = TypeVar("T")
Topics = Sequence[str | Sequence[str] | None]


class _Error(msgspec.Struct):
    code: int = 0
    message: str = ""


class _Answer(msgspec.Struct):
    id: int | str | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: _Error | None = None


class _Log(msgspec.Struct):
    blockNumber: str | None = None  # noqa: N815  the node's own names
    blockTimestamp: str | None = None  # noqa: N815
    transactionHash: str | None = None  # noqa: N815


class _Header(msgspec.Struct):
    number: str
    timestamp: str


class _FeeHistory(msgspec.Struct):
    baseFeePerGas: list[str]  # noqa: N815
    reward: list[list[str]] = []


class RpcError(VenueError):
    """The node understood and refused; `code` is its JSON-RPC code."""


class ChainRpc:
    """One node; numbers are ints here and hex on the wire."""

    def __init__(self, http: VenueHttp, span: int = FIRST_SPAN) -> None:
        self.http, self.span = http, span
        self._too_wide = WIDEST_SPAN * 2
        self._ids = itertools.count(1)

    def call(self, method: str, params: Sequence[object]) -> msgspec.Raw:
        """One call's result.

        Raises
        ------
        RpcError
            The node refused it.
        VenueError
            It did not answer.
        """
        asked = self._request(method, params)
        return self._patiently(lambda: _result(method, _answer(self._post(asked))))

    def calls(self, method: str, many: Sequence[Sequence[object]]) -> list[msgspec.Raw]:
        """Many calls of one method in one request, in order."""
        asked = [self._request(method, params) for params in many]
        return self._patiently(lambda: self._batch(method, asked))

    def _batch(self, method: str, asked: list[dict[str, object]]) -> list[msgspec.Raw]:
        body = self._post(asked)
        try:
            answers = {one.id: one for one in msgspec.json.decode(body, type=list[_Answer])}
        except msgspec.MsgspecError:
            raise _result_error(method, _answer(body)) from None
        if any(one["id"] not in answers for one in asked):
            raise VenueError(f"the node left calls of {method} unanswered", retryable=True)
        return [_result(method, answers[_id(one)]) for one in asked]

    def _post(self, asked: object) -> bytes:
        return self.http.send("POST", "", msgspec.json.encode(asked), idempotent=True).body

    def _patiently(self, ask: Callable[[], T]) -> T:
        """Ask again after a rest where the node says, in an answer of its own, that it is asked too often."""
        for attempt in range(1, _PATIENCE):
            try:
                return ask()
            except RpcError as error:
                if not any(word in error.words.lower() for word in _TOO_OFTEN):
                    raise
                self.http.pause_all(backoff_s(attempt))
        return ask()

    def _request(self, method: str, params: Sequence[object]) -> dict[str, object]:
        return {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}

    def chain_id(self) -> int:
        """137 for Polygon."""
        return _int(self.call("eth_chainId", []))

    def block_number(self) -> int:
        """The newest block."""
        return _int(self.call("eth_blockNumber", []))

    def eth_call(self, to: str, data: str, block: int | None = None) -> str:
        """A view function's answer as hex."""
        at = "latest" if block is None else hex(block)
        return _text(self.call("eth_call", [{"to": to, "data": data}, at]))

    def code(self, address: str) -> str:
        """The code at an address; "0x" for none."""
        return _text(self.call("eth_getCode", [address, "latest"]))

    def receipt(self, tx_hash: str) -> bytes | None:
        """A transaction's receipt as JSON; None while it is not mined."""
        raw = bytes(self.call("eth_getTransactionReceipt", [tx_hash]))
        return None if raw.strip() == b"null" else raw

    def transaction_count(self, address: str, block: int | str) -> int:
        """An account's next nonce as of a block; with "pending", what waits is counted."""
        at = hex(block) if isinstance(block, int) else block
        return _int(self.call("eth_getTransactionCount", [address, at]))

    def gas_prices(self) -> tuple[int, int]:
        """(base fee of the next block, median tip of the newest ones) in wei."""
        try:
            told = msgspec.json.decode(
                self.call("eth_feeHistory", [hex(_FEE_BLOCKS), "latest", [50]]), type=_FeeHistory
            )
            tips = sorted(int(tip, 16) for block in told.reward for tip in block[:1])
            return int(told.baseFeePerGas[-1], 16), tips[len(tips) // 2] if tips else 0
        except (msgspec.MsgspecError, ValueError, IndexError):
            raise VenueError("the node does not tell what gas costs", retryable=True) from None

    def estimate_gas(self, sender: str, to: str, data: str) -> int:
        """Gas that a call would use; `RpcError` where it would fail."""
        return _int(self.call("eth_estimateGas", [{"from": sender, "to": to, "data": data}]))

    def send_raw(self, raw: bytes) -> None:
        """Hand a signed transaction over; `RpcError` in the node's words where it refuses it."""
        self.call("eth_sendRawTransaction", ["0x" + raw.hex()])

    def block_times(self, blocks: Sequence[int]) -> dict[int, int]:
        """Unix seconds of blocks."""
        times: dict[int, int] = {}
        wanted = sorted(set(blocks))
        for begin in range(0, len(wanted), HEADERS_PER_CALL):
            some = wanted[begin : begin + HEADERS_PER_CALL]
            for raw in self.calls("eth_getBlockByNumber", [[hex(block), False] for block in some]):
                header = _header(raw)
                times[int(header.number, 16)] = int(header.timestamp, 16)
        return times

    def block_at(self, second: int, newest: int | None = None) -> int:
        """The first block at or after a time (the newest + 1 where there is none yet), some sixteen parts at a time."""
        low, high = 1, (self.block_number() if newest is None else newest) + 1
        while low < high:
            step = max(1, (high - low) // _SECTIONS)
            times = self.block_times(range(low, high, step))
            late = next((block for block in sorted(times) if times[block] >= second), None)
            early = max((block for block in times if times[block] < second), default=None)
            if late is None:
                low = max(times) + 1
            else:
                low, high = low if early is None else early + 1, late
        return low

    def logs_page(
        self, addresses: Sequence[str], topics: Topics, first_block: int, last_block: int, cursor: str = ""
    ) -> Page:
        """The logs of one span from the cursor's block on, with the times of their blocks beside them."""
        begin = int(cursor or first_block)
        while True:
            end = min(last_block, begin + self.span - 1)
            try:
                raw = self.call("eth_getLogs", [self._filter(addresses, topics, begin, end)])
                break
            except RpcError as error:
                self._narrow(error, end - begin + 1)
        self._widen(end - begin + 1)
        rows = raws(raw, "chain.logs")
        logs = [_log(row) for row in rows]
        times = self._times(logs)
        seconds = list(times.values())
        return Page(
            source="chain.logs",
            params={"fromBlock": begin, "toBlock": end, "address": ",".join(addresses), "topics": _words(topics)},
            body=b'{"result":' + bytes(raw) + b',"timestamps":' + msgspec.json.encode(times) + b"}",
            rows=len(rows),
            next=str(end + 1) if end < last_block else "",
            first_s=min(seconds, default=-1),
            last_s=max(seconds, default=-1),
            hashes=tuple(dict.fromkeys(log.transactionHash.lower() for log in logs if log.transactionHash)),
        )

    def _narrow(self, error: RpcError, width: int) -> None:
        words = error.words.lower()
        if width == 1 or not any(word in words for word in _TOO_MUCH):
            raise error
        if any(word in words for word in _TOO_WIDE):
            self._too_wide = min(self._too_wide, width)
        self.span = max(1, width // 2)

    def _widen(self, passed: int) -> None:
        if passed >= self.span and passed * 2 < self._too_wide:
            self.span = passed * 2

    def logs(self, addresses: Sequence[str], topics: Topics, first_block: int, last_block: int) -> Iterator[Page]:
        """All pages of `logs_page`."""
        cursor = ""
        while True:
            page = self.logs_page(addresses, topics, first_block, last_block, cursor)
            yield page
            if not page.next:
                return
            cursor = page.next

    def _filter(self, addresses: Sequence[str], topics: Topics, begin: int, end: int) -> Mapping[str, object]:
        return {"address": list(addresses), "topics": list(topics), "fromBlock": hex(begin), "toBlock": hex(end)}

    def _times(self, logs: Sequence[_Log]) -> dict[str, int]:
        """Block (as the log writes it) to unix seconds; asked only where the logs do not say it."""
        numbered = [(log.blockNumber, quantity(log.blockTimestamp)) for log in logs if log.blockNumber]
        said = {number: second for number, second in numbered if second > 0}
        lacking = [number for number, _ in numbered if number not in said and quantity(number) >= 0]
        asked = self.block_times([int(number, 16) for number in lacking]) if lacking else {}
        return said | {number: asked[int(number, 16)] for number in dict.fromkeys(lacking)}


def _answer(body: bytes) -> _Answer:
    try:
        return msgspec.json.decode(body, type=_Answer)
    except msgspec.MsgspecError:
        raise VenueError("the node answered what is no JSON-RPC", retryable=True) from None


def _result(method: str, answer: _Answer) -> msgspec.Raw:
    if answer.error is not None:
        raise _result_error(method, answer)
    return answer.result


def _result_error(method: str, answer: _Answer) -> RpcError:
    error = answer.error or _Error(message="no result")
    words = error.message[:300]
    return RpcError(f"the node refused {method}: {words}", status=200, words=words, code=str(error.code))


def _id(request: Mapping[str, object]) -> int:
    found = request["id"]
    assert isinstance(found, int)
    return found


def _text(raw: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(raw, type=str)
    except msgspec.MsgspecError:
        raise VenueError("the node answered what is no hex", retryable=True) from None


def _int(raw: msgspec.Raw) -> int:
    try:
        return int(_text(raw), 16)
    except ValueError:
        raise VenueError("the node answered what is no number", retryable=True) from None


def _header(raw: msgspec.Raw) -> _Header:
    try:
        return msgspec.json.decode(raw, type=_Header)
    except msgspec.MsgspecError:
        raise VenueError("the node does not have a block that it should have", retryable=True) from None


def _log(row: msgspec.Raw) -> _Log:
    try:
        return msgspec.json.decode(row, type=_Log)
    except msgspec.MsgspecError:
        return _Log()


def _words(topics: Topics) -> str:
    return msgspec.json.encode(list(topics)).decode()
