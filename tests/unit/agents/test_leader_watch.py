"""What is kept of a followed leader: outcomes told in many scans count as if one scan had told them all."""

from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.payloads import ALICE, BOB, score
from whaletrader.agents.leader_watch import LeaderWatch, WatchRules, after_scan, begun, weights
from whaletrader.config.tree import AllocationSettings, PruningSettings, Settings
from whaletrader.domain.values import MICRO
from whaletrader.messages.leaders import LeaderOutcomes, SettledOutcome, UniverseScanned
from whaletrader.quant.bandit import moments_of

RULES = WatchRules(Settings())


def told(edges, *, cost=500_000, first=0):
    return tuple(
        SettledOutcome(event_group_id=f"g{first + n}", settled_ts=first + n, n_bets=1, edge_micro=edge, cost_micro=cost)
        for n, edge in enumerate(edges)
    )


def scan(*leaders):
    settled = tuple(
        LeaderOutcomes(wallet=wallet, kind="fill", outcomes=outcomes, n_untold=0) for wallet, outcomes in leaders
    )
    return UniverseScanned(as_of_ts=9, source="s", n_wallets=2, n_qualified=2, scores=(), funnel=(), settled=settled)


def watches(*wallets):
    return {f"fill/{wallet}": begun(score(wallet=wallet), RULES) for wallet in wallets}


edges_of = st.lists(st.sampled_from([-500_000, -200_000, 100_000, 500_000]), min_size=1, max_size=50)


@settings(max_examples=60, deadline=None)
@given(edges_of, st.lists(st.integers(0, 50), max_size=4))
def test_many_scans_are_one_scan_with_all_outcomes(edges, cuts):
    outcomes = told(edges)
    places = [0, *sorted(min(cut, len(edges)) for cut in cuts), len(edges)]
    weekly = watches(ALICE)
    for first, last in pairwise(places):
        weekly = after_scan(weekly, scan((ALICE, outcomes[first:last])), RULES)
    assert weekly == after_scan(watches(ALICE), scan((ALICE, outcomes)), RULES)


@settings(max_examples=60, deadline=None)
@given(edges_of)
def test_the_belief_after_scans_is_a_refit_from_all_outcomes(edges):
    (leader,) = after_scan(watches(ALICE), scan((ALICE, told(edges))), RULES).values()
    refit = leader.prior.after(moments_of(np.array(edges) / MICRO, RULES.discount))
    for name in ("mean", "strength", "shape", "scale"):
        assert getattr(leader.belief(), name) == pytest.approx(getattr(refit, name), rel=1e-12)


def test_a_leader_begins_with_what_his_score_promises():
    leader = begun(score(edge_micro=80_000, edge_shrunk_micro=40_000, n_groups=30), RULES)
    assert leader.watch.promised_micro == 40_000
    assert leader.watch.strength == 60
    assert leader.belief().mean == pytest.approx(0.04)
    assert leader.belief().strength == 30.0


def test_each_leader_gets_his_own_outcomes_and_strangers_none():
    found = after_scan(watches(ALICE), scan((ALICE, told([100_000])), (BOB, told([-500_000]))), RULES)
    assert list(found) == [f"fill/{ALICE}"]
    assert found[f"fill/{ALICE}"].watch.total_micro == 100_000


def test_the_watches_before_are_left_alone():
    before = watches(ALICE)
    kept = msgspec.msgpack.encode(before)
    after_scan(before, scan((ALICE, told([100_000, -500_000]))), RULES)
    assert msgspec.msgpack.encode(before) == kept


def test_a_watch_survives_a_snapshot():
    (leader,) = after_scan(watches(ALICE), scan((ALICE, told([500_000, -500_000]))), RULES).values()
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(leader), type=LeaderWatch) == leader


def test_weights_are_the_same_for_the_same_draw_and_others_for_another():
    many = watches(*(f"0x{n:040x}" for n in range(8)))
    first = weights(many, (7, "scan"), RULES)
    assert first == weights(dict(reversed(many.items())), (7, "scan"), RULES)
    assert list(first) == sorted(many)
    assert first != weights(many, (7, "another"), RULES)
    assert first != weights(many, (8, "scan"), RULES)
    assert all(0 <= weight <= MICRO for weight in first.values())


def test_whoever_loses_gets_less_than_whoever_wins():
    bad, good = told([-500_000] * 30), told([300_000] * 30, first=100)
    found = after_scan(watches(ALICE, BOB), scan((ALICE, bad), (BOB, good)), RULES)
    shares = weights(found, (1, "scan"), RULES)
    assert shares[f"fill/{ALICE}"] < shares[f"fill/{BOB}"] == MICRO


def test_nobody_is_weighed_where_nobody_is_followed():
    assert weights({}, (1, "scan"), RULES) == {}


def test_the_settings_reach_the_rules():
    rules = WatchRules(
        Settings(
            pruning=PruningSettings(e_arl_groups=10, cusum_arl_groups=20, adwin_delta_micro=300_000, agree=3),
            allocation=AllocationSettings(half_life_groups=2, draws=5, max_share_micro=1, max_correlation_micro=2),
        )
    )
    assert rules.discount == pytest.approx(0.5**0.5)
    assert (rules.pruning.e_arl, rules.pruning.cusum_arl) == (10.0, 20.0)
    assert (rules.pruning.adwin_delta, rules.pruning.agree) == (0.3, 3)
    assert (rules.allocation.draws, rules.allocation.max_share_micro, rules.allocation.max_correlation_micro) == (
        5,
        1,
        2,
    )
