"""What a person wrote is never overwritten: it is set aside, beside its place, as `NAME.TIME.mine.EXTENSION`."""

import shutil
from datetime import datetime
from pathlib import Path

from autograder.notebook import read_notebook
from autograder.release import is_edited


def is_somebodys(path: Path) -> bool:
    """Return whether a person changed a released notebook's cells. Another file is nobody's; a notebook that cannot be read may be."""
    if path.suffix != ".ipynb":
        return False
    try:
        return is_edited(read_notebook(path.read_bytes()))
    except Exception:  # what cannot be read may still hold somebody's work
        return True


def set_aside(path: Path) -> Path:
    """Move the file to a name of its own beside its place, and return that."""
    aside = _free(path)
    path.rename(aside)
    return aside


def keep_copy(path: Path) -> Path:
    """Copy the file to a name of its own beside its place, and return that."""
    aside = _free(path)
    shutil.copy2(path, aside)
    return aside


def _free(path: Path) -> Path:
    start = f"{path.stem}.{datetime.now():%Y%m%d-%H%M%S}"
    aside, number = path.with_name(f"{start}.mine{path.suffix}"), 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{start}-{number}.mine{path.suffix}")
    return aside
