"""Pages of the venue's listings: the answer's bytes as they came, how many rows it holds, and where the next begins.

Rows are counted and cut out here, never decoded: that is `datasets.decode`'s work.
"""

import re
from collections.abc import Callable, Iterator, Mapping

import msgspec

from whaletrader.datasets.decode.fields import optional_instant
from whaletrader.domain.values import NANOS
from whaletrader.errors import VenueError

_COMBO = re.compile(r"0x[0-9a-fA-F]{62}")
_RAWS = msgspec.json.Decoder(list[msgspec.Raw])


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page: `source` as in `datasets.raw_pages`, `body` verbatim but for rows that were `trimmed`."""

    source: str
    params: dict[str, str | int | bool]
    body: bytes
    rows: int
    next: str = ""
    """Cursor of the next page; empty on the last."""
    combos: int = 0
    """Rows of combination markets (62-digit ids): counted here, dropped by the decoders."""
    first_s: int = -1
    """Least and greatest time of the rows, unix seconds; -1 without any."""
    last_s: int = -1
    trimmed: int = 0
    newest_s: int = -1
    """Greatest time of all rows, also of those trimmed."""
    truncated: str = ""
    """Why rows are missing for good, where the venue cannot tell more."""
    conditions: tuple[str, ...] = ()
    """Markets that the rows name, in order of first mention."""
    hashes: tuple[str, ...] = ()
    """Transactions of the rows that are trades."""


class _Brief(msgspec.Struct):
    """What is looked at in a row of the Data API, either version."""

    timestamp: int | float | str | None = None
    condition_id: str | None = None
    conditionId: str | None = None  # noqa: N815  the venue's own name
    transaction_hash: str | None = None
    transactionHash: str | None = None  # noqa: N815
    type: str | None = None

    @property
    def condition(self) -> str:
        return self.condition_id or self.conditionId or ""

    @property
    def second(self) -> int:
        """Unix seconds, however the time is written; -1 where it cannot be read."""
        return max(-1, optional_instant(self.timestamp) // NANOS)


_BRIEF = msgspec.json.Decoder(_Brief)


class _Pagination(msgspec.Struct):
    next_cursor: str | None = None


class Envelope(msgspec.Struct):
    """Data API v2: `{data, pagination}`."""

    data: msgspec.Raw
    pagination: _Pagination | None = None


def brief(row: msgspec.Raw) -> _Brief:
    """The few fields of a row that paging needs; a row of another shape has none of them."""
    try:
        return _BRIEF.decode(row)
    except msgspec.MsgspecError:
        return _Brief()


def raws(body: bytes | msgspec.Raw, source: str) -> list[msgspec.Raw]:
    """The rows of a JSON array, each verbatim.

    Raises
    ------
    VenueError
        It is no array.
    """
    try:
        return _RAWS.decode(body)
    except msgspec.MsgspecError:
        raise VenueError(f"{source} answered what is no list of rows", retryable=True) from None


def joined(rows: list[msgspec.Raw]) -> bytes:
    """The rows as a JSON array again."""
    return b"[" + b",".join(bytes(row) for row in rows) + b"]"


def data_page(
    source: str, params: Mapping[str, str | int | bool], body: bytes, *, since_s: int = 0, until_s: int | None = None
) -> Page:
    """A page of the Data API (v2's envelope or v1's array), without rows outside the period.

    Raises
    ------
    VenueError
        The body is neither.
    """
    cursor, listing = "", msgspec.Raw(body)
    enveloped = not body.lstrip().startswith(b"[")
    if enveloped:
        try:
            envelope = msgspec.json.decode(body, type=Envelope)
        except msgspec.MsgspecError:
            raise VenueError(f"{source} answered without its envelope", retryable=True) from None
        cursor = (envelope.pagination.next_cursor or "") if envelope.pagination else ""
        listing = envelope.data
    rows = raws(listing, source)
    briefs = [brief(row) for row in rows]
    newest = max((one.second for one in briefs), default=-1)
    inside = [_inside(one.second, since_s, until_s) for one in briefs]
    if not all(inside):
        rows = [row for row, kept in zip(rows, inside, strict=True) if kept]
        briefs = [one for one, kept in zip(briefs, inside, strict=True) if kept]
        body = b'{"data":' + joined(rows) + b"}" if enveloped else joined(rows)
    seconds = [one.second for one in briefs if one.second >= 0]
    return Page(
        source=source,
        params=dict(params),
        body=body,
        rows=len(rows),
        next=cursor,
        combos=sum(1 for one in briefs if _COMBO.fullmatch(one.condition)),
        first_s=min(seconds, default=-1),
        last_s=max(seconds, default=-1),
        trimmed=inside.count(False),
        newest_s=newest,
        conditions=tuple(dict.fromkeys(one.condition.lower() for one in briefs if _is_condition(one.condition))),
        hashes=tuple(dict.fromkeys(h for one in briefs if (h := _trade_hash(one)))),
    )


def _inside(second: int, since_s: int, until_s: int | None) -> bool:
    return second < 0 or (second >= since_s and (until_s is None or second <= until_s))


def _is_condition(text: str) -> bool:
    return len(text) == 66 and text.startswith("0x")


def _trade_hash(one: _Brief) -> str:
    if (one.type or "TRADE").upper() != "TRADE" or _COMBO.fullmatch(one.condition):
        return ""
    return (one.transaction_hash or one.transactionHash or "").lower()


def walk(fetch: Callable[[str], Page], cursor: str = "") -> Iterator[Page]:
    """Follow cursors from `cursor` ("" is the first page) until a page has no next.

    Raises
    ------
    VenueError
        A cursor came back that was followed already: the walk would never end.
    """
    seen = {cursor}
    while True:
        page = fetch(cursor)
        yield page
        if not page.next:
            return
        if page.next in seen:
            raise VenueError(f"{page.source} repeats a cursor: its listing cannot be walked to the end")
        seen.add(page.next)
        cursor = page.next
