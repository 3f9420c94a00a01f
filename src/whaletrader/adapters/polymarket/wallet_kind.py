"""Which of the venue's wallets belongs to a key: by the addresses that its factories give, and what is deployed there.

A wallet that is named in the settings decides; without one, what exists on the chain does, the present kind first.
"""

from typing import Protocol

import msgspec

from whaletrader.domain.order_hash import CONTRACT_WALLET
from whaletrader.domain.wallet_addresses import EOA, PROXY, SAFE, own_wallets, wallet_type
from whaletrader.errors import UsageError

WORDS = {EOA: "plain key", PROXY: "proxy", SAFE: "Safe", CONTRACT_WALLET: "deposit wallet"}
_NO_CODE = ("", "0x", "0x0")


class Chain(Protocol):
    """What is needed of `ChainRpc`."""

    def code(self, address: str) -> str:
        """The code at an address."""
        ...


class WalletKind(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds the funds, and how the key signs for it."""

    account: str
    """The key's own address."""
    wallet: str
    """The orders' maker."""
    signature_type: int
    deployed: bool
    others: tuple[str, ...] = ()
    """Further wallets of the key that exist."""

    @property
    def signer(self) -> str:
        """The orders' signer: a deposit wallet signs for itself."""
        return self.wallet if self.signature_type == CONTRACT_WALLET else self.account

    @property
    def words(self) -> str:
        """The kind for people."""
        return WORDS[self.signature_type]


def wallet_kind(chain: Chain, account: str, named: str = "") -> WalletKind:
    """Find the wallet of a key.

    Parameters
    ----------
    chain : Chain
        A node.
    account : str
        The key's address.
    named : str
        The wallet of the settings; "" has it found.

    Raises
    ------
    UsageError
        The named wallet is not the key's.
    VenueError
        The node did not answer.
    """
    own = own_wallets(account)
    candidates = (own.deposit, own.deposit_uups, own.safe, own.proxy)
    deployed = [wallet for wallet in candidates if chain.code(wallet).lower() not in _NO_CODE]
    chosen = named.lower() or (deployed[0] if deployed else own.deposit)
    kind = wallet_type(account, chosen)
    if kind is None:
        raise UsageError(f"the wallet {chosen} does not belong to the order key {own.account}: set venue.wallet anew")
    return WalletKind(
        account=own.account,
        wallet=chosen,
        signature_type=kind,
        deployed=kind == EOA or chosen in deployed,
        others=tuple(wallet for wallet in deployed if wallet != chosen),
    )


def require_tradable(kind: WalletKind) -> None:
    """Refuse a wallet that is not there; whether an old plain key may still trade the venue says at its first order."""
    if not kind.deployed:
        raise UsageError(f"the {kind.words} {kind.wallet} is not deployed yet: deploy it at the venue first")
