"""A lab's source: what is read from it, and what is said where it cannot be read."""

import re
import shutil
from pathlib import Path

import pytest

from autograder.errors import SourceProblem, UnknownLab
from autograder.notebook import marks, write_notebook
from autograder.release import make_release, make_solved
from autograder.source import Exercise, Header, Lab, find_labs, read_lab
from tests.conftest import MakeProject, lab_path

TEST_WRITE = (
    '# %% nbgrader={"grade": true, "grade_id": "test-write", "locked": true, "points": 10, '
    '"schema_version": 3, "solution": false, "task": false}'
)
WRITE_HEAD = '"grade": false, "grade_id": "write", "locked": false, "schema_version": 3, "solution": true, "task": false'
WRITTEN_HEAD = '"grade": true, "grade_id": "write", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false'
REPORT = '{"grade": false, "grade_id": "report", "locked": true, "points": 20, "schema_version": 3, "solution": false, "task": true}'
TASK = """# %% [markdown] nbgrader=REPORT
# Write a report.

# %% [markdown]
# ## Putting it together""".replace("REPORT", REPORT)


def read_edited(make_project: MakeProject, *edits: tuple[str, str]) -> Lab:
    """Return the small lab, read after the edits."""
    return read_lab(lab_path(make_project(*edits)))


def as_cohort(lab: Lab, folder: Path) -> Path:
    """Write the lab as a cohort's source folder keeps it, and return its notebook's path."""
    path = folder / "source" / lab.slug / f"{lab.slug}.ipynb"
    hidden = {f"hidden/{name}": data for name, data in lab.hidden.items()}
    for name, data in {path.name: write_notebook(make_solved(lab)), **lab.files, **hidden}.items():
        (path.parent / name).parent.mkdir(parents=True, exist_ok=True)
        (path.parent / name).write_bytes(data)
    return path


def add_lab(project: Path, level: str, folder: str, slug: str) -> None:
    """Add a copy of the small lab under another level, folder and slug."""
    path = project / "source" / level / folder
    shutil.copytree(lab_path(project).parent, path)
    text = (path / "lab.py").read_text().replace("slug: small-lab", f"slug: {slug}").replace("level: beginner", f"level: {level}")
    (path / "lab.py").write_text(text)


# What is read


def test_the_header_is_read(make_project: MakeProject) -> None:
    """Every field of the YAML header is there, lists as tuples."""
    lab = read_edited(make_project, ("prerequisites: []", "prerequisites:\n#     - first-lab"))

    expected = Header(
        title="A small lab",
        level="beginner",
        slug="small-lab",
        minutes=30,
        prerequisites=("first-lab",),
        tools=("Python",),
        outcomes=("Add two numbers", "Write a file that another program reads", "Read a plot of a sum"),
        roles=("MLOps Engineer",),
        roadmap="Arithmetic",
    )
    assert expected == lab.header


def test_optional_fields_are_read(make_project: MakeProject) -> None:
    """`hand_in`, `project` and `terms` may be left out, and are read where they are there."""
    fields = "minutes: 30\n#     hand_in:\n#     - sum.json\n#     project: true\n#     terms:\n#       sum: What adding gives."
    lab = read_edited(make_project, ("minutes: 30", fields))

    assert (lab.header.hand_in, lab.header.project, lab.header.terms) == (("sum.json",), True, {"sum": "What adding gives."})


@pytest.mark.parametrize("terms", ["sum", "\n#     - sum", "\n#       sum: 3"], ids=["a-text", "a-list", "a-number"])
def test_terms_are_pairs_of_texts(make_project: MakeProject, terms: str) -> None:
    """Anything else is said to be none."""
    with pytest.raises(SourceProblem, match=r"'terms' is .* make it pairs of texts"):
        read_edited(make_project, ("minutes: 30", f"minutes: 30\n#     terms: {terms}"))


def test_the_slug_is_the_headers(make_project: MakeProject) -> None:
    """A lab goes by its header's slug."""
    assert read_edited(make_project).slug == "small-lab"


