"""Random small datasets for the property tests of `universe`."""

from hypothesis import strategies as st

from tests.support.universe import Tape

WALLETS, MARKETS, HORIZON_S = 3, 3, 400

prices = st.integers(1, 99).map(lambda cents: cents / 100)
sizes = st.integers(1, 500).map(lambda tenths: tenths / 10)
times = st.integers(1, HORIZON_S)
payouts = st.sampled_from([None, 0.0, 0.5, 1.0])


@st.composite
def tapes(draw: st.DrawFn) -> Tape:
    """A few markets, wallets, fills of both sides, activity, signals and quotes in a few minutes."""
    tape = Tape(wallets=WALLETS)
    for m in range(MARKETS):
        payout = draw(payouts)
        resolved = draw(st.one_of(st.none(), times)) if payout is not None else None
        tape.market(m, payout, resolved, group=f"g{m % 2}", rate=draw(st.sampled_from([None, 0.0, 0.05])))
    who, where, which = st.integers(0, WALLETS - 1), st.integers(0, MARKETS - 1), st.integers(0, 1)
    for _ in range(draw(st.integers(1, 40))):
        tape.trade(
            draw(times), draw(who), draw(where), draw(prices), draw(sizes), outcome=draw(which), side=draw(which),
            tx=draw(st.integers(0, 5)), role=draw(st.sampled_from([-1, 0, 1])),
            fee=draw(st.sampled_from([None, None, 0.0, 0.3])), dup_rank=draw(st.sampled_from([0, 0, 0, 1])),
        )  # fmt: skip
    for _ in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(["SPLIT", "MERGE", "CONVERSION", "REDEEM", "REWARD"]))
        tape.act(draw(times), draw(who), kind, draw(where), draw(sizes), 1.0)
    for _ in range(draw(st.integers(0, 8))):
        tape.signal(draw(times), draw(who), draw(where), draw(prices), outcome=draw(which))
    for _ in range(draw(st.integers(0, 5))):
        bid = draw(st.integers(1, 90)) / 100
        tape.quote(draw(times), draw(st.integers(0, 2 * MARKETS - 1)), bid, bid + draw(st.integers(1, 9)) / 100)
    return tape
