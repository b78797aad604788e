"""Starts services on this machine, asks them, plays traffic to them, and ends them with all that they started.

    with running("service", MODEL_VERSION="2") as service:
        answer = service.ask("POST", "/v1/predict", {"hours": []}, key="…")
        print(answer.status, answer.body, service.logs())

A service is a folder with an `app.py`, in which uvicorn finds `app`. Each has a process of its own and a port that the system chooses.
To import FastAPI takes a second, so one process, the nursery, does it once, and forks the services off: what lies in the service's
own folder is imported afresh each time. When the notebook's kernel ends, the nursery notices, and ends them all.
"""

import atexit
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
START_SECONDS = 20  # for a machine that is busy
PARTS = ("contract", "versions", "telemetry", "keys", "limits")


def wait_until(condition, seconds):
    """Return whether condition() came true within so many seconds. It looks every 10 ms."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@dataclass(frozen=True)
class Answer:
    """What came back: status (0: nothing did), headers with names in lower case, body (JSON as data, else a text), and how long it took."""

    status: int
    headers: dict
    body: object
    seconds: float


def ask(port, method, path, body=None, key=None, headers=None, timeout=10.0, line=None):
    """Send a request and return its Answer. A body of bytes or text goes as it is, a list of texts in chunks, other data as JSON."""
    sent = dict(headers or {})
    if key is not None:
        sent["X-API-Key"] = key
    if body is not None:
        sent.setdefault("Content-Type", "application/json")
        body = [part.encode() for part in body] if isinstance(body, list) else body
        body = body if isinstance(body, (bytes, str, list)) else json.dumps(body)
        body = body.encode() if isinstance(body, str) else body
    begin = time.monotonic()
    own = line or http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        own.request(method, path, body=iter(body) if isinstance(body, list) else body, headers=sent, encode_chunked=isinstance(body, list))
        answer = own.getresponse()
        text, status = answer.read(), answer.status
        found = {name.lower(): value for name, value in answer.getheaders()}
    except (OSError, http.client.HTTPException) as error:
        own.close()
        return Answer(0, {}, f"{type(error).__name__}: {error}", time.monotonic() - begin)
    finally:
        if line is None:
            own.close()
    text = text.decode("utf-8", "replace")
    with suppress(ValueError):
        return Answer(status, found, json.loads(text), time.monotonic() - begin)
    return Answer(status, found, text, time.monotonic() - begin)


class StartError(RuntimeError):
    """A service that did not start; `errors` is what it wrote to its error output."""

    def __init__(self, message, errors=""):
        super().__init__(message)
        self.errors = errors


class Service:
    """A running service: `port`, `pid` and `url`; `version` is the model version that it was asked to load."""

    def __init__(self, pid, port, place, version):
        self.pid, self.port, self.url, self.version = pid, port, f"http://127.0.0.1:{port}", version
        self._place, self.code, self.over = place, None, False

    def ask(self, method, path, body=None, **how):
        """Send a request; see ask() above. how: key, headers, timeout."""
        return ask(self.port, method, path, body, **how)

    def alive(self):
        """Return whether the process runs."""
        if self.code is None:
            self.code = _nursery().code_of(self.pid)
        return self.code is None

    def ready(self):
        """Return the model version that /ready names, or None while it does not answer 200."""
        if self.over:
            raise RuntimeError("the play is over")
        answer = self.ask("GET", "/ready", timeout=3.0) if self.alive() else None
        body = answer.body if answer and answer.status == 200 else None
        return body.get("model_version") if isinstance(body, dict) else None

    def logs(self):
        """Return the lines that the service printed."""
        return (self._place / "out").read_text(errors="replace").splitlines() if self._place.exists() else self._kept[0].splitlines()

    def errors(self):
        """Return what it wrote to its error output."""
        return (self._place / "err").read_text(errors="replace") if self._place.exists() else self._kept[1]

    def metrics(self):
        """Return the text at /metrics; empty where there is none."""
        answer = self.ask("GET", "/metrics", timeout=2.0)
        return str(answer.body) if answer.status == 200 else ""

    def stop(self, seconds=5.0):
        """Ask the process to end (SIGTERM), wait for it, end it by force if it takes too long; return its exit code."""
        if self.alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)
            wait_until(lambda: not self.alive(), seconds)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        wait_until(lambda: not self.alive(), 2)
        if self._place.exists():
            self._kept = [(self._place / name).read_text(errors="replace") for name in ("out", "err")]
            shutil.rmtree(self._place)
        return self.code


def start(folder="service", wait=True, **settings):
    """Start the service in a folder, with settings as its environment; return it when /health answers. Raises StartError if it dies."""
    version = settings.setdefault("MODEL_VERSION", "1")
    settings.setdefault("MODELS", str(HERE / "models"))
    settings.setdefault("KEYS_FILE", str(HERE / "keys.json"))
    settings = {"RATE_PER_SECOND": 50, "RATE_BURST": 100, "MAX_BODY": 65_536, "TIMEOUT_SECONDS": 2, **settings}
    place = Path(tempfile.mkdtemp(prefix="service-"))
    asked = {"folder": str(Path(folder).resolve()), "place": str(place), "env": {name: str(value) for name, value in settings.items()}}
    said = _nursery().ask({"start": asked})
    service = Service(said["pid"], said["port"], place, version)
    if wait and not wait_until(lambda: not service.alive() or service.ask("GET", "/health", timeout=1.0).status > 0, START_SECONDS):
        service.stop()
        raise StartError(f"the service did not answer within {START_SECONDS} s")
    if wait and not service.alive():
        service.stop()
        raise StartError(f"the service ended while it started: {_last_words(service)}", service.errors())
    return service


def _last_words(service):
    told = [line.strip() for line in service.errors().splitlines() if line.strip()]
    return " | ".join(told[-3:])[-600:] or f"it wrote nothing to its error output, and its exit code is {service.code}"


@contextmanager
def running(folder="service", **settings):
    """Start the service in a folder, and stop it at the end of the `with` block."""
    service = start(folder, **settings)
    try:
        yield service
    finally:
        service.stop()


# Playing traffic


def compose(place, own, texts=None, folder="service"):
    """Make a service in `place`: the parts named in `own` from the learner's folder, the others as they were found, then `texts`."""
    shutil.copytree(HERE / "found", place, dirs_exist_ok=True)
    for part in own:
        shutil.copyfile(Path(folder) / f"{part}.py", Path(place) / f"{part}.py")
    for name, text in (texts or {}).items():
        path = Path(place) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def play(own, script, texts=None, settings=None):
    """Play a script to a service in which only the parts in `own` are the learner's. Return plain data: what was answered, and told.

    A script is a list of steps. {"ask": [method, path, body], "key":, "headers":, "timeout":} sends a request, {"together": [steps]} plays
    some at once, {"steps": [steps]} one after the other, {"raw": text, "seconds":} sends bytes and waits for an answer ("drip": [text,
    pause] sends more of them, one by one), {"write": {name: text}} changes files, {"pause": seconds} lets time pass, which "as told" takes
    from the last answer's Retry-After, {"metrics": True} reads /metrics. "times" repeats a request.
    """
    with tempfile.TemporaryDirectory() as place:
        compose(Path(place) / "service", own, texts)
        settings = {name: str(value).replace("{place}", f"{place}/service") for name, value in (settings or {}).items()}
        try:
            service = start(Path(place) / "service", **settings)
        except StartError as error:
            return {"started": False, "why": str(error), "answers": [], "logs": [], "errors": "", "metrics": ""}
        try:
            answers = _play_step(service, {"steps": script}, Path(place) / "service")
            metrics = service.metrics()
        finally:
            code = service.stop(seconds=1)
        told = {"logs": service.logs(), "errors": service.errors(), "metrics": metrics, "code": code}
        return {"started": True, "why": "", "answers": answers, **told}


