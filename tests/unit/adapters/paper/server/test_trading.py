"""What an order leaves behind: its rest, its reservation, the market's tick, and what was held meanwhile."""

from typing import Any
from uuid import UUID

import pytest

from tests.support.venue_orders import CONDITION, NO, START, YES, Orders, market, wallet
from whaletrader.adapters.paper.server.trading import delay_ns, uuid_of
from whaletrader.adapters.paper.server.types import (
    NO_RULES,
    OrderState,
    OrderUpdated,
    TickChanged,
    VenueEvent,
    VenueRules,
)
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.values import MICRO, NANOS

SECOND = NANOS


class World:
    """Three wallets with a thousand dollars and five hundred pairs each, on one market."""

    def __init__(self, **changes: Any) -> None:
        self.venue = Venue(VenueRules(genesis_ns=START))
        self.told: list[VenueEvent] = []
        self.orders = Orders()
        self.venue.listen(self.told.append)
        self.venue.add_market(market(**changes), START)
        for number in (1, 2, 3):
            self.venue.open_account(wallet(number), cash_micro=1_000 * MICRO)
            self.venue.deposit(wallet(number), tokens={YES: 500 * MICRO, NO: 500 * MICRO})

    def limit(self, *order: Any, now: int = START, **more: Any) -> str:
        placed = self.venue.place(self.orders.limit(*order, **more), now)
        assert placed.refusal is None, placed.refusal
        return placed.order_id

    def ticks(self) -> list[int]:
        return [event.new_tick_micro for event in self.told if isinstance(event, TickChanged)]

    def kinds(self, order_id: str) -> list[tuple[str, int]]:
        told = [event for event in self.told if isinstance(event, OrderUpdated)]
        return [(event.kind, event.matched_micro // MICRO) for event in told if event.order.order_id == order_id]


@pytest.mark.parametrize(
    ("token", "price", "ticks"),
    [
        (YES, 0.96, []),
        (YES, 0.97, [1_000]),
        (YES, 0.04, []),
        (YES, 0.03, [1_000]),
        (NO, 0.96, []),
        (NO, 0.97, [1_000]),
        (NO, 0.03, [1_000]),
    ],
)
def test_only_a_trade_beyond_4_or_96_cents_changes_the_tick(token: str, price: float, ticks: list[int]) -> None:
    world = World()
    world.limit(1, "SELL", token, price, 100)
    assert world.ticks() == []
    world.limit(2, "BUY", token, price, 100)
    assert world.ticks() == ticks
    world.limit(1, "SELL", token, 0.5, 100)
    world.limit(2, "BUY", token, 0.5, 100)
    assert world.ticks() == ticks


def test_a_market_with_the_fine_tick_keeps_it() -> None:
    world = World(tick_micro=1_000)
    world.limit(1, "SELL", YES, 0.975, 100, tick=1_000)
    world.limit(2, "BUY", YES, 0.975, 100, tick=1_000)
    assert world.ticks() == []


def test_what_a_limit_order_cannot_get_at_once_rests_and_stays_reserved() -> None:
    world = World()
    world.limit(1, "SELL", YES, 0.4, 30)
    taker = world.limit(2, "BUY", YES, 0.5, 100)
    order = world.venue.orders[taker]
    assert (order.state, order.matched_micro, order.left_micro) == (OrderState.LIVE, 30 * MICRO, 70 * MICRO)
    assert world.venue.best(YES) == (500_000, MICRO)
    assert world.kinds(taker) == [("PLACEMENT", 0), ("UPDATE", 30)]
    fee = next(iter(world.venue.trades.values())).fee_micro
    free = world.venue.available_cash(wallet(2)) - 35 * MICRO
    assert free == 1_000 * MICRO - 12 * MICRO - fee - 35 * MICRO
    refused = world.venue.place(world.orders.limit(2, "BUY", YES, 0.01, free // 10_000 + 1), START).refusal
    assert refused is not None
    assert "not enough balance" in refused.message


def test_one_order_meets_several_at_the_best_prices_and_the_earliest_first() -> None:
    world = World()
    dear, late = world.limit(1, "SELL", YES, 0.45, 20), world.limit(3, "SELL", YES, 0.4, 20)
    later = world.limit(1, "SELL", YES, 0.4, 20)
    taker = world.limit(2, "BUY", YES, 0.45, 50)
    (trade,) = world.venue.trades.values()
    assert [maker.order_id for maker in trade.makers] == [late, later, dear]
    assert [maker.size_micro for maker in trade.makers] == [20 * MICRO, 20 * MICRO, 10 * MICRO]
    assert (trade.cash_micro, trade.price_micro) == (20_500_000, 410_000)
    states = [world.venue.orders[each].state for each in (late, later, dear, taker)]
    assert states == [OrderState.MATCHED, OrderState.MATCHED, OrderState.LIVE, OrderState.MATCHED]
    assert all(world.venue.orders[each].trade_ids == [trade.trade_id] for each in (late, later, dear, taker))


def test_a_cancelled_rest_gives_its_money_free_and_cannot_be_cancelled_twice() -> None:
    world = World()
    resting = world.limit(1, "BUY", YES, 0.5, 2_000)
    world.limit(2, "SELL", YES, 0.5, 100)
    assert world.venue.cancel("key-1", [resting, resting], START).canceled == (resting,)
    assert world.kinds(resting) == [("PLACEMENT", 0), ("UPDATE", 100), ("CANCELLATION", 100)]
    assert list(world.venue.cancel("key-1", [resting], START).not_canceled) == [resting]
    world.limit(1, "BUY", YES, 0.5, 1_900)
    assert world.venue.best(YES) == (500_000, MICRO)


def test_an_order_that_is_held_when_its_market_resolves_never_trades() -> None:
    world = World(seconds_delay=3)
    world.limit(1, "SELL", YES, 0.4, 100)
    held = world.limit(2, "BUY", YES, 0.4, 100)
    assert world.venue.orders[held].state is OrderState.DELAYED
    world.venue.resolve(CONDITION, (MICRO, 0), START + SECOND)
    world.venue.advance(START + 10 * SECOND)
    assert (world.venue.orders[held].state, world.venue.trades) == (OrderState.CANCELED, {})
    assert world.venue.available_cash(wallet(2)) == 1_000 * MICRO


def test_a_held_order_meets_the_book_as_it_is_when_it_is_let_go() -> None:
    world = World(seconds_delay=3)
    gone = world.limit(1, "SELL", YES, 0.4, 60)
    held = world.limit(2, "BUY", YES, 0.45, 100)
    world.venue.cancel("key-1", [gone], START + SECOND)
    world.limit(3, "SELL", YES, 0.42, 50, now=START + 2 * SECOND)
    world.venue.advance(START + 3 * SECOND)
    (trade,) = world.venue.trades.values()
    assert (trade.maker, trade.price_micro, trade.size_micro) == (wallet(2), 420_000, 50 * MICRO)
    assert (world.venue.orders[held].state, world.venue.best(YES)) == (OrderState.LIVE, (450_000, MICRO))


@pytest.mark.parametrize(
    ("terms", "delay"),
    [
        ({}, 0),
        ({"taker_delay": True}, SECOND // 4),
        ({"seconds_delay": 1}, SECOND),
        ({"seconds_delay": 3, "taker_delay": True}, 3 * SECOND),
    ],
)
def test_the_delay_of_a_market_is_its_seconds_else_a_quarter_second_else_none(
    terms: dict[str, Any], delay: int
) -> None:
    assert delay_ns(market(**terms), NO_RULES) == delay


def test_a_hash_becomes_a_uuid_of_its_first_digits() -> None:
    digits = "0x" + "0123456789abcdef" * 4
    assert uuid_of(digits) == "01234567-89ab-cdef-0123-456789abcdef" == str(UUID(digits[2:34]))
