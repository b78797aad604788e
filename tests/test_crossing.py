"""A learner's function, called from the judge: it runs elsewhere, and its value or its error comes back."""

import builtins
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.crossing import Crossing, LearnerError
from autograder.definitions import definitions

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning"
)  # a process that ended is replaced, and its pipes are left to the collector
Cross = Callable[..., Any]
PATIENT = 30.0
FORKS = """\
def f(path):
    if os.fork() == 0:
        time.sleep(4)
        open(path, "w").close()
        os._exit(0)
    while True:
        pass
"""


@pytest.fixture
def cross() -> Iterator[Cross]:
    """Return a function that defines cells elsewhere and hands out the learner's functions: one, or several by their `names`."""
    made: list[Crossing] = []

    def make(*cells: str, names: tuple[str, ...] = ("f",), seconds: float = PATIENT) -> Any:
        given = definitions(new_notebook(cells=[new_code_cell(text) for text in cells]), names)
        crossing = Crossing(given.statements, given.needs, seconds)
        made.append(crossing)
        functions = [crossing.function(name) for name in names]
        return functions if len(functions) > 1 else functions[0]

    yield make
    for crossing in made:
        crossing.close()


# Values


def test_a_function_is_called_with_its_arguments(cross: Cross) -> None:
    """By place and by name."""
    f = cross("def f(a, b=0, *rest, c):\n    return [a, b, rest, c]")

    assert f(1, 2, 3, 4, c=5) == [1, 2, (3, 4), 5]


def test_it_runs_in_another_process(cross: Cross) -> None:
    """Nothing that it does to its own process touches the judge's."""
    f = cross("import os", "def f():\n    return os.getpid()")

    assert os.getpid() != f()


def test_it_has_the_learners_name(cross: Cross) -> None:
    """A message of the judge may name it."""
    assert cross("def f():\n    return 1").__name__ == "f"


def test_a_data_frame_goes_and_comes(cross: Cross) -> None:
    """A large one too, larger than a pipe holds."""
    frame = pd.DataFrame({"n": range(100_000)})
    f = cross("def f(frame):\n    return frame.assign(n=frame.n + 1)")

    pd.testing.assert_frame_equal(frame + 1, f(frame))


def test_an_argument_that_is_changed_stays_as_it_was(cross: Cross) -> None:
    """The learner's function has a copy."""
    values = [1, 2]
    f = cross("def f(values):\n    values.append(3)\n    return values")

    assert (f(values), values) == ([1, 2, 3], [1, 2])


def test_calls_come_back_in_order(cross: Cross) -> None:
    """Each answer belongs to its call."""
    f = cross("def f(n):\n    return n * n")

    assert [f(n) for n in range(4)] == [0, 1, 4, 9]


def test_the_learners_helpers_are_there(cross: Cross) -> None:
    """Whatever the definitions need."""
    f = cross("import math", "N = 3", "def helper(x):\n    return math.floor(x) + N", "def f(x):\n    return helper(x)")

    assert f(1.5) == 4


def test_several_functions_are_there(cross: Cross) -> None:
    """One process serves them all."""
    f, g = cross("def f():\n    return 1", "def g():\n    return f() + 1", names=("f", "g"))

    assert (g(), f()) == (2, 1)


def test_the_order_of_calls_does_not_matter(cross: Cross) -> None:
    """Statements run in the notebook's order, whichever function is called first."""
    f, g = cross("N = 1", "BEFORE = N", "N = 2", "def f():\n    return BEFORE", "def g():\n    return N", names=("f", "g"))

    assert (g(), f()) == (2, 1)


def test_a_result_that_is_not_plain_is_a_type_error(cross: Cross) -> None:
    """The learner reads what to return instead."""
    f = cross("class Model:\n    pass", "def f():\n    return Model()")

    with pytest.raises(TypeError, match="a Model is not plain data; use numbers"):
        f()


def test_a_result_that_claims_to_equal_everything_does_not_cross(cross: Cross) -> None:
    """The judge compares plain values only."""
    f = cross("class Equal(int):\n    def __eq__(self, other):\n        return True", "def f():\n    return Equal(1)")

    with pytest.raises(TypeError, match="a Equal is not plain data"):
        f()


def test_an_argument_that_is_not_plain_is_a_type_error(cross: Cross) -> None:
    """The author of the judge reads it."""
    f = cross("def f(x):\n    return x")

    with pytest.raises(TypeError, match="a function is not plain data"):
        f(lambda: 1)


