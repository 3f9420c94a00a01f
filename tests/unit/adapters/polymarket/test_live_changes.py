"""Splits, merges and conversions heard live: each once, by token, on disk before they are seen, the same afterwards."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.tables import LEADER, TOKENS, at, dataset, trade
from tests.support.venue_rows import MARKET, NO, NS, OTHER, START, WALLET, YES, change, fill, meta, tx
from tests.unit.adapters.local.test_replay_changes import activity
from whaletrader.adapters.local.replay_feed import ReplayFeed
from whaletrader.adapters.polymarket.live_changes import FORGET_UNNAMED_NS, LiveChanges
from whaletrader.adapters.polymarket.live_feed import LiveFeed
from whaletrader.datasets.live_batches import StoredChange
from whaletrader.ports.market_feed import CHANGES

ELSEWHERE = "0x" + "cd" * 32
EVER = 1 << 62


@pytest.fixture
def feed(tmp_path):
    found = LiveFeed(tmp_path / "live")
    found.watch([WALLET])
    found.add([meta()], START)
    yield found
    found.close()


def told(feed):
    return [feed.leader_row(CHANGES, row) for row in range(feed.row_at(CHANGES, EVER) + 1)]


def test_a_merge_is_a_row_for_each_outcome_told_when_it_was_heard(feed):
    feed.add([change(shares=5, at=3)], START + 9 * NS)
    first, second = told(feed)
    assert (first.token_id, first.outcome_index, second.token_id, second.outcome_index) == (YES, 0, NO, 1)
    assert (first.side, first.role, first.size_micro, first.price_micro) == ("SELL", "MERGE", 5_000_000, -1)
    assert (first.kind, first.wallet, first.market_id, first.tx_hash) == (CHANGES, WALLET, MARKET, tx(1))
    assert first.ts == START + 3 * NS
    assert feed.leader_after(CHANGES, WALLET, -1) == (START + 9 * NS, 0)
    assert feed.leader_after(CHANGES, WALLET, 0) == (START + 9 * NS, 1)
    assert feed.leader_after(CHANGES, WALLET, 1) is None
    assert feed.leader_after(CHANGES, OTHER, -1) is None
    assert (feed.row_at(CHANGES, START + 9 * NS - 1), feed.row_at(CHANGES, START + 9 * NS)) == (-1, 1)


def test_a_split_gives_both_and_a_conversion_takes_the_second_outcome(feed):
    feed.add([change("SPLIT"), change("CONVERSION", number=2)], START + NS)
    assert [(row.role, row.token_id, row.side) for row in told(feed)] == [
        ("SPLIT", YES, "BUY"),
        ("SPLIT", NO, "BUY"),
        ("CONVERSION", NO, "SELL"),
    ]


def test_what_is_told_again_or_by_another_source_is_one_change(feed):
    feed.add([change(), change()], START + NS)
    feed.add([change(source="chain", log_index=7)], START + 2 * NS)
    feed.add([change()], START + 200 * NS)
    assert len(told(feed)) == 2
    feed.add([change(number=2), change(shares=6), change("SPLIT")], START + 300 * NS)
    assert len(told(feed)) == 8


@pytest.mark.parametrize(
    "row",
    [
        change("REDEEM"),
        change("REWARD"),
        change(shares=0),
        change(market=""),
        change(wallet=OTHER),
        change(removed=True),
    ],
    ids=["a redemption", "a reward", "nothing", "no market", "a stranger", "taken back"],
)
def test_what_moves_no_tokens_of_a_watched_wallet_is_left_out(feed, row):
    feed.add([row], START + NS)
    assert told(feed) == []
    assert feed.wanted() == ([], [])


def test_a_change_in_a_market_that_is_not_described_waits_for_the_description(feed):
    feed.add([change(market=ELSEWHERE)], START + NS)
    assert (told(feed), feed.wanted()) == ([], ([ELSEWHERE], []))
    feed.add([meta(market_id=ELSEWHERE, token_ids=("7", "8"))], START + 30 * NS)
    assert [row.token_id for row in told(feed)] == ["7", "8"]
    assert feed.leader_after(CHANGES, WALLET, -1) == (START + 30 * NS, 0)
    assert feed.wanted() == ([], [])


def test_a_market_that_nobody_describes_is_given_up_and_told(feed):
    feed.add([change(market=ELSEWHERE)], START + NS)
    feed.add([fill(1)], START + FORGET_UNNAMED_NS)
    assert feed.wanted()[0] == [ELSEWHERE]
    feed.add([fill(1, number=2)], START + FORGET_UNNAMED_NS + 2 * NS)
    assert feed.wanted() == ([], [])
    assert feed.rejected() == {("data_v2", "market_unknown"): 1}
    assert [reject.detail for reject in feed.take_rejects()] == [ELSEWHERE]


def test_what_is_added_after_a_seal_lies_behind_it(feed):
    sealed = feed.seal(START + 50 * NS)
    feed.add([change()], START + 10 * NS)
    ts, _ = feed.leader_after(CHANGES, WALLET, -1)
    assert ts > sealed
    version = feed.version
    feed.add([change()], START + 60 * NS)
    assert feed.version == version, "nothing new"


def test_everything_is_the_same_after_a_restart(tmp_path):
    feed = LiveFeed(tmp_path / "live")
    feed.watch([WALLET])
    feed.add([meta(), change(), fill(3)], START)
    feed.add([change("SPLIT", number=2)], START + 5 * NS)
    before = told(feed)
    feed.close()
    again = LiveFeed(tmp_path / "live")
    again.watch([WALLET])
    assert told(again) == before
    again.add([change(), change("SPLIT", number=2), change(number=3)], START + 9 * NS)
    assert told(again)[:4] == before
    assert len(told(again)) == 6
    again.close()


def test_a_live_row_and_a_replayed_one_of_the_same_change_are_the_same_event():
    replay = ReplayFeed(
        dataset([trade(0, 2, 0, 0.5)], activity=[activity(5, 0, 0, "MERGE", 7, transaction=3)]), simulated=False
    )
    live = LiveChanges(lambda _market: TOKENS[:2])
    for outcome in (0, 1):
        row = replay.leader_row(CHANGES, outcome)
        live.keep(
            StoredChange(
                wallet=LEADER, token_id=row.token_id, market_id=row.market_id, outcome_index=outcome,
                change="MERGE", size_micro=7_000_000, ts_event=at(5), tx_hash="0x03",
            ),
            at(9),
        )  # fmt: skip
        assert live.leader_row(outcome) == row


WORDS = st.lists(
    st.tuples(
        st.sampled_from(["SPLIT", "MERGE", "CONVERSION"]),
        st.integers(1, 3),
        st.integers(1, 3),
        st.sampled_from([MARKET, ELSEWHERE]),
        st.sampled_from(["tell", "restart", "describe"]),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(WORDS)
def test_in_any_order_and_over_restarts_each_change_is_told_once(tmp_path_factory, words):
    folder = tmp_path_factory.mktemp("live")
    feed, expected, described = LiveFeed(folder), set(), set()
    feed.watch([WALLET])
    feed.add([meta()], START)
    for number, (kind, shares, transaction, market, then) in enumerate(words):
        now = START + (number + 1) * NS
        if then == "restart" and not feed.wanted()[0]:
            feed.close()
            feed = LiveFeed(folder)
            feed.watch([WALLET])
        if then == "describe":
            described.add(market)
            feed.add([meta(market_id=ELSEWHERE, token_ids=("7", "8"))], now)
        feed.add([change(kind, shares, number=transaction, market=market)], now)
        expected.add((kind, shares * 1_000_000, tx(transaction), market))
    feed.add([meta(market_id=ELSEWHERE, token_ids=("7", "8"))], START + 99 * NS)
    rows = told(feed)
    assert {(row.role, row.size_micro, row.tx_hash, row.market_id) for row in rows} == expected
    assert len({row.natural_key for row in rows}) == len(rows)
    assert len(rows) == sum(1 if kind == "CONVERSION" else 2 for kind, *_ in expected)
    feed.close()
