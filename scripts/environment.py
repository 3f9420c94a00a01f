"""Build `.venv` from the hash-locked requirements, install the package into it and compile its kernels.

    python3 scripts/environment.py [--dev] [--no-kernels]

Needs nothing but the standard library. Each step leaves a stamp in `.venv/stamps` and is left out while what
it depends on is unchanged; a development environment also serves a run.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "stamps"
LOCKS = {"run": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
OLDEST_PYTHON = (3, 11)


class SetupError(Exception):
    """The environment could not be built; the message says what to do."""


def main() -> int:
    """Bring the environment up to date and say how long each part took; 1 when it could not be built."""
    parser = argparse.ArgumentParser(description="Build .venv from the locks and install whaletrader into it.")
    parser.add_argument("--dev", action="store_true", help="the tools of `make test` as well")
    parser.add_argument("--no-kernels", action="store_true", help="leave the kernels for whoever needs them first")
    options = parser.parse_args()
    try:
        create_venv()
        install("dev" if options.dev else "run")
        if not options.no_kernels:
            compile_kernels()
    except SetupError as fault:
        print(f"set-up failed: {fault}", file=sys.stderr)
        return 1
    return 0


def create_venv() -> None:
    """Make `.venv` with this interpreter, unless it is there."""
    if PYTHON.exists():
        return
    if sys.version_info < OLDEST_PYTHON:
        raise SetupError(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}; set PYTHON=… for make")
    if subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False).returncode:
        raise SetupError("python3 -m venv failed; on Debian and Ubuntu install the package python3-venv")


def install(kind: str) -> None:
    """Make the environment equal to the lock of `kind`, and install the package itself, editable."""
    wanted = {name: fingerprint([lock, ROOT / "pyproject.toml"]) for name, lock in LOCKS.items()}
    enough = ["dev"] if kind == "dev" else ["run", "dev"]
    if any(is_stamped(f"installed-{name}", wanted[name]) for name in enough):
        return
    started = time.monotonic()
    for name in LOCKS:
        (STAMPS / f"installed-{name}").unlink(missing_ok=True)
    lock = LOCKS[kind]
    installer = install_with_uv(lock) or install_with_pip(lock)
    print(f"set-up: {lock.name} installed with {installer} in {time.monotonic() - started:.0f} s", flush=True)
    stamp(f"installed-{kind}", wanted[kind])


def install_with_uv(lock: Path) -> str | None:
    """Install with uv, itself taken from the lock; None where uv cannot be had or fails."""
    uv = VENV / "bin" / "uv"
    if not uv.exists() and not install_uv(lock):
        return None
    sync = [str(uv), "pip", "sync", "--quiet", "--python", str(PYTHON), "--require-hashes", str(lock)]
    package = [str(uv), "pip", "install", "--quiet", "--python", str(PYTHON), "--no-deps", "--no-build-isolation"]
    # Behind a company's own certificate authority uv's built-in list fails, the system's list is right.
    for extra in ({}, {"UV_NATIVE_TLS": "1"}):
        if succeeds(sync, extra) and succeeds([*package, "-e", str(ROOT)], extra):
            return "uv"
    print("set-up: uv failed; falling back to pip, which takes minutes", flush=True)
    return None


def install_uv(lock: Path) -> bool:
    """Install uv in the version and with the hashes that the lock names."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "uv.txt"
        wanted.write_text(locked_block(lock.read_text(encoding="utf-8"), "uv"), encoding="utf-8")
        return succeeds([str(PYTHON), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(wanted)])


def locked_block(lock: str, name: str) -> str:
    """Return the lines of one package in a lock: its version and its hashes."""
    lines = lock.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{name}=="))
    end = start + 1
    while end < len(lines) and lines[end].startswith("    --hash"):
        end += 1
    return "\n".join(lines[start:end]) + "\n"


def install_with_pip(lock: Path) -> str:
    """Install with pip alone, by the same hashes."""
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet"]
    if not succeeds([*pip, "--require-hashes", "-r", str(lock)]):
        raise SetupError(f"the packages of {lock.name} could not be installed; is a package index within reach?")
    if not succeeds([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)]):
        raise SetupError("the package itself could not be installed; see the message above")
    return "pip"


def compile_kernels() -> None:
    """Compile the numba kernels into the cache inside `.venv`, when one of their sources changed."""
    kernels = [path for path in sorted((ROOT / "src").rglob("*.py")) if "njit" in path.read_text(encoding="utf-8")]
    wanted = fingerprint([*LOCKS.values(), *kernels])
    if is_stamped("kernels", wanted):
        return
    if subprocess.run([str(PYTHON), "-m", "whaletrader.cli.warm"], cwd=ROOT, check=False).returncode:
        raise SetupError("the kernels could not be compiled; see the message above")
    stamp("kernels", wanted)


def succeeds(command: list[str], extra: dict[str, str] | None = None) -> bool:
    """Run a command with the output shown; true when it exits with 0."""
    return subprocess.run(command, env=os.environ | (extra or {}), check=False).returncode == 0


def fingerprint(paths: Iterable[Path]) -> str:
    """Hash names and contents of some files."""
    digest = hashlib.sha256(sys.version.encode())
    for path in paths:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT)} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def is_stamped(name: str, wanted: str) -> bool:
    """Tell whether a step was done for just these inputs."""
    path = STAMPS / name
    return path.exists() and path.read_text(encoding="utf-8") == wanted


def stamp(name: str, value: str) -> None:
    """Remember that a step was done for these inputs."""
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / name).write_text(value, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
