"""Splits, merges and conversions of watched wallets, as a live feed keeps them: one row for each token that one moved.

A change whose market is not described yet waits for the description. What several sources, or a source twice, tell of
one transaction, wallet, market and amount is one change. Not for use by several threads at once.
"""

from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable

from whaletrader.datasets.decode.rows import PositionChange, Reject
from whaletrader.datasets.live_batches import StoredChange
from whaletrader.domain.values import NANOS, Side
from whaletrader.ports.market_feed import CHANGES, LeaderRow

OUTCOMES = {"SPLIT": (0, 1), "MERGE": (0, 1), "CONVERSION": (1,)}
"""Which outcomes of its market a change moves; what a conversion brings in other markets is not in its row."""
FORGET_UNNAMED_NS = 3_600 * NANOS
SEGMENT = "changes"
Key = tuple[str, str, str, str, int]


class LiveChanges:
    """Rows in the order of their arrival."""

    def __init__(self, tokens_of: Callable[[str], tuple[str, ...]]) -> None:
        """`tokens_of` names a market's tokens, none (or empty ones) while it is not described."""
        self._tokens_of = tokens_of
        self._ts = array("q")
        self._rows: list[StoredChange] = []
        self._by_wallet: dict[str, array[int]] = {}
        self._known: set[Key] = set()
        self._waiting: deque[tuple[int, PositionChange]] = deque()

    def offer(self, change: PositionChange, ts: int) -> None:
        """Take what a source told at `ts`, if it moved tokens of a market and is new."""
        key = (change.tx_hash, change.wallet, change.kind, change.market_id, change.amount_micro)
        usable = change.kind in OUTCOMES and change.amount_micro > 0 and change.market_id and not change.removed
        if usable and key not in self._known:
            self._known.add(key)
            self._waiting.append((ts, change))

    def ready(self, ts: int) -> tuple[list[StoredChange], list[Reject]]:
        """Return the changes whose markets are known by now, and refuse those that nobody could name for too long."""
        if not self._waiting:
            return [], []
        found: list[StoredChange] = []
        refused: list[Reject] = []
        still: deque[tuple[int, PositionChange]] = deque()
        for since, change in self._waiting:
            tokens = self._tokens_of(change.market_id)
            if all(tokens):
                found += [_stored(change, tokens[outcome], outcome, ts) for outcome in OUTCOMES[change.kind]]
            elif ts - since < FORGET_UNNAMED_NS:
                still.append((since, change))
            else:
                refused.append(Reject(source=change.source, reason="market_unknown", detail=change.market_id))
        self._waiting = still
        return found, refused

    def wanted(self) -> list[str]:
        """Return the markets whose description is waited for."""
        return [change.market_id for _, change in self._waiting]

    def keep(self, change: StoredChange, ts: int) -> None:
        """Take a change as the newest row: it is on disk."""
        self._known.add((change.tx_hash, change.wallet, change.change, change.market_id, change.size_micro))
        self._by_wallet.setdefault(change.wallet, array("q")).append(len(self._rows))
        self._rows.append(change)
        self._ts.append(ts)

    def row_at(self, ts: int) -> int:
        """Return the last row at or before a time, -1 without."""
        return bisect_right(self._ts, ts) - 1

    def after(self, wallet: str, behind: int) -> tuple[int, int] | None:
        """Return (time, row) of a wallet's first row behind one."""
        rows = self._by_wallet.get(wallet, array("q"))
        place = bisect_right(rows, behind)
        return (self._ts[rows[place]], rows[place]) if place < len(rows) else None

    def leader_row(self, row: int) -> LeaderRow:
        """Return a row in full."""
        seen = self._rows[row]
        anchor = seen.tx_hash or str(seen.ts_event)
        return LeaderRow(
            kind=CHANGES,
            natural_key="/".join((anchor, seen.wallet, seen.token_id, seen.change, str(seen.size_micro), "0")),
            ts=min(seen.ts_event, self._ts[row]),
            wallet=seen.wallet,
            market_id=seen.market_id,
            token_id=seen.token_id,
            outcome_index=seen.outcome_index,
            side=Side.BUY if seen.change == "SPLIT" else Side.SELL,
            role=seen.change,
            price_micro=-1,
            size_micro=seen.size_micro,
            tx_hash=seen.tx_hash,
            prev_seen_ts=0,
            segment_id=SEGMENT,
            row=row,
        )


def _stored(change: PositionChange, token_id: str, outcome: int, ts: int) -> StoredChange:
    return StoredChange(
        wallet=change.wallet,
        token_id=token_id,
        market_id=change.market_id,
        outcome_index=outcome,
        change=change.kind,
        size_micro=change.amount_micro,
        ts_event=change.ts_event if change.ts_event > 0 else ts,
        tx_hash=change.tx_hash,
    )
