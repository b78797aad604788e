"""nbgrader's gradebook: what is written down there can be read by nbgrader."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from autograder.gradebook import open_gradebook, save_lab, save_scores, save_timestamps
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
