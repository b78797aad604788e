"""Each rule of the standard can fail, and says why: the good lab passes, and a fault of its own breaks each rule."""

from concurrent.futures import Executor, Future
from typing import Any

import pytest

from autograder import conformance
from autograder.answers import read_answers
from autograder.build import build, find_changes
from autograder.check import RELEASE, Part, finish, start
from autograder.execute import DEFAULT_LIMITS
from autograder.source import read_lab
from autograder.workers import local_workers
from tests.conftest import MakeProject, lab_path

WRITE = 'Path("sum.json").write_text(json.dumps({"sum": start + 1}))'

# name of the fault → (the rule that it breaks, a part of the finding, what to replace in the good lab, by what)
SOLVED_FAULTS = {
    "the-solution-loses-points": ("R2", "exercise share", "part / whole if whole else 0.0", "part / whole"),
    "a-worked-example-crashes": ("R2", "NameError", "print(start + 1)", "print(strat + 1)"),
    "opens-a-socket-to-the-outside": (
        "R6",
        "192.0.2.1:80",
        "print(start + 1)",
        "import socket, contextlib\nwith contextlib.suppress(OSError):\n    socket.create_connection(('192.0.2.1', 80), timeout=1)",
    ),
    "looks-up-a-name": (
        "R6",
        "example.org",
        "print(start + 1)",
        "import urllib.request, contextlib\nwith contextlib.suppress(OSError):\n    urllib.request.urlopen('http://example.org')",
    ),
    "leaves-a-process-behind": (
        "R7",
        "leaves a process",
        "print(start + 1)",
        "import subprocess, sys\np = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True)",
    ),
    "writes-outside-its-folder": ("R7", "outside its folder", "print(start + 1)", "Path('../../outside.txt').write_text('x')"),
    "leaves-a-temporary-file": ("R7", "temporary folder", "print(start + 1)", "import tempfile\nfolder = tempfile.mkdtemp()"),
    "runs-only-once": ("R8", "FileExistsError", WRITE, "open('sum.json', 'x').write(json.dumps({'sum': start + 1}))"),
    "overruns-its-time": ("R9", "takes", "print(start + 1)", "import time\ntime.sleep(3)"),
    "overruns-its-memory": ("R9", "MiB", "print(start + 1)", "import time\nmuch = b'x' * (400 * 2**20)\ntime.sleep(1)"),
    "shows-a-picture-without-alt-text": ("R10", "alt text", ', alt="A straight line from 0 to 8: each value\'s double.")', ")  # alt="),
}


