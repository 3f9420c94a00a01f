"""The local exchange without sockets: calls go straight to its faces; the clock and the streams are the test's."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from tests.support.venue_callers import WHEN_S, Trader, l1
from whaletrader.adapters.paper.server.assemble import Assembled, Plan, assemble
from whaletrader.adapters.paper.server.clob import CLOB, ClobTerms
from whaletrader.adapters.paper.server.edge import Reply, Request, StreamClosed
from whaletrader.adapters.paper.server.limits import LimitMode
from whaletrader.adapters.paper.server.mounts import Face
from whaletrader.adapters.paper.server.types import VenueMarket
from whaletrader.domain.clob_auth import ApiKey
from whaletrader.domain.values import MICRO, NANOS


class Front:
    """An exchange whose time stands still until `pass_s` is called."""

    def __init__(self, *, limits: LimitMode = LimitMode.OFF, tier: str = "standard", **plan: Any) -> None:
        self.now_ns = WHEN_S * NANOS
        terms = ClobTerms(10_000 * MICRO, tier, limits)
        given = {"settle_s": 1.0, "population": False} | plan
        self.assembled: Assembled = assemble(Plan(terms=terms, **given), lambda: self.now_ns)
        self.venue = self.assembled.world.venue
        self.face: Face = next(face for face in self.assembled.app.faces if face.name == CLOB)

    def pass_s(self, seconds: float) -> None:
        """Let time pass."""
        self.now_ns += round(seconds * NANOS)
        self.venue.advance(self.now_ns)

    def reply(self, request: Request) -> Reply:
        """Whole answer to a call."""
        assert self.face.http is not None
        return self.face.http(request)

    def told(self, request: Request, status: int = 200) -> Any:
        """Decoded answer to a call, whose status has to be the given one."""
        answer = self.reply(request)
        assert answer.status == status, (answer.status, answer.body)
        return json.loads(answer.body)

    def get(self, path: str, status: int = 200, **query: str) -> Any:
        """A public call."""
        return self.told(Request("GET", path, query, client="127.0.0.1"), status)

    def post(self, path: str, body: Any, status: int = 200) -> Any:
        """A public call with a body."""
        return self.told(Request("POST", path, {}, {}, json.dumps(body).encode(), "127.0.0.1"), status)

    def trader(self, name: str, signature_type: int = 3) -> Trader:
        """An account with its API key (and so with a funded deposit wallet)."""
        trader = Trader(name, signature_type=signature_type)
        made = self.told(l1(trader.key, "POST", "/auth/api-key"))
        trader.api_key = ApiKey(made["apiKey"], made["secret"], made["passphrase"])
        return trader

    def market(self, word: str) -> VenueMarket:
        """The market with a word in its slug."""
        return next(market for market in self.venue.markets.values() if word in market.slug)

    def place(self, trader: Trader, *what: Any, status: int = 200, **how: Any) -> Any:
        """Post an order: (token, side, price, size)."""
        return self.told(trader.l2("POST", "/order", trader.order(*what, **how)[1]), status)

    def delete(self, trader: Trader, path: str, body: Any = None, status: int = 200) -> Any:
        """A cancel."""
        return self.told(trader.l2("DELETE", path, b"" if body is None else json.dumps(body).encode()), status)


class Wire:
    """The test's end of a stream."""

    def __init__(self) -> None:
        self._in: asyncio.Queue[str | None] = asyncio.Queue()
        self.sent: list[str] = []
        self.closed: int | None = None
        self.query: Mapping[str, str] = {}

    def say(self, frame: Any) -> None:
        """Send a frame to the exchange."""
        self._in.put_nowait(frame if isinstance(frame, str) else json.dumps(frame))

    def hang_up(self) -> None:
        """Go away."""
        self._in.put_nowait(None)

    async def receive(self) -> str:
        """The exchange's side of `say`."""
        frame = await self._in.get()
        if frame is None:
            raise StreamClosed
        return frame

    def send(self, frame: str | bytes) -> None:
        """The exchange tells something."""
        self.sent.append(frame if isinstance(frame, str) else frame.decode())

    def close(self, code: int = 1000) -> None:
        """The exchange closes."""
        self.closed = self.closed or code

    def frames(self, kind: str = "") -> list[Any]:
        """Decoded events told so far, of one kind where named."""
        told = [json.loads(frame) for frame in self.sent if frame[:1] in "[{"]
        flat = [event for one in told for event in (one if isinstance(one, list) else [one])]
        return [event for event in flat if not kind or event["event_type"] == kind]


async def settled() -> None:
    """Let whatever is ready in the loop happen."""
    for _ in range(10):
        await asyncio.tasks.sleep(0)
