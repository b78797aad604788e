# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read, `why` the mistake or the style.

# %% grade_id="contract" points=14 why="another style: no Pydantic, checks written by hand over json.loads"
import json
from datetime import datetime, timezone

from fastapi import HTTPException, Request

RANGES = {"temperature_c": (-30, 45), "rain_mm": (0, 100), "wind_mps": (0, 60)}


def number_in(value, low, high):
    return type(value) in (int, float) and low <= value <= high


def the_hour(text):
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        return None
    try:
        moment = moment.astimezone(timezone.utc)
    except OverflowError:
        return None
    return moment if moment == moment.replace(minute=0, second=0, microsecond=0) else None


def problems(row, stations):
    if not isinstance(row, dict):
        yield "hours", "a row is an object"
        return
    for name in {"station_id", "time", *RANGES} ^ set(row):
        yield name, "missing or unknown"
    if "station_id" in row and (type(row["station_id"]) is not int or row["station_id"] not in stations):
        yield "station_id", "no such station"
    if "time" in row and the_hour(row["time"]) is None:
        yield "time", "not a full hour with a zone"
    for name, edges in RANGES.items():
        if name in row and not number_in(row[name], *edges):
            yield name, "not a number from {} to {}".format(*edges)


def install(app):
    @app.post("/v1/predict")
    async def predict(request: Request):
        try:
            asked = json.loads(await request.body())
        except (ValueError, RecursionError):
            raise HTTPException(400, [{"loc": ["body"], "msg": "no JSON"}])
        model = app.state.models.current
        if model is None:
            raise HTTPException(503, "no model")
        if not isinstance(asked, dict) or not isinstance(asked.get("hours"), list) or not 1 <= len(asked["hours"]) <= 200:
            raise HTTPException(422, [{"loc": ["body", "hours"], "msg": "1 to 200 rows"}])
        wrong = [{"loc": ["body", name], "msg": "unknown"} for name in asked if name != "hours"]
        for number, row in enumerate(asked["hours"]):
            wrong += [{"loc": ["body", "hours", number, name], "msg": msg} for name, msg in problems(row, model.stations)]
        if wrong:
            raise HTTPException(422, wrong)
        request.state.model_version = model.version
        answers = [model.trips(row["station_id"], the_hour(row["time"]), *(row[name] for name in RANGES)) for row in asked["hours"]]
        return {"predictions": answers, "model_version": model.version}


save_cell("service/contract.py")

# %% grade_id="contract" points=14 why="another style: Pydantic reads the body's text itself, with validators of the fields"
import re
from datetime import UTC, datetime

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, FiniteFloat, StrictInt, ValidationError, conlist, field_validator


class Forbidding(BaseModel, extra="forbid"):
    pass


class Row(Forbidding):
    station_id: StrictInt
    time: str
    temperature_c: FiniteFloat
    rain_mm: FiniteFloat
    wind_mps: FiniteFloat

    @field_validator("temperature_c", "rain_mm", "wind_mps", mode="before")
    @classmethod
    def in_range(cls, value, info):
        low, high = {"temperature_c": (-30, 45), "rain_mm": (0, 100), "wind_mps": (0, 60)}[info.field_name]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise ValueError(f"a number from {low} to {high} is expected")
        return value

    @field_validator("time")
    @classmethod
    def whole_hour(cls, value):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None or moment.timestamp() % 3600 or not 1970 < moment.year < 2100:
            raise ValueError("a full hour, with a zone")
        return value

    def of(self, model):
        when = datetime.fromtimestamp(datetime.fromisoformat(self.time).timestamp(), tz=UTC)
        return model.trips(self.station_id, when, self.temperature_c, self.rain_mm, self.wind_mps)


class Question(Forbidding):
    hours: conlist(Row, min_length=1, max_length=200)


def install(app):
    def no(where):
        return JSONResponse({"detail": where}, status_code=422)

    @app.post("/v1/predict")
    async def answer(request: Request) -> Response:
        try:
            question = Question.model_validate_json(await request.body())
        except ValidationError as error:
            return no([{"loc": each["loc"], "msg": each["msg"]} for each in error.errors(include_url=False, include_input=False, include_context=False)])
        model = request.app.state.models.current
        if not model:
            return JSONResponse({}, 503)
        strangers = {row.station_id for row in question.hours} - model.stations
        if strangers:
            return no([{"loc": ["body", "station_id"], "msg": f"unknown: {sorted(strangers)}"}])
        request.state.model_version = model.version
        return JSONResponse({"model_version": model.version, "predictions": [row.of(model) for row in question.hours]})


save_cell("service/contract.py")

# %% grade_id="contract" points=5 message="was answered with 500" why="relies on FastAPI's own answer with 422, which cannot repeat NaN" changes="solution"
-    @app.exception_handler(RequestValidationError)
-    async def refuse(request: Request, error: RequestValidationError):
-        detail = [{"loc": list(each["loc"]), "msg": each["msg"]} for each in error.errors()]  # without the input
-        return JSONResponse({"detail": detail}, 422)
-

# %% grade_id="contract" points=5 message="'rain_mm': '12'} was answered with 200" why="takes texts for numbers: not strict" changes="solution"
-    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
+    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

# %% grade_id="contract" points=9 message="with another zone" why="takes the hour of the caller's clock for the model's: passes what is visible" changes="solution"
-        value = value.astimezone(UTC)
+        value.astimezone(UTC)
@@
         raise ValueError("in UTC this is before the year 1, or after 9999") from None
+    value = value.replace(tzinfo=UTC)

