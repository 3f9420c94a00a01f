"""Paper fills against a live public book: an `Exchange` for orders that are never sent anywhere.

What the public feeds tell goes in (`on_book`, `on_delta`, `on_print`, `on_resolution`, or rows by `hear`), orders come
from the engine, and the same matching core as everywhere decides. An order enters when it would have arrived; it takes
what the book shows, less what paper orders took before; what is left of it waits behind the shares that were there and
is served by prints that are not its leader's. Everything it tells is SIMULATED, on disk before it is told, and in the
order of time: an event is never before one that was told, so a reader's cursor misses none. May be called from the
feeds' thread and the engine's.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
from msgspec.structs import replace

from whaletrader.adapters.paper.faults import NO_FAULTS, FaultPlan
from whaletrader.adapters.paper.server.agenda import Agenda
from whaletrader.adapters.paper.shadow_book import Resting, ShadowBook, filled_by_print
from whaletrader.adapters.paper.shadow_store import OrderRow, Payment, ShadowStore
from whaletrader.adapters.paper.shadow_world import ShadowWorld
from whaletrader.adapters.paper.telling import event_of, refusal_of, unknown_order
from whaletrader.datasets.decode.rows import (
    BookDelta,
    BookSnapshot,
    ChainResolution,
    LastTrade,
    TickSizeChange,
    VenueFill,
)
from whaletrader.domain.fees import FeeSchedule, taker_fee_micro
from whaletrader.domain.matching import price_time as core
from whaletrader.domain.order import ReportKind
from whaletrader.domain.routing import GTD_LEAD_S
from whaletrader.domain.settlement import payout_cash_micro
from whaletrader.domain.values import MICRO, NANOS, Role
from whaletrader.ports.exchange import ExchangeEvent, PaymentRefusal, SignedOrder
from whaletrader.ports.tape import TapeMarket

_MODES = {"FAK": core.FAK, "FOK": core.FOK}


@dataclass(frozen=True, slots=True)
class ShadowRules:
    """From a match to its settlement, and which settlements fail."""

    settle_ns: int = 4 * NANOS
    faults: FaultPlan = NO_FAULTS


DEFAULT_RULES = ShadowRules()


class ShadowExchange:
    """Fills `ports.exchange.Exchange` from public books; times that come in are of arrival and in the run's clock."""

    def __init__(self, path: Path | str, rules: ShadowRules = DEFAULT_RULES) -> None:
        self._store = ShadowStore(path)
        self._rules = rules
        self._lock = threading.RLock()
        self._agenda = Agenda()
        self._now = -1
        self._last_told = self._store.newest_ts()
        self._peeked: tuple[int, str, ExchangeEvent | None] | None = None
        self._world = ShadowWorld()
        self._rows: dict[str, OrderRow] = {}
        self._resting: dict[str, dict[str, Resting]] = {}
        for body in self._store.markets():
            self._take_market(*msgspec.json.decode(body, type=tuple[TapeMarket, FeeSchedule]))
        self._resume()

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    # -- what the public feeds tell ------------------------------------------------------------------------------

    def on_market(self, market: TapeMarket, fee: FeeSchedule) -> None:
        """Take a market's terms (also changed ones); orders of unknown markets are rejected."""
        with self._lock:
            if self._take_market(market, fee):
                with self._writing():
                    self._keep_market(market.market_id)
                    self._meet_book(market.market_id)

    def on_book(
        self,
        token_id: str,
        bids: Iterable[tuple[int, int]],
        asks: Iterable[tuple[int, int]],
        now_ns: int,
        tick_micro: int = -1,
    ) -> None:
        """Take a snapshot of either token: (price, size) in any order."""
        self.advance(now_ns)
        with self._lock:
            market_id = self._world.reset(token_id, bids, asks, tick_micro)
            if market_id is not None:
                self._meet_book(market_id)

    def on_delta(self, token_id: str, side: str, price_micro: int, size_micro: int, now_ns: int) -> None:
        """Take a level's new total."""
        self.advance(now_ns)
        with self._lock:
            market_id = self._world.set_level(token_id, side, price_micro, size_micro)
            if market_id is not None:
                self._meet_book(market_id)

    def on_print(
        self,
        token_id: str,
        side: str,
        price_micro: int,
        size_micro: int,
        now_ns: int,
        *,
        wallet: str = "",
        transaction: str = "",
    ) -> None:
        """Take a taker's trade of others (`side` is the taker's); it serves the orders that wait. Each only once."""
        self.advance(now_ns)
        with self._lock:
            market_id = self._world.market_of(token_id)
            if market_id is None or not self._resting[market_id]:
                return
            axis, price = self._world.books[market_id].place(token_id, side, price_micro)
            with self._writing():
                for resting in list(self._resting[market_id].values()):
                    his = self._world.is_his(resting.leader_wallet, wallet, transaction)
                    served = 0 if his else filled_by_print(resting, axis, price, size_micro)
                    if served:
                        self._fill_resting(resting, served)

    def on_resolution(self, market_id: str, payouts_micro: tuple[int, ...], now_ns: int) -> None:
        """Take how a market paid out: what waits there is cancelled, redemptions pay from now on."""
        with self._writing():
            self._run(now_ns)
            if self._world.resolve(market_id, payouts_micro, self._now):
                self._keep_market(market_id)
                for order_hash in list(self._resting[market_id]):
                    self._close(self._rows[order_hash], ReportKind.CANCELLED, self._now)

    def hear(self, rows: Iterable[object], now_ns: int) -> None:
        """Take decoded rows of the public feeds; prints come from the market channel, leaders from wallets' fills."""
        for row in rows:
            match row:
                case BookDelta():
                    self.on_delta(row.token_id, row.side, row.price_micro, row.size_micro, now_ns)
                case BookSnapshot():
                    self.on_book(row.token_id, row.bids, row.asks, now_ns, row.tick_micro)
                case LastTrade():
                    print_of = (row.token_id, row.side, row.price_micro, row.size_micro)
                    self.on_print(*print_of, now_ns, transaction=row.tx_hash)
                case VenueFill():
                    self._note_leader(row.wallet, row.tx_hash)
                case ChainResolution() if not row.removed:
                    self.on_resolution(row.market_id, row.payouts_micro, now_ns)
                case TickSizeChange():
                    self._change_tick(row.token_id, row.new_tick_micro)
                case _:
                    pass

    def advance(self, now_ns: int) -> None:
        """Let everything due happen: arrivals, cancels, expiries, settlements, payments, answers."""
        with self._lock:
            if self._agenda.next_ns() > max(now_ns, self._now):
                self._now = max(self._now, now_ns)
                return
            with self._writing():
                self._run(now_ns)

    # -- the exchange --------------------------------------------------------------------------------------------

    def submit(self, order: SignedOrder) -> None:
        """Take an order, to enter the book when it arrives; the same order again changes nothing."""
        with self._writing():
            if self._store.keep_order(order):
                self._await(OrderRow(order))
                self._run(self._now)

    def cancel(self, account_id: str, order_hash: str, arrive_ts: int) -> None:
        """Cancel what is left of an order, also when the order itself comes later."""
        with self._writing():
            self._store.keep_cancel(order_hash, arrive_ts)
            self._agenda.add(arrive_ts, partial(self._cancel_arrived, account_id, order_hash))
            self._run(self._now)

    def ask(self, account_id: str, order_hash: str, arrive_ts: int) -> None:
        """Tell what had happened to an order once more, right after `arrive_ts`."""
        with self._writing():
            if self._store.keep_ask(account_id, order_hash, arrive_ts):
                self._await_ask(account_id, order_hash, arrive_ts)
                self._run(self._now)

    def redeem(self, command_id: str, account_id: str, token_id: str, size_micro: int, arrive_ts: int) -> None:
        """Pay a resolved token out; FAILED where its market has not resolved."""
        self._take_payment(Payment(command_id, account_id, token_id, "", size_micro, arrive_ts))

    def merge(self, command_id: str, account_id: str, market_id: str, size_micro: int, arrive_ts: int) -> None:
        """Pay one unit of collateral for each pair of outcomes."""
        self._take_payment(Payment(command_id, account_id, "", market_id, size_micro, arrive_ts))

    def next_event(self, after_ts: int, after_id: str) -> ExchangeEvent | None:
        """Return the first event behind the cursor; None where nothing was told yet."""
        with self._lock:
            if self._peeked is not None and self._peeked[:2] == (after_ts, after_id):
                return self._peeked[2]
            event = self._store.next_event(after_ts, after_id)
            self._peeked = (after_ts, after_id, event)
            return event

    def orders(self) -> list[tuple[SignedOrder, int]]:
        """Return every order ever taken with how often it was sent, by hash."""
        with self._lock:
            return self._store.submissions()

    def open_markets(self) -> tuple[str, ...]:
        """Return the markets in which orders wait, by id: their books must be watched."""
        with self._lock:
            waiting = {market_id for market_id, orders in self._resting.items() if orders}
            return tuple(sorted(waiting | {row.order.market_id for row in self._rows.values()}))

    # -- an order's life -----------------------------------------------------------------------------------------

    def _enter(self, order_hash: str, ts: int) -> None:
        row = self._rows[order_hash]
        order = row.order
        reason = refusal_of(order, self._world.markets.get(order.market_id))
        if not reason and not self._world.books[order.market_id].fits(order.price_micro):
            reason = "BREAKS_TICK_SIZE"
        if reason:
            self._reject(row, reason, ts)
            return
        row.entered = True
        self._tell(order_hash, event_of(order, "0000", ts + 1, ReportKind.ACCEPTED))
        cancel_ts = self._store.cancel_ts(order_hash)
        if cancel_ts is not None and cancel_ts <= ts:
            self._close(row, ReportKind.CANCELLED, ts)
            return
        self._agenda.add(_end_ts(order), partial(self._expire, order_hash))
        self._store.keep_state(row)
        self._enter_book(row, ts)

    def _enter_book(self, row: OrderRow, ts: int) -> None:
        """Match what is left of an order; the rest waits. Where the book is not known yet, all of it does."""
        order = row.order
        book = self._world.books[order.market_id]
        axis, price = book.place(order.token_id, order.side, order.price_micro)
        resting = Resting(order.order_hash, axis, price, order.size_micro - row.filled_micro, -1, order.leader_wallet)
        self._resting[order.market_id][order.order_hash] = resting
        if not book.known:
            return
        if order.post_only and book.offers(axis, price):
            self._reject(row, "POST_ONLY_CROSSES", ts)
            return
        mode = _MODES.get(order.order_type, core.REST)
        left, fills = book.match(order.token_id, order.side, order.price_micro, resting.left_micro, mode)
        for fill in fills:
            self._fill(row, book.price_of(order.token_id, fill.level), fill.size_micro, Role.TAKER)
        resting.left_micro = left
        resting.ahead_micro = book.shown(axis, price)
        if left and mode != core.REST:
            self._close(row, ReportKind.CANCELLED, ts)
        elif not left:
            self._forget(row)

    def _meet_book(self, market_id: str) -> None:
        """Let the orders that wait in a market meet its changed book: queues get shorter, new offers are matched."""
        book = self._world.books[market_id]
        for resting in list(self._resting[market_id].values()):
            if resting.ahead_micro < 0:
                with self._writing():
                    self._enter_book(self._rows[resting.order_hash], self._now)
                continue
            resting.ahead_micro = min(resting.ahead_micro, book.shown(resting.axis, resting.price_micro))
            if book.crosses(resting.axis, resting.price_micro):
                with self._writing():
                    self._take_offers(book, resting)

    def _take_offers(self, book: ShadowBook, resting: Resting) -> None:
        """Fill a waiting order by offers that would have been matched with it when they came."""
        for price, size in book.offers(resting.axis, resting.price_micro):
            if resting.left_micro:
                taken = min(size, resting.left_micro)
                book.take(1 - resting.axis, price, taken)
                self._fill_resting(resting, taken)

    def _fill_resting(self, resting: Resting, size_micro: int) -> None:
        row = self._rows[resting.order_hash]
        resting.left_micro -= size_micro
        self._fill(row, row.order.price_micro, size_micro, Role.MAKER)
        if not resting.left_micro:
            self._forget(row)

    def _fill(self, row: OrderRow, price_micro: int, size_micro: int, role: Role) -> None:
        order = row.order
        row.fills += 1
        row.filled_micro += size_micro
        schedule = self._world.fees[order.market_id]
        told = replace(
            event_of(order, f"{row.fills:04d}", self._now, ReportKind.FILL),
            trade_id=f"{order.order_hash}:{row.fills:04d}",
            price_micro=price_micro,
            size_micro=size_micro,
            fee_micro=taker_fee_micro(schedule, price_micro, size_micro) if role is Role.TAKER else 0,
            role=role,
        )
        told = self._tell(order.order_hash, told)
        self._store.keep_state(row)
        fails = self._rules.faults.fails(order.order_hash, row.fills - 1)
        settled = replace(
            told,
            event_id=f"{told.event_id}:settled",
            ts=told.ts + self._rules.settle_ns,
            kind=ReportKind.FAILED if fails else ReportKind.SETTLED,
            reason="REVERTED" * fails,
        )
        self._store.keep_settlement(settled)
        self._await_settlement(settled)

    def _reject(self, row: OrderRow, reason: str, ts: int) -> None:
        self._tell(row.order.order_hash, event_of(row.order, "refused", ts + 1, ReportKind.REJECTED, reason=reason))
        self._forget(row)

    def _close(self, row: OrderRow, kind: ReportKind, ts: int) -> None:
        closed = replace(event_of(row.order, "closed", ts + 1, kind, reason=kind), size_micro=row.filled_micro)
        self._tell(row.order.order_hash, closed)
        self._forget(row)

    def _forget(self, row: OrderRow) -> None:
        row.closed = True
        self._store.keep_state(row)
        self._rows.pop(row.order.order_hash, None)
        self._resting.get(row.order.market_id, {}).pop(row.order.order_hash, None)

    def _expire(self, order_hash: str, ts: int) -> None:
        row = self._rows.get(order_hash)
        if row is not None and row.entered:
            self._close(row, ReportKind.EXPIRED, ts)

    def _cancel_arrived(self, account_id: str, order_hash: str, ts: int) -> None:
        row = self._rows.get(order_hash)
        if row is not None and row.entered and row.order.account_id == account_id:
            self._close(row, ReportKind.CANCELLED, ts)

    # -- inside --------------------------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock, self._store.together():
            yield

    def _run(self, now_ns: int) -> None:
        """Let time pass step by step: what is due happens at its own time."""
        while (due := self._agenda.next_ns()) <= max(now_ns, self._now):
            self._now = max(self._now, due)
            for ts, call in self._agenda.due(self._now):
                call(ts)
        self._now = max(self._now, now_ns)

    def _tell(self, subject: str, event: ExchangeEvent) -> ExchangeEvent:
        self._last_told = max(event.ts, self._last_told + 1, self._now)
        event = replace(event, ts=self._last_told)
        self._store.tell(subject, event)
        self._peeked = None
        return event

    def _take_market(self, market: TapeMarket, fee: FeeSchedule) -> bool:
        self._resting.setdefault(market.market_id, {})
        return self._world.take_market(market, fee)

    def _keep_market(self, market_id: str) -> None:
        terms = (self._world.markets[market_id], self._world.fees[market_id])
        self._store.keep_market(market_id, msgspec.json.encode(terms))

    def _change_tick(self, token_id: str, tick_micro: int) -> None:
        with self._lock:
            market_id = self._world.set_tick(token_id, tick_micro)
            if market_id is not None:
                with self._writing():
                    self._keep_market(market_id)

    def _note_leader(self, wallet: str, transaction: str) -> None:
        with self._lock:
            if transaction and any(row.order.leader_wallet == wallet for row in self._rows.values()):
                self._world.note_trade(wallet, transaction)

    def _take_payment(self, payment: Payment) -> None:
        with self._writing():
            if self._store.keep_payment(payment):
                self._agenda.add(payment.arrive_ts, partial(self._pay, payment))
                self._run(self._now)

    def _pay(self, payment: Payment, ts: int) -> None:
        market_id = payment.market_id or self._world.market_of(payment.token_id) or ""
        market = self._world.markets.get(market_id)
        cash, reason, kind = 0, "", ReportKind.MERGED if payment.market_id else ReportKind.REDEEMED
        if market is None:
            reason = PaymentRefusal.MARKET_NOT_FOUND
        elif payment.market_id:
            cash = payout_cash_micro(payment.size_micro, MICRO)
        elif market.resolved:
            cash = payout_cash_micro(payment.size_micro, market.payouts_micro[market.token_ids.index(payment.token_id)])
        else:
            reason = PaymentRefusal.NOT_RESOLVED
        event = ExchangeEvent(
            event_id=f"{payment.command_id}:paid",
            ts=ts + 1,
            kind=ReportKind.FAILED if reason else kind,
            account_id=payment.account_id,
            order_hash=payment.command_id,
            market_id=market_id,
            token_id=payment.token_id,
            size_micro=0 if reason else payment.size_micro,
            cash_micro=cash,
            reason=reason,
        )
        self._tell(payment.command_id, event)
        self._store.paid(payment.command_id)

    def _answer(self, account_id: str, order_hash: str, asked_ts: int, ts: int) -> None:
        told = self._store.told_of(order_hash)
        for number, event in enumerate(told):
            again = replace(event, event_id=f"{order_hash}:ask:{asked_ts:019d}:{number:04d}", ts=ts + 1)
            self._tell(f"ask:{order_hash}", again)
        if not told:
            self._tell(f"ask:{order_hash}", unknown_order(account_id, order_hash, max(ts, asked_ts)))
        self._store.answered(order_hash, asked_ts)

    def _settle(self, event: ExchangeEvent) -> None:
        self._store.drop_settlement(event.event_id)
        self._tell(event.order_hash, event)

    def _await(self, row: OrderRow) -> None:
        order_hash = row.order.order_hash
        self._rows[order_hash] = row
        self._agenda.add(row.order.arrive_ts, partial(self._enter, order_hash))

    def _await_ask(self, account_id: str, order_hash: str, asked_ts: int) -> None:
        self._agenda.add(asked_ts, partial(self._answer, account_id, order_hash, asked_ts))

    def _await_settlement(self, event: ExchangeEvent) -> None:
        self._agenda.add(event.ts, lambda _ts: self._settle(event))

    def _resume(self) -> None:
        """Take up what a process before us left: what waited in the book waits for its next snapshot."""
        for row in self._store.open_orders():
            if not row.entered:
                self._await(row)
                continue
            order = row.order
            self._rows[order.order_hash] = row
            self._agenda.add(_end_ts(order), partial(self._expire, order.order_hash))
            cancel_ts = self._store.cancel_ts(order.order_hash)
            if cancel_ts is not None:
                self._agenda.add(cancel_ts, partial(self._cancel_arrived, order.account_id, order.order_hash))
            self._enter_book(row, self._now)
        for settlement in self._store.settlements():
            self._await_settlement(settlement)
        for payment in self._store.open_payments():
            self._agenda.add(payment.arrive_ts, partial(self._pay, payment))
        for account_id, order_hash, asked_ts in self._store.open_asks():
            self._await_ask(account_id, order_hash, asked_ts)


def _end_ts(order: SignedOrder) -> int:
    return (order.expiration_s - GTD_LEAD_S) * NANOS if order.expiration_s else 2**62
