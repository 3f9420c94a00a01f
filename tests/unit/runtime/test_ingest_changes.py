"""With a leader's fills come his splits, merges and conversions: what he gave up with a price, what he got without."""

from tests.support.messages import example, seen
from tests.support.tables import LEADER, MARKETS, OTHER, TOKENS, at, dataset, market, trade
from tests.unit.adapters.local.test_replay_changes import activity
from tests.unit.runtime.test_ingest import drain, follow, kinds, source, without_segments
from whaletrader.adapters.local.replay_feed import ReplayFeed
from whaletrader.messages.leaders import WhalePruned
from whaletrader.messages.market import MarketDataUpdate, WhalePositionChanged, WhaleTradeObserved
from whaletrader.messages.orders import OrderFilled
from whaletrader.ports.market_feed import CHANGES
from whaletrader.runtime.ingest import Ingest

ROWS = [trade(1, 1, 0, 0.4), trade(1, 1, 2, 0.7)]


def changes(*rows, **others):
    return source(ROWS, activity=list(rows), **others)


def test_a_merge_is_told_for_each_outcome_behind_its_newest_price():
    ingest = changes(activity(5, 0, 0, "MERGE", 7, transaction=3))
    follow(ingest)
    told = without_segments(drain(ingest))
    assert kinds(told) == ["MarketDataUpdate", "WhalePositionChanged"] * 2
    first, second = told[:2], told[2:]
    assert first[1].payload == WhalePositionChanged(
        kind="fill", wallet=LEADER, market_id=MARKETS[0], token_id=TOKENS[0], outcome_index=0, change="MERGE",
        side="SELL", size_micro=7_000_000, tx_hash="0x03", segment_id="changes", row=0,
    )  # fmt: skip
    assert second[1].payload.token_id == TOKENS[1]
    assert [message.ts_init for message in told] == [at(5)] * 4
    assert first[0].correlation_id == first[1].id != second[1].id == second[0].correlation_id
    assert (first[0].payload.price_micro, second[0].payload.price_micro) == (400_000, 600_000)


def test_what_a_leader_got_is_told_without_a_price():
    ingest = changes(activity(5, 0, 0, "SPLIT", 7))
    follow(ingest)
    told = without_segments(drain(ingest))
    assert [(message.payload.token_id, message.payload.side) for message in told] == [
        (TOKENS[0], "BUY"),
        (TOKENS[1], "BUY"),
    ]


def test_only_changes_behind_the_moment_of_discovery_and_of_those_followed_for_fills_are_told():
    ingest = changes(activity(5, 0, 0, "MERGE", 7), activity(6, 1, 0, "MERGE", 7), activity(8, 0, 1, "CONVERSION", 7))
    follow(ingest, ts=6)
    follow(ingest, OTHER, kind="position")
    told = [message.payload for message in drain(ingest) if isinstance(message.payload, WhalePositionChanged)]
    assert [(each.wallet, each.change) for each in told] == [(LEADER, "CONVERSION")]


def test_a_pruned_leaders_changes_are_told_as_long_as_we_hold_on_his_word():
    ingest = changes(*(activity(second, 0, 0, "SPLIT", second) for second in range(3, 12)))
    follow(ingest)
    held = example(OrderFilled, token_id=TOKENS[0], wallet=LEADER, kind="fill", side="BUY", size_micro=5, trade_id="a")
    ingest.observe(seen(held, at(1)))
    ingest.observe(seen(example(WhalePruned, wallet=LEADER, kind="fill"), at(2)))
    while ingest.peek() is not None and ingest.peek() < at(7):
        ingest.observe(ingest.take())
    sold = example(OrderFilled, token_id=TOKENS[0], wallet=LEADER, kind="fill", side="SELL", size_micro=5, trade_id="b")
    ingest.observe(seen(sold, at(7)))
    assert [
        type(message.payload) for message in drain(ingest) if isinstance(message.payload, WhalePositionChanged)
    ] == []
    assert ingest.wanted()[1] == []


def test_a_fill_of_the_same_moment_comes_first():
    ingest = source([*ROWS, trade(5, 0, 0, 0.5)], activity=[activity(5, 0, 0, "MERGE", 7)])
    follow(ingest)
    told = [type(message.payload) for message in drain(ingest)]
    events = [each for each in told if each in {WhaleTradeObserved, WhalePositionChanged}]
    assert events == [WhaleTradeObserved, WhalePositionChanged, WhalePositionChanged]


def test_a_market_that_ended_is_told_before_a_change_in_it():
    ingest = changes(activity(9, 0, 0, "SPLIT", 7), markets=[market(0, resolved_s=6, payout=1)])
    follow(ingest)
    assert kinds(drain(ingest)) == ["MarketResolved", "WhalePositionChanged", "WhalePositionChanged"]


def test_after_a_restart_between_a_price_and_its_change_the_rest_is_told():
    rows = [activity(second, 0, 0, kind, second) for second, kind in ((3, "MERGE"), (4, "SPLIT"), (5, "MERGE"))]
    whole = changes(*rows)
    follow(whole)
    expected = drain(whole)
    for cut in range(len(expected)):
        ingest = changes(*rows)
        follow(ingest)
        for message in expected[:cut]:
            ingest.observe(message)
        again = changes(*rows)
        again.restore(ingest.snapshot())
        assert drain(again) == expected[cut:]


def test_a_feed_that_grows_is_looked_at_again():
    whole = ReplayFeed(dataset(ROWS, activity=[activity(5, 0, 0, "SPLIT", 7)]), simulated=False)

    class Growing:
        shown = False

        def __getattr__(self, name):
            return getattr(whole, name)

        def leader_after(self, kind, wallet, row):
            return whole.leader_after(kind, wallet, row) if self.shown or kind != CHANGES else None

    grown = Growing()
    ingest = Ingest(grown, mark_interval_s=3_600, max_print_age_s=86_400)
    follow(ingest)
    assert without_segments(drain(ingest)) == []
    grown.shown = True
    ingest.refresh()
    told = without_segments(drain(ingest))
    assert [type(message.payload) for message in told] == [WhalePositionChanged] * 2
    assert not any(isinstance(message.payload, MarketDataUpdate) for message in told)
