"""What the paper exchange has made public: markets as the outside knows them, settled legs, moves of positions.

The faces (activity stream, Data API, Gamma, JSON-RPC) render from this record and from nothing else, so that all of
them tell the same. It knows no sockets and no clock; times are UTC nanoseconds, amounts micro-units.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

import msgspec

from whaletrader.adapters.paper.server.holding import Holding


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What everybody can read of a market; it never changes (see `Standing` for what does)."""

    market_id: str
    token_ids: tuple[str, str]
    outcomes: tuple[str, str]
    question: str
    slug: str
    number: int
    """Gamma's id."""
    event_number: int
    event_slug: str
    event_title: str
    category: str
    icon: str = ""
    question_id: str = ""
    neg_risk: bool = False
    neg_risk_market_id: str = ""
    min_order_micro: int = 5_000_000
    fee_type: str = ""
    """Empty in a market without fees."""
    fee_rate_micro: int = 0
    fee_exponent: int = 1
    rebate_micro: int = 0
    seconds_delay: int = 0
    version: str = "v1"
    position_ids: tuple[str, ...] = ()
    start_ts: int = 0
    end_ts: int = 0
    game_start_ts: int = 0
    clear_on_start: bool = False


class Standing(msgspec.Struct, kw_only=True):
    """What changes of a market."""

    tick_micro: int
    accepting: bool = True
    payouts_micro: tuple[int, int] | None = None
    resolved_ts: int = 0
    resolved_block: int = 0
    resolved_tx: str = ""
    resolved_log: int = -1
    bid_micro: int = 0
    """Best bid of outcome 0; 0 for none."""
    ask_micro: int = 1_000_000
    last_micro: int = 500_000
    """Last price of outcome 0."""
    volume_micro: int = 0


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """One wallet's side of one match, as it was mined: what an `OrderFilled` log tells."""

    wallet: str
    """Lower case."""
    market_id: str
    token_id: str
    outcome_index: int
    side: str
    maker: bool
    size_micro: int
    usd_micro: int
    """Collateral of the shares, without the fee."""
    fee_micro: int
    ts: int
    """Time of the block."""
    seen_ts: int
    """When the public stream can tell of it."""
    indexed_ts: int
    """When the Data API knows it: later, as its index lags the chain."""
    tx_hash: str
    block: int
    log_index: int
    order_hash: str

    @property
    def price(self) -> float:
        """Collateral per share, cut to ten decimals as the venue's sources show averages."""
        return round(self.usd_micro / self.size_micro, 10)


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A split, merge, redemption or conversion: positions that change without a trade."""

    kind: str
    """SPLIT, MERGE, REDEEM or CONVERSION."""
    wallet: str
    market_id: str
    size_micro: int
    usd_micro: int
    ts: int
    indexed_ts: int
    tx_hash: str
    block: int
    log_index: int
    given_ids: tuple[str, ...] = ()
    """Of a conversion: the markets whose "No" was given for "Yes" of the event's others."""


class Profile(msgspec.Struct, frozen=True):
    """How a wallet calls itself."""

    name: str = ""
    pseudonym: str = ""


_Row = TypeVar("_Row", Leg, Move)


class Timed(Generic[_Row]):
    """Rows in the order in which the index came to know them."""

    def __init__(self) -> None:
        self.rows: list[_Row] = []
        self._known: list[int] = []

    def add(self, row: _Row) -> None:
        """Append; a row indexed before its predecessor shows together with it."""
        self.rows.append(row)
        self._known.append(max(row.indexed_ts, self._known[-1] if self._known else 0))

    def take_back(self, block: int) -> list[_Row]:
        """Drop the rows of the newest block; return them."""
        keep = len(self.rows)
        while keep and self.rows[keep - 1].block >= block:
            keep -= 1
        gone = self.rows[keep:]
        del self.rows[keep:], self._known[keep:]
        return gone

    def forget(self, before_ts: int) -> list[_Row]:
        """Drop the rows of blocks before a time; return them."""
        count = bisect_left(self.rows, before_ts, key=lambda row: row.ts)
        gone = self.rows[:count]
        del self.rows[:count], self._known[:count]
        return gone

    def known(self, now_ns: int) -> int:
        """How many rows, from the first, the index knows at a time."""
        return bisect_right(self._known, now_ns)


