"""What a wallet owns and whom it lets move it, by the chain itself and by what the venue believes.

An order fails where either is short, so both are read; the venue re-reads the chain only when asked.
"""

from typing import Protocol

import msgspec

from whaletrader.adapters.polymarket.secure_clob import Balance
from whaletrader.domain.chain_calls import (
    Call,
    adapter_of,
    allow_call,
    allow_tokens_call,
    allowance_view,
    approval_view,
    balance_view,
    collateral_view,
)
from whaletrader.domain.venue_contracts import LIVE_EXCHANGES, VenueContract
from whaletrader.errors import VenueError

ENOUGH_MICRO = 10**12
"""An allowance from a million on counts as given for good."""
ADAPTERS = (adapter_of(neg_risk=False), adapter_of(neg_risk=True))
SPENDERS = (*LIVE_EXCHANGES, *ADAPTERS, VenueContract.ROUTER)
"""Who moves collateral: exchanges to trade, adapters and the router to split."""
_ORDINARY = (VenueContract.EXCHANGE, VenueContract.NEG_RISK_EXCHANGE, *ADAPTERS)
OPERATORS = (
    *((operator, VenueContract.CONDITIONAL_TOKENS) for operator in _ORDINARY),
    *((operator, VenueContract.POSITION_MANAGER) for operator in (VenueContract.EXCHANGE_V3, VenueContract.ROUTER)),
)
"""(operator, token contract): who moves outcome tokens."""


class Chain(Protocol):
    """What is needed of `ChainRpc`."""

    def eth_call(self, to: str, data: str, block: int | None = None) -> str:
        """A view's answer."""
        ...


class Believing(Protocol):
    """What is needed of `SecureClob`."""

    def balance(self, asset_type: str, *, signature_type: int, token_id: str = "") -> Balance:
        """What the venue believes."""
        ...

    def refresh_balance(self, asset_type: str, *, signature_type: int, token_id: str = "") -> None:
        """Have it read the chain again."""
        ...


class Allowances(msgspec.Struct, frozen=True, kw_only=True):
    """What is missing before every order, redemption and merge can go through; names of contracts."""

    collateral: tuple[str, ...] = ()
    """Spenders of the collateral without (enough) allowance."""
    tokens: tuple[str, ...] = ()
    """Operators of the outcome tokens without approval."""

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.collateral and not self.tokens


class BalanceOracle:
    """One wallet's balances and allowances."""

    def __init__(self, chain: Chain, wallet: str, signature_type: int, clob: Believing | None = None) -> None:
        self._chain, self._wallet, self._kind, self._clob = chain, wallet, signature_type, clob

    def collateral_micro(self) -> int:
        """Collateral on the chain."""
        return self._view(collateral_view(self._wallet))

    def token_micro(self, token_id: str) -> int:
        """Shares of a token on the chain."""
        return self._view(balance_view(token_id, self._wallet))

    def missing(self) -> Allowances:
        """What the wallet has not allowed yet, on every exchange."""
        short = [each.name for each in SPENDERS if self._view(allowance_view(self._wallet, each)) < ENOUGH_MICRO]
        closed = [
            f"{operator.name} of {contract.name}"
            for operator, contract in OPERATORS
            if not self._view(approval_view(self._wallet, operator, contract))
        ]
        return Allowances(collateral=tuple(short), tokens=tuple(closed))

    def lacking_calls(self) -> list[Call]:
        """The calls that allow everything that is missing."""
        missing = self.missing()
        calls = [allow_call(each) for each in SPENDERS if each.name in missing.collateral]
        return calls + [
            allow_tokens_call(operator, contract)
            for operator, contract in OPERATORS
            if f"{operator.name} of {contract.name}" in missing.tokens
        ]

    def believed_micro(self) -> int:
        """Collateral as the venue believes it, read from the chain anew where it is not what the chain says."""
        assert self._clob is not None, "no private call without a key"
        told = self._clob.balance("COLLATERAL", signature_type=self._kind).balance_micro
        if told == self.collateral_micro():
            return told
        self._clob.refresh_balance("COLLATERAL", signature_type=self._kind)
        return self._clob.balance("COLLATERAL", signature_type=self._kind).balance_micro

    def _view(self, call: Call) -> int:
        try:
            return int(self._chain.eth_call(call.to, "0x" + call.data.hex()), 16)
        except ValueError:
            raise VenueError("the node told a balance or an allowance that is no number", retryable=True) from None
