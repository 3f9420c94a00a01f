"""Credentials and keys of a live account: files of the owner's only, nothing made up, nothing shown."""

import json

import pytest

from tests.support.scripted_clob import KEY, reply, venue_error
from whaletrader.adapters.local.keys import OrderKey, paper_secret
from whaletrader.app.layout import DataDirectory
from whaletrader.app.venue_keys import (
    API_KEY_FILE,
    ORDER_KEY_FILE,
    RELAYER_KEY_FILE,
    api_key,
    kept_api_key,
    live_order_key,
    relayer_headers,
)
from whaletrader.errors import UsageError, VenueError

TRADER = OrderKey(bytes(31) + b"\x07")


class Venue:
    """Gives out credentials, and counts how often."""

    def __init__(self, answer=None) -> None:
        self.answer, self.asked = answer, 0

    def send(self, method, path, body, headers=None, **more):
        self.asked += 1
        if self.answer is not None:
            raise self.answer
        return reply({"apiKey": KEY.key, "secret": KEY.secret, "passphrase": KEY.passphrase})


@pytest.fixture
def directory(tmp_path):
    made = DataDirectory(tmp_path)
    made.ensure()
    return made


def put(directory, name, text, mode=0o600):
    path = directory.keys / name
    path.write_text(text)
    path.chmod(mode)
    return path


def test_credentials_are_asked_for_once_and_kept_for_their_owner_only(directory):
    venue = Venue()
    for _ in range(2):
        found = api_key(directory, venue, TRADER)
        assert (found.key, found.secret, found.passphrase) == (KEY.key, KEY.secret, KEY.passphrase)
    assert venue.asked == 1
    path = directory.keys / API_KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in directory.keys.iterdir()] == [API_KEY_FILE]


def test_credentials_of_another_account_are_not_used(directory):
    api_key(directory, Venue(), TRADER)
    other = OrderKey(bytes(31) + b"\x08")
    assert kept_api_key(directory, other.address) is None
    venue = Venue()
    api_key(directory, venue, other)
    assert venue.asked == 1


def test_nothing_is_kept_where_the_venue_did_not_answer(directory):
    with pytest.raises(VenueError):
        api_key(directory, Venue(venue_error(0)), TRADER)
    assert kept_api_key(directory, TRADER.address) is None


@pytest.mark.parametrize("text", ["{", "[]", '{"address":"0x1"}', '{"address":"0x1","key":"k","colour":"red"}', ""])
def test_a_damaged_file_is_refused_without_quoting_it(directory, text):
    put(directory, API_KEY_FILE, text.replace("0x1", TRADER.address))
    with pytest.raises(UsageError, match="cannot be used") as error:
        kept_api_key(directory, TRADER.address)
    assert TRADER.address not in error.value.message


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_can_read_is_refused(directory, mode):
    api_key(directory, Venue(), TRADER)
    (directory.keys / API_KEY_FILE).chmod(mode)
    with pytest.raises(UsageError, match="chmod 600"):
        kept_api_key(directory, TRADER.address)


def test_the_relayers_key_is_put_down_by_its_owner(directory):
    with pytest.raises(UsageError, match="relayer"):
        relayer_headers(directory)
    put(directory, RELAYER_KEY_FILE, json.dumps({"address": "0x01", "key": "k"}))
    assert relayer_headers(directory) == {"RELAYER_API_KEY": "k", "RELAYER_API_KEY_ADDRESS": "0x01"}


def test_a_live_key_is_never_made_here(directory):
    with pytest.raises(UsageError, match="64 hex digits"):
        live_order_key(directory, "live")
    assert list(directory.keys.iterdir()) == []


def test_the_paper_accounts_key_is_no_live_key(directory):
    put(directory, ORDER_KEY_FILE, paper_secret("live").hex())
    with pytest.raises(UsageError, match="public"):
        live_order_key(directory, "live")
    put(directory, ORDER_KEY_FILE, (bytes(31) + b"\x07").hex())
    assert live_order_key(directory, "live").address == TRADER.address
