"""The project's own files, as git tracks them; outside a git checkout, as they lie on the disk."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GENERATED = "src/whaletrader/messages/_generated/"
TEXT = {".py", ".md", ".toml", ".lock", ".html", ".css", ".js", ".json", ".yaml", ".yml", ".proto", ".sh", ".txt", ""}


@cache
def tracked() -> tuple[str, ...]:
    """Every tracked file that exists, as a path relative to the root."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode == 0 and listing.stdout:
        names = [name for name in listing.stdout.split("\0") if name]
    else:
        folders = [ROOT / name for name in ("src", "tests", "benchmarks", "scripts", "docs", "examples")]
        paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        paths += [path for path in ROOT.iterdir() if path.is_file()]
        names = [path.relative_to(ROOT).as_posix() for path in paths if "__pycache__" not in path.parts]
    return tuple(sorted(name for name in names if (ROOT / name).exists()))


def python_files(*folders: str) -> list[str]:
    """Hand-written Python files under these folders."""
    return [name for name in tracked() if name.startswith(folders) and name.endswith(".py") and not is_generated(name)]


def text_files() -> list[str]:
    """Every tracked file that is text, generated or not."""
    return [name for name in tracked() if Path(name).suffix in TEXT]


def is_generated(name: str) -> bool:
    """Generated codecs are exempt from the rules of size and style."""
    return name.startswith(GENERATED)


@cache
def text(name: str) -> str:
    """The file's content."""
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def parsed(name: str) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(text(name), name)
