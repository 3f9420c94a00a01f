"""A small seeded prediction market with known wallets; everything it makes is stamped simulated."""

from whaletrader.datasets.simulator.make import simulate
from whaletrader.datasets.simulator.params import SimulationParams

__all__ = ["SimulationParams", "simulate"]
