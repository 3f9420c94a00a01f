"""Keys, private calls and the shapes of their answers."""

import json

import pytest

from tests.support.scripted_clob import ADDRESS, KEY, ScriptedClob, reply, venue_error
from whaletrader.adapters.local.keys import OrderKey
from whaletrader.adapters.polymarket.account_rows import order_row, trade_row
from whaletrader.adapters.polymarket.answers import Meaning, verdict_of, verdict_of_answer
from whaletrader.adapters.polymarket.secure_clob import SecureClob, obtain_api_key
from whaletrader.domain.clob_auth import l1_digest
from whaletrader.domain.signature import signer_of
from whaletrader.errors import VenueError

TRADER = OrderKey(bytes(31) + b"\x07")


class KeyServer:
    """Answers the calls that make and derive keys."""

    def __init__(self, *answers) -> None:
        self.answers, self.calls = list(answers), []

    def send(self, method, path, body, headers=None, *, idempotent, **more):
        digest = l1_digest(headers["POLY_ADDRESS"], int(headers["POLY_TIMESTAMP"]), int(headers["POLY_NONCE"]))
        assert signer_of(digest, bytes.fromhex(headers["POLY_SIGNATURE"][2:])) == TRADER.address
        self.calls.append((method, path, idempotent))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return reply(answer)


GOOD = {"apiKey": KEY.key, "secret": KEY.secret, "passphrase": KEY.passphrase}


def test_a_key_that_exists_is_derived():
    server = KeyServer(GOOD)
    found = obtain_api_key(server, TRADER, now_s=lambda: 1_700_000_000)
    assert (found.key, found.secret, found.passphrase) == (KEY.key, KEY.secret, KEY.passphrase)
    assert server.calls == [("GET", "/auth/derive-api-key", True)]


@pytest.mark.parametrize("status", [400, 404])
def test_a_key_that_does_not_exist_is_made(status):
    server = KeyServer(venue_error(status, "no key"), GOOD)
    assert obtain_api_key(server, TRADER, now_s=lambda: 1_700_000_000).key == KEY.key
    assert server.calls[1] == ("POST", "/auth/api-key", False)


@pytest.mark.parametrize("status", [0, 401, 500])
def test_no_key_is_made_where_deriving_failed_for_another_reason(status):
    server = KeyServer(venue_error(status, "Invalid L1 Request headers"))
    with pytest.raises(VenueError):
        obtain_api_key(server, TRADER, now_s=lambda: 1_700_000_000)
    assert len(server.calls) == 1


def test_half_a_key_is_refused_without_quoting_it():
    with pytest.raises(VenueError) as error:
        obtain_api_key(KeyServer({"apiKey": KEY.key, "secret": KEY.secret}), TRADER, now_s=lambda: 1)
    assert KEY.secret not in str(error.value)
    assert KEY.key not in str(error.value)


@pytest.fixture
def http():
    return ScriptedClob()


@pytest.fixture
def clob(http):
    return SecureClob(http, ADDRESS, KEY, now_s=lambda: 1_700_000_000)


def test_nothing_of_the_key_shows(clob):
    assert KEY.secret not in repr(clob)
    assert KEY.passphrase not in repr(clob)


def test_balances_are_base_units_and_spenders_lower_case(clob, http):
    http.script("GET /balance-allowance", {"balance": "2500000", "allowances": {"0xE1": "115", "0xe2": "0"}})
    told = clob.balance("COLLATERAL", signature_type=3)
    assert (told.balance_micro, told.allowances) == (2_500_000, {"0xe1": 115, "0xe2": 0})


@pytest.mark.parametrize("answer", [{}, [], {"balance": "x"}, {"balance": "1", "allowances": {"a": "x"}}])
def test_a_balance_that_is_no_number_is_an_error_and_not_zero(clob, http, answer):
    http.script("GET /balance-allowance", answer)
    with pytest.raises(VenueError):
        clob.balance("COLLATERAL", signature_type=3)


def test_pages_are_walked_to_the_end(clob, http):
    http.rest("0xa", size="20")
    rows = list(http.orders.values())
    http.script("GET /data/orders", {"data": rows, "next_cursor": "Mg=="}, {"data": rows, "next_cursor": "LTE="})
    assert len(clob.open_orders()) == 2


def test_a_row_that_cannot_be_read_makes_the_walk_incomplete(clob, http):
    http.script("GET /data/orders", {"data": [{"id": "0xa", "original_size": "?"}], "next_cursor": "LTE="})
    with pytest.raises(VenueError):
        clob.open_orders()


