"""The kernel decides the same on every processor and with any number of threads."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support.risk_digest import digest

ROOT = Path(__file__).resolve().parents[4]
DISPATCHED = np._core._multiarray_umath.__cpu_dispatch__  # type: ignore[attr-defined]
FOUND = np._core._multiarray_umath.__cpu_features__  # type: ignore[attr-defined]


def run(**changes):
    environment = {**os.environ, **changes}
    command = [sys.executable, "-m", "tests.support.risk_digest"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.slow
def test_a_plain_processor_decides_the_same(tmp_path):
    plain = {
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
        "NUMBA_CACHE_DIR": str(tmp_path),
        "NPY_DISABLE_CPU_FEATURES": " ".join(name for name in DISPATCHED if FOUND[name]),
        "OPENBLAS_CORETYPE": "Nehalem",
    }
    assert run(**plain) == digest()


def test_one_thread_decides_the_same_as_two():
    assert run(NUMBA_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1") == digest()


def test_other_books_have_another_digest():
    assert digest(8) != digest()
