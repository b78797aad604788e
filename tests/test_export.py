"""Grades for other programs: in their own columns, empty where nothing is graded, and what finds no place is said."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder import cli
from autograder.attempts import open_attempts
from autograder.cohort import new_cohort, read_cohort
from autograder.errors import Problem
from autograder.export import Exported, Grades, export
from autograder.gradebook import open_gradebook, save_scores
from autograder.people import Person, make_directory, read_names
from autograder.result import GRADED, MISSING, Result
from autograder.score import TO_MARK, CellScore, Score
from autograder.source import Lab, read_lab
from tests.conftest import MakeProject, lab_path, write_project
from tests.test_grade import WRITTEN
from tests.test_people import GRADEBOOK, ROSTER, WORKSHEET, write

FORMULA = '=HYPERLINK("http://evil.example")'


@pytest.fixture
def lab(make_project: MakeProject) -> Lab:
    """The good lab: 100 points, "A small lab"."""
    return read_lab(lab_path(make_project()))


def graded(lab: Lab, student: str, points: float) -> Result:
    """Return a graded result."""
    return Result(student, lab.slug, GRADED, lab.points, points=points)


def grades(lab: Lab, *results: Result, people: tuple[Person, ...] = ROSTER) -> Grades:
    """Return a cohort's grades: Ada has 87.5, one Anna 0, the other handed in nothing, unless results say otherwise."""
    found = results or (graded(lab, "ada", 87.5), graded(lab, "anna1", 0.0), Result("anna2", lab.slug, MISSING, lab.points, "nothing"))
    return Grades("autumn", [lab], people, {(one.student, one.lab): one for one in found})


def made(form: str, given: Grades, folder: Path, names: str = "") -> Exported:
    """Export, with a platform's list."""
    return export(form, given, make_directory(given.people, read_names(write(folder, names)) if names else None))


def table(exported: Exported) -> list[list[str]]:
    """Return the file's rows."""
    return [*csv.reader(io.StringIO(exported.text))]


def column(exported: Exported, key: str, value: str) -> dict[str, str]:
    """Return one column by another."""
    return {row[key]: row[value] for row in csv.DictReader(io.StringIO(exported.text))}


def test_the_table_has_a_row_for_each_student(lab: Lab, tmp_path: Path) -> None:
    """0 is 0, and what is not graded is empty."""
    assert table(made("csv", grades(lab), tmp_path)) == [
        ["student", "first_name", "last_name", "email", "small-lab"],
        ["ada", "Ada", "Lovelace", "ada@example.org", "87.5"],
        ["anna1", "Anna", "Müller", "anna.one@example.org", "0"],
        ["anna2", "Anna", "Müller", "anna.two@example.org", ""],
        ["mary", "Mary Jane", "O'Neill-Smith", "", ""],
    ]


def test_the_data_has_the_shape_of_the_reports(lab: Lab, tmp_path: Path) -> None:
    """As documented there; null where nothing is graded."""
    found = json.loads(made("json", grades(lab), tmp_path).text)
    assert (found["version"], [one["points"] for one in found["results"]]) == (1, [87.5, 0.0, None])


# Canvas


def test_canvas_gets_its_own_columns_back(lab: Lab, tmp_path: Path) -> None:
    """Who is who as Canvas wrote it, the assignment by its id, the points possible; nothing that Canvas computes itself."""
    second = GRADEBOOK.replace('"Student, Test"', '"O\'Neill-Smith, Mary Jane",2004,,mary,Autumn,,\n"Student, Test"')
    found = made("canvas", grades(lab), tmp_path, second)

    assert table(found) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "A small lab (901)"],
        ["    Points Possible", "", "", "", "", "100"],
        ["Lovelace, Ada", "2001", "S1", "ada", "Autumn", "87.5"],
        ["Müller, Anna", "2002", "S2", "anna.one@example.org", "Autumn", "0"],
        ["O'Neill-Smith, Mary Jane", "2004", "", "mary", "Autumn", ""],
    ]
    assert (found.lost, found.notes) == ((), ("not in the file: 'Student, Test' in names.csv is nobody on the roster",))


def test_canvas_makes_an_assignment_that_it_does_not_have(lab: Lab, tmp_path: Path) -> None:
    """And that is said."""
    found = made("canvas", grades(lab), tmp_path, GRADEBOOK.replace("A small lab (901)", "Essay (901)"))
    assert (table(found)[0][-1], table(found)[1][-1]) == ("A small lab", "100")
    assert "Canvas has no assignment 'A small lab' or 'small-lab': it will make one" in found.notes


