"""The user stream: an API key's orders and trades, as they change. Nothing is sent again to who was away."""

from typing import Any

import msgspec

from whaletrader.adapters.paper.server.auth import Keyring, Session
from whaletrader.adapters.paper.server.edge import Stream, StreamClosed
from whaletrader.adapters.paper.server.types import OrderUpdated, TradeUpdated, VenueEvent
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.adapters.paper.server.words import decimal, maker_order, seconds, told_hash
from whaletrader.adapters.paper.server.ws_market import INVALID, received
from whaletrader.domain.addresses import checksum_address
from whaletrader.domain.values import NANOS

MAX_MARKETS = 5_000
_encode = msgspec.json.Encoder().encode


class _Auth(msgspec.Struct, rename="camel"):
    api_key: str
    secret: str
    passphrase: str


class _First(msgspec.Struct):
    type: str
    auth: _Auth
    markets: list[str] | None = None


class _Operation(msgspec.Struct):
    operation: str
    markets: list[str]


class _Reader:
    """One connection of an API key; `markets` is None for all."""

    __slots__ = ("markets", "session", "stream")

    def __init__(self, stream: Stream, session: Session, markets: list[str] | None) -> None:
        self.stream = stream
        self.session = session
        self.markets = None if not markets else dict.fromkeys(market.lower() for market in markets)


class UserStream:
    """Tells every API key's connections what concerns it."""

    def __init__(self, venue: Venue, keyring: Keyring) -> None:
        self._venue = venue
        self._keyring = keyring
        self._readers: dict[str, dict[_Reader, None]] = {}
        venue.listen(self.hear)

    async def serve(self, stream: Stream) -> None:
        """Serve one connection; its first frame has to carry the API key's credentials."""
        reader = None
        try:
            reader = self._admitted(stream, await received(stream))
            if reader is None:
                stream.close(1008)
                return
            self._readers.setdefault(reader.session.api_key.key, {})[reader] = None
            while True:
                self._next(reader, await received(stream))
        except (StreamClosed, TimeoutError):
            stream.close()
        finally:
            if reader is not None:
                self._forget(reader)

    def _forget(self, reader: _Reader) -> None:
        key = reader.session.api_key.key
        readers = self._readers.get(key, {})
        readers.pop(reader, None)
        if not readers:
            self._readers.pop(key, None)

    def _admitted(self, stream: Stream, frame: str) -> _Reader | None:
        try:
            first = msgspec.json.decode(frame, type=_First)
        except msgspec.MsgspecError:
            return None
        told = first.auth
        session = self._keyring.by_credentials(told.api_key, told.secret, told.passphrase)
        wrong = session is None or first.type.lower() != "user"
        return None if wrong or session is None else _Reader(stream, session, first.markets)

    def _next(self, reader: _Reader, frame: str) -> None:
        if frame == "PING":
            reader.stream.send("PONG")
            return
        try:
            asked = msgspec.json.decode(frame, type=_Operation)
        except msgspec.MsgspecError:
            reader.stream.send(INVALID)
            return
        markets = [market.lower() for market in asked.markets]
        if asked.operation == "subscribe":
            reader.markets = dict.fromkeys([*(reader.markets or {}), *markets][:MAX_MARKETS])
        elif asked.operation == "unsubscribe" and reader.markets is not None:
            for market in markets:
                reader.markets.pop(market, None)

    # -- telling

    def hear(self, event: VenueEvent) -> None:
        """Tell an order's or a trade's change to its owners."""
        if not self._readers:
            return
        if isinstance(event, OrderUpdated):
            order = event.order
            for reader in self._of(order.owner, order.condition_id):
                reader.stream.send(_encode(self._order(event)))
        elif isinstance(event, TradeUpdated):
            trade = event.trade
            for owner in dict.fromkeys((trade.owner, *(fill.owner for fill in trade.makers))):
                for reader in self._of(owner, trade.condition_id):
                    reader.stream.send(_encode(self._trade(event, owner)))

    def _of(self, owner: str, condition_id: str) -> list[_Reader]:
        readers = self._readers.get(owner)
        if not readers:
            return []
        return [one for one in readers if one.markets is None or condition_id in one.markets]

    def _order(self, event: OrderUpdated) -> dict[str, Any]:
        order = event.order
        return {
            "asset_id": order.token_id,
            "associate_trades": list(order.trade_ids) or None,
            "created_at": str(order.created_ts // NANOS),
            "event_type": "order",
            "expiration": str(order.expiration_s),
            "id": order.order_id,
            "maker_address": checksum_address(order.maker),
            "market": order.condition_id,
            "order_owner": order.owner,
            "order_type": str(order.order_type),
            "original_size": decimal(order.size_micro),
            "outcome": self._venue.markets[order.condition_id].outcomes[order.outcome_index],
            "owner": order.owner,
            "price": decimal(order.price_micro),
            "side": order.side,
            "size_matched": decimal(event.matched_micro),
            "status": str(event.state),
            "timestamp": seconds(event.ts),
            "type": event.kind,
        }

    def _trade(self, event: TradeUpdated, owner: str) -> dict[str, Any]:
        trade = event.trade
        market = self._venue.markets[trade.condition_id]
        frame = {
            "asset_id": trade.token_id,
            "bucket_index": trade.bucket_index,
            "event_type": "trade",
            "fee_rate_bps": "0",
            "id": trade.trade_id,
            "last_update": seconds(event.ts),
            "maker_address": checksum_address(trade.maker),
            "maker_orders": [maker_order(fill, market) for fill in trade.makers],
            "market": trade.condition_id,
            "matchtime": seconds(trade.match_ts),
            "outcome": market.outcomes[trade.outcome_index],
            "owner": owner,
            "price": decimal(trade.price_micro),
            "side": trade.side,
            "size": decimal(trade.size_micro),
            "status": str(event.state),
            "taker_order_id": trade.taker_order_id,
            "timestamp": seconds(event.ts),
            "trade_owner": trade.owner,
            "trader_side": "TAKER" if trade.owner == owner else "MAKER",
            "type": "TRADE",
        }
        mined = told_hash(trade, event.state)
        return frame | {"transaction_hash": mined} if mined else frame
