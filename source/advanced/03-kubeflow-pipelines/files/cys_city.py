"""Cy's night for one city. On his laptop it is green."""

import os
from pathlib import Path

from kfp import dsl
from kfp.dsl import Dataset, Input, Model, Output

os.environ["METRO_HOLIDAYS"] = " ".join((Path(__file__).parent / "holidays.txt").read_text().split())


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def clean(trips: str, city: str, table: Output[Dataset]):
    """Write a city's trips by hour, impossible counts cut."""
    import csv
    import os

    from cys_helpers import capped

    with open(trips, newline="") as file:
        rows = [[row["hour"], capped(row["trips"])] for row in csv.DictReader(file) if row["city"] == city]
    with open("clean.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["hour", "trips"])
        writer.writerows(rows)
    table.metadata["city"] = city
    table.metadata["rows"] = len(rows)
    table.metadata["where"] = os.path.abspath("clean.csv")


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def mark(table: Input[Dataset]) -> int:
    """Mark each hour as free, 1, on weekends and holidays, or not, 0; return how many are free."""
    import csv
    import os
    from datetime import date

    holidays = os.environ.get("METRO_HOLIDAYS", "").split()
    with open(table.metadata["where"], newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        day = row["hour"][:10]
        row["free"] = int(day in holidays or date.fromisoformat(day).weekday() >= 5)
    with open(table.metadata["where"], "w", newline="") as file:
        writer = csv.DictWriter(file, ["hour", "trips", "free"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return sum(row["free"] for row in rows)


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def train(table: Input[Dataset], test_days: int, model: Output[Model]):
    """Learn the mean trips of each hour, of free days and others, from all days but the last; and the mean of all, for hours never seen."""
    import csv
    import json
    from statistics import fmean

    with open(table.metadata["where"], newline="") as file:
        rows = list(csv.DictReader(file))
    past = sorted({row["hour"][:10] for row in rows})[:-test_days]
    seen = {}
    for row in rows:
        if row["hour"][:10] in past:
            seen.setdefault(f"{row['free']} {row['hour'][11:13]}", []).append(int(row["trips"]))
    with open(model.path, "w") as file:
        json.dump({kind: fmean(trips) for kind, trips in seen.items()}, file)
    with open(model.path + ".mean", "w") as file:
        file.write(str(fmean(trips for each in seen.values() for trips in each)))
    model.metadata["city"] = table.metadata["city"]


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def test(model: Input[Model], table: Input[Dataset], test_days: int) -> dict:
    """Return the mean absolute error on the last days, in trips per hour, and where the errors lie, worst first."""
    import csv
    import json
    import os
    from statistics import fmean

    with open(model.path) as file:
        learnt = json.load(file)
    with open(model.path + ".mean") as file:
        mean = float(file.read())
    with open(table.metadata["where"], newline="") as file:
        rows = list(csv.DictReader(file))
    future = sorted({row["hour"][:10] for row in rows})[-test_days:]
    errors = [
        (abs(learnt.get(f"{row['free']} {row['hour'][11:13]}", mean) - int(row["trips"])), row["hour"])
        for row in rows
        if row["hour"][:10] in future
    ]
    with open("errors.csv", "w") as file:
        file.writelines(f"{hour},{error}\n" for error, hour in sorted(errors, reverse=True))
    return {"mae": fmean(error for error, _ in errors), "errors": os.path.abspath("errors.csv")}


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def tell(tested: dict) -> str:
    """Return a sentence for the team: the error, and the worst hour."""
    with open(tested["errors"]) as file:
        worst = file.readline().split(",")[0]
    return f"off by {tested['mae']:.2f} trips per hour, most at {worst}"


@dsl.pipeline(name="city-night")
def city_night(trips: str, city: str, test_days: int = 7) -> str:
    table = clean(trips=trips, city=city).outputs["table"]
    marked = mark(table=table)
    model = train(table=table, test_days=test_days).after(marked).outputs["model"]
    tested = test(model=model, table=table, test_days=test_days)
    return tell(tested=tested.output).output
