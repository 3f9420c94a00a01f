"""The bets that stand on each leader's account, as copy signal sees them: wanted, ordered, held, being sold.

One bet is one leader's token. It begins with our signal and ends when nothing of it is held, ordered or wanted any
more. It holds no money: lots and results are performance attribution's.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from whaletrader.agents.bounded import leader_key, remember
from whaletrader.domain.complete_sets import merged_shares
from whaletrader.domain.values import Side
from whaletrader.messages.envelope import Message
from whaletrader.messages.leaders import CopySignal
from whaletrader.messages.market import WhalePositionChanged, WhaleTradeObserved
from whaletrader.messages.orchestration import OrchestratorDecision
from whaletrader.messages.orders import ExecutionError, OrderCancelled, OrderFilled, OrderRejected, SettlementUpdated
from whaletrader.messages.risk import ApprovedTrade, RejectedTrade, TradeProposal

MAX_BETS = 10_000
MAX_SIGNALS = 10_000
MAX_ORDERS = 10_000
MAX_FILLS = 10_000
"""Limits of what is remembered, oldest first out; far above what the kernel's limit of open positions lets stand."""


class Bet(msgspec.Struct):
    """One leader's token that we wanted."""

    token_id: str
    market_id: str = ""
    held_micro: int = 0
    pending: int = 0
    """Signals and orders that have not ended."""
    exiting: bool = False
    ahead_micro: int = 0
    """Shares that went into merges of ours before the leader gave up his; negative: he did, our merge is to come."""


class UnsettledFill(msgspec.Struct, frozen=True):
    """A fill that may still turn out void."""

    bet: str
    change_micro: int


class CopyBook(msgspec.Struct):
    """All bets, and which bet a signal or proposal (by message id), an approval or a fill belongs to."""

    bets: dict[str, Bet] = msgspec.field(default_factory=dict)
    signals: dict[str, str] = msgspec.field(default_factory=dict)
    orders: dict[str, str] = msgspec.field(default_factory=dict)
    fills: dict[str, UnsettledFill] = msgspec.field(default_factory=dict)


READS = frozenset(
    {
        "OrchestratorDecision",
        "TradeProposal",
        "RejectedTrade",
        "ApprovedTrade",
        "OrderFilled",
        "OrderRejected",
        "OrderCancelled",
        "ExecutionError",
        "SettlementUpdated",
    }
)
"""What the book is folded from, beside our own signals."""


def bet_of(book: CopyBook, event: WhaleTradeObserved | WhalePositionChanged) -> Bet | None:
    """Return the bet that stands on this leader's account in this token."""
    return book.bets.get(bet_key(event.wallet, event.kind, event.token_id))


