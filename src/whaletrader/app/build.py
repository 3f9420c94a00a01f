"""The composition root: settings, data directory and dataset in, an `App` out; nobody else imports adapters.

What a run is made of (dataset, seed, everything that can change a decision) is hashed into its description, with which
the log begins: an interrupted run goes on only with the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec

from whaletrader.adapters.local.keys import load_order_key
from whaletrader.adapters.local.replay_feed import ReplayFeed
from whaletrader.adapters.local.seal import load_seal
from whaletrader.adapters.local.signer import LocalSigner
from whaletrader.adapters.local.whale_source import DatasetWhales
from whaletrader.adapters.memory.store import MemoryEventStore
from whaletrader.adapters.paper.client import PaperClient
from whaletrader.adapters.paper.exchange import PaperExchange
from whaletrader.adapters.paper.faults import FaultPlan
from whaletrader.adapters.paper.telling import Rules
from whaletrader.adapters.sqlite.store import SqliteEventStore
from whaletrader.agents import (
    copy_signal,
    market_intelligence,
    orchestrator,
    performance_attribution,
    whale_discovery,
)
from whaletrader.agents.base import AnyAgent
from whaletrader.agents.execution import Execution, Trader
from whaletrader.agents.risk_management import RiskManagement
from whaletrader.app.layout import DataDirectory, RunFolder
from whaletrader.app.summary import Summary, Views, summarise
from whaletrader.config.tree import Settings
from whaletrader.datasets.store import Dataset
from whaletrader.errors import UsageError
from whaletrader.ports.exchange import Exchange
from whaletrader.ports.market_feed import MarketFeed
from whaletrader.ports.store import EventStore
from whaletrader.ports.whale_source import WhaleSource
from whaletrader.runtime.approvals import Approvals
from whaletrader.runtime.components import Projection
from whaletrader.runtime.effects import OrderEffects
from whaletrader.runtime.engine import Engine
from whaletrader.runtime.exchange_source import ExchangeSource
from whaletrader.runtime.ingest import Ingest
from whaletrader.runtime.latch import KillLatch
from whaletrader.runtime.operator import Operator
from whaletrader.runtime.scans import Scans
from whaletrader.runtime.timers import TimerSource

TIMER_RANK = 30
_IN_MEMORY = ":memory:"
WrapWhales = Callable[[WhaleSource], WhaleSource]
"""Puts another source of leaders around the dataset's own."""


class _Closable(Protocol):
    """Something with a file or a connection of its own."""

    def close(self) -> None:
        """Let go of it."""
        ...


@dataclass(slots=True)
class App:
    """A built run: its engine, and what to look at."""

    settings: Settings
    directory: DataDirectory
    folder: RunFolder
    dataset: Dataset
    feed: MarketFeed
    store: EventStore
    engine: Engine
    operator: Operator
    latch: KillLatch
    views: Views
    description: str
    resumed: bool
    """The run's log was there before."""
    closables: list[_Closable] = field(default_factory=list)

    @property
    def simulated(self) -> bool:
        """Whether prices are made up: then everything that is shown is stamped SIMULATED."""
        return self.dataset.simulated

    def summary(self) -> Summary:
        """Return what the run came to so far."""
        return summarise(
            self.views,
            simulated=self.simulated,
            dataset=self.dataset.fingerprint,
            run_id=self.folder.run_id,
            log_head=self.store.progress().head.hex(),
        )

    def page(self) -> dict[str, Any]:
        """Return everything that the dashboard shows, as plain values; call it in the engine's thread."""
        first, last = self.feed.span
        return self.views.page() | {
            "simulated": self.simulated,
            "run_id": self.folder.run_id,
            "dataset": {"name": self.dataset.manifest.name, "first_ts": first, "last_ts": last},
            "messages": self.views.account.state.messages,
        }

    def close(self, *, clean: bool) -> None:
        """Commit and close everything; `clean` says that nothing is missing."""
        self.engine.close(clean=clean)
        for each in self.closables:
            each.close()
        if clean:
            self.operator.tidy()


def describe(settings: Settings, dataset: Dataset, trader: Trader) -> str:
    """Return the run's description: what must be the same for the same bytes, and all that a later replay needs."""
    parts = msgspec.to_builtins(settings)
    parts.pop("web")
    parts.pop("venue")  # where the venue is found changes nothing that is decided
    # The interval at which positions are marked decides what is recorded; the other runtime settings are caches.
    parts["runtime"] = {"mark_interval_s": settings.runtime.mark_interval_s}
    told = {
        "dataset": dataset.fingerprint,
        "kind": dataset.manifest.kind,
        "settings": parts,
        "trader": msgspec.to_builtins(trader),
    }
    return msgspec.json.encode(told, order="sorted").decode()


