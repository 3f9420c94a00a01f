"""The page that a validation writes: `docs/validation/NAME.md`, from the figures of this run.

A page holds what the next run with the same seeds would hold again: figures, seeds and sizes; no date, no time taken,
nothing of the machine. A target is named as one, and what was not met says so.
"""

import os
from collections.abc import Sequence
from math import isnan, nan
from pathlib import Path

from benchmarks.figures import report

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "validation"
QUICK, INTO = "WHALETRADER_QUICK", "WHALETRADER_PAGES"


def quick() -> bool:
    """Whether sizes are to be small: for tests. Nothing is then written into the documents."""
    return os.environ.get(QUICK, "") not in ("", "0")


def folder() -> Path | None:
    """Where pages go: the folder named by $WHALETRADER_PAGES, else docs/validation, else (quick) nowhere."""
    named = os.environ.get(INTO)
    return Path(named) if named else None if quick() else FOLDER


class Page:
    """A page under way: `figure`, `text`, `table` in the order of reading; `write` at the end."""

    def __init__(self, name: str, title: str, about: str) -> None:
        """Name of the file, title, and one paragraph on what is validated and how."""
        self.name = name
        self._parts = [
            f"# {title}",
            about,
            f"Written by `make validate ARGS={name}`; the same seeds give the same page.",
        ]
        self._figures: list[str] = []

    def figure(
        self, name: str, value: float, unit: str = "", *, target: float | None = None, higher_is_better: bool = True
    ) -> dict[str, object]:
        """Print one figure for the runner, and keep it for the page's next table of figures."""
        wanted = None if target is None else float(target)
        found = report(name, float(value), unit, target=wanted, higher_is_better=higher_is_better)
        verdict = {True: "met", False: "**not met**", None: "–"}[found["met"]]  # type: ignore[index]
        wish = "–" if target is None else f"{'≥' if higher_is_better else '≤'} {shown(target)} {unit}".rstrip()
        self._figures.append(f"| {name} | {f'{shown(value)} {unit}'.rstrip()} | {wish} | {verdict} |")
        return found

    def heading(self, text: str) -> None:
        """Begin a section."""
        self._flush()
        self._parts.append(f"## {text}")

    def text(self, text: str) -> None:
        """Add a paragraph."""
        self._flush()
        self._parts.append(text)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Add a table; numbers are shown with four significant digits."""
        self._flush()
        lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
        lines += [f"| {' | '.join(cell if isinstance(cell, str) else shown(cell) for cell in row)} |" for row in rows]
        self._parts.append("\n".join(lines))

    def render(self) -> str:
        """The whole page as Markdown."""
        self._flush()
        return "\n\n".join(self._parts) + "\n"

    def write(self) -> Path | None:
        """Write the page; None where nothing is to be written."""
        into = folder()
        if into is None:
            return None
        into.mkdir(parents=True, exist_ok=True)
        path = into / f"{self.name}.md"
        path.write_text(self.render(), encoding="utf-8")
        return path

    def _flush(self) -> None:
        if self._figures:
            head = ["| figure | measured | target | verdict |", "|---|---|---|---|"]
            self._parts.append("\n".join(head + self._figures))
            self._figures = []


def shown(value: object) -> str:
    """Whole numbers as they are, others with four significant digits."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    amount = nan if value is None else float(str(value))
    if isnan(amount):
        return "–"
    return f"{amount:,.0f}" if amount == round(amount) and abs(amount) < 1e15 else f"{amount:.4g}"
