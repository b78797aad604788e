"""Due dates and penalties: nbgrader's own plugin decides, and gradebook, results, report and feedback say the same."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder import cli
from autograder.attempts import open_attempts
from autograder.cohort import Cohort, new_cohort, read_cohort
from autograder.errors import CohortProblem
from autograder.gradebook import open_gradebook, save_scores
from autograder.late import read_due_dates, read_plugin, save_due_date
from autograder.marks import add_marks
from autograder.result import GRADED, MISSING, Result, in_words
from autograder.score import FULL, TO_MARK, CellScore, Score
from autograder.source import read_lab
from tests.conftest import lab_path, write_project
from tests.test_grade import WRITTEN

DUE = datetime(2026, 12, 1, 17, 0, tzinfo=UTC)
ZERO = "c.LateSubmissionPlugin.penalty_method = 'zero'\n"
OWN = "c.AssignLatePenalties.plugin_class = 'late_rule.SubMarks'\n"
PLUGIN = """
from nbgrader.plugins import BasePlugin

class SubMarks(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        {body}
"""
POINT_AN_HOUR = "return round(total_seconds_late / 3600, 0)"
LATE_BY = {"ada": timedelta(hours=3), "bo": timedelta(hours=-1), "cyd": None}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cohort of the small lab with a written part, which waits; three were graded with 40 points: late, in time, and who knows when."""
    lab = read_lab(lab_path(write_project(tmp_path_factory.mktemp("project"), (WRITTEN,))))
    folder = tmp_path_factory.mktemp("cohorts") / "autumn"
    new_cohort(folder, [lab], {})
    tests = [test for exercise in lab.exercises[:2] for test in exercise.tests]
    points = dict(zip(tests, (10.0, 15.0, 10.0, 5.0), strict=True))
    with open_gradebook(folder) as gradebook, open_attempts(folder) as attempts:
        save_due_date(gradebook, lab.slug, DUE)
        for student, late in LATE_BY.items():
            cells = [CellScore(name, points.get(name, 0.0), 25.0) for exercise in lab.exercises for name in exercise.tests]
            moment = None if late is None else DUE + late
            save_scores(gradebook, lab, student, moment, [*cells, CellScore("explain", None, 10.0)])
            scores = [Score(e.id, p, e.points, FULL) for e, p in zip(lab.exercises, (25.0, 15.0, 0.0, 0.0), strict=False)]
            outcome = Result(student, lab.slug, GRADED, lab.points, points=40.0, scores=(*scores, Score("explain", 0.0, 10.0, TO_MARK)))
            attempts.end(attempts.begin(student, lab.slug, "x", lab.version), outcome)
    return folder


@pytest.fixture
def cohort(template: Path, tmp_path: Path) -> Callable[..., Cohort]:
    """Return a function that copies the cohort, with lines for its configuration and a plugin beside it."""
    import shutil

    def make(config: str = "", body: str = POINT_AN_HOUR) -> Cohort:
        shutil.copytree(template, tmp_path / "autumn", dirs_exist_ok=True)
        path = tmp_path / "autumn" / "nbgrader_config.py"
        path.write_text((template / "nbgrader_config.py").read_text() + config)
        (tmp_path / "autumn" / "late_rule.py").write_text(PLUGIN.format(body=body))
        return read_cohort(tmp_path / "autumn")

    return make


def results_of(course: Cohort) -> dict[str, Result]:
    """Return the results with marks and penalties, by student."""
    with open_attempts(course.path) as attempts:
        stored = [attempt.result for attempt in attempts.newest().values()]
    return {outcome.student: outcome for outcome in add_marks(course, stored)}


def in_gradebook(course: Cohort) -> dict[str, tuple[float, float]]:
    """Return nbgrader's score and penalty of each submission."""
    with open_gradebook(course.path) as gradebook:
        return {s.student_id: (s.score, s.late_submission_penalty) for s in gradebook.assignment_submissions("small-lab")}


def page_of(course: Cohort, student: str) -> str:
    """Return the student's feedback page; empty where there is none."""
    path = course.path / "feedback" / student / "small-lab" / "small-lab.html"
    return path.read_text() if path.is_file() else ""


def mark(course: Cohort, points: float) -> None:
    """Mark Ada's written part, as form grader does."""
    with open_gradebook(course.path) as gradebook:
        gradebook.find_grade("explain", "small-lab", "small-lab", "ada").manual_score = points
        gradebook.db.commit()


@pytest.mark.parametrize(("config", "penalty"), [("", 0.0), (ZERO, 40.0), (OWN, 3.0)])
def test_the_cohorts_plugin_decides(cohort: Callable[..., Cohort], config: str, penalty: float) -> None:
    """None, zero, and a class of the cohort's own: in the result, in nbgrader's gradebook and on the learner's page."""
    course = cohort(config)
    found = results_of(course)

    assert (found["ada"].points_before, found["ada"].penalty, found["ada"].points) == (40.0, penalty, 40.0 - penalty)
    assert {name: one.seconds_late for name, one in found.items()} == {"ada": 10_800.0, "bo": 0.0, "cyd": 0.0}
    assert {name: (one.points_before, one.penalty) for name, one in found.items()} == in_gradebook(course)
    assert f"Handed in 3 h late: 40 points, less a penalty of {penalty:g}." in page_of(course, "ada")
    assert f"<strong>{40 - penalty:g}</strong> of 110 points" in page_of(course, "ada")
    assert (page_of(course, "bo"), page_of(course, "cyd")) == ("", "")


def test_a_plugin_class_in_the_configuration_itself_works(cohort: Callable[..., Cohort]) -> None:
    """traitlets takes a class as well as its name."""
    course = cohort(PLUGIN.format(body="return 7") + "\nc.AssignLatePenalties.plugin_class = SubMarks\n")
    assert results_of(course)["ada"].penalty == 7


def test_two_cohorts_with_plugins_of_one_name_have_each_its_own(template: Path, tmp_path: Path) -> None:
    """Python would find the first one again."""
    for points in (1, 2):
        folder = tmp_path / f"cohort-{points}"
        folder.mkdir()
        (folder / "nbgrader_config.py").write_text(f"c = get_config()\n{OWN}")
        (folder / "late_rule.py").write_text(PLUGIN.format(body=f"return {points}"))
    assert [read_plugin(tmp_path / f"cohort-{points}")("ada", "lab", 10.0, 60.0) for points in (1, 2)] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("body", "penalty"), [("return -5", 0.0), ("return 1000", 40.0), ("return None", 0.0), ("return float('inf')", 40.0)]
)
def test_a_penalty_is_from_nothing_to_the_points(cohort: Callable[..., Cohort], body: str, penalty: float) -> None:
    """As nbgrader has it."""
    assert results_of(cohort(OWN, body))["ada"].penalty == penalty


