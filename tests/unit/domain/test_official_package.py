"""Orders of every kind, signed by us and by the official package in one process: the same bytes."""

import base64
import json
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.vectors import TEST_KEY
from whaletrader.adapters.local.keys import OrderKey
from whaletrader.domain.addresses import checksum_address
from whaletrader.domain.amounts import AMOUNT_DECIMALS, limit_amounts, market_amounts
from whaletrader.domain.clob_auth import l1_digest, l1_headers, l2_signature
from whaletrader.domain.contract_ids import PositionId
from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.order_hash import (
    CONTRACT_WALLET,
    MAX_SALT,
    OrderStruct,
    contract_wallet_digest,
    contract_wallet_signature,
    exchange_contract,
    keccak256,
    order_digest,
)
from whaletrader.domain.order_payload import batch_body, order_body
from whaletrader.domain.rebates import amount_within
from whaletrader.domain.signature import order_signer, session_key_signature
from whaletrader.domain.values import MICRO, Side
from whaletrader.domain.wallet_addresses import own_wallets

SECRET = 0x59C6995E998F97A5A0044966F0945389DC9E86DAE88C7A8412F4603B6B78690D.to_bytes(32, "big")
PUBLIC = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
SESSION = OrderKey(SECRET)
OWN = own_wallets(TEST_KEY.address)
WALLETS = {0: TEST_KEY.address, 1: OWN.proxy, 2: OWN.safe, 3: OWN.deposit}
WALLET_TYPES = ("EOA", "POLY_PROXY", "GNOSIS_SAFE", "DEPOSIT_WALLET")
TICKS = sorted(AMOUNT_DECIMALS)

tokens = st.one_of(
    st.binary(max_size=8).map(lambda seed: str(int.from_bytes(keccak256(seed), "big"))),
    st.builds(
        PositionId, st.sampled_from([1, 2, 3]), st.integers(1, 2**128 - 1), st.integers(0, 40),
        condition_index=st.integers(0, 40), outcome_index=st.integers(0, 1),
    ).map(lambda position: str(position.pack())),
)  # fmt: skip
words = st.binary(min_size=32, max_size=32).map(bytes.hex)
orders = st.builds(
    lambda kind, **fields: OrderStruct(
        maker=checksum_address(WALLETS[kind]),
        signer=checksum_address(WALLETS[3] if kind == CONTRACT_WALLET else TEST_KEY.address),
        signature_type=kind,
        **fields,
    ),
    st.sampled_from([0, 1, 2, 3]),
    salt=st.integers(0, MAX_SALT),
    token_id=tokens,
    maker_amount=st.integers(1, 2**63),
    taker_amount=st.integers(1, 2**63),
    side=st.sampled_from(Side),
    timestamp_ms=st.integers(1, 2**45),
    metadata=st.just("00" * 32),
    builder=st.one_of(st.just("00" * 32), words),
)


@pytest.fixture(scope="module")
def package():
    """The parts of the official package that build and sign, gathered; importing it takes a second."""
    from eth_account import Account
    from polymarket._internal import hmac, l1_auth, wallet
    from polymarket._internal.actions import auth
    from polymarket._internal.actions.orders import limit, market, post, typed_data, types
    from polymarket._internal.actions.orders import orders as order_actions
    from polymarket._internal.actions.orders.context import resolve_order_exchange_address
    from polymarket._internal.actions.orders.market_data import PlatformFeeInfo
    from polymarket._internal.environment import PRODUCTION_CONFIG

    return SimpleNamespace(
        account=Account, hmac=hmac, l1=l1_auth, wallet=wallet, auth=auth, limit=limit, market=market, post=post,
        typed=typed_data, types=types, orders=order_actions, exchange=resolve_order_exchange_address,
        config=PRODUCTION_CONFIG, fee=PlatformFeeInfo,
    )  # fmt: skip


def theirs(package, order, *, neg_risk, secret, order_type="GTC", post_only=False, expiration=0):
    """The package's signed order for the very struct, and its body."""
    exchange = package.exchange(package.config, asset_id=order.token_id, neg_risk=neg_risk)
    unsigned = package.types.UnsignedOrder(
        chain_id=137, builder="0x" + order.builder, exchange_address=exchange, expiration=expiration,
        maker=order.maker, maker_amount=order.maker_amount, metadata="0x" + order.metadata, order_type=order_type,
        salt=order.salt, side=order.side.value, signature_type=order.signature_type, signer=order.signer,
        taker_amount=order.taker_amount, timestamp=order.timestamp_ms, token_id=order.token_id,
        protocol_version=exchange_contract(order.token_id, neg_risk=neg_risk).value[0],
    )  # fmt: skip
    signer = package.account.from_key(secret)
    inner = "0x" + signer.sign_typed_data(full_message=package.typed.build_order_typed_data(unsigned)).signature.hex()
    session = order.signature_type == CONTRACT_WALLET and secret == SECRET
    final = package.wallet.wrap_deposit_wallet_signature(
        signer=signer.address, signer_type="SESSION_KEY" if session else "OWNER",
        signature=package.typed.build_order_signature(unsigned, inner),
    )  # fmt: skip
    signed = package.orders.create_signed_order(unsigned, final, post_only=post_only)
    _, payload = package.post.build_post_order_request(signed, owner_api_key="the-owner")
    return final, json.dumps(payload, separators=(",", ":")).encode()


