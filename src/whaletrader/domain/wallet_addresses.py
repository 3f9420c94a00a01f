"""Which contract wallets an account owns by the venue's factories: CREATE2 addresses, computed without a chain.

Sources: EIP-1014; the factories' init codes as the venue's package has them (FACTS 2.2). Whether a wallet is deployed
only the chain tells.
"""

from dataclasses import dataclass
from functools import lru_cache

from whaletrader.domain.addresses import address_bytes, address_of_hash
from whaletrader.domain.order_hash import CONTRACT_WALLET, keccak256
from whaletrader.domain.venue_contracts import EXCLUDED_ADDRESSES, VenueContract

__all__ = [
    "EOA",
    "EXCLUDED_ADDRESSES",
    "PROXY",
    "SAFE",
    "OwnWallets",
    "create2_address",
    "deposit_wallet",
    "deposit_wallet_uups",
    "own_wallets",
    "proxy_wallet",
    "safe_wallet",
    "wallet_type",
]

EOA, PROXY, SAFE = 0, 1, 2
"""Signature types of an account itself, its proxy and its Safe; `CONTRACT_WALLET` is the fourth."""
PROXY_IMPLEMENTATION = "0x44e999d5c2f66ef0861317f9a4805ac2e90aeb4f"
DEPOSIT_WALLET_IMPLEMENTATION = "0x58ca52ebe0dadfdf531cde7062e76746de4db1eb"
DEPOSIT_WALLET_BEACON = "0x7a18edfe055488a3128f01f563e5b479d92ffc3a"
SAFE_INIT_CODE_HASH = bytes.fromhex("2bce2127ff07fb632d16c8347c4ebf501f4841168bed00d9e6ef715ddb6fcecf")

# The runtime code of the proxies, up to the addresses that are written into it.
_PROXY_HEAD = bytes.fromhex("3d3d606380380380913d393d73")
_PROXY_MIDDLE = bytes.fromhex("5af4602a57600080fd5b602d8060366000396000f3363d3d373d3d3d363d73")
_PROXY_TAIL = bytes.fromhex("5af43d82803e903d91602b57fd5bf352e831dd") + (32).to_bytes(32, "big") + bytes(32)
_UUPS_HEAD = 0x61003D3D8160233D3973
_UUPS_TAIL = bytes.fromhex(
    "6009"
    "5155f3363d3d373d3d363d7f360894a13ba1a3210667c828492db98dca3e2076"
    "cc3735a920a3ca505d382bbc545af43d6000803e6038573d6000fd5b3d6000f3"
)
_BEACON_HEAD = 0x6100523D8160233D3973
_BEACON_TAIL = bytes.fromhex(
    "60195155f3363d3d373d3d363d602036600436635c60da"
    "1b60e01b36527fa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6c"
    "b3582b35133d50545afa5036515af43d6000803e604d573d6000fd5b3d6000f3"
)
_LENGTH_SHIFT = 56
"""Where the length of the constructor's arguments stands in a deposit wallet's init code."""


@dataclass(frozen=True, slots=True)
class OwnWallets:
    """The wallets of one account, lower case."""

    account: str
    proxy: str
    safe: str
    deposit: str
    """The present form, behind a beacon."""
    deposit_uups: str
    """The former form."""


def create2_address(factory: str, salt: bytes, init_code_hash: bytes) -> str:
    """Address that a factory gives a contract (EIP-1014): the end of keccak256(0xff, factory, salt, code hash)."""
    return address_of_hash(keccak256(b"\xff" + address_bytes(factory) + salt + init_code_hash))


def proxy_wallet(account: str) -> str:
    """Wallet of signature type 1 (accounts made with an e-mail address), lower case."""
    factory = VenueContract.PROXY_FACTORY
    return create2_address(factory, keccak256(address_bytes(account)), _proxy_code_hash())


def safe_wallet(account: str) -> str:
    """Wallet of signature type 2 (accounts made with a browser wallet), lower case."""
    return create2_address(VenueContract.SAFE_FACTORY, keccak256(_padded(account)), SAFE_INIT_CODE_HASH)


def deposit_wallet(account: str) -> str:
    """Wallet of signature type 3, the form behind a beacon, lower case."""
    return _deposit(account, _BEACON_HEAD, DEPOSIT_WALLET_BEACON, _BEACON_TAIL)


def deposit_wallet_uups(account: str) -> str:
    """Wallet of signature type 3, the former UUPS form, lower case."""
    return _deposit(account, _UUPS_HEAD, DEPOSIT_WALLET_IMPLEMENTATION, _UUPS_TAIL)


def own_wallets(account: str) -> OwnWallets:
    """Every wallet that an account can own on the venue; `ValueError` where `account` is no address."""
    return OwnWallets(
        account=account.lower(),
        proxy=proxy_wallet(account),
        safe=safe_wallet(account),
        deposit=deposit_wallet(account),
        deposit_uups=deposit_wallet_uups(account),
    )


def wallet_type(account: str, wallet: str) -> int | None:
    """Signature type by which an account signs for a wallet; None where the wallet is not its own.

    Such a wallet may still be a deposit wallet for which the account is a session key.
    """
    own, asked = own_wallets(account), wallet.lower()
    kinds = {
        own.safe: SAFE,
        own.proxy: PROXY,
        own.deposit_uups: CONTRACT_WALLET,
        own.deposit: CONTRACT_WALLET,
        own.account: EOA,
    }
    return kinds.get(asked)


def _deposit(account: str, head: int, target: str, tail: bytes) -> str:
    arguments = _padded(VenueContract.DEPOSIT_WALLET_FACTORY) + _padded(account)
    code = (head + (len(arguments) << _LENGTH_SHIFT)).to_bytes(10, "big") + address_bytes(target) + tail + arguments
    return create2_address(VenueContract.DEPOSIT_WALLET_FACTORY, keccak256(arguments), keccak256(code))


@lru_cache(maxsize=1)
def _proxy_code_hash() -> bytes:
    factory = address_bytes(VenueContract.PROXY_FACTORY)
    return keccak256(_PROXY_HEAD + factory + _PROXY_MIDDLE + address_bytes(PROXY_IMPLEMENTATION) + _PROXY_TAIL)


def _padded(address: str) -> bytes:
    return address_bytes(address).rjust(32, b"\0")
