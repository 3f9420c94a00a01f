"""Gamma: markets in bulk by keyset, and by their condition ids; closed and open ones, v1 and v2.

No row is decoded here (`datasets.decode.gamma` does).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from whaletrader.adapters.polymarket.http import VenueHttp
from whaletrader.adapters.polymarket.pages import Page, raws, walk
from whaletrader.errors import VenueError

PAGE_ROWS = 100
CONDITIONS_PER_CALL = 50
Value = str | int | bool


class _Listing(msgspec.Struct):
    markets: msgspec.Raw
    next_cursor: str | None = None


class _Named(msgspec.Struct):
    """What paging needs of a market; the names are the venue's own."""

    conditionId: str | None = None  # noqa: N815
    clobTokenIds: str | None = None  # noqa: N815
    positionIds: list[str] | None = None  # noqa: N815
    version: str | None = None
    startDate: str | None = None  # noqa: N815
    closedTime: str | None = None  # noqa: N815
    closed: bool | None = None
    umaResolutionStatus: str | None = None  # noqa: N815


class MarketBrief(msgspec.Struct, frozen=True, kw_only=True):
    """A market's ids and life, unix seconds; -1 where it is not told."""

    condition: str
    tokens: tuple[str, ...]
    opened_s: int
    closed_s: int
    settled: bool
    """Closed and resolved: what Gamma says of it changes no more."""


class Gamma:
    """Markets and what belongs to them."""

    def __init__(self, http: VenueHttp) -> None:
        self.http = http

    def markets_page(self, filters: Mapping[str, Value], cursor: str = "") -> Page:
        """One page of `/markets/keyset` with filters such as closed, version, end_date_min, tag_id."""
        params = dict(filters) | {"limit": PAGE_ROWS}
        sent = params | ({"after_cursor": cursor} if cursor else {})
        return _page(params, self.http.get("/markets/keyset", sent).body)

    def markets(self, filters: Mapping[str, Value]) -> Iterator[Page]:
        """All pages of `markets_page`."""
        return walk(lambda cursor: self.markets_page(filters, cursor))

    def by_conditions(self, conditions: Sequence[str]) -> Iterator[Page]:
        """Markets by their condition ids, in as few questions as it takes: open, then closed, then of version 2."""
        wanted = list(dict.fromkeys(conditions))
        for begin in range(0, len(wanted), CONDITIONS_PER_CALL):
            lacking = wanted[begin : begin + CONDITIONS_PER_CALL]
            for more in ({"closed": "false"}, {"closed": "true"}, {"version": "v2"}):
                if not lacking:
                    break
                page = self.conditions_page(lacking, more)
                found = set(page.conditions)
                lacking = [condition for condition in lacking if condition.lower() not in found]
                if page.rows:
                    yield page

    def conditions_page(self, conditions: Sequence[str], more: Mapping[str, Value]) -> Page:
        """Up to `CONDITIONS_PER_CALL` markets that fit the filters too."""
        params: dict[str, Value] = {"limit": PAGE_ROWS, **more}
        named = [("condition_ids", condition) for condition in conditions]
        body = self.http.get("/markets/keyset", [*named, *params.items()]).body
        return _page(params | {"condition_ids": ",".join(conditions)}, body)


def _page(params: Mapping[str, Value], body: bytes) -> Page:
    source = "gamma.markets"
    try:
        listing = msgspec.json.decode(body, type=_Listing)
    except msgspec.MsgspecError:
        raise VenueError(f"{source} answered without its markets", retryable=True) from None
    rows = raws(listing.markets, source)
    named = [_condition(row) for row in rows]
    return Page(
        source=source,
        params=dict(params),
        body=body,
        rows=len(rows),
        next=listing.next_cursor or "",
        conditions=tuple(dict.fromkeys(name for name in named if name)),
    )


def market_briefs(page: Page) -> list[MarketBrief]:
    """The markets of a page; a row of another shape is left out, it stays in the page."""
    rows = raws(msgspec.json.decode(page.body, type=_Listing).markets, page.source)
    return [brief for row in rows if (brief := _brief(row)) is not None]


def _brief(row: msgspec.Raw) -> MarketBrief | None:
    try:
        named = msgspec.json.decode(row, type=_Named)
        listed = msgspec.json.decode(named.clobTokenIds or "[]", type=list[str])
    except msgspec.MsgspecError:
        return None
    if not named.conditionId:
        return None
    return MarketBrief(
        condition=named.conditionId.lower(),
        tokens=tuple(named.positionIds or () if named.version == "v2" else listed),
        opened_s=_second(named.startDate),
        closed_s=_second(named.closedTime),
        settled=named.closed is True and named.umaResolutionStatus == "resolved",
    )


def _second(text: str | None) -> int:
    """One of Gamma's three spellings of a time: `…Z`, `2026-09-24 14:02:16+00`, a day."""
    try:
        moment = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return -1
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())


def _condition(row: msgspec.Raw) -> str:
    brief = _brief(row)
    return brief.condition if brief else ""