@pytest.mark.parametrize("fault", SOLVED_FAULTS)
def test_a_fault_of_the_solved_lab_is_caught(make_project: MakeProject, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """Running the solution finds the fault, under the rule that it breaks."""
    rule, part, old, new = SOLVED_FAULTS[fault]
    if fault == "overruns-its-time":
        monkeypatch.setattr(conformance, "BUDGET_SECONDS", 3)
    if fault == "overruns-its-memory":
        monkeypatch.setattr(conformance, "BUDGET_MIB", 400)
    lab = read_lab(lab_path(make_project((old, new))))

    _, findings = conformance.check_solved(lab)

    assert [f for f in findings if f.rule == rule and part in str(f)], findings


def test_the_good_lab_has_no_finding(make_project: MakeProject) -> None:
    """A lab that keeps the rules passes all of them, and its report counts what it has."""
    project = make_project()
    build(project)
    heard: list[str] = []

    with local_workers(2) as workers:
        report = finish(start(workers.executor, lab_path(project), DEFAULT_LIMITS), project, find_changes(project), heard.append)

    assert report.findings == []
    assert (report.slug, report.level, report.points, report.judged_points) == ("small-lab", "beginner", 100.0, 60.0)
    assert (len(report.exercises), report.wrong_answers, report.right_answers) == (4, 12, 4)
    assert report.exercises["add"] == {"points": 25.0, "judged_points": 15.0, "wrong_answers": 3, "right_answers": 1}
    assert report.seconds > 0
    assert report.peak_mib > 0
    assert len(heard) == 6


@pytest.mark.parametrize("parts", [1, 2, 3, 5])
def test_the_parts_together_are_all_rows_of_other_answers(make_project: MakeProject, parts: int) -> None:
    """Whoever takes turns tries each row once, and the solution and the release each time."""
    path = lab_path(make_project())
    rows = []

    for number in range(1, parts + 1):
        pool = NeverRuns()
        walks = [walk for turn in start(pool, path, DEFAULT_LIMITS, Part(number, parts)).others for walk in turn]
        rows += [walk for walk in walks if walk != RELEASE]
        assert pool.given[0] == "_solved" and walks[0] == RELEASE

    assert sorted(rows) == list(range(len(conformance.answer_rows(read_lab(path)))))


class NeverRuns(Executor):
    """Keeps the names of what it is given."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Keep the name."""
        self.given.append(fn.__name__)
        return Future()


def test_what_a_judge_leaves_is_in_nobodys_way(make_project: MakeProject) -> None:
    """R8: a learner runs the notebook twice, the judge's cells never."""
    judge = "# Judged when you hand in: the content of sum.json.\n"
    lab = read_lab(lab_path(make_project((judge, f"{judge}open('judged', 'x').close()\n"))))

    assert conformance.check_solved(lab)[1] == []


def test_a_stale_build_is_caught(make_project: MakeProject) -> None:
    """R1: a byte that the build would not write is a finding."""
    project = make_project()
    build(project)
    released = project / "labs" / "beginner" / "01-small-lab" / "small-lab.ipynb"
    released.write_bytes(released.read_bytes().replace(b"returns the sum", b"returns a sum"))

    findings = conformance.check_build(read_lab(lab_path(project)), project, find_changes(project))

    assert [(f.rule, f.what) for f in findings] == [("R1", "is changed")]


def test_a_release_that_earns_points_is_caught(make_project: MakeProject) -> None:
    """R3: an exercise whose tests pass without an answer is a finding."""
    fault = ('assert Path("sum.json").is_file(), "there is no sum.json: write it"', "assert True")

    findings = conformance.check_release(read_lab(lab_path(make_project(fault))))

    assert [(f.rule, f.where) for f in findings] == [("R3", "exercise write")]


def test_an_example_that_needs_an_answer_is_caught(make_project: MakeProject) -> None:
    """R3: a cell that fails while its exercise is unanswered must say so by its tag."""
    findings = conformance.check_release(read_lab(lab_path(make_project((' tags=["uses-answers"]', "")))))

    assert [f.rule for f in findings] == ["R3"]
    assert "NotImplementedError" in findings[0].what


def test_what_differs_beside_others_is_tried_alone_and_at_last_with_everything(
    make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what differs then, too, is a finding."""
    lab = read_lab(lab_path(make_project()))
    tried: list[tuple[int, bool]] = []
    monkeypatch.setattr(conformance, "_try", lambda _lab, answers, _limits, whole=False: tried.append((len(answers), whole)) or {})
    monkeypatch.setattr(conformance, "_differs", lambda _answer, _scores: "differs" if len(tried) < 3 else "")

    assert conformance.check_answers(lab, conformance.answer_rows(lab)[0][:2]) == []
    assert tried == [(2, False), (1, False), (1, True)]


ANSWER_FAULTS = {
    "earns-more-than-its-author-says": ('points=10 message="20 and 22', 'points=0 message="20 and 22', "earns 10, expected 0", 2),
    "earns-less-than-its-author-says": ("return sum(numbers)", "return sum(numbers) + 1", "earns 0, expected 25", 0),
    "has-another-message": ("there is no sum.json", "there is no total.json", "expected 'there is no total.json'", 5),
}


@pytest.mark.parametrize("fault", ANSWER_FAULTS)
def test_an_answer_that_does_not_come_out_is_caught(make_project: MakeProject, fault: str) -> None:
    """R4: what an answer earns, and what its learner reads, must be as its author says."""
    old, new, part, number = ANSWER_FAULTS[fault]
    lab = read_lab(lab_path(make_project(answers=((old, new),))))

    findings = conformance.check_answers(lab, [read_answers(lab)[number]])

    assert [f.rule for f in findings] == ["R4"]
    assert part in findings[0].what


LINT_FAULTS = {
    "a-wrong-answer-is-missing": (
        "R4",
        "2 wrong answers",
        (),
        (('points=0 message="the sum of 1 and 1 is 2" why="joins', 'points=25 why="joins'),),
    ),
    "no-other-right-answer": ("R4", "no other right answer", (), (('grade_id="add" points=25', 'grade_id="add" points=24 message="x"'),)),
    "a-hidden-test-is-a-copy": ("R5", "copy of a visible one", (("add(20, 22) == 42", "add(1, 1) == 2"),), ()),
    "a-solution-line-is-leaked": ("R5", "in the release", (("It is a plus.", "<code>the_sum_of_both = a + b</code>"),), ()),
    "a-picture-in-the-text-says-nothing": ("R10", "alt text", (("That is all.", "![](start.png)"),), ()),
    "a-link-says-nothing": ("R10", "does not say where it goes", (("[Python's tutorial]", "[here]"),), ()),
}


@pytest.mark.parametrize("fault", LINT_FAULTS)
def test_a_fault_of_the_source_breaks_its_rule(make_project: MakeProject, fault: str) -> None:
    """What `lint` finds is told under the rule of the standard that it breaks."""
    rule, part, edits, answers = LINT_FAULTS[fault]

    found = conformance.check_source(read_lab(lab_path(make_project(*edits, answers=answers))))

    assert [f for f in found if f.rule == rule and part in str(f)], found
