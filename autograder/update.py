"""A newer version of the course, fetched with Git. What a learner wrote is carried over into it, and kept aside as it was, too."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder.aside import is_somebodys, keep_copy
from autograder.carry import carry_over
from autograder.errors import Problem
from autograder.files import write_whole
from autograder.notebook import read_notebook, write_notebook

PENDING = "autograder-update.json"  # in .git: what is to be carried over, while that is going on


@dataclass(frozen=True)
class Updated:
    """What came of it: the number of new commits, the notebooks into which work was carried over, and where it is kept as it was."""

    commits: int
    carried: list[Path]
    aside: list[Path]


def update(project: Path) -> Updated:
    """Bring the course up to date with the branch that it was cloned from. Stopped at any moment, it ends what was begun when called again.

    Raises Problem where Git cannot: there is no such branch, it cannot be reached, it has gone another way, or files outside labs/ were
    changed. Nothing is changed then.
    """
    pending = Path(_git(project, "rev-parse", "--absolute-git-dir").strip()) / PENDING
    if pending.is_file():
        return _finish(project, pending)
    upstream = _git(project, "rev-parse", "--abbrev-ref", "@{upstream}", todo="git branch --set-upstream-to=origin/main").strip()
    _git(project, "fetch", "--quiet", todo="try again when you have a network; nothing was changed")
    head = _git(project, "rev-parse", "HEAD").strip()
    commits = int(_git(project, "rev-list", "--count", f"HEAD..{upstream}"))
    if not commits:
        return Updated(0, [], [])
    if int(_git(project, "rev-list", "--count", f"{upstream}..HEAD")):
        raise Problem(project, f"has commits of its own that {upstream} does not have", "merge them with Git; nothing was changed")
    changed = _names(_git(project, "diff", "HEAD", "--name-only", "-z"))
    if outside := [name for name in changed if not name.startswith("labs/")]:
        raise Problem(outside[0], "was changed, and is not one of the learner's files", f"put it back: git checkout {outside[0]}")
    coming = set(_names(_git(project, "ls-tree", "-r", "--name-only", "-z", upstream)))
    in_the_way = [name for name in _names(_git(project, "ls-files", "--others", "-z", "labs")) if name in coming]
    aside = {}
    for name in [*changed, *in_the_way]:
        path = project / name
        if path.is_file() and (path.suffix != ".ipynb" or is_somebodys(path)):
            aside[name] = str(keep_copy(path).relative_to(project))
    write_whole(pending, json.dumps({"from": head, "to": upstream, "aside": aside, "changed": changed}).encode())
    return _finish(project, pending)


def _finish(project: Path, pending: Path) -> Updated:
    todo = json.loads(pending.read_text())
    commits = int(_git(project, "rev-list", "--count", f"{todo['from']}..{todo['to']}"))
    if _git(project, "rev-parse", "HEAD").strip() == todo["from"]:
        here = [name for name in todo["changed"] if _git(project, "ls-tree", "--name-only", "HEAD", "--", name)]
        if here:
            _git(project, "checkout", "--quiet", "HEAD", "--", *here)
        for name in todo["aside"].keys() - set(todo["changed"]):
            (project / name).unlink(missing_ok=True)
        try:
            _git(project, "merge", "--quiet", "--ff-only", todo["to"])
        except Problem:
            for name, kept in todo["aside"].items():
                shutil.copy2(project / kept, project / name)
            pending.unlink()
            raise
    carried = []
    for name, kept in todo["aside"].items():
        path, mine = project / name, project / kept
        if path.suffix == ".ipynb" and path.is_file() and (made := _carried(project, todo["from"], name, mine, path)):
            write_whole(path, made)
            carried.append(path)
        elif name in _hand_ins(project, path) or not path.is_file():
            write_whole(path, mine.read_bytes())
            carried.append(path)
    pending.unlink()
    return Updated(commits, carried, [project / kept for kept in todo["aside"].values()])


def _carried(project: Path, old: str, name: str, mine: Path, path: Path) -> bytes:
    """Return the new notebook with the learner's work in it; nothing where theirs cannot be read."""
    try:
        was = read_notebook(_git(project, "show", f"{old}:{name}").encode())
    except Problem:
        was = nbformat.v4.new_notebook()
    try:
        return write_notebook(carry_over(was, read_notebook(mine.read_bytes()), read_notebook(path.read_bytes())))
    except Exception:  # what cannot be read is kept aside as it is
        return b""


def _hand_ins(project: Path, path: Path) -> list[str]:
    """Return the files beside `path` that its lab lets a learner hand in: they are the learner's own."""
    found = []
    for notebook in path.parent.glob("*.ipynb"):
        try:
            header = json.loads(notebook.read_text(encoding="utf-8"))["metadata"]["lab"]
        except (ValueError, KeyError, TypeError):
            continue
        found += [(path.parent / name).relative_to(project).as_posix() for name in header.get("hand_in", [])]
    return found


def _names(text: str) -> list[str]:
    return [name for name in text.split("\0") if name]


def _git(project: Path, *words: str, todo: str = "look at it with: git status") -> str:
    """Return what a git command says. Raises Problem with its last line where it fails."""
    try:
        quiet = {**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
        done = subprocess.run(["git", *words], cwd=project, capture_output=True, env=quiet)
    except OSError:
        raise Problem(project, "Git is not installed", "install it from your system's packages") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise Problem(f"git {words[0]}", said[-1] if said else f"ended with status {done.returncode}", todo)
    return os.fsdecode(done.stdout)
