"""Makes the small tape that a paper exchange of its own process serves in tests."""

from tests.support.tapes import MemoryTape, Print


def make(path):
    """A tape of two prints; the dataset's path is not looked at."""
    return MemoryTape([Print(107.5, 0.50), Print(130, 0.50, 1_000.0)])
