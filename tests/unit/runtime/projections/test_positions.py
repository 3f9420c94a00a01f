"""Positions keep every cent through fills, void fills and payments; what is void never was."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.messages import example, seen
from whaletrader.domain.values import MICRO
from whaletrader.messages.envelope import Payload
from whaletrader.messages.market import MarketDataUpdate
from whaletrader.messages.orders import OrderFilled, SettlementUpdated, SubmitOrder
from whaletrader.runtime.projections.positions import MAX_CLOSED, PositionsState, PositionsView


class Book:
    """The view, told by short words."""

    def __init__(self) -> None:
        self.view = PositionsView()
        self.n = 0

    @property
    def state(self) -> PositionsState:
        return self.view.state

    def say(self, payload: Payload) -> None:
        self.n += 1
        self.view.observe(seen(payload, self.n, str(self.n)))

    def fill(self, token: str, size: int, price: int, *, fee: int = 0, trade: str = "", final: bool = True) -> None:
        given = {"token_id": token, "market_id": f"m{token}", "trade_id": trade or f"trade {self.n}", "final": final}
        side = "BUY" if size > 0 else "SELL"
        amounts = {"size_micro": abs(size) * MICRO, "price_micro": price, "fee_micro": fee}
        self.say(example(OrderFilled, side=side, order_hash="o", **given, **amounts))

    def settle(self, token: str, status: str, *, trade: str = "", size: int = 0, cash: int = 0) -> None:
        amounts = {"size_micro": size * MICRO, "cash_micro": cash}
        self.say(example(SettlementUpdated, token_id=token, trade_id=trade, status=status, **amounts))

    def restart(self) -> None:
        kept = self.view.snapshot()
        self.view = PositionsView()
        self.view.restore(kept)


def test_a_sale_that_turns_out_void_opens_its_position_again() -> None:
    book = Book()
    book.fill("t", 10, 400_000)
    book.fill("t", -10, 600_000, trade="sale")
    assert (book.state.n_closed, book.state.n_won, book.state.held) == (1, 1, {})
    book.restart()
    book.settle("t", "FAILED", trade="sale")
    held = book.state.held["t"]
    assert (held.size_micro, held.cost_micro, held.realised_micro) == (10 * MICRO, 4_000_000, 0)
    assert (book.state.n_closed, book.state.n_won, book.state.closed) == (0, 0, [])


def test_a_part_that_was_sold_in_vain_is_no_profit() -> None:
    book = Book()
    book.fill("t", 10, 400_000)
    book.fill("t", -5, 600_000, trade="sale")
    assert book.state.held["t"].realised_micro == 1_000_000
    book.settle("t", "FAILED", trade="sale")
    held = book.state.held["t"]
    assert (held.size_micro, held.cost_micro, held.realised_micro) == (10 * MICRO, 4_000_000, 0)


def test_a_purchase_that_turns_out_void_is_no_closed_position() -> None:
    book = Book()
    book.fill("t", 10, 400_000, trade="purchase")
    book.settle("t", "FAILED", trade="purchase")
    assert book.state == PositionsState()


def test_a_void_fill_of_a_token_that_nobody_remembers_is_let_go() -> None:
    book = Book()
    book.settle("t", "FAILED", trade="unknown", size=5)
    assert book.state == PositionsState()


@pytest.mark.parametrize("status", ["CONFIRMED", "REDEEMED", "MERGED"])
def test_a_settlement_of_what_is_not_held_changes_nothing(status: str) -> None:
    book = Book()
    book.settle("t", status, size=5, cash=5)
    assert book.state == PositionsState()


def test_more_is_never_taken_out_than_is_held() -> None:
    book = Book()
    book.fill("t", 10, 400_000)
    book.settle("t", "REDEEMED", size=25, cash=10_000_000)
    (closed,) = book.state.closed
    assert (closed.size_micro, closed.cost_micro, closed.realised_micro) == (0, 0, 6_000_000)


def test_a_price_that_is_not_known_leaves_the_former_one() -> None:
    book = Book()
    book.fill("t", 10, 400_000)
    book.say(example(MarketDataUpdate, token_id="t", price_micro=-1))
    assert book.state.held["t"].price_micro == 400_000
    book.say(example(MarketDataUpdate, token_id="t", price_micro=450_000))
    assert book.state.held["t"].price_micro == 450_000


def test_closed_positions_stay_bounded_while_all_are_counted() -> None:
    book = Book()
    for number in range(MAX_CLOSED + 50):
        book.fill(str(number), 1, 400_000)
        book.fill(str(number), -1, 500_000 if number % 2 else 300_000)
    assert len(book.state.closed) == MAX_CLOSED
    assert (book.state.n_closed, book.state.n_won) == (MAX_CLOSED + 50, (MAX_CLOSED + 50) // 2)
    assert book.state.closed[-1].token_id == str(MAX_CLOSED + 49)


def test_orders_are_shown_until_their_last_fill() -> None:
    book = Book()
    book.say(example(SubmitOrder, order_hash="o", token_id="t"))
    book.fill("t", 1, 400_000, final=False)
    assert list(book.state.orders) == ["o"]
    book.fill("t", 1, 400_000)
    assert book.state.orders == {}


@dataclass
class Ledger:
    """Cash and shares by token, by plain sums over everything that is not void."""

    cash: dict[str, int] = field(default_factory=lambda: dict.fromkeys("ab", 0))
    size: dict[str, int] = field(default_factory=lambda: dict.fromkeys("ab", 0))
    open_fills: dict[str, tuple[str, int, int]] = field(default_factory=dict)

    def fill(self, token: str, size: int, price: int, fee: int, trade: str) -> None:
        cash = -(abs(size) * price) - fee if size > 0 else abs(size) * price - fee
        self.cash[token] += cash
        self.size[token] += size
        self.open_fills[trade] = (token, size, cash)

    def void(self, trade: str) -> None:
        token, size, cash = self.open_fills.pop(trade)
        self.cash[token] -= cash
        self.size[token] -= size


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell", "void sale", "confirm", "redeem", "restart"]),
        st.sampled_from("ab"),
        st.integers(1, 9),
        st.integers(1, 99),
    ),
    max_size=30,
)


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_what_was_paid_and_received_is_what_is_realised_and_still_costs(steps: list[tuple[str, str, int, int]]) -> None:
    book, ledger = Book(), Ledger()
    realised = dict.fromkeys("ab", 0)
    for number, (what, token, size, cents) in enumerate(steps):
        play(book, ledger, (what, token, size, cents), f"trade {number}")
        for each in "ab":
            held = book.state.held.get(each)
            assert (held.size_micro if held else 0) == ledger.size[each] * MICRO
            done = sum(closed.realised_micro for closed in book.state.closed if closed.token_id == each)
            realised[each] = done + (held.realised_micro if held else 0)
            assert realised[each] - (held.cost_micro if held else 0) == ledger.cash[each]
        assert book.state.n_closed == len(book.state.closed)
        assert book.state.n_won == sum(closed.realised_micro > 0 for closed in book.state.closed)


def play(book: Book, ledger: Ledger, step: tuple[str, str, int, int], trade: str) -> None:
    what, token, size, cents = step
    held = ledger.size[token]
    if what == "buy":
        book.fill(token, size, cents * 10_000, fee=cents, trade=trade)
        ledger.fill(token, size, cents * 10_000, cents, trade)
    elif what == "sell" and held >= size:
        book.fill(token, -size, cents * 10_000, fee=cents, trade=trade)
        ledger.fill(token, -size, cents * 10_000, cents, trade)
    elif what == "redeem" and held:
        book.settle(token, "REDEEMED", size=held, cash=cents)
        ledger.cash[token] += cents
        ledger.size[token] = 0
        ledger.open_fills = {name: fill for name, fill in ledger.open_fills.items() if fill[0] != token}
    elif what == "confirm" and ledger.open_fills:
        name = next(iter(ledger.open_fills))
        book.settle(ledger.open_fills.pop(name)[0], "CONFIRMED", trade=name)
    elif what == "void sale" and ledger.open_fills:
        name, fill = list(ledger.open_fills.items())[-1]
        if fill[1] < 0:
            book.settle(fill[0], "FAILED", trade=name)
            ledger.void(name)
    elif what == "restart":
        book.restart()
