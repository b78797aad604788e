"""Points, outcome and message, from an executed notebook that is made here by hand: no kernel runs."""

import copy
from typing import Any

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from autograder.notebook import code_cells, marks
from autograder.release import make_release, make_solved
from autograder.restore import restore
from autograder.score import MESSAGE_CHARACTERS, OUTCOMES, CellScore, Score, error_text, score, score_cells
from autograder.source import Lab, read_lab
from tests.conftest import LABS, MakeProject, lab_path

WRITTEN = (
    '"grade": false, "grade_id": "write", "locked": false, "schema_version": 3, "solution": true, "task": false',
    '"grade": true, "grade_id": "write", "locked": false, "points": 25, "schema_version": 3, "solution": true, "task": false',
)
NO_TESTS = (('"grade_id": "test-write"', '"grade_id": "test-add-2"'), ('"grade_id": "judge-write"', '"grade_id": "judge-add-2"'))
REPORT = '{"grade": false, "grade_id": "report", "locked": true, "points": 20, "schema_version": 3, "solution": false, "task": true}'
TASK = """# %% [markdown] nbgrader=REPORT
# Write a report.

# %% [markdown]
# ## Putting it together""".replace("REPORT", REPORT)
STUB = """\
def share(part, whole):
    \"\"\"Return the part's share of the whole, 0 where there is no whole.\"\"\"
    # YOUR CODE HERE
    raise NotImplementedError()"""


@pytest.fixture(scope="module")
def lab() -> Lab:
    """Return the small lab. Its exercise `share` has a test of 10 points and a judge of 15."""
    return read_lab(LABS / "good.py")


@pytest.fixture
def executed(lab: Lab) -> NotebookNode:
    """Return the small lab, answered and executed: every cell ended well and showed nothing."""
    return run(lab)


def run(lab: Lab) -> NotebookNode:
    """Return the lab's notebook, answered by somebody, as if each cell had ended well in half a second."""
    notebook = restore(make_solved(lab), make_release(lab))
    for cell in code_cells(notebook):
        cell.metadata["autograder"] = {"state": "ok", "seconds": 0.5}
        if marks(cell).get("solution"):
            cell.source = "an answer"
    return notebook


