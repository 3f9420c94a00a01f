"""The book under any order of fills, confirmations and failures."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.risk import EQUITY, NOW, fill, mark, market, reservation
from whaletrader.domain.portfolio import MarkRule, Portfolio
from whaletrader.domain.settlement import fill_cash_micro
from whaletrader.domain.values import DAY_NS, MICRO, Side

MARKETS = [market("a"), market("b")]
RULE = MarkRule(max_age_ns=DAY_NS, haircut_micro=100_000)
FILLS = st.lists(
    st.tuples(
        st.sampled_from(MARKETS),
        st.integers(0, 1),
        st.sampled_from([Side.BUY, Side.BUY, Side.SELL]),
        st.integers(1, 50_000_000),
        st.integers(1, MICRO - 1),
        st.integers(0, 1_000),
        st.sampled_from(["0xa", "0xb"]),
    ),
    max_size=12,
)


def filled(rows):
    book = Portfolio.opened(EQUITY)
    for number, (view, outcome, side, size, price, fee, wallet) in enumerate(rows):
        changes = {"size_micro": size, "price_micro": price, "side": side, "fee_micro": fee, "wallet": wallet}
        book.fill(fill(view, outcome, name=str(number), **changes))
    return book


@settings(max_examples=100, deadline=None)
@given(FILLS, st.randoms(use_true_random=False))
def test_voiding_every_fill_in_any_order_gives_the_cash_and_the_shares_back(rows, chance):
    book = filled(rows)
    numbers = list(range(len(rows)))
    chance.shuffle(numbers)
    for number in numbers:
        book.void(f"order/{number}")
    assert (book.cash_micro, book.positions, book.unsettled) == (EQUITY, {}, {})


@settings(max_examples=100, deadline=None)
@given(FILLS, st.sets(st.integers(0, 11)))
def test_cash_and_shares_are_those_of_the_fills_that_did_not_fail(rows, failed):
    book = filled(rows)
    for number in range(len(rows)):
        if number in failed:
            book.void(f"order/{number}")
        else:
            book.confirm(f"order/{number}")
    cash, shares = EQUITY, {}
    for number, (view, outcome, side, size, price, fee, _) in enumerate(rows):
        if number not in failed:
            cash += fill_cash_micro(side, price, size, fee)
            token = view.token_ids[outcome]
            shares[token] = shares.get(token, 0) + (size if side is Side.BUY else -size)
    assert book.cash_micro == cash
    assert {token: size for token, size in shares.items() if size} == {
        token: position.size_micro for token, position in book.positions.items() if position.size_micro
    }
    assert all(lot.cost_micro >= 0 for position in book.positions.values() for lot in position.lots)


@settings(max_examples=100, deadline=None)
@given(FILLS, st.integers(1, MICRO - 1))
def test_equity_is_cash_and_marked_positions_and_a_stale_mark_never_raises_it(rows, price):
    book = filled(rows)
    for token in list(book.positions):
        book.mark(token, mark(price))
    fresh, stale = book.value(NOW, RULE), book.value(NOW + 2 * DAY_NS, RULE)
    held = sum(
        position.size_micro * price // MICRO if position.size_micro > 0 else position.size_micro
        for position in book.positions.values()
    )
    assert fresh.equity_micro == book.cash_micro + held
    assert stale.equity_micro <= fresh.equity_micro
    assert stale.equity_micro + stale.haircut_micro == fresh.equity_micro


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 99), st.lists(st.tuples(st.integers(1, 40), st.integers(1, 99)), max_size=8))
def test_fills_within_an_order_never_cost_more_than_it_reserved(worst, parts):
    size = sum(share for share, _ in parts) * MICRO
    book = Portfolio.opened(EQUITY)
    book.reserve("approval", reservation(MARKETS[0], size_micro=size, reserved_micro=size * worst // 100))
    free = book.free_cash_micro
    for number, (shares, cents) in enumerate(parts):
        price = min(cents, worst) * 10_000
        book.fill(fill(MARKETS[0], size_micro=shares * MICRO, price_micro=price, name=str(number)))
        assert book.free_cash_micro == free
    book.release("approval")
    assert book.free_cash_micro >= free
