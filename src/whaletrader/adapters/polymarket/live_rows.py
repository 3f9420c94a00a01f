"""Fills as a live feed keeps them: columns in memory, batches as bytes. A row's number is its place of arrival.

A fill takes some 150 bytes; wallets, tokens and markets are kept once. Not for use by several threads at once.
"""

from array import array
from bisect import bisect_left, bisect_right

import msgspec
import numpy as np

from whaletrader.datasets.decode.rows import ChainResolution, MarketMeta, TickSizeChange
from whaletrader.domain.fill_identity import FillGroup, Leg
from whaletrader.domain.values import Side

Fact = MarketMeta | ChainResolution | TickSizeChange
_TX_BYTES = 32
_ROLES = ("", "maker", "taker")


class StoredFill(msgspec.Struct, frozen=True, array_like=True):
    """A fill that no source told before."""

    wallet: str
    token_id: str
    market_id: str
    outcome_index: int
    side: str
    role: str
    price_micro: int
    size_micro: int
    ts_event: int
    tx_hash: str
    n: int
    """How many equal fills come before it."""
    source: str
    fee_micro: int = -1
    log_index: int = -1
    block: int = -1


class StoredQuote(msgspec.Struct, frozen=True, array_like=True):
    """The best prices of a token from the batch's time on."""

    token_id: str
    bid_micro: int
    ask_micro: int
    bid_size_micro: int
    ask_size_micro: int


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """What became known at one time."""

    ts: int
    fills: list[StoredFill]
    facts: list[Fact] = []
    quotes: list[StoredQuote] = []


encode_batch = msgspec.msgpack.Encoder().encode
decode_batch = msgspec.msgpack.Decoder(Batch).decode


class Names:
    """Texts by number, each with the numbers of its rows."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.texts: list[str] = []
        self.rows: list[array[int]] = []

    def code(self, text: str) -> int:
        """Return the number of a text, a new one where it is new."""
        found = self.codes.get(text)
        if found is None:
            found = self.codes[text] = len(self.texts)
            self.texts.append(text)
            self.rows.append(array("q"))
        return found

    def rows_of(self, text: str) -> "array[int]":
        """Return the rows of a text, in order."""
        code = self.codes.get(text)
        return self.rows[code] if code is not None else array("q")


class LiveRows:
    """Columns of equal length, sorted by `ts`."""

    def __init__(self) -> None:
        self.ts = array("q")
        """When it was heard."""
        self.ts_event = array("q")
        self.price = array("q")
        self.size = array("q")
        self.wallet = array("q")
        self.token = array("q")
        self.market = array("q")
        self.log_index = array("q")
        self.n = array("h")
        self.outcome = array("b")
        self.flags = array("b")
        """Bit 0: a sale; the rest: the role's place."""
        self.source = array("b")
        self.segment = array("i")
        self._tx = bytearray()
        self._tx_mark = array("q")
        self.wallets, self.tokens, self.markets = Names(), Names(), Names()
        self._sources = Names()

    def __len__(self) -> int:
        return len(self.ts)

    def append(self, fill: StoredFill, ts: int, segment: int) -> None:
        """Take a fill as the newest row."""
        row = len(self.ts)
        wallet, market = self.wallets.code(fill.wallet), self.markets.code(fill.market_id)
        self.wallets.rows[wallet].append(row)
        self.markets.rows[market].append(row)
        self.ts_event.append(fill.ts_event)
        self.price.append(fill.price_micro)
        self.size.append(fill.size_micro)
        self.wallet.append(wallet)
        self.token.append(self.tokens.code(fill.token_id))
        self.market.append(market)
        self.log_index.append(fill.log_index)
        self.n.append(min(fill.n, 32_767))
        self.outcome.append(fill.outcome_index)
        self.flags.append((fill.side == Side.SELL) + 2 * (_ROLES.index(fill.role) if fill.role in _ROLES else 0))
        self.source.append(self._sources.code(fill.source))
        self.segment.append(segment)
        raw = bytes.fromhex(fill.tx_hash[2:]) if fill.tx_hash else bytes(_TX_BYTES)
        self._tx += raw
        self._tx_mark.append(_mark(raw))
        self.ts.append(ts)

    def row_at(self, ts: int) -> int:
        """Return the last row at or before a time, -1 without."""
        return bisect_right(self.ts, ts) - 1

    def first_at(self, ts: int) -> int:
        """Return the first row at or after a time; the number of rows where there is none."""
        return bisect_left(self.ts, ts)

    def after(self, rows: "array[int]", behind: int) -> tuple[int, int] | None:
        """Return (time, row) of the first of some rows behind one."""
        place = bisect_right(rows, behind)
        return (self.ts[rows[place]], rows[place]) if place < len(rows) else None

    def last_of_another(self, rows: "array[int]", end: int, wallet: int) -> int:
        """Return the last of some rows before `end` that is of another wallet, -1 without."""
        for place in range(bisect_left(rows, end) - 1, -1, -1):
            if self.wallet[rows[place]] != wallet:
                return rows[place]
        return -1

    def tx_hash(self, row: int) -> str:
        """Return the transaction's hash, "" where it is unknown."""
        raw = self._tx[row * _TX_BYTES : (row + 1) * _TX_BYTES]
        return f"0x{raw.hex()}" if any(raw) else ""

    def side(self, row: int) -> str:
        """Return BUY or SELL."""
        return (Side.SELL if self.flags[row] & 1 else Side.BUY).value

    def role(self, row: int) -> str:
        """Return the role's word, "" where it is unknown."""
        return _ROLES[self.flags[row] >> 1]

    def group(self, tx_hash: str, wallet: str, token_id: str, side: str) -> FillGroup:
        """Build what was accepted of a group anew, for reports of fills long past."""
        found = FillGroup()
        rows = self.wallets.rows_of(wallet)
        if not rows or not tx_hash:
            return found
        mark = _mark(bytes.fromhex(tx_hash[2:]))
        marks = np.frombuffer(self._tx_mark, np.int64)
        near = np.frombuffer(rows, np.int64)
        same = near[marks[near] == mark].tolist()
        for row in same:
            if (
                self.tokens.texts[self.token[row]] == token_id
                and self.side(row) == side
                and self.tx_hash(row) == tx_hash
            ):
                found.sizes.append(self.size[row])
                found.prices.append(self.price[row])
                source = self._sources.texts[self.source[row]]
                if self.log_index[row] >= 0:
                    leg = Leg(self.size[row], self.price[row], self.log_index[row])
                    found.told.setdefault(source, []).append(leg)
        return found


def _mark(raw: bytes) -> int:
    return int.from_bytes(raw[:8], "little", signed=True)
