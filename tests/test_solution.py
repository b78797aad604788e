"""The reference solution: only for an exercise that was tried."""

from pathlib import Path

import pytest

from autograder.build import build
from autograder.errors import Problem
from autograder.progress import Work, find_own_work
from autograder.solution import compare
from autograder.source import find_labs
from tests.conftest import MakeProject
from tests.learner import WRONG, answer, notebook_of


@pytest.fixture
def project(make_project: MakeProject) -> Path:
    """The small lab's project, built."""
    made = make_project()
    build(made)
    return made


def work_of(project: Path) -> Work:
    """Return the learner's work on the one lab."""
    (found,) = find_own_work(project / "labs", find_labs(project / "source"))
    return found


def test_a_tried_exercise_is_compared(project: Path) -> None:
    """Right or wrong; the marks of the source are left out."""
    answer(notebook_of(project), WRONG)

    compared = compare(work_of(project), "add")

    assert compared.mine == WRONG
    assert "the_sum_of_both = a + b" in compared.reference
    assert "###" not in compared.reference


@pytest.mark.parametrize("text", ["", "\n", None])
def test_an_exercise_that_was_not_tried_is_refused(project: Path, text: str | None) -> None:
    """Also where the stub was only deleted, and in a lab in which another exercise was tried."""
    answer(notebook_of(project), "2 + 2", "double")
    if text is not None:
        answer(notebook_of(project), text)

    with pytest.raises(Problem, match="add: is not attempted in small-lab – try it first"):
        compare(work_of(project), "add")


def test_an_untouched_lab_is_refused(project: Path) -> None:
    """There is nothing to compare."""
    with pytest.raises(Problem, match="not attempted"):
        compare(work_of(project), "add")


def test_an_unknown_exercise_is_named(project: Path) -> None:
    """With those that there are."""
    with pytest.raises(Problem, match="choose from add"):
        compare(work_of(project), "sum")
