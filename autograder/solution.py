"""The reference solution of an exercise, beside the learner's answer: only for an exercise that they have tried."""

from dataclasses import dataclass

from autograder.errors import Problem
from autograder.notebook import read_notebook
from autograder.progress import Work
from autograder.release import make_release, make_solved
from autograder.reset import cell_of
from autograder.restore import restore


@dataclass(frozen=True)
class Answers:
    """An exercise's two answers, as text."""

    exercise: str
    mine: str
    reference: str


def compare(work: Work, exercise: str) -> Answers:
    """Return the learner's answer and the reference. Raises Problem where the exercise is unknown, written, or not tried yet."""
    lab = work.lab
    released = cell_of(make_release(lab), lab, exercise)
    if released.cell_type != "code":
        raise Problem(exercise, "is a written part", "there is no one solution: a person marks it")
    mine = ""
    if work.submission.notebook:
        mine = cell_of(restore(make_release(lab), read_notebook(work.submission.notebook)), lab, exercise).source
    if "".join(mine.split()) in ("", "".join(released.source.split())):
        raise Problem(exercise, f"is not attempted in {lab.slug}", "try it first: write an answer, run its test, save the notebook")
    lines = cell_of(make_solved(lab), lab, exercise).source.splitlines()
    reference = "\n".join(line for line in lines if line.strip() not in ("### BEGIN SOLUTION", "### END SOLUTION"))
    return Answers(exercise, mine, reference)
