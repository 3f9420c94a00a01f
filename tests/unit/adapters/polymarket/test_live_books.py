"""The best prices of books, against a plain oracle."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.venue_rows import MARKET, NS, START, YES, book, delta
from whaletrader.adapters.polymarket.live_books import KEPT, REFRESH_NS, LiveBooks, TopOfBook
from whaletrader.datasets.decode.rows import BestBidAsk
from whaletrader.ports.market_feed import Quote

LEVEL = st.tuples(st.integers(1, 20), st.integers(0, 5))
CHANGE = st.tuples(st.sampled_from(["BUY", "SELL"]), LEVEL)


@settings(max_examples=200, deadline=None)
@given(st.lists(LEVEL, max_size=6), st.lists(LEVEL, max_size=6), st.lists(CHANGE, max_size=30))
def test_the_top_is_that_of_the_levels_written_out(bids, asks, changes):
    levels = {"BUY": dict(bids), "SELL": dict(asks)}
    top = TopOfBook()
    found = top.replace(book(tuple(dict(bids).items()), tuple(dict(asks).items())))
    for side, (price, size) in [(None, (0, 0)), *changes]:
        if side:
            levels[side][price] = size
            found = top.change(delta(side, price, size))
        standing = {name: {p: s for p, s in book.items() if s} for name, book in levels.items()}
        bid, ask = max(standing["BUY"], default=-1), min(standing["SELL"], default=-1)
        if 0 <= ask <= bid:
            assert found == (-1, -1, -1, -1)
        else:
            assert found == (bid, ask, standing["BUY"].get(bid, -1), standing["SELL"].get(ask, -1))


def heard(books, row, ts):
    quote = books.heard(row, ts)
    if quote:
        books.keep(row.token_id, quote)
    return quote


def test_a_change_below_the_best_is_no_new_quote_until_it_is_old():
    books = LiveBooks()
    heard(books, book(((500_000, 5), (400_000, 5)), ((600_000, 5),)), START)
    assert heard(books, delta("BUY", 400_000, 9), START + NS) is None
    assert heard(books, delta("BUY", 400_000, 8), START + REFRESH_NS).ts == START + REFRESH_NS


def test_an_empty_side_has_no_price():
    quote = heard(LiveBooks(), book((), ((600_000, 5),)), START)
    assert (quote.bid_micro, quote.bid_size_micro, quote.ask_micro) == (-1, -1, 600_000)


def test_best_prices_count_where_no_book_is_kept():
    books = LiveBooks()
    row = BestBidAsk(market_id=MARKET, token_id=YES, ts_event=START, best_bid_micro=1, best_ask_micro=2)
    assert heard(books, row, START).bid_size_micro == -1
    heard(books, book(((500_000, 5),), ()), START + NS)
    assert heard(books, row, START + 2 * NS) is None


def test_a_book_that_was_forgotten_takes_no_changes():
    books = LiveBooks()
    heard(books, book(((500_000, 5),), ()), START)
    books.forget([YES])
    assert heard(books, delta("BUY", 510_000, 5), START + NS) is None
    assert books.newest(YES).bid_micro == 500_000


def test_only_the_newest_quotes_are_kept_and_each_is_found_at_its_time():
    books = LiveBooks()
    for place in range(KEPT + 10):
        quote = Quote(ts=place, bid_micro=place, ask_micro=-1, bid_size_micro=1, ask_size_micro=-1)
        books.keep(YES, quote)
    assert books.quote(YES, 9) is None
    assert [books.quote(YES, at).bid_micro for at in (10, 77, KEPT + 9, KEPT + 99)] == [10, 77, KEPT + 9, KEPT + 9]
