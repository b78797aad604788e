"""What a cohort's students handed in. Unreadable and missing files are results, not exceptions."""

import hashlib
import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.utils import parse_utc

from autograder.errors import CohortProblem
from autograder.notebook import read_notebook
from autograder.result import MISSING, UNREADABLE
from autograder.source import Lab

MAX_BYTES = 50 * 2**20
TIMESTAMP = "timestamp.txt"
TIMESTAMP_CHARACTERS = 100


@dataclass(frozen=True)
class Submission:
    """One student's hand-in of one lab. Where `state` is not empty there is nothing to run, and `reason` says why."""

    student: str
    lab: str
    state: str = ""
    reason: str = ""
    notebook: bytes = b""
    files: dict[str, bytes] = field(default_factory=dict)
    timestamp: datetime | None = None

    @property
    def digest(self) -> str:
        """The SHA-256 of the notebook and the files handed in with it; empty where nothing was."""
        if not self.notebook:
            return ""
        parts = [self.notebook, *(part for name in sorted(self.files) for part in (name.encode(), self.files[name]))]
        return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def find_submitted(cohort: Path, lab: Lab, students: list[str]) -> list[Submission]:
    """Return what is there for each student on the roster, and for each further folder in `submitted/`, in the order of names.

    Raises CohortProblem where a folder's name is no text.
    """
    return [find_submission(cohort, lab, student) for student in find_students(cohort, students)]


def find_students(cohort: Path, students: Iterable[str]) -> list[str]:
    """Return the students of the roster, and those of further folders in `submitted/`, in the order of names.

    Raises CohortProblem where a folder's name is no text.
    """
    folder = cohort / "submitted"
    there = [path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")] if folder.is_dir() else []
    for name in there:
        if name != _as_text(name):
            raise CohortProblem(folder, f"the folder's name {_as_text(name)!r} is not UTF-8", "rename it to the student's id")
    return sorted({*students, *there})


def find_submission(cohort: Path, lab: Lab, student: str, known: Collection[str] | None = ()) -> Submission:
    """Return what is there for a student. What has a digest in `known` is not looked into again; where it is None, nothing is."""
    return _find(cohort / "submitted" / student / lab.slug, student, lab, known)


def _find(folder: Path, student: str, lab: Lab, known: Collection[str] | None) -> Submission:
    def unreadable(reason: str) -> Submission:
        return Submission(student, lab.slug, UNREADABLE, _as_text(reason))

    if folder.is_symlink() or folder.parent.is_symlink():
        return unreadable(f"the folder {student}/{lab.slug} is a link, or lies in one; hand in the folder itself")
    if not folder.is_dir():
        return Submission(student, lab.slug, MISSING, "nothing was handed in")
    notebooks = sorted(path for path in folder.glob("*.ipynb") if not path.name.startswith("."))
    exact = [path for path in notebooks if path.name == f"{lab.slug}.ipynb"]
    if not notebooks:
        return Submission(student, lab.slug, MISSING, f"there is no notebook in the folder; expected {lab.slug}.ipynb")
    if not exact and len(notebooks) > 1:
        names = ", ".join(path.name for path in notebooks)
        return unreadable(f"which of these is it? {names}; expected {lab.slug}.ipynb")
    path = (exact or notebooks)[0]
    files = {}
    try:
        notebook = read_inside(path, folder)
    except Refused as error:
        return unreadable(f"{path.name}: {error}")
    for name in lab.header.hand_in:
        if (folder / name).exists():
            try:
                files[name] = read_inside(folder / name, folder)
            except Refused as error:
                return unreadable(f"{name}: {error}")
    found = Submission(student, lab.slug, "", "", notebook, files, _timestamp(folder, path))
    refusal = "" if known is None or found.digest in known else _why_no_notebook(notebook)
    return unreadable(f"{path.name}: {refusal}") if refusal else found


class Refused(Exception):
    """A file that is not read, and why."""


def read_refusal(path: Path, folder: Path) -> str:
    """Return why the file is no notebook that can be graded; empty where it is one."""
    try:
        return _why_no_notebook(read_inside(path, folder))
    except Refused as error:
        return str(error)


def _why_no_notebook(data: bytes) -> str:
    try:
        read_notebook(data)
    except UnicodeDecodeError:
        return "is not a notebook: it is not UTF-8 text"
    except Exception as error:  # nbformat raises what JSON, its schema and its converters raise
        return f"is not a notebook: {str(error).splitlines()[0][:200] if str(error) else type(error).__name__}"
    return ""


def read_inside(path: Path, folder: Path) -> bytes:
    """Return the bytes of a regular file in `folder` that is not too large. Raises Refused."""
    try:
        real = path.resolve()
    except (OSError, RuntimeError):  # a link to itself
        raise Refused("is a link that leads nowhere") from None
    if not real.is_relative_to(folder.resolve()):
        raise Refused("is a link that leads out of its folder")
    if not real.is_file():
        raise Refused("is not a file")
    if real.stat().st_size > MAX_BYTES:
        raise Refused(f"is larger than {MAX_BYTES // 2**20} MiB")
    try:
        return real.read_bytes()
    except OSError as error:
        raise Refused(f"cannot be read ({os.strerror(error.errno or 0)})") from None


def _as_text(name: str) -> str:
    """Return the text with a `?` for each byte of a file's name that is not UTF-8."""
    return name.encode("utf-8", "replace").decode()


def find_timestamp(folder: Path, lab: str) -> datetime | None:
    """Return when what lies in the folder was handed in, in UTC; None where its timestamp.txt is empty, or there is no notebook."""
    paths = [path for path in (folder / f"{lab}.ipynb", *sorted(folder.glob("*.ipynb"))) if path.is_file()]
    return _timestamp(folder, paths[0]) if paths else None


def read_timestamp(data: bytes) -> datetime | None:
    """Return the moment in a timestamp.txt, in UTC, which is meant where no zone stands; None where there is none that can be read."""
    try:
        return _moment(data.decode()[:TIMESTAMP_CHARACTERS].strip()).replace(tzinfo=UTC)
    except Exception:  # dateutil raises what it likes
        return None


def _timestamp(folder: Path, path: Path) -> datetime | None:
    """Return when it was handed in: nbgrader's timestamp.txt, which is empty where nobody knows, else the file's time; in UTC."""
    try:
        data = read_inside(folder / TIMESTAMP, folder)
    except Refused:
        data = b"?"
    if not data.strip():
        return None
    return read_timestamp(data) or datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _moment(text: str) -> datetime:
    """Return the text as a moment in UTC, without a zone: ISO 8601, which nbgrader reads only in part, or what nbgrader reads."""
    try:
        found: datetime = parse_utc(datetime.fromisoformat(text))
    except ValueError:
        found = parse_utc(text)
    return found
