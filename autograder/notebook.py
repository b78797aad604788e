"""A notebook's cells, as nbgrader's metadata marks them; its bytes, in and out."""

import json
import re
import warnings
from collections.abc import Collection, Iterator
from typing import Any

import nbformat
from nbformat import NotebookNode

JUDGE = "judge"
_TEST_NAME = re.compile(r"(?:test|judge)-(?P<whole>(?P<exercise>.+?)(?:-\d+)?)$")


def read_notebook(data: bytes) -> NotebookNode:
    """Return the notebook in `data`, brought to nbformat 4. Half a character, which JSON can hold and UTF-8 cannot, becomes a `?`.

    Raises what JSON and nbformat's converters raise, and ValueError where a cell is none: nbformat only logs what breaks its schema.
    """
    text = data.decode("utf-8-sig")
    if "\\ud" in text.lower():
        text = _encode(json.loads(text)).decode("utf-8")
    with warnings.catch_warnings():  # ids that are missing or stand twice are given anew, which nobody needs to hear
        warnings.filterwarnings("ignore", module="nbformat")
        notebook: NotebookNode = nbformat.reads(text, as_version=4)
    for number, cell in enumerate(notebook.cells, 1):
        for name in ("cell_type", "source"):
            if not isinstance(cell.get(name), str):
                raise ValueError(f"cell {number}: its {name} is {cell.get(name)!r}")
    return notebook


def read_own(data: bytes) -> NotebookNode:
    """Return the notebook that `write_notebook` wrote."""
    notebook: NotebookNode = nbformat.from_dict(json.loads(data))
    return notebook


def make_cell(kind: str, text: str) -> NotebookNode:
    """Return a new cell: code, markdown or raw. Without an id, which nbformat would draw, and without its check of what is right."""
    code: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    cell: NotebookNode = nbformat.from_dict({"cell_type": kind, "metadata": {}, "source": text, **code})
    return cell


def write_notebook(notebook: NotebookNode) -> bytes:
    """Return the notebook as bytes that depend on its content alone."""
    return _encode(notebook) + b"\n"


def marks(cell: NotebookNode) -> dict[str, Any]:
    """Return the cell's nbgrader metadata, or an empty dict."""
    found = cell.metadata.get("nbgrader")
    return dict(found) if isinstance(found, dict) and "grade_id" in found else {}


def is_answer(cell: NotebookNode) -> bool:
    """Return whether learners write in this cell: a solution, or a manually graded task."""
    found = marks(cell)
    return bool(found.get("solution") or found.get("task"))


def is_test(cell: NotebookNode) -> bool:
    """Return whether this cell's run gives points."""
    found = marks(cell)
    return bool(found.get("grade") and not found.get("solution"))


def is_judge(cell: NotebookNode) -> bool:
    """Return whether this test cell runs in a clean kernel, after the learner's."""
    return is_test(cell) and JUDGE in cell.metadata.get("tags", [])


def exercise_of(grade_id: str, known: Collection[str] = ()) -> str:
    """Return the exercise that a test cell's grade_id names: `test-x`, `judge-x-2` → `x`, but `x-2` where that one is known."""
    match = _TEST_NAME.match(grade_id)
    if not match:
        return ""
    return match["whole"] if match["whole"] in known else match["exercise"]


def code_cells(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """Yield the notebook's code cells, in order."""
    return (cell for cell in notebook.cells if cell.cell_type == "code")


def _encode(notebook: object) -> bytes:
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
