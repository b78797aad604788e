"""Write the data in files/ again, byte for byte: python make_files.py"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1])]

from metro_bikes import QUIET, simulate  # noqa: E402

START, BLIND, NOW = "2025-05-01", "2025-11-17", "2025-12-08"
DAY = pd.Timedelta(days=1)
NUMBERS = ["distance_km", "climb_m", "km_since_service", "tyre_pressure_bar"]


def day_of(text):
    """Return the day's midnight, in UTC."""
    return pd.Timestamp(text, tz="UTC")


def predictions_of(trips, rng):
    """Return trips with the alarm's answer, from a model trained on September, with Bo's default for missing pressures."""
    inputs = trips[NUMBERS].fillna({"tyre_pressure_bar": 3.5}).assign(ebike=trips["bike_type"] == "ebike")
    september = (trips["ended_at"] >= day_of("2025-08-01")) & (trips["ended_at"] < day_of("2025-10-01"))
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(inputs[september], trips.loc[september, "needs_repair"])
    return trips.assign(probability=model.predict_proba(inputs)[:, 1])


def labels_of(asked, rng):
    """Return what the workshop found. A bike that is fetched is looked at soon, any other at its next inspection; some are corrected."""
    n = len(asked)
    wait = np.where(asked["alarm"] == 1, rng.uniform(0.5, 2, n), rng.uniform(3, 10, n))
    known = (asked["predicted_at"] + pd.to_timedelta(wait, unit="D")).dt.floor("min")
    labels = pd.DataFrame({"trip_id": asked["trip_id"], "needs_repair": asked["needs_repair"].astype(int), "known_at": known})
    again = labels[rng.random(n) < 0.03]
    labels.loc[again.index, "needs_repair"] = 1 - again["needs_repair"]
    again = again.assign(known_at=(again["known_at"] + pd.to_timedelta(rng.uniform(0.2, 3, len(again)), unit="D")).dt.floor("min"))
    labels = pd.concat([labels, again]).sort_values(["known_at", "trip_id"], ignore_index=True)
    return labels[labels["known_at"] < day_of(NOW)]


def main() -> None:
    """Write the inputs of September and of the first week of December, the predictions since late October, and the labels so far."""
    blind = (day_of(BLIND) - day_of(START)).days
    scenario = replace(QUIET, ebikes_day=0, ebikes_share=0.4, broken_sensor_day=blind, broken_sensor_group="C")
    city = simulate(71, trips=120_000, start=START, days=(day_of(NOW) - day_of(START)).days, scenario=scenario)
    rng = np.random.default_rng(71)
    trips = city.trips.merge(city.stations[["station_id", "sensor_group"]], left_on="end_station_id", right_on="station_id")
    trips = predictions_of(trips.sort_values("ended_at", ignore_index=True), rng)
    trips["ended_at"] = trips["ended_at"].dt.floor("min")
    columns = ["ended_at", "end_station_id", "sensor_group", "bike_type", *NUMBERS]
    for name, first, last, rows in [("september", "2025-09-01", "2025-10-01", 1500), ("week", "2025-12-01", NOW, 1100)]:
        part = trips[(trips["ended_at"] >= day_of(first)) & (trips["ended_at"] < day_of(last))]
        part = part.sample(rows, random_state=71).sort_values("ended_at", kind="stable")
        write(part[columns], name)
    asked = trips[(trips["ended_at"] >= day_of("2025-10-27")) & (trips["ended_at"] < day_of(NOW))]
    asked = asked.sample(2000, random_state=72).sort_values("ended_at", kind="stable")
    asked = asked.assign(alarm=(asked["probability"] >= 0.16).astype(int)).rename(columns={"ended_at": "predicted_at"})
    write(asked[["trip_id", "predicted_at", "alarm", "sensor_group"]], "predictions")
    write(labels_of(asked, rng), "labels")


def write(table, name):
    """Write the table as a CSV file."""
    table.to_csv(HERE / "files" / f"{name}.csv", index=False, date_format="%Y-%m-%d %H:%M", lineterminator="\n")


if __name__ == "__main__":
    main()
