"""How the Data API cuts answers into pages: v2's cursors, v1's offsets and caps, and the cache in front; no rows.

Quirks kept: a cursor that comes with other filters than it was made for starts over without a word; an offset beyond
the cap is refused; the same URL gives the cached answer of up to five minutes ago.
"""

import base64
import binascii
import math
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from zlib import crc32

import msgspec

from whaletrader.adapters.paper.server.edge import Reply, Request, reply
from whaletrader.domain.values import NANOS

Body = dict[str, object]
DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000
MAX_OFFSET = 10_000
MOST = 2**63 - 1
"""Beyond it a number of a query is none."""
CACHED_URLS = 4_096
_PAGING = frozenset({"cursor", "limit", "offset"})


class BadParameter(Exception):
    """A query parameter that cannot be used: its name and what is wrong."""

    def __init__(self, parameter: str, words: str) -> None:
        super().__init__(words)
        self.parameter = parameter
        self.words = words


def number(query: Mapping[str, str], name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    """A whole number of the query; BadParameter where it is none, too small, or (with `most`) clamped."""
    told = query.get(name, "")
    if not told:
        return default
    try:
        value = int(told) if told.isdecimal() else int(float(told))
    except (ValueError, OverflowError):
        raise BadParameter(name, f"{name} must be an integer") from None
    if abs(value) > MOST:
        raise BadParameter(name, f"{name} must be an integer")
    if value < least:
        raise BadParameter(name, f"{name} must be at least {least}")
    return value if most is None else min(value, most)


def amount(query: Mapping[str, str], name: str, default: float) -> float:
    """A number of the query that may have decimals; BadParameter where it is none."""
    told = query.get(name, "")
    try:
        value = float(told) if told else default
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadParameter(name, f"{name} must be a number")
    return value


def flag(query: Mapping[str, str], name: str, *, default: bool) -> bool:
    """A boolean of the query."""
    told = query.get(name, "").lower()
    return default if told not in ("true", "false") else told == "true"


def filters_digest(query: Mapping[str, str]) -> int:
    """Stands for the filters of a query, without its paging."""
    filters = [(name, query[name]) for name in sorted(query) if name not in _PAGING]
    return crc32(msgspec.json.encode(filters))


def make_cursor(digest: int, place: Sequence[int]) -> str:
    """A cursor: opaque to clients."""
    return base64.urlsafe_b64encode(msgspec.json.encode([digest, *place])).decode()


def read_cursor(cursor: str, digest: int) -> tuple[int, ...] | None:
    """Where a cursor points; None without one and (quietly) for one of other filters."""
    if not cursor:
        return None
    try:
        parts = msgspec.json.decode(base64.urlsafe_b64decode(cursor), type=list[int])
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise BadParameter("cursor", "invalid cursor") from None
    return tuple(parts[1:]) if parts and parts[0] == digest else None


def envelope(rows: Sequence[Body], *, limit: int, offset: int, next_cursor: str | None) -> Body:
    """The answer of every v2 list."""
    page = {"limit": limit, "offset": offset, "has_more": next_cursor is not None, "next_cursor": next_cursor}
    return {"data": rows, "pagination": page}


def offset_page(rows: Sequence[Body], query: Mapping[str, str]) -> Body:
    """A v2 page of a list that is computed whole: the cursor counts rows."""
    limit = number(query, "limit", DEFAULT_LIMIT, least=1, most=MAX_LIMIT)
    digest = filters_digest(query)
    place = read_cursor(query.get("cursor", ""), digest)
    offset = place[0] if place else number(query, "offset", 0)
    more = len(rows) > offset + limit
    cursor = make_cursor(digest, (offset + limit,)) if more else None
    return envelope(rows[offset : offset + limit], limit=limit, offset=offset, next_cursor=cursor)


def window_v1(query: Mapping[str, str], *, default: int, most: int, most_offset: int = MAX_OFFSET) -> tuple[int, int]:
    """(limit, offset) of a v1 query: the limit is clamped, an offset beyond the cap refused."""
    limit = number(query, "limit", default, most=most)
    offset = number(query, "offset", 0)
    if offset > most_offset:
        raise BadParameter("offset", f"max historical activity offset of {most_offset} exceeded")
    return limit, offset


def refusal_v2(error: BadParameter) -> Reply:
    """How v2 refuses a parameter."""
    body = {"error": error.words, "code": "invalid_parameter", "retryable": False, "trace_id": "0" * 32}
    return reply(body | {"parameter": error.parameter}, 400)


class AnswerCache:
    """What stands in front of the API: the same URL within its age gives the same bytes."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._kept: OrderedDict[tuple[object, ...], tuple[int, Reply]] = OrderedDict()

    def answer(self, request: Request, max_age_s: int, compute: Callable[[Request], Reply]) -> Reply:
        """The cached answer with its age, else a new one."""
        if not max_age_s:
            return compute(request).with_headers(("cache-control", "no-store"))
        url = (request.path, *request.query.items())
        now = self._now()
        kept = self._kept.get(url)
        if kept is not None and now - kept[0] < max_age_s * NANOS:
            return kept[1].with_headers(("age", str((now - kept[0]) // NANOS)), ("cf-cache-status", "HIT"))
        answer = compute(request).with_headers(("cache-control", f"public, max-age={max_age_s}"))
        if answer.status == 200:
            self._kept[url] = (now, answer)
            self._kept.move_to_end(url)
            if len(self._kept) > CACHED_URLS:
                self._kept.popitem(last=False)
        return answer.with_headers(("cf-cache-status", "MISS"))