def to_sell_micro(book: CopyBook, event: WhalePositionChanged, seen_micro: int) -> tuple[int, int]:
    """Say what a leader's merge or conversion asks of our lot: the same part of it as of his own.

    Returns (shares to sell, shares that merges of ours took already or will take). The part is taken of the lot as it
    would be without those merges: an exit that was made by a merge is not made again by a sale, whichever came first.
    """
    bet = bet_of(book, event)
    if bet is None:
        return 0, 0
    sets = in_sets_micro(book, event)
    ahead = max(bet.ahead_micro, -sets)
    whole = bet.held_micro + ahead
    part = whole if event.size_micro >= seen_micro else -(-whole * event.size_micro // seen_micro)
    by_merges = min(sets + ahead, part)
    return part - by_merges, by_merges


def gave_up(book: CopyBook, event: WhalePositionChanged, seen_micro: int) -> None:
    """Note what of a leader's merge or conversion our own merges answer."""
    bet = bet_of(book, event)
    if bet is not None:
        _, by_merges = to_sell_micro(book, event, seen_micro)
        bet.ahead_micro = max(bet.ahead_micro, -in_sets_micro(book, event)) - by_merges


def in_sets_micro(book: CopyBook, event: WhalePositionChanged) -> int:
    """Return how many of the bet's shares are one side of complete sets of ours, which are merged anyway."""
    here = {key: bet for key, bet in book.bets.items() if bet.market_id == event.market_id}
    other = next((bet.token_id for bet in here.values() if bet.token_id != event.token_id), "")
    own, beside = _held_of(here, event.token_id), _held_of(here, other)
    taken, _ = merged_shares(own, beside, min(sum(own.values()), sum(beside.values())))
    return taken.get(leader_key(event.wallet, event.kind), 0)


def drop_tokens(book: CopyBook, token_ids: tuple[str, ...]) -> None:
    """Forget the bets on a resolved market's tokens: they can be redeemed, not sold."""
    for key in [key for key, bet in book.bets.items() if bet.token_id in token_ids]:
        del book.bets[key]


def fold(book: CopyBook, message: Message) -> None:
    """Fold one message of a bet's life; anything else is left alone."""
    handler = _HANDLERS.get(message.type)
    if handler is not None:
        handler(book, message.id, message.payload)


def bet_key(wallet: str, kind: str, token_id: str) -> str:
    """Return the name of a leader's token."""
    return f"{leader_key(wallet, kind)}/{token_id}"


def _wanted(book: CopyBook, message_id: str, signal: CopySignal) -> None:
    key = bet_key(signal.wallet, signal.kind, signal.token_id)
    bet = book.bets.get(key) or Bet(token_id=signal.token_id, market_id=signal.market_id)
    bet.pending += 1
    bet.exiting = bet.exiting or signal.side == Side.SELL
    remember(book.bets, key, bet, MAX_BETS)
    remember(book.signals, message_id, key, MAX_SIGNALS)


def _decided(book: CopyBook, _: str, decision: OrchestratorDecision) -> None:
    key = book.signals.pop(decision.graph_id, None) if decision.kind == "STOP" else None
    if key is not None:
        _end(book, key)


def _proposed(book: CopyBook, message_id: str, proposal: TradeProposal) -> None:
    key = book.signals.pop(proposal.signal_id, None)
    if key is not None:
        remember(book.signals, message_id, key, MAX_SIGNALS)


def _denied(book: CopyBook, _: str, denial: RejectedTrade) -> None:
    key = book.signals.pop(denial.proposal_id, None)
    if key is not None:
        _end(book, key)


def _approved(book: CopyBook, _: str, approval: ApprovedTrade) -> None:
    # Sales that the risk kernel orders by itself come from no signal: their fills count, their ends do not.
    key = book.signals.pop(approval.proposal_id, None)
    if key is not None:
        remember(book.orders, approval.bounds.approval_id, key, MAX_ORDERS)


def _filled(book: CopyBook, _: str, fill: OrderFilled) -> None:
    key = bet_key(fill.wallet, fill.kind, fill.token_id)
    change = fill.size_micro if fill.side == Side.BUY else -fill.size_micro
    bet = book.bets.get(key)
    if bet is not None:
        bet.held_micro = max(bet.held_micro + change, 0)
        remember(book.fills, fill.trade_id, UnsettledFill(key, change), MAX_FILLS)
        _forget_if_over(book, key)
    if fill.final:
        _order_ended(book, _, fill)


def _order_ended(book: CopyBook, _: str, ended: OrderFilled | OrderCancelled | OrderRejected) -> None:
    key = book.orders.pop(ended.approval_id, None)
    if key is not None:
        _end(book, key)


def _never_ordered(book: CopyBook, _: str, error: ExecutionError) -> None:
    key = None if error.order_hash else book.orders.pop(error.approval_id, None)
    if key is not None:
        _end(book, key)


def _settled(book: CopyBook, _: str, settlement: SettlementUpdated) -> None:
    if settlement.status == "MERGED":
        _merged(book, settlement)
        return
    fill = book.fills.pop(settlement.trade_id, None)
    if fill is not None and settlement.status == "FAILED":
        # A void sale brings back a bet that had ended with it.
        bet = book.bets.setdefault(fill.bet, Bet(token_id=settlement.token_id, market_id=settlement.market_id))
        bet.held_micro = max(bet.held_micro - fill.change_micro, 0)
        _forget_if_over(book, fill.bet)


def _merged(book: CopyBook, settlement: SettlementUpdated) -> None:
    """Take merged shares from the bets as every ledger does."""
    here = {key: bet for key, bet in book.bets.items() if bet.market_id == settlement.market_id}
    tokens = sorted({bet.token_id for bet in here.values()})
    sides = [_held_of(here, token) for token in (*tokens, "", "")[:2]]
    for token, taken in zip(tokens, merged_shares(sides[0], sides[1], settlement.size_micro), strict=False):
        for leader, size in taken.items():
            key = f"{leader}/{token}"
            book.bets[key].held_micro -= size
            book.bets[key].ahead_micro += size
            _forget_if_over(book, key)


def _held_of(bets: dict[str, Bet], token_id: str) -> dict[str, int]:
    """Shares of a token by leader."""
    return {key.removesuffix(f"/{token_id}"): bet.held_micro for key, bet in bets.items() if bet.token_id == token_id}


def _end(book: CopyBook, key: str) -> None:
    bet = book.bets.get(key)
    if bet is None:
        return
    bet.pending = max(bet.pending - 1, 0)
    if not bet.pending:
        bet.exiting = False
    _forget_if_over(book, key)


def _forget_if_over(book: CopyBook, key: str) -> None:
    bet = book.bets[key]
    if not bet.pending and not bet.held_micro:
        del book.bets[key]


_HANDLERS: dict[str, Callable[[CopyBook, str, Any], None]] = {
    "CopySignal": _wanted,
    "OrchestratorDecision": _decided,
    "TradeProposal": _proposed,
    "RejectedTrade": _denied,
    "ApprovedTrade": _approved,
    "OrderFilled": _filled,
    "OrderCancelled": _order_ended,
    "OrderRejected": _order_ended,
    "ExecutionError": _never_ordered,
    "SettlementUpdated": _settled,
}
