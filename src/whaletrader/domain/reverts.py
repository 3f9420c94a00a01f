"""Whether matched trades fail to settle, and whether it is above all the good ones that fail.

A match is an offer to settle: who controls when a transaction lands can let the ones fail that turned out well for us.
Both the share of failures and their direction are watched; the direction by an exact one-sided test (hypergeometric,
Fisher 1935) that failures are no likelier among trades whose price had moved in our favour.
"""

from enum import StrEnum
from math import comb

import msgspec

MIN_TRADES = 20
"""Before so many settled trades nothing is said."""
MAX_FAILED_MICRO = 50_000
"""A larger share of failed trades is an alarm whatever their direction."""
ALARM_P = 0.01


class RevertAlarm(StrEnum):
    """What is wrong; also the gate's reason."""

    NONE = ""
    REVERTS = "TOO_MANY_REVERTS"
    ADVERSE = "ADVERSE_REVERTS"


class Reverts(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of settled trades; trades without a mark count in the totals only."""

    settled: int = 0
    failed: int = 0
    settled_in_favour: int = 0
    failed_in_favour: int = 0
    settled_against: int = 0
    failed_against: int = 0


def with_trade(counts: Reverts, *, failed: bool, in_favour: bool | None) -> Reverts:
    """Count one more trade.

    Parameters
    ----------
    counts : Reverts
        The counts so far.
    failed : bool
        Whether its settlement failed.
    in_favour : bool or None
        Whether the price had moved our way since the match; None where no mark is known.
    """
    names = ["failed" if failed else "settled"]
    if in_favour is not None:
        names.append(f"{names[0]}_{'in_favour' if in_favour else 'against'}")
    return msgspec.structs.replace(counts, **{name: getattr(counts, name) + 1 for name in names})


def adverse_p(counts: Reverts) -> float:
    """Probability of at least so many failures among the trades in our favour, were failures blind to the direction.

    Parameters
    ----------
    counts : Reverts
        Only trades with a mark matter.

    Returns
    -------
    float
        In (0, 1]; 1 where there is nothing to compare.
    """
    favour = counts.settled_in_favour + counts.failed_in_favour
    failed = counts.failed_in_favour + counts.failed_against
    total = favour + counts.settled_against + counts.failed_against
    most = min(favour, failed)
    ways = sum(comb(favour, k) * comb(total - favour, failed - k) for k in range(counts.failed_in_favour, most + 1))
    return ways / comb(total, failed)


def revert_alarm(counts: Reverts) -> RevertAlarm:
    """Say what is wrong, the direction before the number."""
    total = counts.settled + counts.failed
    if total < MIN_TRADES or not counts.failed:
        return RevertAlarm.NONE
    if adverse_p(counts) < ALARM_P:
        return RevertAlarm.ADVERSE
    return RevertAlarm.REVERTS if counts.failed * 1_000_000 > MAX_FAILED_MICRO * total else RevertAlarm.NONE
