"""The release: nothing secret is in it, it is the same each time, and nbgrader takes it."""

import copy
import hashlib
import html
import os
import subprocess
import sys
from collections.abc import Callable

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.nbgraderformat import MetadataValidator

from autograder.errors import SourceProblem
from autograder.notebook import code_cells, is_answer, marks, write_notebook
from autograder.release import digest, make_release, make_solved, render_card
from autograder.source import Lab, read_lab
from tests.conftest import MakeProject, lab_path

Make = Callable[[Lab], NotebookNode]
REPORT = '{"grade": false, "grade_id": "report", "locked": true, "points": 20, "schema_version": 3, "solution": false, "task": true}'
ESSAY = '{"grade": true, "grade_id": "essay", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false}'
TASK = """# %% [markdown] nbgrader=REPORT
# Write a report.
#
# === BEGIN MARK SCHEME ===
# Ten points for naming the cause.
# === END MARK SCHEME ===

# %% [markdown] nbgrader=ESSAY
# ### BEGIN SOLUTION
# The clock was an hour late.
# ### END SOLUTION

# %% [markdown]
# ## Putting it together""".replace("REPORT", REPORT).replace("ESSAY", ESSAY)
WITH_TASK = ("# %% [markdown]\n# ## Putting it together", TASK)
SECRETS = {
    "a-solution-line": "the_sum_of_both = a + b",
    "a-solution-in-one-line": "return [2 * value for value in values]",
    "a-top-level-solution": 'json.dumps({"sum": start + 1})',
    "a-hidden-test": "add(20, 22)",
    "a-hidden-message": "a negative number takes away",
    "a-mark-scheme": "Ten points for naming the cause",
    "a-written-solution": "The clock was an hour late",
    "its-delimiters": "BEGIN ",
}


def read_edited(make_project: MakeProject, *edits: tuple[str, str]) -> Lab:
    """Return the small lab, read after the edits."""
    return read_lab(lab_path(make_project(*edits)))


