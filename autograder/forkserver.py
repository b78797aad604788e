"""The warm parent: it has imported what a lab imports, and forks each kernel from itself, walled in. It runs inside the sandbox.

Its one line to the grader is the socket whose number it is given: a request is a JSON object and as many byte strings as its `blobs` says, an
answer is a JSON object. The layout of files, which the sandbox prepares, is: /arena/N for a submission, and in each of its kernels
/work (the notebook's folder, the same for all kernels of a submission), /tmp, /learner (its home), /hidden (the judge's) and /k (the kernel's sockets).
"""

import gc
import importlib
import json
import os
import random
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from autograder import walls

SAMPLE_SECONDS = 0.2
ARENA = Path("/arena")


class Child:
    """A kernel with all that it starts: `pid` is that of the process which waits for it."""

    def __init__(self, pid: int, most_bytes: int) -> None:
        self.pid, self.most_bytes, self.peak, self.code, self.over = pid, most_bytes, 0, None, False
        self.code: int | None

    def look(self) -> None:
        """Note whether it has ended, and what it uses; end it where that is too much."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
                return
            used = sum(map(_own_bytes, _descendants(self.pid)))
            self.peak = max(self.peak, used)
            if used > self.most_bytes:
                self.over = True
                self.end()

    def end(self) -> None:
        """End it and everything that it started."""
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def serve(line: Connection) -> None:
    """Answer requests until the grader goes away."""
    children: dict[int, Child] = {}
    looked = 0.0
    while True:
        ready, _, _ = select.select([line], [], [], SAMPLE_SECONDS)
        if time.monotonic() - looked >= SAMPLE_SECONDS:
            looked = time.monotonic()
            for child in children.values():
                child.look()
        if not ready:
            continue
        try:
            request = json.loads(line.recv_bytes())
            blobs = [line.recv_bytes() for _ in range(request.get("blobs", 0))]
        except EOFError:
            return
        line.send_bytes(json.dumps(_answer(request, blobs, children, line)).encode())


def _answer(request: dict[str, Any], blobs: list[bytes], children: dict[int, Child], line: Connection) -> dict[str, Any]:
    match request["do"]:
        case "open":
            _open_arena(request)
            return {}
        case "close":
            walls.unmount(str(ARENA / request["arena"]))
            (ARENA / request["arena"]).rmdir()
            return {}
        case "start":
            pid = os.fork()
            if not pid:
                line.close()
                _run_child(request, blobs)
            children[pid] = Child(pid, request["memory"])
            return {"pid": pid}
    child = children[request["pid"]]
    if request["do"] == "signal" and child.code is None:
        os.kill(child.pid, request["signal"])
    if request["do"] == "end":
        child.end()
    child.look()
    return {"code": child.code, "peak": child.peak, "over": child.over}


def _open_arena(request: dict[str, Any]) -> None:
    place = ARENA / request["arena"]
    place.mkdir()
    options = f"size={request['disk']},nr_inodes={request['inodes']},mode=0755"
    walls.mount("arena", str(place), "tmpfs", walls.NO_SUID | walls.NO_DEVICES, options)
    for name in ("work", "tmp", "tmp-judge", "k"):
        (place / name).mkdir()
        if request["user"] is not None:
            os.chown(place / name, request["user"], request["user"])


def _run_child(request: dict[str, Any], blobs: list[bytes]) -> None:
    """Become the process that waits for a kernel in namespaces of its own. Never returns."""
    code = 70
    try:
        os.setsid()
        walls.unshare(walls.NEW_MOUNTS | walls.NEW_IPC | walls.NEW_PIDS | walls.NEW_NET)
        code = _wait_for(os.fork(), lambda: _run_first(request, blobs))
    except BaseException as error:
        import traceback; traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(code)


def _run_first(request: dict[str, Any], blobs: list[bytes]) -> int:
    """Be process 1 of the new namespaces: lay out the files, start the kernel, and end all when it ends."""
    walls.end_with_parent()
    walls.bring_up_loopback()
    _lay_out(request)
    return _wait_for(os.fork(), lambda: _run_program(request, blobs))


def _wait_for(pid: int, run: Callable[[], int]) -> int:
    """In the child (pid 0), run and end. In the parent, pass interrupts on, and return the child's exit code when it has ended."""
    if not pid:
        code = 70
        try:
            code = run()
        except BaseException as error:
            import traceback; traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(code)
    signal.signal(signal.SIGINT, lambda *_: _send_on(pid))
    while True:
        ended, status = os.wait()
        if ended == pid:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _send_on(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)


