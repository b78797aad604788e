"""Learners' functions for the judge: they run in a process of their own, and plain data comes back.

In the judge's kernel, a `Crossing` holds the learner's definitions as text and hands out functions that look like the learner's.
Each call runs in a child process, with the caller's folder and environment.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import IO, Any, Protocol

from autograder import plain

DOOR = "AUTOGRADER_DOOR"  # the number of the judge's socket to what forks walled processes, in its environment
POLL_SECONDS = 0.1


class LearnerError(Exception):
    """An exception of the learner's function. Its class in the judge's kernel has the name that it had in the learner's process."""


class Crossing:
    """The learner's functions, as the judge calls them: `statements`, and which of them each name `needs`. `seconds` bounds a call."""

    def __init__(self, statements: Sequence[str], needs: Mapping[str, Sequence[int]], seconds: float) -> None:
        self._definitions, self._seconds = {"statements": statements, "needs": needs}, seconds
        self._room: _Room = _Behind(int(os.environ[DOOR])) if DOOR in os.environ else _Spawned()
        self._line = self._start()  # at once: it imports while the judge does

    def function(self, name: str) -> Callable[..., Any]:
        """Return a function that calls the learner's `name`. It raises what that raises, by name and message."""

        def call(*args: object, **kwargs: object) -> Any:
            return self._call(name, args, kwargs)

        call.__name__ = call.__qualname__ = name
        return call

    def close(self) -> None:
        """End the process that runs the functions."""
        self._line.close()
        self._room.end()

    def _call(self, name: str, args: tuple[object, ...], kwargs: dict[str, object]) -> Any:
        environ = {key: value for key, value in os.environ.items() if key != DOOR}
        request = plain.dump({"name": name, "args": args, "kwargs": kwargs, "cwd": os.getcwd(), "environ": environ})
        if self._room.has_ended():
            self._line = self._start()
        late = False
        try:
            answer = _ask(self._line, request, self._seconds, self._room)
        except TimeoutError:
            answer, late = "", True
        if not answer:
            self.close()
            in_time = f" within {self._seconds:.0f} s" if late else ""
            raise _named("ProcessEnded", f"{name} did not come back{in_time}: it ended the process that ran it, or was ended")
        kind, _, rest = answer.partition(" ")
        if kind == "raised":
            error = json.loads(rest)
            raise _named(str(error["type"]), str(error["message"]))
        return plain.load(rest)

    def _start(self) -> socket.socket:
        line, far = socket.socketpair()
        with far:
            self._room.start(far)
        _send(line, json.dumps(self._definitions))
        return line


class _Room(Protocol):
    """Where the process is that runs the functions."""

    def start(self, far: socket.socket) -> None:
        """Start a process that serves on the line's far end."""

    def has_ended(self) -> bool:
        """Return whether the process has ended, or never was."""

    def end(self) -> None:
        """End the process and those that it started."""


class _Spawned:
    """A process of its own, without walls."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, far: socket.socket) -> None:
        command, nowhere = [sys.executable, "-m", "autograder.crossing", str(far.fileno())], subprocess.DEVNULL
        self._process = subprocess.Popen(
            command, stdin=nowhere, stdout=nowhere, stderr=nowhere, pass_fds=[far.fileno()], start_new_session=True
        )

    def has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def end(self) -> None:
        if self._process:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class _Behind:
    """A process behind the walls, which the sandbox forks for each line that it is given through the door."""

    def __init__(self, door: int) -> None:
        self._door, self._there = socket.socket(fileno=door), False
        self._door.set_inheritable(False)

    def start(self, far: socket.socket) -> None:
        socket.send_fds(self._door, [b"+"], [far.fileno()])
        self._there = True

    def has_ended(self) -> bool:
        return not self._there

    def end(self) -> None:
        self._door.send(b"-")
        self._there = False


def serve_line(number: int) -> None:
    """Serve on the socket with the given number, until its other end is closed."""
    with socket.socket(fileno=number) as line:
        serve(line.makefile("r", encoding="utf-8"), line.makefile("w", encoding="utf-8"))


def serve(requests: IO[str], answers: IO[str]) -> None:
    """Answer each request in `requests` with a line in `answers`, until they end. The first line holds the definitions."""
    first = json.loads(requests.readline())
    scope: dict[str, Any] = {"__name__": "__main__"}
    run: set[int] = set()
    for line in requests:
        request = plain.load(line)
        os.environ.clear()
        os.environ.update(request["environ"])
        os.chdir(request["cwd"])
        try:
            function = _define(request["name"], first, scope, run)
            answer = "returned " + plain.dump(function(*request["args"], **request["kwargs"]))
        except BaseException as error:
            answer = _raised(error)
        answers.write(answer + "\n")
        answers.flush()


def _define(name: str, definitions: dict[str, Any], scope: dict[str, Any], run: set[int]) -> Callable[..., Any]:
    """Run the statements that `name` needs and that did not run yet. A failing one counts only if `name` is missing then.

    Statements run in the notebook's order: where one has to come before some that ran, all of them run again.
    """
    failure: BaseException = NameError(f"name '{name}' is not defined")
    wanted = set(definitions["needs"].get(name, [])) - run
    if wanted and run and min(wanted) < max(run):
        wanted |= run
        run.clear()
        scope.clear()
        scope["__name__"] = "__main__"
    for number in sorted(wanted):
        run.add(number)
        try:
            exec(compile(definitions["statements"][number], "<the learner's definitions>", "exec"), scope)
        except BaseException as error:
            failure = error
    if name not in scope:
        raise failure
    function: Callable[..., Any] = scope[name]
    return function


def _raised(error: BaseException) -> str:
    said = error.args[0] if isinstance(error, KeyError) and len(error.args) == 1 else error  # str() of it has quotes already
    return "raised " + json.dumps({"type": type(error).__name__, "message": str(said)[:2000]})


def _named(name: str, message: str) -> Exception:
    """Return an exception whose class is the builtin exception `name`, or a LearnerError called `name`."""
    builtin = getattr(__import__("builtins"), name, None)
    if isinstance(builtin, type) and issubclass(builtin, Exception):
        try:
            return builtin(message)
        except TypeError:  # UnicodeDecodeError and its like want more than a message
            pass
    kind = type(name if name.isidentifier() else "LearnerError", (LearnerError,), {})
    error: Exception = kind(message)
    return error


def _ask(line: socket.socket, request: str, seconds: float, room: _Room) -> str:
    """Return the answer to a request, or nothing where the process ends without one. Raises TimeoutError after `seconds`."""
    end = time.monotonic() + seconds
    line.settimeout(seconds)
    _send(line, request)
    answer = bytearray()
    while not answer.endswith(b"\n"):
        line.settimeout(POLL_SECONDS)
        ended = room.has_ended()
        try:
            part = line.recv(2**20)
        except TimeoutError:
            if ended:  # a process that it left behind may hold the line open
                return ""
            if time.monotonic() > end:
                raise
            continue
        except OSError:
            return ""
        if not part:
            return ""
        answer += part
    return answer.decode()


def _send(line: socket.socket, text: str) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):  # the reader has ended, which reading its answer will show
        line.sendall(text.encode() + b"\n")


if __name__ == "__main__":
    serve_line(int(sys.argv[1]))
