"""The house rules hold over the whole tree; `rules.py` says what they are, `test_rules.py` shows that each can fail."""

import graphlib

import grimp
import pytest

from tests.tidy import rules, tree

ROOT_FILES = {
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "pyproject.toml",
    "requirements-dev.lock",
    "requirements.lock",
}
ROOT_FOLDERS = {".ci", "benchmarks", "docs", "examples", "scripts", "src", "tests"}
SOURCES = tree.python_files("src/")
TESTS = tree.python_files("tests/")
CORE = tree.python_files(*(f"src/whaletrader/{name}/" for name in rules.CORE))
HAND_WRITTEN = tree.python_files("src/", "tests/", "benchmarks/", "scripts/", "examples/")


def breaches(files, rule, read=tree.parsed):
    return [f"{name}: {breach}" for name in files for breach in rule(read(name))]


@pytest.mark.parametrize(
    ("files", "rule"),
    [
        (tree.python_files("src/", "benchmarks/", "scripts/", "examples/"), rules.long_functions),
        (CORE, rules.impurities),
        ([name for name in SOURCES if name != rules.SUPERVISOR], rules.broad_handlers),
        (SOURCES, rules.promises),
        (SOURCES, rules.builtin_hashes),
        (SOURCES, rules.missing_docstring),
        (SOURCES, rules.loose_kernels),
        (HAND_WRITTEN, rules.mocks),
        (TESTS, rules.sleeps),
        (TESTS, rules.tests_without_assertion),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_syntax_keeps_the_rule(files, rule):
    assert files
    assert breaches(files, rule) == []


@pytest.mark.parametrize(
    ("files", "rule"),
    [
        (HAND_WRITTEN, rules.long_file),
        (tree.text_files(), rules.unfinished),
        (tree.text_files(), rules.machine_paths),
        (tree.text_files(), rules.registry_hosts),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_text_keeps_the_rule(files, rule):
    assert files
    assert breaches(files, rule, tree.text) == []


def test_there_are_at_least_as_many_lines_of_tests_as_of_source():
    source, tests = (sum(tree.text(name).count("\n") for name in files) for files in (SOURCES, TESTS))
    assert tests >= source


def test_the_root_holds_only_what_belongs_there():
    top = {name.split("/")[0] for name in tree.tracked()}
    assert top - ROOT_FILES - ROOT_FOLDERS == set()


def test_no_module_imports_itself_by_a_detour():
    graph = grimp.build_graph("whaletrader", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    order = list(graphlib.TopologicalSorter(imports).static_order())
    assert len(order) == len(graph.modules)


def test_the_locks_name_no_host_and_hash_every_package():
    for name in ("requirements.lock", "requirements-dev.lock"):
        lines = tree.text(name).splitlines()
        packages = [number for number, line in enumerate(lines) if line[:1].isalnum()]
        assert packages
        assert [line for line in lines if "://" in line or line.startswith("-")] == []
        assert [lines[number] for number in packages if "--hash=sha256:" not in lines[number + 1]] == []


def test_the_development_lock_holds_every_package_of_the_run_lock_in_the_same_version():
    run, development = (
        {line.split(" ")[0] for line in tree.text(name).splitlines() if line[:1].isalnum()}
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert run - development == set()
