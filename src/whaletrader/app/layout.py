"""Where everything lies in a data directory; makes folders, and reads and writes the name of the current run."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from whaletrader.errors import StorageError


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The files of one run."""

    root: Path

    @property
    def run_id(self) -> str:
        """Its number, four digits."""
        return self.root.name

    @property
    def log(self) -> Path:
        """The event log."""
        return self.root / "log.db"

    @property
    def head(self) -> Path:
        """The log's anchor: count and head hash."""
        return self.root / "log.head"

    @property
    def exchange(self) -> Path:
        """The paper exchange's own store."""
        return self.root / "exchange.db"

    @property
    def gateway(self) -> Path:
        """The venue gateway's own store: never the paper exchange's, for one folder may be opened by either."""
        return self.root / "gateway.db"

    @property
    def live(self) -> Path:
        """What a live feed heard, in the order in which it came."""
        return self.root / "live"

    @property
    def judged(self) -> Path:
        """What was heard live, made ready for the newest scan; it may be thrown away."""
        return self.root / "judged"

    @property
    def history(self) -> Path:
        """The dataset that a live run began with, which it goes on with."""
        return self.root / "history"

    @property
    def signer(self) -> Path:
        """The order signer's ledger."""
        return self.root / "signer.db"

    @property
    def info(self) -> Path:
        """Durations and host facts: what must not be in the log."""
        return self.root / "run.json"


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """The paths of one data directory; nothing is touched before `ensure`."""

    root: Path

    @property
    def settings_file(self) -> Path:
        """The TOML file."""
        return self.root / "whaletrader.toml"

    @property
    def lock(self) -> Path:
        """Held by the process that runs."""
        return self.root / "lock"

    @property
    def latch(self) -> Path:
        """Exists while trading is killed."""
        return self.root / "kill.latch"

    @property
    def control(self) -> Path:
        """Operator commands on their way in."""
        return self.root / "control"

    @property
    def keys(self) -> Path:
        """Private keys, readable by their owner only."""
        return self.root / "keys"

    @property
    def runs(self) -> Path:
        """One folder a run."""
        return self.root / "runs"

    @property
    def datasets(self) -> Path:
        """Imported and simulated datasets."""
        return self.root / "datasets"

    @property
    def reports(self) -> Path:
        """Pages and figures."""
        return self.root / "reports"

    @property
    def current(self) -> Path:
        """Names the newest run."""
        return self.root / "current"

    def ensure(self) -> None:
        """Make the folders; `StorageError` where that cannot be."""
        try:
            for folder in (self.root, self.control, self.runs, self.datasets, self.reports):
                folder.mkdir(parents=True, exist_ok=True)
            self.keys.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"cannot write to the data directory {self.root}: {error.strerror}; choose another with --data-dir"
            ) from None

    def run(self, run_id: str) -> RunFolder:
        """Return a run's folder by its number."""
        return RunFolder(self.runs / run_id)

    def current_run(self) -> RunFolder | None:
        """Return the newest run, None before the first."""
        try:
            run_id = self.current.read_text().strip()
        except OSError:
            return None
        folder = self.run(run_id)
        return folder if run_id.isdecimal() and folder.root.is_dir() else None

    def name_current(self, folder: RunFolder) -> None:
        """Name the run that the next `up` goes on with."""
        replace_text(self.current, folder.run_id + "\n")

    def new_run(self) -> RunFolder:
        """Make the next run's folder and name it the current one."""
        taken = [int(path.name) for path in self.runs.glob("*") if path.name.isdigit()]
        folder = self.run(f"{max(taken, default=0) + 1:04d}")
        try:
            folder.root.mkdir(parents=True)
            self.name_current(folder)
        except OSError as error:
            raise StorageError(f"cannot make the run folder {folder.root}: {error.strerror}") from None
        return folder


def default_root(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Return the data directory by the platform's convention; WHALETRADER_HOME overrides it."""
    if environ.get("WHALETRADER_HOME"):
        return Path(environ["WHALETRADER_HOME"])
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    if platform == "darwin":
        return home / "Library" / "Application Support" / "whaletrader"
    base = environ.get("XDG_DATA_HOME") or str(home / ".local" / "share")
    return Path(base) / "whaletrader"


def replace_text(path: Path, text: str) -> None:
    """Replace a small file atomically, its bytes on disk first; `StorageError` where that cannot be."""
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}; what was committed before is kept") from None
