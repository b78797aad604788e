"""The kernel that an enclosure becomes: what it leaves out, and that a learner sees no difference."""

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

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


HABITS = [  # what learners do in notebooks, beside Python
    "%timeit -n1 -r1 pass", "%%bash\necho hi", "!echo there", "%%writefile a.py\nx = 3", "%run a.py", "x",
    "%load_ext autoreload", "%autoreload 2", "%%html\n<b>x</b>", "%who", "%%capture caught\nprint(1); 2", "caught.stdout, caught.outputs",
    "%matplotlib inline", "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()", "await __import__('asyncio').sleep(0.01); 5",
    "_, __, list(Out), In[1]", "x?", "int.bit_length??", "from IPython.display import *; clear_output()",
    "display(Markdown('a'), Latex('$x$'))", "raise SystemExit", "7", "%precision 2", "3.14159", "%alias foo echo foo", "foo", "def",
    "x = (", "%tb", "print('a\\rb')", "__import__('warnings').warn('w')", "import logging; logging.getLogger().warning('lw')", "help(abs)",
    "input('?')", "__import__('getpass').getpass()", "__name__", "def g(): return 1", "import inspect; inspect.getsource(g)",
    "import pickle; pickle.loads(pickle.dumps(g))()", "%reset -f", "'x' in globals()", "import asyncio; asyncio.run(None)", "%sx echo 1",
    "!!echo 2", "%config InteractiveShell.ast_node_interactivity='all'", "1\n2", "exit()", "8",
]  # fmt: skip


def run(*sources: str, warm: tuple[str, ...] | None = ()) -> list[nbformat.NotebookNode]:
    """Execute cells behind walls, or, where `warm` is None, in a kernel as Jupyter starts it; return them."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    return list(read_notebook(execute(write_notebook(notebook), {}, {}, warm=warm)).cells)


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
    shown = "\n".join(cells[1].outputs[0].traceback)

    assert shown.splitlines() == [
        *("-" * 75, f"{'ZeroDivisionError':42}Traceback (most recent call last)"),
        *("Cell In[2], line 2", "      1 a = 3", "----> 2 f(0)", ""),
        *("Cell In[1], line 2, in f(x)", "      1 def f(x):", "----> 2     return 1 / x", ""),
        "ZeroDivisionError: division by zero",
    ]
    assert cells[2].outputs[0].text == "def f(x):\n    return 1 / x\n\n"


@walled
def test_a_kernel_finds_itself_as_if_it_were_made_for_this_learner() -> None:
    """Its main module, its folder and its environment are the kernel's, not the parent's that it was forked from."""
    text = [
        "import os, sys, IPython, ipykernel.kernelapp",
        "shell = get_ipython()",
        "print(sys.modules['__main__'].__dict__ is globals(), shell.kernel.shell is shell, IPython.get_ipython() is shell)",
        "print(_dh[-1], shell.starting_dir, os.environ['PAGER'], ipykernel.kernelapp.IPKernelApp.instance().shell is shell)",
        "print(display, shell.parent is shell.kernel)",
    ]
    cell, *others = run("\n".join(text), "kept = 1\n%store kept", "del kept", "%store -r kept", "print(kept)")

    assert others[-1].outputs[0].text == "1\n"
    assert cell.outputs[0].text.splitlines()[:2] == ["True True True", "/lab /lab cat True"]
    assert cell.outputs[0].text.splitlines()[2].endswith(" True")


def test_the_parent_notices_nothing_of_the_shell_that_it_made(tmp_path: Path) -> None:
    """The rooms of learners' functions are its forks, too: they are in no notebook."""
    text = [
        "import builtins, os, sys, IPython",
        "from autograder.kernelapp import make_ready",
        "before = sys.modules['__main__'], set(vars(builtins)), dict(os.environ)",
        "make_ready()",
        "assert before == (sys.modules['__main__'], set(vars(builtins)), dict(os.environ))",
        "assert IPython.get_ipython() is None",
    ]
    environ = {**os.environ, "HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", "\n".join(text)], env=environ, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr


