"""Splits, merges and conversions of a dataset, one row for each token that one moved."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.tables import LEADER, MARKETS, OTHER, THIRD, TOKENS, at, dataset, trade
from whaletrader.adapters.local.replay_feed import ReplayFeed
from whaletrader.datasets.schema import NO_ID
from whaletrader.domain.values import MICRO
from whaletrader.ports.market_feed import CHANGES

WALLETS = (LEADER, OTHER, THIRD)
TRADED = [trade(0, 2, 0, 0.5), trade(0, 2, 2, 0.5)]
"""The third market is never traded."""


def activity(seconds, wallet, market, kind, size, **other):
    values = {
        "ts": at(seconds), "wallet": wallet, "kind": kind, "market": market, "token": NO_ID,
        "size_micro": round(size * MICRO), "usd_micro": None, "transaction": NO_ID, "source": 0, "source_row": 0,
    }  # fmt: skip
    return values | other


def feed(rows):
    ordered = sorted(rows, key=lambda row: row["ts"])
    return ReplayFeed(dataset(TRADED, activity=ordered), simulated=False)


def rows_of(feed):
    return [feed.leader_row(CHANGES, row) for row in range(feed.row_at(CHANGES, at(1e6)) + 1)]


def test_a_merge_moves_both_outcomes_and_a_conversion_gives_up_the_second():
    made = feed([activity(1, 0, 0, "MERGE", 7, transaction=3), activity(2, 1, 1, "CONVERSION", 5)])
    told = [(row.token_id, row.side, row.role, row.size_micro, row.wallet, row.market_id) for row in rows_of(made)]
    assert told == [
        (TOKENS[0], "SELL", "MERGE", 7 * MICRO, LEADER, MARKETS[0]),
        (TOKENS[1], "SELL", "MERGE", 7 * MICRO, LEADER, MARKETS[0]),
        (TOKENS[3], "SELL", "CONVERSION", 5 * MICRO, OTHER, MARKETS[1]),
    ]
    first, second, third = rows_of(made)
    assert first.natural_key == f"0x03/{LEADER}/{TOKENS[0]}/MERGE/7000000/0"
    assert (first.kind, first.price_micro, first.tx_hash, first.outcome_index) == (CHANGES, -1, "0x03", 0)
    assert (second.outcome_index, third.tx_hash, third.ts) == (1, "", at(2))


def test_a_split_gives_both_outcomes():
    assert [row.side for row in rows_of(feed([activity(1, 0, 0, "SPLIT", 7)]))] == ["BUY", "BUY"]


def test_what_moves_no_tokens_of_a_traded_market_is_left_out():
    left_out = [
        activity(1, 0, 0, "REDEEM", 7),
        activity(1, 0, 0, "REWARD", 7),
        activity(1, 0, NO_ID, "MERGE", 7),
        activity(1, NO_ID, 0, "MERGE", 7),
        activity(1, 0, 2, "MERGE", 7),
        activity(1, 0, 0, "MERGE", 0),
    ]
    assert rows_of(feed(left_out)) == []


def test_what_two_sources_tell_of_one_transaction_is_one_change_and_equal_ones_of_one_source_are_two():
    both = [activity(1, 0, 0, "MERGE", 7, transaction=3, source=source, source_row=source) for source in (0, 1)]
    assert len(rows_of(feed(both))) == 2
    twice = [activity(1, 0, 0, "MERGE", 7, transaction=3, source_row=row) for row in (0, 1)]
    keys = [row.natural_key for row in rows_of(feed(twice))]
    assert len(set(keys)) == 4
    other_time = [activity(second, 0, 0, "MERGE", 7, source=second) for second in (1, 2)]
    assert len(rows_of(feed(other_time))) == 4, "without a transaction the time tells them apart"


def test_a_dataset_without_activity_has_no_changes():
    made = ReplayFeed(dataset(TRADED), simulated=False)
    assert made.row_at(CHANGES, at(99)) == -1
    assert made.leader_after(CHANGES, LEADER, -1) is None


ROWS = st.lists(
    st.tuples(
        st.integers(0, 30), st.integers(0, 2), st.integers(0, 1), st.sampled_from(["SPLIT", "MERGE", "CONVERSION"])
    ),
    max_size=15,
    unique=True,
)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(0, 31))
def test_walking_meets_every_row_of_a_wallet_once_and_in_time(rows, second):
    made = feed([activity(*row, size=1 + number) for number, row in enumerate(rows)])
    flat = []
    for at_s, wallet, _, kind in sorted(rows, key=lambda row: row[0]):
        flat += [(at(at_s), WALLETS[wallet])] * (1 if kind == "CONVERSION" else 2)
    assert [(row.ts, row.wallet) for row in rows_of(made)] == flat
    assert made.row_at(CHANGES, at(second)) == sum(ts <= at(second) for ts, _ in flat) - 1
    for wallet in WALLETS:
        met, behind = [], -1
        while (found := made.leader_after(CHANGES, wallet, behind)) is not None:
            behind = found[1]
            met.append(found)
        assert met == [(ts, row) for row, (ts, whose) in enumerate(flat) if whose == wallet]
