"""Judges the gate: other districts and limits, failures, and what is retried."""

import csv
import io
import math
from datetime import datetime
from statistics import fmean

from city import draw_city, night_of
from cluster import load_spec
from judging import attempt, dags_of, function_of

from judgekit import drawn


def expect_gate(rehearse, text):
    """Raise AssertionError where fan-out or gate go wrong with other districts, trips and limits."""
    trips, listed, truth = draw_city("gate")
    worst, mean = max(error for error, _ in truth.values()), fmean(error for error, _ in truth.values())
    between = attempt(rehearse, text, [night_of(listed, (worst + mean) / 2, files={"trips.csv": trips})])[0]
    assert between["state"] == "SUCCEEDED", f"With other districts and trips the run failed: {between['error'][:300]}"
    errors = {
        step["item"]: step["outputs"].get("Output") for step in between["steps"] if step["name"] == "evaluate" and step["item"] is not None
    }
    assert sorted(errors) == sorted(listed), (
        f"The districts of the run were {sorted(listed)}; tested in a turn of the loop were {sorted(map(str, errors))}."
    )
    for district, (error, _) in truth.items():
        assert abs(errors[district] - error) < 1e-6, (
            f"The error of a district is {errors[district]:.4f}, expected {error:.4f}: trained on its training table, and tested on its test table."
        )
    assert not between["store"], (
        f"The mean error was {mean:.1f}, the worst {worst:.1f}, the limit {(worst + mean) / 2:.1f}: there was published {sorted(between['store'])}. One district is above the limit."
    )
    told = [step for step in between["steps"] if step["name"] == "tell" and step["state"] == "SUCCEEDED"]
    assert len(told) == 1, f"One district was above the limit, and `tell` ran {len(told)} times, expected once."
    said = told[0]["inputs"].get("error")
    assert isinstance(said, float) and abs(said - worst) < 1e-6, f"`tell` was given the error {said}, expected the worst one, {worst:.4f}."
    exact = max(errors.values())
    day = "2026-12-26"
    at, below = attempt(
        rehearse,
        text,
        [
            night_of(listed, exact, day, files={"trips.csv": trips}),
            night_of(listed, math.nextafter(exact, 0), "2026-12-27", empty_store=True),
        ],
    )
    assert sorted(at["store"]) == sorted(f"{day}/{district}.csv" for district in listed), (
        f"The worst error was exactly the limit, which is 'at most the limit'. Published: {sorted(at['store']) or 'nothing'}, expected the three districts."
    )
    assert not [step for step in at["steps"] if step["name"] == "tell" and step["state"] == "SUCCEEDED"], (
        "All was published, and `tell` ran all the same."
    )
    assert sum(step["name"] == "publish" and step["state"] == "SUCCEEDED" for step in at["steps"]) == 1, (
        "publish ran more than once, expected one for all models."
    )
    for district, (_, model) in truth.items():
        rows = list(csv.DictReader(io.StringIO(at["store"][f"{day}/{district}.csv"])))
        right = [round(model[datetime.fromisoformat(day).weekday() >= 5, hour]) for hour in range(24)]
        assert [int(row["trips"]) for row in rows] == right, f"What was published for {district} is not the forecast of its own model."
    assert not below["store"], "The worst error was above the limit by the smallest step there is, and something was published."


def expect_stops(rehearse, text):
    """Raise AssertionError where a failure is not stopped, or the wrong thing is retried."""
    trips, listed, _ = draw_city("stops")
    chance = drawn("which stops")
    gone = chance.choice(listed)
    without = "".join(line for line in trips.splitlines(keepends=True) if f",{gone}," not in line)
    full = {"trips.csv": trips}
    broken, thrice, often = attempt(
        rehearse,
        text,
        [
            night_of(listed, 999.0, files={"trips.csv": without}),
            night_of(listed, 999.0, "2026-12-01", files=full, lost={"publish": 3}, empty_store=True),
            night_of(listed, 999.0, "2026-12-02", lost={"publish": 4}),
        ],
    )
    assert broken["state"] == "FAILED", (
        f"There were no trips of {gone}, and the run was {broken['state']}. If a step fails in any district, the run fails."
    )
    assert not broken["store"], f"There were no trips of {gone}, and {sorted(broken['store'])} was published."
    states = [(step["state"], step["attempts"]) for step in thrice["steps"] if step["name"] == "publish"]
    assert thrice["state"] == "SUCCEEDED", (
        f"The pod of publish was lost three times, and then the run was given up ({states}). Expected: up to three attempts more after the first."
    )
    assert sorted(thrice["store"]) == sorted(f"2026-12-01/{district}.csv" for district in listed), (
        "After three lost pods the store does not hold one forecast for each district."
    )
    assert often["state"] == "FAILED", "The pod of publish was lost four times, and it was tried a fifth time. Three retries, no more."
    failed = next(step for step in broken["steps"] if step["state"] == "FAILED")
    assert failed["attempts"] == 1, (
        f"{failed['name']} failed on missing trips, and was tried {failed['attempts']} times: it will fail every time. Retry publish alone."
    )
    spec = load_spec(text)
    retried = {
        function_of(spec, task)
        for dag in dags_of(spec)
        for task in dag["tasks"].values()
        if task.get("retryPolicy", {}).get("maxRetryCount")
    }
    strange = sorted(retried - {"publish"})
    assert not strange, f"In the compiled pipeline {', '.join(strange)} is retried, too. Given the same input, it will fail again."
