"""Complete sets: one share of each outcome of a market is one unit of collateral, whatever happens.

Who holds both outcomes may merge them at once instead of waiting for the market's end. Whose shares go, and what each
outcome brings, is said here once for every ledger, so that they agree to the micro-unit. Nothing is sent here.
"""

from collections.abc import Mapping

from whaletrader.domain.values import MICRO

MIN_MERGE_MICRO = MICRO
"""Fewer shares are left alone: a transaction for cents is worth no one's while, and the market's end pays them too."""


def mergeable_micro(first_micro: int, second_micro: int) -> int:
    """Return how many complete sets to merge.

    Parameters
    ----------
    first_micro, second_micro : int
        Free shares of each outcome, in micro-units: confirmed, and promised to no sale.

    Returns
    -------
    int
        The smaller of both, 0 where that is below `MIN_MERGE_MICRO`.
    """
    sets = min(first_micro, second_micro)
    return sets if sets >= MIN_MERGE_MICRO else 0


def merged_shares(
    first: Mapping[str, int], second: Mapping[str, int], size_micro: int
) -> tuple[dict[str, int], dict[str, int]]:
    """Say whose shares of each outcome a merge takes: first those of leaders who are on both sides, then the others'.

    Parameters
    ----------
    first, second : mapping of str to int
        Shares of either outcome by leader ("kind/wallet"), in micro-units; what is owed (negative) counts as none.
    size_micro : int
        Complete sets that were merged.

    Returns
    -------
    tuple of dict
        What is taken of each outcome by leader, in the order of their names; less than `size_micro` in all only where
        less is held. A leader who left one side by buying the other pays with both: nobody else's bet ends for him.
    """
    sides = [{leader: held for leader, held in sorted(side.items()) if held > 0} for side in (first, second)]
    taken: list[dict[str, int]] = [{}, {}]
    left = size_micro
    for leader in [leader for leader in sides[0] if leader in sides[1]]:
        own = min(sides[0][leader], sides[1][leader], left)
        left -= own
        for side, out in zip(sides, taken, strict=True):
            side[leader] -= own
            out[leader] = own
    for side, out in zip(sides, taken, strict=True):
        rest = left
        for leader, held in side.items():
            more = min(held, rest)
            rest -= more
            out[leader] = out.get(leader, 0) + more
    return _in_order(taken[0]), _in_order(taken[1])


def merged_cash(cash_micro: int, first_mark_micro: int, second_mark_micro: int) -> tuple[int, int]:
    """Share a merge's collateral out to the two outcomes, as the market values them at that moment.

    Parameters
    ----------
    cash_micro : int
        What the merge brought.
    first_mark_micro, second_mark_micro : int
        Newest price of a share of each outcome, -1 where unknown: then it is one less the other's.

    Returns
    -------
    tuple of int
        The two parts; their sum is `cash_micro` exactly. Half each where no price says anything.
    """
    first = first_mark_micro if first_mark_micro >= 0 else MICRO - second_mark_micro if second_mark_micro >= 0 else 1
    second = second_mark_micro if second_mark_micro >= 0 else MICRO - first if first_mark_micro >= 0 else 1
    if first + second <= 0:
        first = second = 1
    part = cash_micro * first // (first + second)
    return part, cash_micro - part


def _in_order(shares: dict[str, int]) -> dict[str, int]:
    return {leader: size for leader, size in sorted(shares.items()) if size}
