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
#     minutes: 140
#     outcomes:
#     - Refuse what a model cannot answer, with a status and a reason, before the model sees it
#     - Compute the same features in service as in training, and prove it on rows that nobody chose
#     - Serve a model that is loaded once, says when it is ready and which version answered, and stays quick under load
#     - Implement TensorFlow Serving's REST contract, so that its clients can call any model
#     - Stop a service without losing a request, and a rollout before it hurts many
#     prerequisites:
#     - why-models-fail
#     - model-versioning
#     roadmap: Model serving
#     roles:
#     - MLOps Engineer
#     - Production ML Engineer
#     - AI Platform Engineer
#     slug: model-serving
#     terms:
#       model serving: "To let programs ask a model for answers while it is in use, mostly over HTTP."
#       endpoint: "A path of a service that can be asked, with the kind of request that it takes: POST /predict."
#       training–serving skew: "A difference between the features that a model was trained on and those that it gets in service."
#       liveness: "Whether a process works at all; if not, it is started again."
#       readiness: "Whether a process can answer now; if not, it gets no requests."
#       latency: "The time from a request to its answer."
#       p95: "The latency that 95 of 100 requests stay below."
#       thread pool: "Threads kept ready that take over blocking work, so that others can go on."
#       batch: "Several rows that travel and are computed together."
#       graceful shutdown: "To end a service so that every request that it took is answered, and no new one is taken."
#       shadow traffic: "Copies of real requests that go to a new version, whose answers nobody gets."
#       canary: "A new version that gets a small share of the real requests first."
#       rollout: "The time in which a new version gets more and more of the requests."
#     title: Model serving
#     tools:
#     - FastAPI
#     - uvicorn
#     - MLflow
#     - TensorFlow Serving's REST contract
# ---

# %% [markdown]
# # Model serving
#
# ## Why this matters
#
# Thursday 23 October 2025, half past five, Metro Bikes. Since Monday the app shows when you will arrive: "You will be there at 17:52". Behind it is a model, the *arrival estimate*, and around it three services that Bo and Cy wrote in a hurry. On Noor's desk lie the complaints of four days:
#
# - A rider's screen said: "You will be there in NaN minutes."
# - Ada asked the service about a Saturday trip, and it does not say what her notebook says. "It is the same model. I looked."
# - In the rush hour the answer takes nine seconds. By then most people have ridden off.
# - At each release some forty riders see an error, in the very second when the old process ends and the new one starts. There were six releases.
#
# The model is good. To train a model is one half of the work. **Model serving**, the other, is to let programs ask it: with answers that are right, quick, and there. You build these services again today, one fault after the other. At the end a new version goes out in the middle of the rush hour, and nobody notices.

# %% [markdown]
# ## Setup
#
# Beside this notebook lie:
#
# - `eta.py`, the arrival estimate: its features, its training, its file, its answers. Read the first line of each function.
# - `services.py`, which starts a service, asks it, puts load on it, and ends it with all its children.
# - `naive.py`, a service as you find it (you meet four more below), and `planner.py` and `traffic.py`, which services work with.
# - `trips.csv`, the trips of June to mid-October, and `stations.csv`.
#
# A *service* is a program that waits for requests and answers them. Here it is an **app**, written with *FastAPI*: for each *endpoint*, a path that can be asked, a Python function that answers. The app lives in a process of *uvicorn*, a web server. At work you would type
#
# ```
# uvicorn bos_checks:app --port 8000
# ```
#
# and `services.py` does the same, on a port that the system chooses (and keeps Python warm meanwhile, so that a start takes no second). What a service needs to know, such as the file of its model, it reads from *environment variables*: so the same program runs here, in the test and in use.
#
# **In each exercise you write one file**, and begin with what is broken. Let your cell start with the line `%%writefile NAME.py` and the file's text below it, or call `Path("NAME.py").write_text("…")`. The file must be written by the cell: what you change in another editor is not handed in. The exercises do not need each other.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import json
import logging
import os
import shutil
import threading
import time
from pathlib import Path

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # MLflow would tell its makers how it is used
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"

import matplotlib.pyplot as plt
import mlflow
import numpy as np
import pandas as pd
from IPython.display import Image
from mlflow.models import infer_signature
from mlflow.pyfunc import scoring_server

from eta import FEATURES, as_row, load_model, read_stations, save_model, train, training_features
from services import ask, end, load, rest, serving, serving_app, start, tell, wait

logging.getLogger("mlflow").setLevel(logging.ERROR)
logging.getLogger("py.warnings").setLevel(logging.ERROR)


def steer(what, *words, **options):
    """Do what a function of services.py does: steer("start", "checked.py", {"MODEL": "models/8.json"})."""
    import services

    return getattr(services, what)(*words, **options)


def replay(rollouts):
    """Play rollouts, each a list of looks, to the verdict in canary.py. Return for each the last verdict, and at which look it came."""
    import runpy

    verdict = runpy.run_path("canary.py")["verdict"]
    ends = []
    for looks in rollouts:
        for number in range(1, len(looks) + 1):
            said = verdict(looks[:number])
            if said != "continue":
                break
        ends.append((said, number))
    return ends


def routed(riders, share, hash_seed):
    """Return what the route in canary.py says for each rider, in a Python process of its own."""
    import os
    import subprocess
    import sys

    lines = "import sys; from canary import route; print(*[route(rider, float(sys.argv[1])) for rider in sys.stdin.read().split()])"
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", lines, str(share)], input=" ".join(riders), capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise RuntimeError(f"route in canary.py stopped with {done.stderr.strip().splitlines()[-1]}")
    return done.stdout.split()


trips, stations = pd.read_csv("trips.csv"), read_stations()
summer, autumn = trips[trips["started_at"] < "2025-09-15"], trips[trips["started_at"] >= "2025-09-15"]
save_model(train(summer[:1200], stations, version=7, trees=60), "models/7.json")
save_model(train(summer, stations, version=8), "models/8.json")
model = load_model("models/8.json")

PREPARED = [  # what the app's own server sends for a search: features, but for the type of the bike
    {"straight_km": 2.31, "climb_m": -12.0, "bike_type": "ebike", "hour": 17.5, "weekend": False, "rain_mm": 0.0},
    {"straight_km": 4.02, "climb_m": 38.0, "bike_type": "classic", "hour": 8.25, "weekend": False, "rain_mm": 0.4},
    {"straight_km": 0.95, "climb_m": 3.0, "bike_type": "classic", "hour": 13.0, "weekend": True, "rain_mm": 0.0},
]
error = np.abs(model.minutes(training_features(autumn, stations, model.fill)) - autumn["duration_min"]).mean()
print(f"{len(summer)} trips to train on; on {len(autumn)} later ones version {model.version} is {error:.1f} minutes off on average")

# %% [markdown]
# ## Part 1 · What a service accepts
#
# Here is Bo's first service, and what it says to a search with one trip:

# %% nbgrader={"grade": false, "grade_id": "bos-checks", "locked": true, "schema_version": 3, "solution": false, "task": false}
BOS_CHECKS = r"""
import os

from fastapi import FastAPI
from pydantic import BaseModel

from eta import as_row, load_model

app = FastAPI()
model = load_model(os.environ["MODEL"])


class Trip(BaseModel):
    straight_km: float
    climb_m: float
    bike_type: str = "classic"
    hour: float
    weekend: bool
    rain_mm: float = 0.0


class Search(BaseModel):
    trips: list[Trip]


@app.post("/predict")
def predict(search: Search):
    rows = [as_row(trip.model_dump()) for trip in search.trips]
    return {"version": model.version, "minutes": model.minutes(rows)}
"""
size = Path("bos_checks.py").write_text(BOS_CHECKS.lstrip())

# %%
with serving("bos_checks.py", {"MODEL": "models/8.json"}) as url:
    print("a good trip:    ", ask(url, "/predict", {"trips": PREPARED[:1]}))
    print("no rain known:  ", ask(url, "/predict", {"trips": [{**PREPARED[0], "rain_mm": None}]}))
    print("hour is text:   ", ask(url, "/predict", {"trips": [{**PREPARED[0], "hour": "17.5"}]}))
    print("hour is true:   ", ask(url, "/predict", {"trips": [{**PREPARED[0], "hour": True}]}))
    print("hour is 1750:   ", ask(url, "/predict", {"trips": [{**PREPARED[0], "hour": 1750}]}))
    print("no bike type:   ", ask(url, "/predict", {"trips": [{k: v for k, v in PREPARED[0].items() if k != "bike_type"}]}))
    print("the km are NaN: ", ask(url, "/predict", raw=json.dumps({"trips": [{**PREPARED[0], "straight_km": float("nan")}]})))

# %% [markdown]
# FastAPI hands each body to *pydantic*, which checks it against the classes: `null` is no number, so status **422**, *unprocessable content*, and the reason. So far, so good. But by default pydantic *helps*: the text `"17.5"` becomes 17.5, and `true` becomes 1.0. A field with a default may be missing: this rider
# rode an e-bike, and got the estimate of a classic one. And a field that the class does not know is passed over in silence.
#
# Then there is NaN, "not a number". JSON has none. But Python's `json.dumps` writes the bare word `NaN`, and its `json.loads` reads it, so it travels between Python programs as if it were allowed. Other clients send `null`, or the text `"NaN"`. The model would even answer, with NaN. Here the service broke down on the way out, with
# status **500**: "our fault". It was the client's, and nobody told the client.
#
# A good rule: **refuse whatever the model was not trained to answer, at the door, and say which field.** A wrong number looks like any other number; a 422 is repaired the same day.

# %% [markdown]
# ### Exercise 1 — Say no at the door
# *Difficulty ●●○ · about 14 minutes*
#
# Write `checked.py`: `POST /predict`, with the same answer as Bo's for good bodies. It refuses, with status 422, any body that does not hold to this:
#
# | field | what it is |
# |:--|:--|
# | `trips` | 1 to 200 trips; beside it, nothing |
# | `straight_km` | a number from 0 to 30 |
# | `climb_m` | a number from -500 to 500 |
# | `bike_type` | `"classic"` or `"ebike"` |
# | `hour` | a number from 0 on and below 24 |
# | `weekend` | `true` or `false`, and no number or text for it |
# | `rain_mm` | a number from 0 to 50 |
#
# (The longest trip of the training had 8.9 km, the heaviest rain 2.8 mm: the limits are wide, and still keep out what nobody has ever asked the model.) All fields must be there, and no others. A number is a JSON number: `3` and `3.0` are, `"3"` and `true` are not. NaN and the infinities are refused in each form in which they may come. The answer of a refusal is proper JSON, and the name of the field at fault stands in it.
#
# <details><summary>Hint 1</summary>pydantic can do all of that without a line of your own: look for the settings of a <code>ConfigDict</code>, for <code>Field</code> with its limits, for <code>Literal</code>. Then send a bare <code>NaN</code>, and look at the status. Who breaks down now, and on what?</details>
# <details><summary>Hint 2</summary>The settings are <code>strict</code>, <code>extra</code> and <code>allow_inf_nan</code>; they count for the class in which they stand. FastAPI's refusal repeats the faulty <em>input</em>, and a NaN cannot be written as JSON: so the refusal itself fails. Register a function of your own for FastAPI's
# <code>RequestValidationError</code> (<code>app.exception_handler</code>) that answers with the place and the reason of each fault (<code>error.errors()</code>), without the input.</details>

