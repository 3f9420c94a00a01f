"""Run every validation in a process of its own: long simulations that show a statistic does what it promises.

    python benchmarks/validate.py [NAME ...] [--quick]

A validation is a file `benchmarks/validate_NAME.py`; its `main()` prints lines made by `figures.report` and writes
`docs/validation/NAME.md` (see `page`). With --quick the sizes are small and no document is written. It fails the run
when it cannot be carried out; a target that was not met is told in the table and on the page, and fails the run too.
"""

import argparse
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import run
from benchmarks.page import QUICK

FOLDER = Path(__file__).resolve().parent
LIMIT_S = 7_200
APART = "validate_"


def main() -> int:
    """Run the validations, print the table; 1 when one failed or missed its target, 2 for an unknown name."""
    parser = argparse.ArgumentParser(description="Show that each statistic does what it promises.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these, for example: tests")
    parser.add_argument("--quick", action="store_true", help="small sizes; writes no document")
    options = parser.parse_args()
    known = {path.stem.removeprefix(APART): path for path in sorted(FOLDER.glob(f"{APART}*.py"))}
    unknown = [name for name in options.names if name not in known]
    if unknown:
        print(f"no such validation: {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    if options.quick:
        os.environ[QUICK] = "1"
    figures: list[dict[str, object]] = []
    broken = []
    for name in options.names or known:
        found = run.measure(known[name], LIMIT_S)
        figures += found or []
        broken += [name] if found is None else []
    print(run.table(figures))
    for name in broken:
        print(f"the validation {name} could not be carried out", file=sys.stderr)
    return 1 if broken or any(figure["met"] is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
