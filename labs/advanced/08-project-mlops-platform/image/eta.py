"""The trip-time model: a few numbers in a JSON file, and how they become minutes. Python's standard library is enough."""

import json
import math

FEATURES = ("distance_km", "climb_m", "rain_mm")


def load(path):
    """Return the model in a file. Raises ValueError where it is none."""
    with open(path) as file:
        model = json.load(file)
    try:
        minutes(model, {"district": next(iter(model["intercepts"])), "distance_km": 1.0, "climb_m": 0.0, "rain_mm": 0.0})
    except (KeyError, TypeError, StopIteration) as error:
        raise ValueError(f"{path} is no model: {error!r}") from None
    return model


def minutes(model, row):
    """Return how many minutes a trip takes. `row`: district, distance_km, climb_m (up or down), rain_mm (in the hour)."""
    own, slope = model["intercepts"][row["district"]], model["slopes"][row["district"]]
    value = own + slope * row["distance_km"] + model["climb"] * max(row["climb_m"], 0) + model["rain"] * row["rain_mm"]
    if not math.isfinite(value):
        raise ValueError(f"the model answers {value}")
    return max(value, 1.0)
