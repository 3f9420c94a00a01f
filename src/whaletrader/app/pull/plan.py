"""What a pull is asked for, and the pieces of work that follow: pure; knows no venue and no file.

A piece (`Task`) is one listing of one subject over one period. Periods that are there already are subtracted, so that
a later pull into the same folder fetches only what is new.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from whaletrader.errors import UsageError

FIRST_S = 1
"""From here on a wallet's history is whole; the venue takes "no start" for three years."""
VENUE_OPENED_S = 1_577_836_800
"""2020-01-01: prices and blocks before the venue existed are not asked for."""
USUALLY = ("trades", "markets")
WHAT = ("trades", "trades-v1", "markets", "prices", "chain", "subgraph")
CONDITIONS_PER_TASK, WALLETS_PER_WALK = 20, 40
_WALLET, _CONDITION = re.compile(r"0x[0-9a-f]{40}"), re.compile(r"0x[0-9a-f]{64}")

SUBGRAPH_FILLS = "subgraph.orderFilledEvents"
SUBGRAPH_LISTINGS = (
    SUBGRAPH_FILLS,
    "subgraph.fpmmTransactions",
    "subgraph.splits",
    "subgraph.merges",
    "subgraph.redemptions",
    "subgraph.negRiskConversions",
    "subgraph.userPositions",
    "subgraph.userBalances",
)
FALLBACK = {"data_v2.activity": "data_v1.activity", "data_v2.trades": "data_v1.trades"}
"""Listings of the Data API to those of its first version, which is asked where the second refuses or cuts off."""
KIND = {
    "data_v2.activity": "trades",
    "data_v2.takers": "trades",
    "data_v2.trades": "trades",
    **dict.fromkeys(FALLBACK.values(), "trades-v1"),
    "chain.logs": "chain",
    "gamma.markets": "markets",
    "data_v2.resolutions": "markets",
    "clob.prices_history": "prices",
    **dict.fromkeys(SUBGRAPH_LISTINGS, "subgraph"),
}
"""Listing to the raw files that its pages go into."""


class PullRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the user wants."""

    wallets: tuple[str, ...] = ()
    markets: tuple[str, ...] = ()
    what: tuple[str, ...] = USUALLY
    """Empty: not said."""
    since_s: int = FIRST_S
    """0: not said."""
    until_s: int


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One listing (`KIND`) of one subject (a wallet, a market, a token, or ids with commas) over [since_s, until_s]."""

    listing: str
    subject: str
    since_s: int
    until_s: int


def first_tasks(request: PullRequest) -> list[Task]:
    """The pieces that need nothing else to be known, but for the chain's."""
    tasks = []
    listings = []
    if "trades" in request.what:
        listings += [("data_v2.activity", request.wallets), ("data_v2.takers", request.wallets)]
        listings += [("data_v2.trades", request.markets)]
    if "trades-v1" in request.what:
        listings += [("data_v1.activity", request.wallets), ("data_v1.trades", request.markets)]
    for listing, subjects in listings:
        tasks += [_task(listing, subject, request) for subject in subjects]
    return tasks


def subgraph_tasks(request: PullRequest) -> list[Task]:
    """What the history subgraphs are asked of each wallet."""
    wallets = request.wallets if "subgraph" in request.what else ()
    return [_task(listing, wallet, request) for wallet in wallets for listing in SUBGRAPH_LISTINGS]


def fallback_tasks(short: Iterable[Task]) -> list[Task]:
    """The same of the Data API's first version, for tasks that its second did not tell whole."""
    return [msgspec.structs.replace(task, listing=FALLBACK[task.listing]) for task in short if task.listing in FALLBACK]


