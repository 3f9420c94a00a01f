"""The venue's two ways to prove who is calling: a signed statement (L1) for API keys, an HMAC (L2) for all else.

Pure: the time is passed in, and nothing is sent. Secrets have no readable representation. Source: the official
clients (FACTS 1.1).
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

from whaletrader.domain.addresses import address_bytes, checksum_address
from whaletrader.domain.order_hash import CHAIN_ID, keccak256

_DOMAIN_TYPE = b"EIP712Domain(string name,string version,uint256 chainId)"
_AUTH_TYPE = b"ClobAuth(address address,string timestamp,uint256 nonce,string message)"
_STATEMENT = b"This message attests that I control the given wallet"


@dataclass(frozen=True, slots=True, repr=False)
class ApiKey:
    """Credentials of the private API: an id (a UUID), an HMAC secret (URL-safe base64) and a passphrase."""

    key: str
    secret: str
    passphrase: str

    def __repr__(self) -> str:
        return "ApiKey(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("an API key cannot be copied out of its process")


@lru_cache(maxsize=8)
def auth_domain_separator(chain_id: int = CHAIN_ID) -> bytes:
    """EIP-712 domain separator of the statement, 32 bytes; it names no contract."""
    return keccak256(
        keccak256(_DOMAIN_TYPE) + keccak256(b"ClobAuthDomain") + keccak256(b"1") + chain_id.to_bytes(32, "big")
    )


def auth_struct_hash(address: str, timestamp_s: int, nonce: int) -> bytes:
    """EIP-712 hash of the bare statement, 32 bytes; `ValueError` where `address` is none."""
    return keccak256(
        keccak256(_AUTH_TYPE)
        + address_bytes(address).rjust(32, b"\0")
        + keccak256(str(timestamp_s).encode())
        + nonce.to_bytes(32, "big")
        + keccak256(_STATEMENT)
    )


def l1_digest(address: str, timestamp_s: int, nonce: int = 0, *, chain_id: int = CHAIN_ID) -> bytes:
    """What an account signs to create or derive its API key.

    Parameters
    ----------
    address : str
        The signing account (never a contract wallet).
    timestamp_s : int
        UTC seconds.
    nonce : int
        Which of the account's keys, >= 0.
    chain_id : int
        137, or 80002 on the test network.

    Returns
    -------
    bytes
        32 bytes.
    """
    return keccak256(b"\x19\x01" + auth_domain_separator(chain_id) + auth_struct_hash(address, timestamp_s, nonce))


def l1_headers(address: str, signature: bytes, timestamp_s: int, nonce: int = 0) -> dict[str, str]:
    """Headers of a call that creates or derives an API key.

    Parameters
    ----------
    address : str
        The signing account, any case.
    signature : bytes
        Over `l1_digest` of the same values.
    timestamp_s, nonce : int
        As signed.
    """
    return {
        "POLY_ADDRESS": checksum_address(address),
        "POLY_NONCE": str(nonce),
        "POLY_SIGNATURE": "0x" + signature.hex(),
        "POLY_TIMESTAMP": str(timestamp_s),
    }


def l2_signature(secret: str, timestamp_s: int, method: str, path: str, body: bytes = b"") -> str:
    """HMAC-SHA256 of a private call.

    Parameters
    ----------
    secret : str
        The API secret, URL-safe base64, with or without its padding.
    timestamp_s : int
        UTC seconds, as in the header.
    method : str
        Upper case for HTTP; taken as it is.
    path : str
        Without the query string.
    body : bytes
        The exact bytes sent; empty where there is no body.

    Returns
    -------
    str
        URL-safe base64 with padding.

    Raises
    ------
    ValueError
        Where the secret is no base64; the text does not quote it.
    """
    return _hmac(_secret_bytes(secret), f"{timestamp_s}{method}{path}".encode() + body)


def l2_signature_holds(
    secret: str, signature: str, timestamp_s: int, method: str, path: str, body: bytes = b""
) -> bool:
    """Whether a call's HMAC is right, in constant time.

    The older official clients hash double quotes where the body has single ones; both forms hold.
    """
    key, head = _secret_bytes(secret), f"{timestamp_s}{method}{path}".encode()
    given = signature.encode()
    forms = (body, body.replace(b"'", b'"')) if b"'" in body else (body,)
    return any(hmac.compare_digest(_hmac(key, head + form).encode(), given) for form in forms)


def l2_headers(
    address: str, api_key: ApiKey, timestamp_s: int, method: str, path: str, body: bytes = b""
) -> dict[str, str]:
    """Headers of a private call; parameters as for `l2_signature`, `address` the account that signs orders."""
    return {
        "POLY_ADDRESS": checksum_address(address),
        "POLY_API_KEY": api_key.key,
        "POLY_PASSPHRASE": api_key.passphrase,
        "POLY_SIGNATURE": l2_signature(api_key.secret, timestamp_s, method, path, body),
        "POLY_TIMESTAMP": str(timestamp_s),
    }


def builder_headers(api_key: ApiKey, timestamp_s: int, method: str, path: str, body: bytes = b"") -> Mapping[str, str]:
    """Headers by which a builder key authenticates a call to the relayer; the same HMAC as `l2_signature`."""
    return {
        "POLY_BUILDER_API_KEY": api_key.key,
        "POLY_BUILDER_PASSPHRASE": api_key.passphrase,
        "POLY_BUILDER_SIGNATURE": l2_signature(api_key.secret, timestamp_s, method, path, body),
        "POLY_BUILDER_TIMESTAMP": str(timestamp_s),
    }


def _hmac(key: bytes, message: bytes) -> str:
    return base64.urlsafe_b64encode(hmac.digest(key, message, hashlib.sha256)).decode("ascii")


def _secret_bytes(secret: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
    except (binascii.Error, ValueError):
        # The cause is left out on purpose: it may quote the secret.
        raise ValueError("the API secret is no URL-safe base64") from None
