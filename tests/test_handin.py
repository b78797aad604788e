"""Handing in: a fresh run says what differs, and the archive holds what is collected."""

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.build import build
from autograder.execute import Limits
from autograder.handin import Warned, look_over, pack
from autograder.notebook import code_cells, read_notebook, write_notebook
from autograder.progress import Work, find_own_work
from autograder.source import find_labs
from tests.conftest import MakeProject
from tests.learner import RIGHT, WRONG, answer, cell_of, notebook_of

LIMITS = Limits(cell_seconds=10)


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


def said(project: Path) -> dict[str, str]:
    """Return what the look over says, by exercise."""
    work = work_of(project)
    return {warned.exercise: warned.what for warned in look_over(work.lab, work.submission, LIMITS, walled=False)}


def run_in_browser(project: Path, *order: int) -> None:
    """Give the notebook's code cells execution counts, in this order (the rest follow), and test cells no error."""
    notebook = read_notebook(notebook_of(project).read_bytes())
    for number, cell in enumerate(code_cells(notebook)):
        cell.execution_count = order[number] if number < len(order) else number + 100
        cell.outputs = []
    notebook_of(project).write_bytes(write_notebook(notebook))


def test_a_right_answer_is_not_mentioned_and_others_are_not_attempted(project: Path) -> None:
    """The hidden tests are not run: only what anyone may see."""
    answer(notebook_of(project), RIGHT)

    assert said(project) == dict.fromkeys(("write", "double", "share"), "not attempted")


def test_a_wrong_answer_says_its_reason(project: Path) -> None:
    """The visible test's own words."""
    answer(notebook_of(project), WRONG)

    assert said(project)["add"] == "the sum of 1 and 1 is 2, not 0"


def test_a_test_that_passed_only_in_an_old_kernel_is_stale(project: Path) -> None:
    """The notebook shows a pass, a fresh kernel fails: the learner hears of both."""
    answer(notebook_of(project), "add = helper_that_i_deleted")
    run_in_browser(project)

    assert said(project)["add"].startswith("its test passes as the notebook stands, but not in a fresh kernel: the answer itself stopped")


def test_cells_run_out_of_order_are_mentioned(project: Path) -> None:
    """It is the usual way to a state that nobody can make again."""
    answer(notebook_of(project), RIGHT)
    run_in_browser(project, 5, 3)

    assert "another order" in said(project)[""]


def test_the_archive_holds_what_is_collected(project: Path) -> None:
    """The notebook as it is, and nbgrader's timestamp; the same bytes for the same moment."""
    answer(notebook_of(project), RIGHT)
    work = work_of(project)
    moment = datetime(2026, 11, 27, 6, 5, 4, tzinfo=UTC)

    name, data = pack(work.lab, work.submission, moment)

    assert name == "small-lab-20261127-060504.zip"
    assert pack(work.lab, work.submission, moment) == (name, data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert sorted(archive.namelist()) == ["small-lab/small-lab.ipynb", "small-lab/timestamp.txt"]
        assert archive.read("small-lab/small-lab.ipynb") == notebook_of(project).read_bytes()
        assert archive.read("small-lab/timestamp.txt") == b"2026-11-27 06:05:04 UTC\n"


def test_a_deleted_test_cell_is_no_proof(project: Path) -> None:
    """It is put back, and fails for its reason."""
    notebook = read_notebook(notebook_of(project).read_bytes())
    cell_of(notebook, "add").source = WRONG
    notebook.cells.remove(cell_of(notebook, "test-add"))
    notebook_of(project).write_bytes(write_notebook(notebook))
    work = work_of(project)

    assert Warned("add", "the sum of 1 and 1 is 2, not 0") in look_over(work.lab, work.submission, LIMITS, walled=False)