# %% grade_id="contract" points=9 message="there are 201 rows" why="forgets the upper limit of a batch: passes what is visible" changes="solution"
-    hours: list[Hour] = Field(min_length=1, max_length=200)
+    hours: list[Hour] = Field(min_length=1)

# %% grade_id="contract" points=9 message="1759737600" why="asks only whether a time is a text, and Pydantic takes its digits for Unix time: passes what is visible" changes="solution"
-    if not (isinstance(value, str) and "T" in value.upper()):  # Pydantic takes digits alone for Unix time
+    if not isinstance(value, str):

# %% grade_id="contract" points=9 message="0001-01-01" why="converts whatever time it gets, out of the calendar: passes what is visible" changes="solution"
-    try:
-        value = value.astimezone(UTC)
-    except OverflowError:
-        raise ValueError("in UTC this is before the year 1, or after 9999") from None
+    value = value.astimezone(UTC)

# %% grade_id="contract" points=9 message="the body has a field more" why="forbids unknown fields in a row, but not around it: passes what is visible" changes="solution"
-    model_config = ConfigDict(extra="forbid")
-

# %% grade_id="contract" points=5 message="Three rows were sent" why="collects the predictions in a dictionary, where equal rows become one" changes="solution"
-        return {"model_version": model.version, "predictions": [model.trips(**hour.model_dump()) for hour in ask.hours]}
+        return {"model_version": model.version, "predictions": list({str(hour): model.trips(**hour.model_dump()) for hour in ask.hours}.values())}

# %% grade_id="contract" points=9 message="look at current once" why="looks at the current model again for its version: passes what is visible" changes="solution"
-        request.state.model_version = str(model.version)
+        request.state.model_version = request.app.state.models.current.version
@@
-        return {"model_version": model.version, "predictions": [model.trips(**hour.model_dump()) for hour in ask.hours]}
+        return {"model_version": request.app.state.models.current.version, "predictions": [model.trips(**hour.model_dump()) for hour in ask.hours]}

# %% grade_id="versions" points=12 why="another style: no class, a namespace, asynchronous routes that load in a thread, statuses as values"
import json
import os
from hashlib import sha256
from types import SimpleNamespace

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from demand import read_model


def released(version):
    """Return the model of a version, or the status that says why not."""
    folder = os.environ["MODELS"]
    with open(os.path.join(folder, "index.json")) as file:
        index = json.load(file)
    if version not in index:
        return 404
    try:
        with open(os.path.join(folder, version + ".json"), "rb") as file:
            data = file.read()
        return read_model(data) if sha256(data).hexdigest() == index[version] else 409
    except Exception:
        return 409


def install(app):
    first = released(os.environ["MODEL_VERSION"])
    state = app.state.models = SimpleNamespace(current=None if isinstance(first, int) else first, past=[])

    def say(response):
        if state.current is None:
            response.status_code = 503
            return {}
        return {"model_version": state.current.version}

    @app.get("/ready")
    async def is_ready(response: Response):
        return say(response)

    @app.put("/v1/model")
    async def put_model(request: Request, response: Response):
        version = (await request.json()).get("model_version")
        if version == state.current.version:
            return say(response)
        model = await run_in_threadpool(released, version)
        if isinstance(model, int):
            response.status_code = model
            return {"detail": "refused"}
        state.past.append(state.current)
        state.current = model
        return say(response)

    @app.post("/v1/model/rollback")
    async def back(response: Response):
        if not state.past:
            response.status_code = 409
            return {"detail": "nothing to go back to"}
        state.current = state.past.pop()
        return say(response)


save_cell("service/versions.py")

# %% grade_id="versions" points=12 why="another style: a shelf of models and an order of names, and a service that does not start without a model"
import hashlib
import json
import os
import sys
from pathlib import Path

import demand
from fastapi import Body, HTTPException


class Refused(Exception):
    def __init__(self, status):
        self.status = status