def named(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    """Return the cell with that grade_id."""
    return next(cell for cell in notebook.cells if marks(cell).get("grade_id") == grade_id)


def fail(notebook: NotebookNode, grade_id: str, name: str = "AssertionError", message: str = "not so", state: str = "failed") -> None:
    """Let the cell end with an error."""
    cell = named(notebook, grade_id)
    cell.metadata["autograder"]["state"] = state
    cell.outputs.append(new_output("error", ename=name, evalue=message, traceback=["\x1b[31mTraceback\x1b[0m"]))


def show(notebook: NotebookNode, grade_id: str, text: str) -> None:
    """Let the cell end with a value."""
    named(notebook, grade_id).outputs.append(new_output("execute_result", {"text/plain": text}, execution_count=1))


def stop(notebook: NotebookNode, grade_id: str, state: str, seconds: float = 90.0) -> None:
    """Let the cell not end by itself."""
    named(notebook, grade_id).metadata["autograder"] = {"state": state, "seconds": seconds}


def of(lab: Lab, notebook: NotebookNode, exercise: str = "share") -> Score:
    """Return the exercise's score."""
    return next(found for found in score(lab, notebook) if found.exercise == exercise)


def summary(found: Score) -> tuple[float, str, str]:
    """Return points, outcome and message."""
    return found.points, found.outcome, found.message


# Outcomes


def test_every_exercise_has_a_score_in_the_labs_order(lab: Lab, executed: NotebookNode) -> None:
    """With the points that it may earn, and the seconds that its cells took."""
    expected = [Score(name, 25.0, 25.0, "full", "", 1.5) for name in ("add", "write", "double", "share")]

    assert expected == score(lab, executed)


def test_a_score_is_json(lab: Lab, executed: NotebookNode) -> None:
    """As a dict of plain values."""
    expected = {"exercise": "share", "points": 25.0, "max_points": 25.0, "outcome": "full", "message": "", "seconds": 1.5}

    assert expected == of(lab, executed).as_dict()


def test_an_answer_that_passes_all_is_full(lab: Lab, executed: NotebookNode) -> None:
    """Every point, and nothing to say."""
    assert summary(of(lab, executed)) == (25.0, "full", "")


def test_an_answer_that_passes_some_is_partial(lab: Lab, executed: NotebookNode) -> None:
    """The message is that of the test that took points."""
    fail(executed, "judge-share", message="without a whole the share is 0")

    assert summary(of(lab, executed)) == (10.0, "partial", "without a whole the share is 0")


def test_an_answer_that_fails_an_assertion_is_wrong(lab: Lab, executed: NotebookNode) -> None:
    """The message is the first failed test's."""
    fail(executed, "test-share", message="1 of 2 is a half")
    fail(executed, "judge-share", message="without a whole the share is 0")

    assert summary(of(lab, executed)) == (0.0, "wrong", "1 of 2 is a half")


def test_an_answer_that_raises_in_a_test_is_an_error(lab: Lab, executed: NotebookNode) -> None:
    """The message names the exception."""
    fail(executed, "test-share", "ZeroDivisionError", "division by zero")
    fail(executed, "judge-share", "ZeroDivisionError", "division by zero")

    assert summary(of(lab, executed)) == (0.0, "error", "ZeroDivisionError: division by zero")


def test_an_answer_that_fails_itself_is_an_error(lab: Lab, executed: NotebookNode) -> None:
    """Also where the tests then fail by assertion."""
    fail(executed, "share", "NameError", "name 'prat' is not defined")
    fail(executed, "test-share")
    fail(executed, "judge-share")

    assert summary(of(lab, executed)) == (0.0, "error", "the answer itself stopped: NameError: name 'prat' is not defined")


def test_an_answer_that_fails_itself_and_passes_is_full(lab: Lab, executed: NotebookNode) -> None:
    """What counts is what the tests find."""
    fail(executed, "share", "NameError", "name 'prat' is not defined")

    assert summary(of(lab, executed))[:2] == (25.0, "full")


def test_an_answer_that_ends_the_kernel_is_an_error(lab: Lab, executed: NotebookNode) -> None:
    """The message says so, not that a test was not run."""
    stop(executed, "share", "died", 0.1)
    stop(executed, "test-share", "skipped", 0.0)
    fail(executed, "judge-share", "NameError", "name 'share' is not defined")

    assert summary(of(lab, executed)) == (0.0, "error", "the answer ended the kernel that ran it")


def test_an_answer_that_does_not_end_is_timed_out(lab: Lab, executed: NotebookNode) -> None:
    """The message says after how long it was stopped."""
    stop(executed, "share", "timed out", 90.4)
    fail(executed, "test-share", "NameError", "name 'share' is not defined")
    fail(executed, "judge-share", "NameError", "name 'share' is not defined")

    assert summary(of(lab, executed)) == (0.0, "timed out", "the answer was stopped after 90 s: it did not end")


def test_a_test_that_does_not_end_is_timed_out(lab: Lab, executed: NotebookNode) -> None:
    """A function that spins is found by its test."""
    stop(executed, "test-share", "timed out")
    fail(executed, "judge-share", "ProcessEnded", "share did not come back")

    assert summary(of(lab, executed)) == (0.0, "timed out", "stopped after 90 s")


def test_a_test_that_ends_the_kernel_is_an_error(lab: Lab, executed: NotebookNode) -> None:
    """The judge's other cells still count."""
    stop(executed, "test-share", "died", 0.1)

    assert summary(of(lab, executed)) == (15.0, "partial", "the kernel ended while this cell ran")


def test_a_died_test_alone_is_an_error(lab: Lab, executed: NotebookNode) -> None:
    """It is not taken for a wrong answer."""
    stop(executed, "test-share", "died", 0.1)
    stop(executed, "judge-share", "died", 0.1)

    assert of(lab, executed).outcome == "error"


def test_points_earned_before_a_time_out_are_kept(lab: Lab, executed: NotebookNode) -> None:
    """A judge that does not end takes its own points alone."""
    stop(executed, "judge-share", "timed out")

    assert summary(of(lab, executed)) == (10.0, "partial", "stopped after 90 s")


def test_a_test_that_was_not_run_says_so(lab: Lab, executed: NotebookNode) -> None:
    """No points, and the reason."""
    stop(executed, "judge-share", "skipped", 0.0)

    assert summary(of(lab, executed)) == (10.0, "partial", "was not run")


def test_one_exercise_does_not_touch_another(lab: Lab, executed: NotebookNode) -> None:
    """A crash in one leaves the others' points."""
    stop(executed, "add", "died")
    stop(executed, "test-add", "skipped")
    stop(executed, "judge-add", "skipped")

    assert [found.points for found in score(lab, executed)] == [0.0, 25.0, 25.0, 25.0]


def test_seconds_are_those_of_the_exercises_cells(lab: Lab, executed: NotebookNode) -> None:
    """The answer's and its tests', rounded."""
    for name, seconds in (("share", 1.004), ("test-share", 2.0), ("judge-share", 3.0)):
        named(executed, name).metadata["autograder"]["seconds"] = seconds

    assert of(lab, executed).seconds == 6.0


# Not attempted


@pytest.mark.parametrize("text", [STUB, STUB + "\n\n", STUB.replace("\n", "\n\n"), STUB.replace("    ", "\t"), "", "  \n\t"])
def test_an_answer_that_was_not_written_is_not_attempted(lab: Lab, executed: NotebookNode, text: str) -> None:
    """The released text, more or fewer blanks, or an emptied cell: that is no wrong answer."""
    named(executed, "share").source = text
    fail(executed, "share", "NotImplementedError", "")
    fail(executed, "test-share", "NotImplementedError", "")
    fail(executed, "judge-share", "NotImplementedError", "")

    assert summary(of(lab, executed)) == (0.0, "not attempted", "")


@pytest.mark.parametrize("text", [STUB.replace("NotImplementedError", "ValueError"), "# nothing", "pass"])
def test_a_changed_stub_is_an_attempt(lab: Lab, executed: NotebookNode, text: str) -> None:
    """Whatever was written is judged."""
    named(executed, "share").source = text
    fail(executed, "test-share")
    fail(executed, "judge-share")

    assert of(lab, executed).outcome == "wrong"


def test_the_stub_is_the_releases(lab: Lab) -> None:
    """The text that these tests take for the stub is what learners get."""
    assert named(make_release(lab), "share").source == STUB


@pytest.mark.parametrize("text", [STUB, ""])
def test_an_answer_in_a_helper_cell_earns_its_points(lab: Lab, executed: NotebookNode, text: str) -> None:
    """The learner wrote beside the answer cell: the tests decide."""
    named(executed, "share").source = text
    executed.cells.insert(executed.cells.index(named(executed, "share")) + 1, new_code_cell("def share(a, b): ..."))

    assert summary(of(lab, executed)) == (25.0, "full", "")


def test_a_partial_answer_in_a_helper_cell_is_partial(lab: Lab, executed: NotebookNode) -> None:
    """An exercise that earned something was attempted."""
    named(executed, "share").source = STUB
    fail(executed, "judge-share")

    assert summary(of(lab, executed))[:2] == (10.0, "partial")


# Partial credits


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (0.0, "0"),
        (0.0, "0.0"),
        (0.0, "-0.0"),
        (2.5, "2.5"),
        (10.0, "10"),
        (10.0, "10.0"),
        (3.0, "np.float64(3.0)"),
        (3.0, "np.int64(3)"),
        (0.5, "5e-1"),
        (7.0, " 7\n"),
    ],
)
def test_a_number_is_a_partial_credit(lab: Lab, executed: NotebookNode, expected: float, text: str) -> None:
    """From 0 to the test's points, as Python or as NumPy shows it."""
    show(executed, "test-share", text)

    assert CellScore("test-share", expected, 10.0) in score_cells(lab, executed)
    assert of(lab, executed).points == expected + 15.0


