"""What happens to a match after it: MATCHED, then MINED and CONFIRMED, or RETRYING and then MINED or FAILED.

A block that is taken back makes its trades RETRYING again, until they are mined anew or FAILED.
"""

from collections.abc import Callable, Sequence

from whaletrader.adapters.paper.server.agenda import Agenda
from whaletrader.adapters.paper.server.chain import Chain, Transaction, draw
from whaletrader.adapters.paper.server.funds import Funds, Movement
from whaletrader.adapters.paper.server.matches import fees_of
from whaletrader.adapters.paper.server.settlement_logs import trade_logs
from whaletrader.adapters.paper.server.types import (
    Block,
    TradeState,
    TradeUpdated,
    VenueEvent,
    VenueMarket,
    VenueRules,
    VenueTrade,
)


class Settlement:
    """Brings trades onto the chain; only seed and trade id decide which of them fail."""

    def __init__(
        self, rules: VenueRules, agenda: Agenda, chain: Chain, funds: Funds, tell: Callable[[VenueEvent], None]
    ) -> None:
        self._rules = rules
        self._agenda = agenda
        self._chain = chain
        self._funds = funds
        self._tell = tell
        self.fees_micro = 0
        """All fees of mined trades."""

    def begin(self, trade: VenueTrade, market: VenueMarket, movements: Sequence[Movement], now_ns: int) -> None:
        """Note what the trade owes, tell it, and send its transaction (or let it go wrong)."""
        self._funds.owe(movements)
        self._enter(trade, TradeState.MATCHED, now_ns)
        faults = self._rules.faults
        drawn = draw(faults.seed, trade.trade_id)
        ready = now_ns + self._rules.settle_ns
        if drawn < faults.fail_micro:
            self._agenda.add(ready, lambda ts: self._retry(trade, movements, ts))
        elif drawn < faults.fail_micro + faults.retry_micro:
            self._agenda.add(ready, lambda ts: self._enter(trade, TradeState.RETRYING, ts))
            self._send(trade, market, movements, ready + self._rules.retry_ns)
        else:
            self._send(trade, market, movements, ready)

    def _send(self, trade: VenueTrade, market: VenueMarket, movements: Sequence[Movement], ready_ns: int) -> None:
        transaction = Transaction(
            trade.transaction_hash,
            trade_logs(trade, market),
            movements,
            mined=lambda block: self._mined(trade, block),
            undone=lambda ts: self._undone(trade, movements, ts),
            reverted=lambda ts: self._enter(trade, TradeState.FAILED, ts),
        )
        self._chain.submit(transaction, ready_ns)

    def _mined(self, trade: VenueTrade, block: Block) -> None:
        trade.block = block.number
        self.fees_micro += fees_of(trade)
        self._enter(trade, TradeState.MINED, block.ts)
        self._agenda.add(block.ts + self._rules.confirm_ns, lambda ts: self._confirm(trade, block.number, ts))

    def _confirm(self, trade: VenueTrade, number: int, ts: int) -> None:
        if trade.block == number:
            self._enter(trade, TradeState.CONFIRMED, ts)

    def _undone(self, trade: VenueTrade, movements: Sequence[Movement], ts: int) -> bool:
        """Send it again, or give it up after a while."""
        trade.block = -1
        self.fees_micro -= fees_of(trade)
        self._enter(trade, TradeState.RETRYING, ts)
        faults = self._rules.faults
        again = draw(faults.seed, f"drop:{trade.trade_id}") >= faults.drop_micro
        if not again:
            self._agenda.add(ts + self._rules.retry_ns, lambda at: self._fail(trade, movements, at))
        return again

    def _retry(self, trade: VenueTrade, movements: Sequence[Movement], ts: int) -> None:
        self._enter(trade, TradeState.RETRYING, ts)
        self._agenda.add(ts + self._rules.retry_ns, lambda at: self._fail(trade, movements, at))

    def _fail(self, trade: VenueTrade, movements: Sequence[Movement], ts: int) -> None:
        self._funds.disown(movements)
        self._enter(trade, TradeState.FAILED, ts)

    def _enter(self, trade: VenueTrade, state: TradeState, ts: int) -> None:
        trade.state, trade.updated_ts = state, ts
        self._tell(TradeUpdated(ts=ts, trade=trade, state=state))
