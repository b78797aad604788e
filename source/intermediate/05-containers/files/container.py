"""A stand-in for `docker run` and `docker stop`: it starts an image's first process for real, and stops it as a container is.

    with running(image) as box:                    # image: from imagebuild.build
        status, said = box.ask("/predict", trip)
        end = box.stop(grace=2)                    # {"killed": …, "code": …, "seconds": …}
    print(box.log)

What is as in a container: the first process is what ENTRYPOINT and CMD say, started in WORKDIR with the image's environment. `stop`
sends the image's stop signal to the first process alone. That process has number 1, and Linux spares process 1 every signal for which
it has no handler: so the stand-in looks up in /proc whether there is one, and sends no signal where there is none. What still runs
after the grace period is killed, and with the first process all others end.

What is not: there are no walls, no user of its own, no memory limit and no file system of its own. The files of WORKDIR lie in a
temporary folder; `python` and `uvicorn` are this machine's, and what this machine lacks (`tini`, say) cannot be started. The port is
a free one, given as PORT, as by `docker run --env PORT=…`: it outdoes an ENV of the image. Docker waits 10 s before it kills; we wait
less, since nobody learns from waiting.
"""

import http.client
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path


class Box:
    """A process that plays a container."""

    def __init__(self, argv, folder, env, stop_signal):
        self.log, self.ended, self._signal = "", None, stop_signal
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '/usr/bin:/bin')}"
        self._output = open(Path(folder).parent / "log.txt", "wb+")  # noqa: SIM115
        full = {"PYTHONUNBUFFERED": "1", **env, "PORT": str(self.port), "PATH": path, "PYTHONPATH": str(folder), "HOME": str(folder)}
        full |= {name: os.environ[name] for name in os.environ if name.startswith("AUTOGRADER")}
        try:
            self._process = subprocess.Popen(
                argv, cwd=folder, env=full, stdout=self._output, stderr=subprocess.STDOUT, start_new_session=True
            )
        except OSError as error:
            self._output.close()
            raise RuntimeError(f"the container does not start: {argv[0]}: {error.strerror}") from None

    def wait_until_up(self, seconds=20.0):
        """Wait until /health answers. Raises RuntimeError with the log where it does not."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._process.poll() is None:
            try:
                if self.ask("/health")[0] == 200:
                    return self
            except (OSError, http.client.HTTPException):
                heard = re.search(r"running on http://\S+:(\d+)", self._read())
                if heard and int(heard[1]) != self.port:
                    raise RuntimeError(f"it listens on port {heard[1]}, and PORT says {self.port}: does entrypoint.sh start it?") from None
                time.sleep(0.05)
        ended = "" if self._process.poll() is None else f", its first process ended with code {self._process.returncode}"
        raise RuntimeError(f"the container does not answer on $PORT{ended}; its log ends: {self._read()[-400:]}")

    def ask(self, path, body=None, seconds=10.0):
        """Return the status and the answer; a POST where there is a body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(
                "GET" if body is None else "POST", path, None if body is None else json.dumps(body), {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            text = answer.read().decode()
            return answer.status, json.loads(text) if "json" in answer.headers.get("Content-Type", "") else text
        finally:
            connection.close()

    def listens_everywhere(self):
        """Return whether it can be reached by more addresses than 127.0.0.1: as from outside a container. (Told on Linux only.)"""
        if sys.platform != "linux":
            return True
        with socket.socket() as other:
            other.settimeout(5)
            return other.connect_ex(("127.0.0.2", self.port)) == 0

    def handles_signal(self):
        """Return whether the first process has a handler for the stop signal; None where this system does not tell."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return None
        return bool(int(re.search(r"SigCgt:\s*(\w+)", status)[1], 16) >> (int(self._signal) - 1) & 1)

    def stop(self, grace=3.0):
        """Stop it as `docker stop` does. Returns whether it had to be killed, the first process's exit code, and the seconds that it
        took."""
        begin, handled = time.monotonic(), self.handles_signal()
        if handled is not False and self._process.poll() is None:
            os.kill(self._process.pid, self._signal)
        killed = False
        try:
            self._process.wait(grace)
            if handled is None and self._process.returncode == -int(self._signal):  # no /proc here: as process 1 it would have been spared
                killed = True
        except subprocess.TimeoutExpired:
            killed = True
        self._end()
        code = 137 if killed else self._process.returncode
        self.ended = {"killed": killed, "code": code, "seconds": round(max(time.monotonic() - begin, grace if killed else 0), 2)}
        return self.ended

    def wait(self, seconds=10.0):
        """Wait for the first process's end, and return its exit code; None where it goes on."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def _read(self):
        self._output.flush()
        return Path(self._output.name).read_text(errors="replace")

    def _end(self):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self):
        """End it with all that it started."""
        if not self._output.closed:
            self._end()
            self.log = self._read()
            self._output.close()


@contextmanager
def running(image, env=None, wait=True):
    """Start the image's first process; give a Box that answers (or, with wait=False, that has been started). Everything is ended at the
    end."""
    work = image.config["workdir"].rstrip("/") + "/"
    argv = image.argv()
    if not argv:
        raise RuntimeError("the image says neither ENTRYPOINT nor CMD: there is nothing to start")
    named = argv[0] if argv[0].startswith("/") else work + argv[0].removeprefix("./") if "/" in argv[0] else None
    if named in image.files and not image.files[named].runnable:
        raise RuntimeError(f"the container does not start: exec {argv[0]}: permission denied (the file is not executable)")
    with tempfile.TemporaryDirectory(prefix="container-", ignore_cleanup_errors=True) as place:
        folder = Path(place) / "files"
        folder.mkdir()
        for path, file in image.files.items():
            if path.startswith(work) and file.content is not None:
                target = folder / path.removeprefix(work)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.content)
                target.chmod(0o755 if file.runnable else 0o644)

        def here(word):
            word = re.sub(r"(?<![\w.])" + re.escape(work), f"{folder}/", word)
            return re.sub(r"(?<![\w.])/(?:[\w.-]+/)*bin/(python3?|uvicorn)\b", r"\1", word)

        settings = {name: here(text) for name, text in image.config["env"].items()}
        box = Box([here(word) for word in argv], folder, settings | (env or {}), signal.Signals[stop_name(image)])
        try:
            yield box.wait_until_up() if wait else box
        finally:
            box.close()


