"""Judges the three components: fresh trips and weather, sound and broken, and the truth about them."""

import csv
import io
import json
import math
from datetime import date, timedelta
from statistics import fmean, linear_regression

from judging import attempt, step_of

from judgekit import drawn


def draw_days(chance, count):
    """Return the texts of trips and weather of some days, and the truth: (day, trips, °C) for each."""
    first = date(2026, chance.randint(1, 11), chance.randint(1, 28))
    places = chance.sample(["Quay", "Mill", "Abbey", "Park", "Castle"], 3)
    truth, lines = [], []
    for number in range(count):
        day, warm = (first + timedelta(number)).isoformat(), 0.0 if number == 4 else round(chance.uniform(-4, 28), 1)
        counts = {(hour, where): max(0, int(30 + 4 * warm + chance.gauss(0, 12))) for hour in (8, 13, 17) for where in places}
        lines += [f"{day}T{hour:02}:00,{where},{trips}" for (hour, where), trips in counts.items()]
        truth.append((day, sum(counts.values()), warm))
    chance.shuffle(lines)
    weather = [(first - timedelta(1)).isoformat() + ",3.3", *(f"{day},{warm}" for day, _, warm in truth)]
    return "\n".join(["hour,district,trips", *lines]) + "\n", "\n".join(["day,temperature_c", *weather]) + "\n", truth


DEGREES = {"trips": "{data}/trips.csv", "weather": "{data}/weather.csv"}


def expect_degrees(rehearse, text):
    """Raise AssertionError where the learner's join, fit and score are wrong on fresh data."""
    chance = drawn("degrees")
    for _ in range(2):
        trips, weather, truth = draw_days(chance, chance.randint(14, 22))
        test_days = chance.choice([3, 4, 5, 6])
        run = {"arguments": {**DEGREES, "test_days": test_days}, "files": {"trips.csv": trips, "weather.csv": weather}}
        told = attempt(rehearse, text, [run])[0]
        assert told["state"] == "SUCCEEDED", (
            f"With other trips and weather, {test_days} days to test on, the run failed: {told['error'][:400]}"
        )
        table = step_of(told, "join")["outputs"]["days"]
        rows = list(csv.DictReader(io.StringIO(table["text"])))
        got = [(row.get("day"), row.get("trips"), row.get("temperature_c")) for row in rows]
        assert [row[0] for row in got] == [day for day, _, _ in truth], (
            f"With other data the column day of the table is {[row[0] for row in got][:4]} …, expected a row for each of {len(truth)} days, in order."
        )
        for said, right in zip(got, truth, strict=False):
            try:
                same = abs(float(said[1]) - right[1]) < 1e-6 and abs(float(said[2]) - right[2]) < 1e-6
            except (TypeError, ValueError):
                same = False
            assert same, (
                f"With other data the row of a day is {said}, expected {right}: trips of all districts, and the temperature (0.0 is one)."
            )
        _expect_metadata("days", table, {"rows": len(truth), "first": truth[0][0], "last": truth[-1][0]})
        past, future = truth[:-test_days], truth[-test_days:]
        line = linear_regression([warm for *_, warm in past], [number for _, number, _ in past])
        fitted = step_of(told, "fit")["outputs"]["model"]
        try:
            model = json.loads(fitted["text"])
            near = math.isclose(model["slope"], line.slope, rel_tol=1e-4) and math.isclose(model["intercept"], line.intercept, rel_tol=1e-4)
        except (ValueError, KeyError, TypeError):
            raise AssertionError(f"The model of fit is {fitted['text'][:80]!r}, expected JSON with intercept and slope.") from None
        assert near, (
            f"With other data and test_days={test_days} the model is {model}, expected {line.intercept:.4f} and {line.slope:.4f}. "
            "It is fitted to all days but the last test_days; is this number an input of your step?"
        )
        _expect_metadata("model", fitted, {"trained_on": len(past), "last": past[-1][0]})
        error = fmean(abs(line.intercept + line.slope * warm - number) for _, number, warm in future)
        said = step_of(told, "score")["outputs"].get("Output")
        assert isinstance(said, (int, float)) and abs(said - error) < 0.01, (
            f"With other data and test_days={test_days} score returned {said}, expected {error:.3f} trips per day on the last {test_days} days."
        )


def _expect_metadata(what, artefact, expected):
    for key, right in expected.items():
        said = artefact["metadata"].get(key)
        same = said == right if isinstance(right, str) else isinstance(said, (int, float)) and said == right
        assert same, (
            f"The metadata of {what} says {key}: {said!r}, expected {right!r}. It has {sorted(artefact['metadata']) or 'no entry'}."
        )


def expect_loud(rehearse, text):
    """Raise AssertionError where broken data does not stop the right step, with the right words."""
    chance = drawn("loud")
    trips, weather, truth = draw_days(chance, 15)
    day = truth[chance.randint(2, 12)][0]
    lines = weather.splitlines(keepends=True)
    missing = "".join(line for line in lines if not line.startswith(day))
    empty = "".join(f"{day},\n" if line.startswith(day) else line for line in lines)
    few, few_weather, _ = draw_days(chance, 8)
    cases = [
        ("a day with trips has no line in the weather", "join", day, {"trips.csv": trips, "weather.csv": missing}),
        ("a day with trips has an empty temperature", "join", day, {"trips.csv": trips, "weather.csv": empty}),
        ("the file of trips holds its header alone", "join", "trips.csv", {"trips.csv": "hour,district,trips\n", "weather.csv": weather}),
        ("there are two days to train on", "fit", "", {"trips.csv": few, "weather.csv": few_weather}),
    ]
    told = attempt(rehearse, text, [{"arguments": {**DEGREES, "test_days": 6}, "files": files} for *_, files in cases])
    for run, (what, step, word, _) in zip(told, cases, strict=False):
        assert run["state"] == "FAILED", f"In a run {what}, and it was green. A step that hides its failure hands it on."
        failed = next(one for one in run["steps"] if one["state"] == "FAILED")
        assert failed["name"] == step, (
            f"In a run {what}. It stopped in {failed['name']} ({failed['error'][:150]}), expected {step}: the first that can know."
        )
        assert "ValueError" in failed["error"], f"In a run {what}. {step} stopped with {failed['error'][:150]!r}, expected a ValueError."
        assert word in failed["error"], (
            f"In a run {what}. The message is {failed['error'][:150]!r}: it does not say {'which day' if step == 'join' and word == day else 'which file'}."
        )
