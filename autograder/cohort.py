"""A cohort is a stock nbgrader course folder: made here, and read here."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import CohortProblem, UnknownLab
from autograder.gradebook import DATABASE, open_gradebook, read_students, save_lab, save_students
from autograder.notebook import write_notebook
from autograder.release import make_release, make_solved
from autograder.source import Lab, read_lab

ROSTER_FIELDS = ("id", "first_name", "last_name", "email")
STUDENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$")
_CONFIG = '''"""nbgrader's configuration of this cohort. Start form grader here: jupyter lab"""

import os

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = {name!r}
c.CourseDirectory.root = os.path.dirname(os.path.abspath(__file__))
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "hidden"]
'''


@dataclass(frozen=True)
class Cohort:
    """A course folder: its labs, read from its own `source/`, and its roster (id → display name)."""

    path: Path
    labs: tuple[Lab, ...]
    students: dict[str, str]


def new_cohort(path: Path, labs: list[Lab], students: dict[str, dict[str, str]]) -> None:
    """Write a stock nbgrader course folder for `labs` and `students` at `path`, which is new or empty.

    Raises CohortProblem where something is there already: nothing is overwritten.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise CohortProblem(path, "is there already, and not empty", "name a folder that is new; nothing was changed")
    for folder in ("source", "release", "submitted", "autograded", "feedback"):
        (path / folder).mkdir(parents=True)
    (path / "nbgrader_config.py").write_text(_CONFIG.format(name=path.resolve().name), encoding="utf-8")
    for lab in labs:
        _write_lab(path, lab)
    with open_gradebook(path) as gradebook:
        save_students(gradebook, students)
        for lab in labs:
            save_lab(gradebook, path, lab)


def update_cohort(cohort: Cohort, labs: list[Lab]) -> list[str]:
    """Bring the cohort's labs up to date with `labs`; return the slugs of those that changed.

    Raises CohortProblem where exercises were added or removed after submissions were graded; that lab is left as it was.
    """
    changed = []
    with open_gradebook(cohort.path) as gradebook:
        for lab in labs:
            folder = cohort.path / "source" / lab.slug
            there = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
            wanted = _source_files(lab)
            if there != wanted:
                save_lab(gradebook, cohort.path, lab)
                _write_lab(cohort.path, lab)
                for name in there.keys() - wanted.keys():
                    (folder / name).unlink()
                changed.append(lab.slug)
    return changed


def read_cohort(path: Path, wanted: tuple[str, ...] = ()) -> Cohort:
    """Return the cohort at `path`, with all its labs or the wanted ones.

    Raises CohortProblem where the folder is none, UnknownLab where it has no such lab.
    """
    if not path.is_dir():
        raise CohortProblem(path, "there is no such folder", "check the path, or make it with: autograder new-cohort")
    for needed in ("nbgrader_config.py", "source"):
        if not (path / needed).exists():
            raise CohortProblem(path, f"is no course folder: it has no {needed}", "make one with: autograder new-cohort")
    notebooks = {folder.name: folder / f"{folder.name}.ipynb" for folder in sorted((path / "source").iterdir()) if folder.is_dir()}
    for name in wanted:
        if name not in notebooks:
            raise UnknownLab(name, "this cohort has no such lab", f"choose from {', '.join(notebooks) or 'none: source/ is empty'}")
    labs = tuple(read_lab(notebook) for slug, notebook in notebooks.items() if not wanted or slug in wanted)
    if (path / DATABASE).exists():
        with open_gradebook(path) as gradebook:
            return Cohort(path, labs, read_students(gradebook))
    return Cohort(path, labs, {})


def read_roster(path: Path) -> dict[str, dict[str, str]]:
    """Return the students of a CSV file with the columns id, and if known first_name, last_name, email.

    Raises CohortProblem that names every line in which something is wrong.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            columns = tuple(name.strip() for name in reader.fieldnames or ())
            rows = [(reader.line_num, {str(k).strip(): (v or "").strip() for k, v in row.items() if isinstance(v, str)}) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CohortProblem(path, f"cannot be read ({error})", "give a CSV file, in UTF-8") from None
    if "id" not in columns:
        raise CohortProblem(
            path, f"has no column 'id' (it has {', '.join(columns) or 'none'})", f"name the columns {', '.join(ROSTER_FIELDS)}"
        )
    first: dict[str, int] = {}
    wrong = []
    for line, row in rows:
        student = row["id"]
        if not STUDENT_ID.match(student):
            wrong.append(f"line {line}: {student!r} is no id (letters, digits, . _ @ -)")
        elif student in first:
            wrong.append(f"line {line}: {student!r} stands on line {first[student]} already")
        first.setdefault(student, line)
    if wrong:
        raise CohortProblem(path, "; ".join(wrong), "mend the roster; nothing was changed")
    return {row["id"]: {name: row.get(name, "") for name in ROSTER_FIELDS[1:]} for _, row in rows}


def _write_lab(path: Path, lab: Lab) -> None:
    _write(path / "source" / lab.slug, _source_files(lab))
    _write(path / "release" / lab.slug, {f"{lab.slug}.ipynb": write_notebook(make_release(lab)), **lab.files})


def _source_files(lab: Lab) -> dict[str, bytes]:
    hidden = {f"hidden/{name}": data for name, data in lab.hidden.items()}
    return {f"{lab.slug}.ipynb": write_notebook(make_solved(lab)), **lab.files, **hidden}


def _write(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
