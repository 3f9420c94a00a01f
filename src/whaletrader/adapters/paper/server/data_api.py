"""The Data API's face: routes of v1 and v2 over the public record; rows and pages are made elsewhere.

The index lags the chain, answers are cached (trades 300 s, activity 15 s, positions 5 s), v1 hides maker fills unless
asked, v2 refuses more than twenty conditions.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from itertools import islice
from typing import TypeVar

from whaletrader.adapters.paper.server import data_portfolio, data_rows
from whaletrader.adapters.paper.server.data_pages import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    AnswerCache,
    BadParameter,
    Body,
    amount,
    envelope,
    filters_digest,
    flag,
    make_cursor,
    number,
    offset_page,
    read_cursor,
    refusal_v2,
    window_v1,
)
from whaletrader.adapters.paper.server.edge import Reply, Request, Router, reply, text
from whaletrader.adapters.paper.server.figures import seconds
from whaletrader.adapters.paper.server.holding import Holding
from whaletrader.adapters.paper.server.holdings import holdings_of
from whaletrader.adapters.paper.server.record import Leg, Move, Record
from whaletrader.domain.values import MICRO, NANOS

MAX_CONDITIONS = 20
_Row = TypeVar("_Row", Leg, Leg | Move)
Compute = Callable[[Request], Body | list[Body]]


class DataApi:
    """Answers of the Data API at a moment of the exchange's time."""

    def __init__(self, record: Record, now: Callable[[], int]) -> None:
        self._record = record
        self._now = now
        self._cache = AnswerCache(now)
        self.router = Router()
        self.router.add("GET", "/", lambda _: text("OK"))
        for path, max_age_s, compute in self._routes():
            self.router.add("GET", path, self._handler(max_age_s, compute, v2=path.startswith("/v2/")))

    def _routes(self) -> Iterable[tuple[str, int, Compute]]:
        return (
            ("/trades", 0, self._trades_v1),
            ("/activity", 0, self._activity_v1),
            ("/positions", 0, self._positions_v1),
            ("/closed-positions", 0, self._closed_positions_v1),
            ("/value", 0, self._value_v1),
            ("/v1/leaderboard", 0, self._leaderboard_v1),
            ("/v2/trades", 300, self._trades_v2),
            ("/v2/activity", 15, self._activity_v2),
            ("/v2/positions", 5, self._positions_v2),
            ("/v2/holders", 120, self._holders_v2),
            ("/v2/value", 5, self._value_v2),
            ("/v2/resolutions", 0, self._resolutions_v2),
            ("/v2/leaderboard", 0, self._leaderboard_v2),
            ("/v2/status", 0, self._status_v2),
        )

    def _handler(self, max_age_s: int, compute: Compute, *, v2: bool) -> Callable[[Request], Reply]:
        def answer(request: Request) -> Reply:
            try:
                return reply(compute(request))
            except BadParameter as error:
                return refusal_v2(error) if v2 else reply({"error": error.words}, 400)

        return lambda request: self._cache.answer(request, max_age_s, answer)

    # -- trades and activity -------------------------------------------------------------------------------------

    def _legs(self, request: Request, *, markets: str, taker_only: bool) -> Iterator[Leg]:
        wanted = conditions(request, markets)
        side = request.query.get("side", "").upper()
        start, end = _window_ns(request)
        for leg in self._record.legs_newest_first(self._now(), wallet=wallet_of(request), market_ids=wanted):
            if leg.ts < start:
                return
            if leg.ts <= end and not (taker_only and leg.maker) and side in ("", leg.side) and _large(request, leg):
                yield leg

    def _trades_v1(self, request: Request) -> list[Body]:
        limit, offset = window_v1(request.query, default=100, most=10_000)
        legs = self._legs(request, markets="market", taker_only=flag(request.query, "takerOnly", default=True))
        rows = islice(data_rows.merged_fills(legs), offset, offset + limit)
        return [data_rows.leg_v1(self._record, leg) for leg in rows]

    def _trades_v2(self, request: Request) -> Body:
        now = self._now()
        legs = self._legs(request, markets="condition", taker_only=flag(request.query, "taker_only", default=False))
        return self._page(request, legs, lambda row: data_rows.leg_v2(self._record, row, now))

    def _activity_v1(self, request: Request) -> list[Body]:
        limit, offset = window_v1(request.query, default=100, most=500)
        events = self._events(request, markets="market")
        events = reversed(list(events)) if request.query.get("sortDirection", "").upper() == "ASC" else events
        rows = islice(events, offset, offset + limit)
        return [
            data_rows.leg_activity_v1(self._record, row)
            if isinstance(row, Leg)
            else data_rows.move_activity_v1(self._record, row)
            for row in rows
        ]

    def _events(self, request: Request, *, markets: str) -> Iterator[Leg | Move]:
        wallet = wallet_of(request)
        if not wallet:
            raise BadParameter("user", "required query param 'user' not provided")
        kinds = [kind for kind in request.query.get("type", "").upper().split(",") if kind]
        wanted, (start, end) = conditions(request, markets), _window_ns(request)
        legs: Iterator[Leg | Move] = self._legs(request, markets=markets, taker_only=False)
        moves: Iterator[Leg | Move] = (
            move
            for move in self._record.moves_newest_first(self._now(), wallet)
            if start <= move.ts <= end and (not wanted or move.market_id in wanted)
        )
        for row in merge(legs, moves, key=lambda row: (-row.block, -row.log_index)):
            if not kinds or (row.kind if isinstance(row, Move) else "TRADE") in kinds:
                yield row

    def _activity_v2(self, request: Request) -> Body:
        ascending = request.query.get("sort_direction", "").upper() == "ASC"
        return self._page(request, self._events(request, markets="condition"), self._activity_row, ascending=ascending)

    def _activity_row(self, row: Leg | Move) -> Body:
        if isinstance(row, Leg):
            return data_rows.leg_activity_v2(self._record, row)
        return data_rows.move_activity_v2(self._record, row)

    @staticmethod
    def _page(
        request: Request, rows: Iterable[_Row], render: Callable[[_Row], Body], *, ascending: bool = False
    ) -> Body:
        limit = number(request.query, "limit", DEFAULT_LIMIT, least=1, most=MAX_LIMIT)
        digest = filters_digest(request.query)
        place = read_cursor(request.query.get("cursor", ""), digest)
        bodies: list[Body] = []
        last: tuple[int, ...] = ()
        for row in reversed(list(rows)) if ascending else rows:
            key = (row.block, row.log_index)
            if place is not None and (key <= place if ascending else key >= place):
                continue
            body = render(row)
            combo = data_rows.combo_beside(body)
            more = [body] if combo is None else [body, combo]
            if len(bodies) + len(more) > limit and bodies:
                cursor = make_cursor(digest, last)
                return envelope(bodies, limit=limit, offset=0, next_cursor=cursor)
            bodies += more
            last = key
        return envelope(bodies, limit=limit, offset=0, next_cursor=None)

    # -- positions and everything worked out from them -----------------------------------------------------------

    def _holdings(self, request: Request, markets: str) -> list[tuple[Holding, int]]:
        wallet, wanted = wallet_of(request), conditions(request, markets)
        if not wallet and len(wanted) != 1:
            raise BadParameter("user", "exactly one of user or condition is required")
        held = holdings_of(self._record, self._now(), wallet=wallet, market_ids=wanted)
        sizes = {(each.wallet, each.market_id, each.outcome_index): each.size_micro for each in held}
        return [(each, sizes.get((each.wallet, each.market_id, 1 - each.outcome_index), 0)) for each in held]

    def _positions_v2(self, request: Request) -> Body:
        status = request.query.get("status", "OPEN").upper()
        rows = [data_portfolio.position_v2(self._record, *pair) for pair in self._holdings(request, "condition")]
        if status == "MERGEABLE":
            rows = [row for row in rows if row["mergeable"]]
        else:
            rows = [row for row in rows if row["status"] == status]
        return offset_page(sorted(rows, key=_by_value), request.query)

    def _positions_v1(self, request: Request) -> list[Body]:
        limit, offset = window_v1(request.query, default=100, most=500)
        least = amount(request.query, "sizeThreshold", 1.0)
        rows = [data_portfolio.position_v1(self._record, *pair) for pair in self._holdings(request, "market")]
        rows = [row for row in rows if float(str(row["size"])) >= least and row["size"]]
        for name in ("redeemable", "mergeable"):
            if flag(request.query, name, default=False):
                rows = [row for row in rows if row[name]]
        return sorted(rows, key=_by_value)[offset : offset + limit]

    def _closed_positions_v1(self, request: Request) -> list[Body]:
        limit, offset = window_v1(request.query, default=10, most=50, most_offset=100_000)
        held = [each for each, _ in self._holdings(request, "market") if not each.size_micro]
        held.sort(key=lambda each: (-each.realized_micro, each.token_id))
        return [data_portfolio.closed_position_v1(self._record, each) for each in held[offset : offset + limit]]

    def _worth(self, request: Request) -> int:
        return sum(data_portfolio.value_micro(self._record, each) for each, _ in self._holdings(request, "market"))

    def _value_v1(self, request: Request) -> list[Body]:
        return [{"user": wallet_of(request), "value": self._worth(request) / MICRO}]

    def _value_v2(self, request: Request) -> Body:
        row: Body = {"proxy_wallet": wallet_of(request), "value": self._worth(request) / MICRO}
        return offset_page([row], request.query)

    def _holders_v2(self, request: Request) -> Body:
        limit = number(request.query, "limit", 20, least=1, most=MAX_LIMIT)
        groups: list[Body] = []
        for market_id in conditions(request, "condition"):
            held = holdings_of(self._record, self._now(), market_ids=(market_id,))
            held = sorted((each for each in held if each.size_micro), key=lambda each: -each.size_micro)
            for token_id in self._record.cards[market_id].token_ids if market_id in self._record.cards else ():
                mine = [each for each in held if each.token_id == token_id][:limit]
                rows = [data_portfolio.holder_v2(self._record, each) for each in mine]
                groups.append({"token_id": token_id, "holders": rows})
        return offset_page(groups, {})

    def _resolutions_v2(self, request: Request) -> Body:
        query = request.query
        named = [name for name in ("question_id", "condition", "condition_id", "event_id") if query.get(name)]
        if len(named) != 1:
            raise BadParameter("condition", "exactly one of question_id, condition, event_id is required")
        values = query[named[0]].lower().split(",")
        field = {"question_id": "question_id", "event_id": "event_number"}.get(named[0], "market_id")
        cards = [card for card in self._record.cards.values() if str(getattr(card, field)) in values]
        rows = [data_portfolio.resolution_v2(card, self._record.standings[card.market_id]) for card in cards]
        return offset_page(rows, query)

    def _leaderboard(self, request: Request, name: str, *words: str) -> list[tuple[str, int, int]]:
        by_volume = request.query.get(name, "").upper() in words
        return data_portfolio.ranks(self._record, holdings_of(self._record, self._now()), by_volume=by_volume)

    def _leaderboard_v2(self, request: Request) -> Body:
        rows = self._leaderboard(request, "sort_by", "VOLUME")
        bodies = [data_portfolio.rank_v2(self._record, place, row) for place, row in enumerate(rows, 1)]
        return offset_page(bodies, request.query)

    def _leaderboard_v1(self, request: Request) -> list[Body]:
        limit, offset = window_v1(request.query, default=25, most=50, most_offset=1_000)
        rows = list(enumerate(self._leaderboard(request, "orderBy", "VOL"), 1))
        return [data_portfolio.rank_v1(self._record, place, row) for place, row in rows[offset : offset + limit]]

    def _status_v2(self, _: Request) -> Body:
        now = self._now()
        newest = next(self._record.legs_newest_first(now), None)
        indexed = {"block": newest.block if newest else 0, "timestamp": seconds(newest.ts if newest else now)}
        return {"data": {"status": "ok", "indexed": indexed, "lag_seconds": seconds(now) - indexed["timestamp"]}}


