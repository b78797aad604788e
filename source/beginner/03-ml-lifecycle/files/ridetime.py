"""The ride time model: its rides, the columns that it can see, its training, and its files."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression

# skops looks at all of scikit-learn, which looks for PyTorch: seconds and 200 MB that this model does not need. So it finds none.
sys.modules.setdefault("torch", None)
import skops.io  # noqa: E402

if sys.modules["torch"] is None:
    del sys.modules["torch"]

FEATURES = {
    "distance_km": lambda rides: rides["distance_km"],
    "climb": lambda rides: rides["distance_km"] * rides["climb_m"].fillna(0) / 100,
    "ebike_km": lambda rides: rides["distance_km"] * (rides["bike_type"] == "ebike"),
    "classic_climb": lambda rides: rides["distance_km"] * rides["climb_m"].fillna(0) / 100 * (rides["bike_type"] != "ebike"),
}


def read_rides(path):
    """Return a row a ride: ride_id, day, district (where it starts), bike_type, distance_km and climb_m of the route, minutes."""
    return pd.read_csv(path, dtype={"day": str, "district": str, "bike_type": str, "climb_m": float})


def features(rides, names):
    """Return the columns that a model sees, a table with the given names, out of FEATURES."""
    return pd.DataFrame({name: FEATURES[name](rides).astype(float) for name in names})


def fit(table, minutes):
    """Return a linear model of the minutes, fitted to a table that `features` made. The same input gives the same forecasts."""
    return LinearRegression().fit(table, minutes)


def save_model(model, path):
    """Write the model into a .skops file."""
    skops.io.dump(model, path)


def open_model(path):
    """Return the model in a .skops file. Only scikit-learn's own types are built; nothing in the file is run."""
    return skops.io.load(path)


def sha256(content):
    """Return the SHA-256, 64 hexadecimal digits, of bytes, or of the bytes of the file at a path."""
    return hashlib.sha256(content if isinstance(content, bytes) else Path(content).read_bytes()).hexdigest()


def mean_error(minutes, predicted):
    """Return the mean absolute error, in minutes."""
    return float(np.mean(np.abs(np.asarray(predicted, dtype=float) - np.asarray(minutes, dtype=float))))
