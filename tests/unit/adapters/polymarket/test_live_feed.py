"""The live feed: each fill once, in the order of arrival, the same after a restart, and never of what comes later."""

import threading

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.venue_rows import MARKET, NO, NS, OTHER, START, WALLET, YES, book, delta, end, fill, meta
from tests.support.waiting import wait_until
from whaletrader.adapters.polymarket.live_feed import (
    FORGET_UNNAMED_NS,
    LETTERS_OF_A_KIND,
    WAIT_FOR_TERMS_NS,
    LiveFeed,
)
from whaletrader.datasets.decode.rows import Reject, TickSizeChange
from whaletrader.domain.values import FeeProvenance, LeaderEventKind, Role
from whaletrader.errors import DataError

FILL = LeaderEventKind.FILL
POSITION = LeaderEventKind.POSITION


@pytest.fixture
def feed(tmp_path):
    found = LiveFeed(tmp_path / "live")
    yield found
    found.close()


def everything(feed):
    """All that can be seen of a feed."""
    rows = [feed.leader_row(FILL, row) for row in range(feed.row_at(FILL, 1 << 62) + 1)]
    segments = []
    while (found := feed.segment(len(segments))) is not None:
        segments.append(found)
    quotes = [feed.quote(token, 1 << 62) for token in (YES, NO)]
    return rows, segments, quotes, feed.terms(MARKET, 1 << 62), feed.resolution(MARKET), feed.span


def test_a_fill_told_by_four_sources_is_one_row(feed):
    for lag, source in enumerate(("rtds.orders_matched", "rtds.trades", "data_v2", "chain")):
        feed.add([fill(10, source=source)], START + lag * NS)
    assert feed.row_at(FILL, 1 << 62) == 0
    assert feed.leader_row(FILL, 0).natural_key.endswith(f"/{WALLET}/{YES}/BUY/10000000/0")


def test_two_equal_fills_of_one_transaction_are_two_rows_whichever_source_tells_them(feed):
    assert feed.add([fill(10), fill(10)], START) == 2
    assert feed.add([fill(10, source="chain", log_index=3)], START) == 0
    assert feed.add([fill(10, source="chain", log_index=9)], START) == 0
    assert feed.add([fill(10, source="chain", log_index=9)], START) == 0
    keys = [feed.leader_row(FILL, row).natural_key for row in (0, 1)]
    assert [key[-2:] for key in keys] == ["/0", "/1"]


def test_rows_are_in_the_order_of_arrival_and_keep_the_venues_time(feed):
    feed.add([fill(1, at=100, number=1)], START + 101 * NS)
    feed.add([fill(1, at=50, number=2)], START + 102 * NS)
    assert feed.leader_after(FILL, WALLET, -1) == (START + 101 * NS, 0)
    assert feed.leader_after(FILL, WALLET, 0) == (START + 102 * NS, 1)
    assert feed.leader_after(FILL, WALLET, 1) is None
    assert feed.leader_row(FILL, 1).ts == START + 50 * NS


def test_a_time_of_the_future_is_told_as_the_time_of_arrival(feed):
    feed.add([fill(1, at=100)], START)
    assert feed.leader_row(FILL, 0).ts == START
    assert feed.print_at(YES, 0).ts == START


def test_what_is_added_after_a_seal_lies_behind_it(feed):
    feed.add([fill(1, number=1)], START)
    until = feed.seal(START + 10 * NS)
    feed.add([fill(1, number=2)], START + 5 * NS)
    assert until == START + 10 * NS
    assert feed.row_at(FILL, until) == 0
    assert feed.leader_after(FILL, WALLET, 0) == (until + 1, 1)


def test_a_seal_is_never_before_the_newest_row(feed):
    feed.add([fill(1)], START + 10 * NS)
    assert feed.seal(START) == START + 10 * NS


def test_positions_are_not_polled(feed):
    feed.add([fill(1)], START)
    assert feed.row_at(POSITION, 1 << 62) == -1
    assert feed.leader_after(POSITION, WALLET, -1) is None


def test_a_print_of_the_other_outcome_counts_at_one_minus_its_price(feed):
    feed.add([fill(1, token=NO, price=300_000)], START)
    feed.add([fill(1, token=YES, price=600_000, number=2, wallet=OTHER)], START + NS)
    assert feed.print_at(YES, 0).price_micro == 700_000
    assert feed.print_at(NO, 1).price_micro == 400_000
    assert feed.print_after(YES, -1, 0) == (START, 0)
    assert feed.print_after(YES, -1, START + 1) == (START + NS, 1)
    assert feed.print_after(YES, 1, 0) is None


