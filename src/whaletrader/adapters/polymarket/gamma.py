"""Gamma: markets in bulk by keyset, and by their condition ids; closed and open ones, v1 and v2.

No row is decoded here (`datasets.decode.gamma` does).
"""

from collections.abc import Iterator, Mapping, Sequence

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
    conditionId: str | None = None  # noqa: N815  the venue's own name


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


def _condition(row: msgspec.Raw) -> str:
    try:
        return (msgspec.json.decode(row, type=_Named).conditionId or "").lower()
    except msgspec.MsgspecError:
        return ""
