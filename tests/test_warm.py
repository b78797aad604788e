"""Warm processes without a sandbox: what is asked for is there, is anew, and ends when it is no longer wanted."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from autograder import warm
from autograder.crossing import Crossing
from autograder.definitions import definitions

IMPORTED = "colorsys"  # nothing imports it by itself
PATIENT = 20.0
Started = tuple[KernelManager, BlockingKernelClient]
ROOMS = "import random", "import numpy", "def f():\n    return [random.random(), float(numpy.random.rand())]"


def _notebook(*cells: str) -> NotebookNode:
    return new_notebook(cells=[new_code_cell(text) for text in cells])


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Path]:
    """A program that has imported a module; its socket."""
    process = warm.start(tmp_path / "warm", [IMPORTED])
    yield tmp_path / "warm"
    process.kill()
    process.wait()


@pytest.fixture
def kernel(program: Path, tmp_path: Path) -> Iterator[Started]:
    """A kernel of the program, as Jupyter starts it by a specification, and its client."""
    manager = KernelManager(transport="ipc", ip=str(tmp_path / "k"))
    manager._kernel_spec = KernelSpec(argv=warm.kernel_command(program), language="python")
    manager.start_kernel(cwd=str(tmp_path), env={**os.environ, "HERE": "1"})
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def value(client: BlockingKernelClient, expression: str) -> str:
    """Return what an expression is in the kernel, as text."""
    reply = client.execute("", user_expressions={"it": expression}, reply=True, timeout=PATIENT)
    return str(reply["content"]["user_expressions"]["it"]["data"]["text/plain"])


def until(condition: Callable[[], bool]) -> bool:
    """Wait until something is so; return whether it is."""
    end = time.monotonic() + PATIENT
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is imported beforehand")
def test_a_kernel_has_the_imports(kernel: Started) -> None:
    """That is what makes it warm."""
    assert value(kernel[1], f"{IMPORTED!r} in __import__('sys').modules") == "True"


def test_a_kernel_leaves_sqlite_as_the_imports_made_it(kernel: Started) -> None:
    """IPython's history would replace how it reads times, after a library that was imported beforehand has set that up."""
    assert value(kernel[1], "__import__('sqlite3').converters['TIMESTAMP'].__module__") == "'sqlite3.dbapi2'"


def test_a_kernel_has_the_folder_and_the_environment_of_who_asks(kernel: Started, tmp_path: Path) -> None:
    """Not the program's."""
    assert value(kernel[1], "__import__('os').getcwd()") == repr(str(tmp_path))
    assert value(kernel[1], "__import__('os').environ['HERE']") == "'1'"


def test_a_kernel_imports_what_lies_in_its_folder(kernel: Started, tmp_path: Path) -> None:
    """As one that Jupyter starts does."""
    (tmp_path / "lies_here.py").write_text("N = 5\n")

    assert value(kernel[1], "__import__('lies_here').N") == "5"


def test_a_kernel_is_interrupted(kernel: Started) -> None:
    """The signal goes to what stands for it."""
    manager, client = kernel
    asked = client.execute("print('begun', flush=True)\nwhile True: pass")
    while client.get_iopub_msg(timeout=PATIENT)["msg_type"] != "stream":
        pass

    manager.interrupt_kernel()
    while (reply := client.get_shell_msg(timeout=PATIENT))["parent_header"]["msg_id"] != asked:
        pass  # answers to who asked whether it is ready

    assert reply["content"]["ename"] == "KeyboardInterrupt"


def test_a_kernel_ends_with_what_stands_for_it(kernel: Started) -> None:
    """Jupyter kills the process that it started."""
    manager, client = kernel
    pid = int(value(client, "__import__('os').getpid()"))

    manager.shutdown_kernel(now=True)

    assert until(lambda: not psutil.pid_exists(pid))


def test_a_kernel_that_ends_is_seen_to_end(kernel: Started) -> None:
    """What stands for it ends, too."""
    manager, client = kernel

    client.execute("import os; os._exit(3)")

    assert until(lambda: not manager.is_alive())


def room(program: Path) -> tuple[warm.Fork, socket.socket]:
    """Return a room of the program, and the line to it."""
    near, far = socket.socketpair()
    with far:
        return warm.Fork(str(program), {"room": True}, [far.fileno()]), near


def test_a_room_that_is_ended_is_gone(program: Path) -> None:
    """When `end` returns, not later."""
    fork, line = room(program)
    assert psutil.pid_exists(fork.pid)

    fork.end()

    assert not psutil.pid_exists(fork.pid)
    line.close()


def test_a_room_ends_when_its_line_is_closed(program: Path) -> None:
    """Whoever asked for it may have been killed."""
    fork, line = room(program)

    line.close()

    fork.wait()
    assert not psutil.pid_exists(fork.pid)
    fork.end()


def test_a_program_that_has_ended_is_said_to_have(tmp_path: Path) -> None:
    """While somebody waits for its answer: its silence is no process id."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "warm"))
        listener.listen()
        threading.Timer(0.2, lambda: listener.shutdown(socket.SHUT_RDWR) or listener.close()).start()

        with pytest.raises(OSError, match="has ended"):
            warm.Fork(str(tmp_path / "warm"), {"room": True})


def test_the_program_outlives_its_forks(program: Path) -> None:
    """One after the other, and two at a time."""
    for _ in range(2):
        (one, line), (two, other) = room(program), room(program)
        assert one.pid != two.pid
        one.end()
        assert psutil.pid_exists(two.pid)
        two.end()
        line.close()
        other.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the program sees the end of its parent later")
def test_the_program_and_its_forks_end_with_who_started_it(tmp_path: Path) -> None:
    """A grader that is killed leaves nothing running."""
    text = """
import os, socket, sys
from pathlib import Path
from autograder import warm
process = warm.start(Path(sys.argv[1]), [])
near, far = socket.socketpair()
fork = warm.Fork(sys.argv[1], {"room": True}, [far.fileno()])
print(process.pid, fork.pid, flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", text, str(tmp_path / "warm")]
    starter = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    pids = [int(pid) for pid in starter.stdout.readline().split()]
    assert len(pids) == 2 and all(map(psutil.pid_exists, pids))

    starter.send_signal(signal.SIGKILL)
    starter.communicate()

    assert until(lambda: not any(map(psutil.pid_exists, pids)))


def test_each_room_draws_its_own_random_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forks would share their parent's state."""
    monkeypatch.chdir(tmp_path)
    given = definitions(_notebook(*ROOMS), ["f"])
    crossing = Crossing(given.statements, given.needs, PATIENT)
    drawn: list[Any] = []
    for _ in range(2):
        drawn.append(crossing.function("f")())
        crossing.put_back()
    crossing.close()

    assert drawn[0][0] != drawn[1][0] and drawn[0][1] != drawn[1][1]


def test_what_the_learner_wrote_is_imported_anew_in_each_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that lies beside the notebook is not imported beforehand: the judge may write another."""
    monkeypatch.chdir(tmp_path)
    given = definitions(_notebook("import written", "def f():\n    return written.N"), ["f"])
    Path("written.py").write_text("N = 1\n")
    crossing = Crossing(given.statements, given.needs, PATIENT)
    first = crossing.function("f")()
    crossing.put_back()

    Path("written.py").write_text("N = 200\n")
    second = crossing.function("f")()
    crossing.close()

    assert (first, second) == (1, 200)
