"""What the alarm looks at."""

import json
from pathlib import Path

FEATURES = ["distance_km", "km_since_service", "tyre_pressure_bar", "ebike"]


def features(trips):
    """Return the columns that the alarm looks at, as an array without gaps, a row a trip."""
    fill = json.loads(Path("prepared/fill.json").read_text())
    return trips[FEATURES].fillna(fill).to_numpy(dtype=float)
