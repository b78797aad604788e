"""Cut the trips into those that the alarm learns from and those that it is tested on."""

import json
from pathlib import Path

import pandas as pd
import yaml

first_test_day = yaml.safe_load(Path("params.yaml").read_text())["prepare"]["first_test_day"]
trips = pd.read_csv("data/trips.csv", dtype={"day": str})
stations = pd.read_csv("data/stations.csv", index_col="station_id")

# What the dock's sensor says is wrong by what the technicians measured there.
trips["tyre_pressure_bar"] = (trips["tyre_pressure_bar"] - trips["end_station_id"].map(stations["sensor_error_bar"])).round(2)

past = trips["day"] < str(first_test_day)
Path("prepared").mkdir(exist_ok=True)
trips[past].to_csv("prepared/train.csv", index=False, lineterminator="\n")
trips[~past].to_csv("prepared/test.csv", index=False, lineterminator="\n")

# Some docks send nothing. features.py puts this value there.
Path("prepared/fill.json").write_text(json.dumps({"tyre_pressure_bar": round(float(trips["tyre_pressure_bar"][past].median()), 3)}))