def test_a_mark_changes_the_penalty_with_the_points(cohort: Callable[..., Cohort]) -> None:
    """Given, and mended, the zero rule takes all there is; the page says so, too."""
    course = cohort(ZERO)
    for points in (8.0, 2.5):
        mark(course, points)
        found = results_of(course)["ada"]
        assert (found.points_before, found.penalty, found.points) == (40 + points, 40 + points, 0.0)
        assert in_gradebook(course)["ada"] == (40 + points, 40 + points)
        assert f"Handed in 3 h late: {40 + points:g} points, less a penalty of {40 + points:g}." in page_of(course, "ada")


def test_a_later_due_date_takes_the_penalty_back(cohort: Callable[..., Cohort]) -> None:
    """From the result, the gradebook and the page; a missing due date, too."""
    for moment in (DUE + timedelta(hours=3), None):
        course = cohort(OWN)
        assert results_of(course)["ada"].penalty == 3.0
        with open_gradebook(course.path) as gradebook:
            save_due_date(gradebook, "small-lab", moment)
        found = results_of(course)["ada"]
        assert (found.points, found.penalty, found.seconds_late) == (40.0, 0.0, 0.0)
        assert in_gradebook(course)["ada"] == (40.0, 0.0)
        assert "late" not in page_of(course, "ada").partition("</style>")[2]


def test_an_extension_of_nbgraders_counts(cohort: Callable[..., Cohort]) -> None:
    """One student has two hours more."""
    course = cohort(OWN)
    with open_gradebook(course.path) as gradebook:
        gradebook.grant_extension("small-lab", "ada", hours=2)
    assert results_of(course)["ada"].seconds_late == 3600.0


def test_what_is_not_graded_has_no_penalty(cohort: Callable[..., Cohort]) -> None:
    """There is nothing to take from."""
    course = cohort(ZERO)
    missing = Result("ada", "small-lab", MISSING, 110.0, "nothing was handed in")
    assert add_marks(course, [missing]) == [missing]


FAILING = {
    "raises": ("1 / 0", "ZeroDivisionError: division by zero"),
    "ends-the-program": ("raise SystemExit(3)", "SystemExit: 3"),
    "no-number": ("return 'three'", "ValueError: could not convert string to float"),
    "nan": ("return float('nan')", "ValueError: the penalty is not a number"),
}


