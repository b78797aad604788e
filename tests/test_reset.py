"""Beginning again: what is put back is as released, and what was there is kept."""

from pathlib import Path

import pytest

from autograder.build import build
from autograder.errors import Problem
from autograder.notebook import read_notebook, write_notebook
from autograder.release import make_release
from autograder.reset import reset_exercise, reset_lab
from autograder.source import Lab, find_labs
from tests.conftest import MakeProject
from tests.learner import RIGHT, answer, cell_of, notebook_of


@pytest.fixture
def project(make_project: MakeProject) -> Path:
    """The small lab's project, built, with two answers."""
    made = make_project()
    build(made)
    answer(notebook_of(made), RIGHT)
    answer(notebook_of(made), "def double(x):\n    return 2 * x", "double")
    return made


def lab_of(project: Path) -> Lab:
    """Return the small lab."""
    return find_labs(project / "source")[0]


def test_a_lab_is_put_back_and_the_old_one_is_kept(project: Path) -> None:
    """The notebook and the lab's files; a file of the learner's stays."""
    mine = notebook_of(project).read_bytes()
    folder = notebook_of(project).parent
    (folder / "start.json").write_text("my own")
    (folder / "notes.txt").write_text("my own")

    done = reset_lab(project / "labs", lab_of(project))

    assert notebook_of(project).read_bytes() == write_notebook(make_release(lab_of(project)))
    assert sorted(path.read_bytes() for path in done.aside) == sorted([mine, b"my own"])
    assert (folder / "start.json").read_text() == '{"start": 41}\n'
    assert (folder / "notes.txt").read_text() == "my own"


def test_a_fresh_lab_is_left_alone(project: Path) -> None:
    """A second reset does nothing."""
    reset_lab(project / "labs", lab_of(project))

    done = reset_lab(project / "labs", lab_of(project))

    assert (done.fresh, done.aside) == ([], [])


def test_one_exercise_is_put_back_and_the_others_stay(project: Path) -> None:
    """Only that cell changes, and loses its outputs."""
    mine = notebook_of(project).read_bytes()

    done = reset_exercise(project / "labs", lab_of(project), "add")

    now = read_notebook(notebook_of(project).read_bytes())
    assert cell_of(now, "add").source == cell_of(make_release(lab_of(project)), "add").source
    assert cell_of(now, "double").source.endswith("2 * x")
    assert [path.read_bytes() for path in done.aside] == [mine]


def test_a_deleted_answer_cell_comes_back(project: Path) -> None:
    """The lab's cells are in order again, with the learner's other answers."""
    notebook = read_notebook(notebook_of(project).read_bytes())
    notebook.cells.remove(cell_of(notebook, "add"))
    notebook_of(project).write_bytes(write_notebook(notebook))

    reset_exercise(project / "labs", lab_of(project), "add")

    now = read_notebook(notebook_of(project).read_bytes())
    assert cell_of(now, "add").source == cell_of(make_release(lab_of(project)), "add").source
    assert cell_of(now, "double").source.endswith("2 * x")


def test_an_unknown_exercise_changes_nothing(project: Path) -> None:
    """The error names those that there are."""
    mine = notebook_of(project).read_bytes()

    with pytest.raises(Problem, match="small-lab has no such exercise – choose from add, write"):
        reset_exercise(project / "labs", lab_of(project), "sum")
    assert notebook_of(project).read_bytes() == mine
    assert not list(notebook_of(project).parent.glob("*.mine.*"))


def test_a_notebook_that_cannot_be_read_is_put_back_whole_only(project: Path) -> None:
    """One exercise of it cannot be found; the whole lab can be put back, and what was there is kept."""
    notebook_of(project).write_text("{")

    with pytest.raises(Problem, match="put the whole lab back"):
        reset_exercise(project / "labs", lab_of(project), "add")
    (aside,) = reset_lab(project / "labs", lab_of(project)).aside
    assert aside.read_text() == "{"
