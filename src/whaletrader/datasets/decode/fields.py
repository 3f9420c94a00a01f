"""How one value of the venue's JSON is read: numbers that may be text, times in seconds, milliseconds or three
spellings of ISO, ids in either case, lists inside text. No shapes of frames or rows here.

A function named `optional_…` gives None where the value is missing or of no use; the others raise `Unusable`.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

import msgspec

from whaletrader.datasets.decode.rows import HEAD_BYTES, Decoded, Reject, Row
from whaletrader.domain.values import MICRO, NANOS, Side

Object = Mapping[str, object]

_MICRO = Decimal(MICRO)
_LARGEST = Decimal(9_000_000_000_000)
_HEX64 = re.compile(r"(?:0x)?([0-9a-f]{64})")
_HEX62 = re.compile(r"(?:0x)?[0-9a-f]{62}")
_HEX_NUMBER = re.compile(r"0x[0-9a-f]{1,64}")
_ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_DIGITS = re.compile(r"[0-9]{1,78}")
_NUMBER = re.compile(r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?")
SAFE = 1e12
"""Below it a float times a million is off by less than a thousandth."""
LAST_SECOND = 9_000_000_000
"""What 64 bits hold in nanoseconds, about."""
_LAST_NS = LAST_SECOND * NANOS
_UNITS = ((10**11, NANOS), (10**14, NANOS // 1_000), (10**17, 1_000), (_LAST_NS, 1))
"""Seconds, milliseconds, microseconds, nanoseconds: no two of them overlap between 1973 and 5138."""


class Unusable(ValueError):
    """A row that cannot be used, with the word that the dead-letter log counts by."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


def parse(frame: bytes | str) -> object:
    """Return what a frame or an answer holds; numbers that are no integers are floats or decimals.

    Raises
    ------
    Unusable
        "malformed_json".
    """
    try:
        return msgspec.json.decode(frame)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        pass
    text = frame.decode("utf-8", "replace") if isinstance(frame, bytes) else frame
    try:
        return json.loads(text, parse_float=_decimal, parse_constant=Decimal)
    except (ValueError, RecursionError) as error:
        raise Unusable("malformed_json", str(error)[:HEAD_BYTES]) from None


