"""Each house rule finds the bad example that it was made for, and leaves the good one alone."""

import ast

import pytest

from tests.tidy import rules

LONG_BODY = "def f():\n" + "    x = 1\n" * 60
MARK = "TO" + "DO"
PROMISE = "NotImplemented" + "Error"
MOCK = "mo" + "ck"

BAD_SYNTAX = [
    (rules.long_functions, LONG_BODY),
    (rules.impurities, "async def f(): ..."),
    (rules.impurities, "import os"),
    (rules.impurities, "from time import monotonic"),
    (rules.impurities, "import logging.handlers"),
    (rules.impurities, "print(1)"),
    (rules.impurities, "open('x')"),
    (rules.impurities, "datetime.now()"),
    (rules.impurities, "datetime.datetime.utcnow()"),
    (rules.impurities, "date.today()"),
    (rules.impurities, "np.random.normal(0, 1)"),
    (rules.impurities, "np.random.default_rng()"),
    (rules.broad_handlers, "try: f()\nexcept: pass"),
    (rules.broad_handlers, "try: f()\nexcept Exception: pass"),
    (rules.broad_handlers, "try: f()\nexcept (ValueError, BaseException): pass"),
    (rules.promises, f"raise {PROMISE}"),
    (rules.promises, f"raise {PROMISE}('later')"),
    (rules.builtin_hashes, "x = hash('a')"),
    (rules.missing_docstring, "x = 1"),
    (rules.loose_kernels, "@njit\ndef f(): ..."),
    (rules.loose_kernels, "@numba.njit(cache=False)\ndef f(): ..."),
    (rules.loose_kernels, "@njit(cache=True, fastmath=True)\ndef f(): ..."),
    (rules.loose_kernels, "@nb.njit(cache=True, parallel=True)\ndef f(): ..."),
    (rules.loose_kernels, "g = njit(f)"),
    (rules.loose_kernels, "for i in prange(3): ..."),
    (rules.mocks, f"from unittest import {MOCK}"),
    (rules.mocks, f"import pytest_{MOCK}"),
    (rules.sleeps, "time.sleep(1)"),
    (rules.sleeps, "await asyncio.sleep(1)"),
    (rules.tests_without_assertion, "def test_x(): f()"),
]
GOOD_SYNTAX = [
    (rules.long_functions, LONG_BODY.removesuffix("    x = 1\n")),
    (rules.impurities, "from datetime import datetime\nx = datetime(2025, 1, 1)"),
    (rules.impurities, "np.random.Generator(np.random.PCG64(seed))"),
    (rules.impurities, "generator.normal(0, 1)"),
    (rules.broad_handlers, "try: f()\nexcept (ValueError, KeyError): pass"),
    (rules.promises, "x = NotImplemented"),
    (rules.builtin_hashes, "x = digest.hash('a')"),
    (rules.missing_docstring, '"""What it does."""'),
    (rules.loose_kernels, "@njit(cache=True)\ndef f(): ..."),
    (rules.mocks, "import hypothesis"),
    (rules.sleeps, "wait_until(done, 1.0)"),
    (rules.tests_without_assertion, "def test_x():\n    assert f()"),
    (rules.tests_without_assertion, "def test_x():\n    with pytest.raises(ValueError): f()"),
    (rules.tests_without_assertion, "def helper(): f()"),
]
BAD_TEXT = [
    (rules.long_file, "x\n" * 500),
    (rules.unfinished, f"# {MARK}: finish this"),
    (rules.machine_paths, "see /wo" + "rk/main/x"),
    (rules.machine_paths, "HOME=/ro" + "ot"),
    (rules.machine_paths, "open('/tm" + "p/x')"),
    (rules.machine_paths, "/ho" + "me/anna/x"),
    (rules.registry_hosts, "https://py" + "pi.org/simple"),
    (rules.registry_hosts, "--index" + "-url x"),
]
GOOD_TEXT = [
    (rules.long_file, "x\n" * 499),
    (rules.unfinished, "a hacksaw"),
    (rules.machine_paths, "a framework/main file, ../shared/data, ~/data and homework"),
    (rules.registry_hosts, "https://clob.polymarket.com"),
]


def parse_leniently(source):
    return compile(source, "example", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.mark.parametrize(("rule", "example"), BAD_SYNTAX)
def test_a_rule_of_syntax_finds_its_bad_example(rule, example):
    assert list(rule(parse_leniently(example)))


@pytest.mark.parametrize(("rule", "example"), GOOD_SYNTAX)
def test_a_rule_of_syntax_leaves_the_good_example_alone(rule, example):
    assert list(rule(parse_leniently(example))) == []


@pytest.mark.parametrize(("rule", "example"), BAD_TEXT)
def test_a_rule_of_text_finds_its_bad_example(rule, example):
    assert list(rule(example))


@pytest.mark.parametrize(("rule", "example"), GOOD_TEXT)
def test_a_rule_of_text_leaves_the_good_example_alone(rule, example):
    assert list(rule(example)) == []