def test_exercises_are_read_in_order_with_their_tests(make_project: MakeProject) -> None:
    """An exercise has the points of all its test cells, of which those of `judge` cells are judged."""
    expected = [Exercise(name, (f"test-{name}", f"judge-{name}"), 25.0, 15.0) for name in ("add", "write", "double", "share")]

    assert expected == list(read_edited(make_project).exercises)


def test_a_labs_points_are_those_of_its_exercises(make_project: MakeProject) -> None:
    """The sum counts every exercise."""
    assert read_edited(make_project, ('"points": 10', '"points": 14')).points == 104


def test_a_second_test_cell_counts_for_the_same_exercise(make_project: MakeProject) -> None:
    """`test-write-2` adds its points to `write`."""
    lab = read_edited(make_project, (TEST_WRITE, TEST_WRITE.replace("test-write", "test-write-2") + "\nassert 1\n\n" + TEST_WRITE))

    assert Exercise("write", ("test-write-2", "test-write", "judge-write"), 35.0, 15.0) == lab.exercises[1]


def test_a_written_answer_is_marked_by_hand(make_project: MakeProject) -> None:
    """A solution cell with points of its own is manual, and its points count beside its tests'."""
    lab = read_edited(make_project, (WRITE_HEAD, WRITTEN_HEAD))

    assert Exercise("write", ("test-write", "judge-write"), 30.0, 15.0, manual=True) == lab.exercises[1]


def test_a_task_is_marked_by_hand(make_project: MakeProject) -> None:
    """A task is an exercise without tests."""
    lab = read_edited(make_project, ("# %% [markdown]\n# ## Putting it together", TASK))

    assert Exercise("report", (), 20.0, manual=True) == lab.exercises[-1]


def test_an_answer_cell_that_nothing_judges_is_no_exercise(make_project: MakeProject) -> None:
    """Its cell stays, and it gives no points."""
    lab = read_edited(make_project, ('"test-write"', '"test-add-2"'), ('"judge-write"', '"judge-add-2"'))

    assert [exercise.id for exercise in lab.exercises] == ["add", "double", "share"]


def test_files_are_read_with_their_folders(make_project: MakeProject) -> None:
    """`files` maps a path below files/ to bytes."""
    project = make_project()
    nested = lab_path(project).parent / "files" / "data" / "raw.bin"
    nested.parent.mkdir()
    nested.write_bytes(b"\0\xff")

    assert read_lab(lab_path(project)).files == {"data/raw.bin": b"\0\xff", "start.json": b'{"start": 41}\n'}


@pytest.mark.parametrize("litter", ["__pycache__/x.pyc", ".ipynb_checkpoints/x.ipynb", "data/.DS_Store"])
def test_litter_is_no_file_of_the_lab(make_project: MakeProject, litter: str) -> None:
    """What tools leave behind is not shipped."""
    project = make_project()
    path = lab_path(project).parent / "files" / litter
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")

    assert list(read_lab(lab_path(project)).files) == ["start.json"]


def test_hidden_files_are_read_apart(make_project: MakeProject) -> None:
    """What lies in hidden/ is in `hidden`, and not in `files`."""
    project = make_project()
    path = lab_path(project).parent / "hidden" / "judging.py"
    path.parent.mkdir()
    path.write_text("x = 1\n")

    lab = read_lab(lab_path(project))

    assert (lab.hidden, list(lab.files)) == ({"judging.py": b"x = 1\n"}, ["start.json"])


def test_the_story_is_hidden(make_project: MakeProject) -> None:
    """The module that knows the truth lies beside the judge alone."""
    project = make_project()
    (project / "source" / "metro_bikes.py").write_text("TRUTH = 1\n")

    lab = read_lab(lab_path(project))

    assert (lab.hidden, list(lab.files)) == ({"metro_bikes.py": b"TRUTH = 1\n"}, ["start.json"])