def ours(order, key, *, neg_risk):
    if order.signature_type != CONTRACT_WALLET:
        return key.sign(order_digest(order, neg_risk=neg_risk))
    inner = key.sign(contract_wallet_digest(order, neg_risk=neg_risk))
    signature = contract_wallet_signature(order, inner, neg_risk=neg_risk)
    return session_key_signature(key.address, signature) if key is SESSION else signature


@settings(max_examples=60, deadline=None)
@given(
    order=orders,
    neg_risk=st.booleans(),
    by_session=st.booleans(),
    form=st.sampled_from(["GTC", "GTD", "FOK", "FAK"]),
    post_only=st.booleans(),
)
def test_every_order_has_the_packages_signature_and_body(package, order, neg_risk, by_session, form, post_only):
    session = by_session and order.signature_type == CONTRACT_WALLET
    key, secret = (SESSION, SECRET) if session else (TEST_KEY, bytes.fromhex(PUBLIC))
    post_only = post_only and form in ("GTC", "GTD")
    expiration = 1_795_392_000 if form == "GTD" else 0
    signature, body = theirs(
        package, order, neg_risk=neg_risk, secret=secret, order_type=form, post_only=post_only, expiration=expiration
    )
    made = ours(order, key, neg_risk=neg_risk)
    assert "0x" + made.hex() == signature
    assert order_signer(order, made, neg_risk=neg_risk) == key.address
    sent = order_body(
        order, owner="the-owner", signature=signature, order_type=form, post_only=post_only, expiration_s=expiration,
        builder=order.builder,
    )  # fmt: skip
    assert sent == body
    assert batch_body([sent, sent]) == b"[" + body + b"," + body + b"]"


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TICKS), st.floats(0, 1, exclude_max=True), st.integers(1, 10**12), st.sampled_from(Side))
def test_amounts_are_the_packages(package, tick, where, quantity, side):
    price = tick * (1 + int(where * (MICRO // tick - 1)))
    told = {"price": Decimal(price) / MICRO, "side": side.value, "tick_size": (Decimal(tick) / MICRO).normalize()}
    amount = Decimal(quantity) / MICRO
    limit = limit_amounts(side, price, quantity, tick)
    assert (limit.maker, limit.taker) == package.limit._compute_limit_order_amounts(size=amount, **told)
    market = market_amounts(side, price, quantity, tick)
    assert (market.maker, market.taker) == package.market._compute_market_order_amounts(amount=amount, **told)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 10**12),
    st.integers(100, 999_900),
    st.integers(1, 10**12),
    st.sampled_from([0, 17_500, 30_000, 40_000, 50_000, 70_000, 72_000]),
    st.sampled_from([0, 1, 2]),
    st.sampled_from([0, 1_000, 10_000]),
)
def test_a_budget_with_fees_is_the_packages(package, amount, price, budget, rate, exponent, builder):
    fee = package.fee(rate=Decimal(rate) / MICRO, exponent=Decimal(exponent))
    told = package.market.adjust_buy_amount_for_fees(
        amount=Decimal(amount) / MICRO, price=Decimal(price) / MICRO, max_spend=Decimal(budget) / MICRO, fee=fee,
        builder_taker_fee_rate=Decimal(builder) / MICRO,
    )  # fmt: skip
    exact = amount_within(amount, price, budget, FeeSchedule(rate, exponent), builder)
    assert abs(exact - Fraction(told)) < Fraction(1, 10**18)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([137, 80_002]), st.integers(0, 2**40), st.integers(0, 2**64))
def test_the_statement_is_the_packages(package, chain, time, nonce):
    signer = package.account.from_key(PUBLIC)
    signed = package.l1.sign_api_key_auth(signer, chain_id=chain, timestamp=time, nonce=nonce)
    signature = TEST_KEY.sign(l1_digest(TEST_KEY.address, time, nonce, chain_id=chain))
    assert l1_headers(TEST_KEY.address, signature, time, nonce) == package.auth.build_l1_auth_headers(signed)


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=1, max_size=48), st.integers(0, 2**40), st.text(max_size=40), st.booleans())
def test_the_hmac_is_the_packages(package, secret, time, body, padded):
    text = base64.urlsafe_b64encode(secret).decode()
    text = text if padded else text.rstrip("=")
    told = package.hmac.build_hmac_signature(secret=text, timestamp=time, method="POST", path="/orders", body=body)
    assert l2_signature(text, time, "POST", "/orders", body.encode()) == told


@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=20, max_size=20))
def test_the_wallets_are_the_packages(package, raw):
    account = checksum_address("0x" + raw.hex())
    own, config, derive = own_wallets(account), package.config.wallet_derivation, package.wallet
    assert checksum_address(own.proxy) == derive.derive_proxy_wallet_address(account, config)
    assert checksum_address(own.safe) == derive.derive_safe_wallet_address(account, config)
    assert checksum_address(own.deposit) == derive.derive_beacon_deposit_wallet_address(account, config)
    assert checksum_address(own.deposit_uups) == derive.derive_uups_deposit_wallet_address(account, config)
