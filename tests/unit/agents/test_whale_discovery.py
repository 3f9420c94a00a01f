"""Who is followed, and why no more."""

import pytest

from tests.support.harness import SECOND, Harness
from tests.support.payloads import ALICE, BOB, operator, score
from whaletrader.agents.whale_discovery import NAME, make
from whaletrader.config.tree import DiscoverySettings, Settings
from whaletrader.messages.leaders import (
    LeaderOutcomes,
    ScanUniverse,
    SettledOutcome,
    UniverseScanned,
    WhaleDiscovered,
    WhalePruned,
    WhaleScoreUpdated,
)
from whaletrader.messages.orchestration import ScheduleTimer, TimerFired
from whaletrader.messages.portfolio import RebalancingRecommendation

DAY = 86_400


@pytest.fixture
def agent():
    return Harness(make(Settings(discovery=DiscoverySettings(max_leaders=2))))


def scanned(*scores, as_of=0, **more):
    return UniverseScanned(
        as_of_ts=as_of, source="bundle", n_wallets=10, n_qualified=len(scores), scores=scores, funnel=(), **more
    )


def outcomes(*edges, wallet=ALICE, kind="fill"):
    settled = tuple(
        SettledOutcome(event_group_id=f"g{n}", settled_ts=n, n_bets=1, edge_micro=edge, cost_micro=500_000)
        for n, edge in enumerate(edges)
    )
    return LeaderOutcomes(wallet=wallet, kind=kind, outcomes=settled, n_untold=0)


LOST = (-500_000, -500_000, 500_000) * 40
"""120 even bets of which a third wins: a tenth of a share is lost on each, and more."""


def recommendation(action, wallet=ALICE, kind="fill"):
    return RebalancingRecommendation(
        account_id="paper", wallet=wallet, kind=kind, action=action, realised_micro=-1, n_closed=10
    )


def test_a_run_begins_with_a_scan_of_what_is_known_now_and_a_timer_for_the_next(agent):
    scan, timer = agent.tell(operator("START"), at=100)
    assert scan == ScanUniverse(as_of_ts=100 * SECOND)
    assert timer == ScheduleTimer(owner=NAME, name="scan", due_ts=(100 + 7 * DAY) * SECOND)


def test_the_timer_brings_the_next_scan_and_schedules_itself_again(agent):
    fired = TimerFired(owner=NAME, name="scan", due_ts=0)
    assert [type(out) for out in agent.tell(fired, at=5)] == [ScanUniverse, ScheduleTimer]


def test_timers_of_others_are_left_alone(agent):
    assert agent.tell(TimerFired(owner="risk_management", name="scan", due_ts=0)) == []
    assert agent.tell(TimerFired(owner=NAME, name="other", due_ts=0)) == []


def test_the_leaders_with_the_highest_lower_bounds_are_followed(agent):
    carol = "0x" + "cc" * 20
    found = agent.tell(
        scanned(
            score(wallet=ALICE, edge_lower_micro=10_000),
            score(wallet=BOB, edge_lower_micro=30_000),
            score(wallet=carol, edge_lower_micro=20_000),
        )
    )
    assert [(type(out), out.wallet) for out in found] == [(WhaleDiscovered, BOB), (WhaleDiscovered, carol)]


@pytest.mark.parametrize(
    "flaw",
    [
        {"edge_lower_micro": 0},
        {"edge_lower_micro": -5},
        {"edge_shrunk_micro": 0},
        {"edge_shrunk_micro": -1},
        {"verdict": "INSUFFICIENT_DATA"},
        {"verdict": "LIKELY_LUCK"},
        {"n_bets": 29},
        {"kind": "position", "n_bets": 19},
    ],
)
def test_a_wallet_without_proven_edge_is_not_followed(agent, flaw):
    assert agent.tell(scanned(score(**flaw))) == []


def test_position_signals_need_fewer_bets_than_fills(agent):
    (found,) = agent.tell(scanned(score(kind="position", n_bets=20)))
    assert (found.kind, found.wallet) == ("position", ALICE)


