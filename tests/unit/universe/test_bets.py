"""What a bet carries besides its edge: the leader's stake and price, what our entry cost and how long it took."""

from tests.support.universe import Tape
from whaletrader.universe.bets import BetTable, bet_table
from whaletrader.universe.follower import build_follower_table

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
