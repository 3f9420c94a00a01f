import pytest

from tests.support.vectors import named, vectors
from whaletrader.adapters.local.keys import OrderKey
from whaletrader.domain.order_hash import CONTRACT_WALLET
from whaletrader.domain.venue_contracts import VenueContract
from whaletrader.domain.wallet_addresses import (
    DEPOSIT_WALLET_BEACON,
    DEPOSIT_WALLET_IMPLEMENTATION,
    EOA,
    PROXY,
    PROXY_IMPLEMENTATION,
    SAFE,
    SAFE_INIT_CODE_HASH,
    create2_address,
    deposit_wallet,
    deposit_wallet_uups,
    own_wallets,
    proxy_wallet,
    safe_wallet,
    wallet_type,
)

FILE = vectors("wallets")
every_case = pytest.mark.parametrize("case", FILE["vectors"], ids=named(FILE["vectors"]))


@every_case
def test_the_wallets_of_an_account_are_the_factories(case):
    account = case["eoa"]
    assert OrderKey(bytes.fromhex(case["private_key"][2:])).address == account.lower()
    assert proxy_wallet(account) == case["poly_proxy"].lower()
    assert safe_wallet(account) == case["gnosis_safe"].lower()
    assert deposit_wallet(account) == case["deposit_wallet_beacon"].lower()
    assert deposit_wallet_uups(account.lower()) == case["deposit_wallet_uups"].lower()


@every_case
def test_a_wallet_tells_the_signature_type_of_its_orders(case):
    account, types = case["eoa"].lower(), FILE["signature_types"]
    assert wallet_type(account, case["eoa"]) == types["EOA"] == EOA
    assert wallet_type(account, case["poly_proxy"]) == types["POLY_PROXY"] == PROXY
    assert wallet_type(account, case["gnosis_safe"]) == types["GNOSIS_SAFE"] == SAFE
    for form in ("deposit_wallet_beacon", "deposit_wallet_uups"):
        assert wallet_type(account, case[form]) == types["DEPOSIT_WALLET"] == CONTRACT_WALLET
    assert wallet_type(account, VenueContract.EXCHANGE) is None


def test_the_factories_and_codes_are_the_packages():
    told = FILE["config"]
    assert told["proxy_factory"].lower() == VenueContract.PROXY_FACTORY
    assert told["safe_factory"].lower() == VenueContract.SAFE_FACTORY
    assert told["deposit_wallet_factory"].lower() == VenueContract.DEPOSIT_WALLET_FACTORY
    assert told["proxy_implementation"].lower() == PROXY_IMPLEMENTATION
    assert told["deposit_wallet_implementation"].lower() == DEPOSIT_WALLET_IMPLEMENTATION
    assert told["deposit_wallet_beacon"].lower() == DEPOSIT_WALLET_BEACON
    assert told["safe_init_code_hash"] == "0x" + SAFE_INIT_CODE_HASH.hex()


@pytest.mark.parametrize(
    ("factory", "salt", "code_hash", "address"),
    [  # examples of EIP-1014, their init codes hashed
        (
            "0x0000000000000000000000000000000000000000", "00" * 32,
            "bc36789e7a1e281436464229828f817d6612f7b477d66591ff96a9e064bcc98a",
            "0x4d1a2e2bb4f88f0250f26ffff098b0b30b26bf38",
        ),
        (
            "0xdeadbeef00000000000000000000000000000000", "00" * 32,
            "bc36789e7a1e281436464229828f817d6612f7b477d66591ff96a9e064bcc98a",
            "0xb928f69bb1d91cd65274e3c79d8986362984fda3",
        ),
    ],
)  # fmt: skip
def test_create2_gives_the_standards_examples(factory, salt, code_hash, address):
    assert create2_address(factory, bytes.fromhex(salt), bytes.fromhex(code_hash)) == address


def test_what_is_no_account_has_no_wallets():
    with pytest.raises(ValueError, match="not an address"):
        own_wallets("0x12")
