"""What wallets hold and have gained, worked out from the public record as the Data API does; pure.

Average cost on purchases, unchanged by sales; a split counts as two purchases at one half, a merge as two sales at one
half, a redemption as a sale at the payout; a conversion hands its cost on, less the collateral that comes with it;
tokens beyond what the record saw arrive cost nothing.
"""

from collections.abc import Iterable

import msgspec

from whaletrader.adapters.paper.server.holding import Holding
from whaletrader.adapters.paper.server.record import Leg, Move, Record
from whaletrader.domain.values import MICRO


def holdings_of(record: Record, now_ns: int, *, wallet: str = "", market_ids: tuple[str, ...] = ()) -> list[Holding]:
    """Every token that a wallet, or anybody in some markets, has dealt in, oldest first."""
    wanted = _whole_events(record, market_ids)
    legs = list(record.legs_newest_first(now_ns, wallet=wallet, market_ids=wanted))
    wallets = [wallet] if wallet else sorted({leg.wallet for leg in legs} | {each for each, _ in record.past})
    moves = [move for each in wallets for move in record.moves_newest_first(now_ns, each)]
    if market_ids:
        moves = [move for move in moves if move.market_id in wanted]
    held = fold(record, legs, moves, _past(record, wallet, wanted))
    return [each for each in held if each.market_id in market_ids] if market_ids else held


def _whole_events(record: Record, market_ids: tuple[str, ...]) -> tuple[str, ...]:
    """Markets and those of the same neg-risk events: conversions move shares between them."""
    events = {record.cards[each].neg_risk_market_id for each in market_ids if each in record.cards} - {""}
    more = (card.market_id for card in record.cards.values() if card.neg_risk_market_id in events)
    return tuple(dict.fromkeys((*market_ids, *more)))


def _past(record: Record, wallet: str, market_ids: tuple[str, ...]) -> list[Holding]:
    return [
        msgspec.structs.replace(each)
        for each in record.past.values()
        if wallet in ("", each.wallet) and (not market_ids or each.market_id in market_ids)
    ]


def forget_before(record: Record, before_ts: int) -> None:
    """Drop legs and moves of blocks before a time; what they came to stays."""
    legs, moves = record.forget(before_ts)
    if legs or moves:
        held = fold(record, legs, moves, record.past.values())
        record.past = {(each.wallet, each.token_id): each for each in held}


def fold(record: Record, legs: Iterable[Leg], moves: Iterable[Move], past: Iterable[Holding] = ()) -> list[Holding]:
    """Fold legs and moves in the order of the chain, onto what came before them (it is changed in place)."""
    held = {(each.wallet, each.token_id): each for each in past}
    rows: list[Leg | Move] = [*legs, *moves]
    for row in sorted(rows, key=lambda row: (row.block, row.log_index)):
        if isinstance(row, Leg):
            holding = _holding(held, record, row.wallet, row.token_id)
            buys = row.side == "BUY"
            holding.fees_micro += row.fee_micro if buys else 0
            deal = holding.take if buys else holding.give
            deal(row.size_micro, row.usd_micro, row.ts)
        else:
            _fold_move(held, record, row)
    return list(held.values())


def _fold_move(held: dict[tuple[str, str], Holding], record: Record, move: Move) -> None:
    if move.kind == "CONVERSION":
        _fold_conversion(held, record, move)
    if move.kind == "CONVERSION" or not move.market_id:
        return
    card, standing = record.cards[move.market_id], record.standings[move.market_id]
    for index, token_id in enumerate(card.token_ids):
        holding = _holding(held, record, move.wallet, token_id)
        if move.kind == "SPLIT":
            holding.take(move.size_micro, move.size_micro // 2, move.ts)
        elif move.kind == "MERGE":
            holding.give(move.size_micro, move.size_micro // 2, move.ts)
        elif move.kind == "REDEEM" and standing.payouts_micro is not None:
            size = holding.size_micro
            holding.give(size, size * standing.payouts_micro[index] // MICRO, move.ts)


def _fold_conversion(held: dict[tuple[str, str], Holding], record: Record, move: Move) -> None:
    event = [record.cards[each] for each in _whole_events(record, (move.market_id,))]
    given = [card.token_ids[1] for card in event if card.market_id in move.given_ids]
    got = [card.token_ids[0] for card in event if card.market_id not in move.given_ids]
    sources = [_holding(held, record, move.wallet, token_id) for token_id in given]
    cost = sum(source.release(move.size_micro, move.ts) for source in sources) - move.usd_micro
    if cost < 0 or not got:  # more collateral than they had cost, or nothing to hand the cost on to
        sources[0].realized_micro -= cost
        cost = 0
    for place, token_id in enumerate(got):
        share = cost // len(got) + (place < cost % len(got))
        _holding(held, record, move.wallet, token_id).take(move.size_micro, share, move.ts)


def _holding(held: dict[tuple[str, str], Holding], record: Record, wallet: str, token_id: str) -> Holding:
    key = (wallet, token_id)
    if key not in held:
        market_id, index = record.market_of_token[token_id]
        held[key] = Holding(wallet=wallet, market_id=market_id, token_id=token_id, outcome_index=index)
    return held[key]


def price_micro(record: Record, holding: Holding) -> int:
    """What a share is worth now: the payout once resolved, else the last price."""
    standing = record.standings[holding.market_id]
    if standing.payouts_micro is not None:
        return standing.payouts_micro[holding.outcome_index]
    return standing.last_micro if holding.outcome_index == 0 else MICRO - standing.last_micro


def status_of(record: Record, holding: Holding, other_size_micro: int) -> str:
    """`OPEN`, `MERGEABLE`, `REDEEMABLE`, `REDEEMABLE_LOST` or `CLOSED`, as v2 names them."""
    if not holding.size_micro:
        return "CLOSED"
    payouts = record.standings[holding.market_id].payouts_micro
    if payouts is not None:
        return "REDEEMABLE" if payouts[holding.outcome_index] else "REDEEMABLE_LOST"
    return "MERGEABLE" if other_size_micro else "OPEN"
