"""Fills packed and unpacked, against a plain list."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.venue_rows import tx
from whaletrader.adapters.polymarket.live_rows import LiveRows
from whaletrader.datasets.live_batches import Batch, StoredFill, decode_batch, encode_batch

WALLETS = ("0x" + "1" * 40, "0x" + "2" * 40, "0x" + "3" * 40)
FILLS = st.builds(
    StoredFill,
    wallet=st.sampled_from(WALLETS),
    token_id=st.sampled_from(["1", "2"]),
    market_id=st.sampled_from(["0xa", "0xb"]),
    outcome_index=st.integers(-1, 1),
    side=st.sampled_from(["BUY", "SELL"]),
    role=st.sampled_from(["", "maker", "taker"]),
    price_micro=st.integers(0, 1_000_000),
    size_micro=st.integers(1, 9 * 10**18),
    ts_event=st.integers(1, 9 * 10**18),
    tx_hash=st.one_of(st.just(""), st.integers(1, 5).map(tx)),
    n=st.integers(0, 60_000),
    source=st.sampled_from(["rtds.trades", "chain", "data_v2"]),
    log_index=st.integers(-1, 2**31 - 1),
)
TAPES = st.lists(st.tuples(st.integers(0, 3), FILLS), max_size=25)


def filled(steps):
    rows, oracle, ts = LiveRows(), [], 1_000
    for step, fill in steps:
        ts += step
        rows.append(fill, ts, len(oracle) // 4)
        oracle.append((ts, fill))
    return rows, oracle


@settings(max_examples=150, deadline=None)
@given(TAPES)
def test_a_row_is_unpacked_as_it_was_packed(steps):
    rows, oracle = filled(steps)
    assert len(rows) == len(oracle)
    for number, (ts, fill) in enumerate(oracle):
        seen = rows.at(number)
        assert (seen.ts, seen.segment) == (ts, number // 4)
        for name in StoredFill.__struct_fields__:
            if name not in ("fee_micro", "block"):
                assert getattr(seen, name) == getattr(fill, name), name


@settings(max_examples=150, deadline=None)
@given(TAPES, st.integers(990, 1_080), st.integers(-1, 26))
def test_places_are_those_of_a_loop(steps, ts, behind):
    rows, oracle = filled(steps)
    assert rows.row_at(ts) == sum(at <= ts for at, _ in oracle) - 1
    assert rows.first_at(ts) == sum(at < ts for at, _ in oracle)
    for wallet in WALLETS:
        own = [n for n, (_, fill) in enumerate(oracle) if fill.wallet == wallet]
        assert list(rows.wallets.rows_of(wallet)) == own
        later = [n for n in own if n > behind]
        expected = (oracle[later[0]][0], later[0]) if later else None
        assert rows.after(rows.wallets.rows_of(wallet), behind) == expected
        others = [
            n for n, (_, fill) in enumerate(oracle) if fill.market_id == "0xa" and fill.wallet != wallet and n < behind
        ]
        assert rows.last_of_another(rows.markets.rows_of("0xa"), behind, wallet) == (others[-1] if others else -1)


@settings(max_examples=150, deadline=None)
@given(TAPES, st.integers(1, 5), st.sampled_from(WALLETS), st.sampled_from(["BUY", "SELL"]))
def test_a_group_built_anew_holds_what_was_accepted_of_it(steps, number, wallet, side):
    rows, oracle = filled(steps)
    group = rows.group(tx(number), wallet, "1", side)
    own = [
        fill
        for _, fill in oracle
        if (fill.tx_hash, fill.wallet, fill.token_id, fill.side) == (tx(number), wallet, "1", side)
    ]
    assert group.sizes == [fill.size_micro for fill in own]
    assert group.prices == [fill.price_micro for fill in own]
    numbered = {fill.source for fill in own if fill.log_index >= 0}
    assert set(group.told) == numbered


def test_nothing_is_known_of_a_fill_without_a_transaction_or_of_a_stranger():
    rows, _ = filled([])
    assert rows.group("", WALLETS[0], "1", "BUY").sizes == []
    assert rows.group(tx(1), "0xnobody", "1", "BUY").sizes == []
    assert list(rows.wallets.rows_of("0xnobody")) == []


@settings(max_examples=100, deadline=None)
@given(st.lists(FILLS, max_size=5), st.integers(0, 2**62))
def test_a_batch_is_the_same_after_it_was_stored(fills, ts):
    batch = Batch(ts, fills)
    assert decode_batch(encode_batch(batch)) == batch


def test_a_batch_of_an_older_build_without_the_later_fields_is_read():
    old = msgspec.msgpack.encode([5, [], []])
    assert decode_batch(old) == Batch(5, [])