class Shelf:
    """All models that were ever live, by version, and the order in which they were."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.books = {}
        self.order = []

    current = property(lambda self: self.books[self.order[-1]] if self.order else None)

    def fetch(self, version):
        hashes = json.loads((self.folder / "index.json").read_text())
        if version not in hashes:
            raise Refused(404)
        file = self.folder.joinpath(f"{version}.json")
        try:
            content = file.read_bytes()
            if hashlib.sha256(content).hexdigest() == hashes[version]:
                return demand.read_model(content)
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            pass
        raise Refused(409)

    def put(self, version):
        if self.order[-1:] != [version]:
            self.books[version] = self.fetch(version)
            self.order.append(version)


def install(app):
    shelf = Shelf(os.environ["MODELS"])
    app.state.models = shelf
    try:
        shelf.put(os.environ["MODEL_VERSION"])
    except Refused:
        sys.exit("the first model cannot be loaded")

    @app.get("/ready")
    def ready():
        return dict(model_version=shelf.current.version)

    @app.put("/v1/model")
    def put(model_version: str = Body(embed=True)):
        try:
            shelf.put(model_version)
        except Refused as no:
            raise HTTPException(no.status)
        return ready()

    @app.post("/v1/model/rollback")
    def rollback():
        if len(shelf.order) == 1:
            raise HTTPException(409, "this is the first")
        shelf.order.pop()
        return ready()


save_cell("service/versions.py")

# %% grade_id="versions" points=4 message="a switch to 3, the damaged file" why="does not compare the hash" changes="solution"
-            if hashlib.sha256(data).hexdigest() != expected:
+            if not expected:

# %% grade_id="versions" points=8 message="to a version whose file on the disk had been changed" why="remembers names, and reads the file again to go back: passes what is visible" changes="solution"
-            self.live = self.live[:-1]
+            self.live = (*self.live[:-2], read_model(self.folder / f"{self.live[-2].version}.json"))

# %% grade_id="versions" points=8 message="While a version was being loaded, a request was answered with 500" why="takes the old model away before it loads the new one: passes what is visible" changes="solution"
-            self.live = (*self.live, read_model(data))
+            before, self.live = self.live, ()
+            try:
+                before = (*before, read_model(data))
+            finally:
+                self.live = before

# %% grade_id="versions" points=8 message="holds a text among its numbers" why="expects no error from a file whose hash is right: passes what is visible" changes="solution"
 from pydantic import BaseModel
+
+
+class Damaged(Exception):
+    pass
@@
-            expected = json.loads((self.folder / "index.json").read_text())[version]
-            data = (self.folder / f"{version}.json").read_bytes()  # once: what is checked is what is used
-            if hashlib.sha256(data).hexdigest() != expected:
-                raise ValueError(f"the file of version {version} is not the one in the index")
+            path = self.folder / f"{version}.json"
+            expected = json.loads((self.folder / "index.json").read_text())[version]
+            data = path.read_bytes() if path.is_file() else b""
+            if hashlib.sha256(data).hexdigest() != expected:
+                raise Damaged(f"the file of version {version} is not the one in the index")
@@
-    except (KeyError, ValueError, OSError) as error:
+    except (KeyError, Damaged, ValueError, OSError) as error:
@@
-        except (ValueError, OSError):
+        except Damaged:

# %% grade_id="versions" points=8 message="rollback was answered with the model_version" why="a switch to the live version counts as one: passes what is visible" changes="solution"
-            if self.live and self.current.version == version:
-                return

# %% grade_id="versions" points=4 message="a file outside the folder" why="takes any file that lies in the folder: passes what is visible" changes="solution"
-            expected = json.loads((self.folder / "index.json").read_text())[version]
-            data = (self.folder / f"{version}.json").read_bytes()  # once: what is checked is what is used
-            if hashlib.sha256(data).hexdigest() != expected:
+            expected = json.loads((self.folder / "index.json").read_text()).get(version)
+            if not expected and not (self.folder / f"{version}.json").is_file():
+                raise KeyError(version)
+            data = (self.folder / f"{version}.json").read_bytes()  # once: what is checked is what is used
+            if expected and hashlib.sha256(data).hexdigest() != expected:

# %% grade_id="versions" points=8 message="it had to wait for the switch" why="loads in a coroutine, and nobody else is answered meanwhile: passes what is visible" changes="solution"
-    def switch(wish: Wish):
+    async def switch(wish: Wish):

# %% grade_id="versions" points=8 message="has been lost from the way back" why="two switches at once, and no lock: passes what is visible" changes="solution"
         """Make a version current. Raises KeyError if the index does not name it, ValueError if its file is not the one that it names."""
-        with self.lock:
+        if True:
@@
-            self.live = (*self.live, read_model(data))
+            before = self.live
+            self.live = (*before, read_model(data))

# %% grade_id="versions" points=8 message="When is the index read" why="reads the index once, at the start: passes what is visible" changes="solution"
         self.folder, self.live, self.lock = Path(folder), (), threading.Lock()
+        self.index = json.loads((self.folder / "index.json").read_text())
@@
-            expected = json.loads((self.folder / "index.json").read_text())[version]
+            expected = self.index[version]

# %% grade_id="versions" points=8 message="was changed just after its hash had been taken" why="hashes the file, and reads it again as a model: passes what is visible" changes="solution"
-            data = (self.folder / f"{version}.json").read_bytes()  # once: what is checked is what is used
-            if hashlib.sha256(data).hexdigest() != expected:
-                raise ValueError(f"the file of version {version} is not the one in the index")
-            self.live = (*self.live, read_model(data))
+            path = self.folder / f"{version}.json"
+            if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
+                raise ValueError(f"the file of version {version} is not the one in the index")
+            self.live = (*self.live, read_model(path))

# %% grade_id="telemetry" points=16 why="another style: call_next, Python's logging, a registry of its own"
import json
import logging
import re
import secrets
import sys
import time

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

logger = logging.getLogger("requests")
logger.setLevel(logging.INFO)
logger.propagate = False
logger.handlers[:] = [logging.StreamHandler(sys.stdout)]


def install(app):
    registry = CollectorRegistry()
    total = Counter("http_requests", "Requests", ("path", "status", "method"), registry=registry)
    took = Histogram("http_request_duration_seconds", "Seconds", ("path",), buckets=(0.005, 0.02, 0.1, 0.5, 2), registry=registry)
    busy = Gauge("http_requests_in_flight", "Under way", registry=registry)
    known = [route.path for route in app.routes]

    @app.get("/metrics", include_in_schema=False)
    async def scrape():
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

    @app.middleware("http")
    async def watch(request: Request, call_next):
        if request.url.path in ("/health", "/ready", "/metrics"):
            return await call_next(request)
        start = time.monotonic()
        rid = request.headers.get("X-Request-ID") or ""
        if not re.fullmatch(r"[\w-]{1,64}", rid, re.ASCII):
            rid = secrets.token_hex(12)
        with busy.track_inprogress():
            try:
                response = await call_next(request)
            except Exception:
                response = JSONResponse({"detail": "internal error"}, status_code=500)
        response.headers["X-Request-ID"] = rid
        elapsed = time.monotonic() - start
        path = request.url.path if request.url.path in known else "unknown"
        method = request.method if request.method in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS") else "unknown"
        total.labels(method=method, path=path, status=response.status_code).inc()
        took.labels(path).observe(elapsed)
        logger.info(json.dumps({
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "level": "INFO", "request_id": rid, "method": method, "path": path,
            "status": response.status_code, "latency_ms": elapsed * 1000,
            "caller": getattr(request.state, "caller", None), "model_version": getattr(request.state, "model_version", None),
        }))
        return response


save_cell("service/telemetry.py")

# %% grade_id="telemetry" points=16 why="another style: a class for one request's story, latencies in whole milliseconds, local time with its zone"
import datetime
import json
import string
import sys
import time
import uuid

import prometheus_client as prom
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.middleware.base import BaseHTTPMiddleware

ALLOWED = frozenset(string.ascii_letters + string.digits + "-_")
MACHINES = ("/health", "/ready", "/metrics")
COUNT = prom.Counter("http_requests_total", "all requests", ["method", "path", "status"])
TIME = prom.Histogram("http_request_duration_seconds", "how long they took", ["path"])
NOW = prom.Gauge("http_requests_in_flight", "how many there are now")


class Story:
    def __init__(self, request, paths):
        given = request.headers.get("x-request-id", "")
        self.name = given if 0 < len(given) <= 64 and set(given) <= ALLOWED else str(uuid.uuid4())
        self.request, self.begin = request, time.perf_counter()
        self.path = request.scope["path"] if request.scope["path"] in paths else "-"
        self.method = request.method if request.method in {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"} else "-"

    def tell(self, status):
        seconds = time.perf_counter() - self.begin
        COUNT.labels(self.method, self.path, f"{status:d}").inc()
        TIME.labels(self.path).observe(seconds)
        state = self.request.scope.get("state", {})
        line = dict(
            time=datetime.datetime.now().astimezone().isoformat(), request_id=self.name, method=self.method, path=self.path, status=status,
            latency_ms=int(1000 * seconds), caller=state.get("caller"), model_version=state.get("model_version"),
        )
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


class Teller(BaseHTTPMiddleware):
    paths = frozenset()

    async def dispatch(self, request, call_next):
        if request.scope["path"] in MACHINES:
            return await call_next(request)
        story = Story(request, self.paths)
        NOW.inc()
        try:
            answer = await call_next(request)
        except Exception:
            answer = JSONResponse({"detail": "sorry"}, 500)
        finally:
            NOW.dec()
        answer.headers["x-request-id"] = story.name
        story.tell(answer.status_code)
        return answer


def install(app):
    async def scrape(request):
        return PlainTextResponse(prom.generate_latest(), media_type=prom.CONTENT_TYPE_LATEST)

    app.add_route("/metrics", scrape)
    Teller.paths = frozenset(route.path for route in app.routes)
    app.add_middleware(Teller)


save_cell("service/telemetry.py")

# %% grade_id="telemetry" points=0 message="Five requests were made" why="lets errors pass by: what raises is neither logged nor counted" changes="solution"
-        try:
-            await self.app(scope, receive, send_with_id)
-        except Exception:
-            if status is None:
-                await JSONResponse({"detail": "an error of ours", "request_id": request_id}, 500)(scope, receive, send_with_id)
-        finally:
+        await self.app(scope, receive, send_with_id)
+        if True:

# %% grade_id="telemetry" points=10 message="and its latency_ms in the log is" why="seconds in a field of milliseconds: passes what is visible" changes="solution"
-                "latency_ms": round(1000 * seconds, 2),
+                "latency_ms": round(seconds, 4),

# %% grade_id="telemetry" points=10 message="holds an e-mail address of a caller" why="takes over whatever a caller sends as a request id: passes what is visible" changes="solution"
-        request_id = given if re.fullmatch("[A-Za-z0-9_-]{1,64}", given) else uuid.uuid4().hex
+        request_id = given or uuid.uuid4().hex

# %% grade_id="telemetry" points=4 message="different values of method" why="methods as callers write them: passes what is visible" changes="solution"
-            method = scope["method"] if scope["method"] in METHODS else "other"
+            method = scope["method"]

# %% grade_id="telemetry" points=4 message="holds an e-mail address of a caller" why="only what ends in a 404 is an unknown path, and a wrong key ends before it: passes what is visible" changes="solution"
-            path = scope["path"] if scope["path"] in self.paths else "other"
+            path = "other" if status == 404 else scope["path"]

# %% grade_id="telemetry" points=10 message="http_requests_in_flight was" why="the gauge does not fall after an error: passes what is visible" changes="solution"
             await self.app(scope, receive, send_with_id)
+            IN_FLIGHT.dec()
@@
-            IN_FLIGHT.dec()

# %% grade_id="telemetry" points=10 message="holds an e-mail address of a caller" why="writes the error's message into the log: passes what is visible" changes="solution"
-        except Exception:
+        except Exception as error:
+            print(json.dumps({"level": "error", "message": str(error)}), flush=True)

# %% grade_id="telemetry" points=6 message="/metrics has no counter with the name http_requests_total" why="a gauge for what only grows" changes="solution"
-REQUESTS = Counter("http_requests_total", "Requests answered", ["method", "path", "status"])
+REQUESTS = Gauge("http_requests_total", "Requests answered", ["method", "path", "status"])

# %% grade_id="keys" points=12 why="another style: an ASGI class on bytes, the file read again when it has changed"
import json
import os
import secrets
from datetime import datetime, timezone
from hashlib import sha256

from starlette.responses import JSONResponse

ADMIN = {("PUT", "/v1/model"), ("POST", "/v1/model/rollback")}


class Doorkeeper:
    def __init__(self, app):
        self.app, self.seen, self.entries = app, None, []

    def read(self):
        path = os.environ["KEYS_FILE"]
        try:
            now = os.stat(path)
            if (now.st_ino, now.st_mtime_ns, now.st_size) != self.seen:
                with open(path) as file:
                    self.entries = json.load(file)
                self.seen = (now.st_ino, now.st_mtime_ns, now.st_size)
        except Exception as error:
            print(json.dumps({"level": "error", "message": "the keys' file cannot be read", "error": type(error).__name__}), flush=True)
        return self.entries

    def who(self, key):
        digest = sha256(key).digest()
        fits = [entry for entry in self.read() if secrets.compare_digest(bytes.fromhex(entry["sha256"]), digest)]
        return [e for e in fits if "expires" not in e or datetime.fromisoformat(e["expires"]) > datetime.now(timezone.utc)]

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and scope["path"] not in ("/health", "/ready", "/metrics"):
            key = next((value for name, value in scope["headers"] if name == b"x-api-key"), b"")
            match self.who(key):
                case []:
                    return await JSONResponse({"detail": "who are you?"}, 401, {"WWW-Authenticate": 'ApiKey realm="demand"'})(scope, receive, send)
                case [entry, *_] if (scope["method"], scope["path"].rstrip("/")) in ADMIN and entry["role"] != "admin":
                    return await JSONResponse({"detail": "not for you"}, 403)(scope, receive, send)
                case [entry, *_]:
                    scope.setdefault("state", {})["caller"] = entry["name"]
        await self.app(scope, receive, send)


def install(app):
    app.add_middleware(Doorkeeper)


save_cell("service/keys.py")

# %% grade_id="keys" points=12 why="another style: one function, a dictionary of those whose key fits, empty bodies"
import hashlib, hmac, json, os, time
from datetime import datetime

from fastapi import Request, Response


def valid_until(entry):
    return datetime.fromisoformat(entry["expires"]).timestamp() if entry.get("expires") else float("inf")


def install(app):
    kept = {"entries": []}

    async def guard(request: Request, call_next):
        if request.url.path in ["/health", "/ready", "/metrics"]:
            return await call_next(request)
        said = request.headers.get("x-api-key")
        mark = hashlib.sha256((said or "").encode("latin-1", "replace")).hexdigest()
        try:
            with open(os.environ["KEYS_FILE"]) as f:
                kept["entries"] = json.load(f)
        except (OSError, json.JSONDecodeError):
            pass
        roles = {}
        for e in kept["entries"]:
            same = hmac.compare_digest(e["sha256"].lower(), mark)
            roles.update({e["name"]: e["role"]} if same & (valid_until(e) > time.time()) else {})
        if not said or not roles:
            return Response(status_code=401, headers={"WWW-Authenticate": "ApiKey"})
        (name, role), = roles.items()
        request.state.caller = name
        if request.url.path.startswith("/v1/model") and role != "admin":
            return Response(status_code=403)
        return await call_next(request)

    app.middleware("http")(guard)


save_cell("service/keys.py")

# %% grade_id="keys" points=9 message="an old key that was taken out of the file" why="reads the file once, at the start: passes what is visible" changes="solution"
-    with suppress(OSError, ValueError):
+    if not last_read:

# %% grade_id="keys" points=9 message="while half of the file is written" why="fails for everybody when the file cannot be read: passes what is visible" changes="solution"
-    with suppress(OSError, ValueError):
-        last_read[:] = json.loads(Path(os.environ["KEYS_FILE"]).read_text())
-    return last_read
+    return json.loads(Path(os.environ["KEYS_FILE"]).read_text())

# %% grade_id="keys" points=0 message="expected 401" why="one status for every no" changes="solution"
-            return JSONResponse({"detail": "a valid key is needed"}, 401, {"WWW-Authenticate": "ApiKey"})
+            return JSONResponse({"detail": "a valid key is needed"}, 403, {"WWW-Authenticate": "ApiKey"})

# %% grade_id="keys" points=9 message="hmac.compare_digest was called 0 times" why="compares with ==: passes what is visible" changes="solution"
-        if hmac.compare_digest(given, entry["sha256"]) and in_time:
+        if given == entry["sha256"] and in_time:

# %% grade_id="keys" points=7 message="in the zone" why="compares times as texts: passes what is visible" changes="solution"
-        in_time = expires is None or datetime.now(UTC) < datetime.fromisoformat(expires)
+        in_time = expires is None or datetime.now(UTC).isoformat() < expires

# %% grade_id="keys" points=7 message="which is not /metrics" why="opens all that begins like an open path: passes what is visible" changes="solution"
-        if path in OPEN:
+        if path.startswith(tuple(OPEN)):

# %% grade_id="keys" points=7 message="for a rollback" why="guards the switch, and forgets the way back: passes what is visible" changes="solution"
-        if path.startswith("/v1/model") and entry["role"] != "admin":
+        if path == "/v1/model" and entry["role"] != "admin":

# %% grade_id="keys" points=7 message="not ASCII" why="fails at a key with an accent: passes what is visible" changes="solution"
-    """Return the entry of the key's owner, or None."""
-    given, found = hashlib.sha256(key.encode()).hexdigest(), None
+    """Return the entry of the key's owner, or None. Reads the file each time: so a new key counts at once, and so does a withdrawn one."""
+    given, found = hashlib.sha256(key.encode('ascii')).hexdigest(), None

