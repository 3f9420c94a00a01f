"""The Data API: v2 by cursors, v1 by windows; what its ceilings cut off is said (`Page.truncated`), never hidden.

Its answers are cached by the venue's network (`/v2/trades` for 300 s, `/v2/activity` for 15 s), so a caller who asks
again moves `since_s` or `until_s`. On `/v2/trades` the period is honoured only together with a wallet; rows outside
it are trimmed here. Every listing is asked page by page with a cursor, so that a caller can keep its place. No row is
decoded.
"""

from collections.abc import Iterator, Mapping

import msgspec

from whaletrader.adapters.polymarket.http import VenueHttp
from whaletrader.adapters.polymarket.pages import Page, brief, data_page, raws, walk

PAGE_ROWS = 1_000
V1_ACTIVITY_ROWS, V1_TRADE_ROWS = 500, 10_000
V1_LAST_OFFSET = 10_000
V1_LAST_ACTIVITY_OFFSET = 5_000
"""The venue's documents say 10,000; in 2026 it was seen to refuse more than this, so no window goes further."""
CONDITIONS_PER_CALL = 20
Value = str | int | bool


class DataApi:
    """The routes that matter here; `since_s=1` asks for everything (without it the venue gives three years)."""

    def __init__(self, http: VenueHttp) -> None:
        self.http = http

    def v2_page(
        self,
        route: str,
        params: Mapping[str, Value],
        cursor: str = "",
        *,
        since_s: int = 0,
        until_s: int | None = None,
    ) -> Page:
        """One page of a v2 route ("activity", "trades", "positions", "resolutions", …)."""
        sent = dict(params) | ({"cursor": cursor} if cursor else {})
        body = self.http.get(f"/v2/{route}", sent).body
        return data_page(f"data_v2.{route}", params, body, since_s=since_s, until_s=until_s)

    def activity_page(
        self, user: str, since_s: int = 1, until_s: int | None = None, cursor: str = "", *, types: str = ""
    ) -> Page:
        """A wallet's trades, splits, merges, redemptions, … within [since_s, until_s], oldest first."""
        params: dict[str, Value] = {"user": user.lower(), "limit": PAGE_ROWS, "sort_direction": "ASC", "start": since_s}
        params |= {} if until_s is None else {"end": until_s}
        params |= {"type": types} if types else {}
        return self.v2_page("activity", params, cursor, since_s=since_s, until_s=until_s)

    def activity(self, user: str, since_s: int = 1, until_s: int | None = None, *, types: str = "") -> Iterator[Page]:
        """All pages of `activity_page`."""
        return walk(lambda cursor: self.activity_page(user, since_s, until_s, cursor, types=types))

    def wallet_trades_page(
        self, user: str, since_s: int = 1, until_s: int | None = None, cursor: str = "", *, taker_only: bool = False
    ) -> Page:
        """A wallet's fills, in both roles or as the taker only: the difference tells each fill's role."""
        params: dict[str, Value] = {"user": user.lower(), "limit": PAGE_ROWS, "taker_only": taker_only}
        params |= {"start": since_s} | ({} if until_s is None else {"end": until_s})
        return self.v2_page("trades", params, cursor, since_s=since_s, until_s=until_s)

    def market_trades_page(
        self, condition: str, since_s: int = 1, until_s: int | None = None, cursor: str = ""
    ) -> Page:
        """A market's fills of both roles, newest first; the venue ignores the period: the walk ends at `since_s`.

        The period is sent all the same: with the same address the venue's network tells for 300 s what it told before.
        """
        params: dict[str, Value] = {"condition": condition, "limit": PAGE_ROWS, "taker_only": False}
        params |= {"start": since_s} | ({} if until_s is None else {"end": until_s})
        page = self.v2_page("trades", params, cursor, since_s=since_s, until_s=until_s)
        if set(page.conditions) - {condition.lower()}:
            return msgspec.structs.replace(page, truncated="the venue answered for other markets", next="")
        beyond = 0 <= page.newest_s < since_s
        return msgspec.structs.replace(page, next="") if beyond else page

    def positions(self, user: str, status: str = "") -> Iterator[Page]:
        """A wallet's positions as they are now."""
        params: dict[str, Value] = {"user": user.lower(), "limit": PAGE_ROWS}
        params |= {"status": status} if status else {}
        return walk(lambda cursor: self.v2_page("positions", params, cursor))

    def resolutions(self, conditions: list[str]) -> Page:
        """How up to 20 markets were resolved."""
        return self.v2_page("resolutions", {"condition": ",".join(conditions[:CONDITIONS_PER_CALL])})

    def status(self) -> object:
        """How far the Data API has indexed the chain."""
        return self.http.get("/v2/status").json()

    def v1_activity_page(self, user: str, since_s: int, until_s: int, cursor: str = "") -> Page:
        """The same from the frozen v1. Where a window reaches the offset ceiling, the next one begins at its last
        second, behind the rows of that second which were told already; only a second with more rows than a window
        holds is cut off, and said to be.
        """
        place = _V1Place.parse(cursor or f"{since_s}:0:-1:0")
        params: dict[str, Value] = {
            "user": user.lower(),
            "limit": V1_ACTIVITY_ROWS,
            "offset": place.offset,
            "start": place.start,
            "end": until_s,
            "sortBy": "TIMESTAMP",
            "sortDirection": "ASC",
        }
        body = self.http.get("/activity", params).body
        page = data_page("data_v1.activity", params, body, since_s=since_s, until_s=until_s)
        if page.rows + page.trimmed < V1_ACTIVITY_ROWS:
            return page
        following, truncated = place.after([brief(row).second for row in raws(body, page.source)])
        return msgspec.structs.replace(page, next=following, truncated=truncated)

    def v1_market_trades_page(
        self, condition: str, since_s: int = 1, until_s: int | None = None, cursor: str = ""
    ) -> Page:
        """A market's fills from v1, newest first: it tells of the newest 20,000 and of no more."""
        offset = int(cursor or 0)
        params: dict[str, Value] = {
            "market": condition,
            "limit": V1_TRADE_ROWS,
            "offset": offset,
            "takerOnly": False,
        }
        body = self.http.get("/trades", params).body
        page = data_page("data_v1.trades", params, body, since_s=since_s, until_s=until_s)
        if page.rows + page.trimmed < V1_TRADE_ROWS or 0 <= page.newest_s < since_s:
            return page
        if offset + V1_TRADE_ROWS > V1_LAST_OFFSET:
            return msgspec.structs.replace(page, truncated="older fills lie beyond the venue's offset ceiling")
        return msgspec.structs.replace(page, next=str(offset + V1_TRADE_ROWS))


class _V1Place(msgspec.Struct, frozen=True):
    """A place in v1's windows: the window's start, the offset in it, and how many rows of its last second were told."""

    start: int
    offset: int
    second: int
    told: int

    @classmethod
    def parse(cls, cursor: str) -> "_V1Place":
        return cls(*(int(word) for word in cursor.split(":")))

    def after(self, seconds: list[int]) -> tuple[str, str]:
        """The cursor behind a full page, and why rows are lost (or "")."""
        last = seconds[-1]
        told = seconds.count(last) + (self.told if self.second == last == seconds[0] else 0)
        offset = self.offset + len(seconds)
        if offset <= V1_LAST_ACTIVITY_OFFSET:
            return f"{self.start}:{offset}:{last}:{told}", ""
        if last > self.start:
            return f"{last}:{told}:{last}:{told}", ""
        return f"{last + 1}:0:-1:0", "one second holds more rows than the venue's offset ceiling lets pass"
