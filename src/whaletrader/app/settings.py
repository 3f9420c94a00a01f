"""Loads the settings' tree: defaults, the data directory's TOML file, the environment, the command line, in this order.

A field ``x_micro`` is called ``x`` outside and written in whole units ("0.02", "10000"). The environment says
``WHALETRADER_LIMITS__PER_TRADE=0.01``. An unknown key, a wrong type or a value outside its range is refused
with the setting's name and what is allowed.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from whaletrader.config.tree import Settings
from whaletrader.domain.values import MICRO
from whaletrader.errors import SettingError, StorageError

ENV_PREFIX = "WHALETRADER_"
RESERVED_ENV = frozenset({"WHALETRADER_DATA", "WHALETRADER_HOME"})
RESERVED_PREFIX = "WHALETRADER_FAILPOINT"
FILE_NAME = "whaletrader.toml"
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
"""A name or an address; names in other letters are written as xn--…"""
_SOCKETS = ("venue.stream_url", "venue.activity_url", "venue.rpc_stream_url")
_NODES = ("venue.rpc_url", "venue.rpc_stream_url")
"""Whose addresses may have a query: some nodes' keys are written there."""


class Value(msgspec.Struct, frozen=True):
    """One setting as a person sees it."""

    name: str
    value: str
    origin: str
    """`default`, the file's name, the environment variable's name or `command line`."""


class Loaded(msgspec.Struct, frozen=True):
    """The tree, and where each of its values came from."""

    settings: Settings
    values: tuple[Value, ...]


def load_settings(
    data_dir: Path, *, environment: Mapping[str, str] | None = None, overrides: Mapping[str, str] | None = None
) -> Loaded:
    """Load and check everything; `overrides` maps dotted names ("limits.per_trade") to text."""
    kinds = dict(_leaves(Settings()))
    given: dict[str, tuple[Any, str]] = {}
    for name, value in _file_values(data_dir / FILE_NAME).items():
        given[name] = (value, FILE_NAME)
    env = os.environ if environment is None else environment
    for variable in sorted(env):
        if (
            variable.startswith(ENV_PREFIX)
            and variable not in RESERVED_ENV
            and not variable.startswith(RESERVED_PREFIX)
        ):
            name = variable.removeprefix(ENV_PREFIX).lower().replace("__", ".")
            given[name] = (env[variable], variable)
    for name, text in (overrides or {}).items():
        given[name] = (text, "command line")
    nested: dict[str, Any] = {}
    for name, (raw, origin) in given.items():
        _place(nested, kinds, name, raw, origin)
    settings = _convert(nested, given)
    _check_addresses(settings, given)
    values = tuple(
        Value(_outer(name), _shown(name, value), given.get(_outer(name), ("", "default"))[1])
        for name, value in _leaves(settings)
    )
    return Loaded(settings, values)


def _leaves(tree: msgspec.Struct, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for field in tree.__struct_fields__:
        value = getattr(tree, field)
        if isinstance(value, msgspec.Struct):
            yield from _leaves(value, f"{prefix}{field}.")
        else:
            yield f"{prefix}{field}", value


def _outer(name: str) -> str:
    return name.removesuffix("_micro")


def _shown(name: str, value: Any) -> str:
    if name.endswith("_micro"):
        return format((Decimal(value) / MICRO).normalize(), "f")
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _file_values(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as fault:
        raise StorageError(f"The settings file {path} cannot be read: {fault}.") from fault
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise SettingError(f"The settings file {path} is not valid TOML: {fault}.") from fault
    return dict(_flatten(tree))


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _place(nested: dict[str, Any], kinds: Mapping[str, Any], name: str, raw: Any, origin: str) -> None:
    inner = f"{name}_micro" if f"{name}_micro" in kinds else name
    if inner not in kinds or (inner == name and name.endswith("_micro")):
        outer = [_outer(known) for known in kinds]
        near = difflib.get_close_matches(name, outer, n=1)
        hint = f"did you mean {near[0]}?" if near else "`whaletrader config show` lists all settings."
        raise SettingError(f"Unknown setting {name} (from {origin}); {hint}")
    section = nested
    *path, leaf = inner.split(".")
    for step in path:
        section = section.setdefault(step, {})
    section[leaf] = _parsed(inner, name, raw, kinds[inner], origin)


def _parsed(inner: str, name: str, raw: Any, default: Any, origin: str) -> Any:
    """Turn a file's or the environment's value into the tree's plain type."""
    if isinstance(default, tuple):
        return tuple(part.strip() for part in raw.split(",")) if isinstance(raw, str) else raw
    if isinstance(default, int):
        kind = "a decimal number" if inner.endswith("_micro") else "a whole number"
        try:
            number = Decimal(str(raw)) if not isinstance(raw, bool) else Decimal("NaN")
        except InvalidOperation as fault:
            raise SettingError(f"Setting {name} (from {origin}) must be {kind}, not {raw!r}.") from fault
        scaled = number * MICRO if inner.endswith("_micro") else number
        if not scaled.is_finite() or scaled != scaled.to_integral_value():
            raise SettingError(f"Setting {name} (from {origin}) must be {kind}, not {raw!r}.")
        return int(scaled)
    return raw


def _convert(nested: dict[str, Any], given: Mapping[str, tuple[Any, str]]) -> Settings:
    try:
        return msgspec.convert(nested, Settings)
    except msgspec.ValidationError as fault:
        text = str(fault)
        where = text.rpartition("`$.")[2].rstrip("`") if "`$." in text else ""
        name = _outer(where)
        origin = given.get(name, ("", "?"))[1]
        allowed = text.partition(" - at")[0]
        if where.endswith("_micro"):
            allowed += " (in millionths)"
        raise SettingError(f"Setting {name} (from {origin}) is not allowed: {allowed}.") from fault


def _check_addresses(settings: Settings, given: Mapping[str, tuple[Any, str]]) -> None:
    """Refuse what cannot be connected to; the value is not quoted, as a node's address may hold a key."""
    usual = dict(_leaves(Settings()))
    for name, value in _leaves(settings):
        if not name.endswith("_url") or value == usual[name]:
            continue
        schemes = ("ws", "wss") if name in _SOCKETS else ("http", "https")
        if not _is_address(value, schemes, query=name in _NODES):
            raise SettingError(
                f"Setting {name} (from {given[name][1]}) must be an address such as {schemes[1]}://host or "
                f"{schemes[0]}://127.0.0.1:8900/path{'' if name in _NODES else ', without a query'}."
            )


def _is_address(text: str, schemes: tuple[str, ...], *, query: bool) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme not in schemes or not _HOST.fullmatch(parts.hostname or "") or port == 0:
        return False
    return text.isascii() and text.isprintable() and " " not in text and (query or "?" not in text) and "#" not in text
