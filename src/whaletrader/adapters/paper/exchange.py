"""The paper exchange: an `Exchange` whose fills come from the tape, with a durable store of its own.

What it tells depends on the orders' content, cancels and asks only: never on the clock, nor on the order in which they
came. It trusts the account's balances; the risk kernel is their keeper. Everything it tells is SIMULATED.
"""

from pathlib import Path

from msgspec.structs import replace

from whaletrader.adapters.paper.store import ExchangeStore
from whaletrader.adapters.paper.telling import Rules, events_of, unknown_order
from whaletrader.domain.order import ReportKind
from whaletrader.domain.settlement import payout_cash_micro
from whaletrader.domain.values import MICRO
from whaletrader.ports.exchange import ExchangeEvent, PaymentRefusal, SignedOrder
from whaletrader.ports.tape import PrintTape, TapeMarket

DEFAULT_RULES = Rules()


class PaperExchange:
    """Matches our orders with later prints of others; in process, or behind `line_server`."""

    def __init__(self, path: Path | str, tape: PrintTape, rules: Rules = DEFAULT_RULES) -> None:
        self._store = ExchangeStore(path)
        self._tape = tape
        self._rules = rules
        # A replay peeks before every fact: remember the last answer until something is written.
        self._peeked: tuple[int, str, ExchangeEvent | None] | None = None

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def submit(self, order: SignedOrder) -> None:
        """Take an order; the same order again changes nothing."""
        self._store.keep_order(order)
        self._tell_order(order.account_id, order.order_hash)

    def cancel(self, account_id: str, order_hash: str, arrive_ts: int) -> None:
        """Cancel what is left of an order, also when the order itself comes later."""
        self._store.keep_cancel(order_hash, arrive_ts)
        self._tell_order(account_id, order_hash)

    def ask(self, account_id: str, order_hash: str, arrive_ts: int) -> None:
        """Tell what had happened to an order by `arrive_ts`, right after it."""
        self._store.keep_ask(account_id, order_hash, arrive_ts)
        self._tell_order(account_id, order_hash)

    def redeem(self, command_id: str, account_id: str, token_id: str, size_micro: int, arrive_ts: int) -> None:
        """Pay a resolved token out; FAILED where its market has not resolved."""
        self._store.keep_payment(command_id, f"redeem:{account_id}:{token_id}:{size_micro}:{arrive_ts}")
        market = self._tape.market_of_token(token_id)
        if market is None or not market.resolved:
            event = _refused(command_id, account_id, market, arrive_ts, PaymentRefusal.NOT_RESOLVED)
        else:
            payout = market.payouts_micro[market.token_ids.index(token_id)]
            cash = payout_cash_micro(size_micro, payout)
            ts = max(arrive_ts, market.resolved_ts)
            event = _payment(command_id, account_id, market, ts, ReportKind.REDEEMED)
            event = replace(event, size_micro=size_micro, cash_micro=cash)
        self._tell(command_id, [replace(event, token_id=token_id)])

    def merge(self, command_id: str, account_id: str, market_id: str, size_micro: int, arrive_ts: int) -> None:
        """Pay one unit of collateral for each pair of outcomes."""
        self._store.keep_payment(command_id, f"merge:{account_id}:{market_id}:{size_micro}:{arrive_ts}")
        market = self._tape.market(market_id)
        if market is None:
            event = _refused(command_id, account_id, market, arrive_ts, PaymentRefusal.MARKET_NOT_FOUND)
        else:
            event = _payment(command_id, account_id, market, arrive_ts, ReportKind.MERGED)
            event = replace(event, size_micro=size_micro, cash_micro=payout_cash_micro(size_micro, MICRO))
        self._tell(command_id, [event])

    def next_event(self, after_ts: int, after_id: str) -> ExchangeEvent | None:
        """Return the first event behind the cursor; None when nothing is to come."""
        if self._peeked is not None and self._peeked[:2] == (after_ts, after_id):
            return self._peeked[2]
        event = self._store.next_event(after_ts, after_id)
        self._peeked = (after_ts, after_id, event)
        return event

    def orders(self) -> list[tuple[SignedOrder, int]]:
        """Return every order ever taken with how often it was sent, by hash: what a checker compares with ours."""
        return self._store.orders()

    def _tell_order(self, account_id: str, order_hash: str) -> None:
        order, asks = self._store.order(order_hash), self._store.asks(order_hash)
        if order is None:
            events = [unknown_order(account_id, order_hash, ts) for ts in asks]
        else:
            events = events_of(order, self._store.cancel_ts(order_hash), asks, self._tape, self._rules)
        self._tell(order_hash, events)

    def _tell(self, subject: str, events: list[ExchangeEvent]) -> None:
        self._peeked = None
        self._store.tell(subject, events)


def _refused(
    command_id: str, account_id: str, market: TapeMarket | None, ts: int, why: PaymentRefusal
) -> ExchangeEvent:
    return replace(_payment(command_id, account_id, market, ts, ReportKind.FAILED), reason=why.value)


def _payment(command_id: str, account_id: str, market: TapeMarket | None, ts: int, kind: ReportKind) -> ExchangeEvent:
    return ExchangeEvent(
        event_id=f"{command_id}:paid",
        ts=ts + 1,
        kind=kind,
        account_id=account_id,
        order_hash=command_id,
        market_id=market.market_id if market else "",
        token_id="",
    )
