"""GraphQL as far as clients of the history subgraphs write it: one operation, variables, arguments, nested fields.

Fragments, directives and mutations are refused. Only read here: nothing is looked up.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

Value = str | int | bool | None | list["Value"] | dict[str, "Value"]
_TOKEN = re.compile(r'\s*(?:#[^\n]*\s*|,\s*)*("(?:[^"\\]|\\.)*"|-?\d+|[A-Za-z_]\w*|\.\.\.|[{}()\[\]:$!=@])')
_BLANK = re.compile(r"(?:\s|,|#[^\n]*)*")
_NAME = re.compile(r"[A-Za-z_]\w*")
_WORDS: Mapping[str, Value] = {"true": True, "false": False, "null": None}
MAX_DEPTH = 20


class BadQuery(Exception):
    """The text is no query that is understood; the words say where."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A field that is asked for, with its arguments and what is wanted of it (empty: the value itself)."""

    name: str
    alias: str
    arguments: Mapping[str, Value] = field(default_factory=dict)
    fields: tuple["Selected", ...] = ()


def parse_query(text: str, variables: Mapping[str, Value] | None = None) -> tuple[Selected, ...]:
    """The fields that a query asks for.

    Raises
    ------
    BadQuery
        It is none, or a variable has no value.
    """
    reader = _Reader(text, variables or {})
    reader.operation()
    found = reader.selection(0)
    if reader.next():
        raise BadQuery(f"Unexpected `{reader.next()}`: one operation only")
    return found


class _Reader:
    def __init__(self, text: str, variables: Mapping[str, Value]) -> None:
        self._tokens: list[str] = []
        self._at = 0
        self._variables = dict(variables)
        place = 0
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                if _BLANK.fullmatch(text, place):
                    break
                raise BadQuery(f"Unexpected `{text[place : place + 10].strip()}`")
            self._tokens.append(match.group(1))
            place = match.end()

    def next(self) -> str:
        """The token at hand, "" behind the last."""
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.next()
        if not token or (wanted and token != wanted):
            raise BadQuery(f"Unexpected `{token or 'end of input'}`" + (f", expected `{wanted}`" if wanted else ""))
        self._at += 1
        return token

    def _name(self) -> str:
        token = self.take()
        if not _NAME.fullmatch(token):
            raise BadQuery(f"Unexpected `{token}`, expected a name")
        return token

    def operation(self) -> None:
        """The head of an operation: its name and its variables' defaults."""
        if self.next() == "{":
            return
        if self.take() != "query":
            raise BadQuery("only queries are supported")
        if self.next() not in ("{", "("):
            self._name()
        if self.next() == "(":
            self.take("(")
            while self.next() != ")":
                self._variable()
            self.take(")")

    def _variable(self) -> None:
        self.take("$")
        name = self._name()
        self.take(":")
        while self.next() in ("[", "]", "!") or _NAME.fullmatch(self.next()):
            self.take()
        if self.next() == "=":
            self.take("=")
            self._variables.setdefault(name, self._value(0))

    def selection(self, depth: int) -> tuple[Selected, ...]:
        if depth > MAX_DEPTH:
            raise BadQuery("the query is nested too deeply")
        self.take("{")
        found = []
        while self.next() != "}":
            found.append(self._field(depth))
        self.take("}")
        return tuple(found)

    def _field(self, depth: int) -> Selected:
        name = alias = self._name()
        if self.next() == ":":
            self.take(":")
            name = self._name()
        arguments = self._pairs("(", ")", depth) if self.next() == "(" else {}
        fields = self.selection(depth + 1) if self.next() == "{" else ()
        return Selected(name, alias, arguments, fields)

    def _pairs(self, opening: str, closing: str, depth: int) -> dict[str, Value]:
        self.take(opening)
        found: dict[str, Value] = {}
        while self.next() != closing:
            name = self._name()
            self.take(":")
            found[name] = self._value(depth + 1)
        self.take(closing)
        return found

    def _value(self, depth: int) -> Value:
        if depth > MAX_DEPTH:
            raise BadQuery("the query is nested too deeply")
        token = self.next()
        if token == "{":
            return self._pairs("{", "}", depth)
        if token == "[":
            self.take("[")
            listed: list[Value] = []
            while self.next() != "]":
                listed.append(self._value(depth + 1))
            self.take("]")
            return listed
        if token == "$":
            self.take("$")
            name = self._name()
            if name not in self._variables:
                raise BadQuery(f"Variable `{name}` has no value")
            return self._variables[name]
        self.take()
        if token.startswith('"'):
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        if token.lstrip("-").isdigit():
            return int(token)
        if not _NAME.fullmatch(token):
            raise BadQuery(f"Unexpected `{token}`, expected a value")
        return _WORDS.get(token, token)
