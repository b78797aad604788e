"""The sandbox around a fork server: bubblewrap, with nothing in it but the system's programs, Python and the course's environment."""

import functools
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from autograder.offline import SWITCHES

INSTALL = "install bubblewrap (Debian, Ubuntu: sudo apt install bubblewrap; Fedora: sudo dnf install bubblewrap)"
FIRST_USER, USERS = 60_001, 4_000
START_SECONDS, ANSWER_SECONDS = 180.0, 60.0
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime")
_PASSED_ON = ("LANG", "LC_ALL", "LC_CTYPE", "TZ")
_HOSTNAME = "lab"


@functools.cache
def why_not() -> str:
    """Return why submissions cannot be walled in here, with what to do; empty if they can."""
    if sys.platform != "linux":
        return "bubblewrap needs Linux: grade in a Linux machine, a virtual one for instance"
    if not shutil.which("bwrap"):
        return f"bubblewrap is not installed: {INSTALL}"
    done = subprocess.run([*_command(), "true"], capture_output=True, text=True)
    return f"bubblewrap cannot make a sandbox here ({done.stderr.strip()[-200:]}): see docs/security.md" if done.returncode else ""


def environment() -> dict[str, str]:
    """Return the environment variables of a walled kernel: an allow-list."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    own = {"PATH": path, "HOME": "/learner", "TMPDIR": "/tmp", "USER": "learner", "LOGNAME": "learner", "PYTHONDONTWRITEBYTECODE": "1"}
    own["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # the others reserve a GiB at once, which a limit on data counts as used
    return {**passed, **SWITCHES, **own}


@functools.cache
def course_folders() -> list[str]:
    """Return the folders of Python, of the environment and of this package, also by their real names."""
    named = {sys.base_prefix, sys.prefix, *sysconfig.get_paths().values(), str(Path(__file__).parent)}
    paths = sorted(named | {os.path.realpath(path) for path in named})
    paths = [path for path in paths if os.path.exists(path)]
    return [path for path in paths if not any(Path(path).is_relative_to(other) for other in paths if other != path)]


class ForkServer:
    """A fork server in a sandbox, which has imported `imports`. Not for several threads.

    `user` is the number of the user that learners' code runs as; None where the sandbox's only user has no rights anyway.
    """

    def __init__(self, imports: Sequence[str]) -> None:
        self.user = FIRST_USER + os.getpid() % USERS if os.geteuid() == 0 else None
        self._names = itertools.count()
        near, far = socket.socketpair()
        read, write = os.pipe()
        files = _system_files(self.user)
        with far:
            command = ["bwrap", "--info-fd", str(write), *_command()[1:]]
            for path, number in files.items():
                command += ["--perms", "0644", "--ro-bind-data", str(number), path]
            for name, value in environment().items():
                command += ["--setenv", name, value]
            command += ["--setenv", "PYTHONPATH", str(Path(__file__).parent.parent), "--setenv", "PYTHONHASHSEED", "0"]
            command += ["--chdir", "/", "--remount-ro", "/", sys.executable, "-m", "autograder.forkserver", str(far.fileno()), *imports]
            self._process = subprocess.Popen(command, pass_fds=[far.fileno(), write, *files.values()], stdin=subprocess.DEVNULL)
        for number in (write, *files.values()):
            os.close(number)
        self._line = Connection(near.detach())
        with open(read) as file:
            info = file.read()
        try:
            self._root = Path(f"/proc/{json.loads(info)['child-pid']}/root")
            self._hear(START_SECONDS)
        except (ValueError, OSError) as error:
            self.close()
            raise RuntimeError(f"the sandbox did not start ({error})") from None

    def ask(self, do: str, blobs: Sequence[bytes] = (), **fields: Any) -> dict[str, Any]:
        """Return the fork server's answer to a request. Raises OSError where it has none, or the kernel of the machine said no."""
        self._line.send_bytes(json.dumps({"do": do, "blobs": len(blobs), **fields}).encode())
        for blob in blobs:
            self._line.send_bytes(blob)
        answer = self._hear(ANSWER_SECONDS)
        if "error" in answer:
            raise OSError(answer["error"])
        return answer

    def new_name(self) -> str:
        """Return a name for an arena that had none before."""
        return str(next(self._names))

    def sockets(self, arena: str) -> Path:
        """Return the folder of a submission's kernel sockets, as the grader reaches it."""
        return self._root / "arena" / arena / "k"

    def close(self) -> None:
        """End it and everything in it."""
        self._line.close()
        self._process.kill()
        self._process.wait()

    def _hear(self, seconds: float) -> dict[str, Any]:
        if not self._line.poll(seconds):
            raise OSError(f"the fork server did not answer within {seconds:.0f} s")
        try:
            heard: dict[str, Any] = json.loads(self._line.recv_bytes())
        except EOFError:
            raise OSError("the fork server has ended") from None
        return heard


def _command() -> list[str]:
    """Return bubblewrap's command line, up to the program."""
    there = [*(path for path in _SYSTEM if os.path.exists(path)), *course_folders()]
    command = ["bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--hostname", _HOSTNAME]
    if os.geteuid() != 0:
        command += ["--unshare-user", "--uid", "0", "--gid", "0"]
    command += ["--cap-add", "ALL", "--die-with-parent", "--new-session", "--clearenv"]
    for path in ("/arena", "/lab", "/tmp", "/learner", "/hidden", "/k"):
        command += ["--dir" if path in ("/lab", "/hidden", "/k") else "--tmpfs", path]
    for folder in sorted({str(parent) for path in there for parent in Path(path).parents if str(parent) not in ("/", *_SYSTEM)}):
        command += ["--perms", "0755", "--dir", folder]
    for path in there:
        command += ["--symlink", os.readlink(path), path] if os.path.islink(path) and path in _SYSTEM else ["--ro-bind", path, path]
    return [*command, "--proc", "/proc", "--dev", "/dev"]


def _system_files(user: int | None) -> dict[str, int]:
    """Return small files of /etc, as open file descriptors: names for localhost and for the learner."""
    person = f"learner:x:{user or 0}:{user or 0}::/learner:/bin/sh\n"
    texts = {
        "/etc/hosts": f"127.0.0.1 localhost {_HOSTNAME}\n",
        "/etc/nsswitch.conf": "hosts: files\npasswd: files\ngroup: files\n",
        "/etc/passwd": person,
        "/etc/group": f"learner:x:{user or 0}:\n",
    }
    return {path: _pipe_with(text) for path, text in texts.items()}


def _pipe_with(text: str) -> int:
    read, write = os.pipe()
    os.write(write, text.encode())
    os.close(write)
    return read
