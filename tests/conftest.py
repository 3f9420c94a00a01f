"""What every test shares: the numba cache's place (before any import), the real data where it is given, and which files
begin: those that last, so that of two processes none waits for the other's last file."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from whaletrader.kernel_cache import use_kernel_cache

use_kernel_cache()
# The same examples in every run: what is green stays green; the soak tests look for new ones.
settings.register_profile("same", derandomize="WHALETRADER_SOAK" not in os.environ)
settings.load_profile("same")


ROOT = Path(__file__).resolve().parent.parent
LONGEST_FIRST = (
    "tests/integration/test_backtest_sim.py",
    "tests/integration/test_live_sources_truth.py",
    "tests/integration/test_score_on_ray.py",
    "tests/integration/test_channels_agree.py",
    "tests/integration/test_books_follow.py",
    "tests/venue/test_all_faults_at_once.py",
    "tests/venue/test_pull_exchange.py",
    "tests/venue/test_gateway.py",
    "tests/e2e/test_kill_chain.py",
    "tests/e2e/test_crash_boundaries.py",
    "tests/e2e/test_cli.py",
    "tests/e2e/test_bad_input.py",
    "tests/e2e/test_demo.py",
    "tests/e2e/test_score.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that last longest first; the order is otherwise that of the collection."""
    places = {ROOT / name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


@pytest.fixture(scope="session")
def bundle() -> Path:
    """The folder of real Polymarket data; skips where WHALETRADER_DATA is not set."""
    path = os.environ.get("WHALETRADER_DATA")
    if not path:
        pytest.skip("real data: set WHALETRADER_DATA to the folder of the data bundle")
    return Path(path)
