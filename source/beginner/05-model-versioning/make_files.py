"""Write trips.csv and august.csv again, byte for byte: python make_files.py"""

import sys
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from metro_bikes import QUIET, simulate  # noqa: E402

COLUMNS = ["day", "distance_km", "climb_m", "km_since_service", "tyre_pressure_bar", "ebike", "idle_hours", "needs_repair"]


def main() -> None:
    """Simulate a sample of the trips of January to August, e-bikes from 1 May on, and keep May to July and the first half of August."""
    trips = simulate(seed=219, trips=11_500, start="2025-01-01", days=229, scenario=replace(QUIET, ebikes_day=120)).trips
    trips["day"] = trips.started_at.dt.strftime("%Y-%m-%d")
    trips["ebike"] = (trips.bike_type == "ebike").astype(int)
    trips["needs_repair"] = trips.needs_repair.astype(int)
    trips["km_since_service"] = trips.km_since_service.round().astype(int)
    trips["idle_hours"] = trips.idle_hours.round(1)
    for name, first, last in [("trips.csv", "2025-05-01", "2025-07-31"), ("august.csv", "2025-08-01", "2025-08-17")]:
        kept = trips.loc[trips.day.between(first, last), COLUMNS]
        kept.to_csv(HERE / "files" / name, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
