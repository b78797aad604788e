"""Judges the cache: trips that change by a digit and come back, nights that repeat earlier ones."""

import csv
import io
from datetime import date

from city import draw_city, night_of, truth_of, two_of
from judging import attempt

from judgekit import drawn


def expect_fresh(rehearse, text):
    """Raise AssertionError where a forecast is not that of the night's trips, or train runs when it need not, or not when it must."""
    chance = drawn("fresh")
    trips, listed, truth = two_of(*draw_city("fresh"))
    changed = chance.choice(listed)
    other, other_truth = _one_digit(chance, trips, listed, changed)
    nights = [
        (trips, truth, listed, "the first night"),
        (other, other_truth, [changed], f"a night in which a single digit of the trips has changed, one of {changed}"),
        (trips, truth, [], "a night in which the trips of the first night have come back"),
        (other, other_truth, [], "a night in which the second night's trips have come back"),
    ]
    days = [f"2026-12-{number}" for number in range(21, 25)]
    told = attempt(
        rehearse, text, [night_of(listed, 999.0, day, files={"trips.csv": file}) for day, (file, *_) in zip(days, nights, strict=True)]
    )
    for run, day, (_, right, new, what) in zip(told, days, nights, strict=True):
        assert run["state"] == "SUCCEEDED", f"In {what} the run failed: {run['error'][:300]}"
        states = _trainings(run)
        old = [district for district in new if states.get(district) != "SUCCEEDED"]
        assert not old, (
            f"In {what} train of {old[0]} was {states.get(old[0], 'missing')}: these trips were never learnt from. Does your value change with every change of the file?"
        )
        if not new:
            again = [district for district in listed if states.get(district) != "CACHED"]
            assert not again, (
                f"In {what} train of {again[0]} was {states.get(again[0], 'missing')}: it has learnt from these very trips before, and costs hours."
            )
        _expect_published(run, day, right, what)


def expect_done(rehearse, text):
    """Raise AssertionError where a night that repeats an earlier one does not publish or tell, or the gate or the retries have gone."""
    trips, listed, truth = two_of(*draw_city("done"))
    day = "2026-12-28"
    runs = [
        (
            night_of(listed, 999.0, day, files={"trips.csv": trips}, lost={"publish": 3}),
            "a night in which the pod of publish was lost three times",
        ),
        (night_of(listed, 999.0, day, empty_store=True), "a night that repeats the one before, after somebody has emptied the store"),
        (night_of(listed, 0.01, day, empty_store=True), "a night with a limit that no model keeps"),
        (night_of(listed, 0.01, day), "a second night in which no model keeps the limit"),
    ]
    told = attempt(rehearse, text, [run for run, _ in runs])
    for number, (run, (_, what)) in enumerate(zip(told, runs, strict=True)):
        assert run["state"] == "SUCCEEDED", f"In {what} the run failed: {run['error'][:300]}"
        if number < 2:
            _expect_published(run, day, truth, what)
            continue
        assert not any(path.startswith(day) for path in run["store"]), f"In {what} something was published."
        states = [step["state"] for step in run["steps"] if step["name"] == "tell"]
        assert "SUCCEEDED" in states, (
            f"In {what} tell was {', '.join(states) or 'missing'}: nobody heard of it. May it come from the cache?"
        )


def _one_digit(chance, trips, listed, district):
    """Return the trips with the first digit of one number changed, on a workday to train on, so that the forecast changes; and the truth of them."""
    lines = trips.splitlines(keepends=True)
    last = sorted({line[:10] for line in lines[1:]})[-8]
    places = [
        number
        for number, line in enumerate(lines[1:], 1)
        if f",{district}," in line
        and line[:10] <= last
        and date.fromisoformat(line[:10]).weekday() < 5
        and len(line.rstrip().split(",")[2]) == 2
    ]
    place = chance.choice(places)
    start, number = lines[place].rstrip().rsplit(",", 1)
    digit = chance.choice([one for one in "123456789" if abs(int(one) - int(number[0])) >= 4])
    lines[place] = f"{start},{digit}{number[1]}\n"
    rows = []
    for line in lines[1:]:
        hour, where, number = line.rstrip().split(",")
        rows.append((where, date.fromisoformat(hour[:10]), int(hour[11:13]), int(number)))
    return "".join(lines), {where: truth_of([row for row in rows if row[0] == where]) for where in listed}


def _trainings(run):
    return {step["item"]: step["state"] for step in run["steps"] if step["name"] == "train"}


def _expect_published(run, day, truth, what):
    free = date.fromisoformat(day).weekday() >= 5
    for district, (_, model) in truth.items():
        assert f"{day}/{district}.csv" in run["store"], (
            f"After {what} the forecast of {district} is not in the store. Which step changes the world outside, and may it come from the cache?"
        )
        rows = list(csv.DictReader(io.StringIO(run["store"][f"{day}/{district}.csv"])))
        said, right = [int(row["trips"]) for row in rows], [round(model[free, hour]) for hour in range(24)]
        assert said == right, (
            f"After {what} the forecast of {district} in the store is {said[:4]} …, expected {right[:4]} …, made from that night's trips. Which step came from the cache and should not?"
        )
