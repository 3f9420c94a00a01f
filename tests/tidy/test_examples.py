"""What an example or a document tells a user to type is something that the program knows."""

import re
import shutil

import pytest
from typer.main import get_command

from tests.tidy import tree
from whaletrader.app.settings import load_settings
from whaletrader.cli.main import app

DOCUMENTS = [name for name in tree.tracked() if name.endswith(".md")]
NAMED = re.compile(r"(?:`|^|bin/)whaletrader ([a-z][a-z-]+)(?: ([a-z][a-z-]+))?", re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def commands():
    """Every command's options, by its words."""
    found = {}
    for name, command in get_command(app).commands.items():
        parts = getattr(command, "commands", {}) | {"": command}
        for part, each in parts.items():
            options = {option for parameter in each.params for option in (*parameter.opts, *parameter.secondary_opts)}
            found[name, part] = options | {"--help"}
    return found


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_that_a_document_names_exists(name):
    known = commands()
    groups = {words[0] for words in known if words[1]}
    for command, part in NAMED.findall(tree.text(name)):
        assert (command, part if command in groups else "") in known


@pytest.mark.parametrize("name", ["README.md", "docs/operating.md", "docs/data.md"])
def test_every_option_on_a_line_with_a_command_is_one_of_some_commands(name):
    known = set().union(*commands().values())
    lines = [line for line in tree.text(name).splitlines() if "whaletrader " in line]
    assert {option for line in lines for option in OPTION.findall(line)} - known == set()


def test_the_example_of_settings_loads_and_says_what_it_changes(tmp_path):
    shutil.copy(tree.ROOT / "examples" / "whaletrader.toml", tmp_path)
    values = load_settings(tmp_path, environment={}).values
    changed = {value.name: value.value for value in values if value.origin == "whaletrader.toml"}
    assert changed["account.starting_equity"] == "2500"
    assert changed["limits.per_trade"] == "0.01"
    assert len(changed) == 10


def test_the_example_lowers_limits_and_raises_none(tmp_path):
    before = {value.name: value.value for value in load_settings(tmp_path, environment={}).values}
    shutil.copy(tree.ROOT / "examples" / "whaletrader.toml", tmp_path)
    after = {value.name: value.value for value in load_settings(tmp_path, environment={}).values}
    lowered = {name for name in before if name.startswith("limits.") and before[name] != after[name]}
    assert lowered
    assert all(float(after[name]) < float(before[name]) for name in lowered)
