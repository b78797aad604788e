"""`labs/`, made from `source/`. It never overwrites what a learner wrote."""

import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autograder.catalogue import notebook_path, read_repository, render_catalogue, with_badges
from autograder.errors import Problem
from autograder.notebook import read_notebook, write_notebook
from autograder.release import digest, make_release
from autograder.source import Lab, find_labs

KEPT = ("progress.ipynb",)


@dataclass(frozen=True)
class Change:
    """A file below `labs/` that is not as the build makes it: `new`, `changed`, or `left over`."""

    path: Path
    kind: str


def make_labs(project: Path) -> dict[Path, bytes]:
    """Return all that the build makes: path → bytes. All of it lies below `labs/`, but for the badges in the README."""
    labs, repository, folder = find_labs(project / "source"), read_repository(project), project / "labs"
    made = {folder / "README.md": render_catalogue(labs, repository).encode()}
    for lab in labs:
        made |= {folder / name: data for name, data in _make_lab(lab).items()}
    readme = project / "README.md"
    if readme.is_file():
        made[readme] = with_badges(readme.read_text(encoding="utf-8"), repository).encode()
    return made


def find_changes(project: Path) -> list[Change]:
    """Return in what `labs/` differs from a fresh build; it changes nothing."""
    made, folder = make_labs(project), project / "labs"
    changes = []
    for path, data in sorted(made.items()):
        if not path.is_file():
            changes.append(Change(path, "new"))
        elif path.read_bytes() != data:
            changes.append(Change(path, "changed"))
    changes += [Change(folder / name, "left over") for name in _tracked(folder) if folder / name not in made and name not in KEPT]
    return changes


def build(project: Path) -> tuple[list[Change], list[Path]]:
    """Write `labs/`. Return what was changed, and where notebooks that a person had worked in were set aside."""
    made = make_labs(project)
    changes, aside = find_changes(project), []
    for change in changes:
        if change.kind == "left over":
            change.path.unlink()
            continue
        if change.kind == "changed" and _is_edited(change.path):
            aside.append(_set_aside(change.path))
        change.path.parent.mkdir(parents=True, exist_ok=True)
        change.path.write_bytes(made[change.path])
    return changes, aside


def project_folder() -> Path:
    """Return the project's folder: this one or the nearest above that has `source/` and `labs/`' makers.

    Raises Problem where there is none.
    """
    for folder in (Path.cwd(), *Path.cwd().parents, Path(__file__).resolve().parents[1]):
        if (folder / "source").is_dir() and (folder / "pyproject.toml").is_file():
            return folder
    raise Problem(Path.cwd(), "is not in the course's folder", "change to the folder that holds source/ and labs/")


def _make_lab(lab: Lab) -> dict[str, bytes]:
    notebook = notebook_path(lab)
    folder = notebook.rsplit("/", 1)[0]
    return {notebook: write_notebook(make_release(lab)), **{f"{folder}/{name}": data for name, data in lab.files.items()}}


def _tracked(folder: Path) -> list[str]:
    """Return the files below `labs/` that Git knows and that are there; none outside a Git checkout."""
    done = subprocess.run(["git", "ls-files", "-z", "."], cwd=folder, capture_output=True, text=True) if folder.is_dir() else None
    names = done.stdout.split("\0") if done and done.returncode == 0 else []
    return [name for name in names if name and (folder / name).is_file()]


def _is_edited(path: Path) -> bool:
    """Return whether a person changed a released notebook's cells. A file that is no released notebook counts as edited by nobody."""
    if path.suffix != ".ipynb":
        return False
    try:
        notebook = read_notebook(path.read_bytes())
    except Exception:  # what cannot be read may still hold somebody's work
        return True
    return bool(digest(notebook) != notebook.metadata.get("lab", {}).get("digest"))


def _set_aside(path: Path) -> Path:
    aside = path.with_name(f"{path.stem}.{datetime.now():%Y%m%d-%H%M%S}.mine.ipynb")
    path.rename(aside)
    return aside
