"""A cohort's submissions, graded: found, handed to workers, written down. Killed at any moment, it goes on where it was."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from nbgrader.api import Gradebook

from autograder import gradebook as book
from autograder import result
from autograder.attempts import Attempt, open_attempts
from autograder.autograde import Outcome, Task, autograde, ungraded
from autograder.cohort import Cohort
from autograder.errors import CohortProblem
from autograder.execute import Limits
from autograder.feedback import write_feedback
from autograder.files import write_whole
from autograder.result import Result
from autograder.source import Lab
from autograder.submitted import Submission, find_students, find_submission
from autograder.workers import Workers, run_all


@dataclass(frozen=True)
class Work:
    """What there is to do for a cohort: (lab, student) to run; what cannot be run; and the results that stand, as nothing has changed.

    `timestamps` says of those that stand, by lab and student, when they were handed in: that may have become known since.
    """

    waiting: list[tuple[Lab, str]]
    not_to_run: list[tuple[Lab, Submission]]
    standing: list[Result]
    timestamps: dict[str, dict[str, datetime | None]] = field(default_factory=dict)


def find_work(cohort: Cohort, again: bool = False) -> Work:
    """Return what there is to do: all (`again`), or what is new, changed, was cut short, or stands against another version of its lab.

    Raises CohortProblem where there is neither a roster nor a submission.
    """
    students = find_students(cohort.path, cohort.students)
    if not students:
        todo = "put them in submitted/STUDENT/LAB/LAB.ipynb, or add a roster"
        raise CohortProblem(cohort.path / "submitted", "there is nobody to grade", todo)
    with open_attempts(cohort.path) as attempts:
        newest, late = attempts.newest(), attempts.interrupted()
    work = Work([], [], [])
    for lab in cohort.labs:
        for student in students:
            attempt = newest.get((student, lab.slug))
            found = find_submission(cohort.path, lab, student, known=(attempt.submission,) if attempt else ())
            if attempt and not again and _stands(attempt, lab, found):
                work.standing.append(attempt.result)
                if not found.state:
                    work.timestamps.setdefault(lab.slug, {})[student] = found.timestamp
            elif found.state:
                work.not_to_run.append((lab, found))
            else:
                work.waiting.append((lab, student))
    work.waiting.sort(key=lambda one: (one[1], one[0].slug) in late)  # what was cut short comes last: it may be what ended the grader
    return work


def grade(cohort: Cohort, work: Work, limits: Limits, walled: bool, workers: Workers) -> Iterator[tuple[Result | None, Result]]:
    """Do the work, and write down each submission as it ends; yield what it had before, if it was graded, and what it has now.

    Whoever calls this holds the cohort's lock.
    """
    with open_attempts(cohort.path) as attempts, book.open_gradebook(cohort.path) as gradebook:
        newest = attempts.newest()
        for lab in {lab.slug: lab for lab, _ in [*work.waiting, *work.not_to_run]}.values():
            book.save_lab(gradebook, cohort.path, lab)
        for slug, timestamps in work.timestamps.items():
            book.save_timestamps(gradebook, slug, timestamps)
        numbers: dict[tuple[str, str], int] = {}

        def begin(lab: Lab, submission: Submission) -> Task:
            student = submission.student
            numbers[student, lab.slug] = attempts.begin(student, lab.slug, submission.digest, lab.version)
            return Task(lab, submission, limits, walled, book.read_marks(gradebook, lab, student))

        def ended() -> Iterator[tuple[Task, Outcome | BaseException]]:
            yield from ((task, autograde(task)) for task in (begin(lab, submission) for lab, submission in work.not_to_run))
            tasks = (begin(lab, find_submission(cohort.path, lab, student)) for lab, student in work.waiting)
            yield from run_all(workers, autograde, tasks, lambda task: (task.submission.student, task.lab.slug))

        for task, made in ended():
            outcome = made if isinstance(made, Outcome) else _failed(task, made)
            _write_down(gradebook, cohort, task, outcome)
            who = (outcome.result.student, outcome.result.lab)
            attempts.end(numbers.pop(who), outcome.result)
            before = newest.get(who)
            yield before.result if before and before.result.state == result.GRADED else None, outcome.result


def read_results(cohort: Cohort) -> list[Result]:
    """Return the results written down for the cohort, and one for each submission that has none."""
    with open_attempts(cohort.path) as attempts:
        newest = attempts.newest()
    students = find_students(cohort.path, cohort.students)
    return [
        newest[student, lab.slug].result if (student, lab.slug) in newest else ungraded(lab, find_submission(cohort.path, lab, student))
        for lab in cohort.labs
        for student in students
    ]


def _stands(attempt: Attempt, lab: Lab, submission: Submission) -> bool:
    if attempt.version != lab.version or attempt.result.state == result.NOT_GRADED:
        return False
    if submission.state:
        return (attempt.result.state, attempt.result.reason) == (submission.state, submission.reason)
    return attempt.result.state == result.GRADED and attempt.submission == submission.digest


def _failed(task: Task, error: BaseException) -> Outcome:
    outcome = ungraded(task.lab, task.submission, error)
    return Outcome(outcome, write_feedback(task.lab, None, outcome, task.marks))


def _write_down(gradebook: Gradebook, cohort: Cohort, task: Task, outcome: Outcome) -> None:
    """Write what came of a submission to its places. Done again after a crash, it ends in the same."""
    lab, student = task.lab, task.submission.student
    if outcome.executed:
        write_whole(cohort.path / "autograded" / student / lab.slug / f"{lab.slug}.ipynb", outcome.executed)
        book.save_scores(gradebook, lab, student, task.submission.timestamp, list(outcome.cells))
    if outcome.result.state != result.MISSING:
        write_whole(cohort.path / "feedback" / student / lab.slug / f"{lab.slug}.html", outcome.feedback)
