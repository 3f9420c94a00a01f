"""What comes back of a day's fees: by hand, and against a plain reading of the rules over many trades."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.front_desk import Front
from tests.support.venue_orders import CONDITION, NO, START, YES, Orders, market, wallet
from whaletrader.adapters.paper.server.edge import Request
from whaletrader.adapters.paper.server.rebates import MAKER, TAKER, TOLD_DAYS, Rebates
from whaletrader.adapters.paper.server.settlement_logs import FEE_RECEIVER
from whaletrader.adapters.paper.server.types import (
    MakerFill,
    MatchKind,
    PositionMoved,
    SettlementFaults,
    TradeState,
    TradeUpdated,
    VenueRules,
    VenueTrade,
)
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.datasets.decode.data_api_v2 import decode_activity
from whaletrader.domain.fees import FeeSchedule, taker_fee_micro
from whaletrader.domain.rebates import TIER_DAYS
from whaletrader.domain.values import DAY_NS, MICRO, NANOS

MIDNIGHT = START + DAY_NS
CRYPTO = {"fee": FeeSchedule(70_000), "category": "crypto"}


def made(told=None, **changes):
    venue = Venue(VenueRules(genesis_ns=START, **changes))
    if told is not None:
        venue.listen(told.append)
    venue.add_market(market(**CRYPTO), START)
    for number in (1, 2, 3):
        venue.open_account(wallet(number), cash_micro=100_000 * MICRO)
        venue.deposit(wallet(number), tokens={YES: 100_000 * MICRO, NO: 100_000 * MICRO})
    return venue


def deal(venue, orders, maker, taker, shares, now, price=0.5):
    """The taker sells to a resting purchase."""
    assert venue.place(orders.limit(maker, "BUY", YES, price, shares), now).refusal is None
    assert venue.place(orders.limit(taker, "SELL", YES, price, shares), now).refusal is None


def test_a_days_fees_are_shared_among_its_makers_at_midnight():
    told = []
    venue, orders = made(told), Orders()
    deal(venue, orders, 1, 3, 1_000, START)
    deal(venue, orders, 2, 3, 3_000, START + NANOS)
    venue.advance(MIDNIGHT - NANOS)
    before = [venue.accounts[wallet(number)].cash_micro for number in (1, 2)]
    venue.advance(MIDNIGHT + 10 * NANOS)
    after = [venue.accounts[wallet(number)].cash_micro for number in (1, 2)]
    # Takers paid 70 dollars; a fifth of it is the makers', by what their fills would have cost.
    assert [late - early for early, late in zip(before, after, strict=True)] == [3_500_000, 10_500_000]
    moved = [(event.kind, event.wallet, event.cash_micro) for event in told if isinstance(event, PositionMoved)]
    assert moved == [(MAKER, wallet(1), 3_500_000), (MAKER, wallet(2), 10_500_000)]
    assert venue.rebates.of_maker(START // DAY_NS, wallet(2)) == {CONDITION: 10_500_000}


def test_a_rebate_is_a_transfer_on_the_chain_out_of_the_fees():
    venue = made()
    deal(venue, Orders(), 1, 3, 1_000, START)
    venue.advance(MIDNIGHT + 10 * NANOS)
    late = [block for block in venue.blocks(0, venue.block_number()) if block.ts > MIDNIGHT]
    ((log,),) = (block.logs for block in late)
    assert (log.topics[1][-40:], log.topics[2][-40:]) == (FEE_RECEIVER[2:], wallet(1)[2:])
    assert int(log.data, 16) == 3_500_000


def test_a_takers_tier_is_that_of_the_days_before():
    venue, orders = made(), Orders()
    deal(venue, orders, 1, 3, 40_000, START)  # 20,000 dollars: 23,000 of weighted volume
    venue.advance(MIDNIGHT + 10 * NANOS)
    first = venue.accounts[wallet(3)].cash_micro
    assert first == (100_000 + 20_000 - 700) * MICRO, "the first day's fees come back at no tier"
    deal(venue, orders, 1, 3, 2_000, MIDNIGHT + 20 * NANOS)
    venue.advance(MIDNIGHT + DAY_NS + 10 * NANOS)
    assert venue.accounts[wallet(3)].cash_micro == first + (1_000 - 35) * MICRO + 2_800_000, "8 % of 35 dollars"


def test_days_without_a_trade_cost_nothing_and_pay_nothing():
    told = []
    venue, orders = made(told), Orders()
    venue.advance(START + 400 * DAY_NS)
    deal(venue, orders, 1, 3, 1_000, START + 400 * DAY_NS)
    venue.advance(START + 800 * DAY_NS)
    assert [event.kind for event in told if isinstance(event, PositionMoved)] == [MAKER]


def test_below_a_dollar_nothing_is_paid():
    told = []
    venue = made(told)
    deal(venue, Orders(), 1, 3, 280, START)  # a fifth of 4.90 dollars
    venue.advance(MIDNIGHT + 10 * NANOS)
    assert not [event for event in told if isinstance(event, PositionMoved)]
    assert venue.rebates.of_maker(START // DAY_NS, wallet(1)) == {}


def test_a_trade_that_failed_brings_nothing_back():
    told = []
    venue = made(told, faults=SettlementFaults(seed=1, fail_micro=MICRO))
    deal(venue, Orders(), 1, 3, 1_000, START)
    venue.advance(MIDNIGHT + 10 * NANOS)
    assert {trade.state for trade in venue.trades.values()} <= {TradeState.FAILED}
    assert not [event for event in told if isinstance(event, PositionMoved)]


def test_nothing_of_a_builders_fee_is_paid_back():
    venue, orders, code = made(), Orders(), "ab" * 32
    venue.builders.register(code, 50, 100)
    venue.place(orders.limit(1, "BUY", YES, 0.5, 1_000, builder=code), START)
    venue.place(orders.limit(3, "SELL", YES, 0.5, 1_000, builder=code), START)
    venue.advance(MIDNIGHT + 10 * NANOS)
    assert venue.accounts[wallet(1)].cash_micro == (100_000 - 500) * MICRO - 2_500_000 + 3_500_000


def trade(day, category_index, taker, makers):
    """A confirmed trade at 50 cents, told at noon: makers are (wallet number, shares)."""
    size = sum(shares for _, shares in makers) * MICRO
    return TradeUpdated(
        ts=day * DAY_NS + DAY_NS // 2,
        state=TradeState.CONFIRMED,
        trade=VenueTrade(
            trade_id="t", taker_order_id="o", condition_id=f"c{category_index}", token_id=YES, outcome_index=0,
            owner="k", maker=wallet(taker), side="BUY", price_micro=500_000, size_micro=size, cash_micro=size // 2,
            fee_micro=0, builder="", metadata="", match_ts=0, transaction_hash="0x",
            makers=tuple(
                MakerFill(
                    order_id="m", owner="k", maker=wallet(number), token_id=YES, outcome_index=0, side="SELL",
                    price_micro=500_000, size_micro=shares * MICRO, cash_micro=shares * MICRO // 2,
                    kind=MatchKind.COMPLEMENTARY,
                )
                for number, shares in makers
            ),
        ),
    )  # fmt: skip


MARKETS = {
    "c0": market(condition_id="c0", fee=FeeSchedule(70_000), category="crypto"),
    "c1": market(condition_id="c1", fee=FeeSchedule(30_000), category="sports"),
    "c2": market(condition_id="c2", fee=FeeSchedule(50_000), category="sports"),
    "c3": market(condition_id="c3", fee=FeeSchedule(0), category="geopolitics"),
}
SHARES = {"c0": 200_000, "c1": 250_000, "c2": 150_000, "c3": 0}
WEIGHTS = {"c0": 2_300_000, "c1": 1_000_000, "c2": 1_000_000, "c3": 0}
STEPS = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.integers(0, 3),
        st.integers(1, 3),
        st.lists(st.tuples(st.integers(4, 6), st.integers(1, 90_000)), min_size=1, max_size=3),
    ),
    max_size=25,
)


def plain_reading(trades):
    """(kind, wallet number, day) -> micro-units, every day and wallet by itself."""
    paid = {}
    for day in sorted({row[0] for row in trades}):
        today = [row for row in trades if row[0] == day]
        for number in (4, 5, 6):
            total = 0
            for condition, share in SHARES.items():
                mine = [(m, s) for _, c, _, makers in today if f"c{c}" == condition for m, s in makers]
                # At one price a fill is worth to its maker what it cost its taker.
                own = sum(fee_of(condition, shares) for m, shares in mine if m == number)
                fees = sum(fee_of(condition, sum(s for _, s in row[3])) for row in today if f"c{row[1]}" == condition)
                equivalents = sum(fee_of(condition, shares) for _, shares in mine)
                rebate = fees * share * own // (equivalents * MICRO) if own else 0
                total += rebate if rebate >= MICRO else 0
            if total:
                paid[MAKER, number, day] = total
        for number in (1, 2, 3):
            fees = sum(fee_of(f"c{c}", sum(s for _, s in makers)) for _, c, t, makers in today if t == number)
            volume = sum(
                sum(s for _, s in makers) * MICRO // 4 * WEIGHTS[f"c{c}"] // MICRO
                for d, c, t, makers in trades
                if t == number and day - TIER_DAYS <= d < day
            )
            steps = ((2_000, 3), (20_000, 8), (200_000, 18), (1_000_000, 32), (4_000_000, 44), (10_000_000, 50))
            rate = max((percent for least, percent in steps if volume >= least * MICRO), default=0)
            if fees * rate // 100 >= MICRO:
                paid[TAKER, number, day] = fees * rate // 100
    return paid


def fee_of(condition, shares):
    return taker_fee_micro(MARKETS[condition].fee, 500_000, shares * MICRO)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_every_day_pays_what_a_plain_reading_of_the_rules_says(steps):
    agenda, paid = Calls(), {}

    def pay(kind, address, amount, ts):
        paid[kind, int(address, 16), ts // DAY_NS - 1] = amount

    rebates = Rebates(MARKETS, agenda, pay)
    day, trades = START // DAY_NS, []
    for gap, category, taker, makers in steps:
        day += gap
        agenda.run(day * DAY_NS)
        rebates.on_event(trade(day, category, taker, makers))
        trades.append((day, category, taker, makers))
    agenda.run((day + 1) * DAY_NS)
    assert paid == plain_reading(trades)
    told = {(kind, number, each) for kind, number, each in paid if kind == MAKER and each > day - TOLD_DAYS}
    for _, number, each in told:
        parts = rebates.of_maker(each, wallet(number))
        assert 0 <= paid[MAKER, number, each] - sum(parts.values()) <= len(parts)
    assert rebates.of_maker(day - TOLD_DAYS, wallet(4)) == {}


class Calls:
    """What is due, in the order of its coming; here each call comes after those before it."""

    def __init__(self):
        self.due = []

    def add(self, ts, call):
        self.due.append((ts, call))

    def run(self, until):
        while self.due and self.due[0][0] <= until:
            ts, call = self.due.pop(0)
            call(ts)


@pytest.fixture
def front():
    front = Front()
    ada, bob = front.trader("ada"), front.trader("bob")
    yes, no = front.market("100k").token_ids
    front.place(ada, yes, "BUY", 600_000, 1_000 * MICRO)
    front.place(bob, no, "BUY", 400_000, 1_000 * MICRO)
    front.pass_s(60)
    front.pass_s(DAY_NS / NANOS)
    front.pass_s(60)
    return front, ada.wallet


def test_a_maker_may_ask_where_his_rebate_came_from(front):
    exchange, ada = front
    row = {"date": "2026-11-21", "condition_id": exchange.market("100k").condition_id, "maker_address": ada}
    (told,) = exchange.get("/rebates/current", date="2026-11-21", maker_address=ada)
    assert {key: told[key] for key in row} == row
    assert told["rebated_fees_usdc"] == "3.36"  # a fifth of 0.07 * 1000 * 0.6 * 0.4
    assert exchange.get("/rebates/current", date="2026-11-20", maker_address=ada) == []
    assert "error" in exchange.get("/rebates/current", 400, date="yesterday", maker_address=ada)


def test_the_data_api_tells_a_rebate_that_belongs_to_no_market(front):
    exchange, ada = front
    face = next(face for face in exchange.assembled.app.faces if face.prefix == "/data-api")
    for path in ("/v2/activity", "/activity"):
        answer = face.http(Request("GET", path, {"user": ada, "type": "MAKER_REBATE"}))
        (change,) = decode_activity(answer.body).rows
        assert (change.kind, change.wallet, change.usd_micro, change.market_id) == (MAKER, ada, 3_360_000, "")
    positions = face.http(Request("GET", "/v2/positions", {"user": ada}))
    assert positions.status == 200
