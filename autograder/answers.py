"""Other answers to a lab's exercises: right ones that must earn every point, wrong ones that must not."""

import re
import shlex
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from nbformat import NotebookNode

from autograder.changes import apply_changes
from autograder.errors import SourceProblem
from autograder.notebook import marks
from autograder.source import Lab

SOLUTION = "solution"
_SOLUTION_MARK = re.compile(r"^[ \t]*### (?:BEGIN|END) SOLUTION[ \t]*\n?", re.MULTILINE)
_TODO = 'write # %% grade_id="EXERCISE" points=NUMBER message="…" why="…"'


@dataclass(frozen=True)
class Answer:
    """One other answer: the text that replaces the answer cell, the points it must earn, a part of what its learner must read."""

    exercise: str
    points: float
    message: str
    why: str
    text: str
    line: int


def read_answers(lab: Lab) -> list[Answer]:
    """Return the answers in the lab's `answers.py`, in order; none where there is no such file.

    Each starts with a line `# %% grade_id="…" points=… message="…" why="…"`. With `changes="NAME"` in it, what follows are changes (as
    in changes.py) to the answer of the same exercise that has `name="NAME"`, or to the lab's own `solution`. Raises SourceProblem where
    one cannot be read, or where there is none in the file.
    """
    path = lab.path.parent / "answers.py"
    if not path.is_file():
        return []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError:
        raise SourceProblem(path, "is not UTF-8 text", "save it as UTF-8") from None
    starts = [number for number, line in enumerate(lines) if line.startswith("# %%")]
    if not starts:
        raise SourceProblem(path, "there is no answer in it", f"{_TODO} above each answer, or delete the file")
    read = [_read_answer(path, start, lines[start], lines[start + 1 : end]) for start, end in pairwise([*starts, len(lines)])]
    whole = {(answer.exercise, SOLUTION): _solution(lab, answer.exercise) for answer, _ in read}
    whole |= {(answer.exercise, head["name"]): answer.text for answer, head in read if "name" in head and "changes" not in head}
    return [_changed(path, answer, head["changes"], whole) if "changes" in head else answer for answer, head in read]


def with_answers(notebook: NotebookNode, texts: dict[str, str]) -> NotebookNode:
    """Return a copy of the notebook in which each answer cell named in `texts` has that text."""
    changed = NotebookNode(notebook)
    changed.cells = [_with_text(cell, texts) for cell in notebook.cells]
    return changed


def is_right(answer: Answer, points: float) -> bool:
    """Return whether the answer must earn all of its exercise's `points`."""
    return answer.points >= points


def _with_text(cell: NotebookNode, texts: dict[str, str]) -> NotebookNode:
    copy = NotebookNode(cell)
    name = marks(cell).get("grade_id")
    if marks(cell).get("solution") and name in texts:
        copy.source = texts[name]
    return copy


def _solution(lab: Lab, exercise: str) -> str:
    """Return the text of the exercise's solution, without the lines that mark it; empty where there is none."""
    texts = (cell.source for cell in lab.notebook.cells if marks(cell).get("grade_id") == exercise)
    return _SOLUTION_MARK.sub("", next(texts, "")).strip("\n")


def _changed(path: Path, answer: Answer, name: str, whole: dict[tuple[str, str], str]) -> Answer:
    where = f"{path}: line {answer.line}"
    if (answer.exercise, name) not in whole:
        todo = f"name a whole answer of this exercise (name=\"…\" in its header), or the {SOLUTION}"
        raise SourceProblem(where, f"it changes {name!r}, which is no whole answer to {answer.exercise!r}", todo)
    try:
        return replace(answer, text=apply_changes(whole[answer.exercise, name], answer.text))
    except ValueError as error:
        raise SourceProblem(where, f"its changes to {name!r} cannot be made: {error}", "mend the changes, or write the answer out") from None


def _read_answer(path: Path, start: int, head: str, body: list[str]) -> tuple[Answer, dict[str, str]]:
    where = f"{path}: line {start + 1}"
    try:
        fields = dict(part.split("=", 1) for part in shlex.split(head.removeprefix("# %%")) if "=" in part)
        points = float(fields["points"])
        text = "\n".join(body).strip("\n") if "changes" in fields else "\n".join(body).strip()
        return Answer(fields["grade_id"], points, fields.get("message", ""), fields.get("why", ""), text, start + 1), fields
    except (KeyError, ValueError) as error:
        raise SourceProblem(where, f"the answer's header cannot be read ({error})", _TODO) from None
