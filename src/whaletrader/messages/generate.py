"""Turn the Python declarations into a `.proto` file and conversion code: text in, text out.

Field numbers are the order of declaration, and are kept in `fields.json`: a number once given never changes, a removed
field's number is reserved for ever. `scripts/generate_messages.py` writes the files and runs protoc; nothing here does.

    int → sint64, str → string, bool → bool, bytes → bytes, tuple[X, ...] → repeated X, a `Part` → its message

A field with a default is `optional` on the wire, so that a message written before the field existed gets the default.
"""

import json
from typing import get_args, get_origin, get_type_hints

import msgspec

from whaletrader.messages.catalogue import CATALOGUE
from whaletrader.messages.envelope import Part, Payload

PACKAGE = "whaletrader.messages.v1"
SCALARS: dict[object, str] = {int: "sint64", str: "string", bool: "bool", bytes: "bytes"}
DO_NOT_EDIT = "Generated from the declarations in whaletrader/messages by scripts/generate_messages.py; do not edit."
ENVELOPE_PROTO = """\
// Every message travels in one; the payload is the last field, so that a cut message always shows.
message Envelope {
  string id = 1;
  string type = 2;
  sint64 schema_version = 3;
  sint64 ts_event = 4;
  sint64 ts_init = 5;
  string cause_id = 6;
  string correlation_id = 7;
  string key = 8;
  optional bytes payload = 15;
}
"""


class Numbers(msgspec.Struct, kw_only=True):
    """A message's field numbers, and those that must never be given again."""

    fields: dict[str, int] = {}
    reserved: dict[str, int] = {}


Struct = type[Payload] | type[Part]
Ledger = dict[str, Numbers]


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field as the generator sees it."""

    name: str
    element: object
    """The scalar type or the `Part` class, of a tuple its element."""
    repeated: bool
    optional: bool

    @property
    def part(self) -> str:
        """The name of the `Part`, empty for a scalar."""
        return "" if self.element in SCALARS else str(getattr(self.element, "__name__", ""))

    @property
    def proto(self) -> str:
        """The field's type in the `.proto` file."""
        label = "repeated " if self.repeated else "optional " if self.optional else ""
        return label + (self.part or SCALARS[self.element])


def fields_of(cls: Struct) -> list[Field]:
    """Read a declaration's fields in order; an assertion fails for a type that has no place on the wire."""
    hints = get_type_hints(cls)
    found = []
    for info in msgspec.structs.fields(cls):
        hint = hints[info.name]
        repeated = get_origin(hint) is tuple
        element = get_args(hint)[0] if repeated else hint
        known = element in SCALARS or (isinstance(element, type) and issubclass(element, Part))
        assert known, f"{cls.__name__}.{info.name}: {hint} has no place on the wire"
        assert not repeated or info.required or info.default == (), f"{cls.__name__}.{info.name}: default must be ()"
        optional = not info.required and not repeated
        found.append(Field(name=info.name, element=element, repeated=repeated, optional=optional))
    return found


def declarations() -> dict[str, Struct]:
    """Every payload and every `Part` that one of them contains, by name, sorted."""
    found: dict[str, Struct] = dict(CATALOGUE)
    pending: list[Struct] = list(CATALOGUE.values())
    while pending:
        for field in fields_of(pending.pop()):
            if field.part and field.part not in found:
                part = field.element
                assert isinstance(part, type)
                found[field.part] = part
                pending.append(part)
    return dict(sorted(found.items()))


def number_fields(ledger: Ledger, declared: dict[str, Struct]) -> Ledger:
    """Give new fields the next free numbers, and reserve those of removed fields and messages."""
    numbered: Ledger = {}
    for name in sorted({*ledger, *declared}):
        old = ledger.get(name, Numbers())
        wanted = [field.name for field in fields_of(declared[name])] if name in declared else []
        revived = sorted(set(wanted) & set(old.reserved))
        assert not revived, f"{name}: {', '.join(revived)} was removed once; a new field needs a new name"
        kept = {field: number for field, number in old.fields.items() if field in wanted}
        reserved = {**old.reserved, **{field: n for field, n in old.fields.items() if field not in wanted}}
        following = max([0, *old.fields.values(), *reserved.values()]) + 1
        for field in wanted:
            if field not in kept:
                kept[field] = following
                following += 1
        numbered[name] = Numbers(fields=kept, reserved=reserved)
    return numbered


