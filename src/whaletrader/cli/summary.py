"""Prints what a run came to; every number comes from the run's own read models."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from whaletrader.cli.common import say

if TYPE_CHECKING:
    from whaletrader.app.summary import Summary

_MICRO = 1_000_000


def print_summary(summary: "Summary") -> None:
    """Print the run in a dozen lines."""
    if summary.simulated:
        say("SIMULATED: wallets, prices and results are made up.")
    say(f"{_day(summary.first_ts)} to {_day(summary.clock_ts)}, trading state {summary.trading_state}")
    if summary.killed:
        say("the kill switch was thrown in this run")
    say(
        f"equity {_money(summary.equity_micro)} from {_money(summary.starting_equity_micro)} pUSD "
        f"({summary.return_micro / 10_000:+.2f} %), deepest drawdown {summary.max_drawdown_micro / 10_000:.2f} %, "
        f"fees {_money(summary.fees_micro)}"
    )
    say(
        f"leaders: {summary.wallets_qualified} of {summary.wallets_scanned} wallets had enough settled bets at the "
        f"newest of {summary.scans} scans, {summary.leaders_followed} are followed"
    )
    say(f"their events: {_counts(summary.events)}; worth a signal: {summary.signals}")
    say(f"skipped: {_counts(summary.skipped)}")
    say(f"stopped by the task graph: {_counts(summary.stopped)}")
    say(f"approved, by binding limit: {_counts(summary.approved)}; denied: {_counts(summary.denied)}")
    say(f"orders: {_counts(summary.orders)}")
    say(f"positions: {summary.open_positions} open, {summary.closed_positions} closed, {summary.won_positions} won")
    say(f"fee schedules: {_counts(summary.fee_provenance)}; quotes: {_counts(summary.quotes)}")
    say(f"log: {summary.messages} messages, head {summary.log_head[:16]}")


def _money(micro: int) -> str:
    return f"{micro / _MICRO:,.2f}"


def _day(ts: int) -> str:
    return datetime.fromtimestamp(ts // 10**9, UTC).strftime("%Y-%m-%d %H:%M") if ts else "-"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "none"
