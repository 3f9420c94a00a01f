"""The generated files are those of the declarations, and field numbers never change."""

import subprocess
import sys
from pathlib import Path

import pytest

from whaletrader.messages import generate
from whaletrader.messages.catalogue import CATALOGUE
from whaletrader.messages.envelope import Part, Payload
from whaletrader.messages.generate import Numbers

ROOT = Path(__file__).resolve().parents[3]
GENERATED = ROOT / "src/whaletrader/messages/_generated"


class Inner(Part, frozen=True, kw_only=True):
    """A part."""

    size: int


class Outer(Payload, frozen=True, kw_only=True):
    """A payload."""

    name: str
    inner: Inner
    rest: tuple[Inner, ...] = ()
    added: int = 7


def test_generating_again_changes_no_byte(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "scripts/generate_messages.py", str(tmp_path)], cwd=ROOT, check=False)
    assert done.returncode == 0
    names = sorted(path.name for path in GENERATED.iterdir() if path.is_file())
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    for name in names:
        assert (tmp_path / name).read_bytes() == (GENERATED / name).read_bytes(), name


def test_the_ledger_of_numbers_names_every_field_of_every_declaration() -> None:
    ledger = generate.read_ledger((GENERATED / "fields.json").read_text(encoding="utf-8"))
    for name, cls in generate.declarations().items():
        assert list(ledger[name].fields) == [field.name for field in generate.fields_of(cls)]
        numbers = [*ledger[name].fields.values(), *ledger[name].reserved.values()]
        assert len(set(numbers)) == len(numbers)


def test_every_message_and_every_part_of_one_is_declared() -> None:
    declared = generate.declarations()
    assert set(CATALOGUE) <= set(declared)
    assert {"LeaderScore", "MarketTerms", "ApprovalBounds", "OrderOrigin"} <= set(declared)


def test_new_fields_are_numbered_in_the_order_of_declaration() -> None:
    ledger = generate.number_fields({}, {"Outer": Outer})
    assert ledger["Outer"].fields == {"name": 1, "inner": 2, "rest": 3, "added": 4}


def test_a_number_once_given_stays_whatever_is_declared_before_it() -> None:
    old = {"Outer": Numbers(fields={"rest": 1, "name": 2})}
    assert generate.number_fields(old, {"Outer": Outer})["Outer"].fields == {
        "rest": 1,
        "name": 2,
        "inner": 3,
        "added": 4,
    }


def test_a_removed_field_leaves_its_number_reserved_for_ever() -> None:
    old = {"Outer": Numbers(fields={"gone": 9, "name": 1})}
    once = generate.number_fields(old, {"Outer": Outer})
    assert once["Outer"].reserved == {"gone": 9}
    assert once["Outer"].fields["inner"] == 10
    twice = generate.number_fields(once, {"Outer": Outer})
    assert twice == once
    assert "reserved 9;" in generate.render_proto({**once, "Inner": Numbers(fields={"size": 1})}, {"Outer": Outer})


def test_a_removed_message_keeps_its_numbers() -> None:
    old = {"Gone": Numbers(fields={"name": 1})}
    assert generate.number_fields(old, {"Outer": Outer})["Gone"] == Numbers(reserved={"name": 1})


def test_a_removed_name_cannot_come_back() -> None:
    old = {"Outer": Numbers(reserved={"name": 3})}
    with pytest.raises(AssertionError, match="needs a new name"):
        generate.number_fields(old, {"Outer": Outer})


def test_the_ledger_comes_back_as_it_was_written() -> None:
    ledger = generate.number_fields({}, {"Outer": Outer, "Inner": Inner})
    assert generate.read_ledger(generate.render_ledger(ledger)) == ledger


def test_a_field_with_a_default_is_optional_on_the_wire() -> None:
    kinds = {field.name: field.proto for field in generate.fields_of(Outer)}
    assert kinds == {"name": "string", "inner": "Inner", "rest": "repeated Inner", "added": "optional sint64"}


def test_a_field_with_a_default_gets_it_from_a_message_without_the_field() -> None:
    lines = generate.render_conversion({"Outer": Outer})
    assert 'if m.HasField("added"):' in lines
    assert 'raise ValueError("inner is missing")' in lines


def test_a_float_has_no_place_on_the_wire() -> None:
    class Floating(Payload, frozen=True, kw_only=True):
        """A payload that is none."""

        price: float

    with pytest.raises(AssertionError, match="no place on the wire"):
        generate.fields_of(Floating)


def test_a_tuple_may_only_default_to_the_empty_one() -> None:
    class Defaulted(Payload, frozen=True, kw_only=True):
        """A payload that is none."""

        names: tuple[str, ...] = ("a",)

    with pytest.raises(AssertionError, match="default must be"):
        generate.fields_of(Defaulted)
