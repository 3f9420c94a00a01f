"""The order signer: trading key, public half of the seal, and a durable ledger of what was signed per approval.

It signs nothing outside a sealed approval, the same bytes for the same hash, and nothing while the kill latch is
thrown (any doubt about the latch is a yes). The ledger is committed before a signature is given out.
"""

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from whaletrader.adapters.local.keys import OrderKey
from whaletrader.adapters.local.seal import seal_holds
from whaletrader.domain.approval import Child, Spent, breach, size_at_most
from whaletrader.domain.order_hash import (
    CONTRACT_WALLET,
    OrderStruct,
    contract_wallet_digest,
    contract_wallet_signature,
    order_digest,
    order_hash,
    struct_of,
)
from whaletrader.domain.values import Side
from whaletrader.errors import SignerRefusal, StorageError
from whaletrader.messages.orders import SubmitOrder
from whaletrader.messages.risk import ApprovalBounds

EOA, PROXY, SAFE = 0, 1, 2
"""Signature types whose digest the trading key signs as it is."""
_TABLES = """
CREATE TABLE IF NOT EXISTS signed (
    order_hash TEXT PRIMARY KEY, approval_id TEXT NOT NULL, child INTEGER NOT NULL, size_micro INTEGER NOT NULL,
    cost_micro INTEGER NOT NULL, signature TEXT NOT NULL, UNIQUE (approval_id, child)
) WITHOUT ROWID;
"""


class LocalSigner:
    """Fills the port `Signer`."""

    def __init__(
        self, path: Path | str, key: OrderKey, seals: Mapping[str, bytes], latch_path: Path, *, wallet: str = ""
    ) -> None:
        """`wallet` holds the funds where the key's own account does not (signature types 1 to 3)."""
        self._key = key
        self._wallet = wallet.lower()
        self._seals = dict(seals)
        self._latch = latch_path
        try:
            self._db = sqlite3.connect(str(path), isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_TABLES)
        except sqlite3.Error as error:
            raise StorageError(f"The signer's ledger {path} cannot be opened: {error}.") from error

    @property
    def address(self) -> str:
        """The trading key's address."""
        return self._key.address

    def close(self) -> None:
        """Close the ledger."""
        self._db.close()

    def sign(self, order: SubmitOrder, bounds: ApprovalBounds, seal: bytes, key_id: str) -> str:
        """Return the signature (0x…); `SignerRefusal` where bounds, seal, ledger or latch say no."""
        self._check_latch()
        public = self._seals.get(key_id)
        if public is None or not seal_holds(public, bounds, seal):
            raise SignerRefusal("The approval's seal does not hold.")
        struct = self._checked(order)
        try:
            return self._sign_once(order, bounds, struct)
        except sqlite3.Error as error:
            raise StorageError(f"The signer's ledger cannot be written: {error}; nothing was signed.") from error

    def _check_latch(self) -> None:
        try:
            os.lstat(self._latch)
        except FileNotFoundError:
            return
        except OSError:
            pass
        raise SignerRefusal("The kill latch is thrown.")

    def _checked(self, order: SubmitOrder) -> OrderStruct:
        """Return what is to be signed, where it is ours and its hash is right."""
        maker, signer = order.maker.lower(), order.signer.lower()
        ours = {
            EOA: (self.address, self.address),
            PROXY: (self._wallet, self.address),
            SAFE: (self._wallet, self.address),
            CONTRACT_WALLET: (self._wallet, self._wallet),
        }
        if ours.get(order.signature_type) != (maker, signer):
            raise SignerRefusal("The order's maker, signer and signature type are not this account's.")
        struct = struct_of(order)
        if order.order_hash != order_hash(struct, neg_risk=order.neg_risk):
            raise SignerRefusal("The order's hash is not the hash of its fields.")
        return struct

    def _signature(self, struct: OrderStruct, *, neg_risk: bool) -> bytes:
        if struct.signature_type != CONTRACT_WALLET:
            return self._key.sign(order_digest(struct, neg_risk=neg_risk))
        inner = self._key.sign(contract_wallet_digest(struct, neg_risk=neg_risk))
        return contract_wallet_signature(struct, inner, neg_risk=neg_risk)

    def _sign_once(self, order: SubmitOrder, bounds: ApprovalBounds, struct: OrderStruct) -> str:
        """Check what is left of the bounds, sign, and commit the ledger, in one transaction."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            signature = self._given(order) or self._new(order, bounds, struct)
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        return signature

    def _given(self, order: SubmitOrder) -> str:
        row = self._db.execute("SELECT signature FROM signed WHERE order_hash = ?", (order.order_hash,)).fetchone()
        return str(row[0]) if row else ""

    def _new(self, order: SubmitOrder, bounds: ApprovalBounds, struct: OrderStruct) -> str:
        child = _child(order)
        why_not = breach(bounds, child, self._spent(bounds.approval_id))
        if why_not is not None:
            raise SignerRefusal(f"The order is outside its approval: {why_not}.")
        taken = "SELECT 1 FROM signed WHERE approval_id = ? AND child = ?"
        if self._db.execute(taken, (bounds.approval_id, order.child)).fetchone():
            raise SignerRefusal(f"Child {order.child} of this approval was signed with other content.")
        signature = "0x" + self._signature(struct, neg_risk=order.neg_risk).hex()
        cost = order.maker_amount if order.side == Side.BUY else 0
        self._db.execute(
            "INSERT INTO signed VALUES (?, ?, ?, ?, ?, ?)",
            (order.order_hash, bounds.approval_id, order.child, size_at_most(child), cost, signature),
        )
        return signature

    def _spent(self, approval_id: str) -> Spent:
        total = "SELECT count(*), coalesce(sum(size_micro), 0), coalesce(sum(cost_micro), 0) FROM signed"
        row = self._db.execute(f"{total} WHERE approval_id = ?", (approval_id,)).fetchone()
        return Spent(*row)


def _child(order: SubmitOrder) -> Child:
    return Child(
        account_id=order.origin.account_id,
        approval_id=order.origin.approval_id,
        market_id=order.market_id,
        token_id=order.token_id,
        side=order.side,
        order_type=order.order_type,
        price_micro=order.price_micro,
        size_micro=order.size_micro,
        maker_amount=order.maker_amount,
        taker_amount=order.taker_amount,
        timestamp_ms=order.timestamp_ms,
        metadata=order.metadata,
    )
