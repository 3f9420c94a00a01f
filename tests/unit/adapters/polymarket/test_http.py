"""HTTP to the venue: what is repeated, what is not, how long it waits, and what an error says and never says."""

import threading

import pytest

from tests.support.hand_clock import HandClock
from tests.support.venue_http import Answer, VenueHttpServer, serving
from whaletrader.adapters.polymarket.http import VenueHttp, backoff_s
from whaletrader.adapters.polymarket.limits import CLOB, UNLIMITED
from whaletrader.errors import ExchangeError, VenueError


@pytest.fixture
def venue():
    with serving(VenueHttpServer()) as server:
        yield server


def client(venue, clock=None, **more):
    clock = clock or HandClock()
    return VenueHttp(venue.url, UNLIMITED, clock=clock, wait=clock.wait, timeout_s=5, **more)


def test_an_answer_comes_with_its_bytes_and_headers(venue):
    reply = client(venue).get("/time")
    assert (reply.status, reply.json(), reply.headers["content-length"]) == (200, 1_780_000_000, "10")


def test_parameters_are_sent_and_a_name_may_occur_twice(venue):
    client(venue).get("/time", [("a", "1"), ("a", 2), ("yes", True)])
    assert venue.requests[0][2] == {"a": ["1", "2"], "yes": ["true"]}


@pytest.mark.parametrize("status", [425, 500, 502, 503])
def test_a_read_is_repeated_after_a_fault_of_the_server(venue, status):
    clock = HandClock()
    venue.refusals = [("/time", Answer(status)), ("/time", Answer(status))]
    assert client(venue, clock).get("/time").status == 200
    assert clock.waits == [1.0, 2.0]


def test_a_read_is_repeated_after_a_dropped_connection(venue):
    venue.refusals = [("/time", Answer(0))]
    assert client(venue).get("/time").status == 200
    assert venue.asked("/time") == 2


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_refusal_for_good_is_not_repeated_and_keeps_the_venues_words(venue, status):
    venue.refusals = [("/time", Answer(status, b'{"error":"No orderbook exists for the requested token id"}'))]
    with pytest.raises(VenueError) as told:
        client(venue).get("/time")
    assert (told.value.status, told.value.retryable, venue.asked("/time")) == (status, False, 1)
    assert told.value.words == "No orderbook exists for the requested token id"
    assert isinstance(told.value, ExchangeError)


@pytest.mark.parametrize("status", [0, 425, 429, 500, 503])
def test_a_call_that_is_not_idempotent_is_sent_once(venue, status):
    venue.refusals = [("/order", Answer(status))]
    with pytest.raises(VenueError) as told:
        client(venue).send("POST", "/order", b"{}", idempotent=False)
    assert (told.value.status, told.value.retryable, venue.asked("/order")) == (status, True, 1)


def test_an_order_does_not_wait_out_a_pause_to_be_sent_late(venue):
    clock = HandClock()
    http = client(venue, clock)
    http.limiter.pause(30.0)
    with pytest.raises(VenueError, match="was not sent") as told:
        http.send("POST", "/order", b"{}", idempotent=False)
    assert (told.value.status, told.value.retryable, venue.asked("/order"), clock.waits) == (429, True, 0, [])
    assert http.get("/time").status == 200
    assert clock.waits == [30.0]


def test_retry_after_zero_of_a_429_does_not_shorten_our_own_pause(venue):
    clock = HandClock()
    venue.refusals = [("/time", Answer(429, b"error code: 1015", {"retry-after": "0"}))] * 3
    assert client(venue, clock).get("/time").status == 200
    assert clock.waits == [1.0, 2.0, 4.0]


def test_a_longer_retry_after_is_obeyed(venue):
    clock = HandClock()
    venue.refusals = [("/time", Answer(429, b"", {"retry-after": "17"}))]
    client(venue, clock).get("/time")
    assert clock.waits == [17.0]


def test_a_429_on_one_path_pauses_the_whole_client(venue):
    clock = HandClock()
    http = client(venue, clock)
    venue.refusals = [("/order", Answer(429, b"", {"retry-after": "5"}))]
    with pytest.raises(VenueError):
        http.send("POST", "/order", b"{}", idempotent=False)
    http.get("/time")
    assert clock.waits == [5.0]


@pytest.mark.parametrize("body", [b'{"code":"ENDPOINT_DEPRECATED"}', b'{"error":{"type":"ENDPOINT_DEPRECATED"}}'])
def test_a_429_of_a_host_that_was_switched_off_is_a_refusal_for_good_and_pauses_nobody(venue, body):
    clock = HandClock()
    http = client(venue, clock)
    venue.refusals = [("/order", Answer(429, body))]
    with pytest.raises(VenueError) as told:
        http.send("POST", "/order", b"{}", idempotent=True)
    http.get("/time")
    assert (told.value.status, told.value.retryable, clock.waits) == (429, False, [])


def cancel(http, path="/order"):
    return http.send("DELETE", path, b"{}", idempotent=True)


def answering(venue, *cancels):
    """Have cancels taken, after these answers."""
    serve, first = venue.answer, list(cancels)

    def answer(method, path, query, body):
        if method != "DELETE":
            return serve(method, path, query, body)
        venue.requests.append((method, path, query))
        return first.pop(0) if first else Answer(200, b"{}")

    venue.answer = answer


def test_a_cancel_does_not_wait_out_the_penalty_of_another_endpoint(venue):
    answering(venue)
    clock = HandClock()
    http = client(venue, clock, attempts=1)
    venue.refusals = [("/time", Answer(429, b"", {"retry-after": "60"}))]
    with pytest.raises(VenueError):
        http.get("/time")
    assert cancel(http).status == 200
    assert clock.waits == []
    http.get("/time")
    assert clock.waits == [60.0]


