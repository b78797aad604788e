"""A notebook's bytes, in and out, and what nbgrader's metadata says of a cell."""

import json

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.notebook import code_cells, exercise_of, is_answer, is_judge, is_test, marks, read_notebook, write_notebook

ANSWER = {"grade_id": "x", "solution": True, "grade": False, "locked": False, "task": False}
WRITTEN = {"grade_id": "x", "solution": True, "grade": True, "locked": False, "task": False, "points": 5}
TASK = {"grade_id": "x", "solution": False, "grade": False, "locked": True, "task": True, "points": 5}
TEST = {"grade_id": "test-x", "solution": False, "grade": True, "locked": True, "task": False, "points": 5}
LOCKED = {"grade_id": "setup", "solution": False, "grade": False, "locked": True, "task": False}


def cell(nbgrader: object = None, tags: tuple[str, ...] = ()) -> NotebookNode:
    """Return a code cell with these nbgrader marks and tags."""
    metadata: dict[str, object] = {} if nbgrader is None else {"nbgrader": nbgrader}
    return new_code_cell("1", metadata={**metadata, "tags": list(tags)} if tags else metadata)


def test_a_notebook_comes_back_as_it_was_written() -> None:
    """Reading what was written gives the same notebook."""
    notebook = new_notebook(cells=[new_code_cell("print('ü')"), new_markdown_cell("# A title")])

    assert notebook == read_notebook(write_notebook(notebook))


def test_the_bytes_do_not_depend_on_the_order_of_keys() -> None:
    """Two notebooks with the same content have the same bytes."""
    one = nbformat.from_dict({"metadata": {"a": 1, "b": 2}, "cells": [], "nbformat": 4, "nbformat_minor": 5})
    other = nbformat.from_dict({"nbformat_minor": 5, "nbformat": 4, "cells": [], "metadata": {"b": 2, "a": 1}})

    assert write_notebook(one) == write_notebook(other)


def test_the_bytes_are_utf8_and_end_in_a_newline() -> None:
    """Letters outside ASCII stand as they are, so that a diff can be read."""
    data = write_notebook(new_notebook(cells=[new_markdown_cell("Zürich · 3 €", id="a")]))

    assert "Zürich · 3 €".encode() in data
    assert data.endswith(b"}\n")


def test_a_notebook_with_half_a_character_is_written() -> None:
    """A lone surrogate, which JSON allows and UTF-8 does not, is no reason to fail: a learner may print half an emoji."""
    notebook = new_notebook(cells=[new_markdown_cell("half: \ud83d")])

    data = write_notebook(notebook)

    assert [cell.source for cell in read_notebook(data).cells] == ["half: ?"]


def test_half_a_character_is_read_as_a_question_mark() -> None:
    """What comes after can write it anywhere; a whole emoji stays, and so does one that code names by its number."""
    texts = ["half: \ud83d, \udc00", "whole: 🚲", r"print('\ud83d')"]
    notebook = new_notebook(cells=[new_markdown_cell(text) for text in texts])

    read = read_notebook(json.dumps(notebook).encode())

    assert [cell.source for cell in read.cells] == ["half: ?, ?", *texts[1:]]


def test_nbformat_3_is_brought_to_4() -> None:
    """A notebook of the old format is read, with its cells and their marks."""
    old = nbformat.v3.new_notebook(
        worksheets=[nbformat.v3.new_worksheet(cells=[nbformat.v3.new_code_cell(input="1 + 1", metadata={"nbgrader": ANSWER})])]
    )

    notebook = read_notebook(json.dumps(old).encode())

    assert notebook.nbformat == 4
    assert [(cell.source, marks(cell)) for cell in notebook.cells] == [("1 + 1", ANSWER)]


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b"5", b'"text"', b"{}", b"\xff\xfe", b'{"nbformat": 4, "metadata": {}}', b"[" * 100_000],
    ids=["empty", "truncated", "list", "null", "number", "text", "no-keys", "not-utf8", "no-cells", "deep"],
)
def test_what_is_no_notebook_is_refused(data: bytes) -> None:
    """Reading raises; nothing half-read comes back."""
    with pytest.raises(Exception):  # noqa: B017 - nbformat, JSON and UTF-8 each raise their own
        read_notebook(data)


