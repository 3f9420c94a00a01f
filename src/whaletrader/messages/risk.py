"""`trade.proposed`, `trade.approved` and `risk.control`: the veto."""

from whaletrader.messages.envelope import Part, Payload, Publisher, Topic, message


@message(Topic.TRADE_PROPOSED, Publisher.ORCHESTRATOR, key="account_id")
class TradeProposal(Payload, frozen=True, kw_only=True):
    """Buy or sell a token on a leader's word, at no worse than `limit_price_micro`."""

    account_id: str
    wallet: str
    kind: str
    market_id: str
    token_id: str
    event_group_id: str
    side: str
    reduce_only: bool
    reference_price_micro: int
    limit_price_micro: int
    edge_micro: int
    desired_size_micro: int
    """Shares wanted at most; 0 leaves the size to the kernel."""
    size_multiplier_micro: int
    """What the task graph left of the size: 1000000 is all of it."""
    signal_id: str
    expires_ts: int


class ApprovalBounds(Part, frozen=True, kw_only=True):
    """What the seal covers: the signer signs nothing outside it."""

    approval_id: str
    account_id: str
    market_id: str
    token_id: str
    side: str
    worst_price_micro: int
    max_size_micro: int
    max_cost_micro: int
    """Greatest collateral for a BUY, fee included; 0 for a SELL."""
    expires_ts: int
    max_children: int
    decision_hash: str
    """64 hex digits; goes into the order's `metadata`."""


@message(Topic.TRADE_APPROVED, Publisher.RISK_MANAGEMENT, key="account_id")
class ApprovedTrade(Payload, frozen=True, kw_only=True):
    """The kernel approved a proposal, perhaps at a smaller size."""

    account_id: str
    proposal_id: str
    wallet: str
    kind: str
    event_group_id: str
    reduce_only: bool
    reference_price_micro: int
    bounds: ApprovalBounds
    binding_limit: str
    """`BindingLimit`."""
    reserved_micro: int


@message(Topic.TRADE_APPROVED, Publisher.RISK_MANAGEMENT, key="account_id")
class RejectedTrade(Payload, frozen=True, kw_only=True):
    """The kernel denied a proposal."""

    account_id: str
    proposal_id: str
    wallet: str
    kind: str
    market_id: str
    token_id: str
    side: str
    reasons: tuple[str, ...]
    """`DenyReason`s."""


@message(Topic.TRADE_APPROVED, Publisher.RISK_MANAGEMENT, key="account_id")
class ReservationReleased(Payload, frozen=True, kw_only=True):
    """What an approval had reserved and did not use is free again."""

    account_id: str
    approval_id: str
    released_micro: int


@message(Topic.RISK_CONTROL, Publisher.RISK_MANAGEMENT, key="account_id")
class EmergencyDeRisk(Payload, frozen=True, kw_only=True):
    """Positions are cut by `fraction_micro`."""

    account_id: str
    reason: str
    drawdown_micro: int
    fraction_micro: int


@message(Topic.RISK_CONTROL, Publisher.RISK_MANAGEMENT, key="account_id")
class RiskAlert(Payload, frozen=True, kw_only=True):
    """A limit is near or was met."""

    account_id: str
    limit: str
    value_micro: int
    threshold_micro: int


@message(Topic.RISK_CONTROL, Publisher.RISK_MANAGEMENT, key="account_id")
class CircuitBreakerTripped(Payload, frozen=True, kw_only=True):
    """The daily loss limit was met: HALTED until an operator resets it."""

    account_id: str
    loss_micro: int
    threshold_micro: int
    stale_marks: bool
    """A stale mark's haircut is part of the loss."""


@message(Topic.RISK_CONTROL, Publisher.RISK_MANAGEMENT, key="account_id")
class TradingStateChanged(Payload, frozen=True, kw_only=True):
    """The account's trading state changed."""

    account_id: str
    state: str
    previous: str
    reason: str


@message(Topic.RISK_CONTROL, Publisher.RISK_MANAGEMENT, key="account_id")
class KillSwitchThrown(Payload, frozen=True, kw_only=True):
    """Nothing but cancels is sent from here on."""

    account_id: str
    reason: str


@message(Topic.RISK_CONTROL, Publisher.OPERATOR, key="account_id")
class OperatorCommand(Payload, frozen=True, kw_only=True):
    """A person asked: KILL, RESUME, RESET_BREAKER or PRUNE (argument: wallet)."""

    account_id: str
    command: str
    argument: str
    operator: str
