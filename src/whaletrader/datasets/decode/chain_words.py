"""A log of the chain as 32-byte words: topics, data, dynamic arrays; what the words mean is not told here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from whaletrader.datasets.decode import fields
from whaletrader.datasets.decode.fields import Object, Unusable
from whaletrader.domain.values import MICRO

WORD_DIGITS = 64
_MAX_ARRAY = 1_024
_MOST_LOGS = 1 << 31
_HEX = re.compile(r"0x[0-9a-f]*")
_TOPIC = re.compile(r"0x[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ChainLog:
    """One log, read but not understood; lower case."""

    contract: str
    topics: tuple[str, ...]
    data: str
    """Hex digits without 0x."""
    block: int
    index: int
    tx_hash: str
    ts: int
    """UTC nanoseconds, -1 unknown."""
    removed: bool

    def words(self, least: int) -> list[int]:
        """Return the first `least` words of the data."""
        if len(self.data) < least * WORD_DIGITS:
            raise Unusable("log_malformed", "data too short")
        return [int(self.data[n * WORD_DIGITS : (n + 1) * WORD_DIGITS], 16) for n in range(least)]

    def array(self, offset: int) -> list[int]:
        """Return the words of a dynamic array that begins at a byte offset."""
        start = 2 * offset
        if offset % 32 or start + WORD_DIGITS > len(self.data):
            raise Unusable("log_malformed", "array outside of data")
        length = int(self.data[start : start + WORD_DIGITS], 16)
        start += WORD_DIGITS
        if length > _MAX_ARRAY or start + length * WORD_DIGITS > len(self.data):
            raise Unusable("log_malformed", "array outside of data")
        places = range(start, start + length * WORD_DIGITS, WORD_DIGITS)
        return [int(self.data[place : place + WORD_DIGITS], 16) for place in places]

    def topic(self, place: int) -> str:
        """Return an indexed word."""
        if place >= len(self.topics):
            raise Unusable("log_malformed", "topic missing")
        return self.topics[place]

    def topic_address(self, place: int) -> str:
        """Return an indexed address."""
        word = self.topic(place)
        if not word.startswith("0x" + "0" * 24):
            raise Unusable("log_malformed", "topic is no address")
        return "0x" + word[26:]


def log_of(log: Object, block_ts: Mapping[int, int]) -> ChainLog:
    """Read a log's JSON: quantities in hex (or as numbers), ids in either case."""
    topics = tuple(fields.text(topic).lower() for topic in fields.listed(log.get("topics")))
    data = fields.text(log.get("data")).lower() or "0x"
    if not _HEX.fullmatch(data) or not all(_TOPIC.fullmatch(topic) for topic in topics):
        raise Unusable("log_malformed", "no hex")
    tx_hash = fields.tx_hash(log.get("transactionHash"))
    index, block = quantity(log.get("logIndex")), quantity(log.get("blockNumber"))
    if not tx_hash or not 0 <= index < _MOST_LOGS:
        raise Unusable("log_malformed", "no transaction or index")
    seconds = quantity(log.get("blockTimestamp"))
    return ChainLog(
        contract=fields.address(log.get("address"), "log_malformed"),
        topics=topics,
        data=data[2:],
        block=block,
        index=index,
        tx_hash=tx_hash,
        ts=fields.optional_instant(seconds) if seconds > 0 else block_ts.get(block, -1),
        removed=fields.flag(log.get("removed")) is True,
    )


def quantity(value: object) -> int:
    """Return a JSON-RPC quantity (hex text), or a plain number; -1 for anything else."""
    found = fields.text(value).lower()
    if found.startswith("0x"):
        return int(found, 16) if _HEX.fullmatch(found) and 2 < len(found) <= 17 else -1
    return fields.integer_or(found)


def ratio_micro(collateral: int, shares: int) -> int:
    """Return collateral per share in micro-units, ties to even."""
    whole, rest = divmod(collateral * MICRO, shares)
    return whole + (1 if 2 * rest > shares or (2 * rest == shares and whole % 2) else 0)
