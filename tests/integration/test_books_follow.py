"""Whoever follows the exchange's market stream has its books, level by level and hash by hash."""

import json
import time
from contextlib import suppress
from threading import Thread

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.waiting import wait_until
from whaletrader.app.exchange import ExchangeOptions, open_exchange
from whaletrader.datasets.decode.clob_market import decode_book, decode_market
from whaletrader.datasets.decode.rows import BookDelta, BookSnapshot, TickSizeChange
from whaletrader.domain.book import TokenBook
from whaletrader.domain.book_hash import HashedBook, book_hash, hashed_levels

TRADING_S = 4.0


class Follower:
    """Keeps a book for every token from the frames of one socket."""

    def __init__(self, url, tokens):
        self.books, self.frames = {}, 0
        self._socket = connect(url)
        self._socket.send(json.dumps({"type": "market", "assets_ids": tokens}))
        self._thread = Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self):
        with suppress(ConnectionClosed):
            for frame in self._socket:
                for row in decode_market(frame).rows:
                    self.take(row)
                self.frames += 1

    def take(self, row):
        if isinstance(row, BookSnapshot):
            book = self.books[row.token_id] = TokenBook(row.tick_micro)
            book.reset(list(row.bids), list(row.asks))
        elif isinstance(row, BookDelta):
            self.books[row.token_id].set(row.side, row.price_micro, row.size_micro)
        elif isinstance(row, TickSizeChange):
            self.books[row.token_id].set_tick(row.new_tick_micro)

    def close(self):
        self._socket.close()
        self._thread.join(5)


def hash_of(book, told):
    """The hash of our levels with the rest as told."""
    return book_hash(
        HashedBook(
            market=told["market"],
            asset_id=told["asset_id"],
            timestamp=told["timestamp"],
            bids=hashed_levels(book.levels("BUY")),
            asks=hashed_levels(book.levels("SELL")),
            min_order_size=told["min_order_size"],
            tick_size=told["tick_size"],
            neg_risk=told["neg_risk"],
            last_trade_price=told["last_trade_price"],
        )
    )


def test_books_kept_from_the_stream_are_those_that_rest_tells_with_their_hashes():
    with open_exchange(ExchangeOptions(port=0, trading_s=TRADING_S, limits="off")) as exchange:
        began = time.monotonic()
        http = httpx.Client(base_url=exchange.settings.clob_url, timeout=10)
        markets = http.get("/markets").json()["data"]
        tokens = [token["token_id"] for market in markets for token in market["tokens"]]
        follower = Follower(f"{exchange.settings.stream_url}/market", tokens)
        wait_until(lambda: len(follower.books) == len(tokens), 15)

        def told(token):
            return http.get("/book", params={"token_id": token}).json()

        def agree(token):
            book = told(token)
            return hash_of(follower.books[token], book) == book["hash"]

        def over():
            """Nobody trades any more, and what was said of it has come."""
            before = hashes()
            return time.monotonic() - began > TRADING_S + 1 and all(map(agree, tokens)) and before == hashes()

        def hashes():
            return [told(token)["hash"] for token in tokens]

        wait_until(over, 60)
        for token in tokens:
            snapshot = decode_book(json.dumps(told(token))).rows[0]
            assert follower.books[token].levels("BUY") == list(snapshot.bids)
            assert follower.books[token].levels("SELL") == list(snapshot.asks)
            assert not follower.books[token].is_crossed()
            assert follower.books[token].refused == 0
        assert follower.frames > len(tokens)
        follower.close()