@walled
def test_what_is_written_is_all_there_and_in_order() -> None:
    """To both streams, from threads, in pieces, without a line's end, after a while, and past Python by the file's number."""
    text = [
        "import sys, threading, time",
        "print('a', end=''); print('b', file=sys.stderr); print('c', flush=True)",
        "threads = [threading.Thread(target=print, args=(number,)) for number in range(20)]",
        "[thread.start() for thread in threads]; [thread.join() for thread in threads]",
        "time.sleep(0.3); print('d'); time.sleep(0.3); sys.stdout.write('e')",
    ]
    cells = run("\n".join(text), "None", "print('next')", "import os\nos.write(1, b'by number'); time.sleep(0.1)")
    out, error = ("".join(o.text for o in cells[0].outputs if o.get("name") == name) for name in ("stdout", "stderr"))

    assert (out[:3], out[-3:], error) == ("ac\n", "d\ne", "b\n")
    assert sorted(map(int, out[3:-3].split())) == list(range(20))
    assert cells[1].outputs == []
    assert (cells[2].outputs[0].text, cells[3].outputs[0].text) == ("next\n", "by number")


@walled
def test_what_a_forked_child_writes_is_shown() -> None:
    """Also where the notebook itself has written nothing before; and the child has the notebook's streams to itself."""
    text = [
        "import os, sys, time",
        "pid = os.fork()",
        "if not pid:",
        "    print('from a child'); sys.stdout.flush(); os._exit(0)",
        "status = os.waitpid(pid, 0)[1]; time.sleep(0.5); print('then', status)",
    ]
    (cell,) = run("\n".join(text))

    assert "".join(output.text for output in cell.outputs) == "from a child\nthen 0\n"


@walled
def test_what_is_shown_can_be_brought_up_to_date() -> None:
    """In the same cell, and from a later one."""
    cells = run("shown = display('a', display_id='one'); shown.update('b')", "display('c', display_id='two')", "shown.update('d')")

    assert [cell.outputs[0].data["text/plain"] for cell in cells[:2]] == ["'d'", "'c'"]
    assert cells[2].outputs == []


@walled
def test_whatever_learners_do_comes_out_as_in_jupyters_own_kernel() -> None:
    """Numbers, states and outputs are the same, but for colours, places and times."""
    ours, jupyters = ([_said(cell) for cell in run(*HABITS, warm=warm)] for warm in ((), None))

    assert [pair for pair in zip(HABITS, ours, jupyters, strict=True) if pair[1] != pair[2]] == []


def _said(cell: nbformat.NotebookNode) -> tuple[int, str, str]:
    state = cell.metadata["autograder"]["state"]
    shown = "\n".join(repr([output.get("data"), output.get("name"), output.get("text"), output.get("evalue")]) for output in cell.outputs)
    return cell.execution_count, state, re.sub(r"\\x1b\[[\d;]*m|/tmp/\S*/|\d+\.py|0x\w+|\d+(\.\d+)? [nµμm]?s\b", "", shown)


@walled
def test_cells_may_wait_for_coroutines() -> None:
    """One after the other, also after an error, and for a task that a cell before has begun."""
    text = [
        "import asyncio",
        "async def later(x):",
        "    await asyncio.sleep(0.01)",
        "    return 1 / x",
        "task = asyncio.create_task(later(2))",
    ]
    cells = run("\n".join(text), "await later(1)", "await later(0)", "await asyncio.gather(task, later(4))")

    assert [cell.metadata["autograder"]["state"] for cell in cells] == ["ok", "ok", "failed", "ok"]
    assert [cell.outputs[0].data["text/plain"] for cell in (cells[1], cells[3])] == ["1.0", "[0.5, 0.25]"]
    assert cells[2].outputs[0].ename == "ZeroDivisionError"


@walled
def test_cells_are_numbered_as_jupyter_does() -> None:
    """Also those that fail or show nothing."""
    cells = run("1", "x = 1", "1 / 0", "None")

    assert [cell.execution_count for cell in cells] == [1, 2, 3, 4]
    assert cells[0].outputs[0].execution_count == 1


@walled
def test_what_nobody_needs_is_not_there() -> None:
    """No debugger, and no thread for what is shown as long as nothing waits to be."""
    cells = run("import sys, threading; kernel = get_ipython().kernel", "'debugpy' in sys.modules, kernel.iopub_thread.thread.is_alive()")

    assert cells[1].outputs[0].data["text/plain"] == "(False, False)"


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
