"""Opens what a run replays: a dataset, a folder of the data bundle (imported first), or a simulated market.

No source ever stands in for another: what cannot be opened is refused.
"""

from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from whaletrader.app.layout import DataDirectory
from whaletrader.errors import UsageError

if TYPE_CHECKING:
    from whaletrader.datasets.store import Dataset

Tell = Callable[[str], None]
LIVE = "live"


def check_source(source: str) -> tuple[str, Path]:
    """Return the kind of a source and its folder; `UsageError` for what cannot be one. Nothing is read."""
    kind, _, place = source.partition(":")
    if not ((kind in ("sim", LIVE) and not place) or (kind == "replay" and place)):
        raise UsageError(f"there is no source {source!r}: use sim, replay:PATH or live")
    if place and not Path(place).is_dir():
        raise UsageError(f"there is no folder {place} to replay; import one with `whaletrader data import`")
    return kind, Path(place)


def check_history(source: str, history: Path | None) -> None:
    """Refuse a history that is none, or that a replay would not read; nothing is read."""
    if history is None:
        return
    if source != LIVE:
        raise UsageError("--history is for --source live: a replay judges leaders by the data that it replays")
    if not history.is_dir():
        raise UsageError(f"there is no folder {history}; make a history with `whaletrader data pull` or `data import`")


def open_history(history: str, directory: DataDirectory, tell: Tell) -> "Dataset":
    """Open the dataset or data bundle by which leaders are judged."""
    return _replayed(Path(history), directory, tell)


def open_source(source: str, directory: DataDirectory, *, seed: int, tell: Tell = lambda _text: None) -> "Dataset":
    """Open `replay:PATH` or `sim`; `UsageError` for anything else."""
    kind, place = check_source(source)
    if kind == LIVE:
        raise UsageError("the source live is no dataset: use sim or replay:PATH")
    if kind == "sim":
        return _simulated(simulated_folder(directory, seed), seed, tell)
    return _replayed(place, directory, tell)


def simulated_folder(directory: DataDirectory, seed: int) -> Path:
    """Return where the simulated market of a seed lies: another place for every state of the simulator."""
    from whaletrader.datasets import simulator

    digest = blake2b(digest_size=4)
    for path in sorted(Path(simulator.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return directory.datasets / f"sim-{seed}-{digest.hexdigest()}"


def _simulated(path: Path, seed: int, tell: Tell) -> "Dataset":
    from whaletrader.datasets.manifest import MANIFEST_FILE
    from whaletrader.datasets.store import Dataset

    if not (path / MANIFEST_FILE).is_file():
        from whaletrader.datasets.simulator import simulate

        tell(f"simulating a market with seed {seed}")
        return simulate(path, seed=seed)
    return Dataset.open(path)


def _replayed(path: Path, directory: DataDirectory, tell: Tell) -> "Dataset":
    from whaletrader.datasets.manifest import MANIFEST_FILE
    from whaletrader.datasets.store import Dataset

    if (path / MANIFEST_FILE).is_file():
        return Dataset.open(path)
    from whaletrader.datasets.importers.bundle import is_bundle
    from whaletrader.datasets.importers.run import import_bundle

    if not is_bundle(path):
        raise UsageError(f"{path} is neither a dataset nor a data bundle; import it with `whaletrader data import`")
    tell(f"importing {path}")
    return import_bundle(path, directory.datasets / path.resolve().name).dataset
