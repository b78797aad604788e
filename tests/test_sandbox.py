"""What a walled kernel can reach, tried from inside it with the code that would reach it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat import NotebookNode

from autograder import sandbox
from autograder.execute import Limits, execute
from autograder.notebook import read_notebook, write_notebook
from autograder.walled import close_servers

pytestmark = pytest.mark.skipif(bool(sandbox.why_not()), reason=sandbox.why_not() or "there is a sandbox")
LIMITS = Limits(cell_seconds=20, total_seconds=120)


@pytest.fixture(scope="module", autouse=True)
def servers() -> Iterator[None]:
    """End the fork server that the cases share."""
    yield
    close_servers()


def run(*sources: str, judge: str = "") -> NotebookNode:
    """Execute a notebook of these cells, and of a judge cell if given, behind walls."""
    cells = [nbformat.v4.new_code_cell(source, id=f"c{number}") for number, source in enumerate(sources)]
    if judge:
        marks = {"grade": True, "solution": False, "locked": True, "points": 1, "grade_id": "judge-x", "schema_version": 3}
        cells.append(nbformat.v4.new_code_cell(judge, id="judge", metadata={"nbgrader": marks, "tags": ["judge"]}))
    notebook = nbformat.v4.new_notebook(cells=cells)
    return read_notebook(execute(write_notebook(notebook), {}, {"secret.py": b"ANSWER = 42\n"}, LIMITS, ("json",)))


def shown(notebook: NotebookNode, number: int = 0) -> str:
    """Return what a cell printed, or its error's name and message."""
    return "".join(o.get("text", "") or f"{o.get('ename', '')}: {o.get('evalue', '')}" for o in notebook.cells[number].outputs).strip()


def test_the_root_is_read_only_and_the_machine_is_not_there(tmp_path: Path) -> None:
    """Neither the host's files nor a place to write beyond one's own folders."""
    (tmp_path / "secret").write_text("very secret")
    notebook = run(
        f"print(open({str(tmp_path / 'secret')!r}).read())",
        "open('/usr/mine', 'w')",
        "import os\nprint(sorted(os.listdir('/')))",
        "print(open('/etc/shadow').read())",
    )

    assert shown(notebook, 0).startswith("FileNotFoundError")
    assert shown(notebook, 1).startswith(("PermissionError", "OSError"))
    assert "root" not in shown(notebook, 2) or "home" not in shown(notebook, 2)
    assert shown(notebook, 3).startswith("FileNotFoundError")


