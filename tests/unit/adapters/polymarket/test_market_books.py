from tests.support.venue_http import Answer, token
from tests.support.venue_live import Live, book, live, ws_book
from tests.support.venue_sockets import MARKET
from tests.support.waiting import wait_until
from whaletrader.datasets.decode.rows import BookSnapshot

YES, NO = token(0, 0), token(0, 1)
LATER = (token(1, 0), token(2, 0))
MS = 1_790_272_257_000
FIRST = book(YES, MS, [("0.5", "10")], [("0.6", "10")])
OTHER = book(NO, MS, [("0.4", "10")], [("0.5", "10")])


def snapshots(it: Live) -> set[str]:
    return {row.token_id for row in it.sink.of(BookSnapshot)}


def test_a_book_that_the_socket_did_not_bring_comes_by_rest() -> None:
    with live() as it:
        it.http.books = {YES: FIRST, NO: OTHER}
        it.sockets.books = {YES: ws_book(FIRST)}
        it.sources.watch([YES, NO], [])
        wait_until(lambda: snapshots(it) == {YES, NO}, 5)
        wait_until(lambda: it.sources.freshness(NO).fresh, 5)
        wait_until(lambda: it.source("clob.books").seen >= 2, 5)


def test_books_come_by_rest_while_the_socket_is_away_and_are_not_taken_as_fresh() -> None:
    with live() as it:
        it.http.books = {YES: FIRST}
        it.sockets.refusals[MARKET] = 1_000
        it.sources.watch([YES], [])
        wait_until(lambda: snapshots(it) == {YES}, 5)
        assert not it.sources.freshness(YES).fresh


def test_a_token_without_a_book_is_asked_for_once_in_an_epoch() -> None:
    with live() as it:
        it.http.books, it.sockets.books = {YES: FIRST}, {YES: ws_book(FIRST)}
        it.sources.watch([YES, NO], [])
        wait_until(lambda: it.source("clob.books").seen >= 1 and it.sources.freshness(YES).fresh, 5)
        for place, later in enumerate(LATER, 1):  # each is read in a turn of its own
            it.http.books[later] = book(later, MS, [("0.4", "10")], [("0.5", "10")])
            it.sources.watch([YES, NO, *LATER[:place]], [])
            wait_until(lambda later=later: later in snapshots(it), 5)
        assert it.http.books_asked.count(NO) <= 2, "once before the socket's first word, once in the epoch behind it"
        assert not it.sources.freshness(NO).fresh


def test_a_refused_reading_is_told_and_tried_again() -> None:
    with live() as it:
        it.http.books = {YES: FIRST}
        it.http.book_refusals = [Answer(400, b'{"error":"no"}')]
        it.sources.watch([YES], [])
        wait_until(lambda: bool(it.source("clob.books").last_error), 5)
        wait_until(lambda: snapshots(it) == {YES}, 10)
        assert it.http.book_refusals == []
