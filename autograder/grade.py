"""A cohort's submissions, graded: found, restored, executed, scored, written down."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from multiprocessing import get_context, parent_process
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.api import Gradebook

from autograder import gradebook as book
from autograder import result
from autograder.cohort import Cohort
from autograder.errors import CohortProblem
from autograder.execute import Limits, execute
from autograder.feedback import write_feedback
from autograder.notebook import read_notebook, write_notebook
from autograder.release import make_solved
from autograder.restore import restore
from autograder.result import Result
from autograder.score import FULL, PARTIAL, WRONG, score, score_cells
from autograder.source import Lab
from autograder.submitted import Submission, find_submitted

RESULT = "result.json"
Progress = Callable[[Result], None]


@dataclass(frozen=True)
class Task:
    """All that a worker needs for one submission, as bytes."""

    source: bytes
    submitted: bytes
    files: dict[str, bytes]
    hidden: dict[str, bytes]
    limits: Limits


def find_all(cohort: Cohort) -> list[tuple[Lab, Submission]]:
    """Return every lab's submissions. Raises CohortProblem where there is neither a roster nor a submission."""
    found = [(lab, submission) for lab in cohort.labs for submission in find_submitted(cohort.path, lab, list(cohort.students))]
    if not found:
        todo = "put them in submitted/STUDENT/LAB/LAB.ipynb, or add a roster"
        raise CohortProblem(cohort.path / "submitted", "there is nobody to grade", todo)
    return found


def grade(cohort: Cohort, found: Sequence[tuple[Lab, Submission]], jobs: int, limits: Limits, done: Progress) -> list[Result]:
    """Grade the submissions in `jobs` processes and write down each as it ends. `done` hears of each result."""
    results = []
    with book.open_gradebook(cohort.path) as gradebook:
        for lab in cohort.labs:
            book.save_lab(gradebook, cohort.path, lab)
        for lab, submission, executed in _run_all(found, jobs, limits):
            outcome = _write_down(gradebook, cohort, lab, submission, executed)
            results.append(outcome)
            done(outcome)
    return results


def read_results(cohort: Cohort) -> list[Result]:
    """Return the results written down for the cohort, and one for each submission that has none."""
    results = []
    for lab, submission in find_all(cohort):
        path = cohort.path / "autograded" / submission.student / lab.slug / RESULT
        if path.is_file():
            results.append(result.from_json(path.read_text(encoding="utf-8")))
        else:
            results.append(_ungraded(lab, submission))
    return results


def run_task(task: Task) -> bytes:
    """Return the submission's notebook, restored and executed. A pure function: bytes in, bytes out."""
    source = read_notebook(task.source)
    submitted = read_notebook(task.submitted)
    return execute(write_notebook(restore(source, submitted)), task.files, task.hidden, task.limits)


def make_task(lab: Lab, notebook: bytes, files: dict[str, bytes], limits: Limits) -> Task:
    """Return the task of running `notebook` as a submission of `lab`, with the files handed in beside it."""
    return Task(write_notebook(make_solved(lab)), notebook, {**files, **lab.files}, lab.hidden, limits)


def workers(jobs: int) -> ProcessPoolExecutor:
    """Return a pool of `jobs` processes that share nothing with this one, and end when it ends, however it does."""
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_end_with_parent)


def _end_with_parent() -> None:
    def watch() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _run_all(
    found: Sequence[tuple[Lab, Submission]], jobs: int, limits: Limits
) -> Iterator[tuple[Lab, Submission, bytes | Exception | None]]:
    yield from ((lab, submission, None) for lab, submission in found if submission.state)
    waiting = [(lab, submission) for lab, submission in found if not submission.state]
    if not waiting:
        return
    with workers(min(jobs, len(waiting))) as pool:
        futures: dict[Future[bytes], tuple[Lab, Submission]] = {
            pool.submit(run_task, make_task(lab, submission.notebook, submission.files, limits)): (lab, submission)
            for lab, submission in waiting
        }
        for future in as_completed(futures):
            error = future.exception()
            yield *futures[future], error if isinstance(error, Exception) else future.result()


