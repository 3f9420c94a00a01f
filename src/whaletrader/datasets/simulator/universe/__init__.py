"""A calibrated test universe with ground truth: whole populations of wallets whose edge for a follower is known."""

from whaletrader.datasets.simulator.universe.params import Mind, PopulationParams
from whaletrader.datasets.simulator.universe.population import (
    Population,
    simulate_population,
    switched_off,
    write_population,
)

__all__ = ["Mind", "Population", "PopulationParams", "simulate_population", "switched_off", "write_population"]