def _play_step(service, step, place):
    if "together" in step:
        found = [None] * len(step["together"])

        def run(number, part):
            found[number] = _play_step(service, part, place)

        threads = [threading.Thread(target=run, args=pair) for pair in enumerate(step["together"])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [said for part in found for said in part or []]
    if "write" in step:
        for name, text in step["write"].items():
            (place / f"{name}.new").write_text(text)
            os.replace(place / f"{name}.new", place / name)
        return []
    if "steps" in step:
        said = []
        for part in step["steps"]:
            if part.get("pause") == "as told":
                told = said[-1]["headers"].get("retry-after", "")
                part = {"pause": min(3.0, float(told)) if told.isdigit() else 0}
            said += _play_step(service, part, place)
        return said
    if "pause" in step:
        time.sleep(step["pause"])
        return []
    if "metrics" in step:
        return [{"status": 200, "body": service.metrics(), "headers": {}, "seconds": 0.0}]
    if "raw" in step:
        return [vars(_send_raw(service.port, step["raw"], step.get("seconds", 5), *step.get("drip", ("", 0))))]
    how = {name: step[name] for name in ("key", "headers", "timeout") if name in step}
    return [vars(service.ask(*step["ask"], **how)) for _ in range(step.get("times", 1))]


def _send_raw(port, text, seconds, drops, pause):
    begin, heard, left = time.monotonic(), b"", list(drops)
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as line, suppress(OSError):
        line.sendall(text.encode("latin-1"))
        while b"\r\n\r\n" not in heard and (rest := begin + seconds - time.monotonic()) > 0:
            line.settimeout(min(pause, rest) if left else rest)
            try:
                part = line.recv(65536)
            except TimeoutError:
                if left:
                    line.sendall(left.pop(0).encode("latin-1"))
                continue
            if not part:
                break
            heard += part
    first = heard.split(b"\r\n")[0].split()
    return Answer(int(first[1]) if len(first) > 1 else 0, {}, "", time.monotonic() - begin)


def measure(service, body, clients, seconds, key=None):
    """Let so many clients ask for so many seconds, each its next request as soon as the last is answered. Return [(status, seconds)]."""
    found, end = [], time.monotonic() + seconds

    def client():
        line = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
        while time.monotonic() < end:
            answer = ask(service.port, "POST", "/v1/predict", body, key=key, line=line)
            found.append((answer.status, answer.seconds))
        line.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


# A cluster: instances behind a proxy


class Cluster:
    """Instances of a service behind a proxy, and what a roll may do to them. `serving` are those to which the proxy sends requests.

    `patience` is how many seconds a roll should wait, at most, for anything. `settings(version, number)` gives the environment of the
    number-th instance (from 0) that is started. `metrics` keeps what /metrics said last of each that was stopped, as Prometheus would.
    """

    def __init__(self, folder, version, count=2, settings=None, patience=2.0):
        self._folder, self._settings = folder, settings or (lambda version, number: {})
        self.patience, self.started, self.history, self.metrics = patience, [], [], []
        self.record, self.fewest = [], count  # (status, instance) of each request; the fewest ready instances in service at any time
        self._serving, self._busy, self._turn, self._lock = [], {}, 0, threading.Lock()
        try:
            for _ in range(count):
                self.start(version)
            for instance in self.started:
                if not wait_until(lambda one=instance: one.ready() or not one.alive(), START_SECONDS) or not instance.alive():
                    raise StartError(f"an instance did not get ready: {_last_words(instance)}", instance.errors())
                self.add(instance)
        except BaseException:
            self.end()
            raise
        self._proxy = _Proxy(self)
        self.port = self._proxy.port

    @property
    def serving(self):
        """The instances to which the proxy sends requests."""
        with self._lock:
            return list(self._serving)

    def start(self, version):
        """Start an instance that loads a version of the model; return it at once. It serves nobody yet. See Service: alive(), ready()."""
        instance = start(self._folder, wait=False, MODEL_VERSION=version, **self._settings(version, len(self.started)))
        self.started.append(instance)
        self.history.append(("start", version))
        return instance

    def add(self, instance):
        """From now on the proxy sends requests to the instance, too."""
        self.history.append(("add", instance.version))
        if instance.ready() is None:
            self.history.append(("not ready", instance.version))
        with self._lock:
            self._serving = [*self._serving, instance]

    def remove(self, instance):
        """From now on the proxy sends no new requests to the instance. Those that it sent before go on."""
        self.history.append(("remove", instance.version))
        with self._lock:
            self._serving = [one for one in self._serving if one is not instance]
            self.fewest = min(self.fewest, len(self._serving))

    def in_flight(self, instance):
        """Return how many requests the proxy has sent to the instance that are not answered yet."""
        if instance.over:
            raise RuntimeError("the play is over")
        with self._lock:
            return self._busy.get(instance.pid, 0)

    def stop(self, instance):
        """Stop the instance (SIGTERM), and wait until its process has ended."""
        self.history.append(("stop", instance.version))
        if instance.code is None:
            self.metrics.append(instance.metrics() if instance.alive() else "")
        instance.stop()

    def end(self):
        """End the proxy and all instances."""
        if hasattr(self, "_proxy"):
            self._proxy.shutdown()
            self._proxy.server_close()
        for instance in self.started:
            if instance.code is None:
                self.metrics.append(instance.metrics() if instance.alive() else "")
            instance.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def _take(self):
        with self._lock:
            if not self._serving:
                return None
            self._turn += 1
            instance = self._serving[self._turn % len(self._serving)]
            self._busy[instance.pid] = self._busy.get(instance.pid, 0) + 1
            return instance

    def _give_back(self, instance, status):
        with self._lock:
            self._busy[instance.pid] -= 1
            self.record.append((status, instance.version))


class _Proxy:
    """Passes each request on to one of the instances that serve, in turn. 502 where that does not answer, 503 where none serves."""

    def __init__(self, cluster):
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        from socketserver import TCPServer

        class Server(ThreadingHTTPServer):
            daemon_threads, block_on_close, request_queue_size = True, False, 64

            def server_bind(self):
                TCPServer.server_bind(self)  # without asking the network for this machine's name
                self.server_name, self.server_port = self.server_address[:2]

            def handle_error(self, request, client_address):
                pass

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
                if self.path.split("?")[0] in ("/metrics", "/ready", "/health"):
                    return self.say(404, {}, b"not for the world")
                instance = cluster._take()
                if instance is None:
                    return self.say(503, {}, b"no instance serves")
                status, headers, text = 502, {}, b"the instance did not answer"
                try:
                    line = http.client.HTTPConnection("127.0.0.1", instance.port, timeout=20)
                    kept = {name: value for name, value in self.headers.items() if name.lower() not in ("connection", "host")}
                    line.request(self.command, self.path, body=body, headers=kept)
                    answer = line.getresponse()
                    text = answer.read()
                    status, headers = answer.status, dict(answer.getheaders())
                except (OSError, http.client.HTTPException):
                    pass
                finally:
                    line.close()
                    cluster._give_back(instance, status)
                self.say(status, headers, text)

            do_GET = do_POST = do_PUT = do_DELETE = do_BREW = pass_on

            def say(self, status, headers, body):
                self.send_response_only(status)
                for name, value in headers.items():
                    if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def shutdown(self):
        self._server.shutdown()

    def server_close(self):
        self._server.server_close()


def play_roll(roll, folder, version, requests, settings=None, patience=2.0, clients=4, seconds=12.0):
    """Play requests to two instances of version 1 while roll(cluster, version) replaces them. Return plain data.

    `requests` are steps as in play(), sent by so many clients over and over until the roll has ended, and then six more by each. One
    that says "once" is sent by one client, one time.
    """
    answers, over, ended = [], threading.Event(), {}

    def client(number):
        at, left = number * len(requests) // clients, 6
        while left:
            step = requests[at % len(requests)]
            at += 1
            if step.get("once") and (at > len(requests) or number != clients - 1):
                continue
            left -= over.is_set()
            began = time.monotonic() - begin
            how = {name: step[name] for name in ("key", "headers") if name in step}
            answer = ask(cluster.port, *step["ask"], **how, timeout=15)
            version_said = answer.body.get("model_version") if isinstance(answer.body, dict) else None
            named = answer.headers.get("x-request-id")
            answers.append({"status": answer.status, "at": began, "seconds": answer.seconds, "version": version_said, "id": named})

    def run():
        try:
            ended["result"] = roll(cluster, version)
        except Exception as error:
            ended["why"] = f"{type(error).__name__}: {error}"

    given = settings if callable(settings) else lambda version, number: settings or {}
    with Cluster(folder, "1", settings=given, patience=patience) as cluster:
        begin = time.monotonic()
        threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(answers) >= 2 * clients, 5)
        began = time.monotonic() - begin
        rolling = threading.Thread(target=run, daemon=True)
        rolling.start()
        rolling.join(seconds)
        took = time.monotonic() - begin - began
        if rolling.is_alive():
            ended["why"] = f"no end: it had not come back after {seconds:.0f} s"
        over.set()
        for thread in threads:
            thread.join()
        serving = [[one.version, one.ready()] for one in cluster.serving]
        alive = sum(one.alive() for one in cluster.started)
        if rolling.is_alive():
            for one in cluster.started:
                one.over = True
    result = ended.get("result")
    return {
        "result": result if isinstance(result, (bool, str, int, float, type(None))) else str(result),
        "why": ended.get("why", ""),
        "took": took,
        "began": began,
        "answers": answers,
        "serving": serving,
        "alive": alive,
        "fewest": cluster.fewest,
        "history": cluster.history,
        "metrics": cluster.metrics,
        "logs": [line for one in cluster.started for line in one.logs()],
    }


