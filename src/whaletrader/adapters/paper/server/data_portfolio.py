"""Rows of the Data API about positions, values, ranks and resolutions, in the key order of v1 and of v2; pure."""

from collections import defaultdict
from collections.abc import Iterable

from whaletrader.adapters.paper.server.data_rows import Body
from whaletrader.adapters.paper.server.figures import day, loose, loose_micro, seconds, strict_micro
from whaletrader.adapters.paper.server.holding import Holding
from whaletrader.adapters.paper.server.holdings import price_micro, status_of
from whaletrader.adapters.paper.server.record import Card, Record, Standing
from whaletrader.domain.values import MICRO

UNSET_PRICE = "69"
"""How resolutions say that there is no price yet."""


def value_micro(record: Record, holding: Holding) -> int:
    """What the shares held are worth."""
    return holding.size_micro * price_micro(record, holding) // MICRO


def unrealized_micro(record: Record, holding: Holding) -> int:
    """Worth of what is held less its cost."""
    return value_micro(record, holding) - holding.cost_micro


def percent(part: int, whole: int) -> float:
    """Percentage with four decimals, 0 of nothing."""
    return round(100 * part / whole, 4) if whole else 0.0


def position_v2(record: Record, holding: Holding, other_micro: int) -> Body:
    """An item of `GET /v2/positions`."""
    card = record.cards[holding.market_id]
    open_gain = unrealized_micro(record, holding)
    spent = holding.cost_micro + holding.fees_micro
    status = status_of(record, holding, other_micro)
    return {
        "proxy_wallet": holding.wallet,
        "token_id": holding.token_id,
        "condition_id": holding.market_id,
        "current_size": strict_micro(holding.size_micro),
        "avg_price": holding.avg_price,
        "entry_cost_usdc": strict_micro(holding.cost_micro),
        "entry_fees_usdc": strict_micro(holding.fees_micro),
        "total_cost_usdc": strict_micro(spent),
        "current_price": strict_micro(price_micro(record, holding)),
        "current_value": strict_micro(value_micro(record, holding)),
        "total_size": strict_micro(holding.bought_micro),
        "realized_pnl": strict_micro(holding.realized_micro),
        "unrealized_pnl": strict_micro(open_gain),
        "total_pnl": strict_micro(holding.realized_micro + open_gain),
        "percent_pnl": percent(open_gain, holding.cost_micro),
        "percent_realized_pnl": percent(holding.realized_micro, spent),
        "status": "OPEN" if status == "MERGEABLE" else status,
        "redeemable": status.startswith("REDEEMABLE"),
        "mergeable": bool(holding.size_micro and other_micro),
        "negative_risk": card.neg_risk,
        "archived": False,
        **_card_tail(record, card, holding),
    }


def _card_tail(record: Record, card: Card, holding: Holding) -> Body:
    return {
        "title": card.question,
        "slug": card.slug,
        "icon": card.icon,
        "event_id": str(card.event_number),
        "event_slug": card.event_slug,
        "outcome": card.outcomes[holding.outcome_index],
        "outcome_index": holding.outcome_index,
        "opposite_outcome": card.outcomes[1 - holding.outcome_index],
        "opposite_token_id": card.token_ids[1 - holding.outcome_index],
        "end_date": _end_day(card),
        "last_event_at": seconds(holding.last_ts),
        "name": record.profile(holding.wallet).name,
        "profile_image": "",
        "verified": False,
    }


def _end_day(card: Card) -> str:
    return day(card.end_ts) if card.end_ts else ""


def position_v1(record: Record, holding: Holding, other_micro: int) -> Body:
    """A row of `GET /positions`."""
    card = record.cards[holding.market_id]
    open_gain = unrealized_micro(record, holding)
    return {
        "proxyWallet": holding.wallet,
        "asset": holding.token_id,
        "conditionId": holding.market_id,
        "size": loose_micro(holding.size_micro),
        "avgPrice": loose(holding.avg_price),
        "initialValue": loose_micro(holding.cost_micro),
        "currentValue": loose_micro(value_micro(record, holding)),
        "cashPnl": loose_micro(open_gain),
        "percentPnl": loose(percent(open_gain, holding.cost_micro)),
        "totalBought": loose_micro(holding.bought_micro),
        "realizedPnl": loose_micro(holding.realized_micro),
        "percentRealizedPnl": loose(percent(holding.realized_micro, holding.cost_micro)),
        "curPrice": loose_micro(price_micro(record, holding)),
        "redeemable": status_of(record, holding, other_micro).startswith("REDEEMABLE"),
        "mergeable": bool(holding.size_micro and other_micro),
        **_card_tail_v1(card, holding),
        "negativeRisk": card.neg_risk,
    }


