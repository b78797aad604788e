"""A learner's own state, on their own machine."""

from pathlib import Path

import pytest

from autograder.build import build
from autograder.execute import Limits
from autograder.notebook import marks, read_notebook, write_notebook
from autograder.progress import find_own_work, grade_own_work
from autograder.result import GRADED, MISSING, UNREADABLE, Result
from autograder.score import FULL, NOT_ATTEMPTED
from autograder.source import Lab, find_labs
from autograder.workers import local_workers
from tests.conftest import MakeProject

LIMITS = Limits(cell_seconds=10)


@pytest.fixture
def built(make_project: MakeProject) -> tuple[Path, list[Lab]]:
    """The folder labs/ of the good project, freshly built, and its labs."""
    project = make_project()
    build(project)
    return project / "labs", find_labs(project / "source")


def notebook_of(labs: Path) -> Path:
    """Return the learner's notebook."""
    return labs / "beginner" / "01-small-lab" / "small-lab.ipynb"


def state(labs: Path, wanted: list[Lab]) -> Result:
    """Return the learner's state in the one lab."""
    with local_workers(1) as workers:
        (result,) = grade_own_work(find_own_work(labs, wanted), workers, LIMITS, walled=False)
    return result


def test_a_lab_that_nobody_touched_is_not_started(built: tuple[Path, list[Lab]]) -> None:
    """It is not run, and each exercise is not attempted."""
    result = state(*built)

    assert (result.state, result.reason, result.seconds) == (GRADED, "not started", 0.0)
    assert [score.outcome for score in result.scores] == [NOT_ATTEMPTED] * 4


def test_an_answer_is_graded_with_the_hidden_tests(built: tuple[Path, list[Lab]]) -> None:
    """The judge's points count too, and the notebook itself stays as it was."""
    labs, wanted = built
    notebook = read_notebook(notebook_of(labs).read_bytes())
    for cell in notebook.cells:
        if marks(cell).get("grade_id") == "add":
            cell.source = "def add(a, b):\n    return b + a"
    notebook_of(labs).write_bytes(write_notebook(notebook))
    before = notebook_of(labs).read_bytes()

    result = state(labs, wanted)

    assert {score.exercise: score.outcome for score in result.scores} == {
        "add": FULL,
        **dict.fromkeys(("write", "double", "share"), NOT_ATTEMPTED),
    }
    assert result.points == 25
    assert notebook_of(labs).read_bytes() == before


def test_a_notebook_that_is_gone_is_missing(built: tuple[Path, list[Lab]]) -> None:
    """It says how to bring it back."""
    labs, wanted = built
    notebook_of(labs).unlink()

    result = state(labs, wanted)

    assert result.state == MISSING
    assert "git checkout" in result.reason


def test_a_notebook_that_cannot_be_read_is_unreadable(built: tuple[Path, list[Lab]]) -> None:
    """A broken file is a state with a reason."""
    labs, wanted = built
    notebook_of(labs).write_text("{")

    result = state(labs, wanted)

    assert result.state == UNREADABLE
    assert "is not a notebook" in result.reason
