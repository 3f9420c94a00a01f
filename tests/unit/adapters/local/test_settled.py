"""What a scan tells of the followed leaders' bets: each bet once, by event group, nothing of the future."""

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.universe import SELL, Tape
from whaletrader.adapters.local import settled
from whaletrader.adapters.local.settled import settled_outcomes
from whaletrader.domain.values import NANOS
from whaletrader.universe.bets import resolved_bets
from whaletrader.universe.follower import build_follower_table

DAY = 86_400
MARKETS = 12
LEADERS = ("fill/w0", "position/w0", "fill/w1")


def tape() -> Tape:
    """A market a day, every third in one event group with the next; wallet 0 bets by fills and positions."""
    made = Tape(wallets=4)
    for m in range(MARKETS):
        group = "" if m == 5 else f"pair{m // 3}" if m % 3 < 2 else f"g{m}"
        made.market(m, payout0=0.0 if m % 4 == 0 else 1.0, resolved=(m + 1) * DAY, group=group or None)
        for who in (0, 1):
            begin = m * DAY + 1_000 * (who + 1)
            made.trade(begin, who, m, 0.4).trade(begin + 8, 3, m, 0.4, size=1_000)
            made.trade(begin + 100, who, m, 0.5).trade(begin + 108, 3, m, 0.5, size=1_000)
        made.signal(m * DAY + 9_000, 0, m, 0.5)
    return made


SOURCE = tape().source(["w0", "w1", "w2", "w3"])
TABLE = build_follower_table(SOURCE)


def told(as_of_day, since_day=0.0, followed=LEADERS):
    as_of = round(as_of_day * DAY) * NANOS
    since = round(since_day * DAY) * NANOS
    return settled_outcomes(TABLE.at(as_of), TABLE.addresses, SOURCE.table("markets"), followed, since)


def by_loop(as_of_day, since_day, leader):
    """Mean over the bets of each event group, bet by bet."""
    kind, _, address = leader.partition("/")
    groups, names = {}, SOURCE.table("markets")["event_group"].to_list()
    wallet = int(address[1:])
    bets = resolved_bets(TABLE, round(as_of_day * DAY) * NANOS)
    mine = (pl.col("kind").cast(pl.String) == kind) & (pl.col("wallet") == wallet)
    for bet in bets.filter(mine & (pl.col("known_ts") > round(since_day * DAY) * NANOS)).iter_rows(named=True):
        groups.setdefault(names[bet["market"]], []).append(bet)
    return {
        name: (
            len(rows),
            sum(r["edge_micro"] for r in rows) // len(rows),
            sum(r["cost_micro"] for r in rows) // len(rows),
        )
        for name, rows in groups.items()
    }


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 13), st.floats(0, 13))
def test_outcomes_are_the_means_over_each_groups_bets(first, second):
    since, as_of = sorted((first, second))
    for leader, found in zip(LEADERS, told(as_of, since), strict=True):
        assert f"{found.kind}/{found.wallet}" == leader
        outcomes = {each.event_group_id: (each.n_bets, each.edge_micro, each.cost_micro) for each in found.outcomes}
        assert outcomes == by_loop(as_of, since, leader)
        assert all(since * DAY * NANOS - NANOS <= each.settled_ts <= as_of * DAY * NANOS for each in found.outcomes)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 13), min_size=1, max_size=5))
def test_every_bet_is_told_once_however_often_one_looks(days):
    looks = [0.0, *sorted(days)]
    parts = [told(after, before) for before, after in pairwise(looks)]
    whole = told(looks[-1])
    for place in range(len(LEADERS)):
        assert sum(each.n_bets for part in parts for each in part[place].outcomes) == sum(
            each.n_bets for each in whole[place].outcomes
        )


def sold_and_bought_again():
    made = Tape(wallets=4).market(0, payout0=1.0, resolved=9 * DAY, group="one")
    made.trade(1_000, 0, 0, 0.4).trade(1_008, 3, 0, 0.4, size=1_000)
    made.trade(2_000, 0, 0, 0.6, side=SELL).trade(2_008, 3, 0, 0.6, size=1_000)
    made.trade(3_000, 0, 0, 0.5).trade(3_008, 3, 0, 0.5, size=1_000)
    source = made.source(["w0", "w1", "w2", "w3"])
    table, markets = build_follower_table(source), source.table("markets")

    def bets(as_of_day, since_day):
        as_of, since = as_of_day * DAY * NANOS, since_day * DAY * NANOS
        (found,) = settled_outcomes(table.at(as_of), table.addresses, markets, ("fill/w0",), since)
        return [(each.n_bets, each.edge_micro, each.settled_ts) for each in found.outcomes]

    return bets


def test_a_bet_that_was_sold_is_told_when_its_market_has_resolved_and_not_before():
    bets = sold_and_bought_again()
    assert bets(8, 0) == []
    ((count, edge, settled_ts),) = bets(10, 8)
    assert (count, settled_ts) == (1, 9 * DAY * NANOS)
    assert 100_000 < edge < 200_000, "of the first entry, which was sold"


def test_a_bet_that_was_sold_and_bought_again_is_told_once():
    bets = sold_and_bought_again()
    assert [each for day in range(1, 13) for each in bets(day, day - 1)] == bets(12, 0)
    assert len(bets(12, 0)) == 1


def test_a_bets_proceeds_are_between_nothing_and_one():
    for leader in told(13):
        assert leader.outcomes
        assert all(0 <= each.edge_micro + each.cost_micro <= 1_000_000 for each in leader.outcomes)


def test_outcomes_come_in_the_order_in_which_they_settled():
    for leader in told(13):
        assert [each.settled_ts for each in leader.outcomes] == sorted(each.settled_ts for each in leader.outcomes)


def test_nobody_is_told_of_whom_nobody_asked():
    assert told(13, followed=()) == ()
    (stranger,) = told(13, followed=("fill/nobody",))
    assert (stranger.wallet, stranger.outcomes, stranger.n_untold) == ("nobody", (), 0)


def test_a_market_without_a_group_is_its_own():
    source = tape()
    for row in source.rows["markets"]:
        row["event_group"] = ""
    lone = source.source(["w0", "w1", "w2", "w3"])
    table = build_follower_table(lone)
    (found,) = settled_outcomes(table.at(None), table.addresses, lone.table("markets"), ("fill/w0",), 0)
    assert {each.event_group_id for each in found.outcomes} == {f"0x{m}" for m in range(MARKETS)}


def test_the_oldest_beyond_the_limit_are_counted_and_not_told(monkeypatch: pytest.MonkeyPatch):
    everything = told(13)
    monkeypatch.setattr(settled, "MAX_TOLD", 9)
    for whole, cut in zip(everything, told(13), strict=True):
        assert cut.outcomes == whole.outcomes[-3:]
        assert cut.n_untold == len(whole.outcomes) - 3
