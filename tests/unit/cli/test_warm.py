"""After the warm-up there is nothing left to compile."""

import os
import subprocess
import sys

import pytest

from tests.tidy import tree
from whaletrader.cli import warm
from whaletrader.kernel_cache import place

# In a process and with a cache of its own: what other tests compiled must not count, and a kernel that is called from a
# cached one only is not loaded at all.
PROGRAM = """
import importlib, sys
from whaletrader.cli import warm
warm.main()
from numba.core.dispatcher import Dispatcher
for name in sys.argv[1:]:
    for key, value in sorted(vars(importlib.import_module(name)).items()):
        if isinstance(value, Dispatcher) and value.py_func.__module__ == name and not value.signatures:
            print("not compiled:", name, key)
"""


def modules_with_kernels():
    files = [name for name in tree.python_files("src/") if "import njit" in tree.text(name)]
    return [name.removeprefix("src/").removesuffix(".py").replace("/", ".") for name in files]


@pytest.mark.slow
def test_every_kernel_of_the_package_is_compiled_by_the_warm_up(tmp_path):
    modules = modules_with_kernels()
    assert "whaletrader.quant.bootstrap" in modules
    command = [sys.executable, "-c", PROGRAM, *modules]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    usual = place().is_dir()
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("kernels compiled or found in the cache in ")
    assert lines[1:] == []
    assert place().is_dir() == usual, "a cache elsewhere took the usual one away"


def test_the_warm_up_does_not_call_itself():
    assert "whaletrader.cli.warm" not in warm.warm_ups()
    named = {f"whaletrader.{package}.warm" for package in ("backtest", "datasets", "domain", "quant", "universe")}
    assert named <= set(warm.warm_ups())
