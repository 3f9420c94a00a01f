"""What a run came to, in plain numbers: the same for terminal, page and report; nothing here is a target."""

from typing import Any

import msgspec

from whaletrader.domain.values import MICRO
from whaletrader.runtime.projections.account import AccountView
from whaletrader.runtime.projections.cash import CashView
from whaletrader.runtime.projections.decisions import DecisionsView
from whaletrader.runtime.projections.leaders import LeadersView
from whaletrader.runtime.projections.positions import PositionsView
from whaletrader.runtime.projections.rebates import RebateEstimate, RebatesView


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """All counts are over the whole run; amounts are micro-units."""

    simulated: bool
    dataset: str
    run_id: str
    account_id: str
    ended: bool
    first_ts: int
    clock_ts: int
    trading_state: str
    killed: bool
    starting_equity_micro: int
    equity_micro: int
    cash_micro: int
    realised_micro: int
    fees_micro: int
    rebates: RebateEstimate
    """Of these fees; in no other figure."""
    return_micro: int
    """Equity over starting equity, less one."""
    max_drawdown_micro: int
    open_positions: int
    closed_positions: int
    won_positions: int
    leaders_followed: int
    wallets_scanned: int
    wallets_qualified: int
    scans: int
    events: dict[str, int]
    signals: int
    skipped: dict[str, int]
    stopped: dict[str, int]
    denied: dict[str, int]
    approved: dict[str, int]
    orders: dict[str, int]
    fee_provenance: dict[str, int]
    quotes: dict[str, int]
    messages: int
    log_head: str


class Views:
    """The read models of one run."""

    def __init__(self, starting_equity_micro: int) -> None:
        self.account = AccountView(starting_equity_micro)
        self.cash = CashView(starting_equity_micro)
        self.positions = PositionsView()
        self.leaders = LeadersView()
        self.decisions = DecisionsView()
        self.rebates = RebatesView()

    @property
    def all(self) -> tuple[AccountView, CashView, PositionsView, LeadersView, DecisionsView, RebatesView]:
        """All of them, in the order in which they fold."""
        return self.account, self.cash, self.positions, self.leaders, self.decisions, self.rebates

    def page(self, *, newest: int = 100) -> dict[str, Any]:
        """Return everything as plain values, for a page; the newest decisions first."""
        decisions = self.decisions.state
        counts = {
            name: dict(sorted(getattr(decisions, name).items()))
            for name in ("events", "skipped", "stopped", "denied", "approved", "orders", "fee_provenance", "quotes")
        }
        return {
            "account": msgspec.to_builtins(self.account.state),
            "positions": msgspec.to_builtins(list(self.positions.state.held.values())),
            "orders": msgspec.to_builtins(list(self.positions.state.orders.values())),
            "closed": msgspec.to_builtins(self.positions.state.closed[-newest:][::-1]),
            "leaders": msgspec.to_builtins(self.leaders.state),
            "decisions": msgspec.to_builtins(decisions.newest[-newest:][::-1]),
            "counts": counts | {"signals": decisions.signals},
            "rebates": msgspec.to_builtins(self.rebates.estimate()),
        }


def summarise(views: Views, *, simulated: bool, dataset: str, run_id: str, log_head: str) -> Summary:
    """Gather the summary from the read models."""
    account, held = views.account.state, views.positions.state
    leaders, decisions = views.leaders.state, views.decisions.state
    start = account.starting_equity_micro
    return Summary(
        simulated=simulated,
        dataset=dataset,
        run_id=run_id,
        account_id=account.account_id,
        ended=account.ended,
        first_ts=account.first_ts,
        clock_ts=account.clock_ts,
        trading_state=account.trading_state,
        killed=account.killed,
        starting_equity_micro=start,
        equity_micro=account.equity_micro,
        cash_micro=account.cash_micro,
        realised_micro=account.realised_micro,
        fees_micro=account.fees_micro,
        rebates=views.rebates.estimate(),
        return_micro=MICRO * (account.equity_micro - start) // start,
        max_drawdown_micro=account.max_drawdown_micro,
        open_positions=len(held.held),
        closed_positions=held.n_closed,
        won_positions=held.n_won,
        leaders_followed=sum(1 for leader in leaders.leaders.values() if not leader.until_ts),
        wallets_scanned=leaders.n_wallets,
        wallets_qualified=leaders.n_qualified,
        scans=leaders.n_scans,
        events=dict(sorted(decisions.events.items())),
        signals=decisions.signals,
        skipped=dict(sorted(decisions.skipped.items())),
        stopped=dict(sorted(decisions.stopped.items())),
        denied=dict(sorted(decisions.denied.items())),
        approved=dict(sorted(decisions.approved.items())),
        orders=dict(sorted(decisions.orders.items())),
        fee_provenance=dict(sorted(decisions.fee_provenance.items())),
        quotes=dict(sorted(decisions.quotes.items())),
        messages=account.messages,
        log_head=log_head,
    )
