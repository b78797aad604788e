"""Write risk-12.json, risk-13.json and the folder arrivals again, byte for byte: python make_files.py"""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE / "files")]

from risk import Model, as_row, save_model  # noqa: E402

from metro_bikes import DISTRICTS, QUIET, City, simulate  # noqa: E402

CATEGORIES = {"bike_type": ["classic", "ebike"], "district": list(DISTRICTS.index)}


def main() -> None:
    """Train two versions on September and October, and deal the returns of a week in November to the days on which they arrived."""
    rng = np.random.default_rng(47)
    past, week = _city(471, 12_000, "2025-09-01", 61), _city(472, 1_000, "2025-11-03", 7)
    table, labels = _returns(past, rng, offsets=False), past.trips.needs_repair.to_numpy()
    night = pd.to_datetime(table["ended_at"], utc=True).dt.hour.to_numpy() < 5
    at_risk = night | (table["district"] == "Harbour").to_numpy()
    labels = labels | (at_risk & (rng.random(len(table)) < 0.3))  # what happens to bikes at night, and at the Harbour
    for version, rows in (("12", slice(None, 8_000)), ("13", slice(None, None))):
        save_model(_train(table[rows], labels[rows], version), HERE / "files" / f"risk-{version}.json")
    _deal(_returns(week, rng, offsets=True), rng)


def _city(seed: int, trips: int, start: str, days: int) -> City:
    return simulate(seed=seed, trips=trips, start=start, days=days, scenario=replace(QUIET, ebikes_day=0, broken_sensor_day=0))


def _returns(city: City, rng: np.random.Generator, offsets: bool) -> pd.DataFrame:
    """Return the trips as docks send them; docks with the newer software write the time of their own clock, an hour ahead."""
    trips = city.trips.merge(city.stations[["station_id", "district"]], left_on="end_station_id", right_on="station_id")
    ended = trips.ended_at.dt.tz_convert("UTC")
    ahead = (trips.end_station_id % 3 == 0) & offsets
    local = (ended + pd.Timedelta(hours=1)).dt.strftime("%Y-%m-%dT%H:%M:%S+01:00")
    text = ended.dt.strftime("%Y-%m-%dT%H:%M:%S+00:00").where(~ahead, local)
    table = trips[["trip_id"]].assign(ended_at=text, station=trips.end_station_id)
    names = ["district", "bike_type", "distance_km", "duration_min", "climb_m", "km_since_service", "tyre_pressure_bar"]
    decimals = {"distance_km": 2, "duration_min": 1, "climb_m": 0, "km_since_service": 1, "tyre_pressure_bar": 2}
    return table.join(trips[names]).round(decimals)


def _train(table: pd.DataFrame, labels: np.ndarray, version: str) -> dict:
    """Return the content of a model: boosted trees, each filled up to a whole one of depth 3."""
    fill = round(float(table["tyre_pressure_bar"].median()), 3)
    content = {"version": version, "fill": fill, "categories": CATEGORIES, "base": 0.0, "trees": []}
    empty = {"feature": [0] * 7, "threshold": [0.0] * 7, "leaf": [0.0] * 8}
    shell = Model(content | {"trees": [empty]})
    rows = np.array([as_row(trip, shell) for trip in table.to_dict("records")])
    boosted = GradientBoostingClassifier(n_estimators=60, max_depth=3, random_state=0).fit(rows, labels)
    content["base"] = round(float(np.log(labels.mean() / (1 - labels.mean()))), 6)
    content["trees"] = [_whole(tree.tree_, boosted.learning_rate) for tree in boosted.estimators_[:, 0]]
    return content


def _whole(tree, rate: float) -> dict:
    """Return a tree of scikit-learn's as a whole one: a leaf that stands too high has itself below it."""
    nodes, feature, threshold = [0], [], []
    for place in range(7):
        node = nodes[place]
        leaf = tree.children_left[node] < 0
        feature.append(0 if leaf else int(tree.feature[node]))
        threshold.append(0.0 if leaf else round(float(tree.threshold[node]), 6))
        nodes += [node, node] if leaf else [int(tree.children_left[node]), int(tree.children_right[node])]
    return {"feature": feature, "threshold": threshold, "leaf": [round(float(tree.value[node, 0, 0]) * rate, 6) for node in nodes[7:]]}


def _deal(table: pd.DataFrame, rng: np.random.Generator) -> None:
    """Write a file for each day of arrival. One return in thirty is late: a dock had no network. A few come twice."""
    late = np.where(rng.random(len(table)) < 1 / 30, rng.integers(1, 4, len(table)), 0)
    day = pd.to_datetime(table["ended_at"], utc=True).dt.floor("D") + pd.to_timedelta(late, unit="D")
    again = rng.random(len(table)) < 0.01
    table = pd.concat([table.assign(day=day), table.assign(day=day + pd.Timedelta(days=1))[again]])
    shutil.rmtree(HERE / "files" / "arrivals", ignore_errors=True)
    (HERE / "files" / "arrivals").mkdir()
    for arrived, rows in table[table["day"] < "2025-11-10"].groupby("day"):
        rows.drop(columns="day").to_csv(HERE / "files" / "arrivals" / f"{arrived:%Y-%m-%d}.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
