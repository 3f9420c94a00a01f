"""The chain covers every column, and the anchor tells a cut from a crash."""

from hashlib import sha256

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from whaletrader.ports.chain import Anchor, Record, anchor_fault, genesis_hash, link

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)
numbers = st.integers(-(2**63), 2**63 - 1)
records = st.builds(
    Record, numbers, texts, texts, numbers, numbers, numbers, texts, texts, texts, st.binary(max_size=6)
)
HEAD = sha256(b"head").digest()


@settings(max_examples=300, deadline=None)
@given(one=records, other=records)
def test_two_records_that_differ_anywhere_have_different_links(one: Record, other: Record) -> None:
    assume(one != other)
    assert link(HEAD, one) != link(HEAD, other)


@settings(max_examples=200, deadline=None)
@given(record=records, data=st.data())
def test_text_that_moves_from_one_column_to_the_next_changes_the_link(record: Record, data: st.DataObject) -> None:
    columns = ["id", "type", "cause_id", "correlation_id", "key"]
    index = data.draw(st.integers(0, len(columns) - 2))
    left, right = (getattr(record, column) for column in columns[index : index + 2])
    cut = data.draw(st.integers(0, len(left + right)))
    moved = record._replace(**{columns[index]: (left + right)[:cut], columns[index + 1]: (left + right)[cut:]})
    assert (link(HEAD, moved) == link(HEAD, record)) == (moved == record)


def test_a_link_depends_on_the_one_before() -> None:
    record = Record(1, "a", "b", 1, 2, 3, "", "", "", b"")
    assert link(HEAD, record) != link(genesis_hash(b""), record)
    assert genesis_hash(b"a") != genesis_hash(b"b")


def test_the_formula_of_a_link_is_fixed() -> None:
    record = Record(7, "i", "ty", 1, 22, 33, "c", "co", "key", b"\x00payload")
    text = "7|1|22|33|1|2|1|2|3|8|itycco" + "key"
    assert link(HEAD, record) == sha256(HEAD + text.encode() + b"\x00payload").digest()


def anchor(count: int, *, clean: bool = False) -> Anchor:
    return Anchor(count=count, head=HEAD.hex(), clean=clean)


def test_a_log_that_ends_at_its_anchor_is_whole() -> None:
    assert anchor_fault(anchor(3, clean=True), 3, HEAD) == ""
    assert anchor_fault(anchor(3), 3, HEAD) == ""


def test_a_log_behind_its_anchor_was_cut() -> None:
    assert "cut off" in anchor_fault(anchor(3), 2, None)


def test_a_log_ahead_of_its_anchor_is_a_fault_after_a_clean_stop_only() -> None:
    assert anchor_fault(anchor(3), 9, HEAD) == ""
    assert "appended after a clean stop" in anchor_fault(anchor(3, clean=True), 9, HEAD)


def test_another_head_at_the_anchor_is_a_rewritten_log() -> None:
    assert "rewritten" in anchor_fault(anchor(3), 9, sha256(b"other").digest())
