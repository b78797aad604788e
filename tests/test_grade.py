"""A cohort, from its submissions to gradebook and report: every one has a state, and the points are right."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from nbgrader.api import Gradebook

from autograder import grade as grading
from autograder.cohort import Cohort, read_cohort
from autograder.errors import CohortProblem
from autograder.execute import Limits
from autograder.gradebook import open_gradebook, read_marks
from autograder.marks import add_marks
from autograder.result import GRADED, MISSING, NOT_GRADED, UNREADABLE, Result
from autograder.sandbox import why_not
from autograder.score import ERROR, NOT_ATTEMPTED, TIMED_OUT, TO_MARK
from autograder.source import read_lab
from autograder.workers import local_workers
from tests.conftest import MakeProject, lab_path
from tests.sample_cohort import Sample, write_sample_cohort

WRITTEN = (
    "# ## Putting it together",
    "# ### Exercise 5 — Explain\n# *Difficulty ●○○ · about 5 minutes*\n\n"
    '# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 10, "schema_version": 3, '
    '"solution": true, "task": false}\n# Because.\n\n# %% [markdown]\n# ## Putting it together',
)
LIMITS = Limits(cell_seconds=5)
Graded = tuple[Cohort, dict[str, Sample], dict[str, Result]]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graded]:
    """The sample cohort of the small lab with a written part, graded once, and one more student who handed in nothing."""
    from tests.conftest import write_project

    lab = read_lab(lab_path(write_project(tmp_path_factory.mktemp("project"), (WRITTEN,))))
    folder = tmp_path_factory.mktemp("cohorts") / "autumn"
    samples = write_sample_cohort(folder, lab)
    with open_gradebook(folder) as gradebook:
        gradebook.add_student("handed-in-nothing")
    course = read_cohort(folder)
    yield course, samples, {result.student: result for result in grade_all(course)}


def grade_all(course: Cohort, again: bool = False) -> list[Result]:
    """Grade what there is to grade, in two processes; return the results, also those that stand."""
    work = grading.find_work(course, again)
    with local_workers(2) as workers:
        return [*work.standing, *(now for _, now in grading.grade(course, work, LIMITS, not why_not(), workers))]


def test_every_submission_earns_what_it_must(graded: Graded) -> None:
    """Twelve submissions, named after what they are: the points of each are those that its name promises."""
    _, samples, results = graded

    earned = {name: results[name].points if results[name].state == GRADED else None for name in samples}

    assert earned == {name: sample.points for name, sample in samples.items()}


def test_what_cannot_be_graded_has_a_state_and_a_reason(graded: Graded) -> None:
    """*Not graded* is no zero: it has a state of its own, and says why."""
    _, _, results = graded

    assert (results["not-a-notebook"].state, results["handed-in-nothing"].state) == (UNREADABLE, MISSING)
    assert "not a notebook" in results["not-a-notebook"].reason
    assert results["handed-in-nothing"].reason == "nothing was handed in"


def test_the_blank_release_is_not_attempted(graded: Graded) -> None:
    """Every exercise of an untouched notebook says so, the written one too."""
    assert {score.outcome for score in graded[2]["blank"].scores} == {NOT_ATTEMPTED}


def test_a_crash_and_a_loop_cost_their_exercise_and_say_so(graded: Graded) -> None:
    """The last exercise is lost for a stated reason, and the others keep their points."""
    crash, loop = graded[2]["crashes"].scores[3], graded[2]["loops"].scores[3]

    assert (crash.outcome, crash.points, loop.outcome, loop.points) == (ERROR, 0.0, TIMED_OUT, 0.0)
    assert "ended the kernel" in crash.message
    assert "did not end" in loop.message


def test_the_gradebook_holds_every_automatic_point(graded: Graded) -> None:
    """nbgrader's own gradebook adds up to the same points."""
    course, samples, _ = graded
    with open_gradebook(course.path) as gradebook:
        sums = {s.student.id: s.score for s in gradebook.assignment_submissions("small-lab")}

    assert sums == {name: sample.points for name, sample in samples.items() if sample.points is not None}