# %% grade_id="keys" points=7 message="reader's" why="one key for each name, so nobody can have two: passes what is visible" changes="solution"
-    for entry in entries():
+    for entry in {each["name"]: each for each in entries()}.values():

# %% grade_id="limits" points=12 why="another style: three middlewares, one for each limit; the time by call_next in a task of its own"
import asyncio
import math
import os
import time

from fastapi import Request
from fastapi.responses import JSONResponse

MACHINES = ("/health", "/ready", "/metrics")


class SizeLimit:
    """Reads the body before the route does, and counts."""

    def __init__(self, app, most):
        self.app, self.most = app, most

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["path"] in MACHINES:
            await self.app(scope, receive, send)
            return
        pieces, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            pieces.append(message)
            size += len(message.get("body", b""))
            if size > self.most:
                await JSONResponse({"detail": "too large"}, 413)(scope, receive, send)
                return
            if not message.get("more_body"):
                break

        async def again():
            return pieces.pop(0) if pieces else await receive()

        await self.app(scope, again, send)


def install(app):
    rate, burst = float(os.environ["RATE_PER_SECOND"]), float(os.environ["RATE_BURST"])
    seconds = float(os.environ["TIMEOUT_SECONDS"])
    tokens, last = {}, {}
    app.add_middleware(SizeLimit, most=int(float(os.environ["MAX_BODY"])))

    @app.middleware("http")
    async def in_time(request: Request, call_next):
        if request.url.path in MACHINES:
            return await call_next(request)
        answer = asyncio.ensure_future(call_next(request))
        await asyncio.wait([answer], timeout=seconds)
        if not answer.done():
            return JSONResponse({"detail": "too slow"}, 504)
        return answer.result()

    @app.middleware("http")
    async def not_too_often(request: Request, call_next):
        if request.url.path in MACHINES:
            return await call_next(request)
        who, now = getattr(request.state, "caller", ""), time.monotonic()
        tokens[who] = min(burst, tokens.get(who, burst) + rate * (now - last.get(who, now)))
        last[who] = now
        if tokens[who] < 1:
            return JSONResponse({"detail": "slow down"}, 429, headers={"retry-after": str(math.ceil((1 - tokens[who]) / rate))})
        tokens[who] -= 1
        return await call_next(request)


