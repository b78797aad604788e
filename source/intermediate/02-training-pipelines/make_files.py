"""Write trips.csv, weather.csv, holidays.csv and cys_night.yaml again, byte for byte: python make_files.py"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE / "files")]

from kfp import compiler, dsl  # noqa: E402
from kfp.dsl import Dataset, Input, Model, Output  # noqa: E402
from steps import evaluate, prepare, train  # noqa: E402

from metro_bikes import QUIET, hourly_demand, simulate  # noqa: E402


@dsl.component(base_image="metro-bikes/steps:2.16", install_kfp_package=False)
def smooth(model: Input[Model], table: Input[Dataset], smoothed: Output[Model]):
    """Draw a model towards what a table says."""
    import csv
    import json
    from datetime import datetime

    with open(model.path) as file:
        learnt = json.load(file)
    with open(table.path, newline="") as file:
        for row in csv.DictReader(file):
            start = datetime.fromisoformat(row["hour"])
            kind = f"{'weekend' if start.weekday() >= 5 else 'workday'} {start.hour}"
            learnt["trips"][kind] += 0.5 * (float(row["trips"]) - learnt["trips"][kind])
    with open(smoothed.path, "w") as file:
        json.dump(learnt, file)
    smoothed.metadata.update(model.metadata)


@dsl.pipeline(name="cys-night")
def cys_night(source: str, district: str = "Eastfield", test_days: int = 7):
    """Train two candidates, and test both."""
    tables = prepare(source=source, district=district, test_days=test_days)
    model = train(train_table=tables.outputs["train_table"])
    evaluate(model=model.outputs["model"], test_table=tables.outputs["test_table"])
    candidate = smooth(model=model.outputs["model"], table=tables.outputs["test_table"])
    evaluate(model=candidate.outputs["smoothed"], test_table=tables.outputs["test_table"])


def main() -> None:
    """Simulate four weeks up to Sunday 19 October 2025, and count the trips that start in each district and hour."""
    city = simulate(seed=202, trips=60_000, start="2025-09-22", days=28, scenario=QUIET)
    table = hourly_demand(city, by_station=True).merge(city.stations[["station_id", "district"]])
    table = table.groupby(["time", "district"], as_index=False)["trips"].sum()
    table["hour"] = table["time"].dt.strftime("%Y-%m-%dT%H:00")
    table["district"] = table["district"].str.replace(" ", "-")
    city.weather["day"] = city.weather["time"].dt.strftime("%Y-%m-%d")
    days = city.weather.groupby("day", as_index=False)["temperature_c"].mean().round(1)
    days.to_csv(HERE / "files" / "weather.csv", index=False, lineterminator="\n")
    compiler.Compiler().compile(cys_night, str(HERE / "files" / "cys_night.yaml"))
    (HERE / "files" / "nightly" / "holidays.csv").write_bytes(b"day\n2025-10-03\n2025-12-25\n2025-12-26\n")
    table[["hour", "district", "trips"]].to_csv(HERE / "files" / "trips.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
