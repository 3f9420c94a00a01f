"""How orders become trades in the paper exchange: matching, delays, cancels, and what each of them leaves behind."""

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from whaletrader.adapters.paper.server import terms as rules_of_orders
from whaletrader.adapters.paper.server.agenda import Agenda
from whaletrader.adapters.paper.server.books import MarketBook
from whaletrader.adapters.paper.server.builder_codes import BuilderCodes
from whaletrader.adapters.paper.server.chain import Chain
from whaletrader.adapters.paper.server.funds import Funds
from whaletrader.adapters.paper.server.matches import Matched, make_trade, movements_of
from whaletrader.adapters.paper.server.positions import Positions
from whaletrader.adapters.paper.server.rebates import Rebates
from whaletrader.adapters.paper.server.settlement import Settlement
from whaletrader.adapters.paper.server.switches import DeadMansSwitch, Modes
from whaletrader.adapters.paper.server.terms import GTD_LEAD_NS, Terms
from whaletrader.adapters.paper.server.types import (
    NO_RULES,
    Account,
    BookChanged,
    BookCleared,
    OrderState,
    OrderType,
    OrderUpdated,
    Placed,
    TickChanged,
    TradeState,
    VenueEvent,
    VenueMarket,
    VenueOrder,
    VenueRules,
    VenueTrade,
)
from whaletrader.domain.matching import price_time as core
from whaletrader.domain.values import MICRO, NANOS, Side

Listener = Callable[[VenueEvent], None]
_FINAL = (TradeState.CONFIRMED, TradeState.FAILED)
_MODES = {OrderType.FAK: core.FAK, OrderType.FOK: core.FOK}
_FINE_TICK, _USUAL_TICK = 1_000, 10_000
_LOW, _HIGH = 40_000, 960_000
"""Beyond these prices a market goes over to the fine tick."""


