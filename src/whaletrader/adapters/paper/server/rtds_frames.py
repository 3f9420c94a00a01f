"""The activity stream's frames, byte for byte as captured: key order, checksummed wallet, `fee` on taker rows only.

Quirks kept: numbers without a decimal point when whole, the time and the size of a seeded share of rows as text, the
envelope's time in milliseconds. Pure: a leg in, bytes out.
"""

import base64
from zlib import crc32

import msgspec

from whaletrader.adapters.paper.server.figures import loose, loose_micro, seconds
from whaletrader.adapters.paper.server.record import Leg, Record
from whaletrader.domain.addresses import checksum_address

_MS = 1_000_000
_ENCODE = msgspec.json.Encoder().encode
TEXT_NUMBERS = 200
"""One row in so many carries its numbers as text (it happens; nobody says why)."""


def connection_id(number: int, seed: int) -> str:
    """An id as the venue gives its connections: twelve bytes in base 64."""
    return base64.urlsafe_b64encode(crc32(f"{seed}/{number}".encode()).to_bytes(4, "big") + bytes(8)).decode()


def payload(record: Record, leg: Leg, *, taker_only: bool) -> dict[str, object]:
    """A trade as the stream tells it; `taker_only` for `orders_matched`, which carries no fee."""
    card = record.cards[leg.market_id]
    profile = record.profile(leg.wallet)
    as_text = crc32(f"{leg.tx_hash}/{leg.log_index}".encode()) % TEXT_NUMBERS == 0
    body: dict[str, object] = {
        "asset": leg.token_id,
        "bio": "",
        "conditionId": leg.market_id,
        "eventSlug": card.event_slug,
    }
    if leg.fee_micro and not leg.maker and not taker_only:
        body["fee"] = loose_micro(leg.fee_micro)
    size, when = loose_micro(leg.size_micro), seconds(leg.ts)
    return body | {
        "icon": card.icon,
        "name": profile.name,
        "outcome": card.outcomes[leg.outcome_index],
        "outcomeIndex": leg.outcome_index,
        "price": loose(leg.price),
        "profileImage": "",
        "proxyWallet": checksum_address(leg.wallet),
        "pseudonym": profile.pseudonym,
        "side": leg.side,
        "size": str(size) if as_text else size,
        "slug": card.slug,
        "timestamp": str(when) if as_text else when,
        "title": card.question,
        "transactionHash": leg.tx_hash,
    }


def activity_frame(record: Record, leg: Leg, *, kind: str, connection: str, sent_ns: int) -> bytes:
    """A whole frame of topic `activity`; `kind` is `trades` or `orders_matched`."""
    return _ENCODE(
        {
            "connection_id": connection,
            "payload": payload(record, leg, taker_only=kind == "orders_matched"),
            "timestamp": sent_ns // _MS,
            "topic": "activity",
            "type": kind,
        }
    )


def refusal_frame(connection: str, topic: str, kind: str, sent_ns: int) -> bytes:
    """The answer to a subscription that names an unknown topic: nothing of that frame is subscribed."""
    return _ENCODE(
        {
            "connection_id": connection,
            "payload": {"message": f"topic {topic} type {kind} not found"},
            "statusCode": 401,
            "timestamp": sent_ns // _MS,
        }
    )
