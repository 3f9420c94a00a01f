"""Whatever traders do to the paper exchange: nothing is made out of nothing, and what it tells adds up."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.venue_orders import CONDITION, NO, START, YES, Orders, market, wallet
from whaletrader.adapters.paper.server.types import (
    BookChanged,
    OrderState,
    SettlementFaults,
    TradeState,
    TradeUpdated,
    VenueRules,
)
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.order_hash import NO_BYTES32
from whaletrader.domain.values import MICRO, NANOS

TRADERS = (1, 2, 3)
CODES = {1: NO_BYTES32, 2: "ab" * 32, 3: "cd" * 32}
SIDES, TOKENS = st.sampled_from(("BUY", "SELL")), st.sampled_from((YES, NO))
CENTS = st.integers(40, 60)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("limit"), st.sampled_from(TRADERS), SIDES, TOKENS, CENTS, st.integers(5, 400)),
        st.tuples(st.just("limit"), st.sampled_from(TRADERS), SIDES, TOKENS, CENTS, st.integers(5, 400)),
        st.tuples(st.just("market"), st.sampled_from(TRADERS), SIDES, TOKENS, CENTS, st.integers(1, 200)),
        st.tuples(st.just("cancel"), st.sampled_from(TRADERS)),
        st.tuples(st.just("split"), st.sampled_from(TRADERS), st.integers(1, 400)),
        st.tuples(st.just("merge"), st.sampled_from(TRADERS), st.integers(1, 400)),
        st.tuples(st.just("wait"), st.integers(1, 8)),
    ),
    min_size=1,
    max_size=40,
)


def make(fail_micro, delay):
    rules = VenueRules(genesis_ns=START, faults=SettlementFaults(seed=1, fail_micro=fail_micro, reorg_micro=200_000))
    venue = Venue(rules)
    venue.add_market(market(taker_delay=delay), START)
    venue.builders.register(CODES[2], 50, 100)
    venue.builders.register(CODES[3], 23, 0)
    for number in TRADERS:
        venue.open_account(wallet(number), cash_micro=300 * MICRO)
        venue.deposit(wallet(number), tokens={YES: 200 * MICRO, NO: 200 * MICRO})
    return venue


def do(venue, orders, step, now):
    match step:
        case ("limit", number, side, token, cents, size):
            venue.place(orders.limit(number, side, token, cents / 100, size, builder=CODES[number]), now)
        case ("market", number, side, token, cents, quantity):
            venue.place(orders.market(number, side, token, cents / 100, quantity, builder=CODES[number]), now)
        case ("cancel", number):
            venue.cancel_all(f"key-{number}", now)
        case ("split", number, size):
            venue.split(wallet(number), CONDITION, size * MICRO, now)
        case ("merge", number, size):
            venue.merge(wallet(number), CONDITION, size * MICRO, now)


def check_money(venue):
    """Every pair is backed by one unit of collateral; nobody is below zero; what is owed is covered."""
    accounts = venue.accounts.values()
    cash = sum(account.cash_micro for account in accounts) + venue.fees_collected_micro()
    pairs = {sum(account.tokens.get(token, 0) for account in accounts) for token in (YES, NO)}
    assert len(pairs) == 1
    assert cash + pairs.pop() == 3 * (300 + 200) * MICRO
    for account in accounts:
        assert 0 <= account.owed_cash_micro <= account.cash_micro
        assert all(size >= 0 for size in account.tokens.values())
        assert all(owed <= account.tokens.get(token, 0) for token, owed in account.owed_tokens.items())


def check_book(venue):
    """Both books mirror each other, never cross, and hold exactly the open orders."""
    yes, no = venue.book(YES), venue.book(NO)
    assert [(MICRO - level.price_micro, level.size_micro) for level in no.asks] == [tuple_of(row) for row in yes.bids]
    bid, ask = venue.best(YES)
    assert bid < ask
    rested = sum(level.size_micro for level in (*yes.bids, *yes.asks))
    open_orders = [order for number in TRADERS for order in venue.open_orders(f"key-{number}")]
    assert rested == sum(order.left_micro for order in open_orders if order.state is OrderState.LIVE)


def tuple_of(level):
    return level.price_micro, level.size_micro


@given(steps=STEPS, fail=st.sampled_from((0, 300_000)), delay=st.booleans())
@settings(max_examples=60, deadline=None)
def test_collateral_and_shares_are_conserved_whatever_traders_do(steps, fail, delay):
    venue, orders, now = make(fail, delay), Orders(), START
    for step in steps:
        if step[0] == "wait":
            now += step[1] * NANOS
            venue.advance(now)
        do(venue, orders, step, now)
        check_money(venue)
        check_book(venue)
    venue.advance(now + 100 * NANOS)
    check_money(venue)
    assert all(account.owed_cash_micro == 0 and not account.owed_tokens for account in venue.accounts.values())
    assert {trade.state for trade in venue.trades.values()} <= {TradeState.CONFIRMED, TradeState.FAILED}


@given(steps=STEPS)
@settings(max_examples=40, deadline=None)
def test_who_follows_the_told_changes_has_the_book(steps):
    venue, orders, now, followed = make(0, False), Orders(), START, {}

    def follow(event):
        if isinstance(event, BookChanged):
            for entry in event.entries:
                followed[entry.token_id, entry.side, entry.price_micro] = entry.size_micro

    venue.listen(follow)
    for step in steps:
        now += NANOS
        do(venue, orders, step, now)
    for token in (YES, NO):
        book = venue.book(token)
        for side, levels in (("BUY", book.bids), ("SELL", book.asks)):
            told = {key[2]: size for key, size in followed.items() if key[:2] == (token, side) and size}
            assert told == {level.price_micro: level.size_micro for level in levels}


@given(steps=STEPS)
@settings(max_examples=40, deadline=None)
def test_a_limit_is_never_passed_and_fills_sum_up(steps):
    venue, orders, now = make(0, False), Orders(), START
    states = []
    venue.listen(lambda event: states.append(event.state) if isinstance(event, TradeUpdated) else None)
    for step in steps:
        now += NANOS
        do(venue, orders, step, now)
    for trade in venue.trades.values():
        order = venue.orders[trade.taker_order_id]
        value = trade.price_micro - order.price_micro
        assert value <= 0 if trade.side == "BUY" else value >= 0
        assert sum(maker.size_micro for maker in trade.makers) == trade.size_micro
        for maker in trade.makers:
            assert venue.orders[maker.order_id].price_micro == maker.price_micro
    for order in venue.orders.values():
        mine = [trade for trade in venue.trades.values() if trade.trade_id in order.trade_ids]
        taken = sum(trade.size_micro for trade in mine if trade.taker_order_id == order.order_id)
        given_away = sum(
            maker.size_micro for trade in mine for maker in trade.makers if maker.order_id == order.order_id
        )
        assert taken + given_away == order.matched_micro
    assert states.count(TradeState.MATCHED) == len(venue.trades)


def told_by(steps, seed):
    rules = VenueRules(seed=seed, genesis_ns=START, faults=SettlementFaults(seed=seed, fail_micro=200_000))
    venue, orders, told, now = Venue(rules), Orders(), [], START
    venue.listen(lambda event: told.append(repr(event)))
    venue.add_market(market(), START)
    venue.builders.register(CODES[2], 50, 100)
    venue.builders.register(CODES[3], 23, 0)
    for number in TRADERS:
        venue.open_account(wallet(number), cash_micro=300 * MICRO)
        venue.deposit(wallet(number), tokens={YES: 200 * MICRO, NO: 200 * MICRO})
    for step in steps:
        now += NANOS
        do(venue, orders, step, now)
    venue.advance(now + 60 * NANOS)
    return told


@given(steps=STEPS, seed=st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_the_same_seed_and_calls_tell_the_same(steps, seed):
    assert told_by(steps, seed) == told_by(steps, seed)