def test_a_lab_without_a_story_hides_nothing(make_project: MakeProject) -> None:
    """No file is made up."""
    assert read_edited(make_project).hidden == {}


def test_only_the_kernel_and_the_header_stay_in_the_metadata(make_project: MakeProject) -> None:
    """What jupytext writes of itself is not kept."""
    assert {"kernelspec", "lab"} == set(read_edited(make_project).notebook.metadata)


# Cell ids


def test_a_marked_cells_id_is_its_grade_id(make_project: MakeProject) -> None:
    """So that a cell is found by its name."""
    cells = read_edited(make_project).notebook.cells

    assert [marks(cell)["grade_id"] for cell in cells if marks(cell)] == [cell.id for cell in cells if marks(cell)]


def test_cell_ids_are_the_same_each_time(make_project: MakeProject) -> None:
    """Reading twice gives the same ids."""
    path = lab_path(make_project())

    assert [cell.id for cell in read_lab(path).notebook.cells] == [cell.id for cell in read_lab(path).notebook.cells]


def test_a_new_cell_does_not_change_the_other_ids(make_project: MakeProject) -> None:
    """An id comes from the cell's own text, not from its place."""
    path = lab_path(make_project())
    before = [cell.id for cell in read_lab(path).notebook.cells]
    path.write_text(path.read_text().replace("# %%\nprint", "# %%\nx = 1\n\n# %%\nprint"))

    after = [cell.id for cell in read_lab(path).notebook.cells]

    assert before == [name for name in after if name in before]
    assert len(before) + 1 == len(after)


def test_cells_with_the_same_text_have_ids_of_their_own(make_project: MakeProject) -> None:
    """No id stands twice, and each is one that nbformat allows."""
    again = "# %%\nprint(start + 1)\n\n"
    ids = [cell.id for cell in read_edited(make_project, (again, 3 * again)).notebook.cells]

    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in ids)


# Headers that cannot be read

HEADER_FAULTS = {
    "no-title": (("#     title: A small lab\n", ""), "'title' is missing", "add it"),
    "no-level": (("#     level: beginner\n", ""), "'level' is missing", "add it"),
    "no-prerequisites": (("#     prerequisites: []\n", ""), "'prerequisites' is missing", "add it"),
    "minutes-in-words": (("minutes: 30", "minutes: thirty"), "'minutes' is 'thirty'", "a whole number"),
    "half-minutes": (("minutes: 30", "minutes: 30.5"), "'minutes' is 30.5", "a whole number"),
    "title-is-a-number": (("title: A small lab", "title: 5"), "'title' is 5", "a text"),
    "tools-are-a-text": (("tools:\n#     - Python", "tools: Python"), "'tools' is 'Python'", "a list of texts"),
    "tools-hold-a-number": (("- Python", "- 3"), "'tools' is [3]", "a list of texts"),
    "prerequisites-are-nothing": (("prerequisites: []", "prerequisites:"), "'prerequisites' is None", "a list of texts"),
    "hand-in-is-a-text": (("minutes: 30", "minutes: 30\n#     hand_in: sum.json"), "'hand_in' is 'sum.json'", "a list of texts"),
    "project-is-a-text": (("minutes: 30", "minutes: 30\n#     project: maybe"), "'project' is 'maybe'", "true or false"),
    "unknown-field": (("minutes: 30", "minutes: 30\n#     hours: 1"), "'hours' is not known", "use only title, level"),
    "bad-level": (("level: beginner", "level: novice"), "level 'novice' is not known", "beginner, intermediate, advanced"),
    "lab-is-a-list": (("#   lab:\n#     level", "#   lab: []\n#   other:\n#     level"), "has no 'lab' header", "source/_template/lab.py"),
    "no-lab": (("#   lab:\n#     level", "#   laboratory:\n#     level"), "has no 'lab' header", "source/_template/lab.py"),
    "broken-yaml": (("#   lab:\n", "#   lab: [\n"), "is not a notebook source", "YAML between"),
    "two-values-in-a-line": (("level: beginner", "level: : beginner"), "mapping values are not allowed", "YAML between"),
}


