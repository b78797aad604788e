"""What a cohort's students handed in. Unreadable and missing files are results, not exceptions."""

import hashlib
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from autograder.notebook import read_notebook
from autograder.result import MISSING, UNREADABLE
from autograder.source import Lab

MAX_BYTES = 50 * 2**20


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
    """Return what is there for each student on the roster, and for each further folder in `submitted/`, in the order of names."""
    folder = cohort / "submitted"
    there = [path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")] if folder.is_dir() else []
    return [_find(folder / student / lab.slug, student, lab) for student in sorted({*students, *there})]


def _find(folder: Path, student: str, lab: Lab) -> Submission:
    if not folder.is_dir():
        return Submission(student, lab.slug, MISSING, "nothing was handed in")
    notebooks = sorted(path for path in folder.glob("*.ipynb") if not path.name.startswith("."))
    exact = [path for path in notebooks if path.name == f"{lab.slug}.ipynb"]
    if not notebooks:
        return Submission(student, lab.slug, MISSING, f"there is no notebook in the folder; expected {lab.slug}.ipynb")
    if not exact and len(notebooks) > 1:
        names = ", ".join(path.name for path in notebooks)
        return Submission(student, lab.slug, UNREADABLE, f"which of these is it? {names}; expected {lab.slug}.ipynb")
    path = (exact or notebooks)[0]
    refusal = read_refusal(path, folder)
    if refusal:
        return Submission(student, lab.slug, UNREADABLE, f"{path.name}: {refusal}")
    notebook = read_inside(path, folder)
    files = {}
    for name in lab.header.hand_in:
        if (folder / name).exists():
            try:
                files[name] = read_inside(folder / name, folder)
            except Refused as error:
                return Submission(student, lab.slug, UNREADABLE, f"{name}: {error}")
    return Submission(student, lab.slug, "", "", notebook, files, _timestamp(folder, path))


class Refused(Exception):
    """A file that is not read, and why."""


def read_refusal(path: Path, folder: Path) -> str:
    """Return why the file is no notebook that can be graded; empty where it is one."""
    try:
        read_notebook(read_inside(path, folder))
    except Refused as error:
        return str(error)
    except UnicodeDecodeError:
        return "is not a notebook: it is not UTF-8 text"
    except Exception as error:  # nbformat raises what JSON, its schema and its converters raise
        return f"is not a notebook: {str(error).splitlines()[0][:200] if str(error) else type(error).__name__}"
    return ""


def read_inside(path: Path, folder: Path) -> bytes:
    """Return the bytes of a regular file in `folder` that is not too large. Raises Refused."""
    real = path.resolve()
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


def _timestamp(folder: Path, path: Path) -> datetime:
    """Return when it was handed in: nbgrader's timestamp.txt, else the file's time; in UTC."""
    try:
        text = (folder / "timestamp.txt").read_text().strip().removesuffix(" UTC").replace(" ", "T", 1)
        found = datetime.fromisoformat(text)
    except (OSError, ValueError):
        found = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
