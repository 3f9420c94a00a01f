"""The CLOB's user channel: our own orders and trades, in a background thread of its own.

Our orders may rest for hours, so silence says nothing: the sign of life is the answer to our ping. Nothing is sent
again after a lost connection: whoever listens reads open orders and trades by REST at each epoch. The first frame
carries the API secret, so no frame is ever logged, and a refused one is kept without its text.
"""

import json
from collections.abc import Callable, Sequence

from whaletrader.adapters.polymarket.session import Plan, Session
from whaletrader.adapters.polymarket.sink import Sink, deliver, refuse
from whaletrader.adapters.polymarket.stream_status import (
    Counts,
    Epoch,
    Freshness,
    SourceStatus,
    StreamState,
    with_counts,
)
from whaletrader.adapters.polymarket.stream_thread import STOP_S, StreamThread
from whaletrader.datasets.decode.clob_user import decode_user
from whaletrader.domain.clob_auth import ApiKey

PING_EVERY_S = 10.0
PONGS_MISSED = 3
SOURCE = "user"


class UserTalk:
    """What is said and heard."""

    def __init__(self, api_key: ApiKey, sink: Sink, on_epoch: Callable[[Epoch], None]) -> None:
        self.counts = Counts()
        self._api_key = api_key
        self._sink = sink
        self._on_epoch = on_epoch

    def wanted(self) -> bool:
        """Always."""
        return True

    def opening(self) -> Sequence[str]:
        """Subscribe to all markets, and ask for the first sign of life."""
        auth = {"apiKey": self._api_key.key, "secret": self._api_key.secret, "passphrase": self._api_key.passphrase}
        return (json.dumps({"type": "user", "auth": auth}, separators=(",", ":")), self.ping())

    def again(self) -> Sequence[str]:
        """There is nothing to leave and subscribe to: ask for a sign of life."""
        return (self.ping(),)

    def ping(self) -> str:
        """What keeps the socket open."""
        return "PING"

    def heard(self, frame: bytes, arrived_ts: int) -> bool:
        """Pass on what was told; any word of the venue is a sign of life, a refused one is not."""
        if frame.strip().upper() == b"PONG":
            return True
        decoded = decode_user(frame)
        refuse(self._sink, self.counts, decoded)
        deliver(self._sink, self.counts, decoded.rows, arrived_ts)
        return bool(decoded.rows)

    def resumed(self, epoch: Epoch) -> None:
        """Tell who reads orders and trades anew."""
        self._on_epoch(epoch)


class UserChannel:
    """One account's orders and trades; the sink and `on_epoch` are called in the channel's thread."""

    def __init__(  # the period is the socket's own, three missed answers
        self,
        url: str,
        api_key: ApiKey,
        sink: Sink,
        on_epoch: Callable[[Epoch], None],
        *,
        ping_every_s: float = PING_EVERY_S,
        seed: int = 0,
    ) -> None:
        self._talk = UserTalk(api_key, sink, on_epoch)
        self._plan = Plan(
            source=SOURCE,
            url=url.rstrip("/") + "/user",
            ping_every_s=ping_every_s,
            probe_after_s=ping_every_s * (PONGS_MISSED - 1),
            stale_after_s=ping_every_s * PONGS_MISSED,
            seed=seed,
        )
        self._session: Session | None = None
        self._thread = StreamThread("whaletrader-user-channel", {SOURCE: self._run})

    def start(self) -> None:
        """Connect and stay connected."""
        self._thread.start()

    def stop(self, timeout_s: float = STOP_S) -> bool:
        """End; return whether all ended in time."""
        return self._thread.stop(timeout_s)

    def check(self) -> None:
        """Raise what failed unexpectedly, such as the sink."""
        self._thread.check()

    def status(self) -> SourceStatus:
        """Where it stands."""
        session = self._session
        if session is None:
            return SourceStatus(source=SOURCE, state=StreamState.IDLE)
        return with_counts(session.status(), self._talk.counts)

    def freshness(self) -> Freshness:
        """Whether what happens to our orders is heard."""
        status = self.status()
        if self._thread.failures():
            return Freshness(fresh=False, reason="the user channel failed: see its error")
        if status.state is StreamState.LIVE:
            return Freshness(fresh=True)
        return Freshness(
            fresh=False, reason=f"the user channel is {status.state.lower()}: {status.last_error or 'no word yet'}"
        )

    async def _run(self) -> None:
        self._session = Session(self._plan, self._talk)
        await self._session.run()
