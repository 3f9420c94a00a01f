"""Leaders are judged by a history and what was heard since as if all of it had been the history."""

import msgspec
import polars as pl
import pytest

from tests.support.heard import hear, history_until, listening, traced_scenario, written
from tests.support.scenario import HOUR, LEADER, START_S, scenario_settings
from whaletrader.adapters.local.heard_whales import HeardWhales
from whaletrader.adapters.local.joined import Past, joined
from whaletrader.adapters.local.whale_source import DatasetWhales
from whaletrader.datasets.importers.run import import_heard
from whaletrader.datasets.schema import NO_ID, TABLES
from whaletrader.domain.values import NANOS
from whaletrader.universe.source import FrameSource, known_at

DAY = 24 * HOUR * NANOS
BEGIN = START_S * NANOS
HISTORY_UNTIL, AS_OF = BEGIN + 2 * DAY, BEGIN + 12 * DAY
WALLET = f"0x{LEADER + 1:040x}"
FOLLOWED = (f"fill/{WALLET}",)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return traced_scenario(tmp_path_factory.mktemp("whole") / "scenario")


@pytest.fixture(scope="module")
def history(whole, tmp_path_factory):
    return history_until(whole, HISTORY_UNTIL, tmp_path_factory.mktemp("history") / "history")


@pytest.fixture(scope="module")
def run(whole, tmp_path_factory):
    """A run that began a day before the history ends."""
    folder = tmp_path_factory.mktemp("runs") / "0003"
    with listening(folder) as feed:
        hear(feed, whole, HISTORY_UNTIL - DAY, BEGIN + 30 * DAY)
    return folder


def whales(history, run, tmp_path, **more):
    return HeardWhales(history, run / "live", tmp_path / "judged", scenario_settings(), **more)


def scores_of(scanned):
    return msgspec.structs.replace(scanned, source="", funnel=())


def test_history_and_what_was_heard_score_as_the_whole_would_have(whole, history, run, tmp_path):
    ours = whales(history, run, tmp_path)
    for as_of, since in ((BEGIN + 4 * DAY, 0), (AS_OF, BEGIN + 4 * DAY)):
        told = ours.scan(as_of, FOLLOWED, since)
        known = known_at(whole, as_of)
        expected = DatasetWhales(known, scenario_settings()).scan(as_of, FOLLOWED, since)
        assert scores_of(told) == scores_of(expected)
        assert told.funnel == expected.funnel
    assert told.n_qualified > 0
    assert told.settled[0].outcomes, "what settled since the last scan was only heard"
    alone = DatasetWhales(history, scenario_settings()).scan(AS_OF, FOLLOWED, 0)
    assert alone.scores != told.scores, "the history alone says something else"


def test_a_scan_says_by_what_and_until_when_it_judged(history, run, tmp_path):
    source = whales(history, run, tmp_path).scan(AS_OF).source
    assert source.startswith(f"{history.fingerprint}+live until {AS_OF}, ")
    assert "fills from" in source


def test_what_is_heard_after_the_question_changes_no_answer(whole, history, tmp_path):
    folder = tmp_path / "0001"
    with listening(folder) as feed:
        hear(feed, whole, HISTORY_UNTIL - DAY, AS_OF)
        before = whales(history, folder, tmp_path).scan(AS_OF, FOLLOWED)
        hear(feed, whole, AS_OF, BEGIN + 30 * DAY)
        ours = whales(history, folder, tmp_path)
        assert ours.scan(BEGIN + 20 * DAY, FOLLOWED) != before
        assert ours.scan(AS_OF, FOLLOWED) == before, "also where a later question was answered in between"


def test_leaders_are_found_without_any_history(whole, tmp_path):
    folder = tmp_path / "0001"
    with listening(folder) as feed:
        hear(feed, whole, 0, BEGIN + 30 * DAY)
    told = whales(None, folder, tmp_path).scan(AS_OF)
    assert told.source.startswith(f"no history+live until {AS_OF}, ")
    assert told.scores[0].wallet == WALLET
    assert told.scores[0].n_bets >= 10
    expected = DatasetWhales(import_heard(folder, tmp_path / "d", until_ts=AS_OF).dataset, scenario_settings())
    assert scores_of(told) == scores_of(expected.scan(AS_OF))


@pytest.mark.parametrize("heard", [False, True])
def test_where_nobody_is_known_nobody_is_scored(tmp_path, heard):
    folder = tmp_path / "0001"
    if heard:
        with listening(folder):
            pass
    told = whales(None, folder, tmp_path).scan(AS_OF)
    assert (told.n_wallets, told.n_qualified, told.scores) == (0, 0, ())


def test_before_anything_is_heard_the_history_judges_alone(history, run, tmp_path):
    expected = DatasetWhales(history, scenario_settings()).scan(AS_OF)
    assert whales(history, tmp_path / "none", tmp_path).scan(AS_OF) == expected
    early = whales(history, run, tmp_path).scan(HISTORY_UNTIL - 2 * DAY)
    assert early.source.endswith("no fills")


def test_fills_of_markets_that_nobody_described_are_not_judged(whole, tmp_path):
    folder = tmp_path / "0001"
    with listening(folder) as feed:
        hear(feed, whole, 0, BEGIN + 30 * DAY, described=False)
    told = whales(None, folder, tmp_path).scan(AS_OF)
    assert (told.n_qualified, told.scores) == (0, ())
    assert told.source.endswith("no fills")


