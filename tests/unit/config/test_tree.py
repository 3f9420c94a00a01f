"""The tree of settings: frozen, closed, every value inside its range, and every number with its unit in its name."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from whaletrader.config.tree import RuntimeSettings, Settings
from whaletrader.domain.risk.limits import RiskLimits

UNITS = ("_micro", "_s", "_ms", "_days", "_bytes", "_groups")
COUNTS = {
    "agree",
    "confirmations",
    "draws",
    "seed",
    "max_open_positions",
    "min_resolved_bets_fills",
    "min_resolved_bets_signals",
    "max_leaders",
    "bootstrap_resamples",
    "batch_messages",
    "snapshot_every",
    "port",
}
"""Numbers that count something have no unit."""


def sections(tree: msgspec.Struct) -> Iterator[tuple[str, msgspec.Struct]]:
    for name in tree.__struct_fields__:
        value = getattr(tree, name)
        if isinstance(value, msgspec.Struct):
            yield name, value


def leaves(tree: msgspec.Struct) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name in tree.__struct_fields__:
        value = getattr(tree, name)
        if isinstance(value, msgspec.Struct):
            yield from (((name, *path), leaf) for path, leaf in leaves(value))
        else:
            yield (name,), value


LEAVES = dict(leaves(Settings()))


def nested(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The tree of plain values in which only one is given."""
    for name in reversed(path):
        value = {name: value}
    return dict(value)


def test_the_defaults_are_inside_their_own_ranges() -> None:
    assert msgspec.convert(msgspec.to_builtins(Settings()), Settings) == Settings()


def test_the_tree_travels_as_text_and_back() -> None:
    assert msgspec.json.decode(msgspec.json.encode(Settings()), type=Settings) == Settings()


def test_nothing_given_is_every_default() -> None:
    assert msgspec.convert({}, Settings) == Settings()


@pytest.mark.parametrize("path", LEAVES, ids=".".join)
def test_a_value_alone_changes_nothing_else(path: tuple[str, ...]) -> None:
    loaded = msgspec.convert(nested(path, LEAVES[path]), Settings)
    assert loaded == Settings()


@pytest.mark.parametrize("path", LEAVES, ids=".".join)
def test_no_value_can_be_changed_afterwards(path: tuple[str, ...]) -> None:
    section: Any = Settings()
    for name in path[:-1]:
        section = getattr(section, name)
    with pytest.raises(AttributeError, match="immutable"):
        setattr(section, path[-1], LEAVES[path])


@pytest.mark.parametrize("path", LEAVES, ids=".".join)
@pytest.mark.parametrize("wrong", [None, [1], {"a": 1}, 1.5])
def test_a_value_of_another_type_is_refused(path: tuple[str, ...], wrong: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(nested(path, wrong), Settings)


NUMBERS = [path for path, value in LEAVES.items() if isinstance(value, int)]


@pytest.mark.parametrize("path", NUMBERS, ids=".".join)
def test_a_negative_number_is_refused(path: tuple[str, ...]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(nested(path, -1), Settings)


@pytest.mark.parametrize("path", NUMBERS, ids=".".join)
def test_a_numbers_name_ends_with_its_unit_or_it_counts_something(path: tuple[str, ...]) -> None:
    assert path[-1].endswith(UNITS) or path[-1] in COUNTS


@pytest.mark.parametrize("section", ["", *dict(sections(Settings()))])
def test_an_unknown_key_is_refused_in_every_section(section: str) -> None:
    unknown = {"no_such_setting": 1}
    with pytest.raises(msgspec.ValidationError, match="no_such_setting"):
        msgspec.convert({section: unknown} if section else unknown, Settings)


@pytest.mark.parametrize("path", NUMBERS, ids=".".join)
def test_whole_numbers_are_never_made_of_fractions_or_text(path: tuple[str, ...]) -> None:
    for wrong in (0.5, "1", True):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(nested(path, wrong), Settings)


@pytest.mark.parametrize(
    ("path", "just_inside", "just_outside"),
    [
        (("web", "port"), 65_535, 65_536),
        (("web", "port"), 0, -1),
        (("runtime", "batch_messages"), 100_000, 100_001),
        (("runtime", "batch_messages"), 1, 0),
        (("runtime", "max_message_bytes"), 1_024, 1_023),
        (("runtime", "max_message_bytes"), 16_777_216, 16_777_217),
        (("faults", "drop_micro"), 1_000_000, 1_000_001),
        (("discovery", "confidence_micro"), 999_999, 1_000_000),
        (("discovery", "confidence_micro"), 800_001, 800_000),
        (("limits", "cvar_level_micro"), 999_000, 999_001),
        (("limits", "per_trade_micro"), 1_000_000, 1_000_001),
        (("limits", "daily_loss_micro"), 1, 0),
        (("execution", "latency_ms"), 0, -1),
        (("execution", "order_ttl_s"), 1, 0),
        (("account", "starting_equity_micro"), 1, 0),
        (("seed",), 2**63 - 1, 2**63),
    ],
)
def test_each_range_ends_where_it_says(path: tuple[str, ...], just_inside: int, just_outside: int) -> None:
    value: Any = msgspec.convert(nested(path, just_inside), Settings)
    for name in path:
        value = getattr(value, name)
    assert value == just_inside
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(nested(path, just_outside), Settings)


@pytest.mark.parametrize("name", ["paper", "a", "live-2", "x_y", "a" * 32])
def test_a_book_has_a_plain_name(name: str) -> None:
    assert msgspec.convert(nested(("account", "name"), name), Settings).account.name == name


@pytest.mark.parametrize("name", ["", "Paper", "2live", "-x", "a b", "a/b", "..", "a" * 33, "paper\n"])
def test_a_name_that_could_be_a_path_or_a_mistake_is_refused(name: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(nested(("account", "name"), name), Settings)


@pytest.mark.parametrize("steps", [(300_000, 200_000, 250_000), (100_000, 260_000, 250_000)])
def test_a_drawdown_ladder_that_falls_is_refused(steps: tuple[int, int, int]) -> None:
    names = ("drawdown_reducing_micro", "drawdown_derisk_micro", "drawdown_kill_micro")
    with pytest.raises(msgspec.ValidationError, match="must not fall"):
        msgspec.convert({"limits": dict(zip(names, steps, strict=True))}, Settings)


def test_the_limits_are_those_of_the_kernel() -> None:
    assert isinstance(Settings().limits, RiskLimits)
    assert Settings().limits == RiskLimits()


def test_a_batch_is_committed_before_it_could_hold_a_snapshot_back() -> None:
    assert RuntimeSettings().batch_messages < RuntimeSettings().snapshot_every


def test_two_trees_of_the_same_values_are_the_same_and_their_text_is_the_same() -> None:
    first, second = Settings(seed=5), msgspec.convert({"seed": 5}, Settings)
    assert first == second != Settings()
    assert msgspec.json.encode(first) == msgspec.json.encode(second)
