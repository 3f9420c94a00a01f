"""Runs an import: stages what is new, assembles, and says what happened; the one entry point of every importer."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from whaletrader.datasets.importers.archive import archive_files, is_archive
from whaletrader.datasets.importers.assemble import Assembly
from whaletrader.datasets.importers.bundle import bundle_files, is_bundle, skipped_files, stage_skipped
from whaletrader.datasets.importers.canonical import import_canonical
from whaletrader.datasets.importers.data_api import api_files, stage_answers
from whaletrader.datasets.importers.heard import (
    ALL_TIME,
    heard_digests,
    heard_folder,
    heard_label,
    is_heard,
    stage_heard,
)
from whaletrader.datasets.importers.pull import first_line_digest, is_pull, stage_pages
from whaletrader.datasets.importers.staging import StagedPart, StagingArea, file_sha256
from whaletrader.datasets.importers.streamed import MOST_ROWS_AT_ONCE, StreamedAssembly
from whaletrader.datasets.manifest import MANIFEST_FILE
from whaletrader.datasets.raw_pages import raw_files
from whaletrader.datasets.store import Dataset
from whaletrader.errors import SchemaError, UsageError

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class ImportReport:
    """What an import did: files staged anew, files that were there already, and the dataset."""

    dataset: Dataset
    staged: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    nothing_to_do: bool = False


@dataclass
class _Job:
    key: str
    label: str
    read: Callable[[], StagedPart]
    replaces: str = ""  # parts whose key begins so are former versions of the same file


@dataclass
class _Run:
    staged: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)


def _silent(_step: str, _done: int, _total: int) -> None:
    return None


def import_bundle(source: Path | str, into: Path | str, progress: Progress = _silent) -> ImportReport:
    """Import a bundle folder into the dataset folder `into` (made if missing; other sources in it stay)."""
    folder = Path(source)
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; give the folder of the data bundle")
    if not is_bundle(folder):
        raise SchemaError(f"{folder} is no data bundle: trades.parquet or markets.parquet is missing")
    jobs = []
    for place, file, stage in bundle_files(folder):
        sha256 = file_sha256(file)
        kind = f"{place:02d}-bundle1-{file.stem}-"
        jobs.append(_Job(kind + sha256[:24], file.name, _reader(stage, file, sha256), replaces=kind))
    for file, reason in skipped_files(folder):
        sha256 = file_sha256(file)
        kind = f"90-skipped-{file.stem}-"
        jobs.append(_Job(kind + sha256[:24], file.name, _skipper(file, sha256, reason), replaces=kind))
    return run_jobs(jobs, Path(into), folder.name, progress)


def import_data_api(source: Path | str, into: Path | str, progress: Progress = _silent) -> ImportReport:
    """Import answers of the Data API (a file, or a folder of files) into the dataset folder `into`."""
    place = Path(source)
    if not place.exists():
        raise UsageError(f"{place} does not exist; give a file of the Data API's answers, or a folder of them")
    files = list(api_files(place))
    if not files:
        raise SchemaError(f"{place} has no .json or .jsonl file (plain or .gz)")
    jobs = []
    for file in files:
        sha256 = file_sha256(file)
        jobs.append(_Job(f"50-api1-{sha256[:24]}", file.name, _reader(stage_answers, file, sha256)))
    return run_jobs(jobs, Path(into), place.name.split(".")[0], progress)


def import_pull(source: Path | str, into: Path | str, progress: Progress = _silent) -> ImportReport:
    """Import the raw pages of `data pull` (its folder, or the `raw` in it) into the dataset folder `into`.

    A raw file only grows until it is full, so a longer one replaces what was staged of it.
    """
    place = Path(source)
    if not is_pull(place):
        raise SchemaError(f"{place} holds no raw pages; give the folder of a `whaletrader data pull`")
    jobs = []
    for file in raw_files(place):
        sha256 = file_sha256(file)
        kind = f"40-pull1-{file.stem}-{first_line_digest(file)}-"
        jobs.append(_Job(kind + sha256[:24], file.name, _reader(stage_pages, file, sha256), replaces=kind))
    return run_jobs(jobs, Path(into), place.resolve().name, progress)


def import_heard(
    source: Path | str, into: Path | str, progress: Progress = _silent, *, until_ts: int = ALL_TIME
) -> ImportReport:
    """Import what a live run heard up to a time (the run's folder, or the `live` in it) into the dataset folder `into`.

    A run that goes on may be imported again: the longer record replaces the shorter one.
    """
    folder, label = heard_folder(Path(source)), heard_label(Path(source))
    first, sha256 = heard_digests(folder, until_ts)
    kind = f"45-heard1-{first}-"
    scratch = StagingArea(Path(into)).folder / "_heard"
    job = _Job(kind + sha256[:24], label, lambda: stage_heard(folder, label, scratch, until_ts), replaces=kind)
    try:
        return run_jobs([job], Path(into), label, progress)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def import_archive(source: Path | str, into: Path | str, progress: Progress = _silent) -> ImportReport:
    """Import a public archive (a table, or a folder of them at any depth) into the dataset folder `into`."""
    place = Path(source)
    if not is_archive(place):
        raise SchemaError(f"{place} holds no fills of a public archive; docs/data.md says which columns are known")
    root = place if place.is_dir() else place.parent
    jobs = []
    for file in archive_files(place):
        sha256 = file_sha256(file.path)
        label = file.path.relative_to(root).as_posix()
        stage = _skipper(file.path, sha256, file.why_not) if file.stage is None else None
        read = stage or _reader(file.stage or stage_answers, file.path, sha256)
        jobs.append(_Job(f"{file.place:02d}-archive1-{sha256[:24]}", label, read))
    return run_jobs(jobs, Path(into), place.name.split(".")[0], progress)


def import_any(
    source: Path | str, into: Path | str, layout: str = "auto", progress: Progress = _silent
) -> ImportReport:
    """Import by one of `LAYOUTS`; `auto` looks at what is there."""
    place = Path(source)
    if layout not in LAYOUTS:
        raise UsageError(f"there is no layout {layout}; choose one of {', '.join(LAYOUTS)}")
    if not place.exists():
        raise UsageError(f"{place} does not exist; give a file or a folder to import")
    chosen = layout if layout != "auto" else _guess(place)
    if chosen == "bundle":
        return import_bundle(place, into, progress)
    if chosen == "data-api":
        return import_data_api(place, into, progress)
    if chosen == "pull":
        return import_pull(place, into, progress)
    if chosen == "live":
        return import_heard(place, into, progress)
    if chosen == "archive":
        return import_archive(place, into, progress)
    return ImportReport(import_canonical(place, into), staged=(place.name,))


LAYOUTS = ("auto", "bundle", "data-api", "pull", "live", "archive", "canonical")


def _guess(place: Path) -> str:
    if place.is_dir() and is_bundle(place):
        schema = pl.read_parquet_schema(place / "trades.parquet")
        if "price_micro" in schema:
            return "canonical"
        return "archive" if is_archive(place) else "bundle"
    if place.is_dir() and (place / MANIFEST_FILE).is_file():
        return "canonical"
    if is_pull(place):
        return "pull"
    if is_heard(place):
        return "live"
    if is_archive(place):
        return "archive"
    if (place / "trades").is_dir():
        return "canonical"
    if any(True for _ in api_files(place)):
        return "data-api"
    raise SchemaError(
        f"{place} is neither a data bundle, nor answers of the Data API, nor a live run, nor a public archive, "
        "nor canonical tables"
    )


def run_jobs(jobs: list[_Job], into: Path, name: str, progress: Progress) -> ImportReport:
    """Stage the jobs that are new and assemble, unless everything is in the dataset already."""
    area = StagingArea(into)
    name = _name_of(into, area, name)
    run = _Run()
    total = len(jobs) + 9
    for done, job in enumerate(jobs):
        progress(job.label, done, total)
        area.forget(job.replaces, except_key=job.key)
        (run.staged if area.stage(job.key, job.read) else run.known).append(job.label)
    if not run.staged and (into / MANIFEST_FILE).is_file():
        dataset = Dataset.open(into)
        if {job.key for job in jobs} <= area.assembled():
            return ImportReport(dataset, known=tuple(run.known), nothing_to_do=True)
    steps = iter(range(len(jobs), total))
    assembly = Assembly if area.rows("trades") <= MOST_ROWS_AT_ONCE else StreamedAssembly
    dataset = assembly(area, into, name).run(lambda step: progress(step, next(steps), total))
    area.mark_assembled()
    return ImportReport(dataset, tuple(run.staged), tuple(run.known))


def _name_of(into: Path, area: StagingArea, name: str) -> str:
    """A dataset keeps its name when sources are added; one that did not come from sources cannot take any."""
    if not (into / MANIFEST_FILE).is_file():
        return name
    manifest = Dataset.open(into).manifest
    if not area.keys():
        raise UsageError(
            f"{into} holds a {manifest.kind} dataset that sources cannot be added to; choose another folder"
        )
    return manifest.name


def _reader(stage: Callable[[Path, str], StagedPart], file: Path, sha256: str) -> Callable[[], StagedPart]:
    def read() -> StagedPart:
        try:
            return stage(file, sha256)
        except pl.exceptions.ColumnNotFoundError as error:
            column = str(error).splitlines()[0]
            raise SchemaError(f"{file} lacks a column that the importer needs: {column}") from None
        except pl.exceptions.PolarsError as error:
            raise SchemaError(
                f"{file} cannot be read as the table it should be: {str(error).splitlines()[0]}"
            ) from None

    return read


def _skipper(file: Path, sha256: str, reason: str) -> Callable[[], StagedPart]:
    return lambda: stage_skipped(file, sha256, reason)