# Errors

RAISED = {
    "ValueError": ("raise ValueError('no good')", "no good"),
    "AssertionError": ("assert False, 'not so'", "not so"),
    "ZeroDivisionError": ("1 / 0", "division by zero"),
    "TypeError": ("'a' + 1", 'can only concatenate str (not "int") to str'),
    "IndexError": ("[][0]", "list index out of range"),
    "NameError": ("return nowhere", "name 'nowhere' is not defined"),
    "NotImplementedError": ("raise NotImplementedError()", ""),
    "FileNotFoundError": ("open('/nowhere')", "[Errno 2] No such file or directory: '/nowhere'"),
    "ModuleNotFoundError": ("import nowhere", "No module named 'nowhere'"),
    "RuntimeWarning": ("raise RuntimeWarning('careful')", "careful"),
}


@pytest.mark.parametrize("name", RAISED)
def test_a_builtin_error_comes_back_as_it_is(cross: Cross, name: str) -> None:
    """By its class and its message: a judge may expect it with `except`."""
    text, message = RAISED[name]
    f = cross(f"def f():\n    {text}")

    with pytest.raises(getattr(builtins, name)) as caught:
        f()

    assert (getattr(builtins, name), message) == (type(caught.value), str(caught.value))


def test_a_key_error_comes_back_as_it_is(cross: Cross) -> None:
    """The quotes around the key are not doubled."""
    f = cross("def f():\n    return {}['x']")

    with pytest.raises(KeyError) as caught:
        f()

    assert str(caught.value) == "'x'"


def test_an_error_of_ones_own_comes_back_by_name(cross: Cross) -> None:
    """Its class does not exist in the judge's process; another of its name takes its place."""
    f = cross("class TooHot(Exception):\n    pass", "def f():\n    raise TooHot('40 degrees')")

    with pytest.raises(LearnerError) as caught:
        f()

    assert (type(caught.value).__name__, str(caught.value)) == ("TooHot", "40 degrees")


def test_an_error_of_ones_own_is_what_it_derives_from(cross: Cross) -> None:
    """Who asks for a LookupError takes a subclass of it, too."""
    f = cross("class Lost(KeyError):\n    pass", "def f():\n    raise Lost('gone')")

    with pytest.raises(LookupError) as caught:
        f()

    assert (type(caught.value).__name__, isinstance(caught.value, LearnerError)) == ("Lost", True)


def test_an_error_derived_from_one_that_needs_more_than_a_message_comes_back_by_name(cross: Cross) -> None:
    """Its base cannot be made of a message alone."""
    f = cross("class Bad(UnicodeDecodeError):\n    pass", "def f():\n    raise Bad('utf-8', b'', 0, 1, 'no')")

    with pytest.raises(LearnerError) as caught:
        f()

    assert type(caught.value).__name__ == "Bad"


@pytest.mark.parametrize("name", ["SystemExit", "KeyboardInterrupt", "GeneratorExit"])
def test_what_would_end_the_judge_is_an_error_there(cross: Cross, name: str) -> None:
    """`sys.exit()` in the learner's function does not end the judge."""
    f = cross(f"def f():\n    raise {name}(0)")

    with pytest.raises(LearnerError) as caught:
        f()

    assert (name, "0") == (type(caught.value).__name__, str(caught.value))


@pytest.mark.parametrize("text", ["b'\\xff'.decode()", "raise ExceptionGroup('several', [ValueError('one')])"], ids=["unicode", "group"])
def test_an_error_that_needs_more_than_a_message_comes_back_by_name(cross: Cross, text: str) -> None:
    """Where the builtin cannot be made of a message, its name and words still come."""
    f = cross(f"def f():\n    {text}")

    with pytest.raises(LearnerError, match=r"invalid start byte|several \(1 sub-exception\)") as caught:
        f()

    assert type(caught.value).__name__ in ("UnicodeDecodeError", "ExceptionGroup")


def test_an_error_whose_name_is_no_name_is_a_learners_error(cross: Cross) -> None:
    """Text of the learner's does not become the name of a class."""
    f = cross("def f():\n    raise type('<b>very bad</b>', (Exception,), {})('no')")

    with pytest.raises(LearnerError, match="no") as caught:
        f()

    assert type(caught.value).__name__ == "LearnerError"


def test_a_long_message_is_cut(cross: Cross) -> None:
    """A learner cannot flood the judge with words."""
    f = cross("def f():\n    raise ValueError('x' * 10**6)")

    with pytest.raises(ValueError, match="x") as caught:
        f()

    assert len(str(caught.value)) == 2000


