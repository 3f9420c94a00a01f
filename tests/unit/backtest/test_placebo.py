"""Placebo leaders in the real ones' place."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.universe import Tape
from tests.unit.backtest.telling import score
from whaletrader.backtest.placebo import FACTOR, LEAST_CHOICE, PlaceboWhales, Pool, pool_at, replaced
from whaletrader.domain.values import NANOS
from whaletrader.messages.leaders import UniverseScanned
from whaletrader.universe.follower import build_follower_table

POOL: Pool = {
    "fill": [(bets, f"f{bets}-{n}") for bets in (10, 40, 45, 200) for n in range(20)],
    "position": [(25, f"p{n}") for n in range(50)],
}


def test_each_leader_who_would_be_followed_is_replaced_and_keeps_his_score() -> None:
    scores = (score("a", rank=1), score("b", kind="position", n_bets=25, rank=2))
    found = replaced(scores, POOL, seed=1)
    assert [(s.kind, s.rank, s.edge_shrunk_micro) for s in found] == [("fill", 1, 30_000), ("position", 2, 30_000)]
    assert found[0].wallet.startswith(("f40", "f45"))
    assert found[1].wallet.startswith("p")


def test_wallets_that_nobody_would_follow_are_left_out() -> None:
    assert replaced((score("a", lower=0), score("b", lower=-5)), POOL, seed=1) == ()


def test_no_wallet_stands_in_twice_nor_for_another_leader() -> None:
    real = tuple(score(f"f40-{n}") for n in range(12))
    found = replaced(real, POOL, seed=3)
    wallets = [s.wallet for s in found]
    assert len(set(wallets)) == 12
    assert not set(wallets) & {s.wallet for s in real}


def test_the_same_wallet_may_stand_in_for_each_kind() -> None:
    pool: Pool = {"fill": [(40, "x")], "position": [(40, "x")]}
    found = replaced((score("a"), score("a", kind="position")), pool, seed=1)
    assert [(s.kind, s.wallet) for s in found] == [("fill", "x"), ("position", "x")]


def test_without_another_wallet_nobody_stands_in() -> None:
    assert replaced((score("a"),), {"fill": [(40, "a")]}, seed=1) == ()
    assert replaced((score("a"),), {}, seed=1) == ()


def test_a_leader_keeps_his_stand_in_while_the_pool_is_the_same() -> None:
    alone = replaced((score("a"),), POOL, seed=5)
    beside = replaced((score("a"), score("b", n_bets=220)), POOL, seed=5)
    assert alone[0].wallet == beside[0].wallet


def test_another_seed_draws_others() -> None:
    draws = {replaced((score("a"),), POOL, seed=seed)[0].wallet for seed in range(12)}
    assert len(draws) > 3


@given(st.integers(1, 300), st.integers(0, 2**63 - 1))
@settings(max_examples=60, deadline=None)
def test_the_stand_in_is_matched_in_settled_bets_or_among_the_nearest(n_bets: int, seed: int) -> None:
    found = replaced((score("a", n_bets=n_bets),), POOL, seed=seed)[0]
    counts = sorted((abs(bets - n_bets), address) for bets, address in POOL["fill"])
    matching = {a for bets, a in POOL["fill"] if n_bets / FACTOR <= bets <= n_bets * FACTOR}
    nearest = {address for _, address in counts[:LEAST_CHOICE]}
    assert found.wallet in (matching if len(matching) >= LEAST_CHOICE else nearest)


def tape() -> Tape:
    made = Tape(wallets=3)
    for m in range(6):
        made.market(m, 1.0, 1_000 + m)
        made.trade(10, 0, m, 0.4).trade(20, 2, m, 0.42)
        if m < 2:
            made.trade(12, 1, m, 0.4).trade(30, 2, m, 0.42)
    return made


def test_the_pool_counts_only_bets_that_were_settled_by_then() -> None:
    table = build_follower_table(tape().source(["w0", "w1", "w2"]))
    assert pool_at(table, 1_000 * NANOS)["fill"] == [(1, "w0"), (1, "w1")]
    assert pool_at(table, 2_000 * NANOS)["fill"] == [(6, "w0"), (2, "w1")]
    assert pool_at(table, 0) == {}


class Scanner:
    """A whale source that would follow one wallet."""

    def scan(self, as_of_ts: int, followed: Sequence[str] = (), since_ts: int = 0) -> UniverseScanned:
        return UniverseScanned(
            as_of_ts=as_of_ts, source="s", n_wallets=3, n_qualified=1, scores=(score("w0", n_bets=6),), funnel=()
        )


def test_a_scan_through_placebos_differs_in_the_wallets_only() -> None:
    table = build_follower_table(tape().source(["w0", "w1", "w2"]))
    found = PlaceboWhales(Scanner(), table, seed=1).scan(2_000 * NANOS)
    assert [s.wallet for s in found.scores] == ["w1"]
    assert (found.n_wallets, found.n_qualified, found.source) == (3, 1, "s")
    assert found == PlaceboWhales(Scanner(), table, seed=1).scan(2_000 * NANOS)
