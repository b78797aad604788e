"""A learner's hands, for tests: they write answers into a built lab's notebook."""

from pathlib import Path

from nbformat import NotebookNode

from autograder.notebook import marks, read_notebook, write_notebook

RIGHT = "def add(a, b):\n    return b + a"
WRONG = "def add(a, b):\n    return a - b"


def notebook_of(project: Path) -> Path:
    """Return the small lab's released notebook."""
    return project / "labs" / "beginner" / "01-small-lab" / "small-lab.ipynb"


def cell_of(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    """Return the cell with this grade_id."""
    found: NotebookNode = next(cell for cell in notebook.cells if marks(cell).get("grade_id") == grade_id)
    return found


def answer(path: Path, text: str, exercise: str = "add") -> None:
    """Write an answer."""
    notebook = read_notebook(path.read_bytes())
    cell_of(notebook, exercise).source = text
    path.write_bytes(write_notebook(notebook))
