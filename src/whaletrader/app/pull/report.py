"""How whole a pull is: what each wallet's history lacks and why, and what one source tells and another does not."""

from collections.abc import Sequence

import msgspec

from whaletrader.app.pull.plan import FALLBACK, FIRST_S, KIND, SUBGRAPH_FILLS, uncovered
from whaletrader.app.pull.store import PullStore, TaskState

_ACTIVITY, _ACTIVITY_V1, _LOGS = "data_v2.activity", "data_v1.activity", "chain.logs"
_OTHERS = {
    _LOGS: "the chain tells {} transactions that the Data API does not",
    SUBGRAPH_FILLS: "the history subgraphs tell {} transactions that the Data API does not",
    _ACTIVITY_V1: "the Data API's first version tells {} transactions that its second does not",
}
"""Listings that the Data API's transactions are held to, and how a lack is said."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A wallet's transactions by who tells them: the Data API, and another source."""

    other: str
    """Its listing."""
    both: int
    only_data_api: int
    only_other: int


class WalletReport(msgspec.Struct, frozen=True, kw_only=True):
    """One wallet's history as it was pulled; times in unix seconds, -1 where there are none."""

    wallet: str
    coverage: str
    """complete, bounded_window (whole, but not from the beginning) or sample."""
    why: tuple[str, ...]
    """What is lacking, one phrase each; empty when nothing is."""
    rows: int
    combos: int
    """Rows of combination markets among them: kept in the raw pages, never imported."""
    first_s: int
    last_s: int
    since_s: int
    until_s: int
    """The period that was asked for."""
    gaps: tuple[tuple[int, int], ...] = ()
    """Periods between its first and its last that were not fetched to their end."""
    compared: tuple[Comparison, ...] = ()
    """With every other source that was asked to its end."""


