"""Write trips.csv and stations.csv again, byte for byte: python make_files.py"""

import sys
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from metro_bikes import QUIET, simulate  # noqa: E402


def main() -> None:
    """Simulate a sample of the trips of June to mid-October, with the rain of their hour; one reading in twelve is missing."""
    city = simulate(seed=431, trips=3_000, start="2025-06-01", days=137, scenario=replace(QUIET, ebikes_day=0))
    trips = city.trips.assign(time=city.trips.started_at.dt.floor("h")).merge(city.weather[["time", "rain_mm"]], on="time")
    trips["rain_mm"] = trips.rain_mm.where(trips.trip_id % 12 != 0)
    trips["started_at"] = trips.started_at.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    columns = ["start_station", "end_station", "bike_type", "started_at", "rain_mm", "duration_min"]
    trips = trips.rename(columns={"start_station_id": "start_station", "end_station_id": "end_station"})[columns]
    trips.to_csv(HERE / "files" / "trips.csv", index=False, lineterminator="\n")
    stations = city.stations.rename(columns={"station_id": "station"})[["station", "name", "east_km", "north_km", "elevation_m"]]
    stations.to_csv(HERE / "files" / "stations.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
