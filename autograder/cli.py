"""The command `autograder`. Exit status: 0, 1 for findings, 2 for a wrong command line or our own fault."""

import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from autograder import cli_learner, show
from autograder.attempts import lock, open_attempts
from autograder.build import build, find_changes, project_folder
from autograder.check import finish, measure_again, start
from autograder.cohort import new_cohort, read_cohort, read_roster, update_cohort
from autograder.errors import Problem
from autograder.execute import Limits
from autograder.grade import find_work, grade, read_results
from autograder.lint import RULES, lint
from autograder.marks import add_marks
from autograder.options import CORES, CellSeconds, Jobs, JsonFile, LabNames
from autograder.report import write_report
from autograder.result import GRADED
from autograder.sandbox import why_not
from autograder.source import find_labs
from autograder.workers import dask_workers, local_workers

UNWALLED = "Graded without a sandbox: the code of {count} submissions ran as the user who graded."
FLAGGED = "Flagged as tampering with what judges them, and without points: {count}. Their rows say how; look at them before you act."
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Build, check and grade the labs.")

app.add_typer(cli_learner.app)

CohortPath = Annotated[Path, typer.Argument(metavar="COHORT", help="A cohort's course folder.")]


@app.command("lint")
def lint_command(labs: LabNames = None, rules: Annotated[bool, typer.Option("--rules", help="List the rules and stop.")] = False) -> None:
    """Try the rules over the labs' sources that need no run."""
    if rules:
        show.table(["code", "rule"], [[code, (rule.__doc__ or "").strip()] for code, rule in RULES.items()])
        return
    findings = [finding for lab in find_labs(project_folder() / "source", tuple(labs or ())) for finding in lint(lab)]
    show.findings(findings)
    raise typer.Exit(1 if findings else 0)


@app.command("build")
def build_command(
    check_only: Annotated[bool, typer.Option("--check", help="Change nothing; fail if labs/ is not a fresh build.")] = False,
) -> None:
    """Make labs/ from source/. A notebook that somebody worked in is set aside, never overwritten."""
    project = project_folder()
    if check_only:
        changes = find_changes(project)
        for change in changes:
            show.line(f"{change.path.relative_to(project)}: {change.kind} – run: autograder build")
        raise typer.Exit(1 if changes else 0)
    changes, aside = build(project)
    for change in changes:
        show.line(f"{change.path.relative_to(project)}: {change.kind}")
    for path in aside:
        show.line(f"somebody had worked in this notebook; it is kept as {path.relative_to(project)}")
    show.line(f"labs/ is up to date ({len(changes)} files changed)")


@app.command("check")
def check_command(labs: LabNames = None, jobs: Jobs = CORES, json_file: JsonFile = None, cell_seconds: CellSeconds = 90) -> None:
    """Try a lab's conformance: the ten rules, by building, running and grading it."""
    project = project_folder()
    paths = [lab.path for lab in find_labs(project / "source", tuple(labs or ()))]
    with local_workers(jobs) as pool:
        walks = [start(pool.executor, path, Limits(cell_seconds)) for path in paths]
        with show.bar("checking", sum(1 + len(walk.others) for walk in walks)) as step:
            reports = [finish(walk, project, step) for walk in walks]
    for number, report in enumerate(reports):
        if any(finding.rule == "R9" for finding in report.findings):
            show.line(f"{report.slug}: over its budget while other labs ran; measured again alone")
            reports[number] = measure_again(report, paths[number], Limits(cell_seconds))
    show.check_reports(reports)
    if json_file:
        json_file.write_text(json.dumps([dataclasses.asdict(report) for report in reports], indent=1) + "\n", encoding="utf-8")
    raise typer.Exit(1 if any(report.findings for report in reports) else 0)


