"""Fills of a population as arrays, and how a price and a stake become one."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from whaletrader.datasets.simulator.universe.calibration import Calibration

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_GRID = 1_000
_GRID_PRICE = 1_000  # micro-units
_LEAST_HUNDREDTHS = 100
_MOST_DOLLARS = 2_000_000.0


@dataclass(frozen=True, eq=False)
class Fills:
    """Equal-length arrays; `ratio` is the log-likelihood ratio that a buy gives its token, not part of the tape."""

    ts: Ints
    wallet: NDArray[np.int32]
    market: NDArray[np.int32]
    outcome: NDArray[np.int8]
    side: NDArray[np.int8]
    role: NDArray[np.int8]
    price_micro: NDArray[np.int32]
    size_micro: Ints
    ratio: NDArray[np.float32]

    def take(self, index: NDArray[np.intp] | Bools) -> "Fills":
        """The chosen fills."""
        return Fills(**{field.name: getattr(self, field.name)[index] for field in fields(self)})


_TYPES = {
    "ts": np.int64, "wallet": np.int32, "market": np.int32, "outcome": np.int8, "side": np.int8, "role": np.int8,
    "price_micro": np.int32, "size_micro": np.int64, "ratio": np.float32,
}  # fmt: skip


def make_fills(**columns: NDArray[np.generic] | int | float) -> Fills:
    """Fills of these columns in their types; a single number stands for a whole column."""
    ts = np.asarray(columns["ts"])
    return Fills(**{
        name: np.broadcast_to(np.asarray(columns[name]), ts.shape).astype(dtype) for name, dtype in _TYPES.items()
    })  # fmt: skip


def join_fills(parts: list[Fills]) -> Fills:
    """All fills of several parts, in order."""
    return Fills(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Fills)}
    )


def no_fills() -> Fills:
    """None."""
    return make_fills(**{name: np.zeros(0) for name in _TYPES})


def to_grid(price: Floats) -> Ints:
    """Prices on the grid of a thousandth, inside (0, 1), in micro-units."""
    return np.clip(np.rint(price * _GRID).astype(np.int64), 1, _GRID - 1) * _GRID_PRICE


def shares_micro(dollars: Floats, price_micro: Ints) -> Ints:
    """Shares for an amount of money, on a grid of a hundredth share, at least one."""
    hundredths = np.rint(dollars * 1e8 / price_micro).astype(np.int64)
    return np.maximum(hundredths, _LEAST_HUNDREDTHS) * 10_000


def stakes(normal: Floats, shape: Calibration) -> Floats:
    """Dollars of a standard normal: a log-normal body, wider below its median than above, and a Pareto tail above
    the quantile where it begins.
    """
    sigma = np.where(normal < 0.0, shape.stake_log_sigma_low, shape.stake_log_sigma_high)
    body = np.exp(shape.stake_log_mean + sigma * normal)
    beyond = ndtr(-normal)
    share = shape.stake_tail_share
    begins = np.exp(shape.stake_log_mean + shape.stake_log_sigma_high * float(-ndtri(share)))
    with np.errstate(divide="ignore", over="ignore"):
        tail = begins * (share / beyond) ** (1.0 / shape.stake_tail_alpha)
    found: Floats = np.minimum(np.where(beyond < share, tail, body), _MOST_DOLLARS)
    return found
