"""`labs/`, made from `source/`: the same each time, and never at the cost of what a learner wrote."""

import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from autograder import aside
from autograder import build as module
from autograder.build import Change, build, find_changes, make_labs, project_folder
from autograder.errors import Problem, SourceProblem
from autograder.notebook import code_cells, is_answer, read_notebook, write_notebook
from autograder.release import make_release
from autograder.source import read_lab
from tests.conftest import PROJECT, MakeProject, lab_path

LAB = Path("labs/beginner/01-small-lab")
NOTEBOOK = LAB / "small-lab.ipynb"
MADE = ["labs/README.md", str(NOTEBOOK), str(LAB / "start.json")]


@pytest.fixture
def project(make_project: MakeProject) -> Path:
    """Return the small lab's project, built."""
    folder = make_project()
    build(folder)
    return folder


@pytest.fixture
def git(project: Path) -> Callable[..., None]:
    """Return a function that runs git in the project, which is a checkout in which all is committed."""

    def run(*words: str) -> None:
        name = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "core.hooksPath=/dev/null", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *name, *words], cwd=project, check=True, capture_output=True)

    run("init")
    run("add", "--all")
    run("commit", "-m", "All")
    return run


def relative(project: Path, changes: list[Change]) -> list[tuple[str, str]]:
    """Return path and kind of each change."""
    return [(change.path.relative_to(project).as_posix(), change.kind) for change in changes]


def edit(project: Path, how: Callable[[NotebookNode], None]) -> bytes:
    """Change the built notebook and return its bytes."""
    path = project / NOTEBOOK
    notebook = read_notebook(path.read_bytes())
    how(notebook)
    path.write_bytes(write_notebook(notebook))
    return path.read_bytes()


def answer(notebook: NotebookNode) -> None:
    """Write an answer, as a learner does."""
    next(cell for cell in notebook.cells if is_answer(cell)).source = "def add(a, b):\n    return a + b"


def execute(notebook: NotebookNode) -> None:
    """Run and save, as a learner does who only looks."""
    for number, cell in enumerate(code_cells(notebook), 1):
        cell.outputs, cell.execution_count = [nbformat.v4.new_output("stream", text="42")], number
    notebook.metadata["language_info"] = {"name": "python", "version": "3.11.7"}


def age(project: Path) -> None:
    """Change the source after the build, so that the built notebook is out of date."""
    path = lab_path(project)
    path.write_text(path.read_text().replace("It is a plus.", "It is the plus sign."))


# What is made


def test_everything_is_made(make_project: MakeProject) -> None:
    """The catalogue, the notebook, and the files beside it."""
    project = make_project()

    assert sorted(path.relative_to(project).as_posix() for path in make_labs(project)) == MADE


def test_the_notebook_is_the_release(project: Path) -> None:
    """Its bytes are the release's."""
    assert write_notebook(make_release(read_lab(lab_path(project)))) == (project / NOTEBOOK).read_bytes()


def test_hidden_files_are_not_made(make_project: MakeProject) -> None:
    """Neither the judge's files nor the story's truth."""
    project = make_project()
    (project / "source" / "metro_bikes.py").write_text("TRUTH = 1\n")
    (lab_path(project).parent / "hidden").mkdir()
    (lab_path(project).parent / "hidden" / "judging.py").write_text("TRUTH = 2\n")

    build(project)

    built = [path for path in (project / "labs").rglob("*") if path.is_file()]
    assert sorted(path.relative_to(project).as_posix() for path in built) == MADE
    assert b"TRUTH" not in b"".join(path.read_bytes() for path in built)


def test_files_keep_their_folders(make_project: MakeProject) -> None:
    """A file in a folder of files/ lies in that folder beside the notebook."""
    project = make_project()
    (lab_path(project).parent / "files" / "data").mkdir()
    (lab_path(project).parent / "files" / "data" / "raw.bin").write_bytes(b"\0\xff")

    build(project)

    assert (project / LAB / "data" / "raw.bin").read_bytes() == b"\0\xff"