def _write_down(gradebook: Gradebook, cohort: Cohort, lab: Lab, submission: Submission, executed: bytes | Exception | None) -> Result:
    folder = cohort.path / "autograded" / submission.student / lab.slug
    notebook: NotebookNode | None = None
    if isinstance(executed, bytes):
        notebook = read_notebook(executed)
        outcome = make_result(lab, submission, notebook)
        _write(folder / f"{lab.slug}.ipynb", executed)
        book.save_scores(gradebook, lab, submission.student, submission.timestamp, score_cells(lab, notebook))
    else:
        outcome = _ungraded(lab, submission, executed)
    if submission.state != result.MISSING:
        _write(folder / RESULT, outcome.as_json().encode())
        marks = book.read_marks(gradebook, lab, submission.student)
        _write_feedback(cohort, lab, notebook, outcome, marks)
    return outcome


def make_result(lab: Lab, submission: Submission, executed: NotebookNode) -> Result:
    """Return the result of an executed submission."""
    scores = score(lab, executed)
    used = executed.metadata.get("autograder", {})
    return Result(
        student=submission.student,
        lab=lab.slug,
        state=result.GRADED,
        max_points=lab.points,
        points=round(sum(scored.points for scored in scores), 4),
        scores=tuple(scores),
        seconds=used.get("seconds", 0.0),
        peak_mib=used.get("peak_mib", 0),
        submission=submission.digest,
        graded_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def add_marks(cohort: Cohort, results: Sequence[Result]) -> list[Result]:
    """Return the results with the marks that people gave in form grader, and write the feedback pages of those that have any."""
    labs, marked = {lab.slug: lab for lab in cohort.labs}, []
    with book.open_gradebook(cohort.path) as gradebook:
        for outcome in results:
            lab = labs[outcome.lab]
            marks = book.read_marks(gradebook, lab, outcome.student) if outcome.state == result.GRADED else {}
            if marks:
                executed = cohort.path / "autograded" / outcome.student / lab.slug / f"{lab.slug}.ipynb"
                notebook = read_notebook(executed.read_bytes()) if executed.is_file() else None
                _write_feedback(cohort, lab, notebook, outcome, marks)
                outcome = with_marks(lab, notebook, outcome, marks)
            marked.append(outcome)
    return marked


def with_marks(lab: Lab, executed: NotebookNode | None, outcome: Result, marks: dict[str, book.Mark]) -> Result:
    """Return the result with people's marks: a mark takes the place of its cell's points, and extra credit is added."""
    earned = {cell.grade_id: cell.points for cell in score_cells(lab, executed)} if executed else {}
    exercises = {exercise.id: exercise for exercise in lab.exercises}
    scores = []
    for scored in outcome.scores:
        exercise = exercises[scored.exercise]
        cells = [*([exercise.id] if exercise.manual else []), *exercise.tests]
        if any(name in marks for name in cells):
            points = [marks[name].score if name in marks else earned.get(name, 0.0) for name in cells]
            if None not in points:
                total = round(sum(point or 0.0 for point in points), 4)
                kind = FULL if total >= scored.max_points else PARTIAL if total > 0 else WRONG
                comment = next((marks[name].comment for name in cells if name in marks and marks[name].comment), scored.message)
                scored = replace(scored, points=total, outcome=kind, message="" if kind == FULL else comment)
        scores.append(scored)
    return replace(outcome, scores=tuple(scores), points=round(sum(s.points for s in scores), 4))


def _write_feedback(cohort: Cohort, lab: Lab, notebook: NotebookNode | None, outcome: Result, marks: dict[str, book.Mark]) -> None:
    page = write_feedback(lab, notebook, outcome, marks)
    _write(cohort.path / "feedback" / outcome.student / lab.slug / f"{lab.slug}.html", page)


def _ungraded(lab: Lab, submission: Submission, error: bytes | Exception | None = None) -> Result:
    state, reason = submission.state or result.NOT_GRADED, submission.reason
    if isinstance(error, Exception):
        reason = f"the grader itself failed on it ({type(error).__name__}: {error}); run the command again"
    return Result(
        submission.student, lab.slug, state, lab.points, reason or "not graded yet: run autograder grade", submission=submission.digest
    )


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_bytes(data)
    os.replace(part, path)