def test_the_last_print_is_somebody_elses_and_strictly_before(feed):
    feed.add([fill(1, wallet=OTHER, price=400_000)], START)
    feed.add([fill(1, number=2)], START + NS)
    assert feed.last_print(YES, START + 2 * NS, WALLET).price_micro == 400_000
    assert feed.last_print(YES, START, WALLET) is None
    assert feed.last_print(YES, START + 2 * NS, "0x" + "33" * 20).row == 1


def test_a_token_that_nobody_named_has_no_market_and_no_prints(feed):
    assert feed.market_of("77") == ("", -1)
    assert feed.print_after("77", -1, 0) is None
    assert feed.last_print("77", 1 << 62, WALLET) is None
    assert feed.quote("77", 1 << 62) is None


def test_quotes_follow_the_book_and_the_best_is_the_last_level(feed):
    feed.add([book(((10_000, 5), (570_000, 7)), ((990_000, 1), (580_000, 9)))], START)
    feed.add([delta("SELL", 580_000, 0)], START + NS)
    first, second = feed.quote(YES, START), feed.quote(YES, START + NS)
    assert (first.bid_micro, first.bid_size_micro, first.ask_micro, first.ask_size_micro) == (570_000, 7, 580_000, 9)
    assert (second.ask_micro, second.ask_size_micro, second.ts) == (990_000, 1, START + NS)
    assert feed.quote(YES, START - 1) is None


def test_a_quiet_book_that_is_followed_without_a_gap_still_stands(feed):
    whole = {YES}
    feed.follow_books(lambda token: token in whole)
    feed.add([book(((400_000, 5),), ((600_000, 7),))], START)
    feed.add([book(((410_000, 5),), ((600_000, 7),))], START + NS)
    assert feed.quote(YES, START + 900 * NS).ts == START + 900 * NS
    assert feed.quote(YES, START).ts == START
    whole.clear()
    assert feed.quote(YES, START + 900 * NS).ts == START + NS


def test_a_change_of_a_book_without_a_snapshot_makes_no_quote(feed):
    feed.add([delta("BUY", 500_000, 10)], START)
    assert feed.quote(YES, 1 << 62) is None


def test_terms_count_from_when_they_were_heard(feed):
    feed.add([meta()], START + 10 * NS)
    feed.add([meta(fee_rate_micro=50_000)], START + 20 * NS)
    assert feed.terms(MARKET, START).fee_provenance == FeeProvenance.WORST_CASE
    assert feed.terms(MARKET, START + 10 * NS).fee_rate_micro == 40_000
    assert feed.terms(MARKET, START + 20 * NS).fee_rate_micro == 50_000
    assert feed.terms(MARKET, START + 20 * NS).token_ids == (YES, NO)


def test_an_unknown_version_is_not_taken_for_a_known_one(feed):
    feed.add([meta(version="")], START)
    assert feed.terms(MARKET, START).market_version == "unknown"


def test_a_market_of_the_second_protocol_trades_its_position_ids(feed):
    feed.add([meta(version="v2", position_ids=("7", "8"))], START)
    assert feed.terms(MARKET, START).token_ids == ("7", "8")


def test_a_tick_change_makes_new_terms(feed):
    feed.add([meta()], START)
    change = TickSizeChange(market_id=MARKET, token_id=YES, ts_event=START, old_tick_micro=10_000, new_tick_micro=1_000)
    feed.add([change], START + NS)
    assert feed.terms(MARKET, START).tick_micro == 10_000
    assert feed.terms(MARKET, START + NS).tick_micro == 1_000


def test_a_payout_stays_as_it_was_first_told_and_one_taken_back_is_none(feed):
    feed.add([end(removed=True)], START)
    assert feed.resolution(MARKET) is None
    feed.add([end()], START + NS)
    feed.add([end(yes=0)], START + 2 * NS)
    assert feed.resolution(MARKET).payouts_micro == (1_000_000, 0)
    assert feed.resolution(MARKET).ts == START + NS


def test_a_watched_wallets_fill_waits_for_its_markets_terms(feed):
    feed.watch([WALLET])
    feed.add([fill(1)], START)
    assert feed.row_at(FILL, 1 << 62) == -1
    assert feed.wanted() == ([MARKET], [])
    feed.add([meta()], START + NS)
    assert feed.leader_after(FILL, WALLET, -1) == (START + NS, 0)
    assert feed.wanted() == ([], [])