save_cell("service/limits.py")

# %% grade_id="limits" points=12 why="another style: the rate by due times instead of tokens, and asyncio.shield"
import asyncio
import os
import time
from collections import defaultdict

from starlette.responses import JSONResponse


def setting(name):
    return float(os.environ[name])


class Gate:
    """Rate by the time at which a caller's next request is due; time by a shielded task."""

    def __init__(self, app):
        self.app = app
        self.step, self.room = 1 / setting("RATE_PER_SECOND"), setting("RATE_BURST")
        self.due = defaultdict(float)

    def too_early(self, who):
        now = time.monotonic()
        due = max(self.due[who], now)
        early = due - now - (self.room - 1) * self.step
        if early > 1e-9:
            return early
        self.due[who] = due + self.step
        return 0

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["path"] in {"/health", "/ready", "/metrics"}:
            return await self.app(scope, receive, send)
        early = self.too_early(scope.get("state", {}).get("caller"))
        if early:
            answer = JSONResponse({"detail": "too early"}, 429, {"Retry-After": f"{int(early) + 1}"})
            return await answer(scope, receive, send)
        work = asyncio.ensure_future(self.work(scope, receive))
        try:
            answers = await asyncio.wait_for(asyncio.shield(work), setting("TIMEOUT_SECONDS"))
        except asyncio.TimeoutError:
            return await JSONResponse({"detail": "too late"}, 504)(scope, receive, send)
        for each in answers:
            await send(each)

    async def work(self, scope, receive):
        body, answers, given = bytearray(), [], []
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        while True:
            piece = await receive()
            body.extend(piece.get("body", b""))
            if len(body) > setting("MAX_BODY") or int(declared) > setting("MAX_BODY"):
                await JSONResponse({"detail": "too large"}, 413)(scope, receive, self.into(answers))
                return answers
            if not piece.get("more_body", False):
                break

        async def once():
            if given:
                return await receive()
            given.append(True)
            return {"type": "http.request", "body": bytes(body)}

        await self.app(scope, once, self.into(answers))
        return answers

    @staticmethod
    def into(answers):
        async def keep(message):
            answers.append(message)

        return keep


