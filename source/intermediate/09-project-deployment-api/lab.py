# ---
# jupyter:
#   jupytext:
#     notebook_metadata_filter: lab,-jupytext.text_representation
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lab:
#     level: intermediate
#     minutes: 210
#     outcomes:
#     - Refuse every request that a model should not answer, with a reason, and answer all others in order
#     - Switch models in a running service, refuse a damaged one, and go back
#     - Write logs and metrics that agree with what the callers saw, and that betray nobody
#     - Guard a service with keys that can be changed, and with limits on size, rate and time
#     - Replace running instances without losing a request, and decide from a load test how many are needed
#     prerequisites:
#     - model-versioning
#     - model-serving
#     - containers
#     project: true
#     roadmap: 'Project: model deployment API'
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     slug: project-deployment-api
#     terms:
#       API: "Application programming interface: what a program promises to other programs that call it."
#       contract: "What a caller may send, what comes back, and what is refused: the promise of an API."
#       middleware: "Code around all routes of a service, which sees each request before them and each answer after them."
#       structured log: "A log of which each line is a record that a program can read, such as a JSON object."
#       request id: "A name for one request, in the answer and in every line of a log about it."
#       counter: "A metric that only grows: how many requests there have been."
#       gauge: "A metric that goes up and down: how many requests are under way."
#       histogram: "A metric that counts values by size: how many requests took less than 5 ms, 10 ms and so on."
#       cardinality: "How many different values a label has, and so how many series a metric makes."
#       key rotation: "To replace a key by a new one; for a while both are valid, so that nobody is locked out."
#       constant-time comparison: "A comparison whose time does not tell how much of a text was right."
#       token bucket: "A rate limit: a bucket of tokens that fills up slowly; each request takes one, and without one it is refused."
#       time limit: "How long a service works on one request before it answers that it gives up."
#       rolling restart: "To replace the running instances of a service one by one, while the others go on."
#       drain: "To send an instance no new requests, and to wait until it has answered those that it has."
#       closed loop: "A load test in which each client waits for an answer before it asks again."
#     title: 'Project: a model deployment API'
#     tools:
#     - FastAPI
#     - Pydantic
#     - Prometheus
#     - Docker
# ---

# %% [markdown]
# # Project: a model deployment API
#
# ## Why this matters
#
# Monday 20 April 2026, Metro Bikes. Last year the city asked whether its tram office might use the demand forecast, too: how many people will want a bike at this stop, in this hour? "Sure", said Cy, and put the model on the network in one afternoon. It worked at once. This is what happened in the last two weeks:
#
# - **Wednesday**: the tram office sent the temperature in °F. The service forecast 52 trips where four are usual, at each station, and all vans drove to the harbour.
# - **Friday**: a student's script asked in a loop without end. For two hours nobody else got an answer.
# - **Tuesday**: the log file was sent round to look for an error. It held everybody's key, and the mail addresses of forty riders.
# - **Thursday**: Cy put a better model in. Its file was damaged, and it forecast more than three times too much. It took a day to find out, and nobody can say which forecasts came from which model.
# - **Friday**, at noon, the mended service was started. 212 requests got no answer while it was.
#
# Iris, the city's engineer, did not complain. She sent a page with seven lines: *validated, versioned, logged, measured, limited, locked, restarted without a gap*. "Call me when it is", she wrote, "and I'll sign." Noor, who leads the team, has put the page on your desk.
#
# The model is not the subject today. It is good, and it stays as it is. You write what is around it: the **API**, *application programming interface*, which is what a program promises to other programs that call it. In the end two instances of your service work behind a proxy, get a day of good, bad and hostile requests, and are replaced while they work. What the callers saw, what the logs tell and what the metrics count must be the same story.

# %% [markdown]
# ## Setup
#
# Beside this notebook lie:
#
# - `found`, the service as you find it: a few *routes*, each a path with the function that answers it. `app.py` puts five parts together: `contract.py`, `versions.py`, `telemetry.py`, `keys.py` and `limits.py`. **These five you write anew.** `demand.py` is the model, and with `app.py` it stays as it is. Read both, 60 lines. `Dockerfile` is the sixth thing to mend.
# - `models`, the model's versions, and `keys.json`, of which more in Part 4.
# - `services.py`, which starts services with *uvicorn*, the server that takes requests from the network and hands them to the app, each in a process of its own on a port that the system chooses, waits until they answer, plays traffic to them, and ends them. Read its first twenty lines.
# - `stub`, a stand-in for the service, to practise rolling with in Part 7.
#
# You write each part as a cell of this notebook. Its last line, `save_cell("service/contract.py")`, writes the cell's text into the folder `service`, and a process imports it from there. Where you have written nothing yet, `service` holds what was found. The notebook makes that folder, `load.csv` and `roll.png` beside itself, and nothing else.
#
# Each exercise is judged by itself, with the other parts as the judge needs them: a part that does not work costs only its own points. To make that possible, the parts talk to each other through four things and no others:
#
# | what | who sets it | who reads it |
# |:--|:--|:--|
# | `install(app)`, a function in each part | the part: it adds its routes and middlewares | `app.py` calls it |
# | `app.state.models.current`, a `Model` of `demand.py`, or `None` while none is loaded | versions | contract |
# | `request.state.model_version`, a text | contract, when a model answers | telemetry |
# | `request.state.caller`, the caller's name | keys | limits, telemetry |
#
# `request.state` is the dictionary `scope["state"]`, if you write your middleware without FastAPI's help. Settings come from the environment: `MODELS`, `MODEL_VERSION`, `KEYS_FILE`, `RATE_PER_SECOND`, `RATE_BURST`, `MAX_BODY`, `TIMEOUT_SECONDS`. Read them in `install`, or when you need them. Add your routes to `app` itself (`@app.get(…)`), not to an `APIRouter`: of a router that was included, `app.routes` lists no paths, and Part 3 needs them.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import json
import linecache
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Image
from prometheus_client import REGISTRY

sys.path.insert(1, "found")  # so that `from demand import read_model` works in your cells, too
os.environ |= {"MODELS": "models", "MODEL_VERSION": "1", "KEYS_FILE": "keys.json"}
os.environ |= {"RATE_PER_SECOND": "50", "RATE_BURST": "100", "MAX_BODY": "65536", "TIMEOUT_SECONDS": "2"}

from services import measure, play, running, wait_until

shutil.rmtree("service", ignore_errors=True)
shutil.copytree("found", "service", ignore=shutil.ignore_patterns("__pycache__"))


def save_cell(path):
    """Write the text of the cell that is running to a file, without the line that says so."""
    cell = linecache.getlines(sys._getframe(1).f_code.co_filename)  # IPython keeps it there, for tracebacks
    Path(path).write_text("".join(line for line in cell if not line.startswith("save_cell(")))


def register_once_more(collector, register=REGISTRY.register):
    """Let a cell with metrics run twice here, where Prometheus' library would refuse the second time."""
    try:
        register(collector)
    except ValueError:
        pass


REGISTRY.register = register_once_more


def play_service(own, script, texts=None, settings=None):
    """Play a script to a service in which only the parts in `own` are yours, the others as found; see play() in services.py."""
    from services import play

    return play(own, script, texts, settings)


def show(record):
    """Print what was answered, and the log's lines."""
    print(*([] if record["started"] else [record["why"]]))
    for said in record["answers"]:
        print(said["status"], str(said["body"])[:150])
    for line in record["logs"]:
        print("   log:", line[:200])


CYS_KEY = "metro-bikes-2025:ana"  # everybody has the same key, and says behind it who they are
HOUR = {"station_id": 7, "time": "2026-04-20T08:00:00Z", "temperature_c": 12.5, "rain_mm": 0.0, "wind_mps": 3.0}
THREE_ROWS = [{**HOUR, "station_id": 9}, HOUR, HOUR]
BUSY = [{"ask": ["POST", f"/v1/predict?{ms}", {}]} for ms in (20, 30, 300, 25)]  # the stand-in takes as many milliseconds as the query says


def forecast(*rows, key=CYS_KEY, **more):
    """Return a step of a script: ask for forecasts."""
    return {"ask": ["POST", "/v1/predict", {"hours": list(rows)}], "key": key, **more}


def put(version, key=CYS_KEY):
    """Return a step of a script: switch to another version of the model."""
    return {"ask": ["PUT", "/v1/model", {"model_version": version}], "key": key}


# %% [markdown]
# A part is a function `install(app)`. The simplest *middleware*, code around all routes, which sees each request before them and each answer after them, looks like this. (The cell runs here, and starts nothing.)

# %%
from fastapi import FastAPI, Request


def install(app):
    @app.middleware("http")
    async def check(request: Request, call_next):
        print("before", request.method)
        return await call_next(request)

    @app.get("/metrics")
    def metrics():
        return "a route: what is returned becomes JSON"

    @app.put("/v1/model")
    def switch():
        return "another one"


install(FastAPI())

# %% [markdown]
# There is a second way, and for some tasks the only one: a class whose `__call__(self, scope, receive, send)` gets each request as the server hands it over, added by `app.add_middleware(ThatClass)`. `await receive()` gives the next piece of the body, `await send(…)` sends the answer's start or a piece of it, and `await self.app(scope, receive, send)` lets everything further in do its work. This interface is called ASGI; [Starlette's page on middleware](https://starlette.dev/middleware/) has examples of both ways.

