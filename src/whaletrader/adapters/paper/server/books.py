"""One market's book with its orders by handle, told as two books: every level of one outcome is one of the other's."""

from collections.abc import Iterable

from whaletrader.adapters.paper.server.types import BookEntry, BookView, Level, VenueMarket, VenueOrder
from whaletrader.domain.book_hash import HashedBook, book_hash, decimal_text, hashed_levels, last_trade_text
from whaletrader.domain.matching import price_time as core
from whaletrader.domain.values import MICRO, Side

_SIDES = ((Side.BUY, Side.SELL), (Side.SELL, Side.BUY))
"""Side of a resting order by axis and outcome."""


class MarketBook:
    """The matching core's book of a market, and who rests in it."""

    def __init__(self, market: VenueMarket, now_ns: int) -> None:
        self.market = market
        self.core = core.new_book(market.tick_micro)
        self.resting: dict[int, VenueOrder] = {}
        self.last_trade_micro = -1
        """Of outcome 0."""
        self.changed_ns = now_ns

    def command(self, order: VenueOrder, size_micro: int, budget_micro: int, mode: int) -> core.Command:
        """Write an order as the core sees it."""
        outcome = order.outcome_index
        level = core.level_of(order.price_micro, outcome, self.market.tick_micro)
        return core.Command(core.axis_of(order.side, outcome), level, outcome, size_micro, budget_micro, mode)

    def crosses(self, order: VenueOrder) -> bool:
        """Whether an order would match at once."""
        outcome = order.outcome_index
        level = core.level_of(order.price_micro, outcome, self.market.tick_micro)
        return core.crosses(self.core, core.axis_of(order.side, outcome), level)

    def step(self, order: VenueOrder, command: core.Command) -> tuple[int, list[tuple[VenueOrder, core.Fill]]]:
        """Let an order in; return what is left of it (shares or budget) and its fills with the resting orders."""
        if core.is_full(self.core):
            self.core = core.grown(self.core)
        handle, left, fills = core.step(self.core, command)
        matched = [(self.resting[fill.handle], fill) for fill in fills]
        for maker, fill in matched:
            if fill.maker_left_micro == 0:
                del self.resting[fill.handle]
                maker.handle = core.NO_HANDLE
        if handle != core.NO_HANDLE:
            order.handle = handle
            self.resting[handle] = order
        return left, matched

    def remove(self, order: VenueOrder) -> tuple[int, int]:
        """Take a resting order out; return its (axis, level)."""
        core.cancel(self.core, order.handle)
        del self.resting[order.handle]
        order.handle = core.NO_HANDLE
        return self.place_of(order)

    def place_of(self, order: VenueOrder) -> tuple[int, int]:
        """Return the (axis, level) of an order."""
        outcome = order.outcome_index
        level = core.level_of(order.price_micro, outcome, self.market.tick_micro)
        return core.axis_of(order.side, outcome), level

    def best(self, outcome: int) -> tuple[int, int]:
        """Return an outcome's best bid (0 if none) and best ask (1000000 if none)."""
        bid, ask = core.best_levels(self.core)
        tick = self.market.tick_micro
        return (bid * tick, ask * tick) if outcome == 0 else (MICRO - ask * tick, MICRO - bid * tick)

    def entries(self, changed: Iterable[tuple[int, int]]) -> tuple[BookEntry, ...]:
        """Tell changed (axis, level) pairs as levels of both tokens."""
        best = (self.best(0), self.best(1))
        found = []
        for axis, level in changed:
            size = core.total_at(self.core, axis, level)
            for outcome in (0, 1):
                entry = BookEntry(
                    token_id=self.market.token_ids[outcome],
                    side=_SIDES[axis][outcome],
                    price_micro=core.price_of(level, outcome, self.market.tick_micro),
                    size_micro=size,
                    best_bid_micro=best[outcome][0],
                    best_ask_micro=best[outcome][1],
                )
                found.append(entry)
        return tuple(found)

    def set_tick(self, tick_micro: int) -> None:
        """Go over to a finer tick; what rests stays where it is."""
        self.core = core.regridded(self.core, tick_micro)
        self.market.tick_micro = tick_micro

    def close(self) -> None:
        """Give the room of an emptied book back; nothing is traded in it any more."""
        assert not self.resting, self.market.condition_id
        self.core = core.new_book(self.market.tick_micro, 1)

    def view(self, outcome: int) -> BookView:
        """Return an outcome's book as the venue tells it."""
        tick, market = self.market.tick_micro, self.market
        sides = []
        for axis in (core.BID, core.ASK) if outcome == 0 else (core.ASK, core.BID):
            rows = core.depth(self.core, axis)
            sides.append(tuple(Level(core.price_of(level, outcome, tick), size) for level, size in rows))
        last = self.last_trade_micro
        view = BookView(
            condition_id=market.condition_id,
            token_id=market.token_ids[outcome],
            ts=self.changed_ns,
            bids=sides[0],
            asks=sides[1],
            tick_micro=tick,
            min_order_micro=market.min_order_micro,
            neg_risk=market.neg_risk,
            last_trade_micro=last if outcome == 0 or last < 0 else MICRO - last,
            hash="",
        )
        return _hashed(view)


def _hashed(view: BookView) -> BookView:
    hashed = HashedBook(
        market=view.condition_id,
        asset_id=view.token_id,
        timestamp=str(view.ts // 1_000_000),
        bids=hashed_levels([(level.price_micro, level.size_micro) for level in view.bids]),
        asks=hashed_levels([(level.price_micro, level.size_micro) for level in view.asks]),
        min_order_size=decimal_text(view.min_order_micro),
        tick_size=decimal_text(view.tick_micro),
        neg_risk=view.neg_risk,
        last_trade_price=last_trade_text(view.last_trade_micro),
    )
    return BookView(
        condition_id=view.condition_id,
        token_id=view.token_id,
        ts=view.ts,
        bids=view.bids,
        asks=view.asks,
        tick_micro=view.tick_micro,
        min_order_micro=view.min_order_micro,
        neg_risk=view.neg_risk,
        last_trade_micro=view.last_trade_micro,
        hash=book_hash(hashed),
    )
