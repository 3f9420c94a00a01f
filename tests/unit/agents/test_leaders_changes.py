"""A leader who merges or converts leaves as if he had sold: we give up the same share, but no sets that are merged."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.harness import Harness
from tests.support.payloads import (
    ALICE,
    BOB,
    MARKET,
    NO,
    UNIT,
    YES,
    changed,
    discovered,
    filled,
    market_data,
    observed,
    resolved,
    settled,
)
from tests.unit.agents.test_copy_signal import HALF, cancelled, ordered, reason, signal
from whaletrader.agents.copy_signal import MAX_MARKETS, make
from whaletrader.config.tree import Settings
from whaletrader.domain.values import NANOS
from whaletrader.messages.leaders import CopySignal, SignalSkipped, WhalePruned
from whaletrader.messages.risk import TradingStateChanged


@pytest.fixture
def agent():
    harness = Harness(make(Settings()))
    harness.tell_all([market_data(), market_data(token_id=NO, outcome_index=1), discovered(), discovered(wallet=BOB)])
    return harness


def hold(agent, size=10 * UNIT, trade_id="trade", **changes):
    """Copy a leader's BUY of 100 shares (or more) and have it filled with `size`."""
    signal(agent.tell(observed(**changes)))
    if changes.get("token_id", YES) == YES and changes.get("wallet", ALICE) == ALICE:
        ordered(agent)
    agent.tell(filled(size_micro=size, trade_id=trade_id, **{k: v for k, v in changes.items() if k != "outcome_index"}))


def test_a_merge_of_all_that_a_leader_was_seen_to_have_takes_our_whole_lot(agent):
    hold(agent)
    out = signal(agent.tell(changed(size_micro=100 * UNIT)))
    assert (out.side, out.token_id, out.exit_size_micro) == ("SELL", YES, 10 * UNIT)
    assert (out.wallet, out.kind, out.leader_size_micro, out.leader_price_micro) == (ALICE, "fill", 100 * UNIT, -1)
    assert out.reference_price_micro == 500_000 - HALF


def test_a_merge_of_a_part_takes_the_same_part_of_ours_rounded_up(agent):
    hold(agent, 10 * UNIT + 1)
    assert signal(agent.tell(changed(size_micro=25 * UNIT))).exit_size_micro == 2_500_001


def test_what_a_leader_bought_sold_split_and_merged_before_counts(agent):
    hold(agent)
    agent.tell(observed(size_micro=60 * UNIT))
    agent.tell(changed(change="SPLIT", side="BUY", size_micro=50 * UNIT))
    agent.tell(observed(side="SELL", size_micro=10 * UNIT, kind="position"))
    assert agent.state.seen == {MARKET: {f"fill/{ALICE}/{YES}": 210 * UNIT}}
    assert signal(agent.tell(changed(size_micro=105 * UNIT))).exit_size_micro == 5 * UNIT
    assert agent.state.seen == {MARKET: {f"fill/{ALICE}/{YES}": 105 * UNIT}}


def test_more_than_was_seen_is_all(agent):
    hold(agent)
    assert signal(agent.tell(changed(size_micro=1_000 * UNIT))).exit_size_micro == 10 * UNIT
    assert agent.state.seen == {}


def test_what_a_leader_gets_by_a_split_is_not_copied(agent):
    assert agent.tell(changed(change="SPLIT", side="BUY")) == []
    assert agent.state.seen == {MARKET: {f"fill/{ALICE}/{YES}": 100 * UNIT}}


def test_a_conversion_is_an_exit_of_the_outcome_that_it_gave_up(agent):
    hold(agent, token_id=NO, outcome_index=1)
    out = signal(agent.tell(changed(change="CONVERSION", token_id=NO, outcome_index=1, size_micro=50 * UNIT)))
    assert (out.token_id, out.exit_size_micro) == (NO, 5 * UNIT)


def test_sets_that_we_hold_ourselves_are_merged_and_not_sold(agent):
    hold(agent, 10 * UNIT)
    hold(agent, 4 * UNIT, "no", token_id=NO, outcome_index=1)
    assert signal(agent.tell(changed())).exit_size_micro == 6 * UNIT
    assert reason(agent.tell(changed(token_id=NO, outcome_index=1))) == "MERGED_INSTEAD"


def test_a_merge_of_ours_that_came_through_is_not_subtracted_again(agent):
    hold(agent, 10 * UNIT)
    hold(agent, 4 * UNIT, "no", token_id=NO, outcome_index=1)
    agent.tell(settled(status="MERGED", trade_id="", token_id="", size_micro=4 * UNIT, cash_micro=4 * UNIT))
    assert signal(agent.tell(changed())).exit_size_micro == 6 * UNIT
    assert reason(agent.tell(changed(token_id=NO, outcome_index=1))) in {"NOTHING_TO_EXIT", "ALREADY_COPIED"}


