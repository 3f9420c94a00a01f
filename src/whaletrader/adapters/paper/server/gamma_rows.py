"""Gamma's market and event objects, key for key as captured; pure.

Quirks kept: lists as JSON text inside JSON (`outcomes`, `outcomePrices`, `clobTokenIds`, `umaResolutionStatuses`),
`positionIds` a real list, volumes as text and as numbers, times in three spellings, `endDate` no settlement time.
"""

from collections.abc import Iterable

import msgspec

from whaletrader.adapters.paper.server.figures import day, loose, loose_micro, spaced, text_micro, zulu, zulu_fine
from whaletrader.adapters.paper.server.record import Card, Record, Standing
from whaletrader.domain.values import MICRO

Body = dict[str, object]
TAG_NUMBERS = {"sports": "1", "politics": "2", "crypto": "21", "economics": "100328", "culture": "596"}
_RESOLVER = "0x69c47De9D4D3Dad79590d61b9e05918E03775f24"
_LEGACY_FEE = 1_000


def market_object(record: Record, market_id: str, now_ns: int) -> Body:
    """A market as `/markets` shows it."""
    card, standing = record.cards[market_id], record.standings[market_id]
    closed = standing.payouts_micro is not None
    body: Body = {
        "id": str(card.number),
        "question": card.question,
        "conditionId": card.market_id,
        "slug": card.slug,
        "resolutionSource": "",
        **({"endDate": zulu(card.end_ts)} if card.end_ts else {}),
        "liquidity": "0",
        "startDate": zulu(card.start_ts),
        "image": card.icon,
        "icon": card.icon,
        "description": "SIMULATED",
        "outcomes": as_text(card.outcomes),
        "outcomePrices": as_text(outcome_prices(standing)),
        "volume": text_micro(standing.volume_micro),
        "active": True,
        "closed": closed,
        "marketMakerAddress": "",
        "createdAt": zulu_fine(card.start_ts),
        "updatedAt": zulu_fine(now_ns),
    }
    if closed:
        body |= {"closedTime": spaced(standing.resolved_ts)}
    body |= _flags(card) | _volumes(card, standing) | _trading(card, standing)
    body |= {"events": [event_head(record, card)]}
    return body | _quote(standing) | _tail(card, standing)


def _flags(card: Card) -> Body:
    body: Body = {
        "new": False,
        "featured": False,
        "archived": False,
        "resolvedBy": _RESOLVER,
        "restricted": True,
        "groupItemTitle": "",
        "questionID": card.question_id,
        "enableOrderBook": True,
    }
    return body


def _volumes(card: Card, standing: Standing) -> Body:
    volume = loose_micro(standing.volume_micro)
    return {
        "orderPriceMinTickSize": loose_micro(standing.tick_micro),
        "orderMinSize": loose_micro(card.min_order_micro),
        "volumeNum": volume,
        "liquidityNum": 0,
        **({"endDateIso": day(card.end_ts)} if card.end_ts else {}),
        "startDateIso": day(card.start_ts),
        "hasReviewedDates": True,
        "volume24hr": volume,
        "volume1wk": volume,
        "volume1mo": volume,
        "volume1yr": volume,
    }


def _trading(card: Card, standing: Standing) -> Body:
    body: Body = {}
    if card.game_start_ts:
        body["gameStartTime"] = spaced(card.game_start_ts)
    if card.seconds_delay:
        body["secondsDelay"] = card.seconds_delay
    body["clobTokenIds"] = as_text(card.token_ids)
    if card.position_ids:
        body["positionIds"] = list(card.position_ids)
    body |= {
        "umaBond": "250",
        "umaReward": "0.8",
        "makerBaseFee": _LEGACY_FEE if card.fee_type else 0,
        "takerBaseFee": _LEGACY_FEE if card.fee_type else 0,
        "acceptingOrders": standing.accepting,
        "negRisk": card.neg_risk,
    }
    if card.neg_risk:
        body["negRiskMarketID"] = card.neg_risk_market_id
    return body


