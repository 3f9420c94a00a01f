"""How long `whaletrader --help` takes, beside an empty typer program; and that it imports nothing heavy."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import report

ROUNDS = 15
HEAVY = ("numpy", "polars", "rich")
OURS = "from whaletrader.cli.main import main; import sys; sys.argv = ['whaletrader', '--help']; main()"
EMPTY = """
import sys, typer
app = typer.Typer(rich_markup_mode=None)

@app.command()
def run() -> None:
    "Do nothing."

sys.argv = ["empty", "--help"]
app()
"""
# Runs the program like OURS, and then tells which heavy modules are loaded.
IMPORTS = f"""
import atexit, sys
atexit.register(lambda: print(*[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr))
{OURS}
"""


def main() -> None:
    """Measure both programs, taking turns, and report the medians' ratio."""
    loaded = run(IMPORTS).stderr.split()
    if loaded:
        raise SystemExit(f"whaletrader --help loads {', '.join(loaded)}")
    with tempfile.TemporaryDirectory() as folder:
        programs = {"ours": Path(folder) / "ours.py", "empty": Path(folder) / "empty.py"}
        programs["ours"].write_text(OURS, encoding="utf-8")
        programs["empty"].write_text(EMPTY, encoding="utf-8")
        times: dict[str, list[float]] = {name: [] for name in programs}
        for turn in range(ROUNDS + 1):
            for name, path in programs.items():
                seconds = timed(path)
                if turn:  # the first turn writes the byte code
                    times[name].append(seconds)
    ours, empty = (statistics.median(times[name]) * 1000 for name in ("ours", "empty"))
    peer_name = "empty typer program"
    report("whaletrader --help", ours, "ms", peer=empty, peer_name=peer_name, higher_is_better=False)
    report("whaletrader --help, against it", ours / empty, "x", target=1.5, higher_is_better=False)


def timed(program: Path) -> float:
    """Seconds for one run of a program from start to exit."""
    started = time.perf_counter()
    subprocess.run([sys.executable, str(program)], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def run(source: str) -> subprocess.CompletedProcess[str]:
    """Run some source, and keep what it prints."""
    return subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)


if __name__ == "__main__":
    main()
