# Other answers to this lab's exercises. Each replaces the answer cell of the same grade_id; `points` is what it must earn there,
# `message` a part of the sentence that its learner must read.

# %% grade_id="checked" points=15 why="another style: annotated types, one class configured by decorators' arguments, a plain text per fault"
lines = """
import os
from typing import Annotated, Literal

from annotated_types import Ge, Le, Len, Lt
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, JSONResponse
from pydantic import BaseModel, FiniteFloat, StrictBool, StrictFloat, StrictInt

from eta import as_row, load_model

Number = Annotated[StrictInt | Annotated[FiniteFloat, __import__("pydantic").Strict()], ...]


class Trip(BaseModel, extra="forbid"):
    straight_km: Annotated[Number, Ge(0), Le(30)]
    climb_m: Annotated[Number, Ge(-500), Le(500)]
    bike_type: Literal["classic", "ebike"]
    hour: Annotated[Number, Ge(0), Lt(24)]
    weekend: StrictBool
    rain_mm: Annotated[Number, Ge(0), Le(50)]


class Search(BaseModel, extra="forbid"):
    trips: Annotated[list[Trip], Len(1, 200)]


model = load_model(os.environ["MODEL"])


async def refuse(request, error):
    return JSONResponse([f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()], 422)


app = FastAPI(exception_handlers={RequestValidationError: refuse})


@app.post("/predict")
async def predict(body: Search):
    return dict(version=model.version, minutes=model.minutes([as_row(dict(trip)) for trip in body.trips]))
"""
with open("checked.py", "w") as file:
    file.write(lines)

# %% grade_id="checked" points=15 why="another style: no pydantic at all, the body is read and checked by hand"
Path("checked.py").write_text('''
import json
import math
import os

from fastapi import FastAPI, HTTPException, Request

from eta import as_row, load_model

app = FastAPI()
model = load_model(os.environ["MODEL"])


def no(why):
    raise HTTPException(status_code=422, detail=why)


def number(name, value):
    if type(value) not in (int, float) or not math.isfinite(value):
        no(name + " must be a finite number")


@app.post("/predict")
async def predict(request: Request):
    try:
        body = json.loads(await request.body())
    except ValueError:
        no("this is no JSON")
    if not isinstance(body, dict):
        no("an object with trips is expected")
    for name in body:
        if name != "trips":
            no("unknown: " + name)
    trips = body.get("trips")
    if not isinstance(trips, list) or not 1 <= len(trips) <= 200:
        no("trips must be a list of 1 to 200")
    wanted = {"straight_km", "climb_m", "bike_type", "hour", "weekend", "rain_mm"}
    for trip in trips:
        if not isinstance(trip, dict):
            no("trips must be objects")
        if set(trip) != wanted:
            no("missing or unknown: " + ", ".join(wanted ^ set(trip)))
        for name in ("straight_km", "climb_m", "hour", "rain_mm"):
            number(name, trip[name])
        for name, low, high in [("straight_km", 0, 30), ("climb_m", -500, 500), ("hour", 0, 24), ("rain_mm", 0, 50)]:
            if not low <= trip[name] <= high or (name == "hour" and trip[name] == 24):
                no(name + " is out of its limits")
        if trip["bike_type"] not in ("classic", "ebike"):
            no("bike_type must be classic or ebike")
        if type(trip["weekend"]) is not bool:
            no("weekend must be true or false")
    return {"minutes": model.minutes([as_row(trip) for trip in trips]), "version": model.version}
''')

# %% grade_id="checked" points=5 message="expected 422" why="leaves pydantic's help on: texts and true become numbers" changes="solution"
-# Write checked.py. If you use %%writefile, let it be the first line of the cell.
-Path("checked.py").write_text("""
+Path("checked.py").write_text('''
@@
-    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
+    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
@@
-""")
+''')

# %% grade_id="checked" points=5 message="was it the check, or the refusal" why="forgets that the refusal must be written as JSON" changes="solution"
-# Write checked.py. If you use %%writefile, let it be the first line of the cell.
-Path("checked.py").write_text("""
+Path("checked.py").write_text('''
@@
-@app.exception_handler(RequestValidationError)
-async def refuse(request, error):
-    faults = [{"where": list(fault["loc"]), "what": fault["msg"]} for fault in error.errors()]
-    return JSONResponse({"detail": faults}, status_code=422)
@@
-""")
+''')

# %% grade_id="checked" points=0 message="the status is 400, expected 422" why="refuses with 400" changes="solution"
-# Write checked.py. If you use %%writefile, let it be the first line of the cell.
-Path("checked.py").write_text("""
+Path("checked.py").write_text('''
@@
-    return JSONResponse({"detail": faults}, status_code=422)
+    return JSONResponse({"detail": faults}, status_code=400)
@@
-""")
+''')

# %% grade_id="checked" points=0 message="does not name the field" why="refuses without a reason" changes="solution"
-# Write checked.py. If you use %%writefile, let it be the first line of the cell.
-Path("checked.py").write_text("""
+Path("checked.py").write_text('''
@@
-    return JSONResponse({"detail": faults}, status_code=422)
+    return JSONResponse({"detail": "invalid body"}, status_code=422)
@@
-""")
+''')

# %% grade_id="checked" points=10 message="bad bodies were not refused" why="nothing negative, but no upper limits: passes what is visible" changes="solution"
-# Write checked.py. If you use %%writefile, let it be the first line of the cell.
-Path("checked.py").write_text("""
+Path("checked.py").write_text('''
@@
-    straight_km: float = Field(ge=0, le=30)
-    climb_m: float = Field(ge=-500, le=500)
+    straight_km: float = Field(ge=0)
+    climb_m: float
@@
-    rain_mm: float = Field(ge=0, le=50)
+    rain_mm: float = Field(ge=0)
@@
-""")
+''')

# %% grade_id="checked" points=5 message="bad bodies were not refused" why="strict numbers, but a lenient yes or no, any text for the bike, any number of trips: passes what is visible" changes="solution"
-# Write checked.py. If you use %%writefile, let it be the first line of the cell.
-Path("checked.py").write_text("""
+Path("checked.py").write_text('''
@@
-    bike_type: Literal["classic", "ebike"]
-    hour: float = Field(ge=0, lt=24)
-    weekend: bool
+    bike_type: str
+    hour: float = Field(ge=0, lt=24)
+    weekend: bool = Field(strict=False)
@@
-    trips: list[Trip] = Field(min_length=1, max_length=200)
+    trips: list[Trip] = Field()
@@
-""")
+''')