@pytest.mark.parametrize("fault", FAILING)
def test_a_plugin_that_fails_is_told_and_nothing_is_lost(cohort: Callable[..., Cohort], fault: str) -> None:
    """The configuration, the class, the student and what to do; gradebook, pages and attempts stay as they were."""
    body, reason = FAILING[fault]
    course = cohort(OWN)
    results_of(course)
    before = (in_gradebook(course), page_of(course, "ada"))
    course = cohort(OWN, body)
    with open_gradebook(course.path) as gradebook:
        gradebook.find_submission_notebook("small-lab", "small-lab", "ada").late_submission_penalty = 3.0
        gradebook.db.commit()

    with pytest.raises(CohortProblem) as caught:
        results_of(course)

    said = f"nbgrader_config.py: its plugin for late submissions (late_rule.SubMarks) failed for ada small-lab, 3 h late ({reason}"
    assert said in str(caught.value)
    assert f"mend the plugin, and run: autograder report {course.path}" in str(caught.value)
    assert (in_gradebook(course), page_of(course, "ada")) == before
    with open_attempts(course.path) as attempts:
        assert {one.result.points for one in attempts.newest().values()} == {40.0}


BROKEN = {
    "a-syntax-error": "c.Late = = 1\n",
    "a-class-that-is-not-there": "c.AssignLatePenalties.plugin_class = 'late_rule.Nobody'\n",
    "a-module-that-is-not-there": "c.AssignLatePenalties.plugin_class = 'nowhere.SubMarks'\n",
    "a-class-of-another-kind": "c.AssignLatePenalties.plugin_class = 'pathlib.Path'\n",
    "an-unknown-method": "c.LateSubmissionPlugin.penalty_method = 'half'\n",
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_configuration_that_cannot_be_used_is_told_before_anything_is_graded(cohort: Callable[..., Cohort], fault: str) -> None:
    """With the file's name and the reason."""
    course = cohort(BROKEN[fault])
    with pytest.raises(CohortProblem, match=r"nbgrader_config\.py: cannot be used \(.+ – mend it; nothing was changed"):
        read_plugin(course.path)


def test_a_due_date_is_set_shown_and_taken_away(cohort: Callable[..., Cohort]) -> None:
    """In nbgrader's own field, in UTC; a lab that is not there and a time that is none are told."""
    path = str(cohort().path)

    def due(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli.app, ["due", path, *words])
        return done.exit_code, done.output if done.exit_code == 0 else str(done.exception)

    assert "small-lab: 2026-12-02 18:00 CET (2026-12-02 17:00 UTC)" in due("small-lab", "2026-12-02 18:00", "--zone", "Europe/Berlin")[1]
    with open_gradebook(Path(path)) as gradebook:
        assert gradebook.find_assignment("small-lab").duedate == datetime(2026, 12, 2, 17, 0)
    assert "small-lab: 2026-12-02 17:00 UTC" in due("--zone", "UTC")[1]
    assert "tomorrow: is no time" in due("small-lab", "tomorrow")[1]
    assert "big-lab: this cohort has no such lab" in due("big-lab", "2026-12-02 18:00")[1]
    assert "small-lab: no due date" in due("small-lab", "none")[1]
    with open_gradebook(Path(path)) as gradebook:
        assert read_due_dates(gradebook) == {}


def test_the_report_says_the_same_as_the_gradebook(cohort: Callable[..., Cohort]) -> None:
    """All the way through the command."""
    course = cohort(OWN)
    for student in LATE_BY:
        (course.path / "submitted" / student / "small-lab").mkdir(parents=True)
    done = CliRunner().invoke(cli.app, ["report", str(course.path)])

    assert done.exit_code == 0, done.output
    found = json.loads((course.path / "report" / "results.json").read_text())["results"]
    assert {one["student"]: (one["points_before"], one["penalty"]) for one in found} == in_gradebook(course)
    exported = CliRunner().invoke(cli.app, ["export", str(course.path)]).stdout.splitlines()[1:]
    assert {line.split(",")[0]: float(line.split(",")[-1]) for line in exported} == {
        student: score - penalty for student, (score, penalty) in in_gradebook(course).items()
    }


@pytest.mark.parametrize(("seconds", "words"), [(0, "0 s"), (59.6, "1 min"), (3600, "1 h"), (7500, "2 h 5 min"), (266_461, "3 d 2 h")])
def test_a_length_of_time_is_said_in_two_units(seconds: float, words: str) -> None:
    """What is left is less than anybody asks for."""
    assert in_words(seconds) == words


def test_a_result_of_before_penalties_is_read(template: Path) -> None:
    """What an earlier version wrote down has neither field."""
    from autograder.result import from_json

    old = json.loads(Result("ada", "small-lab", GRADED, 10, points=5.0).as_json())
    del old["penalty"], old["seconds_late"]
    assert from_json(json.dumps(old)) == replace(Result("ada", "small-lab", GRADED, 10), points=5.0)
