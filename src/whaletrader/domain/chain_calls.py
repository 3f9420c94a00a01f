"""Calls of the venue's contracts as bytes: what redeems, merges, splits and converts, and the views that check it.

Pure ABI encoding of the few forms that are needed; nothing is sent here. Sources: Gnosis ConditionalTokens, the venue's
collateral adapters and router as its own package calls them (FACTS 7.1 and 7.3).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from whaletrader.domain.addresses import address_bytes
from whaletrader.domain.order_hash import is_position_id, keccak256, token_number
from whaletrader.domain.venue_contracts import VenueContract

MAX_UINT256 = (1 << 256) - 1
_WORD = 32
_BINARY = (1, 2)
"""Both outcomes of a binary condition, as index sets."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a contract, without value."""

    to: str
    """Lower-case address."""
    data: bytes


@lru_cache(maxsize=64)
def selector(signature: str) -> bytes:
    """First four bytes of the signature's Keccak-256."""
    return keccak256(signature.encode())[:4]


def word(value: int | str | bytes) -> bytes:
    """One ABI word: a number, an address (0x and 40 digits), or up to 32 bytes, which are aligned left."""
    if isinstance(value, int):
        return value.to_bytes(_WORD, "big")
    if isinstance(value, str):
        return address_bytes(value).rjust(_WORD, b"\0")
    return value.ljust(_WORD, b"\0")


def uint_array(values: Sequence[int]) -> bytes:
    """The tail of a `uint256[]`: its length and its words."""
    return word(len(values)) + b"".join(word(value) for value in values)


def bytes_tail(data: bytes) -> bytes:
    """The tail of a `bytes`: its length and its words, padded with zeros."""
    return word(len(data)) + data + bytes(-len(data) % _WORD)


def adapter_of(*, neg_risk: bool) -> VenueContract:
    """The adapter that turns shares of ordinary markets into the venue's collateral and back."""
    return VenueContract.NEG_RISK_COLLATERAL_ADAPTER if neg_risk else VenueContract.COLLATERAL_ADAPTER


def split_call(condition_id: str, amount_micro: int, *, neg_risk: bool) -> Call:
    """Turn collateral into equal shares of both outcomes.

    Parameters
    ----------
    condition_id : str
        0x and 64 hex digits; 62 for a Protocol V2 condition, which goes to the router.
    amount_micro : int
        Collateral, which is also the number of shares of each outcome.
    neg_risk : bool
        Whether the market belongs to a neg-risk event.
    """
    if _is_v2(condition_id):
        return _router("split(bytes31,uint256)", word(_bytes31(condition_id)) + word(amount_micro))
    return _positions("splitPosition", condition_id, amount_micro, neg_risk=neg_risk)


def merge_call(condition_id: str, amount_micro: int, *, neg_risk: bool) -> Call:
    """Turn equal shares of both outcomes into collateral; parameters as for `split_call`."""
    if _is_v2(condition_id):
        return _router("merge(bytes31,uint256)", word(_bytes31(condition_id)) + word(amount_micro))
    return _positions("mergePositions", condition_id, amount_micro, neg_risk=neg_risk)


def redeem_call(condition_id: str, *, neg_risk: bool) -> Call:
    """Pay out everything the caller holds of both outcomes of a resolved, ordinary condition."""
    head = word(VenueContract.PUSD) + bytes(_WORD) + word(_bytes32(condition_id)) + word(4 * _WORD)
    data = selector("redeemPositions(address,bytes32,bytes32,uint256[])") + head + uint_array(_BINARY)
    return Call(adapter_of(neg_risk=neg_risk).value, data)


def redeem_position_call(position_id: str, amount_micro: int) -> Call:
    """Pay out shares of a resolved Protocol V2 position; `position_id` is its decimal token id."""
    number = token_number(position_id)
    assert is_position_id(number), position_id
    condition, outcome = number.to_bytes(_WORD, "big")[:31], number & 0xFF
    return _router("redeem(bytes31,uint256,uint256)", word(condition) + word(outcome) + word(amount_micro))