# %% grade_id="checked" points=5 message="bad bodies were not refused" why="numbers up to and with 24, and forbids extra fields in the trips only: passes what is visible" changes="solution"
-# Write checked.py. If you use %%writefile, let it be the first line of the cell.
-Path("checked.py").write_text("""
+Path("checked.py").write_text('''
@@
-    hour: float = Field(ge=0, lt=24)
+    hour: float = Field(ge=0, le=24)
@@
-class Search(Strict):
+class Search(Strict, extra="ignore"):
@@
-""")
+''')

# %% grade_id="checked" points=10 message="whole numbers" why="refuses whole numbers as well, because isinstance float: passes what is visible"
Path("checked.py").write_text('''
import math
import os
from typing import Annotated, Literal

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from eta import as_row, load_model

app = FastAPI()
model = load_model(os.environ["MODEL"])


def check(value):
    if not isinstance(value, float) or not math.isfinite(value):
        raise ValueError("not a finite float")
    return value


Number = Annotated[float, BeforeValidator(check)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Trip(Strict):
    straight_km: Number = Field(ge=0, le=30)
    climb_m: Number = Field(ge=-500, le=500)
    bike_type: Literal["classic", "ebike"]
    hour: Number = Field(ge=0, lt=24)
    weekend: bool
    rain_mm: Number = Field(ge=0, le=50)


class Search(Strict):
    trips: list[Trip] = Field(min_length=1, max_length=200)


@app.exception_handler(RequestValidationError)
async def refuse(request, error):
    return JSONResponse({"detail": [[str(part) for part in fault["loc"]] for fault in error.errors()]}, status_code=422)


@app.post("/predict")
def predict(search: Search):
    return {"version": model.version, "minutes": model.minutes([as_row(trip.model_dump()) for trip in search.trips])}
''')

# %% grade_id="raw" points=13 why="another style: training's own function, on a table of the trips"
Path("raw.py").write_text('''
import os

import pandas as pd
from fastapi import FastAPI

import eta

app = FastAPI()
model = eta.load_model(os.environ["MODEL"])
stations = eta.read_stations()


@app.post("/predict")
async def predict(body: dict):
    table = pd.DataFrame(body["trips"]).astype({"rain_mm": float})
    features = eta.training_features(table, stations, model.fill)
    return {"version": model.version, "minutes": model.minutes(features)}
''')

# %% grade_id="raw" points=13 why="another style: numpy, times as UTC minutes since the epoch, a class for the trips"
Path("raw.py").write_text('''
import os
from datetime import datetime

import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel

from eta import FEATURES, load_model, read_stations

app = FastAPI()
model, stations = load_model(os.environ["MODEL"]), read_stations()


class Trip(BaseModel):
    start_station: int
    end_station: int
    bike_type: str
    started_at: datetime
    rain_mm: float | None = None

    def row(self):
        (x, y, z), (u, v, w) = stations[self.start_station], stations[self.end_station]
        minute = int(self.started_at.timestamp()) // 60
        day, minute = divmod(minute, 1440)
        values = dict(straight_km=np.sqrt((u - x) ** 2 + (v - y) ** 2), climb_m=w - z, ebike=int(self.bike_type == "ebike"), hour=minute / 60)
        values["weekend"] = int((day + 3) % 7 > 4)
        values["rain_mm"] = model.fill if self.rain_mm is None else self.rain_mm
        return [values[name] for name in FEATURES]


class Body(BaseModel):
    trips: list[Trip]


@app.post("/predict")
def predict(body: Body):
    return {"version": model.version, "minutes": model.minutes([trip.row() for trip in body.trips])}
''')

# %% grade_id="raw" points=0 message="answers differ from the model" why="rounds the distance, as the app shows it" changes="solution"
-# Write raw.py.
-Path("raw.py").write_text("""
+Path("raw.py").write_text('''
@@
-    return [math.dist(start[:2], end[:2]), end[2] - start[2], ebike, time.hour + time.minute / 60, weekend, rain]
+    return [round(math.dist(start[:2], end[:2]), 1), end[2] - start[2], ebike, time.hour + time.minute / 60, weekend, rain]
@@
-""")
+''')

# %% grade_id="raw" points=0 message="answers differ from the model" why="leaves Bo's Saturday" changes="solution"
-# Write raw.py.
-Path("raw.py").write_text("""
+Path("raw.py").write_text('''
@@
-    ebike, weekend = trip["bike_type"] == "ebike", time.weekday() >= 5
+    ebike, weekend = trip["bike_type"] == "ebike", time.isoweekday() > 6
@@
-""")
+''')

# %% grade_id="raw" points=0 message="answers differ from the model" why="nothing for missing rain" changes="solution"
-# Write raw.py.
-Path("raw.py").write_text("""
+Path("raw.py").write_text('''
@@
-    rain = model.fill if trip["rain_mm"] is None else trip["rain_mm"]
+    rain = 0.0 if trip["rain_mm"] is None else trip["rain_mm"]
@@
-""")
+''')

# %% grade_id="raw" points=4 message="by another clock than UTC" why="takes the clock of the phone for the city's: passes what is visible" changes="solution"
-# Write raw.py.
-Path("raw.py").write_text("""
+Path("raw.py").write_text('''
@@
-    time = datetime.fromisoformat(trip["started_at"]).astimezone(timezone.utc)
+    time = datetime.fromisoformat(trip["started_at"])
@@
-""")
+''')

# %% grade_id="raw" points=4 message="by another clock than UTC" why="cuts the offset off, instead of converting: passes what is visible" changes="solution"
-# Write raw.py.
-Path("raw.py").write_text("""
+Path("raw.py").write_text('''
@@
-    time = datetime.fromisoformat(trip["started_at"]).astimezone(timezone.utc)
+    time = datetime.fromisoformat(trip["started_at"][:19])
@@
-""")
+''')

# %% grade_id="raw" points=4 message="missing rain" why="the mean of this model's training data typed in as a number: passes what is visible" changes="solution"
-# Write raw.py.
-Path("raw.py").write_text("""
+Path("raw.py").write_text('''
+import json
@@

+FILL = json.loads(open("models/8.json").read())["fill"]["rain_mm"]
+
+
 def features(trip):
@@
-    rain = model.fill if trip["rain_mm"] is None else trip["rain_mm"]
+    rain = FILL if trip["rain_mm"] is None else trip["rain_mm"]
@@
-""")
+''')

# %% grade_id="ready" points=14 why="another style: a task of the event loop, and a dictionary; refusals as responses"
Path("ready.py").write_text('''
import asyncio
import contextlib
import os

from fastapi import FastAPI
from fastapi.responses import JSONResponse

import eta

held = {}


async def fetch():
    held["model"] = await asyncio.to_thread(eta.fetch_model, os.environ["MODEL"])


@contextlib.asynccontextmanager
async def life(app):
    task = asyncio.create_task(fetch())
    yield
    task.cancel()


app = FastAPI(lifespan=life)


@app.get("/health")
async def health():
    return "fine"


@app.get("/ready")
async def ready():
    return JSONResponse({"ready": bool(held)}, 200 if held else 503)


@app.post("/predict")
async def predict(body: dict):
    if not held:
        return JSONResponse({"error": "no model yet"}, 503)
    model = held["model"]
    return {"version": model.version, "minutes": [model.minutes([eta.as_row(trip)])[0] for trip in body["trips"]]}
''')

# %% grade_id="ready" points=14 why="another style: a thread started when the module is imported, a lock-free Future"
Path("ready.py").write_text('''
import os
from concurrent.futures import ThreadPoolExecutor

from fastapi import Depends, FastAPI, HTTPException, Response

from eta import as_row, fetch_model

app = FastAPI()
loading = ThreadPoolExecutor(1).submit(fetch_model, os.environ["MODEL"])


def the_model():
    if not loading.done():
        raise HTTPException(status_code=503)
    return loading.result()


@app.get("/health")
def health():
    return Response()


@app.get("/ready")
def ready(model=Depends(the_model)):
    return {"version": model.version}


@app.post("/predict")
def predict(body: dict, model=Depends(the_model)):
    return {"minutes": model.minutes([as_row(trip) for trip in body["trips"]]), "version": model.version}
''')

# %% grade_id="ready" points=5 message="should start, and does not" why="waits for the model before it accepts anybody" changes="solution"
-# Write ready.py.
-Path("ready.py").write_text("""
-import contextlib
+Path("ready.py").write_text('''
@@
 import threading
+from contextlib import asynccontextmanager
@@
-@contextlib.asynccontextmanager
-async def fetching(app):
+@asynccontextmanager
+async def lifespan(app):
@@
-    threading.Thread(target=fetch, daemon=True).start()
+    fetch()
@@
-app = FastAPI(lifespan=fetching)
+app = FastAPI(lifespan=lifespan)
@@
-""")
+''')

# %% grade_id="ready" points=5 message="/ready has status 200, expected 503" why="always ready" changes="solution"
-# Write ready.py.
-Path("ready.py").write_text("""
-import contextlib
+Path("ready.py").write_text('''
@@
 import threading
+from contextlib import asynccontextmanager
@@
-@contextlib.asynccontextmanager
-async def fetching(app):
+@asynccontextmanager
+async def lifespan(app):
@@
-app = FastAPI(lifespan=fetching)
+app = FastAPI(lifespan=lifespan)
@@
-    return {"status": "ready", "version": loaded().version}
+    return {"status": "ready"}
@@
-""")
+''')

# %% grade_id="ready" points=5 message="/health has status 503, expected 200" why="not healthy without a model" changes="solution"
-# Write ready.py.
-Path("ready.py").write_text("""
-import contextlib
+Path("ready.py").write_text('''
@@
 import threading
+from contextlib import asynccontextmanager
@@
-@contextlib.asynccontextmanager
-async def fetching(app):
+@asynccontextmanager
+async def lifespan(app):
@@
-app = FastAPI(lifespan=fetching)
+app = FastAPI(lifespan=lifespan)
@@
-    return {"status": "ok"}
+    return {"version": loaded().version}
@@
-""")
+''')

# %% grade_id="ready" points=5 message="/predict has status 500, expected 503" why="breaks down before the model is there" changes="solution"
-# Write ready.py.
-Path("ready.py").write_text("""
-import contextlib
+Path("ready.py").write_text('''
@@
 import threading
+from contextlib import asynccontextmanager
@@
-@contextlib.asynccontextmanager
-async def fetching(app):
+@asynccontextmanager
+async def lifespan(app):
@@
-app = FastAPI(lifespan=fetching)
+app = FastAPI(lifespan=lifespan)
@@
-    model = loaded()
-    return {"version": model.version, "minutes": model.minutes([as_row(trip) for trip in body["trips"]])}
-""")
+    model = app.state.model
+    return {"version": model.version, "minutes": model.minutes([as_row(trip) for trip in body["trips"]])}
+''')

# %% grade_id="ready" points=0 message="one number for each trip, in their order" why="keeps Bo's set" changes="solution"
-# Write ready.py.
-Path("ready.py").write_text("""
-import contextlib
+Path("ready.py").write_text('''
@@
 import threading
+from contextlib import asynccontextmanager
@@
-@contextlib.asynccontextmanager
-async def fetching(app):
+@asynccontextmanager
+async def lifespan(app):
@@
-app = FastAPI(lifespan=fetching)
+app = FastAPI(lifespan=lifespan)
@@
-    return {"version": model.version, "minutes": model.minutes([as_row(trip) for trip in body["trips"]])}
-""")
+    return {"version": model.version, "minutes": model.minutes(list({tuple(as_row(trip)) for trip in body["trips"]}))}
+''')

# %% grade_id="ready" points=9 message="After its file was replaced by version 35" why="loads the file again for each request: passes what is visible"
Path("ready.py").write_text('''
import os

from fastapi import FastAPI, HTTPException

from eta import as_row, load_model

app = FastAPI()


def loaded():
    try:
        return load_model(os.environ["MODEL"])
    except FileNotFoundError:
        raise HTTPException(503)


@app.get("/health")
def health():
    return {}


@app.get("/ready")
def ready():
    loaded()
    return {}


@app.post("/predict")
def predict(body: dict):
    model = loaded()
    return {"version": model.version, "minutes": model.minutes([as_row(trip) for trip in body["trips"]])}
''')

# %% grade_id="ready" points=9 message="its file was replaced by version 35" why="loads the file again and again, once a second: passes what is visible" changes="solution"
-# Write ready.py.
-Path("ready.py").write_text("""
-import contextlib
+Path("ready.py").write_text('''
@@
 import threading
+import time
+from contextlib import asynccontextmanager
@@
-@contextlib.asynccontextmanager
-async def fetching(app):
-    def fetch():
-        app.state.model = fetch_model(os.environ["MODEL"])
+@asynccontextmanager
+async def lifespan(app):
+    def fetch():
+        while True:
+            app.state.model = fetch_model(os.environ["MODEL"])
+            time.sleep(1)
@@
-app = FastAPI(lifespan=fetching)
+app = FastAPI(lifespan=lifespan)
@@
-""")
+''')

# %% grade_id="ready" points=9 message="not of the file that lies there" why="reads the version from the file when it answers: passes what is visible" changes="solution"
-# Write ready.py.
-Path("ready.py").write_text("""
-import contextlib
+Path("ready.py").write_text('''
+import json
@@
 import threading
+from contextlib import asynccontextmanager
@@
-@contextlib.asynccontextmanager
-async def fetching(app):
+@asynccontextmanager
+async def lifespan(app):
@@
-app = FastAPI(lifespan=fetching)
+app = FastAPI(lifespan=lifespan)
@@
-    return {"version": model.version, "minutes": model.minutes([as_row(trip) for trip in body["trips"]])}
-""")
+    return {"version": json.loads(open(os.environ["MODEL"]).read())["version"], "minutes": model.minutes([as_row(trip) for trip in body["trips"]])}
+''')

# %% grade_id="ready" points=5 message="not the answer to its own trips" why="the answer goes through a variable of the module, which the next request overwrites, and the version is typed in: passes what is visible" changes="solution"
-# Write ready.py.
-Path("ready.py").write_text("""
-import contextlib
+Path("ready.py").write_text('''
@@
 import threading
+import time
+from contextlib import asynccontextmanager
@@
-@contextlib.asynccontextmanager
-async def fetching(app):
+@asynccontextmanager
+async def lifespan(app):
@@
-app = FastAPI(lifespan=fetching)
+app = FastAPI(lifespan=lifespan)
@@
-    model = loaded()
-    return {"version": model.version, "minutes": model.minutes([as_row(trip) for trip in body["trips"]])}
-""")
+    global rows
+    model = loaded()
+    rows = [as_row(trip) for trip in body["trips"]]
+    time.sleep(0.01)
+    return {"version": "8", "minutes": model.minutes(rows)}
+''')

# %% grade_id="quick" points=14 why="another style: async with the waiting in a thread, the model in the lifespan"
Path("quick.py").write_text('''
import asyncio
import os
from contextlib import asynccontextmanager

import numpy as np
from fastapi import FastAPI, Request

import eta
import traffic


@asynccontextmanager
async def lifespan(app):
    app.state.model = eta.load_model(os.environ["MODEL"])
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/health")
async def health():
    return {"status": "ok"}


@app.post("/predict")
async def predict(body: dict, request: Request):
    model, trips = request.app.state.model, body["trips"]
    waiting = asyncio.to_thread(traffic.added_minutes, [trip["hour"] for trip in trips])
    minutes = np.array(model.minutes([eta.as_row(trip) for trip in trips])) + await waiting
    return {"version": model.version, "minutes": minutes.tolist()}
''')

# %% grade_id="quick" points=14 why="another style: a cached loader, called once before the first request; starlette's pool"
Path("quick.py").write_text('''
import os
from functools import lru_cache

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

from eta import as_row, load_model
from traffic import added_minutes

app = FastAPI()


@lru_cache
def the_model():
    return load_model(os.environ["MODEL"])


the_model()


@app.get("/health")
async def health():
    return {"status": "ok"}


@app.post("/predict")
async def predict(body: dict):
    rows, hours = zip(*[(as_row(trip), trip["hour"]) for trip in body["trips"]])
    more = await run_in_threadpool(added_minutes, list(hours))
    return {"version": the_model().version, "minutes": [sum(pair) for pair in zip(the_model().minutes(list(rows)), more)]}
''')

# %% grade_id="quick" points=0 message="the traffic office was asked" why="loads once, but asks the office for each trip" changes="solution"
-# Write quick.py.
-Path("quick.py").write_text("""
+Path("quick.py").write_text('''
@@
-    added = added_minutes([trip["hour"] for trip in trips])
-    return {"version": model.version, "minutes": [estimate + more for estimate, more in zip(estimates, added)]}
-""")
+    added = [added_minutes([trip["hour"]])[0] for trip in trips]
+    return {"version": model.version, "minutes": [estimate + more for estimate, more in zip(estimates, added)]}
+''')

# %% grade_id="quick" points=0 message="expected what the naive server says" why="leaves the traffic out" changes="solution"
-# Write quick.py.
-Path("quick.py").write_text("""
+Path("quick.py").write_text('''
@@
-    added = added_minutes([trip["hour"] for trip in trips])
-    return {"version": model.version, "minutes": [estimate + more for estimate, more in zip(estimates, added)]}
-""")
+    added = [0.0 for trip in trips]
+    return {"version": model.version, "minutes": [estimate + more for estimate, more in zip(estimates, added)]}
+''')

# %% grade_id="quick" points=0 message="the traffic office was asked" why="keeps what the office said for the hour" changes="solution"
-# Write quick.py.
-Path("quick.py").write_text("""
+Path("quick.py").write_text('''
@@
-app = FastAPI()
+app, kept = FastAPI(), {}
@@
-    added = added_minutes([trip["hour"] for trip in trips])
-    return {"version": model.version, "minutes": [estimate + more for estimate, more in zip(estimates, added)]}
-""")
+    added = [kept.setdefault(trip["hour"], None) or kept.update({trip["hour"]: added_minutes([trip["hour"]])[0]}) or kept[trip["hour"]] for trip in trips]
+    return {"version": model.version, "minutes": [estimate + more for estimate, more in zip(estimates, added)]}
+''')

# %% grade_id="quick" points=10 message="the others wait, too" why="blocks the event loop: one waits, all wait; passes what is visible" changes="solution"
-# Write quick.py.
-Path("quick.py").write_text("""
+Path("quick.py").write_text('''
@@
-def predict(body: dict):
+async def predict(body: dict):
@@
-""")
+''')

# %% grade_id="quick" points=0 message="after its model's file was taken away" why="loads the model for each request" changes="solution"
-# Write quick.py.
-Path("quick.py").write_text("""
+Path("quick.py").write_text('''
@@
-model = load_model(os.environ["MODEL"])
@@
 def predict(body: dict):
+    model = load_model(os.environ["MODEL"])
@@
-""")
+''')

# %% grade_id="quick" points=0 message="expected what the naive server says" why="asks the office once, for the first trip's hour alone" changes="solution"
-# Write quick.py.
-Path("quick.py").write_text("""
+Path("quick.py").write_text('''
@@
-    added = added_minutes([trip["hour"] for trip in trips])
-    return {"version": model.version, "minutes": [estimate + more for estimate, more in zip(estimates, added)]}
-""")
+    added = added_minutes([trips[0]["hour"]]) * len(trips)
+    return {"version": model.version, "minutes": [estimate + more for estimate, more in zip(estimates, added)]}
+''')

# %% grade_id="quick" points=9 message="GET /health has not status 200" why="no /health: passes what is visible" changes="solution"
-# Write quick.py.
-Path("quick.py").write_text("""
+Path("quick.py").write_text('''
@@
-@app.get("/health")
-def health():
-    return {"status": "ok"}
-
-
@@
-""")
+''')

# %% grade_id="tf-serving" points=16 why="another style: one path for all, a regular expression, numpy"
Path("tf_serving.py").write_text('''
import json
import os
import re
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from eta import FEATURES, load_model

HOME = Path(os.environ["MODELS"])
VERSIONS = {}
for path in HOME.glob("*/*/model.json"):
    if re.fullmatch("[0-9]+", path.parent.name):
        VERSIONS.setdefault(path.parts[-3], {})[int(path.parent.name)] = load_model(path)
app = FastAPI(openapi_url=None)


def error(status, *words):
    return JSONResponse({"error": " ".join(map(str, words))}, status)


@app.api_route("/v1/models/{rest:path}", methods=["GET", "POST"])
async def everything(rest: str, request: Request):
    parts = re.fullmatch("([^/:]+)(?:/versions/([0-9]+)|/labels/([^/:]+))?(:predict|/metadata)?", rest)
    if not parts:
        return error(404, "no such path")
    name, version, label, verb = parts.groups()
    if name not in VERSIONS:
        return error(404, "no model", name)
    served = VERSIONS[name]
    if label:
        try:
            version = json.loads((HOME / name / "labels.json").read_text())[label]
        except (OSError, KeyError):
            return error(404, "no label", label)
    chosen = int(version or max(served))
    if chosen not in served:
        return error(404, "no version", chosen)
    if verb is None:
        shown = [chosen] if version else served
        return {"model_version_status": [dict(version=f"{one}", state="AVAILABLE", status=dict(error_code="OK", error_message="")) for one in shown]}
    if verb == "/metadata":
        return {"model_spec": {"name": name, "signature_name": "", "version": str(chosen)}, "metadata": {"inputs": FEATURES}}
    try:
        body = json.loads(await request.body())
        assert isinstance(body, dict) and len({"instances", "inputs"} & body.keys()) == 1, "either instances or inputs"
        if "inputs" in body:
            columns = body["inputs"]
            lengths = {len(column) for column in columns.values()}
            assert len(lengths) == 1, "columns of one length"
            rows = [{key: column[number] for key, column in columns.items()} for number in range(lengths.pop())]
        else:
            rows = body["instances"]
        assert rows, "no row"
        for row in rows:
            assert sorted(row) == sorted(FEATURES), "other inputs"
            assert all(type(value) in (int, float) and abs(value) < float("inf") for value in row.values()), "not a number"
        minutes = served[chosen].minutes([[row[key] for key in FEATURES] for row in rows])
    except (AssertionError, ValueError, TypeError, AttributeError) as problem:
        return error(400, problem)
    return {"predictions" if "instances" in body else "outputs": minutes}
''')

# %% grade_id="tf-serving" points=16 why="another style: HTTPException, written anew as the contract wants it; pydantic for the rows"
Path("tf_serving.py").write_text('''
import json
import os
from pathlib import Path

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, TypeAdapter, ValidationError, create_model

from eta import FEATURES, load_model

folder = Path(os.environ["MODELS"])
found = {m.name: {d.name: load_model(d / "model.json") for d in m.glob("*") if d.name.isdigit()} for m in folder.glob("*") if m.is_dir()}
Row = create_model("Row", __config__=ConfigDict(strict=True, extra="forbid", allow_inf_nan=False), **{name: (float, ...) for name in FEATURES})
Rows = TypeAdapter(list[Row])
app = FastAPI()


@app.exception_handler(HTTPException)
async def as_error(request, problem):
    return JSONResponse({"error": str(problem.detail)}, problem.status_code)


def pick(name, version, label):
    try:
        if label is not None:
            version = str(json.loads((folder / name / "labels.json").read_text())[label])
        return version or sorted(found[name], key=int)[-1], found[name][version or sorted(found[name], key=int)[-1]]
    except (KeyError, OSError) as problem:
        raise HTTPException(404, f"Servable not found: {problem}")


def several(method, end):
    def mark(function):
        for middle in ("", "/versions/{version}", "/labels/{label}"):
            getattr(app, method)("/v1/models/{name}" + middle + end)(function)
        return function

    return mark


@several("post", ":predict")
async def predict(request: Request, name: str, version: str = None, label: str = None):
    _, model = pick(name, version, label)
    try:
        body = json.loads(await request.body())
        if ("instances" in body) is ("inputs" in body) or not isinstance(body, dict):
            raise ValueError("instances or inputs")
        rows = body.get("instances")
        if rows is None:
            rows = [dict(zip(body["inputs"], values)) for values in zip(*body["inputs"].values(), strict=True)]
        rows = Rows.validate_python(rows)
        if not rows:
            raise ValueError("no rows")
    except (ValueError, TypeError, AttributeError, ValidationError) as problem:
        raise HTTPException(400, str(problem)[:200])
    minutes = model.minutes([[getattr(row, name) for name in FEATURES] for row in rows])
    return {"predictions" if "instances" in body else "outputs": minutes}


@several("get", "/metadata")
def metadata(name: str, version: str = None, label: str = None):
    return {"model_spec": {"name": name, "signature_name": "", "version": pick(name, version, label)[0]}, "metadata": {name: {} for name in FEATURES}}


@several("get", "")
def status(name: str, version: str = None, label: str = None):
    one = pick(name, version, label)[0]
    return {
        "model_version_status": [
            {"version": v, "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
            for v in (found[name] if version is None and label is None else [one])
        ]
    }
''')

# %% grade_id="tf-serving" points=0 message="expected 200 and 'outputs'" why="answers columns with predictions" changes="solution"
-# Write tf_serving.py.
-Path("tf_serving.py").write_text("""
-import json
-import math
+Path("tf_serving.py").write_text('''
+import json
@@
-    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
+    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")
@@
-    return {"outputs": model.minutes(as_rows(as_instances(body["inputs"])))}
+    return {"predictions": model.minutes(as_rows(as_instances(body["inputs"])))}
@@
-""")
+''')

# %% grade_id="tf-serving" points=5 message="'error' with a text" why="errors as FastAPI has them" changes="solution"
-# Write tf_serving.py.
-Path("tf_serving.py").write_text("""
-import json
-import math
+Path("tf_serving.py").write_text('''
+import json
@@
-    return JSONResponse({"error": error.words}, status_code=error.status)
+    return JSONResponse({"detail": error.words}, status_code=error.status)
@@
-    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
+    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")
@@
-""")
+''')

# %% grade_id="tf-serving" points=0 message="expected those of version 7" why="a label is passed over" changes="solution"
-# Write tf_serving.py.
-Path("tf_serving.py").write_text("""
-import json
-import math
+Path("tf_serving.py").write_text('''
+import json
@@
-        version = str(labels[name][label])
@@
-    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
+    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")
@@
-""")
+''')

# %% grade_id="tf-serving" points=11 message="does not answer as version 10" why="the latest version by its text: passes what is visible" changes="solution"
-# Write tf_serving.py.
-Path("tf_serving.py").write_text("""
-import json
-import math
+Path("tf_serving.py").write_text('''
+import json
@@
-    version = max(models[name], key=int) if version is None else version
+    version = max(models[name]) if version is None else version
@@
-    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
+    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")
@@
-""")
+''')

# %% grade_id="tf-serving" points=11 message="speaks of the versions" why="the status of a label shows all versions: passes what is visible" changes="solution"
-# Write tf_serving.py.
-Path("tf_serving.py").write_text("""
-import json
-import math
+Path("tf_serving.py").write_text('''
+import json
@@
-    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
+    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")
@@
-    shown = models[name] if version is None and label is None else [found]
+    shown = models[name] if version is None else [found]
@@
-""")
+''')

# %% grade_id="tf-serving" points=11 message="kinds of errors are not answered" why="takes texts, null and rows without an input: passes what is visible" changes="solution"
-# Write tf_serving.py.
-Path("tf_serving.py").write_text("""
-import json
-import math
+Path("tf_serving.py").write_text('''
+import json
@@
-    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
+    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")
@@
-        if not isinstance(instance, dict) or set(instance) != set(FEATURES):
-            raise Refused(400, f"a row has the inputs {FEATURES}")
-        if not all(is_number(value) for value in instance.values()):
-            raise Refused(400, f"not all inputs are numbers: {instance}")
-    return [[instance[name] for name in FEATURES] for instance in instances]
+        if not isinstance(instance, dict) or not set(instance) <= set(FEATURES):
+            raise Refused(400, f"a row has the inputs {FEATURES}")
+    return [[instance.get(name) or 0.0 for name in FEATURES] for instance in instances]
@@
-""")
+''')

# %% grade_id="tf-serving" points=11 message="kinds of errors are not answered" why="takes true for a number, and breaks down on a bare NaN: passes what is visible" changes="solution"
-# Write tf_serving.py.
-Path("tf_serving.py").write_text("""
-import json
-import math
+Path("tf_serving.py").write_text('''
+import json
@@
-    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
+    return isinstance(value, (int, float))
@@
-""")
+''')

# %% grade_id="tf-serving" points=11 message="kinds of errors are not answered" why="columns are cut to the shortest, and empty ones are answered: passes what is visible" changes="solution"
-# Write tf_serving.py.
-Path("tf_serving.py").write_text("""
-import json
-import math
+Path("tf_serving.py").write_text('''
+import json
@@
-    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
+    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")
@@
-    if not isinstance(instances, list) or not instances:
+    if not isinstance(instances, list) :
@@
-    if len({len(column) for column in columns.values()}) > 1:
-        raise Refused(400, "the columns differ in their length")
@@
-""")
+''')

# %% grade_id="tf-serving" points=11 message="in another order of their names" why="takes the inputs in the order in which they come: passes what is visible" changes="solution"
-# Write tf_serving.py.
-Path("tf_serving.py").write_text("""
-import json
-import math
+Path("tf_serving.py").write_text('''
+import json
@@
-    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
+    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")
@@
-    return [[instance[name] for name in FEATURES] for instance in instances]
+    return [list(instance.values()) for instance in instances]
@@
-""")
+''')

# %% grade_id="shutdown" points=14 why="another style: a server of its own kind, which does not pass the signal on"
Path("start.py").write_text('''
import os
import sys
from contextlib import contextmanager

import uvicorn


class Quiet(uvicorn.Server):
    @contextmanager
    def capture_signals(self):
        with super().capture_signals():
            yield
            self._captured_signals.clear()


if __name__ == "__main__":
    config = uvicorn.Config("planner:app", port=int(sys.argv[1]), log_level="error", timeout_graceful_shutdown=int(os.getenv("GRACE", 10)))
    Quiet(config).run()
''')

# %% grade_id="shutdown" points=14 why="another style: the server in a thread, which is told to end and waited for"
Path("start.py").write_text('''
import os
import signal
import sys
import threading

import uvicorn

grace = float(os.environ.get("GRACE", "10"))
server = uvicorn.Server(uvicorn.Config("planner:app", host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", timeout_graceful_shutdown=int(grace)))
asked = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: asked.set())
thread = threading.Thread(target=server.run)
thread.start()
while thread.is_alive() and not asked.wait(0.2):
    pass
server.should_exit = True
thread.join()
''')

# %% grade_id="shutdown" points=0 message="exit code -15" why="uvicorn alone: killed by the signal that it sends itself"
Path("start.py").write_text('''
import os
import sys

import uvicorn

grace = int(os.environ.get("GRACE", "10"))
uvicorn.run("planner:app", host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", timeout_graceful_shutdown=grace)
''')

# %% grade_id="shutdown" points=0 message="got no answer" why="leaves Bo's thread and grants it a grace"
Path("start.py").write_text(Path("bos_start.py").read_text().replace('log_level="warning"', 'log_level="warning", timeout_graceful_shutdown=10'))

# %% grade_id="shutdown" points=0 message="got no answer" why="ends the process hard, in the handler of the signal"
Path("start.py").write_text('''
import os
import signal
import sys
from contextlib import contextmanager

import uvicorn


class Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self):
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        yield


Server(uvicorn.Config("planner:app", port=int(sys.argv[1]), log_level="warning")).run()
''')

# %% grade_id="shutdown" points=10 message="the process still runs" why="waits for ever, or for ten seconds whatever GRACE says: passes what is visible" name="wrong-6"
Path("start.py").write_text('''
import os
import signal
import sys

import uvicorn

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
uvicorn.run("planner:app", host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", timeout_graceful_shutdown=10)
''')

# %% grade_id="shutdown" points=9 message="got no answer" why="one second for all: passes what is visible" changes="wrong-6"
-uvicorn.run("planner:app", host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", timeout_graceful_shutdown=10)
+grace = 1
+uvicorn.run("planner:app", host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", timeout_graceful_shutdown=grace)

# %% grade_id="shutdown" points=10 message="Does the service read GRACE" why="three seconds for all, GRACE is not read: passes what is visible" changes="wrong-6"
-uvicorn.run("planner:app", host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", timeout_graceful_shutdown=10)
+grace = 3
+uvicorn.run("planner:app", host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", timeout_graceful_shutdown=grace)

# %% grade_id="shutdown" points=9 message="new connections were still accepted" why="goes on accepting while it waits, and then ends: passes what is visible"
Path("start.py").write_text('''
import os
import signal
import sys
import threading
import time

import uvicorn

from planner import planning

server = uvicorn.Server(uvicorn.Config("planner:app", host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", timeout_graceful_shutdown=0))
asked = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: asked.set())
thread = threading.Thread(target=server.run)
thread.start()
asked.wait()
until = time.monotonic() + int(os.environ.get("GRACE", "10"))
while planning and time.monotonic() < until:
    time.sleep(0.05)
time.sleep(0.3)
server.should_exit = True
thread.join()
''')

# %% grade_id="canary" points=14 why="another style: crc32, and the spread of a binomial instead of the exact one"
Path("canary.py").write_text('''
import zlib
from math import sqrt


def route(rider, share):
    place = zlib.crc32(("eta-8:" + rider).encode()) % 10_000
    return ["stable", "canary"][place < share * 10_000]


def verdict(history):
    seen = expected = spread = 0
    for look in history:
        requests = [look[side]["requests"] for side in ("canary", "stable")]
        errors = [look[side]["errors"] for side in ("canary", "stable")]
        if min(requests) == 0:
            continue
        share, rate = requests[0] / sum(requests), sum(errors) / sum(requests)
        seen += errors[0]
        expected += share * sum(errors)
        spread += sum(errors) * share * (1 - share) * (1 - rate)
    if seen >= 4 and seen - expected > 3.5 * sqrt(spread):
        return "abort"
    if len(history) < 12 or sum(look["canary"]["requests"] for look in history) < 200:
        return "continue"
    return "promote"
''')

# %% grade_id="canary" points=14 why="another style: numpy, the differences of the shares weighted by what each look can tell (Cochran's way)"
Path("canary.py").write_text('''
import hashlib

import numpy as np


def route(rider, share):
    part = int(hashlib.md5(rider.encode()).hexdigest()[:6], 16) / 0x1000000
    if part < share:
        return "canary"
    return "stable"


def verdict(history):
    numbers = np.array([[look[side][what] for side in ("canary", "stable") for what in ("requests", "errors")] for look in history], dtype=float)
    c, ce, s, se = numbers[(numbers[:, 0] > 0) & (numbers[:, 2] > 0)].T
    if len(c):
        weight = c * s / (c + s)
        rate = (ce + se) / (c + s)
        variance = (weight * rate * (1 - rate)).sum()
        difference = (weight * (ce / c - se / s)).sum()
        if variance > 0 and difference / np.sqrt(variance) > 3.6:
            return "abort"
    enough = numbers[:, 0].sum() >= 200
    return "promote" if len(history) >= 12 and enough else "continue"
''')

# %% grade_id="canary" points=0 message="After three calm looks" why="Cy's rule: any difference is too much" changes="solution"
-# Write canary.py.
-Path("canary.py").write_text("""
+Path("canary.py").write_text('''
@@
-    if variance > 0 and (surplus - 0.5) / math.sqrt(variance) > 3.2:  # half an error off: errors come whole
+    if variance > 0 and surplus > 0:
@@
-""")
+''')

# %% grade_id="canary" points=4 message="in which the canary had no requests" why="promotes what nobody has tried" changes="solution"
-# Write canary.py.
-Path("canary.py").write_text("""
+Path("canary.py").write_text('''
@@
-    if variance > 0 and (surplus - 0.5) / math.sqrt(variance) > 3.2:  # half an error off: errors come whole
+    if variance > 0 and surplus / math.sqrt(variance) > 3.7:
@@
-    return "promote" if len(history) >= 12 and answered >= 200 else "continue"
-""")
+    return "promote" if len(history) >= 12 else "continue"
+''')

# %% grade_id="canary" points=5 message="are not any more at 25 %" why="draws lots for the sides" changes="solution"
-# Write canary.py.
-Path("canary.py").write_text("""
-import hashlib
+Path("canary.py").write_text('''
+import random
@@
-    number = int.from_bytes(hashlib.sha256(rider.encode()).digest()[:8], "big") / 2**64
+    number = random.random()
@@
-    if variance > 0 and (surplus - 0.5) / math.sqrt(variance) > 3.2:  # half an error off: errors come whole
+    if variance > 0 and surplus / math.sqrt(variance) > 3.7:
@@
-""")
+''')

# %% grade_id="canary" points=9 message="healthy rollouts" why="the limit of a single look, 1.96, at each of twelve: passes what is visible" changes="solution"
-# Write canary.py.
-Path("canary.py").write_text("""
+Path("canary.py").write_text('''
@@
-    if variance > 0 and (surplus - 0.5) / math.sqrt(variance) > 3.2:  # half an error off: errors come whole
+    if variance > 0 and surplus / math.sqrt(variance) > 1.96:
@@
-""")
+''')

# %% grade_id="canary" points=5 message="were aborted" why="the last look alone, nothing is added up: passes what is visible" changes="solution"
-# Write canary.py.
-Path("canary.py").write_text("""
+Path("canary.py").write_text('''
@@
-    for look in history:
+    for look in history[-1:]:
@@
-    if variance > 0 and (surplus - 0.5) / math.sqrt(variance) > 3.2:  # half an error off: errors come whole
+    if variance > 0 and surplus / math.sqrt(variance) > 3.0:
@@
-""")
+''')

# %% grade_id="canary" points=9 message="the errors of both sides rise" why="adds up the requests, not the differences: Simpson's paradox; passes what is visible" changes="solution"
-# Write canary.py.
-Path("canary.py").write_text("""
+Path("canary.py").write_text('''
@@
-    for look in history:
+    for look in [{side: {what: sum(look[side][what] for look in history) for what in ("requests", "errors")} for side in ("canary", "stable")}]:
@@
-    if variance > 0 and (surplus - 0.5) / math.sqrt(variance) > 3.2:  # half an error off: errors come whole
+    if variance > 0 and surplus / math.sqrt(variance) > 3.7:
@@
-""")
+''')

# %% grade_id="canary" points=10 message="another side in another process" why="Python's own hash, another in each process: passes what is visible" changes="solution"
-# Write canary.py.
-Path("canary.py").write_text("""
+Path("canary.py").write_text('''
@@
-    number = int.from_bytes(hashlib.sha256(rider.encode()).digest()[:8], "big") / 2**64
+    number = hash(rider) % 2**32 / 2**32
@@
-    if variance > 0 and (surplus - 0.5) / math.sqrt(variance) > 3.2:  # half an error off: errors come whole
+    if variance > 0 and surplus / math.sqrt(variance) > 3.7:
@@
-""")
+''')

# %% grade_id="canary" points=10 message="depends on what the numbers look like" why="the last digits of the rider's number: passes what is visible" changes="solution"
-# Write canary.py.
-Path("canary.py").write_text("""
+Path("canary.py").write_text('''
@@
-    number = int.from_bytes(hashlib.sha256(rider.encode()).digest()[:8], "big") / 2**64
+    number = int(rider[-2:].lstrip("-")) / 100
@@
-    if variance > 0 and (surplus - 0.5) / math.sqrt(variance) > 3.2:  # half an error off: errors come whole
+    if variance > 0 and surplus / math.sqrt(variance) > 3.7:
@@
-""")
+''')

# %% grade_id="canary" points=10 message="canaries each of which" why="a rule of thumb on the last look, no sum: passes what is visible"
Path("canary.py").write_text('''
import hashlib
import math


def route(rider, share):
    number = int.from_bytes(hashlib.sha256(rider.encode()).digest()[:8], "big") / 2**64
    return "canary" if number < share else "stable"


def verdict(history):
    c, s = history[-1]["canary"], history[-1]["stable"]
    if c["requests"] and s["requests"] and c["errors"] >= 3:
        share = (c["errors"] + s["errors"]) / (c["requests"] + s["requests"])
        if c["errors"] / c["requests"] - s["errors"] / s["requests"] > 0.055 + 2 * math.sqrt(share / c["requests"]):
            return "abort"
    answered = sum(look["canary"]["requests"] for look in history)
    return "promote" if len(history) >= 12 and answered >= 200 else "continue"
''')
