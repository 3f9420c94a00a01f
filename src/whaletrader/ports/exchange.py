"""The exchange, as execution's effects see it: orders go in, events come out in the order of the exchange's time."""

from enum import StrEnum
from typing import Protocol

import msgspec


class PaymentRefusal(StrEnum):
    """Why a redemption or a merge was not paid: the reason of its event FAILED."""

    NOT_RESOLVED = "NOT_RESOLVED"
    """The market has no result (yet)."""
    MARKET_NOT_FOUND = "MARKET_NOT_FOUND"
    NOT_HELD = "NOT_HELD"
    """The wallet does not hold the shares."""
    PAYMENT_REVERTED = "PAYMENT_REVERTED"
    """Its transaction was mined and undone: nothing was paid, the shares are there."""
    PAYMENT_GIVEN_UP = "PAYMENT_GIVEN_UP"
    """Whoever was to send its transaction gave it up, and the chain does not have it."""


class SignedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is sent: the signed struct, what is not signed, and its hash."""

    order_hash: str
    account_id: str
    market_id: str
    token_id: str
    side: str
    order_type: str
    post_only: bool
    price_micro: int
    size_micro: int
    maker_amount: int
    taker_amount: int
    salt: int
    timestamp_ms: int
    expiration_s: int
    metadata: str
    maker: str
    signer: str
    signature_type: int
    neg_risk: bool
    signature: str
    """0x and 130 hex digits."""
    arrive_ts: int
    """When it reaches the exchange, in the run's clock."""
    reduce_only: bool = False
    """It only makes a holding smaller; not signed and not sent."""
    leader_wallet: str = ""
    """Paper only: whose later prints are not ours to take."""


def same_order(kept: bytes, order: SignedOrder) -> bool:
    """Whether an order is the one that was kept as JSON; `reduce_only`, which older stores lack, is not compared."""
    known = msgspec.json.decode(kept, type=SignedOrder)
    return msgspec.structs.replace(known, reduce_only=order.reduce_only) == order


class ExchangeEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An answer or a user-channel event; sorted by (`ts`, `event_id`), which is also the cursor."""

    event_id: str
    ts: int
    kind: str
    """`domain.order.ReportKind`."""
    account_id: str
    order_hash: str
    market_id: str
    token_id: str
    trade_id: str = ""
    price_micro: int = 0
    size_micro: int = 0
    fee_micro: int = 0
    role: str = ""
    cash_micro: int = 0
    reason: str = ""


class Exchange(Protocol):
    """Everything is idempotent: the same order hash or command id twice is once, and tells the same events again."""

    def submit(self, order: SignedOrder) -> None:
        """Take an order; `ExchangeError` when nobody answered (the outcome is then unknown)."""
        ...

    def cancel(self, account_id: str, order_hash: str, arrive_ts: int) -> None:
        """Cancel what is left of an order."""
        ...

    def ask(self, account_id: str, order_hash: str, arrive_ts: int) -> None:
        """Have the exchange tell an order's state again: events that were lost come with a time after `arrive_ts`."""
        ...

    def redeem(self, command_id: str, account_id: str, token_id: str, size_micro: int, arrive_ts: int) -> None:
        """Redeem a resolved token; told as REDEEMED, or FAILED with a `PaymentRefusal`."""
        ...

    def merge(self, command_id: str, account_id: str, market_id: str, size_micro: int, arrive_ts: int) -> None:
        """Merge equal holdings of both outcomes; told as MERGED, or FAILED with a `PaymentRefusal`."""
        ...

    def next_event(self, after_ts: int, after_id: str) -> ExchangeEvent | None:
        """Return the first event behind the cursor, None when none is to come."""
        ...
