"""The words of an order's life; its transitions live beside them."""

from enum import StrEnum


class ReportKind(StrEnum):
    """What the exchange can tell about an order, redemption or merge (`NOT_SENT` is said by ourselves)."""

    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    FILL = "FILL"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    SETTLED = "SETTLED"
    FAILED = "FAILED"
    REDEEMED = "REDEEMED"
    MERGED = "MERGED"
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    NOT_SENT = "NOT_SENT"


class OrderStatus(StrEnum):
    """Where an order is, as far as we know."""

    PENDING = "PENDING"
    LIVE = "LIVE"
    UNKNOWN = "UNKNOWN"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
