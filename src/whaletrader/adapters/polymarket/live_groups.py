"""Which reports are new fills, as they come: the groups of the last minutes in memory, older ones built anew from the
rows. Counts what each source told alone and what it missed.
"""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import groupby

import msgspec

from whaletrader.datasets.decode.rows import VenueFill
from whaletrader.datasets.live_batches import StoredPart
from whaletrader.domain.fill_identity import FillGroup, Leg, NewFill, fill_anchor
from whaletrader.domain.values import NANOS

KEPT_NS = 600 * NANOS
LATE_NS = 480 * NANOS
"""An event older than this may belong to a group that is no longer kept; the rest is for clocks that differ."""
LAGS_KEPT = 4_096
GAPS_KEPT = 1_000
_EVERYONE = "rtds.trades"
"""This source tells of every wallet; the others only of those that are watched."""
_ANNOUNCER = "rtds.orders_matched"
"""It tells of takers only, and so misses nothing."""

GroupKey = tuple[str, str, str, str]


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What one source told since the process began."""

    source: str
    seen: int
    """Reports of fills."""
    told: int
    """Fills that it told, alone or after others."""
    only_here: int
    """Fills that no other source told."""
    missed: int
    """Fills that others told and it did not (of the watched wallets, for a source that is asked for those)."""
    lag_p50_s: float
    lag_p99_s: float
    """Arrival less the venue's time, -1 without rows; where that has whole seconds only, up to a second too much."""
    gaps: tuple[tuple[int, int], ...]
    """Stretches (UTC ns) in which it may have missed something."""


class Tally:
    """The counts of one source."""

    def __init__(self) -> None:
        self.seen = self.told = self.only_here = self.missed = 0
        self.lags: deque[int] = deque(maxlen=LAGS_KEPT)
        self.gaps: deque[tuple[int, int]] = deque(maxlen=GAPS_KEPT)

    def quantile_s(self, share: float) -> float:
        """Return the lag that a share of the newest reports does not exceed."""
        ordered = sorted(self.lags)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] / NANOS if ordered else -1.0


Single = tuple[str, int, int, int]
"""Source, size, price and place of the one fill of a group that was told of once; most groups are no more."""
Kept = FillGroup | Single


