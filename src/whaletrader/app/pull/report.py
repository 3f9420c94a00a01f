"""How whole a pull is: what each wallet's history lacks and why, what the chain tells and the Data API does not."""

from collections.abc import Sequence

import msgspec

from whaletrader.app.pull.plan import FIRST_S, KIND, uncovered
from whaletrader.app.pull.store import PullStore, TaskState


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
    gaps: tuple[tuple[int, int], ...] = ()
    """Periods between its first and its last that were not fetched to their end."""
    told_by_both: int = -1
    only_data_api: int = -1
    only_chain: int = -1
    """Transactions by who tells them; -1 where the chain was not pulled."""


class PullReport(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of a pull's folder."""

    complete: bool
    """Every piece of work that was ever asked for is done, and nothing was cut off."""
    open_tasks: int
    failed: tuple[tuple[str, str], ...]
    """(piece of work, the venue's words)."""
    truncated: tuple[tuple[str, str], ...]
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


def completeness(store: PullStore) -> PullReport:
    """Look at everything that was done."""
    states = store.tasks()
    undone = [state for state in states if state.state != "done"]
    cut = [(_label(state), state.truncated) for state in states if state.truncated]
    kinds = dict.fromkeys(KIND.values())
    of_kind = {kind: [state for state in states if KIND[state.task.listing] == kind] for kind in kinds}
    priced: dict[str, int] = {}
    for state in of_kind["prices"]:
        priced[state.task.subject] = priced.get(state.task.subject, 0) + state.rows
    asking = {state.task.subject for state in undone}
    named, found, settled = store.market_counts()
    return PullReport(
        complete=not undone and not cut,
        open_tasks=sum(1 for state in undone if state.state == "open"),
        failed=tuple((_label(state), state.words) for state in undone if state.state == "failed"),
        truncated=tuple(cut),
        pages={kind: sum(state.pages for state in some) for kind, some in of_kind.items()},
        rows={kind: sum(state.rows for state in some) for kind, some in of_kind.items()},
        wallets=tuple(_wallets(store, states)),
        markets_named=named,
        markets_found=found,
        markets_settled=settled,
        tokens_priced=sum(1 for rows in priced.values() if rows),
        tokens_without_price=sum(1 for token, rows in priced.items() if not rows and token not in asking),
    )


def _wallets(store: PullStore, states: Sequence[TaskState]) -> list[WalletReport]:
    mine: dict[str, list[TaskState]] = {}
    for state in states:
        if state.task.listing == "data_v2.activity":
            mine.setdefault(state.task.subject, []).append(state)
    walks = [state for state in states if state.task.listing == "chain.logs" and state.state == "done"]
    on_chain = {wallet for state in walks for wallet in state.task.subject.split(",")}
    return [_wallet(store, wallet, some, wallet in on_chain) for wallet, some in mine.items()]


def _wallet(store: PullStore, wallet: str, states: Sequence[TaskState], on_chain: bool) -> WalletReport:
    done = [(state.task.since_s, state.task.until_s) for state in states if state.state == "done"]
    since = min(state.task.since_s for state in states)
    until = max(state.task.until_s for state in states)
    gaps = tuple(uncovered(since, until, done))
    why = [f"not yet fetched: {len(gaps)} period(s)"] if gaps else []
    why += list(dict.fromkeys(state.truncated for state in states if state.truncated))
    both, only_api, only_chain = store.hash_counts(wallet) if on_chain else (-1, -1, -1)
    if only_chain > 0:
        why.append(f"the chain tells {only_chain} transactions that the Data API does not")
    whole = not why
    if whole and since > FIRST_S:
        why.append("pulled from a later beginning")
    known = [state.first_s for state in states if state.first_s >= 0]
    return WalletReport(
        wallet=wallet,
        coverage="sample" if not whole else "complete" if since <= FIRST_S else "bounded_window",
        why=tuple(why),
        rows=sum(state.rows for state in states),
        combos=sum(state.combos for state in states),
        first_s=min(known, default=-1),
        last_s=max((state.last_s for state in states), default=-1),
        gaps=gaps,
        told_by_both=both,
        only_data_api=only_api,
        only_chain=only_chain,
    )


def _label(state: TaskState) -> str:
    subject = state.task.subject
    return f"{state.task.listing} {subject if len(subject) <= 80 else subject[:66] + ', …'}"
