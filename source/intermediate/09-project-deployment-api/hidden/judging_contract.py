"""The judge of the contract: good and bad bodies, drawn from LAB_SEED, and what must come back."""

import json
import math
from datetime import UTC, datetime, timedelta, timezone

from judging import FOUND_KEY, TELEMETRY, body_of, demand, once, same_number, was_started

from judgekit import drawn

VERSIONS = '''"""A stand-in for versions.py, for the judge of the contract: at each look another model is current."""
import os
from demand import read_model

class Turning:
    def __init__(self):
        self.models, self.looks = [read_model(f"{os.environ['MODELS']}/{version}.json") for version in "12"], 0

    @property
    def current(self):
        if self.models is None:
            return None
        self.looks += 1
        return self.models[self.looks % 2]

def install(app):
    app.state.models = Turning()

    @app.put("/v1/model")
    async def take_away():
        app.state.models.models = None

    @app.middleware("http")
    async def name(request, call_next):
        answer = await call_next(request)
        answer.headers["X-Said-Version"] = str(getattr(request.state, "model_version", None))
        return answer
'''


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
    day = [moment + timedelta(hours=number) for number in range(24)]  # at night two hours may be alike by chance
    east = [{**hour, "time": each.astimezone(_zone(zone)).isoformat()} for zone in [chance.choice([2, -7, 9])] for each in day]
    half = [{**hour, "time": each.astimezone(_zone(5.5)).isoformat()} for each in day]
    edges = [{**hour, "temperature_c": -30, "rain_mm": 0, "wind_mps": 60}, {**hour, "temperature_c": 45, "rain_mm": 100, "wind_mps": 0}]
    backwards = sorted([an_hour(chance) for _ in range(20)], key=lambda row: (-row["station_id"], row["time"]))
    return {
        "one row": [hour],
        "200 rows in no order, one of them three times": many,
        "rows sorted by station, the last first": backwards,
        "times with another zone": east,
        "times with the zone +05:30, which are full hours in UTC": half,
        "values at the edges of their ranges": edges,
    }


def _zone(hours):
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
        "time": [
            "2025-10-06T08:00:00",
            "2025-10-06T08:30:00Z",
            "2025-10-06T08:00:01Z",
            "next Monday",
            1759737600,
            None,
            "1759737600",
            "1759737600000",
            "0001-01-01T00:00:00+02:00",
            "9999-12-31T23:00:00-02:00",
        ],
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
    script += [script[0], {"ask": ["PUT", "/v1/model"], "key": FOUND_KEY + "ana"}, script[0]]  # the last one meets no model
    return once("contract", lambda: play(["contract"], script, {"versions.py": VERSIONS, "telemetry.py": TELEMETRY}))


def judge_good_bodies(play):
    """Fail where a good request was not answered well."""
    record = play_contract(play)
    was_started(record, "contract")
    models = {version: demand().read_model(f"models/{version}.json") for version in "12"}
    for (name, rows), answer in zip([*_good_bodies().items(), ("one row, after many bad requests", _good_bodies()["one row"])],
                                    [*record["answers"][: len(_good_bodies())], record["answers"][-3]], strict=True):  # fmt: skip
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
        assert not any(isinstance(said[n], float) and math.isclose(said[n], other[n], rel_tol=1e-9) for n in wrong), (
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
    for (name, (_, field)), answer in zip(bad.items(), record["answers"][len(_good_bodies()) : -3], strict=True):
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
    last = record["answers"][-1]["status"]
    assert last == 503, f"While no model was loaded (current is None), a good request was answered with {last}, expected 503."