@pytest.mark.parametrize(
    "text", ["nan", "inf", "-inf", "-1", "-0.001", "10.001", "11", "1e300", "1e400", "np.float64(nan)", "np.float64(inf)", "f()", ""]
)
def test_a_number_out_of_range_is_no_credit(lab: Lab, executed: NotebookNode, text: str) -> None:
    """0, with the reason; never full points."""
    show(executed, "test-share", text)

    expected = (15.0, "partial", f"the test's value {text!r} is not between 0 and 10: no credit")
    assert expected == summary(of(lab, executed))


@pytest.mark.parametrize("text", ["True", "np.True_", "'10'", "a text", "[10]", "None", "10 points", "1j", "   n\n0  10"])
def test_what_is_no_number_is_no_credit(lab: Lab, executed: NotebookNode, text: str) -> None:
    """A bool is no number either."""
    show(executed, "test-share", text)

    expected = (15.0, "partial", f"the test's value {text!r} is no number: no credit")
    assert expected == summary(of(lab, executed))


def test_a_long_value_is_cut_in_the_message(lab: Lab, executed: NotebookNode) -> None:
    """The reason stays readable."""
    show(executed, "test-share", "x" * 10_000)

    assert f"the test's value {'x' * 60!r} is no number: no credit" == of(lab, executed).message


