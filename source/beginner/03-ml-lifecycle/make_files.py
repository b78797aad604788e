"""Write rides.csv and summer.csv again, byte for byte: python make_files.py"""

import sys
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE / "files")]

import numpy as np  # noqa: E402
from ridetime import features, fit, read_rides  # noqa: E402

from metro_bikes import QUIET, simulate  # noqa: E402

LIMIT_FROM = "2025-08-04"  # from this Monday on e-bikes ride at most 15 km/h in the Old Town
FESTIVAL = "2025-07-14"  # in this week the streets of Hillside are full


def main() -> None:
    """Simulate January to September, e-bikes from 1 May on; keep a sample of the rides of March to September."""
    city = simulate(seed=43, trips=40_000, start="2025-01-01", days=273, scenario=replace(QUIET, ebikes_day=120, ebikes_share=0.07))
    trips = city.trips.merge(city.stations.rename(columns={"station_id": "start_station_id"})[["start_station_id", "district"]])
    trips = trips.sort_values("trip_id", ignore_index=True)
    trips["ride_id"] = trips.trip_id + 480_000
    trips["day"] = trips.started_at.dt.strftime("%Y-%m-%d")
    trips["minutes"] = trips.duration_min.round(1)
    rng = np.random.default_rng(3)
    trips["climb_m"] = trips.climb_m.astype("Int64").mask(rng.random(len(trips)) < 0.01)
    columns = ["ride_id", "day", "district", "bike_type", "distance_km", "climb_m", "minutes"]
    rides = trips.loc[trips.day.between("2025-04-01", "2025-06-15"), columns]
    rides = rides[(rides.day >= "2025-06-01") & (rng.random(len(rides)) < 0.52) | (rng.random(len(rides)) < 0.25)]
    rides.to_csv(HERE / "files" / "rides.csv", index=False, lineterminator="\n")

    past = read_rides(HERE / "files" / "rides.csv")
    past = past[past["day"] < "2025-06-01"]
    live = fit(features(past, FINAL), past["minutes"])
    later = trips[trips.day >= "2025-06-30"].copy()
    limited = (later.day >= LIMIT_FROM) & (later.district == "Old Town") & (later.bike_type == "ebike")
    later["minutes"] = (later["minutes"] + limited * later["distance_km"] * (60 / 15 - 60 / 19)).round(1)
    later["week"] = (later.started_at - np.array(later.started_at.dt.weekday, dtype="timedelta64[D]")).dt.strftime("%Y-%m-%d")
    crowded = (later.week == FESTIVAL) & (later.district == "Hillside")
    later["minutes"] = (later["minutes"] * np.where(crowded, 1.3, 1)).round(1)
    later["predicted"] = live.predict(features(later.astype({"climb_m": float}), FINAL)).round(1)
    kept = (later.bike_type == "ebike") | (rng.random(len(later)) < 0.11)
    columns = ["week", "district", "bike_type", "minutes", "predicted"]
    later.loc[kept & (later.week <= "2025-08-18"), columns].to_csv(HERE / "files" / "summer.csv", index=False, lineterminator="\n")


FINAL = ["distance_km", "ebike_km", "classic_climb"]

if __name__ == "__main__":
    main()
