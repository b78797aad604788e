"""What the judge cells of the city's pipeline share: fresh trips, and what its run must give and hand over."""

import csv
import io
import re
from datetime import date, timedelta
from statistics import fmean

from cluster import load_spec
from judging import attempt, tasks_of

from judgekit import drawn


def draw_trips(chance, cities, days=16):
    """Return the text of some cities' trips, some counts of them impossible; the hour from five to six is on the last days alone."""
    first, lines = date(2026, chance.randint(3, 11), chance.randint(1, 12)), ["hour,city,trips"]
    for number in range(days):
        day = first + timedelta(number)
        if number >= days - 3:
            lines += [f"{day}T05:00,{city},{chance.randint(1, 12)}" for city in cities]
        for hour in range(6, 23):
            for size, city in enumerate(cities, 1):
                trips = 9999 if chance.random() < 0.02 else int(20 * size + 6 * hour * (day.weekday() < 5) + chance.randint(0, 30))
                lines.append(f"{day}T{hour:02}:00,{city},{trips}")
    return "\n".join(lines) + "\n"


def city_truth(trips, city, holidays, test_days):
    """Return the sentence that the night of one city ends with, the rows, how many are free, and whether one hour is clearly the worst."""
    rows = [(row["hour"], min(int(row["trips"]), 400)) for row in csv.DictReader(io.StringIO(trips)) if row["city"] == city]
    days = sorted({hour[:10] for hour, _ in rows})

    def kind(hour):
        return hour[:10] in holidays or date.fromisoformat(hour[:10]).weekday() >= 5, hour[11:13]

    seen, past, future = {}, days[:-test_days], days[-test_days:]
    for hour, count in rows:
        if hour[:10] in past:
            seen.setdefault(kind(hour), []).append(count)
    mean = fmean(count for each in seen.values() for count in each)
    errors = [(abs((fmean(seen[kind(hour)]) if kind(hour) in seen else mean) - count), hour) for hour, count in rows if hour[:10] in future]
    free = sum(kind(hour)[0] for hour, _ in rows)
    mae, two = fmean(error for error, _ in errors), sorted(errors)[-2:]
    clear = two[1][0] - two[0][0] > 1e-6 and abs(mae * 100 % 1 - 0.5) > 1e-6
    return f"off by {mae:.2f} trips per hour, most at {max(errors)[1]}", len(rows), free, clear


def city_runs(salt):
    """Return runs of city_night on fresh trips, and of each the truth and what is special."""
    for number in range(50):  # until no two hours are equally bad
        runs, truths, clear = _city_runs(drawn(f"{salt} {number}"))
        if clear:
            break
    return runs, truths


def _city_runs(chance):
    cities = chance.sample(["Quayside", "Millbrook", "Abbey", "Castleford"], 2)
    trips = draw_trips(chance, cities)
    days = sorted({line[:10] for line in trips.splitlines()[1:]})
    work = [day for day in days if date.fromisoformat(day).weekday() < 5]
    cases = [
        (
            cities[0],
            [chance.choice(work[:5]), work[-2]],
            chance.choice([4, 5, 6]),
            "other trips (one hour of the day is in the test days alone), holidays and test days",
        ),
        (cities[1], [], 5, "another city, no holiday at all, and an hour that is in the test days alone"),
        (cities[0], [work[1], work[2], work[-1]], 5, "other holidays, on the same cluster as before"),
    ]
    runs = [
        {
            "arguments": {"trips": "{data}/trips.csv", "city": city, "holidays": holidays, "test_days": test_days},
            "files": {"trips.csv": trips},
        }
        for city, holidays, test_days, _ in cases
    ]
    truths = [city_truth(trips, city, holidays, test_days) for city, holidays, test_days, _ in cases]
    told = [(*truth[:3], case[0], case[3]) for truth, case in zip(truths, cases, strict=True)]
    return runs, told, all(truth[3] for truth in truths)


def expect_city(rehearse, text):
    """Raise AssertionError where the night of one city goes wrong on the cluster."""
    _city(rehearse, text, slice(0, 2))


def _city(rehearse, text, chosen):
    runs, truths = city_runs("city")
    told = attempt(rehearse, text, runs[: chosen.stop])
    for run, (sentence, _, _, _, what) in zip(told[chosen], truths[chosen], strict=True):
        assert run["state"] == "SUCCEEDED", f"With {what} the run failed: {run['error'][:400]}"
        said = run["outputs"].get("Output")
        assert said == sentence, f"With {what} the night says {said!r}, expected {sentence!r}."
    return told, truths


PATH = re.compile(r"(^|[\s\"'=:])(/[\w.-]+){2,}|\w+\.(csv|json|txt|mean)\b")


def _texts(value):
    if isinstance(value, dict):
        return [text for one in value.items() for text in _texts(one)]
    if isinstance(value, (list, tuple)):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) else []


def expect_handed_over(rehearse, text):
    """Raise AssertionError where files do not go as artefacts, or artefacts do not say what they are."""
    told, truths = _city(rehearse, text, slice(0, 3))
    run, (_, rows, _, city, _) = told[2], truths[2]
    kinds = {}
    for step in run["steps"]:
        assert not step.get("changed"), (
            f"The step {step['name']} changes its input {step['changed'][0]}. On a cluster that is a copy of its own; an input is read only."
        )
        for key, value in step["outputs"].items():
            if isinstance(value, dict) and {"type", "text", "metadata"} <= set(value):
                kinds.setdefault(value["type"], []).append((step["name"], key, value))
                hidden = [one for one in _texts(value["metadata"]) if PATH.search(one)]
                assert not hidden, f"The metadata of {step['name']}'s {key} names a file, {hidden[0]!r}: it lies in a pod that is gone."
            else:
                hidden = [one for one in _texts(value) if PATH.search(one)]
                assert not hidden, f"{step['name']} returns the name of a file, {hidden[0]!r}: it lies in a pod that is gone."
    assert "system.Dataset" in kinds, "No step gives a Dataset. Tables are files: they go as artefacts of this type."
    assert "system.Model" in kinds, "No step gives a Model. The model is a file: it goes as an artefact of this type."
    for kind in ("system.Dataset", "system.Model"):
        for name, key, value in kinds[kind]:
            assert value["text"] or key in ("errors",), f"The artefact {key} of {name} is empty: what readers need must lie at its path."
            assert value["metadata"].get("city") == city, (
                f"The metadata of {name}'s {key} says city: {value['metadata'].get('city')!r}, expected {city!r}."
            )
            if kind == "system.Dataset" and name in ("clean", "mark"):
                assert value["metadata"].get("rows") == rows, (
                    f"The metadata of {name}'s {key} says rows: {value['metadata'].get('rows')!r}, expected {rows}."
                )
    spec, _ = load_spec(text)
    trained = tasks_of(spec, "test")
    takes = {
        about["artifactType"]["schemaTitle"]
        for task, _ in trained
        for about in spec["components"][task["componentRef"]["name"]].get("inputDefinitions", {}).get("artifacts", {}).values()
    }
    assert {"system.Model", "system.Dataset"} <= takes, (
        f"The step test takes {sorted(takes) or 'no artefact'}, expected a Model and a Dataset."
    )
