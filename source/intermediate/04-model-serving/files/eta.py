"""The arrival estimate: how many minutes a trip will take. Its features, its training, its files, and its answers.

A model's file is JSON, and answering needs NumPy alone, so a service starts in half a second. Training needs pandas and scikit-learn.
"""

import hashlib
import json
import math
import os
import time
from pathlib import Path

import numpy as np

FEATURES = ["straight_km", "climb_m", "ebike", "hour", "weekend", "rain_mm"]  # the model's columns, in this order


class Model:
    """An arrival estimate, as `load_model` returns it: `version` (a text) and `fill` (what stands for a missing rain_mm, in mm)."""

    def __init__(self, content):
        self.version, self.fill = content["version"], content["fill"]["rain_mm"]
        self._base, self._coef = content["base"], np.array(content["coef"])
        trees = content["trees"]
        nodes = max(len(tree["value"]) for tree in trees)
        self._tree = np.arange(len(trees))
        self._feature, self._left, self._right = (np.zeros((len(trees), nodes), dtype=int) for _ in range(3))
        self._threshold, self._value = np.zeros((len(trees), nodes)), np.zeros((len(trees), nodes))
        for number, tree in enumerate(trees):
            _check_tree(tree)
            for name in ("feature", "left", "right", "threshold", "value"):
                getattr(self, f"_{name}")[number, : len(tree[name])] = tree[name]

    def minutes(self, rows):
        """Return the minutes for rows of numbers in the order of FEATURES, a list of floats in the order of the rows."""
        table = np.asarray(rows, dtype=float).reshape(-1, len(FEATURES))
        node = np.zeros((len(table), len(self._tree)), dtype=int)
        for _ in range(4):  # no tree is deeper
            value = table[np.arange(len(table))[:, None], self._feature[self._tree, node]]
            node = np.where(value <= self._threshold[self._tree, node], self._left[self._tree, node], self._right[self._tree, node])
        return (self._base + table @ self._coef + self._value[self._tree, node].sum(axis=1)).tolist()


def as_row(trip):
    """Return a prepared trip (a dictionary: straight_km, climb_m, bike_type, hour, weekend, rain_mm) as a row for the model."""
    numbers = {**trip, "ebike": trip["bike_type"] == "ebike"}
    return [float(numbers[name]) for name in FEATURES]


def load_model(path):
    """Return the model in a file. Its hash and each of its nodes are checked. Raises FileNotFoundError if there is no file."""
    content = json.loads(Path(path).read_text())
    if content["sha256"] != _fingerprint(content["trees"]):
        raise ValueError(f"{path} is damaged: its trees do not fit its hash")
    return Model(content)


def fetch_model(path):
    """Return the model in a file, like load_model, but wait for the file first, however long the registry takes to send it."""
    while not Path(path).is_file():
        time.sleep(0.02)
    return load_model(path)


def save_model(content, path):
    """Write a model's content (version, fill, base, coef, trees) to a file, which is there completely or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".part").write_text(json.dumps({**content, "sha256": _fingerprint(content["trees"])}))
    os.replace(path.with_suffix(".part"), path)


def read_stations(path="stations.csv"):
    """Return (east_km, north_km, elevation_m) by station number."""
    rows = [line.split(",") for line in Path(path).read_text().splitlines()[1:]]
    return {int(number): (float(east), float(north), float(height)) for number, _, east, north, height in rows}


def training_features(trips, stations, fill):
    """Return the FEATURES of trips, a table as trips.csv: what the model is trained on. `fill` stands for a missing rain_mm."""
    import pandas as pd

    start, end = (np.array([stations[number] for number in trips[name]]) for name in ("start_station", "end_station"))
    time = pd.to_datetime(trips["started_at"], format="ISO8601", utc=True)
    columns = {
        "straight_km": np.hypot(end[:, 0] - start[:, 0], end[:, 1] - start[:, 1]),
        "climb_m": end[:, 2] - start[:, 2],
        "ebike": (trips["bike_type"] == "ebike").to_numpy().astype(float),
        "hour": (time.dt.hour + time.dt.minute / 60).to_numpy(),
        "weekend": (time.dt.dayofweek >= 5).to_numpy().astype(float),
        "rain_mm": trips["rain_mm"].fillna(fill).to_numpy(dtype=float),
    }
    return pd.DataFrame(columns, columns=FEATURES)


def train(trips, stations, version, trees=120):
    """Return the content of a new model, for save_model: a straight line, and boosted trees on what it leaves."""
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.linear_model import LinearRegression

    fill = round(float(trips["rain_mm"].mean()), 4)
    table, minutes = training_features(trips, stations, fill).to_numpy(), trips["duration_min"].to_numpy()
    line = LinearRegression().fit(table, minutes)
    boosted = GradientBoostingRegressor(n_estimators=trees, max_depth=4, random_state=0).fit(table, minutes - line.predict(table))
    kept = [_as_lists(tree.tree_, boosted.learning_rate) for tree in boosted.estimators_[:, 0]]
    base = float(line.intercept_ + boosted.init_.constant_.ravel()[0])
    return {"version": str(version), "fill": {"rain_mm": fill}, "base": base, "coef": line.coef_.tolist(), "trees": kept}


def _as_lists(tree, rate):
    """Return a tree of scikit-learn's as lists. A leaf leads to itself."""
    leaf, own = tree.children_left < 0, np.arange(tree.node_count)
    return {
        "feature": np.where(leaf, 0, tree.feature).tolist(),
        "threshold": np.where(leaf, 0, tree.threshold).round(6).tolist(),
        "left": np.where(leaf, own, tree.children_left).tolist(),
        "right": np.where(leaf, own, tree.children_right).tolist(),
        "value": np.where(leaf, tree.value[:, 0, 0] * rate, 0).round(6).tolist(),
    }


def _check_tree(tree):
    for number, (feature, threshold, left, right, value) in enumerate(zip(*(tree[name] for name in tree), strict=True)):
        fits = 0 <= feature < len(FEATURES) and math.isfinite(threshold) and math.isfinite(value)
        if not fits or not number <= min(left, right) <= max(left, right) < len(tree["value"]):
            raise ValueError(f"node {number} of a tree leads nowhere")


def _fingerprint(trees):
    return hashlib.sha256(json.dumps(trees).encode()).hexdigest()
