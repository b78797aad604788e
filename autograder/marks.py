"""People's marks, given in form grader, over a cohort's results."""

from collections.abc import Sequence
from dataclasses import replace

from nbformat import NotebookNode

from autograder import gradebook as book
from autograder import result
from autograder.cohort import Cohort
from autograder.feedback import write_feedback
from autograder.files import write_whole
from autograder.notebook import read_notebook
from autograder.result import Result
from autograder.score import FULL, PARTIAL, WRONG, score_cells
from autograder.source import Lab


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
                page = cohort.path / "feedback" / outcome.student / lab.slug / f"{lab.slug}.html"
                write_whole(page, write_feedback(lab, notebook, outcome, marks))
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
