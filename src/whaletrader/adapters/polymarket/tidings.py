"""Turns what the venue tells of our orders (answers, user channel, REST) into events, each told once.

Whichever source tells first, in whatever order and however often: the event's id is made of what happened. A trade
with several resting orders is one fill for each, at that order's own price. Orders that are not ours are left alone.
"""

from collections.abc import Callable, Iterator

from whaletrader.adapters.polymarket.exchange_store import (
    CLOSED,
    LIVE,
    ExchangeStore,
    OrderRecord,
    TradeRecord,
)
from whaletrader.datasets.decode.rows import UserOrder, UserTrade
from whaletrader.domain.fees import FeeSchedule, taker_fee_micro
from whaletrader.domain.order import ReportKind
from whaletrader.domain.order_payload import IMMEDIATE_TYPES
from whaletrader.domain.routing import GTD, GTD_LEAD_S
from whaletrader.domain.values import MICRO, NANOS, Role
from whaletrader.ports.exchange import ExchangeEvent, SignedOrder

CONFIRMED, FAILED, MATCHED = "CONFIRMED", "FAILED", "MATCHED"
_OVER = ("CANCELED", "CANCELLED", "EXPIRED", "CANCELED_MARKET_RESOLVED", "UNMATCHED", "INVALID")
Settled = Callable[[SignedOrder, ExchangeEvent], None]
"""Hears of every fill's settlement: the order, and the event SETTLED or FAILED with the fill's price."""