# %% [markdown]
# ## Part 1 · What may be asked
#
# A **contract** says what a caller may send, what comes back, and what is refused. Cy's has none: whatever can be turned into a number is one. Watch it take the tram office's Fahrenheit, a station that does not exist, a temperature of NaN (JSON has no such thing, but Python's `json` writes and reads it), a text, a wind of less than nothing, and a rider's name:

# %%
odd = [{"temperature_c": 54}, {"station_id": 41}, {"temperature_c": math.nan}, {"rain_mm": "12"}, {"wind_mps": -3}, {"rider": "ana"}]
show(play_service([], [forecast({**HOUR, **change}) for change in odd]) | {"logs": []})
show(play_service([], [forecast(*THREE_ROWS)]) | {"logs": []})

# %% [markdown]
# A mistake of the caller's is either answered with a number, or with a 500, which says that it was ours. And the last line is the quietest fault. Three rows were asked for, and two numbers came back, in another order: a caller who puts them beside the rows gets station 7's trips at station 9. A forecast in the wrong place looks as good as one in the right place.
#
# The contract, as agreed with the tram office. `POST /v1/predict` takes `{"hours": [row, …]}`, 1 to 200 rows of
#
# | field | is | and |
# |:--|:--|:--|
# | `station_id` | a whole number | of a station that the model knows |
# | `time` | a text in ISO 8601, `YYYY-MM-DDThh:mm:ss` and a zone, `Z` or `±hh:mm`, such as `2026-04-20T10:00:00+02:00` | a full hour in UTC |
# | `temperature_c` | a number | −30 to 45 |
# | `rain_mm` | a number | 0 to 100 |
# | `wind_mps` | a number | 0 to 60 |
#
# and answers `{"model_version": "1", "predictions": [number, …]}`. A text is no number, and neither are `true`, NaN and infinity. The edges belong to the ranges. Digits alone are no time, although Pydantic takes such a text for Unix time, seconds since 1970. (Other forms of ISO 8601, and 7.0 for a whole number: as you like.) All fields must be there, and no others: a field that nobody reads is a caller's mistake that nobody notices, until a name was misspelt. The `v1` in the path is the version *of the contract*: when the contract changes so that a caller must change, `/v2` comes, and `/v1` stays for a while. The model's version changes far more often, and no caller should have to care, so it stands in the answer.
#
# > **In older tutorials** the checks are written for Pydantic 1: `class Config: extra = "forbid"`, `@validator`, `.dict()`, `regex=`. Pydantic 2 has `model_config = ConfigDict(…)`, `@field_validator`, `.model_dump()` and `pattern=`. FastAPI's `@app.on_event("startup")` has given way to *lifespan* functions. And `docker build` has long forgotten `MAINTAINER`.
#
# ### Exercise 1 — A contract that holds
# *Difficulty ●●○ · about 19 minutes*
#
# Write `contract.py`: `install(app)` adds `POST /v1/predict`.
#
# - A request that keeps the contract is answered with 200: a prediction for each row, in the order of the rows, a repeated row too, and the version of the model that computed them. All are computed by one and the same model, `app.state.models.current`, whose `trips(…)` wants times in UTC. Put its version into `request.state.model_version`.
# - Any other is answered with 422 (400 is fine, too, where the body is no JSON), and with `{"detail": [{"loc": [… "rain_mm"], "msg": …}, …]}`: in each `loc` the name of the field stands among the others. A batch with one bad row is refused as a whole.
# - While no model is loaded (`current` is `None`), a good request is answered with 503.
# - Nothing that a caller sends ends in a 500.
#
# Done means: it holds for bodies that you have not seen. Think like somebody who wants to break it.
#
# <details><summary>Hint 1</summary>Two Pydantic models do nearly all of it: one for a row, one for the body. Look up <code>ConfigDict</code>'s <code>strict</code>, <code>extra</code> and <code>allow_inf_nan</code>, and <code>Field</code>'s <code>ge</code>, <code>le</code>, <code>min_length</code>. Strict also refuses texts for a time: what must be done for that field alone? Then send NaN, and read the error output: it is not your model that fails.</details>
# <details><summary>Hint 2</summary>FastAPI's own answer to a <code>RequestValidationError</code> repeats the input, and NaN cannot be written as JSON: a handler of your own, with <code>app.exception_handler</code>, answers with <code>loc</code> and <code>msg</code> alone. <code>AwareDatetime</code> wants a zone; with <code>Annotated</code> you hang a check before it (is it a text, and one that looks like a date?) and one after it (to UTC, a full hour?). Which dates have no hour in UTC that Python knows? The stations are known only when a model is there: check them in the route.</details>


# %% nbgrader={"grade": false, "grade_id": "contract", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field


def only_text(value):
    if not (isinstance(value, str) and "T" in value.upper()):  # Pydantic takes digits alone for Unix time
        raise ValueError("a time is a text, such as 2025-10-06T08:00:00Z")
    return value


def full_hour_in_utc(value: datetime) -> datetime:
    try:
        value = value.astimezone(UTC)
    except OverflowError:
        raise ValueError("in UTC this is before the year 1, or after 9999") from None
    if (value.minute, value.second, value.microsecond) != (0, 0, 0):
        raise ValueError("a forecast is for a full hour")
    return value


FullHour = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(only_text), AfterValidator(full_hour_in_utc)]


