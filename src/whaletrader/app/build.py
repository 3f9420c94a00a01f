"""The composition root: settings, data directory and dataset in, an `App` out; nobody else imports adapters.

What a run is made of (dataset, seed, everything that can change a decision) is hashed into its description, with which
the log begins: an interrupted run goes on only with the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from whaletrader.adapters.local.keys import OrderKey, load_order_key
from whaletrader.adapters.local.seal import load_seal
from whaletrader.adapters.local.signer import LocalSigner
from whaletrader.adapters.memory.store import MemoryEventStore
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
from whaletrader.app.world import Closable, World, WrapWhales, replayed_world
from whaletrader.config.tree import Settings
from whaletrader.datasets.store import Dataset
from whaletrader.errors import UsageError
from whaletrader.ports.store import EventStore
from whaletrader.runtime.approvals import Approvals
from whaletrader.runtime.components import FactSource, Pace, Projection
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


@dataclass(slots=True)
class App:
    """A built run: its engine, and what to look at."""

    settings: Settings
    directory: DataDirectory
    folder: RunFolder
    world: World
    store: EventStore
    engine: Engine
    ingest: Ingest
    answers: ExchangeSource
    operator: Operator
    latch: KillLatch
    views: Views
    description: str
    resumed: bool
    """The run's log was there before."""
    begin: Callable[[], None] = lambda: None
    """Called when the log is recovered: what listens to the world starts here."""
    pace: Pace | None = None
    """What ties the run to the world, where it follows that."""
    closables: list[Closable] = field(default_factory=list)

    @property
    def simulated(self) -> bool:
        """Whether prices are made up: then everything that is shown is stamped SIMULATED."""
        return self.world.simulated

    def summary(self) -> Summary:
        """Return what the run came to so far."""
        return summarise(
            self.views,
            simulated=self.simulated,
            dataset=self.world.fingerprint,
            run_id=self.folder.run_id,
            log_head=self.store.progress().head.hex(),
        )

    def page(self) -> dict[str, Any]:
        """Return everything that the dashboard shows, as plain values; call it in the engine's thread."""
        first, last = self.world.feed.span
        return self.views.page() | {
            "simulated": self.simulated,
            "mode": self.world.mode,
            "sources": self.world.sources(),
            "run_id": self.folder.run_id,
            "dataset": {"name": self.world.name, "first_ts": first, "last_ts": last},
            "messages": self.views.account.state.messages,
        }

    def close(self, *, clean: bool) -> None:
        """Commit and close everything; `clean` says that nothing is missing."""
        self.engine.close(clean=clean)
        for each in self.closables:
            each.close()
        if clean:
            self.operator.tidy()


def describe(settings: Settings, world: World) -> str:
    """Return the run's description: what must be the same for the same bytes, and all that a later replay needs."""
    parts = msgspec.to_builtins(settings)
    parts.pop("web")
    parts.pop("venue")  # where the venue is found changes nothing that is decided
    # The interval at which positions are marked decides what is recorded; the other runtime settings are caches.
    parts["runtime"] = {"mark_interval_s": settings.runtime.mark_interval_s}
    told = {
        "dataset": world.fingerprint,
        "kind": world.kind,
        "settings": parts,
        "trader": msgspec.to_builtins(world.trader),
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
    """Build a replay of a dataset over its folder; with `exchange_port` the paper exchange is the process there.

    A run that is not `kept` leaves no log: a backtest needs its decisions and the log's head only.
    """
    key = order_key(settings, directory)
    world = replayed_world(
        settings,
        dataset,
        Trader(settings.account.name, key.address, key.address),
        exchange_store=folder.exchange if kept else _IN_MEMORY,
        exchange_port=exchange_port,
        wrap_whales=wrap_whales,
    )
    return assemble(settings, directory, folder, world, key, kept=kept, projections=projections)


def order_key(settings: Settings, directory: DataDirectory) -> OrderKey:
    """Load the key of the paper account, making it from the account's name at first use."""
    return load_order_key(directory.keys / "order.key", paper_account=settings.account.name)


def assemble(
    settings: Settings,
    directory: DataDirectory,
    folder: RunFolder,
    world: World,
    key: OrderKey,
    *,
    kept: bool = True,
    projections: Sequence[Projection] = (),
) -> App:
    """Put agents, sources, effects and projections together over a world and a run's folder."""
    account, latch = settings.account.name, KillLatch(directory.latch)
    description = describe(settings, world)
    store, resumed = _open_store(folder, description) if kept else (MemoryEventStore(description.encode()), False)
    seal, trader = load_seal(directory.keys / "seal.key"), world.trader
    signer = LocalSigner(
        folder.signer if kept else _IN_MEMORY,
        key,
        {seal.key_id: seal.public_bytes},
        directory.latch,
        wallet=trader.maker if trader.maker != key.address else "",
    )
    ingest, scans, answers = _sources(settings, world)
    operator = _operator(settings, directory, world, description, (ingest, scans, answers))
    views, approvals = Views(settings.account.starting_equity_micro), Approvals(store)
    effects = OrderEffects(
        world.exchange,
        signer,
        latch,
        answers,
        approvals.sealed,
        latency_ms=settings.execution.latency_ms,
        gate=world.gate,
    )
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
        world=world,
        store=store,
        engine=engine,
        ingest=ingest,
        answers=answers,
        operator=operator,
        latch=latch,
        views=views,
        description=description,
        resumed=resumed,
        closables=[*world.closables, world.exchange, signer],
    )


def _operator(
    settings: Settings, directory: DataDirectory, world: World, description: str, others: Sequence[FactSource]
) -> Operator:
    return Operator(
        directory.control,
        account_id=settings.account.name,
        description=description,
        first_ts=world.first_ts,
        others=others,
        endless=world.endless,
    )


def _sources(settings: Settings, world: World) -> tuple[Ingest, Scans, ExchangeSource]:
    ingest = Ingest(
        world.feed,
        mark_interval_s=settings.runtime.mark_interval_s,
        max_print_age_s=settings.limits.max_mark_age_s,
    )
    return ingest, Scans(world.whales, world.scan_ready), ExchangeSource(world.exchange)


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