class LiveGroups:
    """All groups that may still be told of."""

    def __init__(self, rebuild: Callable[[str, str, str, str], FillGroup]) -> None:
        self._rebuild = rebuild
        self._kept: dict[GroupKey, Kept] = {}
        self._ages: deque[tuple[int, list[GroupKey]]] = deque()
        """The keys by the time at which they were first told of."""
        self._tallies: dict[str, Tally] = {}
        self.watched: frozenset[str] = frozenset()
        self.parts: list[StoredPart] = []
        """Reports to be stored though they show nothing new: what the chain confirmed, and what was taken for sums or
        parts of other fills, and may turn out to be fills of their own."""
        self._former: dict[GroupKey, list[StoredPart]] = {}
        self.known_until = 0
        """Events before this time may be among rows that were loaded."""

    def __len__(self) -> int:
        return len(self._kept)

    def tally(self, source: str) -> Tally:
        """Return the counts of a source."""
        found = self._tallies.get(source)
        if found is None:
            found = self._tallies[source] = Tally()
        return found

    def tell(self, fills: Sequence[VenueFill], ts: int) -> tuple[list[VenueFill], list[tuple[VenueFill, NewFill]]]:
        """Weigh reports that came together; return those that are new as they are, and, each with the report that it
        came with, the new fills of groups that were told of before.
        """
        plain: list[VenueFill] = []
        again: dict[tuple[str, GroupKey], list[VenueFill]] = {}
        late, kept, former = max(ts - LATE_NS, self.known_until), self._kept, self._former
        keys: list[GroupKey] = []
        source, tally = "", Tally()
        for fill in fills:
            at = fill.ts_event
            if fill.source != source:
                source = fill.source
                tally = self.tally(source)
            tally.seen += 1
            if at > 0:
                tally.lags.append(ts - at)
            key = (fill.tx_hash or fill_anchor("", at, fill.price_micro), fill.wallet, fill.token_id, fill.side)
            if key in kept or fill.removed or at < late or key in former:
                again.setdefault((source, key), []).append(fill)
            else:
                kept[key] = (source, fill.size_micro, fill.price_micro, fill.log_index)
                keys.append(key)
                plain.append(fill)
        if keys:
            self._ages.append((ts, keys))
        weighed: list[tuple[VenueFill, NewFill]] = []
        for (teller, key), reports in again.items():
            weighed.extend(self._weigh(teller, key, reports, ts))
        return plain, weighed

    def prune(self, ts: int) -> None:
        """Let groups go that are old enough, after counting who told them."""
        while self._ages and ts - self._ages[0][0] >= KEPT_NS:
            for key in self._ages.popleft()[1]:
                self._settle(key, self._kept.pop(key), self._tallies)

    def coverage(self) -> list[Coverage]:
        """Return the counts of every source, with the groups that are still kept."""
        now = {source: Tally() for source in self._tallies}
        for key, kept in self._kept.items():
            self._settle(key, kept, now)
        return [
            Coverage(
                source=source,
                seen=tally.seen,
                told=tally.told + now[source].told,
                only_here=tally.only_here + now[source].only_here,
                missed=tally.missed + now[source].missed,
                lag_p50_s=tally.quantile_s(0.5),
                lag_p99_s=tally.quantile_s(0.99),
                gaps=tuple(tally.gaps),
            )
            for source, tally in sorted(self._tallies.items())
        ]

    def _weigh(self, source: str, key: GroupKey, reports: list[VenueFill], ts: int) -> list[tuple[VenueFill, NewFill]]:
        """Weigh reports in their order: a log that was told, taken back and told again elsewhere is one fill."""
        group = self._group(key, reports[0], ts)
        found: list[tuple[VenueFill, NewFill]] = []
        for removed, run in groupby(reports, key=lambda fill: fill.removed):
            if removed:
                for fill in run:
                    group.retract(source, fill.log_index)
            else:
                found.extend(self._told(source, key, group, list(run)))
        return found

    def _told(
        self, source: str, key: GroupKey, group: FillGroup, lasting: list[VenueFill]
    ) -> list[tuple[VenueFill, NewFill]]:
        legs = [Leg(fill.size_micro, fill.price_micro, fill.log_index) for fill in lasting]
        before = len(group.told.get(source, ()))
        found = group.tell(source, legs)
        told = group.told[source][before:]
        if told:
            shown, inexact = {new.leg for new in found}, group.inexact(source)
            unseen = [leg for leg in told if leg in inexact or (leg.place >= 0 and legs.index(leg) not in shown)]
            self.parts.extend(StoredPart(*key, source, *leg) for leg in unseen)
        return [(lasting[max(new.leg, 0)], new) for new in found]

    def restore(self, part: StoredPart) -> None:
        """Take a report from the disk."""
        key = (part.anchor, part.wallet, part.token_id, part.side)
        self._former.setdefault(key, []).append(part)

    def _group(self, key: GroupKey, report: VenueFill, ts: int) -> FillGroup:
        """Return a group with all that is known of it."""
        kept = self._kept.get(key)
        if isinstance(kept, FillGroup):
            return kept
        if kept is None:
            late = report.ts_event < max(ts - LATE_NS, self.known_until) or key in self._former
            group = self._rebuild(report.tx_hash, *key[1:]) if late else FillGroup()
            self._ages.append((ts, [key]))
            for part in self._former.get(key, ()):
                legs = group.told.setdefault(part.source, [])
                if part.place < 0 or part.place not in {leg.place for leg in legs}:
                    legs.append(Leg(part.size_micro, part.price_micro, part.place))
        else:
            group = _grown(kept)
        self._kept[key] = group
        return group

    def _settle(self, key: GroupKey, kept: Kept, tallies: dict[str, Tally]) -> None:
        """Count who told a group's fills."""
        group = kept if isinstance(kept, FillGroup) else _grown(kept)
        if len(group.sizes) == 1:
            covered = {source: int(bool(legs)) for source, legs in group.told.items()}
        else:
            covered = {source: group.covers(source) for source in group.told}
        for source in self._tallies:
            tally, own = tallies[source], covered.get(source, 0)
            tally.told += own
            others = max((count for other, count in covered.items() if other != source), default=0)
            tally.only_here += max(own - others, 0)
            if source != _ANNOUNCER and (source == _EVERYONE or key[1] in self.watched):
                tally.missed += len(group.sizes) - own


def _grown(single: Single) -> FillGroup:
    """Return a group of one fill as one that more can be told of."""
    source, size, price, place = single
    return FillGroup([size], [price], {source: [Leg(size, price, place)]})
