"""Hashes of the first generation of orders, by which archives name fills before 2026-04-28; nothing trades by them.

Source: CTFExchange V1 (FACTS 2.3). The struct has a taker, an expiration, a nonce and a fee rate that V2 dropped.
"""

from dataclasses import dataclass
from functools import lru_cache

from whaletrader.domain.addresses import address_bytes
from whaletrader.domain.order_hash import CHAIN_ID, keccak256, token_number
from whaletrader.domain.values import Side
from whaletrader.domain.venue_contracts import ZERO_ADDRESS, VenueContract

ORDER_TYPE_V1 = (
    "Order(uint256 salt,address maker,address signer,address taker,uint256 tokenId,uint256 makerAmount,"
    "uint256 takerAmount,uint256 expiration,uint256 nonce,uint256 feeRateBps,uint8 side,uint8 signatureType)"
)
_DOMAIN_TYPE = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"


@dataclass(frozen=True, slots=True)
class OrderStructV1:
    """What was signed in V1."""

    salt: int
    maker: str
    signer: str
    token_id: str
    maker_amount: int
    taker_amount: int
    side: Side
    signature_type: int
    taker: str = ZERO_ADDRESS
    expiration_s: int = 0
    nonce: int = 0
    fee_rate_bps: int = 0


@lru_cache(maxsize=4)
def domain_separator_v1(*, neg_risk: bool) -> bytes:
    """EIP-712 domain separator of a V1 exchange on Polygon, 32 bytes."""
    contract = VenueContract.NEG_RISK_EXCHANGE_V1 if neg_risk else VenueContract.EXCHANGE_V1
    return keccak256(
        keccak256(_DOMAIN_TYPE)
        + keccak256(b"Polymarket CTF Exchange")
        + keccak256(b"1")
        + CHAIN_ID.to_bytes(32, "big")
        + _address(contract)
    )


def struct_hash_v1(order: OrderStructV1) -> bytes:
    """EIP-712 hash of the bare V1 order, 32 bytes.

    Parameters
    ----------
    order : OrderStructV1
        Numbers in [0, 2^256), addresses of any case.
    """
    words = (
        token_number(order.token_id),
        order.maker_amount,
        order.taker_amount,
        order.expiration_s,
        order.nonce,
        order.fee_rate_bps,
        1 if order.side is Side.SELL else 0,
        order.signature_type,
    )
    return keccak256(
        keccak256(ORDER_TYPE_V1.encode())
        + order.salt.to_bytes(32, "big")
        + _address(order.maker)
        + _address(order.signer)
        + _address(order.taker)
        + b"".join(word.to_bytes(32, "big") for word in words)
    )


def order_digest_v1(order: OrderStructV1, *, neg_risk: bool) -> bytes:
    """Hash under the exchange's domain, 32 bytes: what was signed, and the id of the order in V1's events."""
    return keccak256(b"\x19\x01" + domain_separator_v1(neg_risk=neg_risk) + struct_hash_v1(order))


def _address(text: str) -> bytes:
    return address_bytes(text).rjust(32, b"\0")
