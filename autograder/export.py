"""A cohort's grades for other programs: CSV, JSON, and what Canvas and Moodle take in.

Canvas: the gradebook's CSV, `Student, ID, SIS User ID, SIS Login ID, Section`, then a column for each assignment, "TITLE (ID)" where it
is there, else a title, of which Canvas makes a new one; the row "    Points Possible" stands before the students. Sources: Canvas
Instructor Guide, "How do I import grades in the Gradebook?"; lib/gradebook_exporter.rb and lib/gradebook_importer.rb of
instructure/canvas-lms, which finds a student by ID, then by SIS User ID, SIS Login ID and name.

Moodle, an assignment's grading worksheet: found by `Identifier`, with `Grade` and `Last modified (grade)`; an empty grade is passed over,
as is one above the maximum. Sources: MoodleDocs, "Assignment settings", Feedback types;
mod/assign/feedback/offline/importgradeslib.php and locallib.php of moodle/moodle.

Moodle, the gradebook's import: any columns, which its form maps, here named as its own export names them: `First name, Last name,
ID number, Email address, Assignment: TITLE (Real)`. One user that Moodle does not find stops the import; a row without the mapped field
is passed over. Sources: MoodleDocs, "Grade import"; grade/import/csv/classes/load_data.php.

What is not graded is empty, never 0, or stands as the platform has it: an empty cell would take a grade away there.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.errors import Problem
from autograder.people import CANVAS, MOODLE, PEOPLE, Directory, Names, NotFound, Person, Row
from autograder.report import make_json, safe_cell, to_mark
from autograder.result import GRADED, Result
from autograder.source import Lab

CSV_FORMAT, JSON_FORMAT, CANVAS_FORMAT, MOODLE_FORMAT = "csv", "json", "canvas", "moodle"
FORMATS = (CSV_FORMAT, JSON_FORMAT, CANVAS_FORMAT, MOODLE_FORMAT)
_CANVAS_PEOPLE = ("Student", "LastName", "FirstName", "ID", "SIS User ID", "SIS Login ID", "Integration ID", "Root Account", "Section")
_CANVAS_COLUMN = re.compile(r"(?P<title>.*) \(\d+\)")
_WORKSHEET = ("Identifier", "Full name", "ID number", "Email address", "Status", "Grade", "Maximum Grade", "Maximum grade")
_WORKSHEET_REST = ("Grade can be changed", "Last modified (submission)", "Last modified (grade)")
_MOODLE_PEOPLE = ("First name", "Last name", "ID number", "Email address")
_KEYS = ("ID", "SIS User ID", "SIS Login ID", "Identifier", "ID number", "Email address")


@dataclass(frozen=True)
class Exported:
    """A file's text; `lost` names graded submissions that are not in it, `notes` what else to know."""

    text: str
    lost: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grades:
    """A cohort's grades: its labs, its people, and results with marks and penalties, by student and lab."""

    name: str
    labs: Sequence[Lab]
    people: Sequence[Person]
    results: Mapping[tuple[str, str], Result]

    def points(self, student: str, lab: Lab) -> str:
        """Return the points that count; empty where nothing is graded."""
        result = self.results.get((student, lab.slug))
        return _number(result.points) if result and result.state == GRADED else ""

    def graded(self, student: str) -> bool:
        """Return whether any of the student's labs is graded."""
        return any(self.points(student, lab) for lab in self.labs)


def export(form: str, grades: Grades, directory: Directory) -> Exported:
    """Return the grades in the format, one of FORMATS; platforms' lists of people say who is who there.

    Raises Problem where a platform's list is of another kind, of another assignment, or has another maximum of points.
    """
    if form == JSON_FORMAT:
        names = {person.id: f"{person.first_name} {person.last_name}".strip() for person in grades.people}
        made = Exported(make_json(grades.name, grades.labs, [*grades.results.values()], names, ()))
    elif form == CSV_FORMAT:
        made = _export_csv(grades)
    elif form == CANVAS_FORMAT:
        made = _export_canvas(grades, directory)
    elif directory.names is not None and directory.names.kind == MOODLE:
        made = _export_worksheet(grades, directory, directory.names)
    else:
        made = _export_moodle(grades, directory)
    waiting = sorted({result.student for result in grades.results.values() if result.state == GRADED and to_mark(result) > 0})
    wait = (f"a written part is still to be marked, and its points are missing, of: {_few(waiting)}",) if waiting else ()
    return Exported(made.text, made.lost, (*made.notes, *wait))


