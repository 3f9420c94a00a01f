"""Who signed: recovery of the signing account, for plain signatures and for those of contract wallets.

Nothing here holds a key; whether a wallet belongs to the recovered account is for the caller to know.
Sources: EIP-712, ERC-7739 (nested typed data), ERC-6492's magic suffix as the venue's package uses it (FACTS 2.2).
"""

import coincurve

from whaletrader.domain.addresses import address_bytes, address_of_hash
from whaletrader.domain.order_hash import (
    CONTRACT_WALLET,
    OrderStruct,
    contract_wallet_digest,
    contract_wallet_signature,
    keccak256,
    order_digest,
)

SIGNATURE_BYTES = 65
CONTRACT_WALLET_BYTES = 317
SESSION_KEY_BYTES = 480
_MAGIC = bytes.fromhex("6492") * 16
_WORD = 32
_V_OFFSET = 27


def signer_of(digest: bytes, signature: bytes) -> str:
    """Return the address that signed a digest.

    Parameters
    ----------
    digest : bytes
        32 bytes.
    signature : bytes
        r, s and v (27 or 28; 0 or 1 is taken too), 65 bytes.

    Returns
    -------
    str
        Lower-case address.

    Raises
    ------
    ValueError
        Where no account can have made this signature.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise ValueError("a signature has 65 bytes")
    v = signature[64]
    recovery = v - _V_OFFSET if v >= _V_OFFSET else v
    if recovery not in (0, 1):
        raise ValueError("the last byte of a signature is 27 or 28")
    key = coincurve.PublicKey.from_signature_and_message(signature[:64] + bytes([recovery]), digest, hasher=None)
    return address_of_hash(keccak256(key.format(compressed=False)[1:]))


def session_key_signature(session_signer: str, signature: bytes) -> bytes:
    """Wrap a contract wallet's signature that a session key made instead of the owner.

    Parameters
    ----------
    session_signer : str
        Address of the session key.
    signature : bytes
        The 317 bytes of `contract_wallet_signature`, its first 65 made by the session key.

    Returns
    -------
    bytes
        ABI encoding of (signer id, 32 zero bytes, signature) and the magic suffix: 480 bytes.
    """
    padded = signature.ljust(-(-len(signature) // _WORD) * _WORD, b"\0")
    return (
        address_bytes(session_signer).rjust(_WORD, b"\0")
        + bytes(_WORD)
        + (3 * _WORD).to_bytes(_WORD, "big")
        + len(signature).to_bytes(_WORD, "big")
        + padded
        + _MAGIC
    )


def order_signer(order: OrderStruct, signature: bytes, *, neg_risk: bool) -> str | None:
    """Return the account that signed an order, whatever its signature type; None where the signature does not hold.

    Parameters
    ----------
    order : OrderStruct
        As it came in; types 0 to 2 are signed as they are, type 3 as nested typed data.
    signature : bytes
        65 bytes (types 0 to 2), 317 (type 3) or 480 (type 3 by a session key).
    neg_risk : bool
        Whether the token's market is a neg-risk market: the wrong answer gives a stranger's address or None.

    Returns
    -------
    str or None
        Lower-case address: the owner, or the session key (`session_signer` tells them apart).

    Notes
    -----
    For types 0 to 2 any well-formed signature recovers to some address: compare it with `order.signer`.
    """
    try:
        if order.signature_type != CONTRACT_WALLET:
            return signer_of(order_digest(order, neg_risk=neg_risk), signature)
        told = session_signer(signature)
        outer = signature if told is None else _unwrapped(signature)
        inner = outer[:SIGNATURE_BYTES]
        if outer != contract_wallet_signature(order, inner, neg_risk=neg_risk):
            return None
        found = signer_of(contract_wallet_digest(order, neg_risk=neg_risk), inner)
    except ValueError:
        return None
    return found if told in (None, found) else None


def session_signer(signature: bytes) -> str | None:
    """Return the session key that a signature of 480 bytes names; None for every other form."""
    if len(signature) != SESSION_KEY_BYTES or not signature.endswith(_MAGIC):
        return None
    return address_of_hash(signature[:_WORD])


def _unwrapped(signature: bytes) -> bytes:
    head = 4 * _WORD
    inner = signature[head : head + CONTRACT_WALLET_BYTES]
    if signature != session_key_signature(address_of_hash(signature[:_WORD]), inner):
        raise ValueError("the session key's envelope is malformed")
    return inner
