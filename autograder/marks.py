"""People's marks, given in form grader, and penalties for late hand-ins, over a cohort's results."""

from collections.abc import Sequence
from dataclasses import replace

from nbformat import NotebookNode

from autograder import gradebook as book
from autograder import late, result
from autograder.cohort import Cohort
from autograder.feedback import write_feedback
from autograder.files import write_whole
from autograder.notebook import read_notebook
from autograder.result import Result
from autograder.score import FULL, PARTIAL, WRONG, score_cells
from autograder.source import Lab

Marks = dict[str, book.Mark]


def add_marks(cohort: Cohort, results: Sequence[Result]) -> list[Result]:
    """Return the results with the marks that people gave in form grader, and then with the penalties for what was handed in late.

    The gradebook gets the penalties, and the feedback pages of all that have either, or had a penalty, are written anew. Raises
    CohortProblem where the plugin for late submissions fails; then nothing is written.
    """
    labs = {lab.slug: lab for lab in cohort.labs}
    penalty = late.read_plugin(cohort.path)
    with book.open_gradebook(cohort.path) as gradebook:
        seconds = {slug: late.read_lateness(gradebook, slug) for slug in labs}
        marked = {(student, slug) for slug in labs for student in book.find_marked(gradebook, slug)}
        settled: list[tuple[Result, Result, Marks]] = []
        penalties: dict[str, dict[str, float | None]] = {slug: {} for slug in labs}
        for outcome in results:
            graded = outcome.state == result.GRADED
            is_marked = graded and (outcome.student, outcome.lab) in marked
            given = book.read_marks(gradebook, labs[outcome.lab], outcome.student) if is_marked else {}
            now = with_marks(labs[outcome.lab], _executed(cohort, outcome), outcome, given) if given else outcome
            if graded:
                by = seconds[now.lab].get(now.student, 0.0)
                taken = penalty(now.student, now.lab, now.points, by) if by else 0.0
                now = replace(now, points=round(now.points - taken, 4), penalty=taken, seconds_late=by)
                penalties[now.lab][now.student] = taken if by else None
            settled.append((outcome, now, given))
        changed = {(student, slug) for slug in labs for student in late.save_penalties(gradebook, slug, penalties[slug])}
    for before, now, given in settled:
        if given or now.seconds_late or (now.student, now.lab) in changed:
            _write_page(cohort, labs[now.lab], before, now, given)
    return [now for _, now, _ in settled]


def _executed(cohort: Cohort, outcome: Result) -> NotebookNode | None:
    path = cohort.path / "autograded" / outcome.student / outcome.lab / f"{outcome.lab}.ipynb"
    return read_notebook(path.read_bytes()) if path.is_file() else None


def _write_page(cohort: Cohort, lab: Lab, before: Result, now: Result, given: Marks) -> None:
    """Write the feedback page, which adds the marks itself: to what was earned without them, less the penalty."""
    page = cohort.path / "feedback" / now.student / lab.slug / f"{lab.slug}.html"
    shown = replace(before, points=before.points - now.penalty, penalty=now.penalty, seconds_late=now.seconds_late)
    write_whole(page, write_feedback(lab, _executed(cohort, now), shown, given))


def with_marks(lab: Lab, executed: NotebookNode | None, outcome: Result, marks: Marks) -> Result:
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
