"""Frames of the real-time data stream's `activity` topic: `trades` (a row for each side of a match) and
`orders_matched` (the taker's row, earlier). Undocumented by the venue; built from captured frames.

A row without `fee` says nothing of its role: makers pay none, and neither does a taker where the market is free.
"""

import re

import msgspec

from whaletrader.datasets.decode import fields
from whaletrader.datasets.decode.fields import Object, Unusable
from whaletrader.datasets.decode.rows import Decoded, VenueFill
from whaletrader.domain.values import MICRO, NANOS, Role

SOURCE = "rtds"
_SOURCES = {"trades": "rtds.trades", "orders_matched": "rtds.orders_matched"}
_SILENT = (b"", b"ping", b"pong")
_SIDES = ("BUY", "SELL")
_TOKEN_DIGITS = 78
_IDS = re.compile("0x[0-9a-f]{40}0x[0-9a-f]{64}0x[0-9a-f]{64}")
_TIE = 0.499
"""Nearer to a half than this, a float's text decides: that is the slow way's business."""


class _Payload(msgspec.Struct, rename="camel"):
    """A row as captured; whatever is written otherwise takes the slow way."""

    asset: str
    condition_id: str
    outcome_index: int
    price: float
    proxy_wallet: str
    side: str
    size: float
    timestamp: int
    transaction_hash: str
    event_slug: str = ""
    fee: float | None = None


class _Frame(msgspec.Struct):
    topic: str
    type: str
    payload: _Payload


_frame = msgspec.json.Decoder(_Frame).decode


def decode_rtds(frame: bytes | str) -> Decoded:
    """Decode one text frame: an object or an array of them; empty frames and pongs hold nothing."""
    raw = frame.encode("utf-8", "replace") if isinstance(frame, str) else frame
    try:
        fill = _plain(_frame(raw))
        if fill is not None:
            return Decoded((fill,))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    if raw.strip().lower() in _SILENT:
        return Decoded()
    try:
        content = fields.parse(raw)
    except Unusable as error:
        return Decoded((), (fields.refuse(SOURCE, error, raw),))
    envelopes = content if isinstance(content, list) else [content]
    return fields.merged(_envelope(each) for each in envelopes)


def _plain(frame: _Frame) -> VenueFill | None:
    """Return the fill of a frame that is written exactly as captured, None for the slow way."""
    row = frame.payload
    source = _SOURCES.get(frame.type)
    scaled_price, scaled_size = row.price * MICRO, row.size * MICRO
    if not (0 <= scaled_price <= MICRO and 0 < scaled_size < fields.SAFE):
        return None
    price, size = round(scaled_price), round(scaled_size)
    if not (-_TIE < scaled_price - price < _TIE and -_TIE < scaled_size - size < _TIE):
        return None
    wallet, market, tx, token = (
        row.proxy_wallet.lower(),
        row.condition_id.lower(),
        row.transaction_hash.lower(),
        row.asset,
    )
    fee = -1 if row.fee is None else fields.micro_or(row.fee)
    if source is None or frame.topic != "activity":
        return None
    if not (size > 0 and 0 < row.timestamp < fields.LAST_SECOND and row.side in _SIDES):
        return None
    if not (_ids(wallet, market, tx) and token.isascii() and token.isdigit()):
        return None
    if not (len(token) <= _TOKEN_DIGITS and token[0] != "0" and 0 <= row.outcome_index <= 1):
        return None
    return VenueFill(
        source=source,
        wallet=wallet,
        token_id=token,
        side=row.side,
        price_micro=price,
        size_micro=size,
        ts_event=row.timestamp * NANOS,
        tx_hash=tx,
        market_id=market,
        outcome_index=row.outcome_index,
        role=_role(source, fee),
        fee_micro=fee,
        event_slug=row.event_slug,
    )


def _envelope(frame: object) -> Decoded:
    """Decode a frame whose payload is one row, several, or a snapshot of several under `data`."""
    try:
        if not isinstance(frame, dict):
            raise Unusable("not_an_object")
        rows, source = _payload(frame)
    except Unusable as error:
        return Decoded((), (fields.refuse(SOURCE, error, frame),))
    return fields.decode_each(source, rows, lambda row: (_fill(row, source),))


def _payload(frame: Object) -> tuple[list[object], str]:
    if frame.get("statusCode") is not None or frame.get("error") is not None:
        raise Unusable("server_error", f"{frame.get('statusCode', '')} {fields.text(frame.get('message'))}".strip())
    if fields.text(frame.get("topic")) != "activity":
        raise Unusable("unknown_topic", fields.text(frame.get("topic")))
    kind = fields.text(frame.get("type"))
    if kind not in _SOURCES:
        raise Unusable("unknown_event_type", kind)
    payload = frame.get("payload")
    if isinstance(payload, dict) and isinstance(payload.get("data"), list):
        payload = payload["data"]
    return payload if isinstance(payload, list) else [payload], _SOURCES[kind]


def _fill(row: Object, source: str) -> VenueFill:
    fee = fields.micro_or(row.get("fee"))
    return VenueFill(
        source=source,
        market_id=fields.condition(row.get("conditionId")),
        wallet=fields.address(row.get("proxyWallet")),
        token_id=fields.token(row.get("asset")),
        side=fields.side(row.get("side")),
        price_micro=fields.price(row.get("price")),
        size_micro=fields.size(row.get("size")),
        ts_event=fields.instant(row.get("timestamp")),
        tx_hash=fields.tx_hash(row.get("transactionHash")),
        outcome_index=fields.outcome_index(row.get("outcomeIndex")),
        role=_role(source, fee),
        fee_micro=fee,
        event_slug=fields.text(row.get("eventSlug")),
    )


def _role(source: str, fee_micro: int) -> str:
    """Return who crossed: the one row of `orders_matched`, and whoever a fee is told of."""
    return Role.TAKER.value if fee_micro >= 0 or source == "rtds.orders_matched" else ""


def _ids(wallet: str, market: str, tx: str) -> bool:
    """Whether the three are an address and two hashes, in lower case."""
    return _IDS.fullmatch(f"{wallet}{market}{tx}") is not None and len(wallet) == 42 and len(market) == 66
