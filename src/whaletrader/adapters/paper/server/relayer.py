"""The relayer's face: deployment, nonces, and signed batches of wallets of types 1 to 3, whose signature is verified.

Carries out approvals, splits, merges, redemptions and conversions at once; a transaction is mined with the exchange's
blocks and reported as `STATE_EXECUTED`, `STATE_MINED` and `STATE_CONFIRMED` as they pass.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

import msgspec

from whaletrader.adapters.paper.server.contract_calls import Reverted, Sent
from whaletrader.adapters.paper.server.edge import Reply, Request, Router, reply
from whaletrader.adapters.paper.server.session_signers import Authorization
from whaletrader.adapters.paper.server.submissions import BadSubmission, Signed, Submission, read_submission
from whaletrader.adapters.paper.server.types import Account
from whaletrader.adapters.paper.server.venue import Venue
from whaletrader.domain.addresses import is_address
from whaletrader.domain.order_hash import CONTRACT_WALLET, keccak256
from whaletrader.domain.values import NANOS
from whaletrader.domain.wallet_addresses import own_wallets

SUBMITS_PER_MINUTE = 25
CONFIRMED_AFTER_BLOCKS = 2
MAX_TRANSACTIONS = 10_000
"""Older ones are forgotten."""
_MINUTE_NS = 60 * NANOS


@dataclass(slots=True)
class Transaction:
    """A batch that was taken."""

    transaction_id: str
    hash: str
    wallet: str
    error: str = ""
    mined: bool = False
    """Whether nothing of it waits for a block (approvals only)."""


class Relayer:
    """Takes batches of wallets and says what became of them."""

    def __init__(self, venue: Venue, now: Callable[[], int]) -> None:
        self._venue = venue
        self._now = now
        self._sent = Sent(venue)
        self._transactions: dict[str, Transaction] = {}
        self._count = 0
        self._submits: deque[int] = deque()
        self.router = Router()
        self.router.add("GET", "/deployed", self._deployed)
        self.router.add("GET", "/v1/account/transactions/params", self._params)
        self.router.add("GET", "/relay-payload", self._params)
        self.router.add("GET", "/v1/account/transactions/", self._transaction)
        self.router.add("POST", "/submit", self._submit)
        self.router.add("POST", "/v1/session-signers/authorizations", partial(self._session_key, revokes=False))
        self.router.add("POST", "/v1/session-signers/revocations", partial(self._session_key, revokes=True))

    def _deployed(self, request: Request) -> Reply:
        account = self._venue.accounts.get(request.query.get("address", "").lower())
        return reply({"deployed": account is not None and account.deployed and account.signature_type != 0})

    def _params(self, request: Request) -> Reply:
        address = request.query.get("address", "")
        if not is_address(address):
            return reply({"error": "invalid address"}, 400)
        return reply({"address": address, "nonce": str(self._venue.nonces.get(address.lower(), 0))})

    def _transaction(self, request: Request) -> Reply:
        found = self._transactions.get(request.path.rsplit("/", 1)[1])
        if found is None:
            return reply({"error": "transaction not found"}, 404)
        body = {"transaction_id": found.transaction_id, "transaction_hash": found.hash, "state": self._state(found)}
        return reply(body | {"error_msg": found.error or None, "proxy_address": found.wallet})

    def _state(self, transaction: Transaction) -> str:
        if transaction.error:
            return "STATE_FAILED"
        if self._venue.has_reverted(transaction.hash):
            return "STATE_FAILED"
        receipt = self._venue.receipt(transaction.hash)
        if receipt is None:
            return "STATE_CONFIRMED" if transaction.mined else "STATE_EXECUTED"
        deep = self._venue.block_number() - receipt[0].number >= CONFIRMED_AFTER_BLOCKS
        return "STATE_CONFIRMED" if deep else "STATE_MINED"

    def _barred(self, request: Request, *keys: str) -> Reply | None:
        """Refuse a caller without one of these keys, and whoever comes too often."""
        if request.headers.keys().isdisjoint(keys):
            return reply({"error": "Unauthorized"}, 401)
        now = self._now()
        while self._submits and now - self._submits[0] >= _MINUTE_NS:
            self._submits.popleft()
        if len(self._submits) >= SUBMITS_PER_MINUTE:
            return reply({"error": "Too Many Requests"}, 429).with_headers(("Retry-After", "60"))
        self._submits.append(now)
        return None

    def _session_key(self, request: Request, *, revokes: bool) -> Reply:
        """Enter a session key into the registry, or take it out; its wallet's owner has signed the call."""
        keys = ("relayer_api_key", "poly_builder_api_key") if revokes else ("poly_builder_api_key",)
        barred = self._barred(request, *keys)
        if barred is not None:
            return barred
        try:
            told = msgspec.json.decode(request.body, type=Authorization)
            data = told.call_data(revokes=revokes)
        except (msgspec.MsgspecError, ValueError, OverflowError):
            return reply({"error": "invalid request payload"}, 400)
        held = self._venue.accounts.get(told.wallet_address.lower())
        try:
            submission = told.submission(held.owner if held else "", data)
            account = self._checked(submission, read_submission(submission), self._now())
        except BadSubmission as bad:
            return reply({"error": str(bad)}, 400)
        self._venue.use_nonce(account.owner, int(told.nonce))
        until_s = 0 if revokes else int(told.valid_until)
        self._venue.authorize(account.address, told.session_signer_address.lower(), until_s, told.scopes)
        made_up = self._made_up_hash(f"{account.address}/{told.nonce}")
        taken = Transaction(self._new_id(made_up), made_up, account.address, mined=True)
        self._taken(taken)
        status = {"status": "CONFIRMED", "fenced": True} if revokes else {"status": "REGISTERED"}
        return reply(status | {"transactionId": taken.transaction_id, "transactionHash": taken.hash})

    def _submit(self, request: Request) -> Reply:
        barred = self._barred(request, "relayer_api_key", "poly_builder_api_key")
        if barred is not None:
            return barred
        now = self._now()
        try:
            told = msgspec.json.decode(request.body, type=Submission)
        except msgspec.MsgspecError:
            return reply({"error": "invalid request payload"}, 400)
        if told.type == "WALLET-CREATE":
            return self._create(told)
        try:
            return self._batch(told, read_submission(told), now)
        except BadSubmission as bad:
            return reply({"error": str(bad)}, 400)

    def _create(self, told: Submission) -> Reply:
        if not is_address(told.sender):
            return reply({"error": "invalid address"}, 400)
        owner = told.sender.lower()
        wallet = own_wallets(owner).deposit
        if wallet not in self._venue.accounts:
            self._venue.open_account(wallet, owner=owner, signature_type=CONTRACT_WALLET, approve=False)
        self._venue.deploy(wallet)
        return self._taken(Transaction(self._new_id(owner), self._made_up_hash(owner), wallet, mined=True))

    def _batch(self, told: Submission, signed: Signed, now_ns: int) -> Reply:
        account = self._checked(told, signed, now_ns)
        self._venue.use_nonce(account.owner, int(told.nonce))
        made_up = self._made_up_hash(f"{signed.wallet}/{told.nonce}")
        taken = Transaction(self._new_id(made_up), made_up, signed.wallet, mined=True)
        try:
            for call in signed.calls:
                mined_in = self._sent.send(account, call.to, call.data.hex(), now_ns)
                if mined_in:
                    taken.hash, taken.mined = mined_in, False
        except (Reverted, IndexError) as reverted:
            taken.error = str(reverted) or "execution reverted"
        return self._taken(taken)

    def _checked(self, told: Submission, signed: Signed, now_ns: int) -> Account:
        account = self._venue.accounts.get(signed.wallet)
        if account is None or not account.deployed:
            raise BadSubmission("wallet is not deployed")
        if not signed.signer == told.sender.lower() == account.owner:
            raise BadSubmission("invalid signature")
        nonce = self._venue.nonces.get(account.owner, 0)
        if int(told.nonce) != nonce:
            raise BadSubmission(f"batch nonce {int(told.nonce)} does not match on-chain nonce {nonce}")
        if signed.deadline_s and signed.deadline_s * NANOS < now_ns:
            raise BadSubmission("batch deadline has passed")
        return account

    def remember(self, transaction: Transaction) -> None:
        """Take note of what was taken, to answer for it later."""
        self._transactions[transaction.transaction_id] = transaction
        self._count += 1
        if len(self._transactions) > MAX_TRANSACTIONS:
            del self._transactions[next(iter(self._transactions))]

    def _taken(self, transaction: Transaction) -> Reply:
        self.remember(transaction)
        body = {"transactionID": transaction.transaction_id, "transactionHash": transaction.hash}
        return reply(body | {"state": "STATE_NEW"})

    def _new_id(self, mark: str) -> str:
        digits = sha256(f"{self._count}/{mark}".encode()).hexdigest()
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"

    def _made_up_hash(self, mark: str) -> str:
        return "0x" + keccak256(f"relayer/{self._count}/{mark}".encode()).hex()