class Tidings:
    """Folds what is told into the store; `fees` gives a market's schedule and must know every market we trade."""

    def __init__(
        self,
        store: ExchangeStore,
        fees: Callable[[str], FeeSchedule],
        now_ns: Callable[[], int],
        settled: Settled | None = None,
    ) -> None:
        self._store, self._fees, self._now_ns, self._settled = store, fees, now_ns, settled

    def accepted(self, record: OrderRecord) -> None:
        """The venue has the order."""
        with self._store.writing():
            self._tell(record.order, "accepted", ReportKind.ACCEPTED)
            self._lives(record.order)

    def refused(self, record: OrderRecord, reason: str, *, sent: bool = True) -> None:
        """The order never lived; `sent` is false where we did not send it. One that is known to live is left alone."""
        with self._store.writing():
            now = self._store.order(record.order.order_hash)
            if now is None or now.state in (LIVE, CLOSED):
                return
            self._tell(record.order, "refused", ReportKind.REJECTED if sent else ReportKind.NOT_SENT, reason=reason)
            self._store.set_state(record.order.order_hash, CLOSED)

    def closed(self, record: OrderRecord, filled_micro: int, reason: str) -> None:
        """What is left of the order is gone; `filled_micro` shares were filled in all."""
        order = record.order
        if self.filled_micro(order.order_hash) >= order.size_micro:
            return
        kind = ReportKind.EXPIRED if self._expired(record) else ReportKind.CANCELLED
        with self._store.writing():
            self._store.note_matched(order.order_hash, filled_micro)
            self._tell(order, "closed", kind, size_micro=filled_micro, reason=reason)
            self._store.set_state(order.order_hash, CLOSED)

    def order(self, row: UserOrder) -> bool:
        """Fold an order's row; False where it tells of fills that are not known yet."""
        record = self._store.order(row.order_id)
        if record is None:
            return True
        invalid = row.status == "INVALID" and not self._store.trades(row.order_id) and record.state != LIVE
        if invalid:
            self.refused(record, row.status)
            return True
        self._store.note_matched(row.order_id, row.size_matched_micro)
        self.accepted(record)
        partly = row.size_matched_micro < max(row.original_size_micro, record.order.size_micro)
        immediate = record.order.order_type in IMMEDIATE_TYPES and row.status == MATCHED
        if row.type == "CANCELLATION" or row.status in _OVER or (immediate and partly):
            self.closed(record, row.size_matched_micro, row.status or row.type)
        return self.filled_micro(row.order_id) >= row.size_matched_micro

    def trade(self, row: UserTrade) -> int:
        """Fold a trade's row; returns how many orders of ours it concerns."""
        found = 0
        for order_hash, role, legs in _sides(row):
            record = self._store.order(order_hash)
            if record is not None:
                found += 1
                self._fold(record, row, role, legs)
        return found

    def filled_micro(self, order_hash: str) -> int:
        """Shares known to be matched, failed ones included."""
        return sum(trade.size_micro for trade in self._store.trades(order_hash))

    def tell_again(self, order_hash: str, asked_ts: int, not_before: int) -> None:
        """Tell everything of an order again, as the answer to a question."""
        told = [event for event in self._store.told(order_hash) if ":ask:" not in event.event_id]
        again = [
            _renamed(event, f"{order_hash}:ask:{asked_ts:019d}:{number:04d}", not_before)
            for number, event in enumerate(told)
        ]
        self._store.tell(order_hash, again, not_before=not_before)

    def unknown(self, account_id: str, order_hash: str, asked_ts: int, not_before: int) -> None:
        """The venue was asked and does not know the order."""
        event = ExchangeEvent(
            event_id=f"{order_hash}:ask:{asked_ts:019d}:unknown",
            ts=0,
            kind=ReportKind.UNKNOWN_ORDER,
            account_id=account_id,
            order_hash=order_hash,
            market_id="",
            token_id="",
        )
        self._store.tell(order_hash, [event], not_before=not_before)

    def _fold(self, record: OrderRecord, row: UserTrade, role: Role, legs: list[tuple[str, int, int]]) -> None:
        """Tell the fills of a trade where they are new, and their settlement where it is."""
        order = record.order
        with self._store.writing():
            known = {
                trade.leg: trade for trade in self._store.trades(order.order_hash) if trade.trade_id == row.trade_id
            }
            if not known:
                fees = self._fees_of(order, legs) if role is Role.TAKER else [0] * len(legs)
                fresh = [self._fill(order, row, role, leg, fee) for leg, fee in zip(legs, fees, strict=True)]
                known = {trade.leg: trade for trade in fresh}
                self._lives(order)
            if row.status in (CONFIRMED, FAILED):
                for trade in known.values():
                    self._settle(order, trade, row.status)

    def _fees_of(self, order: SignedOrder, legs: list[tuple[str, int, int]]) -> list[int]:
        """The venue charges a trade as a whole, at its average price; each leg bears its share, the last the rest.

        A real trade of several fills (FACTS 8.1, Data API row of 2026-09-08) is reproduced so and not leg by leg.
        """
        size = sum(each for _, _, each in legs)
        cost = sum(price * each for _, price, each in legs)
        whole = taker_fee_micro(self._fees(order.market_id), (2 * cost + size) // (2 * size), size)
        shares = [whole * each // size for _, _, each in legs[:-1]]
        return [*shares, whole - sum(shares)]

    def _fill(self, order: SignedOrder, row: UserTrade, role: Role, leg: tuple[str, int, int], fee: int) -> TradeRecord:
        leg_id, price, size = leg
        told = {"trade_id": leg_id, "price_micro": price, "size_micro": size, "fee_micro": fee, "role": role.value}
        self._tell(order, leg_id, ReportKind.FILL, **told)
        trade = TradeRecord(order.order_hash, leg_id, row.trade_id, size, MATCHED)
        self._store.keep_trade(trade)
        return trade

    def _lives(self, order: SignedOrder) -> None:
        """Note that an order lives, or is over where all of it is filled.

        It was heard of, so its silence begins anew. Its state is read again: another thread may have heard of its end
        while this one was told of its beginning.
        """
        now = self._store.order(order.order_hash)
        full = self.filled_micro(order.order_hash) >= order.size_micro
        if now is not None and now.state != CLOSED:
            self._store.set_state(order.order_hash, CLOSED if full else LIVE)

    def _settle(self, order: SignedOrder, trade: TradeRecord, status: str) -> None:
        if trade.status != MATCHED:
            return
        fill = next(e for e in self._store.told(order.order_hash) if e.event_id == f"{order.order_hash}:{trade.leg}")
        kind, reason = (ReportKind.SETTLED, "") if status == CONFIRMED else (ReportKind.FAILED, "REVERTED")
        told = {name: getattr(fill, name) for name in ("trade_id", "price_micro", "size_micro", "fee_micro", "role")}
        event = self._tell(order, f"{trade.leg}:settled", kind, reason=reason, **told)
        self._store.keep_trade(TradeRecord(trade.order_hash, trade.leg, trade.trade_id, trade.size_micro, status))
        if self._settled is not None:
            self._settled(order, event)

    def _tell(self, order: SignedOrder, name: str, kind: ReportKind, **more: object) -> ExchangeEvent:
        event = ExchangeEvent(
            event_id=f"{order.order_hash}:{name}",
            ts=0,
            kind=kind,
            account_id=order.account_id,
            order_hash=order.order_hash,
            market_id=order.market_id,
            token_id=order.token_id,
            **more,  # type: ignore[arg-type]
        )
        self._store.tell(order.order_hash, [event])
        return event

    def _expired(self, record: OrderRecord) -> bool:
        order = record.order
        ended = self._now_ns() // NANOS >= order.expiration_s - GTD_LEAD_S
        return order.order_type == GTD and ended and record.cancel_ts is None


def _sides(row: UserTrade) -> Iterator[tuple[str, Role, list[tuple[str, int, int]]]]:
    """(order hash, role, [(leg, price, size)]) of everybody in a trade, whoever they are."""
    yield row.taker_order_id, Role.TAKER, _taker_legs(row)
    for maker in row.maker_orders:
        leg = f"{row.trade_id}@{maker.order_id}"  # one trade may take several orders of ours
        yield maker.order_id, Role.MAKER, [(leg, maker.price_micro, maker.matched_micro)]


def _taker_legs(row: UserTrade) -> list[tuple[str, int, int]]:
    """The taker pays each resting order's own price; one of the other outcome counts at one less its price."""
    makers = row.maker_orders
    if sum(maker.matched_micro for maker in makers) != row.size_micro:
        return [(row.trade_id, row.price_micro, row.size_micro)]
    legs = []
    for maker in makers:
        price = maker.price_micro if maker.token_id == row.token_id else MICRO - maker.price_micro
        leg = row.trade_id if len(makers) == 1 else f"{row.trade_id}:{maker.order_id}"
        legs.append((leg, price, maker.matched_micro))
    return legs


def _renamed(event: ExchangeEvent, event_id: str, ts: int) -> ExchangeEvent:
    changed = {name: getattr(event, name) for name in event.__struct_fields__}
    return ExchangeEvent(**{**changed, "event_id": event_id, "ts": ts})
