"""The host that hostile submissions try to reach: baits, honeypots, and what must be unchanged afterwards."""

import hashlib
import os
import secrets
import socket
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

KEY = 0x5EED1234  # of System V shared memory, semaphores and queues
SECRET_NAME = "GRADEBOOK_PASSWORD"
PACKAGE = Path(__file__).parents[2] / "autograder"


@dataclass
class Host:
    """The places of the host by the names that cases use, its secret, and the connections that its honeypots have seen."""

    places: dict[str, str]
    secret: str
    connections: list[str] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        """The grader's environment: with a home of its own, the secret, and matplotlib's cache elsewhere, which the grader itself writes."""
        cache = str(Path(self.places["HOME"]).with_name("matplotlib"))
        return {**os.environ, "HOME": self.places["HOME"], "MPLCONFIGDIR": cache, SECRET_NAME: self.secret}


@dataclass(frozen=True)
class Snapshot:
    """What there is: files (path → digest and mode), processes, listening ports, shared memory and System V objects of this course's."""

    files: dict[str, str]
    processes: frozenset[str]
    ports: frozenset[int]
    shared: frozenset[str]
    ipc: frozenset[str]


@contextmanager
def open_host(folder: Path, cohort: Path, lab: Path) -> Iterator[Host]:
    """Lay out baits in `folder`, and listen on a port, an abstract socket and a socket in a file."""
    secret, mark = f"secret-{secrets.token_hex(8)}", f"hostile-{secrets.token_hex(4)}"
    home, tmp = folder / "home", folder / "tmp"
    for place in (home, tmp):
        place.mkdir(parents=True)
        (place / "secret.txt").write_text(secret)
    (tmp / "secret.txt").chmod(0o644)
    with (
        socket.create_server(("127.0.0.1", 0)) as port,
        socket.socket(socket.AF_UNIX) as abstract,
        socket.socket(socket.AF_UNIX) as path,
        socket.socket() as free,
    ):
        free.bind(("127.0.0.1", 0))
        abstract.bind(f"\0{mark}")
        path.bind(str(tmp / "bait.sock"))
        (tmp / "bait.sock").chmod(0o777)
        places = {
            "COHORT": str(cohort),
            "LAB": str(lab),
            "HOME": str(home),
            "TMP": str(tmp),
            "SECRET_FILE": str(tmp / "secret.txt"),
            "SECRET_NAME": SECRET_NAME,
            "MARK": mark,
            "KEY": str(KEY),
            "PORT": str(port.getsockname()[1]),
            "FREE_PORT": str(free.getsockname()[1]),
            "ABSTRACT": mark,
            "UNIX": str(tmp / "bait.sock"),
            "PID": str(os.getpid()),
            "PARENT": str(os.getppid()),
        }
        free.close()
        host = Host(places, secret)
        for name, server in (("a port", port), ("an abstract socket", abstract), ("a socket in a file", path)):
            server.listen()
            threading.Thread(target=_listen, args=(name, server, host.connections), daemon=True).start()
        try:
            yield host
        finally:
            for server in (port, abstract, path):
                with suppress(OSError):
                    server.shutdown(socket.SHUT_RDWR)


def look(host: Host, ours: Iterable[Path]) -> Snapshot:
    """Return what there is on the host, and in the folders `ours`."""
    mark = host.places["MARK"]
    files = dict(_files([*ours, Path(host.places["HOME"]), Path(host.places["TMP"]), PACKAGE]))
    for folder in ("/tmp", "/var/tmp", "/", "/etc", "/usr", "/dev/shm", *sys.path):
        with suppress(OSError):
            files |= {os.path.join(folder, name): "there" for name in os.listdir(folder) if mark in name or name == "climbed.txt"}
    return Snapshot(
        files,
        frozenset(_processes(mark)),
        frozenset(port for port in (int(host.places["FREE_PORT"]),) if _answers(port)),
        frozenset(name for name in os.listdir("/dev/shm") if mark in name or name == "fill"),
        frozenset(_system_v()),
    )


def _listen(name: str, server: socket.socket, connections: list[str]) -> None:
    with suppress(OSError):
        while True:
            line, _ = server.accept()
            with line:
                connections.append(name)


def _files(folders: Iterable[Path]) -> Iterator[tuple[str, str]]:
    for top in folders:
        for path in sorted(top.rglob("*")):
            if "__pycache__" in path.parts:
                continue
            about = path.lstat()
            what = "a link to " + os.readlink(path) if path.is_symlink() else f"{about.st_mode:o}"
            if path.is_file() and not path.is_symlink():
                what += " " + hashlib.sha256(path.read_bytes()).hexdigest()
            yield str(path), what


def _processes(mark: str) -> Iterator[str]:
    """Yield the processes that a submission left, by their commands: the mark, or a kernel of this course's environment."""
    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        command = " ".join(process.info["cmdline"] or ())
        ours = sys.prefix in command and "autograder.forkserver" in command
        if process.info["status"] != psutil.STATUS_ZOMBIE and (mark in command or "98765" in command or ours):
            yield f"{process.info['pid']} {command[:200]}"


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _system_v() -> Iterator[str]:
    for kind in ("shm", "sem", "msg"):
        with suppress(OSError):
            for line in Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:]:
                key = int(line.split()[0]) & 0xFFFFFFFF
                if key == KEY or 0x5EED0000 <= key < 0x5EED1000:
                    yield f"{kind} {key:#x}"
