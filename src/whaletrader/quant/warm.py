"""Runs each kernel of `quant` that no other warm-up reaches once, so that its compiled form (njit) is in the cache."""

import numpy as np

from whaletrader.quant.block_length import optimal_block_lengths
from whaletrader.quant.drift import cusum_paths, e_detector_paths
from whaletrader.quant.sharpe_arrays import sharpe_moments
from whaletrader.quant.stationary import sharpe_intervals, stationary_indices, variance_of_stationary_mean
from whaletrader.quant.studentised import sums_by_cluster


def compile_kernels() -> None:
    """Bootstrap a made-up series and throw the result away."""
    series = np.sin(np.arange(60.0))[None, :]
    optimal_block_lengths(series)
    sharpe_moments(series)
    stationary_indices(10, 2, 3.0, seed=1)
    variance_of_stationary_mean(series[0], 3.0)
    sharpe_intervals(series, 3.0, seed=1, n_boot=100)
    cusum_paths(series, 0.5)
    half = np.full_like(series, 0.5)
    e_detector_paths(half, half, 0.8 * half)
    sums_by_cluster(series[0], np.arange(60), np.array([0, 60]))