def wallet_of(request: Request) -> str:
    """The wallet that a query asks for, lower case; BadParameter where it is no address."""
    wallet = request.query.get("user", "").lower()
    if wallet and not re.fullmatch(r"0x[0-9a-f]{40}", wallet):
        raise BadParameter("user", "invalid address")
    return wallet


def conditions(request: Request, name: str) -> tuple[str, ...]:
    """The condition ids of a query, lower case; BadParameter where there are too many."""
    told = request.query.get(name) or request.query.get("condition_id", "")
    wanted = tuple(dict.fromkeys(each.lower() for each in told.split(",") if each))
    if len(wanted) > MAX_CONDITIONS:
        raise BadParameter(name, f"at most {MAX_CONDITIONS} condition ids are allowed")
    return wanted


def _window_ns(request: Request) -> tuple[int, int]:
    start = number(request.query, "start", 0)
    end = number(request.query, "end", 0)
    return start * NANOS, (end + 1) * NANOS - 1 if end else 1 << 62


def _large(request: Request, leg: Leg) -> bool:
    kind = request.query.get("filter_type") or request.query.get("filterType", "")
    name = "filter_amount" if request.query.get("filter_amount") else "filterAmount"
    if not kind or not request.query.get(name):
        return True
    least = amount(request.query, name, 0.0) * MICRO
    return (leg.usd_micro if kind.upper() == "CASH" else leg.size_micro) >= least


def _by_value(row: Body) -> tuple[float, str]:
    value = row["current_value"] if "current_value" in row else row["currentValue"]
    return -float(str(value)), str(row.get("token_id") or row.get("asset"))
