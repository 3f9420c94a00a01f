"""`order.command`, `order.report` and `order.filled`: the life of an order."""

from whaletrader.messages.envelope import Part, Payload, Publisher, Topic, message


class OrderOrigin(Part, frozen=True, kw_only=True):
    """Whose decision an order carries out."""

    account_id: str
    approval_id: str
    wallet: str
    kind: str
    reduce_only: bool


@message(Topic.ORDER_COMMAND, Publisher.EXECUTION, key="market_id", effect=True)
class SubmitOrder(Payload, frozen=True, kw_only=True):
    """Send this very order; its EIP-712 hash is known before it is sent."""

    order_hash: str
    """0x and 64 hex digits."""
    origin: OrderOrigin
    child: int
    market_id: str
    token_id: str
    side: str
    order_type: str
    """GTC, GTD, FOK or FAK."""
    post_only: bool
    price_micro: int
    size_micro: int
    maker_amount: int
    taker_amount: int
    salt: int
    timestamp_ms: int
    expiration_s: int
    metadata: str
    """The decision hash, 64 hex digits."""
    maker: str
    signer: str
    signature_type: int
    neg_risk: bool
    arrive_ts: int
    """When the order reaches the exchange, in the run's clock."""


@message(Topic.ORDER_COMMAND, Publisher.EXECUTION, key="market_id", effect=True)
class CancelOrder(Payload, frozen=True, kw_only=True):
    """Cancel what is left of an order."""

    order_hash: str
    market_id: str
    account_id: str


@message(Topic.ORDER_COMMAND, Publisher.EXECUTION, key="market_id", effect=True)
class RedeemPosition(Payload, frozen=True, kw_only=True):
    """Turn a resolved position into collateral."""

    account_id: str
    market_id: str
    token_id: str
    size_micro: int
    payout_micro: int
    """Per share."""


@message(Topic.ORDER_COMMAND, Publisher.EXECUTION, key="market_id", effect=True)
class MergePositions(Payload, frozen=True, kw_only=True):
    """Turn equal holdings of both outcomes into collateral."""

    account_id: str
    market_id: str
    token_ids: tuple[str, ...]
    size_micro: int


@message(Topic.ORDER_REPORT, Publisher.RUNTIME, key="market_id")
class OrderReport(Payload, frozen=True, kw_only=True):
    """What the exchange answered or told about an order, or that we did not send it."""

    account_id: str
    order_hash: str
    """Of a redemption or a merge: the command's id."""
    market_id: str
    token_id: str
    kind: str
    """`domain.order.ReportKind`."""
    exchange_event_id: str
    trade_id: str
    price_micro: int
    size_micro: int
    fee_micro: int
    role: str
    cash_micro: int
    """Collateral received by a redemption or merge; 0 otherwise."""
    reason: str


@message(Topic.ORDER_FILLED, Publisher.EXECUTION, key="account_id")
class OrderSubmitted(Payload, frozen=True, kw_only=True):
    """The exchange acknowledged the order."""

    account_id: str
    order_hash: str
    approval_id: str
    market_id: str
    token_id: str


@message(Topic.ORDER_FILLED, Publisher.EXECUTION, key="account_id")
class OrderRejected(Payload, frozen=True, kw_only=True):
    """The exchange rejected the order, or it was never sent; nothing of it lives."""

    account_id: str
    order_hash: str
    approval_id: str
    market_id: str
    token_id: str
    reason: str


@message(Topic.ORDER_FILLED, Publisher.EXECUTION, key="account_id", effect=True)
class OrderOutcomeUnknown(Payload, frozen=True, kw_only=True):
    """Sent and not acknowledged in time: not a rejection; the runtime asks for this hash."""

    account_id: str
    order_hash: str
    approval_id: str
    market_id: str
    token_id: str
    asked: int
    """How often before."""


@message(Topic.ORDER_FILLED, Publisher.EXECUTION, key="account_id")
class OrderFilled(Payload, frozen=True, kw_only=True):
    """One fill of one of our orders."""

    account_id: str
    order_hash: str
    approval_id: str
    trade_id: str
    wallet: str
    kind: str
    market_id: str
    token_id: str
    event_group_id: str
    side: str
    price_micro: int
    size_micro: int
    fee_micro: int
    role: str
    reference_price_micro: int
    final: bool
    """The order has nothing left."""


@message(Topic.ORDER_FILLED, Publisher.EXECUTION, key="account_id")
class OrderCancelled(Payload, frozen=True, kw_only=True):
    """The rest of the order is gone: cancelled, expired or killed."""

    account_id: str
    order_hash: str
    approval_id: str
    market_id: str
    token_id: str
    filled_micro: int
    reason: str


@message(Topic.ORDER_FILLED, Publisher.EXECUTION, key="account_id")
class ExecutionError(Payload, frozen=True, kw_only=True):
    """An approval could not be turned into an order, or an answer made no sense."""

    account_id: str
    approval_id: str
    order_hash: str
    market_id: str
    reason: str


@message(Topic.ORDER_FILLED, Publisher.EXECUTION, key="account_id")
class SettlementUpdated(Payload, frozen=True, kw_only=True):
    """A fill, redemption or merge was confirmed on chain, or failed and is void."""

    account_id: str
    order_hash: str
    trade_id: str
    market_id: str
    token_id: str
    status: str
    """CONFIRMED, FAILED, REDEEMED or MERGED."""
    size_micro: int
    cash_micro: int
