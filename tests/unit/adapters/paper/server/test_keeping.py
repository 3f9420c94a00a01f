"""What the exchange forgets, and what it must not: a long run needs no more memory than a short one."""

import gc
from pathlib import Path

import pytest

from tests.support.venue_orders import CONDITION, NO, START, YES, Orders, market, wallet
from whaletrader.adapters.paper.server.mounts import NoFaults, World
from whaletrader.adapters.paper.server.public_faces import PublicFaces, make_public_faces
from whaletrader.adapters.paper.server.rest_public import LastTrades
from whaletrader.adapters.paper.server.types import SettlementFaults, TradeState, VenueRules
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.values import NANOS

SECOND = NANOS
KEEP = 60 * SECOND
PAGE = 4_096
ROUNDS, ORDERS_A_ROUND = 40, 5_000


def make(keep: int = KEEP, **rules) -> Venue:
    venue = Venue(VenueRules(genesis_ns=START, keep_ns=keep, **rules))
    venue.add_market(market(), START)
    for number in (1, 2):
        venue.open_account(wallet(number), cash_micro=10**15)
        venue.deposit(wallet(number), tokens={YES: 10**15, NO: 10**15})
    return venue


@pytest.fixture
def orders() -> Orders:
    return Orders()


def signed_now(now: int) -> dict[str, int]:
    return {"timestamp_ms": now // 1_000_000}


def test_an_ended_order_is_unknown_once_the_time_of_keeping_is_over(orders: Orders) -> None:
    venue = make()
    rests = venue.place(orders.limit(1, "BUY", YES, 0.4, 10), START).order_id
    ends = venue.place(orders.limit(1, "BUY", YES, 0.3, 10), START).order_id
    venue.cancel("key-1", [ends], START + SECOND)
    venue.advance(START + SECOND + KEEP)
    assert set(venue.orders) == {rests, ends}
    venue.advance(START + SECOND + KEEP + 1)
    assert set(venue.orders) == {rests}
    assert [order.order_id for order in venue.open_orders("key-1")] == [rests]


def test_an_order_that_may_be_a_forgotten_one_is_taken_for_a_duplicate(orders: Orders) -> None:
    venue = make()
    first = orders.limit(1, "BUY", YES, 0.4, 10)
    venue.place(first, START)
    venue.cancel("key-1", [first.order_id], START)
    later = START + 2 * KEEP
    again = venue.place(first, later)
    assert again.refusal is not None
    assert again.refusal.message.endswith("Duplicated.")
    assert venue.place(orders.limit(1, "BUY", YES, 0.4, 10, **signed_now(later)), later).refusal is None


def test_an_order_that_was_signed_ahead_of_time_is_never_taken_twice(orders: Orders) -> None:
    venue = make()
    venue.place(orders.limit(1, "SELL", YES, 0.5, 1_000), START)
    signed = START + 10 * KEEP + SECOND
    ahead = orders.market(2, "BUY", YES, 0.5, 5, **signed_now(signed))
    assert venue.place(ahead, START).status == "matched"
    for later in (2 * KEEP, 5 * KEEP, 11 * KEEP + SECOND, 11 * KEEP + 2 * SECOND, 30 * KEEP):
        venue.advance(START + later)
        assert (ahead.order_id in venue.orders) == (START + later <= signed + KEEP)
        again = venue.place(ahead, START + later)
        assert again.refusal is not None
        assert again.refusal.message.endswith("Duplicated.")
        just_signed = signed_now(START + later)
        assert venue.place(orders.limit(2, "BUY", YES, 0.3, 5, **just_signed), START + later).refusal is None


def test_a_trade_is_forgotten_by_both_sides_but_not_before_it_has_ended(orders: Orders) -> None:
    venue = make(faults=SettlementFaults(seed=5, fail_micro=300_000))
    for number in range(30):
        now = START + number * 10 * SECOND
        venue.place(orders.limit(1, "SELL", YES, 0.5, 10, **signed_now(now)), now)
        venue.place(orders.limit(2, "BUY", YES, 0.5, 10, **signed_now(now)), now)
        told = [trade.trade_id for trade in venue.trades_of("key-1")]
        assert told == [trade.trade_id for trade in venue.trades_of("key-2")] == list(venue.trades)
        assert len(told) <= 9
    newest = list(venue.trades.values())[-1]
    assert newest.state is TradeState.MATCHED
    assert venue.receipt(newest.transaction_hash) is None
    venue.advance(START + 600 * SECOND)
    assert venue.trades == {}
    assert venue.trades_of("key-1") == []
    assert {account.owed_cash_micro for account in venue.accounts.values()} == {0}


def test_nothing_is_forgotten_where_nobody_asked_for_it(orders: Orders) -> None:
    venue = make(keep=0)
    ended = venue.place(orders.limit(1, "BUY", YES, 0.4, 10), START).order_id
    venue.cancel("key-1", [ended], START)
    venue.advance(START + 10**6 * SECOND)
    assert ended in venue.orders


def test_an_order_that_ends_before_its_expiration_is_not_kept_for_it(orders: Orders) -> None:
    venue = make()
    until = START // SECOND + 10_000_000
    for number in range(50):
        gtd = orders.limit(1, "BUY", YES, 0.4, 10, order_type="GTD", expiration_s=until + number % 3)
        venue.place(gtd, START)
        venue.cancel("key-1", [gtd.order_id], START)
    kept = orders.limit(1, "BUY", YES, 0.4, 10, order_type="GTD", expiration_s=until)
    venue.place(kept, START)
    waiting = [order for due in venue._expiring.values() for order in due]
    assert waiting == [kept.order_id]
    venue.advance(until * SECOND)
    assert venue.open_orders("key-1") == []


def test_prices_of_the_past_are_forgotten_with_the_trades(orders: Orders) -> None:
    venue, last = make(), LastTrades(KEEP)
    venue.listen(last.hear)
    for number in range(20):
        now = START + number * 10 * SECOND
        venue.place(orders.limit(1, "SELL", YES, 0.5, 10, **signed_now(now)), now)
        venue.place(orders.limit(2, "BUY", YES, 0.5, 10, **signed_now(now)), now)
    points = last.points(YES, 0, 1 << 40, 1)
    assert [point["t"] for point in points] == [START // SECOND + 10 * n for n in range(13, 20)]
    venue.add_market(market(condition_id="0x7", token_ids=("71", "72")), START + 10**4 * SECOND)
    assert last.points(YES, 0, 1 << 40, 1) == []
    assert last.last[YES] == (500_000, "BUY")


def resident_bytes() -> int:
    """What this process has in memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE


def trade_for_a_while(venue: Venue, orders: Orders, begin: int) -> None:
    """5,000 orders in ten seconds: one in ten is matched, the others rest and are cancelled."""
    for number in range(0, ORDERS_A_ROUND, 20):
        now = begin + number * 10 * SECOND // ORDERS_A_ROUND
        told = signed_now(now)
        venue.place(orders.limit(1, "SELL", YES, 0.5, 10, **told), now)
        venue.place(orders.limit(2, "BUY", YES, 0.5, 10, **told), now)
        resting = [orders.limit(1, "BUY", token, 0.3, 10, **told) for token in (YES, NO) * 9]
        for order in resting:
            venue.place(order, now)
        venue.cancel("key-1", [order.order_id for order in resting], now)


def kept(venue: Venue, public: PublicFaces) -> dict[str, int]:
    record = public.recorder.record
    return {
        "orders": len(venue.orders),
        "trades": len(venue.trades),
        "blocks": len(venue.blocks(0, 1 << 40)),
        "legs": len(record.legs.rows),
        "places in the book": venue._books[CONDITION].core.orders.shape[0],
        "waiting": len(venue._agenda._queue),
    }


def test_200_000_orders_need_no_more_memory_than_the_time_of_keeping_does(orders: Orders) -> None:
    venue = Venue(VenueRules(genesis_ns=START, keep_ns=KEEP))
    public = make_public_faces(World(venue, lambda: venue.now_ns, NoFaults()))
    venue.add_market(market(), START)
    for number in (1, 2):
        venue.open_account(wallet(number), cash_micro=10**15)
        venue.deposit(wallet(number), tokens={YES: 10**15, NO: 10**15})
    sizes, counts = [], []
    for step in range(ROUNDS):
        trade_for_a_while(venue, orders, START + step * 10 * SECOND)
        if step % 10 == 9:
            sizes.append(resident_bytes())
            counts.append(kept(venue, public))
    assert orders.count == ROUNDS * ORDERS_A_ROUND == 200_000
    for after in counts[1:]:
        assert all(after[name] <= 1.2 * counts[0][name] + 100 for name in after), counts
    assert counts[-1]["orders"] <= 8 * ORDERS_A_ROUND
    assert counts[-1]["places in the book"] <= 64
    assert sizes[-1] - sizes[1] < 20 * 1024 * 1024, sizes
