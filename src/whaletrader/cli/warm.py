"""Compile the numba kernels into their cache, so that the first real run does not wait for the compiler.

A package with kernels has a module `warm` whose `compile_kernels()` runs each once on a few made-up rows. Nothing is
read, written or reported but the compiled code and the time it took.
"""

import importlib
import sys
import time
from pathlib import Path

from whaletrader.kernel_cache import drop_others, use_kernel_cache

PACKAGE = Path(__file__).resolve().parent.parent


def main() -> int:
    """Compile what is not in the cache yet, and say how long that took."""
    drop_others(use_kernel_cache())
    started = time.monotonic()
    for name in warm_ups():
        importlib.import_module(name).compile_kernels()
    print(f"kernels compiled or found in the cache in {time.monotonic() - started:.1f} s", flush=True)
    return 0


def warm_ups() -> list[str]:
    """Name the warm-up module of each package that has one, in a fixed order."""
    paths = [path for path in sorted(PACKAGE.glob("*/warm.py")) if path.parent.name != "cli"]
    return [f"whaletrader.{path.parent.name}.warm" for path in paths]


if __name__ == "__main__":
    sys.exit(main())
