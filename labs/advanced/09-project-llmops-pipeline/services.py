"""Services for this lab: start one, ask it, put load on it, end it. They listen on this machine only, on a port that the system chooses."""

import atexit
import gc
import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

_running = {}  # process number: the process, and the file that holds what it wrote


@contextmanager
def serving(file, settings=None, **options):
    """Start a service as `start` does, give its address to the block, and end it with all its children, whatever happens."""
    service = start(file, settings, **options)
    try:
        yield service["url"]
    finally:
        end(service["pid"])


def start(file, settings=None, script=False, seconds=10.0):
    """Start the service in a Python file, and wait until it answers anything at all. Return its address and process: url, pid.

    The command is `python -m uvicorn NAME:app --port PORT`; with script=True it is `python NAME.py PORT`. `settings` are added to its
    environment variables. Raises RuntimeError, with the service's last words, if it ends or does not answer in so many seconds.
    """
    if not Path(file).is_file():
        raise RuntimeError(f"there is no file {file}")
    port, words = _free_port(), tempfile.NamedTemporaryFile(prefix="service-")  # noqa: SIM115
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", **(settings or {})}
    if script:
        process = subprocess.Popen(
            [sys.executable, file, str(port)], env=environment, stdin=subprocess.DEVNULL, stdout=words, stderr=words, start_new_session=True
        )
    else:
        process = _fork(str(Path(file).resolve()), port, environment, words.name)
    _running[process.pid] = process, words
    until = time.monotonic() + seconds
    try:
        while not _answers(port):
            if process.poll() is not None:
                raise RuntimeError(f"the service in {file} ended at its start: {_last_line(words)}")
            if time.monotonic() > until:
                raise RuntimeError(f"the service in {file} did not answer within {seconds:g} s of its start")
            time.sleep(0.02)
    except BaseException:
        end(process.pid)
        raise
    return {"url": f"http://127.0.0.1:{port}", "pid": process.pid}


@contextmanager
def serving_app(app):
    """Serve an app that is already there in this process, in a thread, and give its address to the block."""
    import uvicorn

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.02)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def tell(pid):
    """Send a service SIGTERM: the polite request to end."""
    _running[pid][0].send_signal(signal.SIGTERM)


def wait(pid, seconds):
    """Return the exit code of a service that is a script when it has ended; None if it still runs after so many seconds."""
    with suppress(subprocess.TimeoutExpired):
        return _running[pid][0].wait(timeout=seconds)
    return None


def end(pid):
    """End a service with all its children, at once and without asking."""
    process, words = _running.pop(pid)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    while process.poll() is None:
        time.sleep(0.002)
    words.close()


def rest():
    """End the process that starts services, if there is one. The next start makes it again."""
    while _nursery:
        nursery = _nursery.pop()
        nursery.stdin.close()
        nursery.stdout.close()
        nursery.wait()


def ask(url, path, body=None, raw=None, seconds=20.0):
    """Send a request; return its status and its answer: from JSON, or as text. POST with a body (or `raw`, a text), else GET.

    Raises ConnectionRefusedError if nobody listens there, and another OSError or HTTPException if the answer does not come.
    """
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=seconds)
    text = raw if raw is not None else None if body is None else json.dumps(body)
    try:
        connection.request("GET" if text is None else "POST", path, text, {"Content-Type": "application/json", "Connection": "close"})
        response = connection.getresponse()
        said = response.read().decode("utf-8", "replace")
        with suppress(ValueError):
            return response.status, json.loads(said)
        return response.status, said
    finally:
        connection.close()


def load(url, path, bodies, clients):
    """Send the bodies, so many clients at a time. Return a dictionary for each, in their order: status, answer, ms."""

    def one(body):
        begin = time.perf_counter()
        try:
            status, answer = ask(url, path, body, seconds=60)
        except (OSError, http.client.HTTPException) as error:
            status, answer = 0, f"{type(error).__name__}: {error}"
        return {"status": status, "answer": answer, "ms": 1000 * (time.perf_counter() - begin)}

    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(one, bodies))


