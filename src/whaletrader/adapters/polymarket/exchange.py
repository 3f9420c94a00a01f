"""The gateway: fills `ports.exchange.Exchange` from the real venue (or from anything that speaks its protocols).

An order's bytes are kept before they are sent, and only those bytes are ever sent again. Where nobody answered the
outcome is unknown: resting orders may be sent again (the venue knows them by their hash), immediate ones are asked for
and never sent twice. What happened is told by answers, by the user channel (`tell`) and by reading back (`ask`,
`refresh`), and is kept in a durable table, so that a cursor survives restarts. Nothing here decides to trade.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from whaletrader.adapters.polymarket.answers import Meaning, Verdict, verdict_of, verdict_of_answer
from whaletrader.adapters.polymarket.exchange_store import CLOSED, LIVE, NEW, SENT, ExchangeStore, OrderRecord
from whaletrader.adapters.polymarket.secure_clob import Placed, SecureClob
from whaletrader.adapters.polymarket.tidings import Tidings
from whaletrader.datasets.decode.rows import UserOrder, UserTrade
from whaletrader.domain.amounts import most_shares
from whaletrader.domain.order_payload import IMMEDIATE_TYPES, MAX_BATCH, order_body
from whaletrader.domain.values import NANOS, Side
from whaletrader.errors import ExchangeError, VenueError
from whaletrader.ports.exchange import ExchangeEvent, SignedOrder

TRADES_FROM_S = 120
"""Trades are read back from so long before an order was made: clocks differ."""
FORGOTTEN_AFTER_NS = 60 * NANOS
"""An order that was taken and was not found for so long after its last news is over."""
_TOO_OFTEN = 429
MAY_OVERFILL = "MAY_OVERFILL"
"""A FOK or FAK BUY spends its collateral at whatever better price it finds: it could bring more than its size."""


@contextmanager
def _patience() -> Iterator[None]:
    """Have every fault of the venue waited out: a command that nobody answers for must not end the run."""
    try:
        yield
    except VenueError as error:
        raise ExchangeError(error.message, retryable=True) from None


class Payments(Protocol):
    """Carries out redemptions and merges, each once, in its own time."""

    def redeem(self, command_id: str, account_id: str, token_id: str, size_micro: int) -> None:
        """Take a redemption."""
        ...

    def merge(self, command_id: str, account_id: str, market_id: str, size_micro: int) -> None:
        """Take a merge."""
        ...

    def work(self) -> int:
        """Carry on with what was taken; returns how many are open."""
        ...


class PolymarketExchange:
    """Thread-safe: the engine calls the port, the sources' threads call `tell`, upkeep calls `refresh`.

    `gate` says in one word why no new order may be sent now ("" where they may), `opening` why none may but a sale that
    only makes a holding smaller, `buying` why no purchase may; cancels and questions always pass.
    """

    def __init__(
        self,
        clob: SecureClob,
        store: ExchangeStore,
        tidings: Tidings,
        payments: Payments,
        *,
        now_ns: Callable[[], int],
        gate: Callable[[], str] = lambda: "",
        opening: Callable[[], str] = lambda: "",
        buying: Callable[[], str] = lambda: "",
        prepare: Callable[[str], object] = lambda _market_id: None,
    ) -> None:
        self._clob, self._store, self._tidings, self._payments = clob, store, tidings, payments
        self._now_ns, self._prepare = now_ns, prepare
        self._gate, self._opening, self._buying = gate, opening, buying
        self._peeked: tuple[int, int, str, ExchangeEvent | None] | None = None

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def submit(self, order: SignedOrder) -> None:
        """Send an order, or its very bytes again; `ExchangeError` where the outcome is unknown or it must wait."""
        record = self._store.keep_order(order)
        with _patience():
            if not self._to_send(record) or not self._prepared(record):
                return
            self._store.set_state(order.order_hash, SENT)
            try:
                placed = self._clob.post_order(self._body(order))
            except VenueError as error:
                self._after(record, verdict_of(error.status, error.words), error)
                return
            self._placed(record, placed)

    def submit_all(self, orders: Sequence[SignedOrder]) -> None:
        """Send orders in the venue's batches of 15; each ends as by `submit`. The first that must wait is raised."""
        trouble: ExchangeError | None = None
        with _patience():
            kept = [self._store.keep_order(order) for order in orders]
            records = [record for record in kept if self._to_send(record) and self._prepared(record)]
            for start in range(0, len(records), MAX_BATCH):
                for fault in self._batch(records[start : start + MAX_BATCH]):
                    trouble = trouble or fault
        if trouble is not None:
            raise trouble

    def cancel(self, account_id: str, order_hash: str, arrive_ts: int) -> None:  # noqa: ARG002
        """Cancel what is left of an order; one that was never sent will not be."""
        self._store.keep_cancel(order_hash, arrive_ts)
        record = self._store.order(order_hash)
        if record is not None and record.state == NEW:
            self._tidings.closed(record, 0, "NOT_SENT")
        elif record is None or record.state != CLOSED:
            with _patience():
                self._cancel(order_hash)

    def ask(self, account_id: str, order_hash: str, arrive_ts: int) -> None:
        """Read an order's state back and tell everything of it again."""
        with _patience():
            found = self._look(order_hash)
        if found or self._store.told(order_hash):
            self._tidings.tell_again(order_hash, arrive_ts, arrive_ts + 1)
        if not found and (record := self._store.order(order_hash)) is not None and record.state in (LIVE, CLOSED):
            return
        if not found:
            self._tidings.unknown(account_id, order_hash, arrive_ts, arrive_ts + 1)

    def redeem(  # it is carried out when it comes: `arrive_ts` is the simulation's
        self,
        command_id: str,
        account_id: str,
        token_id: str,
        size_micro: int,
        arrive_ts: int,  # noqa: ARG002
    ) -> None:
        """Take a redemption; its event comes when the chain has settled it."""
        self._payments.redeem(command_id, account_id, token_id, size_micro)

    def merge(
        self,
        command_id: str,
        account_id: str,
        market_id: str,
        size_micro: int,
        arrive_ts: int,  # noqa: ARG002
    ) -> None:
        """Take a merge; its event comes when the chain has settled it."""
        self._payments.merge(command_id, account_id, market_id, size_micro)

    def next_event(self, after_ts: int, after_id: str) -> ExchangeEvent | None:
        """Return the first event behind the cursor, None when nothing was told since."""
        version = self._store.version
        if self._peeked is not None and self._peeked[:3] == (version, after_ts, after_id):
            return self._peeked[3]
        event = self._store.next_event(after_ts, after_id)
        self._peeked = (version, after_ts, after_id, event)
        return event

    def orders(self) -> list[tuple[SignedOrder, str]]:
        """Return every order ever taken with its state, by hash."""
        return [(record.order, record.state) for record in self._store.orders()]

    def tell(self, rows: Iterable[object]) -> None:
        """Take rows of the user channel; an order's row that tells of fills not known yet has them read back."""
        for row in rows:
            if isinstance(row, UserTrade):
                self._tidings.trade(row)
            elif isinstance(row, UserOrder) and not self._tidings.order(row):
                self._read_trades(row.order_id)

    def refresh(self) -> int:
        """Read back everything that is open or unsettled, after a gap or now and then; returns how much still is."""
        for record in self._store.orders(SENT, LIVE):
            if record.cancel_ts is not None:
                self._cancel(record.order.order_hash)  # first: cancels pass where questions are held back
        resting = {row.order_id: row for row in self._clob.open_orders()}
        for order_hash in resting:
            known = self._store.order(order_hash)
            if known is not None and known.state == CLOSED:
                self._cancel(order_hash)  # over for us, refused for instance: nobody looks after it
        for record in self._store.orders(SENT, LIVE):
            row = resting.get(record.order.order_hash)
            if row is None:
                self._look(record.order.order_hash)
            elif not self._tidings.order(row):
                self._read_trades(row.order_id)
        for order_hash in self._store.incomplete():
            self._read_trades(order_hash)
        for trade_id in sorted({trade.trade_id for trade in self._store.unsettled()}):
            self.tell(self._clob.trades(trade_id=trade_id))
        return len(self._store.orders(SENT, LIVE)) + len(self._store.incomplete()) + len(self._store.unsettled())

    def _to_send(self, record: OrderRecord) -> bool:
        order = record.order
        if record.state in (LIVE, CLOSED):
            return False
        why_not = self._why_not(order)
        over = order.order_type in IMMEDIATE_TYPES or record.cancel_ts is not None or bool(why_not)
        if record.state == SENT and over:
            # It may have been carried out: a decision is not made twice, nor against a cancel or a gate since then.
            self._look(order.order_hash)
            return False
        if record.state == SENT:
            return True
        if record.cancel_ts is not None:
            self._tidings.closed(record, 0, "NOT_SENT")
            return False
        if why_not:
            self._tidings.refused(record, why_not, sent=False)
        return not why_not

    def _why_not(self, order: SignedOrder) -> str:
        """Return in one word why an order may not be sent now, "" where it may."""
        buys = order.side == Side.BUY
        if buys and order.order_type in IMMEDIATE_TYPES and most_shares(order.maker_amount) > order.size_micro:
            return MAY_OVERFILL
        if closed := self._gate():
            return closed
        if (buys or not order.reduce_only) and (closed := self._opening()):
            return closed
        return self._buying() if buys else ""

    def _prepared(self, record: OrderRecord) -> bool:
        """Know what a fill will cost before anything is sent; False where the venue does not know the market."""
        try:
            self._prepare(record.order.market_id)
        except VenueError as error:
            if error.retryable or record.state != NEW:
                raise
            self._tidings.refused(record, verdict_of(error.status, error.words).reason)
            return False
        return True

    def _batch(self, records: Sequence[OrderRecord]) -> list[ExchangeError]:
        for record in records:
            self._store.set_state(record.order.order_hash, SENT)
        faults: list[ExchangeError] = []
        try:
            answers = self._clob.post_orders([self._body(record.order) for record in records])
        except VenueError as error:
            # The words of a refused batch are about one of its orders or none: only "not now" is true of all.
            whole = verdict_of(error.status, error.words)
            told = whole if whole.meaning is Meaning.NOT_NOW else Verdict(Meaning.UNKNOWN, whole.reason)
            for record in records:
                faults += self._fault(record, told, error)
            return faults
        for record, placed in zip(records, answers, strict=True):
            try:
                self._placed(record, placed)
            except ExchangeError as error:
                faults.append(error)
        return faults

    def _fault(self, record: OrderRecord, verdict: Verdict, error: VenueError) -> list[ExchangeError]:
        try:
            self._after(record, verdict, error)
        except ExchangeError as fault:
            return [fault]
        return []

    def _body(self, order: SignedOrder) -> bytes:
        return order_body(
            order,
            owner=self._clob.owner,
            signature=order.signature,
            order_type=order.order_type,
            post_only=order.post_only,
            expiration_s=order.expiration_s if order.order_type == "GTD" else 0,
        )

    def _placed(self, record: OrderRecord, placed: Placed) -> None:
        order = record.order
        if placed.order_id not in ("", order.order_hash.lower()):
            raise ExchangeError(f"the venue calls {order.order_hash} {placed.order_id}: its outcome is unknown")
        verdict = verdict_of_answer(
            success=placed.success, status=placed.status, error=placed.error, order_type=order.order_type
        )
        self._after(record, verdict, None)
        if placed.status == "matched" and order.order_type in IMMEDIATE_TYPES:
            filled = placed.taking_micro if order.side == "BUY" else placed.making_micro
            if 0 < filled < order.size_micro:  # an answer may tell no amounts: then the order is read back
                self._tidings.closed(record, filled, "REST_KILLED")

    def _after(self, record: OrderRecord, verdict: Verdict, error: VenueError | None) -> None:
        order = record.order
        match verdict.meaning:
            case Meaning.TAKEN:
                self._tidings.accepted(record)
            case Meaning.REFUSED if record.state == SENT and self._look(order.order_hash):
                return  # refused this time because it was taken the first time
            case Meaning.REFUSED:
                self._tidings.refused(record, verdict.reason)
            case Meaning.NO_FILL:
                self._tidings.closed(record, 0, verdict.reason)
            case Meaning.NOT_NOW if order.order_type in IMMEDIATE_TYPES and record.state == NEW:
                # Its moment is over before the venue is back.
                self._tidings.refused(record, verdict.reason)
            case Meaning.NOT_NOW | Meaning.UNKNOWN:
                if verdict.meaning is Meaning.NOT_NOW and record.state == NEW:
                    self._store.set_state(order.order_hash, NEW)
                told = error.message if error is not None else f"the venue said {verdict.reason}"
                raise ExchangeError(f"order {order.order_hash}: {told}", retryable=True)

    def _cancel(self, order_hash: str) -> None:
        answer = self._clob.cancel([order_hash])
        if order_hash.lower() not in (*answer.cancelled, *answer.not_cancelled):
            return
        try:
            self._look(order_hash)
        except VenueError as error:
            if error.status != _TOO_OFTEN:
                raise  # else: the cancel is with the venue, and upkeep reads back what came of it

    def _look(self, order_hash: str) -> bool:
        """Read an order and its trades back; whether the venue knows anything of it."""
        row = self._clob.order(order_hash)
        if row is not None:
            if not self._tidings.order(row) or row.size_matched_micro:
                self._read_trades(order_hash)
            return True
        concerned = self._read_trades(order_hash)
        record = self._store.order(order_hash)
        if record is not None and concerned and record.state == SENT:
            self._tidings.accepted(record)
        elif record is not None and record.state == LIVE and self._silent(record):
            self._tidings.closed(record, self._tidings.filled_micro(order_hash), "GONE")
        return concerned > 0

    def _silent(self, record: OrderRecord) -> bool:
        return self._now_ns() - record.touched_ts > FORGOTTEN_AFTER_NS

    def _read_trades(self, order_hash: str) -> int:
        record = self._store.order(order_hash)
        if record is None:
            return 0
        after_s = max(0, record.order.timestamp_ms // 1_000 - TRADES_FROM_S)
        rows = self._clob.trades(market_id=record.order.market_id, after_s=after_s)
        mine = [
            row for row in rows if order_hash in (row.taker_order_id, *(each.order_id for each in row.maker_orders))
        ]
        for row in mine:
            self._tidings.trade(row)
        return len(mine)
