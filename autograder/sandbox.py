"""The sandbox around a fork server: bubblewrap, with nothing in it but the system's programs, Python and the course's environment."""

import functools
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from autograder.offline import SWITCHES

INSTALL = "install bubblewrap (Debian and Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap)"
FIRST_USER, USERS = 60_001, 4_000
START_SECONDS = 120.0
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime")
_ENVIRONMENT = ("LANG", "LC_ALL", "LC_CTYPE", "TZ")
MiB = 2**20


@functools.cache
def why_not() -> str:
    """Return why submissions cannot be walled in here, with what to do; empty if they can."""
    if sys.platform != "linux":
        return "bubblewrap needs Linux; grade in a Linux machine, virtual or not"
    if not shutil.which("bwrap"):
        return f"bubblewrap is not installed; {INSTALL}"
    done = subprocess.run([*_command(), "true"], capture_output=True, text=True)
    return f"bubblewrap cannot make a sandbox here ({done.stderr.strip()[-200:]})" if done.returncode else ""


def _command() -> list[str]:
    """Return bubblewrap's command line, up to the program."""
    there = [*(path for path in _SYSTEM if os.path.exists(path)), *_course()]
    command = ["bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--hostname", "lab"]
    if os.geteuid() != 0:
        command += ["--unshare-user", "--uid", "0", "--gid", "0"]
    command += ["--cap-add", "ALL", "--die-with-parent", "--new-session", "--clearenv"]
    for folder in sorted({str(parent) for path in there for parent in Path(path).parents if str(parent) not in ("/", *_SYSTEM)}):
        command += ["--perms", "0755", "--dir", folder]
    for path in there:
        command += ["--symlink", os.readlink(path), path] if os.path.islink(path) and path in _SYSTEM else ["--ro-bind", path, path]
    for path in ("/arena", "/work", "/tmp", "/learner", "/hidden", "/k"):
        command += ["--tmpfs" if path == "/arena" else "--dir", path]
    return [*command, "--proc", "/proc", "--dev", "/dev", "--remount-ro", "/"]


def _course() -> list[str]:
    """Return the folders of Python, of the environment and of this package, also by their real names."""
    named = {sys.base_prefix, sys.prefix, *sysconfig.get_paths().values(), str(Path(__file__).parent)}
    paths = sorted(named | {os.path.realpath(path) for path in named})
    return [path for path in paths if not any(Path(path).is_relative_to(other) for other in paths if other != path) and os.path.exists(path)]


class ForkServer:
    """A fork server in a sandbox, for the labs that import `imports`. Not for several threads."""

    def __init__(self, imports: Sequence[str]) -> None:
        near, far = socket.socketpair()
        read, write = os.pipe()
        with far:
            program = [sys.executable, "-m", "autograder.forkserver", str(far.fileno()), *imports]
            command = [*_command()[:1], "--info-fd", str(write), *_command()[1:]]
            environ = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
            environ |= {**SWITCHES, "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": "/learner", "PYTHONDONTWRITEBYTECODE": "1"}
            settings = [word for name, value in environ.items() for word in ("--setenv", name, value)]
            settings += ["--setenv", "PYTHONPATH", str(Path(__file__).parent.parent), "--chdir", "/"]
            self._process = subprocess.Popen([*command, *settings, *program], pass_fds=[far.fileno(), write], stdin=subprocess.DEVNULL)
        os.close(write)
        with open(read) as file:
            self._root = Path(f"/proc/{json.load(file)['child-pid']}/root")
        self._line = Connection(near.detach())
        self.user = FIRST_USER + os.getpid() % USERS if os.geteuid() == 0 else None
        if not self._line.poll(START_SECONDS):
            self.close()
            raise RuntimeError("the fork server did not start")
        self._line.recv_bytes()

    def ask(self, do: str, blobs: Sequence[bytes] = (), **fields: Any) -> dict[str, Any]:
        """Return the fork server's answer to a request."""
        self._line.send_bytes(json.dumps({"do": do, "blobs": len(blobs), **fields}).encode())
        for blob in blobs:
            self._line.send_bytes(blob)
        answer: dict[str, Any] = json.loads(self._line.recv_bytes())
        return answer

    def sockets(self, arena: str) -> Path:
        """Return the folder of a submission's kernel sockets, as the grader reaches it."""
        return self._root / "arena" / arena / "k"

    def close(self) -> None:
        """End it and everything in it."""
        self._line.close()
        self._process.kill()
        self._process.wait()


def start_request(files: Mapping[str, bytes], judge: bool, connection: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a request for a kernel."""
    return {
        "files": list(files),
        "judge": judge,
        "keep": [path for path in _course() if path.startswith("/tmp/")],
        "connection": dict(connection),
        "memory": 2048 * MiB,
        "disk": 512 * MiB,
        "inodes": 50_000,
        "limits": {"NPROC": 256, "NOFILE": 1024, "FSIZE": 256 * MiB, "CORE": 0, "DATA": 4096 * MiB, "CPU": 900},
        "environ": {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": "/learner",
            "TMPDIR": "/tmp",
            **SWITCHES,
        },
    }
