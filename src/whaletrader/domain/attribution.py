"""What each leader earned us: first-in-first-out lots per leader and token, realised and marked, in exact integers.

Lots are signed: a sale of more than is held leaves a negative lot, which the next purchase closes; so after every
change

    sum over leaders of (realised + marked - fees) = cash + value of all lots - starting cash

holds to the micro-unit, also when a settlement fails after the shares were sold on. Average-cost positions and limits
are the portfolio's business, not this file's.
"""

import msgspec

from whaletrader.domain.values import MICRO


class Lot(msgspec.Struct):
    """Shares of one fill that are still held (negative: owed), and what they cost without fees."""

    fill_id: str
    size_micro: int
    cost_micro: int


class Closing(msgspec.Struct, frozen=True):
    """What a trade closed: signed shares of the trade, their part of its cost, and the cost of the lots they closed."""

    size_micro: int
    part_micro: int
    lots_cost_micro: int


class AttributedFill(msgspec.Struct, frozen=True):
    """A fill until its settlement is known: exactly what undoes it; shares and cost are signed (a BUY is positive)."""

    leader: str
    token_id: str
    size_micro: int
    cost_micro: int
    fee_micro: int
    closing: Closing


class LeaderLedger(msgspec.Struct):
    """One leader's lots by token, and what they came to."""

    wallet: str
    kind: str
    lots: dict[str, list[Lot]] = msgspec.field(default_factory=dict)
    bets: dict[str, int] = msgspec.field(default_factory=dict)
    """Result so far, net of fees, of each bet that is open, by token."""
    realised_micro: int = 0
    fees_micro: int = 0
    n_fills: int = 0
    n_closed: int = 0
    n_won: int = 0
    closed_result_micro: int = 0
    """Result of the closed bets, net of fees."""


def trade(
    ledger: LeaderLedger, token_id: str, *, fill_id: str, size_micro: int, cost_micro: int, front: bool = False
) -> Closing:
    """Match signed shares against lots of the other sign, oldest first; what is left becomes a lot.

    Parameters
    ----------
    ledger : LeaderLedger
        Changed in place.
    token_id, fill_id : str
        What was traded, and in which fill.
    size_micro, cost_micro : int
        Positive for shares bought, negative for shares sold; cost without fees, of the same sign.
    front : bool
        Put what is left before the other lots: it is older than they are.

    Returns
    -------
    Closing
        What of it closed lots; realised profit is the cost of neither: -(part + lots' cost).
    """
    lots = ledger.lots.setdefault(token_id, [])
    left, cost, closed, part, released = size_micro, cost_micro, 0, 0, 0
    while left and lots and (lots[0].size_micro > 0) != (left > 0):
        oldest = lots[0]
        taken = min(abs(left), abs(oldest.size_micro))
        lot_cost = _share(oldest.cost_micro, taken, abs(oldest.size_micro))
        own_cost = _share(cost, taken, abs(left))
        signed = taken if left > 0 else -taken
        oldest.size_micro += signed
        oldest.cost_micro -= lot_cost
        left, cost = left - signed, cost - own_cost
        closed, part, released = closed + signed, part + own_cost, released + lot_cost
        if not oldest.size_micro:
            lots.pop(0)
    if left:
        lots.insert(0 if front else len(lots), Lot(fill_id, left, cost))
    if not lots:
        del ledger.lots[token_id]
    realise(ledger, token_id, -(part + released))
    return Closing(closed, part, released)


def void(ledger: LeaderLedger, fill_id: str, fill: AttributedFill) -> None:
    """Undo a fill whose settlement failed, as if it had never been.

    Parameters
    ----------
    ledger : LeaderLedger
        Of the fill's leader; changed in place.
    fill_id : str
        The fill's id, as its lot has it.
    fill : AttributedFill
        What it did. Shares that it opened and that were sold on since are matched to the lots behind it, or stay owed.
    """
    token, closing = fill.token_id, fill.closing
    opened, opened_cost = fill.size_micro - closing.size_micro, fill.cost_micro - closing.part_micro
    remaining, remaining_cost = _take_lot(ledger, token, fill_id)
    moved = opened - remaining
    moved_cost = _share(opened_cost, abs(moved), abs(opened)) if opened else 0
    realise(ledger, token, opened_cost - remaining_cost - moved_cost)
    if moved:
        trade(ledger, token, fill_id=f"{fill_id}/void", size_micro=-moved, cost_micro=-moved_cost)
    if closing.size_micro:
        realise(ledger, token, closing.part_micro + closing.lots_cost_micro)
        back, cost = -closing.size_micro, closing.lots_cost_micro
        trade(ledger, token, fill_id=f"{fill_id}/back", size_micro=back, cost_micro=cost, front=True)
    ledger.fees_micro -= fill.fee_micro
    ledger.n_fills -= 1
    if token in ledger.bets:
        ledger.bets[token] += fill.fee_micro


def settle_at(ledger: LeaderLedger, token_id: str, payout_micro: int) -> None:
    """Realise a token's lots at its payout; what pays stays, at its worth, until it is redeemed, the rest is gone.

    Parameters
    ----------
    ledger : LeaderLedger
        Changed in place; a losing lot is realised like a winning one, so nothing waits for a redemption to count.
    token_id : str
        The resolved token.
    payout_micro : int
        Collateral per share: 0, 500000 or 1000000.
    """
    for lot in ledger.lots.get(token_id, []):
        worth = lot.size_micro * payout_micro // MICRO
        realise(ledger, token_id, worth - lot.cost_micro)
        lot.cost_micro = worth
    if not payout_micro:
        ledger.lots.pop(token_id, None)


def realise(ledger: LeaderLedger, token_id: str, amount_micro: int) -> None:
    """Add to the realised profit, and to the bet that is open on this token."""
    ledger.realised_micro += amount_micro
    if token_id in ledger.bets:
        ledger.bets[token_id] += amount_micro


def close_bet(ledger: LeaderLedger, token_id: str) -> None:
    """Count a token's open bet as closed, won when its result net of fees is above 0; nothing where none is open."""
    result = ledger.bets.pop(token_id, None)
    if result is not None:
        ledger.n_closed += 1
        ledger.n_won += result > 0
        ledger.closed_result_micro += result


def size_micro(ledger: LeaderLedger, token_id: str) -> int:
    """Shares of a token on a leader's account, in micro-units; negative when owed."""
    return sum(lot.size_micro for lot in ledger.lots.get(token_id, []))


def value_micro(lots: list[Lot], mark_micro: int | None) -> int:
    """Worth of lots at a mark per share, each lot rounded down; at cost where there is no mark."""
    if mark_micro is None:
        return sum(lot.cost_micro for lot in lots)
    return sum(lot.size_micro * mark_micro // MICRO for lot in lots)


def _take_lot(ledger: LeaderLedger, token_id: str, fill_id: str) -> tuple[int, int]:
    lots = ledger.lots.get(token_id, [])
    found = next((lot for lot in lots if lot.fill_id == fill_id), None)
    if found is None:
        return 0, 0
    lots.remove(found)
    if not lots:
        del ledger.lots[token_id]
    return found.size_micro, found.cost_micro


def _share(amount: int, part: int, whole: int) -> int:
    return amount if part == whole else amount * part // whole