@pytest.mark.parametrize("fault", HEADER_FAULTS)
def test_a_broken_header_is_said(make_project: MakeProject, fault: str) -> None:
    """The message says where, what, and what to do."""
    edit, what, todo = HEADER_FAULTS[fault]
    path = lab_path(make_project(edit))

    with pytest.raises(SourceProblem) as caught:
        read_lab(path)

    assert str(path) == caught.value.where
    assert what in caught.value.what
    assert todo in caught.value.todo


def test_minutes_are_not_true(make_project: MakeProject) -> None:
    """`minutes: true` is no whole number."""
    with pytest.raises(SourceProblem, match="a whole number"):
        read_edited(make_project, ("minutes: 30", "minutes: true"))


def test_a_problem_is_one_line(make_project: MakeProject) -> None:
    """Where: what – what to do."""
    path = lab_path(make_project(("#     title: A small lab\n", "")))

    with pytest.raises(SourceProblem) as caught:
        read_lab(path)

    assert f"{path}: header field 'title' is missing – add it to the 'lab' block of the YAML header" == str(caught.value)


@pytest.mark.parametrize("data", [b"", b"x = 1\n", b"# %%\nx = 1\n"], ids=["empty", "script", "cells-alone"])
def test_a_source_without_yaml_is_said(make_project: MakeProject, data: bytes) -> None:
    """A file without a header is told how to get one."""
    path = lab_path(make_project())
    path.write_bytes(data)

    with pytest.raises(SourceProblem, match=r"has no 'lab' header – start from source/_template/lab\.py"):
        read_lab(path)


def test_a_source_that_is_not_utf8_is_said(make_project: MakeProject) -> None:
    """Bytes that are no text are a problem of the source, not a crash."""
    path = lab_path(make_project())
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(SourceProblem, match="is not a notebook source"):
        read_lab(path)


def test_a_source_that_is_not_there_is_said(tmp_path: Path) -> None:
    """The message names the path."""
    with pytest.raises(SourceProblem, match=r"lab\.py: cannot be read"):
        read_lab(tmp_path / "a" / "b" / "c" / "lab.py")


@pytest.mark.parametrize("relative", ["lab.py", "files/../lab.py", "../01-small-lab/lab.py"])
def test_a_lab_is_read_from_its_own_folder(make_project: MakeProject, monkeypatch: pytest.MonkeyPatch, relative: str) -> None:
    """A relative path does as well as an absolute one: the story is found, and the folder has its name."""
    path = lab_path(make_project())
    (path.parents[2] / "metro_bikes.py").write_bytes(b"TRUTH = 1\n")
    monkeypatch.chdir(path.parent)

    lab = read_lab(Path(relative))

    assert (path, {"metro_bikes.py": b"TRUTH = 1\n"}) == (lab.path, lab.hidden)


# Cells that cannot be graded


@pytest.mark.parametrize("points", ["", '"points": "10", ', '"points": null, '], ids=["missing", "text", "null"])
def test_a_test_cell_without_points_is_said(make_project: MakeProject, points: str) -> None:
    """The message names the cell by number and grade_id."""
    path = lab_path(make_project(('"points": 10, ', points)))

    with pytest.raises(SourceProblem) as caught:
        read_lab(path)

    expected = (f"{path}: cell 7 (test-add)", "points missing", 'add "points" to the cell\'s nbgrader header')
    assert expected == (caught.value.where, caught.value.what, caught.value.todo)


@pytest.mark.parametrize("points", ["-10", "NaN", "Infinity", "true"])
def test_points_are_a_finite_number_not_below_zero(make_project: MakeProject, points: str) -> None:
    """Points that cannot be earned are a mistake of the source."""
    with pytest.raises(SourceProblem, match="test-add"):
        read_edited(make_project, ('"points": 10', f'"points": {points}'))


