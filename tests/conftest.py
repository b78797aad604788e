"""A small project in a temporary folder: one good lab, to which a test adds a fault."""

from collections.abc import Callable
from pathlib import Path

import pytest

LABS = Path(__file__).parent / "labs"
PROJECT = Path(__file__).parents[1]
Edit = tuple[str, str]
MakeProject = Callable[..., Path]


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """Return a function that writes a project with the good lab, after edits (old, new) to its lab.py and answers.py."""

    def make(*edits: Edit, answers: tuple[Edit, ...] = ()) -> Path:
        return write_project(tmp_path / "project", edits, answers)

    return make


def write_project(project: Path, edits: tuple[Edit, ...] = (), answers: tuple[Edit, ...] = ()) -> Path:
    """Write a project with the good lab, edited, into `project`, and return it."""
    folder = project / "source" / "beginner" / "01-small-lab"
    (folder / "files").mkdir(parents=True)
    (folder / "files" / "start.json").write_text('{"start": 41}\n')
    (folder / "lab.py").write_text(_edited((LABS / "good.py").read_text(), edits))
    (folder / "answers.py").write_text(_edited((LABS / "good_answers.py").read_text(), answers))
    (project / "pyproject.toml").write_text('[project.urls]\nRepository = "https://github.com/someone/somewhere"\n')
    return project


def lab_path(project: Path) -> Path:
    """Return the small lab's source."""
    return project / "source" / "beginner" / "01-small-lab" / "lab.py"


def _edited(text: str, edits: tuple[Edit, ...]) -> str:
    for old, new in edits:
        assert text.count(old) >= 1, f"the fault does not fit the good lab: {old!r}"
        text = text.replace(old, new, 1)
    return text
