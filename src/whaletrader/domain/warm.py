"""Runs every kernel of risk, books and fills once on made-up rows, so that the compiler's work lies in the cache."""

import numpy as np

from whaletrader.domain.book import TokenBook
from whaletrader.domain.matching import price_time
from whaletrader.domain.matching.later_prints import step
from whaletrader.domain.risk.cvar import rest_of_book
from whaletrader.domain.risk.scenarios import PROB_ONE, Scenario
from whaletrader.domain.values import MICRO, Side


def compile_kernels() -> None:
    """Compile the sum of event groups, enumerated and on the lattice, CVaR, one order's fill, a book, its matching."""
    even: list[Scenario] = [(1, PROB_ONE // 2), (0, PROB_ONE // 2)]
    for groups in (1, 11):
        rest_of_book([even] * groups, 1).cvar_micro(even, 975_000)
    step(np.array([[MICRO // 2], [MICRO], [0], [0]], np.int64), MICRO, MICRO, MICRO // 2, True)
    public = TokenBook(10_000)
    public.set(Side.BUY, MICRO // 2, MICRO)
    public.reset([], [])
    book = price_time.new_book(10_000)
    price_time.cancel(book, price_time.step(book, price_time.Command(0, 50, 0, MICRO, -1, price_time.REST))[0])
    price_time.step(book, price_time.Command(1, 50, 0, MICRO, -1, price_time.REST))
    price_time.step(book, price_time.Command(0, 50, 0, MICRO, MICRO, price_time.FOK))
