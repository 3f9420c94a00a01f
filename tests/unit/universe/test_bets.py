"""What a bet carries besides its edge: the leader's stake and price, what our entry cost and how long it took."""

import polars as pl

from tests.support.universe import SELL, Tape
from whaletrader.universe.bets import BetTable, bet_table, bets_of
from whaletrader.universe.follower import FollowerParams, build_follower_table
from whaletrader.universe.policies import policy_params
from whaletrader.universe.scores import ScoreParams, score_universe

LEADER, OTHER = 0, 1


def two_entries(size: float = 100.0) -> BetTable:
    tape = Tape(wallets=2).market(0, 1.0, 90_000)
    for ts, price, met in ((100, 0.40, 0.42), (500, 0.50, 0.56)):
        tape.trade(ts, LEADER, 0, price, size).trade(ts + 20 + ts / 50, OTHER, 0, met, side=1)
    return bet_table(build_follower_table(tape.source()).at(None))


def test_two_entries_are_one_bet_of_the_summed_stake_at_the_first_price() -> None:
    bets = two_entries()
    assert bets.offsets.tolist() == [0, 1]
    assert bets.stake.tolist() == [40_000_000 + 50_000_000]
    assert bets.leader_price.tolist() == [400_000]
    assert bets.entry_price.tolist() == [420_000]


def test_the_wait_is_the_time_from_the_leaders_first_event_to_our_print() -> None:
    assert two_entries().waited.tolist() == [22 * 10**9]


def test_a_bet_is_known_when_its_market_resolves() -> None:
    assert two_entries().known_ts.tolist() == [90_000 * 10**9]


def test_half_the_spread_is_part_of_what_was_paid() -> None:
    bets = two_entries()
    assert 0 < bets.spread[0] < bets.cost[0] - bets.entry_price[0]


def test_a_stake_of_a_hundred_million_shares_stays_exact() -> None:
    assert two_entries(1e8).stake.tolist() == [90_000_000 * 10**6]


def test_a_signal_without_the_leaders_price_has_none_and_is_staked_at_ours() -> None:
    tape = Tape(wallets=1).market(0, 1.0, 90_000)
    tape.signal(100, LEADER, 0, 0.25)
    tape.rows["signals"][0]["avg_price_micro"] = None
    bets = bet_table(build_follower_table(tape.source()).at(None))
    assert (bets.leader_price.tolist(), bets.stake.tolist(), bets.waited.tolist()) == ([-1], [250_000], [0])


def ladder() -> Tape:
    """A leader who buys higher and higher: the later limit is filled first, the earlier one only after a fall."""
    tape = Tape(wallets=2).market(0, 0.0, 90_000)
    tape.trade(100, LEADER, 0, 0.40).trade(200, LEADER, 0, 0.45)
    return tape.trade(300, OTHER, 0, 0.44, side=SELL).trade(2_000, OTHER, 0, 0.39, side=SELL)


def test_of_two_resting_limits_the_one_that_is_filled_first_is_the_bet_not_the_one_placed_first() -> None:
    bets = bet_table(build_follower_table(ladder().source(), policy_params("passive", FollowerParams())).at(None))
    assert bets.cost.tolist() == [450_000]
    assert bets.waited.tolist() == [100 * 10**9]


def seller_of_winners(resolved: int | None = None) -> Tape:
    """Fair bets at even odds: the winners are sold at once, the losers are kept in markets that have not resolved."""
    tape = Tape(wallets=2)
    for m in range(90):
        ts, won = m * 86_400, m % 3 > 0
        tape.market(m, None if resolved is None else float(won), None if resolved is None else resolved)
        tape.trade(ts, LEADER, m, 0.50).trade(ts + 20, OTHER, m, 0.50, side=SELL)
        if won:
            tape.trade(ts + 3_600, LEADER, m, 0.75, side=SELL).trade(ts + 3_620, OTHER, m, 0.75)
    return tape


def test_who_sells_his_winners_and_keeps_his_losers_in_open_markets_is_not_skilled() -> None:
    found = score_universe(seller_of_winners().source(), ScoreParams()).frame
    leader = found.filter(pl.col("wallet") == LEADER).row(0, named=True)
    assert (leader["verdict"], leader["n_bets"]) == ("INSUFFICIENT_DATA", 0)


def test_a_sale_counts_as_a_bet_from_the_time_when_its_market_has_resolved() -> None:
    table = build_follower_table(seller_of_winners(resolved=10**7).source())
    for seconds, bets in ((10**7 - 1, 0), (10**7, 90)):
        assert bet_table(table.at(seconds * 10**9)).edge.size == bets
    assert bets_of(table.at((10**7 - 1) * 10**9)).height == 60
    assert bet_table(table.at(None)).edge.size == 90