def _forget_all(rows: dict[str, Timed[_Row]], before_ts: int) -> None:
    for name, timed in list(rows.items()):
        timed.forget(before_ts)
        if not timed.rows:
            del rows[name]


class Record:
    """The public record: appended by one writer, read by every face."""

    def __init__(self) -> None:
        self.cards: dict[str, Card] = {}
        self.standings: dict[str, Standing] = {}
        self.market_of_token: dict[str, tuple[str, int]] = {}
        self.profiles: dict[str, Profile] = {}
        self.legs: Timed[Leg] = Timed()
        self.moves: Timed[Move] = Timed()
        self.past: dict[tuple[str, str], Holding] = {}
        """By wallet and token: what those came to whose legs and moves are forgotten."""
        self._legs_of: dict[str, Timed[Leg]] = defaultdict(Timed)
        self._legs_in: dict[str, Timed[Leg]] = defaultdict(Timed)
        self._moves_of: dict[str, Timed[Move]] = defaultdict(Timed)

    def open_market(self, card: Card, standing: Standing) -> None:
        """Publish a market."""
        self.cards[card.market_id] = card
        self.standings[card.market_id] = standing
        for index, token_id in enumerate((*card.token_ids, *card.position_ids)):
            self.market_of_token[token_id] = (card.market_id, index % 2)

    def add_leg(self, leg: Leg) -> None:
        """Publish a mined leg."""
        self.legs.add(leg)
        self._legs_of[leg.wallet].add(leg)
        self._legs_in[leg.market_id].add(leg)
        standing = self.standings[leg.market_id]
        price = leg.usd_micro * 1_000_000 // leg.size_micro
        if not leg.maker:
            standing.volume_micro += leg.usd_micro
            standing.last_micro = price if leg.outcome_index == 0 else 1_000_000 - price

    def add_move(self, move: Move) -> None:
        """Publish a split, merge, redemption or conversion."""
        self.moves.add(move)
        self._moves_of[move.wallet].add(move)

    def take_back(self, block: int) -> dict[str, list[Leg]]:
        """Take out what the newest block brought, as it was taken back; return its legs by transaction."""
        gone: dict[str, list[Leg]] = {}
        for leg in self.legs.take_back(block):
            gone.setdefault(leg.tx_hash, []).append(leg)
            self._legs_of[leg.wallet].take_back(block)
            self._legs_in[leg.market_id].take_back(block)
            if not leg.maker:
                self.standings[leg.market_id].volume_micro -= leg.usd_micro
        for move in self.moves.take_back(block):
            self._moves_of[move.wallet].take_back(block)
        return gone

    def forget(self, before_ts: int) -> tuple[list[Leg], list[Move]]:
        """Drop legs and moves of blocks before a time; return them."""
        for rows in (self._legs_of, self._legs_in):
            _forget_all(rows, before_ts)
        _forget_all(self._moves_of, before_ts)
        return self.legs.forget(before_ts), self.moves.forget(before_ts)

    def profile(self, wallet: str) -> Profile:
        """How a wallet calls itself; without a name when it never said."""
        return self.profiles.get(wallet, _NAMELESS)

    def legs_newest_first(self, now_ns: int, *, wallet: str = "", market_ids: Sequence[str] = ()) -> Iterator[Leg]:
        """Legs that the index knows at a time, newest first, of a wallet and of markets where named."""
        if wallet:
            timed = self._legs_of.get(wallet)
        elif len(market_ids) == 1:
            timed = self._legs_in.get(market_ids[0])
        else:
            timed = self.legs
        if timed is None:
            return
        named = frozenset(market_ids)
        for place in range(timed.known(now_ns) - 1, -1, -1):
            if not named or timed.rows[place].market_id in named:
                yield timed.rows[place]

    def moves_newest_first(self, now_ns: int, wallet: str) -> Iterator[Move]:
        """Moves of a wallet that the index knows at a time, newest first."""
        timed = self._moves_of.get(wallet)
        if timed is not None:
            yield from reversed(timed.rows[: timed.known(now_ns)])


_NAMELESS = Profile()