def test_an_error_does_not_end_the_process(cross: Cross) -> None:
    """The next call works, in the same process."""
    f = cross("import os", "def f(n):\n    return os.getpid(), 1 / n")
    first, _ = f(1)

    with pytest.raises(ZeroDivisionError):
        f(0)

    assert first == f(1)[0]


def test_a_wrong_call_is_a_type_error(cross: Cross) -> None:
    """A function that takes other arguments says so."""
    with pytest.raises(TypeError, match=r"f\(\) takes 0 positional arguments but 1 was given"):
        cross("def f():\n    return 1")(1)


def test_a_name_that_is_not_defined_says_so(cross: Cross) -> None:
    """As Python would."""
    with pytest.raises(NameError, match="name 'f' is not defined"):
        cross("N = 1")()


# Processes that end, and that do not

ENDS = {
    "os-exit": "import os\n    os._exit(0)",
    "killed": "import os, signal\n    os.kill(os.getpid(), signal.SIGKILL)",
    "crashed": "import ctypes\n    ctypes.string_at(0)",
    "an-error-that-cannot-be-shown": "class Bad(Exception):\n        __str__ = None\n    raise Bad()",
}


@pytest.mark.parametrize("name", ENDS)
def test_a_function_that_ends_its_process_is_an_error(cross: Cross, name: str) -> None:
    """The judge goes on, and the message says what happened."""
    f = cross(f"def f():\n    {ENDS[name]}")

    with pytest.raises(LearnerError, match="f did not come back") as caught:
        f()

    assert type(caught.value).__name__ == "ProcessEnded"


@pytest.mark.parametrize("name", ENDS)
def test_a_later_call_works(cross: Cross, name: str) -> None:
    """A new process takes the place of one that ended."""
    f, g = cross(f"def f():\n    {ENDS[name]}", "def g():\n    return 1", names=("f", "g"))
    with pytest.raises(LearnerError):
        f()

    assert g() == 1


def test_a_function_that_never_returns_is_ended(cross: Cross) -> None:
    """The message says after how many seconds, and a later call works."""
    f, g = cross("def f():\n    while True:\n        pass", "def g():\n    return 1", names=("f", "g"), seconds=2)

    with pytest.raises(LearnerError, match="f did not come back within 2 s"):
        f()

    assert g() == 1


def test_a_function_is_ended_after_the_given_seconds(cross: Cross, tmp_path: Path) -> None:
    """What it would do much later does not happen."""
    f = cross("import time", "def f(path):\n    time.sleep(8)\n    path.touch()\n    time.sleep(8)", seconds=1)

    with pytest.raises(LearnerError, match="f did not come back within 1 s"):
        f(tmp_path / "late")

    assert not (tmp_path / "late").exists()


def test_a_definition_that_never_ends_is_ended(cross: Cross) -> None:
    """A loop at the top of a cell counts as the call's own time."""
    f = cross("N = all(True for _ in iter(int, 1))", "def f():\n    return N", seconds=1)

    with pytest.raises(LearnerError, match="within 1 s"):
        f()


def test_a_function_that_left_a_process_is_ended_in_time(cross: Cross, tmp_path: Path) -> None:
    """The call is over when the time is, not when the last process of the learner's has gone."""
    outlived = tmp_path / "outlived"
    g, f = cross("import os, time", "def g():\n    return os, time and 1", FORKS, names=("g", "f"), seconds=1)
    with pytest.raises(TypeError, match="a module is not plain"):
        g()  # now all is imported

    with pytest.raises(LearnerError):
        f(outlived)

    assert not outlived.exists()


def test_a_killed_process_is_not_said_to_be_late(cross: Cross) -> None:
    """Who is killed for its memory did not run out of time."""
    f = cross(f"def f():\n    {ENDS['killed']}")

    with pytest.raises(LearnerError) as caught:
        f()

    assert "within" not in str(caught.value)


def test_a_function_that_asks_for_input_is_told_that_there_is_none(cross: Cross) -> None:
    """It does not read what the judge sends, nor wait for it."""
    f = cross("def f():\n    return input()", seconds=2)

    with pytest.raises(EOFError):
        f()


# What surrounds the call


