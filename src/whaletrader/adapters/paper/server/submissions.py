"""What clients hand to the relayer: the calls of a wallet of each kind, and who signed them; nothing is carried out."""

from dataclasses import dataclass

import msgspec

from whaletrader.domain.chain_calls import Call, selector
from whaletrader.domain.signature import signer_of
from whaletrader.domain.venue_contracts import VenueContract
from whaletrader.domain.wallet_batch import (
    DELEGATE_CALL,
    SAFE_MULTISEND,
    deposit_batch_digest,
    personal_digest,
    proxy_digest,
    safe_digest,
)

WORD = 32
SIGNATURE_BYTES = 65
_MULTISEND = selector("multiSend(bytes)")
_PROXY = selector("proxy((uint8,address,uint256,bytes)[])")


class BadSubmission(Exception):
    """A submission that cannot be carried out; the text is the relayer's answer."""


class BatchCall(msgspec.Struct, frozen=True):
    """One call of a deposit wallet's batch."""

    target: str
    value: str
    data: str


class WalletBatch(msgspec.Struct, frozen=True):
    """`depositWalletParams`."""

    depositWallet: str  # noqa: N815 - the venue's names
    deadline: str
    calls: tuple[BatchCall, ...]


class SignatureParams(msgspec.Struct, frozen=True):
    """`signatureParams` of the older wallets."""

    operation: str = "0"
    relay: str = ""
    gasLimit: str = "0"  # noqa: N815


class Submission(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    """The body of `POST /submit`."""

    type: str
    sender: str
    to: str = ""
    nonce: str = "0"
    signature: str = ""
    proxyWallet: str = ""  # noqa: N815
    data: str = "0x"
    signatureParams: SignatureParams = SignatureParams()  # noqa: N815
    depositWalletParams: WalletBatch | None = None  # noqa: N815


@dataclass(frozen=True, slots=True)
class Signed:
    """A submission that was understood."""

    wallet: str
    signer: str
    """Who signed it, lower case."""
    calls: tuple[Call, ...]
    deadline_s: int = 0
    """0: none."""


def read_submission(told: Submission) -> Signed:
    """Understand a submission and recover its signer; BadSubmission where it is no batch of a known wallet kind."""
    try:
        if told.type == "WALLET" and told.depositWalletParams is not None:
            return _deposit(told, told.depositWalletParams)
        if told.type == "SAFE":
            return _safe(told)
        if told.type == "PROXY":
            return _proxy(told)
    except (ValueError, IndexError, OverflowError):
        raise BadSubmission("invalid signature") from None
    raise BadSubmission(f"invalid transaction type {told.type}")


def _deposit(told: Submission, batch: WalletBatch) -> Signed:
    calls = tuple(Call(call.target.lower(), _bytes(call.data)) for call in batch.calls)
    deadline = int(batch.deadline)
    digest = deposit_batch_digest(batch.depositWallet, calls, int(told.nonce), deadline)
    return Signed(batch.depositWallet.lower(), _signer(digest, told.signature), calls, deadline)


def _safe(told: Submission) -> Signed:
    data, operation = _bytes(told.data), int(told.signatureParams.operation)
    digest = personal_digest(safe_digest(told.proxyWallet, told.to, data, operation, int(told.nonce)))
    calls = _multisend(data) if operation == DELEGATE_CALL else (Call(told.to.lower(), data),)
    if operation == DELEGATE_CALL and told.to.lower() != SAFE_MULTISEND:
        raise BadSubmission("invalid multisend address")
    return Signed(told.proxyWallet.lower(), _signer(digest, told.signature, offset=4), calls)


def _proxy(told: Submission) -> Signed:
    params, data = told.signatureParams, _bytes(told.data)
    if told.to.lower() != VenueContract.PROXY_FACTORY:
        raise BadSubmission("invalid proxy factory address")
    digest = personal_digest(proxy_digest(told.sender, data, int(told.nonce), params.relay, int(params.gasLimit)))
    return Signed(told.proxyWallet.lower(), _signer(digest, told.signature), _proxied(data))


def _multisend(data: bytes) -> tuple[Call, ...]:
    """The calls packed into `multiSend(bytes)`: operation, target, value, length, bytes."""
    packed = _part(data, 4 + 2 * WORD, _length(data, _MULTISEND))
    calls, at = [], 0
    while at < len(packed):
        target, length = _part(packed, at + 1, 20), _number(packed, at + 53)
        calls.append(Call("0x" + target.hex(), _part(packed, at + 85, length)))
        at += 85 + length
    return tuple(calls)


def _proxied(data: bytes) -> tuple[Call, ...]:
    """The calls of `proxy((uint8,address,uint256,bytes)[])`."""
    start = 4 + 2 * WORD
    calls = []
    for place in range(_length(data, _PROXY)):
        each = start + _number(data, start + place * WORD)
        target, tail = _part(data, each + WORD + 12, 20), each + _number(data, each + 3 * WORD)
        calls.append(Call("0x" + target.hex(), _part(data, tail + WORD, _number(data, tail))))
    return tuple(calls)


def _length(data: bytes, function: bytes) -> int:
    """Length of the one argument of a call; ValueError where it calls another function."""
    if data[:4] != function:
        raise ValueError("another function")
    return _number(data, 4 + WORD)


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(_part(data, at, WORD), "big")


def _part(data: bytes, at: int, size: int) -> bytes:
    """Bytes that must be there: a length that somebody made up ends here."""
    if at + size > len(data):
        raise ValueError("cut short")
    return data[at : at + size]


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _signer(digest: bytes, signature: str, offset: int = 0) -> str:
    raw = _bytes(signature)[:SIGNATURE_BYTES]
    if len(raw) != SIGNATURE_BYTES:
        raise ValueError("too short")
    return signer_of(digest, raw[:64] + bytes([raw[64] - offset]))
