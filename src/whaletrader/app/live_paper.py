"""Paper trading against the venue's public books: the shadow exchange, told in the engine's thread what was heard."""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from whaletrader.adapters.paper.faults import FaultPlan
from whaletrader.adapters.paper.shadow import ShadowExchange, ShadowRules
from whaletrader.adapters.polymarket.live_feed import LiveFeed
from whaletrader.datasets.decode.rows import MarketMeta, Row
from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.values import FeeProvenance
from whaletrader.ports.exchange import ExchangeEvent, SignedOrder
from whaletrader.ports.tape import TapeMarket


class PaperBook:
    """Fills `app.world.TradingPlace`; what orders meet is the book as it was heard, never a fill of somebody's wish."""

    def __init__(self, store: Path, feed: LiveFeed, faults: FaultPlan) -> None:
        self._feed = feed
        self._shadow = ShadowExchange(store, ShadowRules(faults=faults))

    def close(self) -> None:
        """Close the store."""
        self._shadow.close()

    def hear(self, batches: Iterable[tuple[Sequence[Row], int]], until_ts: int) -> None:
        """Take what was heard, in the order in which it came, and let everything happen that is due by `until_ts`."""
        for rows, arrived_ts in batches:
            for row in rows:
                if isinstance(row, MarketMeta):
                    self._tell_market(row.market_id, arrived_ts)
            self._shadow.hear(rows, arrived_ts)
        self._shadow.advance(until_ts)

    def submit(self, order: SignedOrder) -> None:
        """Take an order; the same order again changes nothing."""
        self._tell_market(order.market_id, time.time_ns())
        self._shadow.submit(order)

    def cancel(self, account_id: str, order_hash: str, arrive_ts: int) -> None:
        """Cancel what is left of an order."""
        self._shadow.cancel(account_id, order_hash, arrive_ts)

    def ask(self, account_id: str, order_hash: str, arrive_ts: int) -> None:
        """Have an order's state told again."""
        self._shadow.ask(account_id, order_hash, arrive_ts)

    def redeem(self, command_id: str, account_id: str, token_id: str, size_micro: int, arrive_ts: int) -> None:
        """Redeem a resolved token."""
        self._shadow.redeem(command_id, account_id, token_id, size_micro, arrive_ts)

    def merge(self, command_id: str, account_id: str, market_id: str, size_micro: int, arrive_ts: int) -> None:
        """Merge equal holdings of both outcomes."""
        self._shadow.merge(command_id, account_id, market_id, size_micro, arrive_ts)

    def next_event(self, after_ts: int, after_id: str) -> ExchangeEvent | None:
        """Return the first event behind the cursor, None when none is there yet."""
        return self._shadow.next_event(after_ts, after_id)

    def _tell_market(self, market_id: str, at_ts: int) -> None:
        """Tell the shadow a market's terms; one that the venue has not described stays unknown, and orders fail."""
        terms = self._feed.terms(market_id, at_ts)
        if terms.market_version == "unknown" or not all(terms.token_ids):
            return
        end = self._feed.resolution(market_id)
        market = TapeMarket(
            market_id=market_id,
            token_ids=terms.token_ids,
            category=terms.category,
            neg_risk=terms.neg_risk,
            tick_micro=terms.tick_micro,
            min_order_micro=terms.min_order_micro,
            resolved=end is not None,
            resolved_ts=end.ts if end else -1,
            payouts_micro=end.payouts_micro if end else (),
        )
        fee = FeeSchedule(terms.fee_rate_micro, terms.fee_exponent, provenance=FeeProvenance(terms.fee_provenance))
        self._shadow.on_market(market, fee)
