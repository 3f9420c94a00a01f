"""What a pull is asked for: periods subtracted exactly, bad input told in one sentence."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.venue_http import WALLET, condition
from whaletrader.adapters.polymarket.subgraph import WALLET_LISTINGS
from whaletrader.app.pull import plan
from whaletrader.app.pull.plan import (
    PullRequest,
    chain_tasks,
    fallback_tasks,
    first_tasks,
    market_tasks,
    price_tasks,
    subgraph_tasks,
    uncovered,
)
from whaletrader.errors import UsageError

periods = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 20)).map(lambda p: (p[0], p[0] + p[1])), max_size=8)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 60), st.integers(0, 40), periods)
def test_what_is_uncovered_is_exactly_what_no_period_holds(since, length, covered):
    until = since + length
    parts = uncovered(since, until, covered)
    seconds = [second for first, last in parts for second in range(first, last + 1)]
    held = {second for first, last in covered for second in range(first, last + 1)}
    assert seconds == [second for second in range(since, until + 1) if second not in held]


def test_a_wallet_is_asked_for_its_activity_and_its_fills_as_taker():
    request = PullRequest(wallets=(WALLET,), markets=(condition(1),), until_s=99)
    assert [(task.listing, task.subject) for task in first_tasks(request)] == [
        ("data_v2.activity", WALLET),
        ("data_v2.takers", WALLET),
        ("data_v2.trades", condition(1)),
    ]


def test_the_chain_is_asked_only_when_wanted():
    request = PullRequest(wallets=(WALLET,), until_s=99)
    assert chain_tasks(request, {}) == []


def test_the_history_subgraphs_are_asked_for_everything_they_tell_of_a_wallet():
    request = PullRequest(wallets=(WALLET,), what=("subgraph",), since_s=5, until_s=99)
    tasks = subgraph_tasks(request)
    assert [task.listing for task in tasks] == [f"subgraph.{entity}" for entity in WALLET_LISTINGS]
    assert {(task.subject, task.since_s, task.until_s) for task in tasks} == {(WALLET, 5, 99)}
    assert first_tasks(request) == subgraph_tasks(PullRequest(wallets=(WALLET,), until_s=99)) == []


def test_the_first_version_is_asked_for_the_same_period_where_the_second_fell_short():
    request = PullRequest(wallets=(WALLET,), markets=(condition(1),), since_s=5, until_s=99)
    tasks = fallback_tasks(first_tasks(request))
    assert [(task.listing, task.subject, task.since_s, task.until_s) for task in tasks] == [
        ("data_v1.activity", WALLET, 5, 99),
        ("data_v1.trades", condition(1), 5, 99),
    ]


def test_a_second_opinion_is_asked_of_the_first_version_when_it_is_wanted():
    request = PullRequest(wallets=(WALLET,), markets=(condition(1),), what=("trades-v1",), until_s=99)
    assert [task.listing for task in first_tasks(request)] == ["data_v1.activity", "data_v1.trades"]


def test_wallets_that_lack_the_same_period_share_a_walk_over_the_chain():
    wallets = tuple(f"0x{n:040x}" for n in range(50))
    request = PullRequest(wallets=wallets, what=("chain",), until_s=99)
    tasks = chain_tasks(request, {wallets[3]: [(1, 60)], wallets[7]: [(1, 99)]})
    assert [(task.subject.count(",") + 1, task.since_s, task.until_s) for task in tasks] == [
        (40, 1, 99),
        (8, 1, 99),
        (1, 61, 99),
    ]
    assert tasks[-1].subject == wallets[3]


def test_markets_are_asked_for_in_groups_of_twenty():
    tasks = market_tasks([condition(n) for n in range(41)], PullRequest(until_s=99))
    assert [(task.listing, task.subject.count(",") + 1) for task in tasks[::2]] == [
        ("gamma.markets", 20),
        ("gamma.markets", 20),
        ("gamma.markets", 1),
    ]


def test_prices_are_asked_for_within_the_markets_life():
    opened = plan.VENUE_OPENED_S + 500
    request = PullRequest(since_s=opened - 100, until_s=opened + 1_000)
    tasks = price_tasks([("1", opened, opened + 10), ("2", -1, -1), ("3", opened + 2_000, -1)], request)
    assert [(task.subject, task.since_s - opened, task.until_s - opened) for task in tasks] == [
        ("1", 0, 10),
        ("2", -100, 1_000),
    ]


def test_wallets_are_lower_case_and_each_once():
    assert plan.checked_wallets([" " + WALLET.upper().replace("0X", "0x"), WALLET, ""]) == (WALLET,)


@pytest.mark.parametrize("text", ["0x12", "7c3db723f1d4d8cb9c550095203b686cb11e5c6b", condition(1), "bob"])
def test_what_is_no_wallet_is_refused_by_name(text):
    with pytest.raises(UsageError, match="is no wallet; give 0x and 40 hex digits"):
        plan.checked_wallets([text])


def test_a_combination_is_no_market():
    with pytest.raises(UsageError, match="is no market"):
        plan.checked_markets(["0x" + "ab" * 31])


@pytest.mark.parametrize("text", ["fills", "", ",", "trades,fills"])
def test_an_unknown_kind_is_refused(text):
    with pytest.raises(UsageError, match="choose of trades, trades-v1, markets, prices, chain, subgraph"):
        plan.checked_what(text)


@pytest.mark.parametrize(
    ("text", "end", "second"),
    [
        ("2026-01-31", False, 1_769_817_600),
        ("2026-01-31", True, 1_769_903_999),
        ("2026-01-31T12:00:00+00:00", True, 1_769_860_800),
        ("1769860800", False, 1_769_860_800),
    ],
)
def test_a_day_a_time_or_seconds_are_understood(text, end, second):
    assert plan.checked_time(text, "--since", end=end) == second


def test_what_is_no_time_is_refused_by_name():
    with pytest.raises(UsageError, match="--since 'yesterday' is no time"):
        plan.checked_time("yesterday", "--since")
