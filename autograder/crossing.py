"""Learners' functions for the judge: they run in a process of their own, and plain data comes back.

In the judge's kernel, a `Crossing` holds the learner's definitions as text and hands out functions that look like the learner's.
Each call runs in a child process, with the caller's folder and environment.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

from autograder import plain


class LearnerError(Exception):
    """An exception of the learner's function. Its class in the judge's kernel has the name that it had in the learner's process."""


class Crossing:
    """The learner's functions, as the judge calls them: `statements`, and which of them each name `needs`. `seconds` bounds a call."""

    def __init__(self, statements: Sequence[str], needs: Mapping[str, Sequence[int]], seconds: float) -> None:
        self._definitions, self._seconds = {"statements": statements, "needs": needs}, seconds
        self._process = self._start()  # at once: it imports while the judge does

    def function(self, name: str) -> Callable[..., Any]:
        """Return a function that calls the learner's `name`. It raises what that raises, by name and message."""

        def call(*args: object, **kwargs: object) -> Any:
            return self._call(name, args, kwargs)

        call.__name__ = call.__qualname__ = name
        return call

    def _call(self, name: str, args: tuple[object, ...], kwargs: dict[str, object]) -> Any:
        request = {"name": name, "args": args, "kwargs": kwargs, "cwd": os.getcwd(), "environ": dict(os.environ)}
        if self._process.poll() is not None:
            self._process = self._start()
        process = self._process
        timer = _kill_after(process, self._seconds)
        try:
            _write(process.stdin, plain.dump(request))
            answer = _read(process.stdout)
        finally:
            timer.cancel()
        if not answer:
            late = f" within {self._seconds:.0f} s" if process.wait() == -signal.SIGKILL else ""
            raise _named("ProcessEnded", f"{name} did not come back{late}: it ended the process that ran it, or was ended")
        kind, _, rest = answer.partition(" ")
        if kind == "raised":
            error = json.loads(rest)
            raise _named(str(error["type"]), str(error["message"]))
        return plain.load(rest)

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "autograder.crossing"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        _write(process.stdin, json.dumps(self._definitions))
        return process


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
        _write(answers, answer)


def _define(name: str, definitions: dict[str, Any], scope: dict[str, Any], run: set[int]) -> Callable[..., Any]:
    """Run the statements that `name` needs and that did not run yet. A failing one counts only if `name` is missing then."""
    failure: BaseException = NameError(f"name '{name}' is not defined")
    for number in definitions["needs"].get(name, []):
        if number not in run:
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
    return "raised " + json.dumps({"type": type(error).__name__, "message": str(error)[:2000]})


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


def _kill_after(process: subprocess.Popen[str], seconds: float) -> threading.Timer:
    timer = threading.Timer(seconds, process.kill)
    timer.daemon = True
    timer.start()
    return timer


def _write(stream: IO[str] | None, line: str) -> None:
    assert stream is not None
    try:
        stream.write(line + "\n")
        stream.flush()
    except BrokenPipeError:
        pass  # the reader has ended, which reading its answer will show


def _read(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline().rstrip("\n")


if __name__ == "__main__":
    _answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    serve(sys.stdin, _answers)
