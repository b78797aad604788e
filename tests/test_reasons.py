"""What a learner reads below a cell that failed."""

from pathlib import Path

import nbclient
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.reasons import UNANSWERED

KERNELS = Path(__file__).parents[1] / ".jupyter" / "share"
CELLS = [
    "assert 1 == 2, 'no run has the metric – log it'",
    "def judge():\n    raise AssertionError('the sum is 2, not 3')\njudge()",
    "raise NotImplementedError()",
    "raise NotImplementedError('a library says so')",
    "assert 1 == 2",
    "1 / 0",
    "class Mine(AssertionError):\n    pass\nraise Mine('own')",
]


@pytest.fixture(scope="module")
def shown() -> list[str]:
    """What stands below each of CELLS, in the kernel that JupyterLab starts, without colours."""
    notebook = new_notebook(cells=[new_code_cell(text) for text in CELLS])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(KERNELS))
        nbclient.NotebookClient(notebook, allow_errors=True, resources={"metadata": {"path": "/tmp"}}).execute()
    assert all(cell.outputs[0].output_type == "error" for cell in notebook.cells)
    return ["\n".join(cell.outputs[0].traceback) for cell in notebook.cells]


def test_a_failed_test_says_its_reason_and_nothing_else(shown: list[str]) -> None:
    """Also where it is raised in a function of the lab's."""
    assert shown[:2] == ["✗ no run has the metric – log it", "✗ the sum is 2, not 3"]


def test_an_exercise_without_an_answer_says_so(shown: list[str]) -> None:
    """The stub's NotImplementedError has no words; a library's has."""
    assert shown[2] == UNANSWERED
    assert "a library says so" in shown[3] and "Traceback" in shown[3]


@pytest.mark.parametrize("number", [4, 5, 6])
def test_what_has_no_reason_keeps_its_place(shown: list[str], number: int) -> None:
    """An error in a learner's own code, or an assertion without words."""
    assert "Traceback" in shown[number]
