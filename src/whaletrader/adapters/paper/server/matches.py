"""A match as a trade: prices, collateral, the taker's fee, and what moves between accounts."""

from whaletrader.adapters.paper.server.funds import Movement
from whaletrader.adapters.paper.server.terms import Terms
from whaletrader.adapters.paper.server.types import MakerFill, MatchKind, VenueMarket, VenueOrder, VenueTrade
from whaletrader.domain.fees import FeeSchedule, taker_fee_micro
from whaletrader.domain.matching.price_time import Fill, price_of
from whaletrader.domain.rebates import builder_fee_micro
from whaletrader.domain.values import MICRO, Side

_BP_MICRO = 100
"""A basis point in micro-units."""
_BPS = 10_000
Matched = tuple[VenueOrder, Fill]
"""A resting order and what it gave."""


def make_trade(
    order: VenueOrder, matched: list[Matched], market: VenueMarket, now: int, names: tuple[str, str]
) -> VenueTrade:
    """Return the trade of an incoming order with resting ones; `names` are its id and its transaction's hash."""
    size = sum(fill.size_micro for _, fill in matched)
    cash = sum(fill.taker_cash_micro for _, fill in matched)
    price = (2 * cash * MICRO + size) // (2 * size)
    return VenueTrade(
        trade_id=names[0],
        taker_order_id=order.order_id,
        condition_id=market.condition_id,
        token_id=order.token_id,
        outcome_index=order.outcome_index,
        owner=order.owner,
        maker=order.maker,
        side=order.side,
        price_micro=price,
        size_micro=size,
        cash_micro=cash,
        fee_micro=taker_fee_micro(market.fee, price, size, builder_rate_micro=order.builder_taker_bps * _BP_MICRO),
        builder=order.builder,
        metadata=order.metadata,
        match_ts=now,
        transaction_hash=names[1],
        makers=tuple(_maker_fill(order, maker, fill, market) for maker, fill in matched),
        updated_ts=now,
    )


def _maker_fill(order: VenueOrder, maker: VenueOrder, fill: Fill, market: VenueMarket) -> MakerFill:
    if maker.side != order.side:
        kind = MatchKind.COMPLEMENTARY
    else:
        kind = MatchKind.MINT if maker.side == Side.BUY else MatchKind.MERGE
    price, bps = price_of(fill.level, maker.outcome_index, market.tick_micro), maker.builder_maker_bps
    return MakerFill(
        order_id=maker.order_id,
        owner=maker.owner,
        maker=maker.maker,
        token_id=maker.token_id,
        outcome_index=maker.outcome_index,
        side=maker.side,
        price_micro=price,
        size_micro=fill.size_micro,
        cash_micro=fill.maker_cash_micro,
        kind=kind,
        fee_micro=builder_fee_micro(price, fill.size_micro, bps, maker=True) if bps else 0,
        builder=maker.builder,
        metadata=maker.metadata,
    )


def movements_of(trade: VenueTrade) -> tuple[Movement, ...]:
    """Return what a trade does to every account; minted and merged pairs change the collateral in all."""
    return _movement(trade), *map(_movement, trade.makers)


def fees_of(trade: VenueTrade) -> int:
    """Return what all sides of a trade pay besides its price."""
    return trade.fee_micro + sum(maker.fee_micro for maker in trade.makers)


def _movement(leg: VenueTrade | MakerFill) -> Movement:
    if leg.side == Side.BUY:
        return Movement(leg.maker, -leg.cash_micro - leg.fee_micro, leg.token_id, leg.size_micro)
    return Movement(leg.maker, leg.cash_micro - leg.fee_micro, leg.token_id, -leg.size_micro)


def worst_cost_micro(
    terms: Terms, collateral_micro: int, best_micro: int, fee: FeeSchedule, builder_bps: int = 0
) -> int:
    """Return the most that a BUY which crosses can cost: its collateral, the largest platform fee between best and
    limit, and its builder's fee.
    """
    size = terms.size_micro if terms.budget_micro < 0 else terms.budget_micro * MICRO // best_micro
    prices = {min(max(at, best_micro), terms.price_micro) for at in (best_micro, 500_000, 600_000)}
    prices.add(terms.price_micro)
    dearest = max(taker_fee_micro(fee, price, size) for price in prices)
    return collateral_micro + dearest + collateral_micro * builder_bps // _BPS
