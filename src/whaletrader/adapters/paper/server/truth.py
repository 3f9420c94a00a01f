"""Writes down every fill that the exchange settled, with the key that every source must give it: one JSON line each.

It is what a soak compares a run's log with; nobody reads it while the exchange runs.
"""

import os
from collections import Counter
from pathlib import Path
from typing import IO

import msgspec

from whaletrader.adapters.paper.server.record import Leg
from whaletrader.domain.fill_identity import fill_key
from whaletrader.errors import UsageError

_BEGIN = b'{"key":'
"""How every line begins."""


class TruthRow(msgspec.Struct, frozen=True, kw_only=True):
    """One fill of one wallet."""

    key: str
    wallet: str
    market_id: str
    token_id: str
    side: str
    maker: bool
    price: float
    size_micro: int
    fee_micro: int
    ts: int
    tx_hash: str
    block: int
    log_index: int
    gone: bool = False
    """Said of a fill that was written down before: its block was taken back and its trade failed."""


class TruthFile:
    """Appends a line for every leg; lines are on disk when `flush` returns."""

    def __init__(self, path: Path, *, resumed: bool = False) -> None:
        """Of an exchange that is `resumed`, rows that the file has by then are not written again.

        UsageError where the file is of something else.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        _check_own(path)
        _drop_cut_line(path)
        self._had = {(row.key, row.gone) for row in _rows_of(path)} if resumed and path.exists() else set()
        self._file: IO[bytes] = path.open("ab")
        self._group: tuple[str, bool] = ("", False)
        self._equal: Counter[tuple[str, str, str, int]] = Counter()
        self.rows = 0

    def on_leg(self, leg: Leg) -> None:
        """Write a leg; legs of one transaction come together."""
        self._write(leg)

    def on_gone(self, leg: Leg) -> None:
        """Write that a leg was never settled after all; legs of one transaction come together, in the same order."""
        self._write(leg, gone=True)

    def _write(self, leg: Leg, *, gone: bool = False) -> None:
        if (leg.tx_hash, gone) != self._group:
            self._group = leg.tx_hash, gone
            self._equal.clear()
        group = (leg.wallet, leg.token_id, leg.side, leg.size_micro)
        key = fill_key(leg.tx_hash, *group, self._equal[group])
        self._equal[group] += 1
        if (key, gone) in self._had:
            return
        row = TruthRow(
            key=key,
            wallet=leg.wallet,
            market_id=leg.market_id,
            token_id=leg.token_id,
            side=leg.side,
            maker=leg.maker,
            price=leg.price,
            size_micro=leg.size_micro,
            fee_micro=leg.fee_micro,
            ts=leg.ts,
            tx_hash=leg.tx_hash,
            block=leg.block,
            log_index=leg.log_index,
            gone=gone,
        )
        self._file.write(msgspec.json.encode(row) + b"\n")
        self._file.flush()
        self.rows += 1

    def close(self) -> None:
        """End the file."""
        self._file.close()


def _check_own(path: Path) -> None:
    told = path.read_bytes()[: len(_BEGIN)] if path.exists() else b""
    if not _BEGIN.startswith(told):
        raise UsageError(f"The file {path} is of something else than fills; name another one for --truth.")


def _drop_cut_line(path: Path) -> None:
    """Drop what a kill left of a line, lest the next one be glued to it."""
    told = path.read_bytes() if path.exists() else b""
    whole = told.rfind(b"\n") + 1
    if whole < len(told):
        os.truncate(path, whole)


def _rows_of(path: Path) -> list[TruthRow]:
    lines = path.read_bytes().splitlines(keepends=True)
    return [msgspec.json.decode(line, type=TruthRow) for line in lines if line.endswith(b"\n")]


def read_truth(path: Path) -> list[TruthRow]:
    """Every fill of a truth file that stands; a line cut off by a kill is left out."""
    rows = _rows_of(path)
    gone = {row.key for row in rows if row.gone}
    return [row for row in rows if row.key not in gone]
