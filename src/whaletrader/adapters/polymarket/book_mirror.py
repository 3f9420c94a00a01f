"""The venue's own words for one token's book, kept to check its SHA-1 after snapshots and changes.

The hash is over text: levels, tick and last price exactly as received (source: the venue's client,
`generate_orderbook_summary_hash`; reproduced against a captured `GET /book`). So text is kept here, and the book that
trading looks at is not: that one is made of integers elsewhere. Frames of the market channel lack `min_order_size` and
`neg_risk`; until a REST snapshot told them, nothing can be said of a hash.
"""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

Level = tuple[str, str]
_SIDES = {"BUY": "bids", "SELL": "asks"}


class BookMirror:
    """One token's book as text."""

    def __init__(self) -> None:
        self._levels: dict[str, dict[Decimal, Level]] = {"bids": {}, "asks": {}}
        self._words: dict[str, Any] = {}
        self.ts_ms = 0
        self.whole = False
        """Whether a snapshot was taken since the last `forget`."""
        self._sure = False

    def forget(self) -> None:
        """Take what is kept as out of date: only a snapshot makes it whole again."""
        self.whole = False

    @property
    def has_terms(self) -> bool:
        """Whether the words that only REST tells are known."""
        return "neg_risk" in self._words and "min_order_size" in self._words

    def snapshot(self, frame: Mapping[str, Any]) -> bool | None:
        """Take a whole book; return whether its hash is right, None when that cannot be told.

        One that `overtaken` says is late is passed over.
        """
        ts_ms = time_ms(frame)
        if self.overtaken(ts_ms):
            return None
        for side in ("bids", "asks"):
            self._levels[side] = {key: level for key, level in map(_level, frame.get(side) or ()) if key is not None}
        for word in ("market", "asset_id", "tick_size", "last_trade_price"):
            if word in frame:
                self._words[word] = frame[word]
        self.learn(frame)
        self._sure = "last_trade_price" in frame
        self.ts_ms, self.whole = ts_ms, True
        return self._agrees(frame, ts_ms)

    def learn(self, frame: Mapping[str, Any]) -> None:
        """Take the words that do not change with the book."""
        for word in ("min_order_size", "neg_risk"):
            if word in frame:
                self._words[word] = frame[word]

    def overtaken(self, ts_ms: int) -> bool:
        """Return whether a snapshot of that time is older than what was heard (it came from a cache, or late)."""
        return self.whole and ts_ms < self.ts_ms

    def change(self, entry: Mapping[str, Any], ts_ms: int) -> None:
        """Set one level."""
        key, level = _level(entry)
        side = _SIDES.get(str(entry.get("side", "")).upper())
        if key is None or side is None:
            return
        if Decimal(level[1]) == 0:
            self._levels[side].pop(key, None)
        else:
            self._levels[side][key] = level
        self.ts_ms = max(self.ts_ms, ts_ms)

    def agrees(self, entry: Mapping[str, Any], ts_ms: int) -> bool | None:
        """Return whether the hash that came with the newest change is right, None when that cannot be told."""
        return self._agrees(entry, ts_ms) if self.whole else None

    def agrees_on_best(self, entry: Mapping[str, Any]) -> bool | None:
        """Return whether the best prices that came with a change are ours, None when they were not told."""
        if not self.whole or "best_bid" not in entry or "best_ask" not in entry:
            return None
        bid = max(self._levels["bids"], default=Decimal(0))
        ask = min(self._levels["asks"], default=None)
        told_bid, told_ask = _number(entry["best_bid"]), _number(entry["best_ask"])
        if told_bid is None or told_ask is None:
            return None
        # An empty side is told as 0 or 1, depending on the frame.
        return told_bid == bid and (told_ask == ask if ask is not None else told_ask in (0, 1))

    def traded(self, price: object) -> None:
        """Take the last price; how the venue spells it in the hash is known only from its next snapshot."""
        self._words["last_trade_price"] = price
        self._sure = False

    def tick(self, size: object) -> None:
        """Take the new tick."""
        self._words["tick_size"] = size

    def digest(self, ts_ms: int) -> str:
        """Return the SHA-1 of the book as it is kept."""
        bids = [self._levels["bids"][key] for key in sorted(self._levels["bids"])]
        asks = [self._levels["asks"][key] for key in sorted(self._levels["asks"], reverse=True)]
        words = self._words
        summary = {
            "market": words.get("market", ""),
            "asset_id": words.get("asset_id", ""),
            "timestamp": str(ts_ms),
            "hash": "",
            "bids": [{"price": price, "size": size} for price, size in bids],
            "asks": [{"price": price, "size": size} for price, size in asks],
            "min_order_size": words.get("min_order_size", ""),
            "tick_size": words.get("tick_size", ""),
            "neg_risk": words.get("neg_risk", False),
            "last_trade_price": words.get("last_trade_price", ""),
        }
        text = json.dumps(summary, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def _agrees(self, told: Mapping[str, Any], ts_ms: int) -> bool | None:
        told_hash = told.get("hash")
        if not told_hash or not self.has_terms:
            return None
        right = self.digest(ts_ms) == told_hash
        return right if right or self._sure else None


def _level(entry: Any) -> tuple[Decimal | None, Level]:
    if not isinstance(entry, Mapping):
        return None, ("", "")
    price, size = entry.get("price"), entry.get("size")
    if not isinstance(price, str) or not isinstance(size, str) or _number(size) is None:
        return None, ("", "")
    return _number(price), (price, size)


def _number(text: object) -> Decimal | None:
    try:
        number = Decimal(str(text))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def time_ms(frame: Mapping[str, Any]) -> int:
    """Return a frame's time in milliseconds; 0 where it has none."""
    text = str(frame.get("timestamp", ""))
    return int(text) if text.isdecimal() else 0
