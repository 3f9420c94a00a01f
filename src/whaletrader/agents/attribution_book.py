"""The account as performance attribution folds it: cash, a ledger per leader, marks, fills that are not settled.

It turns messages into changes of `domain.attribution`'s ledgers; what to publish of them is the agent's.
"""

from typing import Any

import msgspec

from whaletrader.agents.bounded import leader_key, remember
from whaletrader.domain.attribution import (
    AttributedFill,
    LeaderLedger,
    close_bet,
    realise,
    settle_at,
    size_micro,
    trade,
    value_micro,
    void,
)
from whaletrader.domain.complete_sets import merged_cash, merged_shares
from whaletrader.domain.settlement import fill_cash_micro
from whaletrader.domain.spread import half_spread_micro
from whaletrader.domain.values import Side
from whaletrader.messages.market import MarketDataUpdate, MarketResolved
from whaletrader.messages.orders import OrderFilled, SettlementUpdated

READS = frozenset({"OrderFilled", "SettlementUpdated", "MarketDataUpdate", "MarketResolved"})
MAX_TOKENS = 20_000
"""Tokens ever held whose market, mark and payout are remembered; the one untouched longest goes first."""
MAX_UNSETTLED = 10_000
UNATTRIBUTED = LeaderLedger(wallet="", kind="unattributed")
"""Whose doing it is when a redemption brings cash for shares that no leader's lot holds."""


class HeldToken(msgspec.Struct):
    """What is known of a token that we hold or held; -1 stands for unknown."""

    market_id: str
    mark_micro: int = -1
    payout_micro: int = -1


class AttributionBook(msgspec.Struct):
    """One account."""

    account_id: str
    cash_micro: int
    leaders: dict[str, LeaderLedger] = msgspec.field(default_factory=dict)
    tokens: dict[str, HeldToken] = msgspec.field(default_factory=dict)
    unsettled: dict[str, AttributedFill] = msgspec.field(default_factory=dict)


def fold(book: AttributionBook, payload: object) -> bool:
    """Fold one message; tells whether the account's figures may have changed."""
    match payload:
        case OrderFilled() as fill if fill.account_id == book.account_id:
            return _filled(book, fill)
        case SettlementUpdated() as settlement:
            return _settled(book, settlement)
        case MarketDataUpdate() as update:
            return _marked(book, update)
        case MarketResolved() as resolution:
            return _resolved(book, resolution)
    return False


def position_value(book: AttributionBook, ledger: LeaderLedger) -> int:
    """Return what a leader's lots are worth now."""
    return sum(value_micro(lots, _mark_of(book, token)) for token, lots in ledger.lots.items())


def open_tokens(book: AttributionBook) -> list[str]:
    """Return the tokens held whose market has not paid out."""
    held = {token for ledger in book.leaders.values() for token in ledger.lots}
    return sorted(token for token in held if token not in book.tokens or book.tokens[token].payout_micro < 0)


def _mark_of(book: AttributionBook, token_id: str) -> int | None:
    token = book.tokens.get(token_id)
    known = [] if token is None else [token.payout_micro, token.mark_micro]
    return next((price for price in known if price >= 0), None)


def _filled(book: AttributionBook, fill: OrderFilled) -> bool:
    fill_id = f"{fill.order_hash}/{fill.trade_id}"
    if fill_id in book.unsettled:
        return False
    key = leader_key(fill.wallet, fill.kind)
    ledger = book.leaders.setdefault(key, LeaderLedger(wallet=fill.wallet, kind=fill.kind))
    token = book.tokens.get(fill.token_id) or HeldToken(market_id=fill.market_id)
    remember(book.tokens, fill.token_id, token, MAX_TOKENS)
    side = Side(fill.side)
    cash = fill_cash_micro(side, fill.price_micro, fill.size_micro, fill.fee_micro)
    size, cost = (fill.size_micro if side is Side.BUY else -fill.size_micro), -cash - fill.fee_micro
    if token.payout_micro < 0:
        ledger.bets.setdefault(fill.token_id, 0)
        ledger.bets[fill.token_id] -= fill.fee_micro
    closing = trade(ledger, fill.token_id, fill_id=fill_id, size_micro=size, cost_micro=cost)
    book.cash_micro += cash
    ledger.fees_micro += fill.fee_micro
    ledger.n_fills += 1
    done = AttributedFill(key, fill.token_id, size, cost, fill.fee_micro, closing)
    remember(book.unsettled, fill_id, done, MAX_UNSETTLED)
    _after_change(book, ledger, fill.token_id)
    return True


