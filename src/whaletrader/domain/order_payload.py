"""An order as the venue takes it: the exact JSON bytes of one order and of a batch.

Signs nothing and sends nothing. What the venue's HMAC covers are these very bytes. Source: the official client
(FACTS 1.4).
"""

from collections.abc import Sequence

import msgspec

from whaletrader.domain.addresses import checksum_address
from whaletrader.domain.order_hash import MAX_SALT, NO_BYTES32, SignedFields
from whaletrader.domain.values import Side

MAX_BATCH = 15
"""Orders in one call."""
RESTING_TYPES = ("GTC", "GTD")
IMMEDIATE_TYPES = ("FOK", "FAK")
_ENCODER = msgspec.json.Encoder()


def order_body(
    order: SignedFields,
    *,
    owner: str,
    signature: str,
    order_type: str = "GTC",
    post_only: bool = False,
    expiration_s: int = 0,
    builder: str = NO_BYTES32,
    defer: bool = False,
) -> bytes:
    """Body of `POST /order`, byte for byte as the official client writes it.

    Parameters
    ----------
    order : SignedFields
        What was signed; addresses of any case (sent in EIP-55's), salt below 2^53.
    owner : str
        Id of the API key.
    signature : str
        0x and hex digits, over the order's digest.
    order_type : str
        GTC, GTD, FOK or FAK; not signed.
    post_only : bool
        GTC and GTD only; the field is left out where false.
    expiration_s : int
        UTC seconds of a GTD, 0 otherwise; not signed.
    builder : str
        The builder code that was signed, 64 hex digits with or without 0x.
    defer : bool
        `deferExec`.

    Returns
    -------
    bytes
        Compact JSON.
    """
    assert order_type in RESTING_TYPES or (order_type in IMMEDIATE_TYPES and not post_only), order_type
    assert 0 <= order.salt <= MAX_SALT, order.salt
    body: dict[str, object] = {
        "deferExec": defer,
        "order": _signed_part(order, signature, expiration_s, builder),
        "orderType": order_type,
        "owner": owner,
    }
    if post_only:
        body["postOnly"] = True
    return _ENCODER.encode(body)


def batch_body(bodies: Sequence[bytes]) -> bytes:
    """Body of `POST /orders` from those of its orders (1 to 15), in their order."""
    assert 1 <= len(bodies) <= MAX_BATCH, len(bodies)
    return b"[" + b",".join(bodies) + b"]"


def _signed_part(order: SignedFields, signature: str, expiration_s: int, builder: str) -> dict[str, object]:
    return {
        "builder": _hex32(builder),
        "expiration": str(expiration_s),
        "maker": checksum_address(order.maker),
        "makerAmount": str(order.maker_amount),
        "metadata": _hex32(order.metadata),
        "salt": order.salt,
        "side": Side(order.side).value,
        "signature": signature,
        "signatureType": order.signature_type,
        "signer": checksum_address(order.signer),
        "takerAmount": str(order.taker_amount),
        "timestamp": str(order.timestamp_ms),
        "tokenId": order.token_id,
    }


def _hex32(text: str) -> str:
    return text if text.startswith("0x") else "0x" + text
