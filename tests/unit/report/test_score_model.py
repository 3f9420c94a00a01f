"""The report of scores as JSON."""

import json

import msgspec
import pytest

from tests.unit.report.made_scores import score_report
from whaletrader.report.model import report_bytes
from whaletrader.report.score_model import ScoreReport


def test_the_json_reads_back_as_the_same_report() -> None:
    assert msgspec.json.decode(report_bytes(score_report()), type=ScoreReport) == score_report()


def test_the_json_is_sorted_and_ends_with_a_newline() -> None:
    raw = report_bytes(score_report())
    tree = json.loads(raw)
    assert list(tree) == sorted(tree)
    assert raw.endswith(b"}\n")


def test_a_report_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        score_report().stamp = ""  # type: ignore[misc]


def test_nothing_in_the_json_is_no_number() -> None:
    raw = report_bytes(score_report()).decode()
    assert "NaN" not in raw
    assert "Infinity" not in raw
