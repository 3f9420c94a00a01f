"""`dataset.json`: what a dataset holds and where every row came from; reads and writes it, touches no table.

The manifest carries no clock and no absolute path, so the same input gives the same bytes. It is written last and
replaced atomically: a folder whose manifest names files is complete.
"""

import hashlib
import os
from pathlib import Path
from typing import Literal

import msgspec

from whaletrader.datasets.schema import SCHEMA_VERSION
from whaletrader.errors import SchemaError

MANIFEST_FILE = "dataset.json"

Kind = Literal["real", "simulated"]


class SourceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One source of rows (a file, or one of the sources inside it) and what became of its rows, by reason."""

    name: str
    file: str
    sha256: str
    importer: str
    table: str
    rows_in: int
    rows_out: int
    mended: dict[str, int] = {}
    doubted: dict[str, int] = {}
    dropped: dict[str, int] = {}
    not_imported: str = ""


class TableEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A table's parts in order, with the digest of each file."""

    rows: int
    files: list[str]
    sha256: list[str]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of `dataset.json`."""

    schema_version: int
    name: str
    kind: Kind
    seed: int | None = None
    sources: list[SourceEntry] = []
    tables: dict[str, TableEntry] = {}
    first_ts: int | None = None
    last_ts: int | None = None


def manifest_bytes(manifest: Manifest) -> bytes:
    """The one way a manifest is written: keys sorted, indented, a final newline."""
    return msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=1) + b"\n"


def fingerprint(manifest: Manifest) -> str:
    """sha256 of the manifest; as it lists the digest of every file, it stands for the whole content."""
    return hashlib.sha256(manifest_bytes(manifest)).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Read and check `dataset.json`; SchemaError when the folder is no dataset or of another version."""
    try:
        raw = (folder / MANIFEST_FILE).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise SchemaError(
            f"{folder} is no dataset: it has no {MANIFEST_FILE}; make one with `whaletrader data import`"
        ) from None
    try:
        version = msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).get("schema_version")
        if version is not None and bytes(version) != str(SCHEMA_VERSION).encode():
            found = bytes(version).decode()
            raise SchemaError(
                f"{folder} has schema version {found}, this program reads version {SCHEMA_VERSION}; import it anew"
            )
        return msgspec.json.decode(raw, type=Manifest)
    except msgspec.DecodeError as error:
        raise SchemaError(f"{folder / MANIFEST_FILE} is no dataset manifest ({error}); import the data anew") from None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace `dataset.json` atomically, after the bytes are on disk."""
    partial = folder / (MANIFEST_FILE + ".partial")
    with partial.open("wb") as file:
        file.write(manifest_bytes(manifest))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / MANIFEST_FILE)
