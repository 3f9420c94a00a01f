"""What the order signer does: nothing outside a sealed approval, the same bytes for the same hash."""

import pytest
from msgspec.structs import replace

from tests.support.trading import bounds
from whaletrader.adapters.local.keys import OrderKey, paper_secret
from whaletrader.adapters.local.seal import Ed25519Seal
from whaletrader.adapters.local.signer import LocalSigner
from whaletrader.domain.order_hash import OrderStruct, order_hash
from whaletrader.domain.signature import signer_of
from whaletrader.domain.values import Side
from whaletrader.errors import SignerRefusal, StorageError
from whaletrader.messages.orders import OrderOrigin, SubmitOrder

KEY = OrderKey(paper_secret("paper"))
SEAL = Ed25519Seal(b"\x07" * 32)
BOUNDS = bounds(max_children=3)


def origin(approval):
    return OrderOrigin(
        account_id=approval.account_id, approval_id=approval.approval_id, wallet="0x", kind="fill", reduce_only=False
    )


def order(salt=1, child=0, approval=BOUNDS, **changes):
    """An order of 5 shares at 0.60 whose hash is right, whatever is changed."""
    values = {
        "origin": origin(approval),
        "child": child, "market_id": approval.market_id, "token_id": approval.token_id, "side": approval.side,
        "order_type": "GTD", "post_only": False, "price_micro": 600_000, "size_micro": 5_000_000,
        "maker_amount": 3_000_000, "taker_amount": 5_000_000, "salt": salt, "timestamp_ms": 100_000,
        "expiration_s": 225, "metadata": approval.decision_hash, "maker": KEY.address, "signer": KEY.address,
        "signature_type": 0, "neg_risk": False, "arrive_ts": 105_000_000_000, **changes,
    }  # fmt: skip
    struct = OrderStruct(
        values["salt"], values["maker"], values["signer"], values["token_id"], values["maker_amount"],
        values["taker_amount"], Side(values["side"]), values["signature_type"], values["timestamp_ms"],
        values["metadata"],
    )  # fmt: skip
    return SubmitOrder(order_hash=order_hash(struct, neg_risk=values["neg_risk"]), **values)


@pytest.fixture(params=["in memory", "on disk"])
def place(request, tmp_path):
    return ":memory:" if request.param == "in memory" else tmp_path / "signer.db"


@pytest.fixture
def signer(place, tmp_path):
    signer = LocalSigner(place, KEY, {SEAL.key_id: SEAL.public_bytes}, tmp_path / "kill.latch")
    yield signer
    signer.close()


def sign(signer, sent, approval=BOUNDS, seal=None, key_id=SEAL.key_id):
    return signer.sign(sent, approval, seal or SEAL.sign(approval), key_id)


def test_an_order_within_its_sealed_approval_is_signed_by_the_trading_key(signer):
    sent = order()
    signature = sign(signer, sent)
    raw = bytes.fromhex(signature.removeprefix("0x"))
    assert len(raw) == 65
    assert signer_of(bytes.fromhex(sent.order_hash[2:]), raw) == KEY.address == signer.address


def test_the_same_hash_gets_the_same_bytes_and_uses_the_bounds_once(signer):
    first = sign(signer, order())
    assert [sign(signer, order()) for _ in range(5)] == [first] * 5
    sign(signer, order(salt=2, child=1))
    sign(signer, order(salt=3, child=2))
    assert sign(signer, order()) == first


def test_the_ledger_survives_the_process(tmp_path):
    place, keys = tmp_path / "signer.db", {SEAL.key_id: SEAL.public_bytes}
    first = LocalSigner(place, KEY, keys, tmp_path / "kill.latch")
    approval = bounds()
    signature = sign(first, order(approval=approval), approval)
    first.close()
    second = LocalSigner(place, KEY, keys, tmp_path / "kill.latch")
    assert sign(second, order(approval=approval), approval) == signature
    with pytest.raises(SignerRefusal, match="CHILDREN"):
        sign(second, order(salt=2, child=1, approval=approval), approval)
    second.close()


def test_a_retry_with_a_fresh_salt_is_refused(signer):
    sign(signer, order(salt=1))
    with pytest.raises(SignerRefusal, match="Child 0"):
        sign(signer, order(salt=2))


def test_children_together_stay_within_size_cost_and_number(signer):
    small = bounds(max_children=3, max_size_micro=9_990_000)
    sign(signer, order(approval=small), small)
    with pytest.raises(SignerRefusal, match="SIZE"):
        sign(signer, order(salt=2, child=1, approval=small), small)
    cheap = bounds(approval_id="c" * 32, max_children=3, max_cost_micro=5_999_999)
    sign(signer, order(salt=3, approval=cheap), cheap)
    with pytest.raises(SignerRefusal, match="COST"):
        sign(signer, order(salt=4, child=1, approval=cheap), cheap)
    for child in range(3):
        sign(signer, order(salt=10 + child, child=child, approval=wide()), wide())
    with pytest.raises(SignerRefusal, match="CHILDREN"):
        sign(signer, order(salt=20, child=3, approval=wide()), wide())