def test_an_order_that_is_not_there_is_none(clob, http):
    assert clob.order("0xnone") is None
    http.script("GET /data/order/0xnone", None)
    assert clob.order("0xnone") is None


def test_the_heartbeats_id_is_the_one_to_send_next(clob, http):
    http.script("POST /v1/heartbeats", {"heartbeat_id": "h1"})
    assert clob.heartbeat("") == "h1"
    assert json.loads(http.calls("POST /v1/heartbeats")[0]) == {"heartbeat_id": ""}


def test_an_account_is_not_taken_as_free_where_the_venue_did_not_say(clob, http):
    http.script("GET /auth/ban-status/closed-only", {}, {"closed_only": True})
    with pytest.raises(VenueError):
        clob.closed_only()
    assert clob.closed_only()


# -- rows --------------------------------------------------------------------------------------------------------------


def test_prefixes_are_taken_off_and_ids_are_lower_case():
    http = ScriptedClob()
    http.rest("0xABC", matched="3.25")
    row = order_row(http.orders["0xABC"])
    assert (row.order_id, row.status, row.size_matched_micro) == ("0xabc", "LIVE", 3_250_000)


def test_a_trade_keeps_its_makers():
    row = trade_row(
        {
            "id": "t",
            "size": "10.5",
            "price": "0.57",
            "status": "TRADE_STATUS_MINED",
            "market": "0xM",
            "asset_id": "11",
            "taker_order_id": "0xT",
            "match_time": "1672290701",
            "last_update": "1672290702",
            "maker_orders": [{"order_id": "0xM1", "asset_id": "11", "matched_amount": "10.5", "price": "0.57"}],
        }
    )
    assert (row.status, row.size_micro, row.taker_order_id) == ("MINED", 10_500_000, "0xt")
    assert row.maker_orders[0].matched_micro == 10_500_000
    assert row.ts_event == 1_672_290_702_000_000_000


@pytest.mark.parametrize(
    "change", [{"size": "0"}, {"size": "nan"}, {"price": None}, {"id": ""}, {"maker_orders": [{"price": "0.5"}]}]
)
def test_a_trade_that_makes_no_sense_is_none(change):
    good = {"id": "t", "size": "10", "price": "0.5", "maker_orders": []}
    assert trade_row(good) is not None
    assert trade_row({**good, **change}) is None


# -- answers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "words", "meaning"),
    [
        (400, "order 0x1 is invalid. Duplicated.", Meaning.TAKEN),
        (400, "order 0x1 is invalid. Price (0.123) breaks minimum tick size rule: 0.01", Meaning.REFUSED),
        (400, "something new", Meaning.REFUSED),
        (400, "order match delayed due to market conditions", Meaning.UNKNOWN),
        (401, "Unauthorized/Invalid api key", Meaning.REFUSED),
        (404, "market not found", Meaning.REFUSED),
        (425, "", Meaning.NOT_NOW),
        (429, "error code: 1015", Meaning.NOT_NOW),
        (503, "Trading is currently disabled. Please try again later", Meaning.NOT_NOW),
        (500, "there are no matching orders", Meaning.UNKNOWN),
        (502, "", Meaning.UNKNOWN),
        (0, "", Meaning.UNKNOWN),
    ],
)
def test_status_and_words_tell_what_an_answer_means(status, words, meaning):
    assert verdict_of(status, words).meaning is meaning


def test_a_timeout_is_never_a_refusal():
    refused = (Meaning.REFUSED, Meaning.NO_FILL)
    assert not any(verdict_of(status, "").meaning in refused for status in (0, 408, 425, 429, 500, 502, 503, 504, 599))


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        ({"success": True, "status": "live"}, Meaning.TAKEN),
        ({"success": True, "status": "delayed"}, Meaning.TAKEN),
        ({"success": True, "status": "unmatched"}, Meaning.TAKEN),
        ({"success": True, "status": "unmatched", "order_type": "FAK"}, Meaning.NO_FILL),
        ({"success": False, "status": ""}, Meaning.UNKNOWN),
        ({"success": True, "status": "live", "error": "invalid expiration"}, Meaning.REFUSED),
    ],
)
def test_an_answer_of_200_is_looked_at_twice(answer, meaning):
    told = {"error": "", "order_type": "GTC", **answer}
    assert verdict_of_answer(**told).meaning is meaning