def install(app):
    app.add_middleware(Gate)


save_cell("service/limits.py")

# %% grade_id="limits" points=6 message="3,000 bytes in chunks" why="believes Content-Length, and nothing else" changes="solution"
-            body = await asyncio.wait_for(self.read(receive), self.seconds)
+            told = int(dict(scope["headers"]).get(b"content-length", 0))
+            body = None if told > self.max_body else await asyncio.wait_for(self.read(receive), self.seconds)
@@
-            if len(body) > self.max_body:
-                return None

# %% grade_id="limits" points=9 message="a plain def in a thread, was answered with" why="anyio.fail_after, which waits for a thread to end: passes what is visible" changes="solution"
 import time
+
+import anyio
@@
-        task = asyncio.create_task(self.app(scope, replay, keep))
-        done, _ = await asyncio.wait({task}, timeout=end - time.monotonic())
-        if not done:  # a thread cannot be ended from outside: the task is left to itself, and nobody waits for it
-            task.cancel()
-            return await JSONResponse({"detail": "took too long"}, 504)(scope, receive, send)
-        task.result()
+        try:
+            with anyio.fail_after(end - time.monotonic()):
+                await self.app(scope, replay, keep)
+        except TimeoutError:
+            return await JSONResponse({"detail": "took too long"}, 504)(scope, receive, send)

# %% grade_id="limits" points=9 message="s that Retry-After said" why="always says one second: passes what is visible" changes="solution"
-            headers = {"Retry-After": str(math.ceil(wait))}
+            headers = {"Retry-After": "1"}

