"""A lab as its author wrote it: header, notebook with solutions and hidden tests, exercises, files."""

import hashlib
import json
import math
import os
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, get_origin

import jupytext
import nbformat
from nbformat import NotebookNode

from autograder.errors import SourceProblem, UnknownLab
from autograder.notebook import exercise_of, is_answer, is_judge, is_test, marks, read_notebook

LEVELS = ("beginner", "intermediate", "advanced")
ROLES = ("MLOps Engineer", "Production ML Engineer", "AI Platform Engineer", "LLMOps / GenAIOps Engineer")
USES_ANSWERS = "uses-answers"
FOR_EVERY_JUDGE = ("metro_bikes.py", "judgekit.py")
HIDDEN_MARK = "BEGIN HIDDEN TESTS"
_KINDS = {"int": "a whole number", "str": "a text", "bool": "true or false", "tuple": "a list of texts", "dict": "pairs of texts"}


@dataclass(frozen=True)
class Header:
    """What a lab says of itself, once, in its YAML header. `minutes` is a learner's time; `terms` are words that it explains."""

    title: str
    level: str
    slug: str
    minutes: int
    prerequisites: tuple[str, ...]
    tools: tuple[str, ...]
    outcomes: tuple[str, ...]
    roles: tuple[str, ...]
    roadmap: str
    hand_in: tuple[str, ...] = ()
    project: bool = False
    terms: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Exercise:
    """An answer cell and the test cells that judge it. `points` includes `judged`, those of its `judge` cells."""

    id: str
    tests: tuple[str, ...]
    points: float
    judged: float = 0.0
    manual: bool = False


@dataclass(frozen=True)
class Lab:
    """A lab, read. `files` lie beside the notebook, `hidden` only beside the judge; both map a relative path to bytes."""

    path: Path
    header: Header
    notebook: NotebookNode
    exercises: tuple[Exercise, ...]
    files: dict[str, bytes] = field(default_factory=dict)
    hidden: dict[str, bytes] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        """The lab's nbgrader assignment id, and its notebook's name."""
        return self.header.slug

    @property
    def points(self) -> float:
        """The sum of all exercises' points."""
        return sum(exercise.points for exercise in self.exercises)

    @cached_property
    def version(self) -> str:
        """The SHA-256 of all that a submission is graded against: the cells, and the files beside them."""
        cells = json.dumps([(cell.cell_type, cell.source, cell.metadata) for cell in self.notebook.cells], sort_keys=True).encode()
        files = {**{f"files/{name}": data for name, data in self.files.items()}, **{f"hidden/{name}": d for name, d in self.hidden.items()}}
        parts = [cells, *(part for name in sorted(files) for part in (name.encode(), files[name]))]
        return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def read_lab(path: Path) -> Lab:
    """Return the lab in `path`: a `lab.py` with `files/` and `hidden/` beside it, or a cohort's `source/SLUG/SLUG.ipynb`.

    Raises SourceProblem where the notebook or its header cannot be read.
    """
    path = Path(os.path.abspath(path))
    notebook = read_source(path)
    header = _read_header(path, notebook)
    exercises = _find_exercises(path, notebook)
    if path.suffix == ".py":
        hidden = _read_folder(path.parent / "hidden")
        every = [path.parent.parent.parent / name for name in FOR_EVERY_JUDGE]
        hidden |= {there.name: there.read_bytes() for there in every if there.is_file()}
        return Lab(path, header, notebook, exercises, _read_folder(path.parent / "files"), hidden)
    files = {name: data for name, data in _read_folder(path.parent).items() if name != path.name}
    hidden = {name.removeprefix("hidden/"): files.pop(name) for name in sorted(files) if name.startswith("hidden/")}
    return Lab(path, header, notebook, exercises, files, hidden)


def find_labs(source: Path, wanted: tuple[str, ...] = ()) -> list[Lab]:
    """Return the labs under `source`, in the order of level and folder; only those whose slug or folder is in `wanted`, if any.

    Raises UnknownLab where a wanted one is not there, SourceProblem where one cannot be read.
    """
    paths = [path for level in LEVELS for path in sorted(source.glob(f"{level}/*/lab.py"))]
    names = {path: {path.parent.name, re.sub(r"^\d+-", "", path.parent.name)} for path in paths}
    known = set().union(*names.values())
    asked = {name.rstrip("/").split("/")[-1] for name in wanted}
    for name in sorted(asked - known):
        raise UnknownLab(name, "no such lab", f"choose from {', '.join(sorted(n for n in known if not n[:1].isdigit()))}")
    labs = [read_lab(path) for path in paths if not asked or names[path] & asked]
    for lab in labs:
        if lab.slug != re.sub(r"^\d+-", "", lab.path.parent.name):
            raise SourceProblem(lab.path, f"slug {lab.slug!r} is not the folder's name", "let them agree: NN-SLUG/lab.py")
    return labs


