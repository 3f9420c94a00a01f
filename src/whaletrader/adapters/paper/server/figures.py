"""How the venue's services write numbers, addresses and times; pure, no rows.

Three styles meet: the activity stream and Data API v1 write 40000 and 0.33 (no decimal point for a whole number), Data
API v2 writes 400000.0, Gamma writes some numbers as text. Addresses are checksummed in the stream, else lower case.
"""

from datetime import UTC, datetime

from whaletrader.domain.values import MICRO, NANOS


def loose(value: float) -> int | float:
    """A number without a decimal point when it is whole: 40000, 0.33."""
    return int(value) if value == int(value) else value


def loose_micro(micro: int) -> int | float:
    """Micro-units as `loose` writes them."""
    return loose(micro / MICRO)


def strict_micro(micro: int) -> float:
    """Micro-units with a decimal point always: 400000.0."""
    return micro / MICRO


def text_micro(micro: int) -> str:
    """Micro-units as the shortest decimal text: 0.01, 5."""
    whole, rest = divmod(abs(micro), MICRO)
    sign = "-" if micro < 0 else ""
    return f"{sign}{whole}" if rest == 0 else f"{sign}{whole}.{rest:06d}".rstrip("0")


def seconds(ts_ns: int) -> int:
    """Whole unix seconds."""
    return ts_ns // NANOS


def zulu(ts_ns: int) -> str:
    """`2026-09-24T18:45:00Z`."""
    return datetime.fromtimestamp(ts_ns // NANOS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def zulu_fine(ts_ns: int) -> str:
    """`2026-09-24T15:14:18.405177Z`."""
    return zulu(ts_ns)[:-1] + f".{ts_ns % NANOS // 1000:06d}Z"


def spaced(ts_ns: int) -> str:
    """`2026-09-24 14:02:16+00`, the database's own spelling that Gamma lets through."""
    return datetime.fromtimestamp(ts_ns // NANOS, UTC).strftime("%Y-%m-%d %H:%M:%S+00")


def day(ts_ns: int) -> str:
    """`2026-09-24`."""
    return datetime.fromtimestamp(ts_ns // NANOS, UTC).strftime("%Y-%m-%d")
