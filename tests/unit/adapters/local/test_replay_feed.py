"""The feed gives each fill once, looks rows up as a plain loop would, and never tells a later price."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import tables
from tests.support.tables import LEADER, MARKETS, OTHER, THIRD, TOKENS, at, dataset, signal, trade
from whaletrader.adapters.local.replay_feed import ReplayFeed
from whaletrader.domain.values import DAY_NS, MICRO


def feed(*args, **kwargs):
    return ReplayFeed(dataset(*args, **kwargs), simulated=False)


def keys_of(replay, wallet=LEADER):
    rows, row = [], -1
    while (found := replay.leader_after("fill", wallet, row)) is not None:
        row = found[1]
        rows.append(replay.leader_row("fill", row).natural_key)
    return rows


def test_an_exact_duplicate_is_told_once_and_counted():
    replay = feed([trade(1, 0, 0, 0.5, transaction=1), trade(1, 0, 0, 0.5, transaction=1, dup_rank=1)])
    assert keys_of(replay) == [f"0x01/{LEADER}/{TOKENS[0]}/BUY/10000000/0"]
    assert replay.fills.n_dropped == 1


def test_two_equal_fills_of_one_transaction_are_two_where_one_source_tells_both():
    rows = [trade(1, 0, 0, price, transaction=1) for price in (0.5, 0.51)]
    assert [key[-2:] for key in keys_of(feed(rows))] == ["/0", "/1"]


def test_a_fill_that_a_second_source_tells_at_an_averaged_price_is_the_same_fill():
    rows = [trade(1, 0, 0, 0.5, transaction=1), trade(1, 0, 0, 0.505, transaction=1, source=1)]
    assert len(keys_of(feed(rows))) == 1


def test_without_a_transaction_time_and_price_tell_fills_apart():
    rows = [trade(1, 0, 0, 0.5), trade(2, 0, 0, 0.5), trade(2, 0, 0, 0.6)]
    assert len(set(keys_of(feed(rows)))) == 3


def test_rows_without_a_market_a_token_or_a_price_are_left_out():
    rows = [trade(1, 0, 0, 0.5, market=tables.NO_ID), trade(1, 0, 0, 0.5) | {"token": tables.NO_ID}]
    rows += [trade(1, 0, 0, 0.5, price_micro=None), trade(1, 0, 0, 0.5, outcome_index=None), trade(3, 0, 0, 0.5)]
    replay = feed(rows)
    assert (len(replay.fills.ts), replay.fills.n_dropped) == (1, 4)


def test_the_other_outcome_counts_at_one_minus_its_price():
    replay = feed([trade(1, 1, 1, 0.3)])
    assert replay.last_print(TOKENS[0], at(2), LEADER).price_micro == 700_000
    assert replay.last_print(TOKENS[1], at(2), LEADER).price_micro == 300_000


def test_the_leaders_own_prints_and_those_of_the_same_second_are_never_the_last_price():
    replay = feed([trade(1, 1, 0, 0.4), trade(2, 0, 0, 0.9), trade(3, 2, 0, 0.8)])
    assert replay.last_print(TOKENS[0], at(3), LEADER).wallet == OTHER
    assert replay.last_print(TOKENS[0], at(3), THIRD).wallet == LEADER
    assert replay.last_print(TOKENS[0], at(1), LEADER) is None


@pytest.mark.parametrize("own", [0, 15, 16, 17, 79, 80, 81, 400])
def test_the_last_price_is_found_behind_any_number_of_the_leaders_own(own):
    rows = [trade(1, 1, 0, 0.4), *(trade(2 + n, 0, 0, 0.9) for n in range(own))]
    assert feed(rows).last_print(TOKENS[0], at(1_000), LEADER).wallet == OTHER
    assert feed(rows).last_print(TOKENS[0], at(1), LEADER) is None


def test_a_segment_is_a_day_of_fills_and_its_digest_covers_every_column():
    rows = [trade(10, 0, 0, 0.5), trade(20, 1, 0, 0.5), trade(tables.DAY_S + 5, 0, 0, 0.5)]
    replay = feed(rows)
    first, second = replay.segment(0), replay.segment(1)
    assert (first.first_row, first.rows, second.first_row, second.rows) == (0, 2, 2, 1)
    assert first.sealed_ts == at(0) + DAY_NS
    assert replay.segment(2) is None
    changed = feed([*rows[:1], trade(20, 1, 0, 0.51), *rows[2:]])
    assert changed.segment(0).sha256 != first.sha256
    assert changed.segment(1).sha256 == second.sha256


def test_a_market_tells_its_end_only_where_payout_and_time_are_known():
    replay = feed(
        [trade(1, 0, 0, 0.5), trade(1, 0, 2, 0.5), trade(1, 0, 4, 0.5)],
        markets=[tables.market(0, resolved_s=9, payout=0.5), tables.market(1, resolved_s=9)],
    )
    end = replay.resolution(MARKETS[0])
    assert (end.ts, end.payouts_micro) == (at(9), (500_000, 500_000))
    assert replay.resolution(MARKETS[1]) is None
    assert replay.resolution(MARKETS[2]) is None


def test_the_fee_schedule_of_the_date_counts_and_the_worst_case_before_the_first():
    schedule = {"market": 0, "rate_micro": 30_000, "exponent": 1, "times_price": False, "provenance": "market"}
    replay = feed([trade(1, 0, 0, 0.5)], fee_schedules=[schedule | {"from_ts": at(5)}])
    before, after = replay.terms(MARKETS[0], at(4)), replay.terms(MARKETS[0], at(5))
    assert (before.fee_rate_micro, before.fee_provenance) == (70_000, "worst_case")
    assert (after.fee_rate_micro, after.fee_provenance) == (30_000, "market")
    assert after.token_ids == TOKENS[:2]
    assert after.market_version == "v1"


def test_a_signal_is_a_row_of_its_own_stream():
    replay = feed([trade(1, 0, 0, 0.5)], [signal(5, 0, 2, 0.4, seen=3), signal(5, 0, 2, 0.4)])
    ts, row = replay.leader_after("position", LEADER, -1)
    told = replay.leader_row("position", row)
    assert (ts, told.price_micro, told.prev_seen_ts, told.token_id) == (at(5), 400_000, at(3), TOKENS[2])
    assert replay.leader_after("position", LEADER, row) is None
    assert replay.signals.n_dropped == 1


def test_the_newest_quote_at_or_before_a_time_is_told():
    quote = {"token": 0, "bid_micro": 1, "ask_micro": 2, "bid_size_micro": 3, "ask_size_micro": None, "source": 0}
    replay = feed([trade(1, 0, 0, 0.5)], quotes=[quote | {"ts": at(2)}, quote | {"ts": at(4), "bid_micro": 9}])
    assert replay.quote(TOKENS[0], at(1)) is None
    assert replay.quote(TOKENS[0], at(3)).bid_micro == 1
    assert (replay.quote(TOKENS[0], at(4)).bid_micro, replay.quote(TOKENS[0], at(4)).ask_size_micro) == (9, -1)


def test_an_empty_dataset_is_an_empty_feed():
    replay = feed([])
    assert (replay.span, replay.segment(0), replay.row_at("fill", at(9))) == ((0, 0), None, -1)


FILLS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 2), st.integers(0, 5), st.integers(1, 99)), min_size=1, max_size=40
)


@settings(max_examples=60, deadline=None)
@given(FILLS, st.integers(0, 45), st.integers(0, 5), st.integers(0, 2))
def test_every_lookup_agrees_with_a_plain_loop(fills, when, token, wallet):
    rows = [trade(ts, who, what, price / 100, source_row=n) for n, (ts, who, what, price) in enumerate(sorted(fills))]
    replay = feed(rows)
    columns = replay.fills
    told = list(zip(columns.ts, columns.wallet, columns.market, columns.outcome, columns.price, strict=True))
    names = (LEADER, OTHER, THIRD)

    def as_price(row):
        return int(row[4]) if row[3] == token % 2 else MICRO - int(row[4])

    known = [row for row in told if row[2] == token // 2 and row[0] < at(when) and row[1] != wallet]
    if any(row[2] == token // 2 for row in told):
        last = replay.last_print(TOKENS[token], at(when), names[wallet])
        assert (last and last.price_micro) == (as_price(known[-1]) if known else None)
        later = [n for n, row in enumerate(told) if row[2] == token // 2 and row[0] >= at(when) and n > 3]
        found = replay.print_after(TOKENS[token], 3, at(when))
        assert (found and found[1]) == (later[0] if later else None)
    mine = [n for n, row in enumerate(told) if row[1] == wallet and row[0] > at(when)]
    behind = replay.row_at("fill", at(when))
    found = replay.leader_after("fill", names[wallet], behind)
    assert (found and found[1]) == (mine[0] if mine else None)
    days = sum(replay.segment(index).rows for index in range(2) if replay.segment(index))
    assert days == len(told)


@pytest.mark.parametrize("wallet", ["0xunknown", ""])
def test_an_unknown_wallet_has_no_rows(wallet):
    assert feed([trade(1, 0, 0, 0.5)]).leader_after("fill", wallet, -1) is None
