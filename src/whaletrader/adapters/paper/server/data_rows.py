"""Rows of the Data API's trades and activity, in the key order and number style of v1 and of v2; pure.

Quirks kept: v1 shows one row per wallet, transaction, token and side (several fills averaged); v2 shows every fill, is
unlabelled while young (`outcome_index` 999, no `event_slug`) in `/v2/trades`, counts the fee of a taker's purchase in
`usdc_size` and mixes in combination trades with condition ids of 62 hex digits.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from zlib import crc32

import msgspec

from whaletrader.adapters.paper.server.figures import loose, loose_micro, seconds, strict_micro
from whaletrader.adapters.paper.server.record import Card, Leg, Move, Profile, Record
from whaletrader.domain.contract_ids import COMBO, PositionId
from whaletrader.domain.values import NANOS

Body = dict[str, object]
UNLABELLED = 999
LABEL_AFTER_NS = 60 * NANOS
"""Age at which a row of `/v2/trades` gets its outcome index and event."""
_NO_CARD = Card(
    market_id="", token_ids=("", ""), outcomes=("", ""), question="", slug="", number=0, event_number=0,
    event_slug="", event_title="", category="",
)  # fmt: skip
COMBOS = 100
"""One row in so many has a combination trade beside it."""


def leg_v1(record: Record, leg: Leg) -> Body:
    """A row of `GET /trades`."""
    card, profile = record.cards[leg.market_id], record.profile(leg.wallet)
    return {
        "proxyWallet": leg.wallet,
        "side": leg.side,
        "asset": leg.token_id,
        "conditionId": leg.market_id,
        "size": loose_micro(leg.size_micro),
        "price": loose(leg.price),
        "timestamp": seconds(leg.ts),
        "title": card.question,
        "slug": card.slug,
        "icon": card.icon,
        "eventSlug": card.event_slug,
        "outcome": card.outcomes[leg.outcome_index],
        "outcomeIndex": leg.outcome_index,
        **_profile_v1(profile),
        "transactionHash": leg.tx_hash,
    }


def leg_activity_v1(record: Record, leg: Leg) -> Body:
    """A TRADE row of `GET /activity`."""
    card, profile = record.cards[leg.market_id], record.profile(leg.wallet)
    return {
        "proxyWallet": leg.wallet,
        "timestamp": seconds(leg.ts),
        "conditionId": leg.market_id,
        "type": "TRADE",
        "size": loose_micro(leg.size_micro),
        "usdcSize": loose_micro(leg.usd_micro),
        "transactionHash": leg.tx_hash,
        "price": loose(leg.price),
        "asset": leg.token_id,
        "side": leg.side,
        "outcomeIndex": leg.outcome_index,
        **_titles_v1(card, card.outcomes[leg.outcome_index]),
        **_profile_v1(profile),
    }


def move_activity_v1(record: Record, move: Move) -> Body:
    """A row of `GET /activity` that is no trade; a rebate belongs to no market."""
    card, profile = record.cards.get(move.market_id, _NO_CARD), record.profile(move.wallet)
    return {
        "proxyWallet": move.wallet,
        "timestamp": seconds(move.ts),
        "conditionId": move.market_id,
        "type": move.kind,
        "size": loose_micro(move.size_micro),
        "usdcSize": loose_micro(move.usd_micro),
        "transactionHash": move.tx_hash,
        "price": 0,
        "asset": "",
        "side": "",
        "outcomeIndex": UNLABELLED,
        **_titles_v1(card, ""),
        **_profile_v1(profile),
    }


def leg_v2(record: Record, leg: Leg, now_ns: int) -> Body:
    """An item of `GET /v2/trades`."""
    card, profile = record.cards[leg.market_id], record.profile(leg.wallet)
    labelled = now_ns - leg.ts >= LABEL_AFTER_NS
    return {
        "proxy_wallet": leg.wallet,
        "side": leg.side,
        "token_id": leg.token_id,
        "condition_id": leg.market_id,
        "size": strict_micro(leg.size_micro),
        "price": leg.price,
        "timestamp": seconds(leg.ts),
        "title": card.question,
        "slug": card.slug,
        "icon": card.icon,
        "event_slug": card.event_slug if labelled else "",
        "outcome": card.outcomes[leg.outcome_index],
        "outcome_index": leg.outcome_index if labelled else UNLABELLED,
        **_profile_v2(profile),
        "transaction_hash": leg.tx_hash,
    }


def leg_activity_v2(record: Record, leg: Leg) -> Body:
    """A TRADE item of `GET /v2/activity`."""
    card, profile = record.cards[leg.market_id], record.profile(leg.wallet)
    paid = leg.fee_micro if leg.side == "BUY" and not leg.maker else 0
    return {
        "proxy_wallet": leg.wallet,
        "timestamp": seconds(leg.ts),
        "condition_id": leg.market_id,
        "type": "TRADE",
        "size": strict_micro(leg.size_micro),
        "usdc_size": strict_micro(leg.usd_micro + paid),
        "transaction_hash": leg.tx_hash,
        "price": leg.price,
        "token_id": leg.token_id,
        "side": leg.side,
        "outcome_index": leg.outcome_index,
        **_titles_v2(card, card.outcomes[leg.outcome_index]),
        **_profile_v2(profile),
    }


def move_activity_v2(record: Record, move: Move) -> Body:
    """An item of `GET /v2/activity` that is no trade; a rebate belongs to no market."""
    card, profile = record.cards.get(move.market_id, _NO_CARD), record.profile(move.wallet)
    return {
        "proxy_wallet": move.wallet,
        "timestamp": seconds(move.ts),
        "condition_id": move.market_id,
        "type": move.kind,
        "size": strict_micro(move.size_micro),
        "usdc_size": strict_micro(move.usd_micro),
        "transaction_hash": move.tx_hash,
        "price": 0.0,
        "token_id": "",
        "side": "",
        "outcome_index": UNLABELLED,
        **_titles_v2(card, ""),
        **_profile_v2(profile),
    }


def combo_beside(row: Body) -> Body | None:
    """The combination trade that a share of v2 rows has beside it: same wallet, other transaction, 62-digit id."""
    mark = f"{row['transaction_hash']}/{row['proxy_wallet']}/{row['token_id']}"
    if crc32(mark.encode()) % COMBOS:
        return None
    digest = sha256(mark.encode()).hexdigest()
    position = PositionId(COMBO, int(digest[:32], 16), arity=2)
    blank = dict.fromkeys(("title", "slug", "icon", "event_slug", "outcome"), "")
    changed = {
        "token_id": str(position.pack()),
        "condition_id": position.condition,
        "outcome_index": UNLABELLED,
        "transaction_hash": "0x" + sha256(digest.encode()).hexdigest(),
    }
    return row | blank | changed


def merged_fills(legs: Iterable[Leg]) -> Iterator[Leg]:
    """Legs newest first, those of one wallet, transaction, token and side as one, as v1 shows them."""
    group: dict[tuple[str, str, str], Leg] = {}
    current = ""
    for leg in legs:
        if leg.tx_hash != current:
            yield from group.values()
            group, current = {}, leg.tx_hash
        key = (leg.wallet, leg.token_id, leg.side)
        group[key] = _sum(group[key], leg) if key in group else leg
    yield from group.values()


def _sum(one: Leg, other: Leg) -> Leg:
    return msgspec.structs.replace(
        one,
        size_micro=one.size_micro + other.size_micro,
        usd_micro=one.usd_micro + other.usd_micro,
        fee_micro=one.fee_micro + other.fee_micro,
        maker=one.maker and other.maker,
    )


def _titles_v1(card: Card, outcome: str) -> Body:
    return {
        "title": card.question,
        "slug": card.slug,
        "icon": card.icon,
        "eventSlug": card.event_slug,
        "outcome": outcome,
    }


def _titles_v2(card: Card, outcome: str) -> Body:
    return {
        "title": card.question,
        "slug": card.slug,
        "icon": card.icon,
        "event_slug": card.event_slug,
        "outcome": outcome,
    }


def _profile_v1(profile: Profile) -> Body:
    return {
        "name": profile.name,
        "pseudonym": profile.pseudonym,
        "bio": "",
        "profileImage": "",
        "profileImageOptimized": "",
    }


def _profile_v2(profile: Profile) -> Body:
    return {
        "name": profile.name,
        "pseudonym": profile.pseudonym,
        "bio": "",
        "profile_image": "",
        "profile_image_optimized": "",
    }