# %% nbgrader={"grade": false, "grade_id": "checked", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write checked.py. If you use %%writefile, let it be the first line of the cell.
### BEGIN SOLUTION
Path("checked.py").write_text("""
import os
from typing import Literal

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from eta import as_row, load_model

app = FastAPI()
model = load_model(os.environ["MODEL"])


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Trip(Strict):
    straight_km: float = Field(ge=0, le=30)
    climb_m: float = Field(ge=-500, le=500)
    bike_type: Literal["classic", "ebike"]
    hour: float = Field(ge=0, lt=24)
    weekend: bool
    rain_mm: float = Field(ge=0, le=50)


class Search(Strict):
    trips: list[Trip] = Field(min_length=1, max_length=200)


@app.exception_handler(RequestValidationError)
async def refuse(request, error):
    faults = [{"where": list(fault["loc"]), "what": fault["msg"]} for fault in error.errors()]
    return JSONResponse({"detail": faults}, status_code=422)


@app.post("/predict")
def predict(search: Search):
    rows = [as_row(trip.model_dump()) for trip in search.trips]
    return {"version": model.version, "minutes": model.minutes(rows)}
""")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-checked", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
with serving("checked.py", {"MODEL": "models/8.json"}) as url:
    status, said = ask(url, "/predict", {"trips": PREPARED})
    assert status == 200, f"POST /predict with three good trips has status {status}, expected 200: {str(said)[:200]}"
    right = model.minutes([as_row(trip) for trip in PREPARED])
    assert said.get("version") == "8" and np.allclose(said.get("minutes", []), right), (
        f"POST /predict with three good trips says {said}, expected version '8' and minutes {right}."
    )
    for fault, where, change in [
        ("rain_mm is missing", "rain_mm", {"rain_mm": ...}),
        ("bike_type is missing", "bike_type", {"bike_type": ...}),
        ("a trip has a field too many, wind_mps", "wind_mps", {"wind_mps": 3.0}),
        ("hour is the text '17.5'", "hour", {"hour": "17.5"}),
        ("rain_mm is true", "rain_mm", {"rain_mm": True}),
        ("straight_km is null", "straight_km", {"straight_km": None}),
        ("straight_km is the bare word NaN", "straight_km", {"straight_km": float("nan")}),
    ]:
        changed = {name: value for name, value in {**PREPARED[0], **change}.items() if value is not ...}
        status, said = ask(url, "/predict", raw=json.dumps({"trips": [changed]}))
        why = "; 500 means that the service itself broke down: was it the check, or the refusal?" if status == 500 else ""
        assert status == 422, f"Where {fault}, the status is {status}, expected 422{why}."
        assert where in str(said), f"Where {fault}, the refusal does not name the field {where}: {str(said)[:150]}"

# %% nbgrader={"grade": true, "grade_id": "judge-checked", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: checked.py with another model, asked over HTTP: good bodies at all the borders, and bad ones with something missing, unknown or of another type.
### BEGIN HIDDEN TESTS
import json

from judgekit import fresh
from judgekit import own_folder
from judging import asked, draw_model, draw_prepared, faulty_bodies, minutes_of, near, short, started, truth

rng = fresh(1)
with own_folder() as place:
    there = draw_model(rng, 31, place / "31.json")
    with started(steer, "checked.py", {"MODEL": place / "31.json"}) as (url, pid):
        border = {"straight_km": 0, "climb_m": -3, "bike_type": "classic", "hour": 0, "weekend": False, "rain_mm": 0}
        for good, what in [
            (draw_prepared(rng, 3), "three trips"),
            ([border, {**border, "hour": 23.99}], "zeros, whole numbers, and the hour 23.99"),
            ([{**border, "straight_km": 30, "climb_m": 500, "rain_mm": 50}, {**border, "climb_m": -500}], "the limits themselves"),
            (draw_prepared(rng, 200), "200 trips"),
            (draw_prepared(rng, 1) * 2, "the same trip twice"),
        ]:
            code, said = asked(url, "/predict", {"trips": good})
            assert code == 200, f"A good body ({what}) has status {code}, expected 200: {short(said)}"
            assert said.get("version") == "31" and near(minutes_of(said), truth(there, good)), (
                f"A good body ({what}) is not answered with the model's version and minutes, in the order of the trips: {short(said)}"
            )
        wrong = []
        for fault, field, raw in faulty_bodies(rng)["types"]:
            code, said = asked(url, "/predict", raw=raw)
            if code != 422:
                wrong.append(f"where {fault}, the status is {code}, expected 422")
            elif field not in short(said, 10**6):
                wrong.append(f"where {fault}, the refusal does not name {field}: {short(said, 80)}")
            else:
                try:
                    json.dumps(said, allow_nan=False)
                except ValueError:
                    wrong.append(f"where {fault}, the refusal holds NaN or an infinity, which is no JSON")
assert not wrong, f"{len(wrong)} of the bad bodies were not refused as they should: " + "; ".join(wrong[:3])
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-checked-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: checked.py on bad bodies with numbers, words and counts that the table does not allow; NaN and the infinities in each form.
### BEGIN HIDDEN TESTS
import json

from judgekit import fresh
from judgekit import own_folder
from judging import asked, draw_model, draw_prepared, faulty_bodies, minutes_of, near, short, started, truth

rng = fresh(12)
with own_folder() as place:
    there = draw_model(rng, 31, place / "31.json")
    with started(steer, "checked.py", {"MODEL": place / "31.json"}) as (url, pid):
        for good, what in [(draw_prepared(rng, 5), "five trips")]:
            code, said = asked(url, "/predict", {"trips": good})
            assert code == 200, f"A good body ({what}) has status {code}, expected 200: {short(said)}"
            assert said.get("version") == "31" and near(minutes_of(said), truth(there, good)), (
                f"A good body ({what}) is not answered with the model's version and minutes, in the order of the trips: {short(said)}"
            )
        wrong = []
        for fault, field, raw in faulty_bodies(rng)["values"]:
            code, said = asked(url, "/predict", raw=raw)
            if code != 422:
                wrong.append(f"where {fault}, the status is {code}, expected 422")
            elif field not in short(said, 10**6):
                wrong.append(f"where {fault}, the refusal does not name {field}: {short(said, 80)}")
            else:
                try:
                    json.dumps(said, allow_nan=False)
                except ValueError:
                    wrong.append(f"where {fault}, the refusal holds NaN or an infinity, which is no JSON")
assert not wrong, f"{len(wrong)} of the bad bodies were not refused as they should: " + "; ".join(wrong[:3])
### END HIDDEN TESTS

# %% [markdown]
# ## Part 2 · The same features, twice
#
# A warning for the road, before we go on: FastAPI hands pydantic what `json.loads` made of a body, not the JSON itself. So with `strict` a field of the type `datetime` refuses every time, for JSON has none, only texts. Such a field needs `Field(strict=False)`; and without an offset such as `Z` a time is not a moment, which `AwareDatetime` checks.
#
# On Wednesday the app changed. It now sends *raw* trips, the numbers of two stations and a time, and the service computes the features itself. So there are two programs that compute features: `training_features` in `eta.py`, with pandas, for thousands of rows, and Bo's `features` in `bos_raw.py`, for a few. If they differ, the model is asked something else than it has
# learnt. That is **training–serving skew**, and nothing stops: the answers are just worse.

# %% nbgrader={"grade": false, "grade_id": "raw-trips", "locked": true, "schema_version": 3, "solution": false, "task": false}
raw_columns = ["start_station", "end_station", "bike_type", "started_at", "rain_mm"]
raw_trips = json.loads(autumn[raw_columns].iloc[::7].to_json(orient="records"))  # to_json writes null for a missing rain_mm
trained_on = model.minutes(training_features(pd.DataFrame(raw_trips), stations, model.fill))

# %% nbgrader={"grade": false, "grade_id": "bos-raw", "locked": true, "schema_version": 3, "solution": false, "task": false}
BOS_RAW = r'''
import math
import os
from datetime import datetime

from fastapi import FastAPI

from eta import load_model, read_stations

app = FastAPI()
model, stations = load_model(os.environ["MODEL"]), read_stations()


def features(trips):
    """Return a row of the model's features for each raw trip."""
    rains = [trip["rain_mm"] for trip in trips if trip["rain_mm"] is not None]
    usual_rain = sum(rains) / len(rains) if rains else 0.0
    rows = []
    for trip in trips:
        start, end = stations[trip["start_station"]], stations[trip["end_station"]]
        time = datetime.fromisoformat(trip["started_at"])
        rain = usual_rain if trip["rain_mm"] is None else trip["rain_mm"]
        straight_km = round(math.dist(start[:2], end[:2]), 1)  # one decimal, as the app shows it
        weekend = time.isoweekday() > 6
        rows.append([straight_km, end[2] - start[2], trip["bike_type"] == "ebike", time.hour, weekend, rain])
    return rows


@app.post("/predict")
def predict(body: dict):
    return {"version": model.version, "minutes": model.minutes(features(body["trips"]))}
'''
size = Path("bos_raw.py").write_text(BOS_RAW.lstrip())

# %%
with serving("bos_raw.py", {"MODEL": "models/8.json"}) as url:
    status, said = ask(url, "/predict", {"trips": raw_trips})
skew = pd.DataFrame(raw_trips).assign(training=trained_on, service=said["minutes"])
skew["difference"] = (skew["service"] - skew["training"]).abs()
print(f"{(skew['difference'] > 1e-6).sum()} of {len(skew)} answers differ, by {skew['difference'].max():.1f} minutes at most")
skew.sort_values("difference").iloc[[0, 20, 40, -2, -1]].round(2)

# %% [markdown]
# Compare the *features*, not only the answers: a difference of one hour may change no answer today, because no tree of this model asks there, and one of the next model does. And compare *row by row*. The mean of a column may well be the same.
#
# One kind of skew cannot be seen in the code of a single row: a number that was *learnt* in training. What stands for a missing value was the mean of all training trips. In service there are only the trips of this request, perhaps one. What training has learnt must travel *with the model*: here it lies in its file, and `model.fill` is it.

# %% [markdown]
# ### Exercise 2 — Asked as it was trained
# *Difficulty ●●○ · about 12 minutes*
#
# Write `raw.py`: `POST /predict` takes raw trips as `bos_raw.py` does, and answers `version` and `minutes`. Each answer is what the model says on the features that training would have computed, to 1e-6. There are several differences to find; keep what is right.
#
# Each answer depends on its own trip alone: the same trip gets the same answer, whether it comes by itself or among others. `rain_mm` may be `null`. All times in `trips.csv` end in `Z`, that is UTC, the city's own clock. A phone writes its own clock, with the distance from UTC: `2025-10-25T01:30:00+02:00` is half past eleven on Friday night.
#
# You need not check the bodies; that was Exercise 1.
#
# <details><summary>Hint 1</summary>Go through the six features one by one. For each, write down what training does with a Saturday, at 17:40, at 23:30 UTC, with a missing value. Then what Bo does.</details>
# <details><summary>Hint 2</summary>There are two ways. Mend Bo's lines: <code>time.astimezone(timezone.utc)</code> turns any clock into the city's, and mind what <code>isoweekday</code> calls a Saturday. Or throw them away: a service may make a table of the trips and call <code>training_features</code> itself. It then needs pandas, starts more slowly, and cannot differ. (How does a
# table know a <code>null</code>?)</details>

# %% nbgrader={"grade": false, "grade_id": "raw", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write raw.py.
### BEGIN SOLUTION
Path("raw.py").write_text("""
import math
import os
from datetime import datetime, timezone

from fastapi import FastAPI

from eta import load_model, read_stations

app = FastAPI()
model, stations = load_model(os.environ["MODEL"]), read_stations()


def features(trip):
    start, end = stations[trip["start_station"]], stations[trip["end_station"]]
    time = datetime.fromisoformat(trip["started_at"]).astimezone(timezone.utc)
    rain = model.fill if trip["rain_mm"] is None else trip["rain_mm"]
    ebike, weekend = trip["bike_type"] == "ebike", time.weekday() >= 5
    return [math.dist(start[:2], end[:2]), end[2] - start[2], ebike, time.hour + time.minute / 60, weekend, rain]


@app.post("/predict")
def predict(body: dict):
    return {"version": model.version, "minutes": model.minutes([features(trip) for trip in body["trips"]])}
""")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-raw", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
with serving("raw.py", {"MODEL": "models/8.json"}) as url:
    status, said = ask(url, "/predict", {"trips": raw_trips})
