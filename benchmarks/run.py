"""Run every benchmark in a process of its own, and print one table of what was measured.

    python benchmarks/run.py [NAME ...] [--json]

A benchmark is a file `benchmarks/bench_NAME.py` that prints lines made by `figures.report`. It fails the run when it
cannot be carried out, or when a figure misses its target.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
LIMIT_S = 600
COLUMNS = ("name", "ours", "peer", "ratio", "target", "met")


def main() -> int:
    """Run the benchmarks, print the table; 1 when one failed or missed its target."""
    parser = argparse.ArgumentParser(description="Measure ours beside a peer.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these, for example: cli")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON instead of a table")
    options = parser.parse_args()
    known = {path.stem.removeprefix("bench_"): path for path in sorted(FOLDER.glob("bench_*.py"))}
    unknown = [name for name in options.names if name not in known]
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    figures: list[dict[str, object]] = []
    broken = []
    for name in options.names or known:
        found = measure(known[name])
        figures += found or []
        broken += [name] if not found else []
    print(json.dumps(figures, indent=1) if options.json else table(figures))
    for name in broken:
        print(f"the benchmark {name} could not be carried out", file=sys.stderr)
    return 1 if broken or any(figure["met"] is False for figure in figures) else 0


def measure(path: Path, limit_s: int = LIMIT_S) -> list[dict[str, object]] | None:
    """Run one benchmark or validation; its figures, or None when it fails."""
    print(f"{path.stem} …", file=sys.stderr, flush=True)
    try:
        command = [sys.executable, "-m", f"benchmarks.{path.stem}"]
        done = subprocess.run(
            command, cwd=FOLDER.parent, stdout=subprocess.PIPE, text=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired:
        print(f"{path.stem}: ended after {limit_s} s", file=sys.stderr)
        return None
    lines = done.stdout.splitlines()
    if done.returncode:
        return None
    return [json.loads(line) for line in lines if line.startswith("{")]


def table(figures: list[dict[str, object]]) -> str:
    """Lay the figures out in columns."""
    rows = [COLUMNS, *(row(figure) for figure in figures)]
    widths = [max(len(line[column]) for line in rows) for column in range(len(COLUMNS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in rows)


def row(figure: dict[str, object]) -> tuple[str, ...]:
    """One figure as cells of text."""
    unit, sign = figure["unit"], "≥" if figure["higher_is_better"] else "≤"
    peer = f"{number(figure['peer'])} {unit} ({figure['peer_name']})" if figure["peer"] is not None else "–"
    ratio = f"{figure['ratio']:.2f}" if figure["ratio"] is not None else "–"
    target = f"{sign} {number(figure['target'])} {unit}" if figure["target"] is not None else "–"
    met = {True: "yes", False: "NO", None: "–"}[figure["met"]]
    return str(figure["name"]), f"{number(figure['ours'])} {unit}", peer, ratio, target, met


def number(value: object) -> str:
    """Four significant digits below a thousand, whole thousands with separators above."""
    amount = float(str(value))
    return f"{amount:,.0f}" if abs(amount) >= 1000 else f"{amount:.4g}"


if __name__ == "__main__":
    sys.exit(main())