def test_hidden_tests_in_the_learners_kernel_are_said(make_project: MakeProject) -> None:
    """There the learner's code could read them."""
    path = lab_path(make_project(('"task": false} tags=["judge"]', '"task": false}')))

    with pytest.raises(SourceProblem, match=r"cell 8 \(judge-add\): hidden tests in a cell .* – add tags"):
        read_lab(path)


def test_a_task_without_points_is_said(make_project: MakeProject) -> None:
    """A person needs to know how many points there are to give."""
    with pytest.raises(SourceProblem, match=r"cell \d+ \(report\): points missing"):
        read_edited(make_project, ("# %% [markdown]\n# ## Putting it together", TASK.replace('"points": 20, ', "")))


def test_an_answers_grade_id_that_stands_twice_is_said(make_project: MakeProject) -> None:
    """The message names the second of the two cells."""
    path = lab_path(make_project(('"grade_id": "write", "locked": false', '"grade_id": "add", "locked": false')))

    with pytest.raises(SourceProblem) as caught:
        read_lab(path)

    expected = (f"{path}: cell 10 (add)", "grade_id stands twice", "give each cell a grade_id of its own")
    assert expected == (caught.value.where, caught.value.what, caught.value.todo)


@pytest.mark.parametrize("edit", [('"judge-add"', '"test-add"'), ('"setup"', '"add"')], ids=["test", "locked"])
def test_any_grade_id_that_stands_twice_is_said(make_project: MakeProject, edit: tuple[str, str]) -> None:
    """A test cell or a locked cell may not share its grade_id either."""
    with pytest.raises(SourceProblem, match=r"cell \d+ \((test-)?add\): grade_id stands twice"):
        read_edited(make_project, edit)


@pytest.mark.parametrize(
    ("name", "part"),
    [("test-ad", "(ad)"), ("check-add", "(no exercise named)"), ("test-write", "(write)")],
    ids=["typo", "unnamed", "too-early"],
)
def test_a_test_without_its_answer_is_said(make_project: MakeProject, name: str, part: str) -> None:
    """A test cell names an answer cell that stands before it."""
    path = lab_path(make_project(('"test-add"', f'"{name}"')))

    with pytest.raises(SourceProblem) as caught:
        read_lab(path)

    assert f"{path}: cell 7 ({name})" == caught.value.where
    assert f"belongs to no answer cell before it {part}" in caught.value.what
    assert caught.value.todo == "name it test-EXERCISE or judge-EXERCISE, after the answer cell EXERCISE"


def test_an_exercise_whose_name_ends_in_a_number_has_its_own_tests(make_project: MakeProject) -> None:
    """Beside `add` there may be an exercise `add-2`."""
    lab = read_edited(make_project, ('"write"', '"add-2"'), ('"test-write"', '"test-add-2"'), ('"judge-write"', '"judge-add-2"'))

    assert [exercise.id for exercise in lab.exercises] == ["add", "add-2", "double", "share"]


# All labs


def test_labs_come_in_the_order_of_level_and_folder(make_project: MakeProject) -> None:
    """Levels go from beginner to advanced, folders by name."""
    project = make_project()
    for level, folder in (("advanced", "01-big"), ("intermediate", "02-mid"), ("beginner", "00-first"), ("intermediate", "01-low")):
        add_lab(project, level, folder, folder[3:])

    assert [lab.slug for lab in find_labs(project / "source")] == ["first", "small-lab", "low", "mid", "big"]


def test_folders_outside_the_levels_are_no_labs(make_project: MakeProject) -> None:
    """The template is not built."""
    project = make_project()
    shutil.copytree(lab_path(project).parent, project / "source" / "_template")

    assert [lab.slug for lab in find_labs(project / "source")] == ["small-lab"]


