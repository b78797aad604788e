"""A notebook that was handed in, with everything that is not the learner's put back, whatever was done to it."""

import copy
import json
from collections.abc import Callable

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from autograder.notebook import marks, read_notebook, write_notebook
from autograder.release import make_release, make_solved
from autograder.restore import restore
from autograder.source import Lab, read_lab
from tests.conftest import LABS

pytestmark = [  # nbformat warns of what these notebooks are made to have
    pytest.mark.filterwarnings("ignore::nbformat.warnings.DuplicateCellId"),
    pytest.mark.filterwarnings("ignore::nbformat.warnings.MissingIDFieldWarning"),
]
ANSWERS = ("add", "write", "double", "share")


@pytest.fixture(scope="module")
def lab() -> Lab:
    """Return the small lab."""
    return read_lab(LABS / "good.py")


@pytest.fixture
def source(lab: Lab) -> NotebookNode:
    """Return the small lab's notebook as an instructor keeps it."""
    return make_solved(lab)


@pytest.fixture
def submitted(lab: Lab) -> NotebookNode:
    """Return the small lab's release with an answer in every answer cell."""
    notebook = make_release(lab)
    for name in ANSWERS:
        named(notebook, name).source = f"{name} = 'mine'"
    return notebook


def named(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    """Return the first cell with that grade_id."""
    return next(cell for cell in notebook.cells if marks(cell).get("grade_id") == grade_id)


def place(notebook: NotebookNode, grade_id: str) -> int:
    """Return that cell's index."""
    return next(i for i, cell in enumerate(notebook.cells) if marks(cell).get("grade_id") == grade_id)


def sources(notebook: NotebookNode) -> list[str]:
    """Return every cell's text."""
    return [cell.source for cell in notebook.cells]


def as_handed_in(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook as it comes from a file."""
    return read_notebook(write_notebook(notebook))


def marked(notebook: NotebookNode) -> list[tuple[str, str, str, dict[str, object]]]:
    """Return of every marked cell: grade_id, kind, text, and all marks; the answers' texts left out."""
    return [
        (cell.cell_type, "" if marks(cell)["grade_id"] in ANSWERS else cell.source, str(cell.metadata.get("tags", [])), marks(cell))
        for cell in notebook.cells
        if marks(cell)
    ]


# What is the instructor's


def _leave(notebook: NotebookNode) -> None:
    pass


def _delete(notebook: NotebookNode) -> None:
    notebook.cells = [cell for cell in notebook.cells if not marks(cell).get("grade")]


def _delete_everything(notebook: NotebookNode) -> None:
    notebook.cells = []


def _empty(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if marks(cell).get("grade"):
            cell.source = ""


def _retype(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if marks(cell).get("grade"):
            cell.cell_type = "markdown"
            del cell["outputs"], cell["execution_count"]


def _copy(notebook: NotebookNode) -> None:
    for name in ("test-add", "judge-add", "setup"):
        notebook.cells.insert(place(notebook, name), copy.deepcopy(named(notebook, name)))


def _copy_and_edit(notebook: NotebookNode) -> None:
    _copy(notebook)
    for name in ("test-add", "judge-add", "setup"):
        named(notebook, name).source = "pass"


def _give_points(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if marks(cell).get("grade"):
            cell.metadata.nbgrader.points = 1000


def _make_answers_manual(notebook: NotebookNode) -> None:
    for name in ANSWERS:
        named(notebook, name).metadata.nbgrader.update(grade=True, points=1000)


def _unmark(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if marks(cell) and marks(cell)["grade_id"] not in ANSWERS:
            del cell.metadata["nbgrader"]
            cell.source = ""


def _unlock(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if marks(cell):
            cell.metadata.nbgrader.locked = False
            cell.metadata.nbgrader.solution = True


def _untag(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        cell.metadata.pop("tags", None)


def _reverse(notebook: NotebookNode) -> None:
    notebook.cells.reverse()


def _edit_setup(notebook: NotebookNode) -> None:
    named(notebook, "setup").source = "start = 0"


def _delete_answers(notebook: NotebookNode) -> None:
    notebook.cells = [cell for cell in notebook.cells if marks(cell).get("grade_id") not in ANSWERS]


def _retype_answers(notebook: NotebookNode) -> None:
    for name in ANSWERS:
        named(notebook, name).cell_type = "markdown"


def _swap_names(notebook: NotebookNode) -> None:
    one, other = named(notebook, "test-add"), named(notebook, "judge-add")
    one.metadata.nbgrader.grade_id, other.metadata.nbgrader.grade_id = "judge-add", "test-add"


TOUCHED = [_leave, _delete, _delete_everything, _empty, _retype, _copy, _copy_and_edit, _give_points, _make_answers_manual, _unmark]
TOUCHED += [_unlock, _untag, _reverse, _edit_setup, _delete_answers, _retype_answers, _swap_names]


@pytest.mark.parametrize("touch", TOUCHED, ids=lambda touch: touch.__name__.strip("_"))
def test_what_is_the_instructors_is_put_back(source: NotebookNode, submitted: NotebookNode, touch: Callable[[NotebookNode], None]) -> None:
    """Every marked cell has the source's kind, text, points, tags and place, and stands there once."""
    touch(submitted)

    assert marked(source) == marked(restore(source, as_handed_in(submitted)))


@pytest.mark.parametrize("touch", [_leave, _delete, _empty, _retype, _give_points, _untag, _reverse, _edit_setup, _unlock])
def test_the_answers_stay_whatever_else_was_touched(
    source: NotebookNode, submitted: NotebookNode, touch: Callable[[NotebookNode], None]
) -> None:
    """A learner who broke another cell loses no answer."""
    touch(submitted)

    restored = restore(source, as_handed_in(submitted))

    assert [f"{name} = 'mine'" for name in ANSWERS] == [named(restored, name).source for name in ANSWERS]


def test_the_text_of_a_touched_test_cell_is_nowhere(source: NotebookNode, submitted: NotebookNode) -> None:
    """Neither in its place nor beside it."""
    named(submitted, "test-add").source = "print('passed')"

    assert "print('passed')" not in sources(restore(source, as_handed_in(submitted)))


def test_a_copied_test_cell_does_not_run_twice(source: NotebookNode, submitted: NotebookNode) -> None:
    """Copies of test and locked cells go."""
    expected = sources(restore(source, as_handed_in(submitted)))
    _copy_and_edit(submitted)

    assert expected == sources(restore(source, as_handed_in(submitted)))


def test_the_metadata_is_the_instructors(source: NotebookNode, submitted: NotebookNode) -> None:
    """A learner's kernel, header and widgets do not stay."""
    submitted.metadata = nbformat.from_dict({"kernelspec": {"name": "mine", "display_name": "Mine"}, "lab": {"slug": "other"}})

    assert source.metadata == restore(source, as_handed_in(submitted)).metadata


def test_the_solution_is_not_in_it(source: NotebookNode, lab: Lab) -> None:
    """An untouched release is restored with its stubs."""
    restored = restore(source, make_release(lab))

    assert "the_sum_of_both" not in "".join(sources(restored))
    assert "raise NotImplementedError()" in named(restored, "add").source


# What is the learner's


@pytest.mark.parametrize("name", ANSWERS)
def test_a_deleted_answer_cell_is_empty(source: NotebookNode, submitted: NotebookNode, name: str) -> None:
    """Its tests run, and the solution does not take its place."""
    submitted.cells.pop(place(submitted, name))

    assert named(restore(source, as_handed_in(submitted)), name).source == ""


def test_an_emptied_answer_cell_is_empty(source: NotebookNode, submitted: NotebookNode) -> None:
    """The solution does not take its place."""
    named(submitted, "add").source = ""

    assert named(restore(source, as_handed_in(submitted)), "add").source == ""


def test_an_answer_that_was_retyped_is_code_again(source: NotebookNode, submitted: NotebookNode) -> None:
    """A slip of the keyboard (M in JupyterLab) costs nothing."""
    named(submitted, "add").cell_type = "markdown"

    cell = named(restore(source, as_handed_in(submitted)), "add")

    assert (cell.cell_type, cell.source) == ("code", "add = 'mine'")


def test_an_answer_that_lost_its_marks_runs_in_its_place(source: NotebookNode, submitted: NotebookNode) -> None:
    """Some editors drop a cell's metadata when it is cut and pasted: the answer still runs before its test."""
    submitted.cells[place(submitted, "add")] = new_code_cell("add = 'pasted'")

    restored = restore(source, as_handed_in(submitted))

    assert place(restored, "setup") < sources(restored).index("add = 'pasted'") < place(restored, "test-add")


def test_a_copy_of_an_answer_before_its_test_runs_there(source: NotebookNode, submitted: NotebookNode) -> None:
    """An honest learner copied the cell and went on in the copy: both run, in the learner's order, before the test."""
    again = copy.deepcopy(named(submitted, "add"))
    again.source = "add = 'better'"
    submitted.cells.insert(place(submitted, "add") + 1, again)

    restored = restore(source, as_handed_in(submitted))

    first = place(restored, "add")
    assert sources(restored)[first : first + 2] == ["add = 'mine'", "add = 'better'"]
    assert marks(restored.cells[first + 2])["grade_id"] == "test-add"


def test_a_copy_of_an_answer_after_its_test_runs_there(source: NotebookNode, submitted: NotebookNode) -> None:
    """A copy further down does not take the answer's place."""
    again = copy.deepcopy(named(submitted, "add"))
    again.source = "add = 'later'"
    submitted.cells.insert(place(submitted, "test-add") + 1, again)

    restored = restore(source, as_handed_in(submitted))

    assert named(restored, "add").source == "add = 'mine'"
    assert restored.cells[place(restored, "test-add") + 1].source == "add = 'later'"


def test_a_copy_of_an_answer_carries_no_marks(source: NotebookNode, submitted: NotebookNode) -> None:
    """It is a cell of the learner's own."""
    submitted.cells.append(copy.deepcopy(named(submitted, "add")))

    restored = restore(source, as_handed_in(submitted))

    assert (restored.cells[-1].source, dict(restored.cells[-1].metadata)) == ("add = 'mine'", {})


@pytest.mark.parametrize("name", ["setup", "add", "test-add", "judge-add"])
def test_a_cell_of_ones_own_stays_behind_its_neighbour(source: NotebookNode, submitted: NotebookNode, name: str) -> None:
    """A helper runs where the learner put it."""
    submitted.cells.insert(place(submitted, name) + 1, new_code_cell("helper = 1"))

    restored = restore(source, as_handed_in(submitted))

    assert restored.cells[place(restored, name) + 1].source == "helper = 1"


def test_cells_of_ones_own_stay_in_order(source: NotebookNode, submitted: NotebookNode) -> None:
    """Several helpers run one after the other."""
    at = place(submitted, "add")
    submitted.cells[at:at] = [new_code_cell("one = 1"), new_markdown_cell("*two*"), new_code_cell("three = one + 2")]

    restored = restore(source, as_handed_in(submitted))

    at = place(restored, "add")
    assert sources(restored)[at - 3 : at] == ["one = 1", "*two*", "three = one + 2"]


def test_a_helper_at_the_top_stays_at_the_top(source: NotebookNode, submitted: NotebookNode) -> None:
    """What stands before every marked cell runs first."""
    submitted.cells.insert(0, new_code_cell("helper = 1"))

    assert restore(source, as_handed_in(submitted)).cells[0].source == "helper = 1"


def test_a_helper_behind_a_deleted_test_runs_after_what_was_before_it(source: NotebookNode, submitted: NotebookNode) -> None:
    """Its neighbour is the marked cell above it that is still there."""
    at = place(submitted, "test-add")
    submitted.cells[at] = new_code_cell("helper = 1")

    restored = restore(source, as_handed_in(submitted))

    assert place(restored, "add") + 1 == sources(restored).index("helper = 1")


@pytest.mark.parametrize("kind", ["code", "markdown", "raw"])
def test_a_cell_of_ones_own_keeps_its_kind(source: NotebookNode, submitted: NotebookNode, kind: str) -> None:
    """Text does not become code."""
    make = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}[kind]
    submitted.cells.append(make("a text"))

    last = restore(source, as_handed_in(submitted)).cells[-1]

    assert (kind, "a text") == (last.cell_type, last.source)


def test_a_cell_of_ones_own_brings_text_alone(source: NotebookNode, submitted: NotebookNode) -> None:
    """Tags, outputs and metadata stay behind: a learner's cell is never a judge."""
    cell = new_code_cell("1", metadata={"tags": ["judge"], "autograder": {"state": "ok"}}, execution_count=5)
    cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "100"})]
    submitted.cells.append(cell)

    last = restore(source, as_handed_in(submitted)).cells[-1]

    assert (dict(last.metadata), last.outputs, last.execution_count) == ({}, [], None)


@pytest.mark.parametrize(
    "forged",
    [
        {"grade_id": "test-add-2", "grade": True, "solution": False, "locked": True, "task": False, "points": 1000, "schema_version": 3},
        {"grade_id": "bonus", "grade": True, "solution": True, "locked": False, "task": False, "points": 1000, "schema_version": 3},
        {"grade_id": "", "grade": True, "points": 1000},
        {"grade_id": ["test-add"], "grade": True, "points": 1000},
        {"grade_id": None},
        {"grade_id": {"a": 1}},
    ],
    ids=["test", "written", "empty", "list", "null", "object"],
)
def test_a_forged_grade_id_is_a_cell_of_ones_own(source: NotebookNode, submitted: NotebookNode, forged: dict[str, object]) -> None:
    """A mark that the source does not have is worth nothing."""
    submitted.cells.insert(place(submitted, "test-add"), new_code_cell("forged = 1", metadata={"nbgrader": forged}))

    restored = restore(source, as_handed_in(submitted))

    (cell,) = [cell for cell in restored.cells if cell.source == "forged = 1"]
    assert dict(cell.metadata) == {}
    assert marked(source) == marked(restored)


def test_a_tests_grade_id_on_a_cell_of_ones_own_is_worth_nothing(source: NotebookNode, submitted: NotebookNode) -> None:
    """Who comes first with a test's name does not become the test."""
    metadata = copy.deepcopy(named(submitted, "test-add").metadata)
    submitted.cells.insert(0, new_code_cell("25", metadata=metadata))

    restored = restore(source, as_handed_in(submitted))

    assert named(source, "test-add").source == named(restored, "test-add").source
    assert "25" not in sources(restored)


# Whatever it comes as


def test_nbformat_3_is_restored(source: NotebookNode, submitted: NotebookNode) -> None:
    """A notebook saved by an old editor has its answers graded."""
    old = nbformat.v3.new_notebook(
        worksheets=[
            nbformat.v3.new_worksheet(
                cells=[
                    nbformat.v3.new_code_cell(input="add = 'old'", metadata=named(submitted, "add").metadata),
                    nbformat.v3.new_heading_cell("My notes", level=2),
                    nbformat.v3.new_code_cell(input="pass", metadata=named(submitted, "test-add").metadata),
                ]
            )
        ]
    )

    restored = restore(source, read_notebook(json.dumps(old).encode()))

    assert named(restored, "add").source == "add = 'old'"
    assert marked(source) == marked(restored)
    assert restored.cells[place(restored, "add") + 1].source == "## My notes"


def test_cells_without_ids_are_restored(source: NotebookNode, submitted: NotebookNode) -> None:
    """nbformat 4.4 and careless tools write none."""
    for cell in submitted.cells:
        cell.pop("id")

    restored = restore(source, as_handed_in(submitted))

    assert named(restored, "add").source == "add = 'mine'"
    nbformat.validate(restored)


def test_duplicate_ids_are_restored(source: NotebookNode, submitted: NotebookNode) -> None:
    """Each cell has an id of its own afterwards."""
    for cell in submitted.cells:
        cell.id = "same"

    restored = restore(source, as_handed_in(submitted))

    ids = [cell.id for cell in restored.cells]
    assert len(ids) == len(set(ids))


def test_a_learners_id_does_not_clash_with_a_grade_id(source: NotebookNode, submitted: NotebookNode) -> None:
    """A marked cell's id is its grade_id, and a learner's cell cannot take it."""
    submitted.cells[place(submitted, "test-add")].id = "elsewhere"
    submitted.cells.insert(0, new_code_cell("mine = 1", id="test-add"))

    restored = restore(source, as_handed_in(submitted))

    assert [marks(cell).get("grade_id") for cell in restored.cells if cell.id == "test-add"] == ["test-add"]


@pytest.mark.parametrize("touch", [_leave, _delete, _reverse, _delete_everything])
def test_the_restored_notebook_is_valid(source: NotebookNode, submitted: NotebookNode, touch: Callable[[NotebookNode], None]) -> None:
    """nbformat takes it, ids included."""
    touch(submitted)
    submitted.cells += [new_code_cell("x = 1"), new_code_cell("x = 1"), new_raw_cell("raw")]

    nbformat.validate(restore(source, as_handed_in(submitted)))


def test_restoring_twice_changes_nothing(source: NotebookNode, submitted: NotebookNode) -> None:
    """A restored notebook is restored to itself."""
    submitted.cells.insert(5, new_code_cell("helper = 1"))
    once = restore(source, as_handed_in(submitted))

    assert write_notebook(once) == write_notebook(restore(source, as_handed_in(once)))


def test_restoring_changes_neither_notebook(source: NotebookNode, submitted: NotebookNode) -> None:
    """The source serves for the next submission."""
    before = write_notebook(source), write_notebook(submitted)

    restore(source, submitted)

    assert before == (write_notebook(source), write_notebook(submitted))