def test_two_values_are_no_credit(lab: Lab, executed: NotebookNode) -> None:
    """A value that the learner's code showed beside the test's is not taken for it."""
    show(executed, "test-share", "10")
    show(executed, "test-share", "5")

    assert summary(of(lab, executed)) == (15.0, "partial", "the test's value '10' is not between 0 and 10: no credit")


def test_a_value_without_text_is_no_credit(lab: Lab, executed: NotebookNode) -> None:
    """A picture is no number."""
    named(executed, "test-share").outputs.append(new_output("execute_result", {"image/png": "AAAA"}, execution_count=1))

    assert of(lab, executed).points == 15.0


def test_a_value_in_several_lines_is_read(lab: Lab, executed: NotebookNode) -> None:
    """nbformat may keep a text as a list of lines."""
    show(executed, "test-share", "")
    named(executed, "test-share").outputs[0].data["text/plain"] = ["5", ".5"]

    assert of(lab, executed).points == 20.5


def test_a_credit_before_an_error_counts_nothing(lab: Lab, executed: NotebookNode) -> None:
    """A value that was shown on the way is not the test's last word."""
    show(executed, "test-share", "10")
    fail(executed, "test-share", message="1 of 2 is a half")

    assert summary(of(lab, executed)) == (15.0, "partial", "1 of 2 is a half")


def test_a_partial_credit_alone_says_that_points_are_lost(lab: Lab, executed: NotebookNode) -> None:
    """There is always a message where points are missing."""
    show(executed, "test-share", "5")

    assert summary(of(lab, executed)) == (20.0, "partial", "some of the points of a test were not earned")


def test_zero_credit_in_all_tests_is_wrong(lab: Lab, executed: NotebookNode) -> None:
    """No error, and no point."""
    show(executed, "test-share", "0")
    show(executed, "judge-share", "0")

    assert summary(of(lab, executed))[:2] == (0.0, "wrong")


# A learner's honest noise

NOISE: dict[str, NotebookNode] = {
    "stderr": new_output("stream", name="stderr", text="UserWarning: careful\nError: 100%|##########|"),
    "stdout": new_output("stream", name="stdout", text="0"),
    "a-picture": new_output("display_data", {"image/png": "AAAA", "text/plain": "<Figure>"}),
    "a-number-displayed": new_output("display_data", {"text/plain": "0"}),
}


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize("name", ["share", "test-share", "judge-share"])
def test_noise_costs_nothing(lab: Lab, executed: NotebookNode, noise: str, name: str) -> None:
    """Warnings, logs and progress bars of a right answer, on stderr or elsewhere."""
    named(executed, name).outputs.append(copy.deepcopy(NOISE[noise]))

    assert summary(of(lab, executed)) == (25.0, "full", "")


def test_noise_does_not_hide_a_credit(lab: Lab, executed: NotebookNode) -> None:
    """The value counts, whatever else was shown."""
    for noise in NOISE.values():
        named(executed, "test-share").outputs.append(copy.deepcopy(noise))
    show(executed, "test-share", "5")

    assert of(lab, executed).points == 20.0