def test_a_grade_that_stands_in_canvas_is_not_taken_away(lab: Lab, tmp_path: Path) -> None:
    """What is not graded here stays as Canvas has it."""
    text = GRADEBOOK.replace("anna.one@example.org,Autumn,,", "anna.one@example.org,Autumn,64,")
    found = made("canvas", grades(lab, graded(lab, "ada", 50)), tmp_path, text)
    assert column(found, "ID", "A small lab (901)") == {"": "100", "2001": "50", "2002": "64"}


def test_canvas_without_its_list_gets_logins(lab: Lab, tmp_path: Path) -> None:
    """The header that it asks for, and a word that the ids must be logins."""
    found = made("canvas", grades(lab), tmp_path)
    assert table(found)[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "A small lab"]
    assert table(found)[2] == ["Lovelace, Ada", "", "", "ada", "", "87.5"]
    assert "the ids were taken for SIS Login IDs" in found.notes[0]


WRONG_LISTS = {
    "other-points-in-canvas": ("canvas", GRADEBOOK.replace("100.0", "10"), "'A small lab (901)' has 10 points possible, the lab 100"),
    "two-assignments": ("canvas", GRADEBOOK.replace("Current Score", "small-lab (902)"), "may both be small-lab"),
    "moodles-list-for-canvas": ("canvas", WORKSHEET, "is Moodle's grading worksheet, not Canvas's gradebook"),
    "canvas-list-for-moodle": ("moodle", GRADEBOOK, "is Canvas's gradebook, and not from Moodle"),
    "other-points-in-moodle": ("moodle", WORKSHEET.replace("100.00", "10.00"), "the maximum grade is 10.00, but small-lab has 100 points"),
    "no-offline-grading": ("moodle", WORKSHEET.replace("Last modified (grade)", "Other"), "has no column 'Last modified (grade)'"),
}


@pytest.mark.parametrize("fault", WRONG_LISTS)
def test_a_list_that_does_not_fit_is_told(lab: Lab, tmp_path: Path, fault: str) -> None:
    """Points are not scaled, and assignments not guessed."""
    form, names, reason = WRONG_LISTS[fault]
    with pytest.raises(Problem) as caught:
        made(form, grades(lab), tmp_path, names)
    assert reason in str(caught.value)


# Moodle


def test_moodles_worksheet_gets_its_grades(lab: Lab, tmp_path: Path) -> None:
    """The columns that Moodle reads, as it wrote them; no comments, which it would change."""
    found = made("moodle", grades(lab, graded(lab, "ada", 87.5)), tmp_path, WORKSHEET)

    head = "Identifier,Full name,Email address,Status,Grade,Maximum grade,Grade can be changed,Last modified (submission)"
    assert found.text.splitlines()[0] == f"{head},Last modified (grade)"
    assert column(found, "Identifier", "Grade") == {"Participant 11": "87.5", "Participant 12": ""}
    assert column(found, "Identifier", "Last modified (grade)") == {"Participant 11": "-", "Participant 12": "-"}
    assert found.notes == ("not in the file: 'Bo Unknown' in names.csv is nobody on the roster",)


def test_who_is_graded_and_on_no_line_is_named(lab: Lab, tmp_path: Path) -> None:
    """Their grades are not in the file."""
    found = made("moodle", grades(lab, graded(lab, "ada", 1), graded(lab, "mary", 2), graded(lab, "anna1", 0)), tmp_path, WORKSHEET)
    assert found.lost == ("anna1", "mary")


def test_a_grade_that_moodle_has_locked_is_said(lab: Lab, tmp_path: Path) -> None:
    """It would be passed over without a word."""
    found = made("moodle", grades(lab, graded(lab, "ada", 1)), tmp_path, WORKSHEET.replace("Yes", "No"))
    assert "Moodle has locked the grade, and will pass over: ada" in found.notes


def test_a_worksheet_is_of_one_lab(lab: Lab, tmp_path: Path) -> None:
    """Which, the instructor must say."""
    second = replace(lab, header=replace(lab.header, slug="second"))
    with pytest.raises(Problem, match="name the lab"):
        made("moodle", replace(grades(lab), labs=[lab, second]), tmp_path, WORKSHEET)


