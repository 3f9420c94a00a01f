"""What a user installs is what the source imports: no dependency without use, no use without a dependency."""

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions

from tests.tidy import tree
from tests.tidy.rules import imported, nodes

OURS = {"whaletrader"}
INSTALLER = {"setuptools", "uv"}


def canonical(name):
    return re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]+", name)[0]).lower()


def project():
    return tomllib.loads(tree.text("pyproject.toml"))["project"]


@cache
def distributions(*folders):
    """The packages that the Python files of these folders import, by their names in the requirements."""
    known = packages_distributions()
    found = set()
    for name in tree.python_files(*folders):
        for node in nodes(tree.parsed(name), ast.Import, ast.ImportFrom):
            if not getattr(node, "level", 0):
                modules = {"google"} if "google.protobuf" in ast.unparse(node) else imported(node)
                for module in modules - OURS - set(sys.stdlib_module_names):
                    found |= {canonical(each) for each in known.get(module, [module])}
    return found


def test_every_dependency_is_imported_by_the_source_or_the_generated_codecs():
    asked = {canonical(name) for name in project()["dependencies"]}
    by_name = {"httptools"}  # the parser of the HTTP server, chosen by its name
    assert asked - distributions("src/") - {"protobuf"} - by_name == set()
    assert any("google.protobuf" in tree.text(name) for name in tree.tracked() if name.startswith(tree.GENERATED))


def test_everything_that_the_source_imports_is_a_dependency():
    extras = project()["optional-dependencies"]
    asked = {canonical(name) for name in [*project()["dependencies"], *extras["ray"], *extras["live"]]}
    used = {name for name in distributions("src/") if not name.startswith(("google", "proto"))}  # protobuf's many names
    assert used - asked == set()


def test_the_extras_are_those_of_the_installer_a_cluster_the_venues_client_and_development():
    extras = project()["optional-dependencies"]
    assert set(extras) == {"build", "ray", "live", "dev"}
    assert {canonical(name) for name in extras["build"]} == INSTALLER


def test_both_locks_hold_every_dependency_with_hashes_and_no_host():
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = tree.text(lock)
        pinned = set(re.findall(r"^([a-z0-9-]+)(?:\[[^\]]*\])?==", text, re.MULTILINE))
        assert {canonical(name) for name in project()["dependencies"]} <= pinned
        assert text.count("--hash=sha256:") >= len(pinned)
        assert "://" not in text


def test_a_use_is_found_under_the_name_of_its_distribution():
    assert {"pycryptodome", "numpy", "polars"} <= distributions("src/")
