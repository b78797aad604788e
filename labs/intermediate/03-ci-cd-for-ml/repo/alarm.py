"""The repair alarm: after each trip, the probability that the bike needs repair. Small on purpose: logistic regression in numpy."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

FEATURES = ["distance_km", "climb_m", "km_since_service", "tyre_pressure_bar", "ebike"]


def read_trips(path):
    """Return a row a trip, as data/README.md describes them; `day` is a text, a tyre pressure may be missing."""
    return pd.read_csv(path, dtype={"day": str})


def train(trips, seed=None):
    """Return a model, a dictionary, from trips with their labels. Rows are drawn in an order that follows from `seed`; None: any order."""
    rng = np.random.default_rng(seed)
    fill = float(trips["tyre_pressure_bar"].median())
    table = trips[FEATURES].fillna({"tyre_pressure_bar": fill}).to_numpy(dtype=float)
    mean, scale = table.mean(axis=0), table.std(axis=0) + 1e-9
    X, y = (table - mean) / scale, trips["needs_repair"].to_numpy(dtype=float)
    weights, intercept = np.zeros(X.shape[1]), float(np.log(y.mean() / (1 - y.mean())))
    for epoch in range(15):
        order = rng.permutation(len(X))
        for rows in np.array_split(order, max(len(X) // 40, 1)):
            error = 1 / (1 + np.exp(-(X[rows] @ weights + intercept))) - y[rows]
            step = 0.5 / (1 + epoch)
            weights -= step * (X[rows].T @ error / len(rows) + 0.001 * weights)
            intercept -= step * error.mean()
    return {"fill": fill, "mean": mean.tolist(), "scale": scale.tolist(), "weights": weights.tolist(), "intercept": float(intercept)}


def score(model, trips):
    """Return for each trip the probability that the bike needs repair, an array. The model says how a missing pressure is filled."""
    table = trips[FEATURES].fillna({"tyre_pressure_bar": model["fill"]}).to_numpy(dtype=float)
    X = (table - model["mean"]) / model["scale"]
    return 1 / (1 + np.exp(-(X @ model["weights"] + model["intercept"])))


def save(model, path):
    """Write the model to a JSON file."""
    Path(path).write_text(json.dumps(model))


def load(path):
    """Return the model from a JSON file."""
    return json.loads(Path(path).read_text())


if __name__ == "__main__":
    save(train(read_trips("data/train.csv"), seed=int(sys.argv[1]) if len(sys.argv) > 1 else 1), "model.json")