def test_the_readmes_badges_are_made(make_project: MakeProject) -> None:
    """From the address in pyproject.toml."""
    project = make_project()
    (project / "README.md").write_text("# T\n<!-- badges -->\n<!-- /badges -->\nText\n")

    build(project)

    text = (project / "README.md").read_text()
    assert "https://mybinder.org/v2/gh/someone/somewhere/HEAD" in text
    assert text.endswith("<!-- /badges -->\nText\n")


def test_a_broken_source_changes_nothing(project: Path) -> None:
    """A problem is said before anything is written."""
    before = (project / NOTEBOOK).read_bytes()
    age(project)
    broken = project / "source" / "advanced" / "01-broken" / "lab.py"
    broken.parent.mkdir(parents=True)
    broken.write_text("")

    with pytest.raises(SourceProblem):
        build(project)

    assert before == (project / NOTEBOOK).read_bytes()


# What has changed


def test_a_fresh_project_has_everything_to_make(make_project: MakeProject) -> None:
    """All is new, and looking makes nothing."""
    project = make_project()

    assert [(name, "new") for name in MADE] == relative(project, find_changes(project))
    assert not (project / "labs").exists()


def test_a_built_project_has_no_changes(project: Path) -> None:
    """It equals a fresh build, byte for byte."""
    assert find_changes(project) == []


def test_a_second_build_changes_nothing(project: Path) -> None:
    """Nothing is written, not even the same bytes again."""
    before = {name: (project / name).stat().st_mtime_ns for name in MADE}

    assert build(project) == ([], [])
    assert before == {name: (project / name).stat().st_mtime_ns for name in MADE}


def test_building_tells_what_it_changed(make_project: MakeProject) -> None:
    """The same that looking finds."""
    project = make_project()
    expected = find_changes(project)

    assert (expected, []) == build(project)


@pytest.mark.parametrize("name", MADE)
def test_a_changed_byte_is_found(project: Path, name: str) -> None:
    """In the catalogue, the notebook, or a file."""
    (project / name).write_bytes((project / name).read_bytes() + b" ")

    assert [(name, "changed")] == relative(project, find_changes(project))


@pytest.mark.parametrize("name", MADE)
def test_a_missing_file_is_found(project: Path, name: str) -> None:
    """It is new again, and building brings it back."""
    before = (project / name).read_bytes()
    (project / name).unlink()

    assert [(name, "new")] == relative(project, find_changes(project))
    build(project)
    assert before == (project / name).read_bytes()


def test_a_changed_source_is_found(project: Path) -> None:
    """Whoever forgets to build is told."""
    age(project)

    assert [(str(NOTEBOOK), "changed")] == relative(project, find_changes(project))


def test_looking_changes_nothing(project: Path) -> None:
    """`build --check` writes no byte."""
    edit(project, answer)
    age(project)
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}

    find_changes(project)

    assert before == {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}


# What a learner wrote


@pytest.mark.parametrize("old", [False, True], ids=["same-source", "newer-source"])
def test_an_edited_notebook_is_set_aside(project: Path, old: bool) -> None:
    """With its bytes, beside the fresh one, under a name that says whose it is."""
    mine = edit(project, answer)
    if old:
        age(project)

    changes, aside = build(project)

    assert [(str(NOTEBOOK), "changed")] == relative(project, changes)
    (path,) = aside
    assert (project / LAB, mine) == (path.parent, path.read_bytes())
    assert path.name.startswith("small-lab.")
    assert path.name.endswith(".mine.ipynb")
    assert find_changes(project) == []


def _add_a_cell(notebook: NotebookNode) -> None:
    notebook.cells.append(nbformat.v4.new_code_cell("x = 1"))


def _delete_a_cell(notebook: NotebookNode) -> None:
    notebook.cells.pop()


def _write_a_note(notebook: NotebookNode) -> None:
    notebook.cells[2].source += "\n\nMy note."


def _forge_the_header(notebook: NotebookNode) -> None:
    answer(notebook)
    del notebook.metadata["lab"]


