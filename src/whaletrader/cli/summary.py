"""Prints what a run came to; every number comes from the run's own read models."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from whaletrader.cli.common import say

if TYPE_CHECKING:
    from whaletrader.app.summary import Summary
    from whaletrader.runtime.projections.decisions import Decision
    from whaletrader.runtime.projections.rebates import RebateEstimate

_MICRO = 1_000_000


def print_summary(summary: "Summary") -> None:
    """Print the run in a dozen lines."""
    if summary.simulated:
        say("SIMULATED: wallets, prices and results are made up.")
    say(f"{_time(summary.first_ts)} to {_time(summary.clock_ts)} UTC, trading state {summary.trading_state}")
    if summary.killed:
        say("KILLED: the kill switch is thrown, nothing but cancels is sent")
    say(
        f"equity {_money(summary.equity_micro)} from {_money(summary.starting_equity_micro)} pUSD "
        f"({summary.return_micro / 10_000:+.2f} %), deepest drawdown {summary.max_drawdown_micro / 10_000:.2f} %, "
        f"fees {_money(summary.fees_micro)}"
    )
    if summary.rebates.taker_micro or summary.rebates.maker_at_most_micro:
        say(_rebates(summary.rebates))
    say(_leaders(summary))
    say(f"events of followed leaders: {_counts(summary.events)}; worth a signal: {summary.signals:,}")
    for title, counts in (
        ("skipped", summary.skipped),
        ("stopped by the task graph", summary.stopped),
        ("denied by risk", summary.denied),
        ("approved, by binding limit", summary.approved),
        ("orders", summary.orders),
    ):
        if counts:
            say(f"{title}: {_counts(counts)}")
    if not summary.orders:
        say("orders: none")
    say(f"positions: {summary.open_positions} open, {summary.closed_positions} closed, {summary.won_positions} won")
    if summary.fee_provenance:
        say(f"fills by fee schedule: {_counts(summary.fee_provenance)}; prices by quote: {_counts(summary.quotes)}")
    say(f"log: {summary.messages:,} messages, head {summary.log_head[:16]}")


def decision_line(decision: "Decision") -> str:
    """Say one decision on one line, with the id to explain it by."""
    about = " ".join(part for part in (decision.side, short(decision.token_id)) if part)
    return f"  {_time(decision.ts)}  {decision.what:<9} {about:<20} {decision.reason:<24} {decision.correlation_id}"


def _rebates(rebates: "RebateEstimate") -> str:
    text = f"ESTIMATE, counted nowhere: of these fees the venue pays back {_money(rebates.taker_micro)}"
    if rebates.tier:
        text += f" ({rebates.tier}, by a weighted volume of {_money(rebates.weighted_micro)} in 30 days)"
    if rebates.maker_at_most_micro:
        most = _money(rebates.maker_at_most_micro)
        text += f", and for resting orders at most about {most} (it depends on all makers' fills)"
    return text


def _leaders(summary: "Summary") -> str:
    if not summary.scans:
        return "leaders: nobody has been scored yet"
    text = (
        f"leaders: {summary.wallets_qualified:,} of {summary.wallets_scanned:,} wallets had enough settled bets at the "
        f"newest of {summary.scans} scans; "
    )
    if summary.leaders_followed:
        return text + f"followed: {summary.leaders_followed}"
    return text + "nobody is followed, because no follower's edge, bounded and shrunk, is above zero"


def short(token_id: str) -> str:
    """Shorten a long id so that it can still be told from others."""
    return token_id if len(token_id) <= 14 else f"{token_id[:8]}…{token_id[-4:]}"


def _money(micro: int) -> str:
    return f"{micro / _MICRO:,.2f}"


def _time(ts: int) -> str:
    return datetime.fromtimestamp(ts // 10**9, UTC).strftime("%Y-%m-%d %H:%M") if ts else "-"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "none"
