"""Holds a run against the uninterrupted one, and against what the exchange itself has in its store."""

from pathlib import Path

from whaletrader.adapters.paper.store import ExchangeStore
from whaletrader.adapters.sqlite.store import SqliteEventStore
from whaletrader.messages.catalogue import OPERATIONS
from whaletrader.messages.orders import OrderFilled, RedeemPosition, SubmitOrder
from whaletrader.runtime.projections.account import AccountView
from whaletrader.runtime.projections.positions import PositionsView
from whaletrader.runtime.records import to_message


def log_of(data: Path, run_id: str = "0001") -> Path:
    """The log of a run in a data directory."""
    return data / "runs" / run_id / "log.db"


def domain_stream(log: Path) -> list[tuple]:
    """Every domain record but for its offset: operations stand between them after a crash."""
    store = SqliteEventStore.open_reader(log)
    stream = [tuple(record)[1:] for record in store.read() if record.type not in OPERATIONS]
    store.close(clean=False)
    return stream


def messages(log: Path, *types: type) -> list:
    """The payloads of some types, in order."""
    names = {cls.__name__ for cls in types}
    store = SqliteEventStore.open_reader(log)
    found = [to_message(record).payload for record in store.read() if record.type in names]
    store.close(clean=False)
    return found


def order_faults(log: Path, exchange: Path) -> list[str]:
    """What is wrong between our orders and the exchange's: an order twice, lost, or with other content; fills amiss."""
    ours = {order.order_hash: order for order in messages(log, SubmitOrder)}
    store = ExchangeStore(exchange)
    theirs = [order for order, _sent in store.orders()]
    store.close()
    faults = [
        f"{order.order_hash} is at the exchange and not in our log" for order in theirs if order.order_hash not in ours
    ]
    hashes = [order.order_hash for order in theirs]
    faults += [f"{own} was lost" for own in ours if own not in hashes]
    faults += [f"{own} is there twice" for own in set(hashes) if hashes.count(own) > 1]
    approvals = [order.metadata for order in theirs]
    faults += [f"approval {own} led to two orders" for own in set(approvals) if approvals.count(own) > 1]
    for order in theirs:
        own = ours.get(order.order_hash)
        if own and (own.token_id, own.side, own.price_micro, own.size_micro, own.salt) != (
            order.token_id,
            order.side,
            order.price_micro,
            order.size_micro,
            order.salt,
        ):
            faults.append(f"{order.order_hash} has other content at the exchange")
    trades = [fill.trade_id for fill in messages(log, OrderFilled)]
    faults += [f"fill {trade} was booked twice" for trade in set(trades) if trades.count(trade) > 1]
    redeemed = [(paid.token_id, paid.account_id) for paid in messages(log, RedeemPosition)]
    faults += [f"token {token} was redeemed twice" for token, _ in set(redeemed) if redeemed.count((token, _)) > 1]
    return faults


def money(log: Path, starting_equity_micro: int) -> dict:
    """The money state that a log folds to."""
    account, held = AccountView(starting_equity_micro), PositionsView()
    store = SqliteEventStore.open_reader(log)
    for record in store.read():
        message = to_message(record)
        account.observe(message)
        held.observe(message)
    store.close(clean=False)
    state = account.state
    return {
        "equity_micro": state.equity_micro,
        "cash_micro": state.cash_micro,
        "realised_micro": state.realised_micro,
        "fees_micro": state.fees_micro,
        "high_water_micro": state.high_water_micro,
        "max_drawdown_micro": state.max_drawdown_micro,
        "open_positions": sorted(held.state.held),
        "closed": held.state.n_closed,
        "won": held.state.n_won,
        "messages": state.messages,
    }
