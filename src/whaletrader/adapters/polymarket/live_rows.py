"""Fills as a live feed keeps them: records in memory. A row's number is its place of arrival.

A fill takes some 110 bytes; wallets, tokens and markets are kept once. Not for use by several threads at once.
"""

from array import array
from bisect import bisect_left, bisect_right
from struct import Struct
from typing import NamedTuple

import msgspec
import numpy as np

from whaletrader.datasets.decode.rows import VenueFill
from whaletrader.datasets.live_batches import StoredFill
from whaletrader.domain.fill_identity import FillGroup, Leg, NewFill

RECORD = Struct("<qqqiIIIHIbbb32s")
_pack, _unpack = RECORD.pack, RECORD.unpack_from
_WALLET_AT = 28
_wallet = Struct("<I").unpack_from
_TABLE = np.dtype({"names": ["tx"], "formats": ["<i8"], "offsets": [RECORD.size - 32], "itemsize": RECORD.size})
"""The first eight bytes of the transaction's hash, to look for."""
_ROLES = ("", "maker", "taker")
_ROLE_BITS = {"maker": 2, "taker": 4}


class Seen(NamedTuple):
    """A row as it is kept."""

    ts: int
    ts_event: int
    price_micro: int
    size_micro: int
    log_index: int
    wallet: str
    token_id: str
    market_id: str
    n: int
    segment: int
    outcome_index: int
    side: str
    role: str
    source: str
    tx_hash: str


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
    """Rows as records of equal length, sorted by `ts`."""

    def __init__(self) -> None:
        self.ts = array("q")
        """When each was heard."""
        self._records = bytearray()
        self.wallets, self.tokens, self.markets = Names(), Names(), Names()
        self._sources = Names()

    def __len__(self) -> int:
        return len(self.ts)

    def append(self, fill: StoredFill, ts: int, segment: int) -> None:
        """Take a fill as the newest row."""
        row = len(self.ts)
        wallets, markets = self.wallets, self.markets
        wallet = wallets.codes.get(fill.wallet)
        if wallet is None:
            wallet = wallets.code(fill.wallet)
        market = markets.codes.get(fill.market_id)
        if market is None:
            market = markets.code(fill.market_id)
        token = self.tokens.codes.get(fill.token_id)
        if token is None:
            token = self.tokens.code(fill.token_id)
        source = self._sources.codes.get(fill.source)
        if source is None:
            source = self._sources.code(fill.source)
        self._records += _pack(
            fill.ts_event,
            fill.price_micro,
            fill.size_micro,
            fill.log_index,
            wallet,
            token,
            market,
            fill.n,
            segment,
            fill.outcome_index,
            (1 if fill.side == "SELL" else 0) + _ROLE_BITS.get(fill.role, 0),
            source,
            bytes.fromhex(fill.tx_hash[2:]),
        )
        wallets.rows[wallet].append(row)
        markets.rows[market].append(row)
        self.ts.append(ts)

    def at(self, row: int) -> "Seen":
        """Return a row."""
        found = _unpack(self._records, row * RECORD.size)
        ts_event, price, size, log_index, wallet, token, market, n, segment, outcome, flags, source, tx = found
        return Seen(
            ts=self.ts[row],
            ts_event=ts_event,
            price_micro=price,
            size_micro=size,
            log_index=log_index,
            wallet=self.wallets.texts[wallet],
            token_id=self.tokens.texts[token],
            market_id=self.markets.texts[market],
            n=n,
            segment=segment,
            outcome_index=outcome,
            side="SELL" if flags & 1 else "BUY",
            role=_ROLES[flags >> 1],
            source=self._sources.texts[source],
            tx_hash=f"0x{tx.hex()}" if any(tx) else "",
        )

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

    def last_of_another(self, rows: "array[int]", end: int, wallet: str) -> int:
        """Return the last of some rows before `end` that is of another wallet, -1 without."""
        code = self.wallets.codes.get(wallet, -1)
        for place in range(bisect_left(rows, end) - 1, -1, -1):
            if _wallet(self._records, rows[place] * RECORD.size + _WALLET_AT)[0] != code:
                return rows[place]
        return -1

    def group(self, tx_hash: str, wallet: str, token_id: str, side: str) -> FillGroup:
        """Build what was accepted of a group anew, for reports of fills long past."""
        found = FillGroup()
        rows = self.wallets.rows_of(wallet)
        if not rows or not tx_hash:
            return found
        wanted = np.frombuffer(bytes.fromhex(tx_hash[2:]), "<i8")[0]
        table, near = np.frombuffer(self._records, _TABLE), np.frombuffer(rows, np.int64)
        same = near[table["tx"][near] == wanted].tolist()
        for row in map(self.at, same):
            if row.token_id == token_id and row.side == side and row.tx_hash == tx_hash:
                found.sizes.append(row.size_micro)
                found.prices.append(row.price_micro)
                if row.log_index >= 0:
                    leg = Leg(row.size_micro, row.price_micro, row.log_index)
                    found.told.setdefault(row.source, []).append(leg)
        return found


def identity(fill: StoredFill) -> tuple[str, str, str, str, int, int]:
    """Return what tells a fill from all others."""
    return fill.tx_hash, fill.wallet, fill.token_id, fill.side, fill.size_micro, fill.n


def stored(report: VenueFill, ts: int) -> StoredFill:
    """Return a report that came at `ts` as it is kept."""
    return StoredFill(
        report.wallet,
        report.token_id,
        report.market_id,
        report.outcome_index,
        report.side,
        report.role,
        report.price_micro,
        report.size_micro,
        report.ts_event if report.ts_event > 0 else ts,
        report.tx_hash,
        0,
        report.source,
        report.fee_micro,
        report.log_index,
        report.block,
    )


def as_found(fill: StoredFill, new: NewFill) -> StoredFill:
    """Return a fill as it was found to be: a report may hold more than what is new of it, or show an earlier one."""
    facts = {"price_micro": new.price_micro, "size_micro": new.size_micro, "n": new.n, "log_index": new.place}
    return msgspec.structs.replace(fill, **facts if new.leg >= 0 else facts | {"fee_micro": -1})
