"""What the exchange pays back of a day's fees: to its makers by their part in a category, to its takers by their tier.

A trade counts on the day on which it is confirmed; what a day brought is paid at its midnight (UTC), in one transaction
a wallet. Nothing of a builder's fee is paid back. Source: FACTS 8.1; left out are bonuses and the days of grace after a
tier is lost.
"""

from collections.abc import Callable, Mapping

from whaletrader.adapters.paper.server.agenda import Agenda
from whaletrader.adapters.paper.server.types import TradeState, TradeUpdated, VenueEvent, VenueMarket, VenueTrade
from whaletrader.domain.fees import taker_fee_micro
from whaletrader.domain.order_hash import NO_BYTES32
from whaletrader.domain.rebates import (
    TAKER_REBATE_WEIGHT,
    TAKER_REBATES_TS,
    TIER_DAYS,
    fee_equivalent_micro,
    maker_rebate_micro,
    maker_share_micro,
    taker_rebate_micro,
    weighted_volume_micro,
)
from whaletrader.domain.values import DAY_NS

MAKER, TAKER = "MAKER_REBATE", "TAKER_REBATE"
TOLD_DAYS = 7
"""For so long it is told which markets a maker's rebate came from."""

Pay = Callable[[str, str, int, int], object]
"""(kind, wallet, micro-units, time)."""


class Pool:
    """One category's day: what takers paid, and what each maker's fills would have cost takers, by market."""

    def __init__(self) -> None:
        self.fees_micro = 0
        self.makers: dict[str, dict[str, int]] = {}

    def add(self, wallet: str, condition_id: str, micro: int) -> None:
        """Count a maker's fill."""
        mine = self.makers.setdefault(wallet, {})
        mine[condition_id] = mine.get(condition_id, 0) + micro

    def rebates(self, share_micro: int) -> dict[str, int]:
        """Return what each maker gets."""
        own = {wallet: sum(mine.values()) for wallet, mine in self.makers.items()}
        total = sum(own.values())
        return {wallet: maker_rebate_micro(part, total, self.fees_micro, share_micro) for wallet, part in own.items()}


class Rebates:
    """Counts confirmed trades and pays at midnight; hears the exchange's events and changes nothing meanwhile."""

    def __init__(self, markets: Mapping[str, VenueMarket], agenda: Agenda, pay: Pay) -> None:
        self._markets = markets
        self._agenda = agenda
        self._pay = pay
        self._due_day = -1
        """The day that is paid next; -1: nothing has happened since the last."""
        self._pools: dict[tuple[str, int], Pool] = {}
        """By category and the makers' share: older markets keep theirs."""
        self._fees: dict[str, int] = {}
        self._volumes: dict[int, dict[str, int]] = {}
        """Weighted, by day and wallet."""
        self._told: dict[tuple[int, str], dict[str, int]] = {}

    def on_event(self, event: VenueEvent) -> None:
        """Take one event of the exchange."""
        if isinstance(event, TradeUpdated) and event.state is TradeState.CONFIRMED:
            self._count(event.trade, event.ts // DAY_NS)

    def of_maker(self, day: int, wallet: str) -> dict[str, int]:
        """Return what a maker got back for a day (since 1970), by market."""
        return self._told.get((day, wallet), {})

    def _count(self, trade: VenueTrade, day: int) -> None:
        market = self._markets[trade.condition_id]
        if self._due_day < 0:
            self._due_day = day
            self._agenda.add((day + 1) * DAY_NS, self._midnight)
        if market.fee.rate_micro:
            self._charge(trade, market)
        if market.category in TAKER_REBATE_WEIGHT:
            weighted = weighted_volume_micro(trade.cash_micro, trade.price_micro, market.category)
            volumes = self._volumes.setdefault(day, {})
            volumes[trade.maker] = volumes.get(trade.maker, 0) + weighted

    def _charge(self, trade: VenueTrade, market: VenueMarket) -> None:
        fee = trade.fee_micro
        if trade.builder != NO_BYTES32:
            fee = taker_fee_micro(market.fee, trade.price_micro, trade.size_micro)
        share = maker_share_micro(market.category, market.fee)
        pool = self._pools.setdefault((market.category, share), Pool())
        pool.fees_micro += fee
        for maker in trade.makers:
            whole = fee_equivalent_micro(market.fee, maker.price_micro, maker.size_micro)
            pool.add(maker.maker, trade.condition_id, whole)
        self._fees[trade.maker] = self._fees.get(trade.maker, 0) + fee

    def _midnight(self, ts: int) -> None:
        day, self._due_day = self._due_day, -1
        pools, self._pools = self._pools, {}
        fees, self._fees = self._fees, {}
        self._volumes = {each: rows for each, rows in self._volumes.items() if each >= day - TIER_DAYS}
        self._told = {key: rows for key, rows in self._told.items() if key[0] > day - TOLD_DAYS}
        for wallet, amount in self._of_makers(day, pools).items():
            self._pay(MAKER, wallet, amount, ts)
        for wallet, paid in fees.items() if day * DAY_NS >= TAKER_REBATES_TS else ():
            if amount := taker_rebate_micro(paid, self._before(day, wallet)):
                self._pay(TAKER, wallet, amount, ts)

    def _of_makers(self, day: int, pools: Mapping[tuple[str, int], Pool]) -> dict[str, int]:
        """Return what each maker gets, and note from which markets."""
        paid: dict[str, int] = {}
        for (_, share), pool in pools.items():
            for wallet, amount in pool.rebates(share).items():
                if not amount:
                    continue
                paid[wallet] = paid.get(wallet, 0) + amount
                mine = pool.makers[wallet]
                whole, told = sum(mine.values()), self._told.setdefault((day, wallet), {})
                told.update({each: amount * part // whole for each, part in mine.items()})
        return paid

    def _before(self, day: int, wallet: str) -> int:
        return sum(rows.get(wallet, 0) for each, rows in self._volumes.items() if day - TIER_DAYS <= each < day)
