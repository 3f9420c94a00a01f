"""The figures that were fitted to the real tape, read from `calibration.json`; `fit` writes that file."""

from dataclasses import dataclass
from importlib.resources import files

import msgspec


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Shapes of the simulated tape; times in seconds, money in dollars."""

    categories: dict[str, float]  # share of markets
    clips_mean: float  # fills of one wallet in one token in one go
    clips_single: float  # positions that are one fill
    exit_share: float  # positions that are sold before the end
    next_print_shares: tuple[float, float, float, float]  # next print within 1 min, 10 min, 1 h, 1 day, no sooner
    hold_log_mean: float  # of the seconds until the sale
    hold_log_sigma: float
    grouped_share: float  # markets that share their event with others
    group_size_mean: float  # of those groups
    group_rho: float  # correlation of results (latent normals) inside a group
    neg_risk_share: float  # groups with exactly one winner
    favour: float  # fills that pick a side with its price's probability, not by the burst's lean
    activity_log_sigma: float  # of how busy a wallet is
    prior_shape: float  # Beta(a, a) of the first price
    signal: float  # how decided markets are at their end: standard deviation of the log-odds' path
    info_power: float  # information by x of a life grows as x ** info_power
    time_power: float  # fills by x of a life: x = u ** (1 / time_power)
    life_log_mean: float  # of a market's seconds
    life_log_sigma: float
    market_log_sigma: float  # of fills per market
    stake_log_mean: float  # of dollars per fill, the body
    stake_log_sigma_low: float  # below the median
    stake_log_sigma_high: float  # and above
    stake_icc: float  # share of the logarithm's variance that lies between wallets
    stake_tail_share: float  # fills in the Pareto tail
    stake_tail_alpha: float  # and its exponent


def read_calibration() -> Calibration:
    """The committed figures."""
    return msgspec.json.decode(files(__package__).joinpath("calibration.json").read_bytes(), type=Calibration)


CALIBRATION = read_calibration()
