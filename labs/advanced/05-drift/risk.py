"""The repair risk: how likely a bike needs repair after a trip, by the model in use (risk.json, version 14)."""

import json
from pathlib import Path

import numpy as np

INPUTS = ["distance_km", "climb_m", "km_since_service", "tyre_pressure_bar"]


def risks(trips, path="risk.json"):
    """Return the risk of each trip, between 0 and 1. `trips` has the columns INPUTS, in km, m, km and bar."""
    model = json.loads(Path(path).read_text())
    return 1 / (1 + np.exp(-(model["intercept"] + trips[INPUTS].to_numpy(float) @ np.array(model["weights"]))))
