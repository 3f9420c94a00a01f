"""A market's facts: read once, refused where they cannot be read."""

import json
from types import SimpleNamespace

import pytest

from tests.support.scripted_clob import venue_error
from whaletrader.adapters.polymarket.market_terms import MarketTerms, terms_of
from whaletrader.domain.fees import FeeSchedule
from whaletrader.errors import VenueError

MARKET = "0x" + "a1" * 32
GOOD = {
    "t": [{"t": "11", "o": "Yes"}, {"t": "12", "o": "No"}],
    "mos": 5,
    "mts": 0.01,
    "nr": True,
    "fd": {"r": 0.05, "e": 1, "to": True},
    "itode": True,
}


class Clob:
    def __init__(self, **changes) -> None:
        self.body = json.dumps({**GOOD, **changes}).encode()
        self.asked = []

    def clob_market(self, market_id):
        self.asked.append(market_id)
        return self.body

    def market_of(self, token_id):
        return MARKET


def test_facts_are_read_once():
    clob = Clob()
    terms = MarketTerms(clob)
    for _ in range(3):
        told = terms.terms(MARKET)
        assert terms.of_token("12") == told
    assert clob.asked == [MARKET]
    assert told.token_ids == ("11", "12")
    assert (told.neg_risk, told.tick_micro, told.min_order_micro, told.taker_delay) == (True, 10_000, 5_000_000, True)
    assert terms.fees(MARKET) == FeeSchedule(50_000)


def test_a_market_without_a_fee_schedule_has_no_fee_as_the_venues_package_reads_it():
    body = {key: value for key, value in GOOD.items() if key != "fd"}
    assert terms_of(MARKET, json.dumps(body).encode()).fees == FeeSchedule(0)


@pytest.mark.parametrize(("rate", "micro"), [(0.07, 70_000), ("0.072", 72_000), (0, 0), (None, 0)])
def test_rates_come_as_numbers_or_text(rate, micro):
    assert terms_of(MARKET, Clob(fd={"r": rate, "e": 1}).body).fees.rate_micro == micro


@pytest.mark.parametrize(
    "change",
    [
        {"t": None},
        {"t": [{}]},
        {"mts": "x"},
        {"mts": None},
        {"nr": "yes"},
        {"fd": {"r": 0.05, "e": 1.5}},
        {"fd": {"r": "x"}},
    ],
)
def test_facts_that_cannot_be_read_are_an_error_and_not_a_guess(change):
    with pytest.raises(VenueError, match="cannot be read"):
        terms_of(MARKET, Clob(**change).body)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null"])
def test_no_facts_at_all_are_an_error(body):
    with pytest.raises(VenueError):
        terms_of(MARKET, body)


def test_a_token_of_another_market_is_an_error():
    with pytest.raises(VenueError, match="another market"):
        MarketTerms(Clob()).of_token("99")


def test_a_fault_is_not_remembered():
    clob = Clob()
    good, clob.clob_market = clob.clob_market, lambda _market: (_ for _ in ()).throw(venue_error(502))
    terms = MarketTerms(SimpleNamespace(clob_market=lambda market: clob.clob_market(market), market_of=clob.market_of))
    with pytest.raises(VenueError):
        terms.fees(MARKET)
    clob.clob_market = good
    assert terms.fees(MARKET).rate_micro == 50_000
