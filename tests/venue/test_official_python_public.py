"""The venue's own Python client reads the local exchange's public services and moves positions through its relayer."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from itertools import count
from typing import Any

import pytest
from polymarket import AsyncSecureClient
from polymarket.auth import RelayerApiKey
from polymarket.errors import RequestRejectedError

from tests.support.local_exchange import Local, local_exchange
from tests.support.official_python import environment, private_key
from tests.support.waiting_async import eventually
from whaletrader.domain.values import MICRO
from whaletrader.domain.wallet_addresses import own_wallets

WAIT_S = 30.0
KINDS = {"deposit": 3, "safe": 2, "proxy": 1}


@pytest.fixture
def exchange() -> Iterator[Local]:
    with local_exchange() as local:
        yield local


def with_client(
    local: Local, name: str, scene: Callable[[AsyncSecureClient], Coroutine[Any, Any, None]], kind: str = "deposit"
) -> None:
    """Run a scene with a client that may use the relayer."""
    from eth_account import Account

    address = Account.from_key(private_key(name)).address.lower()
    wallet = getattr(own_wallets(address), kind)
    if kind != "deposit":
        local.venue.open_account(wallet, owner=address, signature_type=KINDS[kind], cash_micro=1_000 * MICRO)

    async def run() -> None:
        client = await AsyncSecureClient.create(
            private_key=private_key(name),
            wallet=None if kind == "deposit" else wallet,
            environment=environment(local.settings),
            api_key=RelayerApiKey(key="local", address=address),
        )
        try:
            async with asyncio.timeout(2 * WAIT_S):
                await scene(client)
        finally:
            await client.close()

    asyncio.run(run())


@pytest.mark.parametrize("kind", list(KINDS))
def test_split_merge_and_redeem_through_the_relayer(exchange: Local, kind: str) -> None:
    market = exchange.market("coin-above-100k")

    async def scene(client: AsyncSecureClient) -> None:
        account = exchange.venue.accounts[client.wallet.lower()]
        before = account.cash_micro
        handle = await client.split_position(condition_id=market.condition_id, amount=100 * MICRO)
        assert (await handle.wait()).transaction_hash
        assert account.tokens == dict.fromkeys(market.token_ids, 100 * MICRO)
        handle = await client.merge_positions(condition_id=market.condition_id, amount=40 * MICRO)
        await handle.wait()
        assert account.tokens[market.token_ids[0]] == 60 * MICRO
        exchange.venue.resolve(market.condition_id, (MICRO, 0), exchange.assembled.world.now())
        await (await client.redeem_positions(condition_id=market.condition_id)).wait()
        assert account.tokens.get(market.token_ids[0], 0) == 0
        assert account.cash_micro == before

    with_client(exchange, f"mover {kind}", scene, kind)


def test_a_neg_risk_position_is_split_too(exchange: Local) -> None:
    market = exchange.market("ada-elected")

    async def scene(client: AsyncSecureClient) -> None:
        await (await client.split_position(condition_id=market.condition_id, amount=5 * MICRO)).wait()
        assert exchange.venue.accounts[client.wallet.lower()].tokens[market.token_ids[1]] == 5 * MICRO

    with_client(exchange, "negative", scene)


def test_what_the_contracts_refuse_fails(exchange: Local) -> None:
    market = exchange.market("coin-above-100k")

    async def scene(client: AsyncSecureClient) -> None:
        with pytest.raises(Exception, match="execution reverted"):
            await (await client.split_position(condition_id=market.condition_id, amount=10**9 * MICRO)).wait()

    with_client(exchange, "spendthrift", scene)


def test_the_relayer_takes_25_submissions_a_minute(exchange: Local) -> None:
    async def scene(client: AsyncSecureClient) -> None:
        relayer = client._ctx.relayer
        for _ in range(25):
            with pytest.raises(RequestRejectedError) as refused:
                await relayer.post_json("/submit", json={})
            assert refused.value.status == 400
        with pytest.raises(Exception, match=r"rate limited"):
            await relayer.post_json("/submit", json={})

    with_client(exchange, "pusher", scene)


def test_missing_approvals_are_found_on_the_chain_and_given(exchange: Local) -> None:
    async def scene(client: AsyncSecureClient) -> None:
        account = exchange.venue.accounts[client.wallet.lower()]
        account.approved.clear()
        account.allowances_micro.clear()
        await client.setup_trading_approvals()
        assert len(account.approved) > 3
        assert min(account.allowances_micro.values()) > 10**12

    with_client(exchange, "careful", scene)


def test_markets_and_events_are_parsed(exchange: Local) -> None:
    async def scene(client: AsyncSecureClient) -> None:
        page = await client.list_markets(closed=False, page_size=3).first_page()
        markets = [market async for market in client.list_markets(closed=False, page_size=3).iter_items()]
        assert len(page.items) == 3
        assert len(markets) == 7
        known = {market.condition_id: market for market in markets}
        group = exchange.market("ada-elected")
        assert known[group.condition_id].outcomes.yes.token_id == group.token_ids[0]
        assert str(known[group.condition_id].trading.minimum_tick_size) == "0.01"
        events = [event async for event in client.list_events(closed=False).iter_items()]
        assert sorted(len(event.markets) for event in events) == [1, 1, 1, 1, 3]
        assert (await client.get_market(slug=group.slug)).condition_id == group.condition_id

    with_client(exchange, "reader", scene)


def test_trades_activity_and_positions_are_parsed(exchange: Local) -> None:
    market = exchange.market("treaty-signed")
    token = market.token_ids[0]

    async def indexed(ask: Callable[[int], Any]) -> list[Any]:
        """Ask, each time by another URL, until a row is known."""
        starts = count(1)

        async def rows() -> list[Any]:
            return [row async for row in ask(next(starts)).iter_items()]

        return await eventually(rows, WAIT_S)

    async def scene(client: AsyncSecureClient) -> None:
        exchange.venue.deposit(client.wallet.lower(), tokens={token: 50 * MICRO})
        await client.place_limit_order(asset_id=token, price="0.40", size="20", side="SELL")
        buyer = await AsyncSecureClient.create(
            private_key=private_key("buyer"), environment=environment(exchange.settings)
        )
        await buyer.place_limit_order(asset_id=token, price="0.40", size="20", side="BUY")
        (sold,) = await indexed(lambda n: client.list_trades(condition_id=market.condition_id, start=n))
        assert (sold.side, float(sold.size), float(sold.price)) == ("SELL", 20, 0.4)
        (bought,) = await indexed(lambda n: client.list_activity(user=buyer.wallet, start=n))
        assert (bought.type, bought.side) == ("TRADE", "BUY")
        (held,) = [row async for row in client.list_positions(user=buyer.wallet).iter_items()]
        assert held.condition_id == market.condition_id
        await buyer.close()

    with_client(exchange, "seller", scene)
