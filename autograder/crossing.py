"""Learners' functions for the judge: they run in a process of their own, and plain data comes back.

In the judge's kernel, a `Crossing` holds the learner's definitions as text and hands out functions that look like the learner's.
Each call runs in a child process, with the caller's folder and environment. A question has a name of its own, with which its answer
begins: whatever else the process writes is not read.
"""

import builtins
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import chdir, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from autograder import plain
from autograder.files import write_over

DOOR = "AUTOGRADER_DOOR"  # the number of the judge's socket to what forks walled processes, in its environment
POLL_SECONDS = 0.1
ANSWER_BYTES = 128 * 2**20


class LearnerError(Exception):
    """An exception of the learner's function. Its class in the judge's kernel has the name that it had in the learner's process."""


class Crossing:
    """The learner's functions, as the judge calls them: `statements`, and which of them each name `needs`. `seconds` bounds a call.

    `files` are the names of the lab's own, which are there as they must be when this begins.
    """

    def __init__(self, statements: Sequence[str], needs: Mapping[str, Sequence[int]], seconds: float, files: Sequence[str] = ()) -> None:
        self._files = {path: path.read_bytes() for path in map(Path, files) if path.is_file()}
        self._folder, self._seconds = os.getcwd(), seconds
        self._definitions = {"statements": statements, "needs": needs, "folder": self._folder}
        self._room: _Room = _Behind(int(os.environ[DOOR])) if DOOR in os.environ else _Spawned()
        self._line = self._start()  # at once: it imports while the judge does

    def function(self, name: str) -> Callable[..., Any]:
        """Return a function that calls the learner's `name`. It raises what that raises, by name and message."""

        def call(*args: object, **kwargs: object) -> Any:
            return self._call(name, args, kwargs)

        call.__name__ = call.__qualname__ = name
        return call

    def put_back(self) -> None:
        """End the process that runs the functions, and write the lab's own files again, which a function may have changed."""
        self.close()
        with chdir(self._folder):
            for path, data in self._files.items():
                with suppress(OSError):  # a disk that the learner filled
                    write_over(path, data)

    def close(self) -> None:
        """End the process that runs the functions."""
        self._line.close()
        self._room.end()

    def _call(self, name: str, args: tuple[object, ...], kwargs: dict[str, object]) -> Any:
        environ = {key: value for key, value in os.environ.items() if key != DOOR}
        question = secrets.token_hex(8)
        asked = {"question": question, "name": name, "args": args, "kwargs": kwargs, "cwd": os.getcwd(), "environ": environ}
        request = plain.dump(asked)
        if self._room.has_ended():
            self._line = self._start()
        try:
            answer = _ask(self._line, question, request, self._seconds, self._room)
            value = self._read(answer)
        except BaseException as error:  # also an interrupt: the process is still busy with this question
            self.close()
            if isinstance(error, _NoAnswer):
                raise _named("ProcessEnded", f"{name} {error}") from None
            raise
        if isinstance(value, _Raised):
            raise _named(*value)
        return value

    @staticmethod
    def _read(answer: str) -> Any:
        kind, _, rest = answer.partition(" ")
        try:
            if kind == "raised":
                error = json.loads(rest)
                return _Raised(str(error["type"]), str(error["message"]), str(error.get("base", "")))
            return plain.load(rest)
        except Exception:
            raise _NoAnswer("answered with something that is no value") from None

    def _start(self) -> socket.socket:
        line, far = socket.socketpair()
        with far:
            self._room.start(far)
        _send(line, json.dumps(self._definitions))
        return line


class _NoAnswer(Exception):
    """What became of a question that has no answer."""


class _Raised(NamedTuple):
    type: str
    message: str
    base: str


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
        if self._there:
            self._door.send(b"-")
            self._door.recv(1)  # an answer comes when all of them are gone
        self._there = False


def serve_line(number: int) -> None:
    """Serve on the socket with the given number, until its other end is closed."""
    with socket.socket(fileno=number) as line:
        serve(line.makefile("r", encoding="utf-8"), line.makefile("w", encoding="utf-8"))


def serve(requests: IO[str], answers: IO[str]) -> None:
    """Answer each request in `requests` with a line in `answers`, until they end. The first line holds the definitions."""
    first = json.loads(requests.readline())
    scope: dict[str, Any] = {"__name__": "__main__"}
    run: dict[int, BaseException | None] = {}
    for line in requests:
        request = plain.load(line)
        os.environ.clear()
        os.environ.update(request["environ"])
        try:
            os.chdir(first["folder"])  # where the learner's cells ran, wherever the judge is now
            function = _define(request["name"], first, scope, run)
            os.chdir(request["cwd"])
            answer = "returned " + plain.dump(function(*request["args"], **request["kwargs"]))
        except BaseException as error:
            answer = _raised(_with_cause(error, first["statements"], run))
        answers.write(f"{request['question']} {answer}\n")
        answers.flush()


