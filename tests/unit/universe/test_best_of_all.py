"""The best of all judged wallets against luck's best: gains by day, and when it is not tested."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tests.support.universe import Tape
from whaletrader.domain.values import MICRO
from whaletrader.universe import best_of_all as module
from whaletrader.universe.best_of_all import RESAMPLES, best_of, best_of_all, daily_gains
from whaletrader.universe.bets import BetTable
from whaletrader.universe.score_params import ScoreParams

DAY = 86_400


def crowd(wallets: int, bets: int, seed: int, chance: float = 0.5) -> BetTable:
    """Wallets that bet at even odds on random days of a year; the first hits by chance `chance`."""
    rng = np.random.default_rng(seed)
    n = wallets * bets
    hit = rng.random(n) < np.repeat([chance, *[0.5] * (wallets - 1)], bets)
    day = rng.integers(100, 300, n)
    nothing = np.zeros(n, np.int64)
    return BetTable(
        units=pl.DataFrame({"policy": ["taker"] * wallets, "kind": ["fill"] * wallets, "wallet": range(wallets)}),
        offsets=np.arange(0, n + 1, bets), group=np.arange(n), edge=np.where(hit, MICRO // 2, -MICRO // 2),
        cost=np.full(n, MICRO // 2), entry_price=nothing, entry_day=day, exit_day=day + 2, known_ts=nothing,
        stake=nothing, leader_price=nothing, spread=nothing, waited=nothing,
    )  # fmt: skip


def test_the_gains_are_those_of_a_plain_loop() -> None:
    bets = crowd(5, 40, 1)
    expected = np.zeros((203, 5))
    for u in range(5):
        for i in range(40 * u, 40 * u + 40):
            expected[bets.exit_day[i] - 100, u] += bets.edge[i] / MICRO
    np.testing.assert_allclose(daily_gains(bets, 100, 203), expected, atol=1e-12)


def test_among_the_lucky_nobody_stands_out_and_a_skilled_one_does() -> None:
    lucky, skilled = best_of([crowd(100, 60, 2)], 7), best_of([crowd(100, 60, 2, chance=0.95)], 7)
    assert lucky is not None
    assert skilled is not None
    assert (skilled.wallets, skilled.reality_check_p, skilled.superior_ability_p) == (100, 1 / RESAMPLES, 1 / RESAMPLES)
    assert min(lucky.reality_check_p, lucky.superior_ability_p) > 0.05


def test_luck_alone_is_seldom_called_skill() -> None:
    found = [best_of([crowd(30, 40, seed)], seed) for seed in range(40)]
    called = sum(one is not None and one.reality_check_p <= 0.05 for one in found)
    assert called <= 7, "beyond the 99 % band of 5 % of 40"


def test_every_policy_is_a_trial() -> None:
    one = crowd(10, 30, 3)
    both = best_of([one, replace(one, edge=-one.edge)], 1)
    assert both is not None
    assert both.wallets == 20


def test_without_wallets_and_beyond_the_memory_nothing_is_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    assert best_of([crowd(0, 1, 1)], 1) is None
    monkeypatch.setattr(module, "MOST_CELLS", 100)
    assert best_of([crowd(5, 30, 1)], 1) is None


def test_a_dataset_is_tested_by_kind_over_its_judged_wallets_alone() -> None:
    tape = Tape(wallets=3)
    for m in range(40):
        tape.market(m, 1.0 if m % 8 else 0.0, (m + 2) * DAY)
        for wallet in range(3):
            tape.signal(m * DAY + 60 + wallet, wallet, m, 0.50)
    frame = pl.DataFrame(
        {
            "policy": ["taker"] * 3,
            "kind": ["position"] * 3,
            "wallet": [0, 1, 2],
            "withheld": [None, None, "too_few_bets"],
        }
    )
    found = best_of_all(tape.source(), frame, ScoreParams())
    assert list(found) == ["position"]
    assert (found["position"].wallets, found["position"].days) == (2, 42)
    assert found["position"].reality_check_p < 0.05
