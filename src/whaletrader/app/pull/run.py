"""Runs a pull: works off its tasks with a few requests in flight, commits page by page, reports, and imports.

Only the calling thread writes. A refusal for good fails its task and leaves the others alone; what the Data API refuses
or cuts off is asked of its first version. A venue that cannot be reached ends the run, which goes on from there when it
is started again; a host of the history subgraphs that cannot be reached fails its own tasks only.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

import msgspec

from whaletrader.adapters.polymarket.clients import venue_clients
from whaletrader.app.loopback import is_loopback
from whaletrader.app.pull.fetch import Fetcher
from whaletrader.app.pull.plan import (
    FALLBACK,
    FIRST_S,
    SUBGRAPH_LISTINGS,
    USUALLY,
    PullRequest,
    Task,
    chain_tasks,
    fallback_tasks,
    first_tasks,
    market_tasks,
    price_tasks,
    subgraph_tasks,
    uncovered,
)
from whaletrader.app.pull.report import PullReport, WalletReport, completeness
from whaletrader.app.pull.store import CHECKPOINT, Fetched, PullStore, TaskState
from whaletrader.config.tree import VenueSettings
from whaletrader.datasets.raw_pages import RawPage, encode_page, raw_file
from whaletrader.errors import UsageError, VenueError

REPORT_FILE = "report.json"
_BAD_REQUEST = 400
_STALE = " (in the middle of a listing: if it stays so, the venue has dropped our place; pull into a new folder)"
Progress = Callable[[str, int, int], None]


def pull(
    folder: Path,
    request: PullRequest,
    venue: VenueSettings,
    progress: Progress,
    *,
    workers: int = 4,
    attempts: int = 6,
    fidelity_min: int = 1,
) -> PullReport:
    """Fetch what is lacking of `request` (and of what was asked before) into `folder`.

    Raises
    ------
    VenueError
        The venue cannot be reached; what was fetched is kept.
    BusyError, StorageError, DataError
        The folder is in use, cannot be written, or was changed from outside.
    UsageError
        Nothing was ever asked for in this folder.
    """
    stop = threading.Event()
    clients = venue_clients(venue, clock=time.monotonic, wait=stop.wait, attempts=attempts)
    store = PullStore(folder)
    try:
        if any(is_loopback(url) for url in (venue.clob_url, venue.data_url, venue.gamma_url)):
            store.note_made_up()
        _write_coverage(folder, store, ())  # that it is made up stands there before anything else does
        fetcher = Fetcher(clients, time.time_ns, confirmations=venue.confirmations, fidelity_min=fidelity_min)
        _Pull(store, fetcher, progress, workers, stop).run(request)
        report = completeness(store)
        _write(folder, report, store)
    finally:
        store.close()
        clients.close()
    return report


def settled_request(folder: Path, request: PullRequest, *, open_end: bool) -> PullRequest:
    """The request with what the folder remembers: what was not said, where it names nobody, and the end of work begun.

    Raises
    ------
    UsageError
        Neither the request nor the folder names a wallet or a market.
    """
    if not (folder / CHECKPOINT).is_file():
        former, begun = None, False
    else:
        store = PullStore(folder)
        former, begun = store.request(), bool(store.tasks("open", "failed"))
        store.close()
    until = former.until_s if former is not None and open_end and begun else request.until_s
    if request.wallets or request.markets:
        known = msgspec.structs.replace(request, what=USUALLY, since_s=FIRST_S)
    elif former is None:
        raise UsageError("nothing to pull: name wallets with --wallets, or markets with --markets")
    else:
        known = former
    what, since_s = request.what or known.what, request.since_s or known.since_s
    return msgspec.structs.replace(known, what=what, since_s=since_s, until_s=until)


class _Pull:
    """One run over a store."""

    def __init__(
        self, store: PullStore, fetcher: Fetcher, progress: Progress, workers: int, stop: threading.Event
    ) -> None:
        self._store, self._fetcher, self._progress = store, fetcher, progress
        self._workers, self._stop = workers, stop
        self._followed: dict[int, set[str]] = {}
        """Cursors of the tasks under way: one that comes back would be followed for ever."""
        self._no_subgraphs = ""
        """Why the history subgraphs cannot be reached."""

    def run(self, request: PullRequest) -> None:
        self._store.keep_request(request)
        self._store.reopen_failed()
        self._store.name_markets(request.markets)
        self._add(first_tasks(request))
        self._store.add_tasks(chain_tasks(request, self._walked(request.until_s)))
        self._add(subgraph_tasks(request))
        self._work()
        self._add(fallback_tasks(state.task for state in self._store.tasks() if _is_short(state)))
        self._work()
        if "markets" in request.what or "prices" in request.what:
            asked = self._store.markets_to_ask(request.until_s)
            self._store.add_tasks(market_tasks(asked, request))
            self._store.mark_asked(asked, request.until_s)
            self._work()
        if "prices" in request.what:
            self._add(price_tasks(self._store.tokens(), request))
            self._work()

    def _add(self, tasks: list[Task]) -> None:
        """Add the parts of the tasks' periods that no former task of the same subject holds."""
        covered: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for state in self._store.tasks():
            task = state.task
            covered.setdefault((task.listing, task.subject), []).append((task.since_s, task.until_s))
        self._store.add_tasks(
            msgspec.structs.replace(task, since_s=first, until_s=last)
            for task in tasks
            for first, last in uncovered(task.since_s, task.until_s, covered.get((task.listing, task.subject), []))
        )

    def _walked(self, until_s: int) -> dict[str, list[tuple[int, int]]]:
        """Periods of the chain by wallet, done or begun; where an end was not final, a later pull walks again."""
        periods: dict[str, list[tuple[int, int]]] = {}
        walks = [state for state in self._store.tasks() if state.task.listing == "chain.logs"]
        for task in (state.task for state in walks if not state.truncated or state.task.until_s >= until_s):
            for wallet in task.subject.split(","):
                periods.setdefault(wallet, []).append((task.since_s, task.until_s))
        return periods

    def _work(self) -> None:
        """Finish every open task; one page of a task is in flight at a time."""
        waiting = self._store.tasks("open")[::-1]
        total = len(self._store.tasks())
        flying: dict[Future[Fetched], TaskState] = {}
        with ThreadPoolExecutor(max_workers=self._workers, thread_name_prefix="pull") as pool:
            try:
                while waiting or flying:
                    while waiting and len(flying) < self._workers:
                        state = waiting.pop()
                        if self._no_subgraphs and state.task.listing in SUBGRAPH_LISTINGS:
                            self._store.fail(state, self._no_subgraphs)
                            continue
                        flying[pool.submit(self._fetcher.page, state.task, state.cursor)] = state
                    if not flying:
                        continue
                    finished, _ = wait(flying, return_when=FIRST_COMPLETED)
                    for future in sorted(finished, key=lambda one: flying[one].number):
                        after = self._take(flying.pop(future), future)
                        if after is not None:
                            waiting.append(after)
                        self._tell(after, total - len(waiting) - len(flying), total)
            finally:
                self._stop_unless_done(waiting, flying)

    def _take(self, state: TaskState, future: Future[Fetched]) -> TaskState | None:
        """Commit a page; the task's new state while it has more pages."""
        try:
            fetched = future.result()
        except VenueError as error:
            words = error.words or error.message
            if error.retryable and state.task.listing not in SUBGRAPH_LISTINGS:
                raise
            if error.retryable:
                words = self._no_subgraphs = error.message
            stale = state.cursor and error.status == _BAD_REQUEST
            self._store.fail(state, words + (_STALE if stale else ""))
            return None
        followed = self._followed.setdefault(state.number, set())
        followed.add(state.cursor)
        if fetched.next in followed and fetched.next:
            del self._followed[state.number]
            self._store.fail(state, "the venue repeats a cursor: its listing cannot be walked to the end")
            return None
        after = self._store.commit(state, fetched)
        if after.state != "open":
            del self._followed[state.number]
            return None
        return after

    def _tell(self, state: TaskState | None, done: int, total: int) -> None:
        if state is None:
            self._progress("", done, total)
        else:
            self._progress(step_words(state), done, total)

    def _stop_unless_done(self, waiting: list[TaskState], flying: dict[Future[Fetched], TaskState]) -> None:
        if waiting or flying:
            self._stop.set()