class Hour(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    station_id: int
    time: FullHour
    temperature_c: float = Field(ge=-30, le=45)
    rain_mm: float = Field(ge=0, le=100)
    wind_mps: float = Field(ge=0, le=60)


class Ask(BaseModel):
    model_config = ConfigDict(extra="forbid")

    hours: list[Hour] = Field(min_length=1, max_length=200)


def install(app):
    @app.exception_handler(RequestValidationError)
    async def refuse(request: Request, error: RequestValidationError):
        detail = [{"loc": list(each["loc"]), "msg": each["msg"]} for each in error.errors()]  # without the input
        return JSONResponse({"detail": detail}, 422)

    @app.post("/v1/predict")
    def predict(ask: Ask, request: Request):
        model = request.app.state.models.current  # once: another may become current at any moment
        if model is None:
            return JSONResponse({"detail": "no model is loaded"}, 503)
        request.state.model_version = str(model.version)
        unknown = [
            {"loc": ["body", "hours", number, "station_id"], "msg": "there is no such station"}
            for number, hour in enumerate(ask.hours)
            if hour.station_id not in model.stations
        ]
        if unknown:
            return JSONResponse({"detail": unknown}, 422)
        return {"model_version": model.version, "predictions": [model.trips(**hour.model_dump()) for hour in ask.hours]}


### END SOLUTION
save_cell("service/contract.py")

# %% nbgrader={"grade": true, "grade_id": "test-contract", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
refused = [
    {"temperature_c": 54},
    {"station_id": 41},
    {"temperature_c": math.nan},
    {"rain_mm": "12"},
    {"wind_mps": -3},
    {"rider": "ana"},
    {"time": "2026-04-20T08:00:00"},
]
seen = play_service(["contract"], [forecast(*THREE_ROWS), forecast(HOUR), *(forecast({**HOUR, **change}) for change in refused)])
assert seen["started"], f"With your contract.py the service did not start: {seen['why']}"
several, single, *others = seen["answers"]
assert several["status"] == single["status"] == 200, f"A good request was answered with {single['status']}: {str(single['body'])[:200]}"
assert single["body"].get("model_version") == "1", f"The answer says model_version {single['body'].get('model_version')!r}, expected '1'."
assert len(several["body"].get("predictions", [])) == 3, (
    f"Three rows were sent, two of them equal, and {several['body']} came back. Each row has its prediction."
)
assert several["body"]["predictions"][1:] == single["body"]["predictions"] * 2, "The predictions are not in the order of the rows."
for change, said in zip(refused, others):
    assert said["status"] != 500, (
        f"A row with {change} was answered with 500: the service itself failed. Look at the error output: play_service(…)['errors']."
    )
    assert said["status"] == 422, f"A row with {change} was answered with {said['status']}, expected 422."
    assert next(iter(change)) in str(said["body"].get("detail")), (
        f"A row with {change} was refused, but the detail does not name the field: {said['body']}"
    )

# %% nbgrader={"grade": true, "grade_id": "judge-contract", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: your contract with the other parts as found. Good requests: one row and two hundred, repeated rows, rows in any order,
# other zones, values at the edges. The numbers are compared with the model's own.
### BEGIN HIDDEN TESTS
from judging_contract import judge_good_bodies

judge_good_bodies(play_service)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-contract-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: some fifty bad requests, each of which breaks one line of the contract. Each must be refused, with a reason, and none may end in a 500.
# And a good one while no model is loaded.
### BEGIN HIDDEN TESTS
from judging_contract import judge_bad_bodies

judge_bad_bodies(play_service)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 2 · Which model answers
#
# Cy's service reads the model's file for each request, "so that it is never out of date". So it never is: also not while the file is being written, nor after somebody's hand has slipped in it. That is what happened on Thursday. Version 2 in `models` is the better model, and version 3 is the same, with one digit wrong. Look at what 1, 2 and 3 forecast for the same hour:

# %%
show(play_service([], [forecast(HOUR), put("2"), forecast(HOUR), put("3"), forecast(HOUR), put("4"), forecast(HOUR)]) | {"logs": []})

# %% [markdown]
# Version 3 can be read. All its numbers are numbers, and ten people might want a bike in some hour: no check of the file's form finds the digit. But the data team writes a list, `models/index.json`: for each version that they have released, the SHA-256 hash of its file. A file with another hash is not what they have released. And version 4, which does not exist, took the whole service down.
#
# ### Exercise 2 — Switch, refuse, go back
# *Difficulty ●●○ · about 16 minutes*
#
# Write `versions.py`. `install(app)` sets `app.state.models`, an object whose `current` is the `Model` that answers, and loads the version that `MODEL_VERSION` names from the folder that `MODELS` names. It adds three routes:
#
# - `GET /ready`: 200 and `{"model_version": "1"}` when a model is loaded, 503 before. The first version is loaded before the service answers its first request; if it cannot be loaded, the service does not get ready. (Or it does not even start: as you like.)
# - `PUT /v1/model` with `{"model_version": "2"}`: loads that version, and answers 200 with the version that is then live. 404 if the index does not name it, whatever lies in the folder. 409 if its file is missing, cannot be read, or is not what the index says. **After a refusal the old one goes on as before.** To ask for the version that is live changes nothing, and is answered with 200.
# - `POST /v1/model/rollback`: back to the version that was live before the last switch, and again to the one before that; 200 with the version that is then live, or 409 when there is none left.
#
# Four things make it hard:
#
# - While a model is being read, **the old one answers**. A large one takes seconds. Nobody waits for it but who asked for the switch.
# - A file may change between two looks. So read its bytes once, and use the bytes that you have checked: `read_model` takes a path or bytes.
# - What has been live can come back *by a rollback* even if its file is gone by then: keep it in memory. (Whether a `PUT` may use the copy in memory is yours to decide.)
# - Two switches may come at once: each that was answered with 200 has its place in the way back. And the index may grow while the service runs.
#
# <details><summary>Hint 1</summary>Hash the file's bytes and compare, before you make a model of them. Then a model should become current in one step, at the very end, when nothing can go wrong any more. What data structure remembers the way back?</details>
# <details><summary>Hint 2</summary>The way back is a stack. Which of a service's routes run in a thread, those with <code>def</code> or those with <code>async def</code>, and what happens to all others while a slow file is read in the wrong kind? Two threads may do the same thing at once: <code>threading.Lock</code>; but a forecast must never wait for it. And which of the two, the index or the disk, says which names exist?</details>


# %% nbgrader={"grade": false, "grade_id": "versions", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
import hashlib
import json
import os
import threading
from pathlib import Path

from demand import Model, read_model
from fastapi import HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel


class Models:
    def __init__(self, folder):
        self.folder, self.live, self.lock = Path(folder), (), threading.Lock()

    @property
    def current(self) -> Model | None:
        return self.live[-1] if self.live else None

    def load(self, version):
        """Make a version current. Raises KeyError if the index does not name it, ValueError if its file is not the one that it names."""
        with self.lock:
            if self.live and self.current.version == version:
                return
            expected = json.loads((self.folder / "index.json").read_text())[version]
            data = (self.folder / f"{version}.json").read_bytes()  # once: what is checked is what is used
            if hashlib.sha256(data).hexdigest() != expected:
                raise ValueError(f"the file of version {version} is not the one in the index")
            self.live = (*self.live, read_model(data))

    def undo(self):
        with self.lock:
            if len(self.live) < 2:
                raise LookupError("there is nothing to go back to")
            self.live = self.live[:-1]


class Wish(BaseModel):
    model_version: str


def install(app):
    models = app.state.models = Models(os.environ["MODELS"])
    try:
        models.load(os.environ["MODEL_VERSION"])
    except (KeyError, ValueError, OSError) as error:
        print(json.dumps({"level": "error", "message": f"no model: {error}"}), flush=True)

    @app.get("/ready")
    def ready():
        if models.current is None:
            return JSONResponse({"detail": "no model is loaded"}, 503)
        return {"model_version": models.current.version}

    @app.put("/v1/model")
    def switch(wish: Wish):
        try:
            models.load(wish.model_version)
        except KeyError:
            raise HTTPException(404, "there is no such version") from None
        except (ValueError, OSError):
            raise HTTPException(409, "this version cannot be loaded") from None
        return {"model_version": models.current.version}

    @app.post("/v1/model/rollback")
    def rollback():
        try:
            models.undo()
        except LookupError as error:
            raise HTTPException(409, str(error)) from None
        return {"model_version": models.current.version}


### END SOLUTION
save_cell("service/versions.py")

# %% nbgrader={"grade": true, "grade_id": "test-versions", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
undo = {"ask": ["POST", "/v1/model/rollback"], "key": CYS_KEY}
ready = {"ask": ["GET", "/ready"]}
seen = play_service(
    ["versions"], [ready, forecast(HOUR), put("2"), forecast(HOUR), put("3"), put("4"), forecast(HOUR), undo, forecast(HOUR), undo]
)
assert seen["started"], f"With your versions.py the service did not start: {seen['why']}"
for said, (what, status, version) in zip(
    seen["answers"],
    [
        ("GET /ready", 200, "1"),
        ("a forecast", 200, "1"),
        ("a switch to 2", 200, "2"),
        ("a forecast after it", 200, "2"),
        ("a switch to 3, the damaged file", 409, None),
        ("a switch to 4, which is not in the index", 404, None),
        ("a forecast after two refusals", 200, "2"),
        ("a rollback", 200, "1"),
        ("a forecast after it", 200, "1"),
        ("a rollback with nothing left to go back to", 409, None),
    ],
):
    assert said["status"] == status, f"{what} was answered with {said['status']}, expected {status}: {str(said['body'])[:150]}"
    assert version is None or said["body"].get("model_version") == version, (
        f"{what} was answered with {said['body']}, expected the model_version {version!r}."
    )

# %% nbgrader={"grade": true, "grade_id": "judge-versions", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: your versions with the other parts as found, over other models. Switches, rollbacks and refusals; files that were touched, cut off, gone, never
# released, released a moment ago, or changed just after they were looked at; and a service that is started with a damaged version.
### BEGIN HIDDEN TESTS
from judging_versions import judge_switches

judge_switches(play_service)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-versions-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: switches to models that take a while to load, under requests, and two at once; forecasts and rollbacks after the files on the disk were changed.
### BEGIN HIDDEN TESTS
from judging_versions import judge_switching_live

judge_switching_live(play_service)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 3 · What the service tells
#
# "Got a request!" Cy's log says it for each, and everything else too. And his metric has the whole address as a label:

# %%
found = play_service([], [{"ask": ["POST", "/v1/predict?mail=ana@example.com", {"hours": [HOUR]}], "key": CYS_KEY}, {"metrics": True}])
print(next(line for line in found["logs"] if "POST" in line)[:330])
print("\n".join(line for line in str(found["answers"][1]["body"]).splitlines() if line.startswith("requests")))

# %% [markdown]
# The key is in it, the mail address, and no word of how it ended, how long it took, or which model answered.
#
# A **structured log** is one that a program can read: each line is a JSON object. "All answers of model 2 between noon and one that took longer than 200 ms" is then one line of code, and not an evening. Each request has a **request id**, in the log and in its answer's header `X-Request-ID`. A caller says "it failed, and the id was 7f3a…", and you find the one line in a million. A caller may bring an id, so that one story can be followed through several services; but it is text from outside, and goes into your log. What if it has 300 characters, or a quotation mark?
#
# What goes to standard output is the log; the container's engine takes it from there. So a service writes no log files of its own.
#
# A metric is a number that Prometheus fetches from `/metrics` every few seconds. There are three main types. A **counter** only grows: requests so far. What one wants to know, requests a second, Prometheus computes from its growth, also over a restart, where it begins again at 0. A **gauge** goes up and down: requests under way. A **histogram** counts values by size: how many requests took less than 5 ms, 10 ms, 25 ms … From it come the quantiles, and they can be summed over instances, which a quantile computed inside each one cannot.
#
# A metric's labels split it into series: one for each combination of their values. The number of different values is a label's **cardinality**, and each series costs memory, here and in Prometheus. So a label is for a handful of values that you know before. An address as a caller writes it has as many values as callers have ideas: a hostile one can fill your memory with 404s alone, or, without any key, with 401s. (Our routes have no parameters. Of one like `/v1/stations/{id}` the label would be just that, the template.)
#
# ### Exercise 3 — One story, told twice
# *Difficulty ●●● · about 24 minutes*
#
# Write `telemetry.py`. It is installed last, so it is the outermost: it sees also what the keys and the limits refuse.
#
# **The log.** For each request one line on standard output, a JSON object with at least
#
# | field | |
# |:--|:--|
# | `time` | date and time with zone, ISO 8601 |
# | `request_id` | as in the answer's header `X-Request-ID`, which every answer has to a request that is logged. A caller's own `X-Request-ID` is taken over if it has 1 to 64 ASCII letters, digits, `-` or `_`; otherwise a new one is made, different for each request |
# | `method`, `path`, `status` | `path` is one that the service has (`/v1/predict`), without the query. For any other path, **whatever the answer**, 404 or 401 or another, and for methods that HTTP does not know, one word of your choice, always the same |
# | `latency_ms` | from the request's arrival to its answer, in milliseconds |
# | `caller`, `model_version` | from `request.state`, or `null` where nobody has set them |
#
# No line on standard output may hold anything else that callers send: no query, body, header or key, and no error's message, which may quote them. All lines are JSON.
#
# **The metrics**, at `/metrics` (a route; a *mounted* app would sit at `/metrics/` and answer `/metrics` with a redirect): the counter `http_requests_total` with labels `method`, `path`, `status`; the histogram `http_request_duration_seconds` with label `path`; the gauge `http_requests_in_flight`. Their labels have the same bounded values as the log.
#
# **An error.** A route that raises is answered with 500 and JSON, without the error's message. It is logged and counted like any other, and it has its header, too.
#
# Requests for `/health`, `/ready` and `/metrics` come every few seconds from machines, and are neither logged nor counted nor in flight; they need no id. And a caller who hangs up before the answer? Nobody sees a status then. Many log 499 for it, so that it does not look like an error of the service; what you do is yours to decide, and not judged.
#
# <details><summary>Hint 1</summary>Each request must be counted once and logged once, whatever becomes of it: that asks for <code>try</code>, <code>except</code> and <code>finally</code>. Which paths does the service have? <code>app.routes</code> knows; by the time of <code>install</code> all routes are there, but for your own. What your middleware does not catch, Starlette answers with a bare 500, further out than you are, without your header.</details>
# <details><summary>Hint 2</summary>Metrics may be made at the top of the file, as <code>Counter(name, help, [labels])</code>. A status is known when the answer starts; in a middleware with <code>call_next</code> it is <code>response.status_code</code>, and an exception comes out of <code>await call_next(request)</code>. <code>time.perf_counter()</code> measures seconds. <code>re.fullmatch</code> checks a whole text, <code>re.match</code> only its beginning.</details>


# %% nbgrader={"grade": false, "grade_id": "telemetry", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
import json
import re
import time
import uuid
from datetime import UTC, datetime

from fastapi import Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

QUIET = {"/health", "/ready", "/metrics"}
METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}
REQUESTS = Counter("http_requests_total", "Requests answered", ["method", "path", "status"])
SECONDS = Histogram("http_request_duration_seconds", "Time to answer", ["path"])
IN_FLIGHT = Gauge("http_requests_in_flight", "Requests that are being answered")


