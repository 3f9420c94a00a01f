"""The report's JSON."""

import json

import msgspec
import pytest

from tests.unit.report.made import report
from whaletrader.report.model import Report, report_bytes


def test_the_json_reads_back_as_the_same_report() -> None:
    assert msgspec.json.decode(report_bytes(report()), type=Report) == report()


def test_the_json_is_sorted_indented_and_ends_with_a_newline() -> None:
    raw = report_bytes(report())
    tree = json.loads(raw)
    assert list(tree) == sorted(tree)
    assert raw.endswith(b"}\n")
    assert raw.count(b"\n") > 100


def test_what_cannot_be_said_is_null_with_its_reason() -> None:
    sharpe = json.loads(report_bytes(report()))["variants"][0]["metrics"]["sharpe"]
    assert sharpe["value"] is None
    assert sharpe["reason"]


def test_a_report_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        report().seed = 8  # type: ignore[misc]
