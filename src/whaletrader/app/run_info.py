"""`run.json`: what is known of a run beside its log; light to read, so that `kill` and `resume` answer at once.

Nothing is decided from it alone: the log says whether a run ended.
"""

import msgspec

from whaletrader.app.layout import DataDirectory, RunFolder


class RunInfo(msgspec.Struct, kw_only=True):
    """What `run.json` says."""

    run_id: str
    source: str
    simulated: bool
    state: str = "running"
    """running, interrupted or ended."""
    started_at: str = ""
    host: str = ""
    python: str = ""
    sessions: int = 0
    """How often the run was begun or gone on with."""
    open_s: float = 0.0
    """Of the last session: from the dataset being open to the first step, recovery included."""
    recovery_s: float = 0.0
    running_s: float = 0.0
    """Over all sessions that stopped by themselves."""
    messages: int = 0


def read_info(folder: RunFolder) -> RunInfo | None:
    """Read a run's `run.json`, None where there is none that can be read."""
    try:
        return msgspec.json.decode(folder.info.read_bytes(), type=RunInfo)
    except (OSError, msgspec.DecodeError):
        return None


def unfinished(directory: DataDirectory) -> bool:
    """Tell whether the newest run could be gone on with."""
    current = directory.current_run()
    if current is None or not current.log.exists():
        return False
    info = read_info(current)
    return info is None or info.state != "ended"
