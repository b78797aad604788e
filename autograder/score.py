"""Points, outcome and message of every exercise, from an executed notebook.

A test cell earns its points when it ends without an error; a number as its last value is a partial credit. What it writes to
stderr costs nothing. Where nbgrader gives full points to a credit of nan or below zero, it earns 0 here, with the reason.
"""

import math
import re
from dataclasses import asdict, dataclass, replace
from typing import Any

from nbformat import NotebookNode

from autograder.notebook import marks
from autograder.release import see_release
from autograder.source import Exercise, Lab

FULL, PARTIAL, WRONG, ERROR = "full", "partial", "wrong", "error"
TIMED_OUT, NOT_ATTEMPTED, TO_MARK = "timed out", "not attempted", "to be marked"
OUTCOMES = (FULL, PARTIAL, WRONG, ERROR, TIMED_OUT, NOT_ATTEMPTED, TO_MARK)
_NUMBER = re.compile(r"(?:np\.\w+\()?(?P<number>[^()]+)\)?$")
TERMINAL_CODES = re.compile(  # ECMA-48: titles and links up to their end, sequences, other escapes, and what is left of the C1 set
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]?|[\x80-\x9f]"
)
MESSAGE_CHARACTERS = 1000


@dataclass(frozen=True)
class Score:
    """What one exercise earned. `points` of `max_points`; `message` says why points were lost; `seconds` of its cells' run."""

    exercise: str
    points: float
    max_points: float
    outcome: str
    message: str = ""
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the score as JSON-able data."""
        return asdict(self)


@dataclass(frozen=True)
class CellScore:
    """What one test cell earned: the gradebook's unit. `points` is None where a person must mark it."""

    grade_id: str
    points: float | None
    max_points: float
    state: str = "ok"
    message: str = ""


def score(lab: Lab, executed: NotebookNode) -> list[Score]:
    """Return every exercise's score, in the lab's order."""
    cells = {marks(cell)["grade_id"]: cell for cell in executed.cells if marks(cell)}
    untouched = find_untouched(lab, executed)
    by_test = {scored.grade_id: scored for scored in score_cells(lab, executed)}
    scores = [_score_exercise(exercise, cells, exercise.id in untouched, by_test) for exercise in lab.exercises]
    flagged = executed.metadata.get("autograder", {}).get("flagged", "")
    return [replace(scored, points=0.0, outcome=WRONG, message=f"nothing is earned: {flagged}") for scored in scores] if flagged else scores


def score_cells(lab: Lab, executed: NotebookNode) -> list[CellScore]:
    """Return what each graded cell earned: test cells by their run, written answers and tasks as None."""
    cells = {marks(cell)["grade_id"]: cell for cell in executed.cells if marks(cell)}
    untouched = find_untouched(lab, executed)
    found = []
    for exercise in lab.exercises:
        if exercise.manual:
            points = 0.0 if exercise.id in untouched else None
            found.append(CellScore(exercise.id, points, float(marks(cells[exercise.id])["points"])))
        found += [_score_cell(cells[test]) for test in exercise.tests]
    if executed.metadata.get("autograder", {}).get("flagged"):
        return [replace(cell, points=0.0) for cell in found]
    return found


def error_text(cell: NotebookNode) -> str:
    """Return the message of the cell's error: an assertion's own words, else the exception's name and words; empty if none."""
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            name, value = (TERMINAL_CODES.sub("", str(output.get(key, ""))).strip() for key in ("ename", "evalue"))
            name = name or "Error"
            text = value if name == "AssertionError" and value else f"{name}: {value}" if value else name
            return text if len(text) <= MESSAGE_CHARACTERS else text[: MESSAGE_CHARACTERS - 1] + "…"
    return ""


def _score_cell(cell: NotebookNode) -> CellScore:
    found = marks(cell)
    points = float(found["points"])
    state = cell.metadata.get("autograder", {}).get("state", "skipped")
    name = found["grade_id"]
    if state == "timed out":
        return CellScore(name, 0.0, points, state, f"stopped after {cell.metadata['autograder']['seconds']:.0f} s")
    if state == "died":
        return CellScore(name, 0.0, points, state, _why_ended(cell, "this cell ran", "the kernel ended while this cell ran"))
    if state != "ok":
        return CellScore(name, 0.0, points, state, error_text(cell) or "was not run")
    values = [o for o in cell.outputs if o.output_type == "execute_result"]
    if not values:
        return CellScore(name, points, points)
    credit = _partial_credit(values, points)
    if isinstance(credit, str):
        return CellScore(name, 0.0, points, "failed", credit)
    return CellScore(name, credit, points)