def test_one_wallet_may_be_followed_in_both_kinds_as_two_leaders(agent):
    found = agent.tell(scanned(score(), score(kind="position")))
    assert sorted(out.kind for out in found) == ["fill", "position"]


def test_the_same_scores_again_say_nothing(agent):
    agent.tell(scanned(score()))
    assert agent.tell(scanned(score())) == []


def test_a_new_rank_alone_is_no_news(agent):
    agent.tell(scanned(score(rank=1)))
    assert agent.tell(scanned(score(rank=2))) == []


def test_a_changed_score_is_told(agent):
    agent.tell(scanned(score()))
    (update,) = agent.tell(scanned(score(edge_shrunk_micro=30_000)))
    assert isinstance(update, WhaleScoreUpdated)
    assert update.score.edge_shrunk_micro == 30_000


@pytest.mark.parametrize(
    ("later", "reason"),
    [
        ((), "NOT_IN_SCAN"),
        ((score(edge_lower_micro=-1),), "EDGE_GONE"),
        ((score(verdict="LIKELY_LUCK"),), "EDGE_GONE"),
        ((score(n_bets=3),), "INSUFFICIENT_DATA"),
        (
            (
                score(edge_lower_micro=1),
                score(wallet=BOB, edge_lower_micro=2),
                score(wallet="0x" + "cc" * 20, edge_lower_micro=3),
            ),
            "OUTRANKED",
        ),
    ],
)
def test_a_leader_is_pruned_with_the_reason(agent, later, reason):
    agent.tell(scanned(score()))
    pruned = [out for out in agent.tell(scanned(*later)) if isinstance(out, WhalePruned)]
    assert [(out.wallet, out.reason) for out in pruned] == [(ALICE, reason)]
    assert ALICE not in {each.wallet for each in agent.state.followed.values()}


def test_an_operator_prunes_a_wallet_in_both_kinds_and_for_good(agent):
    agent.tell(scanned(score(), score(kind="position")))
    pruned = agent.tell(operator("PRUNE", ALICE.upper().replace("0X", "0x")))
    assert [(out.kind, out.reason) for out in pruned] == [("fill", "OPERATOR"), ("position", "OPERATOR")]
    assert agent.tell(scanned(score())) == []


def test_a_wallet_can_be_barred_before_it_is_ever_followed(agent):
    assert agent.tell(operator("PRUNE", ALICE)) == []
    assert agent.tell(scanned(score(), score(wallet=BOB)))[0].wallet == BOB


def test_a_leader_whose_copies_lost_is_dropped_in_that_kind_only(agent):
    agent.tell(scanned(score(), score(kind="position")))
    (pruned,) = agent.tell(recommendation("DROP"))
    assert (pruned.kind, pruned.reason) == ("fill", "COPIES_LOST")
    assert agent.tell(scanned(score(), score(kind="position"))) == []


def test_a_recommendation_to_reduce_is_not_ours(agent):
    agent.tell(scanned(score()))
    assert agent.tell(recommendation("REDUCE")) == []


def test_equal_bounds_are_ordered_by_wallet_so_that_the_choice_is_the_same_everywhere(agent):
    wallets = ["0x" + digit * 40 for digit in "4132"]
    found = agent.tell(scanned(*(score(wallet=wallet) for wallet in wallets)))
    assert [out.wallet for out in found] == sorted(wallets)[:2]


def test_the_list_survives_a_restart(agent):
    agent.tell(scanned(score()))
    agent.tell(operator("PRUNE", BOB))
    agent.restart()
    assert agent.tell(scanned(score(), score(wallet=BOB))) == []


def test_a_scan_asks_for_the_followed_leaders_outcomes_since_the_last_one(agent):
    agent.tell(scanned(score(wallet=BOB), score(), as_of=40))
    scan, _ = agent.tell(TimerFired(owner=NAME, name="scan", due_ts=0), at=100)
    assert scan == ScanUniverse(as_of_ts=100 * SECOND, since_ts=40, followed=(f"fill/{ALICE}", f"fill/{BOB}"))


