"""Whatever is asked of the signer, in whatever order: what it signs stays within each approval, and is signed once."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.contract.test_signer import KEY, SEAL, order
from tests.support.trading import bounds
from whaletrader.adapters.local.signer import LocalSigner
from whaletrader.errors import SignerRefusal

APPROVALS = [
    bounds(approval_id="a" * 32, max_children=3, max_size_micro=12_000_000, max_cost_micro=7_000_000),
    bounds(approval_id="b" * 32, max_children=1, max_size_micro=50_000_000, max_cost_micro=50_000_000),
]

asked = st.fixed_dictionaries(
    {
        "approval": st.sampled_from(APPROVALS),
        "child": st.integers(0, 3),
        "salt": st.integers(1, 3),
        "cents": st.integers(50, 63),
        "shares": st.integers(1, 9),
    }
)


def make(ask):
    shares = ask["shares"] * 1_000_000
    return order(
        salt=ask["salt"],
        child=ask["child"],
        approval=ask["approval"],
        price_micro=ask["cents"] * 10_000,
        size_micro=shares,
        maker_amount=ask["cents"] * shares // 100,
        taker_amount=shares,
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(asked, max_size=20))
def test_no_sequence_of_requests_gets_more_signed_than_was_approved(requests):
    signer = LocalSigner(":memory:", KEY, {SEAL.key_id: SEAL.public_bytes}, latch())
    signed = {}
    for ask in requests:
        sent, approval = make(ask), ask["approval"]
        try:
            signature = signer.sign(sent, approval, SEAL.sign(approval), SEAL.key_id)
        except SignerRefusal:
            assert sent.order_hash not in signed
            continue
        assert signed.setdefault(sent.order_hash, (sent, signature))[1] == signature
    for approval in APPROVALS:
        mine = [sent for sent, _ in signed.values() if sent.origin.approval_id == approval.approval_id]
        assert len(mine) <= approval.max_children
        assert len({sent.child for sent in mine}) == len(mine)
        assert sum(sent.size_micro for sent in mine) <= approval.max_size_micro
        assert sum(sent.maker_amount for sent in mine) <= approval.max_cost_micro
        assert all(sent.price_micro <= approval.worst_price_micro for sent in mine)
    signer.close()


@settings(max_examples=40, deadline=None)
@given(asked, st.sampled_from(["price_micro", "size_micro", "maker_amount", "taker_amount", "salt", "timestamp_ms"]))
def test_a_field_changed_behind_the_hash_is_never_signed(ask, name):
    signer = LocalSigner(":memory:", KEY, {SEAL.key_id: SEAL.public_bytes}, latch())
    sent = make({**ask, "approval": APPROVALS[1], "cents": 55})
    bent = replace(sent, **{name: getattr(sent, name) + 1})
    with pytest.raises(SignerRefusal):
        signer.sign(bent, APPROVALS[1], SEAL.sign(APPROVALS[1]), SEAL.key_id)
    signer.close()


def latch():
    """A path where no latch is thrown."""
    return Path(__file__).with_name("no kill latch lies here")
