"""Decode mutated frames of every source of the venue: nothing may crash, and no good neighbour may be lost.

python scripts/fuzz.py [--frames N] [--seed N]
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FRAMES = 1_000_000


def main() -> int:
    """Fuzz, and print the counts of each decoder."""
    parser = argparse.ArgumentParser(description="Decode mutated frames.")
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from tests.support.mutate import fuzz

    begun, frames = time.perf_counter(), 0
    print(f"{'decoder':<14}{'frames':>10}{'rows':>12}{'refused':>12}{'silent':>10}")
    for name, counts in fuzz(options.seed, options.frames):
        frames += counts.frames
        print(f"{name:<14}{counts.frames:>10}{counts.rows:>12}{counts.rejects:>12}{counts.silent:>10}", flush=True)
    print(f"{frames} mutated frames in {time.perf_counter() - begun:.0f} s: nothing crashed, no neighbour was lost")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