assert status == 200 and len(said.get("minutes", [])) == len(raw_trips), (
    f"POST /predict with {len(raw_trips)} raw trips: status {status}, {str(said)[:150]}; expected 200 and as many minutes."
)
far = np.abs(np.array(said["minutes"]) - trained_on)
worst = int(far.argmax())
assert far.max() <= 1e-6, (
    f"{(far > 1e-6).sum()} of {len(far)} answers differ from the model's on training's features; most that of {raw_trips[worst]}: {said['minutes'][worst]:.3f} instead of {trained_on[worst]:.3f} minutes."
)
assert said.get("version") == "8", f"The answer's version is {said.get('version')!r}, expected '8', the model's."

# %% nbgrader={"grade": true, "grade_id": "judge-raw", "locked": true, "points": 9, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: raw.py with another model, on 200 other trips of eight kinds: weekdays, both days of the weekend, times of other clocks, missing values, alone and among others.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judgekit import own_folder
from judging import asked, draw_model, draw_raw, minutes_of, near, short, started

import pandas as pd
from eta import read_stations, training_features

rng, week = fresh(2), range(5)
kinds = [
    ("on weekdays, at full hours, nothing missing", draw_raw(rng, 25, week, minute=False), 25),
    ("on weekdays, at any minute", draw_raw(rng, 25, week), 25),
    ("on Saturdays", draw_raw(rng, 25, [5]), 25),
    ("on Sundays", draw_raw(rng, 25, [6]), 25),
    ("on Fridays and weekends, the time by another clock than UTC", draw_raw(rng, 30, [4, 5, 6], offset=True), 5),
    ("on any day, the time by another clock than UTC", draw_raw(rng, 20, range(7), offset=True), 1),
    ("with missing rain, several in a request", draw_raw(rng, 30, range(7), missing=True), 10),
    ("with missing rain, one in a request", draw_raw(rng, 20, range(7), missing=True), 1),
]
with own_folder() as place:
    there = draw_model(rng, 32, place / "32.json")
    with started(steer, "raw.py", {"MODEL": place / "32.json"}) as (url, pid):
        for what, rows, size in kinds:
            right = there.minutes(training_features(pd.DataFrame(rows), read_stations(), there.fill))
            for first in range(0, len(rows), size):
                code, said = asked(url, "/predict", {"trips": rows[first : first + size]})
                assert code == 200, f"For other trips {what}: the status is {code}, expected 200: {short(said)}"
                assert near(minutes_of(said), right[first : first + size]), (
                    f"For other trips {what} the answers are not the model's on training's features, to 1e-6: for {rows[first]} it says {str(minutes_of(said))[:30]}…, "
                    f"expected {right[first]:.6f}."
                )
        assert said.get("version") == "32", (
            f"The answer's version is {said.get('version')!r}, expected that of the model that it was given, '32'."
        )
### END HIDDEN TESTS

# %% [markdown]
# ## Part 3 · Alive, ready, and which version
#
# What starts and watches services, be it Kubernetes or a script, asks each process two questions, and they are not the same.
#
# - **Liveness**: do you work at all? `GET /health`. If no answer comes, the process is started again.
# - **Readiness**: can you answer *now*? `GET /ready`. If not (status **503**, *service unavailable*), it gets no requests for the moment, and is left alone.
#
# A process that still loads its model is alive and not ready. If it says "ready" too early, riders get errors; if it says nothing at all while it loads, the watcher takes it for dead and starts it again, for ever. Bo's service:

# %% nbgrader={"grade": false, "grade_id": "bos-ready", "locked": true, "schema_version": 3, "solution": false, "task": false}
BOS_READY = r"""
import os

from fastapi import FastAPI

from eta import as_row, load_model

app = FastAPI()


@app.get("/health")
def health():
    return {"status": "ok"}


@app.get("/ready")
def ready():
    return {"status": "ready"}


@app.post("/predict")
def predict(body: dict):
    model = load_model(os.environ["MODEL"])
    rows = {tuple(as_row(trip)) for trip in body["trips"]}  # no trip is computed twice
    return {"version": "8", "minutes": model.minutes(list(rows))}
"""
size = Path("bos_ready.py").write_text(BOS_READY.lstrip())

# %% [markdown]
# It is always ready, even without a model. It loads the model on each request, so it is slow, and one day answers with two versions in one minute: the file was replaced, and a number in the code says "8". And its line with the set is clever in a way that costs riders their order.
#
# A function marked with `@asynccontextmanager` and given as `FastAPI(lifespan=…)` runs at the start of the process up to its `yield`, and the rest at its end. Up to the `yield` the server accepts *no* connection: what takes long must not stand there.

# %% [markdown]
# ### Exercise 3 — Ready when it is ready
# *Difficulty ●●○ · about 13 minutes*
#
# Write `ready.py`. The model's file, named by the environment variable `MODEL`, may arrive *after* the service has started: `fetch_model` in `eta.py` waits for it, and then loads it.
#
# - `GET /health` has status 200 from the start, with or without a model.
# - `GET /ready` has status 503 until the model is loaded, then 200.
# - `POST /predict` has status 503 until then. Afterwards it answers prepared trips, as Bo's does, with `version` and `minutes`: one number for each trip, in their order.
# - The model is loaded once. Whatever becomes of the file afterwards, the service answers with the model that it has, and says *its* version, until it is started again.
#
# You need not check the bodies.
#
# <details><summary>Hint 1</summary>While one part of the program waits for the file, another must answer. Who waits? And where does the model lie, so that all requests find the same one?</details>
# <details><summary>Hint 2</summary>The waiting belongs in a <code>threading.Thread</code> (or a task) of its own, one that does not keep the process alive. What lies in the module's variable, or in <code>app.state</code>, before it has finished? What does an endpoint <code>raise</code> when it finds that? And which of its fields should the version come
# from, so that no file is asked again?</details>

# %% nbgrader={"grade": false, "grade_id": "ready", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write ready.py.
### BEGIN SOLUTION
Path("ready.py").write_text("""
import contextlib
import os
import threading

from fastapi import FastAPI, HTTPException

from eta import as_row, fetch_model


@contextlib.asynccontextmanager
async def fetching(app):
    def fetch():
        app.state.model = fetch_model(os.environ["MODEL"])

    app.state.model = None
    threading.Thread(target=fetch, daemon=True).start()
    yield


app = FastAPI(lifespan=fetching)


def loaded():
    if app.state.model is None:
        raise HTTPException(503, "the model is not loaded yet")
    return app.state.model


@app.get("/health")
def health():
    return {"status": "ok"}


@app.get("/ready")
def ready():
    return {"status": "ready", "version": loaded().version}


@app.post("/predict")
def predict(body: dict):
    model = loaded()
    return {"version": model.version, "minutes": model.minutes([as_row(trip) for trip in body["trips"]])}
""")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-ready", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
Path("models/late.json").unlink(missing_ok=True)
try:
    late = start("ready.py", {"MODEL": "models/late.json"}, seconds=6)
except RuntimeError as problem:
    raise AssertionError(f"Without a model's file the service should start, and does not: {problem}") from None
try:
    for path, body, expected in [("/health", None, 200), ("/ready", None, 503), ("/predict", {"trips": PREPARED}, 503)]:
        status, said = ask(late["url"], path, body)
        assert status == expected, f"Before the model's file is there, {path} has status {status}, expected {expected}: {str(said)[:150]}"
    shutil.copy("models/8.json", "models/late.part")
    os.replace("models/late.part", "models/late.json")
    until = time.monotonic() + 10
    while (status := ask(late["url"], "/ready")[0]) != 200 and time.monotonic() < until:
        time.sleep(0.02)
    assert status == 200, f"Ten seconds after the model's file has arrived, /ready has status {status}, expected 200."
    asked_thrice = [PREPARED[1], PREPARED[0], PREPARED[1], PREPARED[2]]
    status, said = ask(late["url"], "/predict", {"trips": asked_thrice})
    right = model.minutes([as_row(trip) for trip in asked_thrice])
    assert status == 200 and said.get("version") == "8", f"When it is ready, /predict says {status}, {said}; expected 200 and version '8'."
    assert len(said["minutes"]) == 4 and np.allclose(said["minutes"], right), (
        f"For four trips, the first and third of them equal, /predict says {said['minutes']}, expected {right}: one number for each trip, in their order."
    )
finally:
    end(late["pid"])
    Path("models/late.json").unlink(missing_ok=True)

# %% nbgrader={"grade": true, "grade_id": "judge-ready", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: ready.py with a model's file that comes late. Statuses before, while and after; a large batch in its order; answers to twenty clients at a time.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judgekit import own_folder
from judging import asked, draw_model, draw_prepared, minutes_of, near, short, started, truth, until

from services import load

rng = fresh(3)
with own_folder() as place:
    there = draw_model(rng, 33, place / "other.json")
    with started(steer, "ready.py", {"MODEL": place / "models" / "33.json"}, seconds=6) as (url, pid):
        for path, body, expected in [("/ready", None, 503), ("/predict", {"trips": draw_prepared(rng, 2)}, 503), ("/health", None, 200)]:
            status, said = asked(url, path, body)
            assert status == expected, f"Before the model's file is there, {path} has status {status}, expected {expected}: {short(said)}"
        (place / "models").mkdir()
        (place / "other.json").rename(place / "models" / "33.json")
        assert until(lambda: asked(url, "/ready")[0] == 200), (
            f"Ten seconds after the model's file has come, /ready has status {asked(url, '/ready')[0]}, expected 200."
        )
        rows = draw_prepared(rng, 60)
        rows += rows[:20]
        status, said = asked(url, "/predict", {"trips": rows})
        assert status == 200 and near(minutes_of(said), truth(there, rows)), (
            f"80 trips, 20 of them twice, are not answered with 80 numbers in the order of the trips: status {status}, {short(said)}"
        )
        bodies = [{"trips": draw_prepared(rng, 3)} for _ in range(40)]
        for body, sent in zip(bodies, load(url, "/predict", bodies, 20), strict=True):
            assert sent["status"] == 200 and near(minutes_of(sent["answer"]), truth(there, body["trips"])), (
                f"With twenty clients at a time one got status {sent['status']} and not the answer to its own trips: {short(sent['answer'])}"
            )
        assert asked(url, "/health")[0] == 200, "Afterwards /health has no longer status 200."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-ready-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: ready.py when the model's file is replaced by another version, and then taken away, while it serves. Sleeps are cut
# short, and clocks run fast, so that a service that looks for a new file once a second, or once an hour, soon finds one.
### BEGIN HIDDEN TESTS
import time

from judgekit import fresh
from judgekit import own_folder
from judging import asked, draw_model, draw_prepared, hurried, minutes_of, near, short, started, truth, until

