"""Ed25519 seals over approvals: the private half seals, the public half verifies."""

from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from whaletrader.adapters.local.keys import load_secret
from whaletrader.domain.approval import canonical_bytes
from whaletrader.messages.risk import ApprovalBounds


class Ed25519Seal:
    """Fills the port `Seal`; lives with the risk process only."""

    __slots__ = ("_key", "_key_id", "_public")

    def __init__(self, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self._public = self._key.public_key().public_bytes_raw()
        self._key_id = key_id_of(self._public)

    @property
    def key_id(self) -> str:
        """Names the public key."""
        return self._key_id

    @property
    def public_bytes(self) -> bytes:
        """The public key, for signers and audits."""
        return self._public

    def sign(self, bounds: ApprovalBounds) -> bytes:
        """Return the signature over the bounds' canonical bytes, 64 bytes."""
        return self._key.sign(canonical_bytes(bounds))

    def __repr__(self) -> str:
        return f"Ed25519Seal({self._key_id})"

    def __reduce__(self) -> str:
        raise TypeError("a seal's key cannot be copied out of its process")


def load_seal(path: Path) -> Ed25519Seal:
    """Load the sealing key, making it at first use."""
    return Ed25519Seal(load_secret(path))


def key_id_of(public_bytes: bytes) -> str:
    """Name a public key: 16 hex digits of its hash."""
    return sha256(public_bytes).hexdigest()[:16]


def seal_holds(public_bytes: bytes, bounds: ApprovalBounds, seal: bytes) -> bool:
    """Tell whether a seal is this key's over these bounds."""
    try:
        Ed25519PublicKey.from_public_bytes(public_bytes).verify(seal, canonical_bytes(bounds))
    except (InvalidSignature, ValueError):
        return False
    return True
