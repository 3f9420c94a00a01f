"""What a wallet's owner signs to have its calls carried out by the relayer, for each kind of wallet.

Pure hashing: deposit wallets sign an EIP-712 batch, Safes a Safe transaction, proxies the relay hub's own form. The
nonce is part of each, so that the same signed bytes are carried out at most once however often they are sent.
Source: the venue's package (FACTS 2.2).
"""

from collections.abc import Sequence
from functools import lru_cache

from whaletrader.domain.addresses import address_bytes
from whaletrader.domain.chain_calls import Call, bytes_tail, selector, word
from whaletrader.domain.order_hash import CHAIN_ID, keccak256
from whaletrader.domain.venue_contracts import VenueContract

SAFE_MULTISEND = "0xa238cbeb142c10ef7ad8442c6d1f9e89e07e7761"
RELAY_HUB = "0xd216153c06e857cd7f72665e0af1d7d82172f494"
_CALL_TYPE = b"Call(address target,uint256 value,bytes data)"
_BATCH_TYPE = b"Batch(address wallet,uint256 nonce,uint256 deadline,Call[] calls)" + _CALL_TYPE
_WALLET_DOMAIN = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_SAFE_DOMAIN = b"EIP712Domain(uint256 chainId,address verifyingContract)"
_SAFE_TYPE = (
    b"SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,"
    b"address gasToken,address refundReceiver,uint256 nonce)"
)
_SAFE_V_OFFSET = 4
CALL, DELEGATE_CALL = 0, 1


def deposit_batch_digest(wallet: str, calls: Sequence[Call], nonce: int, deadline_s: int) -> bytes:
    """What the owner of a deposit wallet signs, 32 bytes.

    Parameters
    ----------
    wallet : str
        The deposit wallet.
    calls : sequence of Call
        In their order, all or none.
    nonce : int
        The wallet's next one.
    deadline_s : int
        UTC seconds after which the chain refuses the batch.
    """
    hashes = b"".join(
        keccak256(keccak256(_CALL_TYPE) + word(call.to) + word(0) + keccak256(call.data)) for call in calls
    )
    struct = keccak256(keccak256(_BATCH_TYPE) + word(wallet) + word(nonce) + word(deadline_s) + keccak256(hashes))
    return keccak256(b"\x19\x01" + _wallet_separator(wallet) + struct)


def safe_digest(safe: str, to: str, data: bytes, operation: int, nonce: int) -> bytes:
    """Hash of a Safe transaction without refunds, 32 bytes; its owner signs `personal_digest` of it."""
    fields = word(to) + word(0) + keccak256(data) + word(operation) + word(0) * 5 + word(nonce)
    separator = keccak256(keccak256(_SAFE_DOMAIN) + word(CHAIN_ID) + word(safe))
    return keccak256(b"\x19\x01" + separator + keccak256(keccak256(_SAFE_TYPE) + fields))


def proxy_digest(account: str, data: bytes, nonce: int, relay: str, gas_limit: int) -> bytes:
    """Hash of a call of the proxy factory through the relay hub, 32 bytes; signed as `personal_digest` of it."""
    return keccak256(
        b"rlx:"
        + address_bytes(account)
        + address_bytes(VenueContract.PROXY_FACTORY)
        + data
        + word(0)
        + word(0)
        + word(gas_limit)
        + word(nonce)
        + address_bytes(RELAY_HUB)
        + address_bytes(relay)
    )


def personal_digest(digest: bytes) -> bytes:
    """What an account signs of a 32-byte message (EIP-191, "Ethereum Signed Message")."""
    return keccak256(b"\x19Ethereum Signed Message:\n32" + digest)


def safe_signature(signature: bytes) -> bytes:
    """A signature over a `personal_digest` as a Safe wants it: v is told apart by adding 4."""
    return signature[:64] + bytes([signature[64] + _SAFE_V_OFFSET])


def multisend_data(calls: Sequence[Call]) -> bytes:
    """Calls for the Safe's multisend contract, to be delegated to."""
    packed = b"".join(
        bytes([CALL]) + address_bytes(call.to) + word(0) + word(len(call.data)) + call.data for call in calls
    )
    return selector("multiSend(bytes)") + word(32) + bytes_tail(packed)


def proxy_data(calls: Sequence[Call]) -> bytes:
    """Calls for the proxy factory."""
    tuples = [word(1) + word(call.to) + word(0) + word(4 * 32) + bytes_tail(call.data) for call in calls]
    offsets, at = b"", 32 * len(tuples)
    for each in tuples:
        offsets += word(at)
        at += len(each)
    head = selector("proxy((uint8,address,uint256,bytes)[])") + word(32) + word(len(tuples))
    return head + offsets + b"".join(tuples)


@lru_cache(maxsize=8)
def _wallet_separator(wallet: str) -> bytes:
    return keccak256(
        keccak256(_WALLET_DOMAIN) + keccak256(b"DepositWallet") + keccak256(b"1") + word(CHAIN_ID) + word(wallet)
    )
