"""The example notebook says today what it said when it was committed."""

import re

import nbformat
import pytest

from scripts.execute_example import NOTEBOOK, executed, texts

PATH = re.compile(r"(?<![\w.])/(home|root|tmp|usr|work|Users)/")


@pytest.fixture(scope="module")
def committed() -> object:
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_fresh_execution_prints_what_is_committed(committed: object) -> None:
    before = texts(committed)
    assert texts(executed(nbformat.read(NOTEBOOK, as_version=4))) == before


def test_every_code_cell_has_been_executed_and_none_failed(committed: object) -> None:
    cells = [cell for cell in committed.cells if cell.cell_type == "code"]  # type: ignore[attr-defined]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [out for cell in cells for out in cell.outputs if out.output_type == "error"]
    assert all(texts(committed))


def test_it_is_stamped_and_names_no_folder_time_or_version() -> None:
    raw = NOTEBOOK.read_text(encoding="utf-8")
    assert "SIMULATED" in raw
    assert not PATH.search(raw)
    assert "iopub" not in raw
    assert '"version"' not in raw


def test_it_shows_scores_a_funnel_and_a_refusal(committed: object) -> None:
    said = "\n".join(texts(committed))
    for word in ("survived_fdr", "too_few_bets", "HIGH_SKILL", "first_hold", "trades.price has"):
        assert word in said