@pytest.mark.parametrize("how", [_add_a_cell, _delete_a_cell, _write_a_note, _forge_the_header])
def test_whatever_a_learner_edited_is_set_aside(project: Path, how: Callable[[NotebookNode], None]) -> None:
    """A cell more, a cell less, a note; also without the header that the digest stands in."""
    mine = edit(project, how)

    _, (path,) = build(project)

    assert mine == path.read_bytes()


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"\xff", b"<<<<<<< HEAD\n{}\n=======\n"], ids=["empty", "cut", "list", "bytes", "conflict"]
)
def test_a_notebook_that_cannot_be_read_is_set_aside(project: Path, data: bytes) -> None:
    """It may still hold somebody's work."""
    (project / NOTEBOOK).write_bytes(data)

    _, (path,) = build(project)

    assert data == path.read_bytes()


def test_a_notebook_with_a_strange_header_is_set_aside(project: Path) -> None:
    """No crash, which would leave half a build."""
    mine = edit(project, lambda notebook: notebook.metadata.update(lab="mine"))

    _, (path,) = build(project)

    assert mine == path.read_bytes()


def test_an_executed_notebook_is_replaced(project: Path) -> None:
    """Outputs and counts are nobody's work."""
    edit(project, execute)

    changes, aside = build(project)

    assert ([(str(NOTEBOOK), "changed")], []) == (relative(project, changes), aside)
    assert write_notebook(make_release(read_lab(lab_path(project)))) == (project / NOTEBOOK).read_bytes()


def test_an_untouched_notebook_of_an_older_build_is_replaced(project: Path) -> None:
    """Nobody worked in it."""
    age(project)

    assert build(project)[1] == []
    assert find_changes(project) == []


def test_what_was_set_aside_stays(project: Path) -> None:
    """The next builds leave it."""
    mine = edit(project, answer)
    _, (path,) = build(project)
    age(project)

    build(project)

    assert mine == path.read_bytes()


def test_two_notebooks_set_aside_in_one_second_both_stay(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does a clock that is put back cost anything."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> "Clock":
            return cls(2026, 7, 1, 12, 0, 0)

    monkeypatch.setattr(aside, "datetime", Clock)
    first = edit(project, answer)
    build(project)
    second = edit(project, _add_a_cell)
    build(project)

    assert {first, second} == {path.read_bytes() for path in (project / LAB).glob("*.mine.ipynb")}


@pytest.mark.parametrize("name", ["mlflow.db", "sum.json", "mlruns/0/meta.yaml", "notes.ipynb", "small-lab.20260101-120000.mine.ipynb"])
def test_a_learners_other_files_stay(project: Path, name: str) -> None:
    """What a lab makes, and what a learner keeps beside it."""
    path = project / LAB / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"mine")
    age(project)

    build(project)

    assert path.read_bytes() == b"mine"


def test_a_learners_other_files_are_no_change(project: Path) -> None:
    """A learner's clone is not out of date."""
    (project / LAB / "mlflow.db").write_bytes(b"mine")

    assert find_changes(project) == []


# What is left over, in a checkout


def rename(project: Path) -> None:
    """Rename the lab in the source."""
    old = lab_path(project).parent
    shutil.move(old, old.with_name("02-tiny-lab"))
    path = old.with_name("02-tiny-lab") / "lab.py"
    path.write_text(path.read_text().replace("slug: small-lab", "slug: tiny-lab"))


def test_a_lab_that_is_gone_is_left_over(project: Path, git: Callable[..., None]) -> None:
    """What Git knows below labs/ and no source makes."""
    rename(project)

    found = relative(project, find_changes(project))

    assert [(str(NOTEBOOK), "left over"), (str(LAB / "start.json"), "left over")] == found[-2:]


def test_what_is_left_over_is_removed(project: Path, git: Callable[..., None]) -> None:
    """Building clears it."""
    rename(project)

    build(project)

    assert [path for path in (project / LAB).rglob("*") if path.is_file()] == []
    assert find_changes(project) == []


def test_what_git_does_not_know_is_not_left_over(project: Path, git: Callable[..., None]) -> None:
    """A learner's own files stay, also beside a lab that is gone."""
    (project / LAB / "mlflow.db").write_bytes(b"mine")
    rename(project)

    build(project)

    assert (project / LAB / "mlflow.db").read_bytes() == b"mine"


def test_outside_a_checkout_nothing_is_left_over(project: Path) -> None:
    """Without Git nobody knows whose a file is."""
    rename(project)

    build(project)

    assert (project / NOTEBOOK).is_file()


