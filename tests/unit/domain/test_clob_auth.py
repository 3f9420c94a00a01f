import base64
import copy
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.vectors import KEYS, named, vectors
from whaletrader.domain.clob_auth import (
    ApiKey,
    auth_domain_separator,
    auth_struct_hash,
    builder_headers,
    l1_digest,
    l1_headers,
    l2_headers,
    l2_signature,
    l2_signature_holds,
)
from whaletrader.domain.signature import signer_of

L1 = vectors("l1_auth")
L2 = vectors("l2_hmac")["vectors"]
SECRET = "yMnKy8zNzs_Q0dLT1NXW19jZ2tvc3d7f4OHi4-Tl5uc="
KEY = ApiKey("00000000-0000-0000-0000-000000000001", SECRET, "the passphrase")


def body_of(case):
    return (case["body"] or "").encode()


@pytest.mark.parametrize("case", L1["vectors"], ids=named(L1["vectors"]))
def test_the_statement_is_signed_as_the_official_packages_sign_it(case):
    address, time, nonce = case["headers"]["POLY_ADDRESS"], case["timestamp"], case["nonce"]
    assert "0x" + auth_domain_separator(case["chain_id"]).hex() == case["domain_separator"]
    assert "0x" + auth_struct_hash(address, time, nonce).hex() == case["struct_hash"]
    digest = l1_digest(address, time, nonce, chain_id=case["chain_id"])
    assert "0x" + digest.hex() == case["digest"]
    signature = KEYS[address.lower()].sign(digest)
    assert l1_headers(address.lower(), signature, time, nonce) == case["headers"]
    assert signer_of(digest, signature) == address.lower()


def test_another_chain_is_another_domain():
    assert auth_domain_separator(137) != auth_domain_separator(80_002)


@pytest.mark.parametrize("case", L2, ids=named(L2))
def test_the_hmac_is_the_official_packages(case):
    told = l2_signature(case["secret"], case["timestamp"], case["method"], case["path"], body_of(case))
    assert told == case["signature"]


@pytest.mark.parametrize("case", L2, ids=named(L2))
def test_the_hmac_of_either_official_package_holds(case):
    call = (case["timestamp"], case["method"], case["path"], body_of(case))
    assert l2_signature_holds(case["secret"], case["signature"], *call)
    assert l2_signature_holds(case["secret"], case["py_clob_client_v2_signature"], *call)
    assert not l2_signature_holds(case["secret"], case["signature"], case["timestamp"] + 1, *call[1:])


def test_a_secret_without_its_padding_signs_the_same():
    padded = l2_signature(SECRET, 1, "GET", "/data/orders")
    assert l2_signature(SECRET.rstrip("="), 1, "GET", "/data/orders") == padded


def test_the_body_is_hashed_as_the_bytes_that_are_sent():
    body = '{"t":"naïve ☃"}'.encode()
    assert l2_signature(SECRET, 1, "POST", "/x", body) != l2_signature(SECRET, 1, "POST", "/x", body + b" ")


def test_a_bad_secret_is_refused_without_quoting_it():
    with pytest.raises(ValueError, match="API secret") as caught:
        l2_signature("abcde", 1, "GET", "/")
    assert "abcde" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_signature_that_is_no_ascii_holds_nothing():
    assert not l2_signature_holds(SECRET, "☃", 1, "GET", "/")


def test_headers_carry_the_address_in_mixed_case():
    headers = l2_headers(L1["address"].lower(), KEY, 1_795_305_600, "GET", "/data/orders")
    assert headers == {
        "POLY_ADDRESS": L1["address"],
        "POLY_API_KEY": KEY.key,
        "POLY_PASSPHRASE": "the passphrase",
        "POLY_SIGNATURE": "3FyvHHSnTGEk1yBcrlSlFdOikhYhwMEkDU4CxtmfZHU=",
        "POLY_TIMESTAMP": "1795305600",
    }
    theirs = builder_headers(KEY, 1_795_305_600, "GET", "/data/orders")
    assert theirs["POLY_BUILDER_SIGNATURE"] == headers["POLY_SIGNATURE"]


def test_an_api_key_shows_nothing_and_cannot_be_copied_out():
    for text in (repr(KEY), str(KEY), f"{KEY!r:>40}", repr([KEY])):
        assert SECRET not in text
        assert "passphrase" not in text
    with pytest.raises(TypeError):
        pickle.dumps(KEY)
    with pytest.raises(TypeError):
        copy.deepcopy(KEY)


@settings(max_examples=50, deadline=None)
@given(st.binary(min_size=1, max_size=64), st.integers(0, 2**40), st.binary(max_size=100))
def test_any_change_of_the_body_breaks_the_hmac(secret, time, body):
    text = base64.urlsafe_b64encode(secret).decode()
    made = l2_signature(text, time, "POST", "/order", body)
    assert l2_signature_holds(text, made, time, "POST", "/order", body)
    assert not l2_signature_holds(text, made, time, "POST", "/order", body + b"x")
