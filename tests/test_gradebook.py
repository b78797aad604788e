"""nbgrader's gradebook: what is written down there can be read by nbgrader."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.gradebook import find_marked, open_gradebook, read_marks, save_lab, save_scores, save_timestamps
from autograder.score import CellScore
from autograder.source import read_lab
from tests.conftest import LABS

NOON = datetime(2026, 3, 1, 12, 0)


def test_a_moment_is_kept_in_utc_without_a_zone(tmp_path: Path) -> None:
    """As nbgrader keeps it: an offset is not dropped, and a moment that nobody knows stays unknown."""
    lab = read_lab(LABS / "good.py")
    east = timezone(timedelta(hours=2))
    moments = {"utc": NOON.replace(tzinfo=UTC), "east": NOON.replace(hour=14, tzinfo=east), "naive": NOON, "none": None}
    with open_gradebook(tmp_path) as gradebook:
        save_lab(gradebook, tmp_path, lab)
        for student, moment in moments.items():
            save_scores(gradebook, lab, student, moment, [])

        kept = {student: gradebook.find_submission(lab.slug, student).timestamp for student in moments}

    assert kept == {"utc": NOON, "east": NOON, "naive": NOON, "none": None}


def test_a_moment_that_becomes_known_is_noted(tmp_path: Path) -> None:
    """For those that are named; the others keep what they had."""
    lab = read_lab(LABS / "good.py")
    with open_gradebook(tmp_path) as gradebook:
        save_lab(gradebook, tmp_path, lab)
        for student in ("ada", "bo"):
            save_scores(gradebook, lab, student, None, [])
        save_timestamps(gradebook, lab.slug, {"ada": NOON.replace(tzinfo=UTC), "nobody": None})

        kept = {student: gradebook.find_submission(lab.slug, student).timestamp for student in ("ada", "bo")}

    assert kept == {"ada": NOON, "bo": None}


def test_everybody_with_a_mark_extra_credit_or_a_comment_is_found_at_once(tmp_path: Path) -> None:
    """Just those for whom there is anything to read, one by one; an empty comment is none, a mark of 0 is one."""
    lab = read_lab(LABS / "good.py")
    with open_gradebook(tmp_path) as gradebook:
        save_lab(gradebook, tmp_path, lab)
        for student in ("mark", "zero", "extra", "comment", "empty", "none"):
            save_scores(gradebook, lab, student, None, [CellScore("test-add", 5.0, 10.0)])
        for student, field, value in (("mark", "manual_score", 3.0), ("zero", "manual_score", 0.0), ("extra", "extra_credit", 1.0)):
            setattr(gradebook.find_grade("test-add", lab.slug, lab.slug, student), field, value)
        for student, text in (("comment", "Well done"), ("empty", "")):
            gradebook.find_comment("add", lab.slug, lab.slug, student).manual_comment = text
        gradebook.db.commit()

        students = {student.id for student in gradebook.students}
        assert find_marked(gradebook, lab.slug) == {"mark", "zero", "extra", "comment"}
        assert {student for student in students if read_marks(gradebook, lab, student)} == {"mark", "zero", "extra", "comment"}
        assert find_marked(gradebook, "another-lab") == set()


def test_a_mark_that_somebody_gives_meanwhile_is_seen(tmp_path: Path) -> None:
    """The grader's gradebook stays open for hours, and form grader writes into the same one."""
    lab = read_lab(LABS / "good.py")
    scores = [CellScore("test-add", None, 10.0)]

    def waits(gradebook: Gradebook) -> bool:
        return bool(gradebook.find_grade("test-add", lab.slug, lab.slug, "ada").needs_manual_grade)

    with open_gradebook(tmp_path) as gradebook:
        save_lab(gradebook, tmp_path, lab)
        save_scores(gradebook, lab, "ada", None, scores)
        before, held = waits(gradebook), gradebook.find_grade("test-add", lab.slug, lab.slug, "ada")
        with open_gradebook(tmp_path) as other:
            other.find_grade("test-add", lab.slug, lab.slug, "ada").manual_score = 7.0
            other.db.commit()
        save_scores(gradebook, lab, "ada", None, scores)

        assert (before, waits(gradebook)) == (True, False)
        assert held.manual_score == 7.0
