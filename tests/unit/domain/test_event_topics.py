import pytest

from tests.support.vectors import vectors
from whaletrader.domain.event_topics import EVENTS, TOPICS, ChainEvent
from whaletrader.domain.order_hash import ExchangeContract
from whaletrader.domain.venue_contracts import (
    EXCHANGES,
    EXCLUDED_ADDRESSES,
    LIVE_EXCHANGES,
    ZERO_ADDRESS,
    VenueContract,
)
from whaletrader.universe.excluded import VENUE_ADDRESSES

FILE = vectors("event_topics")


@pytest.mark.parametrize("name", FILE)
def test_the_first_topic_is_the_hash_of_the_signature(name):
    event = ChainEvent(FILE[name]["signature"])
    assert TOPICS[event] == FILE[name]["topic0"]
    assert EVENTS[FILE[name]["topic0"]] is event


def test_all_events_of_the_venue_are_named_and_no_two_share_a_topic():
    assert len(TOPICS) == len(EVENTS) == len(FILE) == 26


def test_the_addresses_that_are_no_wallets_are_those_left_out_of_every_ranking():
    assert EXCLUDED_ADDRESSES == VENUE_ADDRESSES
    assert ZERO_ADDRESS in EXCLUDED_ADDRESSES
    assert all(contract == contract.lower() and len(contract) == 42 for contract in VenueContract)


def test_orders_are_settled_by_the_live_exchanges():
    assert {contract.value[1].lower() for contract in ExchangeContract} == {str(one) for one in LIVE_EXCHANGES}
    assert set(LIVE_EXCHANGES) < set(EXCHANGES)