def _free_port():
    with socket.socket() as any_socket:
        any_socket.bind(("127.0.0.1", 0))  # 0: any port that is free
        return any_socket.getsockname()[1]


def _answers(port):
    with suppress(OSError, http.client.HTTPException):
        ask(f"http://127.0.0.1:{port}", "/health", seconds=1.0)
        return True
    return False


def _last_line(words):
    words.seek(0)
    lines = words.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"


@atexit.register
def _end_all():
    for pid in list(_running):
        end(pid)
    rest()


# To import FastAPI and uvicorn takes most of a service's start. So a process of its own, the nursery, imports them once, and each
# service is a fork of it: from there on all is as with `python -m uvicorn`. It ends when this process does, or after a pause.

_nursery = []
PAUSE = 20.0


class _Forked:
    """A service that was forked, seen from the process that asked for it."""

    def __init__(self, pid, is_child):
        self.pid, self._is_child = pid, is_child

    def poll(self):
        """Return None while it runs."""
        if self._is_child:
            return None if os.waitpid(self.pid, os.WNOHANG) == (0, 0) else 0
        with suppress(ProcessLookupError):
            os.kill(self.pid, 0)
            return None
        return 0

    def send_signal(self, number):
        os.kill(self.pid, number)


def _fork(file, port, environment, words):
    if threading.active_count() == 1 and {"fastapi", "uvicorn"} <= sys.modules.keys():  # this process can be the nursery
        pid = os.fork()
        if not pid:
            _be_service(file, port, environment, words)
        return _Forked(pid, is_child=True)
    for _ in range(2):
        if not _nursery or _nursery[0].poll() is not None:
            rest()
            command = [sys.executable, __file__]
            _nursery.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True))
        with suppress(BrokenPipeError):  # it has just gone for its pause: once more
            _nursery[0].stdin.write(json.dumps([file, port, environment, words]).encode() + b"\n")
            _nursery[0].stdin.flush()
            if line := _nursery[0].stdout.readline():
                return _Forked(int(line), is_child=False)
    raise RuntimeError("no service can be started: the process that starts them ends at once")


def _be_service(file, port, environment, words):
    """Become a service. Never returns."""
    code = 1
    try:
        os.setsid()
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        nothing, log = os.open(os.devnull, os.O_RDONLY), os.open(words, os.O_WRONLY | os.O_APPEND)
        for old, new in [(nothing, 0), (log, 1), (log, 2)]:
            os.dup2(old, new)
        os.closerange(3, 1024)
        sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
        gc.freeze()  # what is left of the process before is never touched again
        os.environ.clear()
        os.environ.update(environment)
        sys.dont_write_bytecode = True
        sys.path.insert(0, str(Path(file).parent))
        import uvicorn

        options = {"host": "127.0.0.1", "port": port, "log_level": "warning", "access_log": False, "ws": "none"}
        uvicorn.run(f"{Path(file).stem}:app", **options)
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _be_nursery():
    """Fork a service for each line that comes in, and write its number. At the end, or after a pause, end them all."""
    import uvicorn  # noqa: F401
    from fastapi import FastAPI
    from fastapi.responses import JSONResponse  # noqa: F401

    FastAPI()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    children, heard = [], b""
    while select.select([0], [], [], PAUSE)[0] or any(_Forked(pid, is_child=False).poll() is None for pid in children):
        if not select.select([0], [], [], 0)[0]:
            continue
        part = os.read(0, 65536)
        if not part:
            break
        heard += part
        while b"\n" in heard:
            line, _, heard = heard.partition(b"\n")
            pid = os.fork()
            if not pid:
                _be_service(*json.loads(line))
            children.append(pid)
            os.write(1, f"{pid}\n".encode())
    for pid in children:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    _be_nursery()
