"""nbgrader's gradebook, so that its form grader works on the cohort. One writer; manual marks and comments are never touched."""

import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbgrader.api import Assignment, Comment, Grade, Gradebook, MissingEntry, SubmittedAssignment, SubmittedNotebook
from nbgrader.preprocessors import SaveCells
from nbgrader.utils import parse_utc
from sqlalchemy import or_
from sqlalchemy.exc import SAWarning

from autograder.errors import CohortProblem
from autograder.release import make_solved
from autograder.score import CellScore
from autograder.source import Lab

DATABASE = "gradebook.db"


@dataclass(frozen=True)
class Mark:
    """What a person gave a cell in form grader: points (None if none yet), extra credit, and a comment.

    `score` is what the cell counts for after that, None where it still waits: the mark or the automatic points, and the extra credit.
    """

    points: float | None
    extra: float
    comment: str
    score: float | None = None


@contextmanager
def open_gradebook(cohort: Path) -> Iterator[Gradebook]:
    """Open the cohort's gradebook; it is made where there is none."""
    path = os.environ.get("PATH", "")
    tools = str(Path(sys.executable).parent)
    if tools not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([tools, path])  # nbgrader calls alembic by name
    with warnings.catch_warnings(), Gradebook(f"sqlite:///{(cohort / DATABASE).resolve()}") as gradebook:
        warnings.filterwarnings("ignore", "Object of type", SAWarning)  # nbgrader adds a submission after its parts, which works
        yield gradebook


def save_students(gradebook: Gradebook, students: Mapping[str, Mapping[str, str]]) -> None:
    """Add the students (id → first_name, last_name, email), or bring their names up to date."""
    for student, fields in students.items():
        gradebook.update_or_create_student(student, **{name: text or None for name, text in fields.items()})


def read_students(gradebook: Gradebook) -> dict[str, str]:
    """Return the roster: id → display name, empty where none is known."""
    return {student.id: " ".join(filter(None, (student.first_name, student.last_name))) for student in gradebook.students}


def read_people(gradebook: Gradebook) -> list[dict[str, str]]:
    """Return the roster's fields: id, first_name, last_name and email of each student, empty where unknown."""
    names = ("id", "first_name", "last_name", "email")
    return [{name: getattr(student, name) or "" for name in names} for student in gradebook.students]


def save_lab(gradebook: Gradebook, cohort: Path, lab: Lab) -> None:
    """Add the lab's cells and points. Raises CohortProblem where its cells changed after submissions were graded."""
    gradebook.update_or_create_assignment(lab.slug)
    resources = {"nbgrader": {"notebook": lab.slug, "assignment": lab.slug, "db_url": f"sqlite:///{(cohort / DATABASE).resolve()}"}}
    try:
        SaveCells().preprocess(make_solved(lab), resources)
    except RuntimeError:
        what = "exercises were added or removed after submissions had been graded"
        raise CohortProblem(lab.path, what, "grade it in a new cohort, or put the cells back") from None
    gradebook.db.expire_all()


def save_scores(gradebook: Gradebook, lab: Lab, student: str, timestamp: datetime | None, scores: list[CellScore]) -> None:
    """Write a submission's automatic scores, in one transaction."""
    with _read_once(gradebook):
        gradebook.update_or_create_student(student)
        gradebook.update_or_create_submission(lab.slug, student, timestamp=parse_utc(timestamp))
        grades = {grade.name: grade for grade in gradebook.find_submission_notebook(lab.slug, lab.slug, student).grades}
        for scored in scores:
            grade = grades[scored.grade_id]
            grade.auto_score = scored.points
            grade.needs_manual_grade = scored.points is None and grade.manual_score is None
        gradebook.db.commit()


@contextmanager
def _read_once(gradebook: Gradebook) -> Iterator[None]:
    """Read what a submission needs anew, but once: nbgrader commits after each step, and all would be read again after each."""
    session = gradebook.db()
    session.expire_all()
    session.expire_on_commit = False
    try:
        yield
    finally:
        session.expire_on_commit = True


def save_timestamps(gradebook: Gradebook, lab: str, timestamps: Mapping[str, datetime | None]) -> None:
    """Bring the moments at which students handed in up to date, for submissions that were graded."""
    for submission in gradebook.assignment_submissions(lab):
        moment = parse_utc(timestamps.get(submission.student_id, submission.timestamp))
        if moment != submission.timestamp:
            submission.timestamp = moment
    gradebook.db.commit()


def find_marked(gradebook: Gradebook, lab: str) -> set[str]:
    """Return the students for whom `read_marks` has anything to tell: two queries for a whole cohort, where it needs several a student."""
    has_mark = or_(Grade.manual_score.isnot(None), Grade.extra_credit != 0)
    found = set()
    for what, condition in ((Grade, has_mark), (Comment, Comment.manual_comment != "")):
        rows = (
            gradebook.db.query(SubmittedAssignment.student_id)
            .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
            .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .join(what, what.notebook_id == SubmittedNotebook.id)
            .filter(Assignment.name == lab, condition)
        )
        found |= {str(student) for (student,) in rows}
    return found


def read_marks(gradebook: Gradebook, lab: Lab, student: str) -> dict[str, Mark]:
    """Return what people gave and wrote in form grader, by grade_id; only cells with a mark, extra credit or a comment."""
    try:
        notebook = gradebook.find_submission_notebook(lab.slug, lab.slug, student)
    except MissingEntry:
        return {}
    comments = {comment.name: comment.manual_comment or "" for comment in notebook.comments}
    grades = {grade.name: grade for grade in notebook.grades}
    found = {}
    for name in {**grades, **comments}:
        grade = grades.get(name)
        by_hand, extra = (grade.manual_score, grade.extra_credit or 0.0) if grade else (None, 0.0)
        if by_hand is not None or extra or comments.get(name):
            score = grade.score if grade and (by_hand is not None or grade.auto_score is not None) else None
            found[name] = Mark(by_hand, extra, comments.get(name, ""), score)
    return found