rng = fresh(4)
with own_folder() as place:
    there = draw_model(rng, 34, place / "live.json")
    with started(steer, hurried("ready", place), {"MODEL": place / "live.json"}, seconds=6) as (url, pid):
        assert until(lambda: asked(url, "/ready")[0] == 200), (
            "With its model's file there from the start, /ready has not status 200 within ten seconds."
        )
        rows = draw_prepared(rng, 6)

        def answers_as_before(what):
            code, said = asked(url, "/predict", {"trips": rows})
            assert code == 200, (
                f"{what}, /predict has status {code}, expected 200: the model is loaded once, the file is not needed any more."
            )
            assert near(minutes_of(said), truth(there, rows)), (
                f"{what}, the minutes are not those of the model that it had loaded: {short(said)}"
            )
            assert said.get("version") == "34", (
                f"{what}, the answer says version {said.get('version')!r}, expected '34': the version of the model that answered, not of the file that lies there."
            )

        answers_as_before("At first")
        draw_model(rng, 35, place / "live.json")
        answers_as_before("After its file was replaced by version 35")
        time.sleep(0.3)  # long enough for a service that looks for a new file again and again
        answers_as_before("Some time after its file was replaced by version 35")
        (place / "live.json").unlink()
        answers_as_before("After its file was taken away")
        assert asked(url, "/ready")[0] == 200, (
            "After the model's file was taken away, /ready has no longer status 200; the service can answer."
        )
### END HIDDEN TESTS

# %% [markdown]
# A service that never takes a new file by itself sounds like a drawback. It is what makes a version *mean* something: one process, one version, from its start to its end. To change it, a new process is started beside the old one, and the traffic moves when the new one is ready. That is Part 7.

# %% [markdown]
# ## Part 4 · Under load
#
# Cy's service adds the traffic to the estimate. For that it asks the city's traffic office, `traffic.py`, which takes 25 ms for an answer, and charges for each call. For one rider it is quick enough. But riders come in crowds:

# %%
print(Path("naive.py").read_text().split('"""')[2])
search = {"trips": PREPARED}
with serving("naive.py", {"MODEL": "models/8.json"}) as url:
    alone = load(url, "/predict", [search], clients=1)
    crowd = load(url, "/predict", [search] * 4, clients=4)
print("alone:         ", [f"{one['ms']:.0f} ms" for one in alone])
print("four at a time:", [f"{one['ms']:.0f} ms" for one in crowd])

# %% [markdown]
# **Latency**, the time from a request to its answer, is not one number. The mean hides those who wait longest, so one looks at a high quantile such as the **p95**: 95 of 100 requests are quicker. And it has to be measured under *load*, for it grows when requests queue. All numbers of this part are only worth something in comparison: on your machine, today, against another server.
#
# Why do four clients queue here? Three things, and they multiply.
#
# - Work that is done again and again: the model is loaded for each trip.
# - Row by row: the model and the office could answer all trips of a search at once, as a **batch**, for nearly the price of one.
# - And a trap. The endpoint is an `async def`. All of these share *one* thread, and take turns at each `await`. A call that *blocks* (waits without `await`, as `time.sleep` or a database driver does) stops them all, `/health` included. An endpoint that is a plain `def` is run by FastAPI in a **thread pool**, threads kept ready for such work (forty, unless you say otherwise) that may each block by themselves.

# %% [markdown]
# ### Exercise 4 — Eight at a time
# *Difficulty ●●○ · about 12 minutes*
#
# Write `quick.py`, with the same endpoints and the same answers as `naive.py`.
#
# Done means: the model is loaded once, at the start; the office is asked exactly once for each request, about all of its trips; requests that come together do not wait for each other; and under load its p95 is at most a third of the naive server's, measured in the same run. Nothing is kept from one request for another: traffic changes.
#
# <details><summary>Hint 1</summary>Begin with the loop: what in it does not depend on the trip, and what could be asked for all trips at once? Then count the clients that wait while one of them waits for the office.</details>
# <details><summary>Hint 2</summary><code>model.minutes</code> takes many rows, <code>added_minutes</code> many hours. For the waiting: is it <code>async def</code>, or <code>def</code>? (Or, within an <code>async def</code>, <code>await asyncio.to_thread(…)</code>.)</details>

# %% nbgrader={"grade": false, "grade_id": "quick", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write quick.py.
### BEGIN SOLUTION
Path("quick.py").write_text("""
import os

from fastapi import FastAPI

from eta import as_row, load_model
from traffic import added_minutes

app = FastAPI()
model = load_model(os.environ["MODEL"])


@app.get("/health")
def health():
    return {"status": "ok"}


@app.post("/predict")
def predict(body: dict):
    trips = body["trips"]
    estimates = model.minutes([as_row(trip) for trip in trips])
    added = added_minutes([trip["hour"] for trip in trips])
    return {"version": model.version, "minutes": [estimate + more for estimate, more in zip(estimates, added)]}
""")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-quick", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
crowd_of = [{"trips": PREPARED[number % 3 :] + PREPARED[: number % 3]} for number in range(24)]
Path("bill.txt").write_text("")
shutil.copy("models/8.json", "models/quick.json")
with serving("naive.py", {"MODEL": "models/8.json"}) as url:
    naive_load = load(url, "/predict", crowd_of[:8], clients=8)
with serving("quick.py", {"MODEL": "models/quick.json", "TRAFFIC_BILL": "bill.txt"}) as url:
    Path("models/quick.json").unlink()
    quick_load = load(url, "/predict", crowd_of, clients=8)
calls = len(Path("bill.txt").read_text().split())
for number, one in enumerate(quick_load):
    assert one["status"] == 200, (
        f"Under load, after its model's file was taken away, a request has status {one['status']}, expected 200: {str(one['answer'])[:150]}"
    )
    expected = naive_load[number % 3]["answer"]
    assert one["answer"].get("version") == "8" and np.allclose(one["answer"].get("minutes", []), expected["minutes"]), (
        f"Under load, a request got {one['answer']}, expected what the naive server says: {expected}"
    )
assert calls == len(quick_load), (
    f"For {len(quick_load)} requests the traffic office was asked {calls} times, expected once for each request."
)
naive_p95, quick_p95 = (np.quantile([one["ms"] for one in some], 0.95) for some in (naive_load, quick_load))
assert quick_p95 <= naive_p95 / 3, (
    f"Under load your p95 is {quick_p95:.0f} ms, the naive server's {naive_p95:.0f} ms, in the same run; expected a third of that at most. What does a request still wait for?"
)

# %% nbgrader={"grade": true, "grade_id": "judge-quick", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: quick.py with another model. Each of eight clients at a time gets the answer to its own search; the office's bill; and the model's file is taken away while it serves.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judgekit import own_folder
from judging import asked, draw_model, draw_prepared, minutes_of, near, short, started, truth

from services import load
from traffic import added_minutes

rng = fresh(5)
with own_folder() as place:
    there = draw_model(rng, 36, place / "36.json")
    bodies = [{"trips": draw_prepared(rng, int(rng.integers(1, 9)))} for _ in range(24)]
    every = [trip for body in bodies for trip in body["trips"]]
    added = iter(added_minutes([trip["hour"] for trip in every]))
    rights = [[minutes + next(added) for minutes in truth(there, body["trips"])] for body in bodies]
    with started(steer, "quick.py", {"MODEL": place / "36.json", "TRAFFIC_BILL": place / "bill.txt"}) as (url, pid):
        for turn, what in enumerate(
            ["with eight clients at a time", "with eight clients at a time, after the model's file was taken away"], 1
        ):
            for right, sent in zip(rights, load(url, "/predict", bodies, 8), strict=True):
                assert sent["status"] == 200, (
                    f"{what.capitalize()} a request has status {sent['status']}, expected 200: {short(sent['answer'])}"
                )
                assert near(minutes_of(sent["answer"]), right) and sent["answer"].get("version") == "36", (
                    f"{what.capitalize()} a request did not get the version and the minutes of its own search: {short(sent['answer'])}"
                )
            (place / "36.json").unlink(missing_ok=True)
            calls = len((place / "bill.txt").read_text().split()) if (place / "bill.txt").exists() else 0
            assert calls == len(bodies) * turn, (
                f"For {len(bodies) * turn} requests the traffic office was asked {calls} times, expected once for each request."
            )
        assert asked(url, "/health")[0] == 200, "GET /health has not status 200."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-quick-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: quick.py and naive.py in one run. Eight requests at a time against eight one after the other, and the p95 of both servers.
### BEGIN HIDDEN TESTS
import time

import numpy as np
from judgekit import fresh
from judgekit import own_folder
from judging import draw_model, draw_prepared, minutes_of, near, short, started, truth

from services import load
from traffic import added_minutes

rng = fresh(6)
with own_folder() as place:
    there = draw_model(rng, 37, place / "37.json")
    bodies = [{"trips": draw_prepared(rng, 3)} for _ in range(8)]
    with started(steer, "naive.py", {"MODEL": place / "37.json"}) as (url, pid):
        naive = [sent["ms"] for sent in load(url, "/predict", bodies, 8)]
    with started(steer, "quick.py", {"MODEL": place / "37.json", "TRAFFIC_BILL": place / "bill.txt"}) as (url, pid):
        (place / "37.json").unlink()
        alone = load(url, "/predict", bodies, 1)
        for body, sent in zip(bodies, alone, strict=True):
            right = [
                one + more
                for one, more in zip(truth(there, body["trips"]), added_minutes([trip["hour"] for trip in body["trips"]]), strict=True)
            ]
            assert sent["status"] == 200 and near(minutes_of(sent["answer"]), right), (
                f"Speed counts only for right answers of a model that is loaded once. A request got status {sent['status']}: {short(sent['answer'])}"
            )
        one_by_one, quick, together = 8 * float(np.median([sent["ms"] for sent in alone])), [], []
        for _ in range(3):
            since = time.perf_counter()
            quick.append([sent["ms"] for sent in load(url, "/predict", bodies, 8)])
            together.append(1000 * (time.perf_counter() - since))
    calls = len((place / "bill.txt").read_text().split()) if (place / "bill.txt").exists() else 0
    assert calls == 4 * len(bodies), (
        f"For {4 * len(bodies)} requests the traffic office was asked {calls} times, expected once for each request."
    )
gain = one_by_one / min(together)
assert gain >= 1.6, (
    f"Eight requests take {one_by_one:.0f} ms one after the other, and {min(together):.0f} ms when they come together: while one waits for the traffic office, the others wait, too."
)
slow, fast = np.quantile(naive, 0.95), min(np.quantile(some, 0.95) for some in quick)
assert 3 * fast <= slow, (
    f"With eight clients at a time the p95 of quick.py is {fast:.0f} ms, the naive server's {slow:.0f} ms, in the same run; expected a third of that at most."
)
### END HIDDEN TESTS

# %% tags=["uses-answers"]
fig, axis = plt.subplots(figsize=(8, 4))
for some, name, style in [(naive_load, "naive.py", "s--"), (quick_load, "quick.py", "o-")]:
    waited = np.sort([one["ms"] for one in some])
    axis.plot(waited, 100 * np.arange(1, len(waited) + 1) / len(waited), style, label=f"{name}: p95 {np.quantile(waited, 0.95):.0f} ms")
axis.axhline(95, color="black", linewidth=0.8, linestyle=":")
axis.set(
    xscale="log",
    xlabel="latency (ms, each step of the grid is tenfold)",
    ylabel="requests answered by then (%)",
    title="Eight clients at a time",
)
axis.grid(axis="x")
axis.legend()
fig.tight_layout()
fig.savefig("latency.png", dpi=100)
plt.close(fig)
Image(
    "latency.png",
    alt="Two rising curves: the share of requests answered, over the latency in ms on a logarithmic axis. The naive server's stretches far to the right, from one slow answer to the next; that of quick.py stands steep at a small fraction of the time. A dotted line marks 95 percent.",
)

# %% [markdown]
# Read it: at which latency does each curve cross the dotted line? Why is one of them steep and the other a long slope?
#
# <details><summary>What we see</summary>The naive server answers one client after the other, so the first waits for one request and the last for eight: a slope. Your requests wait for the office at the same time, and nearly all end together. The dotted line is crossed at a small part of the time.</details>
#
# Two warnings. The p95 of eight requests is nearly the slowest of them: for a number that you would report, send hundreds. And our `load` sends a client's next request only when the one before is answered, so a slow server gets fewer requests than riders would send, and looks better than it is (*coordinated omission*). Tools that measure in earnest send by the clock.

