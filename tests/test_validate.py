"""The Validate button's answer: the reason first, and the same verdict as the grader's."""

from pathlib import Path

import pytest

from autograder.build import build
from autograder.validate import validate
from tests.conftest import MakeProject
from tests.learner import RIGHT, WRONG, answer, notebook_of


@pytest.fixture
def notebook(make_project: MakeProject) -> Path:
    """The small lab's released notebook."""
    project = make_project()
    build(project)
    return notebook_of(project)


def test_the_reason_stands_before_the_code(notebook: Path) -> None:
    """The page shows `source` as text and `error` as HTML, in this order."""
    answer(notebook, WRONG)

    found = validate(str(notebook))

    first = found["value"]["failed"][0]
    assert found["success"]
    assert first["source"].splitlines()[-1].endswith("the sum of 1 and 1 is 2, not 0")
    assert first["error"].startswith("assert add(1, 1) == 2")
    assert "\x1b" not in first["source"]


def test_a_long_reason_is_broken_into_lines(notebook: Path) -> None:
    """The dialog cuts off what is wider than it is; no word of it is lost, and a short line stays as it is."""
    answer(notebook, "def add(a, b):\n    raise ValueError('one word ' * 40)")

    lines = validate(str(notebook))["value"]["failed"][0]["source"].splitlines()

    assert max(map(len, lines)) <= 100
    assert " ".join(lines).count("one word") >= 40
    assert "    raise ValueError" in "\n".join(lines)


def test_code_is_shown_as_code(notebook: Path) -> None:
    """What stands in a cell, or in a reason, is no HTML of the page's."""
    answer(notebook, "def add(a, b):\n    return '<b>&</b>'")

    first = validate(str(notebook))["value"]["failed"][0]

    assert "<b>&</b>" in first["source"]  # the page takes it as text
    assert "&#x27;" in first["error"] or "&quot;" in first["error"]


def test_a_right_answer_that_writes_to_stderr_passes(notebook: Path) -> None:
    """The grader does not mind, either."""
    answer(notebook, f"import sys\n{RIGHT}".replace("return", "print('hm', file=sys.stderr)\n    return"))

    failed = validate(str(notebook))["value"].get("failed", [])

    assert not [cell for cell in failed if "add(1, 1)" in cell["error"]]


def test_a_changed_test_is_named(notebook: Path) -> None:
    """As nbgrader does."""
    notebook.write_text(notebook.read_text().replace("assert add(1, 1) == 2", "assert True or add(1, 1) == 2"))

    assert "changed" in validate(str(notebook))["value"]


def test_what_is_no_notebook_is_an_answer_too(tmp_path: Path) -> None:
    """The page shows the text."""
    (tmp_path / "x.ipynb").write_text("{")

    found = validate(str(tmp_path / "x.ipynb"))

    assert not found["success"]
    assert "JSON" in found["value"]
