"""Whole runs under chaos: answers lost, late, twice or void; stops anywhere; the latch and operators' commands.

Everything follows from a seed. The exchange has a store of its own, which outlives the stops.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.support.random_market import ChosenLeaders, address
from whaletrader.adapters.paper.exchange import PaperExchange
from whaletrader.adapters.paper.faults import FaultPlan
from whaletrader.adapters.paper.line_server import ExchangeServer
from whaletrader.adapters.paper.telling import Rules
from whaletrader.app.build import App, build
from whaletrader.app.exchange_process import make_tape
from whaletrader.app.layout import DataDirectory
from whaletrader.config.tree import (
    AccountSettings,
    CopySettings,
    DiscoverySettings,
    ExecutionSettings,
    RuntimeSettings,
    Settings,
)
from whaletrader.datasets.store import Dataset
from whaletrader.domain.risk.limits import RiskLimits
from whaletrader.domain.values import MICRO
from whaletrader.runtime.operator import write_command

FAULTS = FaultPlan(drop_micro=300_000, delay_micro=300_000, repeat_micro=300_000, delay_s=45, fail_micro=300_000)
COMMANDS = (("KILL", ""), ("RESUME", ""), ("RESUME", ""), ("RESET_BREAKER", ""), ("PRUNE", address(0)))
DEFAULTS = RiskLimits()
BOLD = RiskLimits(
    kelly_fraction_micro=MICRO,
    per_trade_micro=150_000,
    per_leader_micro=MICRO,
    cvar_limit_micro=MICRO,
    daily_loss_micro=200_000,
    max_correlation_micro=MICRO,
)
"""Limits under which an account can lose enough for the breaker and for every step of the ladder."""


@dataclass(frozen=True)
class Chaos:
    """Chances per fact, in parts of one."""

    stop: float = 0.0
    latch: float = 0.0
    command: float = 0.0
    close_cleanly: float = 1.0


CALM = Chaos()
WILD = Chaos(stop=0.02, latch=0.01, command=0.02, close_cleanly=0.5)


def chaos_settings(*, limits: RiskLimits = DEFAULTS, runtime: RuntimeSettings | None = None) -> Settings:
    """Settings under which random markets trade."""
    return Settings(
        account=AccountSettings(starting_equity_micro=1_000 * MICRO),
        limits=limits,
        discovery=DiscoverySettings(scan_interval_days=2),
        copy=CopySettings(max_position_age_s=3_600),
        execution=ExecutionSettings(max_slippage_micro=40_000),
        runtime=runtime or RuntimeSettings(mark_interval_s=3_600),
    )


@contextmanager
def exchange_of(dataset: Path, store: Path, faults: FaultPlan) -> Iterator[tuple[PaperExchange, int]]:
    """Serve a paper exchange with its own store and fault plan; yield it with its port."""
    exchange = PaperExchange(store, make_tape(dataset), Rules(faults))
    with ExchangeServer(exchange) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        serving.start()
        try:
            yield exchange, server.port
        finally:
            server.shutdown()
            serving.join(10)
    exchange.close()


@dataclass
class Driven:
    """A run that ended: the app of its last session, closed, and what was sent while the latch was thrown."""

    app: App
    sent_while_latched: int = 0
    sessions: int = 0


class Drive:
    """Drives one run to its end, over as many stops as the chaos wants; everything follows from the seed."""

    def __init__(self, exchange: PaperExchange, port: int, settings: Settings, seed: int, chaos: Chaos) -> None:
        self._exchange, self._port = exchange, port
        self._settings, self._seed, self._chaos = settings, seed, chaos
        self._rng = Random(seed)
        self._sent_while_latched = 0

    def run(self, dataset: Path, data: Path) -> Driven:
        """Run over a dataset in a new data directory."""
        directory, opened, sessions = DataDirectory(data), Dataset.open(dataset), 0
        directory.ensure()
        folder = directory.new_run()
        while True:
            sessions += 1
            leaders = ChosenLeaders(self._seed)
            app = build(
                self._settings,
                directory,
                folder,
                opened,
                exchange_port=self._port,
                wrap_whales=lambda _, leaders=leaders: leaders,
            )
            app.engine.start()
            if self._session(app):
                app.engine.run()
                app.close(clean=True)
                return Driven(app, self._sent_while_latched, sessions)
            app.close(clean=self._rng.random() < self._chaos.close_cleanly)

    def _session(self, app: App) -> bool:
        """Take facts until the run ends (True) or is stopped."""
        rng, chaos = self._rng, self._chaos
        while self._step(app):
            if rng.random() < chaos.latch:
                app.latch.clear() if app.latch.thrown() else app.latch.throw("chaos", app.engine.clock)
            if rng.random() < chaos.command:
                command, argument = rng.choice(COMMANDS)
                number = rng.randrange(2**40)
                write_command(app.directory.control, command, argument=argument, operator="chaos", now_ns=number)
            if rng.random() < chaos.stop:
                return False
        return True

    def _step(self, app: App) -> bool:
        if not app.latch.thrown():
            return app.engine.step()
        before = self._sent()
        more = app.engine.step()
        self._sent_while_latched += self._sent() - before
        return more

    def _sent(self) -> int:
        return sum(count for _, count in self._exchange.orders())
