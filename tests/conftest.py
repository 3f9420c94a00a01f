"""What every test shares: the numba cache's place (before any import) and the real data, where it is given."""

import os
from pathlib import Path

import pytest

from whaletrader.kernel_cache import use_kernel_cache

use_kernel_cache()


@pytest.fixture(scope="session")
def bundle() -> Path:
    """The folder of real Polymarket data; skips where WHALETRADER_DATA is not set."""
    path = os.environ.get("WHALETRADER_DATA")
    if not path:
        pytest.skip("real data: set WHALETRADER_DATA to the folder of the data bundle")
    return Path(path)