@pytest.mark.parametrize("wrong", [5, None, {"a": 1}], ids=["number", "null", "object"])
def test_a_cell_whose_text_is_no_text_is_refused(wrong: object) -> None:
    """A cell's text is a text: what follows relies on it."""
    found = {"cell_type": "code", "id": "a", "source": wrong, "metadata": {}, "outputs": [], "execution_count": None}
    data = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [found]}).encode()

    with pytest.raises(ValueError, match="cell 1: its source is "):
        read_notebook(data)


@pytest.mark.parametrize("part", ["cell_type", "source", "metadata"])
def test_a_cell_that_lacks_a_part_is_refused(part: str) -> None:
    """Its kind, its text and its metadata are asked for by all that follows."""
    found = {"cell_type": "code", "id": "a", "source": "", "metadata": {}, "outputs": [], "execution_count": None}
    del found[part]
    data = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [found]}).encode()

    with pytest.raises(Exception, match=part):
        read_notebook(data)


def test_marks_are_nbgraders_metadata() -> None:
    """A marked cell's metadata comes back as a dict."""
    assert marks(cell(ANSWER)) == ANSWER


@pytest.mark.parametrize("nbgrader", [None, {}, {"points": 3}, ["grade_id"], "grade_id"])
def test_a_cell_without_a_grade_id_has_no_marks(nbgrader: object) -> None:
    """What is not nbgrader's metadata is no mark, whatever its type."""
    assert marks(cell(nbgrader)) == {}


def test_changing_the_marks_does_not_change_the_cell() -> None:
    """`marks` gives a copy."""
    there = cell(ANSWER)

    marks(there)["grade_id"] = "other"

    assert marks(there)["grade_id"] == "x"


@pytest.mark.parametrize(
    ("expected", "nbgrader"), [(True, ANSWER), (True, WRITTEN), (True, TASK), (False, TEST), (False, LOCKED), (False, None)]
)
def test_learners_write_in_solutions_and_tasks(expected: bool, nbgrader: object) -> None:
    """`is_answer` holds for solutions and tasks alone."""
    assert expected is is_answer(cell(nbgrader))


@pytest.mark.parametrize(
    ("expected", "nbgrader"), [(True, TEST), (False, WRITTEN), (False, TASK), (False, ANSWER), (False, LOCKED), (False, None)]
)
def test_a_run_gives_points_in_test_cells_alone(expected: bool, nbgrader: object) -> None:
    """`is_test` does not hold for what a person marks."""
    assert expected is is_test(cell(nbgrader))


@pytest.mark.parametrize(
    ("expected", "nbgrader", "tags"),
    [
        (True, TEST, ("judge",)),
        (True, TEST, ("nbval-skip", "judge")),
        (False, TEST, ()),
        (False, ANSWER, ("judge",)),
        (False, None, ("judge",)),
    ],
)
def test_a_judge_is_a_test_cell_with_that_tag(expected: bool, nbgrader: object, tags: tuple[str, ...]) -> None:
    """The tag on another cell means nothing."""
    assert expected is is_judge(cell(nbgrader, tags))


@pytest.mark.parametrize(
    ("expected", "grade_id"),
    [
        ("x", "test-x"),
        ("x", "judge-x"),
        ("x", "test-x-2"),
        ("best-run", "judge-best-run-10"),
        ("test-x", "test-test-x"),
        ("", "x"),
        ("", "test-"),
        ("", "a-test-x"),
        ("", ""),
    ],
)
def test_a_test_cells_name_holds_its_exercise(expected: str, grade_id: str) -> None:
    """`test-x`, `judge-x`, `test-x-2` belong to `x`; another name belongs to none."""
    assert expected == exercise_of(grade_id)


@pytest.mark.parametrize(("expected", "grade_id"), [("x-2", "test-x-2"), ("x-2", "judge-x-2-1"), ("x", "test-x-3"), ("x", "test-x")])
def test_an_exercise_that_is_known_may_end_in_a_number(expected: str, grade_id: str) -> None:
    """The number is then no count."""
    assert expected == exercise_of(grade_id, ("x", "x-2"))


def test_code_cells_come_in_order_without_the_text() -> None:
    """Markdown and raw cells are left out."""
    notebook = new_notebook(cells=[new_code_cell("1"), new_markdown_cell("2"), nbformat.v4.new_raw_cell("3"), new_code_cell("4")])

    assert [cell.source for cell in code_cells(notebook)] == ["1", "4"]