def _define(name: str, definitions: dict[str, Any], scope: dict[str, Any], run: dict[int, BaseException | None]) -> Callable[..., Any]:
    """Run the statements that `name` needs and that did not `run` yet. A failing one counts only if `name` is missing then.

    Statements run in the notebook's order: where one has to come before some that ran, all of them run again.
    """
    failure: BaseException = NameError(f"name '{name}' is not defined")
    wanted = set(definitions["needs"].get(name, [])) - run.keys()
    if wanted and run and min(wanted) < max(run):
        wanted |= run.keys()
        run.clear()
        scope.clear()
        scope["__name__"] = "__main__"
    for number in sorted(wanted):
        run[number] = None
        try:
            exec(compile(definitions["statements"][number], "<the learner's definitions>", "exec"), scope)
        except BaseException as error:
            run[number] = failure = error
    if name not in scope:
        raise failure
    function: Callable[..., Any] = scope[name]
    return function


def _with_cause(error: BaseException, statements: Sequence[str], run: Mapping[int, BaseException | None]) -> BaseException:
    """Return the error; where it says that a name is missing, with the definition that failed before it, if one did."""
    number, cause = next(((number, cause) for number, cause in sorted(run.items()) if cause), (0, None))
    if not isinstance(error, NameError) or cause in (None, error):
        return error
    text = statements[number].split("\n")[0][:100]
    return type(error)(f"{error}; it was made again from the cells, where `{text}` stopped with {type(cause).__name__}: {cause}")


def _raised(error: BaseException) -> str:
    said = error.args[0] if isinstance(error, KeyError) and len(error.args) == 1 else error  # str() of it has quotes already
    base = next((kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"), "Exception")
    return "raised " + json.dumps({"type": type(error).__name__, "base": base, "message": str(said)[:2000]})


def _named(name: str, message: str, base: str = "") -> Exception:
    """Return an exception whose class is the builtin exception `name`, or a LearnerError called `name` that is also a `base`."""
    called = name if name.isidentifier() else "LearnerError"
    bases = [(LearnerError, kind) for kind in [_builtin(base)] if kind and kind is not Exception]
    kinds = [_builtin(name), *(type(called, both, {}) for both in bases), type(called, (LearnerError,), {})]
    for kind in kinds:
        if kind:
            with suppress(TypeError):  # UnicodeDecodeError and its like want more than a message
                error: Exception = kind(message)
                return error
    return LearnerError(message)


def _builtin(name: str) -> type[Exception] | None:
    found = getattr(builtins, name, None)
    return found if isinstance(found, type) and issubclass(found, Exception) else None


def _ask(line: socket.socket, question: str, request: str, seconds: float, room: _Room) -> str:
    """Return the answer to a question. Raises _NoAnswer where the process ends without one, takes too long, or says too much."""
    end = time.monotonic() + seconds
    line.settimeout(seconds)
    begin, heard, passed = f"{question} ".encode(), bytearray(), 0
    try:
        _send(line, request)
        while True:
            line.settimeout(POLL_SECONDS)
            ended = room.has_ended()
            try:
                part = line.recv(2**20)
            except TimeoutError:
                if not ended and time.monotonic() < end:
                    continue
                if not ended:
                    raise
                part = b""  # a process that it left behind may hold the line open
            if not part:
                raise _NoAnswer("did not come back: it ended the process that ran it, or was ended")
            heard += part
            while b"\n" in part:
                text, _, heard = heard.partition(b"\n")
                if text.startswith(begin):
                    return text[len(begin) :].decode("utf-8", "replace")
                part = bytes(heard)
            passed += len(part)
            if passed > ANSWER_BYTES:
                raise _NoAnswer(f"returned more than {ANSWER_BYTES // 2**20} MiB")
            if time.monotonic() > end:
                raise TimeoutError
    except TimeoutError:
        raise _NoAnswer(f"did not come back within {seconds:.0f} s: it was ended") from None
    except OSError:
        raise _NoAnswer("did not come back: it ended the process that ran it, or was ended") from None


def _send(line: socket.socket, text: str) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):  # the reader has ended, which reading its answer will show
        line.sendall(text.encode() + b"\n")


if __name__ == "__main__":
    serve_line(int(sys.argv[1]))
