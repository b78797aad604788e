"""A case of the corpus: a submission that is named after what it does, and the verdict that an honest grader gives."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, v4

from autograder.answers import with_answers
from autograder.notebook import is_answer, marks, read_notebook, write_notebook
from autograder.release import make_release
from autograder.result import GRADED, Result
from autograder.score import ERROR, TIMED_OUT, WRONG
from autograder.source import Lab

Change = Callable[[NotebookNode], NotebookNode | bytes | None]
Check = Callable[[Path, Result], None]
FULL_POINTS = {"mean-wait": 30.0, "report": 25.0, "by-station": 15.0, "late-share": 30.0}
NOTHING = dict.fromkeys(FULL_POINTS, 0.0)
WRONG_ANSWERS = {  # they fail in the first visible test
    "mean-wait": "def mean_wait(minutes):\n    return None",
    "report": 'report = {"stations": 0, "mean": 0}',
    "by-station": "def by_station(frame):\n    return frame",
    "late-share": "def late_share(minutes, limit):\n    return None",
}
BY_HEART = {  # what every learner can write who reads the visible tests
    "mean-wait": "def mean_wait(minutes):\n    return 3",
    "report": 'report = {"stations": 0, "mean": 0}\nPath("report.json").write_text(json.dumps(report))',
    "by-station": 'def by_station(frame):\n    return pd.DataFrame({"station": ["a", "b"], "mean": [4.0, 2.0]})',
    "late-share": "def late_share(minutes, limit):\n    return 0.5",
}
VISIBLE_POINTS = {"mean-wait": 10.0, "report": 5.0, "by-station": 5.0, "late-share": 7.5}


@dataclass(frozen=True)
class Case:
    """A submission and its verdict. Texts may hold @PLACES@ of the host, which the test fills in.

    `answers` take the place of the right ones; `change` alters the notebook, or returns the bytes to hand in; `files` lie beside it (a
    Path is a link to there). `points` of an exercise are a number, or the least and the most; exercises that are not named earn all.
    `reason` stands in the result's; `messages` in those of exercises. `flagged` None: either will do.
    """

    name: str
    about: str
    answers: Mapping[str, str] = field(default_factory=dict)
    change: Change | None = None
    files: Mapping[str, bytes | str | Path] = field(default_factory=dict)
    points: Mapping[str, float | tuple[float, float]] = field(default_factory=dict)
    outcomes: Mapping[str, str] = field(default_factory=dict)
    messages: Mapping[str, str] = field(default_factory=dict)
    state: str = GRADED
    reason: str = ""
    flagged: bool | None = False
    check: Check | None = None
    notebook: str = "waits.ipynb"


def submission(lab: Lab, case: Case, places: Mapping[str, str]) -> bytes:
    """Return the bytes of the case's notebook: the solved lab with its answers and changes."""
    solved = {marks(cell)["grade_id"]: cell.source for cell in lab.notebook.cells if is_answer(cell)}
    assert case.answers.keys() <= solved.keys(), case.name
    notebook = copy.deepcopy(with_answers(make_release(lab), {**solved, **case.answers}))
    changed: Any = case.change(notebook) if case.change else None
    if isinstance(changed, bytes):
        return changed
    notebook = changed or notebook
    for cell in notebook.cells:
        if isinstance(cell.get("source"), str):
            cell.source = filled(cell.source, places)
    return write_notebook(notebook)


def filled(text: str, places: Mapping[str, str]) -> str:
    """Return the text with the host's places in it."""
    for name, value in places.items():
        text = text.replace(f"@{name}@", value)
    return text


def executed(cohort: Path, result: Result) -> NotebookNode:
    """Return the notebook as it was executed."""
    return read_notebook((cohort / "autograded" / result.student / "waits" / "waits.ipynb").read_bytes())


def own_cell(text: str, before: str = "mean-wait") -> Change:
    """Return a change that puts a cell of the learner's own before a marked cell; at the end where there is none of that name."""

    def change(notebook: NotebookNode) -> None:
        cells = notebook.cells
        place = next((number for number, cell in enumerate(cells) if marks(cell).get("grade_id") == before), len(cells))
        cells.insert(place, v4.new_code_cell(text))

    return change


def changes(*several: Change) -> Change:
    """Return a change that makes several, one after the other."""

    def change(notebook: NotebookNode) -> None:
        for one in several:
            one(notebook)

    return change


def cell_of(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    """Return the marked cell."""
    found: NotebookNode = next(cell for cell in notebook.cells if marks(cell).get("grade_id") == grade_id)
    return found


def patched(name: str, about: str, patch: str, **more: Any) -> Case:
    """Return a case that changes what judges it in a cell of its own, and answers all wrong."""
    return Case(name, about, more.pop("answers", WRONG_ANSWERS), own_cell(patch), points=more.pop("points", NOTHING), **more)


def tampered(name: str, about: str, patch: str, **more: Any) -> Case:
    """Return a patched case that must be flagged."""
    return patched(name, about, patch, flagged=True, **more)


def costs(exercise: str, outcome: str, message: str = "") -> dict[str, Any]:
    """Return the verdict that one exercise earns nothing, and all others everything."""
    said = {exercise: message} if message else {}
    return {"points": {exercise: 0.0}, "outcomes": {exercise: outcome}, "messages": said}


def ends(name: str, about: str, text: str, exercise: str = "report", outcome: str = ERROR, message: str = "") -> Case:
    """Return a case whose answer to one exercise is `text`, which costs that exercise alone."""
    return Case(name, about, {exercise: text}, **costs(exercise, outcome, message))


def never_ends(name: str, about: str, text: str, exercise: str = "report") -> Case:
    """Return a case whose answer to one exercise does not end."""
    return ends(name, about, text, exercise, TIMED_OUT, "stopped after")


def is_wrong(name: str, about: str, exercise: str, text: str, points: float = 0.0, outcome: str = WRONG, **more: Any) -> Case:
    """Return a case whose answer to one exercise earns `points`."""
    return Case(name, about, {exercise: text}, points={exercise: points}, outcomes={exercise: outcome} if outcome else {}, **more)
