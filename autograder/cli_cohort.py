"""The commands for instructors: a cohort from its roster to its grades."""

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from autograder import show
from autograder.attempts import lock, open_attempts
from autograder.build import project_folder
from autograder.cohort import Cohort, new_cohort, read_cohort, read_roster, update_cohort
from autograder.collect import ASIDE, ASIDE_FOLDER, OTHER, UNCHANGED, collect
from autograder.errors import Problem
from autograder.execute import Limits
from autograder.export import FORMATS, Grades, export
from autograder.files import write_whole
from autograder.forms import FORMS
from autograder.grade import find_work, grade, read_results
from autograder.gradebook import open_gradebook, read_people
from autograder.late import read_due_dates, read_plugin, save_due_date
from autograder.marks import add_marks
from autograder.moment import parse_moment, read_zone
from autograder.options import CORES, CellSeconds, Jobs, LabNames
from autograder.pairs import make_page
from autograder.people import Directory, Person, make_directory, read_names
from autograder.report import write_report
from autograder.result import GRADED, Result
from autograder.sandbox import why_not
from autograder.similar import compare, read_notebooks
from autograder.source import find_labs
from autograder.workers import dask_workers, local_workers

UNWALLED = "Graded without a sandbox: the code of {count} submissions ran as the user who graded."
FLAGGED = "Flagged as tampering with what judges them, and without points: {count}. Their rows say how; look at them before you act."
INNOCENT = "Similar answers have innocent causes; read both before you conclude anything."
app = typer.Typer()

CohortPath = Annotated[Path, typer.Argument(metavar="COHORT", help="A cohort's course folder.")]
NamesFile = Annotated[
    Path | None, typer.Option("--names", metavar="FILE", help="Who is who: Moodle's grading worksheet, Canvas's gradebook, or a list.")
]
Zone = Annotated[str, typer.Option("--zone", metavar="ZONE", help="The zone of times without one, as Europe/Berlin; else this machine's.")]


@app.command("new-cohort", rich_help_panel="Instructors")
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
    show.line(f"{folder}: {len(chosen)} labs, {len(roster)} students. Take hand-ins in with: autograder collect {folder} FROM")


@app.command("update-cohort", rich_help_panel="Instructors")
def update_cohort_command(cohort: CohortPath, labs: LabNames = None) -> None:
    """Bring a cohort's labs up to date, with mended tests for instance. What they change is graded again by the next grade."""
    course = read_cohort(cohort, tuple(labs or ()))
    with lock(cohort):
        changed = update_cohort(course, find_labs(project_folder() / "source", tuple(lab.slug for lab in course.labs)))
    show.line(f"{cohort}: changed {', '.join(changed)}; now run: autograder grade {cohort}" if changed else f"{cohort}: up to date")


