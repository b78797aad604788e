"""What the judge cells share: traffic that no one has seen, drawn from LAB_SEED, what must come back, and what must be told of it."""

import hashlib
import importlib.util
import json
import math
import os
import random
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

_once = {}


def drawn(salt):
    """Return a source of chance of its own for each submission and each `salt`."""
    return random.Random(f"{os.environ.get('LAB_SEED', 'lab')} {salt}")


def once(name, make):
    """Return make(), made only the first time that it is asked for under this name."""
    if name not in _once:
        _once[name] = make()
    return _once[name]


def demand():
    """Return the lab's module demand."""
    spec = importlib.util.spec_from_file_location("demand_of_the_lab", "found/demand.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def same_number(one, other):
    """Return whether two values are the same number, but for rounding."""
    return isinstance(one, (int, float)) and not isinstance(one, bool) and math.isclose(one, other, rel_tol=1e-4, abs_tol=2e-3)


def body_of(answer):
    """Return the answer's body if it is a dictionary, else an empty one."""
    return answer["body"] if isinstance(answer["body"], dict) else {}


def was_started(record, part):
    """Fail where the service did not start."""
    assert record["started"], f"With your {part}.py the service did not start: {record['why']}"


FOUND_KEY = "metro-bikes-2025:"  # and a name: what Cy's keys.py lets through
CONTRACT = '''"""A stand-in for contract.py, for the judge of another part."""
import asyncio
import time
from fastapi import Request
from fastapi.responses import JSONResponse

def install(app):
    @app.post("/v1/predict")
    async def predict(request: Request):
        body = await request.body()
        request.state.model_version = app.state.models.current.version
        said = {"model_version": request.state.model_version, "bytes": len(body), "caller": getattr(request.state, "caller", None)}
        return JSONResponse(said, headers={"X-Own": "yes"})

    @app.get("/v1/slow")
    async def slow(ms: int):
        await asyncio.sleep(ms / 1000)
        return {"slept": ms}

    @app.get("/v1/slow-in-a-thread")
    def slow_in_a_thread(ms: int):
        time.sleep(ms / 1000)
        return {"slept": ms}

    @app.post("/v1/boom")
    async def boom():
        raise RuntimeError("the cellar of ana.boom@example.com is flooded")
'''

VERSIONS = '''"""A stand-in for versions.py, for the judge of the contract: at each look another model is current."""
import os
from demand import read_model

class Turning:
    def __init__(self):
        self.models, self.looks = [read_model(f"{os.environ['MODELS']}/{version}.json") for version in "12"], 0

    @property
    def current(self):
        self.looks += 1
        return self.models[self.looks % 2]

def install(app):
    app.state.models = Turning()

    @app.middleware("http")
    async def name(request, call_next):
        answer = await call_next(request)
        answer.headers["X-Said-Version"] = str(getattr(request.state, "model_version", None))
        return answer
'''
TELEMETRY = '''"""A stand-in for telemetry.py, for the judge of another part."""
from fastapi import Response

def install(app):
    @app.get("/metrics")
    def metrics():
        return Response("up 1\\n")
'''

# Exercise 1: the contract


def an_hour(chance, **other):
    """Return a row that a good caller sends."""
    moment = datetime(2025, 10, 1, tzinfo=UTC) + timedelta(hours=chance.randrange(2000))
    row = {
        "station_id": chance.randint(1, 40),
        "time": moment.strftime("%Y-%m-%dT%H:00:00Z"),
        "temperature_c": round(chance.uniform(-8, 30), 1),
        "rain_mm": round(chance.uniform(0, 5), 1),
        "wind_mps": round(chance.uniform(0, 15), 1),
    }
    return {**row, **other}


def _good_bodies():
    chance = drawn("good bodies")
    many = [an_hour(chance) for _ in range(197)]
    many += [many[3], many[190], many[3]]
    chance.shuffle(many)
    hour = an_hour(chance)
    moment = datetime.fromisoformat(hour["time"])
    east = {**hour, "time": moment.astimezone(_zone(chance.choice([2, -7, 9]))).isoformat()}
    half = {**hour, "time": moment.astimezone(_zone(5.5)).isoformat()}
    edges = [{**hour, "temperature_c": -30, "rain_mm": 0, "wind_mps": 60}, {**hour, "temperature_c": 45, "rain_mm": 100, "wind_mps": 0}]
    backwards = sorted([an_hour(chance) for _ in range(20)], key=lambda row: (-row["station_id"], row["time"]))
    return {
        "one row": [hour],
        "200 rows in no order, one of them three times": many,
        "rows sorted by station, the last first": backwards,
        "a time with another zone": [east],
        "a time with the zone +05:30, which is a full hour in UTC": [half],
        "values at the edges of their ranges": edges,
    }


def _zone(hours):
    from datetime import timezone

    return timezone(timedelta(hours=hours))


def _bad_bodies():
    chance = drawn("bad bodies")
    row = an_hour(chance)
    text = json.dumps({"hours": [{**row, "rain_mm": "HERE"}]})
    cases = {
        "rain_mm is NaN": (text.replace('"HERE"', "NaN"), "rain_mm"),
        "rain_mm is Infinity": (text.replace('"HERE"', "Infinity"), "rain_mm"),
        "rain_mm is 1e999": (text.replace('"HERE"', "1e999"), "rain_mm"),
        "station_id is NaN": (json.dumps({"hours": [{**row, "station_id": math.nan}]}), "station_id"),
        "two rows, of which the second is of an unknown station": ([row, {**row, "station_id": chance.randint(41, 900)}], "station_id"),
        "there is no row": ([], "hours"),
        "there are 201 rows": ([row] * 201, "hours"),
        "the body has a field more": ({"hours": [row], "priority": 1}, "priority"),
        "the body has no hours": ({}, "hours"),
        "hours is one row, not a list": ({"hours": row}, "hours"),
        "the body is a list": (json.dumps([row]), ""),
        "the body is null": ("null", ""),
        "the body is 20,000 opening brackets": ("[" * 20_000, ""),
        "the body is cut off": (json.dumps({"hours": [row]})[:-9], ""),
    }
    one = {
        "station_id": [0, 10**30, -chance.randint(1, 40), str(row["station_id"]), True, 7.5, None],
        "temperature_c": [chance.randint(46, 99), -31, "12.5", True, None],
        "rain_mm": [-0.5, 101, "0"],
        "wind_mps": [-1, 60.5, [3]],
        "time": ["2025-10-06T08:00:00", "2025-10-06T08:30:00Z", "2025-10-06T08:00:01Z", "next Monday", 1759737600, None],
    }
    for field, values in one.items():
        cases |= {f"{field} is {json.dumps(value)}": ([{**row, field: value}], field) for value in values}
        cases[f"a row has no {field}"] = ([{name: value for name, value in row.items() if name != field}], field)
    cases["a row has a field more"] = ([{**row, "rider": "ana"}], "rider")
    return cases


def _as_body(rows):
    return {"hours": rows} if isinstance(rows, list) else rows


def play_contract(play):
    """Play good and bad bodies to the learner's contract; return the record of it."""
    good, bad = _good_bodies(), _bad_bodies()
    script = [{"ask": ["POST", "/v1/predict", _as_body(rows)], "key": FOUND_KEY + "ana"} for rows in good.values()]
    script += [{"ask": ["POST", "/v1/predict", _as_body(rows)], "key": FOUND_KEY + "ana"} for rows, _ in bad.values()]
    script.append(script[0])
    return once("contract", lambda: play(["contract"], script, {"versions.py": VERSIONS, "telemetry.py": TELEMETRY}))


def judge_good_bodies(play):
    """Fail where a good request was not answered well."""
    record = play_contract(play)
    was_started(record, "contract")
    models = {version: demand().read_model(f"models/{version}.json") for version in "12"}
    for (name, rows), answer in zip([*_good_bodies().items(), ("one row, after many bad requests", _good_bodies()["one row"])],
                                    [*record["answers"][: len(_good_bodies())], record["answers"][-1]], strict=True):  # fmt: skip
        assert answer["status"] == 200, f"A good request ({name}) was answered with {answer['status']}: {str(answer['body'])[:200]}"
        said = body_of(answer).get("predictions")
        version = body_of(answer).get("model_version")
        assert version in models, f"{name}: the answer's model_version is {version!r}, expected that of the model that computed it, a text."
        noted = answer["headers"].get("x-said-version")
        assert noted == version, (
            f"{name}: the answer's model_version is {version!r}, and in request.state.model_version was {noted}. Another model may become current at any moment: look at current once."
        )
        assert isinstance(said, list) and len(said) == len(rows), (
            f"{name}: {len(said) if isinstance(said, list) else 'no'} predictions for {len(rows)} rows. Each row has its prediction, a repeated row too."
        )
        truth = [models[version].trips(**{**row, "time": datetime.fromisoformat(row["time"]).astimezone(UTC)}) for row in rows]
        other = [
            models["2" if version == "1" else "1"].trips(**{**row, "time": datetime.fromisoformat(row["time"]).astimezone(UTC)})
            for row in rows
        ]
        wrong = [number for number, pair in enumerate(zip(said, truth, strict=True)) if not same_number(*pair)]
        assert not any(same_number(said[number], other[number]) for number in wrong), (
            f"{name}: the answer says model_version {version!r}, and has predictions of the other model. Another model may become current at any moment: look at current once."
        )
        assert not wrong, (
            f"{name}: the prediction at place {wrong[0]} is {said[wrong[0]]!r}, expected {truth[wrong[0]]:.4f}. Look at the order, and at the zone of times: the model's hours are in UTC."
        )


def judge_bad_bodies(play):
    """Fail where a bad request was not refused, or not with a reason."""
    record = play_contract(play)
    was_started(record, "contract")
    bad = _bad_bodies()
    for (name, (_, field)), answer in zip(bad.items(), record["answers"][len(_good_bodies()) : -1], strict=True):
        status, detail = answer["status"], body_of(answer).get("detail")
        assert status < 500, (
            f"A bad request ({name}) was answered with {status}: the service itself failed. What went wrong on its way to a 422?"
        )
        assert status in ((422,) if field else (400, 422)), f"A bad request ({name}) was answered with {status}, expected 422."
        if field:
            named = [str(part) for each in detail for part in each.get("loc", [])] if isinstance(detail, list) else []
            assert field in named, (
                f"A bad request ({name}) was refused, but no loc in its detail names {field}: {str(answer['body'])[:200]}"
            )


# Exercise 2: versions


def _a_model(chance, version, bad=False):
    table = {str(station): [round(chance.uniform(1, 9), 2) for _ in range(168)] for station in (1, 2, 3)}
    if bad:
        table["2"][5] = "many"
    return json.dumps({"version": version, "weather": {"temperature_c": 0.0, "rain_mm": 0.0, "wind_mps": 0.0}, "trips": table})


def play_versions(play):
    """Play switches and requests to the learner's versions; return the record, the script's labels and the truth."""
    return once("versions", lambda: _play_versions(play))


def _play_versions(play):
    chance = drawn("versions")
    first, second, third = (f"{year}-{chance.randint(10, 12)}" for year in (2023, 2024, 2025))
    texts = {version: _a_model(chance, version) for version in (first, second, third, "secret")}
    texts["half"] = _a_model(chance, "half", bad=True)
    index = {version: hashlib.sha256(text.encode()).hexdigest() for version, text in texts.items() if version != "secret"}
    truth = {version: json.loads(text)["trips"]["1"][8] for version, text in texts.items()}
    texts["touched"] = _a_model(chance, "touched")
    index |= {"touched": hashlib.sha256(texts["touched"].replace("1", "2").encode()).hexdigest(), "gone": "0" * 64}
    files = {f"models/{version}.json": text for version, text in texts.items() if version != "secret"}
    files |= {"models/index.json": json.dumps(index), "secret.json": texts["secret"], "models/unlisted.json": _a_model(chance, "unlisted")}
    files["demand.py"] = Path("found/demand.py").read_text().replace(
        "    model = Model(json", "    __import__('time').sleep(0.07)\n    model = Model(json"
    )  # fmt: skip
    hour = {"station_id": 1, "time": "2025-10-06T08:00:00Z", "temperature_c": 10, "rain_mm": 0, "wind_mps": 1}  # a Monday
    asks = {"ask": ["POST", "/v1/predict", {"hours": [hour]}], "key": FOUND_KEY + "ana"}
    put = lambda version: {"ask": ["PUT", "/v1/model", {"model_version": version}], "key": FOUND_KEY + "noor"}  # noqa: E731
    back = {"ask": ["POST", "/v1/model/rollback"], "key": FOUND_KEY + "noor"}
    ready = {"ask": ["GET", "/ready"]}
    steps = [
        ("/ready", ready, 200, first),
        ("a rollback before any switch", back, 409, None),
        ("a forecast", asks, 200, first),
        ("a switch to a version whose file is not what the index says", put("touched"), 409, None),
        ("a switch to a version whose file is there with the right hash, but holds a text among its numbers", put("half"), 409, None),
        ("a switch to a version that is in the index, and whose file is gone", put("gone"), 409, None),
        ("a switch to a version that the index does not name", put("1999-01"), 404, None),
        ("a switch to '../secret', a file outside the folder", put("../secret"), 404, None),
        ("a switch to a file that lies in the folder, and is not in the index", put("unlisted"), 404, None),
        ("a forecast after refused switches", asks, 200, first),
        ("a switch", put(second), 200, second),
        ("a forecast after a switch", asks, 200, second),
        ("a switch to the version that is live", put(second), 200, second),
        ("another switch", put(third), 200, third),
        ("a rollback", back, 200, second),
        ("a forecast after a rollback", asks, 200, second),
        ("a second rollback", back, 200, first),
        ("/ready after rollbacks", ready, 200, first),
        ("a rollback with nothing left to go back to", back, 409, None),
    ]
    script = [step for _, step, *_ in steps]
    script.append({"together": [put(second), *[{**asks, "times": 12} for _ in range(3)]]})
    script += [{"write": {f"models/{second}.json": "{}", f"models/{first}.json": "{}"}}, asks, back, asks]
    settings = {"MODELS": "{place}/models", "MODEL_VERSION": first}
    record = play(["versions"], script, files, settings)
    broken = play(["versions"], [ready], files, {**settings, "MODEL_VERSION": "touched"})
    return record, broken, steps, truth, (first, second)


def judge_switches(play):
    """Fail where a switch, a rollback or a refusal did not come out as it should."""
    record, broken, steps, truth, _ = play_versions(play)
    was_started(record, "versions")
    for (name, step, status, version), answer in zip(steps, record["answers"], strict=False):
        assert answer["status"] == status, f"{name} was answered with {answer['status']}, expected {status}: {str(answer['body'])[:160]}"
        said = body_of(answer)
        assert version is None or said.get("model_version") == version, (
            f"{name} was answered with the model_version {said.get('model_version')!r}, expected {version!r}."
        )
        if "hours" in str(step) and version:
            assert same_number(said["predictions"][0], truth[version]), (
                f"{name}: it says {version}, but that model would have predicted {truth[version]}, not {said['predictions'][0]}."
            )
    is_ready = [answer for answer in broken["answers"] if answer["status"] == 200]
    assert not is_ready, "A service that was started with a version whose file is not what the index says answers 200 at /ready."


def judge_switching_live(play):
    """Fail where requests met a switch, or a changed file, and were not answered by one whole model."""
    record, _, steps, truth, (first, second) = play_versions(play)
    was_started(record, "versions")
    met, last = record["answers"][len(steps) + 1 : -3], record["answers"][-3:]
    assert len(met) == 36 and record["answers"][len(steps)]["status"] == 200, "The switch under load did not succeed."
    for answer in met:
        assert answer["status"] == 200, (
            f"While a version was being loaded, a request was answered with {answer['status']}. The old one must answer until the new one is ready."
        )
        said = body_of(answer)
        version = said.get("model_version")
        assert version in (first, second) and same_number(said["predictions"][0], truth[version]), (
            f"While a version was being loaded, an answer said {version!r} and {said['predictions'][0]}: that model would have predicted {truth.get(version)}."
        )
    for answer, version, when in zip(
        last,
        (second, None, first),
        ("after the files on the disk had been changed", "", "after a rollback to a version whose file on the disk had been changed"),
        strict=True,
    ):
        assert version is None or (answer["status"] == 200 and body_of(answer).get("model_version") == version), (
            f"A forecast {when} was answered with {answer['status']} {str(answer['body'])[:120]}. What is loaded stays in memory, the one before it too."
        )


# Exercise 3: telemetry

FIELDS = {"time", "request_id", "method", "path", "status", "latency_ms", "caller", "model_version"}
SLOW_MS = 450


def play_telemetry(play):
    """Play to the learner's telemetry; return the record and what the client sent: (method, path, status, caller, version, id)."""
    return once("telemetry", lambda: _play_telemetry(play))


def _play_telemetry(play):
    chance = drawn("telemetry")
    name = chance.choice(["ana", "ben", "carla"])
    own = [f"job-{chance.randrange(10**6)}-{number}" for number in range(3)]
    personal = f"{name}.{chance.randrange(1000)}@example.com"
    key = FOUND_KEY + name
    sent = []  # step, method, known path or None, caller, version, id given

    def add(method, path, body=None, known=None, caller=name, version=None, given=None, key=key, headers=None):
        step = {"ask": [method, path, body], "headers": {**(headers or {}), **({"X-Request-ID": given} if given else {})}}
        sent.append(({**step, "key": key} if key else step, method, known, caller, version, given))

    for request_id in own:
        add("POST", "/v1/predict", {"hours": []}, "/v1/predict", version="1", given=request_id)
    add("POST", f"/v1/predict?key={key}&mail={personal}", {"note": personal}, "/v1/predict", version="1")
    for bad in ("x" * 300, 'a"b{c}', "two words", f"{personal}"):
        add("POST", "/v1/predict", {}, "/v1/predict", version="1", given=bad)
    add("POST", "/v1/boom", {}, "/v1/boom")
    add("POST", "/v1/predict", {}, "/v1/predict", caller=None, key="wrong")
    add("DELETE", "/v1/predict", None, "/v1/predict")
    for number in range(40):
        add("GET", f"/v1/riders/{personal}/{chance.randrange(10**6)}-{number}")
    for number in range(12):
        add(f"BREW{chance.randrange(10**6)}X{number}", "/v1/predict", None, "/v1/predict")
    add("GET", f"/v1/slow?ms={SLOW_MS}", None, "/v1/slow")
    quiet = [{"ask": ["GET", path]} for path in ("/health", "/ready", "/metrics", "/health")]
    slow = {"together": [sent[-1][0], {"steps": [{"pause": 0.2}, {"metrics": True}]}]}
    script = [*quiet, *[step for step, *_ in sent[:-1]], slow]
    texts = {"contract.py": CONTRACT}
    record = play(["telemetry"], script, texts)
    return record, sent, personal, key, own


def _telemetry_answers(record):
    """Return the answers to what was sent, and the metrics while a slow request was under way."""
    return record["answers"][4:-1], str(record["answers"][-1]["body"]) if record["answers"] else ""


def judge_logs(play):
    """Fail where the log does not tell what the client saw, or tells too much."""
    record, sent, personal, key, own = play_telemetry(play)
    was_started(record, "telemetry")
    answers, _ = _telemetry_answers(record)
    lines = []
    for line in record["logs"]:
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        assert isinstance(entry, dict), f"A line of the log is no JSON object: {line[:120]!r}"
        for secret, what in ((personal, "an e-mail address"), (key, "a key"), ("example.com", "an e-mail address")):
            assert secret not in line, (
                f"A line of the log holds {what} of a caller: {line[:200]}. It may come in the address, the query, a header or an error's message."
            )
        if "request_id" in entry:
            lines.append(entry)
    assert len(lines) == len(sent), (
        f"{len(sent)} requests were answered (beside those for /health, /ready and /metrics), and the log has {len(lines)} lines of requests."
    )
    by_id = Counter(str(entry["request_id"]) for entry in lines)
    assert by_id.most_common(1)[0][1] == 1, f"{by_id.most_common(1)[0][1]} requests have the same request_id."
    by_id = {str(entry["request_id"]): entry for entry in lines}
    for field, odd in (
        ("path", [e for e in lines if e.get("status") == 404]),
        ("method", [e for e in lines if e.get("method") not in ("GET", "POST", "DELETE")]),
    ):
        words = {str(entry.get(field)) for entry in odd}
        assert len(words) <= 1, (
            f"The log has {len(words)} different values of {field} for what the service does not know, expected one word for all: {sorted(words)[:3]}"
        )
    for (_, method, known, caller, version, given), answer in zip(sent, answers, strict=True):
        what = f"{method[:12]} {known or 'of an unknown path'}, answered with {answer['status']},"
        named = answer["headers"].get("x-request-id")
        assert named, f"A request ({what}) has no header X-Request-ID in its answer."
        assert given not in own or named == given, f"A caller's own request id, {given!r}, was replaced by {named!r}."
        assert given in own or named != given, (
            f"A request id that a caller may not choose, {str(given)[:40]!r}, was taken over. Letters, digits, - and _ are allowed, 64 at most."
        )
        entry = by_id.get(named)
        assert entry, f"A request ({what}) was answered with the X-Request-ID {named!r}, which no line of the log has."
        lacking = FIELDS - set(entry)
        assert not lacking, f"A line of the log lacks {', '.join(sorted(lacking))}: {json.dumps(entry)[:200]}"
        assert entry["status"] == answer["status"], (
            f"The client was answered with {answer['status']}, and the log says {entry['status']!r} ({what[:60]})."
        )
        assert entry["caller"] == caller, (
            f"The log says that the caller was {entry['caller']!r}, expected {caller!r}, as keys.py has put it down ({what})"
        )
        if known is None:
            assert answer["status"] == 404, f"An unknown path was answered with {answer['status']}, expected 404."
        else:
            assert entry["path"] == known, f"The log's path is {entry['path']!r}, expected {known!r}."
        assert version is None or str(entry["model_version"]) == version, (
            f"The log's model_version is {entry['model_version']!r}, expected {version!r}, which computed the answer."
        )
        assert version is not None or entry["model_version"] is None, (
            f"The log names the model_version {entry['model_version']!r} for a request that no model answered ({what})."
        )
        is_number = isinstance(entry["latency_ms"], (int, float)) and not isinstance(entry["latency_ms"], bool)
        low, high = (SLOW_MS - 15 if known == "/v1/slow" else 0), 1000 * answer["seconds"] + 25
        assert is_number and low <= entry["latency_ms"] <= high, (
            f"A request took the client {1000 * answer['seconds']:.0f} ms, and its latency_ms in the log is {entry['latency_ms']!r} (the server needed at least {low} ms)."
        )
        try:
            moment = datetime.fromisoformat(str(entry["time"]))
        except ValueError:
            moment = None
        assert moment and moment.tzinfo, f"The log's time is {entry['time']!r}, expected a date and time in ISO 8601, with its zone."
        if answer["status"] >= 500:
            assert isinstance(answer["body"], dict), f"A route that raised was answered with {str(answer['body'])[:60]!r}, expected JSON."
            assert "flooded" not in str(answer["body"]), (
                "An error's message came out in the answer with 500. It is for the team, not for the caller."
            )


def read_metrics(text):
    """Return the families in a text in Prometheus' format, by name without _total."""
    from prometheus_client.parser import text_string_to_metric_families

    try:
        return {family.name.removesuffix("_total"): family for family in text_string_to_metric_families(text)}
    except Exception as error:
        raise AssertionError(f"/metrics cannot be read by Prometheus' own parser: {error}") from None


def judge_metrics(play):
    """Fail where the metrics have other types, other numbers than the client, or labels without bounds."""
    record, sent, personal, key, _ = play_telemetry(play)
    was_started(record, "telemetry")
    answers, during = _telemetry_answers(record)
    text = record["metrics"]
    assert text, "There is nothing at /metrics."
    families = read_metrics(text)
    for name, kind in (("http_requests", "counter"), ("http_request_duration_seconds", "histogram"), ("http_requests_in_flight", "gauge")):
        full = name + ("_total" if kind == "counter" else "")
        assert name in families, (
            f"/metrics has no {full}; it has {', '.join(sorted(name for name in families if not name.startswith(('python', 'process')))) or 'none of yours'}."
        )
        assert families[name].type == kind, f"{full} is a {families[name].type}, expected a {kind}."
    for secret in (personal, key, "example.com", "/v1/riders"):
        assert secret not in text, f"/metrics holds {secret!r}, which a caller has sent. Labels are for a few values that you know before."
    counts, labels = Counter(), {"method": set(), "path": set(), "status": set()}
    for sample in families["http_requests"].samples:
        if sample.name.endswith("_total"):
            lacking = set(labels) - set(sample.labels)
            assert not lacking, f"http_requests_total lacks the label {', '.join(sorted(lacking))}."
            counts[sample.labels["path"], sample.labels["status"]] += sample.value
            for label, values in labels.items():
                values.add(sample.labels[label])
    assert len(labels["path"]) <= 12 and len(labels["method"]) <= 10, (
        f"After 40 unknown paths and 12 made-up methods, http_requests_total has {len(labels['path'])} values of path and {len(labels['method'])} of method: anybody can make it grow."
    )
    saw = Counter((known, str(answer["status"])) for (_, _, known, *_), answer in zip(sent, answers, strict=True))
    for (known, status), number in saw.items():
        if known:
            assert counts[known, status] == number, (
                f"The client had {number} answers with {status} from {known}, and http_requests_total says {counts[known, status]:g}."
            )
    everything = sum(counts.values())
    assert everything == len(sent), (
        f"The client had {len(sent)} answers (beside /health, /ready and /metrics), and http_requests_total sums to {everything:g}."
    )
    slow = {"count": 0.0, "sum": 0.0}
    for sample in families["http_request_duration_seconds"].samples:
        for kind in slow:
            if sample.name.endswith(f"_{kind}") and sample.labels.get("path") == "/v1/slow":
                slow[kind] += sample.value
    assert slow["count"] == 1 and SLOW_MS / 1000 - 0.02 <= slow["sum"] < 10, (
        f"One request of {SLOW_MS} ms was answered at /v1/slow; the histogram says {slow['count']:g} requests, and {slow['sum']:g} s in all."
    )
    at_end, meanwhile = (
        sum(s.value for s in read_metrics(said)["http_requests_in_flight"].samples) if said else -1 for said in (text, during)
    )
    assert meanwhile == 1, f"While one slow request was under way, http_requests_in_flight was {meanwhile:g}, expected 1."
    assert at_end == 0, f"When all was answered, http_requests_in_flight was {at_end:g}, expected 0. Does it also fall after an error?"


# Exercise 4: keys

COUNTING_APP = """import hmac, secrets
compared = []
_true = hmac.compare_digest
def _count(a, b):
    compared.append(1)
    return _true(a, b)
hmac.compare_digest = secrets.compare_digest = _count
"""


def play_keys(play):
    """Play good, bad and stolen keys to the learner's keys; return the record, the labels and all keys."""
    return once("keys", lambda: _play_keys(play))


def _play_keys(play):
    chance = drawn("keys")
    make = lambda: "mb_" + "".join(chance.choice("abcdefghijkmnpqrstuvwxyzABCDEFGH23456789") for _ in range(24))  # noqa: E731
    old, new, newest, admin, expired, later = (make() for _ in range(6))
    names = chance.sample(["town-hall", "tram-office", "harbour", "university", "workshop"], 3)
    past, future = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 2))

    def entry(key, name, role="reader", **more):
        return {"name": name, "role": role, "sha256": hashlib.sha256(key.encode()).hexdigest(), **more}

    entries = [
        entry(old, names[0]), entry(expired, names[1], expires=past.isoformat()), entry(admin, "noor", "admin"), entry(new, names[0]),
        entry(later, names[2], expires=future.strftime("%Y-%m-%dT%H:%M:%SZ")),
    ]  # fmt: skip
    chance.shuffle(entries)
    rotated = [each for each in entries if each["sha256"] != entry(old, "")["sha256"]] + [entry(newest, names[1])]
    predict = ["POST", "/v1/predict", {"hours": []}]
    put, back = ["PUT", "/v1/model", {"model_version": "1"}], ["POST", "/v1/model/rollback"]
    digest = hashlib.sha256(old.encode()).hexdigest()
    steps = [
        ("no key", predict, None, 401, None),
        ("an empty key", predict, "", 401, None),
        ("a key that nobody has", predict, make(), 401, None),
        ("the beginning of a key", predict, old[:-3], 401, None),
        ("a key with something behind it", predict, old + "x", 401, None),
        ("a key in capitals", predict, old.upper(), 401, None),
        ("the hash that stands in the file, sent as a key", predict, digest, 401, None),
        ("a key with a letter that is not ASCII", predict, "schlüssel-é", 401, None),
        ("a key that has expired", predict, expired, 401, None),
        ("a reader's old key", predict, old, 200, names[0]),
        ("the same reader's new key", predict, new, 200, names[0]),
        ("a key that expires in two days", predict, later, 200, names[2]),
        ("an admin's key", predict, admin, 200, "noor"),
        ("a reader's key, for a switch", put, new, 403, None),
        ("a reader's key, for a rollback", back, new, 403, None),
        ("an admin's key, for a switch", put, admin, 200, None),
        ("an expired key, for a switch", put, expired, 401, None),
        ("no key, for a switch", put, None, 401, None),
        ("no key, for a path that does not exist", ["GET", "/v1/nothing"], None, 401, None),
        ("no key, for /metrics-of-yesterday, which is not /metrics", ["GET", "/metrics-of-yesterday"], None, 401, None),
        ("no key, for /health", ["GET", "/health"], None, 200, None),
        ("no key, for /ready", ["GET", "/ready"], None, 200, None),
        ("no key, for /metrics", ["GET", "/metrics"], None, 200, None),
        ("an old key that was taken out of the file", predict, old, 401, None),
        ("the new key that has stayed", predict, new, 200, names[0]),
        ("a key that was put into the file a moment ago", predict, newest, 200, names[1]),
    ]
    script = [{"ask": ask, **({} if key is None else {"key": key})} for _, ask, key, *_ in steps]
    script.insert(len(script) - 3, {"write": {"keys.json": json.dumps(rotated)}})
    script.append({"ask": ["GET", "/compared"], "key": admin})
    app = COUNTING_APP + Path("found/app.py").read_text()
    app = app.replace(
        "versions.install(app)\n", '@app.get("/compared")\ndef count():\n    return {"compared": len(compared)}\n\nversions.install(app)\n'
    )
    texts = {"contract.py": CONTRACT, "keys.json": json.dumps(entries), "app.py": app, "telemetry.py": TELEMETRY}
    record = play(["keys"], script, texts, {"KEYS_FILE": "{place}/keys.json"})
    return record, steps, [old, new, newest, admin, expired, later]