@app.command("new-cohort")
def new_cohort_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The course folder to make; new or empty.")],
    labs: LabNames = None,
    students: Annotated[
        Path | None, typer.Option("--students", metavar="ROSTER.csv", help="Columns: id, first_name, last_name, email.")
    ] = None,
) -> None:
    """Write a stock nbgrader course folder for a cohort."""
    roster = read_roster(students) if students else {}
    chosen = find_labs(project_folder() / "source", tuple(labs or ()))
    new_cohort(folder, chosen, roster)
    show.line(f"{folder}: {len(chosen)} labs, {len(roster)} students. Hand-ins go to {folder}/submitted/STUDENT/LAB/LAB.ipynb")


@app.command("update-cohort")
def update_cohort_command(cohort: CohortPath, labs: LabNames = None) -> None:
    """Bring a cohort's labs up to date, with mended tests for instance. What they change is graded again by the next grade."""
    course = read_cohort(cohort, tuple(labs or ()))
    with lock(cohort):
        changed = update_cohort(course, find_labs(project_folder() / "source", tuple(lab.slug for lab in course.labs)))
    show.line(f"{cohort}: changed {', '.join(changed)}; now run: autograder grade {cohort}" if changed else f"{cohort}: up to date")


@app.command("grade")
def grade_command(
    cohort: CohortPath,
    labs: LabNames = None,
    jobs: Jobs = CORES,
    cell_seconds: CellSeconds = 90,
    dask: Annotated[str, typer.Option("--dask", metavar="tcp://HOST:PORT", help="Grade on the workers of this Dask cluster.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Grade also what was graded and has not changed since.")] = False,
    unsafe: Annotated[bool, typer.Option("--unsafe-no-sandbox", help="Run submissions as yourself; results say so.")] = False,
) -> None:
    """Grade a cohort's submissions, and write feedback, gradebook and report. Stopped at any moment, it goes on where it was."""
    course = read_cohort(cohort, tuple(labs or ()))
    if not unsafe and not dask and why_not():
        raise Problem("autograder grade", why_not(), "or trust every submission, and add --unsafe-no-sandbox")
    with lock(cohort):
        work = find_work(course, again)
        results, regraded = list(work.standing), []
        open_workers = dask_workers(dask) if dask else local_workers(max(1, min(jobs, len(work.waiting))))
        with open_workers as workers, show.bar("grading", len(work.waiting) + len(work.not_to_run)) as step:
            for before, now in grade(course, work, Limits(cell_seconds), not unsafe, workers):
                results.append(now)
                step(f"{now.student} {now.lab}: {show.points(now)}")
                if before:
                    regraded.append((before, now))
        show.results(sorted(results, key=lambda r: (r.student, r.lab)))
        if work.standing:
            show.line(f"{len(work.standing)} of {len(results)} had not changed since they were graded (--again grades them, too)")
        show.regraded(regraded)
        _report(cohort)


@app.command("attempts")
def attempts_command(
    cohort: CohortPath,
    student: Annotated[str, typer.Argument(metavar="STUDENT", help="A student's id.")],
    labs: LabNames = None,
) -> None:
    """List every attempt at grading a student's submissions, the oldest first; the newest counts."""
    course = read_cohort(cohort, tuple(labs or ()))
    with open_attempts(cohort) as attempts:
        show.attempts([attempt for lab in course.labs for attempt in attempts.history(student, lab.slug)])


@app.command("report")
def report_command(cohort: CohortPath) -> None:
    """Write a cohort's report again, with the marks that people gave in form grader."""
    _report(cohort)


def main() -> None:
    """Run the command line; tell a Problem in one line."""
    _run(app)


def _report(path: Path) -> None:
    course = read_cohort(path)
    results = add_marks(course, read_results(course))
    unwalled = sum(outcome.state == GRADED and not outcome.walled for outcome in results)
    notes = [UNWALLED.format(count=unwalled)] if unwalled else []
    if flagged := sum(outcome.flagged for outcome in results):
        notes.append(FLAGGED.format(count=flagged))
    page = write_report(path / "report", path.resolve().name, course.labs, results, course.students, notes)
    show.line(f"report: {page}")


def _run(command: Callable[[], None]) -> None:
    try:
        command()
    except Problem as problem:
        print(f"autograder: {problem}", file=sys.stderr)
        sys.exit(2)
