"""The market stream: books, level changes, last trades and what befalls a market, to whoever named its tokens.

No sequence numbers and no replay: a reader that was away asks for new books. Frames are written once and sent to every
reader of a market. Subscribing twice gives no second book, as at the venue.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from whaletrader.adapters.paper.server.edge import Stream, StreamClosed
from whaletrader.adapters.paper.server.types import (
    BookChanged,
    BookCleared,
    MarketAdded,
    MarketResolved,
    TickChanged,
    TradeState,
    TradeUpdated,
    VenueEvent,
    VenueMarket,
    VenueTrade,
)
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.adapters.paper.server.words import book_frame, decimal, milliseconds
from whaletrader.domain.values import MICRO

MAX_TOKENS = 5_000
"""Per connection."""
SILENCE_S = 125.0
"""A connection from which nothing comes for so long, not even a PING, is closed."""
INVALID = "INVALID OPERATION"
_encode = msgspec.json.Encoder().encode


class _Operation(msgspec.Struct):
    type: str = ""
    operation: str = ""
    assets_ids: list[str] = []
    custom_feature_enabled: bool | None = None


class _Reader:
    """One connection and what it asked for."""

    __slots__ = ("custom", "stream", "tokens")

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.tokens: dict[str, None] = {}
        self.custom = False


class MarketStream:
    """Tells the market stream's readers what the venue tells."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._readers: dict[_Reader, None] = {}
        self._by_token: dict[str, dict[_Reader, None]] = {}
        self._bests: dict[str, tuple[int, int]] = {}
        venue.listen(self.hear)

    async def serve(self, stream: Stream) -> None:
        """Serve one connection; its first frame has to subscribe."""
        reader = _Reader(stream)
        try:
            first = _operation(await received(stream))
            if first is None or first.type.lower() != "market":
                stream.send(INVALID)
                stream.close()
                return
            self._readers[reader] = None
            self._add(reader, first, together=True)
            while True:
                await self._next(reader)
        except (StreamClosed, TimeoutError):
            stream.close()
        finally:
            self._forget(reader)

    async def _next(self, reader: _Reader) -> None:
        frame = await received(reader.stream)
        if frame == "PING":
            reader.stream.send("PONG")
            return
        asked = _operation(frame)
        if asked is not None and asked.operation == "subscribe":
            self._add(reader, asked, together=False)
        elif asked is not None and asked.operation == "unsubscribe":
            self._remove(reader, asked.assets_ids)
        else:
            reader.stream.send(INVALID)

    def _add(self, reader: _Reader, asked: _Operation, *, together: bool) -> None:
        if asked.custom_feature_enabled is not None:
            reader.custom = asked.custom_feature_enabled
        added = [token for token in dict.fromkeys(asked.assets_ids) if token not in reader.tokens]
        room = MAX_TOKENS - len(reader.tokens)
        if len(added) > room:
            reader.stream.send(INVALID)
        books = []
        for token in added[:room]:
            reader.tokens[token] = None
            self._by_token.setdefault(token, {})[reader] = None
            book = self._venue.book(token)
            if book is not None:
                books.append(_encode(book_frame(book)))
        if together and books:
            reader.stream.send(b"[" + b",".join(books) + b"]")
            return
        for frame in books:
            reader.stream.send(frame)

    def _remove(self, reader: _Reader, tokens: Iterable[str]) -> None:
        for token in tokens:
            if token not in reader.tokens:
                continue
            del reader.tokens[token]
            readers = self._by_token[token]
            del readers[reader]
            if not readers:
                del self._by_token[token]

    def _forget(self, reader: _Reader) -> None:
        self._remove(reader, list(reader.tokens))
        self._readers.pop(reader, None)

    # -- telling

    def hear(self, event: VenueEvent) -> None:
        """Tell an event to those who asked for it."""
        if not self._readers:
            return
        if isinstance(event, BookChanged):
            self._changed(event)
        elif isinstance(event, TradeUpdated):
            if event.state is TradeState.MATCHED:
                self._traded(event.trade, event.ts)
        elif isinstance(event, BookCleared):
            self._books(self._venue.markets[event.condition_id])
        elif isinstance(event, TickChanged):
            self._tick(event)
        elif isinstance(event, MarketAdded):
            self._tell(_new_market(event), (reader for reader in self._readers if reader.custom))
        elif isinstance(event, MarketResolved):
            readers = self._of(event.market.token_ids)
            self._tell(_resolved(event), (reader for reader in readers if reader.custom))

    def _changed(self, event: BookChanged) -> None:
        tokens = dict.fromkeys(entry.token_id for entry in event.entries)
        readers = self._of(tokens)
        if not readers:
            return
        books = {token: self._venue.book(token) for token in tokens}
        hashes = {token: book.hash if book is not None else "" for token, book in books.items()}
        self._tell(_price_change(event, hashes), readers)
        for entry in event.entries:
            best = (entry.best_bid_micro, entry.best_ask_micro)
            if self._bests.get(entry.token_id) != best:
                self._bests[entry.token_id] = best
                frame = _best_bid_ask(event, entry.token_id, best)
                self._tell(frame, (one for one in self._of([entry.token_id]) if one.custom))

    def _traded(self, trade: VenueTrade, ts: int) -> None:
        market = self._venue.markets[trade.condition_id]
        self._tell(_last_trade(trade, ts), self._of([trade.token_id]))
        self._books(market)

    def _books(self, market: VenueMarket) -> None:
        for token in market.token_ids:
            readers = self._of([token])
            book = self._venue.book(token) if readers else None
            if book is not None:
                self._tell(book_frame(book), readers)

    def _tick(self, event: TickChanged) -> None:
        for token in self._venue.markets[event.condition_id].token_ids:
            self._tell(_tick_change(event, token), self._of([token]))

    def _of(self, tokens: Iterable[str]) -> dict[_Reader, None]:
        found: dict[_Reader, None] = {}
        for token in tokens:
            found.update(self._by_token.get(token, {}))
        return found

    def _tell(self, frame: Mapping[str, Any], readers: Iterable[_Reader]) -> None:
        told: bytes | None = None
        for reader in readers:
            told = told or _encode(frame)
            reader.stream.send(told)


