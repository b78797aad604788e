"""Touching the notebook: tests deleted, copied, re-typed, emptied, with other points. They are put back, and graded normally."""

import copy
import json

from nbformat import NotebookNode, v4

from autograder.notebook import is_answer, is_test, marks, write_notebook
from tests.hostile.case import BY_HEART, FULL_POINTS, VISIBLE_POINTS, Case, cell_of


def _tests(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if is_test(cell)]


def deletes(notebook: NotebookNode) -> None:
    notebook.cells = [cell for cell in notebook.cells if not is_test(cell)]


def copies_tests(notebook: NotebookNode) -> None:
    for cell in _tests(notebook):
        easy = copy.deepcopy(cell)
        easy.source = "1000"
        notebook.cells.insert(0, easy)
        notebook.cells.append(copy.deepcopy(easy))


def retypes(notebook: NotebookNode) -> None:
    for cell in _tests(notebook):
        cell.cell_type = "markdown"
        cell.pop("outputs", None)
        cell.pop("execution_count", None)


def empties(notebook: NotebookNode) -> None:
    for cell in _tests(notebook):
        cell.source = ""


def other_points(notebook: NotebookNode) -> None:
    for cell in _tests(notebook):
        cell.metadata["nbgrader"]["points"] = 1000
        cell.source = "1000"


def strange_points(notebook: NotebookNode) -> None:
    for cell, points in zip(_tests(notebook), (float("nan"), float("inf"), -5, "10", None, [], {}, True), strict=False):
        cell.metadata["nbgrader"]["points"] = points


def reverses(notebook: NotebookNode) -> None:
    notebook.cells.reverse()


def unlocks(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if marks(cell):
            cell.metadata["nbgrader"] = {**cell.metadata["nbgrader"], "locked": False, "grade": False, "solution": True, "task": False}
            cell.metadata["tags"] = []


def moves_judges(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        cell.metadata["tags"] = [] if "judge" in cell.metadata.get("tags", []) else ["judge"]


def adds_exercises(notebook: NotebookNode) -> None:
    for name in ("test-bonus", "judge-mean-wait-2", "test-mean-wait-9"):
        own = {"grade": True, "solution": False, "locked": True, "points": 100, "grade_id": name, "schema_version": 3, "task": False}
        notebook.cells.append(v4.new_code_cell("100", metadata={"nbgrader": own, "tags": ["judge"]}))


def edits_setup(notebook: NotebookNode) -> None:
    cell_of(notebook, "setup").source = "import math\nmath.isclose = lambda *a, **k: True\nwaits = 0\nraise SystemExit"


def copies_answers(notebook: NotebookNode) -> None:
    for cell in [cell for cell in notebook.cells if is_answer(cell)]:
        notebook.cells.insert(notebook.cells.index(cell) + 1, copy.deepcopy(cell))


def copies_a_wrong_answer(notebook: NotebookNode) -> None:
    """The copy stands behind the right one, and is what the learner ran last."""
    cell = cell_of(notebook, "mean-wait")
    wrong = copy.deepcopy(cell)
    wrong.source = BY_HEART["mean-wait"]
    notebook.cells.insert(notebook.cells.index(cell) + 1, wrong)


def new_ids(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        cell.id = "same"


def other_language(notebook: NotebookNode) -> None:
    notebook.metadata["kernelspec"] = {"name": "bash", "display_name": "Bash", "language": "bash"}
    notebook.metadata["language_info"] = {"name": "bash"}


def forges_the_grader(notebook: NotebookNode) -> None:
    """Metadata and outputs in which the grader keeps what it found."""
    full = {"state": "ok", "seconds": 0.0}
    notebook.metadata["autograder"] = {"flagged": "", "seconds": 0, "peak_mib": 0, "points": 100, "seed": 1}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata["autograder"] = full
            data = {"text/plain": "1000"}
            cell.outputs = [v4.new_output("execute_result", data, execution_count=1)]


def retypes_answers(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if is_answer(cell):
            cell.cell_type = "raw"
            cell.pop("outputs", None)
            cell.pop("execution_count", None)


def adds_outputs(notebook: NotebookNode) -> None:
    """Hundreds of old outputs, as a notebook that was much used has."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [v4.new_output("stream", name="stdout", text=f"{n}\n") for n in range(300)]


def one_cell(notebook: NotebookNode) -> None:
    """All of the learner's code in one cell of their own."""
    text = "\n\n".join(cell.source for cell in notebook.cells if is_answer(cell))
    for cell in notebook.cells:
        if is_answer(cell):
            cell.source = "# see above"
    place = notebook.cells.index(cell_of(notebook, "mean-wait"))
    notebook.cells.insert(place, v4.new_code_cell(text))


def splits_texts(notebook: NotebookNode) -> bytes:
    """Texts as lists of lines, as Jupyter saves them."""
    found = json.loads(write_notebook(notebook))
    for cell in found["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
    return json.dumps(found).encode()


def no_cells(notebook: NotebookNode) -> None:
    notebook.cells = []


TRICKS = (deletes, copies_tests, retypes, empties, other_points, strange_points, unlocks, moves_judges, adds_exercises, edits_setup, forges_the_grader)  # fmt: skip
HONEST = (reverses, copies_answers, new_ids, other_language, retypes_answers, adds_outputs, one_cell, splits_texts)


def _name(change: object) -> str:
    return getattr(change, "__name__", "").replace("_", "-")


CASES = (
    *(Case(f"notebook-{_name(c)}", "Tests as they were, and answers that are not right.", BY_HEART, c, points=VISIBLE_POINTS) for c in TRICKS),
    *(Case(f"notebook-{_name(c)}-and-is-right", "Tests as they were, and right answers.", {}, c) for c in (deletes, retypes, empties, edits_setup)),
    *(Case(f"notebook-{_name(c)}", "Right answers in a notebook that was used.", {}, c) for c in HONEST),
    Case("notebook-copies-a-wrong-answer", "The later cell of one name is what counts when it runs.", {}, copies_a_wrong_answer, points={"mean-wait": (10.0, 10.0)}),
    Case("notebook-without-cells", "Nothing is left: nothing was attempted.", {}, no_cells, points=dict.fromkeys(FULL_POINTS, 0.0), outcomes=dict.fromkeys(FULL_POINTS, "not attempted")),
    Case("notebook-as-released", "Handed in untouched.", {
        "mean-wait": 'def mean_wait(minutes):\n    """Return the mean wait, in minutes."""\n    # YOUR CODE HERE\n    raise NotImplementedError()',
    }, points={"mean-wait": 0.0}, outcomes={"mean-wait": "not attempted"}),
)  # fmt: skip