# %% [markdown]
# ## Part 5 · Somebody else's contract
#
# You have written `/predict` three times, and each time the names of the fields were ours. Whoever calls *many* models wants one contract for all. There are several, and servers that hold to them without a line of Python from you. MLflow has one in the box. Any MLflow model, ours in a class of its own (`eta_pyfunc.py`), is served by
#
# ```
# mlflow models serve --model-uri eta-mlflow --port 5000 --env-manager local
# ```
#
# That takes some ten seconds to come up, so here we start the very app that it serves, `mlflow.pyfunc.scoring_server`, in this process: the same endpoints, without the command line and its worker processes.

# %%
frame = training_features(trips.head(3), stations, model.fill)
shutil.rmtree("eta-mlflow", ignore_errors=True)
logging.captureWarnings(True)  # MLflow gives advice on models like ours, past any filter of warnings
mlflow.pyfunc.save_model(
    "eta-mlflow",
    python_model="eta_pyfunc.py",
    artifacts={"model": "models/8.json"},
    code_paths=["eta.py"],
    pip_requirements=["mlflow", "numpy"],
    signature=infer_signature(frame, [1.0]),
)
row = frame.iloc[0].to_dict()
with serving_app(scoring_server.init(mlflow.pyfunc.load_model("eta-mlflow"))) as url:
    for name, body in [
        ("rows", {"dataframe_records": [row, row]}),
        ("columns", {"inputs": {feature: [value] for feature, value in row.items()}}),
        ("an hour as text", {"dataframe_records": [{**row, "hour": "3"}]}),
        ("rain is null", {"dataframe_records": [{**row, "rain_mm": None}]}),
        ("no hour", {"dataframe_records": [{feature: value for feature, value in row.items() if feature != "hour"}]}),
    ]:
        status, said = ask(url, "/invocations", body)
        print(f"{name:16} HTTP {status}  {str(said)[:90]}")
logging.captureWarnings(False)

# %% [markdown]
# You get `/invocations`, `/health` and `/version` for nothing. The signature refuses a missing column. But it turned the text into a number. And `null` became NaN, the model answered NaN, and MLflow wrote the bare word `NaN` into its answer: there is the screen of our first rider. A server out of the box does not know what your model must not be asked. Checks such as those of Part 1 are yours in any case: in the model's own `predict`, or in front of the server.
#
# The most widespread contract is **TensorFlow Serving's**. Its server runs TensorFlow's models only; its REST interface is spoken by many others, and by clients everywhere. Where a container engine is present, the official image is called like this:
#
# ```
# docker run -p 8501:8501 -v "$PWD/saved_model:/models/eta" -e MODEL_NAME=eta tensorflow/serving
# curl -d '{"instances": [[2.31, -12.0, 1.0, 17.5, 0.0, 0.0]]}' http://localhost:8501/v1/models/eta:predict
# ```
#
# (with the model as a TensorFlow *SavedModel* in `saved_model/8`). There is no engine here, and our model is not TensorFlow's. So you write the contract's main part yourself, and any client of TensorFlow Serving can ask our model. `MODELS` names a folder:
#
# ```
# models/eta/7/model.json        a model `eta`, version 7
# models/eta/8/model.json        its version 8
# models/eta/labels.json         {"stable": 7}   names for versions
# ```

# %% nbgrader={"grade": false, "grade_id": "tf-folder", "locked": true, "schema_version": 3, "solution": false, "task": false}
for version in (7, 8):
    Path(f"tf-models/eta/{version}").mkdir(parents=True, exist_ok=True)
    shutil.copy(f"models/{version}.json", f"tf-models/eta/{version}/model.json")
Path("tf-models/eta/labels.json").write_text(json.dumps({"stable": 7}))
instances = [dict(zip(FEATURES, as_row(trip))) for trip in PREPARED]
columns = {name: [instance[name] for instance in instances] for name in FEATURES}
print("a row:    ", instances[0])
print("columns:  ", columns)

# %% [markdown]
# ### Exercise 5 — Speak TensorFlow Serving
# *Difficulty ●●● · about 16 minutes*
#
# Write `tf_serving.py`. All versions of all models in the folder are loaded at the start. In what follows, `eta` may be any of the models, and the brackets hold what may be left out:
#
# | request | answer |
# |:--|:--|
# | `POST /v1/models/eta[/versions/7` or `/labels/stable]:predict` | Body `{"instances": [{"straight_km": 2.31, …}, …]}`, *rows*: `{"predictions": [15.7, …]}`, one plain number for each row. Body `{"inputs": {"straight_km": [2.31, …], …}}`, *columns*: `{"outputs": [15.7, …]}` |
# | `GET /v1/models/eta[/versions/7` or `/labels/stable]` | The status: `{"model_version_status": [{"version": "7", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}]}`; without a version or label, one such entry for each version |
# | `GET /v1/models/eta[/versions/7` or `/labels/stable]/metadata` | `{"model_spec": {"name": "eta", "signature_name": "", "version": "7"}, "metadata": …}`, and the metadata are yours to fill: at least the names of the six inputs stand in it |
#
# Without a version or label, `predict` and `metadata` mean the **latest** version, that with the highest number. Versions are texts in the answers. The six inputs are those of `FEATURES`, all of them finite numbers, and `true` is none. In a model's folder only the folders whose name is a number are versions, and `labels.json` may be missing.
#
# Errors of these requests are `{"error": "what is wrong"}`, always: status **404** for a model, version or label that is not there; **400** if the body is no JSON, has neither or both of `instances` and `inputs`, none of them holds a row, an input is missing, unknown or no such number (a bare `NaN` comes through `json.loads`!), or columns differ in their length.
#
# Other keys beside `instances` or `inputs`, such as `signature_name`, are passed over. (The original also takes rows that are plain lists where a model has one input, and two more verbs; and for a label that it does not know its status may be another.)
#
# <details><summary>Hint 1</summary>One function that finds the version serves all three rows of the table. Then turn both forms into rows, the model does the rest. And mind the errors: FastAPI's own are called <code>detail</code>, and have status 422.</details>
# <details><summary>Hint 2</summary>A function may carry several <code>@app.post("…")</code>, one for each path: <code>"/v1/models/{name}/versions/{version}:predict"</code>. Read the body with <code>await request.body()</code> and <code>json.loads</code>, so that FastAPI does not check it. An exception of your own with
# <code>@app.exception_handler(…)</code> can carry status and words from anywhere. And which is the highest of the folders <code>"9"</code> and <code>"10"</code>, as texts?</details>

# %% nbgrader={"grade": false, "grade_id": "tf-serving", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write tf_serving.py.
### BEGIN SOLUTION
Path("tf_serving.py").write_text("""
import json
import math
import os
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from eta import FEATURES, load_model

app = FastAPI()
home = Path(os.environ["MODELS"])
models, labels = {}, {}
for folder in home.iterdir():
    if folder.is_dir():
        models[folder.name] = {one.name: load_model(one / "model.json") for one in folder.iterdir() if one.is_dir() and one.name.isdigit()}
        file = folder / "labels.json"
        labels[folder.name] = json.loads(file.read_text()) if file.is_file() else {}


class Refused(Exception):
    def __init__(self, status, words):
        self.status, self.words = status, words


@app.exception_handler(Refused)
async def refuse(request, error):
    return JSONResponse({"error": error.words}, status_code=error.status)


def find(name, version, label):
    if name not in models:
        raise Refused(404, f"there is no model {name}")
    if label is not None:
        if label not in labels[name]:
            raise Refused(404, f"{name} has no label {label}")
        version = str(labels[name][label])
    version = max(models[name], key=int) if version is None else version
    if version not in models[name]:
        raise Refused(404, f"{name} has no version {version}")
    return version


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def as_rows(instances):
    if not isinstance(instances, list) or not instances:
        raise Refused(400, "there is no row")
    for instance in instances:
        if not isinstance(instance, dict) or set(instance) != set(FEATURES):
            raise Refused(400, f"a row has the inputs {FEATURES}")
        if not all(is_number(value) for value in instance.values()):
            raise Refused(400, f"not all inputs are numbers: {instance}")
    return [[instance[name] for name in FEATURES] for instance in instances]


def as_instances(columns):
    if not isinstance(columns, dict) or not all(isinstance(column, list) for column in columns.values()):
        raise Refused(400, "inputs are columns by name, each a list")
    if len({len(column) for column in columns.values()}) > 1:
        raise Refused(400, "the columns differ in their length")
    return [dict(zip(columns, values)) for values in zip(*columns.values())]


@app.post("/v1/models/{name}:predict")
@app.post("/v1/models/{name}/versions/{version}:predict")
@app.post("/v1/models/{name}/labels/{label}:predict")
async def predict(request: Request, name: str, version: str | None = None, label: str | None = None):
    model = models[name][find(name, version, label)] if name in models else find(name, version, label)
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise Refused(400, "the body is no JSON")
    if not isinstance(body, dict) or ("instances" in body) == ("inputs" in body):
        raise Refused(400, "the body has either instances or inputs")
    if "instances" in body:
        return {"predictions": model.minutes(as_rows(body["instances"]))}
    return {"outputs": model.minutes(as_rows(as_instances(body["inputs"])))}


@app.get("/v1/models/{name}")
@app.get("/v1/models/{name}/versions/{version}")
@app.get("/v1/models/{name}/labels/{label}")
def status(name: str, version: str | None = None, label: str | None = None):
    found = find(name, version, label)
    shown = models[name] if version is None and label is None else [found]
    fine = {"error_code": "OK", "error_message": ""}
    return {"model_version_status": [{"version": one, "state": "AVAILABLE", "status": fine} for one in shown]}


@app.get("/v1/models/{name}/metadata")
@app.get("/v1/models/{name}/versions/{version}/metadata")
@app.get("/v1/models/{name}/labels/{label}/metadata")
def metadata(name: str, version: str | None = None, label: str | None = None):
    spec = {"name": name, "signature_name": "", "version": find(name, version, label)}
    inputs = {feature: {"dtype": "DT_DOUBLE"} for feature in FEATURES}
    return {"model_spec": spec, "metadata": {"signature_def": {"signature_def": {"serving_default": {"inputs": inputs}}}}}
""")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-tf-serving", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
with serving("tf_serving.py", {"MODELS": "tf-models"}) as url:
    versions = {version: load_model(f"models/{version}.json").minutes([as_row(trip) for trip in PREPARED]) for version in (7, 8)}
    for where, version in [("", 8), ("/versions/7", 7), ("/versions/8", 8), ("/labels/stable", 7)]:
        for body, key in [({"instances": instances}, "predictions"), ({"inputs": columns}, "outputs")]:
            path = f"/v1/models/eta{where}:predict"
            status, said = ask(url, path, body)
            assert status == 200 and isinstance(said, dict) and key in said, (
                f"POST {path} with {next(iter(body))!r} has status {status} and says {str(said)[:150]}, expected 200 and {key!r}."
            )
            assert isinstance(said[key], list) and all(type(one) in (int, float) for one in said[key]), (
                f"POST {path} with {next(iter(body))!r} says {said[key]}, expected one plain number for each row, as the table shows."
            )
            assert np.shape(said[key]) == (3,) and np.allclose(said[key], versions[version]), (
                f"POST {path} with {next(iter(body))!r} says {said[key]}, expected those of version {version}: {versions[version]}"
            )
    status, said = ask(url, "/v1/models/eta")
    assert status == 200 and {entry["version"] for entry in said["model_version_status"]} == {"7", "8"}, (
        f"GET /v1/models/eta has status {status} and says {said}, expected an entry for each of the versions '7' and '8'."
    )
    for path, body, expected in [
        ("/v1/models/bus:predict", {"instances": instances}, 404),
        ("/v1/models/eta:predict", {"rows": instances}, 400),
    ]:
        status, said = ask(url, path, body)
        assert status == expected and isinstance(said, dict) and isinstance(said.get("error"), str), (
            f"POST {path} with {next(iter(body))!r} has status {status} and says {str(said)[:150]}, expected {expected} and 'error' with a text."
        )

