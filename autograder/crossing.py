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
from typing import IO, Any

from autograder import plain

POLL_SECONDS = 0.1


class LearnerError(Exception):
    """An exception of the learner's function. Its class in the judge's kernel has the name that it had in the learner's process."""


class Crossing:
    """The learner's functions, as the judge calls them: `statements`, and which of them each name `needs`. `seconds` bounds a call."""

    def __init__(self, statements: Sequence[str], needs: Mapping[str, Sequence[int]], seconds: float) -> None:
        self._definitions, self._seconds = {"statements": statements, "needs": needs}, seconds
        self._process, self._line = self._start()  # at once: it imports while the judge does

    def function(self, name: str) -> Callable[..., Any]:
        """Return a function that calls the learner's `name`. It raises what that raises, by name and message."""

        def call(*args: object, **kwargs: object) -> Any:
            return self._call(name, args, kwargs)

        call.__name__ = call.__qualname__ = name
        return call

    def _call(self, name: str, args: tuple[object, ...], kwargs: dict[str, object]) -> Any:
        request = plain.dump({"name": name, "args": args, "kwargs": kwargs, "cwd": os.getcwd(), "environ": dict(os.environ)})
        if self._process.poll() is not None:
            self._process, self._line = self._start()
        try:
            answer = _ask(self._line, request, self._seconds, self._process)
        except TimeoutError:
            answer = ""
        if not answer:
            late = self._process.poll() is None
            self._end()
            in_time = f" within {self._seconds:.0f} s" if late else ""
            raise _named("ProcessEnded", f"{name} did not come back{in_time}: it ended the process that ran it, or was ended")
        kind, _, rest = answer.partition(" ")
        if kind == "raised":
            error = json.loads(rest)
            raise _named(str(error["type"]), str(error["message"]))
        return plain.load(rest)

    def _start(self) -> tuple[subprocess.Popen[bytes], socket.socket]:
        line, far = socket.socketpair()
        with far:
            command = [sys.executable, "-m", "autograder.crossing", str(far.fileno())]
            nowhere = subprocess.DEVNULL
            process = subprocess.Popen(
                command, stdin=nowhere, stdout=nowhere, stderr=nowhere, pass_fds=[far.fileno()], start_new_session=True
            )
        _send(line, json.dumps(self._definitions))
        return process, line

    def _end(self) -> None:
        """End the process and those that it started in its session."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._line.close()


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


def _ask(line: socket.socket, request: str, seconds: float, process: subprocess.Popen[bytes]) -> str:
    """Return the answer to a request, or nothing where the process ends without one. Raises TimeoutError after `seconds`."""
    end = time.monotonic() + seconds
    line.settimeout(seconds)
    _send(line, request)
    answer = bytearray()
    while not answer.endswith(b"\n"):
        line.settimeout(POLL_SECONDS)
        ended = process.poll() is not None
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
            process.wait()
            return ""
        answer += part
    return answer.decode()


def _send(line: socket.socket, text: str) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):  # the reader has ended, which reading its answer will show
        line.sendall(text.encode() + b"\n")


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as _line:
        serve(_line.makefile("r", encoding="utf-8"), _line.makefile("w", encoding="utf-8"))
