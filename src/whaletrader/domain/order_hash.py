"""The EIP-712 hash of an order, which is also the venue's order id: known before the order is sent.

Source: the venue's V2/V3 exchange contracts (FACTS 2.1). Signing lives with the signer; nothing here knows a key.
"""

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Protocol

from Crypto.Hash import keccak

from whaletrader.domain.values import Side

CHAIN_ID = 137
"""Polygon."""
ORDER_TYPE = (
    "Order(uint256 salt,address maker,address signer,uint256 tokenId,uint256 makerAmount,uint256 takerAmount,"
    "uint8 side,uint8 signatureType,uint256 timestamp,bytes32 metadata,bytes32 builder)"
)
MAX_SALT = 2**53 - 1
"""The salt travels as a JSON number."""
NO_BYTES32 = "0" * 64
_DOMAIN_TYPE = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_DOMAIN_NAME = b"Polymarket CTF Exchange"
_NESTED_TYPE = (
    "TypedDataSign(Order contents,string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
)
CONTRACT_WALLET = 3
"""The signature type of the venue's deposit wallets."""
_UINT256_END = 1 << 256
_MODULES = (1, 2, 3)
"""First bytes of Protocol V2 position ids: binary, neg-risk, combo."""
_RESERVED_BITS = ((1 << 64) - 1) << 40
"""Bits 40 to 103, zero in a Protocol V2 position id."""


class ExchangeContract(Enum):
    """Where an order is settled: (domain version, verifying contract)."""

    STANDARD = ("2", "0xE111180000d2663C0091e4f400237545B87B996B")
    NEG_RISK = ("2", "0xe2222d279d744050d28e00520010520000310F59")
    POSITIONS = ("3", "0xe3333700cA9d93003F00f0F71f8515005F6c00Aa")


@dataclass(frozen=True, slots=True)
class OrderStruct:
    """What is signed; expiration, order type and post-only are not part of it."""

    salt: int
    maker: str
    signer: str
    token_id: str
    maker_amount: int
    taker_amount: int
    side: Side
    signature_type: int
    timestamp_ms: int
    metadata: str = NO_BYTES32
    """64 hex digits."""
    builder: str = NO_BYTES32


class SignedFields(Protocol):
    """Whatever carries the fields of an order that are signed."""

    @property
    def salt(self) -> int:
        """Below 2^53."""
        ...

    @property
    def maker(self) -> str:
        """The funder's address."""
        ...

    @property
    def signer(self) -> str:
        """The signing address."""
        ...

    @property
    def token_id(self) -> str:
        """What is bought or sold."""
        ...

    @property
    def maker_amount(self) -> int:
        """What is given, in micro-units."""
        ...

    @property
    def taker_amount(self) -> int:
        """What is wanted, in micro-units."""
        ...

    @property
    def side(self) -> str:
        """BUY or SELL."""
        ...

    @property
    def signature_type(self) -> int:
        """0 to 3."""
        ...

    @property
    def timestamp_ms(self) -> int:
        """When it was made."""
        ...

    @property
    def metadata(self) -> str:
        """The decision hash, 64 hex digits."""
        ...


def struct_of(order: SignedFields, builder: str = NO_BYTES32) -> OrderStruct:
    """Return what is signed of an order; `builder` is its builder code, 64 hex digits, zero without one."""
    return OrderStruct(
        salt=order.salt,
        maker=order.maker,
        signer=order.signer,
        token_id=order.token_id,
        maker_amount=order.maker_amount,
        taker_amount=order.taker_amount,
        side=Side(order.side),
        signature_type=order.signature_type,
        timestamp_ms=order.timestamp_ms,
        metadata=order.metadata,
        builder=builder,
    )


def keccak256(data: bytes) -> bytes:
    """Keccak-256 (the pre-standard padding that Ethereum uses) of `data`, 32 bytes."""
    return keccak.new(digest_bits=256, data=data).digest()


@lru_cache(maxsize=4096)
def token_number(token_id: str) -> int:
    """Number of a token in the signed struct.

    Parameters
    ----------
    token_id : str
        A decimal string on the venue. Ids of another form ("<condition id>:<outcome index>", where a source never
        names the token, and all simulated ones) get the Keccak-256 of their UTF-8 text: they exist on no exchange.

    Returns
    -------
    int
        In [0, 2^256).
    """
    if token_id.isascii() and token_id.isdigit() and int(token_id) < _UINT256_END:
        return int(token_id)
    return int.from_bytes(keccak256(token_id.encode()), "big")


def is_position_id(number: int) -> bool:
    """Whether a token number is a Protocol V2 position id: module byte 1, 2 or 3, and bits 40 to 103 zero.

    Ids seen on the venue have the module in their first byte; the venue's own package also takes ids with a zero byte
    before it. 64 zero bits do not happen to a hash, so both forms are told from the older ids.
    """
    module = number >> 248 or number >> 240
    return module in _MODULES and number & _RESERVED_BITS == 0


