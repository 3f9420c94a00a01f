"""The CLOB's public calls: books, prices, markets and their terms. Nobody's identity is asked or told."""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import msgspec

from whaletrader.adapters.paper.server.edge import Reply, Request, Router, reply
from whaletrader.adapters.paper.server.types import (
    BookView,
    MarketAdded,
    TradeState,
    TradeUpdated,
    VenueEvent,
    VenueMarket,
    VenueTrade,
)
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.adapters.paper.server.words import END_CURSOR, decimal, last_price, page, rest_book, told_hash
from whaletrader.domain.addresses import checksum_address
from whaletrader.domain.values import DAY_NS, MICRO, NANOS
from whaletrader.domain.venue_contracts import VenueContract

PAGE = 1000
MAX_MANY = 500
LIVE_TRADES = 100
_MAX_POINTS = 20_000
_LEGACY_FEE = 1000
_INTERVALS_S = {"1h": 3_600, "6h": 21_600, "1d": 86_400, "1w": 604_800, "1m": 2_592_000, "max": 1 << 40}
NO_BOOK = reply({"error": "No orderbook exists for the requested token id"}, 404)
NO_MARKET = reply({"error": "market not found"}, 404)
BAD_SIDE = reply({"error": "Invalid side"}, 400)
BAD_PAYLOAD = reply({"error": "Invalid payload"}, 400)


