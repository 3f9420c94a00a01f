import copy
import json
import pickle

import pytest

from tests.support.trading import bounds
from whaletrader.adapters.local.keys import OrderKey, load_order_key, load_secret, paper_secret
from whaletrader.adapters.local.seal import Ed25519Seal, key_id_of, load_seal, seal_holds
from whaletrader.domain.order_hash import (
    OrderStruct,
    contract_wallet_digest,
    contract_wallet_signature,
    order_digest,
)
from whaletrader.domain.signature import signer_of
from whaletrader.domain.values import Side
from whaletrader.errors import StorageError, UsageError

PUBLIC_TEST_KEY = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
"""The first account of a well-known development chain; it must never hold funds."""
ORDER_ID = bytes.fromhex("96833f7c32b89b49bad82bafae4866b735ab5ff7cd8ebaedd85f52c5167e2e1b")


def test_the_signature_over_an_order_is_the_venues_own_packages():
    key = OrderKey(PUBLIC_TEST_KEY)
    assert key.address == "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
    assert key.sign(ORDER_ID).hex() == (
        "9d7e816599c082dec27c39c2295fc731b6ac265ea047710b58a847d1c976c86d"
        "3d275968798fde41c9d16cc3d27208e3f28b51a9c42e1c094f0d547cf48fd2551b"
    )
    assert signer_of(ORDER_ID, key.sign(ORDER_ID)) == key.address


def test_all_signatures_of_the_official_package(bundle):
    path = bundle.parent / "reference" / "polymarket" / "vectors" / "orders_v2_v3.json"
    if not path.exists():
        pytest.skip(f"the venue's vectors are not beside the data: {path}")
    key, checked = OrderKey(PUBLIC_TEST_KEY), 0
    for case in json.loads(path.read_text())["vectors"]:
        told, neg_risk = case["order_struct"], case["input"]["neg_risk"]
        order = OrderStruct(
            int(told["salt"]), told["maker"], told["signer"], told["tokenId"], int(told["makerAmount"]),
            int(told["takerAmount"]), Side.SELL if told["side"] else Side.BUY, told["signatureType"],
            int(told["timestamp"]), told["metadata"][2:], told["builder"][2:],
        )  # fmt: skip
        if case["signature_bytes"] == 65:
            found = key.sign(order_digest(order, neg_risk=neg_risk))
        elif case["signature_bytes"] == 317:
            digest = contract_wallet_digest(order, neg_risk=neg_risk)
            assert "0x" + digest.hex() == case["signing_digest"]
            found = contract_wallet_signature(order, key.sign(digest), neg_risk=neg_risk)
        else:
            continue
        assert "0x" + found.hex() == case["signature"], case["name"]
        checked += 1
    assert checked >= 10


def test_a_contract_wallets_signature_is_the_venues_own_packages():
    wallet = "0xBc0fF067b7740Eff76C1ca93c875Ba6B890d6B50"
    token = "94476829201604408463453426454480212459887267917122244941405244686637914508323"
    order = OrderStruct(
        1013, wallet, wallet, token, 250_500_000, 30_811_500, Side.SELL, 3, 1_795_305_600_000
    )  # fmt: skip
    digest = contract_wallet_digest(order, neg_risk=True)
    assert digest.hex() == "18e09f3367639c3cdd15a916a9ee1f6ac89e6f03fd7e7894b897196901204444"
    inner = OrderKey(PUBLIC_TEST_KEY).sign(digest)
    assert inner.hex().startswith("016ebbcadcee687c56d8ba188b301f513b7b128d15c8c9ced07f729bdc3dd22b")
    assert len(contract_wallet_signature(order, inner, neg_risk=True)) == 317


def test_a_key_is_made_once_in_a_file_of_its_owner_alone(tmp_path):
    path = tmp_path / "keys" / "seal.key"
    secret = load_secret(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert load_secret(path) == secret
    assert [each.name for each in path.parent.iterdir()] == ["seal.key"]


def test_two_keys_made_at_random_differ(tmp_path):
    assert load_order_key(tmp_path / "a").address != load_order_key(tmp_path / "b").address


def test_a_paper_accounts_key_is_the_same_everywhere(tmp_path):
    first = load_order_key(tmp_path / "a", paper_account="paper")
    assert first.address == load_order_key(tmp_path / "b", paper_account="paper").address
    assert first.address == OrderKey(paper_secret("paper")).address
    assert first.address != OrderKey(paper_secret("other")).address


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_that_others_can_read_is_refused(tmp_path, mode):
    path = tmp_path / "order.key"
    load_secret(path)
    path.chmod(mode)
    with pytest.raises(UsageError, match="chmod 600"):
        load_secret(path)


@pytest.mark.parametrize("content", [b"", b"zz", b"00" * 31, b"\xff\xfe", b"secret words here"])
def test_a_file_that_holds_no_key_is_refused_without_quoting_it(tmp_path, content):
    path = tmp_path / "order.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(UsageError, match="64 hex digits") as refusal:
        load_secret(path)
    assert refusal.value.__cause__ is None
    assert "secret" not in str(refusal.value)


def test_a_place_that_cannot_be_written_is_one_clear_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises((StorageError, UsageError), match="key file"):
        load_secret(tmp_path / "file" / "order.key")


def test_secrets_show_in_no_text_and_leave_no_process(tmp_path):
    secret = load_secret(tmp_path / "k")
    for holder in (OrderKey(secret), Ed25519Seal(secret)):
        for text in (repr(holder), str(holder), f"{holder!r}", str([holder])):
            assert secret.hex() not in text
            assert str(secret) not in text
        assert not hasattr(holder, "__dict__")
        with pytest.raises(TypeError):
            pickle.dumps(holder)
        with pytest.raises(TypeError):
            copy.copy(holder)


def test_a_seals_key_is_named_by_its_public_half(tmp_path):
    seal = load_seal(tmp_path / "seal.key")
    assert seal.key_id == key_id_of(seal.public_bytes) == load_seal(tmp_path / "seal.key").key_id
    assert len(seal.key_id) == 16


def test_a_seal_is_deterministic_and_verified_with_the_public_half_only():
    seal, approval = Ed25519Seal(b"\x07" * 32), bounds()
    assert seal.sign(approval) == seal.sign(bounds())
    assert seal_holds(seal.public_bytes, approval, seal.sign(approval))
    assert not seal_holds(seal.public_bytes, bounds(max_size_micro=1), seal.sign(approval))
    assert not seal_holds(b"short", approval, seal.sign(approval))
