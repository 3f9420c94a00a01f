"""Compares our ledger with the exchange and the chain before a start: a snapshot that is not whole aborts it.

What we think we own and the chain does not have, shares or cash, is grave, for every decision after it would rest on
it; so is an open order that is not ours, for nobody would account for its fills. What else differs is told. Orders and
trades of ours are folded by `PolymarketExchange.refresh` first.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from whaletrader.adapters.polymarket.allowances import Allowances
from whaletrader.datasets.decode.rows import UserOrder
from whaletrader.domain.values import MICRO
from whaletrader.errors import ExchangeError


class Findings(StrEnum):
    """What can differ."""

    FOREIGN_ORDER = "FOREIGN_ORDER"
    """An open order of the account that is not in our ledger: made elsewhere, and it takes of the same money."""
    ORDER_NOT_OPEN = "ORDER_NOT_OPEN"
    """We think an order is open; the exchange does not."""
    MISSING_SHARES = "MISSING_SHARES"
    """The wallet holds less of a token than our ledger."""
    FOREIGN_SHARES = "FOREIGN_SHARES"
    """The wallet holds more of a token than our ledger: bought elsewhere."""
    MISSING_CASH = "MISSING_CASH"
    """The wallet holds less collateral than our ledger says is left."""
    FOREIGN_CASH = "FOREIGN_CASH"
    """The wallet holds more collateral than our ledger: deposits, rebates, what was never ours to trade."""
    STALE_BALANCE = "STALE_BALANCE"
    """The exchange believes in another collateral than the chain has."""
    NOT_ALLOWED = "NOT_ALLOWED"
    """A contract may not move what it has to move."""


GRAVE = frozenset({Findings.MISSING_SHARES, Findings.MISSING_CASH, Findings.NOT_ALLOWED, Findings.FOREIGN_ORDER})
IN_MONEY = frozenset({Findings.MISSING_CASH, Findings.FOREIGN_CASH, Findings.STALE_BALANCE})
_HINTS = {
    Findings.MISSING_CASH: "; put back what was taken out, or begin a new run (--new) with account.starting_equity "
    "at most what is there",
    Findings.FOREIGN_ORDER: "; cancel it at the venue",
}
CASH_DUST_MICRO = 10_000
"""So little cash, a cent, may be missing: the venue rounds each trade as a whole, our ledger every fill."""


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """What we think."""

    open_orders: frozenset[str] = frozenset()
    """Hashes of orders that are not over."""
    settled_micro: dict[str, int] = {}
    """Token -> shares whose trades are confirmed."""
    coming_micro: dict[str, int] = {}
    """Token -> shares bought by trades that are matched and not settled."""
    going_micro: dict[str, int] = {}
    """Token -> shares sold by such trades."""
    cash_micro: int
    """Collateral, every fill counted, settled or not."""
    cash_coming_micro: int = 0
    """Of it: what such trades bring."""
    cash_going_micro: int = 0
    """No longer of it: what such trades cost."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What the exchange and the chain say."""

    open_orders: tuple[UserOrder, ...]
    tokens_micro: dict[str, int]
    collateral_micro: int
    believed_micro: int
    allowances: Allowances


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing on which we disagree."""

    finding: Findings
    subject: str
    ours: int = 0
    theirs: int = 0

    @property
    def grave(self) -> bool:
        """Whether no trade may be made upon it."""
        return self.finding in GRAVE

    @property
    def words(self) -> str:
        """The difference for people: what is different, our number and theirs."""
        money = self.finding in IN_MONEY
        ours, theirs = (f"{n / MICRO:,.2f} pUSD" if money else str(n) for n in (self.ours, self.theirs))
        return f"{self.finding} {self.subject}: ours {ours}, theirs {theirs}"


class Account(Protocol):
    """What is needed of `SecureClob`."""

    def open_orders(self, *, market_id: str = "") -> list[UserOrder]:
        """Every open order."""
        ...


class Oracle(Protocol):
    """What is needed of `BalanceOracle`."""

    def collateral_micro(self) -> int:
        """On the chain."""
        ...

    def believed_micro(self) -> int:
        """As the exchange has it."""
        ...

    def token_micro(self, token_id: str) -> int:
        """On the chain."""
        ...

    def missing(self) -> Allowances:
        """What is not allowed."""
        ...


def take_snapshot(account: Account, oracle: Oracle, token_ids: Sequence[str]) -> Snapshot:
    """Read everything, or nothing: `ExchangeError` in one sentence where any part of it could not be read."""
    try:
        return Snapshot(
            open_orders=tuple(account.open_orders()),
            tokens_micro={token: oracle.token_micro(token) for token in token_ids},
            collateral_micro=oracle.collateral_micro(),
            believed_micro=oracle.believed_micro(),
            allowances=oracle.missing(),
        )
    except ExchangeError as error:
        why = f"the account could not be read completely, so nothing is started: {error.message}"
        raise ExchangeError(why, retryable=error.retryable) from None


def differences(ledger: Ledger, snapshot: Snapshot) -> list[Difference]:
    """Compare; the grave ones first, then by finding and subject.

    A trade that is matched may or may not be mined yet: the chain is right anywhere between both.
    """
    found = [*_orders(ledger, snapshot), *_shares(ledger, snapshot), *_cash(ledger, snapshot)]
    if snapshot.believed_micro != snapshot.collateral_micro:
        values = {"ours": snapshot.collateral_micro, "theirs": snapshot.believed_micro}
        found.append(Difference(finding=Findings.STALE_BALANCE, subject="collateral", **values))
    lacking = (*snapshot.allowances.collateral, *snapshot.allowances.tokens)
    found += [Difference(finding=Findings.NOT_ALLOWED, subject=name) for name in lacking]
    return sorted(found, key=lambda each: (not each.grave, each.finding, each.subject))


def require_agreement(found: Sequence[Difference]) -> None:
    """Refuse to start where a difference is grave, naming the first and how many there are."""
    grave = [each for each in found if each.grave]
    if grave:
        first = grave[0]
        more = f" (and {len(grave) - 1} more)" if len(grave) > 1 else ""
        hint = _HINTS.get(first.finding, "")
        raise ExchangeError(
            f"our ledger and the account do not agree, so nothing is started: {first.words}{more}{hint}"
        )


def _orders(ledger: Ledger, snapshot: Snapshot) -> list[Difference]:
    there = {row.order_id for row in snapshot.open_orders}
    strangers = [
        Difference(finding=Findings.FOREIGN_ORDER, subject=each, theirs=1) for each in there - ledger.open_orders
    ]
    gone = [Difference(finding=Findings.ORDER_NOT_OPEN, subject=each, ours=1) for each in ledger.open_orders - there]
    return strangers + gone


def _shares(ledger: Ledger, snapshot: Snapshot) -> list[Difference]:
    found = []
    for token, theirs in snapshot.tokens_micro.items():
        ours = ledger.settled_micro.get(token, 0)
        least, most = ours - ledger.going_micro.get(token, 0), ours + ledger.coming_micro.get(token, 0)
        if not least <= theirs <= most:
            finding = Findings.MISSING_SHARES if theirs < least else Findings.FOREIGN_SHARES
            found.append(Difference(finding=finding, subject=token, ours=ours, theirs=theirs))
    return found


def _cash(ledger: Ledger, snapshot: Snapshot) -> list[Difference]:
    ours, theirs = ledger.cash_micro, snapshot.collateral_micro
    least, most = ours - ledger.cash_coming_micro - CASH_DUST_MICRO, ours + ledger.cash_going_micro + CASH_DUST_MICRO
    if least <= theirs <= most:
        return []
    finding = Findings.MISSING_CASH if theirs < least else Findings.FOREIGN_CASH
    return [Difference(finding=finding, subject="collateral", ours=ours, theirs=theirs)]