def test_no_network_but_its_own_loopback() -> None:
    """A server on the host's loopback is not reached; one of its own is."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        own = "import socket\nserver = socket.create_server(('127.0.0.1', 0))\n"
        own += "client = socket.create_connection(server.getsockname())\nprint('reached', socket.gethostbyname('localhost'))"
        notebook = run(
            f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 3)",
            "socket.create_connection(('192.0.2.1', 80), 3)",
            own,
        )

    assert shown(notebook, 0).startswith("ConnectionRefusedError")
    assert shown(notebook, 1).startswith("OSError")
    assert shown(notebook, 2) == "reached 127.0.0.1"


def test_it_has_no_rights_and_can_get_none() -> None:
    """No capabilities, no new privileges, a filter of system calls; a new namespace is refused."""
    status = "print([l.split() for l in open('/proc/self/status') if l.startswith(('CapEff', 'CapBnd', 'NoNewPrivs', 'Seccomp:'))])"
    unshare = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nprint(libc.unshare(0x10000000), ctypes.get_errno())"
    notebook = run(status, unshare)

    assert shown(notebook) == "[['CapEff:', '0000000000000000'], ['CapBnd:', '0000000000000000'], ['NoNewPrivs:', '1'], ['Seccomp:', '2']]"
    assert shown(notebook, 1) == "-1 1"


def test_other_processes_are_not_there() -> None:
    """It sees its own processes, and the way through one of them leads nowhere."""
    notebook = run("import os\nprint([p for p in os.listdir('/proc') if p.isdigit()])", "print(os.listdir('/proc/1/root'))")

    assert len(eval(shown(notebook))) <= 3
    assert shown(notebook, 1).startswith("PermissionError")


def test_hidden_files_are_the_judges_alone() -> None:
    """A learner's cell and a learner's function do not find what the judge imports."""
    function = "def look():\n    import os\n    return sorted(os.listdir('/hidden')), os.path.exists('/k/s-1')"
    notebook = run(
        "import os\nprint(os.listdir('/hidden'))",
        function,
        judge="import secret\nassert secret.ANSWER == 42\nassert look() == ([], False), look()",
    )

    assert shown(notebook) == "[]"
    assert notebook.cells[-1].metadata["autograder"]["state"] == "ok", shown(notebook, 2)


def test_a_module_in_the_folder_does_not_pose_as_one_of_the_judges() -> None:
    """What the learner leaves beside the notebook is not imported by the judge."""
    notebook = run("open('colorsys.py', 'w').write('rgb_to_hsv = None')", judge="import colorsys\nassert colorsys.rgb_to_hsv")

    assert notebook.cells[-1].metadata["autograder"]["state"] == "ok"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("kept = []\nwhile True:\n    kept.append(bytearray(2**26))", "memory"),
        ("import os, time\nfor _ in range(200):\n    if not os.fork():\n        time.sleep(30)\n        os._exit(0)", "processes"),
        ("import os, time\nwhile True:\n    os.fork()", "processes"),
    ],
    ids=["memory", "children", "fork-bomb"],
)
def test_too_much_ends_the_kernel_and_is_said(source: str, why: str) -> None:
    """Memory and processes are bounded; the cells around it run."""
    notebook = run("print('before')", source, "print('after')")

    ended = notebook.cells[1].metadata["autograder"]
    assert [cell.metadata["autograder"]["state"] for cell in notebook.cells][::2] == ["ok", "ok"]
    refused = {"memory": "MemoryError", "processes": "BlockingIOError"}[why]
    assert (ended["state"] == "died" and why in ended["why"]) or refused in shown(notebook, 1), ended


def test_a_bomb_that_burns_out_within_a_moment_is_seen() -> None:
    """What has ended, and nobody waits for, stays until it was counted: 254 short processes within some 30 ms are too many."""
    bomb = "b() { [ $1 = 0 ] || b $(($1 - 1)) | b $(($1 - 1)) & }; b 7"
    notebook = run(f"import os, time\nos.system({bomb!r})\ntime.sleep(1)", "print('after')")

    assert [cell.metadata["autograder"]["state"] for cell in notebook.cells] == ["died", "ok"]
    assert "processes" in notebook.cells[0].metadata["autograder"]["why"]


def test_processes_that_nobody_waits_for_may_end_one_after_the_other() -> None:
    """300 of them in some seconds: never too many at once, and none of them is in the way of a later one."""
    notebook = run("import os\nprint(os.system('for i in $(seq 300); do (: &); sleep 0.005; done'))")

    assert shown(notebook) == "0"
    assert notebook.cells[0].metadata["autograder"]["state"] == "ok"


def test_a_full_disk_is_bounded_and_the_judge_can_still_write() -> None:
    """The folder holds so much and no more, and what the learner filled does not hinder the judge."""
    fill = "for number in range(99):\n    with open(f'big{number}', 'wb') as file:\n        file.write(bytes(2**26))"
    notebook = run(fill, judge="open('mine', 'wb').write(bytes(2**20))")

    assert shown(notebook).startswith("OSError: [Errno 28]")
    assert notebook.cells[-1].metadata["autograder"]["state"] == "ok"


def test_nothing_outlives_the_server() -> None:
    """When the sandbox is closed, no process of it is left."""
    before = set(psutil.Process().children(recursive=True))
    server = sandbox.ForkServer(("json",))
    new = set(psutil.Process().children(recursive=True)) - before
    server.close()

    _, alive = psutil.wait_procs(new, timeout=5)
    assert new
    assert alive == []
