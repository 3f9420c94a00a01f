"""What a live run heard, as it lies on disk: segments `live-000000.rows`, … of checksummed batches, each whole or not
at all. Read here only; `adapters/polymarket/live_store.py` writes them.

A segment is its mark, then batches, each behind its length and checksum; a sealed one ends with its note. Who reads
while a run writes sees the batches that are whole.
"""

import struct
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path

import msgspec

from whaletrader.datasets.decode.rows import ChainResolution, MarketMeta, TickSizeChange
from whaletrader.errors import DataError

HEAD = struct.Struct("<II")
MAGIC = b"whaletrader live 1\n"
SEAL = b"sealed:"
LARGEST = 64 << 20
LIVE_FOLDER = "live"
"""Of a run's folder."""

Fact = MarketMeta | ChainResolution | TickSizeChange
BEGAN, GAP, READ = "began", "gap", "read"


class StoredFill(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A fill that no source told before."""

    wallet: str
    token_id: str
    market_id: str
    outcome_index: int
    side: str
    role: str
    price_micro: int
    size_micro: int
    ts_event: int
    tx_hash: str
    n: int
    """How many equal fills come before it."""
    source: str
    fee_micro: int = -1
    log_index: int = -1
    block: int = -1


class StoredQuote(msgspec.Struct, frozen=True, array_like=True):
    """The best prices of a token from the batch's time on."""

    token_id: str
    bid_micro: int
    ask_micro: int
    bid_size_micro: int
    ask_size_micro: int


class StoredPart(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A report that shows nothing new, and that must be known after a restart."""

    anchor: str
    wallet: str
    token_id: str
    side: str
    source: str
    size_micro: int
    price_micro: int
    place: int


class StoredNote(msgspec.Struct, frozen=True, array_like=True):
    """What was listened to: a process began to listen (`BEGAN`), a source may have missed a stretch (`GAP`), a wallet's
    own record was read over one (`READ`).
    """

    kind: str
    subject: str
    """The source of a gap, the wallet of a reading; of a beginning "simulated" where prices are made up."""
    from_ts: int
    until_ts: int


class StoredChange(msgspec.Struct, frozen=True, array_like=True):
    """What a split, merge or conversion of a watched wallet did to its shares of one token."""

    wallet: str
    token_id: str
    market_id: str
    outcome_index: int
    change: str
    """SPLIT, MERGE or CONVERSION."""
    size_micro: int
    ts_event: int
    tx_hash: str


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """What became known at one time."""

    ts: int
    fills: list[StoredFill]
    facts: list[Fact] = []
    quotes: list[StoredQuote] = []
    waiting: list[StoredFill] = []
    """Fills that cannot be shown yet; a later batch shows them."""
    parts: list[StoredPart] = []
    notes: list[StoredNote] = []
    changes: list[StoredChange] = []


class SegmentNote(msgspec.Struct, frozen=True, kw_only=True):
    """The last batch of a sealed segment: what cannot be told from the file's bytes alone."""

    first_row: int
    rows: int
    first_ts: int
    last_ts: int
    sealed_ts: int


encode_batch = msgspec.msgpack.Encoder().encode
decode_batch = msgspec.msgpack.Decoder(Batch).decode


def segment_name(number: int) -> str:
    """Return the name of the number-th segment's file, counted from 0."""
    return f"live-{number:06d}.rows"


def live_folder(place: Path) -> Path | None:
    """Return where the segments of a run lie; `place` is the run's folder or the one in it. None without any."""
    for folder in (place / LIVE_FOLDER, place):
        if (folder / segment_name(0)).is_file():
            return folder
    return None


def segment_files(folder: Path) -> list[Path]:
    """Return the segments' files in order.

    Raises
    ------
    DataError
        One is missing.
    """
    paths = sorted(folder.glob("live-*.rows"))
    for number, path in enumerate(paths):
        if path.name != segment_name(number):
            raise DataError(f"{path.name} follows a segment that is missing; restore the folder from a copy")
    return paths


def whole_batches(name: str, content: bytes) -> Generator[bytes, None, tuple[int, SegmentNote | None]]:
    """Yield a segment's whole batches; return how many bytes they take, and the note of a sealed one.

    Raises
    ------
    DataError
        It is no segment.
    """
    if not content.startswith(MAGIC):
        if MAGIC.startswith(content):
            return 0, None
        raise DataError(f"{name} is no segment of a live feed; take it out of the folder")
    place = len(MAGIC)
    while place + HEAD.size <= len(content):
        length, checksum = HEAD.unpack_from(content, place)
        batch = content[place + HEAD.size : place + HEAD.size + length]
        if length > LARGEST or len(batch) < length or zlib.crc32(batch) != checksum:
            break
        place += HEAD.size + length
        if batch.startswith(SEAL):
            return place, msgspec.msgpack.decode(batch[len(SEAL) :], type=SegmentNote)
        yield batch
    return place, None


def read_stored(folder: Path) -> Iterator[bytes]:
    """Yield every whole batch in its order, and change nothing; another process may be writing.

    Raises
    ------
    DataError
        A segment is missing, or one that others follow was cut off.
    """
    paths = segment_files(folder)
    for number, path in enumerate(paths):
        _, sealed = yield from whole_batches(path.name, path.read_bytes())
        if sealed is None and number != len(paths) - 1:
            raise DataError(f"{path.name} was cut off in its middle; restore the folder from a copy")
