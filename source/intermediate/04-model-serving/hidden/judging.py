"""What the judge cells share: models, trips, rollouts of their own, drawn from LAB_SEED, and services that the learner's files start."""

import json
import time
from contextlib import contextmanager, suppress
from datetime import UTC

import numpy as np
from eta import FEATURES, as_row, load_model, save_model
from services import ask

BIKES = ["classic", "ebike"]


@contextmanager
def started(steer, file, settings, **options):
    """Start the learner's service through steer(…), give (address, process) to the block, and end it."""
    try:
        service = steer("start", file, {name: str(value) for name, value in settings.items()}, **options)
    except Exception as error:
        raise AssertionError(f"{file} did not come up: {error}") from None
    try:
        yield service["url"], service["pid"]
    finally:
        with suppress(Exception):
            steer("end", service["pid"])


HURRY = """
import asyncio, os, sys, time

sleep, sleep_async = time.sleep, asyncio.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.01))
asyncio.sleep = lambda delay, result=None: sleep_async(min(delay, 0.01), result)
time.time, time.monotonic = (lambda clock=clock, begin=clock(): begin + 20 * (clock() - begin) for clock in (time.time, time.monotonic))
sys.path.insert(0, os.getcwd())
from NAME import app
"""


def hurried(name, place):
    """Write a service to the folder that is the learner's, but no sleep is longer than 10 ms, and clocks run twenty times as fast. Return its file."""
    file = place / f"hurried_{name}.py"
    file.write_text(HURRY.replace("NAME", name))
    return str(file)


def asked(url, path, body=None, raw=None):
    """Return status and answer; a service that breaks the connection has status 0."""
    try:
        return ask(url, path, body, raw)
    except Exception as error:
        return 0, f"{type(error).__name__}: {error}"


def plans_in_hand(url):
    """Return how many plans the planner says that it is making; 0 if it does not say."""
    said = asked(url, "/health")[1]
    return said.get("planning", 0) if isinstance(said, dict) else 0


def until(true, seconds=10.0):
    """Return what true() returns as soon as that is true; what it returned last after so many seconds."""
    end = time.monotonic() + seconds
    while not (said := true()) and time.monotonic() < end:
        time.sleep(0.02)
    return said


def draw_model(rng, version, path):
    """Write a model of random trees to the path, and return it opened. Each of its features counts in every answer."""
    low, high = [0.0, -110, 0, 0, 0, 0], [7.0, 110, 1, 24, 1, 3]
    trees = []
    for _ in range(90):
        feature, threshold = rng.integers(0, len(FEATURES), 15), []
        for number in range(7):
            threshold.append(round(float(rng.uniform(low[feature[number]], high[feature[number]])), 4))
        inner = list(range(7))
        trees.append(
            {
                "feature": [int(feature[number]) for number in inner] + [0] * 8,
                "threshold": threshold + [0.0] * 8,
                "left": [2 * number + 1 for number in inner] + list(range(7, 15)),
                "right": [2 * number + 2 for number in inner] + list(range(7, 15)),
                "value": [0.0] * 7 + [round(float(value), 4) for value in rng.normal(0, 0.2, 8)],
            }
        )
    coef = [round(float(value), 4) for value in rng.uniform(0.4, 0.9, 6) * [6, 0.2, -4, 0.5, 3, 2]]
    fill = {"rain_mm": round(float(rng.uniform(0.2, 0.7)), 4)}
    save_model({"version": str(version), "fill": fill, "base": float(rng.uniform(3, 6)), "coef": coef, "trees": trees}, path)
    return load_model(path)


def draw_prepared(rng, count):
    """Return prepared trips."""
    return [
        {
            "straight_km": round(float(rng.uniform(0.3, 6)), 3),
            "climb_m": float(rng.integers(-90, 90)),
            "bike_type": BIKES[rng.integers(0, 2)],
            "hour": round(float(rng.uniform(0, 23.9)), 3),
            "weekend": bool(rng.integers(0, 2)),
            "rain_mm": round(float(rng.uniform(0, 2)), 2),
        }
        for _ in range(count)
    ]


def truth(model, trips):
    """Return the right answers for prepared trips."""
    return model.minutes([as_row(trip) for trip in trips])


def near(said, right, tolerance=1e-6):
    """Return whether two lists of numbers are the same, as long and in the same order."""
    if not isinstance(said, list) or len(said) != len(right):
        return False
    numbers = all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in said)
    return numbers and all(abs(one - two) <= tolerance for one, two in zip(said, right, strict=True))


def minutes_of(answer):
    """Return what an answer holds under minutes, None if it holds nothing of the kind."""
    return answer.get("minutes") if isinstance(answer, dict) else None


