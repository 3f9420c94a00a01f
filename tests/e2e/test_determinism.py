"""Same data, same seed: the same bytes, whatever the number of threads and the processor's features."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.compare import domain_stream, log_of
from tests.support.scenario import write_scenario

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
ONE_THREAD = {"POLARS_MAX_THREADS": "1", "NUMBA_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
TWO_THREADS = {"POLARS_MAX_THREADS": "2", "NUMBA_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
OTHER_PROCESSOR = {"OPENBLAS_CORETYPE": "Nehalem", "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3"}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_scenario(tmp_path_factory.mktemp("determinism") / "dataset")


def run(dataset, data, environment):
    command = [sys.executable, "-m", "tests.support.up_child", str(dataset), str(data)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def first(dataset, tmp_path_factory):
    data = tmp_path_factory.mktemp("first")
    return run(dataset, data, ONE_THREAD), domain_stream(log_of(data))


def test_the_same_seed_with_one_and_two_threads_gives_the_same_log_to_the_byte(dataset, first, tmp_path):
    told = run(dataset, tmp_path, TWO_THREADS)
    assert told == first[0]
    assert domain_stream(log_of(tmp_path)) == first[1]


def test_another_processor_decides_the_same(dataset, first, tmp_path):
    run(dataset, tmp_path, OTHER_PROCESSOR)
    assert domain_stream(log_of(tmp_path)) == first[1]


def test_a_second_dataset_of_the_same_rows_has_the_same_fingerprint(dataset, tmp_path):
    again = write_scenario(tmp_path / "again")
    assert (again / "dataset.json").read_bytes() == (dataset / "dataset.json").read_bytes()


def test_no_clock_host_or_path_is_in_the_log(dataset, tmp_path, first):
    text = b"".join(record[-1] for record in first[1]).decode("utf-8", "replace")
    assert str(dataset) not in text
    assert str(ROOT) not in text
    assert os.uname().nodename not in text
