"""Placebo leaders for the whole pipeline: each leader that a scan would follow is replaced by a matched wallet.

The stand-in is drawn among the other wallets of the same kind with about as many settled bets at that time; the
leader's score stays, so the pipeline treats it exactly as it would treat the real one. A leader keeps his stand-in for
as long as that one's count still matches. What the placebo earns is what the pipeline makes of chance.
"""

from collections.abc import Sequence
from hashlib import blake2b

import msgspec
import polars as pl

from whaletrader.messages.leaders import LeaderScore, UniverseScanned
from whaletrader.ports.whale_source import WhaleSource
from whaletrader.universe.bets import resolved_bets
from whaletrader.universe.follower import FollowerTable

_UNFIT = ("LIKELY_LUCK", "INSUFFICIENT_DATA")
FACTOR = 2
"""A stand-in has at least half and at most twice the leader's number of settled bets."""
LEAST_CHOICE = 30
"""Where fewer wallets match, the draw is among so many whose counts come nearest."""

Pool = dict[str, list[tuple[int, str]]]
"""By kind: (settled bets, address) of every wallet with at least one."""


class PlaceboWhales:
    """Fills the port `whale_source` from another one."""

    def __init__(self, real: WhaleSource, table: FollowerTable, *, seed: int) -> None:
        self._real = real
        self._table = table
        self._seed = seed

    def scan(self, as_of_ts: int, followed: Sequence[str] = (), since_ts: int = 0) -> UniverseScanned:
        """Scan, then put placebos in the place of those who would be followed; the others are left out."""
        scan = self._real.scan(as_of_ts, followed, since_ts)
        pool = pool_at(self._table, as_of_ts)
        return msgspec.structs.replace(scan, scores=replaced(scan.scores, pool, self._seed))


def pool_at(table: FollowerTable, as_of_ts: int) -> Pool:
    """Every wallet with a settled bet at a time, by kind."""
    counted = (
        resolved_bets(table, as_of_ts)
        .group_by("kind", "wallet")
        .agg(pl.len().cast(pl.Int64).alias("bets"))
        .join(table.addresses.select("wallet", "address"), on="wallet")
        .sort("kind", "address")
    )
    pool: Pool = {}
    for kind, bets, address in counted.select(pl.col("kind").cast(pl.String), "bets", "address").iter_rows():
        pool.setdefault(kind, []).append((bets, address))
    return pool


def replaced(scores: tuple[LeaderScore, ...], pool: Pool, seed: int) -> tuple[LeaderScore, ...]:
    """Return the scores that would be followed under matched other wallets, no wallet twice."""
    fit = [score for score in scores if score.verdict not in _UNFIT and score.edge_lower_micro > 0]
    taken = {(score.kind, score.wallet) for score in fit}
    out = []
    for score in fit:
        stand_in = _stand_in(score, pool.get(score.kind, []), taken, seed)
        if stand_in:
            taken.add((score.kind, stand_in))
            out.append(msgspec.structs.replace(score, wallet=stand_in))
    return tuple(out)


def _stand_in(score: LeaderScore, pool: list[tuple[int, str]], taken: set[tuple[str, str]], seed: int) -> str:
    free = [(bets, address) for bets, address in pool if (score.kind, address) not in taken]
    near = [known for known in free if score.n_bets <= FACTOR * known[0] and known[0] <= FACTOR * score.n_bets]
    if len(near) < LEAST_CHOICE:
        near = sorted(free, key=lambda known: (abs(known[0] - score.n_bets), known[1]))[:LEAST_CHOICE]
    return min((address for _, address in near), key=lambda address: _draw(seed, score, address), default="")


def _draw(seed: int, score: LeaderScore, address: str) -> bytes:
    """A number between a leader and a candidate that depends on nothing else."""
    return blake2b(f"{seed}/{score.kind}/{score.wallet}/{address}".encode(), digest_size=8).digest()