class Telemetry:
    def __init__(self, app, paths):
        self.app, self.paths = app, paths

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["path"] in QUIET:
            return await self.app(scope, receive, send)
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        request_id = given if re.fullmatch("[A-Za-z0-9_-]{1,64}", given) else uuid.uuid4().hex
        state, begin, status = scope.setdefault("state", {}), time.perf_counter(), None

        async def send_with_id(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", []), (b"x-request-id", request_id.encode())]}
            return await send(message)

        IN_FLIGHT.inc()
        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            if status is None:
                await JSONResponse({"detail": "an error of ours", "request_id": request_id}, 500)(scope, receive, send_with_id)
        finally:
            IN_FLIGHT.dec()
            seconds = time.perf_counter() - begin
            path = scope["path"] if scope["path"] in self.paths else "other"
            method = scope["method"] if scope["method"] in METHODS else "other"
            REQUESTS.labels(method, path, str(status or 500)).inc()
            SECONDS.labels(path).observe(seconds)
            line = {
                "time": datetime.now(UTC).isoformat(),
                "request_id": request_id,
                "method": method,
                "path": path,
                "status": status or 500,
                "latency_ms": round(1000 * seconds, 2),
                "caller": state.get("caller"),
                "model_version": state.get("model_version"),
            }
            print(json.dumps(line), flush=True)


def install(app):
    @app.get("/metrics")
    def metrics():
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    app.add_middleware(Telemetry, paths={route.path for route in app.routes})


### END SOLUTION
save_cell("service/telemetry.py")

# %% nbgrader={"grade": true, "grade_id": "test-telemetry", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
broken = {"ask": ["POST", "/v1/predict?mail=ana@example.com", {}], "key": CYS_KEY}  # Cy's contract.py ends with a KeyError there
asked = [
    forecast(HOUR, headers={"X-Request-ID": "trip-1"}),
    forecast(HOUR),
    broken,
    forecast(HOUR, key="wrong"),
    {"ask": ["GET", "/v1/ana@example.com"], "key": CYS_KEY},
]
seen = play_service(["telemetry"], [*asked, {"ask": ["GET", "/health"]}])
assert seen["started"], f"With your telemetry.py the service did not start: {seen['why']}"
statuses = [said["status"] for said in seen["answers"]]
assert statuses == [200, 200, 500, 403, 404, 200], (
    f"The requests were answered with {statuses}, expected 200, 200, 500, 403, 404, 200: telemetry watches, and changes nothing."
)
for line in seen["logs"]:
    assert line.startswith("{"), f"A line on standard output is no JSON object: {line[:120]}"
    assert "example.com" not in line and "metro-bikes" not in line, f"A line of the log holds what a caller has sent: {line[:200]}"
lines = [line for line in map(json.loads, seen["logs"]) if "request_id" in line]
assert len(lines) == 5, f"Five requests were made, beside one for /health, and the log has {len(lines)} lines with a request_id."
for said, line in zip(seen["answers"], lines):
    lacking = {"time", "request_id", "method", "path", "status", "latency_ms", "caller", "model_version"} - set(line)
    assert not lacking, f"A line of the log lacks {', '.join(sorted(lacking))}: {line}"
    assert line["request_id"] == said["headers"].get("x-request-id"), (
        f"An answer with {said['status']} has the X-Request-ID {said['headers'].get('x-request-id')!r}, and its line in the log {line['request_id']!r}."
    )
    assert line["status"] == said["status"], f"The client saw {said['status']}, and the log says {line['status']}."
assert lines[0]["request_id"] == "trip-1" != lines[1]["request_id"], "The caller's own X-Request-ID, trip-1, was not taken over."
for name, kind in (
    ("http_requests_total", "counter"),
    ("http_request_duration_seconds", "histogram"),
    ("http_requests_in_flight", "gauge"),
):
    assert seen["metrics"], "GET /metrics was not answered with 200 and a text."
    assert f"# TYPE {name} {kind}" in seen["metrics"], f"/metrics has no {kind} with the name {name}."

# %% nbgrader={"grade": true, "grade_id": "judge-telemetry", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: your telemetry with other parts of the judge's. Good, bad and hostile requests, some of
# them refused by keys and limits; then the log is compared, line by line, with what the
# client saw, and searched for what it must not hold.
### BEGIN HIDDEN TESTS
from judging_telemetry import judge_logs

judge_logs(play_service)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-telemetry-2", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the metrics after the same requests. Their types, their numbers beside the client's, their labels' bounds; the gauge while a slow request is
# under way, and at the end.
### BEGIN HIDDEN TESTS
from judging_telemetry import judge_metrics

judge_metrics(play_service)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 4 · Who may ask
#
# Everybody has the same key. So nobody can be told from another, a key cannot be taken from one without taking it from all, and it stands in the source code, and so in the history of the repository for ever. Iris asks: "If a key leaks at four in the afternoon, what do you do at five past four?"
#
# The answer is **key rotation**. The caller gets a new key beside the old one; for a while both are valid, so that nobody is locked out while they change it on their side; then the old one goes. None of this may need a restart. (Whoever changes the file should write a new one beside it, and move it over the old one with `os.replace`: then nobody ever reads half of it. But at four in the afternoon somebody opens it in an editor.) The keys' file looks like this:

# %%
print(Path("keys.json").read_text())

# %% [markdown]
# The keys themselves are not in it. A key is a long random text (`secrets.token_urlsafe(32)` makes one); the file has the SHA-256 hash of it, from which nobody can get it back. (For *passwords*, which people choose and others guess, a plain hash is too quick: those need a slow one, such as Argon2.) One name may have several entries. `role` says what the caller may do: a `reader` asks for forecasts, an `admin` also switches models. `expires` may be missing; if it is there, it has a zone, and not always UTC.
#
# Two answers say no, and they are not the same. **401**: I don't know who you are. It comes with a header `WWW-Authenticate`, which says how one can tell. **403**: I know who you are, and you may not.
#
# Last, the comparison. `==` stops at the first letter that differs, so its time tells how many were right, and over many tries one can measure that. A **constant-time comparison** takes as long for a wrong text as for a right one: `hmac.compare_digest`. Behind a hash the danger is small, for nobody can choose a key so that its hash begins as they wish. But whoever reads your code should not have to work that out.
#
# ### Exercise 4 — Keys that can be changed
# *Difficulty ●●○ · about 16 minutes*
#
# Write `keys.py`. A caller sends its key in the header `X-API-Key`; the entries are in the file that `KEYS_FILE` names.
#
# - `/health`, `/ready` and `/metrics` are open (the proxy does not let them out). Every other path needs a key, whether it exists or not.
# - No key, an unknown one, or one that has expired: 401, with a header `WWW-Authenticate`. Its value is free; `ApiKey` will do.
# - `PUT /v1/model` and `POST /v1/model/rollback` need the role `admin`: 403 for others.
# - Otherwise the request goes on, with the entry's `name` in `request.state.caller`.
# - Change the file, and the next request is judged by it: a new key is valid, one that was taken out is not. If it cannot be read, for somebody is just writing it, **the entries read last go on**: half a file must not lock everybody out, nor end in a 500.
# - Hashes are compared by `hmac.compare_digest` (`secrets.compare_digest` is the same), and whatever is sent as a key, nothing fails.
# - No key comes out again: not in an answer, not in any output.
#
# To practise: the keys of `town-hall`, `noor` and `tram-office` are in the next cell. Real ones would never stand in a notebook.
#
# <details><summary>Hint 1</summary>Go through all entries, and for each compare the hash of what was sent with the entry's. What do you do about the file, so that it needs no restart, and what if it is not JSON at the moment? (It is small, and the disk's cache is quick.) And what does <code>hmac.compare_digest</code> say to a text with an é?</details>
# <details><summary>Hint 2</summary><code>hashlib.sha256(key.encode()).hexdigest()</code> is always ASCII. <code>datetime.fromisoformat(expires)</code> understands a Z at the end; compare times as times, for as texts <code>12:00+02:00</code> comes after <code>11:00+00:00</code>. Compare paths as a whole, for the open ones; for the admin's, think of both. Decide 401 before 403.</details>


# %% nbgrader={"grade": false, "grade_id": "practice-keys", "locked": true, "schema_version": 3, "solution": false, "task": false}
KEYS = {"town-hall": "mb_practice_town_hall_7Q2f", "noor": "mb_practice_noor_9Zk4", "tram-office": "mb_practice_tram_office_4Lp8"}


# %% nbgrader={"grade": false, "grade_id": "keys", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
import hashlib
import hmac
import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from fastapi import Request
from fastapi.responses import JSONResponse

OPEN = {"/health", "/ready", "/metrics"}


last_read = []


def entries():
    """Return the file's entries, read anew each time: a new key counts at once, and so does a withdrawn one. While it is broken: the last ones."""
    with suppress(OSError, ValueError):
        last_read[:] = json.loads(Path(os.environ["KEYS_FILE"]).read_text())
    return last_read


def owner(key):
    """Return the entry of the key's owner, or None."""
    given, found = hashlib.sha256(key.encode()).hexdigest(), None
    for entry in entries():
        expires = entry.get("expires")
        in_time = expires is None or datetime.now(UTC) < datetime.fromisoformat(expires)
        if hmac.compare_digest(given, entry["sha256"]) and in_time:
            found = entry
    return found


def install(app):
    @app.middleware("http")
    async def check(request: Request, call_next):
        path = request.url.path
        if path in OPEN:
            return await call_next(request)
        entry = owner(request.headers.get("x-api-key", ""))
        if entry is None:
            return JSONResponse({"detail": "a valid key is needed"}, 401, {"WWW-Authenticate": "ApiKey"})
        request.state.caller = entry["name"]
        if path.startswith("/v1/model") and entry["role"] != "admin":
            return JSONResponse({"detail": "your key does not allow this"}, 403)
        return await call_next(request)


### END SOLUTION
save_cell("service/keys.py")

# %% nbgrader={"grade": true, "grade_id": "test-keys", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
tries = {
    "no key": ({**forecast(HOUR), "key": None}, 401),
    "a key that nobody has": (forecast(HOUR, key="mb_guess"), 401),
    "the tram office's key, which has expired": (forecast(HOUR, key=KEYS["tram-office"]), 401),
    "the town hall's key": (forecast(HOUR, key=KEYS["town-hall"]), 200),
    "the town hall's key for a switch": (put("2", KEYS["town-hall"]), 403),
    "Noor's key for a switch": (put("2", KEYS["noor"]), 200),
    "no key, for /health": ({"ask": ["GET", "/health"]}, 200),
}
tries["no key"][0].pop("key")
quiet = {"telemetry.py": "def install(app):\n    pass\n"}  # Cy's would print every key
seen = play_service(["keys"], [step for step, _ in tries.values()], quiet)
assert seen["started"], f"With your keys.py the service did not start: {seen['why']}"
for (what, (_, status)), said in zip(tries.items(), seen["answers"]):
    assert said["status"] == status, f"{what}: answered with {said['status']}, expected {status}."
    assert status != 401 or "www-authenticate" in said["headers"], f"{what}: the 401 has no header WWW-Authenticate."
told = str([said["body"] for said in seen["answers"]]) + str(seen["logs"]) + seen["errors"]
assert not any(key in told for key in [*KEYS.values(), "mb_guess"]), "A key stands in an answer or in an output."

# %% nbgrader={"grade": true, "grade_id": "judge-keys", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: your keys with other parts of the judge's, and another file. Two valid keys of one caller, expired ones in several zones, near misses, roles, open paths and
# paths that only look like them; who the caller was; and whether a key came out anywhere.
### BEGIN HIDDEN TESTS
from judging_keys import judge_doors

judge_doors(play_service)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-keys-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: the file is changed while the service runs, and is broken for a while; and how hashes are compared.
### BEGIN HIDDEN TESTS
from judging_keys import judge_comparing

judge_comparing(play_service)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 5 · How much one may ask
#
# The student's script meant no harm. It asked as fast as it could, and the service tried to please. A service without limits gives everything to whoever takes it. There are three limits, and each protects another thing: memory, the other callers, and the time of the callers themselves.
#
# **Size.** A body is read into memory before it is looked at. The header `Content-Length` tells its size before; but a client may also send a body in *chunks*, without telling. Then only counting helps, *while* it comes in: who counts at the end has it all in memory. The answer is 413.
#
# **Rate.** A **token bucket** holds up to `RATE_BURST` tokens, and `RATE_PER_SECOND` new ones drop in each second, as long as there is room. A request takes one; where there is none, the answer is 429, with a header `Retry-After`: in how many whole seconds there will be one again. So a short burst is fine, and a long one is slowed down. Each caller has a bucket.
#
# **Time.** If a forecast takes longer than two seconds, the caller has given up, and the work is wasted. A **time limit** answers 504 and lets go. But a route with a plain `def` runs in a thread, and a thread cannot be ended from outside. There are ways to put a limit on a coroutine (the work that an `async def` does) that *wait until the cancelled work has ended*; for a thread that is: until it is done anyhow. `anyio.fail_after`, from the library on which Starlette stands, is one of them:

# %% nbgrader={"grade": false, "grade_id": "waiting", "locked": true, "schema_version": 3, "solution": false, "task": false}
SLOW_ROUTES = """
import asyncio, time
from fastapi import Request

def install(app):
    @app.post("/v1/predict")
    async def predict(request: Request):
        return {"bytes": len(await request.body())}

    @app.get("/v1/slow")
    async def slow():
        await asyncio.sleep(0.8)

    @app.get("/v1/slow-in-a-thread")
    def slow_in_a_thread():
        time.sleep(0.8)
"""
TRY_TIME = """
import anyio
from fastapi.responses import JSONResponse

class Limit:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        try:
            with anyio.fail_after(0.3):
                await self.app(scope, receive, send)
        except TimeoutError:
            await JSONResponse({"detail": "too slow"}, 504)(scope, receive, send)

def install(app):
    app.add_middleware(Limit)
"""
slow = [{"together": [{"ask": ["GET", path], "key": CYS_KEY} for path in ("/v1/slow", "/v1/slow-in-a-thread")]}]
for said in play_service([], slow, {"contract.py": SLOW_ROUTES, "limits.py": TRY_TIME})["answers"]:
    print(said["status"], f"after {said['seconds']:.1f} s")

# %% [markdown]
# Both were answered with 504; the second one only when its work was done. (Whichever way you take, the thread itself goes on. FastAPI has forty of them, and a route that always takes too long uses them up: a limit on time does not replace one on rate. And an `async def` that computes for two seconds without an `await` stops the whole service, its clock as well. That is why a forecast belongs in a `def`.)
#
# ### Exercise 5 — Limits that hold
# *Difficulty ●●● · about 23 minutes*
#
# Write `limits.py`, with the settings `MAX_BODY` (bytes), `RATE_PER_SECOND`, `RATE_BURST` and `TIMEOUT_SECONDS`, all numbers, with a point or without.
#
# - A body of more than `MAX_BODY` bytes: 413, whether its size was told or not, and as soon as it is too large: it may never end. One of exactly that size passes, whole.
# - Each caller (`request.state.caller`) has a token bucket, full at the beginning. Without a token: 429, with `Retry-After`, a whole number from 1 on. Whoever waits that long is served, and who goes on asking meanwhile is served as soon as there is a token.
# - A request that is not answered within `TIMEOUT_SECONDS` from its arrival: 504 *then*, and not when its work is done, for routes with `async def` and with `def`. The body's time counts, too: a client that stops in the middle, or sends one byte now and then, gets 408, or 504.
# - `/health`, `/ready` and `/metrics` have no limits. All other answers come through as they were.
#
# <details><summary>Hint 1</summary>Read the body yourself, piece by piece, and give up when it is too much or too late; then hand it on. For the time: do not wait <em>for the task</em>, wait <em>for the task or the clock</em>, whichever comes first. <code>asyncio.wait</code> does that, and lets the task be. In a bucket, nothing needs to run in the background: what dropped in since the last request can be computed when the next one comes.</details>
# <details><summary>Hint 2</summary>A class with <code>__call__(self, scope, receive, send)</code> may call the app with a <code>receive</code> and a <code>send</code> of its own: one that hands out the body that you have read, and one that keeps the answer until you know that it was in time. (So the whole answer is in memory. We have no answers that stream; for those one would stop the clock at the first piece.) One clock for all: when does it start, and what is left of it after the body? A token is a number that may have a fraction: keep it. How many seconds does the missing part of one token take?</details>


# %% nbgrader={"grade": false, "grade_id": "limits", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
import asyncio
import math
import os
import time

from fastapi.responses import JSONResponse

OPEN = {"/health", "/ready", "/metrics"}


class Bucket:
    def __init__(self, per_second, burst):
        self.per_second, self.burst, self.left, self.at = per_second, burst, burst, time.monotonic()

    def take(self):
        """Take a token; return 0, or in how many seconds there will be one."""
        now = time.monotonic()
        self.left = min(self.burst, self.left + (now - self.at) * self.per_second)
        self.at = now
        if self.left < 1:
            return (1 - self.left) / self.per_second
        self.left -= 1
        return 0


class Limits:
    def __init__(self, app, per_second, burst, max_body, seconds):
        self.app, self.max_body, self.seconds = app, max_body, seconds
        self.new_bucket, self.buckets = lambda: Bucket(per_second, burst), {}

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["path"] in OPEN:
            return await self.app(scope, receive, send)
        end = time.monotonic() + self.seconds
        caller = scope.get("state", {}).get("caller")
        wait = self.buckets.setdefault(caller, self.new_bucket()).take()
        if wait:
            headers = {"Retry-After": str(math.ceil(wait))}
            return await JSONResponse({"detail": "too many requests"}, 429, headers)(scope, receive, send)
        try:
            body = await asyncio.wait_for(self.read(receive), self.seconds)
        except TimeoutError:
            return await JSONResponse({"detail": "the request took too long to arrive"}, 408)(scope, receive, send)
        if body is None:
            return await JSONResponse({"detail": f"more than {self.max_body} bytes"}, 413)(scope, receive, send)
        parts, messages = [{"type": "http.request", "body": body, "more_body": False}], []

        async def replay():
            return parts.pop() if parts else await receive()

        async def keep(message):
            messages.append(message)

        task = asyncio.create_task(self.app(scope, replay, keep))
        done, _ = await asyncio.wait({task}, timeout=end - time.monotonic())
        if not done:  # a thread cannot be ended from outside: the task is left to itself, and nobody waits for it
            task.cancel()
            return await JSONResponse({"detail": "took too long"}, 504)(scope, receive, send)
        task.result()
        for kept in messages:
            await send(kept)

    async def read(self, receive):
        """Return the body, or None as soon as it is too large."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self.max_body:
                return None
        return body


def install(app):
    settings = {"per_second": "RATE_PER_SECOND", "burst": "RATE_BURST", "max_body": "MAX_BODY", "seconds": "TIMEOUT_SECONDS"}
    app.add_middleware(Limits, **{name: float(os.environ[setting]) for name, setting in settings.items()})


### END SOLUTION
save_cell("service/limits.py")

# %% nbgrader={"grade": true, "grade_id": "test-limits", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}


def as_caller(name):
    return {"key": f"metro-bikes-2025:{name}"}


steps = [
    {"ask": ["POST", "/v1/predict", "x" * 1000], **as_caller("a")},
    {"ask": ["POST", "/v1/predict", "x" * 1001], **as_caller("a")},
    {"ask": ["POST", "/v1/predict", ["x" * 100] * 30], **as_caller("a")},
    {"ask": ["POST", "/v1/predict", "{}"], **as_caller("b"), "times": 7},
    {"ask": ["POST", "/v1/predict", "{}"], **as_caller("c")},
    {"ask": ["GET", "/v1/slow"], **as_caller("d")},
]
quiet = {"contract.py": SLOW_ROUTES, "telemetry.py": "def install(app):\n    pass\n"}
seen = play_service(["limits"], steps, quiet, {"MAX_BODY": 1000, "RATE_BURST": 5, "RATE_PER_SECOND": 0.5, "TIMEOUT_SECONDS": 0.2})
assert seen["started"], f"With your limits.py the service did not start: {seen['why']}"
statuses = [said["status"] for said in seen["answers"]]
assert statuses[0] == 200 and seen["answers"][0]["body"] == {"bytes": 1000}, (
    f"MAX_BODY is 1000, and a body of 1,000 bytes was answered with {statuses[0]}: {seen['answers'][0]['body']}"
)
assert statuses[1] == 413, f"MAX_BODY is 1000, and a body of 1,001 bytes was answered with {statuses[1]}."
assert statuses[2] == 413, f"MAX_BODY is 1000, and a body of 3,000 bytes in chunks was answered with {statuses[2]}."
assert statuses[3:8] == [200] * 5 and statuses[9] == 429, (
    f"RATE_BURST is 5, and seven requests of one caller were answered with {statuses[3:10]}."
)
assert seen["answers"][9]["headers"].get("retry-after") in ("1", "2"), (
    f"The 429 says Retry-After {seen['answers'][9]['headers'].get('retry-after')!r}. A new token comes every 2 s, so it should be 1 or 2, in whole seconds."
)
assert statuses[10] == 200, f"While one caller had no tokens left, another one was answered with {statuses[10]}."
assert statuses[11] == 504, (
    f"TIMEOUT_SECONDS is 0.2, and a route of 0.8 s was answered with {statuses[11]} after {seen['answers'][11]['seconds']:.1f} s."
)

# %% nbgrader={"grade": true, "grade_id": "judge-limits", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: your limits with other parts of the judge's. Bodies of several sizes, told and in chunks, one of them without an end; what came through must be whole.
### BEGIN HIDDEN TESTS
from judging_limits import judge_sizes

judge_sizes(play_service)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-limits-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: slow routes of both kinds, a client that stops in the middle of its body, and one that sends it drop by drop.
### BEGIN HIDDEN TESTS
from judging_limits import judge_time

judge_time(play_service)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-limits-3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: a caller in a hurry, who then waits as long as it was told; one who goes on asking; another caller meanwhile; and /health.
### BEGIN HIDDEN TESTS
from judging_limits import judge_rate

judge_rate(play_service)
### END HIDDEN TESTS

# %% [markdown]
# ## Part 6 · What it runs in
#
# The lab on containers took a Dockerfile apart, line by line. So this one is short. Here is Cy's, and what *hadolint*, a program that knows the rules of good Dockerfiles, has against it:


# %% nbgrader={"grade": false, "grade_id": "lint", "locked": true, "schema_version": 3, "solution": false, "task": false}
def lint_dockerfile(text):
    """Return what hadolint has against a Dockerfile, from warnings on."""
    command = [str(Path(sys.executable).parent / "hadolint"), "--no-fail", "--format", "json", "-"]
    said = json.loads(subprocess.run(command, input=text, capture_output=True, text=True, timeout=20).stdout)
    return [f"line {one['line']}: {one['code']} {one['message']}" for one in said if one["level"] in ("error", "warning")]


print(Path("found/Dockerfile").read_text())
print(*lint_dockerfile(Path("found/Dockerfile").read_text()), sep="\n")

# %% [markdown]
# hadolint sees form. It does not see that a key stands in the file, that `--workers 4` makes four processes with a counter each (a scrape, as Prometheus calls its visit to `/metrics`, meets one of them, by chance, and each has its own buckets: the limit is four times what you think), or that the server listens where nobody can reach it. Those are yours. (Nor does it see that `requirements.txt` pins four packages, and not what these need in turn: with `pip-compile --generate-hashes` one would pin them all.)
#
# ### Exercise 6 — A container for it
# *Difficulty ●○○ · about 10 minutes*
#
# Write `service/Dockerfile`, and `service/.dockerignore` if you need one. The folder `service` is the build's context. Done means:
#
# 1. hadolint has no error and no warning.
# 2. The base is pinned: a tag with three numbers (`python:3.11.11-slim-bookworm` is one), or a digest.
# 3. `requirements.txt` is copied and installed before the code, so that a changed line of code installs nothing anew. No key and no `keys.json` gets into the image: keys and models are brought to the container when it starts.
# 4. It runs as a user who is not root.
# 5. It runs uvicorn with `app:app` in exec form (a JSON list of words), one process, so that SIGTERM reaches it (a shell that gives way by `exec` is fine); on an address where others can reach it; without uvicorn's own access log, which would print each query.
# 6. A health check asks `/health` or `/ready`, at uvicorn's port, with a tool that the image really has (a slim image has no `curl`), and fails where the answer is not 200.
#
# <details><summary>Hint 1</summary>Go through Cy's file line by line: there is something wrong with each, except <code>EXPOSE</code>. In a container, 127.0.0.1 is the container's own.</details>
# <details><summary>Hint 2</summary>First <code>requirements.txt</code>, then <code>RUN pip install --no-cache-dir …</code>, then the Python files only. <code>HEALTHCHECK CMD […]</code> may run <code>python -c</code> with <code>urllib.request</code>, which raises where the answer is no 200. uvicorn has <code>--host</code>, <code>--port</code> and <code>--no-access-log</code>.</details>

# %% nbgrader={"grade": false, "grade_id": "image", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write the text into the file: Path("service/Dockerfile").write_text(r"""…""")
### BEGIN SOLUTION
Path("service/Dockerfile").write_text(r"""FROM python:3.11.11-slim-bookworm
WORKDIR /service
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY *.py ./
RUN useradd --system --uid 10001 rider
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health', timeout=2)"]
CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8000", "--no-access-log", "--timeout-graceful-shutdown", "20"]
""")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-image", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
dockerfile = Path("service/Dockerfile").read_text()
against = lint_dockerfile(dockerfile)
assert not against, f"hadolint: {against[0]}"
first_words = [line.split()[0].upper() for line in dockerfile.splitlines() if line.strip()]
for word in ("FROM", "USER", "HEALTHCHECK"):
    assert word in first_words, f"service/Dockerfile has no line that begins with {word}."
assert "metro-bikes-2025" not in dockerfile, "Cy's key stands in the Dockerfile: whoever has the image has the key."

# %% nbgrader={"grade": true, "grade_id": "judge-image", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: points 2 to 4 of the list.
### BEGIN HIDDEN TESTS
from judging_image import judge_image

judge_image()
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-image-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: points 5 and 6 of the list.
### BEGIN HIDDEN TESTS
from judging_image import judge_process

judge_process()
### END HIDDEN TESTS

# %% [markdown]
# ## Part 7 · A restart that nobody notices
#
# Two instances of the service run behind a *proxy*, a small server that passes each request on to one of them in turn. To bring out a new version, each instance is replaced: a **rolling restart**. Cy's way was: stop both, start both. 212 requests.
#
# A `Cluster` (in `services.py`) is the proxy with its instances:
#
# | | |
# |:--|:--|
# | `cluster.serving` | the list of instances to which the proxy sends requests. Each has its `version` |
# | `cluster.start(version)` | starts an instance and returns it at once. It serves nobody yet |
# | `instance.ready()` | the model version that its `/ready` names, or `None` while it does not answer 200 |
# | `instance.alive()` | whether its process runs |
# | `cluster.add(instance)`, `cluster.remove(instance)` | from now on the proxy sends it requests, or no new ones |
# | `cluster.in_flight(instance)` | how many requests it has that are not answered yet |
# | `cluster.stop(instance)` | sends SIGTERM, and waits until the process has ended. The stand-in in `stub` dies at once, whatever it is doing |
# | `cluster.patience` | how many seconds to wait, at most, for anything |
# | `wait_until(condition, seconds)` | calls `condition()` again and again; returns whether it came true in time |
#
# Between `remove` and `stop` the instance must **drain**: it gets no new requests, and finishes those that it has. And a roll can go wrong in the middle. A version may never get ready, die while it starts, or load another model than it was asked for (a mistyped setting). Then the service must be as it was: two instances of the old version, and nothing left running beside them.


# %%
def stop_and_start(cluster, version):
    """Cy's way."""
    for old in cluster.serving:
        cluster.remove(old)
        cluster.stop(old)
        cluster.add(cluster.start(version))
    return True


from services import play_roll

played = play_roll(stop_and_start, "stub", "2", BUSY)
print(pd.Series([said["status"] for said in played["answers"]]).value_counts().to_dict(), played["history"][4:])

# %% [markdown]
# 502 means: the instance to which the proxy passed the request did not answer.
#
# ### Exercise 7 — Roll
# *Difficulty ●●○ · about 20 minutes*
#
# Write `roll(cluster, version)`. It replaces each serving instance by one that serves `version`, and returns `True`.
#
# - No request is lost. At no time do fewer instances serve than at the beginning, and none serves before it is ready.
# - An old instance is drained before it is stopped. If it still has a request after `cluster.patience` seconds, it is stopped all the same: somebody's endless request must not hold up a release.
# - If a new instance is not ready within `cluster.patience` seconds, has died (then at once: it will never get ready), or says that it has loaded another version, `roll` gives up: it returns `False`, and the cluster serves the **old** version again, with as many instances as before, those already replaced among them. Nothing else is left running. (If the way back fails as well, nobody can help: keep what still serves. That is not judged.)
# - Wait for conditions. Do not sleep for a time that you hope is enough.
#
# Done means: no request lost with versions of all these kinds, and then with your own service, in the last act.
#
# <details><summary>Hint 1</summary>Write down the order for one instance: start, wait, compare, add, remove, wait, stop. Which of these steps can fail, and what has to be undone then? To go back is a roll, too.</details>
# <details><summary>Hint 2</summary>Write a function for one instance first, which returns whether it worked and leaves everything as it was where it did not. Then think of the second instance: if it fails, what state is the first one in, and which function that you have already could bring it back? A condition for <code>wait_until</code> may have two ends: it came true, or it never will.</details>


# %% nbgrader={"grade": false, "grade_id": "roll", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
def replace_instance(cluster, old, version):
    """Put an instance that serves `version` in the place of `old`. Return whether it could be done; if not, nothing has changed."""
    new = cluster.start(version)
    wait_until(lambda: new.ready() or not new.alive(), cluster.patience)
    if new.ready() != version:
        cluster.stop(new)
        return False
    cluster.add(new)
    cluster.remove(old)
    wait_until(lambda: cluster.in_flight(old) == 0, cluster.patience)
    cluster.stop(old)
    return True


def roll(cluster, version):
    """Replace each serving instance by one that serves `version`, without losing a request. Return whether it was done."""
    before = cluster.serving
    for old in before:
        if not replace_instance(cluster, old, version):
            for new in [one for one in cluster.serving if one not in before]:
                replace_instance(cluster, new, old.version)
            return False
    return True


### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "plays", "locked": true, "schema_version": 3, "solution": false, "task": false}
def play_rolls(scenarios):
    """Play roll() against the stand-in, one cluster for each scenario, all at once: {"plans": what each version does, "requests":, "patience":}."""
    from concurrent.futures import ThreadPoolExecutor

    from services import begin, play_roll

    begin()

    def play_one(scenario):
        plans = scenario["plans"]

        def settings(version, number):
            return {**plans.get(version, {}), **plans.get(f"{version} #{number}", {})}

        return play_roll(roll, "stub", "2", scenario["requests"], settings, scenario["patience"])

    with ThreadPoolExecutor(len(scenarios)) as pool:
        return list(pool.map(play_one, scenarios))


def play_last_act(traffic, keys_text):
    """Play a day's traffic to two instances of your own service, while roll() replaces them; see play_whole() in services.py."""
    from services import play_whole

    return play_whole(roll, traffic, keys_text)


# %% nbgrader={"grade": true, "grade_id": "test-roll", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
plans = {"2": {"READY_SECONDS": 0.2}}, {"2": {"DIES": "yes"}}
good, dying = play_rolls([{"plans": plan, "requests": BUSY, "patience": 2.0} for plan in plans])
for name, played, version in (("A roll to a good version", good, "2"), ("A roll to a version that dies while it starts", dying, "1")):
    history = ", ".join(f"{what} {which}" for what, which in played["history"])
    assert not played["why"], f"{name}: roll stopped with {played['why']}"
    missed = [said["status"] for said in played["answers"] if said["status"] != 200]
    assert not missed, (
        f"{name}: {len(missed)} of {len(played['answers'])} requests were lost (status {missed[0]}). What happened: {history}"
    )
    assert [asked for asked, _ in played["serving"]] == [version] * 2, (
        f"{name}: in the end the versions {[asked for asked, _ in played['serving']]} serve, expected two of {version}. What happened: {history}"
    )
    assert played["alive"] == 2, f"{name}: {played['alive']} processes are left. What happened: {history}"
assert good["result"] is True and dying["result"] is False, (
    f"roll returned {good['result']!r} for a good version and {dying['result']!r} for one that dies, expected True and False."
)

# %% nbgrader={"grade": true, "grade_id": "judge-roll", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: roll against the stand-in. A good version, with slow requests under way, and once with a request that takes for ever.
### BEGIN HIDDEN TESTS
from judging_roll import judge_roll

judge_roll(play_rolls, ["a good version"])
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-roll-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: roll against the stand-in. Versions that go wrong, at the first instance or at the second.
### BEGIN HIDDEN TESTS
from judging_roll import judge_roll

judge_roll(play_rolls, ["a version"])
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-roll-3", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in, the last act: your whole service, two instances behind the proxy, a day of good, bad and hostile traffic, and your roll in the middle of it.
# 2 points: no request is lost, and both versions have answered. 2: each answer has its line in the log, with the same status. 2: the counters of all four instances
# sum to what the client saw. (A part of yours that cannot even be loaded is replaced by the one as found.)
### BEGIN HIDDEN TESTS
from judging_last_act import score_last_act

score_last_act(play_last_act)
### END HIDDEN TESTS

# %% [markdown]
# ## Putting it together
#
# The last act, for you to watch: your service, with your keys, limits, logs and metrics, gets the traffic of a busy moment, and is rolled from version 1 to 2. In the picture each dot is a request. Three tables then say how many there were: one by the client, one by the logs, one by the metrics, which are fetched from each instance a last time before it stops, since its counters go with it.

# %% tags=["uses-answers"]
traffic = [forecast({**HOUR, "station_id": station}, key=KEYS["town-hall"]) for station in range(1, 13)]
traffic += [forecast({**HOUR, "station_id": 99}, key=KEYS["noor"]), forecast({**HOUR, "rain_mm": math.nan}, key=KEYS["noor"])]
traffic += [
    forecast(HOUR, key="mb_guess"),
    {"ask": ["GET", "/v1/riders/ana"], "key": KEYS["noor"]},
    {"ask": ["POST", "/v1/predict", "x" * 30_000], "key": KEYS["noor"]},
]
day = play_last_act(traffic, Path("keys.json").read_text())
dots = pd.DataFrame(day["answers"])
fig, ax = plt.subplots(figsize=(8, 4))
for version, marker, colour in (("1", "o", "tab:blue"), ("2", "^", "tab:orange")):
    mine = dots[dots["version"] == version]
    ax.plot(mine["at"], 1000 * mine["seconds"], marker, mfc="none", color=colour, label=f"answered by model {version}")
refused = dots[dots["version"].isna()]
ax.plot(refused["at"], 1000 * refused["seconds"], "x", color="grey", label="refused")
ax.axvspan(day["began"], day["began"] + day["took"], color="gold", alpha=0.2, label="the roll")
ax.set(
    yscale="log",
    xlabel="time since the first request (s)",
    ylabel="latency (ms)",
    title=f"{len(dots)} requests during a rolling restart, {(dots['status'] >= 500).sum()} of them failed",
)
ax.set_yticks([1, 2, 5, 10, 20, 50, 100], ["1", "2", "5", "10", "20", "50", "100"])
ax.yaxis.set_minor_formatter("")
ax.legend(fontsize=8, ncol=4, loc="upper center", bbox_to_anchor=(0.5, -0.15))
fig.savefig("roll.png", dpi=100, bbox_inches="tight")
plt.close(fig)
told = pd.DataFrame([json.loads(line) for line in day["logs"] if line.startswith("{")])
Image(
    "roll.png",
    alt="Scatter plot of each request's latency over time: first dots of model 1 alone, then both models while the roll goes on, in the end model 2 alone, and refused requests throughout",
)

# %% tags=["uses-answers"]
from collections import Counter

from prometheus_client.parser import text_string_to_metric_families

counted = Counter()
for text in day["metrics"]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "http_requests_total":
                counted[int(sample.labels["status"])] += int(sample.value)
logged = told[told["request_id"].notna()]["status"].value_counts()
pd.DataFrame({"the client saw": dots["status"].value_counts(), "the logs tell": logged, "the metrics count": pd.Series(counted)})

# %% [markdown]
# Do the columns agree? If not, look for a request that one of the three does not know.
#
# Then the load test. With `measure` so many clients ask for a moment, each its next request as soon as the last is answered: a **closed loop**. It finds out what the service can carry. (It flatters the latency: a client that waits asks less. Real callers do not wait for each other. A test with a fixed rate of arrivals, an open loop, is harsher.) Four rules:
#
# - Count failures apart, for a quick 429 is no good answer.
# - Take quantiles over all requests, never the mean of several quantiles. Say how many requests they stand on: *p50* and *p95*, the latencies that half and 95 % of them do not exceed, mean little for a few dozen.
# - Warm up first, and compare only what was measured on the same machine in the same minute.
# - Measure twice. What differs between the two is noise, and nothing smaller is a finding.
#
# So here are Cy's service and yours, in turn, after a warm-up. With a quarter of a second a point, this only shows that the test works. **Do not decide by it**: for your letter you measure longer.


# %% tags=["uses-answers"]
def load_test(seconds, clients=(1, 2, 4, 8)):
    """Return for each service and number of clients: answers with 200 a second, p50 and p95 (ms), the share of other answers, and all requests."""
    rows = []
    no_limit = {"RATE_PER_SECOND": 1_000_000, "RATE_BURST": 1_000_000}
    with running("found") as cys, running("service", **no_limit) as yours:
        both = {"as found": (cys, CYS_KEY), "yours": (yours, KEYS["town-hall"])}
        for number in (0, *clients):
            for name, (service, key) in both.items():
                found = measure(service, {"hours": [HOUR] * 5}, number or 2, seconds if number else 0.1, key=key)
                good = pd.Series([1000 * took for status, took in found if status == 200], dtype=float)
                if number:  # without it, it was the warm-up
                    told = {"per_second": len(good) / seconds, "p50_ms": good.quantile(0.5), "p95_ms": good.quantile(0.95)}
                    rows.append({"service": name, "clients": number, **told, "failed": 1 - len(good) / len(found), "requests": len(found)})
    return pd.DataFrame(rows)


load = load_test(seconds=0.25)
load.to_csv("load.csv", index=False)
load.round(2)

# %% nbgrader={"grade": false, "grade_id": "close", "locked": true, "schema_version": 3, "solution": false, "task": false}
import services

services.close()  # no process stays behind; it starts again when a cell needs it

# %% [markdown]
# ### Exercise 8 — What you tell Iris
# *Difficulty ●●○ · about 22 minutes*

# %% [markdown] nbgrader={"grade": false, "grade_id": "letter", "locked": true, "points": 12, "schema_version": 3, "solution": false, "task": true}
# Iris signs, or does not sign, after your letter: 250 to 500 words in the text cell below, with a chart of your own in the code cell after it. A person marks it.
#
# 1. **A chart of the load test** (4 points). Measure in the code cell below, longer than above: `load_test(seconds=2)` takes about 20 seconds; run it twice, and see what stays. Show throughput, and p50 and p95, by number of clients, for Cy's service and yours. Axes with units, a title or a sentence that says what is to be seen, readable without colour.
# 2. **What it means** (3 points). Where does the service stop getting faster with more clients, and what happens to the latency beyond? The tram office expects 400 requests a second at peak, each of five rows as in the test, with p95 below 100 ms. How many instances would you run, by your own numbers, and what makes you doubt them?
# 3. **Three decisions** (3 points) that you took in the exercises where another was possible, each with its price. For instance: what happens to a batch with one bad row, reading the keys' file for each request, the buckets in the memory of each instance, 504 while the work goes on, versions kept in memory.
# 4. **A post-mortem** (2 points): what happened, why, and what would have prevented it, without blame. Take one of the five days of the story. Which control of yours would have stopped it, and which would have shown it, and by which field or metric? What would still get through?
#
# ### BEGIN MARK SCHEME
# 1. Chart, 4 points. 1: from data that were measured for at least a second a point, not typed in. 1: throughput and both quantiles, by number of clients, for both services. 1: axes labelled with units (requests or forecasts per second; ms; clients). 1: a title or sentence with a finding that the chart shows, and readable in grey (markers, line styles, direct labels).
# 2. Meaning, 3 points. 1: names the number of clients from which throughput no longer grows (with one process it is small: 1 to 4), and says that from there on latency grows in proportion to the clients, since requests queue. 1: an instance count that follows from the figures: 400 requests a second divided by the throughput at which p95 is below
#    100 ms, rounded up, and at least one more so that one may fail or be rolled (requests, not rows: both the test and the tram office send five rows a request). 1: a sound doubt: client and server share the same cores, and all clients are threads of one Python process, which may be full before the service is; a closed loop; few requests under a p95; two runs that differ; a laptop is no server; two services ran side by side; one kind of request only.
# 3. Decisions, 3 points, one each: the decision, the alternative and its price must all be there. Examples: refusing the whole batch is simple and atomic, but one bad row costs 199 good ones; reading the file each time makes rotation immediate, but costs a disk access and makes the file a single point of failure; buckets in memory need no Redis,
#    but with n instances the limit is n times as high and is forgotten at a restart; after a 504 the thread goes on and can fill the pool; old models in memory cost memory and make rollback instant. 0 for a decision that was prescribed and is only repeated.
# 4. Post-mortem, 2 points. 1: the control and the signal fit the day (Fahrenheit: the range, 422 in http_requests_total; the loop: bucket, 429 by caller in the log; the log: no headers or queries in it; the damaged file: hash, 409, model_version in each line; the restart: roll, and the absence of 502 at the proxy). 1: something real that still gets through: 20 °F is -7 °C
#    and looks like a number in °C; a slow attacker with many keys; a damaged file whose hash was taken after the damage; a bad model that is what was released.
#
# Take off 1 in all if it is much longer than 500 words, or if its figures do not agree with the chart.
# ### END MARK SCHEME

# %% [markdown]
# *Write your letter here.*

# %%
# Your chart: load_test(seconds=2), and what you draw of it

# %% [markdown]
# Iris read it on Thursday, asked one question ("And who may withdraw a key at night?"), and signed. What to take to work tomorrow:
#
# - Refuse at the door, with a reason. What is let in will be believed.
# - A model becomes current in one step, or not at all.
# - Client, log and metric tell one story. Where they differ, one of them is wrong, and you want to know which before your caller does.
# - Labels and log lines are for what you know, never for what callers send.
# - A limit is a kindness to the others.
# - Start, wait, switch, drain, stop. And know the way back.

# %% [markdown]
# ## Going further
#
# - **An open loop.** Write a load test that sends requests at fixed times, whether or not the last is answered, and counts latency from the time at which a request *should* have been sent. Compare its p95 with that of the closed loop, at 90 % of the throughput.
# - **One bucket for all.** With four instances a caller has four buckets. Put them into one place that all instances ask (Redis is the usual one), and decide what happens when that place does not answer.
# - **`/v2`.** The tram office wants a forecast with its uncertainty. Add `/v2/predict` beside `/v1`, share what they have in common, and announce the end of `/v1` by the headers `Deprecation` and `Sunset`.
# - **A canary.** Let the new instance get one request in twenty, compare its error rate and its answers with the old ones', and only then roll.
#
# To read:
#
# - [FastAPI's documentation, on deployment](https://fastapi.tiangolo.com/deployment/), with a chapter on containers and on replication
# - [Prometheus' documentation, on instrumentation](https://prometheus.io/docs/practices/instrumentation/) and on naming metrics and labels
# - [OWASP's API security project, with its top ten of risks](https://owasp.org/www-project-api-security/)
# - Chip Huyen, *Designing Machine Learning Systems*, chapter 7 on model deployment and prediction service: [the book's page at O'Reilly](https://www.oreilly.com/library/view/designing-machine-learning/9781098107956/)
# - Noah Gift and Alfredo Deza, *Practical MLOps*: [the book's page at O'Reilly](https://www.oreilly.com/library/view/practical-mlops/9781098103002/)
