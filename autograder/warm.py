"""Warm processes without a sandbox: a program that has imported what a lab imports forks a kernel, or a room, for each who asks.

    python -m autograder.warm serve NUMBER IMPORT …      the program, on its socket's number; it ends with the one that started it
    python -m autograder.warm kernel SOCKET CONNECTION   what a kernel specification starts: it stands for the kernel that it asks for

Who asks connects to the socket and says what for, in one message: a JSON object, with the descriptor of a line for a room. It hears the
fork's process id, and its exit code in the end. When it closes the connection, the fork is ended; of a room, all that it started, too.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from autograder import walls
from autograder.preload import forget, preload, settle
from autograder.room import serve_line

SOCKET = "AUTOGRADER_WARM"  # the path of the program's socket, in the environment of a judge's kernel
POLL_SECONDS = 0.05
MESSAGE_BYTES = 2**20
Job = Callable[[], None]


def start(path: Path, imports: Sequence[str], environ: dict[str, str] | None = None) -> "subprocess.Popen[bytes]":
    """Start the program at `path`. It can be asked at once: who asks waits until it has imported."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        command, nowhere = [sys.executable, "-P", "-m", "autograder.warm", "serve", str(listener.fileno()), *imports], subprocess.DEVNULL
        return subprocess.Popen(
            command, stdin=nowhere, stdout=nowhere, stderr=nowhere, pass_fds=[listener.fileno()], start_new_session=True, env=environ
        )


def kernel_command(path: Path) -> list[str]:
    """Return the command of a kernel specification whose kernels come from the program at `path`."""
    return [sys.executable, "-P", "-m", "autograder.warm", "kernel", str(path), "{connection_file}"]


class Fork:
    """A fork of the program at `path`, asked for with `wish`. `pid` is its process id. Raises OSError where the program has ended."""

    def __init__(self, path: str, wish: dict[str, Any], lines: Sequence[int] = ()) -> None:
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(path)
        self._said = self._line.makefile()
        socket.send_fds(self._line, [json.dumps(wish).encode()], list(lines))
        if not (said := self._hear()):
            raise OSError(f"the program that forks at {path} has ended")
        self.pid = int(said)

    def wait(self) -> int:
        """Wait for its end; return its exit code."""
        return int(self._hear() or 70)

    def end(self) -> None:
        """End it. When this returns, it is gone."""
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_WR)
        while self._hear():
            pass
        self._said.close()
        self._line.close()

    def _hear(self) -> str:
        with suppress(OSError):
            return self._said.readline()
        return ""


def _serve(listener: socket.socket) -> Job:
    """Fork for each who asks. Returns in the forks only: what each has to do."""
    forks: dict[socket.socket, tuple[int, Callable[[int], None]]] = {}
    while True:
        ready, _, _ = select.select([listener, *forks], [], [], POLL_SECONDS if forks else None)
        for line, (pid, end) in list(forks.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended and line not in ready:
                continue
            end(pid)
            status = status if ended else os.waitpid(pid, 0)[1]
            _tell(line, os.waitstatus_to_exitcode(status))
            line.close()
            del forks[line]
        if listener not in ready:
            continue
        line, _ = listener.accept()
        said, numbers, _, _ = socket.recv_fds(line, MESSAGE_BYTES, 1)
        if not said:
            line.close()
            continue
        wish = json.loads(said)
        pid = os.fork()
        if not pid:
            for other in (listener, line, *forks):
                other.close()
            return partial(_be_room, numbers[0]) if "room" in wish else partial(_be_kernel, wish)
        if "room" in wish:
            _lead_group(pid)
        forks[line] = pid, _end_group if "room" in wish else _end
        for number in numbers:
            os.close(number)
        _tell(line, pid)


def _be_room(line: int) -> None:
    _lead_group(0)
    _end_with_parent()
    forget()
    serve_line(line)


def _be_kernel(wish: dict[str, Any]) -> None:
    os.setsid()
    _end_with_parent()
    forget()
    os.environ.clear()
    os.environ.update(wish["environ"])
    os.chdir(wish["cwd"])
    sys.path[:0] = ["", *(path for path in wish["environ"].get("PYTHONPATH", "").split(os.pathsep) if path and path not in sys.path)]
    sys.argv = ["ipykernel_launcher", "-f", wish["kernel"], "--HistoryManager.enabled=False"]  # it would change how SQLite reads times
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance()


def _lead_group(pid: int) -> None:
    """Make the process the leader of a group: the fork and its parent both do so, whichever comes first."""
    with suppress(OSError):
        os.setpgid(pid, pid)


def _end(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _end_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _tell(line: socket.socket, number: int) -> None:
    with suppress(OSError):  # who asked has gone
        line.sendall(f"{number}\n".encode())


def _end_with_parent() -> None:
    if sys.platform == "linux":
        walls.end_with_parent()


def _stand_for_kernel(path: str, connection: str) -> int:
    fork = Fork(path, {"kernel": connection, "environ": dict(os.environ), "cwd": os.getcwd()})
    signal.signal(signal.SIGINT, lambda *_: os.killpg(fork.pid, signal.SIGINT))
    code = fork.wait()
    return code if code >= 0 else 128 - code


def main(command: str, where: str, *rest: str) -> None:
    """Run the program, or stand for a kernel of it. Imports are made beforehand where forking is safe then."""
    if command == "kernel":
        sys.exit(_stand_for_kernel(where, rest[0]))
    _end_with_parent()
    if sys.platform == "linux":
        preload(rest)
        settle()
    with socket.socket(fileno=int(where)) as listener:
        job = _serve(listener)
    job()


if __name__ == "__main__":
    main(*sys.argv[1:])
