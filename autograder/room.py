"""The room of learners' functions: each line that comes through its door is served by a process of its own, and all older ones end.

The one that serves the door never runs what a learner wrote: it has imported what that imports, and forks.
"""

import json
import os
import select
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

from autograder import plain

POLL_SECONDS = 0.05


def serve_door(door: socket.socket, fork: Callable[[int], int], end: Callable[[int], None]) -> None:
    """Serve until the door is closed. `fork` starts a process on a line's number and returns its pid; `end` ends it and what it started."""
    pid = 0
    while True:
        ready, _, _ = select.select([door], [], [], POLL_SECONDS if pid else None)
        if pid and os.waitpid(pid, os.WNOHANG)[0]:
            end(pid)  # what a process leaves behind would hold its line open
            pid = 0
        if not ready:
            continue
        said, lines, _, _ = socket.recv_fds(door, 1, 1)
        if pid:
            end(pid)
        if not said:
            return
        pid = fork(lines[0]) if lines else 0
        if not lines:
            door.send(said)
        for number in lines:
            os.close(number)


def serve_line(number: int) -> None:
    """Serve on the socket with the given number, until its other end is closed."""
    with socket.socket(fileno=number) as line:
        serve(line.makefile("r", encoding="utf-8"), line.makefile("w", encoding="utf-8"))


def serve(requests: IO[str], answers: IO[str]) -> None:
    """Answer each request in `requests` with a line in `answers`, until they end. The first line holds the definitions."""
    first = json.loads(requests.readline())
    scope: dict[str, Any] = {"__name__": "__main__"}
    run: dict[int, BaseException | None] = {}
    sys.path[:0] = [first["folder"], ""]  # what the learner wrote there is found from wherever a call is made, as what lies there is
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
