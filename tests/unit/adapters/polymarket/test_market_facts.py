from tests.support.venue_http import Answer, condition, market_row, token
from tests.support.venue_live import Live, live
from tests.support.waiting import wait_until
from whaletrader.datasets.decode.rows import MarketMeta

KEYSET = "/gamma/markets/keyset"


def described(it: Live) -> list[str]:
    return sorted({row.market_id for row in it.sink.of(MarketMeta)})


def test_closed_markets_and_those_of_version_two_are_found_too() -> None:
    with live() as it:
        it.http.markets = [market_row(0, closed=False), market_row(1), market_row(2, closed=False, version="v2")]
        it.sink.lacking = ([condition(number) for number in range(3)], [])
        wait_until(lambda: len(described(it)) == 3, 5)
        assert described(it) == sorted(condition(number) for number in range(3))


def test_what_the_venue_does_not_know_is_not_asked_for_all_the_time() -> None:
    with live() as it:
        it.sink.lacking = ([condition(7)], [])
        wait_until(lambda: it.http.asked(KEYSET) >= 1, 5)
        wait_until(lambda: it.source("gamma.markets").state == "LIVE", 5)
        count = it.http.asked(KEYSET)
        it.http.markets = [market_row(8)]
        it.sink.lacking = ([condition(7), condition(8)], [])
        wait_until(lambda: described(it) == [condition(8)], 5)
        assert count <= it.http.asked(KEYSET) <= 2 * count


def test_a_token_that_belongs_to_no_market_holds_up_no_other() -> None:
    with live() as it:
        it.http.markets = [market_row(1, closed=False)]
        it.http.market_of[token(1, 1)] = condition(1)
        it.sink.lacking = ([], [token(9, 0), token(1, 1)])
        wait_until(lambda: described(it) == [condition(1)], 5)
        assert it.source("gamma.markets").last_error == ""


def test_a_fault_of_the_venue_is_told_and_outlasted() -> None:
    with live() as it:
        it.http.markets = [market_row(1, closed=False)]
        it.http.refusals += [(KEYSET, Answer(400, b'{"error":"no"}'))]
        it.sink.lacking = ([condition(1)], [])
        wait_until(lambda: bool(it.source("gamma.markets").last_error), 5)
        wait_until(lambda: described(it) == [condition(1)], 10)
        wait_until(lambda: it.source("gamma.markets").last_error == "", 5)
        assert it.source("gamma.markets").rejected == 0


def test_a_token_that_the_venue_refuses_or_answers_without_a_market_holds_up_no_other() -> None:
    with live() as it:
        it.http.markets = [market_row(1, closed=False)]
        it.http.market_of[token(1, 1)] = condition(1)
        path = f"/markets-by-token/{token(9, 0)}"
        it.http.refusals += [(path, Answer(400, b'{"error":"invalid token"}')), (path, Answer(200, b"{}"))]
        it.sink.lacking = ([], [token(9, 0), token(1, 1)])
        wait_until(lambda: described(it) == [condition(1)], 5)
        assert it.http.asked(path) == 1
