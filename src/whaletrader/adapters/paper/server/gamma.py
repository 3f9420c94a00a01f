"""Gamma's face: markets and events over the public record, by keyset or by offset."""

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from whaletrader.adapters.paper.server.data_pages import BadParameter, Body, flag, number
from whaletrader.adapters.paper.server.edge import Reply, Request, Router, reply, text
from whaletrader.adapters.paper.server.gamma_rows import (
    TAG_NUMBERS,
    event_object,
    market_object,
    sort_value,
    tags,
)
from whaletrader.adapters.paper.server.record import Card, Record
from whaletrader.domain.values import MICRO, NANOS

DEFAULT_LIMIT = 20
MAX_LIMIT = 500
NOT_FOUND: Body = {"type": "not found error", "error": "id not found"}


class Gamma:
    """Answers of Gamma at a moment of the exchange's time."""

    def __init__(self, record: Record, now: Callable[[], int]) -> None:
        self._record = record
        self._now = now
        self.router = Router()
        routes: tuple[tuple[str, Callable[[Request], Reply]], ...] = (
            ("/status", lambda _: text("OK")),
            ("/markets", self._guard(self._markets)),
            ("/markets/keyset", self._guard(self._markets_keyset)),
            ("/markets/slug/", self._market_by_slug),
            ("/markets/", self._market_by_number),
            ("/events", self._guard(self._events)),
            ("/events/keyset", self._guard(self._events_keyset)),
            ("/events/slug/", self._event_by_slug),
            ("/events/", self._event_by_number),
            ("/tags", self._guard(self._tags)),
            ("/public-profile", self._guard(self._public_profile)),
        )
        for path, handler in routes:
            self.router.add("GET", path, handler)

    @staticmethod
    def _guard(compute: Callable[[Request], object]) -> Callable[[Request], Reply]:
        def answer(request: Request) -> Reply:
            try:
                return reply(compute(request))
            except BadParameter as error:
                return reply({"type": "validation error", "error": error.words}, 422)

        return answer

    # -- markets -------------------------------------------------------------------------------------------------

    def _selected(self, query: Mapping[str, str]) -> list[str]:
        market_ids = [card.market_id for card in self._record.cards.values() if self._matches(card, query)]
        field = query.get("order", "id")
        ascending = flag(query, "ascending", default=field == "id")
        return sorted(market_ids, key=lambda each: sort_value(self._record, each, field), reverse=not ascending)

    def _matches(self, card: Card, query: Mapping[str, str]) -> bool:
        standing = self._record.standings[card.market_id]
        closed = standing.payouts_micro is not None
        return (
            card.version in (query.get("version") or "v1").split(",")
            and ("closed" not in query or flag(query, "closed", default=False) == closed)
            and flag(query, "active", default=True)
            and not flag(query, "archived", default=False)
            and _named(query, "condition_ids", (card.market_id,))
            and _named(query, "clob_token_ids", card.token_ids)
            and _named(query, "slug", (card.slug,))
            and _named(query, "id", (str(card.number),))
            and _named(query, "tag_id", (TAG_NUMBERS.get(card.category, "100000"),))
            and _within(query, "end_date", card.end_ts / NANOS)
            and _within(query, "volume_num", standing.volume_micro / MICRO)
        )

    def _objects(self, market_ids: list[str], query: Mapping[str, str]) -> list[Body]:
        bodies = [market_object(self._record, each, self._now()) for each in market_ids]
        if flag(query, "include_tag", default=False):
            bodies = [
                body | {"tags": tags(self._record.cards[each])} for body, each in zip(bodies, market_ids, strict=True)
            ]
        return bodies

    def _markets(self, request: Request) -> list[Body]:
        limit, offset = _window(request.query)
        return self._objects(self._selected(request.query)[offset : offset + limit], request.query)

    def _markets_keyset(self, request: Request) -> Body:
        limit, _ = _window(request.query)
        page, cursor = _after(self._selected(request.query), request.query.get("after_cursor", ""), limit)
        body: Body = {"markets": self._objects(page, request.query)}
        return body | ({"next_cursor": cursor} if cursor else {})

    def _market_by_slug(self, request: Request) -> Reply:
        slug = request.path.rsplit("/", 1)[1]
        return self._one([card for card in self._record.cards.values() if card.slug == slug])

    def _market_by_number(self, request: Request) -> Reply:
        told, _, rest = request.path.removeprefix("/markets/").partition("/")
        found = [card for card in self._record.cards.values() if str(card.number) == told]
        return reply(tags(found[0])) if found and rest == "tags" else self._one(found)

    def _one(self, found: list[Card]) -> Reply:
        if not found:
            return reply(NOT_FOUND, 404)
        return reply(market_object(self._record, found[0].market_id, self._now()))

    # -- events --------------------------------------------------------------------------------------------------

    def _event_slugs(self, query: Mapping[str, str]) -> list[str]:
        narrowed = {name: value for name, value in query.items() if name not in ("slug", "id")}
        cards = [self._record.cards[each] for each in self._selected(narrowed)]
        wanted = [
            card
            for card in cards
            if _named(query, "slug", (card.event_slug,)) and _named(query, "id", (str(card.event_number),))
        ]
        return list(dict.fromkeys(card.event_slug for card in wanted))

    def _events(self, request: Request) -> list[Body]:
        limit, offset = _window(request.query)
        slugs = self._event_slugs(request.query)[offset : offset + limit]
        return [event_object(self._record, slug, self._now()) for slug in slugs]

    def _events_keyset(self, request: Request) -> Body:
        limit, _ = _window(request.query)
        page, cursor = _after(self._event_slugs(request.query), request.query.get("after_cursor", ""), limit)
        body: Body = {"events": [event_object(self._record, slug, self._now()) for slug in page]}
        return body | ({"next_cursor": cursor} if cursor else {})

    def _event_by_slug(self, request: Request) -> Reply:
        return self._one_event("event_slug", request.path.rsplit("/", 1)[1])

    def _event_by_number(self, request: Request) -> Reply:
        return self._one_event("event_number", request.path.rsplit("/", 1)[1])

    def _one_event(self, field: str, value: str) -> Reply:
        for card in self._record.cards.values():
            if str(getattr(card, field)) == value:
                return reply(event_object(self._record, card.event_slug, self._now()))
        return reply(NOT_FOUND, 404)

    def _tags(self, _: Request) -> list[Body]:
        return [{"id": number, "label": slug.capitalize(), "slug": slug} for slug, number in TAG_NUMBERS.items()]

    def _public_profile(self, request: Request) -> Body:
        wallet = request.query.get("address", "").lower()
        profile = self._record.profile(wallet)
        return {"proxyWallet": wallet, "name": profile.name, "pseudonym": profile.pseudonym, "bio": ""}


