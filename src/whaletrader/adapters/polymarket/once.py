"""Tells each fill once, though sources without identities tell it again: by two sockets, or in answers that overlap.

One transaction may hold two equal fills, so rows that look alike are counted: one is passed on when a telling has held
more of its kind than were passed on before.
"""

from collections import Counter, OrderedDict
from collections.abc import Sequence

from whaletrader.datasets.decode.rows import PositionChange, Row, VenueFill

KINDS_KEPT = 65_536

Kind = tuple[str | int, ...]
Tally = Counter[Kind]


class Once:
    """Passes each fill or change of a position on once, however often it is told; keeps the newest `KINDS_KEPT` kinds.

    A tally is one telling: all that a socket ever said, or one answer of an interface that is asked again and again.
    """

    def __init__(self) -> None:
        self._told: Tally = Counter()
        self._lasting: list[Tally] = []
        self._order: OrderedDict[Kind, None] = OrderedDict()

    def tally(self, *, lasting: bool) -> Tally:
        """Return a new tally; a lasting one (a socket's) is pruned together with what was told."""
        tally: Tally = Counter()
        if lasting:
            self._lasting.append(tally)
        return tally

    def new(self, tally: Tally, rows: Sequence[Row]) -> list[Row]:
        """Return the rows that no telling held before."""
        return [row for row in rows if (kind := _kind(row)) is None or self._is_new(tally, kind)]

    def _is_new(self, tally: Tally, kind: Kind) -> bool:
        self._remember(kind)
        tally[kind] += 1
        if tally[kind] <= self._told[kind]:
            return False
        self._told[kind] += 1
        return True

    def _remember(self, kind: Kind) -> None:
        self._order[kind] = None
        self._order.move_to_end(kind)
        if len(self._order) > KINDS_KEPT:
            old, _ = self._order.popitem(last=False)
            for counter in (self._told, *self._lasting):
                del counter[old]


def _kind(row: Row) -> Kind | None:
    """Return what makes a row look like another; None for rows that may come as often as they are told."""
    if isinstance(row, VenueFill):
        return (row.source, row.tx_hash, row.wallet, row.token_id, row.side, row.price_micro, row.size_micro)
    if isinstance(row, PositionChange):
        return (
            row.source,
            row.kind,
            row.tx_hash,
            row.wallet,
            row.market_id,
            row.token_id,
            row.amount_micro,
            row.ts_event,
        )
    return None
