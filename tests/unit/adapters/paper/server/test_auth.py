"""Who may call: both proofs, by the official clients' vectors and against every kind of forgery."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.venue_callers import WHEN_S, Trader, key_of, l1, request
from whaletrader.adapters.paper.server.auth import AuthDesk, Keyring, l1_account
from whaletrader.adapters.paper.server.edge import Request
from whaletrader.domain.clob_auth import l1_digest, l1_headers

VECTORS = Path(__file__).parents[4] / "data" / "polymarket" / "vectors"
L1_CASES = json.loads((VECTORS / "l1_auth.json").read_text())["vectors"]


@pytest.fixture
def keyring() -> Keyring:
    return Keyring(seed=7)


@pytest.fixture
def trader(keyring: Keyring) -> Trader:
    trader = Trader("ada")
    made = keyring.create(trader.key.address, 0)
    assert made is not None
    trader.api_key = made
    return trader


@pytest.mark.parametrize("case", L1_CASES)
def test_the_official_clients_proofs_are_taken(case) -> None:
    told = request("POST", "/auth/api-key", case["headers"])
    assert l1_account(told) == (case["headers"]["POLY_ADDRESS"].lower(), case["nonce"])


def test_a_proof_for_another_chain_is_none() -> None:
    ada = key_of("ada")
    signature = ada.sign(l1_digest(ada.address, WHEN_S, 0, chain_id=80_002))
    assert l1_account(request("POST", "/auth/api-key", l1_headers(ada.address, signature, WHEN_S, 0))) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("poly_address", key_of("eve").address),
        ("poly_address", "0x12"),
        ("poly_address", ""),
        ("poly_timestamp", "1795300001"),
        ("poly_timestamp", "now"),
        ("poly_timestamp", "²"),
        ("poly_nonce", "1"),
        ("poly_nonce", "-1"),
        ("poly_signature", "0x"),
        ("poly_signature", "0xzz"),
        ("poly_signature", "0x" + "00" * 65),
        ("poly_signature", "0x" + "ff" * 65),
    ],
)
def test_a_changed_l1_header_proves_nothing(name: str, value: str) -> None:
    told = l1(key_of("ada"), "POST", "/auth/api-key")
    forged = replace(told, headers={**told.headers, name: value})
    answer = AuthDesk(Keyring(1)).create(forged)
    assert answer.status == 401
    assert json.loads(answer.body) == {"error": "Invalid L1 Request headers"}


def test_a_key_is_made_once_and_derived_ever_after(keyring: Keyring) -> None:
    funded: list[str] = []
    desk, ada = AuthDesk(keyring, on_account=funded.append), key_of("ada")
    assert desk.derive(l1(ada, "GET", "/auth/derive-api-key")).status == 400
    made = desk.create(l1(ada, "POST", "/auth/api-key"))
    assert desk.create(l1(ada, "POST", "/auth/api-key")).status == 400
    derived = desk.derive(l1(ada, "GET", "/auth/derive-api-key"))
    assert made.status == derived.status == 200
    assert json.loads(made.body) == json.loads(derived.body)
    assert set(json.loads(made.body)) == {"apiKey", "secret", "passphrase"}
    assert funded == [ada.address]


def test_the_same_seed_gives_the_same_key_and_another_seed_another() -> None:
    ada = key_of("ada").address
    first, again, other = (Keyring(seed).create(ada, 0) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_each_nonce_has_its_own_key(keyring: Keyring) -> None:
    ada = key_of("ada").address
    assert keyring.create(ada, 0) != keyring.create(ada, 1)
    assert len(keyring.keys_of(ada)) == 2


def test_a_proved_call_is_known(keyring: Keyring, trader: Trader) -> None:
    session = keyring.session(trader.l2("POST", "/order", b'{"x":1}'))
    assert session is not None
    assert session.address == trader.key.address


def test_the_query_is_not_part_of_the_proof(keyring: Keyring, trader: Trader) -> None:
    assert keyring.session(trader.l2("GET", "/data/orders", next_cursor="MA==")) is not None


@pytest.mark.parametrize(
    "name", ["poly_address", "poly_api_key", "poly_passphrase", "poly_timestamp", "poly_signature"]
)
@pytest.mark.parametrize("value", ["", "wrong", "é", "0x" + "0" * 40, "1" * 30])
def test_a_changed_l2_header_proves_nothing(keyring: Keyring, trader: Trader, name: str, value: str) -> None:
    told = trader.l2("GET", "/data/orders")
    assert keyring.session(replace(told, headers={**told.headers, name: value})) is None


@pytest.mark.parametrize(
    "changed",
    [{"method": "DELETE"}, {"path": "/data/trades"}, {"body": b"{}"}],
)
def test_a_proof_holds_for_its_own_call_only(keyring: Keyring, trader: Trader, changed: dict[str, object]) -> None:
    told: Request = trader.l2("GET", "/data/orders")
    assert keyring.session(replace(told, **changed)) is None  # type: ignore[arg-type]


def test_another_accounts_key_is_not_ones_own(keyring: Keyring, trader: Trader) -> None:
    eve = Trader("eve", trader.api_key)
    assert keyring.session(eve.l2("GET", "/data/orders")) is None


def test_a_removed_key_is_dead_and_may_be_made_again(keyring: Keyring, trader: Trader) -> None:
    told = trader.l2("DELETE", "/auth/api-key")
    session = keyring.session(told)
    assert session is not None
    assert json.loads(AuthDesk(keyring).remove(told, session).body) == "OK"
    assert keyring.session(told) is None
    assert keyring.create(trader.key.address, 0) == trader.api_key


def test_whole_credentials_open_the_user_stream_and_half_ones_do_not(keyring: Keyring, trader: Trader) -> None:
    key = trader.api_key
    assert keyring.by_credentials(key.key, key.secret, key.passphrase) is not None
    assert keyring.by_credentials(key.key, key.secret, "") is None
    assert keyring.by_credentials(key.key, "", key.passphrase) is None
    assert keyring.by_credentials("", key.secret, key.passphrase) is None


def test_a_read_only_key_is_listed_apart(keyring: Keyring, trader: Trader) -> None:
    desk, told = AuthDesk(keyring), trader.l2("POST", "/auth/readonly-api-key")
    session = keyring.session(told)
    assert session is not None
    made = json.loads(desk.create_read_only(told, session).body)["apiKey"]
    assert json.loads(desk.read_only_keys(told, session).body) == {"readonlyApiKeys": [made]}
    assert json.loads(desk.keys(told, session).body) == {"apiKeys": [trader.api_key.key]}


def test_no_account_may_hoard_keys(keyring: Keyring) -> None:
    ada = key_of("ada").address
    made = [keyring.create(ada, nonce) for nonce in range(70)]
    assert sum(one is not None for one in made) == 64


def test_a_key_shows_in_no_text(trader: Trader, keyring: Keyring) -> None:
    session = keyring.session(trader.l2("GET", "/data/orders"))
    assert trader.api_key.secret not in repr(session)
    assert trader.api_key.passphrase not in repr(session)