def judge_doors(play, first=True):
    """Fail where somebody came in who may not, or was kept out who may: before the file changed, or after."""
    record, steps, keys = play_keys(play)
    was_started(record, "keys")
    for number, ((name, ask, _, status, caller), answer) in enumerate(zip(steps, record["answers"], strict=False)):
        if (number < len(steps) - 3) != first:
            continue
        assert answer["status"] == status, f"{name} ({ask[0]} {ask[1]}): answered with {answer['status']}, expected {status}."
        if status == 401:
            assert "www-authenticate" in answer["headers"], (
                f"{name}: a 401 without the header WWW-Authenticate, which says how one may come in."
            )
        if caller:
            assert body_of(answer).get("caller") == caller, (
                f"{name}: request.state.caller was {body_of(answer).get('caller')!r}, expected the name in the file."
            )
        where = [str(answer["body"]), *record["logs"], record["errors"]]
        said = [key for key in keys if any(key in text for text in where)]
        assert not said, "A key came out again: in an answer, in the log or in the error output. It must stand nowhere."


def judge_comparing(play):
    """Fail where keys are compared in another way than asked."""
    record, steps, _ = play_keys(play)
    judge_doors(play, first=False)
    count = body_of(record["answers"][-1]).get("compared", 0)
    assert count >= 8, (
        f"{len(steps)} requests came with keys, and hmac.compare_digest was called {count} times. A comparison with == tells by its time how much of a text was right."
    )


