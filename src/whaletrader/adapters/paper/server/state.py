"""What of the exchange outlives its process: everything that was asked of it and changed something.

Read-only keys, builders' keys, subscriptions and the limits' counters do not; clients make them anew.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from whaletrader.adapters.paper.server.auth import Keyring
from whaletrader.adapters.paper.server.journal import Journal
from whaletrader.adapters.paper.server.raw_transactions import RawTransactions
from whaletrader.adapters.paper.server.relayer import Relayer
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.errors import UsageError

VENUE_CALLS: Final = (
    "add_market",
    "open_account",
    "deposit",
    "approve",
    "approve_all",
    "authorize",
    "deploy",
    "use_nonce",
    "restart",
    "set_mode",
    "place",
    "cancel",
    "heartbeat",
    "split",
    "merge",
    "redeem",
    "convert",
    "resolve",
)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What decides, beside the calls, what the exchange does; the first line of the file."""

    seed: int
    genesis_ns: int
    settle_s: float
    keep_s: float
    eoa_makers: bool
    settlement: tuple[int, int, int, int, int]
    """Seed and shares of what goes wrong with settlements."""
    builders: tuple[tuple[str, int, int], ...]
    form: int = 2


class State:
    """A file of calls, bound to the exchange that they are made at."""

    def __init__(self, path: Path, wanted: Options) -> None:
        """Open it; UsageError where it was made with other options than `wanted` (its beginning may be another)."""
        self._journal = Journal(path)
        self.options = self._journal.head(wanted)
        asked, kept = msgspec.to_builtins(wanted), msgspec.to_builtins(self.options)
        for name in wanted.__struct_fields__:
            if name != "genesis_ns" and asked[name] != kept[name]:
                self._journal.close()
                told = f"{name.replace('_', ' ')} {kept[name]}, not {asked[name]}"
                raise UsageError(f"The state {path} was made with {told}; use the same, or another file.")

    def flush(self) -> None:
        """Write down what was asked since the last time; OSError where it cannot be."""
        self._journal.flush()

    def close(self) -> None:
        """Let the file go; the exchange must not be asked any more."""
        self._journal.close()

    def bind(self, venue: Venue, keyring: Keyring, relayer: Relayer, raw: RawTransactions) -> Callable[[], int]:
        """Have every call that changes something written down; return what makes the calls of before again."""

        def seen() -> tuple[int, int]:
            return venue.now_ns, venue.drawn

        calls: dict[str, Callable[..., object]] = {name: getattr(venue, name) for name in VENUE_CALLS}
        calls |= {"create_key": keyring.create, "remove_key": keyring.remove, "remember": relayer.remember}
        calls["remember_raw"] = raw.remember
        kept = self._journal.kept(calls, seen)
        for name in VENUE_CALLS:
            setattr(venue, name, kept[name])
        for place, name, call in (
            (keyring, "create", "create_key"),
            (keyring, "remove", "remove_key"),
            (relayer, "remember", "remember"),
            (raw, "remember", "remember_raw"),
        ):
            setattr(place, name, kept[call])
        return lambda: self._journal.play(venue.advance, seen)
