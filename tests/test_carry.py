"""A learner's work in a newer version of their lab."""

import copy

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.carry import carry_over
from autograder.notebook import marks
from autograder.release import make_release
from autograder.source import read_lab
from tests.conftest import MakeProject, lab_path
from tests.learner import RIGHT, cell_of


@pytest.fixture
def release(make_project: MakeProject) -> NotebookNode:
    """The small lab's release."""
    return make_release(read_lab(lab_path(make_project())))


def newer(release: NotebookNode) -> NotebookNode:
    """Return a newer release: another text, a mended test, and another stub of the second exercise."""
    made = copy.deepcopy(release)
    made.cells[0].source += "\n\nMended."
    cell_of(made, "test-add").source = "assert add(2, 2) == 4, 'two and two are four'"
    cell_of(made, "write").source += "\n# write it as JSON"
    return made


def sources(notebook: NotebookNode) -> list[str]:
    """Return the cells' texts."""
    return [cell.source for cell in notebook.cells]


def test_an_untouched_notebook_becomes_the_new_release(release: NotebookNode) -> None:
    """Nothing of the old one is left."""
    assert carry_over(release, release, newer(release)) == newer(release)


def test_answers_and_own_cells_come_along(release: NotebookNode) -> None:
    """Tests and texts are the new ones; a stub that nobody changed is the new stub."""
    mine = copy.deepcopy(release)
    cell_of(mine, "add").source = RIGHT
    place = mine.cells.index(cell_of(mine, "add"))
    mine.cells.insert(place + 1, new_code_cell("add(3, 4)  # my own"))
    mine.cells.insert(0, new_markdown_cell("my notes"))

    made = carry_over(release, mine, newer(release))

    expected = sources(newer(release))
    expected[expected.index(cell_of(release, "add").source)] = RIGHT
    expected.insert(expected.index(RIGHT) + 1, "add(3, 4)  # my own")
    assert sources(made) == ["my notes", *expected]
    assert len({cell.id for cell in made.cells}) == len(made.cells)


def test_an_example_that_was_changed_stays_behind_the_new_one(release: NotebookNode) -> None:
    """What a learner tried there is theirs."""
    mine = copy.deepcopy(release)
    example = next(cell for cell in mine.cells if cell.source == "print(start + 1)")
    example.source = "print(start + 2)"

    made = sources(carry_over(release, mine, newer(release)))

    assert made.index("print(start + 2)") == made.index("print(start + 1)") + 1


def test_a_new_exercise_keeps_its_stub(release: NotebookNode) -> None:
    """A learner who never saw it has not emptied it."""
    old = copy.deepcopy(release)
    old.cells.remove(cell_of(old, "double"))

    assert cell_of(carry_over(old, old, release), "double").source == cell_of(release, "double").source


def test_the_answer_to_an_exercise_that_is_gone_is_kept(release: NotebookNode) -> None:
    """As a cell of the learner's own."""
    mine = copy.deepcopy(release)
    cell_of(mine, "add").source = RIGHT
    new = copy.deepcopy(release)
    new.cells.remove(cell_of(new, "add"))

    made = carry_over(release, mine, new)

    kept = next(cell for cell in made.cells if cell.source == RIGHT)
    assert not marks(kept)


def test_an_edited_test_cell_is_not_carried(release: NotebookNode) -> None:
    """Tests are the lab's."""
    mine = copy.deepcopy(release)
    cell_of(mine, "test-add").source = "pass"

    assert sources(carry_over(release, mine, release)) == sources(release)
