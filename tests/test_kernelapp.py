"""The kernel that an enclosure becomes: what it leaves out, and that a learner sees no difference."""

import inspect
import re
import sys
from collections.abc import Iterator

import nbformat
import pytest

from autograder import sandbox
from autograder.execute import execute
from autograder.kernelapp import Compiler
from autograder.notebook import read_notebook, write_notebook
from autograder.walled import close_servers

walled = pytest.mark.skipif(bool(sandbox.why_not()), reason=sandbox.why_not() or "there is a sandbox")


@pytest.fixture(scope="module", autouse=True)
def servers() -> Iterator[None]:
    """End the fork server that the cases share."""
    yield
    close_servers()


def run(*sources: str) -> list[nbformat.NotebookNode]:
    """Execute cells behind walls; return them."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    return list(read_notebook(execute(write_notebook(notebook), {}, {}, warm=())).cells)


def test_a_cell_is_of_no_module_as_the_search_through_all_would_say() -> None:
    """Each cell has a name of its own, and a frame in it belongs to no module."""
    compiler, frames = Compiler(), {}
    names = [compiler.cache(text) for text in ("here = sys._getframe()", "here  = sys._getframe()")]
    for name in names:
        space = {"sys": sys}
        exec(compiler("here = sys._getframe()", name, "exec"), space)
        frames[name] = space["here"]

    known = [inspect.getmodule(frame) for frame in frames.values()]
    for name in names:
        del inspect.modulesbyfile[name]
    searched = [inspect.getmodule(frame) for frame in frames.values()]

    assert len(frames) == 2
    assert known == searched == [None, None]


@walled
def test_a_traceback_is_the_one_that_jupyter_shows() -> None:
    """The line that failed, in this cell and in one before; where a source is asked for, it is there."""
    cells = run("def f(x):\n    return 1 / x", "a = 3\nf(0)", "import inspect\nprint(inspect.getsource(f))")
    shown = re.sub("\x1b\\[[0-9;]*m", "", "\n".join(cells[1].outputs[0].traceback))

    assert shown.splitlines() == [
        *("-" * 75, f"{'ZeroDivisionError':42}Traceback (most recent call last)"),
        *("Cell In[2], line 2", "      1 a = 3", "----> 2 f(0)", ""),
        *("Cell In[1], line 2, in f(x)", "      1 def f(x):", "----> 2     return 1 / x", ""),
        "ZeroDivisionError: division by zero",
    ]
    assert cells[2].outputs[0].text == "def f(x):\n    return 1 / x\n\n"


@walled
def test_a_kernel_shows_errors_in_the_colours_that_were_made_ready() -> None:
    """The theme has its formatter before the first error."""
    text = "from IPython.utils.PyColorize import theme_table\nprint(theme_table[get_ipython().colors]._formatter is not None)"
    (cell,) = run(text)

    assert cell.outputs[0].text == "True\n"


@walled
def test_a_reset_forgets_names_and_leaves_modules() -> None:
    """Also where it is asked to forget modules, too."""
    cells = run("x = 1", "%reset -f --aggressive", "import sys\nprint('x' in globals(), 'IPython' in sys.modules)", "1 / 0")

    assert cells[2].outputs[0].text == "False True\n"
    assert cells[3].outputs[0].ename == "ZeroDivisionError"


@walled
def test_no_list_of_all_modules_is_made() -> None:
    """What a debugger would be given is empty, and the kernel has `sys` as it was."""
    (cell,) = run("import ipykernel.ipkernel, sys\nprint(get_ipython().kernel._kernel_modules, ipykernel.ipkernel.sys is sys)")

    assert cell.outputs[0].text == "[] True\n"
