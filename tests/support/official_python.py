"""The official Python client, pointed at a local exchange."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from polymarket import AsyncSecureClient
from polymarket.environments import PRODUCTION, Environment, _create_environment

from whaletrader.config.tree import VenueSettings
from whaletrader.domain.order_hash import keccak256


def environment(venue: VenueSettings) -> Environment:
    """The client's production environment, with all its hosts replaced."""
    config = replace(
        PRODUCTION._config,
        clob_url=venue.clob_url,
        clob_market_ws_url=f"{venue.stream_url}/market",
        clob_user_ws_url=f"{venue.stream_url}/user",
        relayer_url=venue.relayer_url,
        gamma_url=venue.gamma_url,
        data_url=venue.data_url,
        rtds_ws_url=venue.activity_url,
        rpc_url=venue.rpc_url,
        relayer_poll_frequency_ms=50,
    )
    return _create_environment(name="local", config=config)


def private_key(name: str) -> str:
    """The key of a test's account, by its name; the same as `venue_callers.key_of`."""
    return "0x" + keccak256(f"test account {name}".encode()).hex()


@asynccontextmanager
async def secure_client(venue: VenueSettings, name: str) -> AsyncIterator[AsyncSecureClient]:
    """A client whose account has its API key and its deposit wallet."""
    client = await AsyncSecureClient.create(private_key=private_key(name), environment=environment(venue))
    try:
        yield client
    finally:
        await client.close()
