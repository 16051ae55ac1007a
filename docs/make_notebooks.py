"""Run the notebooks and write each as a page with its outputs, for readers who do not run anything.

    python docs/make_notebooks.py [NAME ...]

The script writes `docs/notebooks/<name>.md` and its pictures. `tests/test_notebooks.py` checks that each page is up
to date with its notebook.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "docs" / "notebooks"
WIDGET = "application/vnd.jupyter.widget-view+json"


def digest(notebook: nbformat.NotebookNode) -> str:
    """The first 16 hex digits of the SHA-256 of the sources of all cells of a notebook."""
    return hashlib.sha256("\n\n".join(cell.source for cell in notebook.cells).encode()).hexdigest()[:16]


def _told(output: nbformat.NotebookNode) -> bool:
    """Whether an output is useful to a reader: warnings, widgets and progress bars of finished runs are not."""
    bar = output.get("metadata", {}).get("kumakan") == "progress"
    return output.get("name") != "stderr" and WIDGET not in output.get("data", {}) and not bar


def page(file: Path) -> None:
    """Run a notebook and write its page."""
    from nbconvert import MarkdownExporter

    notebook = nbformat.read(file, as_version=4)
    stamp = digest(notebook)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": file.parent}}).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if _told(output)]
    body, resources = MarkdownExporter().from_notebook_node(
        notebook, resources={"output_files_dir": f"{file.stem}_files", "unique_key": file.stem}
    )
    body = re.sub(r"<style scoped>.*?</style>\n?", "", body, flags=re.DOTALL)  # most Markdown readers do not support it
    head = f"<!-- Made by docs/make_notebooks.py from notebooks/{file.name}, cells {stamp}. -->\n\n"
    folder = PAGES / f"{file.stem}_files"
    for old in folder.glob("*"):
        old.unlink()
    for name, picture in resources["outputs"].items():
        (PAGES / name).parent.mkdir(parents=True, exist_ok=True)
        (PAGES / name).write_bytes(picture)
    PAGES.mkdir(parents=True, exist_ok=True)
    (PAGES / f"{file.stem}.md").write_text(head + body.strip() + "\n", encoding="utf-8")
    print(PAGES / f"{file.stem}.md")


if __name__ == "__main__":
    for file in sorted((ROOT / "notebooks").glob("*.ipynb")):
        if not sys.argv[1:] or file.stem in sys.argv[1:]:
            page(file)