# Exercise 5: limits


def play_limits(play):
    """Play large, many, slow and unfinished requests to the learner's limits; return the record and the settings."""
    return once("limits", lambda: _play_limits(play))


def _play_limits(play):
    chance = drawn("limits")
    most, burst = chance.randint(1500, 4000), chance.randint(5, 8)
    settings = {"MAX_BODY": most, "RATE_BURST": burst, "RATE_PER_SECOND": 0.51, "TIMEOUT_SECONDS": 0.4}
    key = lambda name: FOUND_KEY + name  # noqa: E731
    post = lambda body, name, **more: {"ask": ["POST", "/v1/predict", body], "key": key(name), **more}  # noqa: E731
    chunk = "y" * 100
    sizes = [post("x" * most, "sizes"), post("x" * (most + 1), "sizes"), post("x" * 40_000, "sizes")]
    sizes += [post([chunk] * (most // 100), "chunks"), post([chunk] * (most // 100 + 5), "chunks")]
    get = lambda path, name: {"ask": ["GET", path], "key": key(name), "timeout": 6}  # noqa: E731
    fast = [get("/v1/slow?ms=20", "quick"), get("/v1/slow-in-a-thread?ms=20", "quick"), get("/v1/nothing", "quick"), post("{}", "quick")]
    half = f"POST /v1/predict HTTP/1.1\r\nHost: x\r\nX-API-Key: {key('half')}\r\nContent-Length: 100\r\n\r\nonly this"
    hurried = [{**post("{}", "hurried"), "times": burst + 6}, {"pause": "as told"}, post("{}", "hurried")]
    script = [
        *sizes,
        *fast,
        {"together": [
            get("/v1/slow?ms=2000", "slow"), get("/v1/slow-in-a-thread?ms=2000", "thread"), {"raw": half, "seconds": 4},
            {"steps": hurried}, {"steps": [{"pause": 0.2}, post("{}", "other"), {"ask": ["GET", "/health"], "times": burst + 4}]},
        ]},
    ]  # fmt: skip
    record = play(["limits"], script, {"contract.py": CONTRACT, "telemetry.py": TELEMETRY}, settings)
    return record, most, burst


def judge_sizes(play):
    """Fail where a large body passed, or a small one did not."""
    record, most, _ = play_limits(play)
    was_started(record, "limits")
    answers = record["answers"]
    for number, (what, size, status) in enumerate([
        (f"a body of {most} bytes", most, 200), (f"a body of {most + 1} bytes", 0, 413), ("a body of 40,000 bytes", 0, 413),
        (f"a body of {most // 100 * 100} bytes in chunks", most // 100 * 100, 200), (f"a body of {(most // 100 + 5) * 100} bytes in chunks", 0, 413),
    ]):  # fmt: skip
        assert answers[number]["status"] == status, (
            f"MAX_BODY is {most}: {what} was answered with {answers[number]['status']}, expected {status}. (In chunks there is no Content-Length: count what arrives.)"
        )
        assert not size or body_of(answers[number]).get("bytes") == size, (
            f"{what} came through, but the route read {body_of(answers[number]).get('bytes')} bytes of it."
        )
    for answer, status in zip(answers[5:9], (200, 200, 404, 200), strict=True):
        assert status == 404 or answer["headers"].get("content-type", "").startswith("application/json"), (
            "An answer lost its header Content-Type on its way through the limits."
        )
        assert answer["status"] == status, (
            f"With the limits in place, a small and quick request was answered with {answer['status']}, expected {status}."
        )
    assert answers[8]["headers"].get("x-own") == "yes", "An answer lost a header of its own on its way through the limits."


def judge_time(play):
    """Fail where a slow request was waited for."""
    record, *_ = play_limits(play)
    was_started(record, "limits")
    answers = record["answers"]
    for answer, what in (
        (answers[9], "a route that takes 2 s, an async def"),
        (answers[10], "a route that takes 2 s, a plain def in a thread"),
    ):
        assert answer["status"] == 504, (
            f"TIMEOUT_SECONDS is 0.4: {what}, was answered with {answer['status']} after {answer['seconds']:.1f} s, expected 504."
        )
        assert answer["seconds"] < 1.7, (
            f"TIMEOUT_SECONDS is 0.4: {what}, was answered with 504, but only after {answer['seconds']:.1f} s. Who waited for it?"
        )
    assert answers[11]["status"] in (408, 504), (
        f"A client sent half of its body and then nothing: it was answered with {answers[11]['status'] or 'nothing in 4 s'}, expected 408 (or 504)."
    )


def judge_rate(play):
    """Fail where somebody asked too often and was answered, or somebody else paid for it."""
    record, _, burst = play_limits(play)
    was_started(record, "limits")
    hurried, after = record["answers"][12 : 12 + burst + 6], record["answers"][12 + burst + 6]
    other, health = record["answers"][12 + burst + 7], record["answers"][12 + burst + 8 :]
    statuses = [answer["status"] for answer in hurried]
    took = sum(answer["seconds"] for answer in hurried)
    assert statuses[:burst] == [200] * burst, (
        f"RATE_BURST is {burst}, and of a caller's first {burst} requests {statuses[:burst].count(429)} were refused."
    )
    most = burst + int(0.51 * took) + 1
    assert statuses.count(200) <= most and statuses.count(429) == len(statuses) - statuses.count(200), (
        f"RATE_BURST is {burst} and RATE_PER_SECOND 0.51: of {len(statuses)} requests within {took:.1f} s {statuses.count(200)} were answered with 200 (at most {most} should be), the others with {sorted(set(statuses) - {200})}."
    )
    told = [answer["headers"].get("retry-after", "") for answer in hurried if answer["status"] == 429]
    assert all(text.isdigit() and 1 <= int(text) <= 2 for text in told), (
        f"A 429 said Retry-After: {told[0]!r}, expected whole seconds after which there is a token again: 1 or 2 here."
    )
    assert after["status"] == 200, (
        f"The caller waited the {told[-1]} s that Retry-After said, and was answered with {after['status']} again."
    )
    assert other["status"] == 200, (
        f"While one caller was refused, another one was answered with {other['status']}. Each caller has a bucket."
    )
    assert {answer["status"] for answer in health} == {200}, (
        "Some requests for /health were refused: a busy service would be restarted for being busy."
    )


# Exercise 6: the container


def read_dockerfile(text):
    """Return the instructions of a Dockerfile, as dockerfile-parse reads them."""
    import io

    from dockerfile_parse import DockerfileParser

    parser = DockerfileParser(fileobj=io.BytesIO(text.encode()))
    return [(step["instruction"].upper(), step["value"].strip()) for step in parser.structure if step["instruction"] != "COMMENT"]


def hadolint(text):
    """Return what hadolint has against a Dockerfile, from warnings on."""
    program = str(Path(sys.executable).parent / "hadolint")
    done = subprocess.run([program, "--no-fail", "-f", "json", "-"], input=text, capture_output=True, text=True, timeout=20)
    return [
        f"line {found['line']}: {found['code']} {found['message']}"
        for found in json.loads(done.stdout)
        if found["level"] in ("error", "warning")
    ]


def as_list(value):
    """Return the words of an instruction in exec form, or None."""
    try:
        words = json.loads(re.sub(r"^(--\S+\s+)*(CMD\s+)?", "", value))
    except ValueError:
        return None
    return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None


def last_stage(steps):
    """Return the instructions from the last FROM on."""
    begin = max(number for number, (name, _) in enumerate(steps) if name == "FROM")
    return steps[begin:]


def judge_image():
    """Fail where the image is not what it should be: its base, its layers, its user, what it holds."""
    path = Path("service/Dockerfile")
    assert path.is_file(), "There is no file service/Dockerfile."
    text = path.read_text(errors="replace")
    steps = read_dockerfile(text)
    assert any(name == "FROM" for name, _ in steps), "service/Dockerfile has no FROM."
    found = hadolint(text)
    assert not found, f"hadolint: {found[0]}"
    stages = {value.split()[-1] for name, value in steps if name == "FROM" and " as " in value.lower()}
    given = dict(value.strip().split("=", 1) for name, value in steps if name == "ARG" and "=" in value)
    for value in (value for name, value in steps if name == "FROM"):
        base = next(word for word in value.split() if not word.startswith("--"))
        base = re.sub(r"\$\{?(\w+)\}?", lambda name: given.get(name[1], name[0]), base)
        pinned = base in stages or "@sha256:" in base or re.search(r":\d+\.\d+\.\d+", base)
        assert pinned, f"The base {base!r} can become another one overnight: pin it to three numbers, or to a digest."
    last = last_stage(steps)
    users = [value.split(":")[0] for name, value in last if name == "USER"]
    assert users and users[-1] not in ("root", "0"), (
        f"The service would run as {users[-1] if users else 'root'}. Give it a USER without rights."
    )
    copies = [(number, value) for number, (name, value) in enumerate(steps) if name in ("COPY", "ADD") and "--from=" not in value]
    install = next(
        (number for number, (name, value) in enumerate(steps) if name == "RUN" and re.search(r"(pip|uv)\b.*\binstall", value)), None
    )
    assert install is not None, "No RUN installs requirements.txt."
    before = [value for number, value in copies if number < install]
    mounted = not before and "--mount" in steps[install][1]
    assert mounted or (
        before and all("requirements" in value and ".py" not in value and " . " not in f" {value.split()[0]} " for value in before)
    ), (
        "The code is copied before the packages are installed: each change of a line of code would install all packages again. Copy requirements.txt alone first."
    )
    ignored = Path("service/.dockerignore").read_text().split() if Path("service/.dockerignore").is_file() else []
    all_copied = any(word in (".", "./", "*") for _, value in copies for word in value.split()[:-1])
    keys_out = any(line.strip("/*") in ("keys.json", "keys", ".json", "") and not line.startswith("!") for line in ignored)
    named = any("keys.json" in value for _, value in copies)
    assert not named and (not all_copied or keys_out), (
        "keys.json would be copied into the image. Who has the image has the keys' hashes, for ever: name the files to copy, or leave it out with service/.dockerignore."
    )
    secret = next(
        (
            value
            for name, value in steps
            if name in ("ENV", "ARG") and re.search(r"metro-bikes-2025|(?i:[a-z_]*(KEY|SECRET|TOKEN|PASSWORD))[= ]", value)
        ),
        None,
    )
    assert not secret and "metro-bikes-2025" not in text, "A secret stands in the Dockerfile; docker history shows it to everybody."


def judge_process():
    """Fail where the container would not start well, stop well, or tell how it is."""
    path = Path("service/Dockerfile")
    assert path.is_file(), "There is no file service/Dockerfile."
    steps = read_dockerfile(path.read_text(errors="replace"))
    assert any(name == "FROM" for name, _ in steps), "service/Dockerfile has no FROM."
    last = last_stage(steps)
    commands = {name: value for name, value in last if name in ("CMD", "ENTRYPOINT")}
    assert commands, "Nothing says what the container runs: there is no CMD or ENTRYPOINT."
    words = []
    for name in ("ENTRYPOINT", "CMD"):
        if name in commands:
            part = as_list(commands[name])
            assert part is not None, (
                f"{name} is in shell form: then a shell is process 1, and the SIGTERM that asks the service to end never reaches it. Use the exec form, a JSON list."
            )
            words += part
    line = " ".join(words)
    if words[:1] in (["sh"], ["bash"], ["/bin/sh"], ["/bin/bash"]):
        assert words[1:2] == ["-c"] and len(words) > 2 and words[2].lstrip().startswith("exec "), (
            "The exec form starts a shell, and so a shell is process 1 again, unless its one command begins with exec. Start uvicorn itself."
        )
        line = words[2]
    assert "uvicorn" in line and "app:app" in line, f"The container runs {line!r}: expected uvicorn with app:app."
    environment = " ".join(value for name, value in last if name == "ENV")
    assert re.search(r"--host[= ](0\.0\.0\.0|::)", line) or re.search(r"\bUVICORN_HOST[= ]\"?(0\.0\.0\.0|::)", environment), (
        f"The container runs {line!r}: it would listen on its own loopback only, where nobody outside reaches it."
    )
    assert "--reload" not in line, "--reload is for the desk: it watches files and runs the service in a second process."
    workers = re.search(r"(?:--workers|-w)[= ](\d+)", line)
    assert not workers or workers[1] == "1", (
        f"With {workers and workers[1]} workers each has its own counters and buckets: /metrics would tell of one of them by chance. Run one process a container, and more containers."
    )
    assert "--no-access-log" in line, "uvicorn's own access log would print each address with its query beside your lines: --no-access-log."
    checks = [value for name, value in last if name == "HEALTHCHECK"]
    assert checks and "none" not in checks[-1].lower().split(), "There is no HEALTHCHECK."
    assert re.search(r"/(health|ready)\b", checks[-1]), f"The HEALTHCHECK asks neither /health nor /ready: {checks[-1][:120]}"
    tool = re.search(r"\bcurl\b", checks[-1]) if "alpine" in last[0][1] else re.search(r"\b(?:curl|wget)\b", checks[-1])
    installed = any(name == "RUN" and re.search(r"(apt-get|apk)\b.*\b" + tool[0], value) for name, value in last) if tool else True
    assert installed, (
        f"The HEALTHCHECK needs {tool and tool[0]}, which a slim image does not have: it would call every container ill. Python can ask, too."
    )


# Exercise 7: the roll


def roll_scenarios():
    """Return for each scenario: its plan, its requests, whether it should succeed, and the patience."""
    chance = drawn("roll")
    ask = lambda ms: {"ask": ["POST", f"/v1/predict?{ms}", {}]}  # noqa: E731
    busy = [ask(chance.choice([20, 30, 40])), ask(chance.choice([350, 400])), ask(25), ask(10)]
    quick = [ask(15), ask(30)]
    return {
        "a good version, with slow requests under way": ({"2": {"READY_SECONDS": chance.choice([0.15, 0.25])}}, busy, True, 2.0),
        "a version that never gets ready": ({"2": {"READY_SECONDS": "never"}}, quick, False, 1.0),
        "a version that dies while it starts": ({"2": {"DIES": "yes"}}, quick, False, 2.5),
        "a version that loads another model than it was asked for": ({"2": {"LOADS": "1"}}, quick, False, 1.0),
        "a version of which the second instance never gets ready": ({"2": {}, "2 #3": {"READY_SECONDS": "never"}}, busy, False, 1.5),
        "a good version, while one request takes for ever": (
            {"2": {}},
            [ask(20), ask(30), ask(20), {**ask(11_000), "once": True}],
            True,
            1.2,
        ),
    }


def play_rolls(play):
    """Play all scenarios to the learner's roll, at once."""
    asked = [{"plans": plans, "requests": requests, "patience": patience} for plans, requests, _, patience in roll_scenarios().values()]
    return once("rolls", lambda: dict(zip(roll_scenarios(), play(asked), strict=True)))


def judge_roll(play, names):
    """Fail where a roll lost a request, ended in another state, or left something running."""
    for name, (_, _, good, patience) in roll_scenarios().items():
        if not any(part in name for part in names):
            continue
        record = play_rolls(play)[name]
        assert not record["why"], f"{name}: your roll stopped with {record['why']}"
        stuck = "for ever" in name
        lost = [a for a in record["answers"] if a["status"] != 200 and not (stuck and a["seconds"] > patience)]
        assert not lost, (
            f"{name}: {len(lost)} of {len(record['answers'])} requests were lost (status {lost[0]['status']}). History: {_told(record)}"
        )
        expected = "2" if good else "1"
        serving = [list(pair) for pair in record["serving"]]
        assert serving == [[expected, expected]] * 2, (
            f"{name}: in the end these instances serve (asked for, loaded): {serving}, expected two of version {expected}. History: {_told(record)}"
        )
        assert record["alive"] == 2, (
            f"{name}: {record['alive']} processes are left running, expected the two that serve. History: {_told(record)}"
        )
        assert record["fewest"] >= 2, (
            f"{name}: at some time only {record['fewest']} instance served. Add the new one before you remove the old one. History: {_told(record)}"
        )
        assert "not ready" not in [what for what, _ in record["history"]], (
            f"{name}: an instance was added before it was ready. History: {_told(record)}"
        )
        assert record["result"] is good, f"{name}: roll returned {record['result']!r}, expected {good}."
        limit = 3 * patience + 4
        assert record["took"] < limit, (
            f"{name}: the roll took {record['took']:.1f} s, with a patience of {patience} s. What did it wait for?"
        )


def _told(record):
    return ", ".join(f"{what} {version}" for what, version in record["history"])[:300]


# The last act


def last_act():
    """Return the traffic of a day, good, bad and hostile, with the files that the service needs for it."""
    chance = drawn("last act")
    make = lambda: "mb_" + "".join(chance.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(24))  # noqa: E731
    keys = {name: make() for name in ("town-hall", "tram-office", "noor")}
    entries = [
        {"name": name, "role": "admin" if name == "noor" else "reader", "sha256": hashlib.sha256(key.encode()).hexdigest()}
        for name, key in keys.items()
    ]
    predict = lambda body, key, **more: {"ask": ["POST", "/v1/predict", body], "key": key, **more}  # noqa: E731
    good = [predict({"hours": [an_hour(chance) for _ in range(chance.randint(1, 30))]}, keys["town-hall"]) for _ in range(14)]
    row = an_hour(chance)
    bad = [
        predict({"hours": [{**row, "station_id": 99}]}, keys["tram-office"]),
        predict({"hours": [{**row, "rain_mm": math.nan}]}, keys["tram-office"]),
    ]
    bad += [predict({"hours": []}, keys["tram-office"]), {"ask": ["GET", "/v1/predict"], "key": keys["tram-office"]}]
    hostile = [predict("x" * 40_000, keys["tram-office"]), predict({"hours": [row]}, make()), predict("[" * 3000, keys["tram-office"])]
    hostile += [
        {"ask": ["PUT", "/v1/model", {"model_version": "3"}], "key": keys["town-hall"]},
        {"ask": ["GET", f"/v1/{make()}?key={keys['noor']}"]},
    ]
    hostile += [predict({"hours": [row]}, keys["town-hall"], headers={"X-Request-ID": "y" * 200})]
    traffic = good + bad + hostile
    chance.shuffle(traffic)
    return traffic, json.dumps(entries)


def score_last_act(play):
    """Return up to 6 points: 2 if no request was lost, 2 if the log agrees with the client, 2 if the metrics do; and print what is amiss."""
    traffic, keys = last_act()
    record = play(traffic, keys)
    assert not record["why"], f"The roll of your own service stopped with {record['why']}"
    return agreement(record)


def agreement(record):
    """Return the points of a record, and say what is amiss."""
    answers, points = record["answers"], 0
    lost = [a for a in answers if a["status"] in (0, 502, 503)]
    fine = [a for a in answers if a["status"] == 200 and a["version"] in ("1", "2")]
    if not lost and {a["version"] for a in fine} == {"1", "2"} and [pair[0] for pair in record["serving"]] == ["2", "2"]:
        points += 2
    else:
        print(
            f"{len(lost)} of {len(answers)} requests were lost; good answers came from the versions {sorted({a['version'] for a in fine})}; in the end {record['serving']} serve"
        )
    ids = Counter(a["id"] for a in answers)
    entries = []
    for line in record["logs"]:
        try:
            entry = json.loads(line)
        except ValueError:
            entry = {}
        if isinstance(entry, dict) and "request_id" in entry:
            entries.append((entry["request_id"], entry.get("status")))
    if Counter(entries) == Counter((a["id"], a["status"]) for a in answers) and max(ids.values()) == 1:
        points += 2
    else:
        print(
            f"the client had {len(answers)} answers with {len(ids)} request ids, the log has {len(entries)} lines of requests, and they do not agree"
        )
    saw, counted = Counter(str(a["status"]) for a in answers), Counter()
    for text in record["metrics"]:
        for family in read_metrics(text).values() if text else []:
            if family.name == "http_requests":
                for sample in family.samples:
                    if sample.name.endswith("_total"):
                        counted[sample.labels.get("status")] += int(sample.value)
    if counted == saw:
        points += 2
    else:
        print(f"the client had the answers {dict(saw)}, the metrics of all instances sum to {dict(counted)}")
    return points
