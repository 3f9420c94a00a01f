"""One page of a task from the venue: which listing asks which client, and what the store needs to know of it."""

import threading
from collections.abc import Callable
from functools import partial

import msgspec

from whaletrader.adapters.polymarket.clients import VenueClients
from whaletrader.adapters.polymarket.gamma import market_briefs
from whaletrader.adapters.polymarket.pages import Page
from whaletrader.app.pull.plan import VENUE_OPENED_S, Task
from whaletrader.app.pull.store import Fetched
from whaletrader.datasets.raw_pages import RawPage
from whaletrader.domain.event_topics import TOPICS, ChainEvent
from whaletrader.domain.venue_contracts import EXCHANGES

FIRST_BLOCK = 33_605_403
"""Of the venue's first exchange contract on Polygon."""
_FILLED = [TOPICS[ChainEvent.V1_ORDER_FILLED], TOPICS[ChainEvent.ORDER_FILLED]]
_LATER = {"": "closed", "closed": "v2", "v2": ""}
_FILTER = {"": {"closed": "false"}, "closed": {"closed": "true"}, "v2": {"version": "v2"}}


class _Log(msgspec.Struct):
    topics: list[str] = []
    transactionHash: str | None = None  # noqa: N815  the node's own name


class _Logs(msgspec.Struct):
    result: list[_Log]