def make_agents(settings: Settings, trader: Trader) -> list[AnyAgent]:
    """Make the agents in the order in which they handle a message: those that warn come before those that act."""
    return [
        whale_discovery.make(settings),
        market_intelligence.make(settings),
        copy_signal.make(settings),
        orchestrator.make(settings),
        RiskManagement(settings),
        Execution(settings.execution, trader),
        performance_attribution.make(settings),
    ]


def build(
    settings: Settings,
    directory: DataDirectory,
    folder: RunFolder,
    dataset: Dataset,
    *,
    exchange_port: int = 0,
    kept: bool = True,
    wrap_whales: WrapWhales | None = None,
    projections: Sequence[Projection] = (),
) -> App:
    """Build a run over its folder; with `exchange_port` the paper exchange is the process that listens there.

    A run that is not `kept` leaves no log: a backtest needs its decisions and the log's head only.
    """
    account, latch = settings.account.name, KillLatch(directory.latch)
    key = load_order_key(directory.keys / "order.key", paper_account=account)
    trader = Trader(account, key.address, key.address)
    description = describe(settings, dataset, trader)
    store, resumed = _open_store(folder, description) if kept else (MemoryEventStore(description.encode()), False)
    feed = ReplayFeed(dataset, simulated=dataset.simulated)
    exchange_store = folder.exchange if kept else _IN_MEMORY
    exchange = PaperClient(exchange_port) if exchange_port else _exchange(settings, exchange_store, feed)
    seal = load_seal(directory.keys / "seal.key")
    signer = LocalSigner(folder.signer if kept else _IN_MEMORY, key, {seal.key_id: seal.public_bytes}, directory.latch)
    ingest, scans, answers = _sources(settings, feed, dataset, exchange, wrap_whales)
    operator = Operator(
        directory.control,
        account_id=account,
        description=description,
        first_ts=feed.span[0],
        others=(ingest, scans, answers),
    )
    views, approvals = Views(settings.account.starting_equity_micro), Approvals(store)
    effects = OrderEffects(exchange, signer, latch, answers, approvals.sealed, latency_ms=settings.execution.latency_ms)
    engine = Engine(
        store,
        make_agents(settings, trader),
        account,
        sources=[operator, answers, ingest, scans, TimerSource(TIMER_RANK)],
        effects=[effects, scans],
        projections=[approvals, *views.all, *projections],
        seal=seal,
        settings=settings.runtime,
    )
    return App(
        settings=settings,
        directory=directory,
        folder=folder,
        dataset=dataset,
        feed=feed,
        store=store,
        engine=engine,
        operator=operator,
        latch=latch,
        views=views,
        description=description,
        resumed=resumed,
        closables=[exchange, signer],
    )


def _sources(
    settings: Settings, feed: MarketFeed, dataset: Dataset, exchange: Exchange, wrap_whales: WrapWhales | None
) -> tuple[Ingest, Scans, ExchangeSource]:
    ingest = Ingest(
        feed,
        mark_interval_s=settings.runtime.mark_interval_s,
        max_print_age_s=settings.limits.max_mark_age_s,
    )
    whales: WhaleSource = DatasetWhales(dataset, settings)
    return ingest, Scans(wrap_whales(whales) if wrap_whales else whales), ExchangeSource(exchange)


def _exchange(settings: Settings, store: Path | str, feed: ReplayFeed) -> PaperExchange:
    plan = settings.faults
    faults = FaultPlan(
        drop_micro=plan.drop_micro,
        delay_micro=plan.delay_micro,
        repeat_micro=plan.repeat_micro,
        fail_micro=plan.fail_micro,
        delay_s=plan.delay_s,
    )
    return PaperExchange(store, feed.tape(), Rules(faults))


def _open_store(folder: RunFolder, description: str) -> tuple[SqliteEventStore, bool]:
    if not folder.log.exists():
        return SqliteEventStore.create(folder.log, description.encode()), False
    store = SqliteEventStore.open(folder.log)
    if store.genesis.decode() != description:
        store.close(clean=False)
        raise UsageError(
            f"run {folder.run_id} was interrupted and began with other data or settings; "
            "go on with those, or begin a new run with --new"
        )
    return store, True
