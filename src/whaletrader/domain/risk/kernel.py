"""The veto: a pure function from (state, proposal) to a decision, bounded by every hard limit.

An entry is cut to the largest size that all limits admit and denied only where that is below the venue's minimum, or
where no size is admissible at all. A reduce-only sale is bounded by the lot and judged by "risk after <= risk before".
CVaR is taken against current marks with market-implied probabilities, the order's cost and fee at its worst price
included. All of it is integer arithmetic: the same decision on every CPU.
"""

from whaletrader.domain.amounts import floor_size
from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.reasons import BindingLimit, DenyReason
from whaletrader.domain.risk.cvar import rest_of_book
from whaletrader.domain.risk.gates import common_reasons, entry_reasons, worst_price_micro
from whaletrader.domain.risk.groups import BookLegs, payoff_scenarios
from whaletrader.domain.risk.model import Decision, MarketView, Proposal, RiskState, denied
from whaletrader.domain.risk.scenarios import deviation_risk, loss_range
from whaletrader.domain.risk.sizing import (
    affordable_size_micro,
    all_in_price_micro,
    cost_micro,
    kelly_size_micro,
    largest_size,
    largest_size_below,
    minimum_size_micro,
)
from whaletrader.domain.values import MICRO, Side

Cap = tuple[int, BindingLimit]
_REASON_OF = {
    BindingLimit.PER_TRADE: DenyReason.PER_TRADE,
    BindingLimit.PER_LEADER: DenyReason.PER_LEADER,
    BindingLimit.PORTFOLIO_CVAR: DenyReason.PORTFOLIO_CVAR,
    BindingLimit.CASH: DenyReason.CASH,
}


def decide(state: RiskState, proposal: Proposal) -> Decision:
    """Approve a proposal within bounds, or deny it.

    Parameters
    ----------
    state : RiskState
        Everything known about the account; it is only read.
    proposal : Proposal
        What is wanted.

    Returns
    -------
    Decision
        Bounds and the limit that decided them, or every reason found. Increasing the wanted size never turns a denial
        into an approval, `BELOW_VENUE_MINIMUM` apart.
    """
    reasons = common_reasons(state, proposal)
    if reasons:
        return denied(*reasons)
    market = state.markets[proposal.market_id]
    return _reduce(state, proposal, market) if proposal.side == Side.SELL else _enter(state, proposal, market)


def _enter(state: RiskState, proposal: Proposal, market: MarketView) -> Decision:
    value = state.book.value(state.now_ts, state.mark_rule)
    reasons = entry_reasons(state, proposal, market, value)
    if reasons:
        return denied(*reasons)
    worst, fee = worst_price_micro(proposal, market), market.fee
    assert worst is not None
    assert fee is not None
    least = minimum_size_micro(Side.BUY, worst, market.min_order_micro)
    size, binding = min(_caps(state, proposal, fee, worst, value.equity_micro), key=lambda cap: cap[0])
    if size < least:
        return _too_small(size, binding)
    size_within, cvar = _within_cvar(state, proposal, market, fee, (worst, least, size), value.equity_micro)
    if size_within < least:
        return denied(DenyReason.PORTFOLIO_CVAR)
    return Decision(
        side=Side.BUY,
        size_micro=size_within,
        worst_price_micro=worst,
        max_cost_micro=cost_micro(fee, worst, size_within),
        binding=binding if size_within == size else BindingLimit.PORTFOLIO_CVAR,
        cvar_micro=cvar,
    )


def _caps(state: RiskState, proposal: Proposal, fee: FeeSchedule, worst: int, equity: int) -> list[Cap]:
    """Largest size by each limit that has a closed form; of equal ones the first counts as binding."""
    limits, multiplier = state.limits, proposal.size_multiplier_micro
    all_in = all_in_price_micro(fee, proposal.reference_price_micro)
    kelly = kelly_size_micro(limits.kelly_fraction_micro, equity, proposal.edge_micro, all_in)
    per_leader = equity * limits.per_leader_micro // MICRO - state.book.leader_exposure_micro(proposal.wallet)
    budgets = (
        (equity * limits.per_trade_micro // MICRO, BindingLimit.PER_TRADE),
        (per_leader, BindingLimit.PER_LEADER),
        (state.book.free_cash_micro, BindingLimit.CASH),
    )
    caps = [(floor_size(kelly * multiplier // MICRO), BindingLimit.KELLY)]
    if proposal.desired_size_micro > 0:
        caps.append((floor_size(proposal.desired_size_micro * multiplier // MICRO), BindingLimit.DESIRED_SIZE))
    return caps + [(affordable_size_micro(budget, fee, worst), limit) for budget, limit in budgets]


def _too_small(size: int, binding: BindingLimit) -> Decision:
    """Deny: nothing is left, or less than the venue takes."""
    reason = _REASON_OF.get(binding)
    if reason is None:
        return denied(DenyReason.BELOW_VENUE_MINIMUM)
    return denied(DenyReason.BELOW_VENUE_MINIMUM, reason) if size > 0 else denied(reason)


def _within_cvar(
    state: RiskState,
    proposal: Proposal,
    market: MarketView,
    fee: FeeSchedule,
    bounds: tuple[int, int, int],
    equity: int,
) -> tuple[int, int]:
    """(largest size that keeps CVaR below its limit, the CVaR at that size); 0 where not even the least one does."""
    worst, least, most = bounds
    legs, level = BookLegs(state), state.limits.cvar_level_micro

    def group_at(size: int) -> list[tuple[int, int]]:
        return legs.scenarios_with(market, proposal.token_id, size, cost_micro(fee, worst, size))

    before, at_most = legs.scenarios(market.event_group_id), group_at(most)
    rest = rest_of_book(legs.rest(market.event_group_id), max(loss_range(before), loss_range(at_most)))
    limit = equity * state.limits.cvar_limit_micro

    found: dict[int, int] = {}

    def excess(size: int) -> int:
        if size not in found:
            found[size] = rest.cvar_micro(group_at(size), level)
        return found[size] * MICRO - limit

    if rest.cvar_micro(before, level) * MICRO >= limit or excess(least) >= 0:
        return 0, 0
    size = largest_size_below(excess, least, most)
    return size, found[size]


def _reduce(state: RiskState, proposal: Proposal, market: MarketView) -> Decision:
    """A sale of what we hold on the leader's account, as far as it lessens the risk of its event group."""
    worst = worst_price_micro(proposal, market)
    if worst is None:
        return denied(DenyReason.MALFORMED)
    token, wallet, kind = proposal.token_id, proposal.wallet, proposal.kind
    available = floor_size(state.book.for_sale_micro(token, wallet, kind))
    wanted = floor_size(proposal.desired_size_micro) or available
    if available <= 0:
        return denied(DenyReason.NOT_RISK_REDUCING)
    most = min(wanted, available)
    least = minimum_size_micro(Side.SELL, worst, market.min_order_micro)
    if most < least:
        return denied(DenyReason.BELOW_VENUE_MINIMUM)
    level = state.limits.cvar_level_micro
    before = deviation_risk(payoff_scenarios(state, market.event_group_id, token, 0), level)

    def admissible(size: int) -> bool:
        return deviation_risk(payoff_scenarios(state, market.event_group_id, token, size), level) <= before

    if not admissible(least):
        return denied(DenyReason.NOT_RISK_REDUCING)
    size = largest_size(admissible, least, most)
    binding = BindingLimit.DESIRED_SIZE if size == wanted < available else BindingLimit.POSITION
    return Decision(side=Side.SELL, size_micro=size, worst_price_micro=worst, binding=binding)
