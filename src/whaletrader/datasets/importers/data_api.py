"""Stages verbatim answers of the Data API, v1 or v2: JSON or JSON lines, plain or gzip, one file or a folder."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from whaletrader.datasets.decode.data_api import Row, rows_of
from whaletrader.datasets.importers.api_rows import Origin, Told, stage_rows, told
from whaletrader.datasets.importers.staging import StagedPart
from whaletrader.errors import SchemaError

_SUFFIXES = (".json", ".jsonl", ".json.gz", ".jsonl.gz")


def api_files(source: Path) -> Iterator[Path]:
    """The file itself, or the JSON files of a folder in order of name."""
    files = sorted(source.iterdir()) if source.is_dir() else [source]
    yield from (file for file in files if file.is_file() and file.name.endswith(_SUFFIXES))


def stage_answers(file: Path, sha256: str) -> StagedPart:
    """Stage every row of a file; the kinds may be mixed."""
    part = StagedPart()
    stage_rows(part, _read(file), Origin(file, sha256, "data-api/1", file.name))
    return part


def _read(file: Path) -> list[Told]:
    try:
        raw = file.read_bytes()
        if not raw:
            raise SchemaError(f"{file} is empty: an answer without rows is []")
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()
        rows = [told(number, row) for number, row in enumerate(_inside(rows_of(text)))]
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise SchemaError(f"{file} is no whole gzip file ({error})") from None
    except ValueError as error:
        raise SchemaError(f"{file} is no answer of the Data API: {error}") from None
    unknown = next(
        (
            one.raw
            for one in rows
            if "proxyWallet" not in one.row or "conditionId" not in one.row or "userName" in one.row
        ),
        None,
    )
    if unknown is not None:
        raise SchemaError(
            f"{file} is no answer of /trades, /activity or /positions: a row has the keys {', '.join(sorted(unknown))}"
        )
    return rows


def _inside(rows: list[Row]) -> Iterator[Row]:
    """The rows, and those inside pages that stand on lines of their own."""
    for row in rows:
        data = row.get("data")
        if isinstance(data, list) and "pagination" in row:
            yield from (each for each in data if isinstance(each, dict))
        else:
            yield row
