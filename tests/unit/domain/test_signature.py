from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.vectors import TEST_KEY
from whaletrader.adapters.local.keys import OrderKey
from whaletrader.domain.order_hash import (
    OrderStruct,
    contract_wallet_digest,
    contract_wallet_signature,
    order_digest,
)
from whaletrader.domain.signature import (
    CONTRACT_WALLET_BYTES,
    SESSION_KEY_BYTES,
    order_signer,
    session_key_signature,
    session_signer,
    signer_of,
)
from whaletrader.domain.values import Side

EOA = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
WALLET = "0xBc0fF067b7740Eff76C1ca93c875Ba6B890d6B50"
TOKEN = "71321045679252212594626385532706912750332728571942532289631379312455583992563"
PLAIN = OrderStruct(7, EOA, EOA, TOKEN, 5_000_000, 10_000_000, Side.BUY, 0, 1_795_305_600_000)
OF_A_WALLET = replace(PLAIN, maker=WALLET, signer=WALLET, signature_type=3)
SESSION = OrderKey(bytes(31) + b"\x05")


def wallet_signature(key, order=OF_A_WALLET, *, neg_risk=False):
    inner = key.sign(contract_wallet_digest(order, neg_risk=neg_risk))
    return contract_wallet_signature(order, inner, neg_risk=neg_risk)


def test_a_plain_order_is_recovered_to_its_signer():
    signature = TEST_KEY.sign(order_digest(PLAIN, neg_risk=False))
    assert order_signer(PLAIN, signature, neg_risk=False) == EOA.lower()


def test_both_spellings_of_the_last_byte_are_understood():
    digest = order_digest(PLAIN, neg_risk=False)
    signature = TEST_KEY.sign(digest)
    assert signer_of(digest, signature[:64] + bytes([signature[64] - 27])) == EOA.lower()


def test_the_wrong_exchange_is_a_strangers_signature():
    signature = TEST_KEY.sign(order_digest(PLAIN, neg_risk=False))
    assert order_signer(PLAIN, signature, neg_risk=True) != EOA.lower()


@pytest.mark.parametrize("change", [{"taker_amount": 10_000_001}, {"salt": 8}, {"side": Side.SELL}])
def test_a_changed_order_is_a_strangers(change):
    signature = TEST_KEY.sign(order_digest(PLAIN, neg_risk=False))
    assert order_signer(replace(PLAIN, **change), signature, neg_risk=False) != EOA.lower()


def test_a_contract_wallets_order_is_recovered_to_its_owner():
    signature = wallet_signature(TEST_KEY)
    assert len(signature) == CONTRACT_WALLET_BYTES
    assert order_signer(OF_A_WALLET, signature, neg_risk=False) == EOA.lower()


@pytest.mark.parametrize("change", [{"maker_amount": 1}, {"salt": 8}, {"builder": "11" * 32}])
def test_a_contract_wallets_changed_order_holds_no_more(change):
    changed = replace(OF_A_WALLET, **change)
    assert order_signer(changed, wallet_signature(TEST_KEY), neg_risk=False) is None


def test_a_contract_wallets_signature_for_another_exchange_does_not_hold():
    assert order_signer(OF_A_WALLET, wallet_signature(TEST_KEY), neg_risk=True) is None


def test_a_session_keys_signature_names_the_key_and_has_480_bytes():
    signature = session_key_signature(SESSION.address, wallet_signature(SESSION))
    assert len(signature) == SESSION_KEY_BYTES
    assert session_signer(signature) == SESSION.address
    assert order_signer(OF_A_WALLET, signature, neg_risk=False) == SESSION.address


def test_a_session_key_that_did_not_sign_is_refused():
    signature = session_key_signature(SESSION.address, wallet_signature(TEST_KEY))
    assert order_signer(OF_A_WALLET, signature, neg_risk=False) is None


def test_the_owners_signature_names_no_session_key():
    assert session_signer(wallet_signature(TEST_KEY)) is None


@pytest.mark.parametrize("place", [3, 33, 70, 100, 127, 300, 446, 470])
def test_a_session_keys_envelope_with_a_flipped_byte_is_refused(place):
    signature = bytearray(session_key_signature(SESSION.address, wallet_signature(SESSION)))
    signature[place] ^= 1
    assert order_signer(OF_A_WALLET, bytes(signature), neg_risk=False) is None


@pytest.mark.parametrize("length", [0, 1, 64, 66, 316, 317, 318, 480])
def test_garbage_of_any_length_is_no_signature(length):
    assert order_signer(OF_A_WALLET, b"\xff" * length, neg_risk=False) is None
    assert order_signer(PLAIN, b"\xff" * length, neg_risk=False) is None


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=500))
def test_no_bytes_make_recovery_raise(signature):
    for order in (PLAIN, OF_A_WALLET):
        found = order_signer(order, signature, neg_risk=False)
        assert found is None or found.startswith("0x")


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 2**255), st.binary(min_size=32, max_size=32))
def test_what_a_key_signs_is_recovered_to_it(secret, digest):
    key = OrderKey(secret.to_bytes(32, "big"))
    assert signer_of(digest, key.sign(digest)) == key.address
