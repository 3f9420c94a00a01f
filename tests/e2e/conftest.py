"""Datasets that whole commands are run on, made once."""

from pathlib import Path

import pytest

from tests.support.scenario import write_scenario
from whaletrader.datasets.simulator import SimulationParams, simulate

MARKET = SimulationParams(
    days=60,
    binary_markets=150,
    groups=2,
    fills=15_000,
    skilled=10,
    lucky=2,
    market_makers=2,
    wash=2,
    noise=20,
    quoted_markets=10,
)


@pytest.fixture(scope="session")
def small_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated market that takes a few seconds: long enough to be interrupted."""
    path = tmp_path_factory.mktemp("market") / "market"
    simulate(path, MARKET, seed=3)
    return path


@pytest.fixture(scope="session")
def small_scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenario in which leaders are followed and orders filled, over in a second."""
    return write_scenario(tmp_path_factory.mktemp("scenario") / "scenario")