# %% nbgrader={"grade": true, "grade_id": "judge-tf-serving", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: tf_serving.py with two other models of several versions: which version answers by default, by number and by label; status and metadata.
### BEGIN HIDDEN TESTS
import json
import numpy as np
from judgekit import fresh
from judgekit import own_folder
from judging import asked, draw_model, draw_prepared, near, short, started, truth

from eta import FEATURES, as_row

rng = fresh(7)
with own_folder() as place:
    drawn = {version: draw_model(rng, version, place / f"eta/{version}/model.json") for version in (9, 10, 2)}
    other = draw_model(rng, 3, place / "wait/3/model.json")
    (place / "eta/10-broken").mkdir()
    (place / "eta/notes.txt").write_text("nothing")
    (place / "eta/labels.json").write_text(json.dumps({"stable": 2, "canary": 10, "night": 9}))
    rows = draw_prepared(rng, 5)
    one_by_one = [dict(zip(FEATURES, as_row(row))) for row in rows]
    with started(steer, "tf_serving.py", {"MODELS": place}) as (url, pid):

        def get(path, expected=200):
            status, said = asked(url, path)
            assert status == expected, f"GET {path} has status {status}, expected {expected}: {short(said)}"
            assert isinstance(said, dict), f"GET {path} does not answer with a JSON object: {short(said)}"
            return said

        named = [("", 10), ("/versions/9", 9), ("/versions/2", 2), ("/labels/stable", 2), ("/labels/canary", 10), ("/labels/night", 9)]
        for where, version in named:
            status, said = asked(url, f"/v1/models/eta{where}:predict", {"instances": one_by_one})
            right = truth(drawn[version], rows)
            assert status == 200 and near(said.get("predictions"), right), (
                f"With versions 2, 9 and 10, POST /v1/models/eta{where}:predict has status {status} and does not answer as version {version}, with one plain number for each row: {short(said)}"
            )
            spec = get(f"/v1/models/eta{where}/metadata").get("model_spec", {})
            assert spec.get("name") == "eta" and str(spec.get("version")) == str(version), (
                f"With versions 2, 9 and 10, GET /v1/models/eta{where}/metadata has the model_spec {spec}, expected eta and version '{version}'."
            )
            expected = {"2", "9", "10"} if not where else {str(version)}
            entries = get(f"/v1/models/eta{where}").get("model_version_status", [])
            assert {entry.get("version") for entry in entries} == expected and len(entries) == len(expected), (
                f"GET /v1/models/eta{where} speaks of the versions {[entry.get('version') for entry in entries]}, expected {sorted(expected, key=int)}, as texts."
            )
            for entry in entries:
                assert entry.get("state") == "AVAILABLE" and (entry.get("status") or {}).get("error_code") == "OK", (
                    f"GET /v1/models/eta{where} has an entry {entry}, expected the state AVAILABLE and a status with the error_code OK."
                )
        said = get("/v1/models/eta/metadata")
        missing = [name for name in FEATURES if name not in json.dumps(said.get("metadata"))]
        assert not missing, f"In the metadata of eta the inputs {', '.join(missing)} are not named."
        status, said = asked(url, "/v1/models/wait:predict", {"inputs": {name: [one[name] for one in one_by_one] for name in FEATURES}})
        assert status == 200 and near(said.get("outputs"), truth(other, rows)), (
            f"A second model in the folder, without labels, does not answer: POST /v1/models/wait:predict has status {status}: {short(said)}"
        )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-tf-serving-2", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: tf_serving.py on rows and columns in any order of their names, and on every kind of error that the table and the text name.
### BEGIN HIDDEN TESTS
import json

from judgekit import fresh
from judgekit import own_folder
from judging import asked, draw_model, draw_prepared, near, short, started, truth

from eta import FEATURES, as_row

rng = fresh(8)
with own_folder() as place:
    there = draw_model(rng, 4, place / "eta/4/model.json")
    (place / "eta/labels.json").write_text(json.dumps({"stable": 4, "old": 1}))
    rows = draw_prepared(rng, 30)
    shuffled = [FEATURES[number] for number in rng.permutation(len(FEATURES))]
    many = [{name: dict(zip(FEATURES, as_row(row)))[name] for name in shuffled} for row in rows]
    table = {name: [one[name] for one in many] for name in reversed(shuffled)}
    with started(steer, "tf_serving.py", {"MODELS": place}) as (url, pid):
        for body, key in [({"instances": many}, "predictions"), ({"inputs": table}, "outputs")]:
            status, said = asked(url, "/v1/models/eta:predict", body)
            assert status == 200 and near(said.get(key), truth(there, rows)), (
                f"30 rows as {next(iter(body))!r}, the inputs in another order of their names: status {status}, and not the right {key}: {short(said)}"
            )
            assert list(said) == [key], f"The answer to {next(iter(body))!r} holds {list(said)}, expected {key!r} alone."
        one, path, wrong = many[0], "/v1/models/eta:predict", []
        lacking = {name: value for name, value in one.items() if name != "climb_m"}
        for what, where, body, expected in [
            ("a model that is not there", "/v1/models/bus:predict", {"instances": [one]}, 404),
            ("a version that is not there", "/v1/models/eta/versions/5:predict", {"instances": [one]}, 404),
            ("a label that is not there", "/v1/models/eta/labels/canary:predict", {"instances": [one]}, 404),
            ("a label whose version is not there", "/v1/models/eta/labels/old:predict", {"instances": [one]}, 404),
            ("the status of a model that is not there", "/v1/models/bus", None, 404),
            ("the status of a version that is not there", "/v1/models/eta/versions/5", None, 404),
            ("the metadata of a label that is not there", "/v1/models/eta/labels/canary/metadata", None, 404),
            ("neither instances nor inputs", path, {"signature_name": "serving_default"}, 400),
            ("both instances and inputs", path, {"instances": many, "inputs": table}, 400),
            ("a body that is a list", path, [one], 400),
            ("no row", path, {"instances": []}, 400),
            ("columns without a row", path, {"inputs": {name: [] for name in FEATURES}}, 400),
            ("a row without climb_m", path, {"instances": [one, lacking]}, 400),
            ("a row with an unknown input", path, {"instances": [{**one, "wind_mps": 1.0}]}, 400),
            ("a row with a text for a number", path, {"instances": [{**one, "hour": "3"}]}, 400),
            ("a row with null for a number", path, {"instances": [{**one, "rain_mm": None}]}, 400),
            ("a row with true for a number", path, {"instances": [one, {**one, "weekend": True}]}, 400),
            ("a row with a bare NaN for a number", path, {"instances": [one, {**one, "rain_mm": float("nan")}]}, 400),
            ("columns with a bare Infinity for a number", path, {"inputs": {**table, "hour": [float("inf")] * len(rows)}}, 400),
            ("columns without climb_m", path, {"inputs": {name: column for name, column in table.items() if name != "climb_m"}}, 400),
            ("columns of different lengths", path, {"inputs": {**table, "hour": table["hour"][:-1]}}, 400),
            ("columns with a text for a number", path, {"inputs": {**table, "hour": ["3"] * len(rows)}}, 400),
            ("a body that is no JSON", path, ..., 400),
        ]:
            status, said = asked(url, where, raw="{instances") if body is ... else asked(url, where, body)
            if status != expected or not isinstance(said, dict) or not isinstance(said.get("error"), str):
                wrong.append(f"{what}: status {status} and {short(said, 70)}, expected {expected} and 'error' with a text")
assert not wrong, f"{len(wrong)} kinds of errors are not answered as the contract says. " + "; ".join(wrong[:3])
### END HIDDEN TESTS

# %% [markdown]
# > **In older tutorials** you meet `@app.on_event("startup")`: FastAPI now wants a `lifespan`. pydantic 1's `class Config` and `@validator` are today `model_config` and `@field_validator`, and its `.dict()` is `.model_dump()`. `mlflow models serve` once ran Flask; since MLflow 3 it is FastAPI, the flag `--no-conda` is `--env-manager local`, and stages in a model's address (`models:/eta/Production`) have given way to aliases (`models:/eta@champion`).
# > MLflow's bodies were once a bare data frame: now they name their form, such as `dataframe_records`.

# %% [markdown]
# ## Part 6 · The end of a process
#
# Every release ends a process. A watcher sends it the signal **SIGTERM**, "please end", waits for some time, thirty seconds perhaps, and then sends SIGKILL, which nobody can refuse. **Graceful shutdown** is what should happen in between: no new connections are accepted, the requests that are already there get their answers, what is in memory is written, and the process ends.
#
# The route planner takes long for a plan, and writes what it has planned when it ends. Its `/health` says how many plans are being made. Bo's `bos_start.py` starts it, as `python bos_start.py PORT`.

# %% nbgrader={"grade": false, "grade_id": "bos-start", "locked": true, "schema_version": 3, "solution": false, "task": false}
BOS_START = r"""
import signal
import sys
import threading

import uvicorn

server = uvicorn.Server(uvicorn.Config("planner:app", host="127.0.0.1", port=int(sys.argv[1]), log_level="warning"))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
threading.Thread(target=server.run, daemon=True).start()
threading.Event().wait()
"""
size = Path("bos_start.py").write_text(BOS_START.lstrip())

# %%
Path("plans.json").unlink(missing_ok=True)
service = start("bos_start.py", {"PLAN_LOG": "plans.json"}, script=True)
sent = []
riders = threading.Thread(
    target=lambda: sent.extend(load(service["url"], "/plan", [{"trip": 1, "seconds": 0.4}, {"trip": 2, "seconds": 0.4}], 2))
)
riders.start()
while riders.is_alive() and ask(service["url"], "/health")[1]["planning"] < 2:
    time.sleep(0.01)
tell(service["pid"])  # SIGTERM, while two plans are being made
riders.join()
print("exit code:", wait(service["pid"], 10), "  log written:", Path("plans.json").exists())
print("answers:  ", [one["answer"] for one in sent])
end(service["pid"])

# %% [markdown]
# Both are lost, and the log with them. (At 17:30 it is forty.) The exit code is 0, "all is well", so nobody was told.
#
# Why did Bo do this? uvicorn alone does nearly everything right. When SIGTERM comes, it closes its door, waits for the requests in its hands, and lets the `lifespan` end. But then it sends *itself* the same signal again, with the handler that was there before it, so that its parent sees what ended it. By default that means: killed by signal 15, and the script that does the releases takes any exit
# code but 0 for a crash, and rolls back. So Bo put the server into a thread, where uvicorn does not touch signals, and ended the process himself. Too early.
#
# Closing the door has a price of its own. Whoever still sends new requests here in that moment is turned away: that is how forty riders get their error. So in a release the order is: first the process gets no new traffic (it says that it is not *ready*, or the load balancer is told), it goes on answering until everybody has noticed, and only then SIGTERM comes. The last part of this lab does it in that order. Kubernetes has a `preStop` hook for the pause.
#
# And one thing is missing on the other side. uvicorn waits for its requests *for ever*, unless it is told how long (`timeout_graceful_shutdown`, in seconds). One stuck request, and the watcher's SIGKILL comes, and takes the log and everything else.

