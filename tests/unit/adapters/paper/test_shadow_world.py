"""What paper trading knows of markets and leaders."""

import pytest

from tests.support.tapes import LEADER, MARKET, NO, OTHER, YES, tape_market
from whaletrader.adapters.paper.shadow_world import ShadowWorld
from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.matching.price_time import ASK
from whaletrader.domain.values import MICRO

FEE = FeeSchedule(50_000)
OPEN = {"resolved": False, "resolved_ts": -1, "payouts_micro": ()}


@pytest.fixture
def world():
    return ShadowWorld()


def test_terms_are_taken_once_and_changes_are_noticed(world):
    assert world.take_market(tape_market(**OPEN), FEE)
    assert not world.take_market(tape_market(**OPEN), FEE)
    assert world.take_market(tape_market(**OPEN), FeeSchedule(40_000))
    assert world.fees[MARKET].rate_micro == 40_000
    assert (world.market_of(YES), world.market_of(NO), world.market_of("7")) == (MARKET, MARKET, None)


def test_a_resolution_stays_whatever_older_terms_say(world):
    assert not world.resolve(MARKET, (MICRO, 0), 5)
    world.take_market(tape_market(**OPEN), FEE)
    assert world.resolve(MARKET, (MICRO, 0), 5)
    assert not world.resolve(MARKET, (0, MICRO), 6)
    world.take_market(tape_market(**OPEN), FeeSchedule(1))
    assert (world.markets[MARKET].resolved, world.markets[MARKET].payouts_micro) == (True, (MICRO, 0))


def test_books_of_unknown_markets_are_kept_until_the_market_is_known(world):
    assert world.reset(NO, [(430_000, 5)], [], 10_000) is None
    assert world.set_level(NO, "BUY", 440_000, 7) is None
    assert world.set_level("7", "BUY", 440_000, 7) is None
    assert world.set_tick(NO, 1_000) is None
    world.take_market(tape_market(**OPEN), FEE)
    book = world.books[MARKET]
    assert book.known
    assert (book.shown(ASK, 570_000), book.shown(ASK, 560_000)) == (5, 7)
    assert book.tick_micro == 1_000


def test_a_new_tick_is_taken_and_nonsense_is_not(world):
    world.take_market(tape_market(**OPEN), FEE)
    assert world.set_tick(YES, 1_000) == MARKET
    assert (world.markets[MARKET].tick_micro, world.books[MARKET].tick_micro) == (1_000, 1_000)
    assert world.set_tick(YES, 7) is None
    assert world.books[MARKET].tick_micro == 1_000


def test_a_leaders_print_is_known_by_his_wallet_or_by_his_transaction(world):
    assert world.is_his(LEADER, LEADER, "")
    assert not world.is_his(LEADER, OTHER, "0xab")
    world.note_trade(LEADER, "0xab")
    assert world.is_his(LEADER, "", "0xab")
    assert not world.is_his(OTHER, "", "0xab")
    assert not world.is_his("", "", "0xab")


def test_only_so_many_transactions_are_remembered(world):
    for number in range(10_050):
        world.note_trade(LEADER, str(number))
    assert not world.is_his(LEADER, "", "49")
    assert world.is_his(LEADER, "", "50")