def read_source(path: Path) -> NotebookNode:
    """Return the notebook in `path`, cells with ids that are the same each time. Raises SourceProblem where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
        notebook = jupytext.reads(text, fmt="py:percent") if path.suffix == ".py" else read_notebook(text.encode())
    except OSError as error:
        raise SourceProblem(path, f"cannot be read ({error.strerror})", "check the path and its permissions") from None
    except Exception as error:  # jupytext and nbformat raise what their YAML and JSON parsers raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SourceProblem(path, f"is not a notebook source ({reason})", "mend its header: YAML between the two '# ---' lines") from None
    notebook.metadata = nbformat.from_dict({k: v for k, v in notebook.metadata.items() if k in ("kernelspec", "lab")})
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        cell.metadata.pop("lines_to_next_cell", None)
        name = marks(cell).get("grade_id") or hashlib.sha256(cell.source.encode()).hexdigest()[:12]
        seen[name] = seen.get(name, 0) + 1
        cell.id = (name if seen[name] == 1 else f"{name[:58]}-{seen[name]}")[:64]
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def _read_header(path: Path, notebook: NotebookNode) -> Header:
    found = notebook.metadata.get("lab")
    if not isinstance(found, dict):
        raise SourceProblem(path, "has no 'lab' header", "start from source/_template/lab.py")
    known = Header.__dataclass_fields__
    values: dict[str, Any] = {}
    for name, spec in known.items():
        if name not in found:
            if name in ("hand_in", "project", "terms"):
                continue
            raise SourceProblem(path, f"header field '{name}' is missing", "add it to the 'lab' block of the YAML header")
        value = found[name]
        kind = str(getattr(get_origin(spec.type) or spec.type, "__name__", ""))
        if not _is_kind(value, kind):
            raise SourceProblem(path, f"header field '{name}' is {value!r}", f"make it {_KINDS[kind]}")
        values[name] = tuple(value) if kind == "tuple" else value
    for name in sorted(set(found) - set(known)):
        raise SourceProblem(path, f"header field '{name}' is not known", f"use only {', '.join(known)}")
    if values["level"] not in LEVELS:
        raise SourceProblem(path, f"level {values['level']!r} is not known", f"choose from {', '.join(LEVELS)}")
    return Header(**values)


def _is_kind(value: Any, kind: str) -> bool:
    if kind == "tuple":
        return type(value) is list and all(isinstance(item, str) for item in value)
    if kind == "dict":
        return isinstance(value, dict) and all(isinstance(item, str) for item in [*value, *value.values()])
    return type(value).__name__ == kind


def _find_exercises(path: Path, notebook: NotebookNode) -> tuple[Exercise, ...]:
    order: list[str] = []
    seen: set[str] = set()
    tests: dict[str, list[NotebookNode]] = {}
    manual: dict[str, float] = {}
    if not notebook.cells:
        raise SourceProblem(path, "has no cells", "start from source/_template/lab.py")
    for number, cell in enumerate(notebook.cells, 1):
        found = marks(cell)
        name = found.get("grade_id", "")
        points: Any = found.get("points")
        where = f"{path}: cell {number} ({name})"
        if found and name in seen:
            raise SourceProblem(where, "grade_id stands twice", "give each cell a grade_id of its own")
        seen.add(name)
        if found.get("grade") or found.get("task"):
            if type(points) not in (int, float):
                raise SourceProblem(where, "points missing", 'add "points" to the cell\'s nbgrader header')
            if not 0 <= points < math.inf:
                raise SourceProblem(where, f"its points are {points}", "make them a number, 0 or more")
        if is_answer(cell):
            order.append(name)
            if found.get("task") or found.get("grade"):
                manual[name] = float(points)
        elif is_test(cell):
            exercise = exercise_of(name, order)
            if exercise not in order:
                what = f"test cell belongs to no answer cell before it ({exercise or 'no exercise named'})"
                raise SourceProblem(where, what, "name it test-EXERCISE or judge-EXERCISE, after the answer cell EXERCISE")
            if HIDDEN_MARK in cell.source and not is_judge(cell):
                what = "hidden tests in a cell that runs in the learner's own kernel, where the learner's code can read them"
                raise SourceProblem(where, what, 'add tags=["judge"] to the cell\'s header, and import in it what it needs')
            tests.setdefault(exercise, []).append(cell)
    return tuple(
        Exercise(
            id=name,
            tests=tuple(marks(cell)["grade_id"] for cell in tests.get(name, [])),
            points=manual.get(name, 0.0) + sum(float(marks(cell)["points"]) for cell in tests.get(name, [])),
            judged=sum(float(marks(cell)["points"]) for cell in tests.get(name, []) if is_judge(cell)),
            manual=name in manual,
        )
        for name in order
        if name in tests or name in manual
    )


def _read_folder(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        return {}
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not _is_litter(path.relative_to(folder)))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _is_litter(path: Path) -> bool:
    return any(part in ("__pycache__", ".ipynb_checkpoints", ".DS_Store") for part in path.parts)
