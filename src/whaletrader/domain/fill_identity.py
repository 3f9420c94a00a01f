"""Which reports of several sources are the same fill, where only the chain numbers them.

A fill is (transaction, wallet, token, side, size, n): the n-th of equal ones, a multiset, because one transaction can
hold two equal fills. Sources differ in grain: an averaged row of the Data API may stand for several fills. So reports
are weighed by group (transaction, wallet, token, side): what a source tells is first set against equal fills, then
against sums of them, then against a coarser one; only what is left is new. The chain has the last word: once it told
of a group, no other source adds to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

CHAIN = "chain"
COARSE = frozenset({"data_v1"})
"""Sources whose rows may average several fills."""
SAME_MICRO = 100
"""Sizes that differ by no more are equal: a source may have rounded (0.0001 shares)."""
_SUMS_OF = 8
"""Sums are looked for among so many fills; more of one wallet in one transaction are taken one by one."""


def fill_anchor(tx_hash: str, ts_event: int, price_micro: int) -> str:
    """Return what the key of a fill begins with: the transaction, else its time (ns) and price (micro-units)."""
    return tx_hash or f"{ts_event}@{price_micro}"


def fill_key(anchor: str, wallet: str, token_id: str, side: str, size_micro: int, n: int) -> str:
    """Return a fill's natural key, the same whichever source told it.

    Parameters
    ----------
    anchor : str
        `fill_anchor`.
    wallet, token_id, side : str
        Whose side of which match; lower case, decimal text, BUY or SELL.
    size_micro : int
        Shares in micro-units.
    n : int
        How many equal fills come before it, from 0.
    """
    return f"{anchor}/{wallet}/{token_id}/{side}/{size_micro}/{n}"


class Leg(NamedTuple):
    """A fill within its group, as one source tells it."""

    size_micro: int
    price_micro: int
    place: int = -1
    """The log's index on chain; -1 elsewhere."""


class NewFill(NamedTuple):
    """A fill that no source told before."""

    size_micro: int
    price_micro: int
    n: int
    leg: int
    """Which of the legs just told it came with; -1: one told before, which was taken for a part or a sum until now."""
    place: int = -1
    """The place of its own leg."""


@dataclass(slots=True)
class FillGroup:
    """All that was told of one wallet's fills of one token and side in one transaction."""

    sizes: list[int] = field(default_factory=list)
    """Of the fills accepted so far, in their order."""
    prices: list[int] = field(default_factory=list)
    told: dict[str, list[Leg]] = field(default_factory=dict)
    """What each source told."""

    def tell(self, source: str, legs: Sequence[Leg]) -> list[NewFill]:
        """Weigh what a source tells anew, and return the fills that are new.

        Parameters
        ----------
        source : str
            Its name; `CHAIN` numbers its legs, so that a leg told twice is seen as such.
        legs : sequence of Leg
            Each stands for one more report than the source gave before, unless its `place` is known.
        """
        before = self.told.setdefault(source, [])
        known = {leg.place for leg in before if leg.place >= 0}
        offset = len(before)
        numbers = []
        for number, leg in enumerate(legs):
            if leg.place < 0 or leg.place not in known:
                known.add(leg.place)
                before.append(leg)
                numbers.append(number)
        if not self.sizes:
            return [self._accept(leg, numbers[n], leg.size_micro) for n, leg in enumerate(before[offset:])]
        if source != CHAIN and CHAIN in self.told:
            return []
        found = []
        for place in self._uncovered(source):
            leg = before[place]
            size = leg.size_micro - (sum(self._free(source)) if source in COARSE else 0)
            number = numbers[place - offset] if place >= offset else -1
            found.append(self._accept(leg, number, size if size > 0 else leg.size_micro))
        return found

    def retract(self, source: str, place: int) -> bool:
        """Forget a leg that the chain took back; the fill stays, so that its return in another block is not new."""
        legs = self.told.get(source, [])
        for number, leg in enumerate(legs):
            if leg.place == place:
                del legs[number]
                return True
        return False

    def inexact(self, source: str) -> list[Leg]:
        """Return a source's legs that are taken for sums or parts of other fills, until those are told apart."""
        return self._weigh(source)[2]

    def covers(self, source: str) -> int:
        """Return how many of the accepted fills a source has told, alone or in a sum."""
        return len(self.sizes) - len(self._free(source)) if self.told.get(source) else 0

    def _accept(self, leg: Leg, number: int, size: int) -> NewFill:
        price = leg.price_micro
        if size < leg.size_micro:
            price = self._rest_price(leg, size)
        n = self.sizes.count(size)
        self.sizes.append(size)
        self.prices.append(price)
        return NewFill(size, price, n, number, leg.place)

    def _rest_price(self, leg: Leg, size: int) -> int:
        """Return the price of what is left of an averaged row, within that of a share."""
        others = leg.size_micro - size
        inside = sum(s * p for s, p in zip(self.sizes, self.prices, strict=True)) * others // max(sum(self.sizes), 1)
        return min(max((leg.size_micro * leg.price_micro - inside) // size, 0), 1_000_000)

    def _uncovered(self, source: str) -> list[int]:
        """Return the places of a source's legs that no accepted fill stands for."""
        return self._weigh(source)[1]

    def _free(self, source: str) -> list[int]:
        """Return the sizes of the accepted fills that none of a source's legs stands for."""
        return self._weigh(source)[0]

    def _weigh(self, source: str) -> tuple[list[int], list[int], list[Leg]]:
        """Return what is free, which legs nothing stands for, and which stand for sums or parts."""
        legs = self.told.get(source, ())
        free, left = list(self.sizes), []
        for place, leg in enumerate(legs):
            if leg.size_micro in free:
                free.remove(leg.size_micro)
            else:
                left.append(place)
        left = [place for place in left if not _take_near(free, legs[place].size_micro)]
        unsummed = [place for place in left if not _take_sum(free, legs[place].size_micro)]
        inexact = [legs[place] for place in left if place not in unsummed]
        room, uncovered = sorted(free), []
        for place in unsummed:
            size = legs[place].size_micro
            container = next((n for n, space in enumerate(room) if space >= size), None)
            if container is None:
                uncovered.append(place)
            else:
                room[container] -= size
                inexact.append(legs[place])
        return [size for size in room if size > 0], uncovered, inexact


def _take_near(free: list[int], size: int) -> bool:
    """Take a fill of nearly a size out of `free`; whether there is one."""
    for each in free:
        if abs(each - size) <= SAME_MICRO:
            free.remove(each)
            return True
    return False


def _take_sum(free: list[int], size: int) -> bool:
    """Take fills that add up to a size out of `free`; whether there are such."""
    few = free[:_SUMS_OF]
    for count in range(len(few), 1, -1):
        for chosen in combinations(few, count):
            if abs(sum(chosen) - size) <= SAME_MICRO:
                for each in chosen:
                    free.remove(each)
                return True
    return False
