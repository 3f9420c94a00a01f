"""What is known of markets, and since when."""

import pytest

from tests.support.venue_rows import MARKET, NO, YES, end, meta
from whaletrader.adapters.polymarket.live_markets import LiveMarkets


@pytest.fixture
def markets():
    return LiveMarkets()


def test_the_same_description_again_says_nothing_new(markets):
    assert markets.learn(meta(), 1)
    assert not markets.learn(meta(), 2)
    assert not markets.learn(meta(volume_micro=5), 3)


def test_a_source_that_knows_less_takes_nothing_away(markets):
    markets.learn(meta(slug="a-game", event_slug="games"), 1)
    markets.learn(meta(source="clob", version="", tick_micro=1_000, fee_rate_micro=-1, neg_risk=None), 2)
    terms = markets.terms(MARKET, 2)
    assert (terms.market_version, terms.tick_micro, terms.fee_rate_micro) == ("v1", 1_000, 40_000)
    assert terms.event_group_id == "games"


def test_a_market_without_a_description_is_named_by_its_fills(markets):
    markets.name_token(YES, MARKET, 0)
    markets.name_token(NO, MARKET, 1)
    assert markets.market_of(YES) == (MARKET, 0)
    assert markets.terms(MARKET, 5).token_ids == (YES, NO)
    assert not markets.knows(MARKET)
    assert markets.terms(MARKET, 5).fee_provenance == "worst_case"


def test_the_description_overrules_what_a_fill_said(markets):
    markets.name_token(YES, MARKET, 1)
    markets.learn(meta(), 1)
    assert markets.market_of(YES) == (MARKET, 0)


@pytest.mark.parametrize(
    ("told", "group"),
    [
        ({"neg_risk": True, "neg_risk_market_id": "0xaa", "event_slug": "games"}, "0xaa"),
        ({"event_slug": "games"}, "games"),
        ({}, MARKET),
    ],
)
def test_markets_that_resolve_together_share_a_group(markets, told, group):
    markets.learn(meta(**told), 1)
    assert markets.terms(MARKET, 1).event_group_id == group


@pytest.mark.parametrize(
    ("told", "category"),
    [
        ({"fee_type": "sports_fees_v3"}, "sports"),
        ({"fee_type": "crypto_fees_v2"}, "crypto"),
        ({"slug": "who-wins-the-election"}, "politics"),
        ({}, "other"),
    ],
)
def test_the_category_goes_by_the_rules_of_datasets(markets, told, category):
    markets.learn(meta(**told), 1)
    assert markets.terms(MARKET, 1).category == category


def test_a_market_that_charges_nothing_is_known_to(markets):
    markets.learn(meta(fee_rate_micro=0), 1)
    terms = markets.terms(MARKET, 1)
    assert (terms.fee_rate_micro, terms.fee_provenance) == (0, "market")


def test_the_first_authority_to_tell_a_payout_stands(markets):
    assert markets.resolve(end(), 5)
    assert not markets.resolve(end(yes=0), 6)
    markets.learn(meta(resolved=True, payouts_micro=(0, 1_000_000)), 7)
    assert markets.resolution(MARKET).payouts_micro == (1_000_000, 0)


def test_a_description_of_a_resolved_market_ends_it(markets):
    markets.learn(meta(), 1)
    assert markets.resolution(MARKET) is None
    markets.learn(meta(resolved=True, payouts_micro=(500_000, 500_000)), 7)
    assert markets.resolution(MARKET).ts == 7


def test_a_schedule_that_nobody_has_heard_of_is_the_worst_case(markets):
    markets.learn(meta(fee_exponent=9), 1)
    assert markets.terms(MARKET, 1).fee_provenance == "worst_case"
    assert not markets.charges(MARKET, 500_000, 1_000_000)


def test_a_market_charges_a_taker_where_the_fee_does_not_vanish(markets):
    assert not markets.charges(MARKET, 500_000, 1_000_000)
    markets.learn(meta(), 1)
    assert markets.charges(MARKET, 500_000, 1_000_000)
    assert not markets.charges(MARKET, 0, 1_000_000)
    assert not markets.charges(MARKET, 500_000, 1)
