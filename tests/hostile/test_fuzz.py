"""Mutated notebooks: whatever is handed in has a state, a reason where it is not graded, and comes through all that is done beside running it."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.autograde import ungraded
from autograder.cohort import new_cohort
from autograder.definitions import definitions, needed_names
from autograder.feedback import write_feedback
from autograder.notebook import code_cells, is_answer, marks, read_notebook, write_notebook
from autograder.release import make_solved
from autograder.restore import restore
from autograder.result import GRADED, UNREADABLE, Result
from autograder.score import score
from autograder.source import Lab
from autograder.submitted import find_submission
from tests.hostile import course
from tests.hostile.case import submission

Tree = Any
FEW = settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
LAB = course.read()
SOLVED = make_solved(LAB)
GOOD = submission(LAB, course.HONEST, {})

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["code", "markdown", "judge", "\ud800", "x" * 10_000])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=6
)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cohort of one, who hands in again and again."""
    folder = tmp_path_factory.mktemp("fuzz") / "cohort"
    new_cohort(folder, [LAB], {"ada": {"first_name": "Ada", "last_name": "", "email": ""}})
    (folder / "submitted" / "ada" / LAB.slug).mkdir(parents=True)
    return folder


def places(tree: Tree, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of everything in a JSON tree, but for its root."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path for key, value in inner for path in [(*above, key), *places(value, (*above, key))]]


@st.composite
def mutated(draw: Callable[..., Any]) -> bytes:
    """Draw a good notebook in which a few things are deleted, replaced, doubled or moved, as JSON."""
    tree = copy.deepcopy(json.loads(GOOD))
    for _ in range(draw(st.integers(1, 6))):
        *path, key = draw(st.sampled_from(places(tree)))
        holder = tree
        for step in path:
            holder = holder[step]
        match draw(st.sampled_from(["delete", "replace", "double", "move"])):
            case "delete":
                del holder[key]
            case "replace":
                holder[key] = draw(values)
            case "double" if isinstance(holder, list):
                holder.insert(draw(st.integers(0, len(holder))), copy.deepcopy(holder[key]))
            case "move" if isinstance(holder, list):
                holder.insert(draw(st.integers(0, len(holder) - 1)), holder.pop(key))
        if not places(tree):
            break
    return json.dumps(tree).encode()


@st.composite
def damaged(draw: Callable[..., Any]) -> bytes:
    """Draw a good notebook of which bytes are cut off, overwritten, put in or taken out."""
    data = bytearray(GOOD)
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(data)))
        end = min(len(data), begin + draw(st.integers(0, 60)))
        data[begin:end] = draw(st.binary(max_size=20))
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


def take_in(cohort: Path, data: bytes) -> None:
    """Hand the bytes in, and do with them what grading does, but for the run."""
    (cohort / "submitted" / "ada" / LAB.slug / f"{LAB.slug}.ipynb").write_bytes(data)
    found = find_submission(cohort, LAB, "ada")
    assert (found.state, bool(found.reason)) in ((UNREADABLE, True), ("", False)), found
    if found.state:
        result = ungraded(LAB, found)
        assert result.reason.strip() and b"<html" in write_feedback(LAB, None, result)
        json.loads(result.as_json())
        return
    notebook = read_notebook(write_notebook(restore(SOLVED, read_notebook(found.notebook))))
    _is_restored(notebook)
    definitions(notebook, needed_names(notebook))
    for cell in code_cells(notebook):
        cell.metadata["autograder"] = {"state": "skipped", "seconds": 0.0}
    notebook.metadata["autograder"] = {"flagged": ""}
    scores = score(LAB, notebook)
    assert sum(one.points for one in scores) == 0
    result = Result("ada", LAB.slug, GRADED, LAB.points, scores=tuple(scores))
    assert b"<html" in write_feedback(LAB, notebook, result)
    json.loads(result.as_json())


def _is_restored(notebook: Any) -> None:
    ours = [(marks(cell), cell.source) for cell in notebook.cells if marks(cell) and not is_answer(cell)]
    assert ours == [(marks(cell), cell.source) for cell in SOLVED.cells if marks(cell) and not is_answer(cell)]


@FEW
@given(data=mutated())
def test_a_mutated_notebook_is_taken_in(cohort: Path, data: bytes) -> None:
    """Something in it is deleted, replaced, doubled or moved: it is restored, or unreadable for a reason."""
    take_in(cohort, data)


@FEW
@given(data=damaged())
def test_a_damaged_notebook_is_taken_in(cohort: Path, data: bytes) -> None:
    """Bytes of it are lost or overwritten: it is restored, or unreadable for a reason."""
    take_in(cohort, data)


@FEW
@given(data=st.binary(max_size=200) | values.map(lambda tree: json.dumps(tree).encode()))
def test_what_is_no_notebook_is_taken_in(cohort: Path, data: bytes) -> None:
    """Any bytes and any JSON have a reason."""
    take_in(cohort, data)


def test_the_good_notebook_is_a_notebook(cohort: Path, lab: Lab = LAB) -> None:
    """What is mutated here can be graded as it is."""
    take_in(cohort, GOOD)
    assert find_submission(cohort, lab, "ada").state == ""
