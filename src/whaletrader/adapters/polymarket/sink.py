"""Where the push feeds and the back-fill put what they heard."""

from collections.abc import Sequence
from typing import Protocol

from whaletrader.adapters.polymarket.stream_status import Counts
from whaletrader.datasets.decode.rows import Decoded, Reject, Row, VenueFill


class Sink(Protocol):
    """Takes rows in the order of their arrival; called by one thread at a time."""

    def add(self, rows: Sequence[Row], arrived_ts: int) -> int:
        """Keep the rows; return how many fills were new."""
        ...

    def reject(self, reject: Reject) -> None:
        """Keep what could not be used."""
        ...

    def mark_gap(self, source: str, from_ts: int, until_ts: int) -> None:
        """Note a stretch (UTC ns) in which a source of fills may have missed something."""
        ...

    def wanted(self) -> tuple[list[str], list[str]]:
        """Return the markets whose description is missing, and the tokens whose market is."""
        ...


def deliver(sink: Sink, counts: Counts, rows: Sequence[Row], arrived_ts: int, new: Sequence[Row] | None = None) -> int:
    """Count rows, hand them over (only `new` ones where some were told before); return how many fills were new."""
    if not rows:
        return 0
    counts.seen += len(rows)
    for row in rows:
        if isinstance(row, VenueFill):
            counts.lags.note(arrived_ts, row.ts_event)
    kept = rows if new is None else new
    return sink.add(kept, arrived_ts) if kept else 0


def refuse(sink: Sink, counts: Counts, decoded: Decoded) -> None:
    """Hand over what a frame held that could not be used."""
    for reject in decoded.rejects:
        counts.rejected += 1
        counts.last_error = reject.reason
        sink.reject(reject)
