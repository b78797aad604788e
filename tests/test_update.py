"""A newer course: fetched, with the learner's work in it, and nothing lost on the way."""

import subprocess
from pathlib import Path

import pytest

from autograder import update as module
from autograder.build import build
from autograder.errors import Problem
from autograder.notebook import read_notebook
from autograder.update import PENDING, update
from tests.conftest import MakeProject, lab_path
from tests.learner import RIGHT, answer, cell_of, notebook_of


def git(folder: Path, *words: str) -> str:
    """Run git in the folder, as somebody."""
    name = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "core.hooksPath=/dev/null", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *name, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def course(make_project: MakeProject) -> Path:
    """The course's own repository: the small lab, built and committed."""
    project = make_project()
    build(project)
    git(project, "init", "--initial-branch=main")
    publish(project)
    return project


@pytest.fixture
def mine(course: Path, tmp_path: Path) -> Path:
    """A learner's clone."""
    clone = tmp_path / "mine"
    git(tmp_path, "clone", "--quiet", str(course), str(clone))
    return clone


def publish(course: Path) -> None:
    """Commit all in the course's repository."""
    git(course, "add", "--all")
    git(course, "commit", "--quiet", "-m", "A version")


def mend(course: Path) -> None:
    """Publish a version in which a test's message is mended, and another file of the lab's."""
    path = lab_path(course)
    old = path.read_text()
    assert 'f"the sum of 1 and 1 is 2' in old
    path.write_text(old.replace('f"the sum of 1 and 1 is 2', 'f"one and one: the sum is 2'))
    (path.parent / "files" / "start.json").write_text('{"start": 42}\n')
    build(course)
    publish(course)


def test_there_may_be_nothing_new(mine: Path) -> None:
    """Work stays where it is."""
    answer(notebook_of(mine), RIGHT)
    before = notebook_of(mine).read_bytes()

    assert update(mine).commits == 0
    assert notebook_of(mine).read_bytes() == before


def test_work_comes_along_and_is_kept_as_it_was(course: Path, mine: Path) -> None:
    """The answer stands in the new version, with its mended test."""
    answer(notebook_of(mine), RIGHT)
    before = notebook_of(mine).read_bytes()
    mend(course)

    done = update(mine)

    now = read_notebook(notebook_of(mine).read_bytes())
    assert cell_of(now, "add").source == RIGHT
    assert "one and one" in cell_of(now, "test-add").source
    assert (done.commits, done.carried, [path.read_bytes() for path in done.aside]) == (1, [notebook_of(mine)], [before])
    assert (notebook_of(mine).parent / "start.json").read_text() == '{"start": 42}\n'
    assert update(mine).commits == 0


def test_a_notebook_that_was_only_run_is_replaced(course: Path, mine: Path) -> None:
    """Outputs can be made again."""
    path = notebook_of(mine)
    path.write_text(path.read_text().replace('"execution_count": null', '"execution_count": 3', 1))
    mend(course)

    done = update(mine)

    assert (done.carried, done.aside) == ([], [])
    assert path.read_bytes() == notebook_of(course).read_bytes()


def test_a_changed_file_of_the_lab_is_kept_aside(course: Path, mine: Path) -> None:
    """The lab needs the new one."""
    (notebook_of(mine).parent / "start.json").write_text("my own")
    mend(course)

    (aside,) = update(mine).aside

    assert aside.read_text() == "my own"
    assert (notebook_of(mine).parent / "start.json").read_text() == '{"start": 42}\n'


def test_a_file_in_the_way_of_a_new_one_is_kept_aside(course: Path, mine: Path) -> None:
    """Git would refuse; the learner loses nothing."""
    (notebook_of(mine).parent / "new.txt").write_text("my own")
    (lab_path(course).parent / "files" / "new.txt").write_text("the lab's")
    mend(course)

    (aside,) = update(mine).aside

    assert aside.read_text() == "my own"
    assert (notebook_of(mine).parent / "new.txt").read_text() == "the lab's"


def test_a_notebook_that_cannot_be_read_is_kept_aside(course: Path, mine: Path) -> None:
    """The new version takes its place."""
    notebook_of(mine).write_text("{")
    mend(course)

    done = update(mine)

    assert [path.read_text() for path in done.aside] == ["{"]
    assert done.carried == []
    assert notebook_of(mine).read_bytes() == notebook_of(course).read_bytes()


def test_killed_in_the_middle_it_ends_when_called_again(course: Path, mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between Git's part and the carrying over, the notebook is as released; the next call carries on."""
    answer(notebook_of(mine), RIGHT)
    mend(course)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "carry_over", killed)
        with pytest.raises(KeyboardInterrupt):
            update(mine)
    assert (mine / ".git" / PENDING).is_file()

    done = update(mine)

    assert cell_of(read_notebook(notebook_of(mine).read_bytes()), "add").source == RIGHT
    assert done.carried == [notebook_of(mine)]
    assert not (mine / ".git" / PENDING).exists()


def test_without_a_network_nothing_is_changed(course: Path, mine: Path) -> None:
    """The error says that, and work stays where it is."""
    answer(notebook_of(mine), RIGHT)
    before = notebook_of(mine).read_bytes()
    course.rename(course.with_name("gone"))

    with pytest.raises(Problem, match="nothing was changed"):
        update(mine)
    assert notebook_of(mine).read_bytes() == before
    assert not list(notebook_of(mine).parent.glob("*.mine.*"))


def test_changes_outside_labs_are_refused(course: Path, mine: Path) -> None:
    """They are an author's, who knows Git."""
    lab_path(mine).write_text(lab_path(mine).read_text() + "\n")
    mend(course)

    with pytest.raises(Problem, match=r"source/beginner/01-small-lab/lab\.py: was changed"):
        update(mine)


def test_commits_of_ones_own_are_refused(course: Path, mine: Path) -> None:
    """Two histories are for a person to merge."""
    (mine / "notes.txt").write_text("my own")
    publish(mine)
    mend(course)

    with pytest.raises(Problem, match="has commits of its own"):
        update(mine)


def test_a_folder_without_git_is_a_clear_error(make_project: MakeProject) -> None:
    """A course that was unpacked from an archive."""
    with pytest.raises(Problem, match="git rev-parse"):
        update(make_project())
