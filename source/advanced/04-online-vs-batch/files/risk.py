"""The repair risk: how likely it is that a bike which was just returned needs repair. Its features, its model's file, its answers.

A model's file is JSON, and to answer needs NumPy alone. A return is a dictionary, as a dock sends it or as a line of a CSV file holds it:
trip_id, ended_at (ISO 8601, with the dock's own offset), station, district, bike_type, distance_km, duration_min, climb_m (m),
km_since_service, tyre_pressure_bar (None or NaN where the sensor is broken).
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

# The model's columns, in this order.
FEATURES = ["distance_km", "duration_min", "climb_m", "km_since_service", "tyre_pressure_bar", "speed_kmh"]
FEATURES += ["bike_type", "district", "hour", "weekend"]


class Model:
    """A repair model, as `load_model` returns it: `version` (a text), `fill` (bar, for a missing pressure), `categories` (by column)."""

    def __init__(self, content):
        self.version, self.fill, self.categories = str(content["version"]), content["fill"], content["categories"]
        self._base = content["base"]
        trees = content["trees"]
        self._feature = np.array([tree["feature"] for tree in trees])  # whole trees of depth 3: nodes 0 to 6, then eight leaves
        self._threshold = np.array([tree["threshold"] for tree in trees])
        self._leaf = np.array([tree["leaf"] for tree in trees])

    def risks(self, rows):
        """Return the risks (0 to 1) of rows of numbers in the order of FEATURES: a list of floats, in the order of the rows."""
        table = np.asarray(rows, dtype=float).reshape(-1, len(FEATURES))
        tree, node = np.arange(len(self._leaf)), np.zeros((len(table), len(self._leaf)), dtype=int)
        for _ in range(3):
            value = table[np.arange(len(table))[:, None], self._feature[tree, node]]
            node = 2 * node + np.where(value <= self._threshold[tree, node], 1, 2)
        return (1 / (1 + np.exp(-self._base - self._leaf[tree, node - 7].sum(axis=1)))).tolist()

    def answer(self, trips):
        """Return the risks of returns (dictionaries): a list of floats, in their order."""
        return self.risks([as_row(trip, self) for trip in trips])


def as_row(trip, model):
    """Return the features of a return (a dictionary, see above) as a list of numbers in the order of FEATURES."""
    ended, pressure = datetime.fromisoformat(trip["ended_at"]).astimezone(UTC), trip["tyre_pressure_bar"]
    known = pressure is not None and pressure == pressure
    minutes = trip["duration_min"]
    numbers = {
        "distance_km": trip["distance_km"],
        "duration_min": minutes,
        "climb_m": trip["climb_m"],
        "km_since_service": trip["km_since_service"],
        "tyre_pressure_bar": pressure if known else model.fill,
        "speed_kmh": 60 * trip["distance_km"] / minutes if minutes > 0 else 0.0,
        "hour": ended.hour,
        "weekend": ended.weekday() >= 5,
    }
    for name, known_values in model.categories.items():
        numbers[name] = known_values.index(trip[name]) if trip[name] in known_values else -1
    return [float(numbers[name]) for name in FEATURES]


def load_model(path):
    """Return the model in a file."""
    return Model(json.loads(Path(path).read_text()))


def save_model(content, path):
    """Write a model's content (version, fill, categories, base, trees) to a file."""
    Path(path).write_text(json.dumps(content) + "\n")