@pytest.mark.parametrize("name", ["first", "00-first", "source/beginner/00-first/"])
def test_a_lab_is_named_by_slug_folder_or_path(make_project: MakeProject, name: str) -> None:
    """Only the wanted lab comes back."""
    project = make_project()
    add_lab(project, "beginner", "00-first", "first")

    assert [lab.slug for lab in find_labs(project / "source", (name,))] == ["first"]


def test_a_lab_that_is_not_wanted_is_not_read(make_project: MakeProject) -> None:
    """A broken source does not stop work on another."""
    project = make_project()
    add_lab(project, "beginner", "00-first", "first")
    lab_path(project).write_text("")

    assert [lab.slug for lab in find_labs(project / "source", ("first",))] == ["first"]


def test_an_unknown_lab_is_said(make_project: MakeProject) -> None:
    """The message lists the labs that there are."""
    project = make_project()
    add_lab(project, "beginner", "00-first", "first")

    with pytest.raises(UnknownLab) as caught:
        find_labs(project / "source", ("small-lab", "big-lab"))

    assert str(caught.value) == "big-lab: no such lab – choose from first, small-lab"


def test_a_slug_that_is_not_the_folders_is_said(make_project: MakeProject) -> None:
    """A lab's folder is NN-SLUG."""
    project = make_project(("slug: small-lab", "slug: tiny-lab"))

    with pytest.raises(SourceProblem, match="slug 'tiny-lab' is not the folder's name – let them agree"):
        find_labs(project / "source")


def test_where_there_is_no_source_there_are_no_labs(tmp_path: Path) -> None:
    """An empty course is no error here."""
    assert find_labs(tmp_path / "source") == []


# A cohort's own source


@pytest.fixture
def both(make_project: MakeProject, tmp_path: Path) -> tuple[Lab, Lab]:
    """Return the small lab with hidden files, as its author wrote it and as a cohort keeps it."""
    project = make_project(("minutes: 30", "minutes: 30\n#     hand_in:\n#     - sum.json"))
    (project / "source" / "metro_bikes.py").write_text("TRUTH = 1\n")
    (lab_path(project).parent / "hidden").mkdir()
    (lab_path(project).parent / "hidden" / "judging.py").write_text("x = 1\n")
    lab = read_lab(lab_path(project))
    return lab, read_lab(as_cohort(lab, tmp_path / "cohort"))


def test_a_cohorts_notebook_has_the_same_header(both: tuple[Lab, Lab]) -> None:
    """The header stays in the notebook's metadata."""
    assert both[0].header == both[1].header


def test_a_cohorts_notebook_has_the_same_exercises(both: tuple[Lab, Lab]) -> None:
    """Points and judges are the same."""
    assert both[0].exercises == both[1].exercises


def test_a_cohorts_notebook_has_the_same_files(both: tuple[Lab, Lab]) -> None:
    """The notebook itself is no file of the lab."""
    assert both[0].files == both[1].files


def test_a_cohorts_notebook_has_the_same_hidden_files(both: tuple[Lab, Lab]) -> None:
    """They lie in a folder of their own, with the story."""
    assert both[1].hidden == {"judging.py": b"x = 1\n", "metro_bikes.py": b"TRUTH = 1\n"}
    assert both[0].hidden == both[1].hidden


def test_a_cohorts_notebook_solves_the_same(both: tuple[Lab, Lab]) -> None:
    """Cell by cell, the solved notebook is that of the source: the card is not added twice."""
    mine, cohorts = (make_solved(lab).cells for lab in both)

    assert [(cell.cell_type, cell.source, marks(cell)) for cell in mine] == [(cell.cell_type, cell.source, marks(cell)) for cell in cohorts]


def test_a_cohorts_notebook_releases_the_same(both: tuple[Lab, Lab]) -> None:
    """Cell by cell, the release is that of the source."""
    mine, cohorts = (make_release(lab).cells for lab in both)

    assert [(cell.cell_type, cell.source, marks(cell)) for cell in mine] == [(cell.cell_type, cell.source, marks(cell)) for cell in cohorts]
