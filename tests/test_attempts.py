"""Nothing is lost and nothing is graded twice: attempts, their history, and a grader that is killed again and again."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from autograder.attempts import lock, open_attempts
from autograder.cohort import read_cohort, update_cohort
from autograder.errors import CohortProblem
from autograder.gradebook import open_gradebook
from autograder.result import GRADED, Result
from autograder.sandbox import why_not
from autograder.source import read_lab
from tests.conftest import MakeProject, lab_path
from tests.sample_cohort import write_sample_cohort

SLOW_NAMES = ("loops",)  # it takes its whole limit of time


@pytest.fixture
def cohort(make_project: MakeProject, tmp_path: Path) -> Path:
    """The sample cohort of the small lab, not graded yet."""
    folder = tmp_path / "autumn"
    write_sample_cohort(folder, read_lab(lab_path(make_project())))
    for name in SLOW_NAMES:
        (folder / "submitted" / name / "small-lab" / "small-lab.ipynb").unlink()
    return folder


def command(cohort: Path, *more: str) -> list[str]:
    """Return the command that grades the cohort."""
    walls = ["--unsafe-no-sandbox"] if why_not() else []
    return [
        sys.executable,
        "-c",
        "from autograder.cli import main; main()",
        "grade",
        str(cohort),
        "--jobs",
        "2",
        "--cell-seconds",
        "5",
        *walls,
        *more,
    ]


def grade(cohort: Path, *more: str) -> str:
    """Grade the cohort; return what the command printed."""
    return subprocess.run(command(cohort, *more), check=True, capture_output=True, text=True, timeout=300).stdout


def outcome(cohort: Path) -> dict[str, dict[str, Any]]:
    """Return what came of every submission, but for times and memory."""
    left_out = ("seconds", "peak_mib", "graded_at")
    results = json.loads((cohort / "report" / "results.json").read_text())["results"]
    for found in results:
        for score in found["scores"]:
            score.pop("seconds")
    return {found["student"]: {name: value for name, value in found.items() if name not in left_out} for found in results}


def scores(cohort: Path) -> list[tuple[str, str, float | None]]:
    """Return what the gradebook holds: student, cell, automatic points."""
    with open_gradebook(cohort) as gradebook:
        submissions = gradebook.assignment_submissions("small-lab")
        notebooks = [(submission.student.id, notebook) for submission in submissions for notebook in submission.notebooks]
        return sorted((student, grade.name, grade.auto_score) for student, notebook in notebooks for grade in notebook.grades)


def test_an_attempt_counts_when_it_has_ended(tmp_path: Path) -> None:
    """A row that is running is no result; one that ended is, and the newest counts."""
    with open_attempts(tmp_path) as attempts:
        first = attempts.begin("ada", "lab", "one", "v1")
        assert (attempts.newest(), attempts.interrupted()) == ({}, {("ada", "lab")})

        attempts.end(first, Result("ada", "lab", GRADED, 10, points=7))
        attempts.end(attempts.begin("ada", "lab", "two", "v1"), Result("ada", "lab", GRADED, 10, points=3))
        attempts.begin("ada", "lab", "three", "v1")

    with open_attempts(tmp_path) as attempts:
        assert attempts.newest()["ada", "lab"].result.points == 3
        assert [attempt.result.points for attempt in attempts.history("ada", "lab")] == [7, 3]


def test_an_attempt_that_was_cut_short_is_replaced(tmp_path: Path) -> None:
    """Begun again, it is one row, not two."""
    with open_attempts(tmp_path) as attempts:
        attempts.begin("ada", "lab", "one", "v1")
        attempts.end(attempts.begin("ada", "lab", "one", "v1"), Result("ada", "lab", GRADED, 10))

        assert (len(attempts.history("ada", "lab")), attempts.interrupted()) == (1, set())


def test_a_second_grader_leaves_with_a_word(tmp_path: Path) -> None:
    """It says who is at work, and changes nothing; afterwards the lock is free."""
    with lock(tmp_path), pytest.raises(CohortProblem, match=f"process {os.getpid()} on .* grades it since"), lock(tmp_path):
        pass
    with lock(tmp_path):
        pass


def test_a_database_that_is_none_is_a_problem(tmp_path: Path) -> None:
    """It is told, with what to do."""
    (tmp_path / "attempts.db").write_bytes(b"not a database at all, but long enough to be taken for one" * 20)

    with pytest.raises(CohortProblem, match="cannot be read"), open_attempts(tmp_path):
        pass


def test_what_has_not_changed_is_not_graded_again(cohort: Path) -> None:
    """A second grade runs nothing; a new hand-in is graded alone, and the older attempt stays in the history."""
    grade(cohort)
    first = outcome(cohort)
    stamp = (cohort / "autograded" / "perfect" / "small-lab" / "small-lab.ipynb").stat().st_mtime_ns

    assert "12 of 12 had not changed" in grade(cohort)
    wrong = (cohort / "submitted" / "wrong" / "small-lab" / "small-lab.ipynb").read_bytes()
    (cohort / "submitted" / "partial" / "small-lab" / "small-lab.ipynb").write_bytes(wrong)
    printed = grade(cohort)

    assert "11 of 12 had not changed" in printed
    assert "graded again:" in printed
    assert outcome(cohort)["perfect"] == first["perfect"]
    assert (cohort / "autograded" / "perfect" / "small-lab" / "small-lab.ipynb").stat().st_mtime_ns == stamp
    with open_attempts(cohort) as attempts:
        old, new = attempts.history("partial", "small-lab")
    assert (old.result.points, new.result.points) == (first["partial"]["points"], first["wrong"]["points"])


def test_a_mended_test_grades_again_and_shows_both(cohort: Path) -> None:
    """After update-cohort, what was graded against the older lab is graded again."""
    grade(cohort)
    course = read_cohort(cohort)
    source = lab_path(cohort.parent / "project")
    source.write_text(source.read_text().replace("assert add(20, 22) == 42", "assert add(20, 23) == 43", 1))

    changed = update_cohort(course, [read_lab(source)])

    assert changed == ["small-lab"]
    assert update_cohort(read_cohort(cohort), [read_lab(source)]) == []
    printed = grade(cohort)
    assert "graded again:" in printed
    assert "11 of 12 had not changed" not in printed


@pytest.mark.slow
def test_a_grader_that_is_killed_again_and_again_loses_nothing(cohort: Path) -> None:
    """SIGKILL at random moments, started again each time: results equal those of an undisturbed run, each graded once."""
    undisturbed, draw = cohort.with_name("undisturbed"), random.Random(7)
    shutil.copytree(cohort, undisturbed)
    for _ in range(6):
        running = subprocess.Popen(command(cohort), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(draw.uniform(1.5, 5.0))
        running.send_signal(signal.SIGKILL)
        running.wait()
    grade(cohort)
    disturbed = outcome(cohort)
    with open_attempts(cohort) as attempts:
        counts = {name: len(attempts.history(name, "small-lab")) for name in disturbed}

    grade(undisturbed)

    assert set(counts.values()) == {1}
    assert outcome(undisturbed) == disturbed
    assert scores(undisturbed) == scores(cohort)
