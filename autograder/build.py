"""`labs/`, made from `source/`. It never overwrites what a learner wrote."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from autograder.aside import is_somebodys, set_aside
from autograder.catalogue import notebook_path, read_repository, render_catalogue, with_badges
from autograder.errors import Problem
from autograder.notebook import write_notebook
from autograder.release import make_page, make_release
from autograder.source import Lab, find_labs

_SOURCE = re.compile(r"source/(?P<folder>[^/]+/(?:\d+-)?(?P<slug>[^/]+))/(?:lab\.py|files/(?P<file>.+))")


@dataclass(frozen=True)
class Change:
    """A file below `labs/` that is not as the build makes it: `new`, `changed`, or `left over`."""

    path: Path
    kind: str


def make_labs(project: Path) -> dict[Path, bytes]:
    """Return all that the build makes: path → bytes. All of it lies below `labs/`, but for the badges in the README."""
    labs, repository, folder = find_labs(project / "source"), read_repository(project), project / "labs"
    made = {folder / "README.md": render_catalogue(labs, repository).encode()}
    progress = project / "source" / "progress.py"
    if progress.is_file():
        made[folder / "progress.ipynb"] = write_notebook(make_page(progress))
    for lab in labs:
        made |= {folder / name: data for name, data in _make_lab(lab).items()}
    readme = project / "README.md"
    if readme.is_file():
        made[readme] = with_badges(readme.read_text(encoding="utf-8"), repository).encode()
    return made


def find_changes(project: Path) -> list[Change]:
    """Return in what `labs/` differs from a fresh build; it changes nothing."""
    made = make_labs(project)
    changes = []
    for path, data in sorted(made.items()):
        if not path.is_file():
            changes.append(Change(path, "new"))
        elif path.read_bytes() != data:
            changes.append(Change(path, "changed"))
    return changes + [Change(path, "left over") for path in _made_once(project) if path not in made]


def build(project: Path) -> tuple[list[Change], list[Path]]:
    """Write `labs/`, and remove what is left over. Return what was changed, and where notebooks that a person had worked in are kept."""
    made = make_labs(project)
    changes, aside = find_changes(project), []
    for change in changes:
        if change.kind != "new" and is_somebodys(change.path):
            aside.append(set_aside(change.path))
        if change.kind == "left over":
            change.path.unlink(missing_ok=True)
            continue
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


def _made_once(project: Path) -> list[Path]:
    """Return the files in `labs/` that a build made, now or once, as Git's history of the sources says; none outside a checkout.

    Left out are those that Git does not know, and other files than notebooks that are not as they were committed: they are somebody's.
    """
    sources = [
        found
        for name in _git(project, "log", "--format=", "--name-only", "--no-renames", "--relative", "--", "source")
        if (found := _SOURCE.fullmatch(name))
    ]
    names = {f"labs/{found['folder']}/{found['file'] or found['slug'] + '.ipynb'}" for found in sources}
    names &= _git(project, "ls-files", "--", "labs")
    names -= {name for name in _git(project, "diff", "HEAD", "--name-only", "--relative", "--", "labs") if not name.endswith(".ipynb")}
    return [project / name for name in sorted(names) if (project / name).is_file()]


def _git(project: Path, *words: str) -> set[str]:
    """Return the paths that a git command lists; none where there is no Git, or no checkout."""
    try:
        done = subprocess.run(["git", *words[:1], "-z", *words[1:]], cwd=project, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return set()
    return set(os.fsdecode(done.stdout).split("\0"))
