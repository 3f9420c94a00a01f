"""Signed first-in-first-out lots."""

from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.domain.attribution import (
    AttributedFill,
    Closing,
    LeaderLedger,
    Lot,
    close_bet,
    realise,
    settle_at,
    size_micro,
    trade,
    value_micro,
    void,
)
from whaletrader.domain.values import MICRO

TOKEN = "1001"
TRADES = st.lists(st.tuples(st.integers(-1_000, 1_000).filter(bool), st.integers(1, MICRO - 1)), max_size=20)


def ledger():
    return LeaderLedger(wallet="0xaa", kind="fill")


def dealt(book, *trades):
    """Trade (shares, price) in a row; returns what each closed."""
    return [
        trade(book, TOKEN, fill_id=str(index), size_micro=size, cost_micro=size * price)
        for index, (size, price) in enumerate(trades)
    ]


def shares_one_by_one(trades):
    """The same with one share at a time: realised profit and the queue of signed shares with their price."""
    queue, realised = [], 0
    for size, price in trades:
        sign = 1 if size > 0 else -1
        for _ in range(abs(size)):
            if queue and queue[0][0] != sign:
                _, other = queue.pop(0)
                realised += (price - other) if sign < 0 else (other - price)
            else:
                queue.append((sign, price))
    return realised, queue


@settings(max_examples=100, deadline=None)
@given(trades=TRADES)
def test_it_equals_a_queue_of_single_shares(trades):
    book = ledger()
    dealt(book, *trades)
    realised, queue = shares_one_by_one(trades)
    assert book.realised_micro == realised
    assert size_micro(book, TOKEN) == sum(sign for sign, _ in queue)
    assert sum(lot.cost_micro for lot in book.lots.get(TOKEN, [])) == sum(sign * price for sign, price in queue)


@settings(max_examples=100, deadline=None)
@given(trades=TRADES, mark=st.integers(0, MICRO))
def test_realised_and_marked_are_what_came_in_less_what_went_out(trades, mark):
    book = ledger()
    dealt(book, *trades)
    paid = sum(size * price for size, price in trades)
    lots = book.lots.get(TOKEN, [])
    held = value_micro(lots, mark)
    marked = held - sum(lot.cost_micro for lot in lots)
    assert book.realised_micro + marked == held - paid


def test_a_sale_beyond_what_is_held_leaves_shares_that_are_owed():
    book = ledger()
    dealt(book, (10, 400_000), (-15, 500_000))
    assert book.lots[TOKEN] == [Lot("1", -5, -2_500_000)]
    assert book.realised_micro == 1_000_000


def test_an_emptied_queue_leaves_nothing_behind():
    book = ledger()
    closings = dealt(book, (10, 400_000), (-10, 500_000))
    assert book.lots == {}
    assert closings[1] == Closing(size_micro=-10, part_micro=-5_000_000, lots_cost_micro=4_000_000)


def test_a_lot_split_by_an_odd_sale_keeps_its_cost_to_the_micro_unit():
    book = ledger()
    trade(book, TOKEN, fill_id="a", size_micro=3, cost_micro=100)
    trade(book, TOKEN, fill_id="b", size_micro=-1, cost_micro=-50)
    trade(book, TOKEN, fill_id="c", size_micro=-2, cost_micro=-50)
    assert book.realised_micro == 0


@settings(max_examples=100, deadline=None)
@given(trades=TRADES.filter(bool), data=st.data())
def test_undoing_the_last_fill_restores_the_shares_and_the_profit(trades, data):
    book, again = ledger(), ledger()
    closings = dealt(book, *trades)
    dealt(again, *trades[:-1])
    last = len(trades) - 1
    size, price = trades[last]
    book.n_fills = 1
    void(book, str(last), AttributedFill("fill/0xaa", TOKEN, size, size * price, 0, closings[last]))
    assert size_micro(book, TOKEN) == size_micro(again, TOKEN)
    assert book.realised_micro == again.realised_micro


def test_a_void_fill_gives_its_fee_back():
    book = ledger()
    (closing,) = dealt(book, (10, 400_000))
    book.fees_micro, book.n_fills, book.bets[TOKEN] = 9, 1, -9
    void(book, "0", AttributedFill("fill/0xaa", TOKEN, 10, 4_000_000, 9, closing))
    assert (book.fees_micro, book.n_fills, book.bets[TOKEN], book.realised_micro) == (0, 0, 0, 0)


def test_a_winner_stays_at_its_worth_and_a_loser_is_gone():
    won, lost = ledger(), ledger()
    for book, payout in ((won, MICRO), (lost, 0)):
        trade(book, TOKEN, fill_id="a", size_micro=10 * MICRO, cost_micro=4 * MICRO)
        settle_at(book, TOKEN, payout)
        settle_at(book, TOKEN, payout)
    assert (won.realised_micro, value_micro(won.lots[TOKEN], MICRO)) == (6 * MICRO, 10 * MICRO)
    assert (lost.realised_micro, lost.lots) == (-4 * MICRO, {})


def test_a_bet_is_closed_once_and_won_only_above_zero():
    book = ledger()
    for token, result in (("a", 5), ("b", 0), ("c", -7)):
        book.bets[token] = 0
        realise(book, token, result)
        close_bet(book, token)
        close_bet(book, token)
    assert (book.n_closed, book.n_won, book.closed_result_micro, book.realised_micro) == (3, 1, -2, -2)


def test_without_a_mark_lots_count_at_cost():
    assert value_micro([Lot("a", 10, 7), Lot("b", -2, -3)], None) == 4