def _export_csv(grades: Grades) -> Exported:
    rows = [["student", "first_name", "last_name", "email", *(lab.slug for lab in grades.labs)]]
    for person in grades.people:
        mine = [grades.points(person.id, lab) for lab in grades.labs]
        rows.append([person.id, person.first_name, person.last_name, person.email, *mine])
    return Exported(_write(rows))


def _export_canvas(grades: Grades, directory: Directory) -> Exported:
    names = directory.names
    if names is None:
        head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
        rows = [head + [lab.header.title for lab in grades.labs]]
        rows.append(["    Points Possible", "", "", "", "", *(_number(lab.points) for lab in grades.labs)])
        for person in grades.people:
            name = f"{person.last_name}, {person.first_name}".strip(", ")
            rows.append([name, "", "", person.id, "", *(grades.points(person.id, lab) for lab in grades.labs)])
        note = "the ids were taken for SIS Login IDs, and Canvas makes new assignments; give its gradebook with --names to be sure of both"
        return Exported(_write(rows), notes=(note,))
    if names.kind != CANVAS:
        raise Problem(names.path, f"is {names.kind}, not {CANVAS}", "export the gradebook from Canvas: Grades, Export")
    people_columns = [column for column in _CANVAS_PEOPLE if column in names.header]
    columns = {lab.slug: _canvas_column(names, lab) for lab in grades.labs}
    possible = next((row for row in names.rows if "Points Possible" in row[0]), None)
    notes = []
    for lab in grades.labs:
        said = names.get(possible, columns[lab.slug]) if possible and columns[lab.slug] else ""
        if said and _float(said) != lab.points:
            what = f"{columns[lab.slug]!r} has {said} points possible, the lab {_number(lab.points)}"
            raise Problem(names.path, what, "set the assignment's points in Canvas, and export the gradebook again")
        if not columns[lab.slug]:
            notes.append(f"Canvas has no assignment {lab.header.title!r} or {lab.slug!r}: it will make one")
    rows = [[*people_columns, *(columns[lab.slug] or lab.header.title for lab in grades.labs)]]
    rows.append(["    Points Possible", *[""] * (len(people_columns) - 1), *(_number(lab.points) for lab in grades.labs)])
    for row, student in _rows_of(directory):
        mine = [grades.points(student, lab) or (names.get(row, columns[lab.slug]) if columns[lab.slug] else "") for lab in grades.labs]
        rows.append([*(names.get(row, column) for column in people_columns), *mine])
    lost, more = _unmapped(grades, directory)
    return Exported(_write(rows), lost, (*notes, *more, *_guarded(rows)))


def _canvas_column(names: Names, lab: Lab) -> str:
    """Return the header of the lab's assignment in Canvas; empty where there is none. Raises Problem where there are several."""
    titles = {lab.header.title.casefold(), lab.slug.casefold()}
    found = [head for head in names.header if (match := _CANVAS_COLUMN.fullmatch(head)) and match["title"].strip().casefold() in titles]
    if len(found) > 1:
        raise Problem(
            names.path, f"{' and '.join(map(repr, found))} may both be {lab.slug}", "rename one of them in Canvas, and export again"
        )
    return found[0] if found else ""


