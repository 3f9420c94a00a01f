"""Run every check of the project in order, with each part's time, and end with one line of counts.

    python3 scripts/checks.py [--fast | --only PART ...]

Needs nothing but the standard library. Tests are counted from pytest's own JUnit files; a part that is no test (the
linter, say) counts as one failure when it fails and not at all when it passes. With CI=true a skip is a failure too:
nothing may be missing there.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
PART_LIMIT_S = 900
IN_CI = os.environ.get("CI") == "true"
TOOLS: dict[str, list[str]] = {
    "set-up": [sys.executable, "scripts/environment.py", "--dev", "--no-kernels"],
    "kernels": [sys.executable, "scripts/environment.py", "--dev"],
    "lint": [str(BIN / "ruff"), "check", "--quiet", "."],
    "format": [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
    "types": [str(BIN / "mypy"), "--no-error-summary"],
    "contracts": [str(BIN / "lint-imports"), "--no-logo"],
}
# Two processes: tests that share nothing as they come, files that start servers or kill children one file at a time.
PARALLEL = {
    "unit": "worksteal",
    "property": "worksteal",
    "contract": "loadfile",
    "integration": "loadfile",
    "venue": "loadfile",
    "e2e": "loadfile",
}
ORDER = ["tidy", "unit", "property", "contract", "integration", "venue", "e2e"]
NEED_NO_KERNELS = {*TOOLS, "tidy"}
"""Run while the kernels are compiled beside them."""
SLOW_PARTS = {"property", "integration", "venue", "e2e"}
"""Left out of the fast checks."""
NOT_FAST = "not slow and not crash and not server and not browser"


@dataclass
class Outcome:
    """What one part came to."""

    name: str
    seconds: float = 0.0
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reasons: list[str] = field(default_factory=list)


def main() -> int:
    """Run the parts, print the summary; 1 when anything failed."""
    parser = argparse.ArgumentParser(description="Run every check of the project.")
    parser.add_argument("--fast", action="store_true", help="leave out what is slow, kills processes or needs a server")
    parser.add_argument("--only", nargs="+", metavar="PART", help="run these parts only")
    options = parser.parse_args()
    parts = [*TOOLS, *test_folders()]
    unknown = sorted(set(options.only or []) - set(parts))
    if unknown:
        print(f"no such part: {', '.join(unknown)}; the parts are {', '.join(parts)}", file=sys.stderr)
        return 2
    started = time.monotonic()
    wanted = [name for name in parts if not (options.fast and name in SLOW_PARTS)]
    outcomes = run_parts(options.only or wanted, fast=options.fast)
    return print_summary(outcomes, time.monotonic() - started)


def run_parts(names: list[str], *, fast: bool) -> list[Outcome]:
    """Run parts in order, nothing behind a set-up that failed; kernels are compiled beside what needs none."""
    outcomes = []
    kernels: Beside | None = None
    try:
        for name in names:
            if kernels and name not in NEED_NO_KERNELS:
                outcomes.append(kernels.outcome())
                kernels = None
            print(f"=== {name}", flush=True)
            if name == "kernels":
                kernels = Beside(name)
                continue
            outcomes.append(run_tool(name) if name in TOOLS else run_tests(name, fast=fast))
            if name == "set-up" and outcomes[-1].failed:
                break
        return [*outcomes, kernels.outcome()] if kernels else outcomes
    finally:
        if kernels:
            kernels.end()


class Beside:
    """A tool that runs beside the parts behind it."""

    def __init__(self, name: str) -> None:
        self._name, self._started = name, time.monotonic()
        self._child = begun(TOOLS[name])

    def outcome(self) -> Outcome:
        """Wait for its end."""
        code = ended(self._child, TOOLS[self._name])
        return Outcome(self._name, time.monotonic() - self._started, failed=int(code != 0))

    def end(self) -> None:
        """Kill it where it still runs."""
        if self._child.poll() is None:
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()


def test_folders() -> list[str]:
    """Name the folders under tests/ that hold tests: the known ones in their order, then any other."""
    found = {path.relative_to(ROOT / "tests").parts[0] for path in (ROOT / "tests").rglob("test_*.py")}
    return [name for name in ORDER if name in found] + sorted(found - set(ORDER))


def run_tool(name: str) -> Outcome:
    """Run a part that is no test."""
    started = time.monotonic()
    code = run(TOOLS[name])
    return Outcome(name, time.monotonic() - started, failed=int(code != 0))


def run_tests(name: str, *, fast: bool) -> Outcome:
    """Run one folder of tests and count from its JUnit file; a run that leaves no such file is a failure."""
    command = [str(BIN / "python"), "-m", "pytest", "-q", "--no-header", f"tests/{name}"]
    command += ["-n", "2", "--dist", PARALLEL[name]] if name in PARALLEL else []
    # Else the files with the most tests begin; tests/conftest.py names those that last longest.
    command += ["--no-loadscope-reorder"] if PARALLEL.get(name) == "loadfile" else []
    command += ["-m", NOT_FAST] if fast else []
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        junit = Path(folder) / "junit.xml"
        code = run([*command, f"--junitxml={junit}"])
        outcome = count(name, junit)
    outcome.seconds = time.monotonic() - started
    nothing_selected = code == 5 and fast
    if code and not outcome.failed and not nothing_selected:
        outcome.failed = 1
    return outcome


def run(command: list[str]) -> int:
    """Run a command in a process group of its own, and end the group when it takes too long or we are interrupted."""
    return ended(begun(command), command)


def begun(command: list[str]) -> "subprocess.Popen[bytes]":
    """Start a command in a process group of its own."""
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True)


def ended(child: "subprocess.Popen[bytes]", command: list[str]) -> int:
    """Wait for a command's end; end its group when it takes too long or we are interrupted."""
    try:
        return child.wait(PART_LIMIT_S)
    except subprocess.TimeoutExpired:
        print(f"ended after {PART_LIMIT_S} s: {' '.join(command)}", flush=True)
        return 1
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def count(name: str, junit: Path) -> Outcome:
    """Count passed, failed and skipped tests in a JUnit file."""
    outcome = Outcome(name)
    if not junit.exists():
        return outcome
    for case in ET.parse(junit).getroot().iter("testcase"):
        skip = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed += 1
        elif skip is not None and skip.get("type") == "pytest.skip":
            outcome.skipped += 1
            outcome.reasons.append(f"{case.get('classname')}::{case.get('name')}: {skip.get('message')}")
        else:
            outcome.passed += 1
    return outcome


def print_summary(outcomes: list[Outcome], seconds: float) -> int:
    """Print a line for each part, the whole time, the reasons of what was skipped, and the counts on the last line."""
    print("\npart              time  passed  failed  skipped")
    for part in outcomes:
        print(f"{part.name:<12}{part.seconds:>8.1f} s{part.passed:>8}{part.failed:>8}{part.skipped:>9}")
    print(f"{'total':<12}{seconds:>8.1f} s")
    for reason in (reason for part in outcomes for reason in part.reasons):
        print(f"skipped: {reason}")
    passed, failed, skipped = (sum(getattr(part, key) for part in outcomes) for key in ("passed", "failed", "skipped"))
    if IN_CI and skipped:
        print("CI=true: a skipped test counts as failed, nothing may be missing there")
        failed, skipped = failed + skipped, 0
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
