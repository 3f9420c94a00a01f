"""The chain as the paper exchange sees it: transactions wait for a block, blocks carry logs, some blocks are undone.

Balances change with the block that holds a transaction and change back when that block is taken back: they are what the
logs that stand add up to. A transaction whose wallets cannot pay by then reverts: the block has it, without logs.
Numbers and hashes follow from the seed and the order of events alone. A block exists for every `block_ns`; only those
with transactions are kept and told.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b

from msgspec.structs import replace

from whaletrader.adapters.paper.server.agenda import Agenda
from whaletrader.adapters.paper.server.funds import Funds, Movement
from whaletrader.adapters.paper.server.settlement_logs import RawLog
from whaletrader.adapters.paper.server.types import Block, BlockMined, BlockRemoved, Log, VenueEvent, VenueRules
from whaletrader.domain.values import MICRO


def _again(_ts: int) -> bool:
    return True


def _nobody(_what: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Transaction:
    """What waits for a block; its movements are owed by then."""

    name: str
    """Its hash."""
    logs: Sequence[RawLog]
    movements: Sequence[Movement] = ()
    mined: Callable[[Block], None] = _nobody
    """Told after its block."""
    undone: Callable[[int], bool] = _again
    """Told after its block was taken back (it owes again); False where it is never sent again and owes nothing."""
    reverted: Callable[[int], None] = _nobody
    """Told after its block where it could not be paid."""


def draw(seed: int, name: str) -> int:
    """Draw a number in [0, 10^6) that depends on seed and name alone."""
    return int.from_bytes(blake2b(f"{seed}:{name}".encode(), digest_size=8).digest(), "big") % MICRO


class Chain:
    """Blocks with logs, newest last."""

    def __init__(
        self,
        rules: VenueRules,
        agenda: Agenda,
        funds: Funds,
        tell: Callable[[VenueEvent], None],
        lost: Callable[[Iterable[str], int], None],
    ) -> None:
        """`lost` is told the addresses whose balances a block that was taken back had changed."""
        self._rules = rules
        self._agenda = agenda
        self._funds = funds
        self._tell = tell
        self._lost = lost
        self._waiting: dict[int, list[Transaction]] = {}
        self._kept: dict[int, Block] = {}
        self._receipts: dict[str, tuple[Block, tuple[Log, ...]]] = {}
        self._reverted: set[str] = set()
        self._count = 0

    @property
    def drawn(self) -> int:
        """How many hashes were drawn so far."""
        return self._count

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

    def submit(self, transaction: Transaction, ready_ns: int, *, first: bool = False) -> None:
        """Have a transaction mined by the first block not before `ready_ns`, there before or after what waits."""
        number = self.number_at(ready_ns - 1) + 1
        waiting = self._waiting.get(number)
        if waiting is None:
            waiting = self._waiting[number] = []
            self._agenda.add(self.ts_of(number), partial(self._mine, number))
        waiting.insert(0 if first else len(waiting), transaction)

    def _mine(self, number: int, ts: int) -> None:
        transactions = self._waiting.pop(number)
        good = [each for each in transactions if self._carried_out(each)]
        block = self._block(number, ts, transactions)
        self._kept[number] = block
        self._receipts |= _receipts_of(block)
        self._forget(ts)
        self._tell(BlockMined(ts=ts, block=block))
        for each in transactions:
            if each.name in self._reverted:
                each.reverted(ts)
            else:
                each.mined(block)
        faults = self._rules.faults
        if draw(faults.seed, f"reorg:{number}") < faults.reorg_micro:
            self._agenda.add(ts + self._rules.block_ns - 1, lambda at: self._undo(block, good, at))

    def _carried_out(self, transaction: Transaction) -> bool:
        if transaction.name in self._reverted:  # in a block that was taken back
            return False
        if self._funds.payable(transaction.movements):
            self._funds.move(transaction.movements)
            return True
        self._funds.disown(transaction.movements)
        self._reverted.add(transaction.name)
        return False

    def _undo(self, block: Block, good: list[Transaction], ts: int) -> None:
        """Take a block back, and with it what it moved; most of its transactions are mined again by the next one."""
        self._kept.pop(block.number, None)
        logs = tuple(replace(log, removed=True) for log in block.logs)
        for each in reversed(good):
            self._receipts.pop(each.name, None)
            self._funds.unmove(each.movements)
        self._tell(BlockRemoved(ts=ts, block=replace(block, logs=logs)))
        back = [Transaction(name, ()) for name in block.transactions if name in self._reverted]
        for failed in back:
            self._receipts.pop(failed.name, None)
        back += [each for each in good if each.undone(ts)]
        for each in reversed(back):
            self.submit(each, ts, first=True)
        self._lost(dict.fromkeys(move.address for each in good for move in each.movements), ts)

    def _block(self, number: int, ts: int, transactions: list[Transaction]) -> Block:
        block_hash = self.new_hash(f"block:{number}")
        logs: list[Log] = []
        for index, transaction in enumerate(transactions):
            for each in () if transaction.name in self._reverted else transaction.logs:
                log = Log(
                    address=str(each.address),
                    topics=each.topics,
                    data=each.data,
                    block=number,
                    block_hash=block_hash,
                    block_ts=ts,
                    transaction_hash=transaction.name,
                    transaction_index=index,
                    log_index=len(logs),
                )
                logs.append(log)
        names = tuple(each.name for each in transactions)
        parent = self._hash_of(number - 1)
        return Block(number=number, hash=block_hash, ts=ts, transactions=names, logs=tuple(logs), parent_hash=parent)

    def _hash_of(self, number: int) -> str:
        kept = self._kept.get(number)
        empty = blake2b(f"{self._rules.seed}:empty:{number}".encode(), digest_size=32)
        return kept.hash if kept else "0x" + empty.hexdigest()

    def _forget(self, ts: int) -> None:
        before = ts - self._rules.keep_ns if self._rules.keep_ns else -1
        while len(self._kept) > self._rules.keep_blocks or next(iter(self._kept.values())).ts < before:
            oldest = self._kept.pop(next(iter(self._kept)))
            for name in oldest.transactions:
                self._receipts.pop(name, None)
                self._reverted.discard(name)

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

    def has_reverted(self, transaction: str) -> bool:
        """Whether a transaction is in a block and left nothing."""
        return transaction in self._reverted

    def receipt(self, transaction: str) -> tuple[Block, tuple[Log, ...]] | None:
        """Return a mined transaction's block and logs."""
        return self._receipts.get(transaction)


def _receipts_of(block: Block) -> dict[str, tuple[Block, tuple[Log, ...]]]:
    logs: dict[str, list[Log]] = {name: [] for name in block.transactions}
    for log in block.logs:
        logs[log.transaction_hash].append(log)
    return {name: (block, tuple(own)) for name, own in logs.items()}
