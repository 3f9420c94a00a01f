"""What a live feed has seen, on disk: append-only segments of checksummed batches, each whole or not at all.

A batch is in the file (in the system's hands, where a killed process cannot lose it) before `append` returns; files are
forced to the disk when they are sealed and when the store is closed. A file's last batch may be torn by a crash: on
loading it is cut off, since nobody has seen its rows. What batches and files are made of, and how others read them,
says `datasets/live_batches.py`.
"""

import hashlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from whaletrader.datasets.live_batches import (
    HEAD,
    MAGIC,
    SEAL,
    SegmentNote,
    segment_files,
    segment_name,
    whole_batches,
)
from whaletrader.errors import DataError
from whaletrader.ports.market_feed import Segment


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
        paths = segment_files(self._folder)
        for number, path in enumerate(paths):
            self._number = number
            content = path.read_bytes()
            whole, sealed = yield from whole_batches(path.name, content)
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
        self._write(HEAD.pack(len(batch), zlib.crc32(batch)) + batch)

    def seal(self, note: SegmentNote) -> Segment:
        """Close the open segment for good and begin another with the next batch."""
        self.append(SEAL + msgspec.msgpack.encode(note))
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
            path = self._folder / segment_name(self._number)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        if self._bytes == 0:
            self._write(MAGIC)

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