def test_a_watched_wallets_fill_does_not_wait_for_ever(feed):
    feed.watch([WALLET])
    feed.add([fill(1)], START)
    assert feed.seal(START + WAIT_FOR_TERMS_NS - 1) < START + WAIT_FOR_TERMS_NS
    assert feed.row_at(FILL, 1 << 62) == -1
    feed.seal(START + WAIT_FOR_TERMS_NS)
    assert feed.leader_row(FILL, 0).market_id == MARKET


def test_a_fill_of_the_chain_waits_until_somebody_names_its_market(feed):
    feed.add([fill(1, source="chain")], START)
    assert feed.wanted() == ([], [YES])
    feed.add([meta()], START + NS)
    assert feed.leader_row(FILL, 0).market_id == MARKET
    assert feed.leader_row(FILL, 0).outcome_index == 0


def test_the_role_is_what_the_first_source_told(feed):
    feed.add([fill(1, number=1, role="taker", fee_micro=10), fill(1, number=2)], START)
    assert [feed.leader_row(FILL, row).role for row in (0, 1)] == [Role.TAKER, Role.UNKNOWN]


def test_a_row_without_a_fee_is_a_makers_where_the_market_charges_takers(feed):
    feed.add([meta()], START)
    feed.add([fill(1, number=1), fill(1, number=2, source="data_v2"), fill(1, number=3, price=0)], START)
    assert [feed.leader_row(FILL, row).role for row in range(3)] == [Role.MAKER, Role.UNKNOWN, Role.UNKNOWN]


def test_of_a_market_without_fees_a_row_without_a_fee_tells_no_role(feed):
    feed.add([meta(fee_rate_micro=0)], START)
    feed.add([fill(1)], START)
    assert feed.leader_row(FILL, 0).role == Role.UNKNOWN


def test_a_leaders_fills_in_both_roles_are_seen_and_marked(feed):
    feed.watch([WALLET])
    feed.add([meta()], START)
    feed.add([fill(5, number=1, role="taker", fee_micro=50_000), fill(5, number=1, wallet=OTHER, token=NO)], START)
    feed.add([fill(7, number=2, source="chain", role="maker")], START + NS)
    feed.add([fill(9, number=3)], START + 2 * NS)
    places, row = [], -1
    while (found := feed.leader_after(FILL, WALLET, row)) is not None:
        row = found[1]
        places.append(feed.leader_row(FILL, row).role)
    assert places == [Role.TAKER, Role.MAKER, Role.MAKER]


def test_everything_is_the_same_after_a_restart(tmp_path):
    feed = LiveFeed(tmp_path / "live")
    feed.add([meta(), fill(1), fill(2, token=NO, number=2, side="SELL", wallet=OTHER)], START)
    feed.add([book(((400_000, 5),), ((600_000, 7),))], START + NS)
    feed.seal(START + 4_000 * NS)
    feed.add([fill(3, number=3), end()], START + 4_001 * NS)
    before = everything(feed)
    feed.close()
    again = LiveFeed(tmp_path / "live")
    assert everything(again) == before
    assert len(before[1]) == 1
    assert again.add([fill(1), fill(3, number=3), meta(), end()], START + 4_002 * NS) == 0
    assert again.add([fill(3, number=4)], START + 4_003 * NS) == 1
    again.close()
    assert len(everything(LiveFeed(tmp_path / "live"))[0]) == 4


def test_what_was_told_just_before_a_restart_is_no_news_just_after(tmp_path):
    feed = LiveFeed(tmp_path / "live")
    feed.add([fill(1), fill(1)], START)
    feed.close()
    again = LiveFeed(tmp_path / "live")
    assert again.add([fill(1, source="data_v2"), fill(1, source="data_v2")], START + NS) == 0
    assert again.add([fill(1, source="chain")], START + NS) == 0


def test_sources_tell_again_from_before_the_last_row(tmp_path):
    feed = LiveFeed(tmp_path / "live")
    assert feed.resume_ts == 0
    feed.add([fill(1)], START)
    assert START - 300 * NS < feed.resume_ts < START - 60 * NS
    feed.close()
    assert LiveFeed(tmp_path / "live").resume_ts == feed.resume_ts


def test_a_fill_that_waits_is_on_disk_and_waits_on_after_a_restart(tmp_path):
    feed = LiveFeed(tmp_path / "live")
    feed.watch([WALLET])
    feed.add([fill(1)], START)
    feed.close()
    again = LiveFeed(tmp_path / "live")
    again.watch([WALLET])
    assert again.wanted() == ([MARKET], [])
    assert again.add([fill(1, source="data_v2")], START + NS) == 0
    again.add([meta()], START + 2 * NS)
    assert again.leader_after(FILL, WALLET, -1) == (START + 2 * NS, 0)
    again.close()
    third = LiveFeed(tmp_path / "live")
    assert third.wanted() == ([], [])
    assert third.row_at(FILL, 1 << 62) == 0


