"""Tells each fill once, though sources without identities tell it again: by two sockets, or in answers that overlap.

One transaction may hold two equal fills, so rows that look alike are counted. A socket may also send one and the same
frame twice; that is no second fill, unless another socket has heard it twice as well (or a source with identities
tells it). So as many of a kind are passed on as one socket heard in different frames, or two sockets in any.
"""

from collections import Counter, OrderedDict
from collections.abc import Sequence
from hashlib import blake2b

from whaletrader.datasets.decode.rows import PositionChange, Row, VenueFill

KINDS_KEPT = 65_536
FRAMES_KEPT = 4_096

Kind = tuple[str | int, ...]


class Frames:
    """Which frames of one socket came before: the newest `FRAMES_KEPT` of them."""

    def __init__(self) -> None:
        self._heard: OrderedDict[bytes, None] = OrderedDict()

    def repeated(self, frame: bytes) -> bool:
        """Take a frame; return whether the very same one came before."""
        digest = blake2b(frame, digest_size=16).digest()
        before = digest in self._heard
        self._heard[digest] = None
        if len(self._heard) > FRAMES_KEPT:
            self._heard.popitem(last=False)
        return before


class Once:
    """Passes each fill or change of a position on once; keeps the newest `kept` kinds."""

    def __init__(self, sockets: int = 0, kept: int = KINDS_KEPT) -> None:
        self._kept = kept
        self._told: Counter[Kind] = Counter()
        self._distinct: list[Counter[Kind]] = [Counter() for _ in range(sockets)]
        self._heard: list[Counter[Kind]] = [Counter() for _ in range(sockets)]
        self._order: OrderedDict[Kind, None] = OrderedDict()

    def heard(self, socket: int, rows: Sequence[Row], *, repeated: bool = False) -> list[Row]:
        """Return the rows of a socket's frame that are new; `repeated`: that frame came before."""
        found: list[Row] = []
        for row in rows:
            kind = _kind(row)
            if kind is None:
                found.append(row)
                continue
            self._remember(kind)
            self._heard[socket][kind] += 1
            self._distinct[socket][kind] += not repeated
            if self._told[kind] < self._believed(kind):
                self._told[kind] += 1
                found.append(row)
        return found

    def answered(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows of a whole answer that no answer (or socket) told before."""
        counted: Counter[Kind] = Counter()
        found: list[Row] = []
        for row in rows:
            kind = _kind(row)
            if kind is None:
                found.append(row)
                continue
            self._remember(kind)
            counted[kind] += 1
            if self._told[kind] < counted[kind]:
                self._told[kind] += 1
                found.append(row)
        return found

    def _believed(self, kind: Kind) -> int:
        """Return how many there are, to the sockets' knowledge."""
        totals = sorted(counter[kind] for counter in self._heard)
        return max(*(counter[kind] for counter in self._distinct), totals[-2] if len(totals) > 1 else 0)

    def _remember(self, kind: Kind) -> None:
        self._order[kind] = None
        self._order.move_to_end(kind)
        if len(self._order) > self._kept:
            old, _ = self._order.popitem(last=False)
            for counter in (self._told, *self._distinct, *self._heard):
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
