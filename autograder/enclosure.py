"""A kernel's enclosure: what a fork of the warm parent does to become a kernel that somebody else's code may have.

fork ─ process 1 of new namespaces: processes, network, mounts, IPC; it waits
         ├─ the kernel
         └─ process 1 of others ─ the learner's functions, one process after the other (beside a judge's kernel)
"""

import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from autograder import walls
from autograder.crossing import DOOR
from autograder.files import write_over
from autograder.kernelapp import run_kernel
from autograder.preload import forget
from autograder.room import serve_door, serve_line

SAFE = walls.NO_SUID | walls.NO_DEVICES
COUNTED = signal.SIGWINCH  # nobody minds it who does not know it
MAX_SHARED_PAGES = 16_384  # of System V shared memory: 64 MiB

Request = dict[str, Any]


def run_enclosed(request: Request, blobs: list[bytes], arena: Path) -> None:
    """Become the enclosure of a kernel, as process 1 of namespaces for processes, and wait for it. Never returns."""
    _end_with(lambda: _enclose(request, blobs, arena))


def _enclose(request: Request, blobs: list[bytes], arena: Path) -> int:
    os.setsid()
    walls.end_with_parent()
    walls.unshare(walls.NEW_MOUNTS | walls.NEW_NET | walls.NEW_IPC)
    walls.bring_up_loopback()
    _lay_out(request, arena)
    _settle_in()
    near, far = socket.socketpair() if request["functions"] else (None, None)
    kernel = _fork(lambda: _run_kernel(request, blobs, far))
    if near and far:
        far.close()
        _fork(lambda: _run_functions(request, near), walls.fork_first)
        near.close()
    return _wait_for(kernel)


def _lay_out(request: Request, arena: Path) -> None:
    """Mount what this kernel sees, over what the sandbox shows."""
    walls.mount("none", "/", "", walls.PRIVATE | walls.RECURSIVE)
    kept = [(path, os.open(path, os.O_PATH)) for path in request["keep"]]
    sizes = f"size={request['disk'] // 4},nr_inodes={request['inodes']},mode=0777"
    walls.mount(str(arena / "work"), "/lab", "", walls.BIND)
    walls.mount(str(arena / "k"), "/k", "", walls.BIND)
    for path in ("/tmp", "/learner", "/hidden", "/dev/shm"):
        walls.mount("none", path, "tmpfs", SAFE, sizes)
    for path, number in kept:  # the course itself may lie below /tmp
        os.makedirs(path, exist_ok=True)
        walls.mount(f"/proc/self/fd/{number}", path, "", walls.BIND)
        os.close(number)
    walls.mount("none", str(arena.parent), "tmpfs", SAFE | walls.READ_ONLY, "size=0")


def _settle_in() -> None:
    """See the processes of one's own namespace, and share little memory."""
    walls.mount("proc", "/proc", "proc", SAFE)
    Path("/proc/sys/kernel/shmall").write_text(str(MAX_SHARED_PAGES))


def _run_functions(request: Request, door: socket.socket) -> int:
    """Serve the door of the learner's functions, as process 1 of their namespaces, where nothing of the judge's can be seen."""
    walls.end_with_parent()
    walls.unshare(walls.NEW_MOUNTS | walls.NEW_IPC)
    for path in ("/k", "/hidden"):
        walls.mount("none", path, "tmpfs", SAFE | walls.READ_ONLY, "size=0")
    _settle_in()
    serve_door(door, lambda line: _fork(partial(_serve_functions, request, line)), lambda _: _end_others())
    return 0


def _end_others() -> None:
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _serve_functions(request: Request, line: int) -> int:
    warm = int(Path("/proc/self/statm").read_text().split()[5]) * os.sysconf("SC_PAGE_SIZE")  # data that the fork began with
    _give_up_rights({**request, "limits": {**request["limits"], "DATA": warm + request["functions_data"]}}, keep=[line])
    del sys.path[0]
    serve_line(line)
    return 0


def _run_kernel(request: Request, blobs: list[bytes], door: socket.socket | None) -> int:
    """Become the kernel, as somebody without rights."""
    _give_up_rights(request, keep=[door.fileno()] if door else [])
    for name, data in zip(request["files"], blobs, strict=True):
        with suppress(OSError):  # a disk that the learner filled
            write_over(Path(name), data)
    sys.path[0] = request["imports_from"]
    if door:
        os.environ[DOOR] = str(door.fileno())
    sys.argv = ["ipykernel_launcher"]
    run_kernel(request["connection"])
    return 0


def _give_up_rights(request: Request, keep: list[int]) -> None:
    """Reset what a fork shares with its parent, and become somebody without rights, within limits."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    opened = [int(name) for name in os.listdir("/proc/self/fd")]
    for number in opened:
        if number > 2 and number not in keep:
            with suppress(OSError):
                os.close(number)
    environ = request["environ"]
    for name in [name for name, value in os.environ.items() if environ.get(name) != value]:
        del os.environ[name]
    for name in environ.keys() - os.environ.keys():
        os.environ[name] = environ[name]
    time.tzset()
    walls.set_limits(request["limits"])
    walls.drop_privileges(request["user"])
    walls.forbid_calls()
    os.umask(0o077)
    os.chdir("/lab")
    forget()


def _fork(run: Callable[[], int], fork: Callable[[], int] = os.fork) -> int:
    """Fork; the child runs and ends. Return the child's pid."""
    pid = fork()
    if not pid:
        _end_with(run)
    return pid


def _end_with(run: Callable[[], int]) -> None:
    code = 70
    try:
        code = run()
    except BaseException:
        with suppress(OSError):  # the grader looks there where no kernel comes up
            Path("/k/error").write_text(traceback.format_exc())
    finally:
        os._exit(code)


def _wait_for(kernel: int) -> int:
    """Pass interrupts on to the kernel, and return its exit code when it has ended.

    What the kernel's children leave behind, and has ended, stays in the system's list until it was counted: of a fork bomb that burns
    out within a moment nothing else could be seen.
    """
    signal.signal(signal.SIGINT, lambda number, _: _send(kernel, number))
    signal.signal(COUNTED, lambda *_: _bury_all_but(kernel))
    code = os.waitstatus_to_exitcode(os.waitpid(kernel, 0)[1])
    return code if code >= 0 else 128 - code


def _bury_all_but(kernel: int) -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid != kernel:
            os.waitpid(ended.si_pid, 0)


def _send(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
