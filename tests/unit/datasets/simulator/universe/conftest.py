"""One labelled universe and a small one, made once."""

import pytest

from whaletrader.datasets.simulator.universe import Mind, PopulationParams, simulate_population
from whaletrader.datasets.simulator.universe.presets import labelled

SMALL = PopulationParams(
    name="small",
    wallets=120,
    fills=6_000,
    markets=120,
    days=60.0,
    makers=2,
    wash_pairs=2,
    lucky=3,
    minds=(
        Mind(label="skilled", wallets=3, edge=0.1, bets=40, exits=0.3),
        Mind(label="skilled_until", wallets=2, edge=0.2, bets=40, off_at=0.5),
        Mind(label="sybil", wallets=4, edge=0.0, bets=20, copies=2),
        Mind(label="fast", wallets=2, edge=0.0, bets=20, fast=True),
        Mind(label="herder", wallets=2, edge=0.0, bets=15, follows=True),
    ),
)


@pytest.fixture(scope="session")
def small():
    """A small population with minds of every kind."""
    return simulate_population(SMALL, 3)


@pytest.fixture(scope="session")
def world():
    """The labelled universe."""
    return labelled(7)
