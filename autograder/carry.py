"""A learner's answers and own cells, carried over into a newer version of their lab."""

import copy

from nbformat import NotebookNode

from autograder.notebook import is_answer, marks


def carry_over(old: NotebookNode, mine: NotebookNode, new: NotebookNode) -> NotebookNode:
    """Return the release `new` with what the learner wrote in `mine`, which began as the release `old`.

    That is each answer that they changed, and each cell whose text is not one of the old release's: it stands behind the cell of the
    new release that it stood behind, or as near as that can be. What the new release no longer asks for stays as a cell of their own.
    """
    then = {marks(cell)["grade_id"]: cell.source for cell in old.cells if marks(cell)}
    given = {_squeezed(cell.source) for cell in old.cells}
    asked = {marks(cell)["grade_id"] for cell in new.cells if is_answer(cell)}
    answers: dict[str, str] = {}
    behind: dict[str, list[NotebookNode]] = {}
    known = {_place(cell) for cell in new.cells}
    place = ""
    for cell in mine.cells:
        name = str(marks(cell).get("grade_id", ""))
        place = _place(cell) if _place(cell) in known else place
        if name in asked and name not in answers:
            if name in then and _squeezed(cell.source) != _squeezed(then[name]):
                answers[name] = cell.source
        elif cell.source.strip() and _squeezed(cell.source) not in given and (not marks(cell) or is_answer(cell)):
            behind.setdefault(place, []).append(_own(cell))
    made = copy.deepcopy(new)
    made.cells = behind.get("", [])
    for cell in copy.deepcopy(new.cells):
        cell.source = answers.get(marks(cell).get("grade_id", ""), cell.source)
        made.cells += [cell, *behind.get(_place(cell), [])]
    taken = {cell.id for cell in new.cells}
    for number, cell in enumerate(made.cells):
        if cell.get("id") is None:
            cell.id = next(f"mine-{n}" for n in range(number, len(made.cells) + number + 1) if f"mine-{n}" not in taken)
            taken.add(cell.id)
    return made


def _place(cell: NotebookNode) -> str:
    return str(marks(cell).get("grade_id") or cell.get("id", ""))


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _own(cell: NotebookNode) -> NotebookNode:
    own: NotebookNode = copy.deepcopy(cell)
    own.metadata = {}
    own.pop("id", None)
    if own.cell_type == "code":
        own.outputs, own.execution_count = [], None
    return own
