"""The venue's own Python client spends within a budget at the local exchange, both fees included."""

import asyncio
from contextlib import AsyncExitStack

from polymarket.models.clob.order_response import AcceptedOrder

from tests.support.local_exchange import Local, local_exchange
from tests.support.official_python import secure_client

WAIT_S = 60.0
CODE = "0x" + "ab" * 32


async def bought(local: Local) -> AcceptedOrder:
    """A market BUY of 50 dollars, fees included, against a resting order."""
    yes, no = local.market("100k").token_ids
    async with asyncio.timeout(WAIT_S), AsyncExitStack() as stack:
        ada, bob = [await stack.enter_async_context(secure_client(local.settings, name)) for name in ("ada", "bob")]
        await ada.place_limit_order(asset_id=yes, price="0.60", size="500", side="BUY")
        order = await bob.place_market_order(
            asset_id=no, side="BUY", amount="50", max_spend="50", max_price="0.4", builder_code=CODE
        )
        assert isinstance(order, AcceptedOrder), order
        return order


def test_a_market_buy_within_a_budget_costs_no_more_with_both_fees() -> None:
    with local_exchange() as local:
        local.venue.builders.register(CODE, 0, 75)
        order = asyncio.run(bought(local))
        trade = local.venue.trades[order.trade_ids[0]]
    cost = trade.cash_micro + trade.fee_micro
    # The package rounds what it spends down to a cent and its shares to four decimals.
    assert 49_980_000 < cost <= 50_000_000
    assert trade.fee_micro > trade.cash_micro * 75 // 10_000
