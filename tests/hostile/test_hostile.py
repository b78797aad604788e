"""The hostile corpus, graded once: every case gets the verdict of an honest grader, and the host stays as it was."""

import base64
import codecs
import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from autograder import grade as grading
from autograder.cohort import read_cohort
from autograder.gradebook import open_gradebook
from autograder.result import GRADED, STATES, Result
from autograder.sandbox import why_not
from tests.hostile import course
from tests.hostile.case import FULL_POINTS, Case
from tests.hostile.cases import CASES
from tests.hostile.host import Host, Snapshot, look, open_host
from tests.hostile.not_a_notebook import PLACED
from tests.hostile.pages import NAMES, STUDENTS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(why_not()), reason=f"hostile code is run behind walls alone: {why_not()}"),
]
NAMED = [case.name for case in CASES]
TOKENS = ("zq7_tramway", "vk3_funicular", "xw9_cablecar")
_BASE_64 = re.compile(r"[A-Za-z0-9+/=]{40,}")


@dataclass(frozen=True)
class Graded:
    """The cohort after its grading: what the command said, the results by student, and the host before and after."""

    cohort: Path
    host: Host
    done: "CompletedProcess[str]"
    results: dict[str, Result]
    before: Snapshot
    after: Snapshot
    learner_page: dict[str, str]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graded]:
    """All cases, handed in and graded once by the command line."""
    top = tmp_path_factory.mktemp("hostile")
    cohort, lab = top / "cohort", course.read()
    with open_host(top / "host", cohort, course.LAB.parent) as host:
        course.make(cohort, lab, CASES, host)
        watched = [cohort / "source", cohort / "release", cohort / "submitted", course.LAB.parent]
        before = look(host, watched)
        done = course.grade(cohort, host)
        after = look(host, watched)
        results = {result.student: result for result in grading.read_results(read_cohort(cohort))}
        pages = {student: _page(cohort, student) for student in results}
        yield Graded(cohort, host, done, results, before, after, pages)


@pytest.mark.parametrize("case", CASES, ids=NAMED)
def test_verdict(graded: Graded, case: Case) -> None:
    """State, points of every exercise, outcomes, messages and flag are those that an honest grader gives."""
    result = graded.results[case.name]

    assert (result.state, case.reason in result.reason) == (case.state, True), result.reason
    if result.state != GRADED:
        assert (result.points, result.scores, bool(result.reason)) == (0.0, (), True)
        return
    assert case.flagged is None or result.flagged == case.flagged, result.reason
    if result.flagged:
        assert {score.points for score in result.scores} == {0.0}
    earned = {score.exercise: score.points for score in result.scores}
    wanted = {**FULL_POINTS, **case.points}
    assert {name: points for name, points in earned.items() if not _fits(points, wanted[name])} == {}, _said(result)
    assert {s.exercise: s.outcome for s in result.scores if s.exercise in case.outcomes} == case.outcomes
    assert [s.message for s in result.scores if case.messages.get(s.exercise, "") not in s.message] == []
    if case.check:
        case.check(graded.cohort, result)


@pytest.mark.parametrize("case", CASES, ids=NAMED)
def test_nothing_secret_is_shown(graded: Graded, case: Case) -> None:
    """Neither a hidden test nor a secret of the host is in the learner's page or result, as it is or encoded."""
    texts = [graded.learner_page[case.name], graded.results[case.name].as_json()]

    assert [token for text in texts for token in (*TOKENS, graded.host.secret) if _shows(text, token)] == []


@pytest.mark.parametrize("student", PLACED)
def test_what_is_no_notebook_has_a_state_and_a_reason(graded: Graded, student: str) -> None:
    """Links, pipes, folders and zips are not followed, opened or unpacked."""
    _, state, reason = PLACED[student]

    result = graded.results[student]

    assert (result.state, result.points, result.scores) == (state, 0.0, ())
    assert reason in result.reason


@pytest.mark.parametrize("student", [*course.VICTIMS, *STUDENTS, *NAMES], ids=repr)
def test_honest_neighbours_earn_everything(graded: Graded, student: str) -> None:
    """Whoever is graded before, beside or after hostile submissions, and whatever their names are."""
    result = graded.results[student]

    assert (result.state, result.points, result.flagged) == (GRADED, 100.0, False), _said(result)


