"""The real-time data stream (RTDS): every fill with its wallet, by two sockets whose rows are told once.

The stream has no identity for a fill: `once` says which rows are new, so that what one socket lost the other tells.
Topics go into frames of their own, because one that the server does not know kills all the others of its frame; there
are no filters, because they do not work reliably.
"""

import json
from collections.abc import Callable, Sequence

from whaletrader.adapters.polymarket.once import Frames, Once
from whaletrader.adapters.polymarket.session import Plan, Session
from whaletrader.adapters.polymarket.sink import Sink, deliver, refuse
from whaletrader.adapters.polymarket.stream_status import Counts, Epoch, SourceStatus, with_counts
from whaletrader.datasets.decode.rows import VenueFill
from whaletrader.datasets.decode.rtds import decode_rtds
from whaletrader.datasets.importers.stretches import less

SOCKETS = 2
PING_EVERY_S = 5.0
TYPES = ("trades", "orders_matched")
SIGN_OF_LIFE = "rtds.trades"
"""`orders_matched` went on while `trades` was dead: only these rows are what is waited for."""

OnEpoch = Callable[[Epoch], None]


def frames(action: str) -> list[str]:
    """One frame for each type."""
    return [
        json.dumps({"action": action, "subscriptions": [{"topic": "activity", "type": kind}]}, separators=(",", ":"))
        for kind in TYPES
    ]


class ActivityTalk:
    """What is said and heard on one of the sockets."""

    def __init__(self, socket: int, once: Once, sink: Sink, on_epoch: OnEpoch) -> None:
        self.counts = Counts()
        self._socket = socket
        self._frames = Frames()
        self._once = once
        self._sink = sink
        self._on_epoch = on_epoch

    def wanted(self) -> bool:
        """Everything is asked for, always."""
        return True

    def opening(self) -> Sequence[str]:
        """Subscribe to both types."""
        return frames("subscribe")

    def again(self) -> Sequence[str]:
        """Leave and subscribe: a second subscription alone may be taken as already there."""
        return frames("unsubscribe") + frames("subscribe")

    def ping(self) -> str:
        """What the official client sends; the server never answers it."""
        return "ping"

    def heard(self, frame: bytes, arrived_ts: int) -> bool:
        """Pass new fills on; an empty frame only keeps the socket open."""
        if not frame.strip():
            return False
        decoded = decode_rtds(frame)
        refuse(self._sink, self.counts, decoded)
        new = self._once.heard(self._socket, decoded.rows, repeated=self._frames.repeated(frame))
        deliver(self._sink, self.counts, decoded.rows, arrived_ts, new)
        return any(isinstance(row, VenueFill) and row.source == SIGN_OF_LIFE for row in decoded.rows)

    def resumed(self, epoch: Epoch) -> None:
        """Tell who fills the gap."""
        self._on_epoch(epoch)


class ActivityStream:
    """The sockets together."""

    def __init__(self, url: str, stale_after_s: float, sink: Sink, seed: int = 0, since_ts: int = 0) -> None:
        once = Once(SOCKETS)
        self.on_gap: Callable[[int, int], None] = lambda _from_ts, _until_ts: None
        """Told at once of each stretch (UTC ns) in which no socket heard anything, so far as that can be said."""
        self.on_missed: Callable[[int, int], None] = self.on_gap
        """Told of each stretch (UTC ns) in which no socket listened, as soon as that is certain."""
        self.talks = [ActivityTalk(number, once, sink, self._resumed) for number in range(SOCKETS)]
        self.sessions = [
            Session(self._plan(n, url, stale_after_s, seed), talk, since_ts=since_ts)
            for n, talk in enumerate(self.talks)
        ]

    def fresh(self, monotonic_s: float) -> bool:
        """Whether one of the sockets hears."""
        return any(
            not session.in_gap and 0.0 <= session.data_age_s(monotonic_s) <= session.plan.stale_after_s
            for session in self.sessions
        )

    def status(self) -> list[SourceStatus]:
        """Where each socket stands."""
        return [
            with_counts(session.status(), talk.counts) for session, talk in zip(self.sessions, self.talks, strict=True)
        ]

    def _resumed(self, epoch: Epoch) -> None:
        """A gap of one socket is none while the other heard."""
        others = [session.last_life_ts for session in self.sessions if session.plan.source != epoch.source]
        self.on_gap(max(epoch.from_ts, *others), epoch.until_ts)
        near = [session for session in self.sessions if session.plan.source != epoch.source]
        listened = [stretch for session in near for stretch in session.heard(epoch.until_ts)]
        for from_ts, until_ts in less([(epoch.from_ts, epoch.until_ts)], listened):
            self.on_missed(from_ts, until_ts)

    @staticmethod
    def _plan(number: int, url: str, stale_after_s: float, seed: int) -> Plan:
        return Plan(
            source=f"activity.{number}",
            url=url,
            ping_every_s=PING_EVERY_S,
            probe_after_s=stale_after_s / 2,
            stale_after_s=stale_after_s,
            seed=seed + number,
        )
