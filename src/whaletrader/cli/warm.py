"""Compile the numba kernels into their cache, so that the first real run does not wait for the compiler.

Every module of the package that has kernels is imported; what they compile is kept in the cache inside the environment.
Nothing is read, written or reported but the compiled code and the time it took.
"""

import importlib
import os
import sys
import time
from pathlib import Path

CACHE = Path(sys.prefix) / "cache" / "numba"
PACKAGE = Path(__file__).resolve().parent.parent


def main() -> int:
    """Compile what is not in the cache yet, and say how long that took."""
    os.environ.setdefault("NUMBA_CACHE_DIR", str(CACHE))
    started = time.monotonic()
    modules = [importlib.import_module(name) for name in kernel_modules()]
    for module in modules:
        getattr(module, "compile_kernels", lambda: None)()  # lazily compiled kernels need a call
    print(f"kernels: {len(modules)} modules, {time.monotonic() - started:.1f} s", flush=True)
    return 0


def kernel_modules() -> list[str]:
    """Name every module of the package whose source mentions `njit`, in a fixed order."""
    own = Path(__file__).resolve()
    paths = [
        path for path in sorted(PACKAGE.rglob("*.py")) if path != own and "njit" in path.read_text(encoding="utf-8")
    ]
    return [".".join(("whaletrader", *path.relative_to(PACKAGE).with_suffix("").parts)) for path in paths]


if __name__ == "__main__":
    sys.exit(main())
