"""What happens to a learner's cells: each case is a tiny notebook named after what it does."""

from collections.abc import Iterator

import nbformat
import psutil
import pytest
from nbformat import NotebookNode

from autograder.canary import FOOLED, TAMPERED
from autograder.execute import Limits, execute
from autograder.notebook import read_notebook, write_notebook
from autograder.sandbox import why_not
from autograder.unwalled import MARK
from autograder.walled import Walled, close_servers

SHORT = Limits(cell_seconds=3, total_seconds=60)
WARM: list[tuple[str, ...] | None] = [None]


@pytest.fixture(params=["walled", "unwalled"], autouse=True)
def walls(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each case with a sandbox and without: what happens to a cell is the same."""
    if request.param == "walled" and why_not():
        pytest.skip(why_not())
    WARM[0] = ("json",) if request.param == "walled" else None
    yield request.param


@pytest.fixture(scope="module", autouse=True)
def servers() -> Iterator[None]:
    """End the fork server that the cases share."""
    yield
    close_servers()


def run(*sources: str, test: str = "", judge: str = "", limits: Limits = SHORT, hidden: dict[str, bytes] | None = None) -> NotebookNode:
    """Execute a notebook of these cells, and of a test and a judge cell if given."""
    cells = [nbformat.v4.new_code_cell(source, id=f"c{number}") for number, source in enumerate(sources)]
    marks = {"grade": True, "solution": False, "locked": True, "points": 1, "schema_version": 3}
    if test:
        cells.append(nbformat.v4.new_code_cell(test, id="test", metadata={"nbgrader": {**marks, "grade_id": "test-x"}}))
    if judge:
        tagged = {"nbgrader": {**marks, "grade_id": "judge-x"}, "tags": ["judge"]}
        cells.append(nbformat.v4.new_code_cell(judge, id="judge", metadata=tagged))
    notebook = nbformat.v4.new_notebook(cells=cells)
    return read_notebook(execute(write_notebook(notebook), {"data.txt": b"given"}, hidden or {}, limits, WARM[0]))


def states(notebook: NotebookNode) -> list[str]:
    """Return each cell's state."""
    return [cell.metadata["autograder"]["state"] for cell in notebook.cells]


def printed(notebook: NotebookNode, number: int) -> str:
    """Return what a cell printed."""
    return "".join(output.get("text", "") for output in notebook.cells[number].outputs)


def test_a_failing_cell_does_not_stop_the_rest() -> None:
    """A cell that raises is data, and the next one runs."""
    assert states(run("1/0", "print('on')")) == ["failed", "ok"]


DROPS = """import ast
class Drop(ast.NodeTransformer):
    visit_Assert = visit_Raise = lambda self, node: ast.copy_location(ast.Pass(), node)
get_ipython().ast_transformers.append(Drop())
"""
EQUALS = "class Anything:\n    __eq__ = lambda self, other: True\n"


@pytest.mark.parametrize(
    ("source", "reason"),
    [(f"{DROPS}answer = 1", TAMPERED), (f"{EQUALS}answer = Anything()", FOOLED)],
    ids=["drops-assertions", "equals-everything"],
)
def test_the_reason_says_what_was_changed(source: str, reason: str) -> None:
    """One canary looks for both: where it does not sing, another tells them apart."""
    assert run(source, test="assert answer == 42").metadata["autograder"]["flagged"] == reason


@pytest.mark.parametrize("ending", ["import os; os._exit(0)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "exit()"])
def test_a_cell_that_ends_the_kernel_costs_only_itself(ending: str) -> None:
    """The cells before and after it run in a new kernel, in a folder as it was at the start."""
    notebook = run("x = 1\nopen('made.txt', 'a').write('once')", ending, "print(x, open('made.txt').read())")

    assert states(notebook) == ["ok", "died", "ok"]
    assert printed(notebook, 2) == "1 once\n"
    assert notebook.metadata["autograder"]["restarts"] == 1


def test_a_cell_whose_use_is_seen_only_when_its_time_is_up_died_of_it(walls: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes all the machine's time is looked at late: the verdict says what was used, and not that it took long."""
    if walls == "unwalled":
        pytest.skip("without walls there are no limits")

    def sees(place: Walled) -> bool:
        place.use.why = "started more than 96 processes"
        return True

    monkeypatch.setattr(Walled, "uses_too_much", sees)
    notebook = run("while True: pass", limits=Limits(cell_seconds=1, total_seconds=60))

    assert notebook.cells[0].metadata["autograder"]["state"] == "died"
    assert notebook.cells[0].metadata["autograder"]["why"] == "started more than 96 processes"


def test_a_cell_that_does_not_end_is_interrupted() -> None:
    """It is timed out, and what was computed before stays."""
    notebook = run("x = 1", "while True: pass", "print(x)")

    assert states(notebook) == ["ok", "timed out", "ok"]
    assert notebook.metadata["autograder"]["restarts"] == 0


def test_a_cell_that_ignores_interrupts_is_ended_with_its_kernel() -> None:
    """A loop that catches KeyboardInterrupt cannot hold the rest up."""
    loop = "import time\nwhile True:\n    try:\n        time.sleep(9)\n    except KeyboardInterrupt:\n        pass"

    assert states(run("x = 1", loop, "print(x)")) == ["ok", "timed out", "ok"]


def test_the_whole_run_is_bounded() -> None:
    """Cells that the time of the whole run does not reach are timed out, not forgotten."""
    notebook = run("import time; time.sleep(2)", "time.sleep(30)", "1", limits=Limits(cell_seconds=30, total_seconds=5))

    assert states(notebook) == ["ok", "timed out", "timed out"]


def test_a_process_left_running_is_ended_and_told() -> None:
    """A child in a session of its own does not outlive its submission."""
    sleeper = "[sys.executable, '-c', 'import time; time.sleep(99)']"
    start = f"import subprocess, sys\np = subprocess.Popen({sleeper}, start_new_session=True)\nprint(p.pid)"
    notebook = run(start)

    running = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    assert not [command for command in running if "time.sleep(99)" in command and "pytest" not in command]
    assert ["time.sleep(99)" in command for command in notebook.metadata["autograder"]["left_running"]] == [True]


def test_the_environment_is_an_allow_list(monkeypatch: pytest.MonkeyPatch, walls: str) -> None:
    """What the grader's environment holds does not reach a learner's code; HOME is a fresh folder."""
    monkeypatch.setenv("SECRET_TOKEN", "very secret")

    text = printed(run("import os\nprint(sorted(os.environ), os.listdir(os.environ['HOME']))"), 0)

    assert "SECRET_TOKEN" not in text
    assert (MARK in text) == (walls == "unwalled")


def test_the_judge_sees_the_folder_but_not_the_kernel() -> None:
    """A file that the learner made is there; a name is not, unless it is a function's."""
    judge = "assert open('made.txt').read() == 'mine'\nassert 'x' not in globals()\nassert add(1, 2) == 3"
    notebook = run("x = 1\nopen('made.txt', 'w').write('mine')", "def add(a, b):\n    return a + b", judge=judge)

    assert states(notebook) == ["ok", "ok", "ok"], notebook.cells[-1].outputs


def test_hidden_files_lie_only_beside_the_judge() -> None:
    """A learner's cell does not find them; the judge does."""
    notebook = run("import os\nprint(os.listdir())", judge="import truth\nassert truth.ANSWER == 42", hidden={"truth.py": b"ANSWER = 42\n"})

    assert "truth.py" not in printed(notebook, 0)
    assert states(notebook)[-1] == "ok"


def test_the_judge_gets_the_labs_files_back() -> None:
    """A learner's change to one of the lab's own files does not reach the judge."""
    notebook = run("open('data.txt', 'w').write('forged')", judge="assert open('data.txt').read() == 'given'")

    assert states(notebook) == ["ok", "ok"]


def test_a_learners_function_that_ends_its_process_does_not_end_the_judge() -> None:
    """The judge reads an exception, and goes on."""
    judge = "try:\n    leave()\nexcept Exception as error:\n    print(type(error).__name__)"
    notebook = run("import os\ndef leave():\n    os._exit(0)", judge=judge)

    assert printed(notebook, 1) == "ProcessEnded\n"


def test_cells_of_a_submission_do_not_keep_old_outputs() -> None:
    """What a learner's notebook brings along as outputs is not what the run made."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("stream", text="forged")])])

    executed = read_notebook(execute(write_notebook(notebook), {}, {}, SHORT, WARM[0]))

    assert [output.output_type for output in executed.cells[0].outputs] == ["execute_result"]


def test_a_kernel_that_ends_later_costs_the_cell_that_made_it_end() -> None:
    """A thread that ends the kernel behind its cell's back is blamed at the second time; the rest runs."""
    late = nbformat.v4.new_code_cell("import os, threading\nthreading.Timer(0.7, os._exit, [0]).start()", id="late")
    notebook = nbformat.v4.new_notebook(cells=[late])
    for number in range(3):
        locked = {"grade": False, "solution": False, "locked": True, "grade_id": f"given-{number}", "schema_version": 3}
        cell = nbformat.v4.new_code_cell("import time; time.sleep(0.5)", id=f"given-{number}", metadata={"nbgrader": locked})
        notebook.cells.append(cell)

    executed = read_notebook(execute(write_notebook(notebook), {}, {}, SHORT, WARM[0]))

    assert states(executed)[0] == "died"
    assert states(executed).count("ok") >= 2


def test_much_output_is_bounded() -> None:
    """What a cell prints is kept up to a bound, and the rest runs."""
    notebook = run("for _ in range(300):\n    print('x' * 100_000)", "print('on')")

    assert states(notebook) == ["ok", "ok"]
    assert len(printed(notebook, 0)) < 4_000_000
    assert "more was shown than is kept" in printed(notebook, 0)
    assert printed(notebook, 1) == "on\n"


def test_the_judge_draws_from_a_seed() -> None:
    """A judge cell finds the seed in its environment; a learner's does not."""
    notebook = run("import os\nprint(os.environ.get('LAB_SEED'))", judge="import os\nprint(os.environ['LAB_SEED'])")

    assert (printed(notebook, 0), printed(notebook, 1)) == ("None\n", "0\n")
    assert notebook.metadata["autograder"]["seed"] == 0
