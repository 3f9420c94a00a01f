"""The compiled kernels' cache follows the sources, so that no changed kernel runs in its old form."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from whaletrader import kernel_cache

KERNEL = """
from numba import njit
from {package}.callee import inner

@njit(cache=True)
def outer(x):
    return inner(x) + 1
"""
CALLEE = "from numba import njit\n\n@njit(cache=True)\ndef inner(x):\n    return x * {factor}\n"


def package(root: Path, factor: int) -> Path:
    made = root / "made"
    for name in kernel_cache.KERNEL_PACKAGES:
        (made / name).mkdir(parents=True, exist_ok=True)
    (made / "quant" / "callee.py").write_text(CALLEE.format(factor=factor))
    (made / "quant" / "outer.py").write_text(KERNEL.format(package="quant"))
    return made


def test_the_place_changes_with_any_source_of_a_kernel_package(tmp_path: Path) -> None:
    before = kernel_cache.place(package(tmp_path, 2))
    assert kernel_cache.place(package(tmp_path, 2)) == before
    assert kernel_cache.place(package(tmp_path, 3)) != before


@pytest.mark.parametrize("name", kernel_cache.KERNEL_PACKAGES)
def test_a_new_or_renamed_file_changes_the_place(tmp_path: Path, name: str) -> None:
    made = package(tmp_path, 2)
    before = kernel_cache.place(made)
    (made / name / "new.py").write_text("")
    with_new = kernel_cache.place(made)
    (made / name / "new.py").rename(made / name / "newer.py")
    assert len({before, with_new, kernel_cache.place(made)}) == 3


def test_a_file_outside_the_kernel_packages_does_not_change_the_place(tmp_path: Path) -> None:
    made = package(tmp_path, 2)
    before = kernel_cache.place(made)
    (made / "cli.py").write_text("x = 1")
    assert kernel_cache.place(made) == before


def test_every_file_with_a_kernel_lies_in_a_kernel_package() -> None:
    holders = {
        path.relative_to(kernel_cache.PACKAGE).parts[0]
        for path in kernel_cache.PACKAGE.rglob("*.py")
        if "import njit\n" in path.read_text(encoding="utf-8")
    }
    assert holders <= set(kernel_cache.KERNEL_PACKAGES)


@pytest.mark.slow
def test_a_changed_callee_in_another_file_runs_in_its_new_form(tmp_path: Path) -> None:
    program = (
        "import os, sys, pathlib; from whaletrader import kernel_cache;"
        "made = pathlib.Path(sys.argv[1]);"
        "os.environ['NUMBA_CACHE_DIR'] = str(pathlib.Path(sys.argv[2]) / kernel_cache.place(made).name);"
        "sys.path.insert(0, str(made)); from quant.outer import outer; print(outer(10))"
    )
    answers = []
    for factor in (2, 3, 2):
        made = package(tmp_path, factor)
        done = subprocess.run(
            [sys.executable, "-c", program, str(made), str(tmp_path / "cache")],
            capture_output=True,
            text=True,
            check=True,
        )
        answers.append(int(done.stdout))
    assert answers == [21, 31, 21]


def test_a_place_that_is_set_already_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(kernel_cache.VARIABLE, str(tmp_path))
    assert kernel_cache.use_kernel_cache() == tmp_path


def test_otherwise_it_is_set_for_this_process_and_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(kernel_cache.VARIABLE)
    assert kernel_cache.use_kernel_cache() == kernel_cache.place()
    assert os.environ[kernel_cache.VARIABLE] == str(kernel_cache.place())


def test_caches_of_other_states_are_removed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    current = kernel_cache.place()
    for name in (current.name, "old", "older"):
        (current.parent / name).mkdir(parents=True)
    assert kernel_cache.drop_others(current) == 2
    assert [path.name for path in current.parent.iterdir()] == [current.name]


def test_a_cache_that_lies_elsewhere_removes_none_in_the_usual_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    usual = kernel_cache.place()
    usual.mkdir(parents=True)
    assert kernel_cache.drop_others(tmp_path / "elsewhere") == 0
    assert usual.is_dir()


def test_an_environment_of_somebody_else_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(kernel_cache.os, "access", lambda _path, _mode: False)
    place = kernel_cache.place()
    assert tmp_path not in place.parents
    assert f"-{os.getuid()}" in place.parent.name
