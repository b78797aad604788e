"""The inside of a pod: a step's source runs, and sees its own folder, its volumes, and what its image holds."""

import builtins
import contextlib
import os
import re
import signal
import sqlite3
import sys
import tempfile
import traceback

from kfp.dsl.executor import Executor

SYSTEM = []  # the folders of Python and of the system, which every image has
VISIBLE = []  # the folders that the pod sees which runs now; if empty, nothing is hidden


def hide(event, args):
    """Let the files that a pod does not see not exist for it: an audit hook. (What it writes elsewhere, nobody will read.)"""
    if event == "open" and VISIBLE and isinstance(args[0], (str, bytes)) and not args[2] & (os.O_WRONLY | os.O_RDWR):
        path = os.path.realpath(os.fsdecode(args[0]))
        if not any(path == place or path.startswith(place + os.sep) for place in VISIBLE):
            raise FileNotFoundError(2, "No such file in this pod", os.fsdecode(args[0]))


def inside(pod, container, asked, volumes, dies):
    """Be the pod: run the step's source, and leave its outputs, its log and its error in the folder."""
    signal.alarm(60)
    there, code = os.getcwd(), next(text for text in container["command"] if "\ndef " in text)
    function = container["args"][container["args"].index("--function_to_execute") + 1]
    with open(pod / "log", "w") as log, contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
        os.environ.clear()
        os.environ.update({"PATH": "/usr/bin:/bin", "HOME": str(pod / "work"), "TMPDIR": str(pod / "work"), "LANG": "C.UTF-8"})
        os.environ.update({one["name"]: one["value"] for one in container.get("env", [])})
        tempfile.tempdir = None
        os.chdir(pod / "work")
        if dies:
            sqlite3.connect = _watched(sqlite3.connect, dies)
        VISIBLE[:] = [*SYSTEM, str(pod), *volumes]
        try:
            scope = {"__name__": "a_step", "__builtins__": {**vars(builtins), "__import__": _import_from_image}}
            exec(compile(code, f"<{function}>", "exec"), scope)
            Executor(executor_input=asked, function_to_execute=scope[function]).execute()
        except BaseException as error:
            where = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith("<")]
            said = f"{type(error).__name__}: {error}" + (f" (line {where[-1]} of the step)" if where else "")
        else:
            said = ""
        finally:
            VISIBLE.clear()
            os.chdir(there)
            signal.alarm(0)
    if said:
        (pod / "error").write_text(said)


def _watched(connect, dies):
    """Return sqlite3.connect, with connections that kill this process at the n-th statement that writes."""
    count = 0

    def connecting(*args, **more):
        connection = connect(*args, **more)

        def look(statement):
            nonlocal count
            count += bool(re.match(r"\s*(INSERT|REPLACE|DELETE|UPDATE|WITH)\b", statement, re.IGNORECASE))
            if count >= dies:
                os.kill(os.getpid(), signal.SIGKILL)

        connection.set_trace_callback(look)
        return connection

    return connecting


def _import_from_image(name, globals=None, locals=None, fromlist=(), level=0):
    """Import for a step what its image holds. Raises ModuleNotFoundError for all else, as a pod does."""
    top = name.split(".")[0]
    if level == 0 and top != "kfp" and top not in sys.stdlib_module_names:
        raise ModuleNotFoundError(f"No module named '{top}' in the image: it holds Python's standard library and kfp")
    return __import__(name, globals, locals, fromlist, level)
