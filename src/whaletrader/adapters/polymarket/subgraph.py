"""The history subgraphs (The Graph's protocol): entities in order of id, page by page; blind after 2026-04-28.

Pages follow `id_gt` (skips beyond 5,000 are refused); a query that times out is repeated with half the rows. No row is
decoded here (`datasets.decode.subgraph` does).
"""

import re
from collections.abc import Mapping

import msgspec

from whaletrader.adapters.polymarket.http import VenueHttp
from whaletrader.adapters.polymarket.pages import Page, raws
from whaletrader.errors import UsageError, VenueError

PAGE_ROWS = 1_000
NAMES: Mapping[str, str] = {
    "orderbook": "orderbook-subgraph/0.0.1",
    "positions": "positions-subgraph/0.0.7",
    "activity": "activity-subgraph/0.0.4",
    "oi": "oi-subgraph/0.0.6",
    "pnl": "pnl-subgraph/0.0.14",
    "fpmm": "fpmm-subgraph/0.0.1",
    "wallet": "wallet-subgraph/0.0.4",
}
"""Short name to what stands in the address."""
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VALUE = re.compile(r"[A-Za-z0-9_.\-]*")


class _Problem(msgspec.Struct):
    message: str = ""


class _Answer(msgspec.Struct):
    data: dict[str, msgspec.Raw] | None = None
    errors: list[_Problem] | None = None


class _Id(msgspec.Struct):
    id: str
    timestamp: str | int | None = None


class Subgraph:
    """All subgraphs of one host."""

    def __init__(self, http: VenueHttp) -> None:
        self.http = http

    def page(
        self, name: str, entity: str, fields: str, where: Mapping[str, str], cursor: str = "", rows: int = PAGE_ROWS
    ) -> Page:
        """Up to `rows` entities behind the id `cursor`; `where` holds filters beside it, such as maker.

        Raises
        ------
        UsageError
            A name or a filter's value is none that a query can hold.
        VenueError
            The subgraph reports an error, also when asked for few rows.
        """
        while True:
            query = query_text(entity, fields, {**where, "id_gt": cursor}, rows)
            path = f"/{NAMES.get(name, name)}/gn"
            body = self.http.send("POST", path, msgspec.json.encode({"query": query}), idempotent=True).body
            problem, listing = _read(body, entity)
            if listing is not None:
                return self._page(entity, where, body, listing, rows)
            if "time" not in problem.lower() or rows <= 10:
                raise VenueError(f"the subgraph {name} refused {entity}: {problem[:300]}", status=200, words=problem)
            rows //= 2

    def _page(self, entity: str, where: Mapping[str, str], body: bytes, listing: msgspec.Raw, asked: int) -> Page:
        source = f"subgraph.{entity}"
        try:
            found = msgspec.json.decode(listing, type=list[_Id])
        except msgspec.MsgspecError:
            raise VenueError(f"{source} answered rows without ids", retryable=True) from None
        seconds = [int(one.timestamp) for one in found if one.timestamp is not None and str(one.timestamp).isdigit()]
        return Page(
            source=source,
            params=dict(where),
            body=body,
            rows=len(raws(listing, source)),
            next=found[-1].id if len(found) >= asked else "",
            first_s=min(seconds, default=-1),
            last_s=max(seconds, default=-1),
        )


def query_text(entity: str, fields: str, where: Mapping[str, str], rows: int) -> str:
    """The GraphQL text; nothing but words, numbers and hex can get into it.

    Raises
    ------
    UsageError
        A name or value has other characters.
    """
    for word in (entity, *where):
        if not _WORD.fullmatch(word):
            raise UsageError(f"{word!r} is no name that a subgraph query can hold")
    for value in where.values():
        if not _VALUE.fullmatch(value):
            raise UsageError(f"{value!r} is no value that a subgraph query can hold")
    conditions = ",".join(f'{key}:"{value}"' for key, value in where.items())
    return f"{{{entity}(first:{rows},orderBy:id,orderDirection:asc,where:{{{conditions}}}){{{fields}}}}}"


def _read(body: bytes, entity: str) -> tuple[str, msgspec.Raw | None]:
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except msgspec.MsgspecError:
        raise VenueError("the subgraph answered what is no JSON", retryable=True) from None
    if answer.errors:
        return answer.errors[0].message, None
    if answer.data is None or entity not in answer.data:
        return "no data", None
    return "", answer.data[entity]