class LastTrades:
    """Last price and side of every token, and the prices it has traded at."""

    def __init__(self, keep_ns: int = 0) -> None:
        """Points older than `keep_ns` are forgotten (0: none is)."""
        self.last: dict[str, tuple[int, str]] = {}
        self._points: dict[str, deque[tuple[int, int]]] = {}
        self._keep_s = keep_ns // NANOS

    def hear(self, event: VenueEvent) -> None:
        """Take note of a match."""
        if isinstance(event, TradeUpdated) and event.state is TradeState.MATCHED:
            trade = event.trade
            self.last[trade.token_id] = (trade.price_micro, trade.side)
            points = self._points.setdefault(trade.token_id, deque(maxlen=_MAX_POINTS))
            points.append((event.ts // NANOS, trade.price_micro))
            self._forget(points, event.ts // NANOS)
        elif isinstance(event, MarketAdded) and self._keep_s:
            for token_id, points in list(self._points.items()):
                self._forget(points, event.ts // NANOS)
                if not points:
                    del self._points[token_id]

    def _forget(self, points: deque[tuple[int, int]], now_s: int) -> None:
        while self._keep_s and points and points[0][0] < now_s - self._keep_s:
            points.popleft()

    def points(self, token_id: str, first_s: int, last_s: int, step_s: int) -> list[dict[str, float]]:
        """Return the last price of every step in which the token traded."""
        steps: dict[int, int] = {}
        for ts_s, price_micro in self._points.get(token_id, ()):
            if first_s <= ts_s <= last_s:
                steps[ts_s - ts_s % step_s] = price_micro
        return [{"t": ts_s, "p": price_micro / MICRO} for ts_s, price_micro in steps.items()]


class PublicDesk:
    """Answers what anybody may ask."""

    def __init__(self, venue: Venue, now: Callable[[], int]) -> None:
        self._venue = venue
        self._now = now
        self._trades = LastTrades(venue.rules.keep_ns)
        venue.listen(self._trades.hear)

    def add_to(self, router: Router) -> None:
        """Register every call."""
        for path in ("/", "/ok"):
            router.add("GET", path, lambda _request: reply("OK"))
        router.add("GET", "/time", lambda _request: reply(self._now() // NANOS))
        router.add("GET", "/version", lambda _request: reply({"version": 2}))
        for path, told in _OF_A_TOKEN.items():
            router.add("GET", path, self._of_token(told))
        for path, told in (("/books", rest_book), ("/midpoints", midpoint), ("/spreads", spread)):
            router.add("POST", path, self._of_tokens(told, listed=path == "/books"))
        router.add("GET", "/fee-rate", self.fee_rate)
        router.add("GET", "/price", self.price)
        router.add("POST", "/prices", self.prices)
        router.add("GET", "/last-trade-price", self.last_trade)
        router.add("POST", "/last-trades-prices", self.last_trades)
        router.add("GET", "/clob-markets/", self.terms)
        router.add("GET", "/markets-by-token/", self.by_token)
        router.add("GET", "/markets/", self.market)
        for path in ("/markets", "/sampling-markets"):
            router.add("GET", path, self.markets)
        for path in ("/simplified-markets", "/sampling-simplified-markets"):
            router.add("GET", path, self.simplified)
        router.add("GET", "/prices-history", self.history)
        router.add("GET", "/orderbook-history", _no_books)
        router.add("GET", "/markets/live-activity/", self.live_activity)
        for path in ("/rewards/markets/current", "/rewards/markets/"):
            router.add("GET", path, _nothing)
        router.add("GET", "/rebates/current", self.rebates)

    def rebates(self, request: Request) -> Reply:
        """`GET /rebates/current?date&maker_address`: what a maker got back for a day, by market."""
        told, wallet = request.query.get("date", ""), request.query.get("maker_address", "").lower()
        try:
            day = int(datetime.strptime(told, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()) * NANOS // DAY_NS
        except ValueError:
            return reply({"error": "invalid date"}, 400)
        return reply(
            [
                {
                    "date": told,
                    "condition_id": condition_id,
                    "asset_address": VenueContract.PUSD,
                    "maker_address": wallet,
                    "rebated_fees_usdc": decimal(micro),
                }
                for condition_id, micro in self._venue.rebates.of_maker(day, wallet).items()
            ]
        )

    def fee_rate(self, request: Request) -> Reply:
        """`GET /fee-rate`: a number of former times, 1000 wherever there is a fee."""
        market = self._venue.market_of(request.query.get("token_id", ""))
        return NO_BOOK if market is None else reply({"base_fee": _LEGACY_FEE if market.fee.rate_micro else 0})

    def price(self, request: Request) -> Reply:
        """`GET /price`: side BUY is the best bid, SELL the best ask."""
        token_id, side = request.query.get("token_id", ""), request.query.get("side", "").upper()
        if self._venue.book(token_id) is None:
            return NO_BOOK
        if side not in ("BUY", "SELL"):
            return BAD_SIDE
        return reply({"price": self._best(token_id, side)})

    def prices(self, request: Request) -> Reply:
        """`POST /prices`: of several tokens and sides; unknown tokens are left out."""
        asked = _objects(request)
        if asked is None:
            return BAD_PAYLOAD
        told: dict[str, dict[str, str]] = {}
        for one in asked:
            token_id, side = str(one.get("token_id", "")), str(one.get("side", "")).upper()
            if side in ("BUY", "SELL") and self._venue.market_of(token_id) is not None:
                told.setdefault(token_id, {})[side] = self._best(token_id, side)
        return reply(told)

    def last_trade(self, request: Request) -> Reply:
        """`GET /last-trade-price`: 0.5 and no side where nothing was traded."""
        token_id = request.query.get("token_id", "")
        if self._venue.market_of(token_id) is None:
            return NO_BOOK
        price_micro, side = self._trades.last.get(token_id, (MICRO // 2, ""))
        return reply({"price": last_price(price_micro) if side else "0.5", "side": side})

    def last_trades(self, request: Request) -> Reply:
        """`POST /last-trades-prices`: of at most 500 tokens, those that traded."""
        asked = _objects(request)
        if asked is None or len(asked) > MAX_MANY:
            return BAD_PAYLOAD
        tokens = [str(one.get("token_id", "")) for one in asked]
        known = [(token_id, *self._trades.last[token_id]) for token_id in tokens if token_id in self._trades.last]
        return reply([{"token_id": token, "price": last_price(price), "side": side} for token, price, side in known])

    def terms(self, request: Request) -> Reply:
        """`GET /clob-markets/{id}`: all that an order needs to know of a market."""
        market = self._named(request)
        return NO_MARKET if market is None else reply(compact_terms(market))

    def by_token(self, request: Request) -> Reply:
        """`GET /markets-by-token/{token}`."""
        market = self._venue.market_of(_last_part(request))
        if market is None:
            return NO_MARKET
        first, second = market.token_ids
        return reply({"condition_id": market.condition_id, "primary_token_id": first, "secondary_token_id": second})

    def market(self, request: Request) -> Reply:
        """`GET /markets/{id}`."""
        market = self._named(request)
        return NO_MARKET if market is None else reply(whole_market(market))

    def markets(self, request: Request) -> Reply:
        """`GET /markets`: 1000 a page."""
        return page(list(self._venue.markets.values()), request.query, PAGE, whole_market)

    def simplified(self, request: Request) -> Reply:
        """`GET /simplified-markets`."""
        return page(list(self._venue.markets.values()), request.query, PAGE, simplified_market)

    def history(self, request: Request) -> Reply:
        """`GET /prices-history` of a token: by period or interval."""
        query, now_s = request.query, self._now() // NANOS
        try:
            step_s = 60 * max(1, int(query.get("fidelity", "1")))
            if "interval" in query:
                first_s, last_s = now_s - _INTERVALS_S[query["interval"]], now_s
            else:
                first_s, last_s = int(query["startTs"]), int(query.get("endTs", now_s))
        except (KeyError, ValueError):
            return reply({"error": "invalid filters: interval or startTs and endTs are required"}, 400)
        return reply({"history": self._trades.points(query.get("market", ""), first_s, last_s, step_s)})

    def live_activity(self, request: Request) -> Reply:
        """`GET /markets/live-activity/{id}`: the newest trades of a market, newest first."""
        market = self._named(request)
        if market is None:
            return NO_MARKET
        newest = (trade for trade in reversed(self._venue.trades.values()) if trade.condition_id == market.condition_id)
        return reply([live_trade(trade, market) for trade in islice(newest, LIVE_TRADES)])

    def _best(self, token_id: str, side: str) -> str:
        bid, ask = self._venue.best(token_id)
        return decimal(bid if side == "BUY" else ask)

    def _named(self, request: Request) -> VenueMarket | None:
        return self._venue.markets.get(_last_part(request).lower())

    def _of_token(self, told: Callable[[BookView], Any]) -> Callable[[Request], Reply]:
        def answer(request: Request) -> Reply:
            book = self._venue.book(request.query.get("token_id", ""))
            return NO_BOOK if book is None else reply(told(book))

        return answer

    def _of_tokens(self, told: Callable[[BookView], Any], *, listed: bool) -> Callable[[Request], Reply]:
        def answer(request: Request) -> Reply:
            asked = _objects(request)
            if asked is None or len(asked) > MAX_MANY:
                return BAD_PAYLOAD
            books = [self._venue.book(str(one.get("token_id", ""))) for one in asked]
            known = [book for book in books if book is not None]
            if listed:
                return reply([told(book) for book in known])
            return reply({book.token_id: next(iter(told(book).values())) for book in known})

        return answer


def midpoint(book: BookView) -> dict[str, str]:
    """`GET /midpoint`."""
    bid, ask = _bests(book)
    return {"mid": decimal((bid + ask) // 2)}


def spread(book: BookView) -> dict[str, str]:
    """`GET /spread`."""
    bid, ask = _bests(book)
    return {"spread": decimal(ask - bid)}


_OF_A_TOKEN: dict[str, Callable[[BookView], Any]] = {
    "/book": rest_book,
    "/midpoint": midpoint,
    "/spread": spread,
    "/tick-size": lambda book: {"minimum_tick_size": book.tick_micro / MICRO},
    "/neg-risk": lambda book: {"neg_risk": book.neg_risk},
}


def compact_terms(market: VenueMarket) -> dict[str, Any]:
    """Build the short form of `GET /clob-markets/{id}`; `fd` only where there is a fee."""
    fee = _LEGACY_FEE if market.fee.rate_micro else 0
    terms: dict[str, Any] = {
        "c": market.condition_id,
        "t": [{"t": token, "o": name} for token, name in zip(market.token_ids, market.outcomes, strict=True)],
        "mos": _number(market.min_order_micro),
        "mts": _number(market.tick_micro),
        "mbf": fee,
        "tbf": fee,
        "nr": market.neg_risk,
        "itode": market.taker_delay,
        "rfqe": False,
        "ibce": False,
        "oas": 0,
        "r": {"mi": 0, "ma": 0},
    }
    if market.game_start_ts >= 0:
        terms["gst"] = iso(market.game_start_ts)
    if market.fee.rate_micro:
        terms["fd"] = {"r": market.fee.rate_micro / MICRO, "e": market.fee.exponent, "to": True}
    return terms


def whole_market(market: VenueMarket) -> dict[str, Any]:
    """Tell a market as `GET /markets` does."""
    fee = _LEGACY_FEE if market.fee.rate_micro else 0
    return {
        "enable_order_book": True,
        "active": True,
        "closed": market.resolved,
        "archived": False,
        "accepting_orders": market.accepting_orders,
        "accepting_order_timestamp": iso(market.created_ts),
        "minimum_order_size": _number(market.min_order_micro),
        "minimum_tick_size": _number(market.tick_micro),
        "condition_id": market.condition_id,
        "question_id": market.question_id,
        "question": market.title,
        "description": "",
        "market_slug": market.slug,
        "end_date_iso": iso(market.end_ts) if market.end_ts >= 0 else None,
        "game_start_time": iso(market.game_start_ts) if market.game_start_ts >= 0 else None,
        "seconds_delay": market.seconds_delay,
        "fpmm": "",
        "maker_base_fee": fee,
        "taker_base_fee": fee,
        "notifications_enabled": True,
        "neg_risk": market.neg_risk,
        "neg_risk_market_id": market.neg_risk_market_id,
        "neg_risk_request_id": "",
        "icon": "",
        "image": "",
        "rewards": {"rates": None, "min_size": 0, "max_spread": 0},
        "is_50_50_outcome": False,
        "tokens": _tokens(market),
        "tags": [market.category] if market.category else [],
    }


def simplified_market(market: VenueMarket) -> dict[str, Any]:
    """Tell a market as `GET /simplified-markets` does."""
    return {
        "condition_id": market.condition_id,
        "rewards": {"rates": None, "min_size": 0, "max_spread": 0},
        "tokens": _tokens(market),
        "active": True,
        "closed": market.resolved,
        "archived": False,
        "accepting_orders": market.accepting_orders,
    }


def live_trade(trade: VenueTrade, market: VenueMarket) -> dict[str, Any]:
    """Tell a trade as the live activity of its market does: the taker's side of it."""
    return {
        "event_type": "trade",
        "market": {
            "condition_id": market.condition_id,
            "asset_id": trade.token_id,
            "question": market.title,
            "icon": "",
            "slug": market.slug,
        },
        "user": {
            "address": checksum_address(trade.maker),
            "username": "",
            "profile_picture": "",
            "optimized_profile_picture": "",
            "pseudonym": "",
        },
        "side": trade.side,
        "size": decimal(trade.size_micro),
        "fee_rate_bps": "0",
        "price": decimal(trade.price_micro),
        "outcome": market.outcomes[trade.outcome_index],
        "outcome_index": trade.outcome_index,
        "transaction_hash": told_hash(trade, trade.state),
        "timestamp": str(trade.match_ts // NANOS),
    }


def _tokens(market: VenueMarket) -> list[dict[str, Any]]:
    payouts = market.payouts_micro or (0,) * len(market.token_ids)
    rows = zip(market.token_ids, market.outcomes, payouts, strict=True)
    return [
        {"token_id": token, "outcome": name, "price": payout / MICRO, "winner": payout == MICRO}
        for token, name, payout in rows
    ]


def iso(ts_ns: int) -> str:
    """A time as the venue's JSON spells it."""
    return datetime.fromtimestamp(ts_ns // NANOS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _bests(book: BookView) -> tuple[int, int]:
    return book.bids[-1].price_micro if book.bids else 0, book.asks[-1].price_micro if book.asks else MICRO


def _number(micro: int) -> int | float:
    whole, rest = divmod(micro, MICRO)
    return whole if not rest else micro / MICRO


def _last_part(request: Request) -> str:
    return request.path.rpartition("/")[2]


def _objects(request: Request) -> list[dict[str, Any]] | None:
    """Return the body where it is an array of objects."""
    try:
        return msgspec.json.decode(request.body, type=list[dict[str, Any]])
    except msgspec.MsgspecError:
        return None


def _no_books(request: Request) -> Reply:
    """`GET /orderbook-history`: no snapshots are kept (the venue's end in February 2026)."""
    if not (request.query.get("asset_id") or request.query.get("market")):
        return reply({"error": "asset_id is required"}, 400)
    if not request.query.get("startTs"):
        return reply({"error": "startTs is required"}, 400)
    return reply({"count": 0, "data": []})


def _nothing(_request: Request) -> Reply:
    return reply({"data": [], "next_cursor": END_CURSOR, "limit": 100, "count": 0})
