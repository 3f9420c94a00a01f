"""The venue's hash of a book: whether what we keep is what it has.

Source: the SHA-1 of compact JSON reproduced against a hash of the venue's own (FACTS 1.2); texts go in as received.
"""

from collections.abc import Sequence
from hashlib import sha1

import msgspec

from whaletrader.domain.values import MICRO

LevelText = tuple[str, str]
"""Price and size as the venue writes them."""


class HashedLevel(msgspec.Struct, frozen=True):
    """A level in the hashed text."""

    price: str
    size: str


class HashedBook(msgspec.Struct, frozen=True, kw_only=True):
    """What is hashed, in the order of its keys; `hash` is empty."""

    market: str
    asset_id: str
    timestamp: str
    """Milliseconds, as text."""
    hash: str = ""
    bids: tuple[HashedLevel, ...]
    """Ascending: the best is the last."""
    asks: tuple[HashedLevel, ...]
    """Descending: the best is the last."""
    min_order_size: str
    tick_size: str
    neg_risk: bool
    last_trade_price: str


_ENCODER = msgspec.json.Encoder()


def book_hash(book: HashedBook) -> str:
    """Hash a book as the venue does.

    Parameters
    ----------
    book : HashedBook
        Its `hash` must be empty.

    Returns
    -------
    str
        SHA-1 of the compact JSON, 40 hex digits.
    """
    assert not book.hash, book.hash
    return sha1(_ENCODER.encode(book), usedforsecurity=False).hexdigest()


def hashed_levels(levels: Sequence[tuple[int, int]]) -> tuple[HashedLevel, ...]:
    """Write (price, size) in micro-units as the venue does, in the order given."""
    return tuple(HashedLevel(decimal_text(price), decimal_text(size)) for price, size in levels)


def decimal_text(micro: int) -> str:
    """Write micro-units as the venue writes prices and sizes: no trailing zeros.

    Examples
    --------
    >>> decimal_text(570_000), decimal_text(145_296_730_000), decimal_text(5_000_000)
    ('0.57', '145296.73', '5')
    """
    assert micro >= 0, micro
    whole, rest = divmod(micro, MICRO)
    return f"{whole}.{rest:06d}".rstrip("0") if rest else str(whole)


def last_trade_text(micro: int) -> str:
    """Write a last trade price as the venue does: at least three places, empty where nothing was traded (-1).

    Examples
    --------
    >>> last_trade_text(420_000), last_trade_text(-1)
    ('0.420', '')
    """
    if micro < 0:
        return ""
    whole, _, rest = decimal_text(micro).partition(".")
    return f"{whole}.{rest:0<3}"