def named(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    """Return the cell with that grade_id."""
    (cell,) = [cell for cell in notebook.cells if marks(cell).get("grade_id") == grade_id]
    return cell


# Nothing secret


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_in_the_release(make_project: MakeProject, secret: str) -> None:
    """What stands in the source between BEGIN and END is nowhere in the released bytes."""
    lab = read_edited(make_project, WITH_TASK)

    released = write_notebook(make_release(lab)).decode().replace('\\"', '"')

    assert SECRETS[secret] in lab.path.read_text()
    assert SECRETS[secret] not in released


def test_an_answer_cell_keeps_what_is_given(make_project: MakeProject) -> None:
    """The signature and the docstring stay, and a stub takes the solution's place."""
    released = make_release(read_edited(make_project))

    expected = 'def add(a, b):\n    """Return the sum."""\n    # YOUR CODE HERE\n    raise NotImplementedError()'
    assert expected == named(released, "add").source


def test_visible_tests_stay(make_project: MakeProject) -> None:
    """A learner sees what is tested in the notebook."""
    released = make_release(read_edited(make_project))

    assert named(released, "test-add").source == 'assert add(1, 1) == 2, f"the sum of 1 and 1 is 2, not {add(1, 1)}"'


def test_a_judge_keeps_its_comment(make_project: MakeProject) -> None:
    """What will be judged is said, without the tests."""
    released = make_release(read_edited(make_project))

    assert named(released, "judge-add").source == "# Judged when you hand in: add, on other numbers."


def test_a_task_keeps_its_text(make_project: MakeProject) -> None:
    """Only the mark scheme goes."""
    released = make_release(read_edited(make_project, WITH_TASK))

    assert "Write a report." in named(released, "report").source


def test_outputs_are_not_released(make_project: MakeProject) -> None:
    """A source that was run is released without what it showed."""
    lab = read_edited(make_project)
    cell = next(code_cells(lab.notebook))
    cell.outputs, cell.execution_count = [nbformat.v4.new_output("stream", text="42")], 7

    released = make_release(lab)

    assert [([], None)] * len(list(code_cells(released))) == [(c.outputs, c.execution_count) for c in code_cells(released)]


# The same each time


def test_two_builds_have_the_same_bytes(make_project: MakeProject) -> None:
    """Building again changes no byte."""
    path = lab_path(make_project())

    assert write_notebook(make_release(read_lab(path))) == write_notebook(make_release(read_lab(path)))


def test_another_process_writes_the_same_bytes(make_project: MakeProject) -> None:
    """The order of sets and the time of day are nowhere in the release."""
    path = lab_path(make_project())
    code = (
        "import hashlib, pathlib, sys; from autograder.notebook import write_notebook; from autograder.release import make_release; "
        "from autograder.source import read_lab; "
        "print(hashlib.sha256(write_notebook(make_release(read_lab(pathlib.Path(sys.argv[1]))))).hexdigest())"
    )

    environ = {**os.environ, "PYTHONHASHSEED": "1" if os.environ.get("PYTHONHASHSEED") == "0" else "0"}
    done = subprocess.run([sys.executable, "-c", code, path], env=environ, capture_output=True, text=True, check=True)

    assert hashlib.sha256(write_notebook(make_release(read_lab(path)))).hexdigest() == done.stdout.strip()


@pytest.mark.parametrize("make", [make_release, make_solved])
def test_the_lab_itself_is_not_changed(make_project: MakeProject, make: Make) -> None:
    """The source's notebook keeps its solutions, and no card."""
    lab = read_edited(make_project)
    before = copy.deepcopy(lab.notebook)

    make(lab)

    assert before == lab.notebook


# The card


def test_the_card_stands_under_the_title(make_project: MakeProject) -> None:
    """The first cell begins with the title, then the card, then the author's text."""
    lab = read_edited(make_project)

    first = make_release(lab).cells[0].source

    assert first.startswith(f"# A small lab\n\n{render_card(lab)}\n")
    assert first.endswith("## Setup")


def test_the_card_says_what_the_header_says(make_project: MakeProject) -> None:
    """Level, minutes, tools, labs to do first, the roadmap's row, roles, outcomes."""
    edits = (("prerequisites: []", "prerequisites:\n#     - first-lab\n#     - second-lab"), ("- Python", "- Python\n#     - Git"))

    expected = """\
| This lab | |
|:--|:--|
| Level | beginner |
| Time | about 30 minutes |
| Tools | Python, Git |
| Labs to do first | `first-lab`, `second-lab` |
| Covers | Arithmetic (MLOps &amp; Production AI Roadmap) |
| Roles | MLOps Engineer |

**Afterwards you can**

- Add two numbers
- Write a file that another program reads
- Read a plot of a sum"""
    assert expected == render_card(read_edited(make_project, *edits))


def test_a_lab_without_prerequisites_says_none(make_project: MakeProject) -> None:
    """The row is not left empty."""
    assert "| Labs to do first | none |" in render_card(read_edited(make_project))


def test_the_cards_table_shows_tags_as_text(make_project: MakeProject) -> None:
    """What the header says is text, not HTML."""
    card = render_card(read_edited(make_project, ("roadmap: Arithmetic", "roadmap: a<b> & c")))

    assert f"| {html.escape('a<b> & c')} (MLOps" in card


def test_a_bar_in_the_header_does_not_break_the_cards_table(make_project: MakeProject) -> None:
    """A vertical bar would end the table's cell."""
    card = render_card(read_edited(make_project, ("roadmap: Arithmetic", "roadmap: Pipes a|b")))

    assert r"Pipes a\|b" in card or "Pipes a&#124;b" in card


# Locks


@pytest.mark.parametrize("name", ["setup", "test-add", "judge-add"])
def test_locked_and_test_cells_can_be_neither_edited_nor_deleted(make_project: MakeProject, name: str) -> None:
    """JupyterLab reads both from the cell's metadata."""
    cell = named(make_release(read_edited(make_project)), name)

    assert (cell.metadata.get("deletable"), cell.metadata.get("editable")) == (False, False)


def test_answer_cells_can_be_edited_and_not_deleted(make_project: MakeProject) -> None:
    """A deleted answer cell would be a lost exercise."""
    cell = named(make_release(read_edited(make_project)), "add")

    assert (cell.metadata.get("deletable"), cell.metadata.get("editable", True)) == (False, True)


def test_plain_cells_are_the_learners(make_project: MakeProject) -> None:
    """Text and worked examples may be edited and deleted."""
    cells = [cell for cell in make_release(read_edited(make_project)).cells if not marks(cell)]

    assert [cell.id for cell in cells if {"deletable", "editable"} & set(cell.metadata)] == []


# What tools read


def test_the_metadata_is_the_kernel_the_header_and_the_digest(make_project: MakeProject) -> None:
    """Nothing of jupytext, which would turn a learner's notebook back into a script, and no version of Python."""
    lab = read_edited(make_project)

    released = make_release(lab)

    expected = {"display_name": "Python 3", "language": "python", "name": "python3"}
    assert {"kernelspec", "lab"} == set(released.metadata)
    assert expected == released.metadata.kernelspec
    assert {**lab.notebook.metadata.lab, "digest": digest(released)} == released.metadata.lab


def test_the_authors_own_kernel_is_not_released(make_project: MakeProject) -> None:
    """A learner has python3, whatever the author's environment is called."""
    lab = read_edited(
        make_project, ("#     display_name: Python 3", "#     display_name: Mine"), ("#     name: python3", "#     name: mine")
    )

    assert make_release(lab).metadata.kernelspec == {"display_name": "Python 3", "language": "python", "name": "python3"}


def test_no_cell_holds_jupytexts_metadata(make_project: MakeProject) -> None:
    """Cells have nbgrader's marks, locks and tags alone."""
    released = make_release(read_edited(make_project))

    assert {"nbgrader", "deletable", "editable", "tags"} == {key for cell in released.cells for key in cell.metadata}


@pytest.mark.parametrize("make", [make_release, make_solved])
def test_nbformat_takes_it(make_project: MakeProject, make: Make) -> None:
    """The notebook keeps nbformat's schema, with an id for each cell."""
    nbformat.validate(make(read_edited(make_project, WITH_TASK)))


@pytest.mark.parametrize("make", [make_release, make_solved])
def test_nbgrader_takes_it(make_project: MakeProject, make: Make) -> None:
    """The marks keep nbgrader's schema."""
    MetadataValidator().validate_nb(make(read_edited(make_project, WITH_TASK)))


def test_test_cells_have_a_checksum(make_project: MakeProject) -> None:
    """nbgrader's own commands find out by it whether a test cell was edited."""
    released = make_release(read_edited(make_project))

    assert all(marks(cell).get("checksum") for cell in released.cells if marks(cell).get("grade"))


def test_no_code_cell_ends_in_an_empty_line(make_project: MakeProject) -> None:
    """What is cleared leaves no empty lines behind."""
    lab = read_edited(make_project, ("\n### BEGIN HIDDEN TESTS", "\n\n### BEGIN HIDDEN TESTS"))

    released = make_release(lab)

    assert [cell.id for cell in code_cells(released) if cell.source.endswith("\n")] == []


# Solved


def test_the_solved_notebook_keeps_solutions_and_hidden_tests(make_project: MakeProject) -> None:
    """Every marked cell has the author's text."""
    lab = read_edited(make_project, WITH_TASK)

    solved = make_solved(lab)

    assert {c.id: c.source for c in lab.notebook.cells if marks(c)} == {c.id: c.source for c in solved.cells if marks(c)}


def test_the_solved_notebook_has_the_releases_cells(make_project: MakeProject) -> None:
    """Both have the same cells in the same order, with the same points."""
    lab = read_edited(make_project)

    def shape(notebook: NotebookNode) -> list[tuple[str, str, object]]:
        return [(cell.id, cell.cell_type, marks(cell).get("points")) for cell in notebook.cells]

    assert shape(make_solved(lab)) == shape(make_release(lab))


# What nbgrader refuses

REFUSED = {
    "an-open-solution": (("    ### END SOLUTION\n", ""), "ClearSolutions: no end solution statement found"),
    "an-open-hidden-test": (("### END HIDDEN TESTS\n", ""), "ClearHiddenTests: No end hidden tests statement found"),
    "a-grade-id-with-a-space": (('"grade_id": "setup"', '"grade_id": "set up"'), "CheckCellMetadata"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_what_nbgrader_refuses_is_said(make_project: MakeProject, fault: str) -> None:
    """The message names the source, the step that failed, and what to do."""
    edit, what = REFUSED[fault]
    lab = read_edited(make_project, edit)

    with pytest.raises(SourceProblem) as caught:
        make_release(lab)

    assert str(lab.path) == caught.value.where
    assert what in caught.value.what
    assert caught.value.todo == "mend the cell's nbgrader header or its BEGIN/END lines"


def test_a_lab_without_cells_is_said(make_project: MakeProject) -> None:
    """A header alone is a problem of the source, not a crash."""
    path = lab_path(make_project())
    path.write_text(path.read_text().split("# %%")[0])

    with pytest.raises(SourceProblem, match="has no cells – start from"):
        make_release(read_lab(path))


# The digest


def test_the_digest_is_that_of_the_cells(make_project: MakeProject) -> None:
    """An untouched release agrees with the digest that it carries."""
    released = make_release(read_edited(make_project))

    assert digest(released) == released.metadata.lab.digest


def test_the_digest_does_not_know_outputs_and_ids(make_project: MakeProject) -> None:
    """Running and saving a notebook is no edit."""
    released = make_release(read_edited(make_project))
    before = digest(released)
    for number, cell in enumerate(released.cells):
        cell.id = f"other-{number}"
        cell.metadata["collapsed"] = True
    for cell in code_cells(released):
        cell.outputs, cell.execution_count = [nbformat.v4.new_output("stream", text="42")], 7

    assert before == digest(released)


def _edit_text(notebook: NotebookNode) -> None:
    next(cell for cell in notebook.cells if is_answer(cell)).source += "\nx = 1"


def _add_a_cell(notebook: NotebookNode) -> None:
    notebook.cells.append(nbformat.v4.new_code_cell(""))


def _delete_a_cell(notebook: NotebookNode) -> None:
    del notebook.cells[3]


def _move_a_cell(notebook: NotebookNode) -> None:
    notebook.cells.insert(0, notebook.cells.pop())


def _retype_a_cell(notebook: NotebookNode) -> None:
    notebook.cells[3].cell_type = "raw"


@pytest.mark.parametrize("edit", [_edit_text, _add_a_cell, _delete_a_cell, _move_a_cell, _retype_a_cell])
def test_the_digest_knows_what_a_person_edits(make_project: MakeProject, edit: Callable[[NotebookNode], None]) -> None:
    """Text, number, order and kind of cells count."""
    released = make_release(read_edited(make_project))
    edit(released)

    assert digest(released) != released.metadata.lab.digest