def _export_worksheet(grades: Grades, directory: Directory, names: Names) -> Exported:
    if len(grades.labs) != 1:
        what = f"is the worksheet of one assignment, and the cohort has {len(grades.labs)} labs"
        raise Problem(names.path, what, "name the lab: autograder export COHORT LAB --format moodle --names FILE")
    for needed in ("Grade", "Last modified (grade)"):
        if needed not in names.header:
            todo = "switch on Offline grading worksheet in the assignment, under Feedback types, and download it again"
            raise Problem(names.path, f"has no column {needed!r}, which Moodle asks for", todo)
    lab = grades.labs[0]
    head = [column for column in (*_WORKSHEET, *_WORKSHEET_REST) if column in names.header]
    rows, locked = [head], []
    for row, student in _rows_of(directory):
        most = names.get(row, "Maximum Grade", "Maximum grade")
        if most and _float(most) != lab.points:
            todo = "set the assignment's maximum grade in Moodle, and download the worksheet again"
            raise Problem(names.path, f"the maximum grade is {most}, but {lab.slug} has {_number(lab.points)} points", todo)
        points = grades.points(student, lab)
        if points and names.get(row, "Grade can be changed") == "No":
            locked.append(student)
        rows.append([points or names.get(row, column) if column == "Grade" else names.get(row, column) for column in head])
    lost, notes = _unmapped(grades, directory)
    if locked:
        notes = (*notes, f"Moodle has locked the grade, and will pass over: {_few(locked)}")
    return Exported(_write(rows), lost, (*notes, *_guarded(rows)))


def _export_moodle(grades: Grades, directory: Directory) -> Exported:
    names = directory.names
    rows = [[*_MOODLE_PEOPLE, *(f"Assignment: {lab.header.title} (Real)" for lab in grades.labs)]]
    if names is not None and names.kind != PEOPLE:
        todo = "give the assignment's grading worksheet, or the gradebook's export"
        raise Problem(names.path, f"is {names.kind}, and not from Moodle", todo)
    if names is not None:
        lost, notes = _unmapped(grades, directory)
        for row, student in _rows_of(directory):
            first, last = names.get(row, "First name"), names.get(row, "Last name", "Surname")
            who = [first, last, names.get(row, "ID number"), names.get(row, "Email address", "Email")]
            rows.append([*who, *(grades.points(student, lab) for lab in grades.labs)])
    else:
        without = [person.id for person in grades.people if not person.email and grades.graded(person.id)]
        lost = ()
        notes = ("map Email address to Email address, or ID number, which is the student's id here, to ID number",)
        if without:
            notes = (*notes, f"no e-mail address is known of: {_few(without)}")
        for person in grades.people:
            mine = [grades.points(person.id, lab) for lab in grades.labs]
            rows.append([person.first_name, person.last_name, person.id, person.email, *mine])
    return Exported(_write(rows), lost, (*notes, *_guarded(rows)))


def _rows_of(directory: Directory) -> list[tuple[Row, str]]:
    return [(row, found) for row, found in directory.rows.items() if isinstance(found, str)]


def _unmapped(grades: Grades, directory: Directory) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the graded students who stand on no line of the list, and why lines of the list lead to nobody."""
    there = {student for _, student in _rows_of(directory)}
    students = sorted({student for student, _ in grades.results} - there)
    lost = tuple(student for student in students if grades.graded(student))
    notes = [f"not in the file: {found}" for found in directory.rows.values() if isinstance(found, NotFound)]
    return lost, tuple(notes)


def _guarded(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return what to know of ids and addresses that begin like a formula: the platform will not find them."""
    head = rows[0]
    places = [place for place, column in enumerate(head) if column in _KEYS]
    found = [row[place] for row in rows[1:] for place in places if _safe(row[place]) != row[place]]
    return (f"these begin like a formula, and got an apostrophe, with which they may not be found: {_few(found)}",) if found else ()


def _write(rows: Sequence[Sequence[str]]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([[_safe(cell) for cell in row] for row in rows])
    return file.getvalue()


def _safe(cell: str) -> str:
    return cell if cell == "-" or _float(cell) is not None else str(safe_cell(cell))


def _number(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _float(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
