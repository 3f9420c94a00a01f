"""The head of a page tells its stamp, if any, and what it is told, escaped."""

from whaletrader.report.page_header import header


def test_a_stamp_is_shown_and_none_leaves_no_trace() -> None:
    assert "SIMULATED" in header("SIMULATED", "backtest", "Title", (), "about")
    assert "stamp" not in header("", "backtest", "Title", (), "about")


def test_whatever_is_told_is_escaped() -> None:
    told = header("<s>", "backtest", "<t>", ("<u>",), "<v>")
    assert not any(f"<{tag}>" in told.replace("<ul>", "") for tag in "stuv")
    assert all(f"&lt;{tag}&gt;" in told for tag in "stuv")
