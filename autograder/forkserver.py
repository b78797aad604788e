"""The warm parent: it has imported what a lab imports, and forks each kernel from itself, walled in. It runs inside the sandbox.

Its one line to the grader is the socket whose number it is given: a request is a JSON object and as many byte strings as its `blobs`
says, an answer is a JSON object. A submission has an arena, a file system of its own. Its kernels see /lab (the notebook's folder, the
same for all of them), /tmp, /learner (their home) and /k (their sockets), the judge's also /hidden.
"""

import json
import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from autograder import walls
from autograder.enclosure import COUNTED, run_enclosed
from autograder.kernelapp import make_ready
from autograder.preload import preload, settle

ARENA = Path("/arena")
SAMPLE_SECONDS = 0.2
END_SECONDS = 30.0


class Kernel:
    """A kernel with all that it starts, as the server sees it: `pid` is the process that waits for it, `why` says why it was ended."""

    def __init__(self, pid: int, most_bytes: int, most_processes: int) -> None:
        self.pid, self.peak, self.why = pid, 0, ""
        self.code: int | None = None
        self._dying: list[int] = []
        self._most_bytes, self._most_processes = most_bytes, most_processes

    def look(self) -> None:
        """Note whether it has ended."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None

    def measure(self) -> None:
        """Note what it uses, and end it where that is too much."""
        self.look()
        if self.code is not None:
            return
        there = _descendants(self.pid)
        used = sum(map(_resident_bytes, there))
        if used > self._most_bytes:  # what they share was counted for each
            used, there = self._exact_bytes(there)
        self.peak = max(self.peak, used)
        if len(there) > self._most_processes:
            self.why = f"started more than {self._most_processes} processes"
        elif used > self._most_bytes:
            self.why = f"used more than {self._most_bytes // 2**20} MiB of memory"
        if self.why:
            self.end()
        else:
            os.kill(self.pid, COUNTED)

    def _exact_bytes(self, there: list[int]) -> tuple[int, list[int]]:
        """Return the bytes of processes, and those that are there then. Each takes its time, longer while it forks: too many end it."""
        used = 0
        for pid in there:
            if len(now := _descendants(self.pid)) > self._most_processes:
                return used, now
            used += proportional_bytes(pid)
        return used, there

    def end(self) -> None:
        """End it and everything that it started."""
        self.kill()
        self.wait()

    def kill(self) -> None:
        """Begin to end it."""
        if self.code is None and not self._dying:
            self._dying = _descendants(self.pid)
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        """Wait, where its end has begun, until it and everything that it started is gone."""
        if self._dying and self.code is None:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        end = time.monotonic() + END_SECONDS
        while any(os.path.exists(f"/proc/{pid}") for pid in self._dying) and time.monotonic() < end:
            time.sleep(0.001)

    def running(self) -> list[str]:
        """Return the commands of what runs in it, but for the kernel itself."""
        return [command for pid in _descendants(self.pid) if (command := _command(pid))] if self.code is None else []


def serve(line: Connection) -> None:
    """Answer requests until the grader goes away."""
    kernels: dict[int, Kernel] = {}
    looked = 0.0
    while True:
        ready, _, _ = select.select([line], [], [], SAMPLE_SECONDS)
        if time.monotonic() - looked >= SAMPLE_SECONDS:
            looked = time.monotonic()
            for kernel in kernels.values():
                kernel.measure()
        if not ready:
            continue
        try:
            request = json.loads(line.recv_bytes())
            blobs = [line.recv_bytes() for _ in range(request.get("blobs", 0))]
        except EOFError:
            return
        try:
            answer = _answer(request, blobs, kernels, line)
        except OSError as error:
            answer = {"error": str(error)}
        line.send_bytes(json.dumps(answer).encode())


def _answer(request: dict[str, Any], blobs: list[bytes], kernels: dict[int, Kernel], line: Connection) -> dict[str, Any]:
    match request["do"]:
        case "open":
            _open_arena(request)
            return {}
        case "close":
            walls.unmount(str(ARENA / request["arena"]))
            (ARENA / request["arena"]).rmdir()
            return {}
        case "start":
            for other in list(kernels):
                kernels.pop(other).end()
            _renew_sockets(request)
            if request["judge"]:  # a full disk is no reason why the judge cannot write
                _mount_arena(request, walls.REMOUNT, request["disk"] + request["spare"])
            pid = walls.fork_first()
            if not pid:
                line.close()
                run_enclosed(request, blobs, ARENA / request["arena"])
            kernels[pid] = Kernel(pid, request["memory"], request["processes"])
            return {"pid": pid}
    kernel = kernels[request["pid"]]
    running: list[str] = []
    if request["do"] == "signal" and kernel.code is None:
        os.kill(kernel.pid, request["signal"])
    kernel.measure() if request["do"] == "measure" else kernel.look()
    if request["do"] == "end":
        running = kernel.running()
        kernel.kill()
        if not request["last"]:  # nobody waits for the last one: it goes while its notebook is read
            kernels.pop(request["pid"]).wait()
    return {"code": kernel.code, "peak": kernel.peak, "why": kernel.why, "running": running}


def _open_arena(request: dict[str, Any]) -> None:
    place = ARENA / request["arena"]
    place.mkdir()
    _mount_arena(request, 0, request["disk"])
    _make_folder(place / "work", request)


def _renew_sockets(request: dict[str, Any]) -> None:
    """Put an empty folder where the kernel's sockets will be; what a kernel before left there goes with the arena."""
    place = ARENA / request["arena"] / "k"
    with suppress(FileNotFoundError):
        place.rename(place.with_name(f"k-{time.monotonic_ns()}"))
    _make_folder(place, request)


