"""Learners' functions for the judge: they run in a process of their own, and plain data comes back.

In the judge's kernel, a `Crossing` holds the learner's definitions as text and hands out functions that look like the learner's.
Each call runs in a child process, with the caller's folder and environment. A question has a name of its own, with which its answer
begins: whatever else the process writes is not read.
"""

import builtins
import json
import os
import secrets
import socket
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, chdir, suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from autograder import plain, warm
from autograder.files import write_over
from autograder.preload import find_imports

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
        self._definitions: dict[str, Any] = {"statements": statements, "needs": needs, "folder": self._folder}
        self._room: _Room = _Behind(int(os.environ[DOOR])) if DOOR in os.environ else _Beside(self._find_imports)
        self._line = self._start()  # at once: it imports while the judge does

    def function(self, name: str) -> Callable[..., Any]:
        """Return a function that calls the learner's `name`. It raises what that raises, by name and message."""

        def call(*args: object, **kwargs: object) -> Any:
            return self._call(name, args, kwargs)

        call.__name__ = call.__qualname__ = name
        return call

    def put_back(self) -> None:
        """End the process that runs the functions, and write the lab's own files again, which a function may have changed."""
        self._empty()
        with chdir(self._folder):
            for path, data in self._files.items():
                with suppress(OSError):  # a disk that the learner filled
                    write_over(path, data)

    def close(self) -> None:
        """End the process that runs the functions, and the one that it comes from."""
        self._empty()
        self._room.close()

    def _find_imports(self) -> Sequence[str]:
        """Return what the functions import, themselves or by the lab's files."""
        there = dict.fromkeys(os.listdir(self._folder), b"")
        return find_imports(self._definitions["statements"], there | {str(path): data for path, data in self._files.items()})

    def _empty(self) -> None:
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
            self._empty()
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
        """Return whether there is no process: none was started since the last was ended."""

    def end(self) -> None:
        """End the process and those that it started."""

    def close(self) -> None:
        """Give back what it needed."""


class _Behind:
    """Behind the walls, where the sandbox forks a process for each line that it is given through the door."""

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

    def close(self) -> None:
        self._door.close()


class _Beside:
    """Without walls: a fork of a warm program, of the one that is there or of one's own, which then has the `imports`."""

    def __init__(self, imports: Callable[[], Sequence[str]]) -> None:
        self._path = os.environ.pop(warm.SOCKET, "")
        self._fork: warm.Fork | None = None
        self._own = ExitStack()
        if not self._path:
            folder = self._own.enter_context(tempfile.TemporaryDirectory(prefix="autograder-"))
            self._path = f"{folder}/warm"
            program = warm.start(Path(self._path), imports())
            self._own.callback(program.wait)
            self._own.callback(program.kill)

    def start(self, far: socket.socket) -> None:
        self._fork = warm.Fork(self._path, {"room": True}, [far.fileno()])

    def has_ended(self) -> bool:
        return self._fork is None

    def end(self) -> None:
        if self._fork:
            self._fork.end()
        self._fork = None

    def close(self) -> None:
        self._own.close()


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
