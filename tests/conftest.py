"""What every test shares: the numba cache's place (before any import) and the real data, where it is given."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from whaletrader.kernel_cache import use_kernel_cache

use_kernel_cache()
# The same examples in every run: what is green stays green; the soak tests look for new ones.
settings.register_profile("same", derandomize="WHALETRADER_SOAK" not in os.environ)
settings.load_profile("same")


@pytest.fixture(scope="session")
def bundle() -> Path:
    """The folder of real Polymarket data; skips where WHALETRADER_DATA is not set."""
    path = os.environ.get("WHALETRADER_DATA")
    if not path:
        pytest.skip("real data: set WHALETRADER_DATA to the folder of the data bundle")
    return Path(path)
