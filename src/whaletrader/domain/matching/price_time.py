"""The matching core of a binary market: price, then time, over integer levels and handles; numba.

Both outcomes share one book, as on the venue: a BUY of outcome 1 at q is an offer of outcome 0 at 1 - q, a SELL of
outcome 1 a bid. So every match is one of three: shares of one outcome change hands, two buyers mint a pair, two sellers
merge one; always at the resting order's price. Accounts, fees, minimum sizes and time are not known here.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from whaletrader.domain.values import MICRO, Side
from whaletrader.kernels import njit

Ints = NDArray[np.int64]

BID, ASK = 0, 1
"""The two axes: what would buy outcome 0 (or sell outcome 1), and the reverse."""
REST, FAK, FOK, POST_ONLY = 0, 1, 2, 3
"""What happens to what is not matched at once: it rests; it is cancelled; nothing is matched; it must not match."""
NO_HANDLE = -1
_HEAD, _TAIL, _TOTAL = 0, 1, 2
_AXIS, _LEVEL, _OUTCOME, _LEFT, _NEXT, _PREV = 0, 1, 2, 3, 4, 5
_FREE, _LEVELS = 2, 3
MAX_AMOUNT = 9_000_000 * MICRO
"""Largest size or budget: a product with a price must fit into 64 bits."""


class Book(NamedTuple):
    """One market's resting orders; made by `new_book`, changed in place by the functions of this module.

    Level k of n stands for the price k/n of outcome 0; prices are k = 1 ... n - 1.
    """

    levels: Ints
    """(2, n + 1, 3): first handle, last handle, shares in all, by axis and level."""
    orders: Ints
    """(capacity, 6): axis, level, outcome, shares left, next handle, previous handle; free ones are chained by next."""
    meta: Ints
    """(4,): best bid's level (0 if none), best ask's (n if none), first free handle, n."""


class Command(NamedTuple):
    """An order as the core sees it."""

    axis: int
    level: int
    """The limit."""
    outcome: int
    size_micro: int
    """Shares; with a budget the most that may be bought."""
    budget_micro: int
    """Collateral to spend (market BUY), -1 where the order is in shares."""
    mode: int
    """REST, FAK, FOK or POST_ONLY."""


class Fill(NamedTuple):
    """One match with a resting order."""

    handle: int
    level: int
    size_micro: int
    maker_cash_micro: int
    """Collateral the resting order pays or gets."""
    taker_cash_micro: int
    """Collateral the incoming order pays or gets; a minted or merged pair is worth one, so both sum to the shares."""
    maker_left_micro: int


def levels_of(tick_micro: int) -> int:
    """Return how many ticks make one unit: 100 for a tick of 0.01."""
    assert tick_micro > 0, tick_micro
    assert MICRO % tick_micro == 0, tick_micro
    return MICRO // tick_micro


def new_book(tick_micro: int, capacity: int = 64) -> Book:
    """Return an empty book.

    Parameters
    ----------
    tick_micro : int
        The market's tick in micro-units, a divisor of 10^6.
    capacity : int
        Resting orders it can hold before `grown` is needed, > 0.
    """
    n = levels_of(tick_micro)
    levels = np.zeros((2, n + 1, 3), np.int64)
    levels[:, :, :_TOTAL] = NO_HANDLE
    orders = np.zeros((capacity, 6), np.int64)
    orders[:, _NEXT] = np.append(np.arange(1, capacity), NO_HANDLE)
    return Book(levels, orders, np.array([0, n, 0, n], np.int64))


def grown(book: Book) -> Book:
    """Return the book with twice the room; handles stay, the old value must not be used any more."""
    capacity = book.orders.shape[0]
    orders = np.zeros((2 * capacity, 6), np.int64)
    orders[:capacity] = book.orders
    orders[capacity:, _NEXT] = np.append(np.arange(capacity + 1, 2 * capacity), book.meta[_FREE])
    meta = book.meta.copy()
    meta[_FREE] = capacity
    return Book(book.levels, orders, meta)


def is_full(book: Book) -> bool:
    """Whether no further order can rest."""
    return bool(book.meta[_FREE] == NO_HANDLE)


def axis_of(side: str, outcome: int) -> int:
    """Return the axis of an order: BID for a BUY of outcome 0 and a SELL of outcome 1."""
    return BID if (side == Side.BUY) == (outcome == 0) else ASK


def level_of(price_micro: int, outcome: int, tick_micro: int) -> int:
    """Return the level of an order's own price; the price must be a multiple of the tick."""
    level, rest = divmod(price_micro, tick_micro)
    assert rest == 0, (price_micro, tick_micro)
    return level if outcome == 0 else MICRO // tick_micro - level


