"""A learner's notebook with everything that is not the learner's put back."""

import copy

from nbformat import NotebookNode

from autograder.notebook import is_answer, make_cell, marks


def restore(source: NotebookNode, submitted: NotebookNode) -> NotebookNode:
    """Return the source's notebook with the learner's answers and own cells in it.

    Every cell that nbgrader marks in the source comes from the source: locked and test cells with their text, kind and
    points, in the source's order, however they were deleted, edited, copied, emptied or re-typed. From the learner come
    the text of each answer cell (the first with its grade_id) and every cell of their own, which stays behind the
    marked cell that it stood behind. A copied answer cell is a cell of the learner's own: it runs where they put it.
    """
    order = [marks(cell)["grade_id"] for cell in source.cells if marks(cell)]
    original = {marks(cell)["grade_id"]: cell for cell in source.cells if marks(cell)}
    texts: dict[str, str] = {}
    behind: dict[str, list[NotebookNode]] = {"": []}
    place = ""
    for cell in submitted.cells:
        name = str(marks(cell).get("grade_id", ""))
        if name in original and name not in texts:
            place = name
            texts[name] = cell.source
            behind.setdefault(place, [])
        elif name not in original or is_answer(original[name]):
            behind[place].append(_own(cell))
    cells = list(behind[""])
    for name in order:
        cells += [_answered(original[name], texts.get(name)), *behind.get(name, [])]
    notebook = copy.deepcopy(source)
    notebook.cells = _with_new_ids(cells)
    return notebook


def _answered(cell: NotebookNode, text: str | None) -> NotebookNode:
    fresh: NotebookNode = copy.deepcopy(cell)
    if is_answer(cell) and not marks(cell).get("locked"):
        fresh.source = text if text is not None else ""
    return fresh


def _own(cell: NotebookNode) -> NotebookNode:
    return make_cell(cell.cell_type if cell.cell_type in ("code", "raw") else "markdown", cell.source)


def _with_new_ids(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Return the cells, the learner's own ones with ids that say nothing and are the same each time."""
    for number, cell in enumerate(cells):
        cell.id = marks(cell).get("grade_id", f"own-{number}")[:64]
    return cells
