"""Every notebook runs from top to bottom, as a reader would run it."""

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_stripped(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert cells
    assert not any(cell.outputs or cell.execution_count for cell in cells), "commit notebooks without outputs"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_page_to_read_is_that_of_the_notebook(path):
    script = spec_from_file_location("make_notebooks", ROOT / "docs" / "make_notebooks.py")
    module = module_from_spec(script)
    script.loader.exec_module(module)
    page = (ROOT / "docs" / "notebooks" / f"{path.stem}.md").read_text(encoding="utf-8")
    said = f"cells {module.digest(nbformat.read(path, as_version=4))}."
    assert said in page.splitlines()[0], "run: python docs/make_notebooks.py"
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", page):
        assert (ROOT / "docs" / "notebooks" / picture).stat().st_size < 300_000


def fewer_youths(source: str) -> str:
    """The same code with at least 1,000 persons to a youth: each page to read is made at the notebook's own size."""
    return re.sub(r"(persons_per_youth(?:=|: ))(\d+)", lambda found: f"{found[1]}{max(int(found[2]), 1000)}", source)


def test_code_is_the_same_but_for_the_number_of_youths():
    assert fewer_youths('["persons_per_youth=50"]; x = 50') == '["persons_per_youth=1000"]; x = 50'
    assert fewer_youths("set: {persons_per_youth: 2000}") == "set: {persons_per_youth: 2000}"


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path):
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = fewer_youths(cell.source)
    assert any("persons_per_youth" in cell.source for cell in notebook.cells), "or it runs at full size"
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": path.parent}}).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in shown), "an article has a figure"
