"""What paper trading knows of the public world: markets and their terms, books by market, which trades were leaders'.

A book may be heard before its market is known; it is kept by its token until then.
"""

from collections.abc import Iterable
from dataclasses import replace

from whaletrader.adapters.paper.shadow_book import ShadowBook
from whaletrader.domain.amounts import known_tick
from whaletrader.domain.book import TokenBook
from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.values import Side
from whaletrader.ports.tape import TapeMarket

_REMEMBERED = 10_000
"""Transactions of leaders that are remembered."""
Levels = Iterable[tuple[int, int]]


class ShadowWorld:
    """Markets, fees and books by market id."""

    def __init__(self) -> None:
        self.markets: dict[str, TapeMarket] = {}
        self.fees: dict[str, FeeSchedule] = {}
        self.books: dict[str, ShadowBook] = {}
        self._market_of: dict[str, str] = {}
        self._early: dict[str, TokenBook] = {}
        self._leader_trades: dict[tuple[str, str], None] = {}

    def market_of(self, token_id: str) -> str | None:
        """Return the market that trades a token, None where it is not known."""
        return self._market_of.get(token_id)

    def take_market(self, market: TapeMarket, fee: FeeSchedule) -> bool:
        """Take a market's terms; False where they are known, a resolution is never taken back.

        A book that was heard keeps its tick where the terms name a coarser one: terms are older than books.
        """
        known = self.markets.get(market.market_id)
        if known is not None and known.resolved:
            market = known
        if known == market and self.fees[market.market_id] == fee:
            return False
        tick = known_tick(market.tick_micro)
        self.markets[market.market_id], self.fees[market.market_id] = market, fee
        book = self.books.get(market.market_id)
        if book is None:
            book = self.books[market.market_id] = ShadowBook(market.token_ids, tick)
        if not book.known or tick < book.tick_micro:
            book.set_tick(tick)
        for token_id in market.token_ids:
            self._market_of[token_id] = market.market_id
            early = self._early.pop(token_id, None)
            if early is not None:
                book.reset(token_id, early.levels(Side.BUY), early.levels(Side.SELL), early.tick_micro)
        return True

    def reset(self, token_id: str, bids: Levels, asks: Levels, tick_micro: int) -> str | None:
        """Take a snapshot; return its market."""
        market_id = self._market_of.get(token_id)
        if market_id is not None:
            self.books[market_id].reset(token_id, list(bids), list(asks), tick_micro)
            return market_id
        book = self._early[token_id] = TokenBook(known_tick(tick_micro))
        book.reset(list(bids), list(asks))
        return None

    def set_level(self, token_id: str, side: str, price_micro: int, size_micro: int) -> str | None:
        """Take a changed level; return its market."""
        market_id = self._market_of.get(token_id)
        if market_id is not None:
            self.books[market_id].set_level(token_id, side, price_micro, size_micro)
        elif token_id in self._early:
            self._early[token_id].set(side, price_micro, size_micro)
        return market_id

    def set_tick(self, token_id: str, tick_micro: int) -> str | None:
        """Take a market's new tick; return the market where it is known."""
        market_id = self._market_of.get(token_id)
        if known_tick(tick_micro) != tick_micro:
            return None
        if market_id is None:
            if token_id in self._early:
                self._early[token_id].set_tick(tick_micro)
            return None
        self.markets[market_id] = replace(self.markets[market_id], tick_micro=tick_micro)
        self.books[market_id].set_tick(tick_micro)
        return market_id

    def resolve(self, market_id: str, payouts_micro: tuple[int, ...], ts: int) -> bool:
        """Take how a market paid out; False where that is known or the market is not."""
        market = self.markets.get(market_id)
        if market is None or market.resolved:
            return False
        self.markets[market_id] = replace(market, resolved=True, resolved_ts=ts, payouts_micro=payouts_micro)
        return True

    def note_trade(self, wallet: str, transaction: str) -> None:
        """Remember a leader's transaction."""
        self._leader_trades[wallet, transaction] = None
        while len(self._leader_trades) > _REMEMBERED:
            del self._leader_trades[next(iter(self._leader_trades))]

    def is_his(self, leader: str, wallet: str, transaction: str) -> bool:
        """Whether a print is a leader's own."""
        return bool(leader) and (wallet == leader or (leader, transaction) in self._leader_trades)