def closed_position_v1(record: Record, holding: Holding) -> Body:
    """A row of `GET /closed-positions`."""
    card = record.cards[holding.market_id]
    return {
        "proxyWallet": holding.wallet,
        "asset": holding.token_id,
        "conditionId": holding.market_id,
        "avgPrice": loose(holding.entry_price),
        "totalBought": loose_micro(holding.bought_micro),
        "realizedPnl": loose_micro(holding.realized_micro),
        "curPrice": loose_micro(price_micro(record, holding)),
        **_card_tail_v1(card, holding),
        "timestamp": seconds(holding.last_ts),
    }


def _card_tail_v1(card: Card, holding: Holding) -> Body:
    return {
        "title": card.question,
        "slug": card.slug,
        "icon": card.icon,
        "eventSlug": card.event_slug,
        "outcome": card.outcomes[holding.outcome_index],
        "outcomeIndex": holding.outcome_index,
        "oppositeOutcome": card.outcomes[1 - holding.outcome_index],
        "oppositeAsset": card.token_ids[1 - holding.outcome_index],
        "endDate": _end_day(card),
    }


def holder_v2(record: Record, holding: Holding) -> Body:
    """A holder of `GET /v2/holders`."""
    open_gain = unrealized_micro(record, holding)
    profile = record.profile(holding.wallet)
    return {
        "proxy_wallet": holding.wallet,
        "bio": "",
        "token_id": holding.token_id,
        "pseudonym": profile.pseudonym,
        "amount": strict_micro(holding.size_micro),
        "display_username_public": bool(profile.name),
        "outcome_index": holding.outcome_index,
        "name": profile.name,
        "profile_image": "",
        "profile_image_optimized": "",
        "verified": False,
        "avg_price": holding.avg_price,
        "entry_cost_usdc": strict_micro(holding.cost_micro),
        "current_price": strict_micro(price_micro(record, holding)),
        "current_value": strict_micro(value_micro(record, holding)),
        "realized_pnl": strict_micro(holding.realized_micro),
        "unrealized_pnl": strict_micro(open_gain),
        "total_pnl": strict_micro(holding.realized_micro + open_gain),
    }


def resolution_v2(card: Card, standing: Standing) -> Body:
    """An item of `GET /v2/resolutions`; prices are text, "69" for none."""
    price = UNSET_PRICE
    if standing.payouts_micro is not None:
        price = {MICRO: "1", 0: "0"}.get(standing.payouts_micro[0], "0.5")
    return {
        "question_id": card.question_id,
        "condition_id": card.market_id,
        "status": "posed" if standing.payouts_micro is None else "resolved",
        "extended_review": False,
        "was_disputed": False,
        "new_version_q": True,
        "proposed_price": price,
        "reproposed_price": UNSET_PRICE,
        "price": price,
        "transaction_hash": standing.resolved_tx,
        "log_index": str(max(standing.resolved_log, 0)),
        "last_update_timestamp": str(seconds(standing.resolved_ts or card.start_ts)),
    }


def ranks(record: Record, holdings: Iterable[Holding], *, by_volume: bool) -> list[tuple[str, int, int]]:
    """(wallet, gain, shares dealt) in micro-units, the greatest first, equal ones by address."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for holding in holdings:
        entry = sums[holding.wallet]
        entry[0] += holding.realized_micro + unrealized_micro(record, holding)
        entry[1] += holding.bought_micro
    rows = [(wallet, gain, volume) for wallet, (gain, volume) in sums.items()]
    return sorted(rows, key=lambda row: (-row[2] if by_volume else -row[1], row[0]))


def rank_v2(record: Record, rank: int, row: tuple[str, int, int]) -> Body:
    """An item of `GET /v2/leaderboard`; the volume is in shares."""
    wallet, gain, volume = row
    return {
        "rank": rank,
        "user_id": wallet,
        "pnl": strict_micro(gain),
        "volume": strict_micro(volume),
        "user_name": record.profile(wallet).name,
        "profile_image": "",
        "x_username": "",
        "verified": False,
    }


def rank_v1(record: Record, rank: int, row: tuple[str, int, int]) -> Body:
    """A row of `GET /v1/leaderboard`; the rank is text."""
    wallet, gain, volume = row
    return {
        "rank": str(rank),
        "proxyWallet": wallet,
        "userName": record.profile(wallet).name,
        "xUsername": "",
        "verifiedBadge": False,
        "vol": loose_micro(volume),
        "pnl": loose_micro(gain),
        "profileImage": "",
    }
