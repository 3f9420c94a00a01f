"""Populations for proofs and tests; every one is drawn from a seed and carries its truth.

Sizes and effect sizes are fixed here, before any score is computed of them.
"""

from dataclasses import replace

from whaletrader.datasets.simulator.universe.params import Mind, PopulationParams
from whaletrader.datasets.simulator.universe.population import Population, simulate_population

LABELLED_EDGES = (0.02, 0.04, 0.06, 0.08, 0.12)
"""Net edges per share of the skilled, by degree."""


_FILLS_PER_BET = 1.6
"""Of the crowd: some are clips of one entry, some are bets again on the same token, some nobody follows."""


def null_params(n_wallets: int, bets: float = 40.0, *, boundary: bool = False) -> PopulationParams:
    """Nobody gains: a follower of anybody loses the costs on average, or at the boundary exactly nothing."""
    return PopulationParams(
        name="null",
        wallets=n_wallets,
        fills=int(n_wallets * bets * _FILLS_PER_BET),
        markets=max(300, int(n_wallets * bets / 100)),
        crowd_edge=0.0 if boundary else None,
        exits=0.0 if boundary else None,
    )


def null_universe(n_wallets: int, seed: int, *, bets: float = 40.0, boundary: bool = False) -> Population:
    """A universe without gain, with about `bets` priced bets a wallet, clustered, stakes heavy-tailed.

    At the `boundary` everybody's net edge is 0, the least favourable null, and nobody sells early.
    """
    return simulate_population(null_params(n_wallets, bets, boundary=boundary), seed)


def doublers(n_wallets: int, n_doublers: int, seed: int, *, bets: float = 100.0) -> Population:
    """A null universe in which some wallets (ids 0, 1, …) know nothing and buy more of what falls."""
    crowd = null_params(n_wallets - n_doublers)
    minds = (Mind(label="doubler", wallets=n_doublers, edge=-1.0, bets=bets, life=(0.1, 0.6), doubles=True),)
    return simulate_population(replace(crowd, name="doublers", minds=minds, markets=max(1_500, crowd.markets)), seed)


def planted_params(n_wallets: int, n_skilled: int, edge: float, n_markets: int, bets: float = 40.0) -> PopulationParams:
    """A null universe in which some wallets bet in `n_markets` independent markets at prices 0.3 to 0.7."""
    crowd = null_params(n_wallets - n_skilled, bets)
    minds = (Mind(label="skilled", wallets=n_skilled, edge=edge, bets=n_markets, band=(0.31, 0.69), life=(0.02, 0.7)),)
    return replace(crowd, name="planted", minds=minds, markets=max(crowd.markets, 5 * n_markets))


def planted(
    n_wallets: int, n_skilled: int, edge: float, n_markets: int, seed: int, *, bets: float = 40.0
) -> Population:
    """`n_skilled` wallets (ids 0, 1, …) with a net edge a share, planted among a crowd without any."""
    return simulate_population(planted_params(n_wallets, n_skilled, edge, n_markets, bets), seed)


def labelled_params(effect: float = 1.0, size: float = 1.0) -> PopulationParams:
    """Every kind of wallet there is, the skilled by degree; `effect` scales edges, `size` the numbers of wallets."""
    skilled = tuple(
        Mind(label="skilled", wallets=_part(20, size), edge=edge * effect, bets=120, spread=0.6, stake=stake)
        for edge, stake in zip(LABELLED_EDGES, (1.0, 1.0, 0.7, 0.5, 0.3), strict=True)
    )
    cluster = 6
    sybils = cluster * _part(4, size)
    others = (
        Mind(label="skilled_until", wallets=_part(20, size), edge=0.1 * effect, bets=200, off_at=0.5),
        Mind(label="insider", wallets=_part(10, size), edge=0.3 * effect, bets=6, stake=20.0, life=(0.6, 0.95)),
        Mind(label="sybil", wallets=sybils, edge=0.05 * effect, bets=100, copies=cluster, stake=0.5),
        Mind(label="sybil", wallets=sybils, edge=-1.0, bets=100, copies=cluster, stake=0.5),
        Mind(label="fast", wallets=_part(20, size), edge=0.0, bets=150, stake=4.0, fast=True, life=(0.9, 0.985)),
        Mind(label="herder", wallets=_part(40, size), edge=0.0, bets=80, follows=True),
    )
    return PopulationParams(
        name="labelled",
        wallets=_part(2_000, size),
        fills=_part(240_000, size),
        markets=max(1_200, _part(2_500, size)),
        minds=(*skilled, *others),
        makers=10,
        wash_pairs=_part(10, size),
        lucky=_part(40, size),
    )


def _part(count: int, size: float) -> int:
    return max(1, round(count * size))


def labelled(seed: int, effect: float = 1.0, size: float = 1.0) -> Population:
    """The labelled universe: some 2,250 wallets of all labels at full size."""
    return simulate_population(labelled_params(effect, size), seed)


def scale_params(n_wallets: int, n_fills: int) -> PopulationParams:
    """A universe of any size, nearly all of it noise."""
    return PopulationParams(
        name="scale",
        wallets=n_wallets,
        fills=int(n_fills / 1.58),
        markets=max(500, n_fills // 1_000),
        minds=(Mind(label="skilled", wallets=max(1, n_wallets // 1_000), edge=0.08, bets=100),),
        days=365.0,
    )


def scale(n_wallets: int, n_fills: int, seed: int) -> Population:
    """In memory; for many millions of fills write `scale_params` by `write_population`."""
    return simulate_population(scale_params(n_wallets, n_fills), seed)
