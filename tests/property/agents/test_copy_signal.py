"""Copy signal under any sequence of messages."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.harness import Harness
from tests.support.payloads import ALICE, BOB, NO, UNIT, YES, discovered, filled, market_data, observed, resolved
from whaletrader.agents.copy_signal import make
from whaletrader.config.tree import Settings
from whaletrader.domain.reasons import SkipReason
from whaletrader.messages.leaders import CopySignal, SignalSkipped, WhalePruned
from whaletrader.messages.market import WhaleTradeObserved
from whaletrader.messages.risk import TradingStateChanged

PRICES = st.one_of(st.sampled_from([-1, 0, 1, 10_000, 500_000, 990_000, UNIT]), st.integers(0, UNIT))
WALLETS, TOKENS, SIDES = (
    st.sampled_from([ALICE, BOB]),
    st.sampled_from([YES, NO, "777"]),
    st.sampled_from(["BUY", "SELL"]),
)
KINDS = st.sampled_from(["fill", "position"])
EVENTS = st.builds(
    observed,
    wallet=WALLETS,
    kind=KINDS,
    token_id=TOKENS,
    outcome_index=st.integers(0, 1),
    side=SIDES,
    price_micro=PRICES,
    prev_seen_ts=st.integers(0, 10**12),
)
OTHERS = st.one_of(
    st.builds(discovered, wallet=WALLETS, kind=KINDS, edge_shrunk_micro=st.integers(-10_000, 80_000)),
    st.builds(market_data, token_id=st.sampled_from([YES, NO]), price_micro=PRICES, bid_micro=PRICES, ask_micro=PRICES),
    st.builds(
        filled,
        wallet=WALLETS,
        kind=KINDS,
        token_id=TOKENS,
        side=SIDES,
        size_micro=st.integers(1, 100 * UNIT),
        trade_id=st.text("ab", max_size=2),
    ),
    st.builds(
        TradingStateChanged,
        account_id=st.just("paper"),
        state=st.sampled_from(["ACTIVE", "REDUCING", "HALTED"]),
        previous=st.just(""),
        reason=st.just(""),
    ),
    st.builds(WhalePruned, wallet=WALLETS, kind=KINDS, reason=st.just("EDGE_GONE"), as_of_ts=st.just(0)),
    st.just(resolved(market_id="0x" + "b2" * 32, token_ids=("5", "6"))),
)
STEPS = st.lists(st.tuples(st.integers(0, 100), st.one_of(EVENTS, OTHERS)), max_size=40)


def told(steps):
    """Every (input, outputs), the clock going on by so many seconds before each."""
    agent, now, history = Harness(make(Settings())), 0, []
    agent.tell(market_data())
    for wait, payload in steps:
        now += wait
        history.append((payload, agent.tell(payload, at=now)))
    return history


@settings(max_examples=150, deadline=None)
@given(steps=STEPS)
def test_every_leader_event_leads_to_exactly_one_signal_or_refusal(steps):
    for payload, outs in told(steps):
        if not isinstance(payload, WhaleTradeObserved):
            assert outs == []
            continue
        (out,) = outs
        assert isinstance(out, CopySignal | SignalSkipped)
        said = (out.wallet, out.kind, out.market_id, out.token_id, out.side)
        assert said == (payload.wallet, payload.kind, payload.market_id, payload.token_id, payload.side)
        if isinstance(out, SignalSkipped):
            assert out.reason in set(SkipReason)


@settings(max_examples=150, deadline=None)
@given(steps=STEPS)
def test_a_copy_has_edge_at_a_price_that_can_be_traded_and_an_exit_has_a_size(steps):
    for _, outs in told(steps):
        for out in outs:
            if isinstance(out, CopySignal) and out.side == "BUY":
                assert out.edge_micro >= Settings().copy.min_edge_micro
                assert out.exit_size_micro == 0
                assert out.reference_price_micro > out.leader_price_micro
            if isinstance(out, CopySignal):
                assert 10_000 <= out.reference_price_micro <= 990_000
                assert (out.exit_size_micro > 0) == (out.side == "SELL")


@settings(max_examples=100, deadline=None)
@given(steps=st.lists(EVENTS, max_size=30))
def test_the_index_of_the_outcome_changes_nothing(steps):
    def answers(index):
        agent = Harness(make(Settings()))
        agent.tell_all([market_data(), market_data(token_id=NO, outcome_index=1), discovered(), discovered(wallet=BOB)])
        changed = [observed(**{**fields(event), "outcome_index": index(event)}) for event in steps]
        return agent.tell_all(changed)

    assert answers(lambda event: event.outcome_index) == answers(lambda event: 1 - event.outcome_index)


def fields(event):
    return {name: getattr(event, name) for name in event.__struct_fields__}
