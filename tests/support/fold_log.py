"""Folds a log into the agents and read models of today, deciding nothing, and says what the money came to."""

import shutil
import tempfile
from pathlib import Path

from tests.support.compare import money
from tests.support.scenario import scenario_settings
from whaletrader.adapters.sqlite.store import SqliteEventStore
from whaletrader.agents.execution import Trader
from whaletrader.app.build import make_agents
from whaletrader.runtime.recovery import recover


def folded(log: Path) -> dict:
    """The money state of a log; a copy of it is opened, so that it stays as it is."""
    settings = scenario_settings()
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "log.db"
        for each in log.parent.glob("log.*"):
            shutil.copy(each, copy.with_name(each.name))
        agents = make_agents(settings, Trader(settings.account.name, "0x", "0x"))
        store = SqliteEventStore.open(copy)
        states = {agent.name: state for agent, state in zip(agents, recover(store, agents, ()).states, strict=True)}
        store.close(clean=False)
        told = money(copy, settings.account.starting_equity_micro)
    book = states["risk_management"].book
    return told | {"risk_cash_micro": book.cash_micro, "risk_positions": sorted(book.positions)}
