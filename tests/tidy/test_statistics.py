"""Every claim of docs/statistics.md names tests that exist, and every public statistic says where it is from."""

import ast
import doctest
import importlib
import re

import pytest

from tests.tidy import tree
from tests.tidy.test_roadmap_map import NAMED, missing

PAGE = "docs/statistics.md"
SOURCE = re.compile(r"doi:|\bch\. \d|\bsec(tion|\.) \d|ed\.|Kish|arXiv")
MODULES = [
    "beta_binomial", "block_length", "bootstrap", "bounded_mean", "betting", "calibration", "heavy_tail", "intervals",
    "mixture_prior", "monte_carlo", "multiple_testing", "persistence", "ranking", "reality_check", "sequential",
    "sharpe", "sharpe_arrays", "shrinkage", "stationary", "studentised",
]  # fmt: skip


def claims():
    """Rows of the table of claims as (claim, shown by)."""
    table = tree.text(PAGE).split("## Claims and their tests")[1]
    rows = [line.strip("|").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    return [(row[0].strip(), row[1].strip()) for row in rows[1:]]


def functions(module):
    """Public functions of a module of `quant` with their docstrings."""
    for node in tree.parsed(f"src/whaletrader/quant/{module}.py").body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, ast.get_docstring(node) or ""


def test_there_are_claims():
    assert len(claims()) >= 25


@pytest.mark.parametrize(("claim", "shown"), claims())
def test_a_claim_names_tests_that_exist(claim, shown):
    assert NAMED.findall(shown), claim
    assert all(test for _, test in NAMED.findall(shown)), f"{claim}: a file alone shows nothing"
    assert missing(shown) == []


@pytest.mark.parametrize("module", MODULES)
def test_a_module_of_statistics_names_its_sources(module):
    assert SOURCE.search(tree.text(f"src/whaletrader/quant/{module}.py"))


@pytest.mark.parametrize("module", MODULES)
def test_a_statistic_has_an_example_that_holds(module):
    lacking = [name for name, text in functions(module) if ">>>" not in text]
    assert lacking == []
    found = doctest.testmod(importlib.import_module(f"whaletrader.quant.{module}"))
    assert found.failed == 0
