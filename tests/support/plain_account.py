"""A plain key with an account on the exchange's chain, and a node without sockets that can lose what it is told."""

import json

from whaletrader.adapters.local.keys import OrderKey
from whaletrader.adapters.paper.server.edge import Request
from whaletrader.adapters.paper.server.listing import shelf
from whaletrader.adapters.paper.server.rpc import Rpc
from whaletrader.adapters.paper.server.types import VenueRules
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.adapters.polymarket.chain_rpc import ChainRpc
from whaletrader.adapters.polymarket.http import Reply
from whaletrader.adapters.polymarket.market_terms import Terms
from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.order_hash import keccak256
from whaletrader.domain.values import MICRO, NANOS
from whaletrader.errors import VenueError

START = 1_790_000_000 * NANOS
KEY = OrderKey(keccak256(b"a plain key"))


class NodeHttp:
    """Fills `VenueHttp` from the exchange's node; `faults` maps a method to what happens to its next calls.

    "lost": it is carried out and nobody answers; "deaf": nobody answers and nothing happens; a text: the node refuses.
    """

    def __init__(self, rpc: Rpc) -> None:
        self.rpc, self.faults, self.asked = rpc, dict[str, list[str]](), list[tuple[str, list]]()

    def send(self, method, path, body, headers=None, *, idempotent, **_more) -> Reply:
        told = json.loads(body)
        name = told["method"]
        self.asked.append((name, told["params"]))
        fault = self.faults.get(name, []).pop(0) if self.faults.get(name) else ""
        if fault == "deaf":
            raise VenueError("nobody answered", retryable=True)
        if fault and fault != "lost":
            return self._reply({"id": told["id"], "error": {"code": -32000, "message": fault}})
        answer = self.rpc.http(Request("POST", "/rpc", {}, {}, body, "127.0.0.1"))
        if fault == "lost":
            raise VenueError("nobody answered", retryable=True)
        return Reply(200, {}, answer.body)

    def pause_all(self, asked_s=0.0) -> None:
        """Nobody waits here."""

    def _reply(self, answer) -> Reply:
        return Reply(200, {}, json.dumps({"jsonrpc": "2.0", **answer}).encode())


class PlainWorld:
    """An exchange with its node, and a plain account with a thousand dollars and pairs of shares."""

    def __init__(self, version: str = "v1") -> None:
        self.venue = Venue(VenueRules(seed=1, genesis_ns=START, eoa_makers=True))
        self.market = next(market for market in shelf(1, START) if market.version == version)
        self.venue.add_market(self.market, START)
        self.now = START
        self.account = self.venue.open_account(
            KEY.address, owner=KEY.address, signature_type=0, cash_micro=1_000 * MICRO
        )
        self.venue.deposit(KEY.address, tokens=dict.fromkeys(self.market.token_ids, 20 * MICRO))
        self.http = NodeHttp(Rpc(self.venue, lambda: self.now))
        self.node = ChainRpc(self.http)  # type: ignore[arg-type]
        self.pass_s(10)

    def pass_s(self, seconds: float) -> None:
        """Let blocks come."""
        self.now += round(seconds * NANOS)
        self.venue.advance(self.now)

    def resolve(self, payouts=(MICRO, 0)) -> None:
        """Resolve the market."""
        self.venue.resolve(self.market.condition_id, payouts, self.now)

    def sent(self) -> list[str]:
        """Every raw transaction that was handed to the node, in order."""
        return [params[0] for name, params in self.http.asked if name == "eth_sendRawTransaction"]

    # -- what `ChainActions` asks of markets

    def terms(self, market_id: str) -> Terms:
        """The market's facts."""
        assert market_id == self.market.condition_id
        return Terms(
            market_id=market_id,
            token_ids=self.market.token_ids,
            neg_risk=False,
            fees=FeeSchedule(0),
            tick_micro=10_000,
            min_order_micro=0,
        )

    def of_token(self, token_id: str) -> Terms:
        """The facts of a token's market."""
        assert token_id in self.market.token_ids
        return self.terms(self.market.condition_id)