def test_our_sets_that_cover_the_leaders_share_leave_nothing_to_sell(agent):
    hold(agent, 10 * UNIT)
    hold(agent, 4 * UNIT, "no", token_id=NO, outcome_index=1)
    assert reason(agent.tell(changed(size_micro=40 * UNIT))) == "MERGED_INSTEAD"


def merged(agent, size):
    """A merge of ours came through."""
    agent.tell(settled(status="MERGED", trade_id="", token_id="", size_micro=size, cash_micro=size))


@pytest.mark.parametrize("ours_first", [True, False])
def test_what_our_own_merge_gave_up_is_not_sold_for_the_leaders_merge_whichever_came_first(agent, ours_first):
    hold(agent, 10 * UNIT)
    hold(agent, 4 * UNIT, "no", token_id=NO, outcome_index=1)
    if ours_first:
        merged(agent, 4 * UNIT)
    assert reason(agent.tell(changed(size_micro=40 * UNIT))) == "MERGED_INSTEAD"
    if not ours_first:
        merged(agent, 4 * UNIT)
    out = signal(agent.tell(changed(size_micro=30 * UNIT)))
    assert out.exit_size_micro == 3 * UNIT, "of 60 that he had left he keeps 30: of our 6 we keep 3"


def test_sets_that_answer_one_merge_of_the_leader_do_not_answer_the_next(agent):
    hold(agent, 10 * UNIT)
    hold(agent, 4 * UNIT, "no", token_id=NO, outcome_index=1)
    assert reason(agent.tell(changed(size_micro=40 * UNIT))) == "MERGED_INSTEAD"
    assert signal(agent.tell(changed(size_micro=40 * UNIT))).exit_size_micro == 4 * UNIT
    assert {bet.token_id: bet.held_micro for bet in agent.state.book.bets.values()}[YES] == 10 * UNIT
    merged(agent, 4 * UNIT)
    assert agent.state.book.bets[f"fill/{ALICE}/{YES}"].ahead_micro == 0


def test_a_merge_that_never_came_is_owed_no_longer_than_its_sets_are_there(agent):
    hold(agent, 10 * UNIT)
    hold(agent, 4 * UNIT, "no", token_id=NO, outcome_index=1)
    assert reason(agent.tell(changed(size_micro=40 * UNIT))) == "MERGED_INSTEAD"
    agent.tell(filled(size_micro=4 * UNIT, trade_id="sale", token_id=NO, side="SELL"))
    assert signal(agent.tell(changed(size_micro=60 * UNIT))).exit_size_micro == 10 * UNIT


def test_a_merge_from_before_the_purchase_that_we_copied_is_no_exit_of_it_however_late_it_is_heard(agent):
    signal(agent.tell(observed(), at=100))
    ordered(agent)
    agent.tell(filled(size_micro=10 * UNIT))
    assert reason(agent.tell(changed(size_micro=100 * UNIT), at=160, ts_event=40)) == "NOTHING_TO_EXIT"
    assert agent.state.seen == {MARKET: {f"fill/{ALICE}/{YES}": 100 * UNIT}}, "nor is it one of what he has now"
    assert signal(agent.tell(changed(size_micro=50 * UNIT), at=160, ts_event=95)).exit_size_micro == 5 * UNIT


def test_what_a_leader_gave_up_is_weighed_from_the_first_purchase_that_he_did_not_leave_since(agent):
    agent.tell(observed(), at=100)
    agent.tell(observed(), at=200)
    agent.tell(changed(change="SPLIT", side="BUY"), at=300, ts_event=50)
    assert agent.state.since == {MARKET: {f"fill/{ALICE}/{YES}": 50 * NANOS}}
    agent.tell(observed(side="SELL", size_micro=300 * UNIT), at=400)
    assert (agent.state.seen, agent.state.since) == ({}, {})
    agent.tell(observed(), at=500)
    assert agent.state.since == {MARKET: {f"fill/{ALICE}/{YES}": 500 * NANOS}}


def test_a_leader_who_is_on_one_side_only_has_no_part_in_sets_that_another_can_pay(agent):
    hold(agent, 10 * UNIT)
    hold(agent, 4 * UNIT, "b", wallet=BOB, token_id=NO, outcome_index=1)
    assert signal(agent.tell(changed())).exit_size_micro == 6 * UNIT