class PullReport(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of a pull's folder."""

    complete: bool
    """Every piece of work that was ever asked for is done, and nothing was cut off."""
    open_tasks: int
    failed: tuple[tuple[str, str], ...]
    """(piece of work, the venue's words)."""
    truncated: tuple[tuple[str, str], ...]
    made_good: tuple[tuple[str, str], ...]
    """(piece of work, why) that the Data API's first version told whole in the second's place."""
    pages: dict[str, int]
    rows: dict[str, int]
    """By kind of file."""
    wallets: tuple[WalletReport, ...]
    markets_named: int
    markets_found: int
    markets_settled: int
    tokens_priced: int
    tokens_without_price: int
    """All of whose history was fetched, and is empty."""
    simulated: bool = False
    """A venue on this machine told some of it: that is made up."""


def completeness(store: PullStore) -> PullReport:
    """Look at everything that was done."""
    states = store.tasks()
    replaced = _replaced(states)
    without = {state.number for state in replaced}
    counting = [state for state in states if state.number not in without]
    undone = [state for state in counting if state.state != "done"]
    kinds = dict.fromkeys(KIND.values())
    of_kind = {kind: [state for state in states if KIND[state.task.listing] == kind] for kind in kinds}
    priced: dict[str, int] = {}
    for state in of_kind["prices"]:
        priced[state.task.subject] = priced.get(state.task.subject, 0) + state.rows
    asking = {state.task.subject for state in undone}
    named, found, settled = store.market_counts()
    cut = [(_label(state), state.truncated) for state in counting if state.truncated]
    return PullReport(
        complete=not undone and not cut,
        open_tasks=sum(1 for state in undone if state.state == "open"),
        failed=tuple((_label(state), state.words) for state in undone if state.state == "failed"),
        truncated=tuple(cut),
        made_good=tuple((_label(state), state.words or state.truncated) for state in replaced),
        pages={kind: sum(state.pages for state in some) for kind, some in of_kind.items()},
        rows={kind: sum(state.rows for state in some) for kind, some in of_kind.items()},
        wallets=tuple(_wallets(store, states, replaced)),
        markets_named=named,
        markets_found=found,
        markets_settled=settled,
        tokens_priced=sum(1 for rows in priced.values() if rows),
        tokens_without_price=sum(1 for token, rows in priced.items() if not rows and token not in asking),
        simulated=store.made_up(),
    )


def _replaced(states: Sequence[TaskState]) -> list[TaskState]:
    """Tasks that were refused or cut off, and that the Data API's first version told whole."""
    whole: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for state in states:
        if _is_whole(state):
            whole.setdefault((state.task.listing, state.task.subject), []).append(_period(state))
    return [
        state
        for state in states
        if state.task.listing in FALLBACK
        and not _is_whole(state)
        and (state.truncated or state.state == "failed")
        and not uncovered(*_period(state), whole.get((FALLBACK[state.task.listing], state.task.subject), ()))
    ]


def _is_whole(state: TaskState) -> bool:
    return state.state == "done" and not state.truncated


def _period(state: TaskState) -> tuple[int, int]:
    return state.task.since_s, state.task.until_s


def _wallets(store: PullStore, states: Sequence[TaskState], replaced: Sequence[TaskState]) -> list[WalletReport]:
    mine: dict[str, dict[str, list[TaskState]]] = {}
    for state in states:
        if state.task.listing in (_ACTIVITY, _ACTIVITY_V1, SUBGRAPH_FILLS):
            mine.setdefault(state.task.subject, {}).setdefault(state.task.listing, []).append(state)
    walks = [state for state in states if state.task.listing == _LOGS and state.state == "done"]
    on_chain = {wallet for state in walks for wallet in state.task.subject.split(",")}
    without: dict[str, set[int]] = {}
    for state in replaced:
        without.setdefault(state.task.subject, set()).add(state.number)
    return [
        _wallet(store, wallet, listings, without.get(wallet, set()), wallet in on_chain)
        for wallet, listings in mine.items()
    ]


def _wallet(
    store: PullStore, wallet: str, listings: dict[str, list[TaskState]], replaced: set[int], on_chain: bool
) -> WalletReport:
    """`replaced` has the numbers of the tasks that the Data API's first version told instead."""
    second, first = listings.get(_ACTIVITY, []), listings.get(_ACTIVITY_V1, [])
    telling = [state for state in second if state.number not in replaced]
    telling += first if replaced or not second else []
    why = [] if telling else ["nothing but the history subgraphs was asked"]
    told = telling or listings[SUBGRAPH_FILLS]
    since, until = min(state.task.since_s for state in told), max(state.task.until_s for state in told)
    gaps = tuple(uncovered(since, until, [_period(state) for state in told if state.state == "done"]))
    why += [f"not yet fetched: {len(gaps)} period(s)"] if gaps else []
    why += list(dict.fromkeys(state.truncated for state in told if state.truncated))
    compared = _comparisons(store, wallet, listings, {state.task.listing for state in telling}, on_chain)
    why += [_OTHERS[one.other].format(one.only_other) for one in compared if one.only_other]
    whole = not why
    if whole and since > FIRST_S:
        why.append("pulled from a later beginning")
    known = [state.first_s for state in told if state.first_s >= 0]
    return WalletReport(
        wallet=wallet,
        coverage="sample" if not whole else "complete" if since <= FIRST_S else "bounded_window",
        why=tuple(why),
        rows=sum(state.rows for state in told),
        combos=sum(state.combos for state in told),
        first_s=min(known, default=-1),
        last_s=max((state.last_s for state in told), default=-1),
        since_s=since,
        until_s=until,
        gaps=gaps,
        compared=compared,
    )


def _comparisons(
    store: PullStore, wallet: str, listings: dict[str, list[TaskState]], telling: set[str], on_chain: bool
) -> tuple[Comparison, ...]:
    """Of the versions of the Data API that tell the history with the sources that were asked to their end."""
    ended = {name for name, some in listings.items() if all(state.state == "done" for state in some)}
    ended |= {_LOGS} if on_chain else set()
    ours = sorted(telling)
    found = []
    for other in _OTHERS if ours else ():
        if other in ended and other not in telling:
            both, alone, lacking = store.hash_counts(wallet, ours, other)
            found.append(Comparison(other=other, both=both, only_data_api=alone, only_other=lacking))
    return tuple(found)


def _label(state: TaskState) -> str:
    subject = state.task.subject
    return f"{state.task.listing} {subject if len(subject) <= 80 else subject[:66] + ', …'}"