# %% [markdown]
# ### Exercise 6 — Leave nobody standing
# *Difficulty ●●○ · about 12 minutes*
#
# Write `start.py`. `python start.py PORT` serves `planner:app` on 127.0.0.1 and that port. After SIGTERM:
#
# - requests that it has taken are answered, and new connections are refused meanwhile;
# - the log is written (the planner does that itself when its `lifespan` may end) and holds every plan that was answered;
# - a request that does not end in `GRACE` seconds (an environment variable, a whole number; 10 if it is not set) is given up, and all else happens as above;
# - the process ends soon after, by itself, with exit code 0.
#
# <details><summary>Hint 1</summary>Let uvicorn do the work, in the main thread. What is left to you is how long it waits, and what the signal means that it sends itself at the very end.</details>
# <details><summary>Hint 2</summary>When uvicorn starts, it remembers the handler of SIGTERM that it finds. When it has finished, it puts that one back, and sends the signal again. So a handler of your own never ends the server: it decides what the process's end looks like to its parent. When must it be set, and what may it call? How long uvicorn waits
# is one of its settings, and <code>GRACE</code> is a text.</details>

# %% nbgrader={"grade": false, "grade_id": "shutdown", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write start.py.
### BEGIN SOLUTION
Path("start.py").write_text("""
import os
import signal
import sys

import uvicorn

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
grace = int(os.environ.get("GRACE", "10"))
uvicorn.run("planner:app", host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", timeout_graceful_shutdown=grace)
""")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-shutdown", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
Path("plans.json").unlink(missing_ok=True)
service = start("start.py", {"PLAN_LOG": "plans.json"}, script=True)
try:
    sent = []
    plans = [{"trip": number, "seconds": 0.5} for number in (1, 2, 3)]
    riders = threading.Thread(target=lambda: sent.extend(load(service["url"], "/plan", plans, 3)))
    riders.start()
    while riders.is_alive() and ask(service["url"], "/health")[1]["planning"] < 3:
        time.sleep(0.01)
    tell(service["pid"])
    riders.join()
    code = wait(service["pid"], 15)
finally:
    end(service["pid"])
lost = [one["answer"] for one in sent if one["status"] != 200]
assert not lost, f"Three plans were being made when SIGTERM came, and {len(lost)} of them got no answer: {lost[0]}"
assert code is not None, "Fifteen seconds after SIGTERM, with all requests answered, the process still runs."
assert code == 0, f"The process ended with exit code {code}, expected 0." + (
    " A negative one is the number of the signal that killed it: who sent it at the end, and who should have caught it?" if code < 0 else ""
)
logged = json.loads(Path("plans.json").read_text()) if Path("plans.json").exists() else "missing"
assert logged != "missing" and sorted(logged) == [1, 2, 3], (
    f"Three plans were answered; the planner's log is {logged}, expected all three in it."
)

# %% nbgrader={"grade": true, "grade_id": "judge-shutdown", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: start.py when SIGTERM comes while five longer plans are being made: the answers, new connections meanwhile, the log, the exit code.
### BEGIN HIDDEN TESTS
import json
import threading

from judgekit import fresh
from judgekit import own_folder
from judging import plans_in_hand, short, started, until

from services import ask, load

rng = fresh(9)
names = [int(number) for number in rng.choice(10_000, 5, replace=False)]
with own_folder() as place, started(steer, "start.py", {"PLAN_LOG": place / "log.json", "GRACE": 30}, script=True) as (url, pid):
    sent = []
    plans = [{"trip": name, "seconds": 1.6} for name in names]
    riders = threading.Thread(target=lambda: sent.extend(load(url, "/plan", plans, 5)))
    riders.start()

    assert until(lambda: plans_in_hand(url) == 5), "Five plans were sent to the planner, and /health never said that five are being made."

    def refused():
        try:
            ask(url, "/health", seconds=0.5)
        except ConnectionRefusedError:
            return True
        except Exception:
            return not riders.is_alive()
        return not riders.is_alive()

    steer("tell", pid)
    until(refused)
    closed = riders.is_alive()
    riders.join()
    left = steer("wait", pid, 15)
    lost = [one for one in sent if one["status"] != 200]
    assert not lost, (
        f"Five plans of 1.6 s were being made when SIGTERM came, GRACE was 30, and {len(lost)} of them got no answer: {short(lost[0]['answer'])}"
    )
    assert closed, "Until the last plan was answered, new connections were still accepted after SIGTERM. They should be refused at once."
    assert left is not None, "Fifteen seconds after SIGTERM, with all requests answered, the process still runs."
    assert left == 0, f"With all requests answered, the process ended with exit code {left}, expected 0."
    logged = json.loads((place / "log.json").read_text()) if (place / "log.json").exists() else "missing"
    assert logged != "missing" and sorted(logged) == sorted(names), (
        f"Five plans were answered; the planner's log is {logged}, expected all five in it."
    )
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-shutdown-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: start.py with a GRACE of one second, and two requests that take longer, one of them an hour: the process must end by itself, with exit
# code 0 and its log.
### BEGIN HIDDEN TESTS
import json
import threading

from judgekit import own_folder
from judging import asked, plans_in_hand, started, until

from services import load

with own_folder() as place, started(steer, "start.py", {"PLAN_LOG": place / "log.json", "GRACE": 1}, script=True) as (url, pid):
    assert asked(url, "/plan", {"trip": 77, "seconds": 0})[0] == 200, "POST /plan of the planner has not status 200."
    longer = [{"trip": 78, "seconds": 3600}, {"trip": 79, "seconds": 2.5}]
    rider = threading.Thread(target=lambda: load(url, "/plan", longer, 2), daemon=True)
    rider.start()
    assert until(lambda: plans_in_hand(url) == 2), "Two plans were sent to the planner, and /health never said that two are being made."
    steer("tell", pid)
    left = steer("wait", pid, 6)
    assert left is not None, "A request was stuck, and GRACE was 1 second: six seconds after SIGTERM the process still runs."
    assert left == 0, f"A request was stuck, and GRACE was 1 second: the process ended with exit code {left}, expected 0."
    logged = json.loads((place / "log.json").read_text()) if (place / "log.json").exists() else "missing"
    assert logged != [77, 79], (
        "GRACE was 1 second, and a plan of 2.5 s was not given up: it stands in the planner's log. Does the service read GRACE, or wait for a time of its own?"
    )
    assert logged == [77], f"One plan was answered before, two were given up: the planner's log is {logged}, expected [77]."
### END HIDDEN TESTS

# %% [markdown]
# ## Part 7 · A new version in the rush hour
#
# Version 8 works. Is it *good* in service? Tests with old data do not tell how it does with today's. There are two careful ways to find out.
#
# **Shadow traffic**: each real request goes to the old version, which answers, and a copy goes to the new one, whose answer is only written down. It costs computing, and no rider can be hurt. For a day, versions 7 and 8 got the same searches:

# %%
stable, shadow = (
    np.array(version.minutes(training_features(autumn, stations, version.fill)))  # each with what its own training has learnt
    for version in (load_model("models/7.json"), model)
)
apart = np.abs(stable - shadow)
print(f"on {len(autumn)} searches they are {apart.mean():.1f} minutes apart on average; on {np.mean(apart > 5):.0%} more than five minutes")
late = autumn["duration_min"].to_numpy()
print(
    f"mean error, when the trips had ended: version 7 {np.abs(stable - late).mean():.2f}, version 8 {np.abs(shadow - late).mean():.2f} minutes"
)

# %% [markdown]
# Shadow traffic shows how far versions lie apart, whether the new one fails, and how slow it is. It does not show what riders *do* with its answers.
#
# A **canary** does: the new version really answers, first for a tenth of the riders, then a quarter, then half. That is a **rollout**. Each rider belongs to one side, for a screen that says 14 minutes, then 19, then 14 again is worse than either. And every five minutes somebody, or something, looks at the errors on both sides and decides: go on, or *abort* and give all traffic back to the old version.
#
# Cy's rule was: abort when the canary's share of errors is higher. Of ten good versions, it stopped nine. With twelve looks, chance has twelve chances. And there is a trap that even good statisticians step into. At 18:00 the city's map server was ill for twenty minutes, and *everybody's* errors rose:

# %%
illness = pd.DataFrame({"looks": ["1–8 (all well)", "9–12 (map server ill)"], "stable requests": [4100, 1200], "stable errors": [41, 180]})
illness["canary requests"], illness["canary errors"] = [700, 1200], [7, 180]
for side in ("stable", "canary"):
    illness[f"{side} %"] = (100 * illness[f"{side} errors"] / illness[f"{side} requests"]).round(1)
sums = illness[["stable requests", "stable errors", "canary requests", "canary errors"]].sum()
print(f"all together: stable {sums.iloc[1] / sums.iloc[0]:.1%}, canary {sums.iloc[3] / sums.iloc[2]:.1%}")
illness

# %% [markdown]
# In each row both sides are equal. Added up, the canary looks more than twice as bad: it was large just when all was bad. This is *Simpson's paradox*, and every rollout whose share grows invites it. **Compare within each look, and add up the differences, not the requests.**

# %% [markdown]
# ### Exercise 7 — Abort in time, and only then
# *Difficulty ●●● · about 16 minutes*
#
# Write `canary.py` with two functions.
#
# `route(rider, share)` returns `"canary"` for a part `share` (0 to 1) of the riders and `"stable"` for the others. `rider` is a text such as `"r-4711"`. The same rider always gets the same side, also in another process and tomorrow; who is a canary at 10 % still is at 25 %; and the share is right whatever the riders' numbers look like.
#
# `verdict(history)` is called every five minutes with all looks so far, the latest last. Each look is `{"stable": {"requests": 540, "errors": 6}, "canary": {"requests": 60, "errors": 1}}`, the numbers of these five minutes alone. It returns
#
# - `"abort"` if the canary has more errors than chance explains;
# - else `"promote"` from the twelfth look on, as soon as the canary has had 200 requests or more in all;
# - else `"continue"`.
#
# Done means, on rollouts that you have not seen: of healthy ones, *at most three in a hundred* are aborted (over all twelve looks together), even if the share of errors of both sides rises and falls, and even at night, when looks have few requests or none. A canary whose share of errors is eight points above the stable side's is aborted within three looks after the one
# in which that began, in at least 95 of 100 rollouts, be it from the start or late; one that fails half of its requests, at that very look. And a small fault that stays: a canary two and a half points above, from the first look on, with some 600 requests a look on both sides together, is aborted by the twelfth look in at least 95 of 100.
#
# <details><summary>Hint 1</summary>For the route: a number between 0 and 1 that belongs to the rider. Python's <code>hash</code> of a text is another in each process; <code>hashlib</code>'s are not. For the verdict: if the canary were no worse, how many of a look's errors would be its own? Add up what it has beyond that.</details>
# <details><summary>Hint 2</summary>In a look with <code>n</code> requests and <code>e</code> errors in all, a healthy canary with <code>c</code> requests has <code>e * c / n</code> of the errors, give or take: the variance is <code>c * (n - c) * e * (n - e) / (n * n * (n - 1))</code>. Add the surpluses of all looks, add their variances, and divide
# the one by the root of the other. With few errors the normal distribution is too kind: take half an error off the surplus first. A healthy rollout exceeds 2 in one look out of 44, and there are twelve looks. Which limit leaves room for that, and still finds the faults in time? Simulate some hundred rollouts.</details>

