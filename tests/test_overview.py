"""A learner's overview: honest words beside each bar."""

from pathlib import Path

import pytest

from autograder.build import build
from autograder.overview import make_overview, read_overview, values
from autograder.page import render
from autograder.record import CHANGED, NOT_STARTED, WAITING, Standing
from autograder.result import GRADED, Result
from autograder.score import FULL, NOT_ATTEMPTED, Score
from autograder.source import Lab, read_lab
from tests.conftest import MakeProject, lab_path


@pytest.fixture
def lab(make_project: MakeProject) -> Lab:
    """The small lab."""
    return read_lab(lab_path(make_project()))


def earned(lab: Lab) -> Result:
    """Return a result with the first exercise done."""
    first, *others = lab.exercises
    scores = (Score(first.id, first.points, first.points, FULL), *(Score(e.id, 0.0, e.points, NOT_ATTEMPTED) for e in others))
    return Result("me", lab.slug, GRADED, lab.points, points=first.points, scores=scores)


def page(*found: Standing) -> str:
    """Return the overview as HTML."""
    return render("overview.html.j2", **values(make_overview(found), "lab/{}".format)).decode()


@pytest.mark.parametrize("state", [NOT_STARTED, WAITING])
def test_what_is_not_graded_never_looks_like_zero(lab: Lab, state: str) -> None:
    """The words stand where points would."""
    overview = make_overview([Standing(lab, state)])

    assert f"A small lab: 0 %, {state}" in overview.pictures["beginner"].alt
    assert "0 of 100" not in overview.pictures["beginner"].alt


def test_points_of_an_earlier_version_say_so(lab: Lab) -> None:
    """They are shown, with what they are, and the lab is named among those to grade."""
    text = page(Standing(lab, CHANGED, earned(lab)))

    assert f"25 of 100, {CHANGED}" in text
    assert "not graded as it is now: A small lab" in text


def test_the_exercises_that_are_left_are_named(lab: Lab) -> None:
    """With their titles and what came of them; a lab that nobody began says how many it has."""
    text = page(Standing(lab, "in work", earned(lab)))

    assert "Exercise 2 — Write it down: not attempted" in text
    assert "Exercise 1" not in text
    assert "all 4" in page(Standing(lab, NOT_STARTED))
    assert 'href="lab/beginner/01-small-lab/small-lab.ipynb"' in text


def test_the_career_path_counts_its_labs(lab: Lab) -> None:
    """The sum of its labs' points, in words, too."""
    assert "MLOps Engineer: 25 %, 25 of 100 in 1 labs" in make_overview([Standing(lab, "in work", earned(lab))]).pictures["paths"].alt


def test_nothing_is_run(make_project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """The overview reads what is there."""
    project = make_project()
    build(project)
    monkeypatch.chdir(project)

    overview = read_overview()

    assert [one.state for one in overview.labs] == [NOT_STARTED]
    assert overview.next and overview.next.lab.slug == "small-lab"
    assert not list(Path(project / "labs").glob(".progress*"))