def _partial_credit(values: list[NotebookNode], points: float) -> float | str:
    """Return the credit, a finite number from 0 to `points`, or the reason why the value is none."""
    text = "".join(values[0].get("data", {}).get("text/plain", ""))
    match = _NUMBER.match(text.strip())
    try:
        credit = float(match["number"]) if match else math.nan
    except ValueError:
        return f"the test's value {text[:60]!r} is no number: no credit"
    if len(values) > 1 or not math.isfinite(credit) or not 0 <= credit <= points:
        return f"the test's value {text[:60]!r} is not between 0 and {points:g}: no credit"
    return credit


def _score_exercise(exercise: Exercise, cells: dict[str, NotebookNode], untouched: bool, by_test: dict[str, CellScore]) -> Score:
    tests = [by_test[test] for test in exercise.tests]
    answer = cells[exercise.id]
    ran = answer.metadata.get("autograder", {})
    seconds = sum(cells[name].metadata.get("autograder", {}).get("seconds", 0.0) for name in (exercise.id, *exercise.tests))
    points = sum(test.points or 0.0 for test in tests)
    message = _message(answer, ran.get("state", ""), tests)

    def result(outcome: str, why: str = "") -> Score:
        return Score(exercise.id, round(points, 4), exercise.points, outcome, why, round(seconds, 2))

    if exercise.manual and by_test[exercise.id].points is None:
        return result(TO_MARK)
    if points == 0 and untouched:
        return result(NOT_ATTEMPTED)
    if points >= exercise.points:
        return result(FULL)
    if ran.get("state") == "timed out" or (points == 0 and any(test.state == "timed out" for test in tests)):
        return result(TIMED_OUT, message)
    if points > 0:
        return result(PARTIAL, message)
    broken = ran.get("state") in ("failed", "died") or any(test.state == "died" for test in tests)
    return result(ERROR if broken or not _is_assertion(cells, exercise) else WRONG, message)


def _message(answer: NotebookNode, state: str, tests: list[CellScore]) -> str:
    if state == "timed out":
        return f"the answer was stopped after {answer.metadata['autograder']['seconds']:.0f} s: it did not end"
    if state == "died":
        return _why_ended(answer, "the answer ran", "the answer ended the kernel that ran it")
    if state == "failed":
        return f"the answer itself stopped: {error_text(answer)}"
    lost = [test for test in tests if test.points is not None and test.points < test.max_points]
    return next((test.message for test in lost if test.message), "some of the points of a test were not earned" if lost else "")


def _why_ended(cell: NotebookNode, while_: str, otherwise: str) -> str:
    why = cell.metadata.get("autograder", {}).get("why", "")
    return f"{why} while {while_}, and was ended" if why else otherwise


def _is_assertion(cells: dict[str, NotebookNode], exercise: Exercise) -> bool:
    names = [o.get("ename") for test in exercise.tests for o in cells[test].get("outputs", []) if o.output_type == "error"]
    return not names or names[0] == "AssertionError"


def find_untouched(lab: Lab, executed: NotebookNode) -> set[str]:
    """Return the exercises that nobody has worked on: the answer is empty or as released, and below a task stands nothing new."""
    release = see_release(lab)
    now, then = ({marks(cell)["grade_id"]: cell for cell in notebook.cells if marks(cell)} for notebook in (executed, release))
    blank = {name for name, cell in then.items() if marks(cell).get("solution") and _is_blank(now[name].source, cell.source)}
    below, below_then = _cells_below(executed), _cells_below(release)
    tasks = {name: cell for name, cell in then.items() if marks(cell).get("task") and below[name] <= below_then[name]}
    return blank | {name for name, cell in tasks.items() if marks(cell).get("locked") or _is_blank(now[name].source, cell.source)}


def _cells_below(notebook: NotebookNode) -> dict[str, set[str]]:
    """Return the texts of the unmarked cells between each marked cell and the next: what learners write for a task stands there."""
    below: dict[str, set[str]] = {}
    name = ""
    for cell in notebook.cells:
        name = marks(cell).get("grade_id", name)
        if not marks(cell) and cell.source.strip():
            below.setdefault(name, set()).add("".join(cell.source.split()))
        below.setdefault(name, set())
    return below


def _is_blank(text: str, stub: str) -> bool:
    return "".join(text.split()) in ("", "".join(stub.split()))
