"""The venue's own Python client trades at the local exchange as if it were the venue."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any

import pytest
from polymarket import AsyncSecureClient
from polymarket.errors import RequestRejectedError
from polymarket.models.clob.order_response import AcceptedOrder, RejectedOrder
from polymarket.streams import MarketSpec, UserSpec

from tests.support.local_exchange import Local, local_exchange
from tests.support.official_python import secure_client
from tests.support.venue_scenarios import missing

WAIT_S = 15.0


@pytest.fixture
def exchange() -> Iterator[Local]:
    with local_exchange() as local:
        yield local


class Desk:
    """Clients of one exchange, closed at the end."""

    def __init__(self, local: Local, stack: AsyncExitStack) -> None:
        self.local = local
        self._stack = stack

    async def client(self, name: str) -> AsyncSecureClient:
        return await self._stack.enter_async_context(secure_client(self.local.settings, name))


def trading(local: Local, scene: Callable[[Desk], Coroutine[Any, Any, None]]) -> None:
    """Run a scene in an event loop of its own."""

    async def run() -> None:
        async with asyncio.timeout(4 * WAIT_S), AsyncExitStack() as stack:
            await scene(Desk(local, stack))

    asyncio.run(run())


async def limit(client: AsyncSecureClient, token: str, side: str, price: str, size: str, **more: Any) -> AcceptedOrder:
    answer = await client.place_limit_order(asset_id=token, price=price, size=size, side=side, **more)  # type: ignore[arg-type]
    assert isinstance(answer, AcceptedOrder), answer
    return answer


async def is_refused(call: Coroutine[Any, Any, Any], words: str) -> RequestRejectedError:
    with pytest.raises(RequestRejectedError) as told:
        await call
    assert told.value.status == 400
    assert words in str(told.value)
    return told.value


async def next_of(events: AsyncIterator[Any], wanted: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(WAIT_S):
        async for event in events:
            if wanted(event):
                return event
    raise AssertionError("the stream has ended")


def test_every_scenario_has_its_test() -> None:
    assert missing(sys.modules[__name__]) == []


def test_derive_keys(exchange: Local) -> None:
    async def scene(desk: Desk) -> None:
        ada = await desk.client("ada")
        assert await ada.fetch_api_keys() == (ada.credentials.key,)
        assert ada.wallet_type == "DEPOSIT_WALLET"
        assert not await ada.get_closed_only_mode()

    trading(exchange, scene)


def test_a_second_derivation_gives_the_same_keys(exchange: Local) -> None:
    async def scene(desk: Desk) -> None:
        first, again = await desk.client("ada"), await desk.client("ada")
        assert first.credentials == again.credentials
        assert (await desk.client("bob")).credentials != first.credentials

    trading(exchange, scene)


def test_place_a_resting_order(exchange: Local) -> None:
    token = exchange.market("100k").token_ids[0]

    async def scene(desk: Desk) -> None:
        order = await limit(await desk.client("ada"), token, "BUY", "0.41", "20")
        assert order.status == "live"
        assert (order.making_amount, order.taking_amount, order.trade_ids) == (0, 0, ())

    trading(exchange, scene)


def test_place_a_crossing_order(exchange: Local) -> None:
    yes, no = exchange.market("100k").token_ids

    async def scene(desk: Desk) -> None:
        ada, bob = await desk.client("ada"), await desk.client("bob")
        await limit(ada, yes, "BUY", "0.60", "20")
        order = await limit(bob, no, "BUY", "0.45", "10")
        assert order.status == "matched"
        assert (order.making_amount, order.taking_amount) == (Decimal("4"), Decimal("10"))
        assert len(order.trade_ids) == 1

    trading(exchange, scene)


def test_place_a_batch(exchange: Local) -> None:
    token = exchange.market("ada-elected").token_ids[0]

    async def scene(desk: Desk) -> None:
        ada = await desk.client("ada")
        prices = [f"0.{cents}" for cents in range(10, 25)]
        signed = [await ada.create_limit_order(asset_id=token, price=p, size="5", side="BUY") for p in prices]
        answers = await ada.post_orders(signed)
        assert [answer.ok for answer in answers] == [True] * 15
        assert len({answer.order_id for answer in answers if isinstance(answer, AcceptedOrder)}) == 15

    trading(exchange, scene)


def test_a_batch_with_one_bad_order_takes_the_others(exchange: Local) -> None:
    token = exchange.market("100k").token_ids[0]

    async def scene(desk: Desk) -> None:
        ada = await desk.client("ada")
        sizes = ("5", "1", "5")
        signed = [await ada.create_limit_order(asset_id=token, price="0.2", size=s, side="BUY") for s in sizes]
        answers = await ada.post_orders(signed)
        assert [answer.ok for answer in answers] == [True, False, True]
        assert isinstance(answers[1], RejectedOrder)
        assert "lower than the minimum" in answers[1].message

    trading(exchange, scene)


def test_the_same_bytes_again_are_one_order(exchange: Local) -> None:
    token = exchange.market("100k").token_ids[0]

    async def scene(desk: Desk) -> None:
        ada = await desk.client("ada")
        signed = await ada.create_limit_order(asset_id=token, price="0.2", size="5", side="BUY")
        first = await ada.post_order(signed)
        assert isinstance(first, AcceptedOrder)
        await is_refused(ada.post_order(signed), "Duplicated.")
        page = await ada.list_open_orders().first_page()
        assert [order.id for order in page.items] == [first.order_id]

    trading(exchange, scene)


def test_cancel_an_order(exchange: Local) -> None:
    market = exchange.market("100k")

    async def scene(desk: Desk) -> None:
        ada = await desk.client("ada")
        orders = [(await limit(ada, market.token_ids[0], "BUY", "0.2", "5")).order_id for _ in range(5)]
        assert (await ada.cancel_order(order_id=orders[0])).canceled == (orders[0],)
        assert set((await ada.cancel_orders(order_ids=orders[1:3])).canceled) == set(orders[1:3])
        assert (await ada.cancel_market_orders(market=market.condition_id)).canceled == tuple(orders[3:])
        last = await limit(ada, market.token_ids[0], "BUY", "0.2", "5")
        assert (await ada.cancel_all()).canceled == (last.order_id,)

    trading(exchange, scene)


def test_cancel_what_is_gone(exchange: Local) -> None:
    token = exchange.market("100k").token_ids[0]

    async def scene(desk: Desk) -> None:
        ada = await desk.client("ada")
        order = (await limit(ada, token, "BUY", "0.2", "5")).order_id
        await ada.cancel_order(order_id=order)
        answer = await ada.cancel_orders(order_ids=[order, "0x" + "0" * 64])
        assert answer.canceled == ()
        assert set(answer.not_canceled) == {order, "0x" + "0" * 64}

    trading(exchange, scene)


def test_read_the_book(exchange: Local) -> None:
    yes, no = exchange.market("100k").token_ids

    async def scene(desk: Desk) -> None:
        ada = await desk.client("ada")
        for price in ("0.40", "0.38", "0.39"):
            await limit(ada, yes, "BUY", price, "10")
        await limit(ada, no, "BUY", "0.55", "10")
        book, other = await ada.get_order_books(asset_ids=[yes, no])
        assert [level.price for level in book.bids] == [Decimal("0.38"), Decimal("0.39"), Decimal("0.40")]
        assert [(level.price, level.size) for level in book.asks] == [(Decimal("0.45"), Decimal("10"))]
        assert [level.price for level in other.asks] == [Decimal("0.62"), Decimal("0.61"), Decimal("0.60")]
        assert await ada.get_price(asset_id=yes, side="BUY") == Decimal("0.40")
        assert await ada.get_price(asset_id=yes, side="SELL") == Decimal("0.45")
        assert await ada.get_midpoint(asset_id=yes) == Decimal("0.425")
        assert await ada.get_spread(asset_id=yes) == Decimal("0.05")
        assert await ada.get_last_trade_price(asset_id=yes) is None
        assert (await ada.get_order_book(asset_id=yes)).hash == book.hash

    trading(exchange, scene)


def test_read_open_orders(exchange: Local) -> None:
    one, other = exchange.market("100k"), exchange.market("treaty")

    async def scene(desk: Desk) -> None:
        ada = await desk.client("ada")
        first = await limit(ada, one.token_ids[0], "BUY", "0.2", "7.5")
        await limit(ada, other.token_ids[1], "BUY", "0.3", "5")
        page = await ada.list_open_orders(market=one.condition_id).first_page()
        (order,) = page.items
        assert (order.id, order.price, order.original_size) == (first.order_id, Decimal("0.2"), Decimal("7.5"))
        assert (order.status, order.outcome, order.order_type) == ("ORDER_STATUS_LIVE", "Yes", "GTC")
        assert await ada.get_order(order_id=first.order_id) == order
        assert len((await ada.list_open_orders().first_page()).items) == 2
        assert (await (await desk.client("bob")).list_open_orders().first_page()).items == ()

    trading(exchange, scene)


def test_read_trades(exchange: Local) -> None:
    yes, no = exchange.market("100k").token_ids

    async def scene(desk: Desk) -> None:
        ada, bob = await desk.client("ada"), await desk.client("bob")
        rested = await limit(ada, yes, "BUY", "0.60", "20")
        await limit(bob, no, "BUY", "0.40", "10")
        (made,) = (await ada.list_account_trades().first_page()).items
        (taken,) = (await bob.list_account_trades().first_page()).items
        assert (made.trader_side, taken.trader_side) == ("MAKER", "TAKER")
        assert made.id == taken.id
        assert (taken.asset_id, taken.side, taken.price, taken.size) == (no, "BUY", Decimal("0.4"), Decimal("10"))
        (leg,) = made.maker_orders
        assert (leg.order_id, leg.asset_id, leg.side) == (rested.order_id, yes, "BUY")
        assert (leg.price, leg.matched_amount) == (Decimal("0.6"), Decimal("10"))

    trading(exchange, scene)


def test_read_balances(exchange: Local) -> None:
    yes, no = exchange.market("treaty").token_ids

    async def scene(desk: Desk) -> None:
        ada, bob = await desk.client("ada"), await desk.client("bob")
        before = await ada.get_balance_allowance(asset_type="COLLATERAL")
        assert before.balance == 10_000_000_000
        assert len(before.allowances) == 3
        assert min(before.allowances.values()) > 10**12
        await limit(ada, yes, "BUY", "0.60", "20")
        order = await limit(bob, no, "BUY", "0.40", "20")
        await bob.wait_for_order_fill_settlement(order)
        held = await ada.get_balance_allowance(asset_type="CONDITIONAL", asset_id=yes)
        assert held.balance == 20_000_000
        assert (await ada.get_balance_allowance(asset_type="COLLATERAL")).balance == 9_988_000_000
        assert (await bob.get_balance_allowance(asset_type="COLLATERAL")).balance == 9_992_000_000

    trading(exchange, scene)


def test_user_channel_tells_placement_trade_and_cancel(exchange: Local) -> None:
    yes, no = exchange.market("100k").token_ids

    async def scene(desk: Desk) -> None:
        ada, bob = await desk.client("ada"), await desk.client("bob")
        events = await ada.subscribe(UserSpec())
        order = await limit(ada, yes, "BUY", "0.60", "20")
        placed = await next_of(events, lambda event: event.type == "order")
        assert (placed.payload.order_event_type, placed.payload.id) == ("PLACEMENT", order.order_id)
        await limit(bob, no, "BUY", "0.40", "10")
        trade = await next_of(events, lambda event: event.type == "trade")
        assert (trade.payload.status, trade.payload.trader_side) == ("MATCHED", "MAKER")
        await ada.cancel_order(order_id=order.order_id)
        gone = await next_of(
            events, lambda event: event.type == "order" and event.payload.order_event_type == "CANCELLATION"
        )
        assert gone.payload.size_matched == Decimal("10")
        await events.close()

    trading(exchange, scene)


def test_a_trade_is_matched_mined_and_confirmed(exchange: Local) -> None:
    yes, no = exchange.market("ada-elected").token_ids

    async def scene(desk: Desk) -> None:
        ada, bob = await desk.client("ada"), await desk.client("bob")
        events = await bob.subscribe(UserSpec())
        await limit(ada, yes, "BUY", "0.60", "20")
        order = await limit(bob, no, "BUY", "0.40", "10")
        told = [
            (await next_of(events, lambda event: event.type == "trade")).payload for _ in ("matched", "mined", "final")
        ]
        assert [payload.status for payload in told] == ["MATCHED", "MINED", "CONFIRMED"]
        assert told[0].transaction_hash is None
        hashes = await bob.wait_for_order_fill_settlement(order)
        assert hashes == (told[2].transaction_hash,)
        await events.close()

    trading(exchange, scene)


def test_fill_or_kill_without_enough_is_an_outcome(exchange: Local) -> None:
    yes, no = exchange.market("100k").token_ids

    async def scene(desk: Desk) -> None:
        ada, bob = await desk.client("ada"), await desk.client("bob")
        await limit(ada, yes, "BUY", "0.60", "10")
        order = bob.place_market_order(asset_id=no, side="BUY", amount="20", max_price="0.4", order_type="FOK")
        await is_refused(order, "order couldn't be fully filled. FOK orders are fully filled or killed.")

    trading(exchange, scene)


def test_fill_and_kill_without_any_is_an_outcome(exchange: Local) -> None:
    yes, no = exchange.market("100k").token_ids

    async def scene(desk: Desk) -> None:
        ada, bob = await desk.client("ada"), await desk.client("bob")
        await limit(ada, yes, "BUY", "0.60", "10")
        order = bob.place_market_order(asset_id=no, side="BUY", amount="20", max_price="0.3")
        await is_refused(order, "no orders found to match with FAK order.")
        part = await bob.place_market_order(asset_id=no, side="BUY", amount="20", max_price="0.4")
        assert isinstance(part, AcceptedOrder)
        assert (part.status, part.taking_amount) == ("matched", Decimal("10"))

    trading(exchange, scene)


def test_a_post_only_order_that_crosses_is_refused(exchange: Local) -> None:
    yes, no = exchange.market("100k").token_ids

    async def scene(desk: Desk) -> None:
        ada, bob = await desk.client("ada"), await desk.client("bob")
        await limit(ada, yes, "BUY", "0.60", "10", post_only=True)
        crossing = bob.place_limit_order(asset_id=no, price="0.4", size="10", side="BUY", post_only=True)
        await is_refused(crossing, "invalid post-only order: order crosses book")

    trading(exchange, scene)


def test_a_wrong_tick_is_refused(exchange: Local) -> None:
    coarse, fine = exchange.market("100k").token_ids[0], exchange.market("200k").token_ids[0]

    async def scene(desk: Desk) -> None:
        ada = await desk.client("ada")
        await limit(ada, fine, "BUY", "0.123", "10")
        signed = await ada.create_limit_order(asset_id=fine, price="0.123", size="10", side="BUY")
        market = exchange.market("200k")
        market.tick_micro = 10_000
        await is_refused(ada.post_order(signed), "breaks minimum tick size rule: 0.01")
        assert coarse != fine

    trading(exchange, scene)


def test_a_size_below_the_minimum_is_refused(exchange: Local) -> None:
    token = exchange.market("100k").token_ids[0]

    async def scene(desk: Desk) -> None:
        ada = await desk.client("ada")
        small = ada.place_limit_order(asset_id=token, price="0.2", size="4.99", side="BUY")
        await is_refused(small, "lower than the minimum: 5")

    trading(exchange, scene)


def test_more_than_the_balance_is_refused(exchange: Local) -> None:
    token = exchange.market("100k").token_ids[0]

    async def scene(desk: Desk) -> None:
        ada = await desk.client("ada")
        dear = ada.place_limit_order(asset_id=token, price="0.5", size="20002", side="BUY")
        await is_refused(dear, "not enough balance / allowance")
        await is_refused(
            ada.place_limit_order(asset_id=token, price="0.5", size="5", side="SELL"), "not enough balance / allowance"
        )

    trading(exchange, scene)


def test_a_signature_for_the_wrong_exchange_is_refused(exchange: Local) -> None:
    market = exchange.market("ada-elected")

    async def scene(desk: Desk) -> None:
        ada = await desk.client("ada")
        signed = await ada.create_limit_order(asset_id=market.token_ids[0], price="0.2", size="5", side="BUY")
        market.neg_risk = False
        await is_refused(ada.post_order(signed), "invalid signature")

    trading(exchange, scene)


def test_a_position_of_the_new_protocol_is_traded(exchange: Local) -> None:
    yes, no = exchange.market("bridge").token_ids

    async def scene(desk: Desk) -> None:
        ada, bob = await desk.client("ada"), await desk.client("bob")
        await limit(ada, yes, "BUY", "0.60", "20")
        order = await limit(bob, no, "BUY", "0.40", "20")
        assert order.status == "matched"
        await bob.wait_for_order_fill_settlement(order)
        held = await ada.get_balance_allowance(asset_type="CONDITIONAL-V2", asset_id=yes)
        assert held.balance == 20_000_000

    trading(exchange, scene)


def test_a_heartbeat_is_answered_with_the_next_id(exchange: Local) -> None:
    async def scene(desk: Desk) -> None:
        ada = await desk.client("ada")
        first = await ada.send_order_heartbeat()
        assert (await ada.send_order_heartbeat(heartbeat_id=first.heartbeat_id)).heartbeat_id

    trading(exchange, scene)


def test_the_market_stream_tells_books_changes_and_trades(exchange: Local) -> None:
    yes, no = exchange.market("100k").token_ids

    async def scene(desk: Desk) -> None:
        ada, bob = await desk.client("ada"), await desk.client("bob")
        events = await ada.subscribe(MarketSpec(asset_ids=[yes, no], custom_feature_enabled=True))
        book = await next_of(events, lambda event: event.type == "book" and event.payload.asset_id == yes)
        assert (book.payload.bids, book.payload.tick_size) == ((), Decimal("0.01"))
        await limit(ada, yes, "BUY", "0.60", "20")
        changed = await next_of(events, lambda event: event.type == "price_change")
        sides = [(one.asset_id, one.side, one.price) for one in changed.payload.price_changes]
        assert sides == [(yes, "BUY", Decimal("0.6")), (no, "SELL", Decimal("0.4"))]
        best = await next_of(events, lambda event: event.type == "best_bid_ask" and event.payload.asset_id == yes)
        assert best.payload.best_bid == Decimal("0.6")
        await limit(bob, no, "BUY", "0.40", "10")
        trade = await next_of(events, lambda event: event.type == "last_trade_price")
        assert (trade.payload.asset_id, trade.payload.price, trade.payload.size) == (no, Decimal("0.4"), Decimal("10"))
        await events.close()

    trading(exchange, scene)


def test_a_builders_trades_are_listed(exchange: Local) -> None:
    yes, no = exchange.market("treaty").token_ids
    code = "0x" + "ab" * 32
    exchange.venue.builders.register(code, 50, 100)

    async def scene(desk: Desk) -> None:
        ada, bob = await desk.client("ada"), await desk.client("bob")
        await limit(ada, yes, "BUY", "0.60", "20")
        await limit(bob, no, "BUY", "0.40", "10", builder_code=code)
        (trade,) = (await bob.list_builder_trades(builder_code=code).first_page()).items
        assert (trade.asset_id, trade.size, trade.price) == (no, Decimal("10"), Decimal("0.4"))
        assert trade.fee_usdc == Decimal("0.04")  # the market is free: a per cent of 4 dollars for the builder
        rates = await bob.get_builder_fee_rates(builder_code=code)
        assert (rates.maker, rates.taker) == (Decimal("0.005"), Decimal("0.01"))
        await is_refused(limit(bob, no, "BUY", "0.40", "10", builder_code="0x" + "cd" * 32), "invalid builder code")
        key = await bob.create_builder_api_key()
        assert [info.key for info in await bob.fetch_builder_api_keys()] == [key.key]

    trading(exchange, scene)


def test_a_sports_order_is_held_and_then_matched(exchange: Local) -> None:
    yes, no = exchange.market("home-team").token_ids

    async def scene(desk: Desk) -> None:
        ada, bob = await desk.client("ada"), await desk.client("bob")
        await limit(ada, yes, "BUY", "0.60", "20")
        events = await bob.subscribe(UserSpec())
        order = await limit(bob, no, "BUY", "0.40", "10")
        assert order.status == "delayed"
        trade = await next_of(events, lambda event: event.type == "trade")
        assert trade.payload.taker_order_id == order.order_id
        await events.close()

    trading(exchange, scene)