def stop_name(image):
    """Return the name of the image's stop signal."""
    said = str(image.config["stop_signal"]).upper()
    return signal.Signals(int(said)).name if said.isdigit() else said if said.startswith("SIG") else f"SIG{said}"


# ── what the lab's tests do with it ───────────────────────────────────────────────────────────────────────────────────

PLAIN = """FROM python:3.12-slim-bookworm
WORKDIR /app
COPY alarm /app/alarm/
COPY model.json other.json entrypoint.sh /app/
ENTRYPOINT ["/bin/sh", "/app/entrypoint.sh"]
"""
TRIP = {"distance_km": 2.0, "km_since_service": 700.0, "climb_m": 30.0}


def plain_image(script, model, other=None, dockerfile=PLAIN):
    """Return an image of the found service with this entrypoint.sh, and with these texts in the files model.json and other.json."""
    from imagebuild import build, files_in

    found = files_in(Path(__file__).with_name("found"))
    return build(
        dockerfile, {**found, "entrypoint.sh": script.encode(), "model.json": model.encode(), "other.json": (other or model).encode()}
    )


def play_start(script, model, other=None, env=None, slow=0.0, grace=3.0):
    """Start a container with this entrypoint.sh, ask it, stop it while it answers a request that takes `slow` seconds, and return what
    happened.

    {"up": True, "status": 200, "score": 0.05, "killed": False, "code": 0, "seconds": 0.1, "everywhere": True, "answered": True,
    "log": "…"}; answered: whether the request that was being answered at the stop got its answer (None where slow is 0). Where it does
    not come up: {"up": False, "code": 1, "log": "…"}.
    """
    result = {"up": False}
    with running(plain_image(script, model, other), {"ANSWER_SECONDS": str(slow), **(env or {})}, wait=False) as box:
        try:
            box.wait_until_up(12)
        except RuntimeError:
            result["code"] = box.wait(0.1)
        else:
            status, said = box.ask("/predict", TRIP)
            result |= {"up": True, "status": status, "score": said["score"], "everywhere": box.listens_everywhere(), "answered": None}
            if slow:
                with ThreadPoolExecutor(1) as pool:
                    asking = pool.submit(_answered, box)
                    end = time.monotonic() + 5
                    while not box.ask("/health")[1]["waiting"] and time.monotonic() < end:
                        time.sleep(0.02)
                    result |= box.stop(grace)
                    result["answered"] = asking.result()
            else:
                result |= box.stop(grace)
    return result | {"log": box.log[-1500:]}


def _answered(box):
    try:
        return box.ask("/predict", TRIP)[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def play_image(dockerfile, files):
    """Build a Dockerfile's text with {path: text or bytes}, start it, look how its health check judges, stop it. Returns what happened;
    "problem" says why it did not come so far.

    {"status": 200, "killed": False, "healthy": 0, "ill": 1, "gone": 1}: the health check's exit code where the service answers, where it
    answers 503, and where nobody answers.
    """
    from imagebuild import BuildError, build

    try:
        image = build(dockerfile, {path: text.encode() if isinstance(text, str) else text for path, text in files.items()})
        with running(image) as box:
            result = {"status": box.ask("/predict", TRIP)[0], "healthy": _health(image, box.port)}
            result |= box.stop()
            result["gone"] = _health(image, box.port)
    except (BuildError, RuntimeError) as error:
        return {"problem": str(error)[:600]}
    with _ill() as port:
        result["ill"] = _health(image, port)
    return result


class _Ill(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        """Answer that the service is unavailable."""
        self.send_error(503)

    do_HEAD = do_GET

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def _ill():
    with http.server.HTTPServer(("127.0.0.1", 0), _Ill) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def _health(image, port):
    """Return the exit code of the image's health check where the service has this port instead of 8000; None where there is no check."""
    said = image.config["healthcheck"] or ""
    command = re.search(r"\bCMD\s+(.*)$", said, re.DOTALL)
    if not command:
        return None
    try:
        argv = json.loads(command[1])
    except ValueError:
        argv = ["sh", "-c", command[1]]
    if re.search(r"\b(curl|wget)\b", command[1]):
        return 127  # not in a slim image, whatever this machine has
    argv = [re.sub(r"(?<!\d)8000(?!\d)", str(port), re.sub(r"(?<![\w.])/(?:[\w.-]+/)*bin/(python3?)\b", r"\1", word)) for word in argv]
    env = {**image.config["env"], "PORT": str(port), "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '/usr/bin:/bin')}"}
    try:
        return subprocess.run(argv, env=env, capture_output=True, timeout=10).returncode
    except OSError:
        return 127
    except subprocess.TimeoutExpired:
        return 124