@pytest.mark.parametrize(
    "text",
    [
        "print('returned 5')",
        "import sys\n    print('returned 5', file=sys.stderr)",
        "import os\n    os.write(1, b'returned 5\\n')",
        "import subprocess, sys\n    subprocess.run([sys.executable, '-c', 'print(5)'])",
        "import sys\n    sys.__stdout__.write('returned 5\\n')\n    sys.__stdout__.flush()",
        "import warnings\n    warnings.warn('careful')",
        "import logging\n    logging.warning('careful')",
    ],
    ids=["print", "stderr", "write", "child", "stdout", "warning", "logging"],
)
def test_what_a_function_prints_is_not_its_answer(cross: Cross, text: str) -> None:
    """Noise goes nowhere."""
    f = cross(f"def f():\n    {text}\n    return 3")

    assert [f(), f()] == [3, 3]


def test_the_callers_folder_is_the_functions(cross: Cross, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the time of the call."""
    f = cross("def f():\n    return open('here.txt').read()")
    (tmp_path / "here.txt").write_text("found")
    monkeypatch.chdir(tmp_path)

    assert f() == "found"


def test_what_a_function_writes_lies_in_the_callers_folder(cross: Cross, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge can look at the file."""
    f = cross("from pathlib import Path", "def f():\n    Path('made.txt').write_text('x')")
    monkeypatch.chdir(tmp_path)

    f()

    assert os.listdir(tmp_path) == ["made.txt"]


def test_the_callers_environment_is_the_functions(cross: Cross, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the time of the call: what was set is there, and what was deleted is gone."""
    f = cross("import os", "def f():\n    return os.environ.get('ONE'), os.environ.get('OTHER')")
    monkeypatch.setenv("ONE", "1")
    before = f()
    monkeypatch.delenv("ONE")
    monkeypatch.setenv("OTHER", "2")

    assert (before, f()) == (("1", None), (None, "2"))


def test_what_a_function_does_to_its_environment_stays_there(cross: Cross) -> None:
    """The judge's folder and environment are its own."""
    f = cross("import os", "def f():\n    os.environ['MINE'] = '1'\n    os.chdir('/')")
    before = os.getcwd()

    f()

    assert (before, False) == (os.getcwd(), "MINE" in os.environ)


def test_definitions_run_in_the_notebooks_folder(cross: Cross, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that a cell reads from a file is read from there, wherever the judge is when it calls, and also in a new process."""
    (tmp_path / "table.txt").write_text("42")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    f = cross("import os", "N = int(open('table.txt').read())", "def f(ends):\n    if ends:\n        os._exit(1)\n    return N")
    monkeypatch.chdir(tmp_path / "elsewhere")
    before = f(False)
    with pytest.raises(LearnerError):
        f(True)

    assert (before, f(False)) == (42, 42)


# Definitions that fail


@pytest.mark.parametrize("text", ["N = 1 / 0", "import nowhere as N", "N = __import__('sys').exit(1)", "N = get_ipython().getoutput('ls')"])
def test_a_failing_statement_does_no_harm(cross: Cross, text: str) -> None:
    """A function that is defined all the same is called."""
    f = cross(text, "N = 3", "def f():\n    return N")

    assert f() == 3


def test_a_missing_name_is_told_with_the_statement_that_should_have_made_it(cross: Cross) -> None:
    """Without it, a learner would read that a name is not defined which the notebook shows defined."""
    f = cross("table = open('gone.csv').read()\nMEAN = len(table)\ndef f():\n    return MEAN")

    with pytest.raises(NameError, match=r"'MEAN' is not defined; .*`table = open\('gone.csv'\).*FileNotFoundError: .*gone.csv"):
        f()


@pytest.mark.parametrize("text", ["1 / 0", "import nowhere", "OTHER = 1 / 0", "def broken(:"])
def test_an_unrelated_failing_cell_does_no_harm(cross: Cross, text: str) -> None:
    """What the function does not need is not run."""
    assert cross(text, "def f():\n    return 3", text)() == 3


def test_a_function_that_could_not_be_defined_says_why(cross: Cross) -> None:
    """The error of its own definition comes, not only that the name is missing."""
    f = cross("import nowhere", "@nowhere.decorate\ndef f():\n    return 3")

    with pytest.raises((ModuleNotFoundError, NameError), match="nowhere"):
        f()


def test_what_one_function_needs_does_not_harm_another(cross: Cross) -> None:
    """Only the statements of the function that is called run."""
    _, g = cross("import os", "N = os._exit(3)", "def f():\n    return N", "def g():\n    return 1", names=("f", "g"))

    assert g() == 1
