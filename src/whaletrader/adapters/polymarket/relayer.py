"""Sends a wallet's calls through the venue's relayer, which pays the gas; for wallets of signature types 1 to 3.

What is signed holds the wallet's nonce: the same envelope is carried out at most once however often it is sent, so it
is kept by the caller before it is sent. A plain account (type 0) has no relayer: it sends its own transactions.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from whaletrader.adapters.polymarket.http import Params, Reply
from whaletrader.adapters.polymarket.secure_clob import AccountKey
from whaletrader.domain.addresses import checksum_address
from whaletrader.domain.chain_calls import Call
from whaletrader.domain.order_hash import CONTRACT_WALLET
from whaletrader.domain.venue_contracts import VenueContract
from whaletrader.domain.wallet_addresses import PROXY, SAFE
from whaletrader.domain.wallet_batch import (
    CALL,
    DELEGATE_CALL,
    RELAY_HUB,
    SAFE_MULTISEND,
    deposit_batch_digest,
    multisend_data,
    personal_digest,
    proxy_data,
    proxy_digest,
    safe_digest,
    safe_signature,
)
from whaletrader.errors import UsageError, VenueError

DEADLINE_S = 600
"""After so long the chain refuses a deposit wallet's batch."""
PROXY_GAS_LIMIT = 2_000_000
REPLACED = "REPLACED"
"""State of what can never happen any more, though nobody refused it: its nonce went to something else."""
_ZERO = "0x" + "0" * 40


