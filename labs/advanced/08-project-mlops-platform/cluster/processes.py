"""Child processes that never outlive this one: each leads a process group, and a warden ends them all when this process is gone."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

NEEDED_BYTES = 400 * 2**20  # etcd alone lays out 128 MiB in advance


class Processes:
    """Starts processes in `folder`, a new folder of its own that `close` removes; they end at `close`, or with this process."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cluster-", dir=_roomy_place()))
        self._lock = threading.Lock()
        self._alive: dict[int, subprocess.Popen[bytes]] = {}
        self._closed = False
        command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("warden.py")), str(self.folder)]
        self._warden = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, cwd="/")

    def start(
        self, command: Sequence[str], env: Mapping[str, str], cwd: Path, output: IO[bytes], errors: IO[bytes] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a command as the leader of a group. Raises OSError where it does not start, or all is being ended."""
        with self._lock:
            if self._closed:
                raise OSError("the cluster has been stopped")
            process = subprocess.Popen(
                command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=errors or output, start_new_session=True
            )
            self._alive[process.pid] = process
            self._tell(f"+ {process.pid}")
        return process

    def finished(self, process: subprocess.Popen[bytes]) -> None:
        """Forget a process that has ended, and end what it left in its group."""
        kill_group(process)
        with self._lock:
            if self._alive.pop(process.pid, None):
                self._tell(f"- {process.pid}")

    def close(self, gently: Sequence[subprocess.Popen[bytes]] = (), seconds: float = 2.0) -> None:
        """End all processes and remove the folder. Those of `gently` first get `seconds` to end by themselves."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            alive = list(self._alive.values())
        for process in gently:
            process.terminate()
        for process in gently:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
        for process in alive:
            kill_group(process)
        for process in alive:
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        assert self._warden.stdin
        self._warden.stdin.close()
        self._warden.wait()

    def _tell(self, line: str) -> None:
        try:
            assert self._warden.stdin
            self._warden.stdin.write(f"{line}\n".encode())
            self._warden.stdin.flush()
        except OSError:
            pass  # the warden was killed: what is left is ended by `close`


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all of its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def free_ports(number: int, address: str = "127.0.0.1") -> list[int]:
    """Return ports that nobody uses now."""
    sockets = [socket.create_server((address, 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _roomy_place() -> str:
    """Return the temporary folder; the working folder where that one has less room."""
    places = [tempfile.gettempdir(), os.getcwd()]
    return next((place for place in places if shutil.disk_usage(place).free >= NEEDED_BYTES), places[0])