@pytest.mark.parametrize(("asked", "waited"), [("0", [1.0]), ("17", [17.0])])
def test_a_cancel_waits_for_what_was_said_to_its_own_endpoint(venue, asked, waited):
    answering(venue, Answer(429, b"", {"retry-after": asked}))
    clock = HandClock()
    assert cancel(client(venue, clock)).status == 200
    assert clock.waits == waited


def test_a_cancel_that_is_refused_again_and_again_rests_four_seconds_at_most(venue):
    answering(venue, *[Answer(429)] * 5)
    clock = HandClock()
    assert cancel(client(venue, clock)).status == 200
    assert clock.waits == [1.0, 2.0, 4.0, 4.0, 4.0]


def test_a_refused_cancel_holds_back_neither_the_other_cancels_nor_for_ever_the_rest(venue):
    answering(venue, Answer(429))
    clock = HandClock()
    http = client(venue, clock, attempts=1)
    with pytest.raises(VenueError):
        cancel(http)
    assert cancel(http, "/orders").status == 200
    assert clock.waits == []
    assert http.get("/time").status == 200
    assert clock.waits == [1.0]


def test_a_cancel_that_passes_does_not_shorten_the_pause_of_the_others(venue):
    answering(venue)
    clock = HandClock()
    http = client(venue, clock, attempts=1)
    for _ in range(3):
        venue.refusals = [("/time", Answer(429))]
        with pytest.raises(VenueError):
            http.get("/time")
        cancel(http)
    assert clock.waits == [1.0, 2.0]
    http.get("/time")
    assert clock.waits == [1.0, 2.0, 4.0]


def test_a_client_with_little_patience_gives_even_a_read_up_before_it_waits_long(venue):
    clock = HandClock()
    http = client(venue, clock, longest_wait_s=2.0)
    http.limiter.pause(30.0)
    with pytest.raises(VenueError, match="was not sent") as told:
        http.get("/time")
    assert (told.value.status, told.value.retryable, venue.asked("/time"), clock.waits) == (429, True, 0, [])


def test_the_pause_begins_anew_after_a_success(venue):
    clock = HandClock()
    http = client(venue, clock)
    for _ in range(2):
        venue.refusals = [("/time", Answer(429))]
        http.get("/time")
    assert clock.waits == [1.0, 1.0]


def test_post_only_mode_tells_its_code_and_its_seconds(venue):
    body = b'{"error":"post-only mode: only post-only orders","code":"post_only_mode","retry_after_seconds":90}'
    venue.refusals = [("/order", Answer(503, body))]
    with pytest.raises(VenueError) as told:
        client(venue).send("POST", "/order", b"{}", idempotent=False)
    assert (told.value.code, told.value.retry_after_s) == ("post_only_mode", 90.0)


def test_patience_ends_and_the_last_error_is_told(venue):
    venue.refusals = [("/time", Answer(500, b'{"error":"internal"}'))] * 9
    with pytest.raises(VenueError, match="answered 500 to GET /time: internal"):
        client(venue, attempts=3).get("/time")
    assert venue.asked("/time") == 3


def test_a_host_that_is_not_there_is_one_sentence():
    clock = HandClock()
    http = VenueHttp("http://127.0.0.1:9/secret-key", UNLIMITED, clock=clock, wait=clock.wait, attempts=2)
    with pytest.raises(VenueError, match=r"^127\.0\.0\.1 cannot be reached") as told:
        http.get("/x")
    assert (told.value.status, told.value.retryable) == (0, True)


def test_no_error_tells_a_header_a_query_or_the_key_in_a_nodes_address(venue):
    clock = HandClock()
    http = VenueHttp(venue.url + "/my-node-key", UNLIMITED, clock=clock, wait=clock.wait)
    with pytest.raises(VenueError) as told:
        http.get("/nowhere", {"api": "query-secret"}, {"poly_signature": "header-secret"})
    assert not any(word in repr(told.value) + told.value.message for word in ("my-node-key", "secret"))


def test_what_is_no_json_is_an_error_of_the_venue(venue):
    venue.refusals = [("/time", Answer(200, b"<html>busy</html>"))]
    with pytest.raises(VenueError, match="no JSON"):
        client(venue).get("/time").json()


def test_a_request_waits_for_its_window(venue):
    clock = HandClock()
    http = VenueHttp(venue.url, CLOB, clock=clock, wait=clock.wait)
    for _ in range(19):
        with pytest.raises(VenueError):
            http.get("/tick-size", {"token_id": "1"})
    assert len(clock.waits) == 1
    assert clock.waits[0] == pytest.approx(10 / (180 - 18))


def test_a_wait_that_is_ended_ends_the_call(venue):
    stop = threading.Event()
    stop.set()
    http = VenueHttp(venue.url, UNLIMITED, clock=HandClock(), wait=stop.wait)
    http.limiter.pause(3_600.0)
    with pytest.raises(VenueError, match="was ended"):
        http.get("/time")
    assert venue.asked("/time") == 0


def test_the_body_is_sent_byte_for_byte(venue):
    seen = []
    serve = venue.answer
    venue.answer = lambda method, path, query, body: seen.append(body) or serve(method, path, query, body)
    with pytest.raises(VenueError):
        client(venue).send("POST", "/orders", b'[{"a": 1}]', idempotent=False)
    assert seen == [b'[{"a": 1}]']


def test_backoff_doubles_up_to_a_minute():
    assert [backoff_s(n) for n in (1, 2, 3, 6, 7, 99)] == [1.0, 2.0, 4.0, 32.0, 60.0, 60.0]
