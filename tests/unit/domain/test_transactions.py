"""Transactions of type 2: byte for byte as Ethereum's own library makes them, and never read in two ways."""

import pytest
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.adapters.local.keys import OrderKey
from whaletrader.domain.transactions import (
    ChainTransaction,
    read_transaction,
    rlp,
    signed_bytes,
    signing_digest,
    transaction_hash,
)

SECRET = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
KEY = OrderKey(SECRET)
CALLS = st.builds(
    ChainTransaction,
    nonce=st.integers(0, 2**40),
    tip_wei=st.integers(0, 2**50),
    max_fee_wei=st.integers(0, 2**60),
    gas=st.integers(21_000, 2**30),
    to=st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex()),
    data=st.binary(max_size=300),
)


def signed(transaction):
    return signed_bytes(transaction, KEY.sign(signing_digest(transaction)))


@settings(max_examples=60, deadline=None)
@given(CALLS)
def test_a_signed_transaction_is_what_ethereums_own_library_makes_of_it(transaction):
    told = {
        "type": 2,
        "chainId": 137,
        "nonce": transaction.nonce,
        "maxPriorityFeePerGas": transaction.tip_wei,
        "maxFeePerGas": transaction.max_fee_wei,
        "gas": transaction.gas,
        "to": bytes.fromhex(transaction.to[2:]),
        "value": 0,
        "data": transaction.data,
    }
    oracle = Account.sign_transaction(told, SECRET)
    raw = signed(transaction)
    assert raw == bytes(oracle.raw_transaction)
    assert transaction_hash(raw) == "0x" + bytes(oracle.hash).hex()


@settings(max_examples=60, deadline=None)
@given(CALLS)
def test_a_transaction_is_read_back_with_its_signer(transaction):
    found = read_transaction(signed(transaction))
    assert (found.transaction, found.sender, found.hash) == (
        transaction,
        KEY.address,
        transaction_hash(signed(transaction)),
    )


@settings(max_examples=200, deadline=None)
@given(CALLS, st.data())
def test_a_byte_that_is_changed_never_reads_as_the_same_call_of_the_same_account(transaction, data):
    raw = bytearray(signed(transaction))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    try:
        found = read_transaction(bytes(raw))
    except ValueError:
        return
    assert (found.transaction, found.sender) != (transaction, KEY.address)


@pytest.mark.parametrize(
    "raw", [b"", b"\x02", b"\x01\xc0", b"\x02\xc0", b"\x02\x80", b"\x02\xf8", b"\xf8\x6b", bytes(200)]
)
def test_what_is_no_transaction_of_type_2_is_refused(raw):
    with pytest.raises(ValueError, match=r".+"):
        read_transaction(raw)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(raw):
    for each in (raw, b"\x02" + raw):
        try:
            found = read_transaction(each)
        except ValueError:
            continue
        assert found.hash == transaction_hash(each)


def test_lists_in_lists_in_lists_are_refused_and_not_followed():
    item = b""
    for _ in range(2_000):
        item = rlp([]) if not item else _wrapped(item)
    with pytest.raises(ValueError, match="too deep"):
        read_transaction(b"\x02" + item)


def _wrapped(body):
    size = len(body)
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return (bytes([0xC0 + size]) if size <= 55 else bytes([0xF7 + len(digits)]) + digits) + body


@pytest.mark.parametrize(
    ("item", "encoded"),
    [
        (b"", "80"),
        (b"\x00", "00"),
        (b"\x7f", "7f"),
        (b"\x80", "8180"),
        (b"dog", "83646f67"),
        ([], "c0"),
        ([b"cat", b"dog"], "c88363617483646f67"),
        ([[], [[]], [[], [[]]]], "c7c0c1c0c3c0c1c0"),
        (b"a" * 56, "b838" + "61" * 56),
    ],
)
def test_items_are_encoded_as_the_yellow_paper_says(item, encoded):
    assert rlp(item).hex() == encoded
