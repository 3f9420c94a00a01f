"""What a run sees and where it trades: a replayed dataset with the paper exchange, or the venue as it is now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from whaletrader.adapters.local.replay_feed import ReplayFeed
from whaletrader.adapters.local.whale_source import DatasetWhales
from whaletrader.adapters.paper.client import PaperClient
from whaletrader.adapters.paper.exchange import PaperExchange
from whaletrader.adapters.paper.faults import FaultPlan
from whaletrader.adapters.paper.telling import Rules
from whaletrader.agents.execution import Trader
from whaletrader.config.tree import Settings
from whaletrader.datasets.store import Dataset
from whaletrader.messages.orders import SubmitOrder
from whaletrader.ports.exchange import Exchange
from whaletrader.ports.market_feed import MarketFeed
from whaletrader.ports.whale_source import WhaleSource
from whaletrader.runtime.scans import Ready

WrapWhales = Callable[[WhaleSource], WhaleSource]
"""Puts another source of leaders around the dataset's own."""
Gate = Callable[[SubmitOrder], str]
"""Says why an order must not be sent now, "" where it may."""


class Closable(Protocol):
    """Something with a file, a thread or a connection of its own."""

    def close(self) -> None:
        """Let go of it."""
        ...


class TradingPlace(Exchange, Closable, Protocol):
    """An exchange with a connection or a file of its own."""


def always_open(_order: SubmitOrder) -> str:
    """Let every order pass: a replayed market is never stale."""
    return ""


def no_sources() -> list[dict[str, Any]]:
    """Tell that nothing is listened to."""
    return []


@dataclass(frozen=True, slots=True)
class World:
    """Everything around the agents."""

    name: str
    """As a person knows it."""
    fingerprint: str
    """Stands for the content; the same run goes on only with the same."""
    kind: str
    """`real`, `simulated` or `live`."""
    simulated: bool
    """Prices are made up: then everything that is shown is stamped SIMULATED."""
    feed: MarketFeed
    whales: WhaleSource
    exchange: TradingPlace
    trader: Trader
    mode: str = "paper"
    """`paper`: fills are simulated; `paper, live prices`; or `LIVE: real money`."""
    gate: Gate = always_open
    sources: Callable[[], list[dict[str, Any]]] = no_sources
    """How the sources of a live feed stand, as plain values."""
    scan_ready: Ready | None = None
    """Begins a scan elsewhere and says since when its answer is there; None where scans are carried out at once."""
    first_ts: int = 0
    endless: bool = False
    """Whether the run follows the world, and so never ends by itself."""
    closables: Sequence[Closable] = field(default_factory=tuple)
    """Closed before the exchange, in this order."""


def replayed_world(
    settings: Settings,
    dataset: Dataset,
    trader: Trader,
    *,
    exchange_store: Path | str,
    exchange_port: int = 0,
    wrap_whales: WrapWhales | None = None,
) -> World:
    """Make the world of a dataset; with `exchange_port` the paper exchange is the process that listens there."""
    feed = ReplayFeed(dataset, simulated=dataset.simulated)
    whales: WhaleSource = DatasetWhales(dataset, settings)
    exchange = PaperClient(exchange_port) if exchange_port else _exchange(settings, exchange_store, feed)
    return World(
        name=dataset.manifest.name,
        fingerprint=dataset.fingerprint,
        kind=dataset.manifest.kind,
        simulated=dataset.simulated,
        feed=feed,
        whales=wrap_whales(whales) if wrap_whales else whales,
        exchange=exchange,
        trader=trader,
        first_ts=feed.span[0],
    )


def _exchange(settings: Settings, store: Path | str, feed: ReplayFeed) -> PaperExchange:
    return PaperExchange(store, feed.tape(), Rules(fault_plan(settings)))


def fault_plan(settings: Settings) -> FaultPlan:
    """Return which answers the paper exchange in this process loses, as the settings say."""
    plan = settings.faults
    return FaultPlan(
        drop_micro=plan.drop_micro,
        delay_micro=plan.delay_micro,
        repeat_micro=plan.repeat_micro,
        fail_micro=plan.fail_micro,
        delay_s=plan.delay_s,
    )
