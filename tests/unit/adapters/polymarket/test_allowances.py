"""A wallet's balances by the chain's own answers: what is no number is an error and never nothing."""

from types import SimpleNamespace

import pytest

from tests.unit.adapters.polymarket.test_account_checks import OWN, Views
from whaletrader.adapters.polymarket.allowances import ENOUGH_MICRO, OPERATORS, SPENDERS, BalanceOracle
from whaletrader.adapters.polymarket.secure_clob import Balance
from whaletrader.domain.chain_calls import allowance_view
from whaletrader.domain.venue_contracts import LIVE_EXCHANGES
from whaletrader.errors import VenueError


def answering(text):
    return BalanceOracle(SimpleNamespace(eth_call=lambda to, data, block=None: text), OWN.deposit, 3)


@pytest.mark.parametrize("text", ["", "0x", "0xzz", "<html>", "0x1.5"])
def test_an_answer_that_is_no_number_is_an_error_that_may_be_tried_again(text):
    for ask in ("collateral_micro", "missing", "lacking_calls"):
        with pytest.raises(VenueError) as told:
            getattr(answering(text), ask)()
        assert told.value.retryable
    with pytest.raises(VenueError):
        answering(text).token_micro("7")


def test_a_balance_is_the_word_that_the_chain_tells():
    assert answering("0x" + "0" * 60 + "ffff").token_micro("7") == 65_535
    assert answering("0x0").collateral_micro() == 0


@pytest.mark.parametrize(("given", "lacks"), [(0, True), (ENOUGH_MICRO - 1, True), (ENOUGH_MICRO, False)])
def test_an_allowance_that_runs_out_soon_counts_as_missing(given, lacks):
    chain = Views(SPENDERS, OPERATORS)
    first = SPENDERS[0]
    chain.answers[allowance_view(OWN.deposit, first).data] = given
    missing = BalanceOracle(chain, OWN.deposit, 3).missing()
    assert missing.collateral == ((first.name,) if lacks else ())
    assert missing.complete != lacks


def test_every_exchange_that_settles_today_is_among_those_that_need_an_allowance():
    assert set(LIVE_EXCHANGES) <= set(SPENDERS)
    assert len(set(SPENDERS)) == len(SPENDERS)
    assert len(set(OPERATORS)) == len(OPERATORS)
    assert set(LIVE_EXCHANGES) <= {operator for operator, _ in OPERATORS}


def test_a_venue_that_believes_what_the_chain_says_is_not_made_to_look_again():
    asked = []
    clob = SimpleNamespace(
        balance=lambda kind, **more: Balance(5_000_000, {}), refresh_balance=lambda *a, **k: asked.append(a)
    )
    assert BalanceOracle(Views(), OWN.deposit, 3, clob).believed_micro() == 5_000_000
    assert asked == []


def test_a_venue_that_still_believes_otherwise_is_reported_as_it_believes():
    told, kinds = [], []

    def balance(kind, *, signature_type, token_id=""):
        kinds.append((kind, signature_type, token_id))
        return Balance(1, {})

    clob = SimpleNamespace(balance=balance, refresh_balance=lambda *a, **k: told.append(k))
    assert BalanceOracle(Views(), OWN.deposit, 3, clob).believed_micro() == 1
    assert kinds == [("COLLATERAL", 3, "")] * 2
    assert told == [{"signature_type": 3}]