def test_the_batch_comes_to_its_end(graded: Graded) -> None:
    """The command succeeds: a learner's failure is no exit code, and the grader itself failed on nobody."""
    assert graded.done.returncode == 0, graded.done.stderr[-3000:]
    assert {name: r.reason for name, r in graded.results.items() if "the grader itself failed" in r.reason} == {}


def test_every_submission_has_a_state(graded: Graded) -> None:
    """Nobody is forgotten, and what is not graded says why."""
    assert set(graded.results) == {*(case.name for case in CASES), *PLACED, *STUDENTS, *NAMES, *course.VICTIMS}
    assert {result.state for result in graded.results.values()} <= set(STATES)
    assert [name for name, result in graded.results.items() if result.state != GRADED and not result.reason] == []
    assert all(result.walled for result in graded.results.values() if result.state == GRADED)


def test_the_gradebook_holds_the_results(graded: Graded) -> None:
    """Nobody changed a row: every sum is that of the result."""
    with open_gradebook(graded.cohort) as gradebook:
        sums = {s.student.id: s.score for s in gradebook.assignment_submissions("waits")}

    graded_ones = {name: result.points for name, result in graded.results.items() if result.state == GRADED}
    assert {name: points for name, points in graded_ones.items() if abs(sums[name] - points) > 1e-6} == {}
    assert set(graded_ones) == set(sums)


def test_no_file_of_the_host_is_changed(graded: Graded) -> None:
    """Source, release, hand-ins, the grader's home, its temporary folder and its own code are as they were."""
    old, new = graded.before.files, graded.after.files
    assert {path: (old.get(path), new.get(path)) for path in old.keys() | new.keys() if old.get(path) != new.get(path)} == {}


def test_nobody_connected_to_the_host(graded: Graded) -> None:
    """The port, the abstract socket and the socket in a file were never reached."""
    assert graded.host.connections == []


def test_nothing_outlives_its_submission(graded: Graded) -> None:
    """No process, port, shared memory or System V object is left."""
    assert graded.after.processes - graded.before.processes == frozenset()
    assert (graded.after.ports, graded.after.shared, graded.after.ipc) == (graded.before.ports, graded.before.shared, graded.before.ipc)


def test_the_report_is_safe(graded: Graded) -> None:
    """No script runs on its page, and no cell of its table is a formula."""
    report = graded.cohort / "report"
    page = (report / "index.html").read_text()
    with (report / "grades.csv").open(newline="", encoding="utf-8-sig") as file:
        cells = [cell for row in csv.reader(file) for cell in row]

    assert [bad for bad in ("<script>alert", "<img src=x", "onload=alert(1)>", graded.host.secret, *TOKENS) if bad in page] == []
    assert [cell for cell in cells if re.match(r"[=+@\t\r\n]|-(?!\d+(\.\d+)?$)", cell)] == []
    assert len(json.loads((report / "results.json").read_text())["results"]) == len(graded.results)


def test_nothing_hidden_is_in_what_the_command_says_or_the_release(graded: Graded) -> None:
    """Not in the command's own words, not in the released files, not in the report."""
    texts = [graded.done.stdout, graded.done.stderr]
    texts += [path.read_text() for part in ("release", "report") for path in (graded.cohort / part).rglob("*") if path.is_file()]

    assert [token for text in texts for token in (*TOKENS, graded.host.secret) if token in text] == []


def _page(cohort: Path, student: str) -> str:
    path = cohort / "feedback" / student / "waits" / "waits.html"
    return path.read_text() if path.is_file() else ""


def _fits(points: float, wanted: float | tuple[float, float]) -> bool:
    least, most = wanted if isinstance(wanted, tuple) else (wanted, wanted)
    return least - 1e-6 <= points <= most + 1e-6


def _said(result: Result) -> str:
    return "\n".join([result.reason, *(f"{s.exercise} {s.points:g} {s.outcome}: {s.message[:200]}" for s in result.scores)])


def _shows(text: str, token: str) -> bool:
    """Return whether a text shows the token: as it is, backwards, in rot13 or in base 64."""
    texts = [text, text[::-1], codecs.decode(text, "rot13")]
    for blob in _BASE_64.findall(text):
        for start in range(4):
            part = blob[start:].rstrip("=")
            texts.append(base64.b64decode(part[: len(part) // 4 * 4]).decode("latin-1"))
    return any(token.casefold() in one.casefold() for one in texts)
