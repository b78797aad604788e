"""What a learner's labs earned is remembered, and a state says whether it still holds."""

import json
from pathlib import Path

import pytest

from autograder.build import build
from autograder.progress import find_own_work
from autograder.record import CHANGED, DONE, GOING, NOT_STARTED, RECORD, WAITING, Standing, next_lab, read_record, remember, standings
from autograder.result import GRADED, MISSING, Result
from autograder.score import FULL, NOT_ATTEMPTED, TO_MARK, WRONG, Score
from autograder.source import Lab, find_labs
from tests.conftest import MakeProject
from tests.learner import RIGHT, answer, notebook_of


@pytest.fixture
def project(make_project: MakeProject) -> Path:
    """The small lab's project, built."""
    made = make_project()
    build(made)
    return made


def labs_of(project: Path) -> list[Lab]:
    """Return the project's labs."""
    return find_labs(project / "source")


def standing_of(project: Path) -> Standing:
    """Return where the learner is with the one lab."""
    (found,) = standings(find_own_work(project / "labs", labs_of(project)), read_record(project / "labs"))
    return found


def graded(project: Path, outcomes: dict[str, str]) -> None:
    """Remember outcomes for the notebook as it is now; an exercise that is not named is not attempted."""
    (work,) = find_own_work(project / "labs", labs_of(project))
    scores = tuple(
        Score(e.id, e.points if outcomes.get(e.id) == FULL else 0.0, e.points, outcomes.get(e.id, NOT_ATTEMPTED))
        for e in work.lab.exercises
    )
    points = sum(score.points for score in scores)
    remember(
        project / "labs",
        [(work.lab, Result("me", work.lab.slug, GRADED, work.lab.points, points=points, scores=scores, submission=work.submission.digest))],
    )


def test_a_lab_goes_from_not_started_to_done(project: Path) -> None:
    """Each state is told apart, and none of the first ones has points."""
    assert (standing_of(project).state, standing_of(project).points) == (NOT_STARTED, 0)

    answer(notebook_of(project), RIGHT)
    assert (standing_of(project).state, standing_of(project).result) == (WAITING, None)

    graded(project, {"add": FULL, "write": WRONG})
    one = standing_of(project)
    assert (one.state, one.points, one.left) == (GOING, 25, ("write", "double", "share"))
    assert one.outcomes["write"] == WRONG

    graded(project, dict.fromkeys(("add", "write", "double", "share"), FULL))
    assert (standing_of(project).state, standing_of(project).left) == (DONE, ())


def test_what_waits_for_a_mark_is_not_left(project: Path) -> None:
    """A learner can do no more about it."""
    answer(notebook_of(project), RIGHT)
    graded(project, {"add": FULL, "write": FULL, "double": FULL, "share": TO_MARK})

    assert standing_of(project).state == DONE


def test_a_changed_notebook_keeps_what_it_had_and_says_so(project: Path) -> None:
    """The points are of an earlier version, until it is graded again."""
    answer(notebook_of(project), RIGHT)
    graded(project, {"add": FULL})
    answer(notebook_of(project), RIGHT + "  # indeed")

    assert (standing_of(project).state, standing_of(project).points) == (CHANGED, 25)


def test_a_mended_lab_is_to_be_graded_again(project: Path) -> None:
    """A result stands for one version of its lab."""
    answer(notebook_of(project), RIGHT)
    graded(project, {"add": FULL})
    path = project / "source" / "beginner" / "01-small-lab" / "lab.py"
    path.write_text(path.read_text().replace("assert add(20, 22) == 42", "assert add(21, 21) == 42"))

    assert standing_of(project).state == CHANGED


def test_a_notebook_that_is_gone_says_so(project: Path) -> None:
    """Its state is that of what cannot be graded."""
    notebook_of(project).unlink()

    assert standing_of(project).state == MISSING


@pytest.mark.parametrize("text", ["", "{", "[]", '{"small-lab": 3}', '{"small-lab": {"version": "1", "result": {"x": 1}}}'])
def test_a_broken_record_counts_as_none(project: Path, text: str) -> None:
    """The labs can be graded again; nothing of value is in it."""
    (project / "labs" / RECORD).write_text(text)

    assert read_record(project / "labs") == {}


def test_remembering_one_lab_keeps_the_others(project: Path) -> None:
    """The record is written lab by lab."""
    answer(notebook_of(project), RIGHT)
    graded(project, {"add": FULL})
    path = project / "labs" / RECORD
    entries = json.loads(path.read_text())
    path.write_text(json.dumps({**entries, "other": entries["small-lab"]}))
    graded(project, {"add": WRONG})

    assert set(read_record(project / "labs")) == {"small-lab", "other"}


def test_the_next_lab_is_the_one_that_is_begun(project: Path) -> None:
    """What is begun comes before what is not; where all is done there is none."""
    (lab,) = labs_of(project)
    new, begun, done = (Standing(lab, state) for state in (NOT_STARTED, GOING, DONE))

    assert next_lab([done, new, begun]) is begun
    assert next_lab([done, new]) is new
    assert next_lab([done]) is None
