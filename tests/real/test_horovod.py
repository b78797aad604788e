"""The lab `distributed-training` on the real Horovod: its solution, and other answers to its Horovod exercise, earn the same points.

Skipped where Horovod is not installed: `make horovod` builds it for .venv's PyTorch, and runs this.
"""

import os
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from autograder.answers import is_right, read_answers, with_answers
from autograder.autograde import lab_imports
from autograder.execute import DEFAULT_LIMITS, execute
from autograder.notebook import read_notebook, write_notebook
from autograder.release import make_solved
from autograder.sandbox import why_not
from autograder.score import score
from autograder.source import read_lab

LAB = Path(__file__).resolve().parents[2] / "source" / "advanced" / "01-distributed-training" / "lab.py"
EXERCISE, POINTS = "train", 18


def _why_not() -> str:
    if "PYTEST_XDIST_WORKER" in os.environ:
        return "once is enough: run it alone, by `make horovod`"
    return "" if find_spec("horovod") else "Horovod is not installed: `make horovod` builds it"


pytestmark = pytest.mark.skipif(bool(_why_not()), reason=_why_not() or "can run")


@pytest.fixture(scope="module")
def lab():
    """Give the lab with the real Horovod behind hvd.py, and without the layer that stands in for it elsewhere."""
    read = read_lab(LAB)
    asked = read.files["hvd.py"].replace(b'DEFAULT = "gloo"', b'DEFAULT = "horovod"')
    assert asked != read.files["hvd.py"]
    gone = b'raise ImportError("the layer was imported, though the real Horovod was asked for")\n'
    return replace(read, files={**read.files, "hvd.py": asked, "hvd_over_gloo.py": gone})


def _scores(lab, texts):
    notebook = write_notebook(with_answers(make_solved(lab), texts))
    warm = None if why_not() else lab_imports(lab)
    executed = read_notebook(execute(notebook, lab.files, lab.hidden, DEFAULT_LIMITS, warm))
    return {scored.exercise: scored for scored in score(lab, executed)}


def test_the_solution_earns_every_point(lab):
    scores = _scores(lab, {})
    assert {name: scored.max_points for name, scored in scores.items()} == {name: scored.points for name, scored in scores.items()}, scores


@pytest.mark.parametrize("right", [True, False])
def test_another_answer_earns_what_it_earns_on_the_layer(lab, right):
    answer = next(answer for answer in read_answers(lab) if answer.exercise == EXERCISE and is_right(answer, POINTS) == right)
    scored = _scores(lab, {EXERCISE: answer.text})[EXERCISE]
    assert answer.points == scored.points, scored.message
    assert answer.message in scored.message