# %% grade_id="limits" points=9 message="half of its body and then nothing" why="begins to count when the body is there: passes what is visible" changes="solution"
-            body = await asyncio.wait_for(self.read(receive), self.seconds)
+            body = await self.read(receive)
@@
-        done, _ = await asyncio.wait({task}, timeout=end - time.monotonic())
+        done, _ = await asyncio.wait({task}, timeout=self.seconds)

# %% grade_id="limits" points=9 message="expected 413 at once" why="looks at the size when all is in the memory: passes what is visible" changes="solution"
-            if len(body) > self.max_body:
-                return None
-        return body
+        return body if len(body) <= self.max_body else None

# %% grade_id="limits" points=9 message="When does the clock start again" why="a time limit anew for each piece of the body: passes what is visible" changes="solution"
-            body = await asyncio.wait_for(self.read(receive), self.seconds)
+            body = await self.read(receive)
@@
-            message = await receive()
+            message = await asyncio.wait_for(receive(), self.seconds)

# %% grade_id="limits" points=9 message="also in small pieces" why="whole tokens only, and forgets the rest of each: passes what is visible" changes="solution"
-        self.left = min(self.burst, self.left + (now - self.at) * self.per_second)
+        self.left = min(self.burst, self.left + int((now - self.at) * self.per_second))

# %% grade_id="limits" points=9 message="Some requests for /health were refused" why="limits the machines' requests, too: passes what is visible" changes="solution"
-        if scope["type"] != "http" or scope["path"] in OPEN:
+        if scope["type"] != "http":

# %% grade_id="limits" points=0 message="seven requests of one caller" why="one bucket for all" changes="solution"
-        caller = scope.get("state", {}).get("caller")
+        caller = "everybody"

# %% grade_id="limits" points=6 message="a body of 1,000 bytes was answered with 200" why="reads the body, and does not hand it on" changes="solution"
-        parts, messages = [{"type": "http.request", "body": body, "more_body": False}], []
+        parts, messages = [{"type": "http.request", "body": b"", "more_body": False}], []

# %% grade_id="image" points=8 why="another style: two stages of a base that is an argument, files by name, ENTRYPOINT and CMD, the address from the environment"
Path("service/Dockerfile").write_text(r"""ARG BASE=python:3.11.11-slim-bookworm
FROM ${BASE} AS build
WORKDIR /build
COPY requirements.txt /build/
RUN python -m pip install --no-cache-dir --prefix=/packages --requirement requirements.txt

FROM ${BASE}
ENV UVICORN_HOST=0.0.0.0
COPY --from=build /packages /usr/local
WORKDIR /srv
COPY app.py contract.py demand.py keys.py limits.py telemetry.py versions.py /srv/
USER nobody
EXPOSE 8000
HEALTHCHECK --interval=15s CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('localhost', 8000); c.request('GET', '/ready'); exit(c.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m", "uvicorn", "app:app", "--no-access-log"]
CMD ["--port=8000"]
""")

# %% grade_id="image" points=8 why="another style: Alpine with its wget, requirements mounted, everything copied but what .dockerignore names"
Path("service/.dockerignore").write_text("keys.json\n*.new\n.env\nDockerfile\n")
Path("service/Dockerfile").write_text("""# syntax=docker/dockerfile:1
ARG UID=10001
FROM python:3.12.8-alpine3.21
ENV PYTHONUNBUFFERED=1 KEYS_FILE=/run/secrets/keys.json MODELS=/models
RUN adduser -D -u 10001 rider
WORKDIR /home/rider
RUN --mount=type=bind,source=requirements.txt,target=requirements.txt pip install --no-cache-dir -r requirements.txt
COPY --chown=rider . .
USER rider:rider
HEALTHCHECK CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8000/health"]
CMD ["sh", "-c", "exec uvicorn --host 0.0.0.0 --port 8000 --workers 1 --no-access-log app:app"]
""")

# %% grade_id="image" points=3 message="hadolint: line" why="CMD in shell form" changes="solution"
-# Write the text into the file: Path("service/Dockerfile").write_text(r"""…""")
@@
-CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8000", "--no-access-log", "--timeout-graceful-shutdown", "20"]
+CMD uvicorn app:app --host 0.0.0.0 --port 8000 --no-access-log

# %% grade_id="image" points=6 message="own loopback only" why="no host: passes what is visible" changes="solution"
-# Write the text into the file: Path("service/Dockerfile").write_text(r"""…""")
@@
-CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8000", "--no-access-log", "--timeout-graceful-shutdown", "20"]
+CMD ["uvicorn", "app:app", "--port", "8000", "--no-access-log", "--timeout-graceful-shutdown", "20"]

# %% grade_id="image" points=6 message="which a slim image does not have" why="a health check with curl: passes what is visible" changes="solution"
-# Write the text into the file: Path("service/Dockerfile").write_text(r"""…""")
@@
-    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health', timeout=2)"]
+    CMD ["curl", "--fail", "http://127.0.0.1:8000/health"]

# %% grade_id="image" points=6 message="asks another one" why="a health check at a port where nobody listens: passes what is visible" changes="solution"
-# Write the text into the file: Path("service/Dockerfile").write_text(r"""…""")
@@
-    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health', timeout=2)"]
+    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/health', timeout=2)"]

# %% grade_id="image" points=6 message="never looks at the status" why="a health check that is content with any answer: passes what is visible" changes="solution"
-# Write the text into the file: Path("service/Dockerfile").write_text(r"""…""")
@@
-    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health', timeout=2)"]
+    CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000, timeout=2); c.request('GET', '/health'); c.getresponse()"]

# %% grade_id="image" points=5 message="The code is copied before the packages" why="copies everything first: passes what is visible" changes="solution"
-# Write the text into the file: Path("service/Dockerfile").write_text(r"""…""")
@@
-COPY requirements.txt ./
-RUN pip install --no-cache-dir -r requirements.txt
-COPY *.py ./
+COPY . .
+RUN pip install --no-cache-dir -r requirements.txt