def wide():
    return bounds(approval_id="d" * 32, max_children=3)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"price_micro": 610_000, "maker_amount": 3_050_000}, "PRICE"),
        ({"maker_amount": 3_000_001}, "AMOUNTS"),
        ({"price_micro": 590_000}, "AMOUNTS"),
        ({"side": "SELL"}, "SIDE"),
        ({"token_id": "1002"}, "TOKEN"),
        ({"market_id": "0x"}, "MARKET"),
        ({"metadata": "00" * 32}, "METADATA"),
        ({"timestamp_ms": 2_000_000_000_000}, "EXPIRED"),
        ({"size_micro": 4_000_000}, "AMOUNTS"),
        ({"signer": "0x" + "11" * 20}, "not this account's"),
        ({"maker": "0x" + "11" * 20}, "not this account's"),
        ({"signature_type": 3}, "not this account's"),
        ({"signature_type": 9}, "not this account's"),
    ],
)
def test_whatever_lies_outside_the_approval_is_refused(signer, change, reason):
    with pytest.raises(SignerRefusal, match=reason):
        sign(signer, order(**change))
    assert sign(signer, order())


def test_another_account_or_approval_is_refused(signer):
    for change in ({"account_id": "other"}, {"approval_id": "00" * 16}):
        sent = order()
        stranger = replace(sent, origin=replace(sent.origin, **change))
        with pytest.raises(SignerRefusal, match="outside its approval"):
            sign(signer, stranger)


def test_a_hash_that_is_not_the_orders_is_refused(signer):
    with pytest.raises(SignerRefusal, match="not the hash"):
        sign(signer, replace(order(), salt=2))


def test_without_a_true_seal_nothing_is_signed(signer):
    forged = Ed25519Seal(b"\x08" * 32)
    for seal, key_id in (
        (forged.sign(BOUNDS), SEAL.key_id),
        (forged.sign(BOUNDS), forged.key_id),
        (b"", SEAL.key_id),
        (b"\0" * 64, SEAL.key_id),
    ):
        with pytest.raises(SignerRefusal, match="seal"):
            signer.sign(order(), BOUNDS, seal, key_id)


@pytest.mark.parametrize("name", list(BOUNDS.__struct_fields__))
def test_bounds_that_were_changed_after_sealing_are_refused(signer, name):
    value = getattr(BOUNDS, name)
    wider = replace(BOUNDS, **{name: value + 1 if isinstance(value, int) else value + "0"})
    with pytest.raises(SignerRefusal, match="seal"):
        signer.sign(order(), wider, SEAL.sign(BOUNDS), SEAL.key_id)


def test_while_the_kill_latch_is_thrown_not_even_a_signed_order_is_signed_again(signer, tmp_path):
    sign(signer, order())
    latch = tmp_path / "kill.latch"
    latch.touch()
    for sent in (order(), order(salt=2, child=1)):
        with pytest.raises(SignerRefusal, match="latch"):
            sign(signer, sent)
    latch.unlink()
    assert sign(signer, order())


def test_a_latch_that_cannot_be_read_counts_as_thrown(tmp_path):
    (tmp_path / "file").touch()
    keys = {SEAL.key_id: SEAL.public_bytes}
    signer = LocalSigner(":memory:", KEY, keys, tmp_path / "file" / "kill.latch")
    with pytest.raises(SignerRefusal, match="latch"):
        sign(signer, order())
    signer.close()


def test_a_refusal_uses_nothing_up(signer):
    with pytest.raises(SignerRefusal):
        sign(signer, order(price_micro=610_000, maker_amount=3_050_000))
    for child in range(3):
        assert sign(signer, order(salt=child, child=child))


def test_a_ledger_that_cannot_be_opened_is_one_clear_sentence(tmp_path):
    with pytest.raises(StorageError, match="ledger"):
        LocalSigner(tmp_path / "no" / "such" / "folder.db", KEY, {}, tmp_path / "kill.latch")


def test_a_sale_is_signed_at_or_above_its_worst_price(signer):
    sale = bounds(side="SELL", max_cost_micro=0)
    sent = order(approval=sale, maker_amount=5_000_000, taker_amount=3_000_000)
    assert sign(signer, sent, sale)
    low = order(salt=2, approval=sale, maker_amount=5_000_000, taker_amount=2_950_000, price_micro=590_000)
    with pytest.raises(SignerRefusal, match="PRICE"):
        sign(signer, low, sale)


WALLET = "0xBc0fF067b7740Eff76C1ca93c875Ba6B890d6B50"


def test_a_wallets_orders_are_signed_by_its_owner_in_the_form_its_type_needs(tmp_path):
    signer = LocalSigner(
        ":memory:", KEY, {SEAL.key_id: SEAL.public_bytes}, tmp_path / "kill.latch", wallet=WALLET.lower()
    )
    proxy = order(salt=1, child=0, maker=WALLET, signature_type=1)
    safe = order(salt=2, child=1, maker=WALLET, signature_type=2)
    deposit = order(salt=3, child=2, maker=WALLET, signer=WALLET, signature_type=3)
    for sent in (proxy, safe):
        raw = bytes.fromhex(sign(signer, sent)[2:])
        assert signer_of(bytes.fromhex(sent.order_hash[2:]), raw) == KEY.address
    raw = bytes.fromhex(sign(signer, deposit)[2:])
    assert len(raw) == 317
    assert raw.endswith(b"bytes32 builder)" + (186).to_bytes(2, "big"))
    with pytest.raises(SignerRefusal, match="not this account's"):
        sign(signer, order(salt=4, maker=WALLET, signer=WALLET, signature_type=1))
    signer.close()
