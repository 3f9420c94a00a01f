"""The venue's own Python client grants a session key, trades with it, and takes it back, at the local exchange."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from polymarket import AsyncSecureClient
from polymarket.errors import RequestRejectedError
from polymarket.models.clob.order_response import AcceptedOrder

from tests.support.local_exchange import Local, local_exchange
from tests.support.official_python import environment, private_key, secure_client
from whaletrader.adapters.local.keys import OrderKey

WAIT_S = 60.0


async def with_key(local: Local, stack: AsyncExitStack, name: str, **more: object) -> AsyncSecureClient:
    client = await AsyncSecureClient.create(
        private_key=private_key(name),
        environment=environment(local.settings),
        **more,  # type: ignore[arg-type]
    )
    stack.push_async_callback(client.close)
    return client


async def scene(local: Local, stack: AsyncExitStack) -> bool:
    """Whether it came to its end."""
    ada = await stack.enter_async_context(secure_client(local.settings, "ada"))
    builder = await ada.create_builder_api_key()
    owner = await with_key(local, stack, "ada", api_key=builder)
    guest_address = OrderKey(bytes.fromhex(private_key("guest")[2:])).address
    token = local.market("coin").token_ids[0]

    guest = await with_key(local, stack, "guest", wallet=owner.wallet)
    with pytest.raises(RequestRejectedError, match="signer address has to be"):
        await guest.place_limit_order(asset_id=token, price="0.40", size="10", side="BUY")

    granted = await owner.authorize_session_key(address=guest_address)
    assert granted.session_key.scopes == ("ALL",)
    assert [key.address.lower() for key in await owner.fetch_session_keys()] == [guest_address]

    placed = await guest.place_limit_order(asset_id=token, price="0.40", size="10", side="BUY")
    assert isinstance(placed, AcceptedOrder), placed
    order = local.venue.orders[placed.order_id]
    assert order.maker == str(owner.wallet).lower()

    await owner.revoke_session_key(address=guest_address)
    assert await owner.fetch_session_keys() == ()
    with pytest.raises(RequestRejectedError, match="signer address has to be"):
        await guest.place_limit_order(asset_id=token, price="0.40", size="10", side="BUY")
    return True


def test_a_session_key_trades_for_its_wallet_from_grant_to_revocation() -> None:
    async def run(local: Local) -> bool:
        async with asyncio.timeout(WAIT_S), AsyncExitStack() as stack:
            return await scene(local, stack)

    with local_exchange() as local:
        assert asyncio.run(run(local))
