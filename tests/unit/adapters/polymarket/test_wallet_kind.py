"""Whose wallet it is when the chain answers oddly, and who signs for each kind."""

from types import SimpleNamespace

import pytest

from tests.support.scripted_clob import venue_error
from tests.unit.adapters.polymarket.test_account_checks import ACCOUNT, OWN, chain_with
from whaletrader.adapters.polymarket.wallet_kind import WORDS, require_tradable, wallet_kind
from whaletrader.errors import UsageError, VenueError


@pytest.mark.parametrize("nothing", ["", "0x", "0X", "0x0"])
def test_no_code_in_any_spelling_is_no_wallet(nothing):
    found = wallet_kind(SimpleNamespace(code=lambda address: nothing), ACCOUNT)
    assert (found.wallet, found.signature_type, found.deployed, found.others) == (OWN.deposit, 3, False, ())


@pytest.mark.parametrize(
    ("named", "kind", "signer"),
    [(OWN.deposit, 3, OWN.deposit), (OWN.deposit_uups, 3, OWN.deposit_uups), (OWN.safe, 2, ACCOUNT),
     (OWN.proxy, 1, ACCOUNT), (ACCOUNT, 0, ACCOUNT)],
)  # fmt: skip
def test_only_a_deposit_wallet_signs_for_itself(named, kind, signer):
    found = wallet_kind(chain_with(named), ACCOUNT, named)
    assert (found.signature_type, found.signer, found.words) == (kind, signer, WORDS[kind])


def test_a_named_wallet_that_is_not_there_is_not_replaced_by_one_that_is():
    found = wallet_kind(chain_with(OWN.safe), ACCOUNT, OWN.proxy)
    assert (found.wallet, found.deployed, found.others) == (OWN.proxy, False, (OWN.safe,))
    with pytest.raises(UsageError, match=f"proxy {OWN.proxy} is not deployed"):
        require_tradable(found)


def test_an_account_in_mixed_case_is_the_same_key():
    mixed = "0x" + ACCOUNT[2:].upper()
    assert wallet_kind(chain_with(OWN.safe), mixed) == wallet_kind(chain_with(OWN.safe), ACCOUNT)


def test_a_node_that_does_not_answer_is_no_proof_that_no_wallet_is_there():
    def code(address):
        if address == OWN.deposit:
            return "0x"
        raise venue_error(502, "bad gateway")

    with pytest.raises(VenueError):
        wallet_kind(SimpleNamespace(code=code), ACCOUNT)