def test_progress_is_kept(project: Path, git: Callable[..., None]) -> None:
    """The notebook that shows a learner's state is made by nobody, and stays."""
    (project / "labs" / "progress.ipynb").write_text("{}")
    git("add", "--all")

    assert build(project) == ([], [])
    assert (project / "labs" / "progress.ipynb").is_file()


def test_an_edited_notebook_of_a_lab_that_is_gone_is_set_aside(project: Path, git: Callable[..., None]) -> None:
    """A lab that is renamed upstream does not take a learner's answers with it."""
    mine = edit(project, answer)
    rename(project)

    build(project)

    assert mine in [path.read_bytes() for path in (project / "labs").rglob("*.ipynb")]


def test_an_edited_notebook_that_was_committed_is_set_aside(project: Path, git: Callable[..., None]) -> None:
    """A learner keeps their answers in a fork; they do not need to look for them in its history."""
    mine = edit(project, answer)
    git("commit", "--all", "-m", "My answers")
    rename(project)

    _, (path,) = build(project)

    assert mine == path.read_bytes()
    assert not (project / NOTEBOOK).exists()
    assert find_changes(project) == []


@pytest.mark.parametrize("gone", [False, True], ids=["beside-a-lab", "beside-one-that-is-gone"])
@pytest.mark.parametrize("commit", [False, True], ids=["added", "committed"])
@pytest.mark.parametrize("name", ["small-lab.20260101-120000.mine.ipynb", "notes.ipynb", "mlflow.db", "ü.txt"])
def test_what_a_learner_added_to_git_stays(project: Path, git: Callable[..., None], name: str, commit: bool, gone: bool) -> None:
    """Someone who keeps their work in a fork has added it with `git add`; it is perhaps not yet committed."""
    (project / LAB / name).write_bytes(b"mine")
    git("add", "--all")
    if commit:
        git("commit", "-m", "Mine")
    if gone:
        rename(project)

    build(project)

    assert (project / LAB / name).read_bytes() == b"mine"
    assert find_changes(project) == []


def test_a_file_that_somebody_changed_is_not_left_over(project: Path, git: Callable[..., None]) -> None:
    """The last commit does not hold it as it is: it would be lost."""
    (project / LAB / "start.json").write_bytes(b"mine")
    rename(project)

    build(project)

    assert (project / LAB / "start.json").read_bytes() == b"mine"


def test_a_file_that_a_lab_no_longer_has_is_left_over(project: Path, git: Callable[..., None]) -> None:
    """Also where the lab stays, its name is not ASCII, and the source was committed before the build."""
    files = lab_path(project).parent / "files"
    (files / "daten für mai.csv").write_text("a,b\n")
    build(project)
    git("add", "--all")
    git("commit", "-m", "A file more")
    (files / "daten für mai.csv").unlink()
    git("commit", "--all", "-m", "A file less")

    assert [(str(LAB / "daten für mai.csv"), "left over")] == relative(project, find_changes(project))
    build(project)
    assert find_changes(project) == []


def test_where_there_is_no_git_nothing_is_left_over(project: Path, git: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """A project that was unpacked from an archive builds, too."""
    rename(project)
    monkeypatch.setenv("PATH", "")

    build(project)

    assert (project / NOTEBOOK).is_file()


# Where


@pytest.mark.parametrize("below", [".", "source", "labs/beginner/01-small-lab"])
def test_the_project_is_this_folder_or_one_above(project: Path, monkeypatch: pytest.MonkeyPatch, below: str) -> None:
    """Commands work from anywhere in the course."""
    monkeypatch.chdir(project / below)

    assert project == project_folder()


def test_elsewhere_the_project_is_the_packages_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package runs from its own checkout."""
    monkeypatch.chdir(tmp_path)

    assert project_folder() == PROJECT


def test_a_missing_project_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the package lies outside of a checkout too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "__file__", str(tmp_path / "site-packages" / "autograder" / "build.py"))

    with pytest.raises(Problem) as caught:
        project_folder()

    assert f"{os.getcwd()}: is not in the course's folder – change to the folder that holds source/ and labs/" == str(caught.value)