def play_whole(roll, requests, keys, settings=None):
    """Do what play_roll() does with the whole service of the learner. A part that cannot even be loaded is replaced by the one as found.

    `keys` is the text of keys.json. In what comes back, "replaced" names the parts that were.
    """
    replaced = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "service"
        while True:
            compose(folder, [part for part in PARTS if part not in replaced], {"keys.json": keys})
            try:
                given = {
                    "KEYS_FILE": folder / "keys.json",
                    "RATE_PER_SECOND": 100,
                    "RATE_BURST": 60,
                    "MAX_BODY": 20_000,
                    **(settings or {}),
                }
                return {**play_roll(roll, folder, "2", requests, given, patience=8.0), "replaced": replaced}
            except StartError as error:
                named = re.findall(r"/service/(\w+)\.py", error.errors)
                guilty = [part for part in named if part in PARTS and part not in replaced]
                if not guilty:
                    raise
                replaced.append(guilty[-1])


# The nursery: one process that has imported FastAPI, and forks the services off


class _Nursery:
    def __init__(self):
        self.owner, self._lock = os.getpid(), threading.Lock()
        if threading.active_count() == 1 and {"fastapi", "uvicorn", "prometheus_client"} <= sys.modules.keys():
            self._fork()  # all is here already
        else:
            command = [sys.executable, str(HERE / "services.py")]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
            self._to, self._from, self.pid = self._process.stdin, self._process.stdout, self._process.pid
        atexit.register(self.close)

    def _fork(self):
        (its_input, to), (back, its_output) = os.pipe(), os.pipe()
        self._process, self.pid = None, os.fork()
        if not self.pid:
            try:
                os.setsid()
                os.dup2(its_input, 0)
                os.dup2(its_output, 1)
                os.closerange(3, 1024)
                sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
                _nurse()
            finally:
                os._exit(0)
        os.close(its_input)
        os.close(its_output)
        self._to, self._from = os.fdopen(to, "w"), os.fdopen(back)

    def ask(self, question):
        with self._lock:
            self._to.write(json.dumps(question) + "\n")
            self._to.flush()
            line = self._from.readline()
        if not line:
            raise RuntimeError("services.py's own process has ended: restart the kernel")
        return json.loads(line)

    def code_of(self, pid):
        return self.ask({"code": pid})["code"]

    def close(self):
        if self.owner != os.getpid():
            return
        with suppress(OSError):
            self._to.close()
        with suppress(OSError, subprocess.TimeoutExpired):
            self._process.wait(2) if self._process else os.waitpid(self.pid, 0)