class Fetcher:
    """Asks the venue; thread-safe as its clients are."""

    def __init__(
        self, clients: VenueClients, now_ns: Callable[[], int], *, confirmations: int = 5, fidelity_min: int = 1
    ) -> None:
        self._clients, self._now_ns = clients, now_ns
        self._confirmations, self._fidelity = confirmations, fidelity_min
        self._spans: dict[tuple[int, int], tuple[int, int, str]] = {}
        self._span_lock = threading.Lock()

    def page(self, task: Task, cursor: str) -> Fetched:
        """The page of a task at a cursor.

        Raises
        ------
        VenueError
            The venue refused it (not retryable), or could not be asked.
        """
        if task.listing.startswith("subgraph."):
            return self._subgraph(task, cursor)
        ask: dict[str, Callable[[Task, str], Fetched]] = {
            "data_v2.activity": self._activity,
            "data_v1.activity": self._activity_v1,
            "data_v1.trades": self._market_trades_v1,
            "data_v2.takers": partial(self._wallet_trades, taker_only=True),
            "data_v2.trades": self._market_trades,
            "data_v2.resolutions": self._resolutions,
            "gamma.markets": self._markets,
            "clob.prices_history": self._prices,
            "chain.logs": self._logs,
        }
        return ask[task.listing](task, cursor)

    def _kept(self, page: Page, **more: object) -> Fetched:
        raw = RawPage(
            source=page.source,
            params=page.params,
            fetched_ts=self._now_ns(),
            body=msgspec.Raw(_on_one_line(page.body)),
            trimmed=page.trimmed,
        )
        told = Fetched(
            page=raw,
            rows=page.rows,
            next=page.next,
            combos=page.combos,
            first_s=page.first_s,
            last_s=page.last_s,
            truncated=page.truncated,
            conditions=page.conditions,
        )
        return msgspec.structs.replace(told, **more)

    def _activity(self, task: Task, cursor: str) -> Fetched:
        return self._of_wallet(task, self._clients.data.activity_page(task.subject, task.since_s, task.until_s, cursor))

    def _activity_v1(self, task: Task, cursor: str) -> Fetched:
        data = self._clients.data
        return self._of_wallet(task, data.v1_activity_page(task.subject, task.since_s, task.until_s, cursor))

    def _subgraph(self, task: Task, cursor: str) -> Fetched:
        entity = task.listing.partition(".")[2]
        subgraph = self._clients.subgraph
        return self._of_wallet(task, subgraph.wallet_page(entity, task.subject, task.since_s, task.until_s, cursor))

    def _of_wallet(self, task: Task, page: Page) -> Fetched:
        return self._kept(page, hashes=tuple((task.subject, tx) for tx in page.hashes))

    def _wallet_trades(self, task: Task, cursor: str, *, taker_only: bool) -> Fetched:
        data = self._clients.data
        return self._kept(
            data.wallet_trades_page(task.subject, task.since_s, task.until_s, cursor, taker_only=taker_only)
        )

    def _market_trades(self, task: Task, cursor: str) -> Fetched:
        return self._kept(self._clients.data.market_trades_page(task.subject, task.since_s, task.until_s, cursor))

    def _market_trades_v1(self, task: Task, cursor: str) -> Fetched:
        return self._kept(self._clients.data.v1_market_trades_page(task.subject, task.since_s, task.until_s, cursor))

    def _resolutions(self, task: Task, _cursor: str) -> Fetched:
        return self._kept(self._clients.data.resolutions(task.subject.split(",")), next="")

    def _markets(self, task: Task, cursor: str) -> Fetched:
        """Open markets, then those that are lacking among the closed, then among those of version 2."""
        step, _, rest = cursor.partition(":")
        lacking = (rest or task.subject).split(",")
        page = self._clients.gamma.conditions_page(lacking, _FILTER[step])
        briefs = market_briefs(page)
        found = {brief.condition for brief in briefs}
        left = [condition for condition in lacking if condition not in found]
        following = f"{_LATER[step]}:{','.join(left)}" if left and _LATER[step] else ""
        tokens = [(token, brief.opened_s, brief.closed_s) for brief in briefs for token in brief.tokens]
        told = tuple((brief.condition, brief.settled) for brief in briefs)
        return self._kept(page, next=following, markets=told, tokens=tuple(tokens))

    def _prices(self, task: Task, cursor: str) -> Fetched:
        clob = self._clients.clob
        return self._kept(clob.prices_page(task.subject, task.since_s, task.until_s, cursor, self._fidelity))

    def _logs(self, task: Task, cursor: str) -> Fetched:
        """The fills of the wallets' own orders on every exchange; the cursor is "<next block>:<last block>"."""
        if cursor:
            first, last, short = *(int(word) for word in cursor.split(":")), ""
        else:
            first, last, short = self._blocks(task)
        if first > last:
            nothing = Page(source="chain.logs", params={}, body=b'{"result":[],"timestamps":{}}', rows=0)
            return self._kept(nothing, truncated=short)
        owners = ["0x" + wallet.removeprefix("0x").rjust(64, "0") for wallet in task.subject.split(",")]
        addresses = [contract.value for contract in EXCHANGES]
        page = self._clients.rpc.logs_page(addresses, [_FILLED, None, owners], first, last)
        logs = msgspec.json.decode(page.body, type=_Logs).result
        told = ((_owner(log), (log.transactionHash or "").lower()) for log in logs)
        following = f"{page.next}:{last}" if page.next else ""
        return self._kept(page, next=following, hashes=tuple(dict.fromkeys(told)), truncated=short)

    def _blocks(self, task: Task) -> tuple[int, int, str]:
        """First and last block of a period, and what is lacking at its end.

        Found once for all wallets, as the search takes dozens of questions.
        """
        period = (task.since_s, task.until_s)
        with self._span_lock:
            if period not in self._spans:
                self._spans[period] = self._search(*period)
            return self._spans[period]

    def _search(self, since_s: int, until_s: int) -> tuple[int, int, str]:
        rpc = self._clients.rpc
        newest = rpc.block_number()
        final, wanted = newest - self._confirmations, rpc.block_at(until_s + 1, newest) - 1
        short = f"the period's last blocks were not final: read up to block {final}" if wanted > final else ""
        first = 1 if since_s <= VENUE_OPENED_S else rpc.block_at(since_s, newest)
        return max(first, FIRST_BLOCK) if newest > FIRST_BLOCK else first, min(final, wanted), short


def _owner(log: _Log) -> str:
    return "0x" + log.topics[2][-40:].lower() if len(log.topics) > 2 else ""


def _on_one_line(body: bytes) -> bytes:
    """The body without line ends: JSON has them between its words only, and a page is one line."""
    return body.replace(b"\r", b" ").replace(b"\n", b" ")
