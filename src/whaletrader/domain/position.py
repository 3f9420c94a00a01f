"""What we hold of one token, lot by lot: whose word each share was bought on, and what it cost.

A position is a value; changing it makes a new one. Realised profit is attribution's business, not this file's.
"""

from collections.abc import Mapping

import msgspec


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of one token held on one leader's account.

    Parameters
    ----------
    wallet, kind : str
        The leader and the kind of his event.
    size_micro : int
        Shares; negative only between the failed settlement of a buy and that of the sale of the same shares.
    cost_micro : int
        What the shares cost, fees included, >= 0.
    """

    wallet: str
    kind: str
    size_micro: int
    cost_micro: int


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """All lots of one token, in the order in which they were opened."""

    token_id: str
    market_id: str
    event_group_id: str
    lots: tuple[Lot, ...] = ()

    @property
    def size_micro(self) -> int:
        """Shares over all lots."""
        lots = self.lots
        return lots[0].size_micro if len(lots) == 1 else sum([lot.size_micro for lot in lots])

    @property
    def cost_micro(self) -> int:
        """Cost over all lots, fees included."""
        return sum(lot.cost_micro for lot in self.lots)

    def lot(self, wallet: str, kind: str) -> Lot:
        """Return a leader's lot, an empty one where he has none."""
        for lot in self.lots:
            if lot.wallet == wallet and lot.kind == kind:
                return lot
        return Lot(wallet=wallet, kind=kind, size_micro=0, cost_micro=0)

    def cost_of(self, wallet: str, kind: str, size_micro: int) -> int:
        """Cost that goes with `size_micro` shares of a leader's lot, average cost, all of it with the last share."""
        lot = self.lot(wallet, kind)
        if size_micro >= lot.size_micro:
            return lot.cost_micro
        return lot.cost_micro * size_micro // lot.size_micro

    def changed(self, wallet: str, kind: str, size_micro: int, cost_micro: int) -> "Position":
        """Add shares and cost (either may be negative) to a leader's lot; an emptied lot is dropped."""
        old = self.lot(wallet, kind)
        size = old.size_micro + size_micro
        lot = Lot(wallet=wallet, kind=kind, size_micro=size, cost_micro=max(old.cost_micro + cost_micro, 0))
        lots = [lot if (each.wallet, each.kind) == (wallet, kind) else each for each in self.lots]
        if old not in self.lots:
            lots.append(lot)
        return msgspec.structs.replace(self, lots=tuple(each for each in lots if each.size_micro != 0))

    def without(self, shares: Mapping[str, int]) -> "Position":
        """Take so many shares from each leader's ("kind/wallet") lot, with their part of its cost (a merge)."""
        position = self
        for lot in self.lots:
            taken = shares.get(f"{lot.kind}/{lot.wallet}", 0)
            if taken:
                cost = position.cost_of(lot.wallet, lot.kind, taken)
                position = position.changed(lot.wallet, lot.kind, -taken, -cost)
        return position

    def reduced(self, size_micro: int) -> "Position":
        """Take shares from the lots in their order, each with its share of the cost (a redemption)."""
        left, position = size_micro, self
        for lot in self.lots:
            taken = min(left, max(lot.size_micro, 0))
            if taken > 0:
                cost = position.cost_of(lot.wallet, lot.kind, taken)
                position = position.changed(lot.wallet, lot.kind, -taken, -cost)
                left -= taken
        return position