# %% nbgrader={"grade": false, "grade_id": "canary", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write canary.py.
### BEGIN SOLUTION
Path("canary.py").write_text("""
import hashlib
import math


def route(rider, share):
    number = int.from_bytes(hashlib.sha256(rider.encode()).digest()[:8], "big") / 2**64
    return "canary" if number < share else "stable"


def verdict(history):
    surplus = variance = 0.0
    for look in history:
        c, s = look["canary"], look["stable"]
        n, e = c["requests"] + s["requests"], c["errors"] + s["errors"]
        if n > 1:
            surplus += c["errors"] - e * c["requests"] / n
            variance += c["requests"] * s["requests"] * e * (n - e) / (n * n * (n - 1))
    if variance > 0 and (surplus - 0.5) / math.sqrt(variance) > 3.2:  # half an error off: errors come whole
        return "abort"
    answered = sum(look["canary"]["requests"] for look in history)
    return "promote" if len(history) >= 12 and answered >= 200 else "continue"
""")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-canary", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
riders = [f"r-{number}" for number in range(4000, 8000)]
for share in (0.0, 0.1, 0.25, 1.0):
    sides = routed(riders, share, hash_seed=1)
    assert set(sides) <= {"canary", "stable"}, f"route returns {sorted(set(sides))}, expected 'canary' or 'stable'."
    got = sides.count("canary") / len(riders)
    assert abs(got - share) <= 0.025, f"With share {share} route makes {got:.1%} of {len(riders)} riders canaries, expected {share:.0%}."
small, large = (routed(riders[:1000], share, hash_seed=1) for share in (0.1, 0.25))
assert all(later == "canary" for now, later in zip(small, large) if now == "canary"), (
    "Some riders are canaries at 10 %, and are not any more at 25 %."
)
calm = {"stable": {"requests": 540, "errors": 5}, "canary": {"requests": 60, "errors": 1}}
broken = {"stable": {"requests": 540, "errors": 5}, "canary": {"requests": 60, "errors": 31}}
nobody = {"stable": {"requests": 9, "errors": 0}, "canary": {"requests": 0, "errors": 0}}
for looks, expected, what in [
    ([calm] * 3, "continue", "three calm looks"),
    ([calm] * 12, "promote", "twelve calm looks"),
    ([calm] * 2 + [broken], "abort", "two calm looks, and one in which half of the canary's requests failed"),
    ([nobody] * 12, "continue", "twelve looks in which the canary had no requests"),
]:
    ((said, at),) = replay([looks])
    assert said == expected and at == len(looks), (
        f"After {what}, verdict had said {said!r} at look {at}, expected {expected!r} at look {len(looks)}."
    )

# %% nbgrader={"grade": true, "grade_id": "judge-canary", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: verdict on 560 healthy rollouts: calm ones, a city that wakes up, a map server that is ill for both sides, nights with few requests.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import draw_rollout

rng = fresh(10)
kinds = {
    "calm ones": ("calm", 80),
    "those with more and more requests": ("growth", 80),
    "those in which at the end the errors of both sides rise": ("incident late", 80),
    "those in which at the beginning the errors of both sides rise": ("incident early", 40),
}
told, aborted = [], 0
for what, (kind, count) in kinds.items():
    ends = replay([draw_rollout(rng, kind)[0] for _ in range(count)])
    stopped = sum(said == "abort" for said, _ in ends)
    aborted += stopped
    told.append(f"of {count} {what} {stopped}")
    odd = [(said, at) for said, at in ends if said != "abort" and (said, at) != ("promote", 12)]
    assert not odd, (
        f"A healthy rollout with thousands of requests ended with {odd[0][0]!r} at look {odd[0][1]}, expected 'promote' at look 12."
    )
assert aborted <= 16, (
    f"Of 280 healthy rollouts {aborted} were aborted, expected three in a hundred, and 16 at the very most: " + ", ".join(told) + "."
)
nights = [draw_rollout(rng, "night")[0] for _ in range(40)]
for said, at in (ends := replay(nights)):
    assert said in ("abort", "continue"), (
        f"A rollout at night, in which the canary had far fewer than 200 requests, ended with {said!r} at look {at}, expected 'continue'."
    )
stopped = sum(said == "abort" for said, _ in ends)
assert stopped <= 4, (
    f"Of 40 healthy rollouts at night, with a dozen requests a look, {stopped} were aborted: one error among three requests is chance."
)
ends = replay([draw_rollout(rng, "quiet")[0] for _ in range(240)])
stopped = sum(said == "abort" for said, _ in ends)
assert stopped <= 18, (
    f"Of 240 healthy rollouts in the late evening, with 30 to 60 requests a look, a tenth of them the canary's, {stopped} were aborted, expected three in a hundred, and 18 at the very most: "
    "one look alone tells little there. Are the differences of all looks added up?"
)
odd = {said for said, _ in ends} - {"abort", "continue"}
assert not odd, (
    f"A rollout in the late evening, in which the canary had far fewer than 200 requests, ended with {min(odd)!r}, expected 'continue'."
)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "judge-canary-2", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["judge"]
# Judged when you hand in: verdict on 240 rollouts whose canary becomes worse at some look, or is a little worse all the time; and route on other riders, in two processes.
### BEGIN HIDDEN TESTS
from judgekit import fresh
from judging import draw_riders, draw_rollout

rng = fresh(11)
for kind, most, what in [
    ("early", 3, "is eight points worse from one of the first looks on"),
    ("late", 3, "is eight points worse from one of the looks 6 to 8 on"),
    ("crash", 0, "fails half of its requests from some look on"),
]:
    drawn = [draw_rollout(rng, kind) for _ in range(40)]
    ends = replay([looks for looks, _ in drawn])
    in_time = sum(said == "abort" and at <= since + most for (said, at), (_, since) in zip(ends, drawn, strict=True))
    too_early = sum(said == "abort" and at < since for (said, at), (_, since) in zip(ends, drawn, strict=True))
    assert too_early <= 15, (
        f"Of 40 canaries each of which {what}, {too_early} were aborted before that look, when they were as good as the others."
    )
    allowed = "at that very look" if most == 0 else f"in that look or the {most} after it"
    assert in_time >= 37, f"Of 40 canaries each of which {what}, {in_time} were aborted {allowed}, expected nearly all."
found = sum(said == "abort" for said, _ in replay([draw_rollout(rng, "small")[0] for _ in range(120)]))
assert found >= 116, (
    f"Of 120 canaries each of which is two and a half points worse from the first look on, {found} were aborted by the twelfth look, expected nearly all: what a single look cannot tell, the sum of all looks can."
)
riders = draw_riders(rng, 4000)
here, again, elsewhere, more = (routed(riders, share, seed) for share, seed in [(0.2, 1), (0.2, 1), (0.2, 2), (0.5, 2)])
assert here == again == elsewhere, (
    "The same rider gets another side in another process. A side must depend on the rider and the share alone."
)
for sides, share in [(here, 0.2), (more, 0.5)]:
    got = sides.count("canary") / len(riders)
    assert abs(got - share) <= 0.035, (
        f"Of 4000 other riders, whose numbers all end in 00 to 49, {got:.1%} are canaries at a share of {share:.0%}: the share depends on what the numbers look like."
    )
assert all(later == "canary" for now, later in zip(here, more, strict=True) if now == "canary"), (
    "Some riders are canaries at 20 %, and are not any more at 50 %."
)
### END HIDDEN TESTS

# %% [markdown]
# ## Putting it together
#
# Tuesday, rush hour. Version 7 serves. Version 8 starts beside it, and gets its model late. Riders keep searching, by now eight of ten of them are canaries, until the verdict falls. Then, with searches under way, the version that has won gets *all* riders, and when everybody knows, the process of the other is asked to go. All services are yours.

# %% tags=["uses-answers"]
from concurrent.futures import ThreadPoolExecutor

from canary import route, verdict

Path("models/new.json").unlink(missing_ok=True)
old, new = start("ready.py", {"MODEL": "models/7.json"}), start("ready.py", {"MODEL": "models/new.json"})
serves = {"stable": old, "canary": new}


def search(number):
    """Send a rider's search to the process that serves the rider's side at this moment. Return the side, and what came back."""
    side = route(f"r-{number}", 0.8)
    return side, load(serves[side]["url"], "/predict", [{"trips": PREPARED}], clients=1)[0]


try:
    print("new process: health", ask(new["url"], "/health")[0], " ready", ask(new["url"], "/ready")[0], " (no model yet)")
    shutil.copy("models/8.json", "models/new.part")
    os.replace("models/new.part", "models/new.json")
    while ask(new["url"], "/ready")[0] != 200 or ask(old["url"], "/ready")[0] != 200:
        time.sleep(0.02)
    history, said = [], "continue"
    while said == "continue" and len(history) < 15:
        look = {"stable": {"requests": 0, "errors": 0}, "canary": {"requests": 0, "errors": 0}}
        for number in range(25):
            side, sent = search(len(history) * 25 + number)
            look[side]["requests"] += 1
            look[side]["errors"] += sent["status"] != 200
        history.append(look)
        said = verdict(history)
    requests, errors = (sum(look[side][what] for look in history for side in look) for what in ("requests", "errors"))
    print("after", len(history), "looks:", said, "| requests", requests, "| errors", errors)
    stays, goes = (new, old) if said == "promote" else (old, new)
    with ThreadPoolExecutor(4) as riders:
        rush = [riders.submit(search, number) for number in range(80)]
        rush[20].result()
        serves.update(stable=stays, canary=stays)  # first the traffic moves …
        time.sleep(0.05)  # … until everybody has noticed …
        tell(goes["pid"])  # … and only then the process is asked to go
        rush = [one.result()[1] for one in rush]
    versions = [sent["answer"]["version"] for sent in rush if sent["status"] == 200]
    print(
        "rush:", {version: versions.count(version) for version in sorted(set(versions))}, "| without an answer:", len(rush) - len(versions)
    )
finally:
    end(old["pid"])
    end(new["pid"])

# %% nbgrader={"grade": false, "grade_id": "rest", "locked": true, "schema_version": 3, "solution": false, "task": false}
rest()  # the process that started the services ends, too

# %% [markdown]
# Nobody noticed. What to take to work tomorrow:
#
# - Refuse at the door, and name the field. The server out of the box does not know what your model must not be asked.
# - One computation of the features, or a proof, row by row, that two of them agree. What training learnt travels with the model.
# - Alive is not ready. A process loads one version, once, and says which.
# - Load it before you believe a latency, and compare with another server in the same run.
# - SIGTERM is a part of every day. Move the traffic first; then answer what you hold, write what you know, end in time.
# - Compare a canary with the others of the same five minutes, and count your looks.
#
# What is harder in the real world: a GPU wants batches larger than a search, so servers collect requests for a few milliseconds (TensorFlow Serving calls it *batching parameters*; the lab on online and batch answers comes back to it). Several processes share a port, and each loads the model. And a version may be worse without a
# single error: the estimates are just further off. Then the verdict needs the trips' real times, which come later; that is monitoring's lab.

# %% [markdown]
# ## Going further
#
# - **One service.** Put the checks of `checked.py`, the features of `raw.py`, the life of `ready.py` and the quickness of `quick.py` into one file. Which of the tests above does it pass?
# - **Prefer old answers to none.** When the traffic office does not answer within 100 ms, answer without it, and say so in the answer.
# - **The real one.** If you have a container engine: train a small Keras model, save it as a SavedModel, and send the bodies of Exercise 5 to `tensorflow/serving`.
#
# To read:
#
# - [TensorFlow Serving's REST interface](https://www.tensorflow.org/tfx/serving/api_rest)
# - [FastAPI's chapter on async and the thread pool](https://fastapi.tiangolo.com/async/)
# - [MLflow's chapter on local serving](https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/)
# - Chip Huyen, *Designing Machine Learning Systems*, chapter 7: [the book's page at O'Reilly](https://www.oreilly.com/library/view/designing-machine-learning/9781098107956/)
