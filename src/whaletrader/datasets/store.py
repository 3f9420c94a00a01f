"""Opens a dataset and gives its tables as polars frames, checked against the schema; writes nothing."""

from pathlib import Path

import polars as pl

from whaletrader.datasets.manifest import Manifest, fingerprint, read_manifest
from whaletrader.datasets.schema import DICTIONARIES, TABLES
from whaletrader.errors import DataError, SchemaError

REQUIRED = (*DICTIONARIES, "fee_schedules", "trades")
"""Tables that every dataset has, if empty; any other may be absent and then reads as an empty table."""


class Dataset:
    """A folder of canonical tables; a table is read at its first use and kept."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest
        self._tables: dict[str, pl.DataFrame] = {}

    @classmethod
    def open(cls, path: Path | str) -> "Dataset":
        """Open the dataset in `path`; SchemaError where it is not one, or not whole."""
        folder = Path(path)
        manifest = read_manifest(folder)
        missing = [name for name in REQUIRED if name not in manifest.tables]
        if missing:
            raise SchemaError(f"{folder} lacks the table {missing[0]}; import the data anew")
        unknown = [name for name in manifest.tables if name not in TABLES]
        if unknown:
            raise SchemaError(f"{folder} has a table {unknown[0]} that the schema does not know")
        for name, entry in manifest.tables.items():
            for file in entry.files:
                if not (folder / file).is_file():
                    raise SchemaError(f"{folder} lacks the file {file} of table {name}; import the data anew")
        return cls(folder, manifest)

    @property
    def fingerprint(self) -> str:
        """sha256 that stands for the content, free of paths and times."""
        return fingerprint(self.manifest)

    @property
    def simulated(self) -> bool:
        """Whether the rows are made up: whatever is shown of them is stamped SIMULATED."""
        return self.manifest.kind == "simulated"

    def has(self, name: str) -> bool:
        """Whether the dataset has rows in table `name`."""
        entry = self.manifest.tables.get(name)
        return entry is not None and entry.rows > 0

    def scan(self, name: str) -> pl.LazyFrame:
        """The table as a lazy frame with exactly the schema's columns."""
        schema = _schema_of(name)
        entry = self.manifest.tables.get(name)
        if entry is None or not entry.files:
            return pl.LazyFrame(schema=schema)
        files = [self.path / file for file in entry.files]
        for file in files:
            check_schema(name, _file_schema(file), str(file))
        return pl.scan_parquet(files, glob=False).select(list(schema))

    def table(self, name: str) -> pl.DataFrame:
        """The table as a frame; the same object at every call, so do not change it in place."""
        if name not in self._tables:
            try:
                self._tables[name] = self.scan(name).collect()
            except (pl.exceptions.ComputeError, OSError) as error:
                raise DataError(f"table {name} of {self.path} cannot be read ({error}); import the data anew") from None
        return self._tables[name]


def check_schema(name: str, found: dict[str, pl.DataType], where: str) -> None:
    """SchemaError naming the first column that is missing or of another type."""
    for column, dtype in _schema_of(name).items():
        if column not in found:
            raise SchemaError(f"{where} lacks the column {column} of table {name}")
        if found[column] != dtype:
            raise SchemaError(f"{where} has {column} as {found[column]}, table {name} needs {dtype}")


def _schema_of(name: str) -> dict[str, pl.DataType]:
    if name not in TABLES:
        raise SchemaError(f"there is no table {name}; the tables are {', '.join(TABLES)}")
    return TABLES[name]


def _file_schema(file: Path) -> dict[str, pl.DataType]:
    try:
        return dict(pl.read_parquet_schema(file))
    except (pl.exceptions.ComputeError, OSError) as error:
        raise SchemaError(f"{file} is no Parquet file ({error}); import the data anew") from None