def test_autograded_and_feedback_lie_where_nbgrader_puts_them(graded: Graded) -> None:
    """Form grader finds the executed notebook; a learner gets a page, also for what could not be read."""
    folder = graded[0].path

    assert (folder / "autograded" / "perfect" / "small-lab" / "small-lab.ipynb").is_file()
    for name in ("perfect", "not-a-notebook"):
        assert (folder / "feedback" / name / "small-lab" / "small-lab.html").is_file()


def test_hidden_tests_reach_neither_feedback_nor_release(graded: Graded) -> None:
    """A line that stands only in a hidden test is in no page and in no released file."""
    folder = graded[0].path
    pages = [path.read_text() for part in ("feedback", "release") for path in (folder / part).rglob("*") if path.is_file()]

    assert len(pages) > 12
    assert not [page for page in pages if "add(20, 22)" in page or "add(-1, 1)" in page or "found.get(" in page]


def test_marks_from_form_grader_survive_and_show(graded: Graded) -> None:
    """A person's mark is in the report's result, and grading again does not touch it."""
    course, _, results = graded
    assert results["perfect"].scores[4].outcome == TO_MARK
    _mark(course.path, "perfect", points=7.5, comment="Say why.")
    page = course.path / "feedback" / "perfect" / "small-lab" / "small-lab.html"

    grade_all(course, again=True)
    marked = {result.student: result for result in add_marks(course, grading.read_results(course))}

    assert marked["perfect"].points == 107.5
    assert (marked["perfect"].scores[4].outcome, marked["perfect"].scores[4].message) == ("partial", "Say why.")
    assert "Say why." in page.read_text()


def test_results_can_be_read_again(graded: Graded) -> None:
    """What was written down is what was found, for those that were graded."""
    course, _, results = graded
    there = {result.student: result for result in grading.read_results(course)}

    assert {name: there[name].points for name in results} == {name: result.points for name, result in results.items()}
    assert there["handed-in-nothing"].state == MISSING


def test_a_submission_that_waits_is_not_graded_yet(make_project: MakeProject, tmp_path: Path) -> None:
    """Before `grade` has run, a hand-in is *not graded*, which is no zero."""
    lab = read_lab(lab_path(make_project()))
    write_sample_cohort(tmp_path / "cohort", lab)

    states = {result.student: result.state for result in grading.read_results(read_cohort(tmp_path / "cohort"))}

    assert (states["perfect"], states["not-a-notebook"]) == (NOT_GRADED, UNREADABLE)


def test_nobody_to_grade_is_a_problem(make_project: MakeProject, tmp_path: Path) -> None:
    """An empty cohort is told, with what to do."""
    from autograder.cohort import new_cohort

    new_cohort(tmp_path / "cohort", [read_lab(lab_path(make_project()))], {})

    with pytest.raises(CohortProblem, match="nobody to grade"):
        grading.find_work(read_cohort(tmp_path / "cohort"))


def test_written_parts_wait_for_a_person(graded: Graded) -> None:
    """A written answer that was changed is to be marked, and form grader lists it."""
    course, _, results = graded

    assert (results["wrong"].scores[4].outcome, results["blank"].scores[4].outcome) == (TO_MARK, NOT_ATTEMPTED)
    with open_gradebook(course.path) as gradebook:
        assert read_marks(gradebook, course.labs[0], "blank") == {}


def _mark(folder: Path, student: str, points: float, comment: str) -> None:
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        gradebook.find_grade("explain", "small-lab", "small-lab", student).manual_score = points
        gradebook.find_comment("explain", "small-lab", "small-lab", student).manual_comment = comment
        gradebook.db.commit()


def test_workers_end_with_a_grader_that_is_killed(tmp_path: Path) -> None:
    """A SIGKILL to the grader leaves no worker behind."""
    script = tmp_path / "grader.py"
    script.write_text(
        "import os, signal\nfrom autograder.workers import local_workers\n"
        "if __name__ == '__main__':\n    with local_workers(1) as pool:\n"
        "        print(pool.executor.submit(os.getpid).result(), flush=True)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, timeout=60)

    worker = int(done.stdout)
    _, alive = psutil.wait_procs([psutil.Process(worker)] if psutil.pid_exists(worker) else [], timeout=10)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
