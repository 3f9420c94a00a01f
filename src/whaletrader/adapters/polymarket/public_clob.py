"""The CLOB's public half: books, a market's trading facts, tick sizes, price histories, the server's time.

Answers are raw JSON for `datasets.decode.clob_market`; only what is a single number or word is read here. Numbers come
as decimal text and are never made floats here.
"""

from collections.abc import Iterator, Sequence

import msgspec

from whaletrader.adapters.polymarket.http import VenueHttp
from whaletrader.adapters.polymarket.pages import Page, raws, walk
from whaletrader.errors import VenueError

FIRST_CURSOR, LAST_CURSOR = "MA==", "LTE="
BOOKS_PER_CALL = 500
HISTORY_DAYS = 14
"""Longest stretch asked at once: longer ones are refused at fine grain."""


class _Listing(msgspec.Struct):
    data: msgspec.Raw
    next_cursor: str | None = None


class _History(msgspec.Struct):
    history: msgspec.Raw


class _Point(msgspec.Struct):
    t: int | float


class PublicClob:
    """Reads of the order-book server that need no key."""

    def __init__(self, http: VenueHttp) -> None:
        self.http = http

    def time_s(self) -> int:
        """The server's clock, unix seconds."""
        return _number(self.http.get("/time").json(), "/time")

    def version(self) -> int:
        """Which exchange version orders are signed for."""
        answer = self.http.get("/version").json()
        return _number(answer.get("version") if isinstance(answer, dict) else answer, "/version")

    def book(self, token_id: str) -> bytes:
        """The book of one token; best prices are the *last* elements. 404 (a `VenueError`) where there is none."""
        return self.http.get("/book", {"token_id": token_id}).body

    def books(self, token_ids: Sequence[str]) -> Iterator[bytes]:
        """Books of many tokens: arrays of books, `BOOKS_PER_CALL` at once; tokens without a book are left out."""
        for begin in range(0, len(token_ids), BOOKS_PER_CALL):
            asked = msgspec.json.encode([{"token_id": token} for token in token_ids[begin : begin + BOOKS_PER_CALL]])
            yield self.http.send("POST", "/books", asked, idempotent=True).body

    def clob_market(self, condition_id: str) -> bytes:
        """Everything an order needs to know of a market, in the short names of `/clob-markets`."""
        return self.http.get(f"/clob-markets/{condition_id}").body

    def market_of(self, token_id: str) -> str:
        """The condition id of a token's market."""
        answer = self.http.get(f"/markets-by-token/{token_id}").json()
        found = answer.get("condition_id") if isinstance(answer, dict) else None
        if not isinstance(found, str) or not found:
            raise VenueError(f"the venue names no market of token {token_id}")
        return found.lower()

    def tick_size(self, token_id: str) -> str:
        """The tick as the venue writes it, such as "0.01"."""
        answer = self.http.get("/tick-size", {"token_id": token_id}).json()
        found = answer.get("minimum_tick_size") if isinstance(answer, dict) else None
        if found is None:
            raise VenueError(f"the venue names no tick size of token {token_id}")
        return str(found)

    def neg_risk(self, token_id: str) -> bool:
        """Whether the token's market belongs to a neg-risk event."""
        answer = self.http.get("/neg-risk", {"token_id": token_id}).json()
        found = answer.get("neg_risk") if isinstance(answer, dict) else None
        if not isinstance(found, bool):
            raise VenueError(f"the venue does not say whether token {token_id} is of a neg-risk market")
        return found

    def markets(self, kind: str = "markets") -> Iterator[Page]:
        """All markets in pages: `markets`, `simplified-markets`, `sampling-markets`, `sampling-simplified-markets`."""
        return walk(lambda cursor: self.markets_page(kind, cursor))

    def markets_page(self, kind: str = "markets", cursor: str = "") -> Page:
        """One page of up to 1,000 markets."""
        body = self.http.get(f"/{kind}", {"next_cursor": cursor or FIRST_CURSOR}).body
        try:
            listing = msgspec.json.decode(body, type=_Listing)
        except msgspec.MsgspecError:
            raise VenueError(f"clob.{kind} answered without its data", retryable=True) from None
        following = listing.next_cursor or LAST_CURSOR
        source = f"clob.{kind.replace('-', '_')}"
        rows = len(raws(listing.data, source))
        return Page(source=source, params={}, body=body, rows=rows, next="" if following == LAST_CURSOR else following)

    def prices_page(self, token_id: str, since_s: int, until_s: int, cursor: str = "", fidelity_min: int = 1) -> Page:
        """A token's price history, one stretch of `HISTORY_DAYS` a page; the cursor is a stretch's first second."""
        begin = int(cursor or since_s)
        end = min(until_s, begin + HISTORY_DAYS * 86_400 - 1)
        params: dict[str, str | int | bool] = {
            "market": token_id,
            "startTs": begin,
            "endTs": end,
            "fidelity": fidelity_min,
        }
        body = self.http.get("/prices-history", params).body
        try:
            points = raws(msgspec.json.decode(body, type=_History).history, "clob.prices_history")
            seconds = [int(msgspec.json.decode(point, type=_Point).t) for point in points]
        except msgspec.MsgspecError:
            raise VenueError("clob.prices_history answered without its history", retryable=True) from None
        return Page(
            source="clob.prices_history",
            params=params,
            body=body,
            rows=len(points),
            next=str(end + 1) if end < until_s else "",
            first_s=min(seconds, default=-1),
            last_s=max(seconds, default=-1),
        )


def _number(answer: object, path: str) -> int:
    try:
        return int(str(answer))
    except ValueError:
        raise VenueError(f"the venue's {path} is no number", retryable=True) from None
