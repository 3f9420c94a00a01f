"""Ethereum transactions of type 2 (EIP-1559) as bytes: what is signed, what is sent, and the hash that names it.

Pure: nothing here knows a key, a node or a fee. Sources: EIP-2718, EIP-1559, and RLP (the Yellow Paper, appendix B).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from whaletrader.domain.addresses import address_bytes
from whaletrader.domain.order_hash import CHAIN_ID, keccak256
from whaletrader.domain.signature import signer_of

TYPE = 2
_FIELDS = 12
"""Of a signed transaction: nine that are signed (the access list among them), parity, r and s."""
_SHORT = 55
_STRING, _LONG_STRING, _LIST, _LONG_LIST = 0x80, 0xB7, 0xC0, 0xF7
_DEEPEST = 3
"""Levels of lists that a transaction can have: itself, and its access list."""
_V_OFFSET = 27
_WORD = 32
Item = bytes | Sequence["Item"]


@dataclass(frozen=True, slots=True)
class ChainTransaction:
    """One call of a contract by a plain account, without value and access list."""

    nonce: int
    tip_wei: int
    """Most that the block's maker gets, per gas."""
    max_fee_wei: int
    """Most that is paid in all, per gas."""
    gas: int
    to: str
    """Lower-case address."""
    data: bytes
    chain_id: int = CHAIN_ID


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A transaction as nodes take it."""

    transaction: ChainTransaction
    sender: str
    """Who signed, lower case."""
    hash: str
    """0x and 64 hex digits."""


def signing_digest(transaction: ChainTransaction) -> bytes:
    """What the sender signs, 32 bytes."""
    return keccak256(bytes([TYPE]) + rlp(_unsigned(transaction)))


def signed_bytes(transaction: ChainTransaction, signature: bytes) -> bytes:
    """Return a transaction as it is sent.

    Parameters
    ----------
    transaction : ChainTransaction
        What was signed.
    signature : bytes
        r, s and v (27 or 28) over `signing_digest`, 65 bytes.
    """
    parity = signature[64] - _V_OFFSET
    assert parity in (0, 1), parity
    r, s = (int.from_bytes(signature[at : at + _WORD], "big") for at in (0, _WORD))
    return bytes([TYPE]) + rlp([*_unsigned(transaction), _number(parity), _number(r), _number(s)])


def transaction_hash(raw: bytes) -> str:
    """Return the hash by which the chain knows a signed transaction."""
    return "0x" + keccak256(raw).hex()


def read_transaction(raw: bytes) -> SignedTransaction:
    """Read a signed transaction back, with whoever signed it.

    Raises
    ------
    ValueError
        It is of another type, carries value or an access list, is not in its one canonical form, or has no signer.
    """
    if raw[:1] != bytes([TYPE]):
        raise ValueError("only transactions of type 2 are read")
    fields, rest = _read(raw[1:])
    if rest or not isinstance(fields, list) or len(fields) != _FIELDS:
        raise ValueError("a transaction of type 2 has twelve fields")
    chain_id, nonce, tip, most, gas, to, value, data, access, parity, r, s = fields
    if value != b"" or access != [] or not isinstance(to, bytes) or len(to) != 20 or not isinstance(data, bytes):
        raise ValueError("only calls without value and access list are read")
    found = ChainTransaction(_int(nonce), _int(tip), _int(most), _int(gas), "0x" + to.hex(), data, _int(chain_id))
    signature = _int(r).to_bytes(_WORD, "big") + _int(s).to_bytes(_WORD, "big") + bytes([_V_OFFSET + _int(parity)])
    if signed_bytes(found, signature) != raw:
        raise ValueError("a transaction has one form only")
    return SignedTransaction(found, signer_of(signing_digest(found), signature), transaction_hash(raw))


def rlp(item: Item) -> bytes:
    """Encode bytes, or a list of items, by the recursive length prefix."""
    if isinstance(item, bytes):
        return item if len(item) == 1 and item[0] < _STRING else _length(len(item), _STRING, _LONG_STRING) + item
    body = b"".join(rlp(each) for each in item)
    return _length(len(body), _LIST, _LONG_LIST) + body


def _unsigned(transaction: ChainTransaction) -> list[Item]:
    told = (
        transaction.chain_id,
        transaction.nonce,
        transaction.tip_wei,
        transaction.max_fee_wei,
        transaction.gas,
    )
    value: list[Item] = [_number(0), transaction.data, []]
    return [*(_number(each) for each in told), address_bytes(transaction.to), *value]


def _number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _length(size: int, short: int, long: int) -> bytes:
    if size <= _SHORT:
        return bytes([short + size])
    digits = _number(size)
    return bytes([long + len(digits)]) + digits


def _read(raw: bytes, deep: int = _DEEPEST) -> tuple[bytes | list[object], bytes]:
    """Read one item and what is behind it."""
    if not raw or not deep:
        raise ValueError("an item is missing, or lies too deep")
    head = raw[0]
    if head < _STRING:
        return raw[:1], raw[1:]
    base, long = (_STRING, _LONG_STRING) if head < _LIST else (_LIST, _LONG_LIST)
    digits = max(0, head - long)
    size = int.from_bytes(raw[1 : 1 + digits], "big") if digits else head - base
    body, rest = raw[1 + digits : 1 + digits + size], raw[1 + digits + size :]
    if len(body) != size:
        raise ValueError("an item is cut off")
    if head < _LIST:
        return body, rest
    items: list[object] = []
    while body:
        item, body = _read(body, deep - 1)
        items.append(item)
    return items, rest


def _int(value: object) -> int:
    if not isinstance(value, bytes) or len(value) > _WORD:
        raise ValueError("a number is no number")
    return int.from_bytes(value, "big")
