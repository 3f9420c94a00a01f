"""The documents agree with the tree: layers, commands of make, files that they point to."""

import re
import tomllib

import pytest

from tests.tidy import tree

DOCUMENTS = [name for name in tree.tracked() if name.endswith(".md")]
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
TARGET = re.compile(r"`make ([a-z-]+)")


def test_the_architecture_draws_the_layers_that_are_checked():
    settings = tomllib.loads(tree.text("pyproject.toml"))
    (contract,) = [item for item in settings["tool"]["importlinter"]["contracts"] if item["type"] == "layers"]
    block = tree.text("ARCHITECTURE.md").split("## The layers")[1].split("```")[1]
    drawn = [re.split(r"\s{2,}", line)[0].strip() for line in block.strip().splitlines()]
    assert drawn == contract["layers"]


def test_every_package_of_the_source_has_a_layer():
    settings = tomllib.loads(tree.text("pyproject.toml"))
    (contract,) = [item for item in settings["tool"]["importlinter"]["contracts"] if item["type"] == "layers"]
    layered = {name for layer in contract["layers"] for name in layer.split(" | ")}
    children = {name.split("/")[2].removesuffix(".py") for name in tree.python_files("src/whaletrader/")}
    assert children - {"__init__", *contract["exhaustive_ignores"]} == layered


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_a_document_links_to_exists(name):
    links = [link for link in LINK.findall(tree.text(name)) if "://" not in link]
    folder = (tree.ROOT / name).parent
    assert [link for link in links if not (folder / link).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_make_target_that_is_named_exists(name):
    known = set(re.findall(r"^([a-z-]+):", tree.text("Makefile"), re.MULTILINE))
    named = set(TARGET.findall(tree.text(name)))
    assert named
    assert named - known == set()


def test_make_help_lists_every_target_that_a_user_calls():
    documented = set(re.findall(r"^([a-z-]+):.*##", tree.text("Makefile"), re.MULTILINE))
    assert {"setup", "run", "test", "test-fast", "lint", "fmt", "bench", "validate", "soak", "clean"} <= documented
