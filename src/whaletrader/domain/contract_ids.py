"""Ids of conditions, collections, tokens and Protocol V2 positions, computed as the contracts compute them.

Source: Gnosis ConditionalTokens (CTHelpers.sol), the neg-risk adapter and the venue's notes on position ids
(FACTS 7.3). Nothing is looked up: that a computed id exists on chain is for others to see.
"""

from dataclasses import dataclass

from whaletrader.domain.addresses import address_bytes
from whaletrader.domain.order_hash import keccak256
from whaletrader.domain.venue_contracts import VenueContract

FIELD_PRIME = 21888242871839275222246405745257275088696311157297823662689037894645226208583
"""Of the curve alt_bn128, y^2 = x^3 + 3."""
_CURVE_B = 3
_TOP_BIT = 1 << 255
_ODD_BIT = 1 << 254
_ROOT_EXPONENT = (FIELD_PRIME + 1) // 4
"""A square root modulo a prime of the form 4k + 3."""
BINARY, NEG_RISK, COMBO = 1, 2, 3
"""Modules of Protocol V2."""
_BASE_HASH_MASK = (1 << 128) - 1


def condition_id(oracle: str, question_id: str, outcomes: int = 2) -> str:
    """Condition id: keccak256(oracle, question id, number of outcomes), 0x and 64 hex digits.

    Parameters
    ----------
    oracle : str
        Address of who reports the outcome: an UMA adapter, or the neg-risk adapter.
    question_id : str
        32 bytes in hex.
    outcomes : int
        Number of outcome slots.
    """
    return _hex(keccak256(address_bytes(oracle) + _word(question_id) + outcomes.to_bytes(32, "big")))


def collection_id(condition: str, index_set: int) -> str:
    """Id of a set of outcomes of a condition: a point of alt_bn128, by hashing and trying.

    Parameters
    ----------
    condition : str
        Condition id.
    index_set : int
        Bit i stands for outcome i: 1 is the first outcome, 2 the second.

    Returns
    -------
    str
        0x and 64 hex digits: the point's x, with bit 254 set where the chosen y is odd.
    """
    digest = int.from_bytes(keccak256(_word(condition) + index_set.to_bytes(32, "big")), "big")
    x, y = _point_after(digest)
    if bool(digest & _TOP_BIT) != bool(y & 1):
        y = FIELD_PRIME - y
    return _hex((x ^ _ODD_BIT if y & 1 else x).to_bytes(32, "big"))


def token_id(condition: str, outcome_index: int, *, neg_risk: bool) -> str:
    """Token id of an outcome, a decimal string: what the book trades.

    Parameters
    ----------
    condition : str
        Condition id.
    outcome_index : int
        0 or 1.
    neg_risk : bool
        Neg-risk tokens are backed by wrapped collateral, all others by USDC.e, also since the venue's own collateral
        is pUSD.
    """
    collateral = VenueContract.WRAPPED_COLLATERAL if neg_risk else VenueContract.USDC_E
    return position_token(collateral, collection_id(condition, 1 << outcome_index))


def position_token(collateral: str, collection: str) -> str:
    """Token id of a collection backed by a collateral token: keccak256(collateral, collection id), decimal."""
    return str(int.from_bytes(keccak256(address_bytes(collateral) + _word(collection)), "big"))


def neg_risk_question_id(market_id: str, index: int) -> str:
    """Question id of a neg-risk market's question: the market's id with the last byte replaced by the index."""
    assert 0 <= index <= 0xFF, index
    return _hex(_word(market_id)[:31] + bytes([index]))


def neg_risk_condition_id(market_id: str, index: int) -> str:
    """Condition id of a neg-risk market's question; its oracle is the neg-risk adapter."""
    return condition_id(VenueContract.NEG_RISK_ADAPTER, neg_risk_question_id(market_id, index))


@dataclass(frozen=True, slots=True)
class PositionId:
    """A Protocol V2 position id, field by field."""

    module: int
    """8 bits: 1 binary, 2 neg-risk, 3 combo."""
    base_hash: int
    """128 bits."""
    arity: int = 0
    """16 bits: questions of a neg-risk market, 0 of a binary one."""
    resolution_chain: int = 0
    """16 bits."""
    condition_index: int = 0
    """16 bits."""
    outcome_index: int = 0
    """8 bits."""

    def pack(self) -> int:
        """The id as a number; `ValueError` where a field is out of its bits."""
        for name, bits in _FIELDS:
            if not 0 <= getattr(self, name) < 1 << bits:
                raise ValueError(f"{name} of a position id has {bits} bits")
        return (
            self.module << 248
            | self.base_hash << 120
            | self.arity << 104
            | self.resolution_chain << 24
            | self.condition_index << 8
            | self.outcome_index
        )

    @property
    def condition(self) -> str:
        """The condition id: 31 bytes, 0x and 62 hex digits."""
        return f"0x{self.pack() >> 8:062x}"


_FIELDS = (
    ("module", 8),
    ("base_hash", 128),
    ("arity", 16),
    ("resolution_chain", 16),
    ("condition_index", 16),
    ("outcome_index", 8),
)


def unpack_position_id(number: int) -> PositionId:
    """Read a position id.

    Parameters
    ----------
    number : int
        As the venue gives it, in [0, 2^256).

    Raises
    ------
    ValueError
        Where the 64 reserved bits (40 to 103) are not zero or the number is out of range: another kind of id.
    """
    if not 0 <= number < 1 << 256 or number >> 40 & ((1 << 64) - 1):
        raise ValueError("no Protocol V2 position id: its reserved bits are not zero")
    return PositionId(
        module=number >> 248,
        base_hash=number >> 120 & _BASE_HASH_MASK,
        arity=number >> 104 & 0xFFFF,
        resolution_chain=number >> 24 & 0xFFFF,
        condition_index=number >> 8 & 0xFFFF,
        outcome_index=number & 0xFF,
    )


def binary_position(condition: str, outcome_index: int) -> PositionId:
    """Position of a binary market: its base hash is the low 16 bytes of the former condition id (as observed)."""
    return PositionId(BINARY, int.from_bytes(_word(condition)[16:], "big"), outcome_index=outcome_index)


def neg_risk_position(market_id: str, questions: int, index: int, outcome_index: int) -> PositionId:
    """Position of a neg-risk market's question: base hash of the market's id, arity the number of questions."""
    return PositionId(
        NEG_RISK,
        int.from_bytes(_word(market_id)[16:], "big"),
        arity=questions,
        condition_index=index,
        outcome_index=outcome_index,
    )


def _point_after(digest: int) -> tuple[int, int]:
    """The first point of the curve whose x follows the digest, with the y that the root formula gives."""
    x = digest % FIELD_PRIME
    while True:
        x = (x + 1) % FIELD_PRIME
        square = (pow(x, 3, FIELD_PRIME) + _CURVE_B) % FIELD_PRIME
        y = pow(square, _ROOT_EXPONENT, FIELD_PRIME)
        if y * y % FIELD_PRIME == square:
            return x, y


def _word(text: str) -> bytes:
    raw = bytes.fromhex(text.removeprefix("0x"))
    if len(raw) != 32:
        raise ValueError("an id of 32 bytes is wanted: 0x and 64 hex digits")
    return raw


def _hex(raw: bytes) -> str:
    return "0x" + raw.hex()
