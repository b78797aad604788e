"""A fresh notebook, or a fresh answer cell, for a learner who wants to begin again. What was there is kept aside."""

from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from autograder.aside import keep_copy
from autograder.catalogue import notebook_path
from autograder.errors import Problem
from autograder.files import write_whole
from autograder.notebook import marks, read_notebook, write_notebook
from autograder.release import make_release
from autograder.restore import restore
from autograder.source import Lab


@dataclass(frozen=True)
class Reset:
    """What was put back, and where what was there before is kept."""

    fresh: list[Path] = field(default_factory=list)
    aside: list[Path] = field(default_factory=list)


def reset_lab(labs: Path, lab: Lab) -> Reset:
    """Put back the lab's notebook and its own files; what differs is kept aside first. Other files of the learner's stay as they are."""
    path = labs / notebook_path(lab)
    files = {path.parent / name: data for name, data in lab.files.items()} | {path: write_notebook(make_release(lab))}
    done = Reset()
    for place, data in files.items():
        if place.is_file() and place.read_bytes() == data:
            continue
        if place.is_file():
            done.aside.append(keep_copy(place))
        write_whole(place, data)
        done.fresh.append(place)
    return done


def reset_exercise(labs: Path, lab: Lab, exercise: str) -> Reset:
    """Put back one exercise's answer cell; a copy of the notebook is kept aside. All other cells stay as they are.

    Raises Problem where the lab has no such exercise, or the notebook cannot be read.
    """
    path, release = labs / notebook_path(lab), make_release(lab)
    fresh = cell_of(release, lab, exercise)
    notebook = _read(path)
    there = [cell for cell in notebook.cells if marks(cell).get("grade_id") == exercise]
    aside = keep_copy(path)
    if there:
        there[0].source = fresh.source
        if there[0].cell_type == "code":
            there[0].outputs, there[0].execution_count = [], None
    else:  # the cell was deleted: all of the lab's cells are put in order, the learner's among them
        notebook = restore(release, notebook)
        next(cell for cell in notebook.cells if marks(cell).get("grade_id") == exercise).source = fresh.source
    write_whole(path, write_notebook(notebook))
    return Reset([path], [aside])


def cell_of(notebook: NotebookNode, lab: Lab, exercise: str) -> NotebookNode:
    """Return the exercise's answer cell. Raises Problem where the lab has no such exercise."""
    known = [one.id for one in lab.exercises]
    if exercise not in known:
        raise Problem(exercise, f"{lab.slug} has no such exercise", f"choose from {', '.join(known)}")
    found: NotebookNode = next(cell for cell in notebook.cells if marks(cell).get("grade_id") == exercise)
    return found


def _read(path: Path) -> NotebookNode:
    try:
        return read_notebook(path.read_bytes())
    except Exception as error:  # nbformat raises what JSON, its schema and its converters raise
        raise Problem(path, f"cannot be read ({type(error).__name__})", "put the whole lab back: leave the exercise out") from None