async def received(stream: Stream) -> str:
    """Return the next frame; `TimeoutError` where none comes for too long."""
    async with asyncio.timeout(SILENCE_S):
        return await stream.receive()


def _operation(frame: str) -> _Operation | None:
    try:
        return msgspec.json.decode(frame, type=_Operation)
    except msgspec.MsgspecError:
        return None


def _price_change(event: BookChanged, hashes: Mapping[str, str]) -> dict[str, Any]:
    return {
        "market": event.condition_id,
        "price_changes": [
            {
                "asset_id": entry.token_id,
                "price": decimal(entry.price_micro),
                "size": decimal(entry.size_micro),
                "side": entry.side,
                "hash": hashes[entry.token_id],
                "best_bid": decimal(entry.best_bid_micro),
                "best_ask": decimal(entry.best_ask_micro),
            }
            for entry in event.entries
        ],
        "timestamp": milliseconds(event.ts),
        "event_type": "price_change",
    }


def _best_bid_ask(event: BookChanged, token: str, best: tuple[int, int]) -> dict[str, Any]:
    bid, ask = best
    return {
        "market": event.condition_id,
        "asset_id": token,
        "best_bid": decimal(bid),
        "best_ask": decimal(ask),
        "spread": decimal(ask - bid),
        "timestamp": milliseconds(event.ts),
        "event_type": "best_bid_ask",
    }


def _last_trade(trade: VenueTrade, ts: int) -> dict[str, Any]:
    return {
        "market": trade.condition_id,
        "asset_id": trade.token_id,
        "price": decimal(trade.price_micro),
        "size": decimal(trade.size_micro),
        "fee_rate_bps": "0",
        "side": trade.side,
        "timestamp": milliseconds(ts),
        "event_type": "last_trade_price",
        "transaction_hash": trade.transaction_hash,
    }


def _tick_change(event: TickChanged, token: str) -> dict[str, Any]:
    return {
        "market": event.condition_id,
        "asset_id": token,
        "old_tick_size": decimal(event.old_tick_micro),
        "new_tick_size": decimal(event.new_tick_micro),
        "timestamp": milliseconds(event.ts),
        "event_type": "tick_size_change",
    }


def _new_market(event: MarketAdded) -> dict[str, Any]:
    market = event.market
    fee = market.fee
    return {
        "id": market.condition_id,
        "question": market.title,
        "market": market.condition_id,
        "condition_id": market.condition_id,
        "slug": market.slug,
        "description": "",
        "assets_ids": list(market.token_ids),
        "clob_token_ids": list(market.token_ids),
        "outcomes": list(market.outcomes),
        "event_message": _about(market),
        "active": True,
        "order_price_min_tick_size": decimal(market.tick_micro),
        "fees_enabled": fee.rate_micro > 0,
        "fee_schedule": {
            "exponent": str(fee.exponent),
            "rate": decimal(fee.rate_micro),
            "taker_only": "true",
            "rebate_rate": decimal(market.rebate_rate_micro),
        },
        "timestamp": milliseconds(event.ts),
        "event_type": "new_market",
    }


def _resolved(event: MarketResolved) -> dict[str, Any]:
    market = event.market
    frame: dict[str, Any] = {
        "id": market.condition_id,
        "market": market.condition_id,
        "assets_ids": list(market.token_ids),
        "event_message": _about(market),
        "timestamp": milliseconds(event.ts),
        "event_type": "market_resolved",
    }
    if MICRO in event.payouts_micro:
        index = event.payouts_micro.index(MICRO)
        frame |= {"winning_asset_id": market.token_ids[index], "winning_outcome": market.outcomes[index]}
    return frame


def _about(market: VenueMarket) -> dict[str, str]:
    return {
        "id": market.condition_id,
        "ticker": market.event_slug,
        "slug": market.event_slug,
        "title": market.title,
        "description": "",
    }
