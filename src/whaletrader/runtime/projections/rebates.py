"""An ESTIMATE of what the venue pays back of our fees; no cash, equity or result ever counts it.

Takers: a day's fees at the tier of the thirty days before, as far as our own fills tell the volume (another program of
the same wallet adds to it; bonuses and the grace period after a tier is lost are left out). Makers: the share of a
category's fees is divided by all makers' fills, which nobody knows here; what is told is its most, as if every fill
brought its own maker the share of its own fee. A fill that fails on the chain is taken out again.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from whaletrader.domain.fees import FeeSchedule
from whaletrader.domain.rebates import (
    TAKER_REBATE_WEIGHT,
    TAKER_REBATES_TS,
    TIER_DAYS,
    fee_equivalent_micro,
    maker_share_micro,
    taker_rebate_micro,
    taker_tier,
    weighted_volume_micro,
)
from whaletrader.domain.values import DAY_NS, MICRO, Role
from whaletrader.messages.envelope import Message
from whaletrader.messages.market import MarketDataUpdate
from whaletrader.messages.orders import OrderFilled, SettlementUpdated
from whaletrader.runtime.projections.fold import Fold

MAX_MARKETS = 20_000
"""Markets whose terms are remembered; the oldest goes first."""
OPEN_DAYS = TIER_DAYS
"""For so long a fill may still turn out void; of older days the rebates are kept as a sum, their volume for as long
again.
"""


_MAX_EXPONENT = 4
"""A schedule beyond it is not known."""


class Terms(msgspec.Struct, frozen=True, array_like=True):
    """What decides a fill's part in the rebates."""

    category: str
    rate_micro: int
    exponent: int
    times_price: bool


class Day(msgspec.Struct, array_like=True):
    """Our fills of one UTC day."""

    fees_micro: int = 0
    """Paid as takers."""
    weighted_micro: int = 0
    maker_micro: int = 0
    """The makers' share of what takers would have paid for our resting fills."""


class Unsettled(msgspec.Struct, frozen=True, array_like=True):
    """What a fill added, to take it out where it turns out void."""

    day: int
    fees_micro: int
    weighted_micro: int
    maker_micro: int


class RebateEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """Micro-units, over the whole run."""

    taker_micro: int
    maker_at_most_micro: int
    tier: str
    """Of the newest day; empty below the first."""
    weighted_micro: int
    """Weighted volume of the thirty days up to the newest."""


class RebatesState(msgspec.Struct, kw_only=True):
    """By market, day (since 1970) and trade id."""

    terms: dict[str, Terms] = {}
    days: dict[int, Day] = {}
    unsettled: dict[str, Unsettled] = {}
    closed_day: int = -1
    """What came back of it and of the days before is a sum."""
    closed_taker_micro: int = 0
    closed_maker_micro: int = 0


class RebatesView(Fold[RebatesState]):
    """Folds our fills by day."""

    name = "rebates"

    def __init__(self) -> None:
        super().__init__(RebatesState())

    def handlers(self) -> Mapping[str, Callable[[Message, Any], None]]:
        """Return what is folded."""
        return {
            "MarketDataUpdate": self._described,
            "OrderFilled": self._filled,
            "SettlementUpdated": self._settled,
        }

    def estimate(self) -> RebateEstimate:
        """Return the estimate as of the newest fill."""
        state = self.state
        newest = max(state.days, default=0)
        weighted = self._weighted(newest - TIER_DAYS + 1, newest)
        still = [day for day in state.days if day > state.closed_day]
        return RebateEstimate(
            taker_micro=state.closed_taker_micro + sum(self._back(day) for day in still),
            maker_at_most_micro=state.closed_maker_micro + sum(state.days[day].maker_micro for day in still),
            tier=taker_tier(weighted).name if newest * DAY_NS >= TAKER_REBATES_TS else "",
            weighted_micro=weighted,
        )

    def _described(self, _message: Message, update: MarketDataUpdate) -> None:
        told, known = update.terms, self.state.terms
        known[update.market_id] = Terms(told.category, told.fee_rate_micro, told.fee_exponent, told.fee_times_price)
        if len(known) > MAX_MARKETS:
            del known[next(iter(known))]

    def _filled(self, message: Message, fill: OrderFilled) -> None:
        day = max(message.ts_event // DAY_NS, self.state.closed_day + 1)
        taker, terms = fill.role != Role.MAKER, self.state.terms.get(fill.market_id)
        added = Unsettled(
            day,
            fees_micro=fill.fee_micro if taker else 0,
            weighted_micro=_weighted_micro(fill, terms) if taker else 0,
            maker_micro=0 if taker else _maker_micro(fill, terms),
        )
        self.state.unsettled[fill.trade_id] = added
        self._add(added, 1)

    def _settled(self, _message: Message, settled: SettlementUpdated) -> None:
        added = self.state.unsettled.pop(settled.trade_id, None)
        if added is not None and settled.status == "FAILED" and added.day > self.state.closed_day:
            self._add(added, -1)

    def _add(self, added: Unsettled, sign: int) -> None:
        days = self.state.days
        if added.day not in days:
            self._close(added.day - OPEN_DAYS)
        day = days.setdefault(added.day, Day())
        day.fees_micro += sign * added.fees_micro
        day.weighted_micro += sign * added.weighted_micro
        day.maker_micro += sign * added.maker_micro

    def _close(self, until: int) -> None:
        """Sum up the days until one, and let go of those whose volume decides no open day's tier."""
        state = self.state
        for number in sorted(day for day in state.days if state.closed_day < day <= until):
            state.closed_taker_micro += self._back(number)
            state.closed_maker_micro += state.days[number].maker_micro
        state.closed_day = max(state.closed_day, until)
        for number in [day for day in state.days if day <= state.closed_day - TIER_DAYS]:
            del state.days[number]

    def _back(self, number: int) -> int:
        """What comes back of a day's fees."""
        if number * DAY_NS < TAKER_REBATES_TS:
            return 0
        return taker_rebate_micro(self.state.days[number].fees_micro, self._weighted(number - TIER_DAYS, number - 1))

    def _weighted(self, first: int, last: int) -> int:
        return sum(day.weighted_micro for number, day in self.state.days.items() if first <= number <= last)


def _weighted_micro(fill: OrderFilled, terms: Terms | None) -> int:
    if terms is None or terms.category not in TAKER_REBATE_WEIGHT or not 0 <= fill.price_micro <= MICRO:
        return 0
    premium = fill.price_micro * fill.size_micro // MICRO
    return weighted_volume_micro(premium, fill.price_micro, terms.category)


def _maker_micro(fill: OrderFilled, terms: Terms | None) -> int:
    if terms is None or not 0 <= fill.price_micro <= MICRO:
        return 0
    if not (0 < terms.rate_micro <= MICRO and 0 <= terms.exponent <= _MAX_EXPONENT):
        return 0
    schedule = FeeSchedule(terms.rate_micro, terms.exponent, terms.times_price)
    whole = fee_equivalent_micro(schedule, fill.price_micro, max(fill.size_micro, 0))
    return whole * maker_share_micro(terms.category, schedule) // MICRO
