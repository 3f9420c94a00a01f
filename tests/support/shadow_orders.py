"""Signed orders for paper trading against a live book."""

from msgspec.structs import replace

from tests.support.trading import approved, execution, market_terms, signed
from whaletrader.domain.amounts import limit_amounts
from whaletrader.domain.order_hash import order_hash, struct_of
from whaletrader.domain.values import Side


def order(**changes):
    """A signed BUY of 20 YES at 0.60 that arrives at 105 s and lives to 165 s."""
    harness = execution()
    harness.tell(market_terms(), at=90)
    return signed(harness.tell(approved(**changes), at=100)[0])


def changed(one, **changes):
    """The order with other fields, its amounts and hash made anew."""
    one = replace(one, **changes)
    amounts = limit_amounts(Side(one.side), one.price_micro, one.size_micro, 10_000)
    one = replace(one, maker_amount=amounts.maker, taker_amount=amounts.taker)
    return replace(one, order_hash=order_hash(struct_of(one), neg_risk=one.neg_risk))
