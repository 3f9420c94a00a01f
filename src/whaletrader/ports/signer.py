"""The order signer: it holds the trading key and signs nothing outside a sealed approval."""

from typing import Protocol

from whaletrader.messages.orders import SubmitOrder
from whaletrader.messages.risk import ApprovalBounds


class Seal(Protocol):
    """Signs approvals; the private half lives with the risk process only."""

    @property
    def key_id(self) -> str:
        """Names the public key."""
        ...

    def sign(self, bounds: ApprovalBounds) -> bytes:
        """Return the Ed25519 signature over the bounds' canonical bytes."""
        ...


class Signer(Protocol):
    """Signs children within what is left of the bounds, the same bytes for the same hash; refuses the rest."""

    def sign(self, order: SubmitOrder, bounds: ApprovalBounds, seal: bytes, key_id: str) -> str:
        """Return the signature (0x…); `SignerRefusal` where bounds, seal, ledger or latch say no."""
        ...