def _make_folder(path: Path, request: dict[str, Any]) -> None:
    path.mkdir(mode=0o700)
    if request["user"] is not None:
        os.chown(path, request["user"], request["user"])


def _mount_arena(request: dict[str, Any], flags: int, size: int) -> None:
    place = ARENA / request["arena"]
    options = f"size={size},nr_inodes={request['inodes'] + (1_000 if flags else 0)},mode=0755"
    walls.mount("arena", str(place), "tmpfs", walls.NO_SUID | walls.NO_DEVICES | flags, options)


def _descendants(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        with suppress(OSError):
            for thread in os.listdir(f"/proc/{parent}/task"):
                found += map(int, Path(f"/proc/{parent}/task/{thread}/children").read_text().split())
    return found


def _resident_bytes(pid: int) -> int:
    """Return the bytes of a process, all that it shares included; 0 for those that only hold a kernel's namespaces."""
    with suppress(OSError, ValueError, IndexError):
        text = Path(f"/proc/{pid}/status").read_text()
        numbers = text[text.index("\nNSpid:") :].split("\n", 2)[1].split()[1:]
        if len(numbers) > 1 and numbers[-1] != "1":
            return int(text[text.index("\nVmRSS:") :].split(maxsplit=2)[1]) * 1024
    return 0


def proportional_bytes(pid: int) -> int:
    """Return the bytes of a process, with its share of what it has in common with others: the warm parent, its own children."""
    with suppress(OSError, ValueError, IndexError):
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        return int(text[text.index("\nPss:") :].split(maxsplit=2)[1]) * 1024
    return 0


def _command(pid: int) -> str:
    """Return the command of a process that a kernel started; empty for a kernel's own processes, which bear the server's command."""
    with suppress(OSError):
        own = Path(f"/proc/{os.getpid()}/cmdline").read_bytes()
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if command and command != own:
            return command.replace(b"\0", b" ").decode("utf-8", "replace").strip()[:200]
    return ""


def main(number: int, imports: Sequence[str]) -> None:
    """Import what the lab imports, and serve on the socket with the given number."""
    preload(imports)
    make_ready()
    with suppress(OSError):  # each kernel then says so itself
        walls.call_filter()
    os.umask(0o022)
    settle()
    with Connection(number) as line:
        line.send_bytes(b'{"ready": true}')
        serve(line)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
