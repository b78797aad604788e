"""Other answers to a lab's exercises: right ones that must earn every point, wrong ones that must not."""

import shlex
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from nbformat import NotebookNode

from autograder.errors import SourceProblem
from autograder.notebook import marks
from autograder.source import Lab

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

    Each starts with a line `# %% grade_id="…" points=… message="…" why="…"`. Raises SourceProblem where one cannot be read,
    or where there is none in the file.
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
    return [_read_answer(path, start, lines[start], lines[start + 1 : end]) for start, end in pairwise([*starts, len(lines)])]


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


def _read_answer(path: Path, start: int, head: str, body: list[str]) -> Answer:
    where = f"{path}: line {start + 1}"
    try:
        fields = dict(part.split("=", 1) for part in shlex.split(head.removeprefix("# %%")) if "=" in part)
        points = float(fields["points"])
        return Answer(fields["grade_id"], points, fields.get("message", ""), fields.get("why", ""), "\n".join(body).strip(), start + 1)
    except (KeyError, ValueError) as error:
        raise SourceProblem(where, f"the answer's header cannot be read ({error})", _TODO) from None
