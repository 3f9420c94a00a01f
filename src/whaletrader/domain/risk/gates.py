"""The questions that a proposal must pass before its size matters: each answers with a reason, or with nothing.

Unknown, stale, missing or malformed always means no. What a size may be is decided in `kernel`.
"""

from whaletrader.domain.amounts import known_tick, price_within
from whaletrader.domain.fees import taker_fee_micro
from whaletrader.domain.order_hash import is_position_id, token_number
from whaletrader.domain.portfolio import Valuation
from whaletrader.domain.reasons import DenyReason
from whaletrader.domain.risk.correlation import too_correlated
from whaletrader.domain.risk.model import (
    MAX_UNSETTLED_FILLS,
    POSITIONS_VERSION,
    TRADABLE_VERSIONS,
    MarketView,
    Proposal,
    RiskState,
)
from whaletrader.domain.risk.sizing import all_in_price_micro
from whaletrader.domain.values import MICRO, NANOS, Side, TradingState

OUTCOMES = 2


def common_reasons(state: RiskState, proposal: Proposal) -> list[DenyReason]:
    """Reasons against any trade, whatever its side.

    Parameters
    ----------
    state : RiskState
        The book and its controls.
    proposal : Proposal
        What is wanted.

    Returns
    -------
    list of DenyReason
        In a fixed order, empty where nothing stands against it so far.
    """
    market = state.markets.get(proposal.market_id)
    tests = (
        (proposal.account_id != state.account_id, DenyReason.UNKNOWN_ACCOUNT),
        (_malformed(proposal), DenyReason.MALFORMED),
        (state.now_ts >= proposal.expires_ts, DenyReason.EXPIRED),
        (state.controls.killed, DenyReason.KILLED),
        (state.controls.breaker or state.controls.state is TradingState.HALTED, DenyReason.HALTED),
    )
    return [reason for failed, reason in tests if failed] + _market_reasons(market, proposal)


def _malformed(proposal: Proposal) -> bool:
    prices = (proposal.reference_price_micro, proposal.limit_price_micro)
    return (
        proposal.side not in (Side.BUY, Side.SELL)
        or any(not 0 < price < MICRO for price in prices)
        or not 0 <= proposal.size_multiplier_micro <= MICRO
        or proposal.desired_size_micro < 0
        or (proposal.side == Side.SELL and not proposal.reduce_only)
    )


def _market_reasons(market: MarketView | None, proposal: Proposal) -> list[DenyReason]:
    if market is None or proposal.token_id not in market.token_ids or len(market.token_ids) != OUTCOMES:
        return [DenyReason.UNKNOWN_MARKET]
    found = []
    if market.version not in TRADABLE_VERSIONS or _wrong_ids(market):
        found.append(DenyReason.UNKNOWN_MARKET_VERSION)
    if market.resolved:
        found.append(DenyReason.MARKET_RESOLVED)
    return found


def _wrong_ids(market: MarketView) -> bool:
    """Whether the ids are not of the form that the version says: their orders would go to another contract."""
    positions = market.version == POSITIONS_VERSION
    return any(is_position_id(token_number(token)) != positions for token in market.token_ids)


def entry_reasons(state: RiskState, proposal: Proposal, market: MarketView, value: Valuation) -> list[DenyReason]:
    """Reasons against a trade that adds risk; `common_reasons` found none.

    Parameters
    ----------
    state, proposal, market : RiskState, Proposal, MarketView
        As in `common_reasons`; the market is the proposal's.
    value : Valuation
        The book's value at `state.now_ts`.

    Returns
    -------
    list of DenyReason
        In a fixed order.
    """
    limits, book, equity = state.limits, state.book, value.equity_micro
    drawdown = book.drawdown_micro(equity)
    open_tokens = book.open_tokens()
    full = proposal.token_id not in open_tokens and len(open_tokens) >= limits.max_open_positions
    tests = (
        (state.controls.state is not TradingState.ACTIVE, DenyReason.REDUCING_ONLY),
        (equity <= 0 or drawdown >= limits.drawdown_reducing_micro, DenyReason.DRAWDOWN),
        (day_loss_reached(state, equity), DenyReason.DAILY_LOSS),
        (proposal.reduce_only, DenyReason.NOT_RISK_REDUCING),
        (_stale(state, proposal.token_id), DenyReason.STALE_DATA),
        (market.fee is None or market.fee.provenance not in limits.accept_fee_provenance, DenyReason.NO_FEE_SCHEDULE),
        (full, DenyReason.OPEN_POSITIONS),
    )
    return [reason for failed, reason in tests if failed] or _edge_reasons(state, proposal, market)


def _edge_reasons(state: RiskState, proposal: Proposal, market: MarketView) -> list[DenyReason]:
    assert market.fee is not None
    price = proposal.reference_price_micro
    if proposal.edge_micro <= 0 or all_in_price_micro(market.fee, price) >= MICRO:
        return [DenyReason.NO_EDGE]
    certain = price + taker_fee_micro(market.fee, price, MICRO) + proposal.edge_micro > MICRO
    if certain or worst_price_micro(proposal, market) is None:
        return [DenyReason.MALFORMED]  # more than a certain win, or a limit that is on no tick
    return [DenyReason.CORRELATION] if too_correlated(state, market, proposal.token_id) else []


def worst_price_micro(proposal: Proposal, market: MarketView) -> int | None:
    """The proposal's limit on the market's tick, on the side that is better for us; None where there is none."""
    return price_within(Side(proposal.side), proposal.limit_price_micro, known_tick(market.tick_micro))


def day_loss_reached(state: RiskState, equity_micro: int) -> bool:
    """Whether the loss since 00:00 UTC has reached its limit."""
    base = state.book.day_base_micro
    return state.book.day_loss_micro(equity_micro) * MICRO >= base * state.limits.daily_loss_micro


def _stale(state: RiskState, token_id: str) -> bool:
    """Whether the token's price is unknown or old, or too many fills wait for their settlement."""
    quote = state.quotes.get(token_id)
    if quote is None or len(state.book.unsettled) > MAX_UNSETTLED_FILLS:
        return True
    return state.now_ts - quote.ts > state.limits.max_mark_age_s * NANOS