def test_moodles_gradebook_gets_the_columns_of_its_own_export(lab: Lab, tmp_path: Path) -> None:
    """From the roster, or from a list of people as Moodle exports it."""
    found = made("moodle", grades(lab), tmp_path)
    head = ["First name", "Last name", "ID number", "Email address", "Assignment: A small lab (Real)"]
    assert table(found)[:2] == [head, ["Ada", "Lovelace", "ada", "ada@example.org", "87.5"]]
    assert table(found)[3][-1] == ""
    people = "First name,Last name,ID number,Email address\nAda,Lovelace,4711,ada@example.org\n"
    assert table(made("moodle", grades(lab), tmp_path, people))[1:] == [["Ada", "Lovelace", "4711", "ada@example.org", "87.5"]]


# Safe and honest


@pytest.mark.parametrize("form", ["csv", "canvas", "moodle"])
def test_no_cell_begins_a_formula(lab: Lab, tmp_path: Path, form: str) -> None:
    """Names come from outside; a dash alone, as Moodle writes it for no time, is none."""
    people = (Person("ada", FORMULA, "@SUM(A1)", "+ada@example.org"),)
    found = made(form, grades(lab, graded(lab, "ada", 1), people=people), tmp_path)
    assert [cell for row in table(found) for cell in row if cell.startswith(("=", "@", "+"))] == []
    text = WORKSHEET.replace("Ada Lovelace", FORMULA.replace('"', '""').join('""'))
    cells = [cell for row in table(made("moodle", grades(lab, graded(lab, "ada", 1)), tmp_path, text)) for cell in row]
    assert f"'{FORMULA}" in cells
    assert "-" in cells


def test_an_address_that_begins_like_a_formula_is_said(lab: Lab, tmp_path: Path) -> None:
    """With an apostrophe before it no platform finds it."""
    people = (Person("ada", "Ada", "L", "+ada@example.org"),)
    found = made("moodle", grades(lab, graded(lab, "ada", 1), people=people), tmp_path)
    assert "these begin like a formula, and got an apostrophe, with which they may not be found: +ada@example.org" in found.notes


def test_points_that_still_wait_for_a_person_are_said(lab: Lab, tmp_path: Path) -> None:
    """A sum without them does not look final."""
    waits = replace(graded(lab, "ada", 50), scores=(Score("add", 0.0, 25.0, TO_MARK),))
    assert "a written part is still to be marked, and its points are missing, of: ada" in made("csv", grades(lab, waits), tmp_path).notes


def test_the_command_gives_marks_out_and_ends_with_1_where_grades_find_no_place(tmp_path: Path) -> None:
    """A mark from form grader is in it; the file is written whole, notes go to stderr."""
    lab = read_lab(lab_path(write_project(tmp_path / "project", (WRITTEN,))))
    folder = tmp_path / "autumn"
    new_cohort(folder, [lab], {p.id: {"first_name": p.first_name, "last_name": p.last_name, "email": p.email} for p in ROSTER})
    with open_gradebook(folder) as gradebook, open_attempts(folder) as attempts:
        for student in ("ada", "mary"):
            save_scores(gradebook, lab, student, None, [CellScore("explain", None, 10.0)])
            outcome = Result(student, lab.slug, GRADED, lab.points, points=0.0, scores=(Score("explain", 0.0, 10.0, TO_MARK),))
            attempts.end(attempts.begin(student, lab.slug, "x", read_cohort(folder).labs[0].version), outcome)
        gradebook.find_grade("explain", lab.slug, lab.slug, "ada").manual_score = 7.5
        gradebook.db.commit()
    names = write(tmp_path, WORKSHEET.replace("100.00", "110.00"))

    words = ["export", str(folder), "--format", "moodle", "--names", str(names), "--output", str(tmp_path / "out.csv")]
    done = CliRunner().invoke(cli.app, words)
    printed = CliRunner().invoke(cli.app, ["export", str(folder)])

    assert done.exit_code == 1, done.output
    assert "Participant 11,Ada Lovelace,ADA@example.org,Submitted for grading,7.5,110.00" in (tmp_path / "out.csv").read_text()
    assert f"graded, but on no line of {names}: mary" in done.stderr
    assert "still to be marked, and its points are missing, of: mary" in done.stderr
    assert printed.exit_code == 0
    assert printed.stdout.splitlines()[1] == "ada,Ada,Lovelace,ada@example.org,7.5"
