"""The chain as the paper exchange sees it: transactions wait for a block, blocks carry logs, some blocks are undone.

Numbers and hashes follow from the seed and the order of events alone. A block exists for every `block_ns`; only those
with transactions are kept and told.
"""

from collections.abc import Callable
from functools import partial
from hashlib import blake2b

from msgspec.structs import replace

from whaletrader.adapters.paper.server.agenda import Agenda
from whaletrader.adapters.paper.server.settlement_logs import RawLog
from whaletrader.adapters.paper.server.types import Block, BlockMined, BlockRemoved, Log, VenueEvent, VenueRules
from whaletrader.domain.values import MICRO

Transaction = tuple[str, Callable[[Block], None], list[RawLog]]
"""Hash, what to do once it is mined, logs."""


def draw(seed: int, name: str) -> int:
    """Draw a number in [0, 10^6) that depends on seed and name alone."""
    return int.from_bytes(blake2b(f"{seed}:{name}".encode(), digest_size=8).digest(), "big") % MICRO


class Chain:
    """Blocks with logs, newest last."""

    def __init__(self, rules: VenueRules, agenda: Agenda, tell: Callable[[VenueEvent], None]) -> None:
        self._rules = rules
        self._agenda = agenda
        self._tell = tell
        self._waiting: dict[int, list[Transaction]] = {}
        self._kept: dict[int, Block] = {}
        self._receipts: dict[str, tuple[Block, tuple[Log, ...]]] = {}
        self._count = 0

    def number_at(self, now_ns: int) -> int:
        """Return the newest block's number at a time."""
        return self._rules.first_block + max(0, now_ns - self._rules.genesis_ns) // self._rules.block_ns

    def ts_of(self, number: int) -> int:
        """Return when a block is mined."""
        return self._rules.genesis_ns + (number - self._rules.first_block) * self._rules.block_ns

    def new_hash(self, what: str) -> str:
        """Return the next 0x and 64 hex digits."""
        self._count += 1
        return "0x" + blake2b(f"{self._rules.seed}:{what}:{self._count}".encode(), digest_size=32).hexdigest()

    def submit(self, transaction: str, logs: list[RawLog], done: Callable[[Block], None], ready_ns: int) -> None:
        """Have a transaction mined by the first block not before `ready_ns`; `done` is called with its block."""
        number = self.number_at(ready_ns - 1) + 1
        waiting = self._waiting.get(number)
        if waiting is None:
            waiting = self._waiting[number] = []
            self._agenda.add(self.ts_of(number), partial(self._mine, number))
        waiting.append((transaction, done, logs))

    def _mine(self, number: int, ts: int) -> None:
        transactions = self._waiting.pop(number)
        block = self._block(number, ts, transactions)
        self._kept[number] = block
        self._receipts |= _receipts_of(block)
        self._forget()
        self._tell(BlockMined(ts=ts, block=block))
        for _, done, _ in transactions:
            done(block)
        faults = self._rules.faults
        if draw(faults.seed, f"reorg:{number}") < faults.reorg_micro:
            self._agenda.add(ts + self._rules.block_ns - 1, lambda at: self._undo(block, transactions, at))

    def _undo(self, block: Block, transactions: list[Transaction], ts: int) -> None:
        """Take a block back; its transactions are mined again by the next one, and nothing else is told of them."""
        self._kept.pop(block.number, None)
        logs = tuple(replace(log, removed=True) for log in block.logs)
        self._tell(BlockRemoved(ts=ts, block=replace(block, logs=logs)))
        for name, done, raw in transactions:
            self._receipts.pop(name, None)
            self.submit(name, raw, done, ts)

    def _block(self, number: int, ts: int, transactions: list[Transaction]) -> Block:
        block_hash = self.new_hash(f"block:{number}")
        logs: list[Log] = []
        for index, (name, _, raw) in enumerate(transactions):
            for each in raw:
                log = Log(
                    address=str(each.address),
                    topics=each.topics,
                    data=each.data,
                    block=number,
                    block_hash=block_hash,
                    block_ts=ts,
                    transaction_hash=name,
                    transaction_index=index,
                    log_index=len(logs),
                )
                logs.append(log)
        names = tuple(name for name, _, _ in transactions)
        parent = self._hash_of(number - 1)
        return Block(number=number, hash=block_hash, ts=ts, transactions=names, logs=tuple(logs), parent_hash=parent)

    def _hash_of(self, number: int) -> str:
        kept = self._kept.get(number)
        empty = blake2b(f"{self._rules.seed}:empty:{number}".encode(), digest_size=32)
        return kept.hash if kept else "0x" + empty.hexdigest()

    def _forget(self) -> None:
        while len(self._kept) > self._rules.keep_blocks:
            oldest = self._kept.pop(next(iter(self._kept)))
            for name in oldest.transactions:
                self._receipts.pop(name, None)

    def blocks(self, first: int, last: int) -> list[Block]:
        """Return the kept blocks in [first, last], ascending."""
        if last - first < len(self._kept):
            return [self._kept[number] for number in range(first, last + 1) if number in self._kept]
        return [block for number, block in sorted(self._kept.items()) if first <= number <= last]

    def block(self, number: int, now_ns: int) -> Block | None:
        """Return a block, also an empty one; None for one that is not mined."""
        if not 0 <= number <= self.number_at(now_ns):
            return None
        return self._kept.get(number) or Block(
            number=number,
            hash=self._hash_of(number),
            ts=self.ts_of(number),
            transactions=(),
            logs=(),
            parent_hash=self._hash_of(number - 1),
        )

    def receipt(self, transaction: str) -> tuple[Block, tuple[Log, ...]] | None:
        """Return a mined transaction's block and logs."""
        return self._receipts.get(transaction)


def _receipts_of(block: Block) -> dict[str, tuple[Block, tuple[Log, ...]]]:
    logs: dict[str, list[Log]] = {name: [] for name in block.transactions}
    for log in block.logs:
        logs[log.transaction_hash].append(log)
    return {name: (block, tuple(own)) for name, own in logs.items()}
