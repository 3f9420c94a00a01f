"""Who can pay for what: chain balances, what matched trades still owe, and what open orders would need.

As on the venue, open orders count per market (collateral) or token (shares), not across markets; an order that its
wallet can no longer pay for is taken off the book.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from whaletrader.adapters.paper.server.settlement_logs import settling_contract
from whaletrader.adapters.paper.server.types import Account, NewOrder, VenueMarket, VenueOrder
from whaletrader.domain.rebates import builder_fee_micro
from whaletrader.domain.values import MICRO, Side

UNLIMITED = 2**256 - 1


class Movement(NamedTuple):
    """What a settlement does to one account."""

    address: str
    cash_micro: int
    token_id: str
    token_micro: int


class Funds:
    """Balances and reservations of every account."""

    def __init__(self, accounts: dict[str, Account]) -> None:
        self._accounts = accounts
        self._open: dict[tuple[str, str], dict[str, VenueOrder]] = {}
        """Open orders by (address, condition id for a BUY, token id for a SELL) and order id."""
        self._reserved: dict[tuple[str, str], int] = {}
        self._keys: dict[str, dict[str, None]] = {}

    def available_cash(self, address: str) -> int:
        """Return collateral less what matched trades will take."""
        account = self._accounts.get(address)
        return account.cash_micro - account.owed_cash_micro if account else 0

    def available_token(self, address: str, token_id: str) -> int:
        """Return shares less what matched trades will take."""
        account = self._accounts.get(address)
        return account.tokens.get(token_id, 0) - account.owed_tokens.get(token_id, 0) if account else 0

    def reserved(self, address: str, key: str) -> int:
        """Return what open orders need of a market's collateral (by condition id) or of a token."""
        return self._reserved.get((address, key), 0)

    def shortage(self, order: NewOrder, market: VenueMarket, need_micro: int) -> str:
        """Say in the venue's words why an order cannot be paid for; empty where it can."""
        account = self._accounts.get(order.maker)
        buys = order.side == Side.BUY
        key = market.condition_id if buys else order.token_id
        held = self.available_cash(order.maker) if buys else self.available_token(order.maker, order.token_id)
        free = held - self.reserved(order.maker, key)
        if account is None or free < need_micro:
            figures = f"balance: {held}, sum of active orders: {held - free}, order amount: {need_micro}"
            return f"not enough balance / allowance: the balance is not enough -> {figures}"
        spender = settling_contract(market)
        allowance = account.allowances_micro.get(spender, 0) if buys else UNLIMITED * (spender in account.approved)
        if allowance < need_micro:
            figures = f"spender: {spender}, allowance: {allowance}, order amount: {need_micro}"
            return f"not enough balance / allowance: the allowance is not enough -> {figures}"
        return ""

    def reserve(self, order: VenueOrder) -> None:
        """Count an open order with what is left of it."""
        key = _key(order)
        self._open.setdefault(key, {})[order.order_id] = order
        self._keys.setdefault(key[0], {})[key[1]] = None
        self._reserved[key] = self._reserved.get(key, 0) + need_of(order)

    def fill(self, order: VenueOrder, size_micro: int) -> None:
        """Count a resting order's fill; it is forgotten once nothing of it is left."""
        key, before = _key(order), need_of(order)
        order.matched_micro += size_micro
        self._reserved[key] -= before - need_of(order)
        if order.left_micro == 0:
            self._drop(order)

    def forget(self, order: VenueOrder) -> None:
        """Give back what an open order reserves and drop it."""
        self._reserved[_key(order)] -= need_of(order)
        self._drop(order)

    def _drop(self, order: VenueOrder) -> None:
        key = _key(order)
        del self._open[key][order.order_id]
        if not self._open[key]:
            del self._open[key], self._reserved[key], self._keys[key[0]][key[1]]

    def owe(self, movements: Iterable[Movement]) -> None:
        """Note what matched movements will take."""
        for address, cash, token, size in movements:
            account = self._accounts[address]
            if cash < 0:
                account.owed_cash_micro -= cash
            if size < 0:
                account.owed_tokens[token] = account.owed_tokens.get(token, 0) - size

    def disown(self, movements: Iterable[Movement]) -> None:
        """Take back what was noted: the movements failed, or are about to be made."""
        for address, cash, token, size in movements:
            account = self._accounts[address]
            if cash < 0:
                account.owed_cash_micro += cash
            if size < 0:
                account.owed_tokens[token] += size
                if not account.owed_tokens[token]:
                    del account.owed_tokens[token]

    def move(self, movements: Sequence[Movement]) -> None:
        """Make movements that were owed."""
        self.disown(movements)
        for address, cash, token, size in movements:
            account = self._accounts[address]
            account.cash_micro += cash
            account.tokens[token] = account.tokens.get(token, 0) + size
            if not account.tokens[token]:
                del account.tokens[token]

    def unmove(self, movements: Sequence[Movement]) -> None:
        """Take movements back; they are owed again."""
        for address, cash, token, size in movements:
            account = self._accounts[address]
            account.cash_micro -= cash
            account.tokens[token] = account.tokens.get(token, 0) - size
            if not account.tokens[token]:
                del account.tokens[token]
        self.owe(movements)

    def payable(self, movements: Sequence[Movement]) -> bool:
        """Whether the chain holds what movements take, all of an address together."""
        cash: dict[str, int] = {}
        tokens: dict[tuple[str, str], int] = {}
        for address, paid, token, size in movements:
            cash[address] = cash.get(address, 0) + paid
            tokens[address, token] = tokens.get((address, token), 0) + size
        accounts = self._accounts
        return all(accounts[address].cash_micro + paid >= 0 for address, paid in cash.items()) and all(
            size >= 0 or accounts[address].tokens.get(token, 0) + size >= 0 for (address, token), size in tokens.items()
        )

    def unpayable(self, address: str) -> Iterator[VenueOrder]:
        """Yield open orders of an account that it cannot pay for any more, newest first; each must be cancelled."""
        for key in list(self._keys.get(address, ())):
            while (address, key) in self._open and self._short(address, key):
                yield next(reversed(self._open[address, key].values()))

    def _short(self, address: str, key: str) -> bool:
        first = next(iter(self._open[address, key].values()))
        buys = first.side == Side.BUY
        held = self.available_cash(address) if buys else self.available_token(address, key)
        return held < self._reserved[address, key]


def need_of(order: VenueOrder) -> int:
    """What an open order needs at most for the rest of it: a BUY's collateral (rounded up) with its builder's fee, a
    SELL's shares.
    """
    if order.side == Side.SELL:
        return order.left_micro
    cost = -(-order.price_micro * order.left_micro // MICRO)
    if not order.builder_maker_bps:
        return cost
    return cost + builder_fee_micro(order.price_micro, order.left_micro, order.builder_maker_bps, maker=True)


def _key(order: VenueOrder) -> tuple[str, str]:
    return order.maker, order.condition_id if order.side == Side.BUY else order.token_id