def read_ledger(text: str) -> Ledger:
    """Parse `fields.json`."""
    return msgspec.json.decode(text, type=Ledger)


def render_ledger(ledger: Ledger) -> str:
    """Write `fields.json`."""
    return json.dumps(msgspec.to_builtins(ledger), indent=1) + "\n"


def render_proto(ledger: Ledger, declared: dict[str, Struct]) -> str:
    """Write the `.proto` file."""
    parts = [f'// {DO_NOT_EDIT}\nsyntax = "proto3";\n\npackage {PACKAGE};\n', ENVELOPE_PROTO]
    for name, cls in declared.items():
        numbers = ledger[name]
        lines = [f"// {(cls.__doc__ or '').strip().splitlines()[0]}", f"message {name} {{"]
        if numbers.reserved:
            lines.append(f"  reserved {', '.join(str(number) for number in sorted(numbers.reserved.values()))};")
        lines += [f"  {field.proto} {field.name} = {numbers.fields[field.name]};" for field in fields_of(cls)]
        parts.append("\n".join([*lines, "}\n"]))
    return "\n".join(parts)


def render_conversion(declared: dict[str, Struct]) -> str:
    """Write the module that turns payloads into bytes and back."""
    modules = sorted({cls.__module__ for cls in declared.values()})
    lines = [f'"""{DO_NOT_EDIT}"""', "", "from collections.abc import Callable", "from typing import Any", ""]
    for module in modules:
        names = sorted(name for name, cls in declared.items() if cls.__module__ == module)
        lines.append(f"from {module} import {', '.join(names)}")
    lines += ["from whaletrader.messages._generated import messages_pb2 as pb", ""]
    for name, cls in declared.items():
        lines += ["", *_to_wire(name, cls), "", "", *_from_wire(name, cls), ""]
    lines += ["", "ENCODE: dict[tuple[str, int], Callable[[Any], bytes]] = {"]
    lines += [
        f'    ("{name}", {cls.VERSION}): lambda v: to_{name}(v).SerializeToString(),' for name, cls in _messages()
    ]
    lines += ["}", "", "DECODE: dict[tuple[str, int], Callable[[bytes], Any]] = {"]
    lines += [
        f'    ("{name}", {cls.VERSION}): lambda b: from_{name}(pb.{name}.FromString(b)),' for name, cls in _messages()
    ]
    return "\n".join([*lines, "}", ""])


def _messages() -> list[tuple[str, type[Payload]]]:
    return list(CATALOGUE.items())


def _to_wire(name: str, cls: Struct) -> list[str]:
    """Write the function that makes the protobuf message."""
    lines = [f"def to_{name}(v):", f"    return pb.{name}("]
    for field in fields_of(cls):
        value = f"v.{field.name}"
        if field.part:
            value = f"[to_{field.part}(x) for x in {value}]" if field.repeated else f"to_{field.part}({value})"
        lines.append(f"        {field.name}={value},")
    return [*lines, "    )"]


def _from_wire(name: str, cls: Struct) -> list[str]:
    """Write the function that reads the protobuf message; a `Part` that is not there is a ValueError."""
    fields = fields_of(cls)
    lines = [f"def from_{name}(m):"]
    for field in fields:
        if field.part and not field.repeated and not field.optional:
            lines += [f'    if not m.HasField("{field.name}"):', f'        raise ValueError("{field.name} is missing")']
    given = [field for field in fields if not field.optional]
    head = f"    return {name}(" if len(given) == len(fields) else "    given = dict("
    lines.append(head)
    lines += [f"        {field.name}={_read(field)}," for field in given]
    lines.append("    )")
    if len(given) < len(fields):
        for field in fields:
            if field.optional:
                lines += [f'    if m.HasField("{field.name}"):', f'        given["{field.name}"] = {_read(field)}']
        lines.append(f"    return {name}(**given)")
    return lines


def _read(field: Field) -> str:
    value = f"m.{field.name}"
    if field.repeated:
        return f"tuple([from_{field.part}(x) for x in {value}])" if field.part else f"tuple({value})"
    return f"from_{field.part}({value})" if field.part else value