def test_a_torn_batch_is_cut_off_and_the_feed_goes_on(tmp_path):
    feed = LiveFeed(tmp_path / "live")
    feed.add([fill(1)], START)
    before = everything(feed)
    feed.add([fill(2, number=2)], START + NS)
    feed.close()
    path = tmp_path / "live" / "live-000000.rows"
    path.write_bytes(path.read_bytes()[:-3])
    again = LiveFeed(tmp_path / "live")
    assert everything(again) == before
    assert again.add([fill(2, number=2)], START + 2 * NS) == 1
    again.close()
    assert len(everything(LiveFeed(tmp_path / "live"))[0]) == 2


def test_a_missing_segment_is_an_error_that_says_what_to_do(tmp_path):
    feed = LiveFeed(tmp_path / "live")
    feed.add([fill(1)], START)
    feed.seal(START + 4_000 * NS)
    feed.add([fill(1, number=2)], START + 4_001 * NS)
    feed.close()
    (tmp_path / "live" / "live-000000.rows").unlink()
    with pytest.raises(DataError, match="restore"):
        LiveFeed(tmp_path / "live")


def test_an_hour_that_is_over_is_a_segment_with_the_hash_of_its_file(tmp_path):
    feed = LiveFeed(tmp_path / "live")
    feed.add([fill(1), fill(2, number=2)], START)
    feed.seal(START + NS)
    assert feed.segment(0) is None
    until = feed.seal(START + 3_600 * NS)
    segment = feed.segment(0)
    assert (segment.first_row, segment.rows, segment.sealed_ts) == (0, 2, until)
    assert feed.leader_row(FILL, 1).segment_id == segment.segment_id
    feed.close()
    assert LiveFeed(tmp_path / "live").segment(0) == segment


def test_fills_long_past_are_known_from_the_rows(feed):
    feed.add([fill(10, at=0), fill(10, at=0)], START)
    later = START + 3_600 * NS
    feed.add([fill(1, number=2, at=3_600)], later)
    assert feed.add([fill(10, source="data_v2"), fill(10, source="data_v2")], later + NS) == 0
    assert feed.add([fill(10, source="chain", log_index=4)], later + NS) == 0


def test_a_log_that_the_chain_took_back_and_brought_again_is_one_fill(feed):
    feed.add([meta()], START)
    assert feed.add([fill(10, source="chain", log_index=4)], START) == 1
    assert feed.add([fill(10, source="chain", log_index=4, removed=True)], START) == 0
    assert feed.add([fill(10, source="chain", log_index=6)], START) == 0


def test_coverage_says_what_each_source_told_and_missed(feed):
    feed.watch([WALLET])
    feed.add([meta()], START)
    feed.add([fill(1, number=1), fill(2, number=2)], START + NS)
    feed.add([fill(2, number=2, source="chain", market_id=MARKET)], START + 3 * NS)
    feed.mark_gap("chain", START, START + NS)
    rtds, chain = (next(each for each in feed.coverage() if each.source == name) for name in ("rtds.trades", "chain"))
    assert (rtds.seen, rtds.told, rtds.only_here, rtds.missed) == (2, 2, 1, 0)
    assert (chain.seen, chain.told, chain.only_here, chain.missed) == (1, 1, 0, 1)
    assert (rtds.lag_p50_s, chain.lag_p99_s) == (1.0, 3.0)
    assert chain.gaps == ((START, START + NS),)


def test_rejects_are_counted_and_the_first_of_a_kind_are_handed_out_once(feed):
    for _ in range(LETTERS_OF_A_KIND + 5):
        feed.reject(Reject(source="rtds", reason="combination_trade"))
    assert len(feed.take_rejects()) == LETTERS_OF_A_KIND
    assert feed.take_rejects() == ()
    assert feed.rejected() == {("rtds", "combination_trade"): LETTERS_OF_A_KIND + 5}


def test_the_version_grows_with_each_change_and_wakes_who_waits(feed):
    seen = feed.version
    woken = []
    waiter = threading.Thread(target=lambda: woken.append(feed.wait(seen, 10.0)))
    waiter.start()
    feed.add([fill(1)], START)
    waiter.join(10.0)
    assert woken
    version = feed.version
    feed.add([fill(1, source="data_v2")], START)
    assert feed.version == version
    feed.wait(seen, 0.01)