# Messages


def shown(name: str, value: str) -> str:
    """Return the text of an error."""
    return error_text(new_code_cell("", outputs=[new_output("error", ename=name, evalue=value, traceback=[])]))


@pytest.mark.parametrize(
    ("expected", "name", "value"),
    [
        ("the sum is 2", "AssertionError", "the sum is 2"),
        ("AssertionError", "AssertionError", ""),
        ("ValueError: no good", "ValueError", "no good"),
        ("KeyboardInterrupt", "KeyboardInterrupt", ""),
        ("ValueError: no good", "ValueError", "  no good\n"),
        ("one\ntwo", "AssertionError", "one\ntwo"),
    ],
)
def test_an_error_is_shown_in_its_own_words(expected: str, name: str, value: str) -> None:
    """An assertion's message stands alone; another error's has its name before it."""
    assert expected == shown(name, value)


def test_a_cell_without_an_error_has_no_text() -> None:
    """Text on stderr is no error."""
    assert error_text(new_code_cell("", outputs=[copy.deepcopy(NOISE["stderr"])])) == ""


def test_a_text_cell_has_no_error() -> None:
    """Nor has a cell that cannot run."""
    assert error_text(NotebookNode(cell_type="markdown", source="x", metadata={})) == ""


@pytest.mark.parametrize("name", ["AssertionError", "ValueError", "X" * 5_000])
def test_a_long_message_is_cut(name: str) -> None:
    """The report stays small, and shows that something is missing."""
    text = shown(name, "y" * 10**6)

    assert (len(text), text[-1]) == (MESSAGE_CHARACTERS, "…")


def test_a_message_of_the_allowed_length_is_whole() -> None:
    """Nothing is cut that fits."""
    assert shown("AssertionError", "y" * MESSAGE_CHARACTERS) == "y" * MESSAGE_CHARACTERS


@pytest.mark.parametrize("codes", ["\x1b[31mred\x1b[0m", "\x1b[1;38;5;9mred\x1b[0m", "\x1b[Kred\x1b[2J", "\x1b[10;20Hred"])
def test_colours_are_removed(codes: str) -> None:
    """ANSI codes are nothing to read."""
    assert shown("AssertionError", codes) == "red"


@pytest.mark.parametrize(
    ("expected", "name", "value"),
    [
        ("red", "AssertionError", "\x1b[?25lred\x1b[?25h"),
        ("red", "AssertionError", "\x1b[38:5:9mred\x1b[m"),
        ("red", "AssertionError", "\x1b]8;;https://example.org\x1b\\red\x1b]8;;\x1b\\"),
        ("red", "AssertionError", "\x1b]0;title\x07red"),
        ("red", "AssertionError", "\x1b(Bred"),
        ("red", "AssertionError", "\x1bPq#0\x1b\\red\x1b^x\x1b\\"),
        ("red", "AssertionError", "\x9b31mred\x9bm\x9d0;title\x9c"),
        ("red", "AssertionError", "\x1b7red\x1b8\x1bc\x1b"),
        ("0;red", "AssertionError", "\x1b]0;red"),
        ("Bad: red", "\x1b[31mBad\x1b[0m", "red"),
        ("Error: red", "\x1b[31m", "red"),
    ],
    ids=["cursor", "colons", "link", "title", "charset", "device", "eight-bits", "short", "without-an-end", "name", "no-name"],
)
def test_all_terminal_codes_are_removed(expected: str, name: str, value: str) -> None:
    """Also those that hide the cursor, set the title or make links, and those in a class's name."""
    assert expected == shown(name, value)


# Marked by hand


def test_a_written_answer_is_to_be_marked(make_project: MakeProject) -> None:
    """A person gives its points: it is neither wrong nor lost."""
    lab = read_lab(lab_path(make_project(WRITTEN, *NO_TESTS)))

    assert summary(of(lab, run(lab), "write")) == (0.0, "to be marked", "")


