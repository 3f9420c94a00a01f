"""Cash is what fills, void fills and payments leave of what we began with, to the micro-unit."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.messages import example, seen
from whaletrader.domain.settlement import fill_cash_micro, voided_cash_micro
from whaletrader.domain.values import Side
from whaletrader.messages.orders import OrderFilled, SettlementUpdated
from whaletrader.runtime.projections.cash import CashView

START = 1_000_000_000


class Book:
    """The view, told by short words."""

    def __init__(self) -> None:
        self.view, self.n = CashView(START), 0

    @property
    def sums(self) -> tuple[int, int, int]:
        state = self.view.state
        return state.cash_micro, state.coming_micro, state.going_micro

    def say(self, payload) -> None:
        self.n += 1
        self.view.observe(seen(payload, self.n, str(self.n)))

    def fill(self, trade, side, price, size, fee=0) -> int:
        told = {"price_micro": price, "size_micro": size, "fee_micro": fee}
        self.say(example(OrderFilled, trade_id=trade, side=side, **told))
        return fill_cash_micro(Side(side), price, size, fee)

    def settle(self, trade, status, cash=0) -> None:
        self.say(example(SettlementUpdated, trade_id=trade, status=status, cash_micro=cash))

    def restart(self) -> None:
        kept = self.view.snapshot()
        self.view = CashView(START)
        self.view.restore(kept)


def test_before_anything_happened_it_is_what_we_began_with():
    assert Book().sums == (START, 0, 0)


def test_a_purchase_is_gone_from_the_ledger_before_it_is_gone_from_the_chain():
    book = Book()
    book.fill("b", "BUY", 450_000, 20_000_000, 247_500)
    book.fill("s", "SELL", 600_000, 10_000_000)
    cash = START - 9_247_500 + 6_000_000
    assert book.sums == (cash, 6_000_000, 9_247_500)
    book.restart()
    book.settle("b", "CONFIRMED")
    assert book.sums == (cash, 6_000_000, 0)
    book.settle("s", "FAILED", cash=-6_000_000)
    assert book.sums == (START - 9_247_500, 0, 0)


def test_redemptions_and_merges_bring_what_they_were_paid():
    book = Book()
    book.settle("", "REDEEMED", cash=20_000_000)
    book.settle("", "MERGED", cash=7_000_000)
    book.settle("writeoff:1", "REDEEMED", cash=0)
    assert book.sums == (START + 27_000_000, 0, 0)


FILLS = st.lists(
    st.tuples(
        st.sampled_from(["BUY", "SELL"]),
        st.integers(1, 999_999),
        st.integers(1, 10**10),
        st.integers(0, 10**6),
        st.sampled_from(["", "CONFIRMED", "FAILED"]),
    ),
    max_size=12,
)


@settings(max_examples=100, deadline=None)
@given(FILLS, st.integers(0, 12))
def test_void_fills_leave_nothing_and_a_restart_changes_nothing(fills, cut):
    book, left, coming, going = Book(), START, 0, 0
    for number, (side, price, size, fee, end) in enumerate(fills):
        if number == cut:
            book.restart()
        change = book.fill(f"t{number}", side, price, size, fee)
        if end:
            void = voided_cash_micro(Side(side), price, size, fee)
            book.settle(f"t{number}", end, cash=void if end == "FAILED" else 0)
        left += 0 if end == "FAILED" else change
        coming += max(change, 0) if not end else 0
        going += max(-change, 0) if not end else 0
    assert book.sums == (left, coming, going)