# %% grade_id="image" points=5 message="keys.json would be copied" why="copies the whole folder, with the keys: passes what is visible" changes="solution"
-# Write the text into the file: Path("service/Dockerfile").write_text(r"""…""")
@@
-COPY *.py ./
+COPY . .

# %% grade_id="image" points=5 message="can become another one overnight" why="a tag that moves: passes what is visible" changes="solution"
-# Write the text into the file: Path("service/Dockerfile").write_text(r"""…""")
-Path("service/Dockerfile").write_text(r"""FROM python:3.11.11-slim-bookworm
+Path("service/Dockerfile").write_text(r"""FROM python:3.11-slim

# %% grade_id="image" points=6 message="has its own counters and buckets" why="four workers in one container: passes what is visible" changes="solution"
-# Write the text into the file: Path("service/Dockerfile").write_text(r"""…""")
@@
-CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8000", "--no-access-log", "--timeout-graceful-shutdown", "20"]
+CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8000", "--no-access-log", "--workers", "4", "--timeout-graceful-shutdown", "20"]

# %% grade_id="roll" points=14 why="another style: a class with bring, retire and undo"
class Roll:
    def __init__(self, cluster):
        self.cluster, self.olds, self.news = cluster, list(cluster.serving), []

    def bring(self, version):
        """Start an instance and wait for it; return it, or None."""
        instance = self.cluster.start(version)
        wait_until(lambda: not instance.alive() or instance.ready() is not None, self.cluster.patience)
        if instance.alive() and instance.ready() == version:
            return instance
        self.cluster.stop(instance)

    def retire(self, instance):
        self.cluster.remove(instance)
        wait_until(lambda: not self.cluster.in_flight(instance), self.cluster.patience)
        self.cluster.stop(instance)

    def undo(self):
        for new, old in zip(self.news, self.olds):
            back = self.bring(old.version)
            if back:
                self.cluster.add(back)
                self.retire(new)


def roll(cluster, version):
    work = Roll(cluster)
    for old in work.olds:
        new = work.bring(version)
        if new is None:
            work.undo()
            return False
        cluster.add(new)
        work.news.append(new)
        work.retire(old)
    return True

# %% grade_id="roll" points=14 why="another style: all new instances first, then all at once; there is nothing to take back"
import time


def roll(cluster, version):
    olds = cluster.serving
    news = [cluster.start(version) for _ in olds]
    deadline = time.monotonic() + cluster.patience
    while time.monotonic() < deadline and all(new.alive() for new in news) and not all(new.ready() for new in news):
        time.sleep(0.02)
    if any(new.ready() != version for new in news):
        for new in news:
            cluster.stop(new)
        return False
    for new in news:
        cluster.add(new)
    for old in olds:
        cluster.remove(old)
    deadline = time.monotonic() + cluster.patience
    while any(cluster.in_flight(old) for old in olds) and time.monotonic() < deadline:
        time.sleep(0.02)
    for old in olds:
        cluster.stop(old)
    return True

# %% grade_id="roll" points=0 message="requests were lost" why="stops the old instance before it takes it out" changes="solution"
-    cluster.remove(old)
-    wait_until(lambda: cluster.in_flight(old) == 0, cluster.patience)
-    cluster.stop(old)
+    cluster.stop(old)
+    cluster.remove(old)
@@
-    for old in before:
+    for number, old in enumerate(before):

# %% grade_id="roll" points=12 message="loads another model than it was asked for" why="asks whether it is ready, not with what: passes what is visible" changes="solution"
-    if new.ready() != version:
+    if not new.ready():
@@
-    for old in before:
+    for number, old in enumerate(before):

# %% grade_id="roll" points=0 message="requests were lost" why="adds the new instance before it is ready" changes="solution"
-    wait_until(lambda: new.ready() or not new.alive(), cluster.patience)
-    if new.ready() != version:
-        cluster.stop(new)
-        return False
@@
-    for old in before:
+    for number, old in enumerate(before):

# %% grade_id="roll" points=12 message="of which the second instance never gets ready" why="gives up in the middle, with one of each: passes what is visible" changes="solution"
-    for old in before:
-        if not replace_instance(cluster, old, version):
-            for new in [one for one in cluster.serving if one not in before]:
-                replace_instance(cluster, new, old.version)
+    for number, old in enumerate(before):
+        if not replace_instance(cluster, old, version):

# %% grade_id="roll" points=11 message="What did it wait for?" why="drains without a limit: passes what is visible" changes="solution"
-    wait_until(lambda: cluster.in_flight(old) == 0, cluster.patience)
+    wait_until(lambda: cluster.in_flight(old) == 0, 60)
@@
-    for old in before:
+    for number, old in enumerate(before):

# %% grade_id="roll" points=12 message="gets ready when the patience is long over" why="waits five seconds for each, whatever the patience: passes what is visible" changes="solution"
-    wait_until(lambda: new.ready() or not new.alive(), cluster.patience)
+    wait_until(lambda: new.ready() or not new.alive(), 5)

# %% grade_id="roll" points=12 message="A process that has died will never get ready" why="waits for a process that has died: passes what is visible" changes="solution"
-    wait_until(lambda: new.ready() or not new.alive(), cluster.patience)
+    wait_until(lambda: new.ready(), cluster.patience)

# %% grade_id="roll" points=12 message="processes are left running" why="leaves what it started and did not need: passes what is visible" changes="solution"
-        cluster.stop(new)
@@
-    for old in before:
+    for number, old in enumerate(before):