def short(answer, most=160):
    """Return an answer as a text that fits in a message."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return text if len(text) <= most else text[:most] + " …"


# Exercise 1: what a service accepts


def as_json(trip):
    """Return a trip as JSON, field by field, so that single values can be replaced by raw text."""
    return {name: json.dumps(value) for name, value in trip.items()}


def body_of(fields, more=""):
    """Return the raw body with one trip of such fields."""
    return '{"trips": [{' + ", ".join(f'"{name}": {raw}' for name, raw in fields.items()) + "}]" + more + "}"


def faulty_bodies(rng):
    """Return for each of two groups (types, values): what is wrong, the field at fault, raw body; each in an order of its own."""
    trip = as_json(draw_prepared(rng, 1)[0])
    one = body_of(trip)[len('{"trips": [') : -len("]}")]
    numbers = ["straight_km", "climb_m", "hour", "rain_mm"]
    types = [(f"{name} is missing", name, body_of({k: v for k, v in trip.items() if k != name})) for name in trip]
    types += [(f"{name} is null", name, body_of({**trip, name: "null"})) for name in trip]
    types += [(f"{name} is {raw}", name, body_of({**trip, name: raw})) for name in numbers for raw in ('"3"', "true", "[3]")]
    types += [(f"weekend is {raw}", "weekend", body_of({**trip, "weekend": raw})) for raw in ("1", "0", '"yes"', '"true"')]
    types.append(("bike_type is 1", "bike_type", body_of({**trip, "bike_type": "1"})))
    types.append(("a trip has a field ebike too many", "ebike", body_of({**trip, "ebike": "1"})))
    types.append(("the body has a field city too many, beside trips", "city", body_of(trip, ', "city": 1')))
    types.append(("trips is null", "trips", '{"trips": null}'))
    types.append(("trips is missing", "trips", "{}"))
    types.append(("the body is a list", "", f"[{one}]"))
    types.append(("the body is no JSON", "", "trips=1"))
    endless = ("NaN", "Infinity", "-Infinity", '"NaN"', "1e999")
    values = [(f"{name} is {raw}", name, body_of({**trip, name: raw})) for name in numbers for raw in endless]
    for name, raw in [
        ("weekend", "NaN"),
        ("bike_type", "NaN"),
        ("bike_type", '"tandem"'),
        ("bike_type", '"Ebike"'),
        ("hour", "24"),
        ("hour", "-0.1"),
        ("straight_km", "-0.01"),
        ("rain_mm", "-0.1"),
        ("straight_km", "30.1"),
        ("straight_km", "1e308"),
        ("climb_m", "501"),
        ("climb_m", "-1e308"),
        ("rain_mm", "50.5"),
    ]:
        values.append((f"{name} is {raw}", name, body_of({**trip, name: raw})))
    values.append(("a trip has a field wind too many, whose value is NaN", "wind", body_of({**trip, "wind": "NaN"})))
    values.append(("there are 0 trips", "trips", '{"trips": []}'))
    values.append(("there are 201 trips", "trips", '{"trips": [' + ", ".join([one] * 201) + "]}"))
    return {name: [found[n] for n in rng.permutation(len(found))] for name, found in {"types": types, "values": values}.items()}


# Exercise 2: raw trips


def draw_raw(rng, count, days, minute=True, offset=False, missing=False):
    """Return raw trips on these days of the week (0 is Monday), with the times in UTC, or as a phone elsewhere would write them."""
    from datetime import datetime, timedelta, timezone

    trips = []
    while len(trips) < count:
        time_utc = datetime(2025, 11, 3, tzinfo=UTC) + timedelta(seconds=int(rng.integers(0, 200 * 86400)))
        if not minute:
            time_utc = time_utc.replace(minute=0, second=0)
        if time_utc.weekday() not in days:
            continue
        there = timezone(timedelta(hours=int(rng.choice([-5, -3, 1, 2, 5])), minutes=int(rng.choice([0, 30])))) if offset else UTC
        text = time_utc.astimezone(there).isoformat()
        start, end = (int(number) for number in rng.choice(np.arange(1, 41), 2, replace=False))
        rain = None if missing and rng.random() < 0.6 else round(float(rng.uniform(0, 2.5)), 1)
        trips.append(
            {
                "start_station": start,
                "end_station": end,
                "bike_type": BIKES[rng.integers(0, 2)],
                "started_at": text if offset else text.replace("+00:00", "Z"),
                "rain_mm": rain,
            }
        )
    return trips


# Exercise 7: rollouts

LOOKS = 12
SHARES = [0.1] * 4 + [0.25] * 4 + [0.5] * 4


def draw_rollout(rng, kind):
    """Return a rollout's 12 looks, and the look (from 1) at which the canary becomes worse, 0 if never."""
    base = float(rng.uniform(0.006, 0.014))
    since = {"small": 1, "early": int(rng.integers(1, 5)), "late": int(rng.integers(6, 9)), "crash": int(rng.integers(2, 11))}.get(kind, 0)
    bad_day = set(range(8, 12)) if kind == "incident late" else set(range(0, 4)) if kind == "incident early" else set()
    mean = {"night": 12, "quiet": float(rng.uniform(30, 60))}.get(kind, 600)
    if kind == "quiet":
        base = float(rng.uniform(0.02, 0.04))
    looks = []
    for look, share in enumerate([0.1] * LOOKS if kind == "quiet" else SHARES):
        total = int(rng.poisson(mean * (1 + look / 6 * (kind == "growth"))))
        canary = int(rng.binomial(total, share))
        rate = float(rng.uniform(0.1, 0.2)) if look in bad_day else base
        worse = 0 if not since or look + 1 < since else {"crash": 0.5, "small": 0.025}.get(kind, 0.08)
        looks.append(
            {
                "stable": {"requests": total - canary, "errors": int(rng.binomial(total - canary, rate))},
                "canary": {"requests": canary, "errors": int(rng.binomial(canary, rate + worse))},
            }
        )
    return looks, since


def draw_riders(rng, count):
    """Return rider numbers that all end in 00 to 49, many of them next to each other."""
    hundreds = np.arange(count // 50 + 1) + int(rng.integers(10, 900))
    return [f"r-{hundred}{last:02d}" for hundred in hundreds for last in range(50)][:count]