def _window(query: Mapping[str, str]) -> tuple[int, int]:
    return number(query, "limit", DEFAULT_LIMIT, most=MAX_LIMIT), number(query, "offset", 0)


def _after(keys: list[str], cursor: str, limit: int) -> tuple[list[str], str]:
    start = 0
    if cursor:
        try:
            last = msgspec.json.decode(base64.urlsafe_b64decode(cursor), type=str)
        except (binascii.Error, ValueError, msgspec.DecodeError):
            raise BadParameter("after_cursor", "invalid cursor") from None
        start = keys.index(last) + 1 if last in keys else len(keys)
    page = keys[start : start + limit]
    more = start + limit < len(keys)
    return page, base64.urlsafe_b64encode(msgspec.json.encode(page[-1])).decode() if more and page else ""


def _named(query: Mapping[str, str], name: str, values: tuple[str, ...]) -> bool:
    told = query.get(name)
    return not told or not set(told.lower().split(",")).isdisjoint(values)


def _within(query: Mapping[str, str], name: str, value: float) -> bool:
    least, most = query.get(f"{name}_min"), query.get(f"{name}_max")
    return (not least or value >= _as_number(least)) and (not most or value <= _as_number(most))


def _as_number(told: str) -> float:
    try:
        return float(told)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(told.replace("Z", "+00:00")).timestamp()
    except ValueError:
        raise BadParameter("filter", f"{told} is neither a number nor a time") from None
