"""Gamma's markets: bare arrays, keyset pages, one market, or events with markets inside.

Its traps: lists written as JSON inside text, three spellings of times, `positionIds` that a v1 market carries but does
not trade, and `endDate`, which is no time of settlement. A market counts as resolved when it is closed, its oracle
says resolved, and every price is 0, 1 or 0.5; the chain is the authority.
"""

from collections.abc import Iterable

from whaletrader.datasets.decode import fields
from whaletrader.datasets.decode.fields import Object, Unusable
from whaletrader.datasets.decode.rows import Decoded, MarketMeta
from whaletrader.domain.values import MICRO

SOURCE = "gamma"
_FINAL = (0, MICRO // 2, MICRO)


def decode_markets(answer: bytes | str) -> Decoded:
    """Decode an answer of `/markets…` or `/events…`."""
    try:
        content = fields.parse(answer)
        cursor = ""
        if isinstance(content, dict):
            if "error" in content and "conditionId" not in content:
                raise Unusable("server_error", fields.text(content["error"]))
            cursor = fields.text(content.get("next_cursor"))
            content = _inside(content)
    except Unusable as error:
        return Decoded((), (fields.refuse(SOURCE, error, answer),))
    items = content if isinstance(content, list) else [content]
    return fields.merged((_decode(each) for each in items), cursor)


def _inside(content: Object) -> object:
    """Return the list that a page holds; an event's own `markets` are left to it."""
    for key in ("data", "events"):
        if isinstance(content.get(key), list) and "conditionId" not in content:
            return content[key]
    is_page = isinstance(content.get("markets"), list) and "id" not in content and "slug" not in content
    return content["markets"] if is_page else content


def _decode(item: object) -> Decoded:
    if isinstance(item, dict) and isinstance(item.get("markets"), list) and "conditionId" not in item:
        return fields.decode_each(SOURCE, item["markets"], lambda row: (_market(row, item),))
    return fields.decode_each(SOURCE, [item], lambda row: (_market(row, _event_of(row)),))


def _event_of(row: Object) -> Object:
    for event in fields.listed(row.get("events")):
        if isinstance(event, dict):
            return event
    return {}


def _market(row: Object, event: Object) -> MarketMeta:
    closed, prices = fields.flag(row.get("closed")), _prices(row)
    token_ids = fields.tokens(row.get("clobTokenIds"))
    position_ids = fields.tokens(row.get("positionIds"))
    resolved = closed is True and fields.text(row.get("umaResolutionStatus")).lower() == "resolved" and _final(prices)
    enabled = fields.flag(row.get("feesEnabled"))
    schedule = row.get("feeSchedule")
    fee: Object = schedule if isinstance(schedule, dict) else {}
    rate = fields.price_or(fee.get("rate"))
    return MarketMeta(
        source=SOURCE,
        market_id=fields.condition(row.get("conditionId")),
        version=fields.text(fields.first_of(row, "version") or event.get("version")).lower(),
        token_ids=token_ids,
        position_ids=position_ids,
        outcomes=fields.texts(row.get("outcomes")),
        neg_risk=fields.flag(row.get("negRisk")),
        neg_risk_market_id=fields.text(row.get("negRiskMarketID")).lower(),
        tick_micro=fields.price_or(row.get("orderPriceMinTickSize")),
        min_order_micro=fields.micro_or(row.get("orderMinSize")),
        fees_enabled=enabled,
        fee_type=fields.text(row.get("feeType")),
        fee_rate_micro=0 if enabled is False else rate,
        fee_exponent=fields.integer_or(fee.get("exponent")),
        fee_taker_only=fields.flag(fee.get("takerOnly")) is not False,
        fee_rebate_micro=fields.price_or(fee.get("rebateRate")),
        seconds_delay=fields.integer_or(row.get("secondsDelay")),
        start_ts=fields.optional_instant(fields.first_of(row, "startDate", "startDateIso")),
        end_ts=fields.optional_instant(fields.first_of(row, "endDate", "endDateIso")),
        game_start_ts=fields.optional_instant(row.get("gameStartTime")),
        clear_book_on_start=fields.flag(row.get("clearBookOnStart")),
        accepting_orders=fields.flag(row.get("acceptingOrders")),
        closed=closed,
        closed_ts=fields.optional_instant(fields.first_of(row, "closedTime", "umaEndDate")),
        resolved=resolved,
        payouts_micro=prices if resolved else (),
        question_id=fields.text(fields.first_of(row, "questionID", "questionId")).lower(),
        slug=fields.text(row.get("slug")),
        question=fields.text(row.get("question")),
        event_id=fields.text(event.get("id")),
        event_slug=fields.text(event.get("slug")),
        tags=tuple(_tags(row, event)),
        volume_micro=fields.micro_or(fields.first_of(row, "volumeNum", "volume")),
    )


def _prices(row: Object) -> tuple[int, ...]:
    """Return the outcomes' prices, empty when one cannot be read."""
    found = tuple(fields.price_or(each) for each in fields.listed(row.get("outcomePrices")))
    return found if all(price >= 0 for price in found) else ()


def _final(prices: tuple[int, ...]) -> bool:
    return len(prices) > 1 and all(price in _FINAL for price in prices) and sum(prices) == MICRO


def _tags(row: Object, event: Object) -> Iterable[str]:
    for tag in fields.listed(fields.first_of(row, "tags") or event.get("tags")):
        if isinstance(tag, dict) and fields.text(tag.get("slug")):
            yield fields.text(tag.get("slug"))
