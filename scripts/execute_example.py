"""Execute the notebook of `examples/` anew and write it with its outputs, free of paths, times and versions.

    python scripts/execute_example.py

The notebook's own cells are the source; a test compares the committed text outputs with a fresh execution.
"""

import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).resolve().parents[1] / "examples" / "score_universe.ipynb"
TIMEOUT_S = 600


def main() -> None:
    """Execute the notebook in place."""
    executed_notebook = executed(nbformat.read(NOTEBOOK, as_version=4))
    NOTEBOOK.write_text(nbformat.writes(executed_notebook, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"executed {NOTEBOOK.name}: {len(executed_notebook.cells)} cells\n")


def executed(notebook: Any) -> Any:
    """The notebook with fresh outputs; an error in a cell is raised."""
    NotebookClient(notebook, timeout=TIMEOUT_S, kernel_name="python3", resources={"metadata": {}}).execute()
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        cell.metadata = {}
        for output in cell.get("outputs", []):
            output.pop("metadata", None) if output.output_type == "stream" else output.update(metadata={})
            if "data" in output:
                output.data = {"text/plain": output.data["text/plain"]}
    return notebook


def texts(notebook: Any) -> list[str]:
    """What each code cell printed and showed."""
    return [
        "".join(output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


if __name__ == "__main__":
    main()