def test_memory_is_bounded_by_the_newest_fills(history, run, tmp_path):
    told = whales(history, run, tmp_path, most_fills=7).scan(AS_OF).source
    assert ", 7 fills from" in told


def test_a_history_that_is_replaced_while_the_run_goes_on_judges_as_it_was(whole, run, tmp_path):
    place = tmp_path / "history"
    ours = whales(history_until(whole, HISTORY_UNTIL, place), run, tmp_path)
    history_until(whole, HISTORY_UNTIL + 2 * DAY, place)
    same = whales(history_until(whole, HISTORY_UNTIL, tmp_path / "same" / "history"), run, tmp_path / "two")
    assert ours.scan(AS_OF, FOLLOWED) == same.scan(AS_OF, FOLLOWED)


# The joined tables


@pytest.fixture(scope="module")
def heard(run, tmp_path_factory):
    return import_heard(run, tmp_path_factory.mktemp("heard") / "d", until_ts=AS_OF).dataset


def texts(source):
    """The fills with texts instead of codes, but for the transactions."""
    trades = source.table("trades")
    for table, code, text in (
        ("wallets", "wallet", "address"),
        ("markets", "market", "condition_id"),
        ("tokens", "token", "token_id"),
    ):
        trades = trades.join(source.table(table).select(code, text), on=code, how="left", maintain_order="left")
    kept = ("ts", "address", "condition_id", "token_id", "outcome_index", "side", "price_micro", "size_micro")
    return sorted(trades.select(kept).rows())


def test_every_fill_of_either_is_there_once_in_the_order_of_time(whole, history, heard):
    both = joined(Past(history), heard, until_ts=AS_OF, most_fills=10**6)
    assert texts(both) == texts(known_at(whole, AS_OF))
    assert both.table("trades")["ts"].is_sorted()
    assert both.table("trades")["transaction"].n_unique() == both.table("trades").height


def test_codes_of_the_joined_tables_are_row_numbers_and_tokens_lie_by_market(history, heard):
    both = joined(Past(history), heard, until_ts=AS_OF, most_fills=10**6)
    for name, code in (("wallets", "wallet"), ("markets", "market"), ("tokens", "token")):
        table = both.table(name)
        assert table[code].to_list() == list(range(table.height))
        assert dict(table.schema) == TABLES[name]
    tokens = both.table("tokens")
    assert tokens["market"].to_list() == [code // 2 for code in range(tokens.height)]
    assert both.table("wallets")["address"].n_unique() == both.table("wallets").height
    assert dict(both.table("trades").schema) == TABLES["trades"]


def test_markets_end_by_what_was_heard_and_keep_what_the_history_says_of_them(whole, history, heard):
    both = joined(Past(history), heard, until_ts=AS_OF, most_fills=10**6).table("markets")
    expected = known_at(whole, AS_OF).table("markets")
    same = ["condition_id", "resolved", "payout0_micro", "resolved_ts", "category", "slug"]
    assert both.select(same).rows() == expected.select(same).rows()
    assert both["resolved"].sum() > history.table("markets")["resolved"].sum()


def test_markets_wallets_and_tokens_that_only_were_heard_come_behind(whole, heard, tmp_path):
    few = known_at(whole, HISTORY_UNTIL)
    n = 3
    tables = {name: few.table(name) for name in TABLES}
    free = pl.DataFrame([(2 * n, "777", NO_ID, None, "")], schema=TABLES["tokens"], orient="row")
    tables |= {
        "markets": tables["markets"].head(n),
        "tokens": pl.concat([tables["tokens"].head(2 * n), free]),
        "fee_schedules": tables["fee_schedules"].filter(pl.col("market") < n),
        "trades": tables["trades"].filter(pl.col("market") < n),
    }
    small = written(FrameSource(tables), tmp_path / "small")
    both = joined(Past(small), heard, until_ts=AS_OF, most_fills=10**6)
    markets, tokens = both.table("markets"), both.table("tokens")
    assert markets.head(n)["condition_id"].to_list() == small.table("markets")["condition_id"].to_list()
    assert markets.height > n
    assert tokens.height == 2 * markets.height + 1
    assert tokens.row(-1)[:3] == (tokens.height - 1, "777", NO_ID), "a token without a market stays the last"
    described = set(markets.filter(pl.col("slug") != "")["condition_id"])
    assert texts(both) == sorted({*texts(small), *(row for row in texts(heard) if row[2] in described)})
    fees = both.table("fee_schedules")
    assert fees["market"].is_sorted()
    assert set(range(n)) < set(fees["market"]) <= set(range(markets.height))


def test_without_transactions_what_looks_like_a_fill_of_the_history_is_not_told_again(whole, heard, tmp_path):
    bare = known_at(whole, HISTORY_UNTIL)
    trades = bare.table("trades").with_columns(transaction=pl.lit(NO_ID, pl.UInt32))
    none = pl.DataFrame(schema=TABLES["transactions"])
    untraced = written(bare, tmp_path / "untraced", trades=trades, transactions=none)
    both = joined(Past(untraced), heard, until_ts=AS_OF, most_fills=10**6)
    assert texts(both) == texts(known_at(whole, AS_OF))


def test_a_whole_record_with_heard_fills_behind_it_may_have_a_hole(history, heard):
    both = joined(Past(history), heard, until_ts=AS_OF, most_fills=10**6)
    reasons = dict(both.table("wallets").select("address", "truncation_reason").iter_rows())
    known = set(heard.table("wallets")["address"])
    assert {reasons[address] for address in history.table("wallets")["address"] if address in known} == {"gap"}
