"""Ties a run to the world: how far time has come, what matters now, what could not be used, and waiting for more.

The feed grows in a thread of its own; everything here happens in the engine's. Before facts are taken the feed's time
is sealed: whatever it hears afterwards lies later, so that a run after a crash finds the same facts in the same order.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Protocol

from whaletrader.datasets.decode.rows import Reject
from whaletrader.domain.reasons import DeadLetterReason
from whaletrader.messages.envelope import Message, fact
from whaletrader.messages.orchestration import DeadLetter
from whaletrader.ports.clock import Clock
from whaletrader.runtime.exchange_source import ExchangeSource
from whaletrader.runtime.ingest import Ingest

REST_S = 0.05
_MALFORMED = ("malformed", "truncated", "not_")
"""How the reasons begin of what could not even be read."""


class GrowingFeed(Protocol):
    """What a feed must offer beside its lookups when it grows."""

    @property
    def version(self) -> int:
        """Another number whenever something was added."""
        ...

    def seal(self, now_ts: int) -> int:
        """Return a time not before `now_ts` and the newest row; whatever is added afterwards is later."""
        ...

    def wait(self, seen: int, timeout_s: float) -> None:
        """Return when the version is no longer `seen`, or after the time."""
        ...

    def take_rejects(self) -> Sequence[Reject]:
        """Return what could not be used since it was last asked."""
        ...


class LivePace:
    """Fills the protocol `Pace` from a growing feed and a clock."""

    def __init__(
        self,
        feed: GrowingFeed,
        clock: Clock,
        ingest: Ingest,
        answers: ExchangeSource,
        *,
        watch: Callable[[Sequence[str], Sequence[str]], None],
        advance: Callable[[int], None] = lambda _until_ts: None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """`watch(tokens, wallets)` hears what matters whenever it changes; `check` raises where the feed has died.

        `advance(until_ts)` lets an exchange in this process take in what was heard by then.
        """
        self._feed = feed
        self._clock = clock
        self._ingest = ingest
        self._answers = answers
        self._watch = watch
        self._advance = advance
        self._check = check
        self._seen = -1
        self._watched: tuple[list[str], list[str]] = ([], [])
        self._until = 0

    def horizon(self) -> int:
        """Seal the feed's time, have new rows looked at, and return how far it has come."""
        seen = self._feed.version
        self._until = self._feed.seal(max(self._clock.now_ns(), self._until))
        if seen != self._seen:
            self._ingest.refresh()
            self._seen = seen
        self._advance(self._until)
        self._answers.ask_again()
        return self._until

    def rest(self) -> list[Message]:
        """Tell the feed what matters, and wait for it to grow, unless it has brought what could not be used."""
        self._check()
        wanted = self._ingest.wanted()
        if wanted != self._watched:
            self._watch(*wanted)
            self._watched = wanted
        letters = [_letter(reject, self._until) for reject in self._feed.take_rejects()]
        if not letters:
            self._feed.wait(self._seen, REST_S)
        return letters


def _letter(reject: Reject, now_ts: int) -> Message:
    broken = reject.reason.startswith(_MALFORMED)
    digest = sha256(reject.head).hexdigest()
    letter = DeadLetter(
        source=reject.source,
        reason=DeadLetterReason.MALFORMED if broken else DeadLetterReason.BAD_VALUE,
        detail=f"{reject.reason}: {reject.detail}".rstrip(": "),
        size_bytes=len(reject.head),
        content_sha256=digest,
        head=reject.head,
    )
    key = f"{reject.source}:{digest}:{reject.reason}"
    return fact(letter, natural_key=key, ts_event=now_ts, ts_init=now_ts)
