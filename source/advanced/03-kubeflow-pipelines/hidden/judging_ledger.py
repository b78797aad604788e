"""What the judge cells of the ledger share: hours that are played again, and what must be booked."""

import csv
import io
from pathlib import Path
from statistics import fmean

from cluster import load_spec
from judging import attempt, tasks_of

from judgekit import drawn


def ledger_trips(chance, cities, hours):
    """Return the text of some cities' trips on four days, at some hours of the day."""
    lines = ["hour,city,trips"]
    for day in range(10, 14):
        lines += [f"2026-02-{day}T{hour:02}:00,{city},{chance.randint(5, 90)}" for city in cities for hour in hours]
    return "\n".join(lines) + "\n"


def ledger_truth(trips, cities):
    """Return what the ledger must hold of a run: {city: (error, [(hour, trips)])}."""
    truth = {}
    for city in cities:
        seen = {}
        for row in csv.DictReader(io.StringIO(trips)):
            if row["city"] == city:
                seen.setdefault(int(row["hour"][11:13]), []).append(int(row["trips"]))
        error = fmean(abs(count - fmean(each)) for each in seen.values() for count in each)
        truth[city] = error, [(hour, round(fmean(seen[hour]))) for hour in sorted(seen)]
    return truth


def expect_ledger(tables, job, truth, what):
    """Raise AssertionError where the ledger does not hold a run's rows, once and whole."""
    held = next(iter(tables.values()), {})
    assert {"runs", "forecasts"} <= set(held), f"{what}: the ledger has the tables {sorted(held) or 'none'}, expected runs and forecasts."
    for city, (error, rows) in truth.items():
        lines = [line for line in held["runs"] if line[:2] == [job, city]]
        assert len(lines) == 1, (
            f"{what}: runs has {len(lines)} lines of run {job} and {city}, expected one. It has the runs {sorted({str(line[0]) for line in held['runs']})[:4]}."
        )
        assert abs(float(lines[0][2]) - error) < 1e-6 and int(lines[0][3]) == len(rows), (
            f"{what}: the line of {city} says error and rows {lines[0][2:]}, expected {error:.4f} and {len(rows)}."
        )
        there = sorted((int(line[2]), int(line[3])) for line in held["forecasts"] if line[:2] == [job, city])
        assert there == rows, (
            f"{what}: forecasts has {len(there)} lines of run {job} and {city}, expected {len(rows)}, one for each hour"
            + (
                f"; the hours {sorted({hour for hour, _ in there} ^ {hour for hour, _ in rows})[:5]} differ."
                if len(there) == len(set(there))
                else ", and some are there twice."
            )
        )


def record_run(source, cities, **more):
    """Return a run of the pipeline `record`."""
    return {"arguments": {"source": "{data}/" + source, "cities": cities, "ledger": "{store}/ledger.db"}, **more}


def expect_recorded(rehearse, text):
    """Raise AssertionError where pods that die leave doubles, halves or nothing."""
    chance = drawn("ledger")
    cities = chance.sample(["Quayside", "Old Mill", "St. Mary's", "Abbey"], 2)
    hours = sorted(chance.sample(range(24), 8))
    fewer = hours[:5]
    trips, fewer_trips = ledger_trips(chance, cities, hours), ledger_trips(chance, cities, fewer)
    truth, fewer_truth = ledger_truth(trips, cities), ledger_truth(fewer_trips, cities[:2])
    files = {"a.csv": trips, "b.csv": fewer_trips}
    first, second, third = (f"r-{chance.randint(1000, 9999)}-{n}" for n in range(3))
    cys = (Path(__file__).parent / "cys_record.yaml").read_text()
    told = attempt(
        rehearse,
        text,
        [
            record_run("a.csv", cities[:2], compiled=cys, files=files, job="old"),
            record_run("a.csv", cities, job=first, lost={"enter": 2}, killed={"enter": [0, 0, 0, chance.randint(3, 6)]}),
            record_run("a.csv", cities[:1], job=second, killed={"enter": [1, chance.randint(4, 7), 9]}),
            record_run("b.csv", cities[:2], job=first),
            record_run("a.csv", cities[:1], job=third, killed={"enter": [2, 4, 6, 7]}, lost={"enter": 4}),
            record_run("a.csv", cities[:1], job=third),
            record_run("b.csv", cities[:1], job=third, killed={"enter": [*chance.sample([2, 3, 4], 3), 3]}),
        ],
    )
    before, lost, killed, again, given_up, repeated, replaced = told
    assert before["state"] == "SUCCEEDED", "The judge's own ledger could not be made."
    old = {name: rows for name, rows in next(iter(before["tables"].values())).items() if rows}
    assert lost["state"] == "SUCCEEDED", f"Three pods of enter were lost or killed, and the run failed: {lost['error'][:300]}"
    expect_ledger(lost["tables"], first, truth, "A pod was lost twice after its work, another killed in the middle")
    for name, rows in old.items():
        kept = [row for row in next(iter(lost["tables"].values()))[name] if row in rows]
        assert len(kept) == len(rows), (
            f"The ledger had {len(rows)} rows in {name}, from Cy's time; {len(kept)} are left. Other runs stay as they are."
        )
    assert killed["state"] == "SUCCEEDED", (
        f"A pod of enter was killed three times, and the run failed: {killed['error'][:300]} Three retries were asked for."
    )
    expect_ledger(killed["tables"], second, {cities[0]: truth[cities[0]]}, "A pod was killed three times in the middle")
    expect_ledger(killed["tables"], first, truth, "After another run was entered")
    assert again["state"] == "SUCCEEDED", f"A run was started again under the same name, and failed: {again['error'][:300]}"
    expect_ledger(
        again["tables"],
        first,
        {**truth, **fewer_truth},
        f"A run was started again, with corrected trips that have {len(fewer)} hours instead of {len(hours)}",
    )
    assert given_up["state"] == "FAILED", "Four pods of enter died, and it was tried a fifth time. Three retries, no more."
    held = next(iter(given_up["tables"].values()))
    if any(row[0] == third for name in ("runs", "forecasts") for row in held[name]):
        expect_ledger(
            given_up["tables"],
            third,
            {cities[0]: truth[cities[0]]},
            "A run's pods died in the middle until it was given up. All of a city or nothing",
        )
    assert repeated["state"] == "SUCCEEDED", f"The run that was given up was started again, and failed: {repeated['error'][:300]}"
    expect_ledger(repeated["tables"], third, {cities[0]: truth[cities[0]]}, "The run that was given up was started again")
    try:
        expect_ledger(replaced["tables"], third, {cities[0]: fewer_truth[cities[0]]}, "")
    except AssertionError:
        expect_ledger(
            replaced["tables"],
            third,
            {cities[0]: truth[cities[0]]},
            "A run that was in the ledger was started again, and its pods died in the middle until it was given up. Then what was there before must still be there, whole",
        )
    spec, _ = load_spec(text)
    cached = [task for task, _ in tasks_of(spec, "enter") if task.get("cachingOptions", {}).get("enableCache")]
    assert not cached, "enter may come from the cache: then a run that repeats another enters nothing."