def convert_call(neg_risk_market_id: str, index_set: int, amount_micro: int) -> Call:
    """Turn "No" shares of some questions of a neg-risk event into "Yes" of the others and collateral.

    Parameters
    ----------
    neg_risk_market_id : str
        0x and 64 hex digits.
    index_set : int
        Bit i stands for question i.
    amount_micro : int
        Shares of each question.
    """
    data = selector("convertPositions(bytes32,uint256,uint256)") + word(_bytes32(neg_risk_market_id))
    return Call(VenueContract.NEG_RISK_COLLATERAL_ADAPTER.value, data + word(index_set) + word(amount_micro))


def allow_call(spender: str, amount_micro: int = MAX_UINT256) -> Call:
    """Let a contract move the wallet's collateral, for good unless an amount is named."""
    return Call(VenueContract.PUSD.value, selector("approve(address,uint256)") + word(spender) + word(amount_micro))


def allow_tokens_call(operator: str, contract: str = VenueContract.CONDITIONAL_TOKENS) -> Call:
    """Let a contract move the wallet's outcome tokens."""
    return Call(str(contract), selector("setApprovalForAll(address,bool)") + word(operator) + word(1))


def balance_view(token_id: str, owner: str) -> Call:
    """`balanceOf` of an outcome token; Protocol V2 positions live in their own contract."""
    number = token_number(token_id)
    contract = VenueContract.POSITION_MANAGER if is_position_id(number) else VenueContract.CONDITIONAL_TOKENS
    return Call(contract.value, selector("balanceOf(address,uint256)") + word(owner) + word(number))


def collateral_view(owner: str) -> Call:
    """`balanceOf` of the collateral."""
    return Call(VenueContract.PUSD.value, selector("balanceOf(address)") + word(owner))


def allowance_view(owner: str, spender: str) -> Call:
    """`allowance` of the collateral."""
    data = selector("allowance(address,address)") + word(owner) + word(spender)
    return Call(VenueContract.PUSD.value, data)


def approval_view(owner: str, operator: str, contract: str = VenueContract.CONDITIONAL_TOKENS) -> Call:
    """`isApprovedForAll` of the outcome tokens."""
    return Call(str(contract), selector("isApprovedForAll(address,address)") + word(owner) + word(operator))


def payout_denominator_view(condition_id: str) -> Call:
    """`payoutDenominator`: 0 until a condition is resolved."""
    data = selector("payoutDenominator(bytes32)") + word(_bytes32(condition_id))
    return Call(VenueContract.CONDITIONAL_TOKENS.value, data)


def payout_numerator_view(condition_id: str, outcome_index: int) -> Call:
    """`payoutNumerators` of one outcome."""
    data = selector("payoutNumerators(bytes32,uint256)") + word(_bytes32(condition_id)) + word(outcome_index)
    return Call(VenueContract.CONDITIONAL_TOKENS.value, data)


def _positions(name: str, condition_id: str, amount_micro: int, *, neg_risk: bool) -> Call:
    head = word(VenueContract.PUSD) + bytes(_WORD) + word(_bytes32(condition_id)) + word(5 * _WORD) + word(amount_micro)
    data = selector(f"{name}(address,bytes32,bytes32,uint256[],uint256)") + head + uint_array(_BINARY)
    return Call(adapter_of(neg_risk=neg_risk).value, data)


def _router(signature: str, arguments: bytes) -> Call:
    return Call(VenueContract.ROUTER.value, selector(signature) + arguments)


def _is_v2(condition_id: str) -> bool:
    return len(condition_id) == 64  # 0x and 62 digits


def _bytes31(text: str) -> bytes:
    raw = bytes.fromhex(text.removeprefix("0x"))
    assert len(raw) == 31, text
    return raw


def _bytes32(text: str) -> bytes:
    raw = bytes.fromhex(text.removeprefix("0x"))
    assert len(raw) == _WORD, text
    return raw
