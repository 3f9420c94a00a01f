"""Signed transactions that a node takes: of plain accounts, type 2, each once and in the order of its nonces.

A call that the contracts refuse is mined and fails, as on the chain; its gas is charged to nobody here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from whaletrader.adapters.paper.server.contract_calls import Reverted, Sent
from whaletrader.adapters.paper.server.rpc_rows import GAS_PRICE, Body, receipt_row
from whaletrader.adapters.paper.server.types import Log
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.order_hash import CHAIN_ID
from whaletrader.domain.transactions import SignedTransaction, read_transaction
from whaletrader.domain.venue_contracts import VenueContract

REFUSED = -32000
"""A node's code for a transaction that it does not take."""
OPERATOR = VenueContract.NEG_RISK_OPERATOR.value
"""Who sends what no plain account sent."""
BASE_FEE = GAS_PRICE
TIP = 30_000_000_000


class RpcRefusal(Exception):
    """A JSON-RPC error: code and message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Taken:
    """A transaction that was taken."""

    hash: str
    sender: str
    inner: str
    """Hash by which the exchange knows what it moves; "" where it moves nothing (an approval, a call that failed)."""
    block: int
    """The first block that may have it."""
    succeeded: bool


class RawTransactions:
    """Takes signed transactions and answers for them."""

    def __init__(self, venue: Venue, now: Callable[[], int]) -> None:
        self._venue, self._now, self._sent = venue, now, Sent(venue)
        self._taken: dict[str, Taken] = {}
        self._by: dict[str, list[Taken]] = {}
        """Sender -> its transactions, by nonce."""
        self._outer: dict[str, str] = {}

    def count(self, address: str, block: int) -> int:
        """Transactions of an account that are mined by a block."""
        return sum(taken.block <= block for taken in self._by.get(address.lower(), ()))

    def waiting(self, address: str) -> int:
        """Transactions of an account, those included that wait for a block."""
        return len(self._by.get(address.lower(), ()))

    def send(self, told: str) -> str:
        """Take a transaction and return its hash; RpcRefusal in a node's words."""
        try:
            signed = read_transaction(bytes.fromhex(told.removeprefix("0x")))
        except ValueError as error:
            raise RpcRefusal(REFUSED, f"rlp: {error}") from None
        self._check(signed)
        call, account = signed.transaction, self._venue.accounts[signed.sender]
        inner, succeeded = "", True
        try:
            inner = self._sent.send(account, call.to, call.data.hex(), self._now())
        except (Reverted, IndexError):
            succeeded = False
        self.remember(Taken(signed.hash, signed.sender, inner, self._venue.block_number() + 1, succeeded))
        return signed.hash

    def remember(self, taken: Taken) -> None:
        """Take note of what was taken, to answer for it later."""
        self._taken[taken.hash] = taken
        self._by.setdefault(taken.sender, []).append(taken)
        if taken.inner:
            self._outer[taken.inner] = taken.hash

    def named(self, log: Log) -> Log:
        """Return a log with the hash by which its sender knows the transaction."""
        outer = self._outer.get(log.transaction_hash)
        return replace(log, transaction_hash=outer) if outer else log

    def receipt(self, tx_hash: str) -> Body | None:
        """Return the receipt of any transaction, None while it is not mined."""
        taken = self._taken.get(tx_hash)
        if taken is not None and not taken.inner:
            block = self._venue.block(taken.block)
            return receipt_row(tx_hash, block, (), taken.sender, succeeded=taken.succeeded) if block else None
        inner = taken.inner if taken else tx_hash
        found = self._venue.receipt(inner)
        if found is None:
            return None
        sender, logs = taken.sender if taken else OPERATOR, [self.named(log) for log in found[1]]
        return receipt_row(tx_hash, found[0], logs, sender, succeeded=not self._venue.has_reverted(inner))

    def _check(self, signed: SignedTransaction) -> None:
        call, due = signed.transaction, self.waiting(signed.sender)
        if call.chain_id != CHAIN_ID:
            raise RpcRefusal(REFUSED, f"invalid chain id for signer: have {call.chain_id} want {CHAIN_ID}")
        if signed.hash in self._taken:
            raise RpcRefusal(REFUSED, "already known")
        if call.nonce != due:
            word = "low" if call.nonce < due else "high"
            raise RpcRefusal(REFUSED, f"nonce too {word}: next nonce {due}, tx nonce {call.nonce}")
        if call.max_fee_wei < BASE_FEE or call.tip_wei < TIP:
            raise RpcRefusal(REFUSED, "transaction underpriced")
        if signed.sender not in self._venue.accounts:
            raise RpcRefusal(REFUSED, "insufficient funds for gas * price + value")

    def fees(self, blocks: int) -> Body:
        """What gas cost in the newest blocks, and costs in the next."""
        count, newest = min(max(blocks, 1), 1_024), self._venue.block_number()
        return {
            "oldestBlock": hex(newest - count + 1),
            "baseFeePerGas": [hex(BASE_FEE)] * (count + 1),
            "gasUsedRatio": [0.5] * count,
            "reward": [[hex(TIP)]] * count,
        }