def _quote(standing: Standing) -> Body:
    return {
        "spread": loose_micro(max(standing.ask_micro - standing.bid_micro, 0)),
        "lastTradePrice": loose_micro(standing.last_micro),
        "bestBid": loose_micro(standing.bid_micro),
        "bestAsk": loose_micro(standing.ask_micro),
        "automaticallyActive": True,
    }


def _tail(card: Card, standing: Standing) -> Body:
    closed = standing.payouts_micro is not None
    body: Body = {"clearBookOnStart": card.clear_on_start}
    if closed:
        body |= {"umaEndDate": zulu(standing.resolved_ts), "umaResolutionStatus": "resolved"}
        body |= {"automaticallyResolved": True}
    body |= {
        "umaResolutionStatuses": as_text(["proposed", "proposed"] if closed else []),
        "rfqEnabled": False,
        "holdingRewardsEnabled": False,
        "feesEnabled": bool(card.fee_type),
        "requiresTranslation": False,
    }
    if card.fee_type:
        body["feeType"] = card.fee_type
        body["feeSchedule"] = {
            "exponent": card.fee_exponent,
            "rate": loose_micro(card.fee_rate_micro),
            "takerOnly": True,
            "rebateRate": loose_micro(card.rebate_micro),
        }
    return body | {"version": card.version}


def event_head(record: Record, card: Card) -> Body:
    """An event without its markets, as it stands inside a market."""
    members = [each for each in record.cards.values() if each.event_slug == card.event_slug]
    card = members[0]  # an event has one title and one end, whichever market shows it
    volume = sum(record.standings[each.market_id].volume_micro for each in members)
    return {
        "id": str(card.event_number),
        "ticker": card.event_slug,
        "slug": card.event_slug,
        "title": card.event_title,
        "startDate": zulu(card.start_ts),
        "creationDate": zulu_fine(card.start_ts),
        **({"endDate": zulu(card.end_ts)} if card.end_ts else {}),
        "active": True,
        "closed": all(record.standings[each.market_id].payouts_micro is not None for each in members),
        "archived": False,
        "restricted": True,
        "liquidity": 0,
        "volume": loose_micro(volume),
        "enableOrderBook": True,
        "negRisk": card.neg_risk,
        **({"negRiskMarketID": card.neg_risk_market_id} if card.neg_risk else {}),
        "enableNegRisk": card.neg_risk,
        "negRiskAugmented": False,
        "version": card.version,
    }


def event_object(record: Record, event_slug: str, now_ns: int) -> Body:
    """An event with its markets, as `/events` shows it."""
    members = [card for card in record.cards.values() if card.event_slug == event_slug]
    markets: list[Body] = []
    for card in members:
        market = market_object(record, card.market_id, now_ns)
        del market["events"]
        markets.append(market)
    return event_head(record, members[0]) | {"markets": markets, "tags": tags(members[0])}


def tags(card: Card) -> list[Body]:
    """An event's tags: its category."""
    number = TAG_NUMBERS.get(card.category, "100000")
    return [{"id": number, "label": card.category.capitalize(), "slug": card.category, "forceShow": False}]


def outcome_prices(standing: Standing) -> list[str]:
    """Payouts when resolved, else middle of the book (or the last price), as text."""
    if standing.payouts_micro is not None:
        return [text_micro(payout) for payout in standing.payouts_micro]
    two_sided = standing.bid_micro > 0 and standing.ask_micro < MICRO
    price = (standing.bid_micro + standing.ask_micro) // 2 if two_sided else standing.last_micro
    return [text_micro(price), text_micro(MICRO - price)]


def as_text(values: Iterable[str]) -> str:
    """A list as JSON text, with the blank after each comma that the venue writes."""
    return f"[{', '.join(msgspec.json.encode(value).decode() for value in values)}]"


def sort_value(record: Record, market_id: str, field: str) -> tuple[float, str]:
    """What markets are ordered by; `volume` sorts as text, as at the venue."""
    card, standing = record.cards[market_id], record.standings[market_id]
    if field == "volume":
        return (0.0, text_micro(standing.volume_micro))
    numbers = {
        "volumeNum": standing.volume_micro,
        "endDate": card.end_ts,
        "startDate": card.start_ts,
        "id": card.number,
    }
    return (float(loose(numbers.get(field, card.number))), "")
