"""A cohort of twelve submissions of one lab, each named after what it is. `python -m tests.sample_cohort DIR` writes it."""

import copy
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from autograder.answers import Answer, is_right, read_answers, with_answers
from autograder.cohort import new_cohort
from autograder.notebook import is_answer, is_test, marks, write_notebook
from autograder.release import make_release
from autograder.source import Lab, find_labs

LAB = "experiment-tracking"
NOISE = "\nimport logging, sys, warnings\nwarnings.warn('just saying')\nlogging.warning('still saying')\nprint('42 %', file=sys.stderr)"


@dataclass(frozen=True)
class Sample:
    """A submission: its bytes, and the points that it must earn; None where it cannot be graded."""

    data: bytes
    points: float | None


def make_samples(lab: Lab) -> dict[str, Sample]:
    """Return the twelve submissions of the lab, by name."""
    names = [exercise.id for exercise in lab.exercises if not exercise.manual]
    points = {exercise.id: exercise.points for exercise in lab.exercises}
    total = sum(points[name] for name in names)
    solutions = {marks(cell)["grade_id"]: cell.source for cell in lab.notebook.cells if is_answer(cell)}
    answers = {answer.exercise: answer for answer in reversed(read_answers(lab))}
    right = {a.exercise: a.text for a in read_answers(lab) if is_right(a, points[a.exercise])}
    wrong = {a.exercise: a for a in reversed(read_answers(lab)) if not is_right(a, points[a.exercise])}
    assert set(answers) == set(names), "every exercise has other answers"
    first, half, last = names[0], names[: len(names) // 2], names[-1]

    def solved(texts: dict[str, str], change: Callable[[NotebookNode], None] = lambda _: None) -> bytes:
        notebook = copy.deepcopy(with_answers(make_release(lab), texts))
        change(notebook)
        return write_notebook(notebook)

    def without(name: str, instead: str) -> dict[str, str]:
        return {**solutions, name: instead}

    partial = {name: solutions[name] for name in half}
    mistaken = {name: answer.text for name, answer in wrong.items()}
    return {
        "another-style": Sample(solved({**solutions, **right}), total),
        "blank": Sample(solved({}), 0.0),
        "copies-an-answer-cell": Sample(solved(solutions, lambda nb: _copy_answer(nb, first)), total),
        "crashes": Sample(solved(without(last, "import os\nos._exit(1)")), total - points[last]),
        "deletes-a-test": Sample(
            solved(without(first, wrong[first].text), lambda nb: _delete_tests(nb, first)), _with_wrong(total, wrong[first], points)
        ),
        "edits-a-test": Sample(
            solved(without(first, wrong[first].text), lambda nb: _edit_tests(nb, first)), _with_wrong(total, wrong[first], points)
        ),
        "logs-to-stderr": Sample(solved({name: text + NOISE for name, text in solutions.items()}), total),
        "loops": Sample(solved(without(last, "while True:\n    pass")), total - points[last]),
        "not-a-notebook": Sample(b"%PDF-1.7 my homework", None),
        "partial": Sample(solved(partial), sum(points[name] for name in half)),
        "perfect": Sample(solved(solutions), total),
        "wrong": Sample(solved({**solutions, **mistaken}), sum(answer.points for answer in wrong.values())),
    }


def write_sample_cohort(folder: Path, lab: Lab) -> dict[str, Sample]:
    """Write the cohort's course folder with its twelve submissions, and return them."""
    samples = make_samples(lab)
    new_cohort(folder, [lab], {name: {"first_name": name.replace("-", " "), "last_name": "", "email": ""} for name in samples})
    for name, sample in samples.items():
        path = folder / "submitted" / name / lab.slug / f"{lab.slug}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(sample.data)
    return samples


def _with_wrong(total: float, answer: Answer, points: dict[str, float]) -> float:
    return total - points[answer.exercise] + answer.points


def _tests_of(notebook: NotebookNode, exercise: str) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if is_test(cell) and marks(cell)["grade_id"].endswith(f"-{exercise}")]


def _delete_tests(notebook: NotebookNode, exercise: str) -> None:
    gone = _tests_of(notebook, exercise)
    notebook.cells = [cell for cell in notebook.cells if cell not in gone]


def _edit_tests(notebook: NotebookNode, exercise: str) -> None:
    for cell in _tests_of(notebook, exercise):
        cell.source = "print('all fine')"


def _copy_answer(notebook: NotebookNode, exercise: str) -> None:
    place = next(number for number, cell in enumerate(notebook.cells) if marks(cell).get("grade_id") == exercise)
    notebook.cells.insert(place + 1, copy.deepcopy(notebook.cells[place]))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    made = write_sample_cohort(target, find_labs(Path(__file__).parents[1] / "source", (LAB,))[0])
    print(f"{target}: {len(made)} submissions of {LAB}")