def test_readers_of_another_thread_see_whole_rows_only(feed):
    faults, done = [], threading.Event()

    def read():
        behind = -1
        while not (done.is_set() and feed.leader_after(FILL, WALLET, behind) is None):
            found = feed.leader_after(FILL, WALLET, behind)
            if found is None:
                continue
            row = feed.leader_row(FILL, found[1])
            if row.size_micro != (found[1] + 1) * 1_000_000 or feed.row_at(FILL, found[0]) < found[1]:
                faults.append(row)
            behind = found[1]
        faults.append(behind)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(300):
        feed.add([fill(number + 1, number=number + 1)], START + number)
    done.set()
    wait_until(lambda: not reader.is_alive(), 20.0)
    assert faults == [299]


reports = st.lists(
    st.tuples(
        st.sampled_from(["rtds.trades", "chain", "data_v2"]),
        st.integers(1, 3),
        st.sampled_from([5, 10, 20]),
        st.integers(0, 2),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(reports)
def test_a_feed_answers_alike_before_and_after_a_restart_whatever_it_heard(tmp_path_factory, told):
    folder = tmp_path_factory.mktemp("live")
    feed = LiveFeed(folder)
    feed.add([meta()], START)
    for place, (source, number, size, log_index) in enumerate(told):
        extra = {"log_index": log_index} if source == "chain" else {}
        feed.add([fill(size, source=source, number=number, **extra)], START + place * 700 * NS)
        feed.seal(START + place * 700 * NS)
    before = everything(feed)
    feed.close()
    again = LiveFeed(folder)
    after = everything(again)
    again.close()
    assert after == before
    keys = [row.natural_key for row in before[0]]
    assert len(set(keys)) == len(keys)


def test_a_log_taken_back_and_told_again_elsewhere_within_one_batch_is_one_fill(feed):
    feed.add([fill(10)], START)
    first = fill(10, source="chain", log_index=5)
    gone = msgspec.structs.replace(first, removed=True)
    again = msgspec.structs.replace(first, log_index=7)
    assert feed.add([first, gone, again], START + NS) == 0
    assert feed.row_at(FILL, 1 << 62) == 0


def test_a_fill_whose_market_nobody_names_becomes_a_dead_letter(feed):
    feed.watch([WALLET])
    feed.add([fill(10, source="chain")], START)
    feed.seal(START + FORGET_UNNAMED_NS + NS)
    (letter,) = feed.take_rejects()
    assert (letter.source, letter.reason) == ("chain", "market_unknown")
    assert WALLET.encode() in letter.head


@settings(max_examples=60, deadline=None)
@given(
    legs=st.lists(st.sampled_from([1, 2, 3, 5]), min_size=1, max_size=4),
    order=st.randoms(use_true_random=False),
    deaths=st.integers(0, 3),
)
def test_what_three_sources_tell_in_any_order_with_restarts_between_is_what_happened(
    tmp_path_factory, legs, order, deaths
):
    folder = tmp_path_factory.mktemp("live")
    feed = LiveFeed(folder)
    feed.add([meta()], START - NS)
    reports = [
        fill(size, source=source, **({"log_index": place} if source == "chain" else {}))
        for source in ("rtds.trades", "data_v2", "chain")
        for place, size in enumerate(legs)
    ]
    order.shuffle(reports)
    last = set(order.sample(range(len(reports)), min(deaths, len(reports))))
    for place, report in enumerate(reports):
        feed.add([report], START + place * NS)
        if place in last:
            feed.close()
            feed = LiveFeed(folder)
    found = [feed.leader_row(FILL, row) for row in range(feed.row_at(FILL, 1 << 62) + 1)]
    assert sorted(row.size_micro for row in found) == sorted(size * 1_000_000 for size in legs)
    assert len({row.natural_key for row in found}) == len(legs)
    feed.close()


def test_a_fill_that_shows_late_keeps_the_place_of_its_own_log_over_a_restart(tmp_path):
    feed = LiveFeed(tmp_path / "live")
    feed.add([meta()], START)
    feed.add([fill(5, source="data_v2")], START)
    assert feed.add([fill(3, source="chain", log_index=0)], START) == 0
    assert feed.add([fill(5, source="chain", log_index=2)], START) == 1
    feed.close()
    feed = LiveFeed(tmp_path / "live")
    assert feed.add([fill(2, source="chain", log_index=1)], START) == 1
    feed.close()


def test_a_fill_that_the_chain_told_first_is_shown_when_another_source_names_its_market(feed):
    assert feed.add([fill(1, source="chain")], START) == 1
    assert feed.row_at(FILL, 1 << 62) == -1
    assert feed.add([fill(1)], START + NS) == 0
    assert feed.leader_row(FILL, 0).market_id == MARKET
    assert feed.wanted() == ([], [])
