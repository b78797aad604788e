"""Write the data in files/ again, byte for byte: python make_files.py"""

import sys
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import numpy as np  # noqa: E402

from metro_bikes import QUIET, simulate  # noqa: E402

COLUMNS = ["day", "end_station_id", "distance_km", "km_since_service", "tyre_pressure_bar", "ebike", "needs_repair"]
SENSOR_ERROR = {"A": 0.0, "B": -0.5, "C": 0.3}  # bar: what a dock's sensor adds to the truth


def main() -> None:
    """Simulate trips of June to September, e-bikes from 18 August on, as sensors with errors report them, and two lists of those errors."""
    scenario = replace(QUIET, ebikes_day=90, ebikes_share=0.9)
    city = simulate(seed=2024, trips=8_000, start="2025-05-20", days=118, scenario=scenario)
    trips, stations = city.trips, city.stations
    rng = np.random.default_rng(8)
    error = stations.sensor_group.map(SENSOR_ERROR).to_numpy() + rng.normal(0, 0.05, len(stations))
    trips["day"] = trips.started_at.dt.strftime("%Y-%m-%d")
    trips["ebike"] = (trips.bike_type == "ebike").astype(int)
    trips["needs_repair"] = trips.needs_repair.astype(int)
    trips["km_since_service"] = trips.km_since_service.round().astype(int)
    read = (trips.tyre_pressure_bar + error[trips.end_station_id - 1]).round(2)
    trips["tyre_pressure_bar"] = read.mask(rng.random(len(trips)) < 0.06)
    for name, first, last in [("trips.csv", "2025-06-01", "2025-08-31"), ("september.csv", "2025-09-01", "2025-09-14")]:
        kept = trips.loc[trips.day.between(first, last), COLUMNS]
        kept.to_csv(HERE / "files" / name, index=False, lineterminator="\n")
    for name, measured in [("stations.csv", rng.normal(0, 0.04, len(stations))), ("stations_september.csv", error)]:
        table = stations[["station_id", "name", "docks"]].assign(sensor_error_bar=measured.round(2) + 0.0)
        table.to_csv(HERE / "files" / name, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