def _is_short(state: TaskState) -> bool:
    """Whether the Data API did not tell a task whole, and its first version may."""
    return state.task.listing in FALLBACK and (state.state == "failed" or bool(state.truncated))


def step_words(state: TaskState) -> str:
    """How far a task is; a walk over the chain may find nothing for hours, so it says which block it is at."""
    at, _, last = state.cursor.partition(":")
    walk = state.task.listing == "chain.logs" and at.isdigit() and last.isdigit()
    place = f"block {int(at):,} of {int(last):,}, " if walk else ""
    return f"{state.task.listing} {state.task.subject[:12]}… {place}{state.rows:,} rows"


def _write(folder: Path, report: PullReport, store: PullStore) -> None:
    """The report beside the raw pages, and each wallet's coverage among them."""
    (folder / REPORT_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    _write_coverage(folder, store, report.wallets)


def _write_coverage(folder: Path, store: PullStore, wallets: Sequence[WalletReport]) -> None:
    """Each wallet's coverage for the importer, and whether what lies here is made up.

    This is the one raw file that is written anew; its first line stays, by which an import knows it again.
    """
    rows = [
        {
            "address": one.wallet,
            "coverage": one.coverage,
            "why": one.why,
            "since_s": one.since_s,
            "until_s": one.until_s,
        }
        for one in wallets
    ]
    born_ns = store.born_ns(time.time_ns())
    told: tuple[dict[str, object], ...] = ({"rows": []}, {"rows": rows, "simulated": store.made_up()})
    pages = [
        RawPage(source="pull.coverage", params={}, fetched_ts=born_ns, body=msgspec.Raw(msgspec.json.encode(each)))
        for each in told
    ]
    path = raw_file(folder, "coverage", 1)
    partial = path.with_suffix(".partial")
    partial.write_bytes(b"".join(encode_page(page) for page in pages))
    partial.replace(path)
