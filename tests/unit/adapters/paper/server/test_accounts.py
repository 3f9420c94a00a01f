"""Wallets are opened at the addresses of the venue's factories, for their owners only."""

import pytest

from tests.support.venue_callers import key_of
from whaletrader.adapters.paper.server.accounts import Bank
from whaletrader.adapters.paper.server.types import VenueRules
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.values import MICRO
from whaletrader.domain.wallet_addresses import own_wallets

ADA, EVE = key_of("ada").address, key_of("eve").address
OWN = own_wallets(ADA)
CASH = 1_000 * MICRO


def bank(*, eoa: bool = False) -> tuple[Bank, Venue]:
    venue = Venue(VenueRules(eoa_makers=eoa))
    return Bank(venue, CASH), venue


def test_who_comes_is_given_a_deposit_wallet_once() -> None:
    opened, venue = bank()
    opened.welcome(ADA)
    opened.welcome(ADA)
    assert list(venue.accounts) == [OWN.deposit]
    held = venue.accounts[OWN.deposit]
    assert (held.owner, held.cash_micro, held.deployed, held.signature_type) == (ADA, CASH, True, 3)


@pytest.mark.parametrize(("kind", "address"), [(1, OWN.proxy), (2, OWN.safe), (3, OWN.deposit)])
def test_the_usual_wallet_of_a_type_is_the_factorys(kind: int, address: str) -> None:
    opened, _ = bank()
    held = opened.wallet("", ADA, kind)
    assert held is not None
    assert held.address == address
    assert opened.wallet(address, ADA, kind) is held


def test_the_older_deposit_wallet_is_kept_by_whoever_has_it() -> None:
    opened, venue = bank()
    assert opened.wallet(OWN.deposit_uups, ADA, 3) is not None
    opened.welcome(ADA)
    assert list(venue.accounts) == [OWN.deposit_uups]


@pytest.mark.parametrize("kind", [0, 1, 2, 3])
def test_nobody_opens_anothers_wallet(kind: int) -> None:
    opened, venue = bank(eoa=True)
    for address in (OWN.account, OWN.proxy, OWN.safe, OWN.deposit):
        assert opened.wallet(address, EVE, kind) is None
    assert venue.accounts == {}


def test_a_wallet_is_of_one_type_only() -> None:
    opened, _ = bank()
    opened.welcome(ADA)
    assert opened.wallet(OWN.deposit, ADA, 1) is None


def test_a_plain_key_is_a_wallet_where_the_rules_say_so() -> None:
    assert bank()[0].wallet("", ADA, 0) is None
    assert bank(eoa=True)[0].wallet("", ADA, 0) is not None