_kept, _making = [], threading.Lock()


def begin():
    """Start the process that forks the services off, if it does not run. Whatever needs it does so, too."""
    _nursery()


def close():
    """End the process that forks the services off. It is started again when it is needed."""
    while _kept:
        _kept.pop().close()


def _nursery():
    with _making:
        if not _kept or _kept[0].owner != os.getpid():
            _kept[:] = [_Nursery()]
        return _kept[0]


def _nurse():
    """Fork services off as asked on the input, until it ends; then end them all."""
    import fastapi
    import fastapi.responses  # noqa: F401
    import prometheus_client  # noqa: F401
    import uvicorn
    import uvicorn.lifespan.on
    import uvicorn.loops.asyncio
    import uvicorn.protocols.http.h11_impl  # noqa: F401

    codes = {}
    for line in sys.stdin:
        question = json.loads(line)
        if "start" in question:
            said = _fork(question["start"])
            codes[said["pid"]] = None
        else:
            pid = question["code"]
            if codes.get(pid) is None and pid in codes:
                with suppress(ChildProcessError):
                    ended, status = os.waitpid(pid, os.WNOHANG)
                    codes[pid] = os.waitstatus_to_exitcode(status) if ended else None
            said = {"code": codes.get(pid, -1)}
        print(json.dumps(said), flush=True)
    for pid in codes:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _fork(asked):
    mine, theirs = os.pipe()
    pid = os.fork()
    if pid:
        os.close(theirs)
        with os.fdopen(mine) as said:
            return {"pid": pid, "port": int(said.readline() or 0)}
    code = 1
    try:
        os.setsid()
        for number, name in ((1, "out"), (2, "err")):
            to = os.open(f"{asked['place']}/{name}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(to, number)
        sys.stdout.reconfigure(line_buffering=True)  # as PYTHONUNBUFFERED does in a container: what is printed is not lost at the end
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        line = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sets TCP_NODELAY only if this is said
        line.bind(("127.0.0.1", 0))
        os.write(theirs, f"{line.getsockname()[1]}\n".encode())
        os.close(theirs)
        os.environ.update(asked["env"])
        os.chdir(asked["folder"])
        sys.path[0] = asked["folder"]
        sys.modules.pop("app", None)
        import uvicorn

        parent = os.getppid()
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
        config = uvicorn.Config(
            "app:app", log_level="warning", access_log=False, lifespan="auto", http="h11",
            loop="asyncio", ws="none", timeout_graceful_shutdown=5,
        )  # fmt: skip
        server = uvicorn.Server(config)
        server.run(sockets=[line])
        code = 0 if server.started else 3
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _end_with(parent):
    """End this process when the nursery has gone."""
    while os.getppid() == parent:
        select.select([], [], [], 0.2)
    os.killpg(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    _nurse()
