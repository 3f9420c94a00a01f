"""What every test shares: the numba cache's place (before any import) and the real data, where it is given."""

import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(sys.prefix) / "cache" / "numba"))


@pytest.fixture(scope="session")
def bundle() -> Path:
    """The folder of real Polymarket data; skips where WHALETRADER_DATA is not set."""
    path = os.environ.get("WHALETRADER_DATA")
    if not path:
        pytest.skip("real data: set WHALETRADER_DATA to the folder of the data bundle")
    return Path(path)