def exchange_contract(token_id: str, *, neg_risk: bool) -> ExchangeContract:
    """Return the contract that settles a token's orders; the wrong one makes the signature invalid."""
    if is_position_id(token_number(token_id)):
        return ExchangeContract.POSITIONS
    return ExchangeContract.NEG_RISK if neg_risk else ExchangeContract.STANDARD


@lru_cache(maxsize=8)
def domain_separator(contract: ExchangeContract) -> bytes:
    """EIP-712 domain separator of an exchange contract on Polygon, 32 bytes."""
    version, address = contract.value
    return keccak256(
        keccak256(_DOMAIN_TYPE)
        + keccak256(_DOMAIN_NAME)
        + keccak256(version.encode())
        + CHAIN_ID.to_bytes(32, "big")
        + _address(address)
    )


@lru_cache(maxsize=1024)
def struct_hash(order: OrderStruct) -> bytes:
    """EIP-712 hash of the bare order struct, 32 bytes.

    Parameters
    ----------
    order : OrderStruct
        Amounts and salt in [0, 2^256), addresses with 40 hex digits, metadata and builder with 64.
    """
    return keccak256(
        _order_typehash()
        + order.salt.to_bytes(32, "big")
        + _address(order.maker)
        + _address(order.signer)
        + token_number(order.token_id).to_bytes(32, "big")
        + order.maker_amount.to_bytes(32, "big")
        + order.taker_amount.to_bytes(32, "big")
        + (1 if order.side is Side.SELL else 0).to_bytes(32, "big")
        + order.signature_type.to_bytes(32, "big")
        + order.timestamp_ms.to_bytes(32, "big")
        + _bytes32(order.metadata)
        + _bytes32(order.builder)
    )


def order_digest(order: OrderStruct, *, neg_risk: bool) -> bytes:
    """Hash of an order under its exchange's domain, 32 bytes: the order id, and what an EOA signs.

    Parameters
    ----------
    order : OrderStruct
        The order.
    neg_risk : bool
        Whether its market is a neg-risk market.
    """
    separator = domain_separator(exchange_contract(order.token_id, neg_risk=neg_risk))
    return keccak256(b"\x19\x01" + separator + struct_hash(order))


def order_hash(order: OrderStruct, *, neg_risk: bool) -> str:
    """Return the order id: 0x and the 64 hex digits of `order_digest`."""
    return "0x" + order_digest(order, neg_risk=neg_risk).hex()


def contract_wallet_digest(order: OrderStruct, *, neg_risk: bool) -> bytes:
    """What the owner of a contract wallet (signature type 3) signs: ERC-7739's nested typed data, 32 bytes.

    Parameters
    ----------
    order : OrderStruct
        Its maker is the wallet.
    neg_risk : bool
        Whether its market is a neg-risk market.
    """
    nested = keccak256(_nested_typehash() + struct_hash(order) + _wallet_domain() + _address(order.maker) + bytes(32))
    separator = domain_separator(exchange_contract(order.token_id, neg_risk=neg_risk))
    return keccak256(b"\x19\x01" + separator + nested)


def contract_wallet_signature(order: OrderStruct, inner: bytes, *, neg_risk: bool) -> bytes:
    """Signature as it is sent for a contract wallet: the owner's 65 bytes and what the wallet needs to check them.

    Parameters
    ----------
    order : OrderStruct
        The order.
    inner : bytes
        The owner's signature over `contract_wallet_digest`.
    neg_risk : bool
        Whether its market is a neg-risk market.

    Returns
    -------
    bytes
        317 bytes: signature, exchange's domain separator, struct hash, type string, its length in two bytes.
    """
    separator = domain_separator(exchange_contract(order.token_id, neg_risk=neg_risk))
    contents = ORDER_TYPE.encode()
    return inner + separator + struct_hash(order) + contents + len(contents).to_bytes(2, "big")


@lru_cache(maxsize=1)
def _order_typehash() -> bytes:
    return keccak256(ORDER_TYPE.encode())


@lru_cache(maxsize=1)
def _nested_typehash() -> bytes:
    return keccak256(_NESTED_TYPE.encode() + ORDER_TYPE.encode())


@lru_cache(maxsize=1)
def _wallet_domain() -> bytes:
    """Name, version and chain of every deposit wallet's own domain."""
    return keccak256(b"DepositWallet") + keccak256(b"1") + CHAIN_ID.to_bytes(32, "big")


@lru_cache(maxsize=4096)
def _address(text: str) -> bytes:
    raw = bytes.fromhex(text.removeprefix("0x"))
    assert len(raw) == 20, text
    return raw.rjust(32, b"\0")


def _bytes32(text: str) -> bytes:
    raw = bytes.fromhex(text.removeprefix("0x"))
    assert len(raw) == 32, text
    return raw
