"""Kernels that different processes compiled do not share names in one that loads them all."""

import ast
import os
import subprocess
import sys
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from numba.core.bytecode import FunctionIdentity

from tests.tidy import tree
from whaletrader import kernels

MODULES = {
    "sorts": "x = x.copy()\n    x.sort()\n    return x",
    "ranks": "return np.argsort(x)",
}
KERNEL = """
import numpy as np
from {home} import njit

@njit(cache=True)
def kernel(x):
    {body}
"""
PROGRAM = """
import sys
import numpy as np
from {home} import njit

for _ in range(int(sys.argv[1])):
    njit(lambda x: x)(1)
x = np.array([5, 3, 9, 1, 7, 2, 8, 100, 50, 40, 30, 20, 10, 11, 12, 13, 14, 15, 16, 17])
for name in sys.argv[2:]:
    print(*__import__(name).kernel(x))
"""
VALUES = [5, 3, 9, 1, 7, 2, 8, 100, 50, 40, 30, 20, 10, 11, 12, 13, 14, 15, 16, 17]


def answers(folder: Path, home: str) -> list[list[int]]:
    """Compile one kernel in each of two processes, so that numba's numbers coincide, and load both in a third."""
    for name, body in MODULES.items():
        (folder / f"{name}.py").write_text(KERNEL.format(home=home, body=body))
    (folder / "program.py").write_text(PROGRAM.format(home=home))
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder / "cache")}

    def run(*words: str) -> str:
        command = [sys.executable, "program.py", *words]
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=120
        ).stdout

    run("0", "sorts")
    run("2", "ranks")
    return [[int(word) for word in line.split()] for line in run("0", "sorts", "ranks").splitlines()]


@pytest.mark.slow
def test_kernels_of_two_processes_give_right_results_in_a_third(tmp_path: Path) -> None:
    assert answers(tmp_path, "whaletrader.kernels") == [sorted(VALUES), np.argsort(VALUES).tolist()]


@pytest.mark.slow
def test_with_numbas_own_numbers_they_do_not(tmp_path: Path) -> None:
    # When this fails numba has mended it, and `whaletrader.kernels` may go.
    assert answers(tmp_path, "numba") == [sorted(VALUES), sorted(VALUES)]


def next_number() -> int:
    return next(FunctionIdentity._unique_ids)


def test_each_process_counts_from_a_place_of_its_own() -> None:
    program = "from tests.unit.test_kernels import next_number; print(next_number())"
    told = [
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tree.ROOT
        ).stdout
        for _ in range(2)
    ]
    assert abs(int(told[0]) - int(told[1])) > 1_000_000


def test_a_forked_child_counts_from_another_place() -> None:
    ours = next_number()
    with get_context("fork").Pool(1) as pool:
        theirs = pool.apply(next_number)
    assert abs(theirs - ours) > 1_000_000
    assert next_number() == ours + 1


def test_every_kernel_is_compiled_under_such_names() -> None:
    direct = [
        name
        for name in tree.python_files("src/")
        for node in ast.walk(ast.parse(tree.text(name)))
        if (isinstance(node, ast.ImportFrom) and node.module == "numba")
        or (isinstance(node, ast.Import) and any(each.name == "numba" for each in node.names))
    ]
    assert direct == [Path(kernels.__file__).relative_to(tree.ROOT).as_posix()]
