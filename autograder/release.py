"""The notebook that learners open: nbgrader's own steps, called as functions, over the source."""

import copy
import functools
import hashlib
import html
import json
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)

from autograder.errors import SourceProblem
from autograder.notebook import marks
from autograder.source import Lab, read_source

STEPS = (LockCells, ClearSolutions, ClearOutput, CheckCellMetadata, ClearHiddenTests, ClearMarkScheme, ComputeChecksums)
SOLVED_STEPS = (LockCells, ClearOutput, CheckCellMetadata, ComputeChecksums)
PYTHON = {"display_name": "Python 3", "language": "python", "name": "python3"}


def make_release(lab: Lab) -> NotebookNode:
    """Return the lab without solutions, hidden tests and mark schemes, with its card, locked cells and checksums.

    Raises SourceProblem where nbgrader refuses the notebook.
    """
    return copy.deepcopy(see_release(lab))


def make_solved(lab: Lab) -> NotebookNode:
    """Return the lab with its solutions and hidden tests, in the form in which nbgrader keeps a source notebook."""
    return copy.deepcopy(see_solved(lab))


def see_release(lab: Lab) -> NotebookNode:
    """Return what `make_release` does, for those who only read it: everybody gets the same."""
    return _make(_Made(lab), STEPS)


def see_solved(lab: Lab) -> NotebookNode:
    """Return what `make_solved` does, for those who only read it: everybody gets the same."""
    return _make(_Made(lab), SOLVED_STEPS)


def make_page(path: Path) -> NotebookNode:
    """Return a notebook that is no lab, from its source: a page with cells to run. Raises SourceProblem where it cannot be read."""
    notebook = read_source(path)
    notebook.metadata = nbformat.from_dict({"kernelspec": PYTHON})
    notebook.metadata["lab"] = {"digest": digest(notebook)}
    return notebook


def digest(notebook: NotebookNode) -> str:
    """Return a short digest of what a person may edit: every cell's kind and text."""
    text = json.dumps([(cell.cell_type, "".join(cell.source)) for cell in notebook.cells])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_edited(notebook: NotebookNode) -> bool:
    """Return whether somebody changed the released notebook's text, or its header no longer says how it was."""
    header = notebook.metadata.get("lab")
    return not isinstance(header, dict) or header.get("digest") != digest(notebook)


def render_card(lab: Lab) -> str:
    """Return the lab's card as Markdown: level, minutes, tools, what to do first, what one can do afterwards, for which roles."""
    header = lab.header
    before = ", ".join(f"`{slug}`" for slug in header.prerequisites) or "none"
    rows = [
        ("Level", header.level),
        ("Time", f"about {header.minutes} minutes"),
        ("Tools", ", ".join(header.tools)),
        ("Labs to do first", before),
        ("Covers", f"{header.roadmap} (MLOps & Production AI Roadmap)"),
        ("Roles", ", ".join(header.roles)),
    ]
    table = "\n".join(["| This lab | |", "|:--|:--|", *(f"| {name} | {in_table(text)} |" for name, text in rows)])
    outcomes = "\n".join(f"- {outcome}" for outcome in header.outcomes)
    return f"{table}\n\n**Afterwards you can**\n\n{outcomes}"


def in_table(text: str) -> str:
    """Return the text as one cell of a Markdown table: tags are shown, and neither a bar nor a line's end ends the cell."""
    return html.escape(" ".join(text.split()), quote=False).replace("|", r"\|")


class _Made:
    """A lab, equal to another reading of the same: nbgrader's steps take longer than all else that is done for a submission."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self._key = lab, (lab.path, lab.version, repr(lab.header))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Made) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@functools.lru_cache(maxsize=64)
def _make(made: _Made, steps: tuple[type, ...]) -> NotebookNode:
    notebook = _apply(made.lab, steps)
    if steps == STEPS:
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.source = cell.source.rstrip("\n")
        notebook.metadata["lab"] = {**notebook.metadata["lab"], "digest": digest(notebook)}
    return notebook


def _apply(lab: Lab, steps: tuple[type, ...]) -> NotebookNode:
    notebook = copy.deepcopy(lab.notebook)
    notebook.metadata = nbformat.from_dict({"kernelspec": PYTHON, "lab": notebook.metadata["lab"]})
    if lab.path.suffix == ".py":
        _add_card(notebook, lab)
    resources: dict[str, object] = {}
    for step in steps:
        try:
            notebook, resources = step().preprocess(notebook, resources)
        except Exception as error:  # nbgrader raises bare RuntimeErrors and its own ValidationError
            raise SourceProblem(lab.path, f"{step.__name__}: {error}", "mend the cell's nbgrader header or its BEGIN/END lines") from None
    for cell in notebook.cells:
        found = marks(cell)
        if found.get("locked") and not found.get("grade") and not found.get("task"):
            cell.metadata["deletable"] = False
    return notebook


def _add_card(notebook: NotebookNode, lab: Lab) -> None:
    first = notebook.cells[0]
    title, _, rest = first.source.partition("\n")
    first.source = f"{title}\n\n{render_card(lab)}\n{rest}".rstrip("\n")