def test_a_leader_whose_bets_lost_what_was_promised_is_pruned_and_stays_so(agent):
    agent.tell(scanned(score(), score(wallet=BOB), as_of=40))
    found = agent.tell(scanned(score(), score(wallet=BOB), as_of=80, since_ts=40, settled=(outcomes(*LOST),)))
    assert [(out.wallet, out.reason) for out in found if isinstance(out, WhalePruned)] == [(ALICE, "EDGE_DRIFTED")]
    agent.restart()
    assert agent.tell(scanned(score(), score(wallet=BOB), as_of=120, since_ts=80)) == []
    assert list(agent.state.watches) == [f"fill/{BOB}"]


def test_a_lost_edge_in_one_kind_says_nothing_of_the_other(agent):
    both = (score(), score(kind="position"))
    agent.tell(scanned(*both, as_of=40))
    found = agent.tell(scanned(*both, as_of=80, since_ts=40, settled=(outcomes(*LOST, kind="position"),)))
    assert [out.kind for out in found if isinstance(out, WhalePruned)] == ["position"]
    assert list(agent.state.followed) == [f"fill/{ALICE}"]


def test_outcomes_that_go_on_from_another_time_are_not_counted(agent):
    agent.tell(scanned(score(), as_of=40))
    assert agent.tell(scanned(score(), as_of=80, since_ts=39, settled=(outcomes(*LOST),))) == []
    assert agent.state.watches[f"fill/{ALICE}"].watch.n == 0


def test_what_an_answer_out_of_turn_passed_over_is_asked_for_again(agent):
    agent.tell(scanned(score(), as_of=40))
    agent.tell(scanned(score(), as_of=80, since_ts=0))
    scan, _ = agent.tell(TimerFired(owner=NAME, name="scan", due_ts=0), at=100)
    assert scan.since_ts == 40


def test_outcomes_in_weekly_parts_prune_like_all_at_once(agent):
    agent.tell(scanned(score(), as_of=0))
    pruned = []
    for week in range(12):
        told = outcomes(*LOST[10 * week : 10 * week + 10])
        found = agent.tell(scanned(score(), as_of=10 * week + 10, since_ts=10 * week, settled=(told,)))
        agent.restart()
        pruned += [(week, out.reason) for out in found if isinstance(out, WhalePruned)]
    assert [reason for _, reason in pruned] == ["EDGE_DRIFTED"]


def test_a_leader_who_comes_back_is_watched_from_anew(agent):
    agent.tell(scanned(score(), as_of=10))
    agent.tell(scanned(score(), as_of=20, since_ts=10, settled=(outcomes(100_000),)))
    assert agent.state.watches[f"fill/{ALICE}"].watch.n == 1
    agent.tell(scanned(as_of=30, since_ts=20))
    assert agent.state.watches == {}
    agent.tell(scanned(score(), as_of=40, since_ts=30))
    assert agent.state.watches[f"fill/{ALICE}"].watch.n == 0


def test_who_is_losing_gets_a_smaller_weight_before_he_is_pruned():
    agent = Harness(make(Settings(discovery=DiscoverySettings(max_leaders=4))))
    wallets = ["0x" + digit * 40 for digit in "1234"]
    listed = [score(wallet=wallet) for wallet in wallets]
    agent.tell(scanned(*listed, as_of=10))
    bad = outcomes(*[-500_000, 300_000] * 12, wallet=wallets[0])
    agent.tell(scanned(*listed, as_of=20, since_ts=10, settled=(bad,)))
    left = [agent.state.followed[f"fill/{wallet}"].weight_micro for wallet in wallets]
    assert left[0] < min(left[1:])
    assert all(0 <= weight <= 1_000_000 for weight in left)


def test_the_same_messages_give_the_same_weights():
    wallets = ["0x" + digit * 40 for digit in "12345"]
    found = []
    for seed in (1, 1, 2):
        agent = Harness(make(Settings(seed=seed)))
        told = agent.tell(scanned(*(score(wallet=wallet) for wallet in wallets)))
        found.append([out.score.weight_micro for out in told])
    assert found[0] == found[1] != found[2]
