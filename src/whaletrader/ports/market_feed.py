"""A feed of market data, as ingest sees it: who traded next, what a token last traded at, how a market ended.

Rows are numbered per stream (fills, positions, changes) in the order of time, from 0; -1 stands before the first. A
feed never tells of a row later than it is asked for, and gives each fact once: what several sources reported is one
row.
"""

from typing import Protocol

import msgspec

from whaletrader.messages.market import MarketTerms

CHANGES = "change"
"""The stream of what moved wallets' positions without a trade, beside the streams of `LeaderEventKind`."""


class LeaderRow(msgspec.Struct, frozen=True, kw_only=True):
    """A wallet's fill, a position of his found by polling, or what a split, merge or conversion did to one token."""

    kind: str
    """`LeaderEventKind`, or `CHANGES`."""
    natural_key: str
    """The same for the same event, whichever source told it."""
    ts: int
    wallet: str
    market_id: str
    token_id: str
    outcome_index: int
    side: str
    role: str
    """Of a change: SPLIT, MERGE or CONVERSION."""
    price_micro: int
    """Of a change: -1."""
    size_micro: int
    tx_hash: str
    prev_seen_ts: int
    segment_id: str
    row: int


class Print(msgspec.Struct, frozen=True, kw_only=True):
    """One trade of a market, told as the price of one of its tokens."""

    ts: int
    price_micro: int
    wallet: str
    segment_id: str
    row: int


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """The best bid and ask of a token; -1 where unknown."""

    ts: int
    bid_micro: int
    ask_micro: int
    bid_size_micro: int
    ask_size_micro: int


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """How a market paid out, and when a follower could have known."""

    ts: int
    payouts_micro: tuple[int, ...]


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A sealed stretch of fills; complete at `sealed_ts`."""

    segment_id: str
    sha256: str
    first_row: int
    rows: int
    first_ts: int
    last_ts: int
    sealed_ts: int


class MarketFeed(Protocol):
    """Lookups only: whoever reads keeps his own place."""

    @property
    def name(self) -> str:
        """Stands for the content: the same name, the same rows."""
        ...

    @property
    def simulated(self) -> bool:
        """Whether the rows are made up."""
        ...

    @property
    def span(self) -> tuple[int, int]:
        """Time of the first and the last row; (0, 0) for an empty feed."""
        ...

    def row_at(self, kind: str, ts: int) -> int:
        """Return the last row of a stream at or before `ts`, -1 when there is none."""
        ...

    def leader_after(self, kind: str, wallet: str, row: int) -> tuple[int, int] | None:
        """Return (time, row) of a wallet's first row behind `row`."""
        ...

    def leader_row(self, kind: str, row: int) -> LeaderRow:
        """Return a row in full."""
        ...

    def print_after(self, token_id: str, row: int, not_before_ts: int) -> tuple[int, int] | None:
        """Return (time, row) of the first fill of the token's market behind `row`, at or after a time."""
        ...

    def print_at(self, token_id: str, row: int) -> Print:
        """Return a fill of the token's market as a price of this token."""
        ...

    def last_print(self, token_id: str, before_ts: int, not_wallet: str) -> Print | None:
        """Return the newest fill of somebody else strictly before a time, either outcome."""
        ...

    def quote(self, token_id: str, at_ts: int) -> Quote | None:
        """Return the newest quote at or before a time."""
        ...

    def market_of(self, token_id: str) -> tuple[str, int]:
        """Return the market of a token, and which outcome it is."""
        ...

    def terms(self, market_id: str, at_ts: int) -> MarketTerms:
        """Return what was known of a market at a time."""
        ...

    def resolution(self, market_id: str) -> Resolution | None:
        """Return how a market ended, None when the feed does not know."""
        ...

    def segment(self, index: int) -> Segment | None:
        """Return the `index`-th segment, None behind the last."""
        ...
