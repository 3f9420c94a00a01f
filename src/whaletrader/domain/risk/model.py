"""What the risk kernel reads and what it answers: values only, no messages, no rules."""

from enum import StrEnum

import msgspec

from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.portfolio import Mark, MarkRule, Portfolio
from whaletrader.domain.reasons import BindingLimit, DenyReason
from whaletrader.domain.risk.limits import RiskLimits
from whaletrader.domain.values import NANOS, Side, TradingState

TRADABLE_VERSIONS = frozenset({"v1", "v2"})
"""Versions (the venue's word) whose orders we can sign and whose markets we can value: CTF tokens, and positions."""
POSITIONS_VERSION = "v2"
"""Protocol V2: the ids are positions, and another contract settles them."""
MAX_UNSETTLED_FILLS = 1_000
"""With more fills than this without a word about their settlement, what we hold is not known well enough."""


class StopReason(StrEnum):
    """Why trading stops, slows down, goes on, or positions are cut."""

    OPERATOR = "OPERATOR"
    DAILY_LOSS = "DAILY_LOSS"
    DRAWDOWN = "DRAWDOWN"
    KILLED = "KILLED"
    ORCHESTRATOR = "ORCHESTRATOR"
    RECOVERED = "RECOVERED"


class Alert(StrEnum):
    """What is told beside the limits that have a message of their own."""

    SETTLEMENT_FAILED = "SETTLEMENT_FAILED"
    """A matched fill was voided; the value is its shares."""
    DERISK_BLOCKED = "DERISK_BLOCKED"
    """A de-risk was asked for while nothing but cancels is sent."""


class MarketView(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a market; `fee` is None where no schedule is known."""

    market_id: str
    event_group_id: str
    token_ids: tuple[str, ...]
    category: str
    version: str
    neg_risk: bool
    tick_micro: int
    min_order_micro: int
    fee: FeeSchedule | None
    resolved: bool = False


class Controls(msgspec.Struct, frozen=True, kw_only=True):
    """What stops trading: `breaker` and `killed` are lifted by an operator only."""

    state: TradingState = TradingState.ACTIVE
    """As it was last published."""
    breaker: bool = False
    killed: bool = False
    killed_by_operator: bool = False
    derisked: bool = False
    """The emergency de-risk of this drawdown has been ordered."""


class RiskState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a decision depends on, beside the proposal.

    Parameters
    ----------
    account_id : str
        The book's account.
    now_ts : int
        The run's clock, UTC nanoseconds.
    limits : RiskLimits
        The hard limits.
    book : Portfolio
        Cash, reservations, positions and their marks.
    markets : dict of str to MarketView
        By market id.
    quotes : dict of str to Mark
        Newest mark of every token that is known, held or not.
    controls : Controls
        Trading state, breaker, kill switch.
    daily : dict of str to tuple of int
        Marks at 00:00 UTC of held tokens, oldest first, in micro-units; bounded.
    """

    account_id: str
    now_ts: int
    limits: RiskLimits
    book: Portfolio
    markets: dict[str, MarketView]
    quotes: dict[str, Mark]
    controls: Controls = Controls()
    daily: dict[str, tuple[int, ...]] = {}

    @property
    def mark_rule(self) -> MarkRule:
        """When a mark is stale."""
        return mark_rule(self.limits)


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A trade that somebody wants; micro-units throughout, as in the message of the same meaning."""

    account_id: str
    wallet: str
    kind: str
    market_id: str
    token_id: str
    side: str
    reduce_only: bool
    reference_price_micro: int
    limit_price_micro: int
    edge_micro: int
    desired_size_micro: int
    size_multiplier_micro: int
    expires_ts: int


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Approved with its bounds, or denied with every reason that was found.

    Parameters
    ----------
    reasons : tuple of DenyReason
        Empty for an approval.
    side : Side
        The side that was judged.
    size_micro, worst_price_micro, max_cost_micro : int
        Bounds of an approval; the cost (fee included) is 0 for a SELL.
    binding : BindingLimit or None
        The limit that decided the size.
    cvar_micro : int
        CVaR of the book with the approved order, in micro-units of collateral; 0 where it was not computed.
    """

    reasons: tuple[DenyReason, ...] = ()
    side: Side = Side.BUY
    size_micro: int = 0
    worst_price_micro: int = 0
    max_cost_micro: int = 0
    binding: BindingLimit | None = None
    cvar_micro: int = 0

    @property
    def approved(self) -> bool:
        """Whether the trade may go ahead."""
        return not self.reasons and self.size_micro > 0


def mark_rule(limits: RiskLimits) -> MarkRule:
    """Return the book's mark rule under these limits."""
    return MarkRule(max_age_ns=limits.max_mark_age_s * NANOS, haircut_micro=limits.stale_haircut_micro)


def denied(*reasons: DenyReason) -> Decision:
    """Return a denial."""
    assert reasons
    return Decision(reasons=reasons)
