"""What a live feed has seen, on disk: append-only segments of checksummed batches, each whole or not at all.

A batch is in the file (in the system's hands, where a killed process cannot lose it) before `append` returns; files are
forced to the disk when they are sealed and when the store is closed. A file's last batch may be torn by a crash: on
loading it is cut off, since nobody has seen its rows. What the entries mean is not told here.
"""

import hashlib
import os
import struct
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path

import msgspec

from whaletrader.errors import DataError
from whaletrader.ports.market_feed import Segment

_HEAD = struct.Struct("<II")
_MAGIC = b"whaletrader live 1\n"
_SEAL = b"sealed:"
_LARGEST = 64 << 20


class SegmentNote(msgspec.Struct, frozen=True, kw_only=True):
    """The last batch of a sealed segment: what cannot be told from the file's bytes alone."""

    first_row: int
    rows: int
    first_ts: int
    last_ts: int
    sealed_ts: int


class LiveStore:
    """The segments of one run, one file each; a single process writes them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._number = 0
        self._file = -1
        self._digest = hashlib.sha256()
        self._bytes = 0
        self.segments: list[Segment] = []
        """Sealed ones."""

    @property
    def number(self) -> int:
        """The number of the segment that is being written or read."""
        return self._number

    @property
    def open_bytes(self) -> int:
        """How much the open segment holds."""
        return self._bytes

    def load(self) -> Iterator[bytes]:
        """Yield every batch in its order, and go on writing behind the last whole one.

        Raises
        ------
        DataError
            A sealed segment is not what it was, or one is missing.
        """
        paths = sorted(self._folder.glob("live-*.rows"))
        for number, path in enumerate(paths):
            self._number = number
            if path.name != f"live-{number:06d}.rows":
                raise DataError(f"{path.name} follows a segment that is missing; restore the folder from a copy")
            content = path.read_bytes()
            whole, sealed = yield from self._batches(path, content)
            if sealed is not None:
                self._digest.update(content)
                self._note(number, sealed)
                continue
            if number != len(paths) - 1:
                raise DataError(f"{path.name} was cut off in its middle; restore the folder from a copy")
            self._reopen(number, path, content[:whole])
            return
        self._number = len(paths)

    def append(self, batch: bytes) -> None:
        """Write a batch behind the others.

        Raises
        ------
        DataError
            The disk is full or fails; the file is as it was.
        """
        if self._file < 0 or not self._bytes:
            self._begin()
        self._write(_HEAD.pack(len(batch), zlib.crc32(batch)) + batch)

    def seal(self, note: SegmentNote) -> Segment:
        """Close the open segment for good and begin another with the next batch."""
        self.append(_SEAL + msgspec.msgpack.encode(note))
        os.fsync(self._file)
        os.close(self._file)
        self._file = -1
        segment = self._note(self._number, note)
        self._number += 1
        return segment

    def close(self) -> None:
        """Force what was written to the disk; the open segment stays open for the next process."""
        if self._file >= 0:
            os.fsync(self._file)
            os.close(self._file)
            self._file = -1

    def _note(self, number: int, note: SegmentNote) -> Segment:
        segment = Segment(
            segment_id=f"live-{number:06d}",
            sha256=self._digest.hexdigest(),
            first_row=note.first_row,
            rows=note.rows,
            first_ts=note.first_ts,
            last_ts=note.last_ts,
            sealed_ts=note.sealed_ts,
        )
        self.segments.append(segment)
        self._digest, self._bytes = hashlib.sha256(), 0
        return segment

    def _begin(self) -> None:
        """Open the file; a new one begins with its mark, and as long as that is not written it is tried again."""
        if self._file < 0:
            path = self._folder / f"live-{self._number:06d}.rows"
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        if self._bytes == 0:
            self._write(_MAGIC)

    def _write(self, data: bytes) -> None:
        """Write all or nothing: what a full disk cut off must not stand before later batches."""
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._file, view) :]
        except OSError as error:
            os.ftruncate(self._file, self._bytes)
            raise DataError(
                f"what is heard live cannot be stored ({error.strerror}): make room and start again"
            ) from error
        self._digest.update(data)
        self._bytes += len(data)

    def _reopen(self, number: int, path: Path, content: bytes) -> None:
        self._number = number
        with path.open("r+b") as file:
            file.truncate(len(content))
        self._digest.update(content)
        self._bytes = len(content)

    def _batches(self, path: Path, content: bytes) -> Generator[bytes, None, tuple[int, SegmentNote | None]]:
        """Yield the whole batches; return how many bytes they take, and the note of a sealed segment."""
        if not content.startswith(_MAGIC):
            if _MAGIC.startswith(content):
                return 0, None
            raise DataError(f"{path.name} is no segment of a live feed; take it out of the folder")
        place = len(_MAGIC)
        while place + _HEAD.size <= len(content):
            length, checksum = _HEAD.unpack_from(content, place)
            batch = content[place + _HEAD.size : place + _HEAD.size + length]
            if length > _LARGEST or len(batch) < length or zlib.crc32(batch) != checksum:
                break
            place += _HEAD.size + length
            if batch.startswith(_SEAL):
                return place, msgspec.msgpack.decode(batch[len(_SEAL) :], type=SegmentNote)
            yield batch
        return place, None
