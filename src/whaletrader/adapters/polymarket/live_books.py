"""The best prices of the books that the market channel tells of. Whole books are kept to know the next best level when
the best one goes; which orders stand in them is not known. Whether a book is the venue's is checked elsewhere.
"""

from bisect import bisect_right
from collections import deque

from whaletrader.datasets.decode.rows import BestBidAsk, BookDelta, BookSnapshot
from whaletrader.domain.values import NANOS, Side
from whaletrader.ports.market_feed import Quote

KEPT = 512
REFRESH_NS = 5 * NANOS
"""A quote that has not changed is told again after so long, to show that its book is alive."""

Top = tuple[int, int, int, int]
"""Bid, ask, bid size, ask size; -1 where unknown."""


class TopOfBook:
    """One token's levels, in micro-units."""

    def __init__(self) -> None:
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}
        self._best_bid = -1
        self._best_ask = -1

    def replace(self, book: BookSnapshot) -> Top:
        """Take a whole book; a level given twice counts as last told."""
        self._bids = {price: size for price, size in book.bids if size > 0}
        self._asks = {price: size for price, size in book.asks if size > 0}
        self._best_bid = max(self._bids, default=-1)
        self._best_ask = min(self._asks, default=-1)
        return self.top

    def change(self, delta: BookDelta) -> Top:
        """Take one level as it now is."""
        levels = self._bids if delta.side == Side.BUY else self._asks
        if delta.size_micro > 0:
            levels[delta.price_micro] = delta.size_micro
        else:
            levels.pop(delta.price_micro, None)
        if delta.side == Side.BUY:
            if delta.size_micro > 0:
                self._best_bid = max(self._best_bid, delta.price_micro)
            elif delta.price_micro == self._best_bid:
                self._best_bid = max(self._bids, default=-1)
        elif delta.size_micro > 0:
            self._best_ask = delta.price_micro if self._best_ask < 0 else min(self._best_ask, delta.price_micro)
        elif delta.price_micro == self._best_ask:
            self._best_ask = min(self._asks, default=-1)
        return self.top

    @property
    def top(self) -> Top:
        """The best prices and what stands at them; a crossed book is no quote."""
        bid, ask = self._best_bid, self._best_ask
        if 0 <= ask <= bid:
            return -1, -1, -1, -1
        return bid, ask, self._bids.get(bid, -1), self._asks.get(ask, -1)


class LiveBooks:
    """Quotes by token, with their times; not for use by several threads at once."""

    def __init__(self) -> None:
        self._books: dict[str, TopOfBook] = {}
        self._quotes: dict[str, deque[Quote]] = {}

    def heard(self, row: BookSnapshot | BookDelta | BestBidAsk, ts: int) -> Quote | None:
        """Take what was told of a book; return the quote that it makes, None where nothing changed."""
        if isinstance(row, BestBidAsk):
            top = row.best_bid_micro, row.best_ask_micro, -1, -1
            if row.token_id in self._books:
                return None
        elif isinstance(row, BookSnapshot):
            top = self._books.setdefault(row.token_id, TopOfBook()).replace(row)
        elif row.token_id in self._books:
            top = self._books[row.token_id].change(row)
        else:
            return None
        last = self.newest(row.token_id)
        if last and _top(last) == top and ts - last.ts < REFRESH_NS:
            return None
        return Quote(ts=ts, bid_micro=top[0], ask_micro=top[1], bid_size_micro=top[2], ask_size_micro=top[3])

    def keep(self, token_id: str, quote: Quote) -> None:
        """Keep a quote as the newest of its token."""
        self._quotes.setdefault(token_id, deque(maxlen=KEPT)).append(quote)

    def forget(self, token_ids: list[str]) -> None:
        """Forget books that are watched no more; their quotes stay, and grow old."""
        for token_id in token_ids:
            self._books.pop(token_id, None)

    def newest(self, token_id: str) -> Quote | None:
        """Return a token's newest quote."""
        quotes = self._quotes.get(token_id)
        return quotes[-1] if quotes else None

    def quote(self, token_id: str, at_ts: int) -> Quote | None:
        """Return the newest quote at or before a time, of those kept."""
        quotes = self._quotes.get(token_id)
        if not quotes:
            return None
        if quotes[-1].ts <= at_ts:
            return quotes[-1]
        place = bisect_right(quotes, at_ts, key=lambda quote: quote.ts) - 1
        return quotes[place] if place >= 0 else None


def _top(quote: Quote) -> Top:
    return quote.bid_micro, quote.ask_micro, quote.bid_size_micro, quote.ask_size_micro
