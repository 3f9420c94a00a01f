"""What a sealed approval covers: its canonical bytes, and whether an order lies inside what is left of it.

Sealing and signing live with their adapters; nothing here knows a key.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from whaletrader.domain.amounts import most_shares
from whaletrader.domain.order_payload import IMMEDIATE_TYPES
from whaletrader.domain.values import MICRO, NANOS, Side

SEAL_DOMAIN = b"whaletrader approval bounds 1"
"""Opens the canonical bytes, so that a seal is good for nothing else."""


class Bounds(Protocol):
    """The fields of an approval that a seal covers (the message's `ApprovalBounds` has them)."""

    @property
    def approval_id(self) -> str: ...  # noqa: D102
    @property
    def account_id(self) -> str: ...  # noqa: D102
    @property
    def market_id(self) -> str: ...  # noqa: D102
    @property
    def token_id(self) -> str: ...  # noqa: D102
    @property
    def side(self) -> str: ...  # noqa: D102
    @property
    def worst_price_micro(self) -> int: ...  # noqa: D102
    @property
    def max_size_micro(self) -> int: ...  # noqa: D102
    @property
    def max_cost_micro(self) -> int: ...  # noqa: D102
    @property
    def expires_ts(self) -> int: ...  # noqa: D102
    @property
    def max_children(self) -> int: ...  # noqa: D102
    @property
    def decision_hash(self) -> str: ...  # noqa: D102


class Breach(StrEnum):
    """Why an order lies outside its approval."""

    ACCOUNT = "ACCOUNT"
    APPROVAL = "APPROVAL"
    MARKET = "MARKET"
    TOKEN = "TOKEN"
    SIDE = "SIDE"
    METADATA = "METADATA"
    EXPIRED = "EXPIRED"
    PRICE = "PRICE"
    SIZE = "SIZE"
    COST = "COST"
    CHILDREN = "CHILDREN"
    AMOUNTS = "AMOUNTS"


@dataclass(frozen=True, slots=True)
class Child:
    """The part of an order that its approval speaks about."""

    account_id: str
    approval_id: str
    market_id: str
    token_id: str
    side: str
    order_type: str
    price_micro: int
    size_micro: int
    maker_amount: int
    taker_amount: int
    timestamp_ms: int
    metadata: str


@dataclass(frozen=True, slots=True)
class Spent:
    """What was signed under an approval before."""

    children: int = 0
    size_micro: int = 0
    cost_micro: int = 0


def canonical_bytes(bounds: Bounds) -> bytes:
    """Encode an approval for sealing: every field by name and value, each with its length before it.

    Parameters
    ----------
    bounds : Bounds
        The approval.

    Returns
    -------
    bytes
        The same for equal bounds on every machine, different for different ones.
    """
    fields: tuple[tuple[str, str | int], ...] = (
        ("approval_id", bounds.approval_id),
        ("account_id", bounds.account_id),
        ("market_id", bounds.market_id),
        ("token_id", bounds.token_id),
        ("side", bounds.side),
        ("worst_price_micro", bounds.worst_price_micro),
        ("max_size_micro", bounds.max_size_micro),
        ("max_cost_micro", bounds.max_cost_micro),
        ("expires_ts", bounds.expires_ts),
        ("max_children", bounds.max_children),
        ("decision_hash", bounds.decision_hash),
    )
    parts = [SEAL_DOMAIN]
    for name, value in fields:
        text = str(value).encode()
        parts.append(f"{name}:{len(text)}:".encode() + text)
    return b"\n".join(parts)


def size_at_most(child: Child) -> int:
    """Shares that an order can bring at most, micro-units; these count against its approval.

    A FOK or FAK BUY spends its collateral at whatever better price it finds, so it may bring more than it names.
    """
    spends = child.side == Side.BUY and child.order_type in IMMEDIATE_TYPES
    return most_shares(child.maker_amount) if spends else child.size_micro


def breach(bounds: Bounds, child: Child, spent: Spent) -> Breach | None:
    """First reason for which a child order lies outside what is left of an approval.

    Parameters
    ----------
    bounds : Bounds
        The approval.
    child : Child
        The order; its amounts are what would be signed.
    spent : Spent
        What was signed under the approval before.

    Returns
    -------
    Breach or None
        None when the order is covered. The amounts must be exactly price times shares, because only they are signed.
        The fee is not signed; the approval's cost bound leaves room for it, so it bounds the collateral too.
    """
    named = _identity_breach(bounds, child)
    if named is not None:
        return named
    if child.timestamp_ms * (NANOS // 1000) > bounds.expires_ts:
        return Breach.EXPIRED
    return _amount_breach(bounds, child, spent)


def _identity_breach(bounds: Bounds, child: Child) -> Breach | None:
    pairs = (
        (bounds.account_id, child.account_id, Breach.ACCOUNT),
        (bounds.approval_id, child.approval_id, Breach.APPROVAL),
        (bounds.market_id, child.market_id, Breach.MARKET),
        (bounds.token_id, child.token_id, Breach.TOKEN),
        (bounds.side, child.side, Breach.SIDE),
        (bounds.decision_hash, child.metadata, Breach.METADATA),
    )
    return next((reason for allowed, found, reason in pairs if allowed != found), None)


def _amount_breach(bounds: Bounds, child: Child, spent: Spent) -> Breach | None:
    buys = child.side == Side.BUY
    collateral, shares = (child.maker_amount, child.taker_amount) if buys else (child.taker_amount, child.maker_amount)
    if min(collateral, shares) <= 0 or shares != child.size_micro or collateral * MICRO != child.price_micro * shares:
        return Breach.AMOUNTS
    worse = child.price_micro > bounds.worst_price_micro if buys else child.price_micro < bounds.worst_price_micro
    if worse:
        return Breach.PRICE
    if spent.children >= bounds.max_children:
        return Breach.CHILDREN
    if spent.size_micro + size_at_most(child) > bounds.max_size_micro:
        return Breach.SIZE
    if buys and spent.cost_micro + collateral > bounds.max_cost_micro:
        return Breach.COST
    return None
