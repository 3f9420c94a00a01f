"""What `whaletrader up` does on the scenario, without terminal and page; `--pause-ms` makes it slow enough to be shot.

python -m tests.support.up_child DATASET DATA_DIR [--port N] [--pause-ms N]
"""

import argparse
import json
import threading
from pathlib import Path

from whaletrader.kernel_cache import use_kernel_cache

use_kernel_cache()


def main() -> None:
    """Run to the end, and print the log's head."""
    from tests.support.scenario import FAULTS, scenario_settings
    from whaletrader.app.layout import DataDirectory
    from whaletrader.app.run import opened

    parser = argparse.ArgumentParser()
    parser.add_argument("dataset")
    parser.add_argument("data")
    parser.add_argument("--port", default="")
    parser.add_argument("--pause-ms", type=int, default=0)
    options = parser.parse_args()
    exchange = f"port:{options.port}" if options.port else "in-process"
    pause = threading.Event()

    def slowly() -> bool:
        pause.wait(options.pause_ms / 1_000)
        return False

    source = f"replay:{options.dataset}"
    with opened(source, DataDirectory(Path(options.data)), scenario_settings(faults=FAULTS), exchange=exchange) as app:
        app.engine.run(slowly if options.pause_ms else lambda: False)
        print(json.dumps({"head": app.summary().log_head, "messages": app.summary().messages}), flush=True)


if __name__ == "__main__":
    main()
