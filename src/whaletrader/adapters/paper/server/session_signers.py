"""Session keys: who may sign orders for a deposit wallet beside its owner, until when, and how the relayer hears of it.

The owner signs a batch of one call of the wallet to itself; the relayer verifies it and enters the key into the
registry that the CLOB tells. The grant holds at once; the venue's intermediate states are not acted out.
"""

from collections.abc import Callable

import msgspec

from whaletrader.adapters.paper.server.accounts import Bank
from whaletrader.adapters.paper.server.auth import Session
from whaletrader.adapters.paper.server.edge import Reply, Request, reply
from whaletrader.adapters.paper.server.submissions import BatchCall, Submission, WalletBatch
from whaletrader.adapters.paper.server.types import Account
from whaletrader.domain.addresses import checksum_address, is_address
from whaletrader.domain.chain_calls import selector
from whaletrader.domain.order_hash import CONTRACT_WALLET
from whaletrader.domain.values import NANOS

AUTHORIZE = selector("authorizeSessionSigner(address,uint256)")
REVOKE = selector("revokeSessionSigner(address)")
TRADING_SCOPES = frozenset({"ALL", "CLOB"})
_NO_WALLET = reply({"error": "wallet not found"}, 404)


class Authorization(msgspec.Struct, frozen=True, rename="camel"):
    """The body of `POST /v1/session-signers/authorizations`; of a revocation without scopes and end."""

    wallet_address: str
    session_signer_address: str
    nonce: str
    deadline: str
    signature: str
    valid_until: str = "0"
    scopes: tuple[str, ...] = ()

    def submission(self, owner: str, data: bytes) -> Submission:
        """The batch that its signature stands for."""
        call = BatchCall(self.wallet_address, "0", "0x" + data.hex())
        batch = WalletBatch(self.wallet_address, self.deadline, (call,))
        return Submission("WALLET", owner, nonce=self.nonce, signature=self.signature, depositWalletParams=batch)

    def call_data(self, *, revokes: bool) -> bytes:
        """What the wallet is told; ValueError where a field is no address or number."""
        if not (is_address(self.wallet_address) and is_address(self.session_signer_address)):
            raise ValueError("invalid address")
        signer = bytes.fromhex(self.session_signer_address[2:]).rjust(32, b"\0")
        return REVOKE + signer if revokes else AUTHORIZE + signer + int(self.valid_until).to_bytes(32, "big")


def may_sign(wallet: Account, signer: str, now_ns: int) -> bool:
    """Whether a session key may sign a wallet's orders at a time."""
    until_s, scopes = wallet.session_signers.get(signer, (0, ()))
    return until_s * NANOS > now_ns and not TRADING_SCOPES.isdisjoint(scopes)


class SessionRegistry:
    """`GET /v1/user/session-signers`: a wallet's session keys, to its owner."""

    def __init__(self, bank: Bank, now: Callable[[], int]) -> None:
        self._bank = bank
        self._now = now

    def told(self, _request: Request, session: Session) -> Reply:
        """Answer the call."""
        wallet = self._bank.wallet("", session.address, CONTRACT_WALLET)
        if wallet is None or wallet.owner != session.address:
            return _NO_WALLET
        rows = [
            {"address": checksum_address(signer), "scopes": list(scopes), "valid_until": until_s}
            for signer, (until_s, scopes) in wallet.session_signers.items()
            if until_s * NANOS > self._now()
        ]
        return reply({"wallet": checksum_address(wallet.address), "signers": rows})
