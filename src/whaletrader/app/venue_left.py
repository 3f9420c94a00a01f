"""What earlier live runs of a data directory left in the wallet and on the books, before a new one begins.

A new run's ledger begins empty: shares that an earlier run bought would be sold, redeemed and counted by nobody. Each
run's own gateway store says what it bought, the chain whether it is still there. Shares of a lost outcome are worth
nothing and left out. Nothing is sold or cancelled here.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from whaletrader.adapters.polymarket.exchange_store import ExchangeStore
from whaletrader.app.layout import DataDirectory, RunFolder
from whaletrader.datasets.decode.rows import UserOrder
from whaletrader.domain.values import MICRO
from whaletrader.errors import UsageError, VenueError

NAMED = 3
"""So many tokens and orders are named; the rest is counted."""


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """What one run left."""

    run_id: str
    tokens_micro: dict[str, int]
    """Token -> shares that the wallet holds."""
    orders: tuple[str, ...]
    """Hashes of orders that are still open."""

    @property
    def words(self) -> str:
        """For people."""
        shares = [f"{size / MICRO:,.2f} shares of {token}" for token, size in self.tokens_micro.items()]
        parts = [_few(shares)] if shares else []
        if self.orders:
            parts.append(f"open order{'s' * (len(self.orders) > 1)} {_few(self.orders)}")
        return f"run {self.run_id} left {' and '.join(parts)}"


class Wallet(Protocol):
    """What is needed of `BalanceOracle`."""

    def token_micro(self, token_id: str) -> int:
        """Shares on the chain."""
        ...


class Payer(Protocol):
    """What is needed of `ChainActions`."""

    def worthless(self, token_id: str) -> bool:
        """Whether the chain pays nothing for a token for good."""
        ...


class Account(Protocol):
    """What is needed of `SecureClob`."""

    def open_orders(self, *, market_id: str = "") -> list[UserOrder]:
        """Every open order."""
        ...


def left_behind(
    directory: DataDirectory, folder: RunFolder, wallet: Wallet, payer: Payer, account: Account
) -> list[Left]:
    """Find what the runs before `folder`'s left, by run.

    Raises
    ------
    ExchangeError
        The exchange or the chain did not answer.
    """
    open_now = {row.order_id for row in account.open_orders()}
    found = []
    for path in sorted(directory.runs.glob("*/gateway.db")):
        if path.parent == folder.root:
            continue
        bought, orders = _kept(path)
        held = {token: wallet.token_micro(token) for token in bought}
        tokens = {token: size for token, size in held.items() if size > 0 and _may_pay(payer, token)}
        still = tuple(sorted(orders & open_now))
        if tokens or still:
            found.append(Left(run_id=path.parent.name, tokens_micro=tokens, orders=still))
    return found


def _may_pay(payer: Payer, token_id: str) -> bool:
    """Whether shares may be worth something; those of a market that the venue has forgotten are told, not judged."""
    try:
        return not payer.worthless(token_id)
    except VenueError as error:
        if error.retryable:
            raise
        return True


def require_nothing_left(directory: DataDirectory, left: Sequence[Left]) -> None:
    """Refuse a new run while an earlier one's shares or orders are there; the next `up` goes on with that one."""
    if left:
        directory.name_current(directory.run(left[-1].run_id))
        raise UsageError(
            f"{left[-1].words}: go on with it (without --new), or sell, redeem and cancel at the venue first; "
            "--leave-behind begins anew all the same, and nobody looks after those shares"
        )


def _kept(path: Path) -> tuple[list[str], set[str]]:
    """Tokens of which more was bought than sold, and every order that was sent, as a run's own store has them."""
    net: dict[str, int] = {}
    store = ExchangeStore(path, lambda: 0)
    try:
        records = store.orders()
        for record in records:
            order = record.order
            filled = sum(t.size_micro for t in store.trades(order.order_hash) if t.status != "FAILED")
            net[order.token_id] = net.get(order.token_id, 0) + (filled if order.side == "BUY" else -filled)
    finally:
        store.close()
    return sorted(token for token, size in net.items() if size > 0), {record.order.order_hash for record in records}


def _few(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
