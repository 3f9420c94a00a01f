"""What the relayer understands: batches of each kind of wallet, who signed them, and what is no batch at all."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.adapters.local.keys import OrderKey
from whaletrader.adapters.paper.server.submissions import (
    BadSubmission,
    BatchCall,
    SignatureParams,
    Signed,
    Submission,
    WalletBatch,
    read_submission,
)
from whaletrader.domain.chain_calls import Call, bytes_tail, selector, word
from whaletrader.domain.venue_contracts import VenueContract
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

KEY = OrderKey(bytes(31) + b"\x07")
OTHER_KEY = OrderKey(bytes(31) + b"\x08")
WALLET = "0xABcdef0123456789aBCDEF0123456789ABCDEF01"
RELAY = "0x" + "5" * 40
CALLS = (Call("0x" + "1" * 40, b"\x01\x02\x03"), Call("0x" + "2" * 40, b""), Call("0x" + "3" * 40, bytes(range(70))))


def deposit(calls: tuple[Call, ...] = CALLS, *, nonce: int = 4, deadline: str = "1790000600") -> Submission:
    digest = deposit_batch_digest(WALLET, calls, nonce, int(deadline))
    told = tuple(BatchCall(call.to, "0", "0x" + call.data.hex()) for call in calls)
    return Submission(
        type="WALLET",
        sender=KEY.address,
        nonce=str(nonce),
        signature="0x" + KEY.sign(digest).hex(),
        depositWalletParams=WalletBatch(WALLET, deadline, told),
    )


def safe(data: bytes, operation: int = DELEGATE_CALL, to: str = SAFE_MULTISEND) -> Submission:
    signature = safe_signature(KEY.sign(personal_digest(safe_digest(WALLET, to, data, operation, 4))))
    return Submission(
        type="SAFE",
        sender=KEY.address,
        to=to,
        nonce="4",
        signature="0x" + signature.hex(),
        proxyWallet=WALLET,
        data="0x" + data.hex(),
        signatureParams=SignatureParams(operation=str(operation)),
    )


def proxy(data: bytes, to: str = VenueContract.PROXY_FACTORY.value) -> Submission:
    signature = KEY.sign(personal_digest(proxy_digest(KEY.address, data, 4, RELAY, 900_000)))
    return Submission(
        type="PROXY",
        sender=KEY.address,
        to=to,
        nonce="4",
        signature="0x" + signature.hex(),
        proxyWallet=WALLET,
        data="0x" + data.hex(),
        signatureParams=SignatureParams(relay=RELAY, gasLimit="900000"),
    )


def changed(told: Submission, **fields: object) -> Submission:
    return msgspec.structs.replace(told, **fields)


def read(told: Submission) -> Signed | str:
    """What was understood, or the words of the refusal."""
    try:
        return read_submission(told)
    except BadSubmission as bad:
        return str(bad)


def refusal(told: Submission) -> str:
    answer = read(told)
    assert isinstance(answer, str), answer
    return answer


@pytest.mark.parametrize(
    "told", [deposit(), safe(multisend_data(CALLS)), proxy(proxy_data(CALLS))], ids=lambda t: t.type
)
def test_a_batch_of_each_kind_of_wallet_is_read_back_with_its_signer(told: Submission) -> None:
    signed = read_submission(told)
    assert (signed.wallet, signed.signer, signed.calls) == (WALLET.lower(), KEY.address, CALLS)
    assert signed.deadline_s == (1_790_000_600 if told.type == "WALLET" else 0)


def test_a_safe_that_calls_a_contract_itself_makes_one_call() -> None:
    contract = "0x" + "AB" * 20
    assert read_submission(safe(b"\x01\x02", CALL, contract)).calls == (Call(contract.lower(), b"\x01\x02"),)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.binary(min_size=20, max_size=20), st.binary(max_size=80)), max_size=5))
def test_packing_and_reading_are_inverse(told: list[tuple[bytes, bytes]]) -> None:
    calls = tuple(Call("0x" + target.hex(), data) for target, data in told)
    assert read_submission(safe(multisend_data(calls))).calls == calls
    assert read_submission(proxy(proxy_data(calls))).calls == calls


@pytest.mark.parametrize(
    "told", [deposit(), safe(multisend_data(CALLS)), proxy(proxy_data(CALLS))], ids=lambda t: t.type
)
@pytest.mark.parametrize(
    "change",
    [
        lambda told: changed(told, nonce="5"),
        lambda told: changed(told, signature="0x" + OTHER_KEY.sign(bytes(32)).hex()),
    ],
    ids=["nonce", "signature"],
)
def test_what_was_not_signed_names_another_signer_or_none(
    told: Submission, change: Callable[[Submission], Submission]
) -> None:
    answer = read(change(told))
    assert answer == "invalid signature" if isinstance(answer, str) else answer.signer != KEY.address


@pytest.mark.parametrize(
    "told", [deposit(), safe(multisend_data(CALLS)), proxy(proxy_data(CALLS))], ids=lambda t: t.type
)
@pytest.mark.parametrize("signature", ["", "0x", "0x12", "0x" + "00" * 65, "0x" + "ff" * 65, "no hex"])
def test_a_broken_signature_is_refused(told: Submission, signature: str) -> None:
    assert refusal(changed(told, signature=signature)) == "invalid signature"


def test_numbers_and_addresses_that_are_none_are_refused() -> None:
    batch = deposit()
    assert refusal(changed(batch, nonce="four")) == "invalid signature"
    assert refusal(changed(batch, nonce="-1")) == "invalid signature"
    assert refusal(changed(batch, nonce=str(2**256))) == "invalid signature"
    for broken in (
        WalletBatch("0x12", "1790000600", ()),
        WalletBatch(WALLET, "tomorrow", ()),
        WalletBatch(WALLET, "1790000600", (BatchCall("0x" + "1" * 40, "0", "0xzz"),)),
    ):
        assert refusal(changed(batch, depositWalletParams=broken)) == "invalid signature"
    assert refusal(changed(safe(b""), signatureParams=SignatureParams(operation="delegate"))) == "invalid signature"
    assert refusal(changed(proxy(b""), signatureParams=SignatureParams(relay="here"))) == "invalid signature"


@pytest.mark.parametrize("kind", ["", "MAGIC", "wallet", "SAFE-CREATE"])
def test_a_kind_that_nobody_knows_is_named(kind: str) -> None:
    assert refusal(changed(deposit(), type=kind)) == f"invalid transaction type {kind}"


def test_a_deposit_wallets_submission_needs_its_batch() -> None:
    assert refusal(changed(deposit(), depositWalletParams=None)) == "invalid transaction type WALLET"


def test_only_the_venues_own_multisend_and_factory_are_delegated_to() -> None:
    assert refusal(safe(multisend_data(CALLS), to="0x" + "6" * 40)) == "invalid multisend address"
    assert refusal(proxy(proxy_data(CALLS), to=RELAY_HUB)) == "invalid proxy factory address"


@pytest.mark.parametrize("cut", [1, 20, 40, 100, 200])
def test_a_batch_that_is_cut_short_is_not_half_understood(cut: int) -> None:
    assert refusal(safe(multisend_data(CALLS)[: -32 - cut])) == "invalid signature"
    assert refusal(proxy(proxy_data(CALLS)[: -32 - cut])) == "invalid signature"


def test_lengths_beyond_the_data_are_refused_at_once() -> None:
    huge = word(2**256 - 1)
    packed = b"\x00" + bytes(20) + word(0) + huge + b"\x01"
    multisend, batch = selector("multiSend(bytes)"), selector("proxy((uint8,address,uint256,bytes)[])")
    for data in (multisend + word(32) + bytes_tail(packed), multisend + word(32) + huge, multisend, b""):
        assert refusal(safe(data)) == "invalid signature"
    for data in (batch + word(32) + huge, batch + word(32) + word(1) + huge, batch, b""):
        assert refusal(proxy(data)) == "invalid signature"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_data_is_understood_or_refused(data: bytes) -> None:
    for told in (safe(data), proxy(data)):
        answer = read(told)
        if isinstance(answer, str):
            assert answer == "invalid signature"
        else:
            assert all(len(call.to) == 42 for call in answer.calls)
