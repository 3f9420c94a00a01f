"""Which logs of the newest blocks were told already, and which of them the chain took back. Pure, no I/O.

Logs come twice: pushed by a subscription, and read again until their block is final. What a reading no longer holds
was taken back by a reorganisation; because nodes behind one address do not stand at the same block, it is believed
only when two readings in a row say so. A transaction is in one block only: a log of it in another block takes back
all that were told of it, also where nobody said that they were removed, or where their index is another now.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

Log = Mapping[str, Any]
Key = tuple[str, int]
ABSENT_TWICE = 2
KEPT_BLOCKS = 128
"""Logs are remembered for so many blocks after they became final: reorganisations have been deeper than expected."""
OPEN_MOST = 100_000
"""More remembered logs than this: the oldest are given up."""


class _Open(msgspec.Struct):
    block: int
    block_hash: str
    log: dict[str, Any]
    absent: int = 0


class ChainWindow:
    """The logs behind the last final block."""

    def __init__(self, confirmations: int) -> None:
        self._confirmations = confirmations
        self._open: dict[Key, _Open] = {}
        self._keys: dict[str, set[Key]] = {}
        """Of the remembered logs by transaction."""
        self.final = -1
        """Every block up to here was read, and is final; -1: nothing was read yet."""

    @property
    def first(self) -> int:
        """The block from which on the next reading must begin."""
        return min([self.final + 1, *(kept.block for kept in self._open.values() if kept.absent)])

    def pushed(self, logs: Iterable[Log]) -> list[dict[str, Any]]:
        """Take what a subscription told; return what is new, taken-back logs with `removed`."""
        told: list[dict[str, Any]] = []
        for log in logs:
            key = _key(log)
            if key is None:
                told.append(dict(log))  # the decoder says what is wrong with it
            elif log.get("removed") is True:
                self._forget(key)
                told.append(dict(log))
            else:
                told.extend(self._take(key, log))
        return told

    def read(self, logs: Iterable[Log], first: int, last: int, head: int | None = None) -> list[dict[str, Any]]:
        """Take all logs of the blocks [first, last]; return what is new and what was taken back.

        `head` is the chain's newest block where the reading ended before it.
        """
        told: list[dict[str, Any]] = []
        held: set[Key] = set()
        for log in logs:
            key = _key(log)
            if key is None:
                told.append(dict(log))
                continue
            held.add(key)
            told.extend(self._take(key, log))
        told.extend(self._gone(held, first, last))
        final = min(last, (last if head is None else head) - self._confirmations)
        self.final = max(self.final, final)
        self._prune()
        return told

    def _take(self, key: Key, log: Log) -> list[dict[str, Any]]:
        block, block_hash = _number(log.get("blockNumber")), str(log.get("blockHash", ""))
        kept = self._open.get(key)
        if kept is not None and kept.block_hash == block_hash and kept.block == block:
            kept.absent = 0
            return []
        moved = [
            each
            for each in sorted(self._keys.get(key[0], ()))
            if (self._open[each].block, self._open[each].block_hash) != (block, block_hash)
        ]
        if not moved and block <= self.final:
            return []
        taken_back = [self._forget(each) for each in moved]
        self._open[key] = _Open(block, block_hash, dict(log))
        self._keys.setdefault(key[0], set()).add(key)
        return [*taken_back, dict(log)]

    def _forget(self, key: Key) -> dict[str, Any]:
        """Forget a log; return it as taken back."""
        kept = self._open.pop(key, None)
        same = self._keys.get(key[0], set())
        same.discard(key)
        if not same:
            self._keys.pop(key[0], None)
        return kept.log | {"removed": True} if kept is not None else {}

    def _gone(self, held: set[Key], first: int, last: int) -> list[dict[str, Any]]:
        gone: list[dict[str, Any]] = []
        for key, kept in list(self._open.items()):
            if key in held or not first <= kept.block <= last:
                continue
            kept.absent += 1
            if kept.absent >= ABSENT_TWICE:
                gone.append(self._forget(key))
        return gone

    def _prune(self) -> None:
        for key, kept in list(self._open.items()):
            if kept.block <= self.final - KEPT_BLOCKS and not kept.absent:
                self._forget(key)
        while len(self._open) > OPEN_MOST:
            self._forget(next(iter(self._open)))


def _key(log: Log) -> Key | None:
    tx, index = log.get("transactionHash"), _number(log.get("logIndex"))
    return (tx.lower(), index) if isinstance(tx, str) and index >= 0 and _number(log.get("blockNumber")) >= 0 else None


def _number(value: object) -> int:
    if isinstance(value, int):
        return value
    try:
        return int(value, 16) if isinstance(value, str) else -1
    except ValueError:
        return -1
