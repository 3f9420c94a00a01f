"""What `whaletrader up` does on the scenario, without terminal and page; `--pause-ms` makes it slow enough to be shot.

python -m tests.support.up_child DATASET DATA_DIR [--port N] [--pause-ms N]
"""

import argparse
import json
import threading
from pathlib import Path

import msgspec

from whaletrader.kernel_cache import use_kernel_cache

use_kernel_cache()


def main() -> None:
    """Run to the end, and print the log's head."""
    parser = argparse.ArgumentParser()
    parser.add_argument("dataset")
    parser.add_argument("data")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--pause-ms", type=int, default=0)
    options = parser.parse_args()
    print(json.dumps(up(Path(options.dataset), Path(options.data), options.port, options.pause_ms)), flush=True)


def up(dataset: Path, data: Path, port: int, pause_ms: int) -> dict[str, str | int]:
    """Run the scenario to its end; return the log's head and length."""
    from tests.support.scenario import FAULTS, scenario_settings
    from whaletrader.app.layout import DataDirectory
    from whaletrader.app.run import opened

    exchange = f"port:{port}" if port else "in-process"
    pause = threading.Event()

    def slowly() -> bool:
        pause.wait(pause_ms / 1_000)
        return False

    settings = scenario_settings(faults=FAULTS)
    if pause_ms:
        # Commit at nearly every step, so that a shot may fall anywhere.
        often = msgspec.structs.replace(settings.runtime, batch_delay_ms=1)
        settings = msgspec.structs.replace(settings, runtime=often)
    with opened(f"replay:{dataset}", DataDirectory(data), settings, exchange=exchange) as app:
        app.engine.run(slowly if pause_ms else lambda: False)
        return {"head": app.summary().log_head, "messages": app.summary().messages}


if __name__ == "__main__":
    main()