def _decimal(text: str) -> Decimal:
    """Return a number; one beyond what decimals hold is none, which spoils its own row only."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def head_of(thing: object) -> bytes:
    """Return the beginning of what is refused."""
    if isinstance(thing, bytes):
        return thing[:HEAD_BYTES]
    try:
        text = thing if isinstance(thing, str) else repr(thing)
    except RecursionError:
        text = type(thing).__name__
    return text[:HEAD_BYTES].encode("utf-8", "replace")[:HEAD_BYTES]


def refuse(source: str, error: Unusable, thing: object) -> Reject:
    """Return the refusal of a thing."""
    return Reject(source=source, reason=error.reason, detail=error.detail[:HEAD_BYTES], head=head_of(thing))


def decode_each(source: str, items: Iterable[object], rows_of: Callable[[Object], Iterable[Row]]) -> Decoded:
    """Decode each object by itself: what is wrong with one leaves the others alone."""
    rows: list[Row] = []
    rejects: list[Reject] = []
    for item in items:
        try:
            if not isinstance(item, dict):
                raise Unusable("not_an_object")
            rows.extend(rows_of(item))
        except Unusable as error:
            rejects.append(refuse(source, error, item))
    return Decoded(tuple(rows), tuple(rejects))


def merged(parts: Iterable[Decoded], next_cursor: str = "") -> Decoded:
    """Return several decodings as one, in their order."""
    rows: list[Row] = []
    rejects: list[Reject] = []
    for part in parts:
        rows.extend(part.rows)
        rejects.extend(part.rejects)
    return Decoded(tuple(rows), tuple(rejects), next_cursor)


def first_of(row: Object, *keys: str) -> object:
    """Return the value of the first key that is there: sources spell the same field in two ways."""
    for key in keys:
        value = row.get(key)
        if value is not None:
            return value
    return None


def text(value: object) -> str:
    """Return text as it is without outer blanks; numbers as text; "" for anything else.

    What is no Unicode (half a surrogate pair, which JSON can escape) is replaced: it could not be stored.
    """
    if isinstance(value, str):
        found = value.strip()
        return found if found.isascii() else found.encode("utf-8", "replace").decode("utf-8")
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def optional_decimal(value: object) -> Decimal | None:
    """Return a finite number, given as a number or as text."""
    if isinstance(value, str):
        value = value.strip()
        if not _NUMBER.fullmatch(value):
            return None
    elif isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    try:
        number = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() and abs(number) < _LARGEST else None


def optional_micro(value: object) -> int | None:
    """Return a number of whole units in micro-units, ties to even; what the venue wrote is taken as decimal text."""
    if type(value) is float and -SAFE < (scaled := value * MICRO) < SAFE:
        nearest = round(scaled)
        if -0.499 < scaled - nearest < 0.499:
            return nearest
    number = optional_decimal(value)
    return None if number is None else int((number * _MICRO).to_integral_value(ROUND_HALF_EVEN))


def micro_or(value: object, missing: int = -1) -> int:
    """Return micro-units of a number that is not negative, else `missing`."""
    found = optional_micro(value)
    return missing if found is None or found < 0 else found


def price(value: object) -> int:
    """Return a price in [0, 1] in micro-units."""
    found = optional_micro(value)
    if found is None:
        raise Unusable("price_missing")
    if found < 0:
        raise Unusable("price_negative")
    if found > MICRO:
        raise Unusable("price_above_one")
    return found


def price_or(value: object, missing: int = -1) -> int:
    """Return a price in micro-units, `missing` where there is none in [0, 1]."""
    found = optional_micro(value)
    return found if found is not None and 0 <= found <= MICRO else missing


def size(value: object) -> int:
    """Return a positive number of shares in micro-units."""
    found = optional_micro(value)
    if found is None:
        raise Unusable("size_missing")
    if found <= 0:
        raise Unusable("size_not_positive")
    return found


def size_or_zero(value: object) -> int:
    """Return a number of shares that may be 0 in micro-units."""
    found = optional_micro(value)
    if found is None:
        raise Unusable("size_missing")
    if found < 0:
        raise Unusable("size_negative")
    return found


def integer_or(value: object, missing: int = -1) -> int:
    """Return a whole number that is not negative, given as a number or as text; else `missing`."""
    number = optional_decimal(value)
    return int(number) if number is not None and number >= 0 and number == int(number) else missing


def side(value: object) -> str:
    """Return BUY or SELL."""
    found = text(value).upper()
    if found not in Side.__members__:
        raise Unusable("side_unknown", found)
    return found


def address(value: object, reason: str = "wallet_missing") -> str:
    """Return an address in lower case."""
    found = text(value).lower()
    if not _ADDRESS.fullmatch(found):
        raise Unusable(reason, found)
    return found


def optional_condition(value: object) -> str:
    """Return a condition id of 64 hex digits in lower case; "" where there is none.

    Raises
    ------
    Unusable
        "combination_trade" for the 62 hex digits of a combo, "condition_id_malformed" for anything else.
    """
    found = text(value).lower()
    if not found:
        return ""
    match = _HEX64.fullmatch(found)
    if match:
        return f"0x{match[1]}"
    raise Unusable("combination_trade" if _HEX62.fullmatch(found) else "condition_id_malformed", found)


def condition(value: object) -> str:
    """Return a condition id that must be there."""
    found = optional_condition(value)
    if not found:
        raise Unusable("market_unknown")
    return found


def token(value: object) -> str:
    """Return a token id as decimal text without leading zeros; hex is accepted."""
    found = text(value).lower()
    if _HEX_NUMBER.fullmatch(found):
        found = str(int(found, 16))
    if not _DIGITS.fullmatch(found):
        raise Unusable("token_missing", found)
    found = found.lstrip("0")
    if not found:
        raise Unusable("token_missing", "0")
    return found


def optional_token(value: object) -> str:
    """Return a token id, "" where there is none."""
    try:
        return token(value)
    except Unusable:
        return ""


def tx_hash(value: object) -> str:
    """Return a transaction hash in lower case, "" where there is none."""
    found = text(value).lower()
    match = _HEX64.fullmatch(found)
    if found and not match:
        raise Unusable("hash_malformed", found)
    return f"0x{match[1]}" if match else ""


def order_id(value: object) -> str:
    """Return an order's hash in lower case."""
    found = text(value).lower()
    if not found:
        raise Unusable("order_id_missing")
    return found


def outcome_index(value: object) -> int:
    """Return 0 or 1; -1 for anything else (999 is the venue's word for an outcome without a label)."""
    found = integer_or(value)
    return found if found in (0, 1) else -1


def optional_instant(value: object) -> int:
    """Return nanoseconds of seconds, milliseconds, micro- or nanoseconds (numbers or text) or of ISO; -1 without."""
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
        return _iso(value.strip())
    if isinstance(value, str):
        value = value.strip()
    elif isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return -1
    try:
        number = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return -1
    if not number.is_finite() or number < 1:
        return -1
    for limit, unit in _UNITS:
        if number < limit:
            nanos = int(number * unit)
            return nanos if nanos < _LAST_NS else -1
    return -1


def instant(value: object) -> int:
    """Return a time that must be there."""
    if type(value) is int and 0 < value < LAST_SECOND:
        return value * NANOS
    found = optional_instant(value)
    if found < 0:
        raise Unusable("time_missing", text(value)[:40])
    return found


def flag(value: object) -> bool | None:
    """Return a truth value, given as such, as text or as 0 and 1."""
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "false": False, "0": False}.get(text(value).lower())


def texts(value: object) -> tuple[str, ...]:
    """Return a list of text; Gamma writes some of its lists as JSON inside text."""
    return tuple(text(each) if not isinstance(each, float) else str(each) for each in listed(value))


def listed(value: object) -> list[object]:
    """Return a list, given as such or as JSON inside text; empty for anything else."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = parse(value)
        except Unusable:
            return []
    return value if isinstance(value, list) else []


def tokens(value: object) -> tuple[str, ...]:
    """Return a list of token ids, all or none."""
    found = tuple(optional_token(each) for each in listed(value))
    return found if all(found) else ()


def _iso(value: str) -> int:
    if len(value) < len("2026-09-24"):
        return -1
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return -1
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        elapsed = moment - datetime(1970, 1, 1, tzinfo=UTC)
    except OverflowError:
        return -1
    nanos = ((elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds) * 1_000
    return nanos if 0 < nanos < _LAST_NS else -1
