"""Write trips.csv, october.csv and stations.csv again, byte for byte: python make_files.py"""

import sys
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from metro_bikes import QUIET, simulate  # noqa: E402

COLUMNS = [
    "trip_id",
    "day",
    "rider_id",
    "end_station_id",
    "distance_km",
    "km_since_service",
    "tyre_pressure_bar",
    "ebike",
    "unlock_seconds",
    "needs_repair",
]


def main() -> None:
    """Simulate a sample of the year's trips, and keep July to September, with the day on which each label was known, and October."""
    scenario = replace(QUIET, ebikes_day=100, label_delay_days=7.0)
    city = simulate(seed=617, trips=9_400, start="2025-01-01", days=304, riders=600, scenario=scenario)
    trips = city.trips
    trips["day"] = trips.started_at.dt.strftime("%Y-%m-%d")
    trips["ebike"] = (trips.bike_type == "ebike").astype(int)
    trips["needs_repair"] = trips.needs_repair.astype(int)
    trips["km_since_service"] = trips.km_since_service.round().astype(int)
    trips["tyre_pressure_bar"] = trips.tyre_pressure_bar.round(2).mask(trips.trip_id % 17 == 0)
    trips["unlock_seconds"] = trips.unlock_seconds.round(1)
    trips["label_day"] = trips.label_available_at.dt.strftime("%Y-%m-%d")
    for name, first, last, columns in [
        ("trips.csv", "2025-07-01", "2025-09-30", [*COLUMNS, "label_day"]),
        ("october.csv", "2025-10-01", "2025-10-31", COLUMNS),
    ]:
        kept = trips.loc[trips.day.between(first, last), columns]
        kept.to_csv(HERE / "files" / name, index=False, lineterminator="\n")
    stations = city.stations[["station_id", "name", "elevation_m", "docks"]]
    stations.to_csv(HERE / "files" / "stations.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
