"""Sends a plain account's calls itself, as transactions of type 2; the account pays their gas in the chain's own coin.

Fills what `ChainActions` needs of a wallet, as the relayer does for the venue's wallets. An envelope is the signed
transactions: it is kept by the caller before it is sent, has its hashes then already, and holds the account's nonces,
so it is carried out at most once however often it is sent. Nothing here is ever signed twice for the same envelope.
"""

import re
from collections.abc import Sequence
from typing import Protocol

import msgspec

from whaletrader.adapters.polymarket.chain_rpc import RpcError
from whaletrader.adapters.polymarket.relayer import REPLACED, Envelope, Sent
from whaletrader.adapters.polymarket.secure_clob import AccountKey
from whaletrader.domain.chain_calls import Call
from whaletrader.domain.transactions import ChainTransaction, read_transaction, signed_bytes, signing_digest
from whaletrader.errors import VenueError

LEAST_TIP_WEI = 30 * 10**9
"""Polygon's nodes pass on nothing that gives less."""
MOST_FEE_WEI = 5_000 * 10**9
"""Above this price of gas we wait."""
GAS_SHARE = 130
"""Per cent of the node's estimate that are allowed to be used."""
_THERE_ALREADY = re.compile("already known|known transaction|already imported|already exists", re.IGNORECASE)
_USED_UP = re.compile("nonce too low|nonce is too low|invalid nonce|old nonce", re.IGNORECASE)


class Node(Protocol):
    """What is needed of `ChainRpc`."""

    def block_number(self) -> int:
        """The newest block."""
        ...

    def receipt(self, tx_hash: str) -> bytes | None:
        """A receipt as JSON."""
        ...

    def transaction_count(self, address: str, block: int | str) -> int:
        """The account's next nonce as of a block ("pending": what waits counted)."""
        ...

    def gas_prices(self) -> tuple[int, int]:
        """(base fee of the next block, usual tip) in wei."""
        ...

    def estimate_gas(self, sender: str, to: str, data: str) -> int:
        """Gas that a call would use now."""
        ...

    def send_raw(self, raw: bytes) -> None:
        """Hand a signed transaction over."""
        ...


class _Body(msgspec.Struct, frozen=True):
    """An envelope's content."""

    raw: tuple[str, ...]
    """Signed transactions, in the order of their nonces."""


class OwnTransactions:
    """One plain account, which is its own wallet."""

    def __init__(self, node: Node, key: AccountKey, *, confirmations: int) -> None:
        self._node, self._key, self._confirmations = node, key, confirmations
        self.wallet = key.address.lower()

    def __repr__(self) -> str:
        return f"OwnTransactions({self.wallet})"

    def prepare(self, calls: Sequence[Call], note: str) -> Envelope:  # noqa: ARG002 - the chain takes no notes
        """Sign calls under the account's next nonces, one transaction each; nothing is sent.

        Raises
        ------
        VenueError
            The node did not answer, a call would fail, or gas is too dear now.
        """
        assert calls, "nothing to call"
        base, tip = self._node.gas_prices()
        tip = max(tip, LEAST_TIP_WEI)
        most = 2 * base + tip
        if most > MOST_FEE_WEI:
            raise VenueError(
                f"gas costs {most // 10**9} gwei now, which is too dear: it is tried again", retryable=True
            )
        nonce = self._node.transaction_count(self.wallet, "pending")
        gas = [self._node.estimate_gas(self.wallet, call.to, "0x" + call.data.hex()) for call in calls]
        signed = [
            self._signed(
                ChainTransaction(nonce + number, tip, most, gas[number] * GAS_SHARE // 100, call.to, call.data)
            )
            for number, call in enumerate(calls)
        ]
        return Envelope(body=msgspec.json.encode(_Body(tuple(signed))), deadline_s=0)

    def submit(self, envelope: Envelope) -> Sent:
        """Send an envelope, or send it again; `VenueError` where the node refused it or did not answer."""
        raw = msgspec.json.decode(envelope.body, type=_Body).raw
        for each in raw:
            self._hand_over(bytes.fromhex(each))
        return Sent(transaction_id=raw[-1], state="NEW", tx_hash=read_transaction(bytes.fromhex(raw[-1])).hash)

    def look(self, transaction_id: str) -> Sent:
        """Return how far a transaction is; one that the node lost is handed over again.

        `REPLACED` is told only where the chain, as deep as we trust it, has used the nonce for something else.
        """
        raw = bytes.fromhex(transaction_id)
        signed = read_transaction(raw)
        state = "MINED"
        if self._node.receipt(signed.hash) is None:
            settled = max(self._node.block_number() - self._confirmations, 0)
            gone = self._node.transaction_count(self.wallet, settled) > signed.transaction.nonce
            state = REPLACED if gone and self._node.receipt(signed.hash) is None else "NEW"
            if not gone:
                self._hand_over(raw)
        return Sent(transaction_id=transaction_id, state=state, tx_hash=signed.hash)

    def _signed(self, transaction: ChainTransaction) -> str:
        return signed_bytes(transaction, self._key.sign(signing_digest(transaction))).hex()

    def _hand_over(self, raw: bytes) -> None:
        """Send bytes; that the node has them, or that their nonce is used, is no fault: the chain says what became."""
        try:
            self._node.send_raw(raw)
        except RpcError as error:
            if not (_THERE_ALREADY.search(error.words) or _USED_UP.search(error.words)):
                raise