def _lay_out(request: dict[str, Any]) -> None:
    place, judge = ARENA / request["arena"], request["judge"]
    walls.mount("none", "/", "", walls.PRIVATE | walls.RECURSIVE)
    safe = walls.NO_SUID | walls.NO_DEVICES
    walls.mount(str(place / "work"), "/work", "", walls.BIND)
    kept = [(path, os.open(path, os.O_PATH)) for path in request["keep"]]
    walls.mount(str(place / ("tmp-judge" if judge else "tmp")), "/tmp", "", walls.BIND)
    for path, number in kept:  # the course itself may lie below /tmp
        os.makedirs(path, exist_ok=True)
        walls.mount(f"/proc/self/fd/{number}", path, "", walls.BIND)
        os.close(number)
    walls.mount(str(place / "k"), "/k", "", walls.BIND)
    for name in ("/learner", "/dev/shm", "/hidden"):
        walls.mount("none", name, "tmpfs", safe, f"size={request['disk']},nr_inodes={request['inodes']},mode=0777")
    walls.mount("none", str(ARENA), "tmpfs", safe | walls.READ_ONLY, "size=0")
    walls.mount("proc", "/proc", "proc", safe)


def _run_program(request: dict[str, Any], blobs: list[bytes]) -> int:
    """Become the kernel, as somebody without rights."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(request["environ"])
    walls.set_limits(request["limits"])
    walls.drop_privileges(request["user"])
    os.umask(0o077)
    os.chdir("/work")
    for name, data in zip(request["files"], blobs, strict=True):
        _write_over(Path(name), data)
    tempfile.tempdir = None
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    sys.path[0] = "/hidden" if request["judge"] else ""
    sys.argv = ["ipykernel_launcher"]
    gc.unfreeze()
    connection = Path("/k/connection.json")
    _write_over(connection, json.dumps(request["connection"]).encode())
    from ipykernel.kernelapp import IPKernelApp

    for number in (0, 1, 2):
        os.dup2(os.open(os.devnull, os.O_RDWR), number)
    app = IPKernelApp.instance(connection_file=str(connection))
    app.initialize(["--HistoryManager.enabled=False", "--IPKernelApp.no_stdout=False", "--quiet"])
    app.start()  # type: ignore[no-untyped-call]
    return 0


def _write_over(path: Path, data: bytes) -> None:
    """Write a file, whatever is there now; links are not followed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        path.unlink()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
        file.write(data)


def _descendants(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        with suppress(OSError):
            for thread in os.listdir(f"/proc/{parent}/task"):
                found += map(int, Path(f"/proc/{parent}/task/{thread}/children").read_text().split())
    return found


def _own_bytes(pid: int) -> int:
    """Return the bytes of memory that are a process's own; what it still shares with the warm parent is not."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))
    return 0


def main(number: int, imports: list[str]) -> None:
    """Import what the lab imports, freeze it, and serve on the socket with the given number."""
    for name in ["ipykernel.kernelapp", "ipykernel.datapub", "matplotlib_inline.backend_inline", *imports]:
        with suppress(Exception):  # what cannot be imported is the lab's to find
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    with Connection(number) as line:
        line.send_bytes(b'{"ready": true}')
        serve(line)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