def price_of(level: int, outcome: int, tick_micro: int) -> int:
    """Return the price of an outcome at a level: what `level_of` came from."""
    return (level if outcome == 0 else MICRO // tick_micro - level) * tick_micro


def best_levels(book: Book) -> tuple[int, int]:
    """Return the best bid's and the best ask's level: 0 and n where there is none."""
    return int(book.meta[BID]), int(book.meta[ASK])


def crosses(book: Book, axis: int, level: int) -> bool:
    """Whether an order at this level would match at once."""
    bid, ask = best_levels(book)
    return (ask <= level and ask < book.meta[_LEVELS]) if axis == BID else (bid >= level and bid > 0)


def step(book: Book, command: Command) -> tuple[int, int, list[Fill]]:
    """Let one order in: match it by price and time, let what is left rest where its mode says so.

    Parameters
    ----------
    book : Book
        Must not be full (`is_full`) for an order that may rest; changed in place.
    command : Command
        Level in [1, n - 1], size and budget at most `MAX_AMOUNT`.

    Returns
    -------
    handle : int
        Of the resting rest, `NO_HANDLE` where nothing rests.
    left_micro : int
        What was not matched: shares, or collateral for an order with a budget. A budget counts as spent (0) when it
        does not buy a whole step of 1/tick micro-shares any more.
    fills : list of Fill
        In the order of matching; empty for a FOK that cannot be filled and a POST_ONLY that would cross.
    """
    assert 0 < command.level < book.meta[_LEVELS], command
    assert 0 < command.size_micro <= MAX_AMOUNT, command
    assert command.budget_micro <= MAX_AMOUNT, command
    wanted = command.size_micro if command.budget_micro < 0 else command.budget_micro
    fills: list[Fill] = []
    left = wanted
    if crosses(book, command.axis, command.level):
        if command.mode == POST_ONLY:
            return NO_HANDLE, wanted, []
        if command.mode == FOK and _unfillable(*book, *command[:5]):
            return NO_HANDLE, wanted, []
        fills, left = _matched(book, command)
    handle = NO_HANDLE
    if left > 0 and command.mode in (REST, POST_ONLY):
        assert command.budget_micro < 0, command
        handle = int(_rest(*book, command.axis, command.level, command.outcome, left))
    return handle, left, fills


def cancel(book: Book, handle: int) -> int:
    """Take a resting order out; return the shares that were left of it."""
    assert book.orders[handle, _LEFT] > 0, handle
    return int(_remove(*book, handle))


def left_of(book: Book, handle: int) -> int:
    """Return the shares left of a resting order."""
    return int(book.orders[handle, _LEFT])


def total_at(book: Book, axis: int, level: int) -> int:
    """Return the shares that rest at a level of an axis."""
    return int(book.levels[axis, level, _TOTAL])


def depth(book: Book, axis: int) -> list[tuple[int, int]]:
    """Return (level, shares in all) of an axis from the worst price to the best."""
    totals = book.levels[axis, :, _TOTAL]
    found = np.flatnonzero(totals)
    if axis == ASK:
        found = found[::-1]
    return list(zip(found.tolist(), totals[found].tolist(), strict=True))


def queue(book: Book, axis: int, level: int) -> list[int]:
    """Return the handles that rest at a level, first come first."""
    found = []
    handle = int(book.levels[axis, level, _HEAD])
    while handle != NO_HANDLE:
        found.append(handle)
        handle = int(book.orders[handle, _NEXT])
    return found


def regridded(book: Book, tick_micro: int) -> Book:
    """Return the book on a finer tick: prices, handles and priority stay; the old value must not be used any more.

    Parameters
    ----------
    book : Book
        Its number of levels must divide the new one.
    tick_micro : int
        The new tick.
    """
    old, new = int(book.meta[_LEVELS]), levels_of(tick_micro)
    factor, rest = divmod(new, old)
    assert rest == 0, (old, new)
    levels = np.zeros((2, new + 1, 3), np.int64)
    levels[:, :, :_TOTAL] = NO_HANDLE
    levels[:, ::factor] = book.levels
    resting = book.orders[:, _LEFT] > 0
    book.orders[resting, _LEVEL] *= factor
    bid, ask = best_levels(book)
    return Book(levels, book.orders, np.array([bid * factor, ask * factor, book.meta[_FREE], new], np.int64))


def _matched(book: Book, command: Command) -> tuple[list[Fill], int]:
    fills: list[Fill] = []
    size, budget = command.size_micro, command.budget_micro
    rows = np.empty((_FILLS_AT_ONCE, 6), np.int64)
    while True:
        count, size, budget = _match(*book, command.axis, command.level, command.outcome, size, budget, rows)
        fills += [Fill(*row) for row in rows[:count].tolist()]
        if count < _FILLS_AT_ONCE:
            return fills, size if command.budget_micro < 0 else budget


_FILLS_AT_ONCE = 32


@njit(cache=True)  # type: ignore[untyped-decorator]
def _affordable(price: int, budget: int, n: int) -> int:
    """Shares that a budget buys at a price, in steps that make the cost exact."""
    return budget * 1_000_000 // price // n * n


@njit(cache=True)  # type: ignore[untyped-decorator]
def _exchanged(orders: Ints, handle: int, price: int, outcome: int, take: int) -> tuple[int, int]:
    """Collateral of the resting order and of the incoming one, whose own price is `price`."""
    if orders[handle, _OUTCOME] == outcome:
        cash = price * take // 1_000_000
        return cash, cash
    cash = (1_000_000 - price) * take // 1_000_000
    return cash, take - cash


@njit(cache=True)  # type: ignore[untyped-decorator]
def _take(orders: Ints, handle: int, price: int, outcome: int, size: int, budget: int, n: int) -> int:
    """Shares that an incoming order takes from a resting one."""
    take = min(size, orders[handle, _LEFT])
    if budget >= 0:
        take = min(take, _affordable(price, budget, n))
        while take > 0 and _exchanged(orders, handle, price, outcome, take)[1] > budget:
            take = max(0, take - n)
    return int(take)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _unfillable(
    levels: Ints, orders: Ints, meta: Ints, axis: int, limit: int, outcome: int, size: int, budget: int
) -> bool:
    """Whether an order would not be filled as a whole; nothing is changed."""
    n = meta[_LEVELS]
    step_up = 1 if axis == 0 else -1
    level = meta[1 - axis]
    while 0 < level < n and (level <= limit if axis == 0 else level >= limit):
        own = level if outcome == 0 else n - level
        price = own * (1_000_000 // n)
        handle = levels[1 - axis, level, _HEAD]
        while handle != NO_HANDLE:
            take = _take(orders, handle, price, outcome, size, budget, n)
            if budget >= 0:
                budget -= _exchanged(orders, handle, price, outcome, take)[1]
            size -= take
            if size == 0 or take == 0 or (budget >= 0 and _affordable(price, budget, n) == 0):
                return False
            handle = orders[handle, _NEXT]
        level += step_up
    return True


@njit(cache=True)  # type: ignore[untyped-decorator]
def _match(
    levels: Ints,
    orders: Ints,
    meta: Ints,
    axis: int,
    limit: int,
    outcome: int,
    size: int,
    budget: int,
    rows: Ints,
) -> tuple[int, int, int]:
    """Match as long as prices cross, something is left and `rows` has room; return fills, size left, budget left."""
    n = meta[_LEVELS]
    other = 1 - axis
    count = 0
    while size > 0 and budget != 0 and count < rows.shape[0]:
        level = meta[other]
        if not 0 < level < n or (level > limit if axis == 0 else level < limit):
            break
        own = level if outcome == 0 else n - level
        price = own * (1_000_000 // n)
        handle = levels[other, level, _HEAD]
        take = _take(orders, handle, price, outcome, size, budget, n)
        if take == 0:
            budget = 0
            break
        maker_cash, taker_cash = _exchanged(orders, handle, price, outcome, take)
        size -= take
        if budget >= 0:
            budget -= taker_cash
            if _affordable(price, budget, n) == 0:
                budget = 0
        orders[handle, _LEFT] -= take
        levels[other, level, _TOTAL] -= take
        rows[count] = handle, level, take, maker_cash, taker_cash, orders[handle, _LEFT]
        count += 1
        if orders[handle, _LEFT] == 0:
            _unlink(levels, orders, meta, handle)
    return count, size, budget


@njit(cache=True)  # type: ignore[untyped-decorator]
def _rest(levels: Ints, orders: Ints, meta: Ints, axis: int, level: int, outcome: int, size: int) -> int:
    handle = meta[_FREE]
    meta[_FREE] = orders[handle, _NEXT]
    last = levels[axis, level, _TAIL]
    orders[handle] = axis, level, outcome, size, NO_HANDLE, last
    if last == NO_HANDLE:
        levels[axis, level, _HEAD] = handle
    else:
        orders[last, _NEXT] = handle
    levels[axis, level, _TAIL] = handle
    levels[axis, level, _TOTAL] += size
    if (level > meta[axis]) if axis == 0 else (level < meta[axis]):
        meta[axis] = level
    return int(handle)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _remove(levels: Ints, orders: Ints, meta: Ints, handle: int) -> int:
    left = orders[handle, _LEFT]
    levels[orders[handle, _AXIS], orders[handle, _LEVEL], _TOTAL] -= left
    orders[handle, _LEFT] = 0
    _unlink(levels, orders, meta, handle)
    return int(left)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _unlink(levels: Ints, orders: Ints, meta: Ints, handle: int) -> None:
    """Take a handle out of its level's chain, give it back, and find the best level again where it was the last."""
    axis, level = orders[handle, _AXIS], orders[handle, _LEVEL]
    after, before = orders[handle, _NEXT], orders[handle, _PREV]
    if before == NO_HANDLE:
        levels[axis, level, _HEAD] = after
    else:
        orders[before, _NEXT] = after
    if after == NO_HANDLE:
        levels[axis, level, _TAIL] = before
    else:
        orders[after, _PREV] = before
    orders[handle, _NEXT] = meta[_FREE]
    meta[_FREE] = handle
    if level == meta[axis] and levels[axis, level, _HEAD] == NO_HANDLE:
        move = -1 if axis == 0 else 1
        while 0 < level < meta[_LEVELS] and levels[axis, level, _HEAD] == NO_HANDLE:
            level += move
        meta[axis] = level
