"""Rows can be stored and told apart again."""

import msgspec
import pytest

from tests.support.mutate import cases
from whaletrader.datasets.decode import rows
from whaletrader.datasets.decode.rows import HEAD_BYTES, MarketMeta, Reject, Row

CASES = cases()
DECODER = msgspec.msgpack.Decoder(Row)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_every_captured_row_is_the_same_after_it_was_stored(case):
    found = case.decode(msgspec.json.encode(case.frame(case.rows)))
    assert found.rows
    for row in found.rows:
        assert DECODER.decode(msgspec.msgpack.encode(row)) == row


def test_every_kind_of_row_has_a_tag_of_its_own():
    kinds = [each for each in vars(rows).values() if isinstance(each, type) and issubclass(each, rows._Row)]
    tags = [each.__struct_config__.tag for each in kinds if each is not rows._Row]
    assert len(set(tags)) == len(tags) > 15


@pytest.mark.parametrize(("version", "ids"), [("v1", ("1", "2")), ("v2", ("7", "8")), ("v3", ()), ("", ()), ("V1", ())])
def test_the_ids_to_trade_follow_from_a_known_version_only(version, ids):
    meta = MarketMeta(source="gamma", market_id="m", version=version, token_ids=("1", "2"), position_ids=("7", "8"))
    assert meta.tradable_ids == ids


def test_rows_are_values():
    first, second = (Reject(source="rtds", reason="x", head=b"a" * HEAD_BYTES) for _ in range(2))
    assert first == second
    with pytest.raises(AttributeError):
        first.reason = "y"
