"""A learner's commands: their own state, handing in, beginning again, comparing, a newer course."""

import dataclasses
import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from autograder import show
from autograder.build import project_folder
from autograder.errors import Problem
from autograder.execute import Limits
from autograder.files import write_whole
from autograder.handin import look_over, pack
from autograder.options import CellSeconds, Jobs, JsonFile, LabName, LabNames
from autograder.progress import Work, find_own_work, grade_own_work
from autograder.record import CHANGED, WAITING, Standing, read_record, remember, standings
from autograder.reset import reset_exercise, reset_lab
from autograder.result import Result
from autograder.sandbox import why_not
from autograder.score import NOT_ATTEMPTED
from autograder.solution import compare
from autograder.source import find_labs
from autograder.update import update
from autograder.workers import local_workers

HANDED_IN = "handed-in"
Exercise = Annotated[str, typer.Argument(metavar="EXERCISE", help="An exercise, by its id; a lab's are named in autograder progress LAB.")]
app = typer.Typer()


@app.command("progress", rich_help_panel="Learners")
def progress_command(
    labs: LabNames = None,
    jobs: Jobs = 1,
    again: Annotated[bool, typer.Option("--again", help="Grade also what has not changed since it was graded.")] = False,
    json_file: JsonFile = None,
    cell_seconds: CellSeconds = 90,
) -> None:
    """Show your own state: your notebooks in labs/, graded with the hidden tests on this machine."""
    project = project_folder()
    folder = project / "labs"
    works = find_own_work(folder, find_labs(project / "source", tuple(labs or ())))
    found = {one.lab.slug: one for one in standings(works, read_record(folder))}
    waiting = [work for work in works if not work.submission.state and (again or found[work.lab.slug].state in (WAITING, CHANGED))]
    made: dict[str, Result] = {}
    with local_workers(max(1, min(jobs, len(waiting)))) as workers, show.bar("grading", len(waiting)) as step:
        for work, outcome in zip(waiting, grade_own_work(waiting, workers, Limits(cell_seconds), not why_not()), strict=True):
            made[work.lab.slug] = outcome
            remember(folder, [(work.lab, outcome)])
            step(f"{outcome.lab}: {show.points(outcome)}")
    if any(not outcome.walled for outcome in made.values()):
        show.line(f"graded without a sandbox, as it is your own work ({why_not()})")
    results = [made.get(work.lab.slug) or _standing_result(found[work.lab.slug]) for work in works]
    show.progress([work.lab for work in works], results)
    if kept := sum(not work.submission.state for work in works) - len(waiting):
        show.line(f"{kept} had not changed since they were graded (--again grades them, too)")
    if json_file:
        json_file.write_text(json.dumps([dataclasses.asdict(r) for r in results], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


@app.command("submit", rich_help_panel="Learners")
def submit_command(lab: LabName, cell_seconds: CellSeconds = 90) -> None:
    """Pack what you hand in, after a run from the top in a fresh kernel that says what differs from what you see."""
    work = _work(lab)
    if work.submission.state == NOT_ATTEMPTED:
        raise Problem(work.lab.slug, "nothing is written in it yet", "save the notebook in JupyterLab, then call this again")
    if work.submission.state:
        raise Problem(work.lab.slug, work.submission.reason, "mend that, then call this again")
    show.line(f"{work.lab.slug}: running it from the top in a fresh kernel ...")
    for warned in look_over(work.lab, work.submission, Limits(cell_seconds), not why_not()):
        show.line(f"  {warned.exercise or 'the notebook'}: {warned.what}")
    name, data = pack(work.lab, work.submission, datetime.now(UTC))
    path = project_folder() / HANDED_IN / name
    write_whole(path, data)
    show.line(f"packed: {path}")
    show.line("This file is what your instructor collects. Hand it in where they asked for it; nothing was sent.")


@app.command("reset", rich_help_panel="Learners")
def reset_command(
    lab: LabName, exercise: Annotated[str, typer.Argument(metavar="[EXERCISE]", help="Only this exercise's answer.")] = ""
) -> None:
    """Put back a fresh notebook, or the fresh cell of one exercise. What was there is kept aside."""
    work = _work(lab)
    folder = project_folder() / "labs"
    done = reset_exercise(folder, work.lab, exercise) if exercise else reset_lab(folder, work.lab)
    for path in done.aside:
        show.line(f"kept aside: {path}")
    for path in done.fresh:
        show.line(f"fresh: {path}")
    show.line("If it is open in JupyterLab: File, Reload Notebook from Disk." if done.fresh else f"{work.lab.slug} is as it was released")


@app.command("solution", rich_help_panel="Learners")
def solution_command(lab: LabName, exercise: Exercise) -> None:
    """Show the reference solution of an exercise that you have tried, beside your answer."""
    show.answers(compare(_work(lab), exercise))


@app.command("update", rich_help_panel="Learners")
def update_command() -> None:
    """Fetch the course's newest version, and carry your work over into it. It is kept as it was, too. (make update installs, as well.)"""
    done = update(project_folder())
    for path in done.aside:
        show.line(f"kept as it was: {path}")
    for path in done.carried:
        show.line(f"your work is in the new version: {path}")
    show.line(f"{done.commits} changes fetched" if done.commits else "the course is up to date")


def _work(lab: str) -> Work:
    project = project_folder()
    (work,) = find_own_work(project / "labs", find_labs(project / "source", (lab,)))
    return work


def _standing_result(standing: Standing) -> Result:
    if standing.result is None:
        raise AssertionError(f"{standing.lab.slug} is {standing.state}, and was not graded")
    return standing.result
