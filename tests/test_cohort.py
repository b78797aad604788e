"""A cohort is a stock nbgrader course folder, and bad input changes nothing."""

from pathlib import Path

import pytest
from traitlets.config.loader import PyFileConfigLoader

from autograder.cohort import new_cohort, read_cohort, read_roster
from autograder.errors import CohortProblem, UnknownLab
from autograder.source import Lab, read_lab
from tests.conftest import MakeProject, lab_path

ADA = {"ada": {"first_name": "Ada", "last_name": "L", "email": "ada@example.com"}}


@pytest.fixture
def lab(make_project: MakeProject) -> Lab:
    """The good lab."""
    return read_lab(lab_path(make_project()))


def test_a_new_cohort_has_the_folders_of_a_stock_course(lab: Lab, tmp_path: Path) -> None:
    """Source and release hold the lab's notebook and files; the release no hidden ones."""
    new_cohort(tmp_path / "autumn", [lab], ADA)

    folders = sorted(path.name for path in (tmp_path / "autumn").iterdir())
    assert folders == ["autograded", "feedback", "gradebook.db", "nbgrader_config.py", "release", "source", "submitted"]
    assert sorted(p.name for p in (tmp_path / "autumn" / "release" / "small-lab").iterdir()) == ["small-lab.ipynb", "start.json"]


def test_its_configuration_is_nbgraders(lab: Lab, tmp_path: Path) -> None:
    """nbgrader reads the cohort's name and folder from it."""
    new_cohort(tmp_path / "autumn", [lab], ADA)

    config = PyFileConfigLoader("nbgrader_config.py", path=str(tmp_path / "autumn")).load_config()

    assert (config.CourseDirectory.course_id, config.CourseDirectory.root) == ("autumn", str(tmp_path / "autumn"))


def test_a_cohort_reads_the_lab_that_was_written(lab: Lab, tmp_path: Path) -> None:
    """Exercises, files and roster are the same after the way through the folder."""
    new_cohort(tmp_path / "autumn", [lab], ADA)

    course = read_cohort(tmp_path / "autumn")

    assert (course.labs[0].exercises, course.labs[0].files, course.students) == (lab.exercises, lab.files, {"ada": "Ada L"})


def test_a_folder_that_is_in_use_is_left_alone(lab: Lab, tmp_path: Path) -> None:
    """Nothing is overwritten."""
    (tmp_path / "autumn").mkdir()
    (tmp_path / "autumn" / "thesis.txt").write_text("mine")

    with pytest.raises(CohortProblem, match="is there already, and not empty"):
        new_cohort(tmp_path / "autumn", [lab], ADA)
    assert [path.name for path in (tmp_path / "autumn").iterdir()] == ["thesis.txt"]


def test_a_cohort_that_is_not_there_is_told(tmp_path: Path) -> None:
    """What, where, what to do."""
    with pytest.raises(CohortProblem, match="there is no such folder – check the path"):
        read_cohort(tmp_path / "nowhere")


def test_a_folder_that_is_no_cohort_is_told(tmp_path: Path) -> None:
    """It names what is missing."""
    with pytest.raises(CohortProblem, match=r"no course folder: it has no nbgrader_config\.py"):
        read_cohort(tmp_path)


def test_an_unknown_lab_is_told(lab: Lab, tmp_path: Path) -> None:
    """It names those that there are."""
    new_cohort(tmp_path / "autumn", [lab], ADA)

    with pytest.raises(UnknownLab, match="big-lab: this cohort has no such lab – choose from small-lab"):
        read_cohort(tmp_path / "autumn", ("big-lab",))


ROSTERS = {
    "an-id-stands-twice": ("id\nada\nbo\nada\n", "line 4: 'ada' stands on line 2 already"),
    "an-id-is-none": ("id\n../etc\n", "line 2: '../etc' is no id"),
    "an-id-is-empty": ("id,first_name\n,Ada\n", "line 2: '' is no id"),
    "no-id-column": ("name\nada\n", "has no column 'id' (it has name)"),
    "empty": ("", "has no column 'id' (it has none)"),
}


@pytest.mark.parametrize("fault", ROSTERS)
def test_a_broken_roster_is_told_by_its_line(tmp_path: Path, fault: str) -> None:
    """Every fault is named, with the line where it stands."""
    text, message = ROSTERS[fault]
    (tmp_path / "roster.csv").write_text(text)

    with pytest.raises(CohortProblem) as caught:
        read_roster(tmp_path / "roster.csv")
    assert message in str(caught.value)


def test_a_roster_from_a_spreadsheet_is_read(tmp_path: Path) -> None:
    """A byte-order mark, quotes, spaces after commas and missing columns do no harm."""
    (tmp_path / "roster.csv").write_bytes('\ufeffid, first_name, last_name\nada, "Ada, Countess", L\n'.encode())

    assert read_roster(tmp_path / "roster.csv") == {"ada": {"first_name": "Ada, Countess", "last_name": "L", "email": ""}}


def test_a_roster_that_is_not_there_is_told(tmp_path: Path) -> None:
    """It is a problem with a reason, not a traceback."""
    with pytest.raises(CohortProblem, match="cannot be read"):
        read_roster(tmp_path / "roster.csv")