@app.command("collect", rich_help_panel="Instructors")
def collect_command(
    cohort: CohortPath,
    source: Annotated[Path, typer.Argument(metavar="FROM", help="A folder or zip, also as Moodle, Canvas or nbgrader give it.")],
    lab: Annotated[str, typer.Argument(metavar="LAB", help="The lab that all are of; else names say it.")] = "",
    names: NamesFile = None,
    form: Annotated[str, typer.Option("--form", help=f"One of {', '.join(FORMS)}; else it is recognised.")] = "",
    zone: Zone = "",
) -> None:
    """Take hand-ins into submitted/. The newest counts, and nothing is lost: what cannot be assigned is set aside, with the reason."""
    if form and form not in FORMS:
        raise Problem(f"--form {form}", "is no form that is known", f"choose from {', '.join(FORMS)}")
    course = read_cohort(cohort)
    if lab:
        read_cohort(cohort, (lab,))
    with lock(cohort):
        found = []
        for one in collect(course, source, _directory(course, names)[0], read_zone(zone), lab, form):
            found.append(one)
            where = f"{one.student} {one.lab}: " if one.student else ""
            if one.note or one.outcome not in (UNCHANGED, OTHER):
                show.line(f"{one.label}: {where}{one.outcome}{f' ({one.note})' if one.note else ''}")
    if timeless := sum(one.timeless for one in found):
        show.line(f"When they were handed in is not known of {timeless}: they are never late.")
    counts = Counter(one.outcome for one in found)
    show.line(", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or f"{source}: there is nothing to collect")
    if counts[ASIDE]:
        show.line(f"What was set aside is in {cohort / ASIDE_FOLDER}, and as it was in {source}.")
        raise typer.Exit(1)


@app.command("grade", rich_help_panel="Instructors")
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
        read_plugin(cohort)
        work = find_work(course, again)
        regraded = []
        open_workers = dask_workers(dask) if dask else local_workers(max(1, min(jobs, len(work.waiting))))
        with open_workers as workers, show.bar("grading", len(work.waiting) + len(work.not_to_run)) as step:
            for before, now in grade(course, work, Limits(cell_seconds), not unsafe, workers):
                step(f"{now.student} {now.lab}: {show.points(now)}")
                if before:
                    regraded.append((before, now))
        results, page = _report(cohort)
        wanted = {lab.slug for lab in course.labs}
        mine = sorted((result for result in results if result.lab in wanted), key=lambda r: (r.student, r.lab))
        show.results(mine)
        if work.standing:
            show.line(f"{len(work.standing)} of {len(mine)} had not changed since they were graded (--again grades them, too)")
        show.regraded(regraded)
        show.line(f"report: {page}")


@app.command("attempts", rich_help_panel="Instructors")
def attempts_command(
    cohort: CohortPath,
    student: Annotated[str, typer.Argument(metavar="STUDENT", help="A student's id.")],
    labs: LabNames = None,
) -> None:
    """List every attempt at grading a student's submissions, the oldest first; the newest counts."""
    course = read_cohort(cohort, tuple(labs or ()))
    with open_attempts(cohort) as attempts:
        show.attempts([attempt for lab in course.labs for attempt in attempts.history(student, lab.slug)])


@app.command("report", rich_help_panel="Instructors")
def report_command(cohort: CohortPath) -> None:
    """Write a cohort's report again, with the marks that people gave in form grader, and penalties for what was late."""
    show.line(f"report: {_report(cohort)[1]}")


@app.command("due", rich_help_panel="Instructors")
def due_command(
    cohort: CohortPath,
    lab: Annotated[str, typer.Argument(metavar="LAB", help="A lab, by slug.")] = "",
    when: Annotated[str, typer.Argument(metavar="WHEN", help='As "2026-12-01 18:00", or with +01:00 or a zone; or: none.')] = "",
    zone: Zone = "",
) -> None:
    """Set when a lab is due, or show when labs are. What comes later may lose points, by nbgrader's plugin for late submissions."""
    course = read_cohort(cohort, (lab,) if lab else ())
    where = read_zone(zone)
    with open_gradebook(cohort) as gradebook:
        if when:
            try:
                moment = None if when == "none" else parse_moment(when, where, exact=True)
            except ValueError as error:
                raise Problem(when, str(error), 'give it as "2026-12-01 18:00", with --zone or an offset') from None
            save_due_date(gradebook, lab, moment)
        dates = read_due_dates(gradebook)
    for one in course.labs:
        due = dates.get(one.slug)
        shown = f"{due.astimezone(where):%Y-%m-%d %H:%M %Z} ({due:%Y-%m-%d %H:%M} UTC)" if due else "no due date"
        show.line(f"{one.slug}: {shown}")
    if when:
        show.line(f"Now run: autograder report {cohort}")


@app.command("export", rich_help_panel="Instructors")
def export_command(
    cohort: CohortPath,
    labs: LabNames = None,
    form: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}.")] = FORMATS[0],
    names: NamesFile = None,
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Write this file; else to the terminal.")] = None,
) -> None:
    """Give the grades out, with marks and penalties: as a table, as data, or for Canvas or Moodle. What is not graded is empty."""
    if form not in FORMATS:
        raise Problem(f"--format {form}", "is no format that is known", f"choose from {', '.join(FORMATS)}")
    course = read_cohort(cohort, tuple(labs or ()))
    results = {(one.student, one.lab): one for one in add_marks(course, read_results(course))}
    directory, people = _directory(course, names)
    known = {person.id for person in people}
    people += [Person(student) for student in sorted({student for student, _ in results} - known)]
    made = export(form, Grades(cohort.resolve().name, course.labs, people, results), directory)
    if output:
        write_whole(output, made.text.encode("utf-8", "replace"))
        show.line(f"{output}: {form}")
    else:
        sys.stdout.write(made.text)
    for note in made.notes:
        print(f"autograder: {note}", file=sys.stderr)
    if made.lost:
        print(f"autograder: graded, but on no line of {names}: {', '.join(made.lost)}", file=sys.stderr)
        raise typer.Exit(1)


@app.command("similar", rich_help_panel="Instructors")
def similar_command(
    cohort: CohortPath,
    lab: Annotated[str, typer.Argument(metavar="LAB", help="A lab, by slug.")],
    share: Annotated[float, typer.Option("--share", min=0.05, max=1, help="Show pairs that share at least this much.")] = 0.7,
    common: Annotated[float, typer.Option("--common", min=0, max=1, help="Leave out what more of the submissions have.")] = 0.1,
) -> None:
    """Show which answers of a lab are similar, for you to look at: never a verdict. No code is run."""
    course = read_cohort(cohort, (lab,))
    notebooks, unread = read_notebooks(course, course.labs[0])
    compared = compare(course.labs[0], notebooks, share, common)
    path = cohort / "similar" / f"{lab}.html"
    write_whole(path, make_page(cohort.resolve().name, course.labs[0], compared, course.students, share))
    show.similar(compared)
    show.line(f"{len(notebooks)} submissions compared{f', {unread} not there or unreadable' if unread else ''}. {INNOCENT}")
    show.line(f"side by side: {path}")


def _report(path: Path) -> tuple[list[Result], Path]:
    course = read_cohort(path)
    results = add_marks(course, read_results(course))
    unwalled = sum(outcome.state == GRADED and not outcome.walled for outcome in results)
    notes = [UNWALLED.format(count=unwalled)] if unwalled else []
    if flagged := sum(outcome.flagged for outcome in results):
        notes.append(FLAGGED.format(count=flagged))
    page = write_report(path / "report", path.resolve().name, course.labs, results, course.students, notes)
    return results, page


def _directory(course: Cohort, names: Path | None) -> tuple[Directory, list[Person]]:
    with open_gradebook(course.path) as gradebook:
        people = [Person(**fields) for fields in read_people(gradebook)]
    return make_directory(people, read_names(names) if names else None), people
