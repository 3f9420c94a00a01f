"""Whatever traders do to the paper exchange: nothing is made out of nothing, and what it tells adds up."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.venue_orders import CONDITION, NO, START, YES, Orders, market, wallet
from whaletrader.adapters.paper.server.settlement_logs import FEE_RECEIVER
from whaletrader.adapters.paper.server.types import (
    BlockMined,
    BlockRemoved,
    BookChanged,
    OrderState,
    SettlementFaults,
    TradeState,
    TradeUpdated,
    VenueRules,
)
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.event_topics import TOPICS, ChainEvent
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


def make(fail_micro, delay, **faults):
    rules = VenueRules(genesis_ns=START, faults=SettlementFaults(seed=1, fail_micro=fail_micro, **faults))
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


@given(steps=STEPS, drop=st.sampled_from((0, 500_000)))
@settings(max_examples=60, deadline=None)
def test_balances_are_what_the_logs_that_stand_add_up_to(steps, drop):
    venue, orders, now = make(200_000, False, reorg_micro=500_000, drop_micro=drop), Orders(), START
    ledger = Ledger()
    venue.listen(ledger.hear)
    for step in [*steps, *(("wait", 1),) * 40]:
        if step[0] == "wait":
            now += step[1] * NANOS
            venue.advance(now)
        do(venue, orders, step, now)
        check_book(venue)
        for number in TRADERS:
            account = venue.accounts[wallet(number)]
            assert account.cash_micro == 300 * MICRO + ledger.cash[wallet(number)] >= 0
            for token in (YES, NO):
                assert account.tokens.get(token, 0) == 200 * MICRO + ledger.tokens[wallet(number), token] >= 0
        assert venue.fees_collected_micro() == ledger.cash[FEE_RECEIVER]
    assert all(account.owed_cash_micro == 0 and not account.owed_tokens for account in venue.accounts.values())
    mined = {trade.transaction_hash for trade in venue.trades.values() if trade.state is TradeState.CONFIRMED}
    assert mined == ledger.standing & {trade.transaction_hash for trade in venue.trades.values()}


class Ledger:
    """Adds up the transfers of blocks, and takes away those of blocks that were taken back."""

    def __init__(self):
        self.cash, self.tokens, self.standing = Counter(), Counter(), set()

    def hear(self, event):
        if not isinstance(event, BlockMined | BlockRemoved):
            return
        sign = 1 if isinstance(event, BlockMined) else -1
        for log in event.block.logs:
            (self.standing.add if sign > 0 else self.standing.discard)(log.transaction_hash)
            words = [int(log.data[at : at + 64], 16) for at in range(2, len(log.data) - 63, 64)]
            places = [f"0x{topic[-40:]}" for topic in log.topics]
            if log.topics[0] == TOPICS[ChainEvent.TRANSFER]:
                self.cash[places[1]] -= sign * words[0]
                self.cash[places[2]] += sign * words[0]
            elif log.topics[0] == TOPICS[ChainEvent.TRANSFER_SINGLE]:
                self.tokens[places[2], str(words[0])] -= sign * words[1]
                self.tokens[places[3], str(words[0])] += sign * words[1]


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