class RelayerHttp(Protocol):
    """What is needed of `VenueHttp`."""

    def get(self, path: str, params: Params | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Read."""
        ...

    def send(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None = None, *, idempotent: bool
    ) -> Reply:
        """Send."""
        ...


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """Signed calls, ready to be sent as they are."""

    body: bytes
    deadline_s: int
    """0: it never ends."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """How far the relayer says a transaction is."""

    transaction_id: str
    state: str
    """NEW, EXECUTED, MINED, CONFIRMED, FAILED, INVALID or `REPLACED`."""
    tx_hash: str = ""
    error: str = ""


class Relayer:
    """One wallet. `headers` authenticates a call: (method, path, body) -> headers; reprs and errors never hold it."""

    def __init__(
        self,
        http: RelayerHttp,
        key: AccountKey,
        wallet: str,
        signature_type: int,
        *,
        headers: Callable[[str, str, bytes], Mapping[str, str]],
        now_s: Callable[[], int],
    ) -> None:
        if signature_type not in (PROXY, SAFE, CONTRACT_WALLET):
            raise UsageError("the relayer serves the venue's wallets; a plain key sends its own transactions")
        self._http, self._key, self.wallet, self._kind = http, key, wallet.lower(), signature_type
        self._headers, self._now_s = headers, now_s

    def __repr__(self) -> str:
        return f"Relayer({self.wallet})"

    def prepare(self, calls: Sequence[Call], note: str) -> Envelope:
        """Sign calls under the wallet's next nonce; nothing is sent."""
        assert calls, "nothing to call"
        if self._kind == CONTRACT_WALLET:
            return self._deposit(calls, note)
        return self._safe(calls, note) if self._kind == SAFE else self._proxy(calls, note)

    def submit(self, envelope: Envelope) -> Sent:
        """Send an envelope; `VenueError` where it was refused (its nonce is used, say) or nobody answered."""
        reply = self._http.send(
            "POST", "/submit", envelope.body, self._auth("POST", "/submit", envelope.body), idempotent=False
        )
        return _sent(reply.json())

    def look(self, transaction_id: str) -> Sent:
        """Return how far a transaction is."""
        path = f"/v1/account/transactions/{transaction_id}"
        return _sent(self._http.get(path, None, self._auth("GET", path, b"")).json())

    def _auth(self, method: str, path: str, body: bytes) -> Mapping[str, str]:
        return self._headers(method, path, body)

    def _params(self, path: str, kind: str) -> tuple[int, str]:
        """(next nonce, address of the relay) of the account."""
        asked = {"address": checksum_address(self._key.address), "type": kind}
        answer = self._http.get(path, asked, self._auth("GET", path, b"")).json()
        nonce = answer.get("nonce") if isinstance(answer, dict) else None
        if not isinstance(nonce, str) or not nonce.isdigit():
            raise VenueError("the relayer did not tell the wallet's nonce", retryable=True)
        assert isinstance(answer, dict)
        return int(nonce), str(answer.get("address") or _ZERO)

    def _deposit(self, calls: Sequence[Call], note: str) -> Envelope:
        nonce, _ = self._params("/v1/account/transactions/params", "WALLET")
        deadline = self._now_s() + DEADLINE_S
        signature = self._key.sign(deposit_batch_digest(self.wallet, calls, nonce, deadline))
        told = [{"target": checksum_address(c.to), "value": "0", "data": "0x" + c.data.hex()} for c in calls]
        params = {"depositWallet": checksum_address(self.wallet), "deadline": str(deadline), "calls": told}
        body = self._body("WALLET", VenueContract.DEPOSIT_WALLET_FACTORY, nonce, signature, note)
        return Envelope(body=msgspec.json.encode({**body, "depositWalletParams": params}), deadline_s=deadline)

    def _safe(self, calls: Sequence[Call], note: str) -> Envelope:
        nonce, _ = self._params("/v1/account/transactions/params", "SAFE")
        to, data, operation = calls[0].to, calls[0].data, CALL
        if len(calls) > 1:
            to, data, operation = SAFE_MULTISEND, multisend_data(calls), DELEGATE_CALL
        signature = safe_signature(
            self._key.sign(personal_digest(safe_digest(self.wallet, to, data, operation, nonce)))
        )
        body = self._body("SAFE", to, nonce, signature, note)
        params = {
            "baseGas": "0",
            "gasPrice": "0",
            "gasToken": _ZERO,
            "operation": str(operation),
            "refundReceiver": _ZERO,
            "safeTxnGas": "0",
        }
        more = {"proxyWallet": checksum_address(self.wallet), "data": "0x" + data.hex()}
        return Envelope(body=msgspec.json.encode({**body, **more, "signatureParams": params}), deadline_s=0)

    def _proxy(self, calls: Sequence[Call], note: str) -> Envelope:
        nonce, relay = self._params("/relay-payload", "PROXY")
        data = proxy_data(calls)
        digest = personal_digest(proxy_digest(self._key.address, data, nonce, relay, PROXY_GAS_LIMIT))
        body = self._body("PROXY", VenueContract.PROXY_FACTORY, nonce, self._key.sign(digest), note)
        params = {
            "gasLimit": str(PROXY_GAS_LIMIT),
            "gasPrice": "0",
            "relay": checksum_address(relay),
            "relayHub": checksum_address(RELAY_HUB),
            "relayerFee": "0",
        }
        more = {"proxyWallet": checksum_address(self.wallet), "data": "0x" + data.hex()}
        return Envelope(body=msgspec.json.encode({**body, **more, "signatureParams": params}), deadline_s=0)

    def _body(self, kind: str, to: str, nonce: int, signature: bytes, note: str) -> dict[str, object]:
        return {
            "type": kind,
            "from": checksum_address(self._key.address),
            "to": checksum_address(to),
            "nonce": str(nonce),
            "signature": "0x" + signature.hex(),
            "metadata": note,
        }


def _sent(answer: object) -> Sent:
    """Both answers, of `/submit` and of a transaction: one writes camelCase, the other snake_case."""
    if isinstance(answer, list) and answer:  # an older form answers with a list of one
        answer = answer[0]
    if not isinstance(answer, dict):
        raise VenueError("the relayer answered with what is no transaction", retryable=True)
    found = answer.get("transactionID") or answer.get("transaction_id") or ""
    if not found:
        raise VenueError("the relayer named no transaction", retryable=True)
    return Sent(
        transaction_id=str(found),
        state=str(answer.get("state") or "").removeprefix("STATE_"),
        tx_hash=str(answer.get("transactionHash") or answer.get("transaction_hash") or "").lower(),
        error=str(answer.get("error_msg") or "")[:200],
    )
