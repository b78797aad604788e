"""An instructor's way: grade a cohort, look at the report, mark a written part in form grader, see the mark in the export."""

import csv
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_markdown_cell

from autograder.cohort import new_cohort
from autograder.notebook import is_answer, marks, write_notebook
from autograder.release import make_release
from autograder.source import Lab, find_labs
from tests.browser.conftest import PROJECT, jupyter

LAB = "project-tracking-system"
AUTOGRADER = Path(sys.executable).with_name("autograder")
WRITTEN = "The store is one SQLite file, because one person writes at a time."


def autograder(*words: object) -> str:
    """Run the command line, and return what it printed."""
    done = subprocess.run([AUTOGRADER, *map(str, words)], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def hand_in(cohort: Path, lab: Lab, student: str, exercises: int) -> None:
    """Hand in the first exercises' reference solutions, and a text for the written part."""
    notebook, todo = make_release(lab), exercises
    solutions = {marks(cell)["grade_id"]: cell.source for cell in lab.notebook.cells if is_answer(cell)}
    for place, cell in [*enumerate(notebook.cells)][::-1]:
        if marks(cell).get("task"):
            notebook.cells.insert(place + 1, new_markdown_cell(WRITTEN))
    for cell in notebook.cells:
        if is_answer(cell) and not marks(cell).get("task") and todo:
            cell.source, todo = solutions[marks(cell)["grade_id"]], todo - 1
    path = cohort / "submitted" / student / lab.slug / f"{lab.slug}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(write_notebook(notebook))


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graded cohort of seven, one of whom handed nothing in, with a lab that has a written part."""
    folder = tmp_path_factory.mktemp("cohort") / "autumn"
    (lab,) = find_labs(PROJECT / "source", (LAB,))
    people = {"ada": ("Ada", "Lovelace"), "alan": ("Alan", "Turing"), "annie": ("Annie", "Easley"), "edsger": ("Edsger", "Dijkstra")}
    people |= {"grace": ("Grace", "Hopper"), "katherine": ("Katherine", "Johnson"), "mary": ("Mary", "Jackson")}
    new_cohort(folder, [lab], {id: {"first_name": first, "last_name": last, "email": ""} for id, (first, last) in people.items()})
    for student, exercises in {"ada": 99, "annie": 3, "edsger": 0, "grace": 1, "katherine": 4, "mary": 2}.items():
        hand_in(folder, lab, student, exercises)
    autograder("grade", folder, "--jobs", 2)
    return folder


@pytest.fixture(scope="module")
def server(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """JupyterLab in the cohort's folder, as the docs say."""
    with jupyter(cohort, None, tmp_path_factory.mktemp("jupyter")) as address:
        yield address


def test_the_report_is_for_everyone(
    cohort: Path, page: Any, check_accessibility: Callable[[], None], picture: Callable[[str], None]
) -> None:
    """axe finds nothing serious; a click on a head sorts, and so does the keyboard."""
    page.goto((cohort / "report" / "index.html").as_uri())
    check_accessibility()
    picture("report")
    for key in ("Enter", "Enter"):
        head = page.locator("th button", has_text="Points").first
        before = head.locator("xpath=..").get_attribute("aria-sort")
        head.focus()
        page.keyboard.press(key)
        assert head.locator("xpath=..").get_attribute("aria-sort") not in (None, before)


def test_feedback_is_for_everyone(cohort: Path, page: Any, check_accessibility: Callable[[], None], picture: Callable[[str], None]) -> None:
    """A learner's page: axe finds nothing serious."""
    page.goto((cohort / "feedback" / "grace" / LAB / f"{LAB}.html").as_uri())
    check_accessibility()
    picture("feedback")


def test_a_written_part_is_marked_in_form_grader(cohort: Path, server: str, page: Any, picture: Callable[[str], None]) -> None:
    """From the list of labs to a mark and a comment; they stand in feedback, report and exports."""
    automatic = export(cohort)
    page.goto(f"{server}/formgrader?token=for-tests")
    page.get_by_role("link", name="Manual Grading").click()
    page.get_by_role("link", name=LAB).first.click()
    page.get_by_role("link", name=LAB).first.click()
    picture("formgrader-list")
    page.get_by_role("link", name="Submission #1").click()
    score, comment = page.locator("input.score[id='report']"), page.locator("textarea[id='report-comment']")
    score.scroll_into_view_if_needed()
    for box, text in ((score, "8"), (comment, "Clear, and measured.")):
        with page.expect_response(lambda answer: "/api/" in answer.url and answer.request.method == "PUT"):
            box.fill(text)
            box.press("Tab")
    picture("formgrader")

    autograder("report", cohort)

    marked = export(cohort)
    (student,) = [name for name, row in marked.items() if row != automatic[name]]
    assert float(marked[student][LAB]) == float(automatic[student][LAB]) + 8
    assert "Clear, and measured." in (cohort / "feedback" / student / LAB / f"{LAB}.html").read_text()
    page.goto((cohort / "report" / "index.html").as_uri())
    assert page.locator("tr", has=page.locator("bdi", has_text=student)).first.get_by_text(marked[student][LAB]).count()


def export(cohort: Path) -> dict[str, dict[str, str]]:
    """Return the rows of the CSV export, by student."""
    target = cohort.parent / "grades.csv"
    autograder("export", cohort, "--format", "csv", "--output", target)
    with target.open(newline="", encoding="utf-8-sig") as file:
        return {row["student"]: row for row in csv.DictReader(file)}
