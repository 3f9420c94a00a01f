"""Wallets of whoever comes: an account that proves its key is given a deployed deposit wallet with paper money.

Other wallet types are opened when they are first used, at the very addresses that the venue's factories would give
them; a plain key may be a maker only where the exchange's rules say so.
"""

from functools import lru_cache

from whaletrader.adapters.paper.server.types import Account
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.order_hash import CONTRACT_WALLET
from whaletrader.domain.values import NANOS
from whaletrader.domain.wallet_addresses import EOA, PROXY, SAFE, OwnWallets, own_wallets

_own = lru_cache(maxsize=65_536)(own_wallets)
"""By lower-case account."""


class Bank:
    """Finds wallets, and opens them with `cash_micro` each."""

    def __init__(self, venue: Venue, cash_micro: int) -> None:
        self._venue = venue
        self._cash_micro = cash_micro

    def welcome(self, address: str) -> None:
        """Open the usual wallet of an account that got an API key, and its own where plain keys may be makers."""
        self.wallet(self._deposit_wallet(address), address, CONTRACT_WALLET)
        if self._venue.rules.eoa_makers:
            self.wallet(address, address, EOA)

    def wallet(self, address: str, owner: str, signature_type: int) -> Account | None:
        """Return the wallet at an address ("" for the usual one) of an account; None where it is not its own."""
        address = address or self._usual(owner, signature_type)
        held = self._venue.accounts.get(address)
        if held is not None:
            return held if held.signature_type == signature_type else None
        if not self._may_open(address, owner, signature_type):
            return None
        return self._venue.open_account(
            address, owner=owner, signature_type=signature_type, cash_micro=self._cash_micro
        )

    def _may_open(self, address: str, owner: str, signature_type: int) -> bool:
        own = _own(owner)
        if signature_type == EOA:
            return address == own.account and self._venue.rules.eoa_makers
        return address in _of_type(own, signature_type)

    def _usual(self, owner: str, signature_type: int) -> str:
        if signature_type == CONTRACT_WALLET:
            return self._granted(owner) or self._deposit_wallet(owner)
        return _of_type(_own(owner), signature_type)[0]

    def _granted(self, signer: str) -> str:
        """The wallet that an account is a session key of; "" where it is none, or no longer."""
        address = self._venue.delegates.get(signer, "")
        until_s, _ = self._venue.accounts[address].session_signers[signer] if address else (0, ())
        return address if until_s * NANOS > self._venue.now_ns else ""

    def _deposit_wallet(self, owner: str) -> str:
        own = _own(owner)
        return own.deposit_uups if own.deposit_uups in self._venue.accounts else own.deposit


def _of_type(own: OwnWallets, signature_type: int) -> tuple[str, ...]:
    return {
        EOA: (own.account,),
        PROXY: (own.proxy,),
        SAFE: (own.safe,),
        CONTRACT_WALLET: (own.deposit, own.deposit_uups),
    }[signature_type]