def chain_tasks(request: PullRequest, covered: Mapping[str, Iterable[tuple[int, int]]]) -> list[Task]:
    """Walks over the chain, many wallets in each: those that lack the same period (`covered` has what they have)."""
    lacking: dict[tuple[int, int], list[str]] = {}
    for wallet in request.wallets if "chain" in request.what else ():
        for period in uncovered(request.since_s, request.until_s, covered.get(wallet, ())):
            lacking.setdefault(period, []).append(wallet)
    return [
        Task(listing="chain.logs", subject=",".join(some[at : at + WALLETS_PER_WALK]), since_s=since, until_s=until)
        for (since, until), some in lacking.items()
        for at in range(0, len(some), WALLETS_PER_WALK)
    ]


def market_tasks(conditions: Sequence[str], request: PullRequest) -> list[Task]:
    """What is to be known of markets: their facts and how they were resolved."""
    chunks = [conditions[at : at + CONDITIONS_PER_TASK] for at in range(0, len(conditions), CONDITIONS_PER_TASK)]
    return [
        _task(listing, ",".join(chunk), request)
        for chunk in chunks
        for listing in ("gamma.markets", "data_v2.resolutions")
    ]


def price_tasks(tokens: Iterable[tuple[str, int, int]], request: PullRequest) -> list[Task]:
    """Price histories of tokens, each within its market's life (unix seconds; -1 where unknown)."""
    tasks = []
    for token, opened_s, closed_s in tokens:
        since = max(request.since_s, opened_s if opened_s > 0 else VENUE_OPENED_S)
        until = min(request.until_s, closed_s) if closed_s > 0 else request.until_s
        if since <= until:
            tasks.append(Task(listing="clob.prices_history", subject=token, since_s=since, until_s=until))
    return tasks


def _task(listing: str, subject: str, request: PullRequest) -> Task:
    return Task(listing=listing, subject=subject, since_s=request.since_s, until_s=request.until_s)


def uncovered(since_s: int, until_s: int, covered: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The parts of [since_s, until_s] that no covered period holds, in order; all bounds belong to their period."""
    parts = []
    at = since_s
    for first, last in sorted(covered):
        if first > until_s:
            break
        if first > at:
            parts.append((at, first - 1))
        at = max(at, last + 1)
    if at <= until_s:
        parts.append((at, until_s))
    return parts


def checked_wallets(texts: Iterable[str]) -> tuple[str, ...]:
    """Wallets in lower case, each once, in order.

    Raises
    ------
    UsageError
        A text is no address.
    """
    return _checked(texts, _WALLET, "wallet", "0x and 40 hex digits")


def checked_markets(texts: Iterable[str]) -> tuple[str, ...]:
    """Condition ids in lower case, each once, in order.

    Raises
    ------
    UsageError
        A text is no condition id.
    """
    return _checked(texts, _CONDITION, "market", "its condition id: 0x and 64 hex digits")


def _checked(texts: Iterable[str], form: re.Pattern[str], what: str, meaning: str) -> tuple[str, ...]:
    found = dict.fromkeys(text.strip().lower() for text in texts if text.strip())
    for text in found:
        if not form.fullmatch(text):
            raise UsageError(f"{text!r} is no {what}; give {meaning}")
    return tuple(found)


def checked_what(text: str) -> tuple[str, ...]:
    """The kinds in a list with commas.

    Raises
    ------
    UsageError
        One of them is unknown, or there is none.
    """
    found = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    unknown = [word for word in found if word not in WHAT]
    if unknown or not found:
        raise UsageError(f"there is no {unknown[0] if unknown else 'empty list'} to pull; choose of {', '.join(WHAT)}")
    return found


def checked_time(text: str, name: str, *, end: bool = False) -> int:
    """Unix seconds of a day (its last second for an end), a time in ISO form, or a number of seconds.

    Raises
    ------
    UsageError
        It is none of them.
    """
    try:
        if text.isdigit():
            return max(FIRST_S, int(text))
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{name} {text!r} is no time; give a day such as 2026-01-31, or 2026-01-31T12:00Z") from None
    whole_day = len(text) == 10
    second = int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())
    return max(FIRST_S, second + (86_399 if end and whole_day else 0))
