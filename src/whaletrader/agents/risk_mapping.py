"""Between messages and the risk kernel: what a message says in the kernel's values, and a decision as messages.

No rule lives here.
"""

from hashlib import blake2b

import msgspec

from whaletrader.domain.approval import canonical_bytes
from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.portfolio import Fill, Mark, Reservation
from whaletrader.domain.reasons import BindingLimit
from whaletrader.domain.risk.model import Decision, MarketView, Proposal
from whaletrader.domain.spread import half_spread_micro
from whaletrader.domain.values import MICRO, FeeProvenance, Side
from whaletrader.messages.envelope import Message, hash_id
from whaletrader.messages.market import MarketDataUpdate, MarketTerms
from whaletrader.messages.orders import OrderFilled
from whaletrader.messages.risk import ApprovalBounds, ApprovedTrade, RejectedTrade, TradeProposal

DECISION_HASH_BYTES = 32
MAX_FEE_EXPONENT = 4
MAX_CHILDREN = 1
"""One order per approval: what it reserved is free when that order is final."""


def market_view(market_id: str, terms: MarketTerms, *, resolved: bool) -> MarketView:
    """Return what the kernel must know of a market."""
    return MarketView(
        market_id=market_id,
        event_group_id=terms.event_group_id or market_id,
        token_ids=terms.token_ids,
        category=terms.category,
        version=terms.market_version,
        neg_risk=terms.neg_risk,
        tick_micro=terms.tick_micro,
        min_order_micro=terms.min_order_micro,
        fee=_fee_schedule(terms),
        resolved=resolved,
    )


def _fee_schedule(terms: MarketTerms) -> FeeSchedule | None:
    """The schedule, None where it is not known or makes no sense."""
    known = 0 <= terms.fee_rate_micro <= MICRO and 0 <= terms.fee_exponent <= MAX_FEE_EXPONENT
    if not known or terms.fee_provenance not in tuple(FeeProvenance):
        return None
    provenance = FeeProvenance(terms.fee_provenance)
    return FeeSchedule(terms.fee_rate_micro, terms.fee_exponent, terms.fee_times_price, provenance)


def mark_of(update: MarketDataUpdate, ts_event: int, ts_init: int) -> Mark | None:
    """Return a token's mark: the best bid where it is quoted, else the print less the assumed half-spread."""
    bid, ask, price = update.bid_micro, update.ask_micro, update.price_micro
    if not update.quote_assumed and 0 <= bid <= MICRO:
        if 0 <= ask <= MICRO:
            return Mark(bid_micro=min(bid, ask), mid_micro=(bid + ask) // 2, ts=ts_init)
        return Mark(bid_micro=bid, mid_micro=max(bid, price) if price <= MICRO else bid, ts=ts_init)
    if not 0 <= price <= MICRO:
        return None
    half = half_spread_micro(price, update.terms.category)
    return Mark(bid_micro=max(price - half, 0), mid_micro=price, ts=ts_event)


def fill_id(order_hash: str, trade_id: str) -> str:
    """Return the identity of a fill."""
    return f"{order_hash}/{trade_id}"


def book_fill(filled: OrderFilled, view: MarketView | None) -> Fill:
    """Return a fill as the book takes it; which group the market belongs to is the market's own word where known."""
    return Fill(
        fill_id=fill_id(filled.order_hash, filled.trade_id),
        approval_id=filled.approval_id,
        market_id=filled.market_id,
        token_id=filled.token_id,
        event_group_id=view.event_group_id if view else filled.event_group_id or filled.market_id,
        wallet=filled.wallet,
        kind=filled.kind,
        side=Side(filled.side),
        price_micro=filled.price_micro,
        size_micro=filled.size_micro,
        fee_micro=filled.fee_micro,
    )


def kernel_proposal(proposal: TradeProposal) -> Proposal:
    """Return a proposal as the kernel takes it."""
    return Proposal(**{name: getattr(proposal, name) for name in Proposal.__struct_fields__})


def approval_id(*identity: str) -> str:
    """Return the id of the approval that a proposal (or one lot of an emergency de-risk) leads to."""
    return hash_id("approval", *identity)


def decision_hash(bounds: ApprovalBounds) -> str:
    """Return the BLAKE2b-256 hash, 64 hex digits, of an approval's canonical bytes without the hash itself."""
    bare = msgspec.structs.replace(bounds, decision_hash="")
    return blake2b(canonical_bytes(bare), digest_size=DECISION_HASH_BYTES).hexdigest()


def approved(cause: Message, proposal: Proposal, decision: Decision, own_id: str, view: MarketView) -> ApprovedTrade:
    """Return an approval as a message."""
    bounds = ApprovalBounds(
        approval_id=own_id,
        account_id=proposal.account_id,
        market_id=proposal.market_id,
        token_id=proposal.token_id,
        side=decision.side,
        worst_price_micro=decision.worst_price_micro,
        max_size_micro=decision.size_micro,
        max_cost_micro=decision.max_cost_micro,
        expires_ts=proposal.expires_ts,
        max_children=MAX_CHILDREN,
        decision_hash="",
    )
    return ApprovedTrade(
        account_id=proposal.account_id,
        proposal_id=cause.id,
        wallet=proposal.wallet,
        kind=proposal.kind,
        event_group_id=view.event_group_id,
        reduce_only=proposal.reduce_only,
        reference_price_micro=proposal.reference_price_micro,
        bounds=msgspec.structs.replace(bounds, decision_hash=decision_hash(bounds)),
        binding_limit=decision.binding or BindingLimit.DESIRED_SIZE,
        reserved_micro=decision.max_cost_micro,
    )


def rejected(cause: Message, account_id: str, proposal: Proposal, decision: Decision) -> RejectedTrade:
    """Return a denial as a message; it is kept under our own account, whatever account the proposal named."""
    return RejectedTrade(
        account_id=account_id,
        proposal_id=cause.id,
        wallet=proposal.wallet,
        kind=proposal.kind,
        market_id=proposal.market_id,
        token_id=proposal.token_id,
        side=proposal.side,
        reasons=tuple(reason.value for reason in decision.reasons),
    )


def reservation(trade: ApprovedTrade) -> Reservation:
    """Return what an approval sets aside."""
    bounds = trade.bounds
    return Reservation(
        market_id=bounds.market_id,
        token_id=bounds.token_id,
        event_group_id=trade.event_group_id,
        wallet=trade.wallet,
        kind=trade.kind,
        side=Side(bounds.side),
        size_micro=bounds.max_size_micro,
        reserved_micro=trade.reserved_micro,
    )
