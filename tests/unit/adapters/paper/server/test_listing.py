"""The shelf of invented markets: one of every kind, ids as on the chain, names that say what they are."""

from whaletrader.adapters.paper.server.listing import CANDIDATES, shelf
from whaletrader.domain.contract_ids import condition_id, neg_risk_question_id, token_id
from whaletrader.domain.order_hash import ExchangeContract, exchange_contract
from whaletrader.domain.venue_contracts import VenueContract

NOW = 1_795_300_000 * 10**9
MARKETS = shelf(7, NOW)


def test_the_same_seed_lists_the_same_markets_and_another_seed_others() -> None:
    ids = [[market.condition_id for market in shelf(seed, NOW)] for seed in (7, 7, 8)]
    assert ids[0] == ids[1]
    assert not set(ids[0]) & set(ids[2])


def test_every_market_says_that_it_is_simulated() -> None:
    assert all(market.title.startswith("SIMULATED: ") for market in MARKETS)
    assert all(market.slug.startswith("simulated-") for market in MARKETS)
    assert len({market.slug for market in MARKETS}) == len(MARKETS)


def test_tokens_follow_from_the_condition_as_on_the_chain() -> None:
    for market in MARKETS:
        if market.version == "v1":
            expected = tuple(token_id(market.condition_id, index, neg_risk=market.neg_risk) for index in (0, 1))
            assert market.token_ids == expected
            oracle = VenueContract.NEG_RISK_ADAPTER if market.neg_risk else VenueContract.UMA_ADAPTER
            assert market.condition_id == condition_id(oracle, market.question_id)


def test_the_group_shares_its_id_and_numbers_its_questions() -> None:
    group = [market for market in MARKETS if market.neg_risk]
    assert len(group) == len(CANDIDATES)
    assert len({market.neg_risk_market_id for market in group}) == len({market.event_slug for market in group}) == 1
    expected = [neg_risk_question_id(group[0].neg_risk_market_id, index) for index in range(len(group))]
    assert [market.question_id for market in group] == expected


def test_every_exchange_contract_has_a_market() -> None:
    contracts = {exchange_contract(market.token_ids[0], neg_risk=market.neg_risk) for market in MARKETS}
    assert contracts == set(ExchangeContract)


def test_held_orders_fine_ticks_and_missing_fees_are_there() -> None:
    assert any(market.taker_delay for market in MARKETS)
    assert any(market.seconds_delay and market.clear_book_on_start for market in MARKETS)
    assert {market.tick_micro for market in MARKETS} == {1_000, 10_000}
    assert {market.fee.rate_micro for market in MARKETS} == {0, 40_000, 50_000, 70_000}