def test_a_written_answer_with_tests_is_to_be_marked(make_project: MakeProject) -> None:
    """The points of its tests are counted already."""
    lab = read_lab(lab_path(make_project(WRITTEN)))

    found = of(lab, run(lab), "write")

    assert (found.points, found.max_points, found.outcome) == (25.0, 50.0, "to be marked")


@pytest.mark.parametrize("empty", [False, True])
def test_a_written_answer_that_is_missing_is_not_attempted(make_project: MakeProject, empty: bool) -> None:
    """Nobody needs to mark a stub, or an emptied or deleted cell."""
    lab = read_lab(lab_path(make_project(WRITTEN, *NO_TESTS)))
    notebook = run(lab)
    named(notebook, "write").source = "" if empty else named(make_release(lab), "write").source + "\n\n"

    assert summary(of(lab, notebook, "write")) == (0.0, "not attempted", "")


def test_a_written_answer_in_another_cell_keeps_the_points_of_its_tests(make_project: MakeProject) -> None:
    """The cell itself is empty, so nobody needs to mark it; what its tests found is there all the same."""
    lab = read_lab(lab_path(make_project(WRITTEN)))
    notebook = run(lab)
    named(notebook, "write").source = ""

    assert summary(of(lab, notebook, "write")) == (25.0, "partial", "")
    assert CellScore("write", 0.0, 25.0) in score_cells(lab, notebook)


def test_a_task_is_to_be_marked(make_project: MakeProject) -> None:
    """Its answer stands in a cell of the learner's own below it, so a person looks."""
    lab = read_lab(lab_path(make_project(("# %% [markdown]\n# ## Putting it together", TASK))))
    notebook = run(lab)
    notebook.cells.insert(notebook.cells.index(named(notebook, "report")) + 1, new_markdown_cell("It was the leak."))

    assert summary(of(lab, notebook, "report")) == (0.0, "to be marked", "")
    assert CellScore("report", None, 20.0) in score_cells(lab, notebook)


def test_a_task_below_which_nothing_stands_is_not_attempted(make_project: MakeProject) -> None:
    """What the lab itself has there is nothing new, nor is an empty cell."""
    lab = read_lab(lab_path(make_project(("# %% [markdown]\n# ## Putting it together", TASK))))
    notebook = run(lab)
    notebook.cells.insert(notebook.cells.index(named(notebook, "report")) + 1, new_markdown_cell(" "))

    assert summary(of(lab, notebook, "report")) == (0.0, "not attempted", "")
    assert CellScore("report", 0.0, 20.0) in score_cells(lab, notebook)


# Cells


def test_each_test_cell_has_a_score(lab: Lab, executed: NotebookNode) -> None:
    """The gradebook's unit, in the order of the exercises."""
    show(executed, "test-share", "5")
    fail(executed, "judge-share", message="not so")

    expected = [CellScore("test-share", 5.0, 10.0), CellScore("judge-share", 0.0, 15.0, "failed", "not so")]
    assert expected == score_cells(lab, executed)[-2:]
    assert len(score_cells(lab, executed)) == 8


@pytest.mark.parametrize(("expected", "text"), [(None, "My report"), (0.0, None)], ids=["written", "stub"])
def test_a_written_answers_cell_waits_for_its_points(make_project: MakeProject, expected: float | None, text: str | None) -> None:
    """None until a person has marked it; 0 where there is nothing to mark."""
    lab = read_lab(lab_path(make_project(WRITTEN, *NO_TESTS)))
    notebook = run(lab)
    named(notebook, "write").source = text or named(make_release(lab), "write").source

    assert CellScore("write", expected, 25.0) in score_cells(lab, notebook)


def test_a_bad_credit_fails_its_cell(lab: Lab, executed: NotebookNode) -> None:
    """The reason stands with the cell."""
    show(executed, "test-share", "nan")

    expected = CellScore("test-share", 0.0, 10.0, "failed", "the test's value 'nan' is not between 0 and 10: no credit")
    assert expected in score_cells(lab, executed)


def test_every_outcome_is_listed(lab: Lab, executed: NotebookNode) -> None:
    """Reports rely on the list."""
    expected: tuple[Any, ...] = ("full", "partial", "wrong", "error", "timed out", "not attempted", "to be marked")

    assert expected == OUTCOMES
