"""Skill or luck: what the evidence about one wallet's copyable edge adds up to.

The evidence is estimated elsewhere; here it is only weighed.
"""

from enum import StrEnum


class Verdict(StrEnum):
    """What the evidence says about a wallet's copyable edge."""

    HIGH_SKILL = "HIGH_SKILL"
    """Lower bound above 0, and still significant after the adjustment for all wallets that were judged."""
    MODERATE_SKILL = "MODERATE_SKILL"
    """Lower bound above 0 for this wallet alone: among many wallets some get there by luck."""
    LIKELY_LUCK = "LIKELY_LUCK"
    """The bound does not exclude an edge of 0 or less."""
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    """Fewer settled bets or event groups than the minimum: nothing is claimed."""
