"""Calls and batches equal those of the venue's own package, byte for byte."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.adapters.local.keys import OrderKey
from whaletrader.domain import chain_calls as ours
from whaletrader.domain.addresses import checksum_address
from whaletrader.domain.venue_contracts import VenueContract
from whaletrader.domain.wallet_batch import (
    RELAY_HUB,
    deposit_batch_digest,
    multisend_data,
    personal_digest,
    proxy_data,
    proxy_digest,
    safe_digest,
    safe_signature,
)

official = pytest.importorskip(
    "polymarket._internal.actions.relayer.calls", reason="the venue's package is not installed"
)
KEY = OrderKey(bytes(31) + b"\x09")
WALLET = "0x" + "5a" * 20
CONDITION = "0x" + "c0" * 32
CONDITION_V2 = "0x01" + "c0" * 30
SHORT = settings(max_examples=25, deadline=None)
AMOUNTS = st.integers(0, 2**63)
CALLS = st.lists(
    st.tuples(st.binary(min_size=20, max_size=20), st.binary(min_size=4, max_size=200)).map(
        lambda parts: ours.Call("0x" + parts[0].hex(), parts[1])
    ),
    min_size=1,
    max_size=4,
)


def same(call, theirs):
    return (call.to.lower(), "0x" + call.data.hex()) == (str(theirs.to).lower(), theirs.data)


def theirs_of(calls):
    return [official.TransactionCall(to=checksum_address(c.to), data="0x" + c.data.hex()) for c in calls]


@pytest.mark.parametrize("neg_risk", [False, True])
@given(amount=AMOUNTS)
@SHORT
def test_splits_and_merges_of_ordinary_markets(neg_risk, amount):
    target = ours.adapter_of(neg_risk=neg_risk).value
    values = {"target": target, "collateral": VenueContract.PUSD, "condition_id": CONDITION, "amount": amount}
    assert same(ours.split_call(CONDITION, amount, neg_risk=neg_risk), official.ctf_split_position_call(**values))
    assert same(ours.merge_call(CONDITION, amount, neg_risk=neg_risk), official.ctf_merge_positions_call(**values))


@given(amount=AMOUNTS)
@SHORT
def test_splits_and_merges_of_protocol_v2(amount):
    values = {"router": VenueContract.ROUTER, "condition_id": CONDITION_V2, "amount": amount}
    assert same(ours.split_call(CONDITION_V2, amount, neg_risk=False), official.router_split_call(**values))
    assert same(ours.merge_call(CONDITION_V2, amount, neg_risk=False), official.router_merge_call(**values))


@pytest.mark.parametrize("neg_risk", [False, True])
def test_redemptions(neg_risk):
    adapter = ours.adapter_of(neg_risk=neg_risk).value
    theirs = official.ctf_redeem_positions_call(ctf=adapter, collateral=VenueContract.PUSD, condition_id=CONDITION)
    assert same(ours.redeem_call(CONDITION, neg_risk=neg_risk), theirs)


@pytest.mark.parametrize("outcome", [0, 1])
def test_redemptions_of_protocol_v2_positions(outcome):
    position = 1 << 248 | 0xABC << 120 | outcome
    condition = f"0x{position >> 8:062x}"
    values = {"router": VenueContract.ROUTER, "condition_id": condition, "outcome_index": outcome, "amount": 7_000_000}
    assert same(ours.redeem_position_call(str(position), 7_000_000), official.router_redeem_call(**values))
    assert ours.balance_view(str(position), WALLET).to == VenueContract.POSITION_MANAGER


def test_views():
    spender = VenueContract.EXCHANGE
    values = {"token_address": VenueContract.PUSD, "owner": WALLET, "spender": spender}
    assert same(ours.allowance_view(WALLET, spender), official.erc20_allowance_call(**values))
    tokens = {"token_address": VenueContract.CONDITIONAL_TOKENS, "owner": WALLET}
    assert same(ours.balance_view("123", WALLET), official.erc1155_balance_of_call(**tokens, token_id="123"))
    assert same(
        ours.approval_view(WALLET, spender), official.erc1155_is_approved_for_all_call(**tokens, operator=spender)
    )


def test_allowances():
    pusd, ctf, spender = VenueContract.PUSD, VenueContract.CONDITIONAL_TOKENS, VenueContract.EXCHANGE
    limit = official.MAX_UINT256
    assert same(
        ours.allow_call(spender), official.erc20_approval_call(token_address=pusd, spender=spender, amount=limit)
    )
    theirs = official.erc1155_set_approval_for_all_call(token_address=ctf, operator=spender)
    assert same(ours.allow_tokens_call(spender), theirs)


@given(calls=CALLS, nonce=st.integers(0, 10**6), deadline=st.integers(0, 2**40))
@SHORT
def test_a_deposit_wallets_batch_is_signed_as_the_package_signs_it(calls, nonce, deadline):
    from eth_account import Account
    from polymarket._internal.actions.relayer.signing.deposit_wallet import sign_deposit_wallet_batch

    signer = Account.from_key(bytes(31) + b"\x09")
    values = {"wallet": checksum_address(WALLET), "nonce": str(nonce), "deadline": str(deadline), "chain_id": 137}
    theirs = sign_deposit_wallet_batch(signer, calls=theirs_of(calls), **values)
    assert "0x" + KEY.sign(deposit_batch_digest(WALLET, calls, nonce, deadline)).hex() == theirs


@given(calls=CALLS, nonce=st.integers(0, 10**6))
@SHORT
def test_a_safes_transaction_is_signed_as_the_package_signs_it(calls, nonce):
    from eth_account import Account
    from polymarket._internal.actions.relayer.signing.safe import sign_safe_transaction

    data = multisend_data(calls)
    assert "0x" + data.hex() == official.encode_safe_multisend_call(theirs_of(calls))
    signer, to = Account.from_key(bytes(31) + b"\x09"), checksum_address("0x" + "77" * 20)
    values = {"safe_address": checksum_address(WALLET), "to": to, "value": 0, "nonce": str(nonce), "chain_id": 137}
    theirs = sign_safe_transaction(signer, data="0x" + data.hex(), operation=1, **values)
    signature = safe_signature(KEY.sign(personal_digest(safe_digest(WALLET, to, data, 1, nonce))))
    assert "0x" + signature.hex() == theirs


@given(calls=CALLS, nonce=st.integers(0, 10**6), gas=st.integers(0, 10**7))
@SHORT
def test_a_proxys_call_is_signed_as_the_package_signs_it(calls, nonce, gas):
    from eth_account import Account
    from polymarket._internal.actions.relayer.signing.proxy import build_proxy_transaction_hash, sign_proxy_message

    data = proxy_data(calls)
    assert "0x" + data.hex() == official.encode_proxy_call(theirs_of(calls))
    relay = "0x" + "33" * 20
    hash_ = build_proxy_transaction_hash(
        from_address=KEY.address,
        to=VenueContract.PROXY_FACTORY,
        data="0x" + data.hex(),
        relayer_fee="0",
        gas_price="0",
        gas_limit=str(gas),
        nonce=str(nonce),
        relay_hub=RELAY_HUB,
        relay=relay,
    )
    digest = proxy_digest(KEY.address, data, nonce, relay, gas)
    assert "0x" + digest.hex() == hash_
    theirs = sign_proxy_message(Account.from_key(bytes(31) + b"\x09"), hash_)
    assert "0x" + KEY.sign(personal_digest(digest)).hex() == theirs