class Trading:
    """Books, open orders and trades; whoever calls has checked the order. Its public face is `venue.Venue`."""

    def __init__(self, rules: VenueRules = NO_RULES) -> None:
        self.rules = rules
        self.markets: dict[str, VenueMarket] = {}
        """By condition id."""
        self.accounts: dict[str, Account] = {}
        """By lower-case address."""
        self.delegates: dict[str, str] = {}
        """The wallet that each session key was authorised for last."""
        self.nonces: dict[str, int] = {}
        """What the next batch of a wallet's owner has to bear."""
        self.taken = 0
        """How many orders were taken so far."""
        self.orders: dict[str, VenueOrder] = {}
        """Every order that is open or ended at most `keep_ns` ago, by id."""
        self.trades: dict[str, VenueTrade] = {}
        """Every trade of the last `keep_ns`, by id, in the order of matching."""
        self.builders = BuilderCodes()
        self.now_ns = rules.genesis_ns
        """The latest time told."""
        self._listeners: list[Listener] = []
        self._agenda = Agenda()
        self._funds = Funds(self.accounts)
        self._chain = Chain(rules, self._agenda, self._funds, self._tell, self._drop_all_unpayable)
        self._settlement = Settlement(rules, self._agenda, self._chain, self._funds, self._tell)
        self._positions = Positions(self.markets, self._chain, self._funds, self._tell)
        self.rebates = Rebates(self.markets, self._agenda, self._positions.rebate)
        self._listeners.append(self.rebates.on_event)
        self._modes = Modes()
        self._switch = DeadMansSwitch(rules, self._agenda, lambda owner, ts: self._cancel_owner(owner, ts))
        self._books: dict[str, MarketBook] = {}
        self._token: dict[str, tuple[MarketBook, int]] = {}
        self._open: dict[str, dict[str, VenueOrder]] = {}
        self._trades_of: dict[str, deque[VenueTrade]] = {}
        self._expiring: dict[int, dict[str, VenueOrder]] = {}
        self._ended: deque[tuple[int, VenueOrder]] = deque()
        self._forgotten_ns = -1
        """When the last order was taken or signed that is forgotten by now."""

    def _at(self, now_ns: int) -> int:
        for ts, call in self._agenda.due(now_ns):
            self.now_ns = max(self.now_ns, ts)
            call(ts)
        self.now_ns = max(self.now_ns, now_ns)
        if self.rules.keep_ns and self._ended and self._ended[0][0] < self.now_ns - self.rules.keep_ns:
            self._forget(self.now_ns - self.rules.keep_ns)
        return self.now_ns

    def _forget(self, before: int) -> None:
        """Let go of what ended before a time: the matching core has given its places to others long ago."""
        while self._ended and self._ended[0][0] < before:
            order = self._ended.popleft()[1]
            del self.orders[order.order_id]
            self._forgotten_ns = max(self._forgotten_ns, order.created_ts, order.signed_ts)
        while self.trades:
            trade = next(iter(self.trades.values()))
            if trade.updated_ts >= before or trade.state not in _FINAL:
                break
            del self.trades[trade.trade_id]
            for owner in dict.fromkeys((trade.owner, *(maker.owner for maker in trade.makers))):
                self._trades_of[owner].popleft()
                if not self._trades_of[owner]:
                    del self._trades_of[owner]

    def _tell(self, event: VenueEvent) -> None:
        for listener in self._listeners:
            listener(event)

    def _hold(self, order: VenueOrder, terms: Terms, book: MarketBook, until: int) -> Placed:
        order.state = OrderState.DELAYED
        self._keep(order)
        self._funds.reserve(order)
        self._tell_order(order, "PLACEMENT", self.now_ns)
        self._agenda.add(until, lambda ts: self._let_go(order, terms, book, ts))
        return Placed(order_id=order.order_id, status="delayed")

    def _let_go(self, order: VenueOrder, terms: Terms, book: MarketBook, ts: int) -> None:
        """Match an order that was held; what cannot be matched rests or is unmatched."""
        if order.state is not OrderState.DELAYED:
            return
        self._funds.forget(order)
        order.state = OrderState.LIVE
        left, matched = book.step(order, self._command(order, terms, book))
        self._settle_in(order, book, (left, matched), ts)

    def _enter(self, order: VenueOrder, terms: Terms, book: MarketBook, now: int) -> Placed:
        left, matched = book.step(order, self._command(order, terms, book))
        if not matched and order.order_type in _MODES:
            killed = order.order_type == OrderType.FOK
            return Placed(refusal=rules_of_orders.FOK_KILLED if killed else rules_of_orders.FAK_KILLED)
        self._keep(order)
        self._tell_order(order, "PLACEMENT", now)
        trade = self._settle_in(order, book, (left, matched), now)
        if trade is None:
            return Placed(order_id=order.order_id, status="live")
        cash, size = trade.cash_micro, trade.size_micro
        return Placed(
            order_id=order.order_id,
            status="matched",
            making_micro=cash if order.side == Side.BUY else size,
            taking_micro=size if order.side == Side.BUY else cash,
            trade_ids=(trade.trade_id,),
            transaction_hashes=(trade.transaction_hash,),
        )

    def _command(self, order: VenueOrder, terms: Terms, book: MarketBook) -> core.Command:
        mode = core.POST_ONLY if order.post_only else _MODES.get(OrderType(order.order_type), core.REST)
        size = terms.size_micro if terms.budget_micro < 0 else core.MAX_AMOUNT
        return book.command(order, size, terms.budget_micro, mode)

    def _settle_in(
        self, order: VenueOrder, book: MarketBook, result: tuple[int, list[Matched]], now: int
    ) -> VenueTrade | None:
        """Book what an order did: its trade, the resting orders it met, what is left of it."""
        left, matched = result
        changed = dict.fromkeys(book.place_of(maker) for maker, _ in matched)
        trade = self._trade(order, book, matched, now) if matched else None
        if order.handle != core.NO_HANDLE:
            changed[book.place_of(order)] = None
            self._funds.reserve(order)
        elif left == 0:
            self._close(order, OrderState.MATCHED)
            order.size_micro = order.matched_micro
        if trade is not None:
            self._tell_order(order, "UPDATE", now)
        if order.handle == core.NO_HANDLE and left:
            self._close(order, OrderState.CANCELED if matched else OrderState.UNMATCHED)
            self._tell_order(order, "CANCELLATION", now)
        self._book_changed(book, changed, now)
        if trade is not None:
            self._after_trade(trade, book, now)
        return trade

    def _trade(self, order: VenueOrder, book: MarketBook, matched: list[Matched], now: int) -> VenueTrade:
        for maker, fill in matched:
            self._funds.fill(maker, fill.size_micro)
        name = self._chain.new_hash("trade")
        trade = make_trade(order, matched, book.market, now, (uuid_of(name), self._chain.new_hash("transaction")))
        order.matched_micro += trade.size_micro
        price = trade.makers[-1].price_micro
        book.last_trade_micro = price if trade.makers[-1].outcome_index == 0 else MICRO - price
        for each in (order, *(maker for maker, _ in matched)):
            each.trade_ids.append(trade.trade_id)
        self.trades[trade.trade_id] = trade
        for owner in dict.fromkeys((trade.owner, *(maker.owner for maker in trade.makers))):
            self._trades_of.setdefault(owner, deque()).append(trade)
        self._settlement.begin(trade, book.market, movements_of(trade), now)
        for maker, _ in matched:
            if maker.left_micro == 0:
                self._close(maker, OrderState.MATCHED)
            self._tell_order(maker, "UPDATE", now)
        return trade

    def _after_trade(self, trade: VenueTrade, book: MarketBook, now: int) -> None:
        for address in dict.fromkeys((trade.maker, *(maker.maker for maker in trade.makers))):
            self._drop_unpayable(address, now)
        price = book.last_trade_micro
        if book.market.tick_micro == _USUAL_TICK and not _LOW <= price <= _HIGH:
            book.set_tick(_FINE_TICK)
            condition = book.market.condition_id
            self._tell(
                TickChanged(ts=now, condition_id=condition, old_tick_micro=_USUAL_TICK, new_tick_micro=_FINE_TICK)
            )

    def _drop_unpayable(self, address: str, now: int) -> None:
        for order in self._funds.unpayable(address):
            self._cancel([order], now)

    def _drop_all_unpayable(self, addresses: Iterable[str], now: int) -> None:
        for address in addresses:
            self._drop_unpayable(address, now)

    def _keep(self, order: VenueOrder) -> None:
        self.taken += 1
        self.orders[order.order_id] = order
        self._open.setdefault(order.owner, {})[order.order_id] = order
        if order.order_type == OrderType.GTD:
            due = order.expiration_s * NANOS - GTD_LEAD_NS
            if due not in self._expiring:
                self._expiring[due] = {}
                self._agenda.add(due, partial(self._expire, due))
            self._expiring[due][order.order_id] = order

    def _expire(self, due: int, ts: int) -> None:
        self._cancel(self._expiring.pop(due).values(), ts)

    def _close(self, order: VenueOrder, state: OrderState) -> None:
        order.state = state
        mine = self._open[order.owner]
        mine.pop(order.order_id, None)
        if not mine:
            del self._open[order.owner]
        if order.order_type == OrderType.GTD:
            self._expiring.get(order.expiration_s * NANOS - GTD_LEAD_NS, {}).pop(order.order_id, None)
        if order.signed_ts > self.now_ns:
            # Its own time has to come before it may be forgotten: else it could be sent, and taken, once more.
            self._agenda.add(order.signed_ts, lambda ts: self._ended.append((ts, order)))
        else:
            self._ended.append((self.now_ns, order))

    def _cancel(self, orders: Iterable[VenueOrder], now: int) -> None:
        changed: dict[str, dict[tuple[int, int], None]] = {}
        for order in orders:
            if order.state not in (OrderState.LIVE, OrderState.DELAYED):
                continue
            if order.handle != core.NO_HANDLE:
                place = self._books[order.condition_id].remove(order)
                changed.setdefault(order.condition_id, {})[place] = None
            self._funds.forget(order)
            self._close(order, OrderState.CANCELED)
            self._tell_order(order, "CANCELLATION", now)
        for condition, places in changed.items():
            self._book_changed(self._books[condition], places, now)

    def _cancel_owner(self, owner: str, ts: int) -> None:
        self._cancel(list(self._open.get(owner, {}).values()), ts)

    def _clear(self, book: MarketBook, ts: int) -> None:
        condition = book.market.condition_id
        held = [order for orders in self._open.values() for order in orders.values()]
        self._cancel([order for order in held if order.condition_id == condition], ts)
        self._tell(BookCleared(ts=ts, condition_id=condition))

    def _book_changed(self, book: MarketBook, changed: Iterable[tuple[int, int]], now: int) -> None:
        entries = book.entries(changed)
        if entries:
            book.changed_ns = now
            self._tell(BookChanged(ts=now, condition_id=book.market.condition_id, entries=entries))

    def _tell_order(self, order: VenueOrder, kind: str, now: int) -> None:
        self._tell(OrderUpdated(ts=now, order=order, kind=kind, matched_micro=order.matched_micro, state=order.state))


def delay_ns(market: VenueMarket, rules: VenueRules) -> int:
    """Return how long a marketable order is held."""
    return market.seconds_delay * NANOS or (rules.taker_delay_ns if market.taker_delay else 0)


def uuid_of(digits: str) -> str:
    """Write the first 32 of a hash's digits as a UUID."""
    text = digits.removeprefix("0x")
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:32]))