def _after_change(book: AttributionBook, ledger: LeaderLedger, token_id: str, *, voided: bool = False) -> None:
    token = book.tokens.get(token_id)
    if token is not None and token.payout_micro >= 0:
        settle_at(ledger, token_id, token.payout_micro)
    elif token_id not in ledger.lots:
        # A bet that a failed settlement takes back has not been closed: it never was.
        ledger.bets.pop(token_id, None) if voided else close_bet(ledger, token_id)


def _settled(book: AttributionBook, settlement: SettlementUpdated) -> bool:
    if settlement.account_id != book.account_id:
        return False
    fill_id = f"{settlement.order_hash}/{settlement.trade_id}"
    match settlement.status:
        case "CONFIRMED":
            book.unsettled.pop(fill_id, None)
            return False
        case "FAILED":
            return _voided(book, fill_id)
        case "REDEEMED":
            book.cash_micro += settlement.cash_micro
            _take(book, settlement.token_id, settlement.size_micro, settlement.cash_micro)
        case "MERGED":
            book.cash_micro += settlement.cash_micro
            _merged(book, settlement)
    return True


def _voided(book: AttributionBook, fill_id: str) -> bool:
    fill = book.unsettled.pop(fill_id, None)
    if fill is None:
        return False
    ledger = book.leaders[fill.leader]
    void(ledger, fill_id, fill)
    book.cash_micro += fill.cost_micro + fill.fee_micro
    _after_change(book, ledger, fill.token_id, voided=True)
    return True


def _merged(book: AttributionBook, settlement: SettlementUpdated) -> None:
    """Take complete sets from the leaders' lots: each outcome brings what the market says that it is worth now."""
    known = sorted(token for token, held in book.tokens.items() if held.market_id == settlement.market_id)
    tokens = (*known, "", "")[:2]
    marks = [-1 if (mark := _mark_of(book, token)) is None else mark for token in tokens]
    parts = merged_cash(settlement.cash_micro, marks[0], marks[1])
    taken = merged_shares(_shares(book, tokens[0]), _shares(book, tokens[1]), settlement.size_micro)
    for token, shares, cash in zip(tokens, taken, parts, strict=True):
        left, size = cash, settlement.size_micro
        for leader, own in shares.items():
            part = left if own == size else left * own // size
            _sell_back(book, book.leaders[leader], token, own, part)
            left, size = left - part, size - own
        if left:
            _attribute_to_nobody(book, left)


def _shares(book: AttributionBook, token_id: str) -> dict[str, int]:
    return {leader: size_micro(ledger, token_id) for leader, ledger in book.leaders.items()}


def _take(book: AttributionBook, token_id: str, size: int, cash: int) -> None:
    """Take shares of a token from the leaders' lots, in the order in which leaders came, for this much cash."""
    for ledger in book.leaders.values():
        taken = min(size, max(size_micro(ledger, token_id), 0))
        if taken <= 0:
            continue
        part = cash if taken == size else cash * taken // size
        _sell_back(book, ledger, token_id, taken, part)
        size, cash = size - taken, cash - part
    if cash:
        _attribute_to_nobody(book, cash)


def _sell_back(book: AttributionBook, ledger: LeaderLedger, token_id: str, size: int, cash: int) -> None:
    trade(ledger, token_id, fill_id="", size_micro=-size, cost_micro=-cash)
    _after_change(book, ledger, token_id)


def _attribute_to_nobody(book: AttributionBook, cash: int) -> None:
    nobody = leader_key(UNATTRIBUTED.wallet, UNATTRIBUTED.kind)
    ledger = book.leaders.setdefault(nobody, LeaderLedger(wallet=UNATTRIBUTED.wallet, kind=UNATTRIBUTED.kind))
    realise(ledger, "", cash)


def _marked(book: AttributionBook, update: MarketDataUpdate) -> bool:
    token = book.tokens.get(update.token_id)
    if token is None:
        return False
    before = token.mark_micro
    if update.bid_micro >= 0 and not update.quote_assumed:
        token.mark_micro = update.bid_micro
    elif update.price_micro >= 0:
        # What a print tells of the bid: the same assumption that the risk kernel marks with.
        half = half_spread_micro(update.price_micro, update.terms.category)
        token.mark_micro = max(update.price_micro - half, 0)
    remember(book.tokens, update.token_id, token, MAX_TOKENS)
    held = any(update.token_id in ledger.lots for ledger in book.leaders.values())
    return held and before != token.mark_micro


def _resolved(book: AttributionBook, resolution: MarketResolved) -> bool:
    changed = False
    for token_id, payout in zip(resolution.token_ids, resolution.payouts_micro, strict=True):
        token: Any = book.tokens.get(token_id)
        if token is None or token.payout_micro >= 0:
            continue
        token.payout_micro = payout
        for ledger in book.leaders.values():
            settle_at(ledger, token_id, payout)
            close_bet(ledger, token_id)
        changed = True
    return changed
