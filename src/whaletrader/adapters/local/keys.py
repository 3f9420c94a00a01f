"""The keys on this machine: made at first use, in files that only their owner can read.

A secret leaves this module in no text: not in a repr, an exception, a log or a message.
"""

import os
import secrets
from pathlib import Path

import coincurve

from whaletrader.domain.order_hash import keccak256
from whaletrader.errors import StorageError, UsageError

SECRET_BYTES = 32


class OrderKey:
    """The trading key: an Ethereum account that signs digests."""

    __slots__ = ("_address", "_key")

    def __init__(self, secret: bytes) -> None:
        self._key = coincurve.PrivateKey(secret)
        self._address = "0x" + keccak256(self._key.public_key.format(compressed=False)[1:])[-20:].hex()

    @property
    def address(self) -> str:
        """The account's address, lower case."""
        return self._address

    def sign(self, digest: bytes) -> bytes:
        """Sign a 32-byte digest: r, s and v (27 or 28), deterministic (RFC 6979), low s."""
        signature = bytes(self._key.sign_recoverable(digest, hasher=None))
        return signature[:64] + bytes([27 + signature[64]])

    def __repr__(self) -> str:
        return f"OrderKey({self._address})"

    def __reduce__(self) -> str:
        raise TypeError("an order key cannot be copied out of its process")


def paper_secret(account_id: str) -> bytes:
    """Return the order key of a paper account: made from its name, so the same run signs the same orders anywhere.

    It is public by construction and must never hold funds.
    """
    return keccak256(f"whaletrader paper account {account_id}".encode())


def load_order_key(path: Path, *, paper_account: str = "") -> OrderKey:
    """Load the trading key, making it at first use; for a paper account it is made from the account's name."""
    return OrderKey(load_secret(path, paper_secret(paper_account) if paper_account else b""))


def load_secret(path: Path, made_from: bytes = b"") -> bytes:
    """Load a secret of 32 bytes, making it (at random, or as given) when the file is not there."""
    try:
        return _read(path)
    except FileNotFoundError:
        _write_once(path, made_from or secrets.token_bytes(SECRET_BYTES))
        return _read(path)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_mode & 0o077:
            raise UsageError(
                f"The key file {path} can be read by others: chmod 600 it (or remove it to make a new key)."
            )
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        raise
    except (ValueError, OSError) as error:
        # The cause is left out on purpose: it may quote what the file holds.
        kind = type(error).__name__
        raise UsageError(f"The key file {path} cannot be used ({kind}): it must hold 64 hex digits.") from None
    if len(secret) != SECRET_BYTES:
        raise UsageError(f"The key file {path} must hold 64 hex digits.")
    return secret


def _write_once(path: Path, secret: bytes) -> None:
    """Write a key file that is whole or not there at all; one that somebody else just made stays."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secret.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    except OSError as error:
        raise StorageError(f"The key file {path} cannot be written: {error.strerror}.") from error
