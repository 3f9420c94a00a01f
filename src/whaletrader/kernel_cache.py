"""Where numba keeps the compiled kernels: inside the environment, in a folder named by the kernels' sources.

numba renews a kernel only when the file of its outermost function changes; a changed callee in another file would leave
the old code running and give wrong numbers. So every state of the sources has its own cache. Standard library only.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
KERNEL_PACKAGES = ("backtest", "datasets", "domain", "quant", "universe")
VARIABLE = "NUMBA_CACHE_DIR"


def use_kernel_cache() -> Path:
    """Set numba's cache for this process and its children, unless it is set; must run before numba is imported."""
    os.environ.setdefault(VARIABLE, str(place()))
    return Path(os.environ[VARIABLE])


def place(package: Path = PACKAGE) -> Path:
    """Return the cache's folder for the sources as they are."""
    digest = hashlib.blake2b(digest_size=8)
    for name in KERNEL_PACKAGES:
        for path in sorted((package / name).rglob("*.py")):
            digest.update(path.relative_to(package).as_posix().encode())
            digest.update(path.read_bytes())
    return _root() / digest.hexdigest()


def drop_others(current: Path) -> int:
    """Remove the caches of other states of the sources; return how many there were.

    A cache that lies elsewhere (the environment named it) says nothing about those in the usual place: they stay.
    """
    if current.parent != _root():
        return 0
    others = [path for path in _root().glob("*") if path.is_dir() and path != current]
    for path in others:
        shutil.rmtree(path, ignore_errors=True)
    return len(others)


def _root() -> Path:
    """Inside the environment; where that cannot be written, a folder of this user among the temporary files."""
    inside = Path(sys.prefix) / "cache" / "numba"
    nearest = next(path for path in (inside, *inside.parents) if path.exists())
    if os.access(nearest, os.W_OK):
        return inside
    return Path(tempfile.gettempdir()) / f"whaletrader-numba-{os.getuid()}"