def test_without_a_lot_there_is_nothing_to_exit_and_a_stranger_is_not_followed(agent):
    assert reason(agent.tell(changed())) == "NOTHING_TO_EXIT"
    assert reason(agent.tell(changed(wallet="0x" + "99" * 20))) == "NOT_FOLLOWED"


def test_a_pruned_leaders_merge_is_followed_and_a_halt_stops_it(agent):
    hold(agent)
    agent.tell(WhalePruned(wallet=ALICE, kind="fill", reason="EDGE_GONE", as_of_ts=0))
    agent.tell(TradingStateChanged(account_id="paper", state="HALTED", previous="ACTIVE", reason=""))
    assert reason(agent.tell(changed())) == "TRADING_HALTED"
    agent.tell(TradingStateChanged(account_id="paper", state="REDUCING", previous="HALTED", reason=""))
    assert signal(agent.tell(changed())).exit_size_micro == 10 * UNIT


def test_one_exit_at_a_time_and_again_when_it_expired(agent):
    hold(agent)
    agent.tell(observed(size_micro=300 * UNIT))
    signal(agent.tell(changed(size_micro=100 * UNIT)))
    ordered(agent)
    assert reason(agent.tell(changed(size_micro=100 * UNIT))) == "ALREADY_COPIED"
    agent.tell(cancelled())
    assert signal(agent.tell(changed(size_micro=100 * UNIT))).exit_size_micro == 5 * UNIT


def test_an_old_price_will_do_for_an_exit_and_without_any_there_is_no_quote(agent):
    hold(agent)
    assert signal(agent.tell(changed(), at=86_400)).reference_price_micro == 500_000 - HALF
    other = Harness(make(Settings()))
    other.tell_all([market_data(price_micro=-1), discovered()])
    other.tell(filled())
    assert reason(other.tell(changed())) == "NOTHING_TO_EXIT"


def test_a_change_in_a_resolved_or_unknown_market_is_refused(agent):
    assert reason(agent.tell(changed(market_id="0x" + "77" * 32))) == "MARKET_UNKNOWN"
    hold(agent)
    agent.tell(resolved())
    assert reason(agent.tell(changed())) == "MARKET_RESOLVED"
    assert agent.state.seen == {}
    agent.tell(observed())
    assert agent.state.seen == {}, "nothing is remembered of a market that is over"


def test_memory_of_what_leaders_were_seen_to_get_is_bounded(agent):
    for number in range(MAX_MARKETS + 10):
        event = agent.message(observed(market_id=f"0x{number:064x}"))
        agent.state = agent.agent.evolve(agent.state, event)
    assert len(agent.state.seen) == MAX_MARKETS


STEPS = st.lists(
    st.one_of(
        st.builds(observed, side=st.sampled_from(["BUY", "SELL"]), size_micro=st.integers(1, 200 * UNIT)),
        st.builds(
            changed,
            change=st.sampled_from(["SPLIT", "MERGE", "CONVERSION"]),
            side=st.sampled_from(["BUY", "SELL"]),
            token_id=st.sampled_from([YES, NO]),
            size_micro=st.integers(1, 200 * UNIT),
        ),
        st.builds(
            filled,
            token_id=st.sampled_from([YES, NO]),
            side=st.sampled_from(["BUY", "SELL"]),
            size_micro=st.integers(1, 50 * UNIT),
            trade_id=st.text("abc", max_size=3),
        ),
        st.builds(settled, status=st.sampled_from(["MERGED", "FAILED"]), size_micro=st.integers(1, 20 * UNIT)),
    ),
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_whatever_was_seen_no_exit_is_more_than_the_lot_less_what_is_merged(steps):
    agent = Harness(make(Settings()))
    agent.tell_all([market_data(), market_data(token_id=NO, outcome_index=1), discovered()])
    for step in steps:
        held = {bet.token_id: bet.held_micro for bet in agent.state.book.bets.values()}
        outs = agent.tell(step)
        for out in outs:
            assert isinstance(out, CopySignal | SignalSkipped)
            if isinstance(out, CopySignal) and out.side == "SELL":
                sets = min(held.get(YES, 0), held.get(NO, 0)) if step.__class__.__name__ != "WhaleTradeObserved" else 0
                assert 0 < out.exit_size_micro <= held[out.token_id] - sets
        if type(step).__name__ == "WhalePositionChanged":
            assert len(outs) == (step.side == "SELL")
        assert all(size > 0 for seen in agent.state.seen.values() for size in seen.values())
        assert all(bet.market_id in {MARKET, ""} for bet in agent.state.book.bets.values())
